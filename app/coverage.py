"""Coverage: which exports the snapshot was built from, what became of their rows, and what is not there."""

import pandas as pd

from app.filters import Filters, listed
from app.metrics import metrics
from app.records import contracts
from app.series import Answer
from app.snapshot import Snapshot


def files(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per export: who wrote it, what it covers, what became of its rows."""
    rows = snapshot.ask("figures/files")
    rejected, read = int(rows["rejected"].sum()), int((rows["read"] - rows["blank"]).sum())
    share = f"{rejected / read:.2%}".replace("%", " %") if read else "0 %"
    newest = f"{snapshot.as_of:%-d %b %Y}"
    sentence = f"{len(rows)} exports, {read:,} rows, {rejected:,} rejected ({share}); they reach to {newest}"
    return _told("files", rows, sentence, snapshot)


def rejects(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per file, column and reason for which rows were rejected."""
    rows = snapshot.ask("figures/rejects")
    if rows.empty:
        return _told("rejects", rows, "No row was rejected", snapshot)
    worst = rows.iloc[0]
    sentence = f"{rows['rows'].sum():,} rows rejected, most for: {worst['column']} {worst['reason']} ({worst['path']})"
    return _told("rejects", rows, sentence, snapshot)


def unknown(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per file and place whose spelling no reference knows; they are counted under unknown."""
    rows = snapshot.ask("figures/unknown")
    if rows.empty:
        return _told("unknown", rows, "Every region and channel is known", snapshot)
    sentence = f"{rows['rows'].sum():,} rows name a region or channel that is not known; they count as unknown"
    return _told("unknown", rows, sentence, snapshot)


def missing(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per kind of record without an export: which system writes it, and what it would light up."""
    loaded = set(snapshot.ask("figures/files")["record"])
    told = []
    for record, contract in contracts().items():
        if record in loaded:
            continue
        lit = [metric.name for metric in metrics().values() if record in metric.records]
        told.append((contract.title, contract.exported_by, ", ".join(lit) or "nothing yet"))
    rows = pd.DataFrame(told, columns=["record", "exported_by", "lights_up"])
    titles = [title.lower() for title, _, _ in told]
    sentence = f"Not loaded: {listed(titles)}" if told else "Every kind of record is loaded"
    return _told("missing", rows, sentence, snapshot)


def _told(figure: str, rows: pd.DataFrame, sentence: str, snapshot: Snapshot) -> Answer:
    query = () if figure == "missing" else (f"figures/{figure}",)
    return Answer(figure, None, Filters(), rows, sentence, "ready", snapshot.as_of, query)

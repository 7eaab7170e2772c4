"""Coverage: which exports the snapshot was built from, what became of their rows, and what is not there."""

from datetime import date

import pandas as pd

from app import groups, practices, scales
from app.filters import Filters, listed
from app.metrics import metrics
from app.records import contracts
from app.series import Answer, day_of, states
from app.snapshot import Snapshot

DAYS = {"first_on": "%b %Y", "last_on": "%-d %b %Y"}
FEW = 4  # kinds of record: more are counted in a heading, and named below it


def files(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per export: who wrote it, what it covers, what became of its rows, when the next is due, what it feeds.

    Rows about people are counted to the nearest five; a count that is not there is one of fewer than ten.
    """
    rows = snapshot.ask("figures/files")
    is_off = groups.is_off(snapshot)
    rows["feeds"] = [feeds(record, is_off) for record in rows["record"]]
    once = rows.drop_duplicates("path")  # a file may hold two records
    rejected, read = int(rows["rejected"].sum()), int(once["read"].sum() - once["blank"].sum())
    newest = f"{snapshot.as_of if rows.empty else rows['last_on'].max():%-d %b %Y}"
    told = f"{_counted(len(once), 'export')}, {_about(rows)}{_counted(read, 'row')}"
    told += f", {rejected:,} rejected ({_share(rejected, read)})"
    sentence = f"{told}; {'they reach' if len(once) > 1 else 'it reaches'} to {newest}"
    return _told("files", rows, sentence, snapshot)


def trust(rows: pd.DataFrame, today: date | None = None) -> str:
    """Whether the exports can be trusted, from the rows of `files`: are they late, and how much of them is rejected."""
    once = rows.drop_duplicates("path")
    late = rows[pd.to_datetime(rows["due_on"]) < pd.Timestamp(today or date.today())]["path"].nunique()
    who = f"{late or 'None'} of {len(once)} exports {'are' if late > 1 else 'is'}" if len(once) > 1 else "The export is"
    overdue = "overdue" if late or len(once) > 1 else "not overdue"
    rejected = _share(int(rows["rejected"].sum()), int(once["read"].sum() - once["blank"].sum()))
    return f"{who} {overdue}; {rejected} of rows were rejected"


def rejects(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per file, column and reason for which rows were rejected."""
    rows = snapshot.ask("figures/rejects")
    if rows.empty:
        return _told("rejects", rows, "No row was rejected", snapshot)
    worst = rows.iloc[0]
    count = _together(rows, "row")
    sentence = f"{_first_large(count)} rejected, most for: {worst['column']} {worst['reason']} ({worst['path']})"
    return _told("rejects", rows, sentence, snapshot)


def unknown(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per file and place whose spelling no reference knows, counted under unknown; questions are not read."""
    rows = snapshot.ask("figures/unknown")
    if rows.empty:
        return _told("unknown", rows, "Every region, channel and question is known", snapshot)
    places, questions = rows[rows["column"] != "question"], rows[rows["column"] == "question"]
    parts = []
    if not places.empty:  # a row may name two places that nobody knows
        count = _together(places, "cell")
        parts.append(f"{count} with a region or channel that is not known, counted as unknown")
    if not questions.empty:
        columns = _counted(int(questions["words"].sum()), "column")
        parts.append(f"{columns} of surveys that no reference knows, not read")
    return _told("unknown", rows, _first_large("; ".join(parts)), snapshot)


def drift(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per oddity of a file beside the one before it."""
    rows = snapshot.ask("figures/drift")
    files = rows["path"].nunique()
    odd = f"{_counted(files, 'export')} {'differs' if files == 1 else 'differ'} from the one before"
    return _told("drift", rows, odd if files else "No export differs much from the one before", snapshot)


def feeds(record: str, is_off: bool) -> str:
    """The practices that a kind of record tells of, by their numbers; `is_off` leaves out what a rule switches off."""
    told = {practice for metric in metrics().values() if record in metric.records for practice in metric.practices}
    declared = practices.declared()
    drawn = {
        id_: metric for id_, metric in declared.metrics.items() if metric.figure and not (metric.switch and is_off)
    }
    by_figures = {id_ for id_, metric in drawn.items() if record in metric.records}
    told |= {id_ for id_, practice in declared.practices.items() if by_figures & {*practice.metrics}}
    return " ".join(sorted(told))


def off_scale(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per file, question and scale on which answers were given that no metric takes."""
    rows = snapshot.ask("figures/off_scale")
    asked = [scales.items().get(item) for item in rows["item"]]
    ends = zip(rows.pop("lowest"), rows.pop("highest"), strict=True)
    rows.insert(2, "scale", [f"{lowest} to {highest}" for lowest, highest in ends])
    rows.insert(3, "asked", ["{} to {}".format(*scale) if scale else "no such question" for scale in asked])
    if rows.empty:
        return _told("off_scale", rows, "Every answer is on the scale of its question", snapshot)
    count = _together(rows, "answer", "answers")
    sentence = f"{_first_large(count)} on a scale that the metric does not take: {listed(sorted(set(rows['item'])))}"
    return _told("off_scale", rows, sentence, snapshot)


def missing(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per kind of record without an export, or without the day by which it counts: which system writes it, and
    what it would light up."""
    loaded = set(snapshot.ask("figures/files")["record"])
    undated = {record for state in states(snapshot).values() if not state.as_of for record in state.undated}
    told = []
    for record, contract in contracts().items():
        if record in loaded - undated:
            continue
        title = f"{contract.title} ({day_of(contract)})" if record in loaded else contract.title
        every = (*metrics().values(), *(metric for metric in practices.declared().metrics.values() if metric.figure))
        lit = [metric.name for metric in every if record in metric.records]
        told.append((title, contract.exported_by, ", ".join(lit) or "nothing yet"))
    rows = pd.DataFrame(told, columns=["record", "exported_by", "lights_up"])
    titles = [title.lower() for title, _, _ in told]
    sentence = f"Not loaded: {listed(titles)}" if told else "Every kind of record is loaded"
    if len(told) > FEW:
        sentence = f"{len(told)} of {len(contracts())} kinds of record are not loaded"
    return _told("missing", rows, sentence, snapshot)


def _told(figure: str, rows: pd.DataFrame, sentence: str, snapshot: Snapshot) -> Answer:
    query = () if figure == "missing" else (f"figures/{figure}",)
    return Answer(figure, None, Filters(), rows, sentence, "ready", snapshot.as_of, query)


def written(count: int) -> str:
    """A count of rows; one that is not told is small."""
    return "few" if pd.isna(count) else f"{int(count):,}"


def span(row: pd.Series) -> str:
    """The days that a file covers, to be broken between them alone; nothing where no row of it has a date."""
    if pd.isna(row["last_on"]):
        return ""
    first, last = (f"{row[name]:{form}}".replace(" ", "\xa0") for name, form in DAYS.items())
    return f"{first}\xa0– {last}"


def due(day: object, today: date | None = None) -> str:
    """When the next export of a kind is promised; nothing for lists and for files that a newer one follows."""
    if pd.isna(day):
        return ""
    late = (today or date.today()) > pd.Timestamp(day).date()
    return f"{'overdue since' if late else 'due'} {day:%-d %b %Y}"


def blank(row: pd.Series) -> str:
    """Rows without a record, and of which kind those are that are not empty."""
    kinds = {"notes": "notes", "left_out": "left out"}
    inside = [f"{written(row[name])} {what}" for name, what in kinds.items() if pd.notna(row[name]) and row[name]]
    return f"{written(row['blank'])}<small> {', '.join(inside)}</small>" if inside else written(row["blank"])


def _about(rows: pd.DataFrame) -> str:
    return "about " if (rows["nearest"] > 1).any() else ""


def _together(rows: pd.DataFrame, what: str, column: str = "rows") -> str:
    count = int(rows[column].sum())
    return _about(rows) + _counted(count, what) if count else f"a few {what}s"


def _first_large(words: str) -> str:
    return words[:1].upper() + words[1:]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    """Percent with two decimals; what is not nothing is never written as nothing."""
    if not part or not whole:
        return "0 %"
    return f"{part / whole * 100:.2f} %" if part / whole >= 0.0001 else "below 0.01 %"

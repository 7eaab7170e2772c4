"""Suppliers: what is spent with certified ones by quarter, and on how few of them that rests."""

from datetime import date

import pandas as pd

from app.filters import Filters, month_words, quarter_words
from app.metrics import DIVERSITY, metrics, write_amount
from app.periods import finished_quarters
from app.series import NO_SHARE, Answer, missing, nothing_matches, nothing_of, states
from app.snapshot import Snapshot

PARTS = ("certified", "other", "excluded", "second_tier")
LARGEST = 3  # suppliers, as queries/figures/certified_suppliers.sql has it


def spend(snapshot: Snapshot, filters: Filters) -> Answer:
    """Quarters with their spend: certified, other, excluded, of the second tier; the certified share of the first two.

    What is excluded and what suppliers report of the second tier stand apart: neither is part of a share.
    """
    rows, told = _asked(snapshot, "supplier_spend", ("diversity/spend", "figures/supplier_spend"), filters)
    if rows is None:
        return told
    rows["base"] = rows["certified"] + rows["other"]
    rows["value"] = (rows["certified"] / rows["base"]).where((rows["base"] > 0) & (rows["certified"] >= 0))
    rows["value"] = rows["value"].where(rows["value"] <= 1)
    rows["status"] = rows["value"].notna().map({True: "shown", False: "withheld"})
    rows["finished"] = finished_quarters(rows["quarter"], filters, told.as_of)
    return _answered(told, rows, _say_spend(rows))


def certified(snapshot: Snapshot, filters: Filters) -> Answer:
    """Quarters with the certified suppliers that had an invoice in the year to its last month, and what three hold."""
    queries = ("diversity/certified_suppliers", "figures/certified_suppliers")
    rows, told = _asked(snapshot, "certified_suppliers", queries, filters)
    if rows is None:
        return told
    rows = _filled(rows, min(filters.end or told.as_of, told.as_of))
    rows["value"] = (rows["largest"] / rows["held"]).where((rows["held"] > 0) & (rows["largest"] >= 0))
    rows["value"] = rows["value"].where(rows["value"] <= 1)
    rows["status"] = rows["value"].notna().map({True: "shown", False: "withheld"})
    rows["finished"] = finished_quarters(rows["quarter"], filters, told.as_of)
    return _answered(told, rows, _say_certified(rows))


def _asked(snapshot: Snapshot, figure: str, queries: tuple, filters: Filters) -> tuple[pd.DataFrame | None, Answer]:
    """The rows of the last query, up to the month in which invoices end; without any, the sentence that says why."""
    state = states(snapshot)["diverse_spend"]
    metric = metrics(DIVERSITY)["diverse_suppliers"] if figure == "certified_suppliers" else state.metric
    empty = Answer(figure, metric, filters, pd.DataFrame(), "", "missing", state.as_of, queries)
    lists = snapshot.ask("figures/files").query("record == 'suppliers' and kept > 0")
    if not state.as_of:
        return None, _answered(empty, pd.DataFrame(), missing(nothing_of(snapshot, metric)), "missing")
    covered = Filters(filters.regions, filters.channels, filters.start, min(filters.end or state.as_of, state.as_of))
    rows = snapshot.ask(queries[-1], **covered.parameters())
    if rows.empty:
        sentence = nothing_matches(snapshot, state.metric, filters)
        if figure == "certified_suppliers" and not snapshot.ask("figures/supplier_spend", **covered.parameters()).empty:
            sentence = f"{metric.name}: none that was certified sent an invoice in the year before, or the invoices "
            sentence += "reach back less than a year."
            if lists["last_on"].isna().all():
                listed = int(lists["kept"].sum())
                sentence = f"{metric.name}: nobody is certified, none of the {listed:,} suppliers that are listed."
        return None, _answered(empty, rows, sentence, "empty")
    return rows, empty


def _filled(rows: pd.DataFrame, end: date) -> pd.DataFrame:
    """A row for every quarter up to that of `end`: one in which nobody was certified is none, and no gap."""
    quarters = pd.date_range(rows["quarter"].min(), end, freq="QS", name="quarter")
    rows = rows.set_index("quarter").reindex(quarters).reset_index()
    last = [min(quarter + pd.DateOffset(months=2), pd.Timestamp(end.replace(day=1))) for quarter in quarters]
    rows["month"] = rows["month"].fillna(pd.Series(last))
    counts = ["suppliers", "held", "largest"]
    return rows.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, "int64"))


def _answered(told: Answer, rows: pd.DataFrame, sentence: str, state: str = "ready") -> Answer:
    return Answer(told.figure, told.metric, told.filters, rows, sentence, state, told.as_of, told.queries)


def _last(rows: pd.DataFrame) -> pd.Series:
    """The quarter of which a sentence tells: the last that is over, else the last."""
    return (rows[rows["finished"]] if rows["finished"].any() else rows).iloc[-1]


def _named(row: pd.Series) -> str:
    return f"{quarter_words(row['quarter'])}{'' if row['finished'] else ' (not whole)'}"


def _say_spend(rows: pd.DataFrame) -> str:
    row = _last(rows)
    name = "Spend with diverse suppliers"
    if row["status"] == "withheld":
        return f"{name}: {NO_SHARE} in {_named(row)}"
    share, whole = f"{row['value'] * 100:.0f} %", write_amount(row["base"])
    return (
        f"{name}: {share} of {whole} that could go to any, in {_named(row)}; {write_amount(row['excluded'])} could not"
    )


def _say_certified(rows: pd.DataFrame) -> str:
    row = _last(rows)
    count = row["suppliers"]
    if not count:
        return f"Diverse suppliers: none certified and invoiced in the year to {month_words(row['month'])}"
    are = f"{count:,} supplier{'' if count == 1 else 's'} certified and invoiced in the year to "
    are += month_words(row["month"])
    if row["status"] == "withheld":
        return f"Diverse suppliers: {are}; {NO_SHARE}"
    if count <= LARGEST:
        return f"Diverse suppliers: {are}, so that few hold all of it"
    return f"Diverse suppliers: {are}; the three largest hold {row['value'] * 100:.0f} % of what they were paid"

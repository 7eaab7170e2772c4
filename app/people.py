"""People: figures about the workforce, at the few scopes that may be shown."""

import pandas as pd

from app.filters import Filters
from app.series import Answer
from app.snapshot import Snapshot

LEAST_BASE = 25  # of a share: below it rounding alone would move it by points
ATTRIBUTES = {"gender": "Gender", "ethnicity": "Ethnicity", "age_band": "Age", "disability": "Disability"}
ALL, TOTAL = "all levels", "all"


def representation(snapshot: Snapshot, filters: Filters) -> Answer:
    """People by attribute, level and category: count to the nearest five, share of the level, or "<10".

    Shares are whole percents of the protected counts, so that they give away no more than these do.
    """
    scope, place = filters.scope()
    query = ("figures/representation",)
    rows = snapshot.ask(*query, scope=scope, place=place)
    note = scope_note(filters)
    if rows.empty:
        if snapshot.ask(*query, scope="everyone", place="").empty:
            sentence = "No workforce export is loaded yet. Export the workforce from your HR system and build again."
            return Answer("representation", None, filters, rows, sentence, "missing", None, query)
        sentence = f"{place}: fewer than 10 people. Choose another {scope} or everyone."
        return Answer("representation", None, filters, rows, sentence, "withheld", snapshot.as_of, query)
    as_of = (rows["month"].max() + pd.offsets.MonthEnd(0)).date()
    rows = rows.drop(columns="month")
    rows["people"] = rows["people"].astype("Int64")
    rows["status"] = rows["people"].isna().map({True: "<10", False: "shown"})
    totals = rows[rows["category"] == TOTAL].set_index(["attribute", "level"])["people"]
    rows = rows[rows["category"] != TOTAL].join(totals.rename("base"), on=["attribute", "level"])
    rows["share"] = (rows["people"] / rows["base"]).astype("Float64").round(2).where(rows["base"] >= LEAST_BASE)
    rows["below"] = rows["level"] != ALL
    order = {"by": ["attribute", "below", "base", "level", "category"], "ascending": [True, True, False, True, True]}
    rows = rows.sort_values(**order).drop(columns="below").reset_index(drop=True)
    rows["as_of"] = pd.Timestamp(as_of)
    return Answer("representation", None, filters, rows, _say(rows), "ready", as_of, query, note)


def scope_note(filters: Filters) -> str:
    """Where the reader chose more than one place, one line says what is shown instead."""
    if not (filters.regions or filters.channels) or filters.scope() != ("everyone", ""):
        return ""
    return "Figures about people are shown for everyone, one region or one channel: this is everyone."


def _say(rows: pd.DataFrame) -> str:
    """The category that loses most of its share from everyone to the smallest level that tells it."""
    known = rows[rows["share"].notna() & (rows["category"] != "not disclosed") & (rows["attribute"] == "gender")]
    whole = known[known["level"] == ALL].set_index("category")["share"]
    levels = [level for level in known["level"].unique() if level != ALL]
    gaps = pd.Series(dtype="float64")
    if len(whole) and levels:
        top = known[known["level"] == levels[-1]].set_index("category")["share"]
        gaps = (top - whole).dropna().astype("float64")
    if gaps.empty:
        return "Too few people by level to tell more than the whole"
    category = gaps.idxmin()
    return f"{category}: {_percent(whole[category])} of everyone, {_percent(top[category])} at the level {levels[-1]}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"

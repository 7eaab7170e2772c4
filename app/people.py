"""People: figures about the workforce and of what it answers, at the few scopes that are stored."""

import re
from datetime import date

import pandas as pd

from app.filters import LAST, Filters, month_words, quarter_words
from app.series import Answer, missing, nothing_matches, states
from app.snapshot import Snapshot

ATTRIBUTES = {"gender": "Gender", "ethnicity": "Ethnicity", "age_band": "Age", "disability": "Disability"}
ALL, ALL_LEVELS = "all", "all levels"
UNDISCLOSED = "not disclosed"
EVERYONE = ("everyone", "")
QUERY, BANDS = ("figures/representation",), ("figures/safety_bands",)
SAFETY, SAFE = "psychological_safety", ("60 to 80", "80 or more")
QUARTERS = 6  # of the distribution: what a screen holds


def representation(snapshot: Snapshot, filters: Filters) -> Answer:
    """People by attribute, level and category: count to the nearest five, share of the level, or "<10".

    Levels are told of everyone; a region or channel stands beside everyone. It is told as of the end of a quarter, and
    as it was last told while too few people changed.
    """

    def ask(scope: tuple[str, str], to: date) -> pd.DataFrame:
        return snapshot.ask(*QUERY, scope=scope[0], place=scope[1], to=to)

    scope, last = filters.scope(), filters.parameters()["to"]
    newest = ask(EVERYONE, LAST)
    if newest.empty:
        sentence = "No workforce export is loaded yet. Export the workforce from your HR system and build again."
        return Answer("representation", None, filters, newest, sentence, "missing", None, QUERY)
    files = snapshot.ask("figures/files")
    as_of = files[files["record"] == "workforce"]["last_on"].max().date()
    whole, here = ask(EVERYONE, last), ask(scope, last)

    def told(rows: pd.DataFrame, sentence: str, state: str) -> Answer:
        return Answer("representation", None, filters, rows, sentence, state, as_of, QUERY, scope_note(filters))

    if whole.empty:
        return told(whole, f"Nothing is told of the workforce by {month_words(last)}. Widen the period.", "empty")
    if here.empty or not (here["status"] == "shown").any():
        few = f"{scope[1]}: too few people in it or outside it to be told apart. Choose another {scope[0]} or everyone."
        return told(here.iloc[:0], few, "withheld")
    if scope == EVERYONE:
        rows = _sorted(whole.assign(place="everyone"))
        return told(rows, _by_level(rows), "ready")
    rows = pd.concat([here.assign(place=scope[1]), whole[whole["level"] == ALL_LEVELS].assign(place="everyone")])
    rows = _sorted(rows)
    return told(rows, _beside(rows, scope[1]), "ready")


def safety_bands(snapshot: Snapshot, filters: Filters) -> Answer:
    """Responses by band of how safe it is to take a risk, quarter by quarter: the counts that the mean is made from."""
    state, (scope, place) = states(snapshot)[SAFETY], filters.scope()
    rows, note = pd.DataFrame(), scope_note(filters)
    if state.rows:
        rows = snapshot.ask(*BANDS, scope=scope, place=place, **filters.parameters())

    def told(sentence: str, found: str) -> Answer:
        return Answer("safety_bands", state.metric, filters, rows, sentence, found, state.as_of, BANDS, note)

    if not state.rows:
        return told(missing(state), "missing")
    if rows.empty:
        return told(nothing_matches(snapshot, state.metric, filters), "empty")
    rows = rows[rows["month"].isin(sorted(rows["month"].unique())[-QUARTERS:])]
    rows = rows.astype({"people": "Int64", "base": "Int64", "share": "Float64"})
    rows = rows.assign(place=place or "everyone", as_of=rows["month"] + pd.offsets.MonthEnd(0))
    rows = rows.assign(order=rows["band"].map(rank)).sort_values(["month", "order"], ascending=[False, True])
    rows = rows[["month", "place", "band", "people", "base", "share", "nearest", "status", "rule_version", "as_of"]]
    rows = rows.reset_index(drop=True)
    if not (rows["status"] == "shown").any():
        return told(f"{state.metric.name}: too few answers in every band to show.", "withheld")
    return told(_safe(state.metric.name, rows), "ready")


def _safe(name: str, rows: pd.DataFrame) -> str:
    """How many of the last quarter in which both upper bands are told find it safe."""
    upper = rows[rows["band"].isin(SAFE) & rows["share"].notna()].groupby("month")
    both = [(month, group) for month, group in upper if len(group) == len(SAFE)]
    if not both:
        return f"{name}: too few answers in the upper bands to tell a share"
    month, group = both[-1]
    share = group["people"].sum() / group["base"].iloc[0]
    return f"{name}: 60 or more for {_percent(share)} of responses in {quarter_words(month)}"


def scope_note(filters: Filters) -> str:
    """Where the reader chose what is no scope of people, one line says what is shown instead, and why."""
    scope, place = filters.scope()
    if len(filters.regions) + len(filters.channels) == (scope != "everyone"):
        return ""
    shown = "everyone" if scope == "everyone" else place
    told = "Figures about people are told of everyone, one region or one channel, so that nobody can be worked out"
    return f"{told}: this is {shown}."


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    """Attributes and their categories; a place before everyone, all levels before the levels by size."""
    rows = rows[rows["attribute"] != ALL].astype({"people": "Int64", "base": "Int64", "share": "Float64"})
    rows["as_of"] = rows["month"] + pd.offsets.MonthEnd(0)
    rows["whole"] = rows["place"] == "everyone"
    rows["below"] = rows["level"] != ALL_LEVELS
    rows["rank"] = rows["category"].map(rank)
    order = {
        "by": ["attribute", "whole", "below", "base", "level", "rank"],
        "ascending": [True, True, True, False, True, True],
    }
    columns = ["attribute", "place", "level", "category", "people", "base", "share", "status", "rule_version", "as_of"]
    return rows.sort_values(**order)[columns].reset_index(drop=True)


def rank(category: str) -> tuple[bool, float, str]:
    """Bands by their first number, "<30" before 30; who did not say comes last."""
    number = re.match(r"(<?)(\d+)", category)
    return category == UNDISCLOSED, int(number[2]) - bool(number[1]) / 2 if number else 0.0, category


def _shares(rows: pd.DataFrame, level: str) -> pd.Series:
    """Shares by attribute and category at one level, of those who disclosed."""
    one = rows[(rows["level"] == level) & (rows["category"] != UNDISCLOSED) & rows["share"].notna()]
    return one.set_index(["attribute", "category"])["share"].astype("float64")


def _by_level(rows: pd.DataFrame) -> str:
    """The gender that loses most of its share from everyone to the smallest level that tells it."""
    told = _shares(rows[rows["attribute"] == "gender"], ALL_LEVELS)
    levels = [level for level in rows["level"].unique() if level != ALL_LEVELS and len(_shares(rows, level))]
    gaps = (_shares(rows[rows["attribute"] == "gender"], levels[-1]) - told).dropna() if levels else told.iloc[:0]
    if len(gaps):
        key = gaps.idxmin()
        top = _shares(rows, levels[-1])[key]
        return f"{key[1]}: {_percent(told[key])} of everyone, {_percent(top)} at the level {levels[-1]}"
    told = told if len(told) else _shares(rows, ALL_LEVELS)
    if told.empty:
        return f"About {rows['base'].max()} people: too few to tell what they stated of themselves"
    return f"{told.idxmax()[1]}: {_percent(told.max())} of about {rows['base'].max()} people"


def _beside(rows: pd.DataFrame, place: str) -> str:
    """The category whose share at a place differs most from that of everyone."""
    here, everyone = (_shares(rows[rows["place"] == name], ALL_LEVELS) for name in (place, "everyone"))
    gaps = (here - everyone).dropna()
    if gaps.empty:
        return f"{place}: too few people to tell what they stated of themselves"
    key = gaps.abs().idxmax()
    return f"{key[1]}: {_percent(here[key])} in {place}, {_percent(everyone[key])} of everyone"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"

"""Answers: the rows of every figure and the sentence that they support; the same for page, download and terminal."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from app import (
    contacts,
    control,
    coverage,
    goals,
    groups,
    people,
    pipeline,
    practices,
    sentences,
    spc,
    suppliers,
    year_before,
)
from app.confidential import rules
from app.filters import Filters, listed
from app.metrics import Metric
from app.periods import finished_quarters
from app.series import (
    LOW_BASE,
    NO_SHARE,
    WIDE_INTERVAL,
    Answer,
    State,
    all_places,
    by_month,
    changed,
    judge,
    missing,
    nothing_matches,
    over_period,
    period_together,
    query_of,
    states,
    whole,
)
from app.snapshot import Snapshot

SIGNALS = ("concern", "improvement", "neutral high", "neutral low")
PLACES = {"by_region": "region", "by_channel": "channel"}


@lru_cache(maxsize=16384)
def answer(snapshot: Snapshot, figure: str, metric: str | None, filters: Filters) -> Answer:
    """The rows and the sentence of one figure. Shared by every reader: treat the rows as read-only."""
    if figure in BESPOKE:
        return BESPOKE[figure](snapshot, filters)
    state = states(snapshot)[metric]
    make, say = GENERIC[figure]
    shapes = ("totals",) if figure in PLACES else ("series", "totals") if figure == "headline" else ("series",)
    queries = tuple(query_of(state.metric, shape) for shape in shapes)
    if not state.rows:
        return Answer(figure, state.metric, filters, pd.DataFrame(), missing(state), "missing", state.as_of, queries)
    rows = make(snapshot, figure, state, filters)
    if state.metric.about == "people":
        rows = rows.assign(as_of=pd.Timestamp(state.as_of))
    if rows.empty:
        sentence, found = _nothing(snapshot, figure, state, filters), "empty"
    elif not (rows["status"] != "withheld").any():
        widen = " Widen the filters." if filters != Filters() else ""
        little = "nothing" if state.metric.kind == "money" else "too few"
        sentence = f"{state.metric.name}: {_too_few(state.metric)}, {little} to show.{widen}"
        found = "withheld"
    else:
        sentence, found = say(state.metric, rows), "ready"
    note = people.scope_note(filters) if state.metric.about == "people" else ""
    return Answer(figure, state.metric, filters, rows, sentence, found, state.as_of, queries, note)


def _too_few(metric: Metric) -> str:
    if metric.about == "people":
        told = rules()
        if metric.kind == "mean":
            return f"a band is hidden, or fewer than {told.least_answers} answers in all"
        return f"fewer than {told.least_people} people who count or who do not, or fewer than {told.least_base} in all"
    return NO_SHARE if metric.kind == "money" else f"fewer than {metric.minimum_base} cases each"


def _nothing(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> str:
    if figure in PLACES and over_period(snapshot, state, filters).empty:
        return nothing_matches(snapshot, state.metric, filters)
    if figure not in ("trend", "headline") and not all_places(snapshot, state, filters).empty:
        if state.metric.about == "people" and filters.scope() != ("everyone", ""):
            return f"{state.metric.name}: figures about people are shown by region or by channel, never by both."
        return f"{state.metric.name}: its records name no {PLACES.get(figure, 'channel')}."
    return nothing_matches(snapshot, state.metric, filters)


@lru_cache(maxsize=16384)
def claims(snapshot: Snapshot, metric: str, filters: Filters) -> tuple[sentences.Claim, ...]:
    """Changes of one metric that the rules support, the strongest first.

    A figure judges its own months by its own limits; what a page leads with, of the whole or of a single place (region,
    channel, or both), has to be beyond what chance makes of all series that are looked at (`control.lasts`).
    """
    state = states(snapshot)[metric]
    if not state.rows:
        return ()
    found = []
    for judged in changed(snapshot, state, filters):
        region, channel = (None if pd.isna(place) else place for place in judged[["region", "channel"]].iloc[0])
        only = (region and len(filters.regions) == 1) or (channel and len(filters.channels) == 1)
        if only or "unknown" in (region, channel):
            continue
        claim = sentences.claim_of(state.metric, judged, region, channel)
        if claim and control.lasts(snapshot, filters, claim, judged):
            found.append(claim)
    return tuple(sorted(found, key=sentences.importance))


def headline_claims(snapshot: Snapshot, ids: tuple[str, ...], filters: Filters, most: int = 3) -> list[sentences.Claim]:
    """The claims that a page leads with: at most one of each direction a measurement, the most important first."""
    leading: dict[tuple[str, str], sentences.Claim] = {}
    for claim in sorted((claim for id_ in ids for claim in claims(snapshot, id_, filters)), key=sentences.importance):
        leading.setdefault((claim.metric.query, claim.label), claim)
    return sorted(leading.values(), key=sentences.importance)[:most]


def leading(snapshot: Snapshot, filters: Filters) -> list[sentences.Claim]:
    """The claims that stand in the rows of the overview, one a metric at most, the most important first."""
    rows = answer(snapshot, "overview", None, filters).rows
    ids = rows["metric"] if len(rows) else ()
    return sorted((claim for id_ in ids for claim in claims(snapshot, id_, filters)[:1]), key=sentences.importance)


def assurance(snapshot: Snapshot, metric: str, filters: Filters) -> str:
    """Whether a metric passes or fails its target consistently; empty without a target or rows."""
    now = _standing(snapshot, states(snapshot)[metric], filters)
    return now["assurance"] if now and now["status"] != "withheld" else ""


def quiet_headline(snapshot: Snapshot, ids: tuple[str, ...], filters: Filters) -> str:
    """The head of a page on which nothing changed: what misses its target all the same, or why nothing is said."""
    loaded = [state for state in map(states(snapshot).get, ids) if state.rows]
    found = [(state.metric.name, now) for state in loaded if (now := _standing(snapshot, state, filters))]
    ready = [(name, now) for name, now in found if now["status"] != "withheld"]
    if not ready:
        return "Nothing to show with these filters" if len(found) < len(loaded) else "No data loaded yet"
    failing = [name for name, now in ready if now["assurance"] == "consistently fails"]
    quiet = "No lasting change" if any(now["label"] in SIGNALS for _, now in ready) else "No real change"
    quiet = "Too early to call a change" if all(now["trial"] for _, now in ready) else quiet
    return f"{quiet}; {listed(failing[:2])} consistently short of target" if failing else quiet


TREND = [
    *("month", "numerator", "base", "value", "low", "high", "status", "finished"),
    *("mean", "lower", "upper", "target", "label", "rule"),
    *("on_year", "on_year_lower", "on_year_upper", "on_year_label", "yearly_pattern"),
]


PROTECTED = ["nearest", "rule_version"]  # of a figure about people: to what its counts are rounded, and by which rules


def _trend(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    return all_places(snapshot, state, filters)[_told(state, TREND)]


def _told(state: State, columns: list[str]) -> list[str]:
    return [*columns, *PROTECTED] if state.metric.about == "people" else columns


def _channels(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    series = by_month(snapshot, state, filters)
    one = series[series["region"].isna() & series["channel"].notna() & (series["channel"] != "unknown")]
    if one.empty:
        return one
    judged = [
        judge(rows, state).assign(channel=channel)[_told(state, ["channel", *TREND])]
        for channel, rows in one.groupby("channel", sort=True)
    ]
    return pd.concat(judged, ignore_index=True)


def _by_place(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    """Places, the worst first, each held against the target, or against all together where there is none."""
    metric, place = state.metric, PLACES[figure]
    rows = over_period(snapshot, state, filters)
    every = whole(rows)
    rows = rows[rows[place].notna() & (rows[place] != "every")].copy()
    if rows.empty:
        return rows
    reference = metric.target if metric.target is not None else float(every["value"].iloc[0])
    reference_kind = "target" if metric.target is not None else f"all {place}s"
    if metric.kind == "count":  # no place has to have as many as all, nor a period what is aimed at in a month
        reference, reference_kind = float("nan"), ""
    rows["reference"], rows["reference_kind"] = reference, reference_kind
    sign = {"higher": 1, "lower": -1, "neither": 0}[metric.better]
    above, below = rows["low"] > reference, rows["high"] < reference
    rows["judgement"] = "no clear difference"
    rows.loc[above, "judgement"] = ("above", "better", "worse")[sign]
    rows.loc[below, "judgement"] = ("below", "worse", "better")[sign]
    rows.loc[rows["status"] == "withheld", "judgement"] = ""
    if not metric.has_interval or (metric.target is None and len(rows) == 1):
        rows["judgement"] = ""  # no interval to decide by; and the only one cannot differ from all
    rows = rows.sort_values("value", ascending=metric.better != "lower", kind="stable", na_position="last")
    columns = [place, "numerator", "base", "value", "low", "high", "status", "reference", "reference_kind", "judgement"]
    return rows[_told(state, columns)].reset_index(drop=True)


def _headline(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    """One row: the latest finished month in its limits, and the whole period."""
    judged, now = all_places(snapshot, state, filters), _standing(snapshot, state, filters)
    if not now:
        return judged
    last = judged.iloc[_latest(judged, state.metric)]
    period = period_together(snapshot, state, filters)
    rows = pd.DataFrame({name: [value] for name, value in now.items()}).astype({"base": judged["base"].dtype})
    return rows.assign(
        period_from=judged["month"].min(),
        period_to=judged["month"].max(),
        **{f"period_{name}": pd.Series(period[name]) for name in ("numerator", "base", "value", "low", "high")},
        **year_before.columns(snapshot, state, filters, last),
        **{name: last[name] for name in _told(state, [])},
    )


@lru_cache(maxsize=16384)
def _standing(snapshot: Snapshot, state: State, filters: Filters) -> dict[str, object]:
    """Where a metric stands: its latest finished month, judged; empty where nothing is loaded or matches."""
    judged = all_places(snapshot, state, filters) if state.rows else pd.DataFrame()
    if judged.empty:
        return {}
    at = _latest(judged, state.metric)
    names = ("month", "finished", "numerator", "base", "value", "low", "high", "status", "mean", "lower", "upper")
    last = {name: judged[name].iat[at] for name in (*names, "target", "label", "rule", "assurance", "trial")}
    claim = sentences.claim_of(state.metric, judged, None, None)
    labels = [label for label in judged["label"] if label]
    return {
        "metric": state.metric.id,
        **{name: last[name] for name in (*names, "target", "label", "rule")},
        "variation": labels[-1] if last["label"] else "",
        "assurance": last["assurance"],
        "since": pd.Timestamp(claim.since) if claim and last["label"] else pd.NaT,
        "trial": last["trial"],
    }


def _latest(judged: pd.DataFrame, metric: Metric) -> int:
    """Where the latest finished month stands; of what stands, that in which it was last told."""
    finished = judged["finished"].to_numpy(bool)
    told = finished & judged["value"].notna().to_numpy()
    if metric.standing and told.any():
        finished = told
    return int(np.flatnonzero(finished)[-1]) if finished.any() else len(judged) - 1


def _recommendation(snapshot: Snapshot, filters: Filters) -> Answer:
    state = states(snapshot)["nps"]
    queries = ("figures/recommendation",)
    if not state.rows:
        return Answer(
            "recommendation", state.metric, filters, pd.DataFrame(), missing(state), "missing", state.as_of, queries
        )
    rows = snapshot.ask("figures/recommendation", **filters.parameters())
    if rows.empty:
        sentence = nothing_matches(snapshot, state.metric, filters)
        return Answer("recommendation", state.metric, filters, rows, sentence, "empty", state.as_of, queries)
    squares = rows["promoters"] + rows["detractors"]
    total = rows["promoters"] - rows["detractors"]
    intervals = [spc.mean_interval(*parts) for parts in zip(total, squares, rows["base"], strict=True)]
    rows["value"] = total / rows["base"]
    rows["margin"] = [(high - low) / 2 for low, high in intervals]
    rows["status"] = "shown"
    rows.loc[(rows["base"] < LOW_BASE) | (2 * rows["margin"] > WIDE_INTERVAL), "status"] = "low base"
    few = rows["base"] < state.metric.minimum_base
    rows[["detractors", "passives", "promoters"]] = rows[["detractors", "passives", "promoters"]].astype("Int64")
    rows.loc[few, "status"] = "withheld"
    rows.loc[few, ["detractors", "passives", "promoters"]] = pd.NA
    rows.loc[few, ["value", "margin"]] = float("nan")
    rows["finished"] = finished_quarters(rows["quarter"], filters, state.as_of)
    rows = rows.drop(columns="last_month")
    withheld = not (rows["status"] != "withheld").any()
    sentence = (
        f"Fewer than {state.metric.minimum_base} answers a quarter: too few to show."
        if withheld
        else sentences.recommendation(rows)
    )
    return Answer(
        "recommendation",
        state.metric,
        filters,
        rows,
        sentence,
        "withheld" if withheld else "ready",
        state.as_of,
        queries,
    )


GENERIC = {
    "headline": (_headline, sentences.headline),
    "trend": (_trend, sentences.trend),
    "by_region": (_by_place, sentences.places),
    "by_channel": (_by_place, sentences.places),
    "channels": (_channels, sentences.channels),
}


def _passing(metric: Metric, now: Mapping[str, object]) -> str:
    """What a metric that leads with nothing says: its signal, if it has one, may be chance among so many."""
    sentence = sentences.standing(metric, now)
    return f"{sentence}, may be chance" if now["label"] in SIGNALS and not pd.isna(now["since"]) else sentence


def _overview(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per metric that has data, signals first: concern, improvement, then those that miss their target."""
    told = []
    for id_, state in states(snapshot).items():
        now = _standing(snapshot, state, filters)
        if not now or now["status"] == "withheld":
            continue
        claim = next(iter(claims(snapshot, id_, filters)), None)
        told.append(
            {
                "metric": id_,
                "page": state.metric.page,
                **{name: now[name] for name in ("month", "value", "base", "status", "target", "assurance")},
                "label": claim.label if claim else now["label"] and "common cause",
                "region": claim.region if claim else None,
                "channel": claim.channel if claim else None,
                "since": pd.Timestamp(claim.since) if claim else pd.NaT,
                "change": claim.brief if claim else _passing(state.metric, now),
                "strength": claim.strength if claim else 0.0,
            }
        )
    if not told:
        sentence = quiet_headline(snapshot, tuple(states(snapshot)), filters)
        return Answer("overview", None, filters, pd.DataFrame(), sentence, "empty", snapshot.as_of, ())
    rows = pd.DataFrame(told)
    labels = [*SIGNALS, "common cause", ""]
    against = ["consistently fails", "hit or miss", "consistently passes", ""]
    order = rows["label"].map(labels.index) * 10 + rows["assurance"].map(against.index)
    rows = rows.assign(order=order).sort_values(["order", "strength"], ascending=[True, False], kind="stable")
    worse, better = int((rows["label"] == "concern").sum()), int((rows["label"] == "improvement").sum())
    sentence = f"No lasting change in {len(rows)} metric{'' if len(rows) == 1 else 's'}"
    if worse or better:
        told = f"{worse or 'none'} for the worse, {better or 'none'} for the better"
        sentence = f"A lasting change in {worse + better} of {len(rows)} metrics: {told}"
    queries = tuple(f"figures/{name}" for name in ("series", "count_series", "wait_series", "people_series"))
    rows = rows.drop(columns="order").reset_index(drop=True)
    note = control.words(snapshot, filters)
    return Answer("overview", None, filters, rows, sentence, "ready", snapshot.as_of, queries, note)


BESPOKE = {
    "goals": goals.goals,
    "goals_outlook": goals.goals_outlook,
    "recommendation": _recommendation,
    "overview": _overview,
    "representation": people.representation,
    "safety_bands": people.safety_bands,
    "community_gap": groups.community_gap,
    "selection_rates": groups.selection_rates,
    "survey_participation": groups.survey_participation,
    "feedback_reach": groups.feedback_reach,
    "satisfaction_gap": groups.satisfaction_gap,
    "idea_funnel": pipeline.funnel,
    "idea_age": pipeline.age,
    "idea_flow": pipeline.flow,
    "idea_balance": pipeline.balance,
    "channel_mix": contacts.mix,
    "channel_parity": contacts.parity,
    "supplier_spend": suppliers.spend,
    "certified_suppliers": suppliers.certified,
    "practices": practices.practices,
    "files": coverage.files,
    "rejects": coverage.rejects,
    "unknown": coverage.unknown,
    "off_scale": coverage.off_scale,
    "drift": coverage.drift,
    "missing": coverage.missing,
}
FIGURES = {
    "headline": "one number: latest month, whole period, limits, variation and assurance",
    "trend": "each month with its limits and label",
    "by_region": "each region over the period, with interval",
    "by_channel": "each channel over the period, with interval",
    "channels": "each channel by month, with interval",
    "goals": "each open goal: value, plan to date, gap and outlook, the furthest behind first",
    "goals_outlook": "each open goal by month to its due date: value, plan, forecast and 80 % band",
    "recommendation": "detractors, passives and promoters by quarter (NPS)",
    "overview": "every metric: latest, target, change and assurance, signals first",
    "representation": "people by attribute, level and category, to the nearest five",
    "safety_bands": "responses by band of how safe it is to take a risk, by quarter, to the nearest five",
    "community_gap": "each group's share of the workforce beside that of the people of the region",
    "selection_rates": "hired of applied by group, by that of the group with the highest, with n and p",
    "survey_participation": "share of each group that answered the employee survey, against the other groups",
    "feedback_reach": "each group's share of the answers of customers beside its share of the customers",
    "satisfaction_gap": "satisfied customers of each group against the other groups, with interval",
    "idea_funnel": "ideas by the stage they reached, and what share of those decided there went on",
    "idea_age": "days that open ideas stand in each stage, against stays that ended",
    "idea_flow": "ideas in, out and open by month and stage",
    "idea_balance": "ideas of each stage over the period: open, entered, moved on, closed, open",
    "channel_mix": "each channel's share of all contacts, and its change on as many months before",
    "channel_parity": "satisfied customers of each channel, and the gap from the best to the worst with its interval",
    "supplier_spend": "spend by quarter: certified, other, excluded, and apart from these the second tier",
    "certified_suppliers": "certified suppliers by quarter, and what the three largest hold",
    "practices": "each practice with its metrics: definition, whether it is measured, and what the rest would take",
    "files": "exports behind the snapshot, and what became of their rows",
    "rejects": "rejected rows by file, column and reason",
    "off_scale": "answers on a scale that the metric does not take",
    "unknown": "regions, channels and questions that are not known",
    "drift": "what is odd about a file beside the one before it",
    "missing": "kinds of records without an export, and what they would light up",
}

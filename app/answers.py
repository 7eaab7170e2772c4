"""Answers: the rows of every figure and the sentence that they support; the same for page, download and terminal."""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import pandas as pd

from app import sentences, spc
from app.filters import Filters, listed
from app.metrics import Metric, metrics
from app.records import contracts, last_workday
from app.snapshot import Snapshot

LOW_BASE = 30
WIDE_INTERVAL = 0.3  # of a share or score: 30 points
STALE_AFTER = 45  # days: a monthly export that is older has been forgotten
PLACES = {"by_region": "region", "by_channel": "channel"}


@dataclass(frozen=True)
class State:
    """A metric as the snapshot holds it: its SQL, how far its records reach, its target and the goal behind that."""

    metric: Metric
    sql: str
    as_of: date | None
    rows: int
    goal: str
    due_on: date | None
    next_step: str


@dataclass(frozen=True)
class Answer:
    """Rows of one figure, what they say, and how they came about.

    `state` is ready, missing (no export), empty (the filters match nothing) or withheld (too few cases everywhere).
    """

    figure: str
    metric: Metric | None
    filters: Filters
    rows: pd.DataFrame
    sentence: str
    state: str
    as_of: date | None
    queries: tuple[str, ...]

    def __hash__(self) -> int:
        return hash((self.figure, self.metric and self.metric.id, self.filters))


@lru_cache(maxsize=64)
def states(snapshot: Snapshot) -> dict[str, State]:
    """Every metric of the registry as this snapshot holds it, with the target that the goals export sets."""
    rows = snapshot.ask("figures/metric_states").set_index("metric")
    told = {}
    for id_, metric in metrics().items():
        if id_ not in rows.index:  # a metric younger than the snapshot
            told[id_] = State(metric, metric.sql, None, 0, "", None, "")
            continue
        row = rows.loc[id_]
        target = metric.target if pd.isna(row["target"]) else float(row["target"])
        told[id_] = State(
            replace(metric, target=target),
            row["sql"],
            _day(row["as_of"]),
            int(row["rows"]),
            _text(row["goal"]),
            _day(row["due_on"]),
            _text(row["next_step"]),
        )
    return told


@lru_cache(maxsize=64)
def choices(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """What can be chosen: region, channel, month (YYYY-MM). Unknown places come last."""
    rows = snapshot.ask("figures/filter_choices")
    found = {
        name: sorted(group["choice"], key=lambda word: (word == "unknown", word))
        for name, group in rows.groupby("filter")
    }
    return {name: tuple(found.get(name, ())) for name in ("region", "channel", "month")}


@lru_cache(maxsize=2048)
def answer(snapshot: Snapshot, figure: str, metric: str | None, filters: Filters) -> Answer:
    """The rows and the sentence of one figure. Shared by every reader: treat the rows as read-only."""
    if figure == "files":
        rows = snapshot.ask("figures/files")
        return Answer(figure, None, Filters(), rows, "", "ready", snapshot.as_of, ("figures/files",))
    if figure == "recommendation":
        return _recommendation(snapshot, filters)
    state = states(snapshot)[metric]
    make = {
        "trend": _trend,
        "headline": _headline,
        "by_region": _by_place,
        "by_channel": _by_place,
        "channels": _channels,
    }[figure]
    query = f"figures/{'wait_' if state.metric.kind == 'quantile' else ''}{'totals' if figure in PLACES else 'series'}"
    queries = (query, query.replace("series", "totals")) if figure == "headline" else (query,)
    if not state.rows:
        return Answer(figure, state.metric, filters, pd.DataFrame(), _missing(state), "missing", state.as_of, queries)
    made = make(snapshot, figure, state, filters)
    if made.empty:
        sentence = _nothing_matches(snapshot, state.metric, filters)
        return Answer(figure, state.metric, filters, made, sentence, "empty", state.as_of, queries)
    if not (made["status"] != "withheld").any():
        least = state.metric.minimum_base
        sentence = f"{state.metric.name}: fewer than {least} cases each, too few to show. Widen the filters."
        return Answer(figure, state.metric, filters, made, sentence, "withheld", state.as_of, queries)
    sentence = {"trend": sentences.trend, "headline": sentences.headline, "channels": sentences.channels}.get(
        figure, sentences.places
    )(state.metric, made)
    return Answer(figure, state.metric, filters, made, sentence, "ready", state.as_of, queries)


FIGURES = {
    "headline": "one number: latest month, whole period, limits, variation and assurance",
    "trend": "each month with its limits and label",
    "by_region": "each region over the period, with interval",
    "by_channel": "each channel over the period, with interval",
    "channels": "each channel by month, with interval",
    "recommendation": "detractors, passives and promoters by quarter (NPS)",
    "files": "exports behind the snapshot",
}
WITHOUT_METRIC = ("recommendation", "files")


@lru_cache(maxsize=2048)
def claims(snapshot: Snapshot, metric: str, filters: Filters) -> tuple[sentences.Claim, ...]:
    """Changes of one metric that the rules support, the strongest first.

    The whole is judged by its own label. A single place (region, channel, or both) is one of many, so it is named only
    when at least two of its last three finished months lie outside its limits on the same side.
    """
    state = states(snapshot)[metric]
    if not state.rows:
        return ()
    series = _series(snapshot, state, filters)
    found = []
    for (region, channel), rows in series.groupby(["region", "channel"], dropna=False, sort=False):
        whole = pd.isna(region) and pd.isna(channel)
        only = (not pd.isna(region) and len(filters.regions) == 1) or (
            not pd.isna(channel) and len(filters.channels) == 1
        )
        if "unknown" in (region, channel) or only:
            continue
        judged = _judged(rows, state)
        claim = sentences.claim_of(
            state.metric, judged, None if pd.isna(region) else region, None if pd.isna(channel) else channel
        )
        if claim and (whole or sentences.persistent(judged, claim.label)):
            found.append(claim)
    return tuple(sorted(found, key=sentences.importance))


def headline_claims(snapshot: Snapshot, ids: tuple[str, ...], filters: Filters, most: int = 3) -> list[sentences.Claim]:
    """The claims that a page leads with: at most one of each direction a measurement, the most important first."""
    leading: dict[tuple[str, str], sentences.Claim] = {}
    for id_ in ids:
        for claim in claims(snapshot, id_, filters):
            leading.setdefault((claim.metric.query, claim.label), claim)
    return sorted(leading.values(), key=sentences.importance)[:most]


def assurance(snapshot: Snapshot, metric: str, filters: Filters) -> str:
    """Whether a metric passes or fails its target consistently; empty without a target or rows."""
    found = answer(snapshot, "headline", metric, filters)
    return str(found.rows["assurance"].iloc[0]) if found.state == "ready" else ""


def quiet_headline(snapshot: Snapshot, ids: tuple[str, ...], filters: Filters) -> str:
    """The head of a page on which nothing changed: what misses its target all the same, or why nothing is said."""
    found = [answer(snapshot, "headline", id_, filters) for id_ in ids]
    ready = [one for one in found if one.state == "ready"]
    if not ready:
        return (
            "Nothing to show with these filters" if any(one.state == "empty" for one in found) else "No data loaded yet"
        )
    failing = [one.metric.name for one in ready if one.rows["assurance"].iloc[0] == "consistently fails"]
    quiet = "Too early to call a change" if all(one.rows["trial"].iloc[0] for one in ready) else "No real change"
    return f"{quiet}; {listed(failing[:2])} consistently short of target" if failing else quiet


@lru_cache(maxsize=512)
def _series(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    """Months × places (all, region, channel, both) with value, interval and status."""
    waits = state.metric.kind == "quantile"
    rows = snapshot.ask(
        "figures/wait_series" if waits else "figures/series",
        metric=state.metric.query,
        quantile=state.metric.quantile,
        **_covered(state, filters),
    )
    rows = _with_status(rows, state.metric)
    rows["finished"] = [last_workday(month.date()) <= state.as_of for month in rows["month"]]
    return rows


def _with_status(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Add the 95 % interval and whether a number may be shown: shown, low base or withheld."""
    rows = rows.copy()
    if metric.kind == "quantile":
        rows.insert(rows.columns.get_loc("base"), "numerator", float("nan"))
        wide = pd.Series(False, index=rows.index)
    else:
        if metric.kind == "score":
            rows["low"], rows["high"] = rows["value"] - rows["margin"], rows["value"] + rows["margin"]
        else:
            intervals = [spc.wilson(part, whole) for part, whole in zip(rows["numerator"], rows["base"], strict=True)]
            rows["low"], rows["high"] = [low for low, _ in intervals], [high for _, high in intervals]
        rows = rows.drop(columns="margin")
        wide = (rows["high"] - rows["low"]) > WIDE_INTERVAL
    rows["status"] = "shown"
    rows.loc[wide | (rows["base"] < LOW_BASE), "status"] = "low base"
    rows.loc[rows["base"] < metric.minimum_base, "status"] = "withheld"
    rows.loc[rows["status"] == "withheld", ["numerator", "value", "low", "high"]] = float("nan")
    return rows


def _judged(rows: pd.DataFrame, state: State) -> pd.DataFrame:
    """Add control limits, label and rule; an unfinished month and a withheld one are left out of every rule."""
    metric = state.metric
    values = [
        float(value) if finished and not pd.isna(value) else None
        for value, finished in zip(rows["value"], rows["finished"], strict=True)
    ]
    judgement = spc.judge(values, metric.better, metric.target)
    judged = rows.assign(
        mean=[point.mean for point in judgement.points],
        lower=[point.lower for point in judgement.points],
        upper=[point.upper for point in judgement.points],
        target=float("nan") if metric.target is None else metric.target,
        label=[point.label for point in judgement.points],
        rule=[point.rule for point in judgement.points],
    )
    judged.attrs = {"assurance": judgement.assurance, "variation": judgement.variation, "trial": judgement.trial}
    return judged.reset_index(drop=True)


TREND = [
    *("month", "numerator", "base", "value", "low", "high", "status", "finished"),
    *("mean", "lower", "upper", "target", "label", "rule"),
]


@lru_cache(maxsize=512)
def _whole(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    """The months of all chosen places together, judged."""
    series = _series(snapshot, state, filters)
    return _judged(series[series["region"].isna() & series["channel"].isna()], state)


def _trend(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    return _whole(snapshot, state, filters)[TREND]


def _channels(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    series = _series(snapshot, state, filters)
    one = series[series["region"].isna() & series["channel"].notna() & (series["channel"] != "unknown")]
    if one.empty:
        return one
    judged = [
        _judged(rows, state).assign(channel=channel)[["channel", *TREND]]
        for channel, rows in one.groupby("channel", sort=True)
    ]
    return pd.concat(judged, ignore_index=True)


def _by_place(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    """Places, the worst first, each held against the target, or against all together where there is none."""
    metric, place = state.metric, PLACES[figure]
    rows = _totals(snapshot, state, filters)
    whole = rows[rows["region"].isna() & rows["channel"].isna()]
    rows = rows[rows[place].notna()].copy()
    if rows.empty:
        return rows
    reference = metric.target if metric.target is not None else float(whole["value"].iloc[0])
    rows["reference"] = reference
    rows["reference_kind"] = "target" if metric.target is not None else f"all {place}s"
    sign = {"higher": 1, "lower": -1, "neither": 0}[metric.better]
    above, below = rows["low"] > reference, rows["high"] < reference
    rows["judgement"] = "no clear difference"
    rows.loc[above, "judgement"] = ("above", "better", "worse")[sign]
    rows.loc[below, "judgement"] = ("below", "worse", "better")[sign]
    rows.loc[rows["status"] == "withheld", "judgement"] = ""
    rows = rows.sort_values("value", ascending=metric.better != "lower", kind="stable", na_position="last")
    columns = [place, "numerator", "base", "value", "low", "high", "status", "reference", "reference_kind", "judgement"]
    return rows[columns].reset_index(drop=True)


@lru_cache(maxsize=512)
def _totals(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    waits = state.metric.kind == "quantile"
    rows = snapshot.ask(
        "figures/wait_totals" if waits else "figures/totals",
        metric=state.metric.query,
        quantile=state.metric.quantile,
        **filters.parameters(),
    )
    return _with_status(rows, state.metric)


def _covered(state: State, filters: Filters) -> dict[str, object]:
    """Parameters of a query by month, up to the one in which the records end: later ones hold only stragglers.

    They count in the totals of a period all the same: a ticket resolved late is resolved.
    """
    asked = filters.parameters()
    return asked | {"to": min(asked["to"], state.as_of)}


def _headline(snapshot: Snapshot, figure: str, state: State, filters: Filters) -> pd.DataFrame:
    """One row: the latest finished month in its limits, and the whole period."""
    judged = _whole(snapshot, state, filters)
    if judged.empty:
        return judged
    finished = judged[judged["finished"]]
    last = (judged if finished.empty else finished).iloc[[-1]].reset_index(drop=True)
    totals = _totals(snapshot, state, filters)
    whole = totals[totals["region"].isna() & totals["channel"].isna()].iloc[0]
    claim = sentences.claim_of(state.metric, judged, None, None)
    shown = last["label"].iloc[0] != ""
    return pd.DataFrame(
        {
            "metric": state.metric.id,
            "month": last["month"],
            "finished": last["finished"],
            **{
                name: last[name]
                for name in ("numerator", "base", "value", "low", "high", "status", "mean", "lower", "upper")
            },
            "target": last["target"],
            "label": last["label"],
            "rule": last["rule"],
            "variation": judged.attrs["variation"] if shown else "",
            "assurance": judged.attrs["assurance"],
            "since": [pd.Timestamp(claim.since) if claim and shown else pd.NaT],
            "trial": judged.attrs["trial"],
            "period_from": judged["month"].min(),
            "period_to": judged["month"].max(),
            "period_numerator": whole["numerator"],
            "period_base": whole["base"],
            "period_value": whole["value"],
            "period_low": whole["low"],
            "period_high": whole["high"],
        }
    )


def _recommendation(snapshot: Snapshot, filters: Filters) -> Answer:
    state = states(snapshot)["nps"]
    queries = ("figures/recommendation",)
    if not state.rows:
        return Answer(
            "recommendation", state.metric, filters, pd.DataFrame(), _missing(state), "missing", state.as_of, queries
        )
    rows = snapshot.ask("figures/recommendation", **filters.parameters())
    if rows.empty:
        sentence = _nothing_matches(snapshot, state.metric, filters)
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
    # A quarter that the chosen period cuts is as little over as one that the records do not reach the end of.
    ends = [(start.date(), start.date().replace(month=start.month + 2)) for start in rows["quarter"]]
    rows["finished"] = [
        last_workday(end) <= state.as_of and (filters.start or start) <= start and end <= (filters.end or end)
        for start, end in ends
    ]
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


def _missing(state: State) -> str:
    needed = [contracts()[record] for record in state.metric.records]
    titles = listed([contract.title.lower() for contract in needed])
    if state.as_of:
        return f"The {titles} that are loaded hold nothing for this number. Its definition says what to export."
    systems = listed(sorted({contract.exported_by for contract in needed}))
    remedy = f"Export {titles} from your {systems} into the exports folder and build again."
    return f"No {titles} export is loaded yet. {remedy}"


def _nothing_matches(snapshot: Snapshot, metric: Metric, filters: Filters) -> str:
    """Says which filter to widen: the first that alone stands in the way."""
    for names, words in {
        ("regions",): "the region",
        ("channels",): "the channel",
        ("start", "end"): "the period",
    }.items():
        wider = filters.widened(*names)
        if wider != filters and not _totals(snapshot, states(snapshot)[metric.id], wider).empty:
            return f"Nothing matches {filters.words()}. Widen {words}."
    return f"Nothing matches {filters.words()}. Widen the filters."


def _day(value: object) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)

"""Series: a metric over months and places, what may be shown of it and how it is judged. What all figures share."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import pandas as pd

from app import scales, season, spc
from app.filters import Filters, listed
from app.metrics import Metric, metrics
from app.records import contracts, last_workday
from app.snapshot import Snapshot

LOW_BASE = 30
WIDE_INTERVAL = 0.3  # of a share or score: 30 points
NO_SHARE = "the amounts cancel out"  # why a share of money is withheld
LEAST_A_MONTH = 2  # events: control limits of fewer signal by chance alone far too often


@dataclass(frozen=True)
class State:
    """A metric as the snapshot holds it: its SQL, how far its records reach, its target and the goal behind that, and
    what is said of answers that it does not take."""

    metric: Metric
    sql: str
    as_of: date | None
    rows: int
    goal: str
    due_on: date | None
    next_step: str
    off_scale: str = ""


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
    note: str = ""

    def __hash__(self) -> int:
        return hash((self.figure, self.metric and self.metric.id, self.filters))


@lru_cache(maxsize=64)
def states(snapshot: Snapshot) -> dict[str, State]:
    """Every metric of the registry as this snapshot holds it, with the target that the goals export sets."""
    rows = snapshot.ask("figures/metric_states").set_index("metric")
    strays = [
        (*stray[:3], None if pd.isna(stray[3]) else int(stray[3]))
        for stray in snapshot.ask("figures/off_scale")
        .groupby(["item", "lowest", "highest"])["answers"]
        .sum(min_count=1)
        .reset_index()
        .itertuples(index=False)
    ]
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
            scales.refused(metric.name, metric.sql, strays),
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


@lru_cache(maxsize=512)
def by_month(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    """Months × places (all, region, channel, both) with value, interval and status.

    Months after the one in which the records end are left out: they hold only the stragglers of earlier months. These
    count in the totals of a period all the same: a ticket resolved late is resolved.
    """
    covered = replace(filters, end=min(filters.end or state.as_of, state.as_of))
    rows = with_status(_asked(snapshot, state.metric, covered, "series"), state.metric)
    rows["finished"] = [last_workday(month.date()) <= state.as_of for month in rows["month"]]
    return rows


@lru_cache(maxsize=512)
def over_period(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    """Places (all, region, channel) over the whole period, with value, interval and status.

    What stands is told as of the last month of the period that is over, the month in which a headline tells it. A place
    in which nothing stands then has no row, whatever stood there before.
    """
    if state.metric.standing:
        filters = replace(filters, end=_month_of_standing(state, filters))
    return with_status(_asked(snapshot, state.metric, filters, "totals"), state.metric)


def _month_of_standing(state: State, filters: Filters) -> date:
    """The last month of a period that is over; the month in which the records end where no other is in the period."""
    end = min(filters.end or state.as_of, state.as_of).replace(day=1)
    if last_workday(end) <= state.as_of:
        return end
    before = (end - timedelta(days=1)).replace(day=1)
    return before if before >= (filters.start or before) else end


def query_of(metric: Metric, shape: str) -> str:
    """The figure query of a metric: `shape` is series or totals."""
    kind = "people_" if metric.about == "people" else {"quantile": "wait_", "count": "count_"}.get(metric.kind, "")
    return f"figures/{kind}{shape}"


def _asked(snapshot: Snapshot, metric: Metric, filters: Filters, shape: str) -> pd.DataFrame:
    scope, place = filters.scope()
    told = {"metric": metric.query, "quantile": metric.quantile, "standing": metric.standing}
    return snapshot.ask(query_of(metric, shape), **told, scope=scope, place=place, **filters.parameters())


@lru_cache(maxsize=512)
def all_places(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    """The months of all chosen places together, judged."""
    series = by_month(snapshot, state, filters)
    return judge(series[series["region"].isna() & series["channel"].isna()], state)


def with_status(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Add the 95 % interval and whether a number may be shown: shown, low base or withheld."""
    rows = rows.copy()
    if metric.kind == "quantile":
        rows.insert(rows.columns.get_loc("base"), "numerator", float("nan"))
        wide = pd.Series(False, index=rows.index)
    else:
        if not metric.has_interval:
            rows["low"] = rows["high"] = float("nan")
        elif metric.kind in ("score", "mean"):
            rows["low"], rows["high"] = rows["value"] - rows["margin"], rows["value"] + rows["margin"]
        else:
            parts = zip(rows["numerator"], rows["base"], strict=True)
            intervals = [(part, part) if pd.isna(part) else spc.wilson(part, whole) for part, whole in parts]
            rows["low"], rows["high"] = [low for low, _ in intervals], [high for _, high in intervals]
        rows = rows.drop(columns="margin")
        wide = (rows["high"] - rows["low"]) > WIDE_INTERVAL
    if metric.about == "cases":
        rows["status"] = "shown"
    elif metric.kind in ("share", "mean"):  # of rounded counts: no more than whole percents, or a decimal of 100
        rows["value"] = rows["value"].round(2 if metric.kind == "share" else 3)
    if metric.has_few:
        rows.loc[(rows["status"] == "shown") & (wide | (rows["base"] < LOW_BASE)), "status"] = "low base"
        rows.loc[rows["base"] < metric.minimum_base, "status"] = "withheld"
    elif metric.kind != "count":  # credit notes can leave no whole to have a share of
        rows.loc[~(rows["value"].between(0, 1) & (rows["base"] > 0)), "status"] = "withheld"
    rows.loc[rows["status"] == "withheld", ["numerator", "value", "low", "high"]] = float("nan")
    return rows


def judge(rows: pd.DataFrame, state: State) -> pd.DataFrame:
    """Add control limits, label and rule, and the same of the difference to the same month a year before.

    An unfinished month and a withheld one are left out of every rule.
    """
    metric = state.metric
    counts = rows["finished"] & rows["value"].notna() & (not metric.standing)
    if is_rare(metric, rows.loc[counts, "value"]):
        counts &= False
    values = [float(value) if told else None for value, told in zip(rows["value"], counts, strict=True)]
    judgement = spc.judge(values, metric.better, metric.target)
    yearly = season.on_year([month.date() for month in rows["month"]], values, metric.better)
    on_year = yearly.judgement.points if yearly.judgement else [spc.Point(None, None, None, None, "", "")] * len(rows)
    points = judgement.points
    told = pd.DataFrame(
        {
            "mean": _numbers([point.mean for point in points]),
            "lower": _numbers([point.lower for point in points]),
            "upper": _numbers([point.upper for point in points]),
            "target": float("nan") if metric.target is None else metric.target,
            "label": [point.label for point in points],
            "rule": [point.rule for point in points],
            "on_year": _numbers(list(yearly.differences)),
            "on_year_lower": _numbers([point.lower for point in on_year]),
            "on_year_upper": _numbers([point.upper for point in on_year]),
            "on_year_label": [point.label for point in on_year],
            "yearly_pattern": yearly.clear,
        },
        index=range(len(rows)),
    )
    judged = pd.concat([rows.reset_index(drop=True), told], axis=1)  # one by one, columns cost more than the judging
    judged.attrs = {"assurance": judgement.assurance, "variation": judgement.variation, "trial": judgement.trial}
    return judged


def is_rare(metric: Metric, values: pd.Series) -> bool:
    """Whether so few events are counted a month that nothing can be said of a change."""
    return metric.kind == "count" and len(values) > 0 and values.mean() < LEAST_A_MONTH


def _numbers(values: list[float | None]) -> list[float]:
    """None as not-a-number, so that a column of nothing is still one of numbers."""
    return [float("nan") if value is None else value for value in values]


def missing(state: State) -> str:
    needed = [contracts()[record] for record in state.metric.records]
    titles = listed([contract.title.lower() for contract in needed])
    if state.off_scale:
        return f"{state.off_scale} Scales cannot be turned into one another: ask on this one and export it."
    if state.as_of:
        return f"The {titles} that are loaded hold nothing for this number. Its definition says what to export."
    systems = listed(sorted({contract.exported_by for contract in needed}))
    remedy = f"Export {titles} from your {systems} into the exports folder and build again."
    return f"No {titles} export is loaded yet. {remedy}"


def nothing_matches(snapshot: Snapshot, metric: Metric, filters: Filters) -> str:
    """Says which filter to widen: the first that alone stands in the way."""
    for names, words in {
        ("regions",): "the region",
        ("channels",): "the channel",
        ("start", "end"): "the period",
    }.items():
        wider = filters.widened(*names)
        if wider != filters and not over_period(snapshot, states(snapshot)[metric.id], wider).empty:
            return f"Nothing matches {filters.words()}. Widen {words}."
    return f"Nothing matches {filters.words()}. Widen the filters."


def _day(value: object) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)

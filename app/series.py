"""Series: a metric over months and places, what may be shown of it and how it is judged. What all figures share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd

from app import scales, season, spc
from app.filters import Filters, listed
from app.metrics import Metric, metrics
from app.records import Contract, contracts, last_workday
from app.snapshot import Snapshot

LOW_BASE = 30
WIDE_INTERVAL = 0.3  # of a share or score: 30 points
NO_SHARE = "the amounts cancel out"  # why a share of money is withheld
Column = pd.api.extensions.ExtensionArray
Columns = Mapping[str, Column | pd.Series]
LEAST_A_MONTH = 2  # events: control limits of fewer signal by chance alone far too often


@dataclass(frozen=True)
class State:
    """A metric as the snapshot holds it: its SQL, how far its records reach, its target and the goal behind that, what
    is said of answers that it does not take, and the records that no export holds, or of which none names a day."""

    metric: Metric
    sql: str
    as_of: date | None
    rows: int
    goal: str
    due_on: date | None
    next_step: str
    off_scale: str = ""
    absent: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Answer:
    """Rows of one figure, what they say, and how they came about. All who ask the same are given the same object.

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
            told[id_] = replace(nothing_of(snapshot, metric), sql=metric.sql)
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
            *_lacking(snapshot, metric),
        )
    return told


def nothing_of(snapshot: Snapshot, metric: Metric) -> State:
    """A metric of which the snapshot holds nothing, or which no query of its own computes."""
    return State(metric, "", None, 0, "", None, "", "", *_lacking(snapshot, metric))


def _lacking(snapshot: Snapshot, metric: Metric) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The records of a metric of which there is no export, and those of which no export names a day."""
    days = snapshot.ask("figures/files").groupby("record")["last_on"].max()
    absent = tuple(record for record in metric.records if record not in days.index)
    return absent, tuple(record for record in metric.records if record in days.index and pd.isna(days[record]))


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
    return pd.DataFrame(_by_month(snapshot, state, filters))


@lru_cache(maxsize=512)
def _by_month(snapshot: Snapshot, state: State, filters: Filters) -> Columns:
    told = _with_status(_asked(snapshot, state.metric, filters, "series", state.as_of), state.metric)
    months, at = np.unique(told["month"].to_numpy("datetime64[D]"), return_inverse=True)
    finished = np.array([last_workday(month) <= state.as_of for month in months.tolist()], dtype=bool)[at]
    return told | {"finished": finished}


@lru_cache(maxsize=512)
def over_period(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    """Places (all, region, channel) over the whole period, with value, interval and status.

    What stands is told as of the last month of the period that is over, the month in which a headline tells it. A place
    in which nothing stands then has no row, whatever stood there before.
    """
    return pd.DataFrame(_over_period(snapshot, state, filters))


@lru_cache(maxsize=512)
def _over_period(snapshot: Snapshot, state: State, filters: Filters) -> Columns:
    if state.metric.standing:
        filters = replace(filters, end=_month_of_standing(state, filters))
    return _with_status(_asked(snapshot, state.metric, filters, "totals"), state.metric)


def months_together(snapshot: Snapshot, state: State, filters: Filters) -> Columns:
    """Those rows of `by_month` that tell of all chosen places together, column by column."""
    return _together(_by_month(snapshot, state, filters))


def period_together(snapshot: Snapshot, state: State, filters: Filters) -> Columns:
    """That row of `over_period` that tells of all chosen places together, column by column."""
    return _together(_over_period(snapshot, state, filters))


def _together(columns: Columns) -> Columns:
    return _at(columns, np.flatnonzero(pd.isna(columns["region"]) & pd.isna(columns["channel"])))


def _at(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: column.take(rows) for name, column in columns.items()}


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


def _asked(
    snapshot: Snapshot, metric: Metric, filters: Filters, shape: str, until: date | None = None
) -> dict[str, Column]:
    """The rows of one metric, of a series up to a month, column by column: a table is made once, when all is known."""
    columns, spans = _every(snapshot, shape, query_of(metric, shape), filters)
    start, end = spans.get((metric.query, metric.quantile), (0, 0))
    if until:
        end = start + int(np.searchsorted(columns["month"][start:end], np.datetime64(until), "right"))
    return {name: _plain(column[start:end]) for name, column in columns.items()}


def _plain(column: Column) -> Column:
    """Whole numbers of which none is missing, as plain ones."""
    kind = getattr(column.dtype, "numpy_dtype", None)
    if kind is None or column.isna().any():
        return column
    return pd.arrays.NumpyExtensionArray(column.to_numpy(kind))


@lru_cache(maxsize=32)
def _every(snapshot: Snapshot, shape: str, query: str, filters: Filters) -> tuple[Columns, dict]:
    """What one query tells of all metrics that it serves, and between which rows each stands, by name and quantile.

    All in one round: planning is most of what a query costs, and the overview asks for every metric.
    """
    served = [metric for metric in metrics().values() if query_of(metric, shape) == query]
    scope, place = filters.scope()
    told = {
        "metrics": sorted({metric.query for metric in served}),
        "quantiles": sorted({metric.quantile for metric in served}),
        "standing": sorted({metric.query for metric in served if metric.standing}),
    }
    rows = snapshot.ask(query, **told, scope=scope, place=place, **filters.parameters())
    names = rows.pop("metric").to_numpy(object)
    quantiles = rows.pop("quantile").to_numpy(float) if "quantile" in rows else np.full(len(rows), Metric.quantile)
    begins = (names[1:] != names[:-1]) | (quantiles[1:] != quantiles[:-1])  # sorted by both
    edges = [0, *(np.flatnonzero(begins) + 1).tolist(), len(rows)] if len(rows) else []
    columns = {name: column.array for name, column in rows.items()}
    return columns, {(names[start], float(quantiles[start])): (start, end) for start, end in pairwise(edges)}


@lru_cache(maxsize=512)
def all_places(snapshot: Snapshot, state: State, filters: Filters) -> pd.DataFrame:
    """The months of all chosen places together, judged."""
    return judge(months_together(snapshot, state, filters), state)


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """Those rows that tell of all chosen places together."""
    return rows.iloc[np.flatnonzero(rows["region"].isna().to_numpy() & rows["channel"].isna().to_numpy())]


def with_status(rows: Columns, metric: Metric) -> pd.DataFrame:
    """Add the 95 % interval and whether a number may be shown: shown, low base or withheld."""
    return pd.DataFrame(_with_status(rows, metric))


def _with_status(rows: Columns, metric: Metric) -> dict[str, Column]:
    told = {name: rows[name] for name in rows if name != "margin"}
    value, base = rows["value"].to_numpy(float), rows["base"].to_numpy(float)
    numerator = rows["numerator"].to_numpy(float) if "numerator" in rows else np.full(len(value), np.nan)
    low, high = _interval(rows, value, numerator, base, metric)
    wide = (high - low > WIDE_INTERVAL) & (metric.kind != "quantile")
    status = np.full(len(value), "shown", dtype=object)
    if metric.about == "people":
        status = rows["status"].to_numpy(object)
        if metric.kind in ("share", "mean"):  # of rounded counts: no more than whole percents, or a decimal of 100
            value = value.round(2 if metric.kind == "share" else 3)
    if metric.has_few:
        status = np.where((status == "shown") & (wide | (base < LOW_BASE)), "low base", status)
        status = np.where(base < metric.minimum_base, "withheld", status)
    elif metric.kind != "count":  # credit notes can leave no whole to have a share of
        status = np.where((value >= 0) & (value <= 1) & (base > 0), status, "withheld")
    hidden = status == "withheld"
    for name, numbers in {"numerator": numerator, "value": value, "low": low, "high": high}.items():
        told[name] = np.where(hidden, np.nan, numbers)
    return told | {"status": pd.array(status, dtype="str")}


def _interval(
    rows: Columns, value: np.ndarray, numerator: np.ndarray, base: np.ndarray, metric: Metric
) -> tuple[np.ndarray, np.ndarray]:
    """Low and high end of the 95 % interval of each value; not-a-number where chance picked no cases."""
    if metric.kind == "quantile":
        return rows["low"].to_numpy(float), rows["high"].to_numpy(float)
    low, high = np.full((2, len(value)), np.nan)
    if metric.kind in ("score", "mean"):
        margin = rows["margin"].to_numpy(float)
        return value - margin, value + margin
    if metric.has_interval:
        known = ~np.isnan(numerator)
        low[known], high[known] = spc.wilson(numerator[known], base[known])
    return low, high


def changed(snapshot: Snapshot, state: State, filters: Filters) -> list[pd.DataFrame]:
    """The months of each place (all, region, channel, both) whose last one is a signal, judged.

    Most places are quiet, and of a hundred in a thousand series the table of a judgement is what costs.
    """
    told, metric = _by_month(snapshot, state, filters), state.metric
    (regions, names), (channels, _) = (pd.factorize(told[place]) for place in ("region", "channel"))
    places, _ = pd.factorize(regions + channels * (len(names) + 1))
    values, finished = told["value"], told["finished"]
    found = []
    for place in range(places.max(initial=-1) + 1):
        at = np.flatnonzero(places == place)
        if spc.ends_in_signal(_counting(values[at], finished[at], metric)):
            found.append(judge(_at(told, at), state))
    return found


def judge(rows: pd.DataFrame | Columns, state: State) -> pd.DataFrame:
    """Add control limits, label and rule, and the same of the difference to the same month a year before; and of all
    rows the assurance, and whether the limits are trial limits.

    An unfinished month and a withheld one are left out of every rule.
    """
    metric, months = state.metric, rows["month"].to_numpy("datetime64[D]").tolist()
    values = _counting(np.asarray(rows["value"], float), np.asarray(rows["finished"], bool), metric)
    judgement = spc.judge(values, metric.better, metric.target)
    yearly = season.on_year(months, values, metric.better)
    on_year = yearly.judgement.points if yearly.judgement else [spc.Point(None, None, None, None, "", "")] * len(months)
    points = judgement.points
    told = {name: getattr(column, "array", column) for name, column in rows.items()} | {
        "mean": _numbers([point.mean for point in points]),
        "lower": _numbers([point.lower for point in points]),
        "upper": _numbers([point.upper for point in points]),
        "target": float("nan") if metric.target is None else metric.target,
        "label": _words([point.label for point in points]),
        "rule": _words([point.rule for point in points]),
        "on_year": _numbers(yearly.differences),
        "on_year_lower": _numbers([point.lower for point in on_year]),
        "on_year_upper": _numbers([point.upper for point in on_year]),
        "on_year_label": _words([point.label for point in on_year]),
        "yearly_pattern": yearly.clear,
        "assurance": judgement.assurance,
        "trial": judgement.trial,
    }
    return pd.DataFrame(told, index=range(len(months)))


def _counting(values: np.ndarray, finished: np.ndarray, metric: Metric) -> list[float | None]:
    """The values that the rules look at; None for a month that is withheld or not over, and where none is judged."""
    counts = finished & ~np.isnan(values) & (not metric.standing)
    counts &= not is_rare(metric, values[counts])
    return [value if told else None for value, told in zip(values.tolist(), counts, strict=True)]


def is_rare(metric: Metric, values: pd.Series | np.ndarray) -> bool:
    """Whether so few events are counted a month that nothing can be said of a change."""
    return metric.kind == "count" and len(values) > 0 and values.mean() < LEAST_A_MONTH


def _numbers(values: Sequence[float | None]) -> np.ndarray:
    """None as not-a-number, so that a column of nothing is still one of numbers."""
    return np.array(values, float)


def _words(values: Sequence[str]) -> Column:
    return pd.array(np.array(values, object), dtype="str")


def missing(state: State) -> str:
    """Why there is no number: which exports are not there, or what those that are there do not hold."""
    there = [record for record in state.metric.records if record not in state.absent]
    if state.off_scale:
        return f"{state.off_scale} Scales cannot be turned into one another: ask on this one and export it."
    if state.as_of:
        return f"The {_titles(there)} that are loaded hold nothing for this number. Its definition says what to export."
    told = []
    if state.absent:
        titles, only = _titles(state.absent), f", only {_titles(there)}" if there else ""
        systems = listed(sorted({contracts()[record].exported_by for record in state.absent}))
        told.append(f"No {titles} export is loaded yet{only}.")
        told.append(f"Export {titles} from your {systems} into the exports folder and build again.")
    for contract in (contracts()[record] for record in state.undated):
        lack = f"The {_titles([contract.record])} that are loaded name no day ({day_of(contract)})."
        told.append(f"{lack} Export it too and build again.")
    return " ".join(told)


def _titles(records: Sequence[str]) -> str:
    return listed([contracts()[record].title.lower() for record in records])


def day_of(contract: Contract) -> str:
    """What the day means by which a record is dated."""
    (dated,) = (column for column in contract.columns if column.name == contract.dated)
    return dated.meaning.split(";")[0]


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

"""The year before: a period beside the same months twelve months earlier, the difference and its 95 % margin.

A board asks how the year stands beside the last one. So where nothing is chosen, or more than twelve months are, it is
the year to date that is compared: the months of the year up to the last that is over. A chosen period of at most twelve
months is compared as it is, without the month that is not over. What stands is compared with itself a year before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from math import hypot, isnan, nan, sqrt
from typing import NamedTuple

import numpy as np
import pandas as pd

from app.confidential import rules
from app.filters import Filters
from app.metrics import Metric
from app.periods import shifted
from app.records import last_workday
from app.series import Columns, State, months_together, period_together
from app.snapshot import Snapshot

YEAR = 12
SPAN = ("compared_from", "compared_to")
SIDES = ("compared", "before")
NUMBERS = ("base", "value", "low", "high")
COLUMNS = (
    *SPAN,
    *(f"{side}_{name}" for side in SIDES for name in NUMBERS),
    *("difference", "difference_low", "difference_high", "rounding", "on_a_year_before"),
)


class Side(NamedTuple):
    """One of the two periods: base, value, its 95 % interval (nan where there is none), how far rounding can reach."""

    base: float
    value: float
    low: float
    high: float
    rounding: float


def columns(snapshot: Snapshot, state: State, filters: Filters, last: pd.Series) -> dict[str, object]:
    """COLUMNS of one metric: both periods, the difference and what may be said of it. `last` is the month that a
    headline shows: of what stands, that in which it was last told.

    The last is "beyond chance", "within the noise", "within rounding" or "margin not known"; "no year
    before" where the records do not reach back, or tell too little; "" where the chosen period has no month that is
    over, or tells too little.
    """
    empty = dict.fromkeys(COLUMNS, nan) | dict.fromkeys(SPAN, pd.NaT) | {COLUMNS[-1]: ""}
    span = (last["month"].date(),) * 2 if state.metric.standing else _span(state, filters)
    now = _side(snapshot, state, filters, span) if span and last["finished"] else None
    if now is None:
        return empty
    empty |= dict(zip(SPAN, map(pd.Timestamp, span), strict=True))
    empty |= {f"compared_{name}": getattr(now, name) for name in NUMBERS}
    earlier = (shifted(span[0], -YEAR), shifted(span[1], -YEAR))
    before = _side(snapshot, state, filters, earlier) if _reaches(snapshot, state, filters, earlier[0]) else None
    if before is None:
        return empty | {COLUMNS[-1]: "no year before"}
    low, high = difference(now[1:4], before[1:4])
    rounding = now.rounding + before.rounding
    moved = now.value - before.value
    told = {f"before_{name}": getattr(before, name) for name in NUMBERS}
    told |= {"difference": moved, "difference_low": low - rounding, "difference_high": high + rounding}
    return empty | told | {"rounding": rounding, COLUMNS[-1]: _judged(moved, low - rounding, high + rounding, rounding)}


def difference(now: Sequence[float], before: Sequence[float]) -> tuple[float, float]:
    """Low and high end of the 95 % interval of now minus before, each given as value, low and high end of its own.

    The square-and-add rule (MOVER): with Wilson's intervals of two shares it is Newcombe's hybrid score interval
    (Newcombe 1998, Statistics in Medicine 17:873, method 10); with value -/+ margin it is the difference -/+
    sqrt(m1² + m2²); for other intervals, as those of percentiles, Zou and Donner (2008), Statistics in Medicine
    27:1693. nan where a side has no interval.
    """
    (value, low, high), (value_before, low_before, high_before) = now, before
    moved = value - value_before
    return moved - hypot(value - low, high_before - value_before), moved + hypot(
        high - value, value_before - low_before
    )


def event_interval(counts: Sequence[float], exposures: Sequence[float], value: float) -> tuple[float, float]:
    """95 % interval of a number of events, or of a rate of them, from its months: Poisson, made wider where the months
    differ by more than a Poisson process would let them (Pearson's chi-squared by its degrees of freedom, never below
    1; McCullagh and Nelder 1989, 6.2). `value` is the number or rate of all months. nan without an event.
    """
    total, exposed = sum(counts), sum(exposures)
    if not total or not exposed:
        return nan, nan
    expected = [total * exposure / exposed for exposure in exposures]
    strays = sum((count - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True) if mean)
    wider = max(1.0, strays / (len(counts) - 1)) if len(counts) > 1 else 1.0
    half = 1.96 * sqrt(wider / total) * value
    return value - half, value + half


def _span(state: State, filters: Filters) -> tuple[date, date] | None:
    """First and last month that are compared; None where no month of the period is over."""
    end = min(filters.end or state.as_of, state.as_of).replace(day=1)
    end = end if last_workday(end) <= state.as_of else shifted(end, -1)
    start = filters.start
    if start and start > end:
        return None
    if not start or start < shifted(end, 1 - YEAR):
        start = end.replace(month=1)
    return start, end


def _reaches(snapshot: Snapshot, state: State, filters: Filters, start: date) -> bool:
    """Whether the records hold a whole period from `start` on: a sum needs a first month that is not cut."""
    months = _months(snapshot, state, filters)["month"].to_numpy("datetime64[D]")
    if not len(months):
        return False
    first = months.min().item()
    return first < start if state.metric.kind in ("rate", "count") else first <= start


def _side(snapshot: Snapshot, state: State, filters: Filters, span: tuple[date, date]) -> Side | None:
    """The chosen places together in one period; None where nothing may be told of it."""
    months = _months(snapshot, state, filters)
    when = months["month"].to_numpy("datetime64[D]")
    within = (when >= np.datetime64(span[0])) & (when <= np.datetime64(span[1]))
    if state.metric.standing:
        totals = {name: column[within] for name, column in months.items()}
    else:
        totals = period_together(snapshot, state, replace(filters, start=span[0], end=span[1]))
    if len(totals["value"]) != 1 or isnan(totals["value"][0]):
        return None
    row = {name: column[0] for name, column in totals.items()}
    low, high = float(row["low"]), float(row["high"])
    if isnan(low) and _counts_events(state.metric):
        counts, bases = (np.asarray(months[name], float)[within].tolist() for name in ("numerator", "base"))
        exposures = [1.0] * len(counts) if state.metric.kind == "count" else bases
        low, high = event_interval(counts, exposures, float(row["value"]))
    base = nan if pd.isna(row["base"]) else int(row["base"])
    return Side(base, float(row["value"]), low, high, _rounding(row, state.metric, int(within.sum())))


@lru_cache(maxsize=512)
def _months(snapshot: Snapshot, state: State, filters: Filters) -> Columns:
    """All months of the chosen places together, whatever the period: asked once for both sides."""
    return months_together(snapshot, state, filters.widened("start", "end"))


def _counts_events(metric: Metric) -> bool:
    return metric.kind == "count" or metric.unit == "per 100"


def _rounding(row: Mapping[str, float], metric: Metric, months: int) -> float:
    """How far the value of protected counts can lie from that of the people: each month told to the nearest five, and
    shares in whole percents. 0 for cases."""
    if metric.about != "people":
        return 0.0
    each = row["nearest"] / 2 if row["nearest"] > 1 else 0.0
    if metric.kind == "share":  # who counts and who does not are told apart: their sum is the base
        return months * each / row["base"] + 0.005
    return months * (each + row["value"] * rules().nearest / 2) / row["base"]


def _judged(moved: float, low: float, high: float, rounding: float) -> str:
    if isnan(low):
        return "within rounding" if rounding and abs(moved) <= rounding else "margin not known"
    return "within the noise" if low <= 0 <= high else "beyond chance"

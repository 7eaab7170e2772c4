"""Periods: the usual ones by the names of their months, so that a link to them shows the same months later."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from app.filters import Filters, parse_month
from app.records import last_workday

LABELS = {
    "12": "Last 12 months",
    "24": "Last 24",
    "ytd": "Year to date",
    "last-quarter": "Last full quarter",
    "quarter": "Quarter so far",
}


def presets(months: Sequence[str], as_of: date) -> dict[str, tuple[str, str]]:
    """First and last month (YYYY-MM) of each of LABELS that the data have; `months` are those with data, in order.

    "Last" is the last month that is over when the records end on `as_of`, if any is. There is a quarter so far where
    that month is not the end of one, and a last full quarter where the data hold its three months.
    """
    over = [month for month in months if last_workday(_first(month)) <= as_of] or list(months)
    if not over:
        return {}
    last = _first(over[-1])
    quarter = shifted(last, -((last.month - 1) % 3))
    full = quarter if last.month % 3 == 0 else shifted(quarter, -3)
    spans = {
        "12": (shifted(last, -11), last),
        "24": (shifted(last, -23), last),
        "ytd": (last.replace(month=1), last),
        "last-quarter": (full, shifted(full, 2)),
        "quarter": (quarter, last),
    }
    held = {name: [month for month in over if start <= _first(month) <= end] for name, (start, end) in spans.items()}
    if len(held["last-quarter"]) < 3:
        del held["last-quarter"]
    if full == quarter:
        del held["quarter"]
    return {name: (found[0], found[-1]) for name, found in held.items()}


def shifted(month: date, by: int) -> date:
    """The first day of the month that lies `by` months later, or earlier."""
    months = month.year * 12 + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def finished_quarters(quarters: pd.Series, filters: Filters, reach: date) -> list[bool]:
    """Whether each quarter, by its first day, is over when the records end on `reach`, and no chosen period cuts it."""
    months = [(start.date(), shifted(start.date(), 2)) for start in quarters]
    return [
        last_workday(last) <= reach and (filters.start or first) <= first and last <= (filters.end or last)
        for first, last in months
    ]


def _first(month: str) -> date:
    return parse_month(month) or date.min

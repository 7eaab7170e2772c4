"""Periods by the names of their months, from the months that the data have."""

from datetime import date

import pandas as pd
import pytest

from app.filters import Filters
from app.periods import finished_quarters, presets, shifted

MONTHS = tuple(f"{shifted(date(2024, 5, 1), by):%Y-%m}" for by in range(30))  # May 2024 to October 2026


@pytest.mark.parametrize(
    ("months", "as_of", "expected"),
    [
        (  # October is over: on a Saturday ends a month whose last working day was Friday
            MONTHS,
            date(2026, 10, 30),
            {
                "12": ("2025-11", "2026-10"),
                "24": ("2024-11", "2026-10"),
                "ytd": ("2026-01", "2026-10"),
                "last-quarter": ("2026-07", "2026-09"),
                "quarter": ("2026-10", "2026-10"),
            },
        ),
        (  # October is not: September ends a quarter, so that none is so far
            MONTHS,
            date(2026, 10, 29),
            {
                "12": ("2025-10", "2026-09"),
                "24": ("2024-10", "2026-09"),
                "ytd": ("2026-01", "2026-09"),
                "last-quarter": ("2026-07", "2026-09"),
            },
        ),
        (  # January: the last full quarter is of the year before
            MONTHS[:21],
            date(2026, 1, 30),
            {
                "12": ("2025-02", "2026-01"),
                "24": ("2024-05", "2026-01"),
                "ytd": ("2026-01", "2026-01"),
                "last-quarter": ("2025-10", "2025-12"),
                "quarter": ("2026-01", "2026-01"),
            },
        ),
        (  # May and June: no quarter is whole
            MONTHS[:2],
            date(2024, 6, 28),
            {"12": ("2024-05", "2024-06"), "24": ("2024-05", "2024-06"), "ytd": ("2024-05", "2024-06")},
        ),
        (  # the one month that there is has not ended: it is all that can be shown
            MONTHS[:1],
            date(2024, 5, 7),
            {
                "12": ("2024-05", "2024-05"),
                "24": ("2024-05", "2024-05"),
                "ytd": ("2024-05", "2024-05"),
                "quarter": ("2024-05", "2024-05"),
            },
        ),
        ((), date(2024, 5, 7), {}),
    ],
    ids=["October over", "October not over", "January", "half a quarter", "nothing over", "nothing"],
)
def test_presets_end_in_the_last_month_that_is_over(months: tuple, as_of: date, expected: dict) -> None:
    assert presets(months, as_of) == expected


def test_a_month_without_data_is_not_offered() -> None:
    """Nobody wrote in November 2025: the twelve months to October begin in December."""
    months = tuple(month for month in MONTHS if month != "2025-11")
    assert presets(months, date(2026, 10, 31))["12"] == ("2025-12", "2026-10")


def test_months_are_counted_over_the_turn_of_a_year() -> None:
    assert shifted(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert shifted(date(2025, 12, 1), 1) == date(2026, 1, 1)
    assert shifted(date(2026, 10, 1), -12) == date(2025, 10, 1)


@pytest.mark.parametrize(
    ("filters", "reach", "finished"),
    [
        (Filters(), date(2026, 9, 30), [True, True]),
        (Filters(), date(2026, 9, 29), [True, False]),  # the last workday of September 2026 is the 30th
        (Filters(start=date(2026, 5, 1)), date(2026, 12, 31), [False, True]),
        (Filters(end=date(2026, 8, 1)), date(2026, 12, 31), [True, False]),
        (Filters(start=date(2026, 4, 1), end=date(2026, 9, 1)), date(2026, 12, 31), [True, True]),
    ],
)
def test_a_quarter_is_finished_once_it_is_over_and_no_period_cuts_it(filters: Filters, reach: date, finished) -> None:
    """April to June and July to September 2026."""
    quarters = pd.Series(pd.to_datetime(["2026-04-01", "2026-07-01"]))
    assert finished_quarters(quarters, filters, reach) == finished

"""The year before, counted a second time: both periods from the rows of the snapshot in plain Python, the margin of a
share by Newcombe's formula written out, what is said from the rows that a reader downloads."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from app import sentences, spc, year_before
from app.answers import answer
from app.filters import Filters
from app.metrics import Metric, metrics
from app.series import states
from app.snapshot import Snapshot

Z = 1.959963984540054
CHOSEN = {
    "nothing": Filters(),
    "a quarter": Filters(start=date(2026, 7, 1), end=date(2026, 9, 1)),
    "a year": Filters(start=date(2025, 11, 1), end=date(2026, 10, 1)),
    "two years": Filters(start=date(2024, 11, 1), end=date(2026, 10, 1)),
    "to a month": Filters(end=date(2026, 4, 1)),
    "a region": Filters(("EMEA",)),
    "a channel and a quarter": Filters((), ("Phone",), date(2026, 4, 1), date(2026, 6, 1)),
    "two regions": Filters(("EMEA", "Asia Pacific")),
}
SAID = ("beyond chance", "within the noise", "within rounding", "margin not known", "no year before", "")


def wilson(part: float, whole: float) -> tuple[float, float]:
    """Wilson (1927) as textbooks write it."""
    share = part / whole
    root = Z * math.sqrt(Z**2 + 4 * whole * share * (1 - share))
    return (2 * part + Z**2 - root) / (2 * (whole + Z**2)), (2 * part + Z**2 + root) / (2 * (whole + Z**2))


def newcombe(part: int, whole: int, part_before: int, whole_before: int) -> tuple[float, float]:
    """Newcombe (1998), method 10, in his letters."""
    p1, p2 = part / whole, part_before / whole_before
    (l1, u1), (l2, u2) = wilson(part, whole), wilson(part_before, whole_before)
    delta, epsilon = math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2), math.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    return p1 - p2 - delta, p1 - p2 + epsilon


@pytest.mark.parametrize(
    ("counts", "published"),
    [  # Newcombe (1998), Statistics in Medicine 17:873, table II, method 10
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0000)),
        ((10, 10, 0, 10), (0.6075, 1.0000)),
    ],
)
def test_the_margin_of_a_share_is_newcombes(counts: tuple, published: tuple) -> None:
    part, whole, part_before, whole_before = counts
    now = (part / whole, *spc.wilson(part, whole))
    before = (part_before / whole_before, *spc.wilson(part_before, whole_before))
    assert year_before.difference(now, before) == pytest.approx(published, abs=0.00005)
    assert newcombe(*counts) == pytest.approx(published, abs=0.00005)


def test_margins_of_scores_add_as_squares() -> None:
    """20 ± 3 and 14 ± 4: 6 ± 5."""
    assert year_before.difference((20, 17, 23), (14, 10, 18)) == (1, 11)
    assert all(math.isnan(end) for end in year_before.difference((20, math.nan, math.nan), (14, 10, 18)))


def test_events_vary_as_poisson_or_by_more() -> None:
    """100 in months alike: ± 19.6. 10 and 30 where 20 each are due: chi-squared 5 + 5 of one degree, so sqrt(10) wider;
    30 and 10 of people three to one are as due."""
    assert year_before.event_interval([50, 50], [1, 1], 100) == pytest.approx((80.4, 119.6))
    wide = 1.96 * math.sqrt(40) * math.sqrt(10)
    assert year_before.event_interval([10, 30], [1, 1], 40) == pytest.approx((40 - wide, 40 + wide))
    assert year_before.event_interval([30, 10], [300, 100], 0.1)[1] == pytest.approx(0.1 + 0.196 / math.sqrt(40))
    assert all(math.isnan(end) for end in year_before.event_interval([0, 0], [1, 1], 0))


# Periods


@pytest.mark.parametrize(
    ("filters", "as_of", "span"),
    [
        (Filters(), date(2026, 10, 31), ("2026-01", "2026-10")),
        (Filters(), date(2026, 9, 28), ("2026-01", "2026-08")),  # September is over on Wednesday
        (Filters(), date(2026, 1, 31), ("2026-01", "2026-01")),
        (CHOSEN["a quarter"], date(2026, 10, 31), ("2026-07", "2026-09")),
        (CHOSEN["a quarter"], date(2026, 9, 28), ("2026-07", "2026-08")),
        (CHOSEN["a year"], date(2026, 10, 31), ("2025-11", "2026-10")),
        (CHOSEN["two years"], date(2026, 10, 31), ("2026-01", "2026-10")),  # two years would lie over one another
        (CHOSEN["to a month"], date(2026, 10, 31), ("2026-01", "2026-04")),
        (Filters(start=date(2026, 9, 1)), date(2026, 9, 28), None),
    ],
)
def test_what_is_compared(demo: Snapshot, filters: Filters, as_of: date, span: tuple[str, str] | None) -> None:
    """Nothing chosen, or more than a year: the year to date; never the month that is not over."""
    found = year_before._span(replace(states(demo)["promises_kept"], as_of=as_of), filters)
    assert (found and tuple(f"{month:%Y-%m}" for month in found)) == span


def test_without_a_year_before_nothing_is_said(demo: Snapshot) -> None:
    """The demonstration begins in May 2024: there is no March to hold March 2025 against."""
    found = answer(demo, "headline", "promises_kept", Filters(end=date(2025, 3, 1)))
    row = found.rows.iloc[0]
    assert row["on_a_year_before"] == "no year before" and not pd.isna(row["compared_value"])
    assert pd.isna(row["before_value"]) and pd.isna(row["difference"])
    assert sentences.year_before(found.metric, row) == ""


def test_a_sum_needs_a_whole_first_month(demo: Snapshot) -> None:
    """An export that begins on the 20th of May holds a share of May, but no number of May."""
    state = states(demo)["promises_kept"]
    count = replace(state, metric=replace(state.metric, kind="rate"))
    for start, ratio, number in ((date(2024, 5, 1), True, False), (date(2024, 6, 1), True, True)):
        assert year_before._reaches(demo, state, Filters(), start) is ratio
        assert year_before._reaches(demo, count, Filters(), start) is number


# Numbers


def headlines(demo: Snapshot, of: str) -> Iterator[tuple[Metric, Filters, pd.Series]]:
    """Every headline of metrics about cases or people that has a year before."""
    for id_, metric in metrics().items():
        for filters in CHOSEN.values() if metric.about == of else ():
            found = answer(demo, "headline", id_, filters)
            if found.state == "ready":
                assert found.rows["on_a_year_before"].iloc[0] in SAID
                if not pd.isna(found.rows["difference"].iloc[0]):
                    yield found.metric, filters, found.rows.iloc[0]


def months_of(row: pd.Series, side: str) -> tuple[date, date]:
    months = row["compared_from"].date(), row["compared_to"].date()
    return months if side == "compared" else tuple(month.replace(year=month.year - 1) for month in months)


def test_both_periods_counted_by_hand(demo: Snapshot) -> None:
    """Shares and scores about cases: numerators and denominators of the months added in Python, then the formulas."""
    sql = "select metric, month, region, channel, numerator::double, denominator, squares from metric_months"
    held = demo.connection.cursor().execute(sql).fetchall()
    seen = 0
    for metric, filters, row in headlines(demo, "cases"):
        if metric.kind not in ("share", "score"):
            continue
        sums = {}
        for side in ("compared", "before"):
            first, last = months_of(row, side)
            within = [
                numbers
                for id_, month, region, channel, *numbers in held
                if id_ == metric.query
                and first <= month <= last
                and (not filters.regions or region in filters.regions)
                and (not filters.channels or channel in filters.channels)
            ]
            sums[side] = [sum(number or 0 for number in column) for column in zip(*within, strict=True)]
            assert row[f"{side}_base"] == sums[side][1]
            assert row[f"{side}_value"] == pytest.approx(sums[side][0] / sums[side][1])
        (part, whole, squares), (part_before, whole_before, squares_before) = sums["compared"], sums["before"]
        moved = part / whole - part_before / whole_before
        assert row["difference"] == pytest.approx(moved)
        if metric.kind == "share":
            low, high = newcombe(part, whole, part_before, whole_before)
        else:
            ours = (squares / whole - (part / whole) ** 2) / whole
            theirs = (squares_before / whole_before - (part_before / whole_before) ** 2) / whole_before
            low, high = moved - 1.96 * math.sqrt(ours + theirs), moved + 1.96 * math.sqrt(ours + theirs)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high), abs=1e-6)
        assert row["rounding"] == 0
        assert row["on_a_year_before"] == ("within the noise" if low <= 0 <= high else "beyond chance")
        seen += 1
    assert seen > 80


def test_both_periods_are_what_a_reader_of_each_is_told(demo: Snapshot) -> None:
    """Choose the months of either side: the whole period of that headline is the number compared. About people too:
    nothing is told that cannot be asked for."""
    seen = {"cases": 0, "people": 0}
    for about in seen:
        for metric, filters, row in headlines(demo, about):
            for side in ("compared", "before"):
                first, last = months_of(row, side)
                asked = answer(demo, "headline", metric.id, replace(filters, start=first, end=last)).rows.iloc[0]
                for name in ("base", "value"):
                    assert row[f"{side}_{name}"] == asked[f"period_{name}"], (metric.id, filters, side)
                if not pd.isna(asked["period_low"]):
                    assert row[f"{side}_low"] == asked["period_low"]
            if metric.standing:
                assert row["compared_from"] == row["compared_to"] == row["month"]
            seen[about] += 1
    assert seen["cases"] > 100 and seen["people"] > 30


def test_rounding_of_people_is_counted_in(demo: Snapshot) -> None:
    """By hand: 60 of 80 told to the nearest five may be 57.5 to 62.5, and 75 % may be 74.5 to 75.5 %."""
    row = pd.Series({"nearest": 5, "base": 80, "value": 0.75})
    share, rate = metrics()["required_training"], metrics()["training_hours"]
    assert year_before._rounding(row, share, 1) == pytest.approx(2.5 / 80 + 0.005)
    assert year_before._rounding(row, share, 3) == pytest.approx(3 * 2.5 / 80 + 0.005)
    assert year_before._rounding(row, rate, 1) == pytest.approx((2.5 + 0.75 * 2.5) / 80)
    assert year_before._rounding(row, metrics()["nps"], 1) == 0
    for metric, _, row in headlines(demo, "people"):
        assert row["rounding"] > 0
        if metric.kind == "share":
            ours, theirs = (
                (row[f"{side}_value"], row[f"{side}_low"], row[f"{side}_high"]) for side in ("compared", "before")
            )
            low, high = year_before.difference(ours, theirs)
            assert row["difference_high"] - row["difference_low"] == pytest.approx(high - low + 2 * row["rounding"])
            assert row["difference_low"] < low < high < row["difference_high"]


# Words


def test_the_line_under_a_headline_follows_from_its_row(demo: Snapshot) -> None:
    verdicts = set()
    for about in ("cases", "people"):
        for metric, _, row in headlines(demo, about):
            said = sentences.year_before(metric, row)
            assert said == restated(metric, row)
            verdicts.add(row["on_a_year_before"])
    assert {"beyond chance", "within the noise"} <= verdicts


def restated(metric: Metric, row: pd.Series) -> str:
    """Months, difference, verdict, margin on the side of no change: once more, from the rows."""
    moved, percent = row["difference"], metric.unit in ("%", "points")
    edge = row["difference_low"] if moved > 0 else row["difference_high"]
    margin = row["rounding"] if pd.isna(edge) else abs(moved - edge)
    digits = 0
    if round(100 * margin) == 0 or (round(100 * abs(moved)) > round(100 * margin)) != (abs(moved) > margin):
        digits = 1
    write = (lambda number: f"{100 * number:.{digits}f}") if percent else metric.write
    amount = write(abs(moved))
    if percent:
        amount += " point" if amount == "1" else " points"
    words = f"{'up' if moved > 0 else 'down'} {amount}" if any(d in "123456789" for d in amount) else "unchanged"
    words += f" on a year before, {row['on_a_year_before']}"
    if row["on_a_year_before"] != "margin not known":
        words += f" (± {write(margin)}{' with rounding' if row['rounding'] else ''})"
    first, last = row["compared_from"], row["compared_to"]
    if first == last == row["month"]:
        return words[0].upper() + words[1:]
    start = "" if first == last else f"{first:%b} – " if first.year == last.year else f"{first:%b %Y} – "
    return f"{start}{last:%b %Y}: {words}"


@pytest.mark.parametrize(
    ("difference", "low", "high", "said"),
    [
        (0.06, -0.06, 0.18, "Up 6 points on a year before, within the noise (± 12)"),
        (-0.01, -0.05, 0.02, "Down 1 point on a year before, within the noise (± 3)"),
        (0.08, 0.06, 0.1, "Up 8 points on a year before, beyond chance (± 2)"),
        (0.012, 0.001, 0.02, "Up 1.2 points on a year before, beyond chance (± 1.1)"),
        (0.0, -0.03, 0.03, "Unchanged on a year before, within the noise (± 3)"),
        (-0.001, -0.003, 0.002, "Down 0.1 points on a year before, within the noise (± 0.3)"),
    ],
)
def test_differences_are_written_in_points(difference: float, low: float, high: float, said: str) -> None:
    month = pd.Timestamp("2026-09-01")
    row = {"month": month, "compared_from": month, "compared_to": month, "rounding": 0.0, "difference": difference}
    verdict = "within the noise" if low <= 0 <= high else "beyond chance"
    row |= {"difference_low": low, "difference_high": high, "on_a_year_before": verdict}
    assert sentences.year_before(metrics()["nps"], pd.Series(row)) == said

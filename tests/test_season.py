"""The yearly pattern: when it is clear, and that it only ever takes a claim back."""

import math
import random
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from app import season, sentences, spc
from app.metrics import metrics
from app.periods import shifted
from app.series import State, judge

START = date(2024, 1, 1)


def months(count: int) -> list[date]:
    return [shifted(START, by) for by in range(count)]


def noise(count: int, seed: int) -> list[float]:
    draw = random.Random(seed)
    return [draw.gauss(0, 1) for _ in range(count)]


def wave(count: int, size: float) -> list[float]:
    return [size * math.sin(2 * math.pi * month / 12) for month in range(count)]


def clear(values: list[float]) -> bool:
    return season.repeats(dict(zip(months(len(values)), values, strict=True)))


def share_clear(count: int, shape: list[float], trials: int = 300) -> float:
    return (
        sum(clear([a + b for a, b in zip(noise(count, seed), shape, strict=True)]) for seed in range(trials)) / trials
    )


@pytest.mark.parametrize("count", [24, 30, 36])
def test_noise_steps_and_drift_are_no_pattern(count: int) -> None:
    assert share_clear(count, [0.0] * count) <= 0.03
    assert share_clear(count, [3.0 * (month >= count // 2) for month in range(count)]) == 0
    assert share_clear(count, [0.2 * month for month in range(count)]) == 0


def test_a_wave_of_three_times_the_noise_is_seen() -> None:
    assert share_clear(36, wave(36, 3)) > 0.95
    assert share_clear(24, wave(24, 3)) > 0.9


def test_two_years_are_needed() -> None:
    """A perfect wave of 23 months has eleven differences to a year before: nothing can be said."""
    assert not clear(wave(23, 1)) and clear(wave(24, 1))
    short, long = (season.on_year(months(count), wave(count, 1), "higher") for count in (23, 24))
    assert short.judgement is None and set(short.differences) == {None}
    assert long.judgement is not None and sum(one is not None for one in long.differences) == 12


def test_a_series_that_never_moves_has_no_pattern() -> None:
    assert not clear([1.0] * 36)


def test_differences_are_those_of_the_calendar_not_of_the_rows() -> None:
    """A month that is missing leaves a gap; the others keep their own month of the year before."""
    named, values = months(36), [float(month) for month in range(36)]
    kept = [place for place in range(36) if place != 5]
    found = season.on_year([named[place] for place in kept], [values[place] for place in kept], "higher")
    assert found.differences[:11] == (None,) * 11
    assert found.differences[kept.index(17)] is None, "its month of the year before is the one that is missing"
    assert {one for one in found.differences if one is not None} == {12.0}


def judged(values: list[float]) -> pd.DataFrame:
    metric = replace(metrics()["promises_kept"], target=None)
    rows = pd.DataFrame({"month": pd.to_datetime(months(len(values))), "value": values, "finished": True})
    return judge(rows.assign(status="shown"), State(metric, "", None, 1, "", None, ""))


def peaks(count: int) -> list[float]:
    """Every December stands out, at a level that other months only vary about."""
    return [0.8 + 0.01 * one + 0.1 * (month % 12 == 11) for month, one in enumerate(noise(count, 4))]


def test_limits_and_labels_are_those_of_the_months_themselves() -> None:
    rows = judged(peaks(36))
    points = spc.judge(peaks(36), "higher").points
    assert list(rows["label"]) == [point.label for point in points]
    assert list(rows["upper"]) == [point.upper for point in points]


def test_what_is_so_every_year_is_no_change() -> None:
    """The last month, a December, is outside the limits, as every December."""
    metric, rows = metrics()["promises_kept"], judged(peaks(36))
    assert rows["yearly_pattern"].all()
    assert (rows["label"].iloc[-1], rows["on_year_label"].iloc[-1]) == ("improvement", "common cause")
    assert sentences.claim_of(metric, rows, None, None) is None
    assert sentences.trend(metric, rows) == "Promises kept: no change beyond its yearly pattern in 36 months"
    said = "Its months repeat a yearly pattern: against the same month a year before, no real change."
    assert sentences.season(metric, rows) == said


def test_what_differs_from_the_year_before_too_stays_a_change() -> None:
    """The last three months fall by far more than the pattern."""
    values = peaks(36)
    values[-3:] = [value - 0.25 for value in values[-3:]]
    rows = judged(values)
    assert rows["label"].iloc[-1] == rows["on_year_label"].iloc[-1] == "concern"
    claim = sentences.claim_of(metrics()["promises_kept"], rows, None, None)
    assert claim is not None and claim.label == "concern"


def test_without_a_pattern_the_year_before_takes_nothing_back() -> None:
    values = [0.8 + 0.01 * one for one in noise(36, 2)]
    values[-3:] = [0.9, 0.91, 0.9]
    rows = judged(values)
    rows["on_year_label"] = "common cause"
    assert not rows["yearly_pattern"].any()
    assert sentences.claim_of(metrics()["promises_kept"], rows, None, None) is not None
    assert sentences.season(metrics()["promises_kept"], rows) == ""


def test_fewer_than_two_years_are_said_to_be_too_few() -> None:
    said = "Seasonality cannot be separated yet: it takes 24 months."
    assert sentences.season(metrics()["promises_kept"], judged(peaks(23))) == said

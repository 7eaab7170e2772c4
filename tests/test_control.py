"""Of many series some signal by chance: what a page leads with is beyond that, and what was planted is still found.

The probability by chance is stated a second time in plain Python, month by month.
"""

import math
from functools import cache
from itertools import pairwise
from statistics import fmean as mean

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from app import answers, control, series
from app.filters import Filters
from app.metrics import Metric, metrics
from app.series import choices
from app.snapshot import Snapshot
from benchmarks import calm

KINDS = {"share": 0.8, "quantile": 3.0, "score": 0.3, "rate": 5.0, "count": 40.0, "mean": 12.0}


# A second opinion


def lasting(snapshot: Snapshot, filters: Filters, metric: Metric, rows: pd.DataFrame, whole: bool) -> bool:
    """Whether the rows of a trend may be led with, of a metric as a whole or of one of its places."""
    judged = rows[rows["label"] != ""].to_dict("records")
    if not whole and any(row["status"] != "shown" for row in judged[-3:]):
        return False
    level = judged[-2]["value"] if judged[-1]["rule"] == "trend" else judged[-1]["mean"]
    wholes, places = counted(snapshot, filters)
    return by_hand(metric.kind, judged, judged[-1]["value"] > level) <= 0.025 / (wholes if whole else places)


@cache
def counted(snapshot: Snapshot, filters: Filters) -> tuple[int, int]:
    """Metrics that are judged by month, and their regions, channels and both together that can be told apart."""
    known, wholes, places = choices(snapshot), 0, 0
    for id_, state in series.states(snapshot).items():
        if not state.rows or metrics()[id_].standing:
            continue
        wholes += 1
        regions = [place for place in filters.regions or known["region"] if place != "unknown"]
        channels = [place for place in filters.channels or known["channel"] if place != "unknown"]
        regions, channels = (found if len(found) > 1 else [] for found in (regions, channels))
        if metrics()[id_].about == "cases":
            places += len(regions) + len(channels) + len(regions) * len(channels)
        elif not (filters.regions or filters.channels):
            places += len(regions) + len(channels)
    return wholes, places


def by_hand(kind: str, judged: list[dict], rose: bool) -> float:
    """The last 2 to 12 months against all before: the largest t that is no season, less where months are alike."""
    told = {(row["month"].year, row["month"].month): _scaled(kind, row["value"], row["base"]) for row in judged}
    if not rose:
        told = {month: -value for month, value in told.items()}
    values, n = list(told.values()), len(told)
    least = mean(
        {"share": 0.125 / (row["base"] + 0.5), "rate": 0.125 / row["base"], "count": 0.125}.get(kind, 0.0)
        for row in judged
    )
    tried, likely = range(2, min(12, n // 2) + 1), stats.t.ppf(0.95, n - 2)
    best, left = 0.0, None
    for months in tried:
        before, after = values[:-months], values[-months:]
        rest = [value - mean(before) for value in before] + [value - mean(after) for value in after]
        spread = math.sqrt(max(sum(value * value for value in rest) / (n - 2), least))
        t = (mean(after) - mean(before)) / spread / math.sqrt(1 / months + 1 / len(before))
        ago = [told.get((year - 1, month)) for year, month in list(told)[-months:]]
        if None not in ago and mean(after) - mean(ago) < likely * spread * math.sqrt(2 / months):
            continue
        if t > best:
            best, left = t, rest
    if left is None:
        return 1.0
    alike = sum(a * b for a, b in pairwise(left)) / sum(value * value for value in left) + 2 / n
    alike = min(max(alike, 0.0), 0.9)
    return min(2 * len(tried) * stats.t.sf(best * math.sqrt((1 - alike) / (1 + alike)), n - 2), 1.0)


def _scaled(kind: str, value: float, base: float) -> float:
    if kind == "share":
        return math.asin(math.sqrt((value * base + 3 / 8) / (base + 3 / 4)))
    if kind == "rate":
        return math.sqrt(value + 3 / 8 / base)
    return {"count": lambda: math.sqrt(value + 3 / 8), "quantile": lambda: math.log(value)}.get(kind, lambda: value)()


def months(kind: str, seed: int) -> pd.DataFrame:
    """Judged rows of a made-up series of 12 to 40 months: some missing, in every second a step at its end."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    number = int(rng.integers(12, 41))
    base, level = rng.integers(30, 300, number), KINDS[kind]
    values = level * np.exp(rng.normal(0, 0.05, number))
    values[-int(rng.integers(2, 8)) :] *= rng.choice([0.8, 1.0, 1.15]) if seed % 2 else 1.0
    values = np.minimum(values, 1.0) if kind == "share" else values
    rows = pd.DataFrame(
        {"month": pd.date_range("2023-07-01", periods=number, freq="MS"), "value": values, "base": base}
    )
    return rows[rng.random(number) > (0.1 if number > 20 else 0)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_probability_by_chance_agrees_with_a_second_computation(kind: str) -> None:
    told = []
    for seed in range(16):
        rows = months(kind, seed)
        for rose in (True, False):
            told.append(control.chance(kind, rows, rose))
            again = by_hand(kind, rows.to_dict("records"), rose)
            assert told[-1] == pytest.approx(again, rel=1e-6, abs=1e-300), (seed, rose)
    assert min(told) < 0.01 and max(told) > 0.5, "series with and without a change"


def test_series_are_counted_twice(demo: Snapshot) -> None:
    """All filters off: 29 places for each metric about cases with four regions and five channels."""
    known = choices(demo)
    for filters in (
        Filters(),
        *(Filters((region,)) for region in known["region"]),
        Filters(("EMEA", "Asia Pacific"), ("Phone",)),
        Filters(("EMEA",), ("Phone",)),
    ):
        assert control.looked_at(demo, filters) == counted(demo, filters)
    wholes, places = control.looked_at(demo, Filters())
    assert (
        f"over all {wholes} metrics and {places} places looked at"
        in answers.answer(demo, "overview", None, Filters()).note
    )
    assert control.words(demo, Filters(("EMEA",), ("Phone",))).count("places") == 0


# What is not there


@pytest.fixture(scope="module")
def uneventful() -> list[tuple]:
    return list(calm.calm(100))


def test_few_overviews_without_a_change_claim_one(uneventful: list[tuple]) -> None:
    """Of 100 drawn companies; by the rule before, which did not count the series, about 60."""
    for size, name, before, overview, pages in uneventful:
        assert overview.mean() <= 0.04 and pages.mean() <= 0.04, (size, name)
        if (size, name) == (60, "none"):
            assert before.mean() > 0.3, "the test can fail"


def noise(kind: str, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Series of 30 months with few cases or rare ones, where chance is least like a bell curve; and their base."""
    shape = (count, 30)
    if kind == "share":
        return rng.binomial(50, 0.992, shape) / 50, np.full(shape, 50.0)
    if kind == "quantile":
        return np.sort(rng.lognormal(1, 1, (*shape, 11)), axis=-1)[..., 9], np.full(shape, 11.0)
    if kind == "rate":
        return rng.poisson(2, shape) / 1200, np.full(shape, 1200.0)
    if kind == "count":
        return rng.poisson(10 * (1 + 0.15 * np.cos(np.arange(30) * np.pi / 6)), shape) * 1.0, np.ones(shape)
    return rng.standard_normal(shape), np.ones(shape)


@pytest.mark.parametrize("kind", ["share", "quantile", "rate", "count", "mean"])
def test_chance_is_no_likelier_than_it_is_said_to_be(kind: str) -> None:
    """Of 20,000 series of noise at most 2 in 1,000 rise by what is said to come up in 1 of 1,000 or less."""
    values, base = noise(kind, np.random.default_rng(5), 20_000)
    chance = calm.chance(kind, values, base, 1)
    assert (chance <= 0.001).mean() <= 0.002
    assert (chance <= 0.05).mean() <= 0.05


def test_months_that_resemble_each_other_are_held_against_more() -> None:
    """Each month keeps 0.4 of what the one before was off: t without a correction would claim twenty times as often."""
    rng = np.random.default_rng(6)
    values = rng.standard_normal((20_000, 30))
    for month in range(1, 30):
        values[:, month] += 0.4 * values[:, month - 1]
    assert (calm.chance("mean", values, np.ones(values.shape), 1) <= 0.001).mean() <= 0.008


def test_what_comes_every_year_is_no_change() -> None:
    """Every winter five sigma higher; the same rise without a winter before it is a change."""
    rng = np.random.default_rng(7)
    values = rng.standard_normal((500, 30))
    winter = (np.arange(30) % 12 < 3) | (np.arange(30) % 12 == 11)
    chance = calm.chance("mean", values + 5 * winter, np.ones(values.shape), 1)
    assert (chance[:] <= control.level(60)).mean() <= 0.01
    only = winter & (np.arange(30) > 20)
    chance = calm.chance("mean", (values + 5 * only)[:, :27], np.ones((500, 27)), 1)
    assert (chance <= control.level(60)).mean() >= 0.9


def test_one_month_alone_does_not_last() -> None:
    values = np.random.default_rng(8).standard_normal((500, 30))
    values[:, -1] += 6
    assert (calm.chance("mean", values, np.ones(values.shape), 1) <= control.level(60)).mean() <= 0.05


# What is there


def test_planted_steps_are_found() -> None:
    """Beside 59 other metrics: a step to the edge of the usual range in eight months, one of twice that in three."""
    edge, twice = (calm.found(size) for size in (3.0, 6.0))
    assert (edge[2][0], edge[2][1]) <= (7, 8) and twice[2] <= (2, 3) and twice[3] <= (3, 3)


def test_more_series_never_make_more_claims(demo: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    def claimed() -> set:
        answers.claims.cache_clear()
        filters = (Filters(), Filters(("EMEA",)), Filters(channels=("Phone",)))
        return {
            (claim.metric.id, claim.where)
            for each in filters
            for id_ in metrics()
            for claim in answers.claims(demo, id_, each)
        }

    levels = [control.level(number) for number in (0, 1, 2, 28, 60, 1740)]
    assert levels == sorted(levels, reverse=True) and levels[1] == control.ERROR / 2
    level, told = control.level, []
    for times in (1, 10, 10_000, 10**12):
        monkeypatch.setattr(control, "level", lambda series, times=times: level(times * series))
        told.append(claimed())
    monkeypatch.undo()
    answers.claims.cache_clear()
    assert told[0] > told[2] and told[0] >= told[1] >= told[2] >= told[3] == set()


def test_claims_do_not_depend_on_the_order_in_which_metrics_are_asked(demo: Snapshot) -> None:
    answers.claims.cache_clear()
    forwards = answers.headline_claims(demo, tuple(metrics()), Filters())
    answers.claims.cache_clear()
    assert answers.headline_claims(demo, tuple(metrics())[::-1], Filters()) == forwards
    assert [claim.short for claim in forwards[:1]] == ["First reply slowed in EMEA by Phone"]

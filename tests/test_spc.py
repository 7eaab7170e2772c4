"""Control limits, intervals and outlook, against R, against a second opinion, and against chance."""

import csv
import json
import random
from collections import Counter
from fractions import Fraction
from itertools import groupby, pairwise
from math import inf, isclose, nan
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app import spc

DATA = Path(__file__).parent / "data"
ORACLE = Path(__file__).parents[2] / "shared" / "oracle"
STATS = json.loads((DATA / "spc_stats.json").read_text())

BETTER = {"increase": "higher", "decrease": "lower", "neutral": "neither"}
LABEL = {
    "common_cause": "common cause",
    "special_cause_improvement": "improvement",
    "special_cause_concern": "concern",
    "special_cause_neutral_high": "neutral high",
    "special_cause_neutral_low": "neutral low",
}
RULE = {
    "Common Cause": "",
    "Above UCL": "outside",
    "Below LCL": "outside",
    "7 Point Trend (Increasing)": "trend",
    "7 Point Trend (Decreasing)": "trend",
    "2 in 3 Above CL": "two of three",
    "2 in 3 Below CL": "two of three",
    "7 Points Above CL": "shift",
    "7 Points Below CL": "shift",
}
ASSURANCE = {
    None: "",
    "consistent_pass": "consistently passes",
    "consistent_fail": "consistently fails",
    "inconsistent": "hit or miss",
}


def load(cases_path: Path, points_path: Path) -> list[tuple[dict, list[dict]]]:
    rows: dict[str, list[dict]] = {}
    with points_path.open(newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["case"], []).append(row)
    return [(case, rows[case["case"]]) for case in json.loads(cases_path.read_text())]


def assert_agrees(case: dict, rows: list[dict]) -> None:
    judgement = spc.judge(
        [float(row["y"]) for row in rows],
        BETTER[case["improvement_direction"]],
        case["target"],
        rebase=[i for i, (a, b) in enumerate(pairwise(rows), 1) if a["rebase_group"] != b["rebase_group"]],
        baseline=case["fix_after_n_points"],
        screen=case["screen_outliers"],
    )
    for row, point in zip(rows, judgement.points, strict=True):
        where = f"{case['case']} point {row['i']}"
        if row["lpl"] in ("", "NA"):  # a constant series: the package has no limits, ours equal the mean
            assert point.lower == point.mean == point.upper == point.value, where
            assert point.label == "common cause", where
            continue
        for theirs, ours in (("mean", point.mean), ("lpl", point.lower), ("upl", point.upper)):
            assert ours == pytest.approx(float(row[theirs]), rel=1e-9, abs=1e-12), f"{where}: {theirs}"
        assert point.label == LABEL[row["point_type"]], where
        assert point.rule == RULE[row["special_cause_type"]], where
    assert judgement.variation == LABEL[case["variation_type_last_point"]]
    assert judgement.assurance == ASSURANCE[case["assurance_type"]]


ENGINEERED = load(DATA / "spc_engineered.json", DATA / "spc_engineered.csv")


@pytest.mark.parametrize(("case", "rows"), ENGINEERED, ids=[case["case"] for case, _ in ENGINEERED])
def test_agrees_with_the_package_on_engineered_series(case, rows):
    assert_agrees(case, rows)


def test_agrees_with_the_package_on_every_reference_series():
    if not (ORACLE / "spc_cases.json").exists():
        pytest.skip(f"reference outcomes are not at {ORACLE}")
    cases = load(ORACLE / "spc_cases.json", ORACLE / "spc_points.csv")
    assert cases
    for case, rows in cases:
        assert_agrees(case, rows)


# By hand: nine alternating values, then what the test is about.


def test_limits_counted_on_fingers():
    """Mean of 1, 3, 2, 4 is 2.5; moves 2, 1, 2 average 5/3, all under 3.267 * 5/3; limits 2.5 -/+ 2.66 * 5/3."""
    point = spc.judge([1, 3, 2, 4]).points[0]
    assert (point.mean, point.lower, point.upper) == pytest.approx((2.5, 2.5 - 2.66 * 5 / 3, 2.5 + 2.66 * 5 / 3))


def test_screening_happens_once_and_only_when_asked():
    """Ten moves: 1 eight times, 20 twice: average 4.8, bound 15.68, so the 20s go and the average is 1."""
    values = [0, 1, 0, 1, 0, 20, 0, 1, 0, 1, 0]
    assert [abs(b - a) for a, b in pairwise(values)] == [1, 1, 1, 1, 20, 20, 1, 1, 1, 1]
    mean = 24 / 11
    assert spc.judge(values).points[0].upper == pytest.approx(mean + 2.66 * 1)
    assert spc.judge(values, screen=False).points[0].upper == pytest.approx(mean + 2.66 * 4.8)


def test_a_range_equal_to_the_bound_is_screened_out():
    """Nine moves of 6733 and one of 29403 average 9000; 3.267 * 9000 is 29403."""
    values = [0, 6733] * 5 + [6733 + 29403]
    assert spc._centre(values, screen=True)[1] == 6733
    assert spc._centre(values, screen=False)[1] == 9000


@pytest.mark.parametrize("n", [1, 2, 5, 12, 40])
@pytest.mark.parametrize("value", [0.1, 0.7, 1 / 3, -2.3, 95.1, 0.0])
def test_a_constant_series_has_limits_at_its_mean_and_no_signal(n, value):
    judgement = spc.judge([value] * n, "higher", value)
    assert {(p.mean, p.lower, p.upper, p.label, p.rule) for p in judgement.points} == {
        (value, value, value, "common cause", "")
    }
    assert judgement.variation == "common cause"
    assert judgement.since is None
    assert judgement.assurance == ("hit or miss" if n > 1 else "")
    assert judgement.trial is (n < 12)


def test_a_constant_series_is_assured_by_where_its_target_lies():
    assert spc.judge([1.0] * 20, "higher", 0.95).assurance == "consistently passes"
    assert spc.judge([1.0] * 20, "lower", 0.95).assurance == "consistently fails"


def test_a_first_move_after_a_constant_baseline_is_outside():
    judgement = spc.judge([100] * 12 + [97], "higher", baseline=12)
    assert [p.rule for p in judgement.points] == [""] * 12 + ["outside"]
    assert judgement.variation == "concern"


def test_on_the_limit_is_inside():
    """Moves of 100 and 0 by turns average 50 without screening, so limits are 266/2 = 133 from the mean."""
    steady = [0, 100, 100, 0, 0, 100, 100, 0, 0, 100, 100, 0, 0]  # 13 points, 12 moves, 6 of 100
    mean, amr = spc._centre(steady, screen=False)
    assert amr == 50
    edge = mean + spc.LIMIT * amr
    assert spc._signals([*steady, edge], mean, amr)[-1] == ("", 0)
    assert spc._signals([*steady, edge + 1e-9], mean, amr)[-1] == ("outside", 1)
    near = mean + spc.NEAR * amr
    assert spc._signals([*steady, near, near, near], mean, amr)[-1] == ("", 0)
    assert spc._signals([*steady, near, near + 1e-9, near + 1e-9], mean, amr)[-2:] == [("two of three", 1)] * 2
    assert spc._signals([*steady, near, near + 1e-9, near + 1e-9], mean, amr)[-3] == ("", 0)


def test_precedence_is_outside_trend_two_of_three_shift():
    """Mean 0 and average range 3 give limits at 7.98 and near limits at 5.32."""
    rules = [rule for rule, _ in spc._signals([1, 2, 3, 4, 5, 6, 9, 6, 1, 6, 1], 0, 3)]
    assert rules == ["trend"] * 6 + ["outside", "two of three", "shift", "two of three", "shift"]


def test_a_tie_breaks_a_trend_and_a_point_on_the_mean_breaks_a_shift():
    assert spc._signals([-3, -2, -1, 0, 0, 1, 2, 3], 0, 9) == [("", 0)] * 8
    assert spc._signals([-3, -2, -1, 0, 1, 2, 3], 0, 9) == [("trend", 1)] * 7
    assert spc._signals([1, 2, 1, 0, 1, 2, 1], 0, 9) == [("", 0)] * 7
    assert spc._signals([1, 2, 1, 1, 1, 2, 1], 0, 9) == [("shift", 1)] * 7


def test_a_peak_between_two_trends_belongs_to_the_fall():
    up_and_down = [-3, -2, -1, 0, 1, 2, 3, 2, 1, 0, -1, -2, -3]
    assert [side for _, side in spc._signals(up_and_down, 0, 9)] == [1] * 6 + [-1] * 7


def test_where_one_trend_follows_another_the_step_between_decides_as_in_the_package():
    """Rise, step, rise: a step down or a tie makes the last point of the first rise a falling one."""
    for step, side in ((-1, -1), (0, -1), (1, 1)):
        twice = [-7, -6, -5, -4, -3, -2, -1, *(-1 + step + k for k in range(7))]
        assert [told for _, told in spc._signals(twice, 0, 9)] == [1] * 6 + [side] + [1] * 7


def test_each_group_has_limits_of_its_own_and_no_rule_crosses():
    values = [0, 20, 0, 20, 0, 7, 8, 9, 10, 11, 12, 13]
    assert [p.rule for p in spc.judge(values).points] == [""] * 4 + ["trend"] * 8
    parts = spc.judge(values, rebase=[8])
    assert {p.rule for p in parts.points} == {""}
    assert [p.mean for p in parts.points] == [8] * 8 + [11.5] * 4


def test_gaps_are_left_out_and_still_carry_the_line():
    values = [1, 3, 1, 3, 1, 3, 9, 1, 3, 1, 3, 1, 3]
    gappy = [None, *values[:4], None, None, *values[4:], None]
    whole, parts = spc.judge(values, "higher", 2), spc.judge(gappy, "higher", 2)
    assert [p for p in parts.points if p.value is not None] == list(whole.points)
    assert (parts.variation, parts.assurance, parts.trial) == (whole.variation, whole.assurance, whole.trial)
    assert all(p.mean == whole.points[0].mean and p.label == p.rule == "" for p in parts.points if p.value is None)


def test_nothing_to_judge():
    for values in ([], [None], [None, None, None]):
        judgement = spc.judge(values, "higher", 5)
        assert judgement == spc.Judgement(
            (spc.Point(None, None, None, None, "", ""),) * len(values), "", "", True, None
        )


def test_a_group_without_values_has_no_line_and_leaves_assurance_to_the_one_before():
    judgement = spc.judge([1, 3, 1, 3, None, None], "higher", 100, rebase=[4])
    assert [p.mean for p in judgement.points] == [2, 2, 2, 2, None, None]
    assert (judgement.variation, judgement.assurance) == ("common cause", "consistently fails")


def test_two_values_have_limits_but_one_assures_nothing():
    """Move 2, mean 2: limits 2 -/+ 5.32. The only range is not screened: 2 < 3.267 * 2."""
    point = spc.judge([1, 3]).points[1]
    assert (point.lower, point.upper, point.label) == (pytest.approx(-3.32), pytest.approx(7.32), "common cause")
    assert spc.judge([1, 3], "lower", 7.4).assurance == "consistently passes"
    assert spc.judge([1], "lower", 7.4).assurance == ""


@pytest.mark.parametrize(
    ("better", "target", "assurance"),
    [
        ("higher", 7.4, "consistently fails"),
        ("higher", -3.4, "consistently passes"),
        ("higher", 2, "hit or miss"),
        ("lower", 7.4, "consistently passes"),
        ("lower", -3.4, "consistently fails"),
        ("lower", 2, "hit or miss"),
        ("neither", 7.4, ""),
        ("higher", None, ""),
    ],
)
def test_assurance_is_where_the_target_lies(better, target, assurance):
    assert spc.judge([1, 3], better, target).assurance == assurance


def test_a_target_on_a_limit_is_hit_or_miss():
    point = spc.judge([1, 3]).points[0]
    assert {spc.judge([1, 3], "higher", edge).assurance for edge in (point.lower, point.upper)} == {"hit or miss"}


def test_trial_limits_rest_on_fewer_than_twelve_points_of_the_last_group():
    assert spc.judge([1, 2] * 5 + [1]).trial
    assert not spc.judge([1, 2] * 6).trial
    assert spc.judge([1, 2] * 5 + [1, None]).trial
    assert spc.judge([1, 2] * 12, rebase=[20]).trial
    assert not spc.judge([1, 2] * 12, rebase=[4]).trial


def test_since_is_the_start_of_the_standing_signal():
    steady = [9, 11] * 8
    assert spc.judge(steady, "higher").since is None
    assert spc.judge([*steady, 30], "higher").since == 16
    assert spc.judge([*steady, 30, None, 30, None], "higher").since == 16
    assert spc.judge([*steady, -10, 30], "higher").since == 17
    assert spc.judge([*steady, 30, 10], "higher").since is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"values": [1, inf]}, "value 1 is inf"),
        ({"values": [nan]}, "value 0 is nan"),
        ({"values": [1, -1e200]}, "beyond 1e"),
        ({"values": [1, 2], "better": "up"}, "better is 'up'"),
        ({"values": [1, 2], "target": nan}, "target is nan"),
        ({"values": [1, 2], "target": -inf}, "target is -inf"),
        ({"values": [1, 2], "rebase": [2]}, "index 2"),
        ({"values": [1, 2], "rebase": [-1]}, "index -1"),
        ({"values": [1, 2], "baseline": 11}, "baseline is 11"),
    ],
)
def test_refuses_in_a_sentence(arguments, words):
    with pytest.raises(ValueError, match=words):
        spc.judge(**arguments)


# A second opinion: the same rules, written from the text alone, slowly and in another way.


def second_opinion(values, better, target, starts, baseline, screen):
    """Labels and limits per point, variation and assurance; means exact, by fractions."""

    def mean(numbers):
        return float(sum(map(Fraction, numbers)) / len(numbers))

    labels, limits = [""] * len(values), [(None, None, None)] * len(values)
    group_of = [sum(start <= i for start in starts) for i in range(len(values))]
    assurance = ""
    for group in sorted(set(group_of)):
        members = [i for i in range(len(values)) if group_of[i] == group]
        there = [i for i in members if values[i] is not None]
        if not there:
            continue
        base = [values[i] for i in (there if baseline is None else there[:baseline])]
        moves = [abs(base[k] - base[k - 1]) for k in range(1, len(base))]
        if moves and screen:
            average = mean(moves)
            moves = [move for move in moves if not move >= 3.267 * average]
        amr = mean(moves) if moves else 0.0
        centre = mean(base)
        low, high = centre - 2.66 * amr, centre + 2.66 * amr
        near_low, near_high = centre - 2 * (2.66 / 3) * amr, centre + 2 * (2.66 / 3) * amr
        for i in members:
            limits[i] = (centre, low, high)

        y = [values[i] for i in there]
        # Later assignments win, so from the weakest rule to the strongest.
        verdict = [0] * len(y)
        k = 0
        for where, run in groupby(y, key=lambda v: "high" if v > centre else "low" if v < centre else "on"):
            length = len(list(run))
            if length >= 7 and where != "on":
                verdict[k : k + length] = [1 if where == "high" else -1] * length
            k += length
        zone = [2 if v > high or v < low else 1 if v > near_high or v < near_low else 0 for v in y]
        for k in range(2, len(y)):
            trio = (k - 2, k - 1, k)
            for sign in (1, -1):
                if all((y[m] - centre) * sign > 0 for m in trio) and [zone[m] for m in trio].count(1) >= 2:
                    for m in trio:
                        verdict[m] = sign if zone[m] == 1 else verdict[m]
        trending = set()
        for sign in (1, -1):
            k = 0
            while k < len(y):
                end = k
                while end + 1 < len(y) and (y[end + 1] - y[end]) * sign > 0:
                    end += 1
                if end - k >= 6:
                    trending |= set(range(k, end + 1))
                k = end + 1
        for k in trending:  # between two trends the step after decides, and only a rise is rising
            before, after = (y[k], y[k + 1]) if k + 1 in trending else (y[k - 1], y[k])
            verdict[k] = 1 if after > before else -1
        for k, v in enumerate(y):
            if zone[k] == 2:
                verdict[k] = 1 if v > centre else -1

        for i, sign in zip(there, verdict, strict=True):
            if sign == 0:
                labels[i] = "common cause"
            elif better == "neither":
                labels[i] = {1: "neutral high", -1: "neutral low"}[sign]
            else:
                labels[i] = "improvement" if (sign == 1) is (better == "higher") else "concern"
        assurance = ""
        if better != "neither" and target is not None and len(y) >= 2:
            verdicts = ["consistently passes", "hit or miss", "consistently fails"]
            place = 0 if target < low else 2 if target > high else 1
            assurance = verdicts[place if better == "higher" else 2 - place]
    judged = [label for label in labels if label]
    return labels, limits, judged[-1] if judged else "", assurance


def has_tie_between_trends(values) -> bool:
    """Where "a tie reads as falling" makes up and down unequal, as in the package."""
    steps = [(b > a) - (b < a) for a, b in pairwise([v for v in values if v is not None])]
    return any(
        steps[i] == 0 and abs(sum(steps[i - 6 : i])) == 6 and abs(sum(steps[i + 1 : i + 7])) == 6
        for i in range(6, len(steps) - 6)
    )


@st.composite
def series(draw, gaps: bool = True):
    """Whole and quarter numbers (exact in floats), rough or in runs, so that ties, trends and shifts all occur."""
    n = draw(st.integers(0, 45))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = random.Random(seed)
    kind = draw(st.sampled_from(("noise", "few values", "walk", "runs", "ramps", "constant")))
    if kind == "noise":
        values = [rng.randint(-400, 400) / 4 for _ in range(n)]
    elif kind == "few values":
        values = [float(rng.choice((1, 1, 2, 2, 3, 9))) for _ in range(n)]
    elif kind == "constant":
        values = [rng.randint(-400, 400) / 4] * n
    else:
        values, level = [], 0.0
        while len(values) < n:
            if kind == "walk":
                level += rng.randint(-4, 4) / 4
                values.append(level)
            elif kind == "runs":
                level = float(rng.randint(-6, 6))
                values += [level + rng.randint(-4, 4) / 4 for _ in range(rng.randint(1, 10))]
            else:
                step = rng.choice((-1, 1)) * rng.randint(1, 4) / 4
                for _ in range(rng.randint(3, 9)):
                    level += step
                    values.append(level)
        values = values[:n]
    if gaps and draw(st.booleans()):
        values = [None if rng.random() < 0.15 else value for value in values]
    return values


DIRECTION = st.sampled_from(tuple(spc.DIRECTIONS))


@settings(max_examples=600, deadline=None)
@given(series(), DIRECTION, st.none() | st.integers(-20, 20), st.data())
def test_agrees_with_the_second_opinion(values, better, target, data):
    starts = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=3)) if values else []
    baseline = data.draw(st.none() | st.integers(12, 30))
    screen = data.draw(st.booleans())
    judgement = spc.judge(values, better, target, rebase=starts, baseline=baseline, screen=screen)
    labels, limits, variation, assurance = second_opinion(values, better, target, starts, baseline, screen)
    assert [point.label for point in judgement.points] == labels
    assert [(point.mean, point.lower, point.upper) for point in judgement.points] == limits
    assert (judgement.variation, judgement.assurance) == (variation, assurance)
    assert all((point.rule == "") == (point.label in ("", "common cause")) for point in judgement.points)


def labels(judgement: spc.Judgement) -> list[str]:
    return [point.label for point in judgement.points]


@given(series(), DIRECTION)
def test_negated_with_the_other_direction_is_the_same_news(values, better):
    assume(not has_tie_between_trends(values))
    other = {"higher": "lower", "lower": "higher", "neither": "neither"}[better]
    swap = {"neutral high": "neutral low", "neutral low": "neutral high"}
    mirrored = spc.judge([None if v is None else -v for v in values], other)
    assert labels(mirrored) == [swap.get(label, label) for label in labels(spc.judge(values, better))]


@given(series(), DIRECTION, st.integers(-8, 8), st.integers(-1000, 1000))
def test_another_unit_moves_the_limits_and_keeps_the_labels(values, better, power, shift):
    before = spc.judge(values, better)
    factor = 2.0**power  # exact in floats, so even ties stay ties
    scaled = spc.judge([None if v is None else v * factor for v in values], better)
    assert labels(scaled) == labels(before)
    assert [p.upper for p in scaled.points] == [p.upper and p.upper * factor for p in before.points]

    moved = spc.judge([None if v is None else v + shift for v in values], better)
    for a, b in zip(before.points, moved.points, strict=True):
        if a.mean is not None:
            assert (b.mean, b.lower, b.upper) == pytest.approx((a.mean + shift, a.lower + shift, a.upper + shift))
    # A shift rounds the limits anew: a point exactly on one may fall to either side.
    on_edge = any(
        isclose(p.value, p.mean + part * (p.upper - p.mean), abs_tol=1e-9)
        for p in before.points
        if p.value is not None
        for part in (-1, -2 / 3, 0, 2 / 3, 1)
    )
    if not on_edge:
        assert labels(moved) == labels(before)


@settings(max_examples=600, deadline=None)
@given(series())
def test_what_ends_in_a_signal_is_what_is_judged_so(values):
    assert spc.ends_in_signal(values) == (spc.judge(values).variation not in ("", "common cause"))


@given(series())
def test_without_a_direction_nothing_is_good_or_bad(values):
    judgement = spc.judge(values, "neither", 0)
    assert not {"improvement", "concern"} & set(labels(judgement))
    assert judgement.assurance == ""


@given(series(), DIRECTION)
def test_since_begins_an_unbroken_run_of_the_standing_signal(values, better):
    judgement = spc.judge(values, better)
    if judgement.variation in ("", "common cause"):
        assert judgement.since is None
    else:
        told = labels(judgement)
        assert set(told[judgement.since :]) <= {judgement.variation, ""}
        assert told[judgement.since] == judgement.variation
        before = [label for label in told[: judgement.since] if label]
        assert not before or before[-1] != judgement.variation


# Intervals and predictions


@pytest.mark.parametrize("row", STATS["wilson"], ids=lambda row: f"{row['k']} of {row['n']}")
def test_wilson_agrees_with_r(row):
    assert spc.wilson(row["k"], row["n"], row["conf"]) == pytest.approx((row["lo"], row["hi"]), abs=1e-12)


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from((0.8, 0.95, 0.99)))
def test_wilson_is_a_share_that_covers_what_was_seen_and_mirrors(successes, more, confidence):
    base = successes + more
    low, high = spc.wilson(successes, base, confidence)
    assert 0 <= low <= high <= 1
    if base:
        assert low <= successes / base <= high
    assert spc.wilson(more, base, confidence) == pytest.approx((1 - high, 1 - low))


def test_nothing_is_known_on_an_empty_base():
    assert spc.wilson(0, 0) == (0, 1)
    assert spc.mean_interval(0, 0, 0) == (-1, 1)


@pytest.mark.parametrize("row", STATS["nps"], ids=lambda row: f"{row['nps']} of {row['n']}")
def test_nps_margin_agrees_with_r(row):
    total, squares = row["promoters"] - row["detractors"], row["promoters"] + row["detractors"]
    low, high = spc.mean_interval(total, squares, row["n"])
    assert ((high + low) * 50, (high - low) * 50) == pytest.approx((row["nps"], row["moe95"]), abs=1e-9)


@pytest.mark.parametrize("row", STATS["trend_prediction"], ids=lambda row: f"{row['series']} {row['h']} {row['level']}")
def test_straight_line_agrees_with_r(row):
    band = spc.straight_line(STATS["trend_series"][row["series"]], row["h"], row["level"])
    assert band == pytest.approx((row["fit"], row["lo"], row["hi"]), abs=1e-9)


@pytest.mark.parametrize("row", STATS["drift_prediction"], ids=lambda row: f"{row['series']} {row['h']}")
def test_drift_agrees_with_r(row):
    values = STATS["trend_series"][row["series"]]
    assert spc.drift(values, row["h"]) == pytest.approx((row["fit"], row["lo80"], row["hi80"]), abs=1e-9)
    assert spc.drift(values, row["h"], 0.95) == pytest.approx((row["fit"], row["lo95"], row["hi95"]), abs=1e-9)


def test_a_gap_keeps_its_place_on_the_time_axis():
    """0, 1, (2 missing), 3, 4 is a perfect line: three steps on it is at 7, with or without the gap."""
    for predict in (spc.straight_line, spc.drift):
        assert predict([0, 1, None, 3, 4], 3) == pytest.approx((7, 7, 7))


def test_a_move_over_a_gap_counts_as_the_steps_it_took():
    """0, 3, (one missing), 3: slope 1, moves 3 and 0 leave 2 in one step and -2 in two: variance 2²/1 + 2²/2 = 6."""
    band = spc.drift([0, 3, None, 3], 1)
    assert band.forecast == 4
    assert (band.high - band.low) / 2 == pytest.approx(1.2815515655446 * (6 * (1 + 1 / 3)) ** 0.5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: spc.wilson(-1, 5),
        lambda: spc.wilson(6, 5),
        lambda: spc.wilson(nan, 5),
        lambda: spc.wilson(1, inf),
        lambda: spc.wilson(1, 5, 1),
        lambda: spc.mean_interval(0, 0, -1),
        lambda: spc.mean_interval(9, 5, 10),
        lambda: spc.mean_interval(0, nan, 10),
        lambda: spc.straight_line([1, None, 2], 1),
        lambda: spc.drift([1, 2], 1),
        lambda: spc.drift([1, 2, inf], 1),
        lambda: spc.outlook([1, 2, 3], 0, None, "higher"),
        lambda: spc.outlook([1, 2, inf], 1, None, "higher"),
        lambda: spc.outlook([1, 2, 3], 1, nan, "higher"),
        lambda: spc.outlook([1, 2, 3], 1, 1, "more"),
    ],
)
def test_impossible_numbers_are_refused(call):
    with pytest.raises(ValueError, match=r"\.$"):
        call()


# Outlook

STEADY = [9, 11, 11, 9] * 4  # 15 moves, eight of 2 and seven of 0: aMR 16/15, mean 10


def test_common_cause_is_forecast_by_its_usual_range():
    """80 % band 10 -/+ 1.28 * (16/15) / 1.128."""
    half = 1.28 * 16 / 15 / 1.128
    seen = spc.outlook(STEADY, 9, 10, "higher")
    assert (seen.forecast, seen.low, seen.high) == pytest.approx((10, 10 - half, 10 + half))
    assert seen.path == (seen.path[0],) * 9
    assert (seen.method, seen.words, seen.note) == ("usual range", "too close to call", "")


@pytest.mark.parametrize(
    ("better", "target", "words", "note"),
    [
        ("higher", 8.7, "on track", ""),
        ("higher", 11.3, "off track", ""),
        ("higher", 20, "off track", spc.UNREACHABLE),
        ("higher", 0, "on track", ""),
        ("lower", 8.7, "off track", ""),
        ("lower", 11.3, "on track", ""),
        ("lower", 0, "off track", spc.UNREACHABLE),
        ("lower", 20, "on track", ""),
        ("neither", 20, "", ""),
        ("higher", None, "", ""),
    ],
)
def test_words_say_on_which_side_the_whole_band_lies(better, target, words, note):
    """The band is 8.79 to 11.21, the limits 7.16 to 12.84."""
    seen = spc.outlook(STEADY, 3, target, better)
    assert (seen.words, seen.note) == (words, note)


def test_meeting_the_target_exactly_is_on_track():
    assert spc.outlook([5.0] * 12, 3, 5, "higher").words == "on track"
    assert spc.outlook([5.0] * 12, 3, 5, "lower").words == "on track"
    assert spc.outlook([5.0] * 12, 3, 5.1, "higher").words == "off track"


def test_a_band_that_just_reaches_the_target_is_too_close_to_call():
    seen = spc.outlook(STEADY, 3, None, "higher")
    assert spc.outlook(STEADY, 3, seen.high, "higher").words == "too close to call"
    assert spc.outlook(STEADY, 3, seen.low, "lower").words == "too close to call"


CLIMB = [8, 12, 7, 11, 9, 12, 8, 10, 12, 14, 16, 18, 20, 22, 24]


def test_a_trend_publishes_the_wider_of_line_and_drift():
    seen = spc.outlook(CLIMB, 2, 10, "higher")
    both = {"straight line": spc.straight_line(CLIMB, 2), "random walk with drift": spc.drift(CLIMB, 2)}
    widest = max(both, key=lambda method: both[method].high - both[method].low)
    assert seen.method == widest
    assert seen.path[-1] == (seen.forecast, seen.low, seen.high) == both[widest]


def test_either_method_can_be_the_wider():
    methods = {spc.outlook(CLIMB, h, None, "higher").method for h in range(1, 7)}
    rng = random.Random(5)
    for _ in range(200):
        level, values = 0.0, []
        for _ in range(16):
            level += rng.gauss(0.8, 0.4)
            values.append(level + rng.gauss(0, 0.1))
        methods.add(spc.outlook(values, 1, None, "higher").method)
    assert {"straight line", "random walk with drift"} <= methods


@pytest.mark.parametrize(("n", "reach"), [(15, 6), (9, 4), (7, 3)])
def test_a_moving_series_is_not_carried_far(n, reach):
    """At most 6 steps and at most half of what was seen; beyond, no verdict."""
    values = CLIMB[-n:]
    assert len(spc.outlook(values, reach, 0, "higher").path) == reach
    assert spc.outlook(values, reach, 0, "higher").words
    beyond = spc.outlook(values, reach + 1, 0, "higher")
    assert (beyond.forecast, beyond.low, beyond.high, beyond.words) == (None, None, None, "")
    assert (beyond.note, len(beyond.path)) == (spc.TOO_FAR, reach)


def test_a_trend_of_few_points_and_other_signals_drift():
    assert spc.outlook([1, 2, 3, 4, 5, 6, 7], 1, None, "higher").method == "random walk with drift"
    assert spc.outlook([*STEADY, 40], 1, None, "higher").method == "random walk with drift"
    assert spc.outlook([40, *STEADY], 1, None, "higher").method == "random walk with drift"


@pytest.mark.parametrize("values", [[], [None], [1], [1, None, 2, 3, 4, 5]])
def test_too_few_values_have_no_outlook(values):
    assert spc.outlook(values, 1, 3, "higher") == spc.Outlook(None, None, None, "", "", spc.TOO_FEW, (), (0, 0))


def test_steps_count_from_the_last_value_and_only_the_last_group_counts():
    assert spc.outlook([*CLIMB, None, None], 3, 10, "higher") == spc.outlook(CLIMB, 3, 10, "higher")
    assert spc.outlook([*CLIMB, *STEADY], 3, 10, "higher", rebase=[15]) == spc.outlook(STEADY, 3, 10, "higher")
    assert spc.outlook([*STEADY, None, None], 3, 10, "higher", rebase=[17]) == spc.outlook(STEADY, 3, 10, "higher")


def test_past_bands_are_counted_from_the_twelfth_value():
    """16 values, 1 step: bands after 12, 13, 14, 15 values; each of 9 and 11 lies within 8.79 to 11.21 or so.
    A last value of 12.5 lies outside its band; two steps leave three bands; five leave none."""
    assert spc.outlook(STEADY, 1, None, "higher").held == (4, 4)
    assert spc.outlook([*STEADY[:15], 12.5], 1, None, "higher").held == (3, 4)
    assert spc.outlook(STEADY, 2, None, "higher").held == (3, 3)
    assert spc.outlook(STEADY, 5, None, "higher").held == (0, 0)
    assert spc.outlook([*STEADY[:13], None, *STEADY[13:]], 1, None, "higher").held == (3, 3)
    assert spc.outlook(list(range(24)), 1, None, "higher").held == (12, 12)
    assert spc.outlook([k / 10 for k in range(24)], 1, None, "higher").held == (12, 12)


# Chance


def noise(rng: random.Random, n: int) -> list[float]:
    return [rng.gauss(100, 15) for _ in range(n)]


def walk(rng: random.Random, n: int) -> list[float]:
    values = [100.0]
    while len(values) < n:
        values.append(values[-1] + rng.gauss(0, 15))
    return values


def test_pure_noise_rarely_signals_at_the_last_point(record_property):
    """24 months of pure noise end in a signal about twice in a hundred; about one in five has a signal anywhere."""
    rng = random.Random(20240601)
    runs = [spc.judge(noise(rng, 24), "higher") for _ in range(3000)]
    last = sum(run.variation != "common cause" for run in runs) / len(runs)
    anywhere = sum(any(point.rule for point in run.points) for run in runs) / len(runs)
    points = sum(point.rule != "" for run in runs for point in run.points) / (24 * len(runs))
    rules = Counter(run.points[-1].rule for run in runs)
    said = f"last point {last:.1%}, any point of the series {anywhere:.1%}, all points {points:.1%}, {dict(rules)}"
    record_property("false alarms", said)
    print(said)
    assert 0.005 < last < 0.03, said
    assert 0.12 < anywhere < 0.25, said
    assert points < 0.05, said


@pytest.mark.parametrize("make", [noise, walk])
@pytest.mark.parametrize("horizon", [1, 3, 6])
def test_eighty_percent_bands_hold_about_eighty_percent(make, horizon, record_property):
    """A quarter of what comes may surprise; bands that hold nearly always would be as wrong as bands that rarely do."""
    rng = random.Random(4711)
    held = tried = 0
    for _ in range(800):
        values = make(rng, 24 + horizon)
        _, path = spc._forecast(values[:24], horizon, None, True)
        tried += 1
        held += path[-1].low <= values[-1] <= path[-1].high
    said = f"{make.__name__}, {horizon} steps: {held / tried:.1%} of {tried} bands held"
    record_property("bands", said)
    print(said)
    assert 0.73 < held / tried < 0.87, said


def test_the_back_test_finds_what_the_simulation_finds():
    rng = random.Random(99)
    counts = [spc.outlook(noise(rng, 30), 1, None, "higher").held for _ in range(60)]
    assert sum(tried for _, tried in counts) == 60 * 18
    assert 0.70 < sum(held for held, _ in counts) / (60 * 18) < 0.88

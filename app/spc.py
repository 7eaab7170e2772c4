"""Control limits, signals, assurance, intervals and outlook: pure numbers.

A series is a sequence of numbers in date order, None where a date has no number to judge (a gap, a withheld
value, the current unfinished month). Nothing here reads, draws or knows dates; sorting is the caller's matter.

The rules are those of NHSRplotthedots 0.2.2 ("making data count" XmR charts), point for point, with one deviation:
a series that never moves has limits equal to its mean, where the package has none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, hypot, inf, isfinite, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

LABELS = ("common cause", "improvement", "concern", "neutral high", "neutral low")
RULES = ("outside", "trend", "two of three", "shift")
DIRECTIONS = {"higher": 1, "lower": -1, "neither": 0}
METHODS = ("usual range", "straight line", "random walk with drift")

LIMIT = 2.66  # 3 / 1.128, as rounded by the package
NEAR = 2 * (LIMIT / 3)
SCREEN = 3.267  # upper limit of moving ranges, in average moving ranges
RUN = 7  # points that make a trend or a shift
SETTLED = 12  # points from which limits are more than trial limits
FEWEST = 6  # points from which an outlook is given at all
BAND = 0.80  # level of an outlook's band
LARGEST = 1e100  # squares and sums of ordinary length stay finite below this

UNREACHABLE = "will not be met without a change"
TOO_FAR = "too far ahead for a series that is moving"
TOO_FEW = "too few points for an outlook"

Numbers = float | np.ndarray


@dataclass(frozen=True)
class Point:
    """One date: its value, the mean and limits of its group, and what may be said about it."""

    value: float | None
    mean: float | None
    lower: float | None
    upper: float | None
    label: str  # one of LABELS, "" where the point was not judged
    rule: str  # one of RULES, "" for common cause and where not judged


@dataclass(frozen=True)
class Judgement:
    """A series judged. `trial`: the limits in force rest on fewer than 12 points and will still move."""

    points: tuple[Point, ...]
    variation: str  # label of the last judged point, "" if none
    assurance: str  # "consistently passes", "consistently fails", "hit or miss", or ""
    trial: bool
    since: int | None  # first index of the run of equal signals that ends at the last judged point


class Band(NamedTuple):
    """A forecast with its prediction interval, in the unit of the series."""

    forecast: float
    low: float
    high: float


@dataclass(frozen=True)
class Outlook:
    """Where a series will be; `forecast`, `low`, `high` are None where no honest answer exists (`note` says why)."""

    forecast: float | None
    low: float | None
    high: float | None
    words: str  # "on track", "off track", "too close to call", or "" without a forecast, target or direction
    method: str  # one of METHODS, or ""
    note: str  # UNREACHABLE, TOO_FAR, TOO_FEW, or ""
    path: tuple[Band, ...]  # step 1, 2, …; shorter than the horizon where the note says TOO_FAR
    held: tuple[int, int]  # past bands that held, past bands tried


def judge(
    values: Sequence[float | None],
    better: str = "neither",
    target: float | None = None,
    *,
    rebase: Sequence[int] = (),
    baseline: int | None = None,
    screen: bool = True,
) -> Judgement:
    """Judge every point of a series against the ordinary variation of its group.

    `better` is "higher", "lower" or "neither"; each index in `rebase` starts a new group with limits of its own;
    `baseline` fixes the limits of each group by its first so many judged points (12 or more); `screen` leaves
    extreme moving ranges out of the limits, once. None is left out of every rule and of the limits: its neighbours
    count as successive. Its point still carries the mean and limits of its group, so that a line can be drawn;
    they are None in a group without any value.

    Assurance uses the limits of the last group that has values and needs at least two of them: one value shows no
    variation to assure anything by.

    Raises ValueError on numbers that are not finite, an unknown direction, an index outside the series, or a
    baseline under 12.
    """
    series = _checked(values)
    if better not in DIRECTIONS:
        raise ValueError(f"better is {better!r}; it must be one of: {', '.join(DIRECTIONS)}.")
    if baseline is not None and baseline < SETTLED:
        raise ValueError(f"baseline is {baseline}; limits can be fixed on {SETTLED} points or more.")
    for index in rebase:
        if not 0 <= index < len(series):
            raise ValueError(f"rebase names index {index}; the series has indices 0 to {len(series) - 1}.")
    if target is not None:
        target = _number(target, "target")

    points: list[Point] = []
    assurance, trial = "", True
    for start, end in pairwise(sorted({0, *rebase, len(series)})):
        judged = [value for value in series[start:end] if value is not None]
        if not judged:
            points += [Point(None, None, None, None, "", "")] * (end - start)
            continue
        mean, amr = _centre(judged[:baseline], screen)
        lower, upper = mean - LIMIT * amr, mean + LIMIT * amr
        signals = iter(_signals(judged, mean, amr))
        for value in series[start:end]:
            rule, side = next(signals) if value is not None else ("", 0)
            label = "" if value is None else _label(side, better)
            points.append(Point(value, mean, lower, upper, label, rule))
        trial = len(judged[:baseline]) < SETTLED
        assurance = _assurance(lower, upper, target, better) if len(judged) > 1 else ""
    variation, since = _standing(points)
    return Judgement(tuple(points), variation, assurance, trial, since)


def ends_in_signal(values: Sequence[float | None]) -> bool:
    """Whether `judge` would find a signal in the last value that is there: no rule looks back further than a run."""
    judged = [value for value in _checked(values) if value is not None]
    return bool(judged) and _signals(judged[-RUN:], *_centre(judged, True))[-1][0] != ""


def wilson(successes: Numbers, base: Numbers, confidence: float = 0.95) -> tuple[Numbers, Numbers]:
    """Low and high end (0–1) of Wilson's score interval for a share; (0.0, 1.0) on an empty base: nothing is known.

    One share, or as many as two arrays hold. Wilson (1927), J. Am. Stat. Assoc. 22:209; equals R's
    prop.test(correct = FALSE). Raises ValueError unless 0 <= successes <= base.
    """
    z = _z(confidence)
    part, whole = np.asarray(successes, float), np.asarray(base, float)
    right = (part >= 0) & (part <= whole) & (whole < inf)
    if not right.all():
        wrong = np.flatnonzero(~np.atleast_1d(right))[0]
        stray, of = (np.atleast_1d(each)[wrong].item() for each in (part, whole))
        raise ValueError(f"{stray:g} successes of {of:g}: successes must lie between 0 and the base.")
    counted = np.where(whole == 0, 1.0, whole)
    share = part / counted
    shrink = 1 + z * z / counted
    middle = (share + z * z / (2 * counted)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / counted + z * z / (4 * counted * counted))
    # The ends are 0 and 1 by algebra, not always by arithmetic.
    low, high = np.where(part == 0, 0.0, middle - half), np.where(part == whole, 1.0, middle + half)
    return (low, high) if low.ndim else (low.item(), high.item())


def newcombe(one: tuple[float, float], other: tuple[float, float], pairs: int = 1) -> tuple[float, float]:
    """Low and high end of the 95 % interval of a share minus another; each is its successes and its base.

    Newcombe (1998), Stat. Med. 17:873, method 10: Wilson's ends of both, put together by their squares. Of `pairs` such
    differences all intervals hold together in 95 of 100 cases (Bonferroni; Dunn (1961), J. Am. Stat. Assoc. 56:52), so
    that the widest of them may be picked. (-1.0, 1.0) where a base is empty. Raises ValueError as `wilson` does.
    """
    if not one[1] or not other[1]:
        return -1.0, 1.0
    confidence = 1 - 0.05 / pairs
    share, base_share = one[0] / one[1], other[0] / other[1]
    (low, high), (base_low, base_high) = wilson(*one, confidence), wilson(*other, confidence)
    gap = share - base_share
    return gap - hypot(share - low, base_high - base_share), gap + hypot(high - share, base_share - base_low)


def mean_interval(total: float, squares: float, base: float, confidence: float = 0.95) -> tuple[float, float]:
    """Low and high end of the interval for the mean of answers scored -1, 0 or 1 (NPS / 100).

    `total` is the sum of the scores, `squares` the sum of their squares, `base` the number of answers. Half width
    z * sqrt((squares / base - mean²) / base), the population variance as in the usual NPS margin; not clipped to
    the scale, so that low and high stay mean -/+ margin. (-1.0, 1.0) on an empty base: nothing is known.
    Raises ValueError where no answers could have these sums.
    """
    z = _z(confidence)
    if not 0 <= base < inf:
        raise ValueError(f"base is {base}; it must be a finite number, 0 or more.")
    if base == 0:
        return -1.0, 1.0
    mean = total / base
    variance = squares / base - mean * mean
    if not -1e-9 <= variance <= 1:
        raise ValueError(f"sum {total} and sum of squares {squares} cannot come from {base} answers from -1 to 1.")
    half = z * sqrt(max(variance, 0.0) / base)  # rounding may leave a hair below 0
    return mean - half, mean + half


def straight_line(values: Sequence[float | None], horizon: int, level: float = BAND) -> Band:
    """Least-squares line over the series' own steps, `horizon` steps after its last value, with the interval of
    a single new value: fit -/+ t * s * sqrt(1 + 1/n + (x - mean x)² / Sxx), t on n - 2 degrees of freedom.

    Any textbook on regression; equals R's predict(lm, interval = "prediction"). Gaps keep their place on the time
    axis. Raises ValueError under 3 values.
    """
    at, ys = _placed(values, 3)
    n, x_mean, y_mean = len(ys), _mean(at), _mean(ys)
    sxx = fsum((x - x_mean) ** 2 for x in at)
    slope = fsum((x - x_mean) * (y - y_mean) for x, y in zip(at, ys, strict=True)) / sxx
    residual = fsum((y - y_mean - slope * (x - x_mean)) ** 2 for x, y in zip(at, ys, strict=True))
    ahead = at[-1] + horizon - x_mean
    t = float(stdtrit(n - 2, _upper(level)))
    half = t * sqrt(residual / (n - 2)) * sqrt(1 + 1 / n + ahead * ahead / sxx)
    fit = y_mean + slope * ahead
    return Band(fit, fit - half, fit + half)


def drift(values: Sequence[float | None], horizon: int, level: float = BAND) -> Band:
    """Random walk with drift: last value + h * average step -/+ z * s * sqrt(h * (1 + h / (T - 1))).

    Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.5. T - 1 is the number of steps from first to
    last value. Over a gap of g steps a random walk spreads as sqrt(g), hence the weights; without gaps they are 1
    and s is the standard deviation of the steps. Raises ValueError under 3 values.
    """
    at, ys = _placed(values, 3)
    steps = at[-1] - at[0]
    slope = (ys[-1] - ys[0]) / steps
    gaps = [after - before for before, after in pairwise(at)]
    moves = [after - before for before, after in pairwise(ys)]
    spread = fsum((move - slope * gap) ** 2 / gap for move, gap in zip(moves, gaps, strict=True))
    half = _z(level) * sqrt(spread / (len(moves) - 1)) * sqrt(horizon * (1 + horizon / steps))
    fit = ys[-1] + horizon * slope
    return Band(fit, fit - half, fit + half)


def outlook(
    values: Sequence[float | None],
    horizon: int,
    target: float | None,
    better: str,
    *,
    rebase: Sequence[int] = (),
    baseline: int | None = None,
    screen: bool = True,
) -> Outlook:
    """Where the series will be `horizon` steps after its last value, as an 80 % band, and what that says of a target.

    Only the last group that has values counts. Trailing None are steps ahead, not steps passed: an unfinished month
    is step 1. The method:

    - only common cause in the whole group: mean -/+ 1.28 * aMR / 1.128 at every step ("usual range");
    - the last seven rising or falling, of 12 or more: straight line or random walk with drift, whichever band is
      wider at the last step drawn, so that a path keeps one shape (such a trend counts even where "outside" takes
      precedence as the label);
    - any other signal in the group: random walk with drift. The usual range has not described the series so far;
      on simulated random walks that end within it, its 80 % band held 25 to 46 times in a hundred.

    A moving series is carried at most min(6, n / 2) steps. Beyond, there is no forecast and no verdict: the path
    ends where it may, and the note says so. Under 6 values there is no outlook either.

    `held` tells how often bands of this horizon, made from the first 12, 13, … values alone, held what came.
    Raises ValueError as `judge` does, and on a horizon under 1.
    """
    if horizon < 1:
        raise ValueError(f"horizon is {horizon}; an outlook looks 1 step ahead or more.")
    judge(values, better, target, rebase=rebase, baseline=baseline, screen=screen)  # refuse what judge refuses
    series = _checked(values)
    while series and series[-1] is None:
        series.pop()
    latest = series[max((index for index in rebase if index < len(series)), default=0) :]

    method, path = _forecast(latest, horizon, baseline, screen)
    held = _held(latest, horizon, baseline, screen)
    if len(path) < horizon:
        return Outlook(None, None, None, "", method, TOO_FAR if path else TOO_FEW, path, held)
    band = path[horizon - 1]
    note = ""
    if method == "usual range":
        limits = judge(latest, better, target, baseline=baseline, screen=screen)
        note = UNREACHABLE if limits.assurance == "consistently fails" else ""
    return Outlook(*band, _words(band, target, better), method, note, path, held)


def _number(value: float, name: str) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{name} is {number}; it must be a finite number, or None where there is none.")
    if abs(number) > LARGEST:
        raise ValueError(f"{name} is {number}; numbers beyond {LARGEST:g} cannot be judged.")
    return number


def _checked(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else _number(value, f"value {index}") for index, value in enumerate(values)]


def _placed(values: Sequence[float | None], least: int) -> tuple[list[int], list[float]]:
    """Positions and values of what is there."""
    there = [(index, value) for index, value in enumerate(_checked(values)) if value is not None]
    if len(there) < least:
        raise ValueError(f"a prediction needs {least} values or more; there are {len(there)}.")
    return [index for index, _ in there], [value for _, value in there]


def _upper(level: float) -> float:
    """The quantile that leaves half of what is outside `level` above it."""
    if not 0 < level < 1:
        raise ValueError(f"a confidence of {level} is impossible; it must lie between 0 and 1.")
    return (1 + level) / 2


def _z(level: float) -> float:
    return float(stdtrit(inf, _upper(level)))  # Student's t with endless degrees of freedom is the normal


def _mean(numbers: Sequence[float]) -> float:
    # The quotient can be a hair off, as for 0.1, 0.1, 0.1; adding back what it leaves over gives the nearest float,
    # as R's mean does, so that a point on the mean is on it.
    first = fsum(numbers) / len(numbers)
    return first + fsum([*numbers, *[-first] * len(numbers)]) / len(numbers)


def _centre(baseline: Sequence[float], screen: bool) -> tuple[float, float]:
    """Mean and average moving range; the latter is 0 where the baseline never moves (our one deviation)."""
    ranges = [abs(after - before) for before, after in pairwise(baseline)]
    if screen and ranges:
        bound = SCREEN * _mean(ranges)
        ranges = [size for size in ranges if size < bound]
    return _mean(baseline), (_mean(ranges) if ranges else 0.0)


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _signals(judged: Sequence[float], mean: float, amr: float) -> list[tuple[str, int]]:
    """Per value of one group: the first rule that marks it, and +1 (above, rising) or -1; ("", 0) for common cause."""
    outside = [value > mean + LIMIT * amr or value < mean - LIMIT * amr for value in judged]
    near = [
        not out and (value > mean + NEAR * amr or value < mean - NEAR * amr)
        for value, out in zip(judged, outside, strict=True)
    ]
    side = [_sign(value - mean) for value in judged]
    step = [_sign(after - before) for before, after in pairwise(judged)]

    def marked(width: int, told: Callable[[int], bool]) -> set[int]:
        starts = range(len(judged) - width + 1)
        return {index for start in starts if told(start) for index in range(start, start + width)}

    trend = marked(RUN, lambda i: abs(sum(step[i : i + RUN - 1])) == RUN - 1)
    pairs = marked(3, lambda i: abs(sum(side[i : i + 3])) == 3 and sum(near[i : i + 3]) >= 2)
    shift = marked(RUN, lambda i: abs(sum(side[i : i + RUN])) == RUN)

    signals = []
    for i in range(len(judged)):
        if outside[i]:
            signals.append(("outside", side[i]))
        elif i in trend:
            # As the package: where the next point is in a trend too, the step to it decides, even if it leads from
            # one trend into another, and a tie counts as falling.
            signals.append(("trend", 1 if step[i if i + 1 in trend else i - 1] > 0 else -1))
        elif i in pairs and near[i]:
            signals.append(("two of three", side[i]))
        elif i in shift:
            signals.append(("shift", side[i]))
        else:
            signals.append(("", 0))
    return signals


def _label(side: int, better: str) -> str:
    if side == 0:
        return "common cause"
    direction = DIRECTIONS[better]
    if direction == 0:
        return "neutral high" if side > 0 else "neutral low"
    return "improvement" if side == direction else "concern"


def _assurance(lower: float, upper: float, target: float | None, better: str) -> str:
    if target is None or better == "neither":
        return ""
    if lower <= target <= upper:
        return "hit or miss"
    return "consistently passes" if (target < lower) == (better == "higher") else "consistently fails"


def _standing(points: Sequence[Point]) -> tuple[str, int | None]:
    """Variation, and the index since when it stands; gaps neither break a run nor begin one."""
    judged = [(index, point.label) for index, point in enumerate(points) if point.label]
    variation = judged[-1][1] if judged else ""
    since = None
    for index, label in reversed(judged):
        if label != variation or label == "common cause":
            break
        since = index
    return variation, since


def _forecast(
    series: Sequence[float | None], horizon: int, baseline: int | None, screen: bool
) -> tuple[str, tuple[Band, ...]]:
    """Method and bands for steps 1 to `horizon`, or as many as the method may be carried; ("", ()) on too few."""
    judged = [value for value in series if value is not None]
    if len(judged) < FEWEST:
        return "", ()
    mean, amr = _centre(judged[:baseline], screen)
    if not any(rule for rule, _ in _signals(judged, mean, amr)):
        half = 1.28 * amr / 1.128
        return "usual range", (Band(mean, mean - half, mean + half),) * horizon
    reach = range(1, min(horizon, 6, len(judged) // 2) + 1)
    walk = tuple(drift(series, step) for step in reach)
    ways = [_sign(after - before) for before, after in pairwise(judged[-RUN:])]
    if len(judged) >= SETTLED and abs(sum(ways)) == RUN - 1:
        line = tuple(straight_line(series, step) for step in reach)
        if line[-1].high - line[-1].low >= walk[-1].high - walk[-1].low:
            return "straight line", line
    return "random walk with drift", walk


def _held(series: Sequence[float | None], horizon: int, baseline: int | None, screen: bool) -> tuple[int, int]:
    held = tried = known = 0
    for last, value in enumerate(series[:-horizon]):
        known += value is not None
        actual = series[last + horizon]
        if value is None or actual is None or known < SETTLED:
            continue
        _, path = _forecast(series[: last + 1], horizon, baseline, screen)
        if len(path) == horizon:
            hair = 1e-9 * abs(actual)  # bands without width must not fail by rounding
            tried += 1
            held += path[-1].low - hair <= actual <= path[-1].high + hair
    return held, tried


def _words(band: Band, target: float | None, better: str) -> str:
    if target is None or better == "neither":
        return ""
    worst, best = (band.low, band.high) if better == "higher" else (-band.high, -band.low)
    aim = target if better == "higher" else -target
    if worst >= aim:
        return "on track"
    return "off track" if best < aim else "too close to call"

"""Control of chance: which changes a page may lead with, given how many series are looked at. Pure but for `looked_at`.

A single series is judged by its own limits (`spc`). Of many, some signal by chance alone. So what a page leads with has
to be so unlikely that, where nothing changed, no more than one choice of filters in twenty claims anything anywhere:
the probability of each change (`chance`) is held against a level that shrinks with the number of series (`level`).
"""

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from app.filters import Filters
from app.sentences import Claim
from app.series import choices, states
from app.snapshot import Snapshot

ERROR = 0.05  # of choices of filters in which nothing changed, the most that may claim a change
SHORTEST, LONGEST = 2, 12  # months that a change has lasted when it is looked for
AGAINST_LAST_YEAR = 0.05  # one-sided; it only has to rule out that the season explains the change


def lasts(snapshot: Snapshot, filters: Filters, claim: Claim, judged: pd.DataFrame) -> bool:
    """Whether a page may lead with the change that the judged months of one series support.

    Of a place none of the last three months may have a low base.
    """
    wholes, places = looked_at(snapshot, filters)
    points = judged[judged["label"] != ""]
    if claim.region is None and claim.channel is None:
        return chance(claim.metric.kind, points, claim.rose) <= level(wholes)
    steady = (points["status"].tail(3) == "shown").all()
    return bool(steady) and chance(claim.metric.kind, points, claim.rose) <= level(places)


def level(series: int) -> float:
    """The largest probability by chance with which a change of one of so many series is claimed.

    Bonferroni's bound (Dunn 1961, J. Am. Stat. Assoc. 56:52), half of the error for all metrics as a whole and half for
    all of their places: valid however metrics depend on each other (a median and a 90th percentile), and known without
    asking for the series of other metrics, which the sharper steps of Holm (1979, Scand. J. Stat. 6:65) would need.
    """
    return ERROR / 2 / max(series, 1)


@lru_cache(maxsize=512)
def looked_at(snapshot: Snapshot, filters: Filters) -> tuple[int, int]:
    """How many metrics as a whole, and how many of their places, may be named under these filters, on all pages.

    Of all pages, so that none leads with what the overview does not know; by the choices that there are, so that few
    cases in one place do not make a claim about another easier.
    """
    known = choices(snapshot)
    regions, channels = (
        sum(place != "unknown" for place in chosen or known[name])
        for name, chosen in (("region", filters.regions), ("channel", filters.channels))
    )
    regions, channels = (0 if count == 1 else count for count in (regions, channels))  # the only one is the whole
    people = 0 if filters.regions or filters.channels else regions + channels
    places = {"cases": (1 + regions) * (1 + channels) - 1, "people": people}
    metrics = [state.metric for state in states(snapshot).values() if state.rows and not state.metric.standing]
    return len(metrics), sum(places[metric.about] for metric in metrics)


def words(snapshot: Snapshot, filters: Filters) -> str:
    """The control as the foot of the overview has it."""
    wholes, places = looked_at(snapshot, filters)
    series = f"{wholes} metrics" + (f" and {places} places" if places else "")
    return f"A change is named only if chance, over all {series} looked at, would name one in under 1 of 20 overviews."


def chance(kind: str, judged: pd.DataFrame, rose: bool) -> float:
    """How likely chance alone makes a change in this direction, as large as that of the judged months of one series.

    Change points 2 to 12 months before the end are tried; see `changed`.
    """
    months = judged["month"].dt.year * 12 + judged["month"].dt.month
    values, floor = scaled(kind, judged["value"].to_numpy(float), judged["base"].to_numpy(float))
    year_before = pd.Series(values, months).reindex(months - 12).to_numpy()
    return float(changed(values if rose else -values, year_before if rose else -year_before, floor))


def scaled(kind: str, values: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values on a scale on which chance is alike at every level and symmetrical, and the least variance it has there.

    The angle of a share, the root of a rate or count (Anscombe 1948, Biometrika 35:246), the logarithm of a wait; any
    other as it is. The least variance is half of that of independent cases: rare ones may not have shown theirs yet.
    """
    if kind == "share":
        return np.arcsin(np.sqrt((values * base + 0.375) / (base + 0.75))), 0.125 / (base + 0.5)
    if kind == "rate":
        return np.sqrt(values + 0.375 / base), 0.125 / base
    if kind == "count":
        return np.sqrt(values + 0.375), np.full(values.shape, 0.125)
    if kind == "quantile":
        return np.log(np.maximum(values, 0.01)), np.zeros(values.shape)
    return values, np.zeros(values.shape)


def changed(values: np.ndarray, year_before: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """The probability by chance of a rise as large as the largest in each series (along the last axis).

    The last 2, 3, … 12 values are held against all before them: Student's t for two samples, the largest of all change
    points, its two-sided probability multiplied by how many were tried (Worsley 1979, J. Am. Stat. Assoc. 74:365). t is
    made smaller where successive values resemble each other, by sqrt((1 - r) / (1 + r)) for a lag-one correlation r of
    what the step leaves over (Bayley & Hammersley 1946, J. R. Stat. Soc. Suppl. 8:184). A step does not count if the
    same months of the year before, as far as they are known, were as high: what comes every year is no change.
    """
    n = values.shape[-1]
    last = np.arange(SHORTEST, min(LONGEST, n // 2) + 1)
    backwards = values[..., ::-1].cumsum(-1)
    after = backwards[..., last - 1] / last
    before = (backwards[..., -1:] - backwards[..., last - 1]) / (n - last)
    centred = ((values - values.mean(-1, keepdims=True)) ** 2).sum(-1, keepdims=True)
    around = centred - (after - before) ** 2 * last * (n - last) / n
    spread = np.sqrt(np.maximum(around / (n - 2), floor.mean(-1, keepdims=True)) + 1e-18)
    t = (after - before) / spread / np.sqrt(1 / last + 1 / (n - last))

    since = (values - year_before)[..., ::-1].cumsum(-1)[..., last - 1] / last
    seasonal = since < stdtrit(n - 2, 1 - AGAINST_LAST_YEAR) * spread * np.sqrt(2 / last)
    best = np.where(seasonal, 0.0, t).argmax(-1)[..., None]
    t, step = (np.take_along_axis(each, best, -1) for each in (np.where(seasonal, 0.0, t), after - before))
    left = values - np.where(np.arange(n) >= n - last[best], step, 0.0)
    left = left - left.mean(-1, keepdims=True)
    r = (left[..., 1:] * left[..., :-1]).sum(-1) / np.maximum((left**2).sum(-1), 1e-18) + 2 / n
    r = np.clip(r, 0.0, 0.9)
    t = np.maximum(t[..., 0], 0.0) * np.sqrt((1 - r) / (1 + r))
    return np.minimum(2 * stdtr(n - 2, -t) * len(last), 1.0)

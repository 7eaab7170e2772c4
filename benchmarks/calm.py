"""How often the overview of a company in which nothing happens claims a change, and how soon one that happens is found.

Run: python -m benchmarks.calm [overviews [companies]]   (about fifteen minutes; prints three tables)

Beside it stands the rule before: two of the last three months outside the limits, or the last eight on one side of the
mean. Series are drawn: metrics like those of the demonstration, of every kind and at its numbers of cases, in each
region and channel, with its growth and season. Then companies are built from exports and asked.
"""

import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from app import answers, control, demo, spc
from app.build import build
from app.demo.draw import CHANNEL_SHARES, REGION_SHARES
from app.filters import Filters
from app.snapshot import current, opened

OVERVIEWS, AT_ONCE, SIZES, PAGE = 2000, 100, (20, 40, 60), 20
MONTHS, BEFORE, AFTER, STEPS = 30, 24, 12, 400
# Kind, cases a month, and level: of a share, a rate or a score, a month's count, which quantile of waits.
METRICS = (
    *(("share", 176, 0.85), ("quantile", 652, 0.5), ("quantile", 652, 0.9), ("share", 652, 0.88), ("score", 100, 0.27)),
    *(("share", 664, 0.72), ("share", 674, 0.06), ("share", 102, 0.79), ("rate", 1195, 0.02), ("share", 50, 0.7)),
    *(("share", 846, 0.25), ("count", 0, 40), ("share", 206, 0.7), ("share", 1181, 0.96), ("quantile", 674, 0.5)),
    *(("share", 68, 0.97), ("share", 529, 0.23), ("score", 204, 0.3), ("share", 660, 0.98), ("count", 0, 80)),
)
SHARES = np.outer(REGION_SHARES, CHANNEL_SHARES)[..., None] / sum(REGION_SHARES) / sum(CHANNEL_SHARES)
WHOLE, PLACES = [0], list(range(1, 30))  # rows of what is drawn: all, each channel, then each region and its channels
FILTERS = {"none": (WHOLE, PLACES), "one region": ([6], [7, 8, 9, 10, 11])}
COMPANIES = ((20_000, 1), (20_000, 2), (20_000, 3), (20_000, 4), (6_000, 5), (6_000, 6), (60_000, 7), (60_000, 8))


def main() -> None:
    chosen = [int(word) for word in sys.argv[1:]]
    overviews, companies = [*chosen, *(OVERVIEWS, len(COMPANIES))[len(chosen) :]]
    print(f"Claims of {overviews:,} overviews of companies in which nothing happens (± 95 %):\n", flush=True)
    print("| metrics | filter | rule before | overview | each page |\n|---:|---|---:|---:|---:|")
    for size, name, before, overview, page in calm(overviews):
        print(f"| {size} | {name} | {_percent(before)} | {_percent(overview)} | {_percent(page)} |", flush=True)
    print("\nMonths until half, and 90 %, of steps are found; months vary by 1 sigma, their usual range by 3 sigma.")
    print("Of 60 metrics; 24 months before the step, up to 12 after it.\n")
    print("| step | rule before, whole | place | control, whole | place |\n|---|---:|---:|---:|---:|")
    for size in (1.5, 2.0, 3.0, 4.5, 6.0, 9.0):
        cells = " | ".join(f"{half} and {most}".replace("99", "–") for half, most in found(size))
        print(f"| {size:g} sigma | {cells} |", flush=True)
    print("\nCompanies built from exports without a planted change, all metrics about cases:\n")
    print(
        "| tickets | seed | metrics | filters asked | of these with a claim | claims |\n|---:|---:|---:|---:|---:|---|"
    )
    for tickets, seed in COMPANIES[:companies]:
        metrics, asked, claims = built(tickets, seed)
        print(f"| {tickets:,} | {seed} | {metrics} | {asked} | {len(claims)} | {'; '.join(claims)} |", flush=True)


def calm(overviews: int):
    """Per number of metrics and filter: which overviews claim by the rule before, which by the control, which pages."""
    rng = np.random.default_rng(1)
    claims = {(name, rule): [] for name in FILTERS for rule in ("before", "chance whole", "chance place")}
    for _ in range(max(overviews // AT_ONCE, 1)):
        told = {key: [] for key in claims}
        for each in range(max(SIZES)):
            series, base = drawn(rng, *METRICS[each % len(METRICS)])
            kind = METRICS[each % len(METRICS)][0]
            steady = steadily(kind, series, base)
            by_chance = chances(kind, series, base)
            before, enough = rule_before(series), (base >= 10).all(-1)
            for name, (whole, places) in FILTERS.items():
                told[name, "before"].append(
                    (before["lasting"][:, whole] & enough[:, whole]).any(-1)
                    | (before["outside"][:, places] & steady[:, places] & enough[:, places]).any(-1)
                )
                told[name, "chance whole"].append(np.where(enough, by_chance, 1.0)[:, whole].min(-1))
                told[name, "chance place"].append(np.where(enough & steady, by_chance, 1.0)[:, places].min(-1))
        for key, rows in told.items():
            claims[key].append(np.array(rows))
    together = {key: np.concatenate(parts, axis=1) for key, parts in claims.items()}  # metric, overview
    for size in SIZES:
        for name, (_, places) in FILTERS.items():
            led = together[name, "chance whole"][:size] <= control.level(size)
            led |= together[name, "chance place"][:size] <= control.level(size * len(places))
            pages = [led[first : first + PAGE].any(0) for first in range(0, size, PAGE)]
            yield size, name, together[name, "before"][:size].any(0), led.any(0), np.concatenate(pages)


def drawn(rng: np.random.Generator, kind: str, cases: float, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Values and bases by overview, place and month. Cells are drawn and added up; quantiles have no sums: each is
    drawn from the order statistics of its own base, which makes places less alike than they are."""
    month = np.arange(MONTHS)
    busy = (1 + 0.15 * np.cos((month + 0.2) * np.pi / 6)) * (1 + 0.1 * month / 12)
    shape = (AT_ONCE, *SHARES.shape[:2], MONTHS)
    if kind == "count":
        counts = _summed(rng.poisson(level * SHARES * busy, shape))
        return counts.astype(float), counts
    if kind == "rate":
        base = np.broadcast_to(np.round(cases * SHARES), shape).astype(int)
        return _summed(rng.poisson(level * base)) / _summed(base), _summed(base)
    base = rng.poisson(cases * SHARES * busy, shape)
    if kind == "share":
        return _summed(rng.binomial(base, level)) / np.maximum(_summed(base), 1), _summed(base)
    if kind == "score":
        promoters = rng.binomial(base, 0.25 + level)
        return _summed(promoters - rng.binomial(base - promoters, 0.25 / (0.75 - level))) / np.maximum(
            _summed(base), 1
        ), _summed(base)
    base = np.maximum(_summed(base), 1)
    below = level * (base - 1) + 1
    return np.exp(ndtri(rng.beta(below, base + 1 - below))), base


def _summed(cells: np.ndarray) -> np.ndarray:
    """All, each channel, each region, each region by channel: 30 rows a month."""
    channels = np.concatenate([cells.sum(2, keepdims=True), cells], axis=2)
    return np.concatenate([channels.sum(1, keepdims=True), channels], axis=1).reshape(len(cells), 30, MONTHS)


def steadily(kind: str, series: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Whether none of the last three months has a low base."""
    last, cases = series[..., -3:], np.maximum(base[..., -3:], 1)
    wide = 2 * 1.96 * np.sqrt(np.maximum(last * (1 - last), 0) / cases) > 0.3 if kind == "share" else cases < 30
    return ((cases >= 30) & ~wide).all(-1)


def chances(kind: str, series: np.ndarray, base: np.ndarray) -> np.ndarray:
    """The probability by chance of a change of each series, 1 where its last month is no signal of that direction."""
    told = np.ones(series.shape[:-1])
    for label, way in (("improvement", 1), ("concern", -1)):
        by_chance = chance(kind, series, base, way)
        for place in zip(*np.nonzero(by_chance < control.level(min(SIZES))), strict=True):
            if spc.judge(series[place].tolist(), "higher").variation == label:
                told[place] = min(by_chance[place], told[place])
    return told


def chance(kind: str, series: np.ndarray, base: np.ndarray, way: int) -> np.ndarray:
    """That of a rise (1) or a fall (-1) of each series, whatever its last month."""
    values, floor = control.scaled(kind, series, np.maximum(base, 1).astype(float))
    year_before = np.full(values.shape, np.nan)
    year_before[..., 12:] = values[..., :-12]
    return control.changed(way * values, way * year_before, floor)


def rule_before(series: np.ndarray) -> dict[str, np.ndarray]:
    """What was claimed of a whole (lasting) and of a place (outside) before chance was controlled."""
    mean = series.mean(-1, keepdims=True)
    steps = np.abs(np.diff(series))
    kept = steps < spc.SCREEN * steps.mean(-1, keepdims=True)
    half = spc.LIMIT * (steps * kept).sum(-1, keepdims=True) / np.maximum(kept.sum(-1, keepdims=True), 1)
    sides = (series > mean)[..., -8:].sum(-1)
    outside = np.zeros(series.shape[:-1], bool)
    for label, far in (("improvement", series > mean + half), ("concern", series < mean - half)):
        for place in zip(*np.nonzero(far[..., -3:].sum(-1) >= 2), strict=True):
            outside[place] |= spc.judge(series[place].tolist(), "higher").variation == label
    return {"outside": outside, "lasting": outside | (sides == 8) | (sides == 0)}


def found(size: float) -> list[tuple[int, int]]:
    """Months until half and until 90 % of steps of so many sigma are claimed, 99 if not within a year: by the rule
    before (of a whole, of a place), by the control (of a whole, of a place).
    """
    every = np.random.default_rng(2).standard_normal((STEPS, BEFORE + AFTER))
    every[:, BEFORE:] += size
    levels = control.level(max(SIZES)), control.level(max(SIZES) * len(PLACES))
    shares = []
    for months in range(BEFORE + 1, BEFORE + AFTER + 1):
        series = every[:, :months]
        before, by_chance = rule_before(series), chances("score", series, np.full(series.shape, 100))
        told = (before["lasting"], before["outside"], *(by_chance <= level for level in levels))
        shares.append([claims.mean() for claims in told])
    reached = [[np.flatnonzero(column >= share) for share in (0.5, 0.9)] for column in np.array(shares).T]
    return [tuple(int(months[0]) + 1 if len(months) else 99 for months in both) for both in reached]


def built(tickets: int, seed: int) -> tuple[int, int, list[str]]:
    """Metrics, choices of filters asked, and the claims, of a company built without exports about people."""
    folder = Path(tempfile.mkdtemp(prefix="calm-"))
    try:
        demo.write(folder / "exports", tickets=tickets, employees=200, seed=seed, planted=False)
        shutil.rmtree(folder / "exports" / "hr")
        for name in ("crm/ideas.csv", "crm/idea_stages.csv", "survey/employee_survey.csv"):
            (folder / "exports" / name).unlink()
        build(folder / "exports", folder / "snapshot.duckdb", today=date(2026, 11, 22))
        snapshot = opened(current(folder / "snapshot.duckdb"))
        ends = [date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)]
        asked = [Filters(regions, end=end) for regions in ((), ("EMEA",)) for end in ends]
        claims = []
        for filters in asked:
            rows = answers.answer(snapshot, "overview", None, filters).rows
            led = rows[rows["label"].isin(answers.SIGNALS)]
            if len(led):
                claims.append(f"{filters.words()}: {', '.join(led['metric'] + ' ' + led['change'])}")
        snapshot.close()
        return len(rows), len(asked), claims
    finally:
        shutil.rmtree(folder)


def _percent(claims: np.ndarray) -> str:
    low, high = spc.wilson(int(claims.sum()), len(claims))
    return f"{100 * claims.mean():.1f} % ± {50 * (high - low):.1f}"


if __name__ == "__main__":
    main()

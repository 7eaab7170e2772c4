"""What somebody would do instead: the Trust page's numbers of tickets from pandas, beside build and answers.

python -m benchmarks.alternatives [--rows 1000000] [--turns 2]. Both read the same CSV and tell eight metrics by month,
of all and of each region, channel and both; the numbers have to agree. Side by side in turns, each in a process of its
own, whose peak of memory is told. Polars is not compared: the product does not need it, so it is not installed.
"""

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import pandas as pd

from app.answers import answer
from app.build import build
from app.filters import Filters
from app.metrics import metrics
from app.series import choices
from app.snapshot import current, opened
from benchmarks.sized import TODAY, export_of, peak

SHARES = ("sla_attainment", "reopened", "first_contact_resolution", "complaints_on_time")
WAITS = ("first_reply_hours", "resolution_hours")
FIGURES = ("trend", "by_region", "by_channel")
LEAST = 10  # cases: fewer are not told
NEAR = 0.0101  # a wait is told within a hundredth
DAY = pd.Timedelta(days=1)
TIMES = ["Opened", "First human reply", "Resolved"]
WAYS = ("pandas", "pandas with pyarrow", "product")
Told = dict[tuple, tuple[float, int]]  # value and base by metric, month, region and channel; empty for all of them


def by_pandas(path: Path, engine: str) -> Told:
    """Load and aggregate, as a notebook does; rows without a date of opening are left out."""
    rows = pd.read_csv(path, engine=engine)
    for column in TIMES:
        rows[column] = pd.to_datetime(rows[column], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    rows = rows[rows["Opened"].notna()]
    opened, replied, solved = (rows[column] for column in TIMES)
    last, start = opened.max().normalize() + DAY, opened.dt.to_period("M")
    end = solved.dt.to_period("M")
    following = rows.sort_values(["Opened", "Ticket ID"]).groupby(["Requester ID", "Subject area"])["Opened"].shift(-1)
    following = following.reindex(rows.index)
    once = (rows["Times reopened"] == 0) & (following.isna() | (following > solved + 7 * DAY))
    in_time = (replied <= opened + 2 * DAY) & (solved <= opened + 28 * DAY)
    due = (rows["Type"] == "complaint") & (solved.notna() | (opened + 28 * DAY < last))
    whole = rows["Requester ID"].notna() & rows["Subject area"].notna() & rows["Times reopened"].notna()
    cases = {
        "sla_attainment": (start, rows["SLA status"] == "Met", rows["SLA status"].isin(["Met", "Missed"])),
        "reopened": (end, rows["Times reopened"] > 0, solved.notna() & rows["Times reopened"].notna()),
        "first_contact_resolution": (end, once, whole & (solved + 7 * DAY < last)),
        "complaints_on_time": (start, in_time, due),
        "first_reply_hours": (start, (replied - opened).dt.total_seconds() / 3600, replied.notna()),
        "resolution_hours": (end, (solved - opened).dt.total_seconds() / 3600, solved.notna()),
    }
    told: Told = {}
    for metric, (month, values, counted) in cases.items():
        table = pd.DataFrame(
            {"month": month, "region": rows["Region"], "channel": rows["Contact channel"], "value": values}
        )[counted]
        for places in ([], ["region"], ["channel"], ["region", "channel"]):
            groups = table.groupby(["month", *places])["value"]
            names = {metric: groups.mean()} if metric in SHARES else _waits(metric, groups)
            for name, made in names.items():
                for key, value, base in zip(made.index, made, groups.size(), strict=True):
                    key = dict(zip(["month", *places], key if places else [key], strict=True))
                    place = str(key["month"]), key.get("region", ""), key.get("channel", "")
                    told[(name, *place)] = float(value), int(base)
    return told


def _waits(metric: str, groups) -> dict[str, pd.Series]:
    return {metric: groups.quantile(0.5), f"{metric}_p90": groups.quantile(0.9)}


def by_product(path: Path, folder: Path) -> tuple[float, float, Told]:
    """Seconds of the build and of the page's answers about these metrics; then what it tells of every place."""
    started = time.perf_counter()
    build(path.parent, folder / "snapshot.duckdb", today=TODAY)
    built = time.perf_counter()
    snapshot = opened(current(folder / "snapshot.duckdb"))
    names = [name for name, metric in metrics().items() if metric.query in SHARES + WAITS]
    for figure, name in product(FIGURES, names):
        answer(snapshot, figure, name, Filters())
    answered = time.perf_counter()
    known, told = choices(snapshot), {}
    for region, channel in product(("", *known["region"]), ("", *known["channel"])):
        filters = Filters((region,) if region else (), (channel,) if channel else ())
        for name in names:
            rows = answer(snapshot, "trend", name, filters).rows
            shown = rows[rows["value"].notna()] if len(rows) else rows
            for row in shown.itertuples():
                told[name, f"{row.month:%Y-%m}", region, channel] = float(row.value), int(row.base)
    return built - started, answered - built, told


def agree(mine: Told, theirs: Told) -> None:
    """Raises AssertionError where a number is missing or differs: a share at all, a wait by more than a hundredth."""
    enough = {key for key, (_, base) in theirs.items() if base >= LEAST}
    assert enough == set(mine), sorted(enough ^ set(mine))[:5]
    for key in enough:
        (value, base), (expected, cases) = mine[key], theirs[key]
        near = NEAR * expected if key[0].removesuffix("_p90") in WAITS else 1e-9
        assert base == cases and abs(value - expected) <= near, (key, mine[key], theirs[key])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        sys.stdout.buffer.write(pickle.dumps(_measured(options.way, options.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = export_of(options.rows, Path(folder) / "exports" / "tickets.csv")
        print(f"{options.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}", flush=True)
        turns = [[_asked(way, path) for way in WAYS] for _ in range(options.turns)]
    for way, *measured in zip(WAYS, *turns, strict=True):
        listed = ", ".join(f"{sum(seconds):.1f}" for seconds, _, _ in measured)
        seconds, memory, _ = min(measured, key=lambda one: sum(one[0]))
        parts = f" = build {seconds[0]:.1f} + answers {seconds[1]:.2f}" if len(seconds) > 1 else ""
        print(f"{way:20} {sum(seconds):6.1f} s{parts} (turns {listed}), peak {memory:,} MB")
    for _, _, theirs in turns[-1][:-1]:
        agree(turns[-1][-1][2], theirs)
    print(f"All {len(turns[-1][-1][2]):,} numbers agree: shares exactly, waits within a hundredth")


def _measured(way: str, path: Path) -> tuple[list[float], int, Told]:
    if way == "product":
        with tempfile.TemporaryDirectory() as folder:
            built, answered, told = by_product(path, Path(folder))
        return [built, answered], peak(), told
    started = time.perf_counter()
    told = by_pandas(path, "c" if way == "pandas" else "pyarrow")
    return [time.perf_counter() - started], peak(), told


def _asked(way: str, path: Path) -> tuple[list[float], int, Told]:
    """What a process of its own measures."""
    command = [sys.executable, "-m", "benchmarks.alternatives", "--way", way, "--file", str(path)]
    answered = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return pickle.loads(answered.stdout)


if __name__ == "__main__":
    main()

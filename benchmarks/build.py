"""What a whole build costs, stage by stage: the demonstration with a million tickets, beside a bare read of its files.

python -m benchmarks.build [--sizes 1000000] [--turns 3] [--folder FOLDER]. Side by side in turns, each in a process of
its own, whose peak of memory is told. The bare read takes the same files into tables of text in memory, no more.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import duckdb

from app import build
from benchmarks.sized import EXPORTS, TODAY, export_of, peak

STAGES = ("reading and checking", "metrics", "people", "publishing")
AIM, MOST_MEMORY = 3.0, 4096  # times the bare read; MB


def bare(exports: Path) -> dict[str, float]:
    """Seconds of the engine's own reading."""
    with duckdb.connect() as connection:
        started = time.perf_counter()
        for number, path in enumerate(sorted(exports.rglob("*.csv"))):
            sql = f"create table export{number} as select * from read_csv($path, all_varchar = true)"
            connection.execute(sql, {"path": str(path)})
        return {"reading": time.perf_counter() - started}


def whole(exports: Path) -> dict[str, float]:
    """Seconds of each stage of the build. Metrics begin when all is read, publishing when people are protected."""
    stamps = [time.perf_counter()]

    def stamped(function: Callable, before: bool) -> Callable:
        def called(*told: object) -> object:
            stamps.extend([time.perf_counter()] * before)
            try:
                return function(*told)
            finally:
                stamps.append(time.perf_counter())

        return called

    build._load, build._protect = stamped(build._load, False), stamped(build._protect, True)
    with tempfile.TemporaryDirectory(dir=exports.parent) as folder:
        build.build(exports, Path(folder) / "snapshot.duckdb", today=TODAY)
        stamps.append(time.perf_counter())
    return {stage: end - start for stage, (start, end) in zip(STAGES, pairwise(stamps), strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where exports and snapshots are put for the time")
    parser.add_argument("--way", choices=("bare", "whole"), help=argparse.SUPPRESS)
    parser.add_argument("--exports", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        seconds = {"bare": bare, "whole": whole}[options.way](options.exports)
        print(json.dumps([seconds, peak()]))
        return
    peaks = {}
    for size in options.sizes:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            exports = Path(shutil.copytree(EXPORTS, Path(folder) / "exports"))
            tickets = export_of(size, exports / "crm" / "tickets.csv")
            print(f"{size:,} tickets, {tickets.stat().st_size / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}", flush=True)
            peaks[size] = compare(size, exports, options.turns)
    if len(peaks) > 1:
        (less, small), (more, large) = min(peaks.items()), max(peaks.items())
        print(f"Memory grows by {(large - small) * 1e6 / (more - less):.0f} MB a million tickets")


def compare(size: int, exports: Path, turns: int) -> int:
    """Print what both ways took; return the peak of the memory of a build, in MB."""
    told: dict[str, list[tuple[dict[str, float], int]]] = {"bare": [], "whole": []}
    for _ in range(turns):
        for way, measured in told.items():
            command = [sys.executable, "-m", "benchmarks.build", "--way", way, "--exports", str(exports)]
            answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
            measured.append(tuple(json.loads(answer.stdout)))
    took = {way: [sum(seconds.values()) for seconds, _ in measured] for way, measured in told.items()}
    for way, seconds in took.items():
        memory, turned = max(memory for _, memory in told[way]), ", ".join(f"{turn:.1f}" for turn in seconds)
        rate = size / min(seconds) / 1000
        print(
            f"{way:6} {min(seconds):6.1f} s (turns {turned}), {rate:,.0f} thousand tickets a second, peak {memory:,} MB"
        )
    best = {stage: min(seconds[stage] for seconds, _ in told["whole"]) for stage in STAGES}
    print("       " + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in best.items()))
    ratios = [after / before for before, after in zip(took["bare"], took["whole"], strict=True)]
    read = [seconds["reading and checking"] for seconds, _ in told["whole"]]
    listed = ", ".join(f"{ratio:.1f}" for ratio in ratios)
    print(f"whole / bare: {min(took['whole']) / min(took['bare']):.1f} (turns {listed}; aim {AIM:.0f})")
    print(f"reading and checking / bare: {min(read) / min(took['bare']):.1f}", flush=True)
    most = max(memory for _, memory in told["whole"])
    assert most <= MOST_MEMORY, f"a build took {most:,} MB"
    return most


if __name__ == "__main__":
    main()

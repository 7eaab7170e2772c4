"""What recognition and checks cost: a large export into records, beside a bare read of the same file.

python -m benchmarks.exports [--rows 1000000]. Side by side in turns, the best of each; memory is the peak of a process
of its own.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from app import loading, records
from app.exports import recognise
from app.sources import sources

HEADER = (
    "Ticket ID,Opened,First human reply,Resolved,SLA status,Times reopened,Type,Subject area,Requester ID,Customer ID"
)
HEADER += ",Region,Contact channel,Notes\n"
TURNS = 3


def write(path: Path, rows: int) -> None:
    """An export as the demonstration's CRM writes it, with a broken row in a thousand."""
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for number in range(rows):
            day = f"2026-{number % 9 + 1:02}-{number % 27 + 1:02}"
            opened = f"{day} {number % 10 + 8:02}:{number % 60:02}:00" if number % 1000 else "soon"
            out.write(
                f"T{number},{opened},{day} 19:00:00,{day} 20:30:00,{'met' if number % 7 else 'missed'},{number % 3},"
                f'question,billing,R{number % 5000},C{number % 900},EMEA,Phone,"said ""no"", twice"\n'
            )


def bare(path: Path) -> int:
    with duckdb.connect() as connection:
        connection.execute(
            "create table export as select * from read_csv($path, all_varchar = true)", {"path": str(path)}
        )
        return connection.execute("select count(*) from export").fetchone()[0]


def checked(path: Path) -> int:
    with tempfile.TemporaryDirectory() as private, loading.warehouse(Path(private)) as warehouse:
        records.prepare(warehouse)
        read = records.load(warehouse, recognise(path, path.name, sources()), 0, date(2026, 11, 22))
        return read.read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory", choices=("bare", "checked"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    ways = {"bare": bare, "checked": checked}
    if options.memory:
        ways[options.memory](options.file)
        (peak,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))
        print(int(peak) // 1024)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.csv"
        write(path, options.rows)
        print(f"{options.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        took: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(TURNS):
            for name, way in ways.items():
                started = time.perf_counter()
                assert way(path) == options.rows
                took[name].append(time.perf_counter() - started)
        for name, seconds in took.items():
            command = [sys.executable, "-m", "benchmarks.exports", "--memory", name, "--file", str(path)]
            peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            turns = ", ".join(f"{turn:.2f}" for turn in seconds)
            print(f"{name:8} {min(seconds):6.2f} s (turns {turns}), peak {peak} MB")
        ratios = [after / before for before, after in zip(took["bare"], took["checked"], strict=True)]
        listed = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        print(f"checked / bare: {min(took['checked']) / min(took['bare']):.1f} (turns {listed})")


if __name__ == "__main__":
    main()

"""What protection costs: the share of counts about people that carry a number, by the size of the company.

Run: python -m benchmarks.people   (about a minute; prints a table)
"""

import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from app import confidential, demo
from app.build import build
from app.snapshot import current

SIZES = (60, 120, 150, 300, 600, 1200, 3000)
SEEDS = (1, 2, 3)
TOLD = """
select
    count(*) filter (where status = 'shown') / count(*),
    count(*) filter (where status = 'shown' and scope = 'everyone' and level = 'all levels')
        / count(*) filter (where scope = 'everyone' and level = 'all levels'),
    count(*) filter (where status = 'shown' and level <> 'all levels') / count(*) filter (where level <> 'all levels'),
    count(*) filter (where status = 'shown' and scope = 'region') / count(*) filter (where scope = 'region'),
    count(*) filter (where status = 'shown' and scope = 'channel') / count(*) filter (where scope = 'channel')
from people_counts
where attribute <> 'all' and month = (select min(month) from people_counts)
"""
RATES = """
select
    count(*) filter (where status = 'shown') / count(*),
    count(*) filter (where status = 'shown' and scope = 'everyone') / count(*) filter (where scope = 'everyone')
from people_months
"""


def main() -> None:
    print(f"Rules {confidential.rules().version}; demonstration companies, mean of {len(SEEDS)}; counts of the first")
    print("quarter, in which every scope is told; metrics of all months. Share that carries a number:\n")
    print(
        "| employees | all counts | everyone | by level | one region | one channel | metrics | of everyone | seconds |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for employees in SIZES:
        told = [measured(employees, seed) for seed in SEEDS]
        means = [sum(values) / len(values) for values in zip(*told, strict=True)]
        cells = " | ".join(f"{share:.0%}".replace("%", " %") for share in means[:-1])
        print(f"| {employees:,} | {cells} | {means[-1]:.1f} |", flush=True)


def measured(employees: int, seed: int) -> list[float]:
    """Shares told, in the order of the table, and the seconds of the build of HR exports alone."""
    folder = Path(tempfile.mkdtemp(prefix="people-"))
    try:
        demo.write(folder / "exports", employees=employees, tickets=100, months=12, seed=seed)
        for path in (folder / "exports").rglob("*.csv"):
            if path.name not in ("workforce.csv", "training.csv", "ideas.csv", "idea_stages.csv", "recognitions.csv"):
                path.unlink()
        started = time.perf_counter()
        build(folder / "exports", folder / "snapshot.duckdb")
        seconds = time.perf_counter() - started
        with duckdb.connect(current(folder / "snapshot.duckdb"), read_only=True) as snapshot:
            return [*snapshot.execute(TOLD).fetchone(), *snapshot.execute(RATES).fetchone(), seconds]
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

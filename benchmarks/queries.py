"""What all answers of each page cost at a hundred thousand tickets, beside the same at more of them.

Run: python -m benchmarks.queries [--sizes 100000 1000000] [--folder FOLDER] [--turns 3]. Asked is what the pages ask
when they are opened. Every turn asks each page of each size anew, with nothing kept from before. Snapshots that lie in
the folder are not built again: 10 million tickets take minutes, 100 million up to half an hour. The processor's time
stands beside, for it depends less on what else the machine does.
"""

import argparse
import inspect
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app import answers
from app.filters import Filters
from app.snapshot import NoSnapshot, Snapshot, current, opened
from benchmarks.sized import snapshot_of

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "pages").glob("*.py"))
AIM = 1.2
Asked = tuple[str, tuple]  # a function of app/answers.py, and what stands between the snapshot and the filters
Cost = tuple[float, float, float, int]  # seconds, of these in queries, of the processor; number of queries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # a page outside a server warns of that
    with tempfile.TemporaryDirectory() as ours:
        compare(sorted(options.sizes), options.folder or Path(ours), options.turns)


def compare(sizes: list[int], folder: Path, turns: int) -> None:
    """Build what is not there, ask in turns, print a table and the ratio of the largest size to the smallest."""
    snapshots = {size: _snapshot(size, folder) for size in sizes}
    pages = {page.stem: asked_by(page, snapshots[sizes[0]].path) for page in PAGES}
    told: dict[tuple[str, int], list[Cost]] = {(page, size): [] for page in pages for size in sizes}
    for turn in range(turns + 1):
        for page, asked in pages.items():
            for size in sizes if turn % 2 else sizes[::-1]:
                cost = ask(snapshots[size], asked)
                if turn:  # the first one only warms up
                    told[page, size].append(cost)
    counts = {page: {cost[3] for size in sizes for cost in told[page, size]} for page in pages}
    assert all(len(count) == 1 and min(count) > 0 for count in counts.values()), f"something was kept: {counts}"
    show(sizes, pages, told, folder)


def _snapshot(size: int, folder: Path) -> Snapshot:
    """That in the folder, where this version of the product wrote it; else a new one."""
    try:
        return opened(current(folder / f"tickets-{size}.duckdb"))
    except NoSnapshot:
        print(f"Building {size:,} tickets", flush=True)
        return opened(current(snapshot_of(size, folder)))


def show(sizes: list[int], pages: dict[str, list[Asked]], told: dict, folder: Path) -> None:
    """Milliseconds, the best of all turns; the ratio is that of the best, and in brackets the median of the turns'."""
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"Load {load}. Milliseconds of all answers of a page (of these in queries):\n")
    heads = [f"{size:,}" for size in sizes]
    print(f"| page | answers | queries | {' | '.join(heads)} | ratio | of queries | of the processor |")
    print(f"|---|{'---:|' * (len(heads) + 5)}")
    for page in [*pages, "all"]:
        costs = {size: told[page, size] if page != "all" else _together(told, pages, size) for size in sizes}
        cells = [
            " | ".join(f"{1000 * _best(costs[size], 0):.0f} ({1000 * _best(costs[size], 1):.0f})" for size in sizes)
        ]
        cells += [_ratio(costs[sizes[0]], costs[sizes[-1]], place) for place in (0, 1, 2)]
        asked = sum(len(asked) for name, asked in pages.items() if page in (name, "all"))
        print(f"| {page} | {asked} | {costs[sizes[0]][0][3]} | {' | '.join(cells)} |")
    for size in sizes:
        print(f"\n{size:,} tickets: {(folder / f'tickets-{size}.duckdb').stat().st_size / 1e6:.1f} MB", end="")
    worst = max(_best(told[page, sizes[-1]], 0) / _best(told[page, sizes[0]], 0) for page in pages)
    print(f"\nAim: a ratio of at most {AIM}. {'Kept' if worst <= AIM else 'Missed'}: the worst page has {worst:.2f}")


def asked_by(page: Path, snapshot: Path) -> list[Asked]:
    """What a page asks of app/answers.py when it is opened, in its order, each once."""
    asked: dict[Asked, None] = {}
    within: list[str] = []

    def noting(name: str, function: Callable) -> Callable:
        def noted(snapshot: Snapshot, *rest: object, **named: object) -> object:
            if not within:  # what an answer asks itself belongs to it
                asked[name, tuple(word for word in rest if not isinstance(word, Filters))] = None
            within.append(name)
            try:
                return function(snapshot, *rest, **named)
            finally:
                within.pop()

        return noted

    kept = {name: function for name, function in vars(answers).items() if _is_asked(name, function)}
    os.environ |= {"DASHBOARD_SNAPSHOT": str(snapshot), "DASHBOARD_EXPORTS": str(snapshot.parent)}
    try:
        for name, function in kept.items():
            setattr(answers, name, noting(name, function))
        tab = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120).switch_page(str(page)).run()
        assert not tab.exception, tab.exception
    finally:
        for name, function in kept.items():
            setattr(answers, name, function)
    return list(asked)


def _is_asked(name: str, function: object) -> bool:
    """Whether pages may call it: a public function of app/answers.py itself that takes a snapshot and filters."""
    if name.startswith("_") or not callable(function) or getattr(function, "__module__", "") != answers.__name__:
        return False
    return {"snapshot", "filters"} <= set(inspect.signature(function).parameters)


def ask(snapshot: Snapshot, asked: list[Asked]) -> Cost:
    """Ask all of it with nothing kept from before, as the first reader does who opens the page."""
    spent, plain = [], Snapshot.ask

    def timed(self: Snapshot, query: str, **parameters: object) -> object:
        started = time.perf_counter()
        try:
            return plain(self, query, **parameters)
        finally:
            spent.append(time.perf_counter() - started)

    forget()
    Snapshot.ask = timed
    try:
        started, processor = time.perf_counter(), time.process_time()
        for name, words in asked:
            getattr(answers, name)(snapshot, *words, Filters())
        return time.perf_counter() - started, sum(spent), time.process_time() - processor, len(spent)
    finally:
        Snapshot.ask = plain


def forget() -> None:
    """Empty whatever the product keeps of a snapshot, wherever it keeps it."""
    for name, module in list(sys.modules.items()):
        for function in vars(module).values() if name == "app" or name.startswith("app.") else ():
            if hasattr(function, "cache_clear") and "snapshot" in inspect.signature(function).parameters:
                function.cache_clear()


def _best(costs: list[Cost], place: int) -> float:
    return min(cost[place] for cost in costs)


def _ratio(smallest: list[Cost], largest: list[Cost], place: int) -> str:
    turns = [more[place] / less[place] for less, more in zip(smallest, largest, strict=True)]
    return f"{_best(largest, place) / _best(smallest, place):.2f} ({statistics.median(turns):.2f})"


def _together(told: dict, pages: dict, size: int) -> list[Cost]:
    """The pages one after the other."""
    return [
        tuple(map(sum, zip(*turn, strict=True))) for turn in zip(*(told[page, size] for page in pages), strict=True)
    ]


if __name__ == "__main__":
    main()

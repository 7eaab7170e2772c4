"""What several tests need: a folder of exports to write into, and the world of tests/exports as a snapshot."""

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from app.build import _compute, _load, build
from app.confidential import Rules, rules
from app.snapshot import Snapshot, current, opened

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
WORLD = ROOT / "tests" / "exports"
os.environ["DASHBOARD_WARMING"] = "off"  # where it is not what is tested, it would take the processor from what is
TODAY = date(2026, 11, 22)

TICKETS_MAP = """
system = "Desk"
record = "tickets"
[columns]
ticket = "Number"
opened_at = "Opened"
first_reply_at = "Replied"
resolved_at = "Solved"
sla = "SLA"
reopened = "Reopened"
category = "Subject"
requester = "From"
region = "Region"
channel = "Channel"
"""
TICKETS_HEADER = "Number,Opened,Replied,Solved,SLA,Reopened,Subject,From,Region,Channel\n"


@pytest.fixture
def shared() -> Path:
    """The folder of reference outcomes and published files; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder shared/ beside the checkout")
    return SHARED


@pytest.fixture
def drop(tmp_path: Path) -> Callable[..., Path]:
    """Write files into a folder of exports: drop(name=text or bytes). Returns the folder."""
    folder = tmp_path / "exports"

    def write(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write


@pytest.fixture
def tickets(drop: Callable[..., Path]) -> Callable[..., Path]:
    """Drop rows of a ticket export that has a mapping file. Columns: see TICKETS_HEADER."""

    def write(*rows: str, name: str = "desk.csv", header: str = TICKETS_HEADER) -> Path:
        return drop({name: header + "".join(f"{row}\n" for row in rows), f"{name}.map.toml": TICKETS_MAP})

    return write


@contextmanager
def built(exports: dict[str, list[tuple]], headings: dict[str, str], by: Rules | None = None) -> Iterator[Snapshot]:
    """Rows of exports as an open snapshot, by the product's own reading and computing, without publishing it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "exports").mkdir()
        for name, rows in exports.items():
            with (home / "exports" / f"{Path(name).stem}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([headings[name].split(","), *rows])
        with duckdb.connect(home / "warehouse.duckdb") as warehouse:
            files = _load(warehouse, home / "exports", TODAY, lambda line: None)
            _compute(warehouse, home / "snapshot.duckdb", None, files, by or rules(), lambda line: None)
        snapshot = opened(home / "snapshot.duckdb")
        try:
            yield snapshot
        finally:
            snapshot.close()


def month(when: date) -> date:
    return date(when.year, when.month, 1)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """tests/exports as an open snapshot: small enough to count on fingers."""
    published = tmp_path_factory.mktemp("world") / "snapshot.duckdb"
    build(WORLD, published, today=TODAY)
    return opened(current(published))


@pytest.fixture(scope="session")
def demo_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed demonstration exports, published in a folder of the test run: the path of the link."""
    published = tmp_path_factory.mktemp("demo") / "snapshot.duckdb"
    build(ROOT / "data" / "exports", published, today=TODAY)
    return published


@pytest.fixture(scope="session")
def demo(demo_snapshot: Path) -> Snapshot:
    """The same, open."""
    return opened(current(demo_snapshot))

"""Snapshot: open what was published and ask it. The only module of the dashboard that knows DuckDB."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

import duckdb
import pandas as pd

ROOT = Path(__file__).parent.parent
PUBLISHED = ROOT / "data" / "snapshot.duckdb"
QUERIES = ROOT / "queries"
FORMAT = 7  # raise it when the tables below change: an older snapshot is then refused in a sentence

TABLES = """
create table snapshot.snapshot (format int, built_at timestamp, as_of date);
create table snapshot.metrics (metric varchar, sql varchar, as_of date, rows bigint);
create table snapshot.metric_months (
    metric varchar, month date, region varchar, channel varchar, numerator decimal(28, 4), denominator bigint,
    squares double
);
create table snapshot.metric_buckets (
    metric varchar, month date, region varchar, channel varchar, bucket int, tally bigint
);
create table snapshot.people_months (
    metric varchar, month date, scope varchar, place varchar, numerator double, denominator bigint, margin double,
    nearest int, status varchar, rule_version varchar
);
create table snapshot.people_counts (
    population varchar, month date, scope varchar, place varchar, level varchar, attribute varchar, category varchar,
    people bigint, base bigint, share double, nearest int, status varchar, rule_version varchar
);
create table snapshot.files (
    path varchar, system varchar, record varchar, read bigint, kept bigint, rejected bigint, repeated bigint,
    blank bigint, notes bigint, left_out bigint, nearest int, refresh_days int, first_on date,
    last_on date, fingerprint varchar
);
create table snapshot.rejects (path varchar, col varchar, reason varchar, rows bigint, nearest int);
create table snapshot.drift (path varchar, note varchar);
create table snapshot.unknown (path varchar, col varchar, words bigint, rows bigint, nearest int);
create table snapshot.off_scale (
    path varchar, item varchar, lowest bigint, highest bigint, answers bigint, nearest int
);
"""

READ_ONLY = {
    "enable_external_access": "false",
    "allow_community_extensions": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "lock_configuration": "true",
    "memory_limit": "1GB",
    "threads": "1",
}


class NoSnapshot(Exception):
    """There is nothing to open: never built, unreadable, or written by another version of the product."""


@dataclass(frozen=True)
class Snapshot:
    """One published snapshot, open for reading. Every question gets a cursor of its own, so threads may share it."""

    path: Path
    built_at: datetime
    as_of: date
    connection: duckdb.DuckDBPyConnection = field(repr=False, compare=False)

    @property
    def version(self) -> str:
        return self.path.stem

    def ask(self, query: str, **parameters: object) -> pd.DataFrame:
        """Rows of `queries/<query>.sql`, the caller's own; parameters that it does not name are left out."""
        sql, named = _query(query)
        told = ((name, parameters[name]) for name in named)
        plain = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in told)
        return _rows(self, sql, plain).copy(deep=False)  # pandas copies what is written to

    def close(self) -> None:
        self.connection.close()


def versions(published: Path) -> list[Path]:
    """Snapshots that lie beside the link, the newest first."""
    pattern = re.compile(re.escape(published.stem) + r"-\d{8}-\d{6}-[0-9a-f]{8}" + re.escape(published.suffix))
    return sorted((path for path in published.parent.glob("*") if pattern.fullmatch(path.name)), reverse=True)


def current(published: Path = PUBLISHED) -> Path:
    """The file that the link points to now; asking costs microseconds, so every run of a page may.

    Raises NoSnapshot when nothing was published.
    """
    if not published.exists():
        raise NoSnapshot(f"There is no snapshot at {published.name} yet. Build one with: python -m app build")
    return published.resolve()


def opened(path: Path) -> Snapshot:
    """Open one snapshot file, sealed: no other file, no setting, no extension can be reached through it.

    Raises NoSnapshot, in a sentence, when the file is not a whole snapshot of this version of the product.
    """
    try:
        connection = duckdb.connect(path, read_only=True, config=READ_ONLY)
    except duckdb.Error:
        raise NoSnapshot(
            f"The snapshot {path.name} cannot be read. Build a new one with: python -m app build"
        ) from None
    try:
        whole = "select 3 * 4096 + block_size * total_blocks from pragma_database_size()"  # three headers, then blocks
        if path.stat().st_size < connection.cursor().execute(whole).fetchone()[0]:
            connection.close()
            raise NoSnapshot(
                f"The snapshot {path.name} is cut short. Copy it again, or build a new one with: python -m app build"
            )
        told = connection.cursor().execute("select format, built_at, as_of from snapshot").fetchall()
    except duckdb.Error:
        told = []
    if len(told) != 1 or told[0][0] != FORMAT:
        connection.close()
        raise NoSnapshot(
            f"The snapshot {path.name} was built by another version of the dashboard. "
            "Build a new one with: python -m app build"
        )
    return Snapshot(path, told[0][1], told[0][2], connection)


@lru_cache(maxsize=512)
def _rows(snapshot: Snapshot, sql: str, parameters: tuple[tuple[str, object], ...]) -> pd.DataFrame:
    """What a snapshot answers: it never changes, and a page asks some questions many times."""
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters}
    with snapshot.connection.cursor() as cursor:
        return cursor.execute(sql, told).fetchdf()


@cache
def _query(name: str) -> tuple[str, frozenset[str]]:
    sql = (QUERIES / f"{name}.sql").read_text("utf-8")
    return sql, frozenset(duckdb.connect().extract_statements(sql)[0].named_parameters)

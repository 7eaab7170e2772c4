"""Loading: every export of a folder into the warehouse, each row accounted for, and reasons not to trust a file."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb

from app import drafts, records, scales
from app.exports import BadExport, Export, Unknown, find, recognise
from app.sources import sources

MEMORY = 3_000_000_000  # bytes that the engine may hold; what needs more is put aside on the disk


@dataclass(frozen=True)
class File:
    """What became of one export."""

    path: str
    system: str
    record: str
    read: int
    kept: int
    rejected: int
    repeated: int
    blank: int
    notes: int  # below the table; among the blank ones, as are
    left_out: int  # those that the source leaves out
    seconds: float


def warehouse(folder: Path) -> duckdb.DuckDBPyConnection:
    """An empty warehouse, gone when it is closed; what the memory does not hold is put aside in the folder meanwhile.

    However many rows there are, a build fits into 4 GB; a machine that has less gives what the engine thinks fit.
    """
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("use warehouse")
    connection.execute("set temp_directory = $folder", {"folder": str(folder)})
    bound_memory(connection)
    return connection


def bound_memory(connection: duckdb.DuckDBPyConnection) -> None:
    given, unit = connection.execute("select current_setting('memory_limit')").fetchone()[0].split()
    if float(given) * 1024 ** ["bytes", "KiB", "MiB", "GiB", "TiB"].index(unit) > MEMORY:
        connection.execute(f"set memory_limit = '{MEMORY}B'")


def load(
    warehouse: duckdb.DuckDBPyConnection, exports: Path, today: date, say: Callable[[str], None], drafting: bool = True
) -> tuple[list[tuple[File, Export]], list[str]]:
    """Read all files below `exports`; return those that were read, and the problems of all of them.

    The number of a file in the warehouse is its place in the list. For a file that no source knows a mapping file is
    drafted beside it.
    """
    problems: list[str] = []
    recognised: list[Export] = []
    for path in find(exports):
        try:
            export = recognise(path, str(path.relative_to(exports)), sources())
            recognised += [export, *export.also]
        except BadExport as error:
            problems.append(_told(error, path, say, drafting))
    records.prepare(warehouse)
    files: list[tuple[Export, records.Read, float]] = []
    for export in recognised:
        started = time.perf_counter()
        say(f"reading {export.name} ({export.source.system}, {export.source.record})")
        try:
            read = records.load(warehouse, export, len(files), today)
        except BadExport as error:
            problems.append(_told(error, export.path, say, drafting))
            for table in ("rejects", "unknown_words", f"{export.source.record}_read"):
                if export.source.record in records.contracts():
                    warehouse.execute(f"delete from {table} where file = $file", {"file": len(files)})
        else:
            files.append((export, read, time.perf_counter() - started))
    for contract in records.contracts().values():
        records.settle(warehouse, contract)
    told = []
    for number, (export, read, seconds) in enumerate(files):
        source, tally = export.source, records.tally(warehouse, export.source.record, number, *read)
        file = File(export.name, source.system, source.record, **asdict(tally), seconds=round(seconds, 3))
        told.append((file, export))
        problems += misgivings(warehouse, file, export, number)
        for column, reason, rows, line in reasons(warehouse, number):
            say(f"  {export.name}: rejected {rows} rows: {column} {reason} (first in line {line})".replace("  ", " "))
        for item, lowest, highest, answers in scales.strays(warehouse, source.record, number):
            say(f"  {export.name}: {scales.sentence(item, lowest, highest, scales.counted(answers))}")
    return told, problems


def misgivings(warehouse: duckdb.DuckDBPyConnection, file: File, export: Export, number: int) -> list[str]:
    """Reasons not to publish what this file says."""
    accounted = file.kept + file.rejected + file.repeated + file.blank
    if accounted != file.read:
        return [
            f"{file.path}: {file.read} rows were read but {accounted} are accounted for. Report this file as a defect"
        ]
    rows = file.read - file.blank
    if file.rejected <= export.source.most_rejected * rows:
        return []
    worst = [
        f"{column or 'row'} {reason} in {rows} rows, first in line {line}"
        for column, reason, rows, line in reasons(warehouse, number)[:3]
    ]
    broken = f"{file.rejected} of {rows} rows ({file.rejected / rows:.0%}) break the contract of {file.record}"
    remedy = f"Correct the export, or say how to read it in {Path(file.path).name}.map.toml"
    return [f"{file.path}: {broken}: {'; '.join(worst)}. {remedy}"]


def reasons(warehouse: duckdb.DuckDBPyConnection, file: int) -> list[tuple[str, str, int, int]]:
    """Why rows of a file were rejected: column, reason, how many, and the first line."""
    return warehouse.execute(
        "select coalesce(col, ''), reason, count(distinct line), min(line) from rejects where file = $file "
        "group by col, reason order by 3 desc, 4",
        {"file": file},
    ).fetchall()


def _told(error: BadExport, path: Path, say: Callable[[str], None], drafting: bool) -> str:
    """The problem, with where the draft of a mapping file was put."""
    if not drafting or not isinstance(error, Unknown) or error.table is None:
        return str(error)
    place, text, written = drafts.write(path, error)
    if written:
        return f"{error}. A draft of it was written: complete {place.name}, then build again"
    if not place.exists():
        say(f"{place.name} cannot be written there. Put this into it and complete it:\n{text}")
    return str(error)

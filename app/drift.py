"""Drift: what is odd about a file beside the one before it, told in counts and never in values."""

from pathlib import Path

import duckdb

from app import records, snapshot
from app.exports import Export
from app.loading import File

FAR_FEWER = 0.5  # of the rows before
ENOUGH = 20  # rows before: below that a few less say nothing
GROUPS = ("category", "kind", "channel", "region", "stage", "survey", "item")  # columns that hold few names
MOST_NAMES = 50


def notes(
    warehouse: duckdb.DuckDBPyConnection, files: list[tuple[File, Export]], previous: Path | None
) -> list[tuple[str, str]]:
    """(path, note) of files with far fewer rows than the one of the same system and record before, or than in the
    snapshot that is published now, and of names that the one before does not have. Files about people are left out.
    """
    told = []
    published = _published(previous)
    for number, (file, _) in enumerate(files):
        contract = records.contracts()[file.record]
        if contract.about == "people":
            continue
        rows, last = file.read - file.blank, published.get((file.path, file.record), 0)
        if last >= ENOUGH and rows < FAR_FEWER * last:
            told.append((file.path, f"has {rows:,} rows, and had {last:,} when the snapshot before was built"))
        before = _before(warehouse, files, number)
        if before is None:
            continue
        earlier = files[before][0]
        if earlier.read - earlier.blank >= ENOUGH and rows < FAR_FEWER * (earlier.read - earlier.blank):
            told.append((file.path, f"has {rows:,} rows, {earlier.path} has {earlier.read - earlier.blank:,}"))
        for column in contract.columns:
            if column.name in GROUPS and (new := _new_names(warehouse, contract, column.name, number, before)):
                told.append((file.path, f"has {new} in {column.name} that {earlier.path} does not have"))
    return told


def _before(warehouse: duckdb.DuckDBPyConnection, files: list[tuple[File, Export]], number: int) -> int | None:
    """The file of the same system and record whose last day comes next before that of this one."""
    file = files[number][0]
    contract = records.contracts()[file.record]
    spans = {
        other: span[1]
        for other, (told, _) in enumerate(files)
        if (told.system, told.record) == (file.system, file.record)
        and (span := records.reaches(warehouse, contract, other))
    }
    earlier = [other for other, day in spans.items() if number in spans and day < spans[number]]
    return max(earlier, key=spans.get, default=None)


def _new_names(
    warehouse: duckdb.DuckDBPyConnection, contract: records.Contract, column: str, number: int, before: int
) -> str:
    names = [
        {
            row[0]
            for row in warehouse.execute(
                f'select distinct "{column}" from {contract.record}_read where file = $file and "{column}" is not null',
                {"file": file},
            ).fetchall()
        }
        for file in (number, before)
    ]
    if not all(names) or max(map(len, names)) > MOST_NAMES:
        return ""
    new = len(names[0] - names[1] - {"unknown"})
    return f"{new} name{'' if new == 1 else 's'}" if new else ""


def _published(previous: Path | None) -> dict[tuple[str, str], int]:
    """Rows of each file and record of the snapshot that is published now."""
    if previous is None:
        return {}
    before = snapshot.opened(previous)
    try:
        rows = before.ask("figures/files")
    finally:
        before.close()
    told = rows[rows["nearest"] == 1]
    return {(row["path"], row["record"]): int(row["read"] - row["blank"]) for _, row in told.iterrows()}

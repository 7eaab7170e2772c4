"""Rejects: the rows that broke their contract, with their values, for whoever can correct the export.

Values are read from the exports each time and stand in no snapshot: whoever may open the exports may run this.
"""

import csv
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import TextIO

from app import loading
from app.downloads import harmless

HEADER = ("file", "line", "column", "value", "reason")
LONGEST_VALUE = 200  # characters: enough to find it


def run(exports: Path, out: Path | None, stdout: TextIO, stderr: TextIO) -> int:
    """List every reject below `exports`, and every spelling that no reference knows, as CSV; 1 for files in the way.

    A file is written for its owner's eyes only. Files that cannot be read are named on `stderr`.
    """
    rows, problems = read(exports)
    if out is None:
        _write(rows, stdout)
    else:
        try:
            with os.fdopen(
                os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
            ) as text:
                _write(rows, text)
        except OSError as error:
            print(f"error: {out}: nothing can be written there ({error.strerror})", file=stderr)
            return 1
    for problem in problems:
        print(f"error: {problem}", file=stderr)
    return 1 if problems else 0


def read(exports: Path, today: date | None = None) -> tuple[list[tuple], list[str]]:
    """Rejects as (file, line, column, value, reason), spellings that are not known without a line, and problems."""
    sql = """
        select file, line, coalesce(col, ''), left(value, $longest), reason from rejects
        union all
        select file, null, col, left(word, $longest), 'is not in data/reference, in ' || rows || ' rows'
        from unknown_words
        order by 1, 2 nulls last, 3, 4"""
    with (
        tempfile.TemporaryDirectory(prefix="rejects-") as private,  # its owner alone may open it
        loading.warehouse(Path(private)) as warehouse,
    ):
        files, problems = loading.load(warehouse, exports, today or date.today(), lambda line: None, drafting=False)
        names = {number: file.path for number, (file, _) in enumerate(files)}
        rows = warehouse.execute(sql, {"longest": LONGEST_VALUE}).fetchall()
    return [(names[file], *rest) for file, *rest in rows], problems


def _write(rows: list[tuple], text: TextIO) -> None:
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([harmless("" if cell is None else cell) for cell in row] for row in rows)

"""Judge one `date,value` file by the rules of `spc`: what `python -m app judge SERIES.csv` prints."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import floor, log10
from pathlib import Path
from typing import TextIO

from app import spc

COLUMNS = ("date", "value", "mean", "lower", "upper", "label", "rule")
FORMATS = ("csv", "json", "table")
DELIMITERS = (",", ";", "\t")

# Stricter than float() and fromisoformat(), which also take "nan", "1_000", "20240101" and "2024-W01".
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}\S*)?)?", re.ASCII)


class Unreadable(Exception):
    """A series that cannot be judged; the message names the place and the remedy."""


@dataclass(frozen=True)
class Row:
    """One line of the file: the date as written, the moment it means, the value or None."""

    line: int
    date: str
    moment: datetime
    value: float | None


def run(series: Path, better: str, target: float | None, fmt: str, out: TextIO, err: TextIO) -> int:
    """Judge the file `series` and print it as `fmt` ("csv", "json" or "table"). Returns the exit code.

    0 when judged; 2 when the file or an argument cannot be used, with one sentence on `err` and nothing on `out`.
    """
    try:
        if fmt not in FORMATS:
            raise Unreadable(f"format is {fmt!r}; it must be one of: {', '.join(FORMATS)}.")
        rows = _read(series)
        judgement = spc.judge([row.value for row in rows], better, target)
    except (Unreadable, ValueError) as problem:
        print(problem, file=err)
        return 2

    points = [
        dict(zip(COLUMNS, (row.date, p.value, p.mean, p.lower, p.upper, p.label, p.rule), strict=True))
        for row, p in zip(rows, judgement.points, strict=True)
    ]
    verdict = {"variation": judgement.variation or "none", "assurance": judgement.assurance or "none"}
    if fmt == "json":
        print(json.dumps({"points": points, **verdict, "trial": judgement.trial}, indent=2), file=out)
        return 0
    if fmt == "csv":
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(points)  # writes numbers by repr: they read back as the same numbers
    else:
        _print_table(points, out)
    for name, words in verdict.items():
        print(f"{name}: {words}", file=err if fmt == "csv" else out)
    return 0


def _read(series: Path) -> list[Row]:
    """Rows in date order."""
    try:
        content = series.read_bytes()
    except OSError as problem:
        reason = "no such file" if isinstance(problem, FileNotFoundError) else problem.strerror
        raise Unreadable(
            f"{series}: cannot be read ({reason}). Name a CSV file with a date and a value column."
        ) from None
    try:
        # Spreadsheets save "Unicode text" as UTF-16, and UTF-8 with a byte order mark.
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{series}: is not UTF-8 text. Save it as “CSV UTF-8”.") from None
    if not text.strip():
        raise Unreadable(f"{series}: is empty. It needs a line of headings, date and value, and a row per date.")

    delimiter, heading, lines = _lines(series, text)
    at = {name: _position(series, heading, name) for name in ("date", "value")}
    rows = [_row(series, line, cells, at, len(heading), delimiter) for line, cells in lines]
    if not rows:
        raise Unreadable(f"{series}: has headings but no rows. Add a row per date.")

    rows.sort(key=lambda row: row.moment)
    for before, after in pairwise(rows):
        if before.moment == after.moment:
            raise Unreadable(
                f"{series}: line {after.line}, column date: {after.date!r} is already on line {before.line}. "
                "Keep one row per date."
            )
    return rows


def _lines(series: Path, text: str) -> tuple[str, list[str], Iterator[tuple[int, list[str]]]]:
    """Delimiter, headings in lower case, and the other rows that are not blank, with their line numbers."""
    found: list[str] = []
    unquoted: Unreadable | None = None
    for delimiter in DELIMITERS:
        lines = _cells(series, text, delimiter)
        try:
            heading = [cell.strip().lower() for cell in next(lines, (0, []))[1]]
        except Unreadable as problem:  # quotes may make sense with another delimiter only
            unquoted = problem
            continue
        if "date" in heading and "value" in heading:
            return delimiter, heading, lines
        found = max(found, heading, key=len)
    raise unquoted or Unreadable(
        f"{series}: needs the headings date and value in its first line; it has: {', '.join(found)}. Rename them."
    )


def _cells(series: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # Strict, or a quote that is never closed would swallow the rest of the file without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as problem:
        raise Unreadable(f"{series}: line {reader.line_num}: {problem}. Correct the quotes of this row.") from None


def _position(series: Path, heading: list[str], name: str) -> int:
    if heading.count(name) > 1:
        raise Unreadable(f"{series}: has {heading.count(name)} columns headed {name}. Keep one.")
    return heading.index(name)


def _row(series: Path, line: int, cells: list[str], at: dict[str, int], width: int, delimiter: str) -> Row:
    if len(cells) <= max(at.values()) or any(cell.strip() for cell in cells[width:]):
        raise Unreadable(
            f"{series}: line {line} has {len(cells)} cells under {width} headings: {delimiter.join(cells)!r}. "
            "Write one cell per heading; numbers with a decimal point and without thousands separators."
        )
    date, value = cells[at["date"]].strip(), cells[at["value"]].strip()
    moment = _moment(date)
    if moment is None:
        raise Unreadable(
            f"{series}: line {line}, column date: {date!r} is not a date. Write YYYY-MM-DD, YYYY-MM or "
            "YYYY-MM-DD HH:MM."
        )
    number = float(value) if NUMBER.fullmatch(value) else None
    if value and (number is None or abs(number) > spc.LARGEST):
        raise Unreadable(
            f"{series}: line {line}, column value: {value!r} is not a number that can be judged. Write digits with a "
            "decimal point, without unit or thousands separator, or leave the cell blank."
        )
    return Row(line, date, moment, number)


def _moment(text: str) -> datetime | None:
    if not DATE.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text if len(text) > 7 else f"{text}-01")
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def _print_table(points: list[dict], out: TextIO) -> None:
    numbers = [point[name] for point in points for name in COLUMNS[1:5] if point[name] is not None]
    # Three significant digits of the spread: enough to see which side of a limit a point is on.
    spread = max(numbers, default=0) - min(numbers, default=0)
    digits = min(max(2 - floor(log10(spread)), 0), 9) if spread else 2
    lines = [COLUMNS]
    for point in points:
        cells = (point[name] for name in COLUMNS)
        lines.append(tuple(cell if isinstance(cell, str) else _rounded(cell, digits) for cell in cells))
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    for line in lines:
        aligned = (
            cell.rjust(width) if 1 <= column <= 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(aligned).rstrip(), file=out)


def _rounded(number: float | None, digits: int) -> str:
    return "" if number is None else f"{number:.{digits}f}"

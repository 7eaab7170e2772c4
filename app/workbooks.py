"""Workbooks: the rows of a sheet as text, read one after the other, so that a large file needs little memory."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

MOST_UNPACKED = 4 << 30  # bytes of all parts together
NEVER_CALCULATED = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
UNREADABLE = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
)


class Unreadable(Exception):
    """A workbook that cannot be read: what is wrong, and what to do about it."""

    def __init__(self, problem: str, remedy: str):
        super().__init__(f"{problem}. {remedy}")
        self.problem, self.remedy = problem, remedy


def sheets(stream: BinaryIO) -> list[str]:
    """Names of the sheets that a reader of the workbook sees."""
    book = _book(stream)
    try:
        return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    finally:
        book.close()


def rows(stream: BinaryIO, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells) of a sheet; of formulas the value that was saved with them."""
    _check_formulas(stream)
    book = _book(stream)
    line = 0
    try:
        page = book[sheet]
        page.reset_dimensions()  # other programs than Excel write them wrong
        for line, values in enumerate(page.iter_rows(values_only=True), 1):
            yield line, ["" if value is None else _text(value) for value in values]
    except UNREADABLE as error:
        raise Unreadable(f"it breaks off after row {line} ({_said(error)})", "Save it again") from None
    finally:
        book.close()


def _book(stream: BinaryIO) -> Workbook:
    try:
        stream.seek(0)
        if stream.read(4) == b"\xd0\xcf\x11\xe0":
            raise Unreadable("it is protected by a password, or of an old kind", "Save it as .xlsx without one")
        with zipfile.ZipFile(stream) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED:
                raise Unreadable("it is packed too tightly to be a table", "Export it as .csv")
        stream.seek(0)
        return load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except UNREADABLE as error:
        raise Unreadable(f"it cannot be read as a workbook ({_said(error)})", "Save it again as .xlsx") from None


def _check_formulas(stream: BinaryIO) -> None:
    """Refuse formulas that were never calculated: their cells would read as blank."""
    try:
        stream.seek(0)
        with zipfile.ZipFile(stream) as parts:
            for part in parts.namelist():
                if not part.startswith("xl/worksheets/"):
                    continue
                tail = b""
                with parts.open(part) as xml:
                    while chunk := xml.read(1 << 20):
                        if NEVER_CALCULATED.search(tail + chunk):
                            raise Unreadable(
                                "it holds formulas that were never calculated", "Open it, save it and put it here"
                            )
                        tail = chunk[-200:]
    except UNREADABLE as error:
        raise Unreadable(f"it cannot be read as a workbook ({_said(error)})", "Save it again as .xlsx") from None


def _text(value: object) -> str:
    """A value as an export would write it: dates as ISO, durations as H:M:S, whole numbers without a point."""
    match value:
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime():
            moment = value + timedelta(milliseconds=500)  # a date is a fraction of days: off by a hair
            moment = moment.replace(microsecond=0)
            return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{value:%Y-%m-%d}"
        case time():
            return f"{value:%H:%M:%S}"
        case timedelta():
            seconds = round(value.total_seconds())
            sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
            return f"{sign}{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
        case _:
            return str(value)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__

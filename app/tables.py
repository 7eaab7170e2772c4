"""Tables: the rows of a file as text, however it is packed, encoded and laid out."""

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app import workbooks

TEXTS = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm")
ENDINGS = (*TEXTS, *WORKBOOKS, *(f"{text}.gz" for text in TEXTS), ".zip", ".xls")
DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 1_000_000  # characters; beyond that a quote was opened and never closed
MOST_QUOTES_MENDED = 100  # each costs another look at the lines that it swallowed
MOST_INFLATED = 200  # times its size: more than that no table is packed to
SMALL = 1 << 30  # bytes that may be unpacked from any archive, however well it is packed

csv.field_size_limit(LONGEST_CELL)
BROKEN = "has quotation marks that do not match"


class BadExport(Exception):
    """One export that cannot be taken: which file, what is wrong, and what to do about it."""

    def __init__(self, file: str, problem: str, remedy: str):
        super().__init__(f"{file}: {problem}. {remedy}")
        self.file, self.problem, self.remedy = file, problem, remedy


@dataclass(frozen=True)
class Table:
    """One way to read a file: a text by its delimiter, or a sheet of a workbook."""

    path: Path
    name: str
    encoding: str
    delimiter: str = ""
    sheet: str = ""

    def rows(self) -> Iterator[tuple[int, list[str] | None]]:
        """Yield (line on which it begins, cells) of every row, blank ones with no text in their cells.

        None stands for a line whose quotation marks do not match: what it swallowed is read again line by line.
        Raises BadExport where the file breaks off.
        """
        if self.sheet:
            yield from _sheet(self)
        else:
            yield from _text(self)


def tables(path: Path, name: str) -> list[Table]:
    """Every way to read a file: four delimiters of a text, the sheets of a workbook in their order."""
    with _opened(path, name) as (stream, inner):
        if inner.endswith(WORKBOOKS):
            try:
                return [Table(path, name, "xlsx", sheet=sheet) for sheet in workbooks.sheets(stream)]
            except workbooks.Unreadable as error:
                raise BadExport(name, error.problem, error.remedy) from None
        encoding = _encoding(stream, name)
    return [Table(path, name, encoding, delimiter) for delimiter in DELIMITERS]


class _opened:
    """The file as a stream of bytes with the name of what is in it; an archive holds one table."""

    def __init__(self, path: Path, name: str):
        self.path, self.name, self.open = path, name, []

    def __enter__(self) -> tuple[BinaryIO, str]:
        inner = self.path.name.lower()
        try:
            if inner.endswith(".xls"):
                raise BadExport(self.name, "it is a workbook of an old kind", "Save it as .xlsx or .csv")
            if inner.endswith(".gz"):
                self.open.append(gzip.open(self.path, "rb"))
                return self.open[-1], inner.removesuffix(".gz")
            if inner.endswith(".zip"):
                return self._archive()
            self.open.append(self.path.open("rb"))
        except BadExport:
            self.__exit__()
            raise
        except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError) as error:
            self.__exit__()
            raise BadExport(self.name, f"it cannot be read ({error})", "Export it again") from None
        return self.open[-1], inner

    def _archive(self) -> tuple[BinaryIO, str]:
        archive = zipfile.ZipFile(self.path)
        self.open.append(archive)
        members = [
            member
            for member in archive.infolist()
            if member.filename.lower().endswith((*TEXTS, *WORKBOOKS))
            and not member.filename.startswith("__MACOSX/")  # what a Mac adds about each file
        ]
        if len(members) != 1:
            raise BadExport(
                self.name, f"the archive holds {len(members)} tables", "Put each export in a file of its own"
            )
        (member,) = members
        if member.file_size > max(SMALL, MOST_INFLATED * member.compress_size):
            raise BadExport(self.name, "it is packed too tightly to be a table", "Unpack it, look, and put it here")
        self.open.append(archive.open(member))
        return self.open[-1], member.filename.lower()

    def __exit__(self, *_: object) -> None:
        while self.open:
            self.open.pop().close()


def _encoding(stream: BinaryIO, name: str) -> str:
    """Byte-order mark, else UTF-16 where every other byte is nothing, else UTF-8 with what is not taken for cp1252."""
    try:
        start = stream.read(1024)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadExport(name, f"it cannot be read ({error})", "Export it again") from None
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, nothing, something in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        even, odd = start[nothing::2], start[something::2]
        if len(even) > 4 and even.count(0) > 0.8 * len(even) and odd.count(0) < 0.2 * len(odd):
            return encoding
    return "utf-8-sig"


def _windows(error: UnicodeError) -> tuple[str, int]:
    """A byte that is no UTF-8 is one of cp1252, which old desktop programs write: also where a file mixes both."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("or-cp1252", _windows)


def _text(table: Table) -> Iterator[tuple[int, list[str] | None]]:
    """Rows of a text; where quotation marks do not match, one line is given up and the next ones are read anew."""
    errors = "or-cp1252" if table.encoding == "utf-8-sig" else "replace"
    again: list[str] = []  # lines to read anew, the next one last
    taken: list[str] = []  # lines that the row at hand took so far

    def lines(text: io.TextIOWrapper) -> Iterator[str]:
        while line := again.pop() if again else text.readline(LONGEST_CELL):
            taken.append(line)
            yield line

    line, mended = 1, 0
    try:
        with _opened(table.path, table.name) as (stream, _):
            text = io.TextIOWrapper(stream, table.encoding, errors=errors, newline="")
            while True:
                try:
                    for cells in csv.reader(lines(text), delimiter=table.delimiter, strict=True):
                        yield line, cells
                        line += len(taken)
                        taken.clear()
                    return
                except csv.Error:
                    mended += 1
                    if mended > MOST_QUOTES_MENDED:
                        raise BadExport(
                            table.name,
                            f"it is no table: quotation marks do not match in {mended} lines, the last of them {line}",
                            "Look for a quotation mark that is never closed, or export it again",
                        ) from None
                    yield line, None
                    again.extend(reversed(taken[1:]))
                    line += 1
                    taken.clear()
    except (OSError, EOFError, UnicodeError, zipfile.BadZipFile, zlib.error) as error:
        where = f"breaks off after line {line - 1}" if line > 1 else "cannot be read"
        raise BadExport(table.name, f"it {where} ({error})", "Export it again") from None


def _sheet(table: Table) -> Iterator[tuple[int, list[str]]]:
    try:
        with _opened(table.path, table.name) as (stream, _):
            yield from workbooks.rows(stream, table.sheet)
    except workbooks.Unreadable as error:
        raise BadExport(table.name, error.problem, error.remedy) from None

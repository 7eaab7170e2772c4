"""Exports: find the files, recognise the system that wrote them, and read them as text, row by row."""

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from app import mappings, questions
from app.sources import Source, plain, spaced
from app.tables import ENDINGS, BadExport, Table, tables

HEADER_WITHIN = 25  # lines: some systems write a title block above the header
MOST_NOTES = 25  # lines of notes below a table
ANY_ANSWER = ("response", "open-ended response")  # what stands for an open answer in a second row of headings
TOO_MANY_NEAR = 0.4  # of a signature's headings: with fewer, a file is not said to look like it


class Fate(enum.Enum):
    """What becomes of a line that holds no row."""

    NOTE = "is a note below the table"
    BROKEN = "has quotation marks that do not match"


class Unknown(BadExport):
    """A file of which no source knows: what it resembles, so that a mapping file can be drafted."""

    def __init__(self, file: str, problem: str, remedy: str, table: Table | None, nearest: Source | None):
        super().__init__(file, problem, remedy)
        self.table, self.nearest = table, nearest


@dataclass(frozen=True)
class Export:
    """A recognised file: its source, and where and how its table stands in it."""

    table: Table
    source: Source
    header: tuple[str, ...]
    labels: tuple[str, ...]  # the second row of headings where there is one: what the headings are called
    header_line: int
    first_line: int  # of the rows
    narrowest: int  # cells that a row must have: headings that are blank at the end need none below them
    also: tuple["Export", ...] = ()  # the same rows as further records, where a mapping file says so

    @property
    def path(self) -> Path:
        return self.table.path

    @property
    def name(self) -> str:
        return self.table.name

    @cached_property
    def constants(self) -> dict[str, str]:
        """What the source says of every row, and what it takes from the name of the file."""
        named = {}
        for column, pattern in self.source.from_name.items():
            if found := re.search(pattern, self.path.name):
                named[column] = found[1]
        return named | self.source.constants

    @cached_property
    def questions(self) -> list[questions.Asked]:
        """Which columns answer which question, where the source leaves that to data/reference."""
        return questions.asked(self.name, self.header, self.labels) if self.source.questions else []

    @cached_property
    def strange_questions(self) -> list[str]:
        """Headings that nobody reads and no reference knows."""
        if not self.source.questions:
            return []
        known = {
            plain(heading) for heading in (*self.source.columns, *self.source.must_have, *self.source.not_questions)
        }
        known |= {plain(heading) for heading in self.source.optional}
        taken = {asked.place for asked in self.questions}
        return [
            heading
            for place, heading in enumerate(self.header)
            if place not in taken and plain(heading) not in known and not heading.startswith("column ")
        ]

    def rows(self) -> Iterator[tuple[int, list[str] | Fate]]:
        """Yield (line, cells) of every row below the header; a blank row has no cells.

        Line is that on which the row begins; cells are as many as the file gives, not always as many as headings.
        Notes below the table are told apart: after a blank line nothing but single cells up to the end, some of several
        words.
        """
        held: list[tuple[int, list[str]]] = []  # what may turn out to be notes
        after_blank = False
        for line, cells in self.table.rows():
            if line < self.first_line:
                continue
            if cells is None:
                yield from held
                held, after_blank = [], False
                yield line, Fate.BROKEN
            elif not any(cells) or not any(cell.strip() for cell in cells):
                after_blank = True
                yield line, []
            elif after_blank and len(held) < MOST_NOTES and self._single(cells):
                held.append((line, cells))
            else:
                yield from held
                held, after_blank = [], False
                yield line, cells
        notes = any(len(cells[0].split()) > 1 for _, cells in held)  # a row that breaks off has no words
        for line, cells in held:
            yield line, Fate.NOTE if notes else cells

    def _single(self, cells: list[str]) -> bool:
        return len(self.header) > 2 and bool(cells[0].strip()) and not any(cell.strip() for cell in cells[1:])


def find(folder: Path) -> list[Path]:
    """Files below `folder` that may be exports, in the order of their names."""
    if not folder.is_dir():
        raise BadExport(str(folder), "there is no such folder", "Name the folder that holds the exports")
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name.lower().endswith(ENDINGS) and not path.name.startswith((".", "~"))
    )


def recognise(path: Path, name: str, known: tuple[Source, ...]) -> Export:
    """The one source whose signature the file carries; a mapping file beside the export goes before all signatures.

    Raises BadExport for an empty file, for several signatures, for headings that differ from customer to customer, and
    for a heading that the source needs; Unknown where no signature fits.
    """
    mapping = mappings.beside(path)
    candidates = (mapping,) if mapping else known
    found: dict[str, Export] = {}
    nearest: tuple[float, Source | None, list[str]] = (0.0, None, [])
    widest: tuple[int, Table | None] = (0, None)
    for table in tables(path, name):
        rows = _first_rows(table)
        for place, (_, cells) in enumerate(rows):
            filled = sum(bool(cell.strip()) for cell in cells)
            widest = max(widest, (filled, table), key=lambda told: told[0])
            for source in candidates if filled else ():
                if source.name in found:
                    continue
                share, absent, export = _compare(table, source, rows, place)
                if export:
                    found[source.name] = export
                elif share > nearest[0]:
                    nearest = (share, source, absent)
    if not widest[0]:
        raise _blank(path, name)
    if len(found) > 1:
        listed = ", ".join(sorted(found))
        raise BadExport(name, f"it looks like {listed} at once", f"Write {path.name}.map.toml beside it to decide")
    if not found:
        share, source, absent = nearest
        like = source if source and share >= TOO_MANY_NEAR else None
        known_as = f"; nearest is {like.system} {like.record}, but without {', '.join(absent)}" if like else ""
        remedy = f"Export it with all its columns, or say what they are in {path.name}.map.toml (see data/README.md)"
        raise Unknown(name, f"no known system writes these headings{known_as}", remedy, widest[1], like)
    (export,) = found.values()
    if export.source.by_hand:
        raise Unknown(
            name,
            f"it looks like {export.source.system} {export.source.record}, whose headings differ between customers",
            f"Say that it is in {path.name}.map.toml (see data/README.md)",
            export.table,
            export.source,
        )
    also = tuple(_complete(replace(export, source=source)) for source in export.source.also)
    return replace(_complete(export), also=also)


def _blank(path: Path, name: str) -> BadExport:
    """Why a file is refused in whose first lines nothing stands: it is empty, or its table begins further down."""
    every = tables(path, name)
    lines = 0
    for table in [table for table in every if table.sheet] or every[:1]:  # what is blank is so by every delimiter
        for line, cells in table.rows():
            if cells is None or any(cell.strip() for cell in cells):
                problem = f"its first {line - 1:,} lines are blank" if cells and line > 1 else "it begins with no table"
                return BadExport(name, problem, f"Its headings have to stand in the first {HEADER_WITHIN} lines")
            lines += 1
    only = f": it holds {lines:,} blank lines and nothing else" if lines else ""
    return BadExport(name, f"the file is empty{only}", "Export it again, or take it out of the folder")


def _complete(export: Export) -> Export:
    """The export, once every heading that its source reads is there and its answers belong to one record."""
    have = {plain(heading) for heading in export.header}
    allowed = {plain(heading) for heading in export.source.optional}
    absent = [column for column in export.source.columns if plain(column) not in have | allowed]
    if absent:
        raise BadExport(
            export.name,
            f"the column {', '.join(absent)} is missing (header in line {export.header_line})",
            f"Export it from {export.source.system} again with that column",
        )
    if not export.source.questions:
        return export
    if not export.questions:
        raise Unknown(
            export.name,
            f"none of its questions is known ({'; '.join(export.strange_questions[:3])})",
            "Add those that count to data/reference/questions.csv",
            export.table,
            export.source,
        )
    return replace(export, source=replace(export.source, record=questions.record(export.name, export.questions)))


def _compare(
    table: Table, source: Source, rows: list[tuple[int, list[str]]], place: int
) -> tuple[float, list[str], Export | None]:
    """How much of a signature stands in a row, what of it does not, and the export where all of it does."""
    line, cells = rows[place]
    under = [below for _, below in rows[place + 1 : place + 1 + len(source.under_header)]]
    header, have = _header(tuple(_joined(cells, under[0]) if source.options and under else cells))
    wanted = source.must_have or source.columns
    absent = [heading for heading in wanted if plain(heading) not in have]
    if source.any_of and not any(plain(heading) in have for heading in source.any_of):
        absent.append("one of " + ", ".join(source.any_of))
    asked = len(wanted) + bool(source.any_of)
    share = 1 - len(absent) / max(asked, 1)
    if absent or not asked or any(plain(heading) in have for heading in source.none_of):
        return share if absent else 0, absent, None
    patterns = [re.compile(pattern, re.DOTALL | re.IGNORECASE) for pattern in source.under_header]
    if len(under) < len(patterns):
        return 0, [], None
    for pattern, below in zip(patterns, under, strict=True):
        if not any(cell.strip() for cell in below) or not all(
            pattern.match(cell.strip()) for cell in below if cell.strip()
        ):
            return 0, [], None
    filled = max(number for number, cell in enumerate(cells, 1) if cell.strip())
    first = (
        rows[place + 1 + len(patterns)][0]
        if place + 1 + len(patterns) < len(rows)
        else 1 + max(rows[place + len(patterns)][0], line)
    )
    labels = tuple(under[0]) if under and not source.options else ()
    narrowest = 0 if table.sheet else filled
    return 1, [], Export(table, source, header, labels, line, first, narrowest)


def _joined(cells: list[str], options: list[str]) -> list[str]:
    """Two rows of headings as one: "question - answer", the question carried forward over blank cells."""
    joined, question = [], ""
    for place in range(max(len(cells), len(options))):
        asked = spaced(cells[place]) if place < len(cells) else ""
        option = spaced(options[place]) if place < len(options) else ""
        question = asked or question
        alone = not option or option.casefold() in ANY_ANSWER
        joined.append((asked or (f"{question} - {option}" if option else "")) if alone else f"{question} - {option}")
    return joined


def _first_rows(table: Table) -> list[tuple[int, list[str]]]:
    rows: list[tuple[int, list[str]]] = []
    try:
        for line, cells in table.rows():
            if line > HEADER_WITHIN:
                rows.append((line, cells or []))
                break
            rows.append((line, cells or []))
    except BadExport:
        if not rows:
            raise
    return rows


@lru_cache(maxsize=1024)
def _header(cells: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """A row as headings, and as these are compared: every source looks at each of the first rows."""
    header = tuple(headings(cells))
    return header, frozenset(map(plain, header))


def headings(cells: Iterable[str]) -> Iterator[str]:
    """Headings as column names: trimmed, blank ones numbered, repeated ones counted."""
    seen: dict[str, int] = {}
    for position, cell in enumerate(cells, 1):
        heading = spaced(cell) or f"column {position}"
        count = seen[plain(heading)] = seen.get(plain(heading), 0) + 1
        yield heading if count == 1 else f"{heading} ({count})"

"""Exports: find the files, recognise the system that wrote them, and read them as text, row by row."""

import codecs
import csv
import gzip
import io
import re
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "queries" / "sources"
ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".zip")
DELIMITERS = (",", ";", "\t", "|")
HEADER_WITHIN = 25  # lines: some systems write a title block above the header
LONGEST_CELL = 1_000_000  # characters; beyond that a quote was opened and never closed

csv.field_size_limit(LONGEST_CELL)


class BadExport(Exception):
    """One export that cannot be taken: which file, what is wrong, and what to do about it."""

    def __init__(self, file: str, problem: str, remedy: str):
        super().__init__(f"{file}: {problem}. {remedy}")
        self.file, self.problem, self.remedy = file, problem, remedy


@dataclass(frozen=True)
class Source:
    """How one system's export maps to records: a signature to know it by, formats, and SQL over its headings."""

    name: str
    system: str
    record: str
    must_have: tuple[str, ...]
    sql: str
    optional: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    zone: str = ""
    missing: tuple[str, ...] = ()
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Headings that the SQL reads, in the order of their first use."""
        return tuple(dict.fromkeys(re.findall(r'"([^"]+)"', self.sql)))


@dataclass(frozen=True)
class Export:
    """A recognised file: its source, and where and how its table stands in it."""

    path: Path
    name: str
    source: Source
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    narrowest: int  # cells that a row must have: headings that are blank at the end need none below them

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line, cells) of every row below the header; a blank row has no cells.

        Line is that on which the row begins; cells are as many as the file gives, not always as many as headings.
        """
        for line, cells in _parse(self.path, self.name, self.encoding, self.delimiter):
            if line > self.header_line:
                yield line, cells if any(cell.strip() for cell in cells) else []


def sources(folder: Path = SOURCES) -> tuple[Source, ...]:
    """Every known source: `<system>__<record>.toml` with its SQL beside it."""
    return tuple(
        _source(path.stem, tomllib.loads(path.read_text("utf-8")), path.with_suffix(".sql").read_text("utf-8"))
        for path in sorted(folder.glob("*.toml"))
    )


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

    Raises BadExport for an empty file, for none or several signatures, and for a heading that the source needs.
    """
    mapping = _mapping_beside(path)
    candidates = (mapping,) if mapping else known
    encoding = _encoding(path, name)
    found: dict[str, Export] = {}
    nearest: tuple[float, str] = (0.0, "")
    seen_anything = False
    for delimiter in DELIMITERS:
        for line, cells in _first_rows(path, name, encoding, delimiter):
            header = tuple(_headings(cells))
            have = {_plain(heading) for heading in header}
            seen_anything = seen_anything or any(cell.strip() for cell in cells)
            for source in candidates:
                wanted = {_plain(heading) for heading in source.must_have}
                share = len(wanted & have) / max(len(wanted), 1)
                if share == 1 and source.name not in found:
                    filled = max(place for place, cell in enumerate(cells, 1) if cell.strip())
                    found[source.name] = Export(path, name, source, encoding, delimiter, header, line, filled)
                elif share > nearest[0]:
                    absent = [heading for heading in source.must_have if _plain(heading) not in have]
                    nearest = (share, f"{source.system} {source.record}, but without {_listed(absent)}")
    if not seen_anything:
        raise BadExport(name, "the file is empty", "Export it again, or take it out of the folder")
    if len(found) > 1:
        raise BadExport(
            name, f"it looks like {_listed(sorted(found))} at once", f"Write {path.name}.map.toml beside it to decide"
        )
    if not found:
        known_as = f"; nearest is {nearest[1]}" if nearest[0] >= 0.4 else ""
        raise BadExport(
            name,
            f"no known system writes these headings{known_as}",
            f"Export it with all its columns, or say what they are in {path.name}.map.toml (see data/README.md)",
        )
    (export,) = found.values()
    have = {_plain(heading) for heading in export.header}
    allowed = {_plain(heading) for heading in export.source.optional}
    absent = [column for column in export.source.columns if _plain(column) not in have | allowed]
    if absent:
        raise BadExport(
            name,
            f"the column {_listed(absent)} is missing (header in line {export.header_line})",
            f"Export it from {export.source.system} again with that column",
        )
    return export


def _source(name: str, words: dict, sql: str) -> Source:
    known = {"system", "record", "must_have", "optional", "dates", "zone", "missing", "values", "keep"}
    if unknown := set(words) - known:
        raise ValueError(f"{name}.toml: unknown key {_listed(sorted(unknown))}; known are {_listed(sorted(known))}")
    for key in ("must_have", "optional", "dates", "missing", "keep"):
        if not _texts(words.get(key, [])):
            raise ValueError(f'{name}.toml: {key} is not a list of texts such as ["…"]')
    if not isinstance(words.get("zone", ""), str):
        raise ValueError(f'{name}.toml: zone is not a text such as "Europe/Berlin"')
    values = words.get("values", {})
    tables = values.values() if isinstance(values, dict) else [None]
    if not all(isinstance(table, dict) and _texts(list(table.values())) for table in tables):
        raise ValueError(f'{name}.toml: values is not made of tables such as [values.sla] with "late" = "breached"')
    return Source(
        name=name,
        system=words["system"],
        record=words["record"],
        must_have=tuple(words["must_have"]),
        sql=sql,
        optional=tuple(words.get("optional", ())),
        dates=tuple(words.get("dates", ())),
        zone=words.get("zone", ""),
        missing=tuple(words.get("missing", ())),
        values=words.get("values", {}),
        keep=tuple(words.get("keep", ())),
    )


def _mapping_beside(path: Path) -> Source | None:
    """The mapping file of this export: `<file>.map.toml`, or one in the same folder whose `files` pattern fits."""
    own = path.with_name(path.name + ".map.toml")
    beside = [own] if own.is_file() else sorted(path.parent.glob("*.map.toml"))
    for candidate in beside:
        try:
            words = tomllib.loads(candidate.read_text("utf-8-sig"))
        except UnicodeDecodeError:
            raise BadExport(candidate.name, "it is not readable as UTF-8", "Save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise BadExport(candidate.name, f"it is not readable as TOML ({error})", "Correct it") from None
        if not _texts(words.get("files", [])):
            raise BadExport(candidate.name, "files is not a list of texts", 'Write files = ["cases-*.csv"]')
        if candidate == own or any(fnmatch(path.name, pattern) for pattern in words.get("files", ())):
            return _mapped(candidate.name, words)
    return None


def _mapped(name: str, words: dict) -> Source:
    """A mapping file as a source: its `[columns]` (contract column = heading) become the SQL."""
    words = dict(words)
    words.pop("files", None)
    columns = words.pop("columns", None)
    if not isinstance(columns, dict) or not columns:
        raise BadExport(name, "it has no [columns]", 'Add lines such as ticket = "Ticket number" below [columns]')
    for key in ("system", "record"):
        if not isinstance(words.get(key), str):
            raise BadExport(name, f"it does not say which {key} the file holds", f'Add {key} = "…"')
    for column, heading in columns.items():
        fits = re.fullmatch(r"[a-z_]+", column) and column != "line"
        if not fits or not isinstance(heading, str) or '"' in heading or not _plain(heading):
            raise BadExport(name, f"{column} = {heading!r} is not a column and a heading", "Correct that line")
        if _plain(heading) == "line":  # the name under which every row carries its line
            raise BadExport(name, f"a heading {heading} cannot be read", "Give it another name in the export and here")
    spelled: dict[str, str] = {}  # one heading may fill two columns: spelled once, as the engine ignores capitals
    select = ",\n".join(
        f'    "{spelled.setdefault(_plain(heading), _spaced(heading))}" as {column}'
        for column, heading in columns.items()
    )
    words["must_have"] = list(dict.fromkeys(columns.values()))
    try:
        return _source(name.removesuffix(".toml"), words, f"select\n    line,\n{select}\nfrom export\n")
    except ValueError as error:
        raise BadExport(name, str(error).removeprefix(f"{name}: "), "Correct that line") from None


def _open(path: Path, name: str) -> io.BufferedIOBase:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rb")
    if path.name.lower().endswith(".zip"):
        archive = zipfile.ZipFile(path)
        members = [member for member in archive.namelist() if member.lower().endswith(ENDINGS)]
        if len(members) != 1:
            raise BadExport(name, f"the archive holds {len(members)} tables", "Put each export in a file of its own")
        return archive.open(members[0])
    return path.open("rb")


def _encoding(path: Path, name: str) -> str:
    """Byte-order mark, else UTF-8 if the whole file is, else cp1252, which old desktop programs write."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open(path, name) as stream:
            start = stream.read(4)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            chunk = start
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(1 << 20)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    except (OSError, EOFError, zipfile.BadZipFile, gzip.zlib.error) as error:
        raise BadExport(name, f"it cannot be read ({error})", "Export it again") from None
    return "utf-8-sig"


def _parse(path: Path, name: str, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    try:
        with io.TextIOWrapper(_open(path, name), encoding, errors="replace", newline="") as text:
            reader = csv.reader(text, delimiter=delimiter)
            line = 1
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
    except csv.Error as error:
        raise BadExport(
            name, f"from line {line} on it is no table ({error})", "Look for a quotation mark that is never closed"
        ) from None
    except (OSError, EOFError, UnicodeError, zipfile.BadZipFile, gzip.zlib.error) as error:
        raise BadExport(name, f"it breaks off after line {line} ({error})", "Export it again") from None


def _first_rows(path: Path, name: str, encoding: str, delimiter: str) -> list[tuple[int, list[str]]]:
    rows = []
    try:
        for line, cells in _parse(path, name, encoding, delimiter):
            if line > HEADER_WITHIN:
                break
            rows.append((line, cells))
    except BadExport:
        if not rows:
            raise
    return rows


def _headings(cells: list[str]) -> Iterator[str]:
    """Headings as column names: trimmed, blank ones numbered, repeated ones counted."""
    seen: dict[str, int] = {}
    for position, cell in enumerate(cells, 1):
        heading = _spaced(cell) or f"column {position}"
        count = seen[_plain(heading)] = seen.get(_plain(heading), 0) + 1
        yield heading if count == 1 else f"{heading} ({count})"


def _spaced(heading: str) -> str:
    return " ".join(heading.replace("\ufeff", "").split())


def _plain(heading: str) -> str:
    return _spaced(heading).casefold()


def _texts(words: object) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _listed(words: list[str]) -> str:
    return ", ".join(words)

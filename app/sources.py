"""Sources: how each known system's export is known and read, and the words that a mapping file may use."""

import re
import tomllib
from dataclasses import dataclass, field, fields
from functools import cache, cached_property, lru_cache
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "queries" / "sources"
OWN = ("name", "sql", "headings", "numbered", "counted", "also")  # of a source, but no word of its TOML file
QUOTED = re.compile(r"""--[^\n]*|'(?:[^']|'')*'|"((?:[^"]|"")+)\"""")  # a heading; neither in a comment nor in a text


@dataclass(frozen=True)
class Source:
    """How one system's export maps to records: a signature to know it by, formats, and SQL over its headings."""

    name: str
    system: str
    record: str
    must_have: tuple[str, ...]
    sql: str
    any_of: tuple[str, ...] = ()  # headings of which one has to be there
    none_of: tuple[str, ...] = ()  # headings that another system writes
    under_header: tuple[str, ...] = ()  # further rows of headings: what each of their filled cells looks like
    options: bool = False  # the second row of headings holds answers to choose from
    questions: bool = False  # data/reference says which of its columns answer which question
    not_questions: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    zone: str = ""
    missing: tuple[str, ...] = ()
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)
    from_name: dict[str, str] = field(default_factory=dict)  # column = pattern of the file's name with one group
    headings: dict[str, str] = field(default_factory=dict)  # column = heading to read instead of what the SQL says
    each: str = ""  # heading that says for how many records a row stands
    numbered: tuple[str, ...] = ()  # columns that a mapping file makes of what a row says
    counted: tuple[
        tuple[str, ...], ...
    ] = ()  # headings that count a row's records, group by group, as a mapping file says
    also: tuple["Source", ...] = ()  # what else a mapping file says that the same rows hold
    by_hand: bool = False  # headings differ from customer to customer: a person has to say that it is this
    most_rejected: float = 0.05  # of a file's rows: beyond that something is wrong with the file, not with some rows
    refresh_days: int = 31  # so often a new export is promised

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Headings that are read, in the order of their first use; capitals and blanks do not tell two apart."""
        read = [heading.replace('""', '"') for heading in QUOTED.findall(self.sql) if heading]
        named = [*read, *self.headings.values(), *([self.each] if self.each else [])]
        return tuple(
            {plain(heading): heading for heading in reversed(named)}[key] for key in dict.fromkeys(map(plain, named))
        )


@cache
def sources(folder: Path = SOURCES) -> tuple[Source, ...]:
    """Every known source: `<system>__<record>.toml` with its SQL beside it."""
    return tuple(
        read(path.stem, tomllib.loads(path.read_text("utf-8")), path.with_suffix(".sql").read_text("utf-8"))
        for path in sorted(folder.glob("*.toml"))
    )


def read(name: str, words: dict, sql: str) -> Source:
    """The source that the words of a TOML file describe. Raises ValueError for a word or value that is not known."""
    known = {told.name: told.type for told in fields(Source) if told.name not in OWN}
    if unknown := set(words) - set(known):
        raise ValueError(f"{name}.toml: unknown key {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    for key, value in words.items():
        if problem := _problem(key, value, str(known[key])):
            raise ValueError(f"{name}.toml: {key} is not {problem}")
    for column, pattern in words.get("from_name", {}).items():
        try:
            fits = re.compile(pattern).groups == 1
        except re.error:
            fits = False
        if not fits:
            raise ValueError(
                f'{name}.toml: from_name.{column} is not a pattern with one group such as "course-(.+).csv"'
            )
    made = {key: tuple(value) if isinstance(value, list) else value for key, value in words.items()}
    return Source(
        name=name, sql=sql, **{key: str(value) if key in ("system", "record") else value for key, value in made.items()}
    )


@lru_cache(maxsize=16_384)
def plain(heading: str) -> str:
    """A heading as it is compared: blanks and capitals make no difference. Each is held against every source."""
    return spaced(heading).casefold()


def column_of(heading: str) -> str:
    """A heading as SQL names a column."""
    return '"' + heading.replace('"', '""') + '"'


def spaced(heading: str) -> str:
    return " ".join(heading.replace("\ufeff", "").split())


def _problem(key: str, value: object, type_: str) -> str:
    match type_:
        case "tuple[str, ...]":
            return "" if _texts(value) else 'a list of texts such as ["…"]'
        case "<class 'str'>" | "str":
            example = ' such as "Europe/Berlin"' if key == "zone" else ""
            return "" if isinstance(value, str) else f"a text{example}"
        case "<class 'bool'>" | "bool":
            return "" if isinstance(value, bool) else "true or false"
        case "<class 'float'>" | "float":
            return "" if type(value) in (int, float) and 0 <= value <= 1 else "a share from 0 to 1"
        case "<class 'int'>" | "int":
            return "" if type(value) is int and value > 0 else "a number of days"
        case "dict[str, str]":
            fits = isinstance(value, dict) and _texts(list(value.values()))
            return "" if fits else f'made of lines such as course = "…" below [{key}]'
        case _:
            tables = value.values() if isinstance(value, dict) else [None]
            fits = all(isinstance(table, dict) and _texts(list(table.values())) for table in tables)
            return "" if fits else 'made of tables such as [values.sla] with "late" = "breached"'


def _texts(words: object) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)

"""Cells: SQL that turns the text of a cell into a typed value, or into nothing where it cannot be read."""

import csv
import re
from functools import cache
from pathlib import Path

from app.sources import Source

REFERENCE = Path(__file__).parent.parent / "data" / "reference"
ISO_MOMENT = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?"
ISO_WITH_OFFSET = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)"
SPAN = r"\d{1,6}:[0-5]?\d(:[0-5]?\d(\.\d+)?)?"
NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?"
SQL_TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "number": "double",
    "hours": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "one of": "varchar",
    "region": "varchar",
    "channel": "varchar",
}
PLACES = ("region", "channel")
_BOOLEAN = " ".join(
    f"when '{word}' then {meant}"
    for meant, words in {"true": ("true", "yes", "y", "1"), "false": ("false", "no", "n", "0")}.items()
    for word in words
)


def cleaned(text: str, column: str, source: Source, many: bool = False) -> str:
    """The text of a cell: trimmed, markers of a missing value taken out, the export's words put into the contract's.

    Of many cells only those are trimmed that may need it: to look is quicker, but takes longer to be understood.
    """
    edged = f"{text} like ' %' or {text} like '% ' or strlen({text}) <> length({text})"  # or a blank that is no ASCII
    text = f"nullif(if({edged}, trim({text}), {text}), '')" if many else f"nullif(trim({text}), '')"
    for marker in source.missing:
        text = f"nullif({text}, {quoted(marker)})"
    words = source.values.get(column, {})
    if words:
        whens = " ".join(f"when {quoted(word.lower())} then {quoted(meant)}" for word, meant in words.items())
        text = f"nullif(case lower({text}) {whens} else {text} end, '')"
    return text


def typed(column, source: Source) -> tuple[str, str]:
    """SQL for the typed value of a column, and the join that it needs; null where the text cannot be read."""
    text = f'raw."{column.name}"'
    match column.type:
        case "integer":
            return f"case when regexp_full_match({text}, '[+-]?\\d{{1,18}}') then cast({text} as bigint) end", ""
        case "number":
            return _number(text), ""
        case "hours":
            parts = [f"try_cast(split_part({text}, ':', {place}) as double)" for place in (1, 2, 3)]
            spanned = f"{parts[0]} + {parts[1]} / 60 + coalesce({parts[2]}, 0) / 3600"
            return f"case when regexp_full_match({text}, '{SPAN}') then {spanned} else {_number(text)} end", ""
        case "boolean":
            return f"case lower({text}) {_BOOLEAN} end", ""
        case "date" | "timestamp":
            return moment(text, column.type, source), ""
        case "one of":
            known = ", ".join(quoted(value) for value in column.values)
            return f"case when lower({text}) in ({known}) then lower({text}) end", ""
        case "region" | "channel":
            return _place(text, column, source)
        case _:
            return text, ""


def _number(text: str) -> str:
    return (
        f"case when regexp_full_match({text}, '{NUMBER}') then try_cast({text} as double) "
        f"when regexp_full_match({text}, '{NUMBER} ?%') then try_cast(rtrim({text}, ' %') as double) / 100 end"
    )


def _place(text: str, column, source: Source) -> tuple[str, str]:
    """A region or channel by its spelling, of which `spelled` makes a table."""
    if column.name in source.keep:
        return f"coalesce({_one_choice(text)}, {quoted(column.blank)})", ""
    table = f"spelled_{column.name}"
    return f"coalesce({table}.place, {quoted(column.blank)})", f"left join {table} on {table}.told = {text}"


def spelled(column) -> str:
    """SQL for the place of each text of a column: millions of rows write it in a few ways, each looked up once."""
    text = f'raw."{column.name}"'
    return f"""
        select told, case when choice is null then {quoted(column.blank)} else coalesce(place, 'unknown') end as place
        from (
            select told, {_one_choice("told")} as choice
            from (select distinct {text} as told from raw)
        )
        left join {column.type}_spellings on spelling = lower(choice)"""


def _one_choice(text: str) -> str:
    """A list of one choice ("Phone;") is that choice."""
    return f"nullif(rtrim({text}, '; '), '')"


def moment(text: str, type_: str, source: Source) -> str:
    """A date or timestamp: the formats that the source declares, else ISO only; turned into UTC where a zone is known.

    A cell that names its own offset or zone (%z, %Z) goes before the zone of the source; zones in
    letters (CDT) are those of data/reference/zones.csv. Other spellings are never guessed: 03/04/2026 is two
    different days.
    """
    closed = f"regexp_replace({text}, ' (Z|[+-][0-9:]+)$', '\\1')"  # the engine reads no blank before an offset …
    instant = f"try_cast({closed} as timestamptz) at time zone 'UTC'"  # … and a cast to timestamp forgets the offset
    own = [f"case when regexp_full_match({text}, '{ISO_WITH_OFFSET}') then {instant} end"]
    for pattern in reversed(source.dates):  # a list of patterns must not mix those with an offset and those without
        if "%z" in pattern.lower():
            own.insert(0, f"(try_strptime({text}, {quoted(pattern)}) at time zone 'UTC')")
    told = []
    for there in (*_plain_iso(text, source), _local(text, source)):
        zoned = source.zone and type_ == "timestamp"
        told.append(f"{there} at time zone {quoted(source.zone)} at time zone 'UTC'" if zoned else there)
    told[-1:-1] = own
    return f"cast(coalesce({', '.join(told)}, {_with_zone(text, type_, source)}) as {type_})"


def _plain_iso(text: str, source: Source) -> list[str]:
    """ISO without an offset, told by the places of its signs: most cells are so, and a closer look costs time."""
    if any(pattern.lower().startswith("%y") for pattern in source.dates):
        return []
    clocks = [*(f"{sign}__:__{seconds}" for seconds in (":__", "") for sign in (" ", "T")), ""]
    written = " or ".join(f"{text} like '____-__-__{clock}'" for clock in clocks)
    return [f"case when {written} then try_cast({text} as timestamp) end"]


def _local(text: str, source: Source) -> str:
    """The time on the clock of the place."""
    local = [f"case when regexp_full_match({text}, '{ISO_MOMENT}') then try_cast({text} as timestamp) end"]
    local[:0] = [f"try_strptime({text}, {quoted(pattern)})" for pattern in source.dates if "%z" not in pattern.lower()]
    return f"coalesce({', '.join(local)})"


def _with_zone(text: str, type_: str, source: Source) -> str:
    """A time that ends in CDT; of a date only the day counts."""
    letters = " (" + "|".join(zones()) + ")$"
    there = _local(f"regexp_replace({text}, '{letters}', '')", source)
    if type_ == "timestamp" and source.zone:
        there = f"{there} at time zone {quoted(source.zone)} at time zone 'UTC'"
    elif type_ == "timestamp":
        minutes = " ".join(f"when '{word}' then {offset}" for word, offset in zones().items())
        there = f"{there} - to_minutes(case regexp_extract({text}, '{letters}', 1) {minutes} end)"
    return f"case when regexp_matches({text}, '{letters}') then {there} end"


@cache
def zones(reference: Path = REFERENCE) -> dict[str, int]:
    """Minutes from UTC of the zones that exports write in letters."""
    with (reference / "zones.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    told = {row["zone"]: re.fullmatch(r"([+-])(\d\d):(\d\d)", row["offset"]) for row in rows}
    return {zone: int(f"{off[1]}{int(off[2]) * 60 + int(off[3])}") for zone, off in told.items()}


def order_of(pattern: str) -> str:
    """Whether a pattern of numbers has the day or the month first; nothing where it cannot be read in two ways."""
    day, month = pattern.find("%d"), pattern.find("%m")
    year_first = re.match(r"%[yY]", pattern)
    return "" if year_first or min(day, month) < 0 else "day" if day < month else "month"


def expected(column, source: Source) -> str:
    """What the text of a cell should have been, in the words of a reject."""
    match column.type:
        case "one of":
            return "one of " + ", ".join(column.values)
        case "date" | "timestamp":
            return f"a {column.type} like " + " or ".join(source.dates or ("2026-01-31",))
        case "integer":
            return "a whole number"
        case "boolean":
            return "yes or no"
        case "hours":
            return "a number of hours or H:M:S"
        case _:
            return "a number"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

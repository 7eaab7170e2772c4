"""Records: what each kind promises, and how an export's text becomes typed records or rejects with a reason."""

import csv
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from app.exports import BadExport, Export

DATA = Path(__file__).parent.parent / "data"
ISO_MOMENT = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?"
SQL_TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "one of": "varchar",
    "region": "varchar",
    "channel": "varchar",
}
ISO_WITH_OFFSET = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)"
PLACES = ("region", "channel")
BATCH = 50_000  # rows held in memory while a file is read
MOST_PLACES = 500  # a column with more different values than this does not hold regions or channels


@dataclass(frozen=True)
class Column:
    """One promised column of a record."""

    name: str
    type: str
    meaning: str
    required: bool = False
    values: tuple[str, ...] = ()
    blank: str = "unknown"  # what a blank region or channel means


@dataclass(frozen=True)
class Rule:
    """SQL that must not be false, the column to blame, and the reason in the reader's words."""

    column: str
    holds: str
    reason: str


@dataclass(frozen=True)
class Contract:
    """What one kind of record promises."""

    record: str
    title: str
    exported_by: str
    about: str
    key: tuple[str, ...]
    newest: tuple[str, ...]
    dated: str
    columns: tuple[Column, ...]
    derived: dict[str, str]
    rules: tuple[Rule, ...]
    standing: bool


@dataclass(frozen=True)
class Tally:
    """Rows of one file: read is always kept + rejected + repeated + blank."""

    read: int
    kept: int
    rejected: int
    repeated: int
    blank: int


@cache
def contracts(path: Path = DATA / "contracts.toml") -> dict[str, Contract]:
    """Every contract by the name of its record."""
    return {
        record: Contract(
            record=record,
            title=words["title"],
            exported_by=words["exported_by"],
            about=words["about"],
            key=tuple(words["key"]),
            newest=tuple(words["newest"]),
            dated=words["dated"],
            columns=tuple(
                Column(name=name, **{key: tuple(word) if key == "values" else word for key, word in told.items()})
                for name, told in words["columns"].items()
            ),
            derived=words.get("derived", {}),
            rules=tuple(Rule(**rule) for rule in words.get("rules", ())),
            standing=words.get("standing", False),
        )
        for record, words in tomllib.loads(path.read_text("utf-8")).items()
    }


def prepare(warehouse: duckdb.DuckDBPyConnection, reference: Path = DATA / "reference") -> None:
    """Create the empty tables: records as read, rejects, words that no reference knows, spellings of places."""
    warehouse.execute("create table rejects (file int, line bigint, col varchar, value varchar, reason varchar)")
    warehouse.execute("create table unknown_words (file int, col varchar, word varchar, rows bigint)")
    for contract in contracts().values():
        columns = ", ".join(f'"{column.name}" {SQL_TYPES[column.type]}' for column in contract.columns)
        warehouse.execute(f"create table {contract.record}_read (file int, line bigint, {columns})")
    for place in PLACES:
        with (reference / f"{place}s.csv").open(encoding="utf-8", newline="") as text:
            spelled = [[row["spelling"].strip().lower(), row[place]] for row in csv.DictReader(text)]
        warehouse.execute(f"create table {place}_spellings (spelling varchar primary key, place varchar)")
        warehouse.executemany(f"insert into {place}_spellings values (?, ?)", spelled)
    _prepare_community(warehouse, reference / "community.csv")


def _prepare_community(warehouse: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Fill `community_shares` with who lives in each region; an own list without it has nothing to compare with.

    Raises BadExport with the line of a share that is none.
    """
    warehouse.execute(
        "create table community_shares (region varchar, attribute varchar, category varchar, share double, "
        "source varchar, year int)"
    )
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as text:
        for line, row in enumerate(csv.DictReader(text), 2):
            try:
                share, year = float(row["share"]), int(row["year"])
            except (ValueError, TypeError, KeyError):
                share, year = -1, 0
            if not 0 <= share <= 1:
                problem = f"line {line} has no share from 0 to 1, or no year"
                raise BadExport(path.name, problem, "Write it like EMEA,gender,Woman,0.51,census,2021")
            told = [row["region"], row["attribute"], row["category"], share, row["source"], year]
            warehouse.execute("insert into community_shares values (?, ?, ?, ?, ?, ?)", told)


def load(warehouse: duckdb.DuckDBPyConnection, export: Export, file: int, today: date) -> tuple[int, int]:
    """Read one export into `<record>_read` and `rejects`; return how many rows it has and how many are blank.

    A row with one broken cell is rejected whole. Rows are told apart by the line on which they begin.
    """
    _check_source(warehouse, export)
    contract = contracts()[export.source.record]
    warehouse.execute("drop table if exists export")
    columns = ", ".join(f'"{column}" varchar' for column in export.source.columns)
    warehouse.execute(f"create temp table export (line bigint, {columns})")
    read, blank, ragged = _copy_columns(warehouse, export)
    warehouse.execute("create or replace temp table staged as " + _staging(contract, export), {"today": today})
    if ragged:
        warehouse.executemany("insert into rejects values (?, ?, ?, ?, ?)", [[file, *reject] for reject in ragged])
    warehouse.execute(
        "insert into rejects select $file, line, fault.col, fault.value, fault.reason from staged "
        "where fault is not null",
        {"file": file},
    )
    names = ", ".join(f'"{column.name}"' for column in contract.columns)
    warehouse.execute(
        f"insert into {contract.record}_read select $file, line, {names} from staged "
        "where line not in (select line from rejects where file = $file)",
        {"file": file},
    )
    for column in contract.columns:
        if column.type in PLACES and column.name in export.source.keep:
            _check_places(warehouse, export, column.name)
        elif column.type in PLACES:
            warehouse.execute(
                f"""insert into unknown_words
                select $file, '{column.name}', "text of {column.name}", count(distinct line) from staged
                where "{column.name}" = 'unknown' and "text of {column.name}" is not null group by all""",
                {"file": file},
            )
    silent = "select count(*) from export where line not in (select line from staged)"
    blank += warehouse.execute(silent).fetchone()[0]
    warehouse.execute("drop table staged")
    warehouse.execute("drop table export")
    return read, blank


def settle(warehouse: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Make the table of a record: of rows with the same key the newest stands, with the derived columns added."""
    order = [f'"{column}" desc nulls last' for column in contract.newest] + ["file desc", "line desc"]
    derived = "".join(f", {sql} as {name}" for name, sql in contract.derived.items())
    warehouse.execute(
        f"create table {contract.record} as select *{derived} from {contract.record}_read "
        f"qualify row_number() over (partition by {', '.join(contract.key)} order by {', '.join(order)}) = 1"
    )


def tally(warehouse: duckdb.DuckDBPyConnection, record: str, file: int, read: int, blank: int) -> Tally:
    """Count what became of the rows of one file; `read` was counted on its own, so the sum can be proved."""

    def lines(table: str) -> int:
        sql = f"select count(distinct line) from {table} where file = $file"
        return warehouse.execute(sql, {"file": file}).fetchone()[0]

    kept, rejected = lines(record), lines("rejects")
    return Tally(read, kept, rejected, lines(f"{record}_read") - kept, blank)


def reaches(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, file: int | None = None
) -> tuple[date, date] | None:
    """First and last day that a record (or one file of it) covers; None without rows."""
    first, last = warehouse.execute(
        f"select min({contract.dated})::date, max({contract.dated})::date from {contract.record}_read "
        "where file = $file or $file is null",
        {"file": file},
    ).fetchone()
    return (first, last) if last else None


def _check_source(warehouse: duckdb.DuckDBPyConnection, export: Export) -> None:
    """Refuse a source that does not fit its contract, or that the engine cannot follow: mappings are written by hand.

    Raises BadExport with the file, the word that does not fit, and those that would.
    """
    source, file = export.source, f"{export.source.name}.toml"
    if source.record not in contracts():
        known = ", ".join(contracts())
        problem = f"{file} says that it holds {source.record}, which is no record"
        raise BadExport(export.name, problem, f"Known are {known}")
    contract = contracts()[source.record]
    columns = [column.name for column in contract.columns]
    mapped = [name for name in _mapped_columns(source.sql, source.columns) if name != "line"]
    placed = [column.name for column in contract.columns if column.type in PLACES]
    for named, allowed, where in (
        (mapped, columns, "below [columns]"),
        (source.values, columns, "below [values]"),
        (source.keep, placed, "in keep"),
    ):
        if strange := [name for name in named if name not in allowed]:
            problem = f"{file} names {', '.join(strange)} {where}, which is no such column of {contract.record}"
            raise BadExport(export.name, problem, f"Known are {', '.join(allowed)}")
    if absent := [column.name for column in contract.columns if column.required and column.name not in mapped]:
        raise BadExport(
            export.name,
            f"{file} does not say where to find {', '.join(absent)}, which {contract.record} need",
            f'Add a line such as {absent[0]} = "Heading" below [columns]',
        )
    checks = [("dates", word, "select try_strptime('', $word)", "%d/%m/%Y %H:%M") for word in source.dates]
    if source.zone:
        checks += [("zone", source.zone, "select timestamp '2026-01-31' at time zone $word", "Europe/Berlin")]
    for key, word, sql, like in checks:
        try:
            warehouse.execute(sql, {"word": word})
        except duckdb.Error:
            problem = f"{file} has {key} = {word!r}, which is not understood"
            raise BadExport(export.name, problem, f"Write it like {like}") from None


def _check_places(warehouse: duckdb.DuckDBPyConnection, export: Export, column: str) -> None:
    many = warehouse.execute(f'select count(distinct "{column}") from staged').fetchone()[0]
    if many > MOST_PLACES:
        raise BadExport(
            export.name,
            f"{column} has {many} different values: it does not seem to hold {column}s",
            f"Map another column to {column}, or take {column} out of keep in {export.source.name}.toml",
        )


def _copy_columns(warehouse: duckdb.DuckDBPyConnection, export: Export) -> tuple[int, int, list[list]]:
    """Fill the table `export` with the columns that the source reads, as text, each row led by its line.

    Returns rows read, blank rows, and the rows that do not fit the header as [line, column, value, reason].
    """
    places = {_plain(heading): position for position, heading in enumerate(export.header)}
    wanted = [places.get(_plain(column)) for column in export.source.columns]
    width, read, blank, ragged = len(export.header), 0, 0, []
    batch: list[list] = []
    for line, cells in export.rows():
        read += 1
        if not cells:
            blank += 1
        elif len(cells) < export.narrowest or any(cell.strip() for cell in cells[width:]):
            ragged.append([line, "", None, f"has {len(cells)} cells, the header has {width}"])
        elif "\0" in "".join(cells):
            ragged.append([line, "", None, "holds a NUL character"])
        else:
            batch.append([line, *("" if place is None or place >= len(cells) else cells[place] for place in wanted)])
            if len(batch) == BATCH:
                _append(warehouse, batch, export.source.columns)
                batch = []
    _append(warehouse, batch, export.source.columns)
    return read, blank, ragged


def _append(warehouse: duckdb.DuckDBPyConnection, batch: list[list], columns: tuple[str, ...]) -> None:
    if batch:
        types = [pa.int64(), *[pa.string()] * len(columns)]
        arrays = [pa.array(values, type_) for values, type_ in zip(zip(*batch, strict=True), types, strict=True)]
        warehouse.register("batch", pa.table(arrays, names=["line", *columns]))
        warehouse.execute("insert into export select * from batch")
        warehouse.unregister("batch")


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _staging(contract: Contract, export: Export) -> str:
    """SQL that turns the table `export` into typed columns, the texts behind them, and the first fault of each row."""
    source = export.source
    mapped = set(_mapped_columns(source.sql, source.columns))
    texts, typed, faults, joins = [], [], [], []
    for column in contract.columns:
        text = _cleaned(column, source) if column.name in mapped else "null::varchar"
        texts.append(f'{text} as "{column.name}"')
        value, joined = _typed(column, source)
        typed.append(f'{value} as "{column.name}", raw."{column.name}" as "text of {column.name}"')
        joins += [joined] if joined else []
        if column.required:
            faults.append(_fault(column.name, f'"text of {column.name}" is null', "is missing"))
        if column.type not in ("text", *PLACES):
            unread = f'"text of {column.name}" is not null and "{column.name}" is null'
            faults.append(_fault(column.name, unread, f"is not {_expected(column, source)}"))
    tomorrow = f'"{contract.dated}" > cast($today as date) + 1'
    faults.append(_fault(contract.dated, tomorrow, "lies in the future"))
    faults += [_fault(rule.column, f"not ({rule.holds})", rule.reason) for rule in contract.rules]
    return f"""
        with mapped as ({source.sql}),
        raw as (select line, {", ".join(texts)} from mapped),
        typed as (select raw.line, {", ".join(typed)} from raw {" ".join(joins)})
        select *, case {" ".join(faults)} end as fault from typed"""


@cache
def _mapped_columns(sql: str, headings: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the columns that a source's SQL returns, asked of the engine itself over an empty export."""
    columns = ", ".join(f'null::varchar as "{heading}"' for heading in headings)
    with duckdb.connect() as scratch:
        scratch.execute(f"create table export as select 0::bigint as line, {columns} limit 0")
        return tuple(told[0] for told in scratch.execute(sql).description)


def _cleaned(column: Column, source) -> str:
    """The text of a cell: trimmed, markers of a missing value taken out, the export's words put into the contract's."""
    text = f"nullif(trim(cast({column.name} as varchar)), '')"
    for marker in source.missing:
        text = f"nullif({text}, {_quoted(marker)})"
    words = source.values.get(column.name, {})
    if words:
        whens = " ".join(f"when {_quoted(word.lower())} then {_quoted(meant)}" for word, meant in words.items())
        text = f"case lower({text}) {whens} else {text} end"
    return text


def _typed(column: Column, source) -> tuple[str, str]:
    """SQL for the typed value of a column, and the join that it needs; null where the text cannot be read."""
    text = f'raw."{column.name}"'
    match column.type:
        case "integer":
            return f"case when regexp_full_match({text}, '[+-]?\\d{{1,18}}') then cast({text} as bigint) end", ""
        case "number":
            number = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?"
            return (
                f"case when regexp_full_match({text}, '{number}') then try_cast({text} as double) "
                f"when regexp_full_match({text}, '{number} ?%') then try_cast(rtrim({text}, ' %') as double) / 100 end"
            ), ""
        case "boolean":
            return f"case lower({text}) {_BOOLEAN} end", ""
        case "date" | "timestamp":
            return _moment(text, column.type, source), ""
        case "one of":
            known = ", ".join(_quoted(value) for value in column.values)
            return f"case when lower({text}) in ({known}) then lower({text}) end", ""
        case "region" | "channel":
            if column.name in source.keep:
                return f"coalesce({text}, {_quoted(column.blank)})", ""
            table = f"spelled_{column.name}"
            join = f"left join {column.type}_spellings as {table} on {table}.spelling = lower({text})"
            return (
                f"case when {text} is null then {_quoted(column.blank)} else coalesce({table}.place, 'unknown') end",
                join,
            )
        case _:
            return text, ""


_BOOLEAN = " ".join(
    f"when '{word}' then {meant}"
    for meant, words in {"true": ("true", "yes", "y", "1"), "false": ("false", "no", "n", "0")}.items()
    for word in words
)


def _moment(text: str, type_: str, source) -> str:
    """A date or timestamp: the formats that the source declares, else ISO only; turned into UTC where a zone is known.

    A cell that names its own offset goes before the zone of the source. Other spellings are never guessed: 03/04/2026
    is two different days.
    """
    closed = f"regexp_replace({text}, ' (Z|[+-][0-9:]+)$', '\\1')"  # the engine reads no blank before an offset …
    instant = f"try_cast({closed} as timestamptz) at time zone 'UTC'"  # … and a cast to timestamp forgets the offset
    own = [f"case when regexp_full_match({text}, '{ISO_WITH_OFFSET}') then {instant} end"]
    local = [f"case when regexp_full_match({text}, '{ISO_MOMENT}') then try_cast({text} as timestamp) end"]
    for pattern in reversed(source.dates):  # a list of patterns must not mix those with an offset and those without
        parsed = f"try_strptime({text}, {_quoted(pattern)})"
        if "%z" in pattern.lower():
            own.insert(0, f"({parsed} at time zone 'UTC')")
        else:
            local.insert(0, parsed)
    there = f"coalesce({', '.join(local)})"
    if source.zone and type_ == "timestamp":
        there = f"{there} at time zone {_quoted(source.zone)} at time zone 'UTC'"
    return f"cast(coalesce({', '.join(own)}, {there}) as {type_})"


def _expected(column: Column, source) -> str:
    match column.type:
        case "one of":
            return "one of " + ", ".join(column.values)
        case "date" | "timestamp":
            return f"a {column.type} like " + " or ".join(source.dates or ("2026-01-31",))
        case "integer":
            return "a whole number"
        case "boolean":
            return "yes or no"
        case _:
            return "a number"


def _fault(column: str, when: str, reason: str) -> str:
    return (
        f"when {when} then struct_pack(col := {_quoted(column)}, "
        f'value := "text of {column}", reason := {_quoted(reason)})'
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def last_workday(month: date) -> date:
    """Last Monday-to-Friday day of the month that `month` lies in."""
    day = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return day - timedelta(days=max(day.weekday() - 4, 0))

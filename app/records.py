"""Records: what each kind promises, and how an export's text becomes typed records or rejects with a reason."""

import csv
import tomllib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from app import cells, counts, quick
from app.cells import PLACES, SQL_TYPES, quoted
from app.exports import BadExport, Export, Fate, Unknown
from app.sources import Source, column_of, plain

DATA = Path(__file__).parent.parent / "data"
BATCH = 50_000  # rows held in memory while a file is read
MOST_PLACES = 500  # a column with more different values than this does not hold regions or channels
FEW_LINES = 10_000  # with a fault: the engine looks for so many by number before it works out anything else of a row


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
    """Rows of one file: read is always kept + rejected + repeated + blank.

    Blank are empty rows, and with them counted apart: notes below the table, and rows that the source leaves out.
    """

    read: int
    kept: int
    rejected: int
    repeated: int
    blank: int
    notes: int = 0
    left_out: int = 0


class Read(NamedTuple):
    """Rows of one file before anything is known of its records; notes and left out are among the blank ones."""

    read: int
    blank: int
    notes: int = 0
    left_out: int = 0


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
    warehouse.execute((DATA.parent / "queries" / "source_macros.sql").read_text("utf-8"))
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


def load(warehouse: duckdb.DuckDBPyConnection, export: Export, file: int, today: date) -> Read:
    """Read one export into `<record>_read` and `rejects`; return how many rows it has and how many hold no record.

    A row with one broken cell is rejected whole. Rows are told apart by the line on which they begin.
    """
    _check_source(warehouse, export)
    contract = contracts()[export.source.record]
    _clear(warehouse)
    told = _copy_columns(warehouse, export, file)
    _answers(warehouse, export, file)
    counts.check(warehouse, export.source, file)
    many = told.read > BATCH or bool(export.source.each or export.source.counted)
    texts = _texts(contract, export, many)
    if not many:  # worked out once; of many rows it would be a further copy
        warehouse.execute(f"create temp table raw_rows as {texts}")
        texts = "select * from raw_rows"
    warehouse.execute(f"create temp view raw as {texts}")
    source = _decide_order(warehouse, contract, export)
    for column in contract.columns:
        if column.type in PLACES and column.name in source.keep:
            _check_places(warehouse, export, column)
        elif column.type in PLACES:
            warehouse.execute(f"create or replace temp table spelled_{column.name} as {cells.spelled(column)}")
            _note_unknown(warehouse, column.name, file)
    _write(warehouse, contract, source, file, today)
    left_out = _left_out(warehouse, contract, file)
    _reject(warehouse, contract, source, file, today)
    _clear(warehouse)
    return Read(told.read, told.blank + left_out, told.notes, left_out)


def _clear(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Drop what loading one export leaves."""
    for left in ("view raw", "table raw_rows", "view answers", "view export", "table export_rows"):
        warehouse.execute("drop {} if exists {}".format(*left.split()))


def _note_unknown(warehouse: duckdb.DuckDBPyConnection, column: str, file: int) -> None:
    """Write down the words that no reference knows, and in how many rows."""
    unknown = f"select 1 from spelled_{column} where place = 'unknown' and told is not null limit 1"
    if not warehouse.execute(unknown).fetchall():
        return
    warehouse.execute(
        f"""insert into unknown_words select $file, '{column}', told, count(distinct line) from raw
        join spelled_{column} on told = raw."{column}" where place = 'unknown' group by told""",
        {"file": file},
    )


def _write(warehouse: duckdb.DuckDBPyConnection, contract: Contract, source: Source, file: int, today: date) -> None:
    """Add the records of the view `raw`. Where one has a fault its line is below zero: rows are many and written once,
    faults are few and looked at again."""
    broken = " or ".join(when for when, _ in _faults(contract, source))
    names = ", ".join(f'"{column.name}"' for column in contract.columns)
    warehouse.execute(
        f"insert into {contract.record}_read select $file, if({broken}, -line, line), {names} "
        f"from ({_typed(contract, source)})",
        {"file": file, "today": today},
    )


def _left_out(warehouse: duckdb.DuckDBPyConnection, contract: Contract, file: int) -> int:
    """How many rows of the export made no record and were not rejected; mostly the same lines stand on both sides."""
    of_file, lines = f"from {contract.record}_read where file = $file", "(count(*), sum(hash(abs(line))))"
    same = f"select (select {lines} from export) = (select {lines} {of_file})"
    if warehouse.execute(same, {"file": file}).fetchone()[0]:
        return 0
    made = f"select abs(line) as line {of_file} union all select line from rejects where file = $file"
    silent = f"select count(*) from export anti join ({made}) using (line)"
    return warehouse.execute(silent, {"file": file}).fetchone()[0]


def _reject(warehouse: duckdb.DuckDBPyConnection, contract: Contract, source: Source, file: int, today: date) -> None:
    """Take out the records of lines with a fault, and write down the first fault of each."""
    read = f"{contract.record}_read"
    broken = f"select -line from {read} where file = $file and line < 0"
    lines = warehouse.execute(f"{broken} limit {FEW_LINES + 1}", {"file": file}).fetchall()
    if lines:
        whens = " ".join(f"when {when} then {told}" for when, told in _faults(contract, source))
        listed = ", ".join(str(line) for (line,) in lines) if len(lines) <= FEW_LINES else broken
        warehouse.execute(
            f"""insert into rejects select $file, line, fault.* from (
                select line, case {whens} end as fault
                from ({_typed(contract, source)} where raw.line in ({listed}))
            ) where fault is not null""",
            {"file": file, "today": today},
        )
    rejected = "select line from rejects where file = $file"
    if warehouse.execute(f"select exists ({rejected})", {"file": file}).fetchone()[0]:
        warehouse.execute(f"delete from {read} where file = $file and abs(line) in ({rejected})", {"file": file})


def settle(warehouse: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Make a record: of rows with the same key the newest stands, with the derived columns added.

    It is a view of the rows that were read, which are many and not written twice; `<record>_older` says which do not
    stand. Only rows whose key has the hash of another's are held against each other: mostly few.
    """
    read, older, key = f"{contract.record}_read", f"{contract.record}_older", ", ".join(contract.key)
    order = [f'"{column}" desc nulls last' for column in contract.newest] + ["file desc", "line desc"]
    warehouse.execute(
        f"create table {older} as select rowid as older from {read} "
        f"where hash({key}) in (select hash({key}) from {read} group by 1 having count(*) > 1) "
        f"qualify row_number() over (partition by {key} order by {', '.join(order)}) > 1"
    )
    derived = "".join(f", {sql} as {name}" for name, sql in contract.derived.items())
    (some,) = warehouse.execute(f"select count(*) from {older}").fetchone()
    standing = f"anti join {older} on {older}.older = {read}.rowid" if some else ""
    warehouse.execute(f"create view {contract.record} as select {read}.*{derived} from {read} {standing}")


def tally(
    warehouse: duckdb.DuckDBPyConnection,
    record: str,
    file: int,
    read: int,
    blank: int,
    notes: int = 0,
    left_out: int = 0,
) -> Tally:
    """Count what became of the rows of one file; `read` was counted on its own, so the sum can be proved."""

    def lines(table: str) -> int:
        sql = f"select count(distinct line) from {table} where file = $file"
        return warehouse.execute(sql, {"file": file}).fetchone()[0]

    kept, rejected = lines(record), lines("rejects")
    return Tally(read, kept, rejected, lines(f"{record}_read") - kept, blank, notes, left_out)


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


def tells(export: Export) -> list[str]:
    """Columns of its record that an export has, whether or not a row fills them."""
    source = export.source
    mapped = _mapped_columns(source.sql, source.columns)
    return [name for name in dict.fromkeys([*mapped, *source.headings, *export.constants]) if name != "line"]


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
    told = tells(export)
    placed = [column.name for column in contract.columns if column.type in PLACES]
    for named, allowed, where in (
        (told, columns, "below [columns]"),
        (source.values, columns, "below [values]"),
        (source.keep, placed, "in keep"),
    ):
        if strange := [name for name in named if name not in allowed]:
            problem = f"{file} names {', '.join(strange)} {where}, which is no such column of {contract.record}"
            raise BadExport(export.name, problem, f"Known are {', '.join(allowed)}")
    if absent := [column for column in contract.columns if column.required and column.name not in told]:
        raise Unknown(
            export.name,
            f"{file} does not say where to find {', '.join(column.name for column in absent)}, "
            f"which {contract.record} need ({'; '.join(column.meaning for column in absent)})",
            f'Add a line such as {absent[0].name} = "…" below [columns] (its heading) or [constants] (the same '
            f"for every row) in {export.path.name}.map.toml",
            export.table,
            source,
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


def _check_places(warehouse: duckdb.DuckDBPyConnection, export: Export, column: Column) -> None:
    place, _ = cells.typed(column, export.source)
    many = warehouse.execute(f"select count(distinct {place}) from raw").fetchone()[0]
    if many > MOST_PLACES:
        raise BadExport(
            export.name,
            f"{column.name} has {many} different values: it does not seem to hold {column.name}s",
            f"Map another column to {column.name}, or take {column.name} out of keep in {export.source.name}.toml",
        )


def _copy_columns(warehouse: duckdb.DuckDBPyConnection, export: Export, file: int) -> Read:
    """Fill the table `export` with the columns that are read, as text, each row led by its line; reject ragged rows."""
    places = {plain(heading): position for position, heading in enumerate(export.header)}
    wanted = [(column, places.get(plain(column))) for column in export.source.columns]
    wanted += [(_answer_column(asked.place), asked.place) for asked in export.questions]
    quickly = quick.copy(warehouse, export, wanted)
    if quickly is not None:
        return Read(quickly, 0)
    columns = [column for column, _ in wanted]
    listed = ", ".join(f"{column_of(column)} varchar" for column in columns)
    warehouse.execute(f"create temp table export_rows (line bigint{', ' if listed else ''}{listed})")
    warehouse.execute("create temp view export as select * from export_rows")
    width, read, blank, notes = len(export.header), 0, 0, 0
    batch: list[list] = []
    ragged: list[list] = []
    for line, row in export.rows():
        read += 1
        if not row:
            blank += 1
        elif row is Fate.NOTE:
            notes += 1
        elif row is Fate.BROKEN:
            ragged.append([file, line, "", None, row.value])
        elif len(row) < export.narrowest or (len(row) > width and any(cell.strip() for cell in row[width:])):
            ragged.append([file, line, "", None, f"has {len(row)} cells, the header has {width}"])
        elif "\0" in "".join(row):
            ragged.append([file, line, "", None, "holds a NUL character"])
        else:
            batch.append([line, *("" if place is None or place >= len(row) else row[place] for _, place in wanted)])
        if len(batch) == BATCH:
            _append(warehouse, "export_rows", batch, columns)
            batch = []
        if len(ragged) == BATCH:
            _append_rejects(warehouse, ragged)
            ragged = []
    _append(warehouse, "export_rows", batch, columns)
    _append_rejects(warehouse, ragged)
    return Read(read, blank + notes, notes)


def _append(warehouse: duckdb.DuckDBPyConnection, table: str, batch: list[list], columns: list[str]) -> None:
    if batch:
        types = [pa.int64(), *[pa.string()] * len(columns)]
        arrays = [pa.array(values, type_) for values, type_ in zip(zip(*batch, strict=True), types, strict=True)]
        warehouse.register("batch", pa.table(arrays, names=["line", *columns]))
        warehouse.execute(f"insert into {table} select * from batch")
        warehouse.unregister("batch")


def _append_rejects(warehouse: duckdb.DuckDBPyConnection, rows: list[list]) -> None:
    if rows:
        types = {
            "file": pa.int32(),
            "line": pa.int64(),
            "col": pa.string(),
            "value": pa.string(),
            "reason": pa.string(),
        }
        arrays = [pa.array(told, type_) for told, type_ in zip(zip(*rows, strict=True), types.values(), strict=True)]
        warehouse.register("batch", pa.table(arrays, names=list(types)))
        warehouse.execute("insert into rejects select * from batch")
        warehouse.unregister("batch")


def _answer_column(place: int) -> str:
    return f"\x1f{place}"  # no heading is called so


def _answers(warehouse: duckdb.DuckDBPyConnection, export: Export, file: int) -> None:
    """The view `answers` of a survey: a row for each question that a response answers, its words put into scores."""
    if not export.source.questions:
        return
    rows = []
    for asked in export.questions:
        text = f'trim(export."{_answer_column(asked.place)}")'
        words = " ".join(f"when {quoted(word)} then '{score}'" for word, score in asked.answers)
        worded = (
            f"case lower({text}) {words} else {text} end"
            if words
            else (
                f"case when regexp_full_match({text}, '\\d+ ?[-–:(]? ?[A-Za-z].*') "  # 10 - Extremely likely
                f"then regexp_extract({text}, '^\\d+') else {text} end"
            )
        )
        rows.append(f"('{asked.item}', {worded}, '{asked.lowest}', '{asked.highest}')")
    warehouse.execute(
        "create or replace temp view answers as select export.line, told.* from export cross join lateral "
        f"(values {', '.join(rows)}) as told (item, score, lowest, highest) where told.score <> ''"
    )
    filled = warehouse.execute("select count(*) from export").fetchone()[0]
    for heading in export.strange_questions:
        warehouse.execute("insert into unknown_words values (?, 'question', ?, ?)", [file, heading, filled])


def _decide_order(warehouse: duckdb.DuckDBPyConnection, contract: Contract, export: Export) -> Source:
    """The source with one order of day and month, where its system writes dates as each user likes them.

    Raises BadExport where both orders read every date, or where a file mixes them: nobody can tell its days.
    """
    source = export.source
    orders = {
        order: [word for word in source.dates if cells.order_of(word) in ("", order)] for order in ("day", "month")
    }
    if not all(any(cells.order_of(word) == order for word in source.dates) for order in orders):
        return source
    counts, example = [0, 0, 0], None
    for column in contract.columns:
        if column.type in ("date", "timestamp"):
            day, month = (
                cells.moment(f'"{column.name}"', "timestamp", replace(source, dates=tuple(words)))
                for words in orders.values()
            )
            told = warehouse.execute(
                f"""select count(*) filter (where day is not null and month is null),
                    count(*) filter (where month is not null and day is null), count(*) filter (where day <> month),
                    min(told) filter (where day <> month)
                from (select "{column.name}" as told, {day} as day, {month} as month from raw)"""
            ).fetchone()
            counts = [before + now for before, now in zip(counts, told, strict=False)]
            example = example or told[3]
    day_only, month_only, both = counts
    if (day_only and month_only) or (both and not day_only and not month_only):
        why = "some of its dates have the day first, others the month" if day_only else f"{example} could be two days"
        first = [next(word for word in words if cells.order_of(word)) for words in orders.values()]
        raise Unknown(
            export.name,
            f"nobody can tell its days: {why}",
            f'Say in {export.path.name}.map.toml whether dates = ["{first[0]}"] or dates = ["{first[1]}"]',
            export.table,
            source,
        )
    return replace(source, dates=tuple(orders["month" if month_only else "day"]))


def _texts(contract: Contract, export: Export, many: bool) -> str:
    """SQL for the text of every column of a record, put into the contract's words; null where the export has none."""
    source, mapped = export.source, set(_mapped_columns(export.source.sql, export.source.columns))
    told = []
    for column in contract.columns:
        name = column.name
        if name in export.constants:
            text = f"cast({quoted(export.constants[name])} as varchar)"
        elif name in source.headings:
            text = f"export.{column_of(_spelled(source, source.headings[name]))}"
        elif name in mapped:
            text = f"cast(mapped.{name} as varchar)"
            if name in source.numbered:  # rows are told apart by what is said of all of their file too
                text = f"md5({text} || {quoted(str(sorted(export.constants.items())))})"
        else:
            told.append(f'cast(null as varchar) as "{name}"')
            continue
        told.append(f'{cells.cleaned(text, name, source, many)} as "{name}"')
    join = " join export on export.line = mapped.line" if source.headings else ""
    return f"with mapped as ({source.sql}) select mapped.line, {', '.join(told)} from mapped{join}"


def _spelled(source: Source, heading: str) -> str:
    """A heading as the table `export` spells it."""
    return next(column for column in source.columns if plain(column) == plain(heading))


def _typed(contract: Contract, source: Source) -> str:
    """SQL that turns the view `raw` into typed columns, with the texts behind them."""
    told, joins = [], []
    for column in contract.columns:
        value, joined = cells.typed(column, source)
        told.append(f'{value} as "{column.name}", raw."{column.name}" as "{_text_of(column)}"')
        joins.append(joined)
    return f"select raw.line, {', '.join(told)} from raw {' '.join(joins)}"


def _text_of(column: Column) -> str:
    return f"text of {column.name}"


def _faults(contract: Contract, source: Source) -> list[tuple[str, str]]:
    """What can be wrong with a row of `_typed`, in this order: SQL that says when, and SQL that tells it."""
    columns, faults = {column.name: column for column in contract.columns}, []

    def fault(column: str, when: str, reason: str) -> None:
        text = _text_of(columns[column])
        told = f'struct_pack(col := {quoted(column)}, value := "{text}", reason := {quoted(reason)})'
        faults.append((f"({when})", told))

    for name, column in columns.items():
        text = _text_of(column)
        if column.required:
            fault(name, f'"{text}" is null', "is missing")
        if column.type not in ("text", *PLACES):
            fault(name, f'"{text}" is not null and "{name}" is null', f"is not {cells.expected(column, source)}")
    fault(contract.dated, f'"{contract.dated}" > cast($today as date) + 1', "lies in the future")
    for rule in contract.rules:
        fault(rule.column, f"not ({rule.holds})", rule.reason)
    return faults


@cache
def _mapped_columns(sql: str, headings: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the columns that a source's SQL returns, asked of the engine itself over an empty export."""
    columns = "".join(f", null::varchar as {column_of(heading)}" for heading in headings)
    with _scratch().cursor() as scratch:
        scratch.execute(f"create temp table export as select 0::bigint as line{columns} limit 0")
        return tuple(told[0] for told in scratch.execute(sql).description)


@cache
def _scratch() -> duckdb.DuckDBPyConnection:
    """What the SQL of any source may name, without a row; each cursor has an export of its own."""
    scratch = duckdb.connect()
    scratch.execute("create table answers (line bigint, item varchar, score varchar, lowest varchar, highest varchar)")
    scratch.execute((DATA.parent / "queries" / "source_macros.sql").read_text("utf-8"))
    return scratch


def last_workday(month: date) -> date:
    """Last Monday-to-Friday day of the month that `month` lies in."""
    day = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return day - timedelta(days=max(day.weekday() - 4, 0))

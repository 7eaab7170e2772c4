"""Text becomes typed records or rejects with line, column, value and reason; every row is accounted for."""

import csv
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import cells, loading, records
from app.exports import BadExport, recognise
from app.records import Tally, contracts, last_workday
from app.sources import Source, sources
from tests.conftest import TICKETS_HEADER, TICKETS_MAP, TODAY


def load(folder: Path, *names: str) -> tuple[duckdb.DuckDBPyConnection, list[Tally]]:
    """Load files of tickets as a build does; return the warehouse and the tally of each file."""
    warehouse = duckdb.connect()
    records.prepare(warehouse)
    counts = [
        records.load(warehouse, recognise(folder / name, name, sources()), number, TODAY)
        for number, name in enumerate(names)
    ]
    records.settle(warehouse, contracts()["tickets"])
    return warehouse, [records.tally(warehouse, "tickets", number, *count) for number, count in enumerate(counts)]


def rejects(warehouse: duckdb.DuckDBPyConnection) -> list[tuple]:
    return warehouse.execute("select line, col, value, reason from rejects order by line").fetchall()


def test_texts_become_types(tickets) -> None:
    """Spelled as people do: spaces, capitals, a place by its nickname, blanks for what is not known."""
    folder = tickets(" T1 ,2026-01-05 09:00,2026-01-05T11:30:00,, MET ,2,,R1, emea ,email")
    warehouse, (tally,) = load(folder, "desk.csv")
    row = warehouse.execute(
        "select ticket, opened_at, first_reply_hours, resolved_at, sla, reopened, category, region, channel "
        "from tickets"
    ).fetchone()
    assert row == ("T1", datetime(2026, 1, 5, 9), 2.5, None, "met", 2, None, "EMEA", "E-mail")
    assert tally == Tally(read=1, kept=1, rejected=0, repeated=0, blank=0)


@pytest.mark.parametrize(
    ("row", "reject"),
    [
        (",2026-01-05,,,,,,,,", ("ticket", None, "is missing")),
        ("T1,,,,,,,,,", ("opened_at", None, "is missing")),
        ("T1,05/01/2026,,,,,,,,", ("opened_at", "05/01/2026", "is not a timestamp like 2026-01-31")),
        ("T1,2026-02-30,,,,,,,,", ("opened_at", "2026-02-30", "is not a timestamp like 2026-01-31")),
        ("T1,2026-01-05,2026-01-04,,,,,,,", ("first_reply_at", "2026-01-04", "is before the ticket was opened")),
        ("T1,2026-01-05,,,late,,,,,", ("sla", "late", "is not one of met, breached")),
        ("T1,2026-01-05,,,,twice,,,,", ("reopened", "twice", "is not a whole number")),
        ("T1,2026-01-05,,,,-1,,,,", ("reopened", "-1", "is negative")),
        ("T1,2062-01-05,,,,,,,,", ("opened_at", "2062-01-05", "lies in the future")),
        ("T1,2026-01-05", ("", None, "has 2 cells, the header has 10")),
        ("T1,2026-01-05,,,,,,,,,surplus", ("", None, "has 11 cells, the header has 10")),
        ("T1\0,2026-01-05,,,,,,,,", ("", None, "holds a NUL character")),
    ],
)
def test_a_broken_row_is_rejected_with_line_column_value_and_reason(tickets, row: str, reject: tuple) -> None:
    """The good rows around it stay: the broken one stands in line 3."""
    good = "G{0},2026-01-05,,,,,,,,"
    warehouse, (tally,) = load(tickets(good.format(1), row, good.format(2)), "desk.csv")
    assert rejects(warehouse) == [(3, *reject)]
    assert tally == Tally(read=3, kept=2, rejected=1, repeated=0, blank=0)


def test_same_key_counts_once_and_the_newest_row_stands(drop) -> None:
    """T1 stands three times: twice in January's file, once corrected in February's, which is read later."""
    january = (
        TICKETS_HEADER + "T1,2026-01-05,,,breached,,,,,\nT1,2026-01-05,,,breached,,,,,\nT2,2026-01-06,,,met,,,,,\n"
    )
    february = TICKETS_HEADER + "T1,2026-01-05,,,met,,,,,\n"
    folder = drop({"a.csv": january, "a.csv.map.toml": TICKETS_MAP, "b.csv": february, "b.csv.map.toml": TICKETS_MAP})
    warehouse, tallies = load(folder, "a.csv", "b.csv")
    assert warehouse.execute("select ticket, sla from tickets order by ticket").fetchall() == [
        ("T1", "met"),
        ("T2", "met"),
    ]
    assert tallies == [Tally(3, 1, 0, 2, 0), Tally(1, 1, 0, 0, 0)]


def test_revision_goes_before_the_order_of_reading(drop) -> None:
    """An event log: revision 10 is newer than 9, whatever their order in the file or in the alphabet."""
    mapping = TICKETS_MAP + 'revision = "Rev"\n'
    text = TICKETS_HEADER.strip() + ",Rev\nT1,2026-01-05,,,met,,,,,,10\nT1,2026-01-05,,,breached,,,,,,9\n"
    warehouse, (tally,) = load(drop({"log.csv": text, "log.csv.map.toml": mapping}), "log.csv")
    assert warehouse.execute("select sla from tickets").fetchall() == [("met",)]
    assert (tally.kept, tally.repeated) == (1, 1)


def test_rows_without_a_number_are_told_apart_by_what_is_said_of_their_file(drop) -> None:
    """The same answers on the same day in three regions are two of each; the same file once more adds nothing."""
    mapping = (
        'system = "S"\nrecord = "customer_answers"\nnumbered = ["response"]\nfiles = ["{}"]\n'
        '[columns]\nanswered_on = "On"\n[items]\nrecommend = "NPS"\n'
    )
    rows = "On,NPS\n2026-03-02,9\n2026-03-02,9\n"
    folder = drop(dict.fromkeys(["a.csv", "b.csv", "b2.csv", "nps-EMEA.csv", "nps-APAC.csv"], rows))
    named = mapping.format("nps-*.csv") + "[from_name]\nregion = 'nps-(.+)\\.csv'\n"
    for name, text in {
        "a": mapping.format("a.csv") + '[constants]\nregion = "NAMER"\n',
        "b": mapping.format("b*.csv") + '[constants]\nregion = "LATAM"\n',
        "nps": named,
    }.items():
        (folder / f"{name}.map.toml").write_text(text, "utf-8")
    with duckdb.connect() as warehouse:
        told, problems = loading.load(warehouse, folder, TODAY, lambda line: None)
        regions = warehouse.execute("select region, count(*) from customer_answers group by 1 order by 1").fetchall()
    assert problems == []
    assert {file.path: (file.kept, file.repeated) for file, _ in told} == {
        "a.csv": (2, 0),
        "b.csv": (0, 2),
        "b2.csv": (2, 0),
        "nps-APAC.csv": (2, 0),
        "nps-EMEA.csv": (2, 0),
    }
    assert regions == [("Asia Pacific", 2), ("EMEA", 2), ("Latin America", 2), ("North America", 2)]


def test_unknown_places_are_counted_under_unknown_and_listed(tickets) -> None:
    warehouse, (tally,) = load(tickets("T1,2026-01-05,,,,,,,Atlantis,Phone", "T2,2026-01-05,,,,,,,,Phone"), "desk.csv")
    assert warehouse.execute("select region from tickets").fetchall() == [("unknown",)] * 2
    assert warehouse.execute("select col, word, rows from unknown_words").fetchall() == [("region", "Atlantis", 1)]
    assert tally.kept == 2, "nothing is dropped for a region that nobody knows"


TABLES = ("tickets_read", "tickets", "rejects", "unknown_words")
EDGES = (
    " T1 ,2026-01-05 09:00, 2026-01-05T11:30:00,,\u00a0MET\u2003,2,,\u3000R1, emea ,email ",
    "\u00a0,2026-01-05,,,,,,,,",
    "T2,soon,,,late,,,,Atlantis,",
    "T3,2026-01-05,,,late,,,,\u00a0Atlantis,Phone",
    "T4,2026-01-05,,,,-1,é ,,Mars;,",
    "T1,2026-01-06,,,met,,,,,",
)


@pytest.mark.parametrize(("bound", "low"), [("BATCH", 2), ("FEW_LINES", 1)])
def test_many_rows_and_many_faults_are_read_as_few_are(tickets, monkeypatch, bound: str, low: int) -> None:
    """Blanks of every kind, four faults, and places that nobody knows: what is quicker for many says the same."""
    told = []
    for _ in range(2):
        warehouse, tallies = load(tickets(*EDGES), "desk.csv")
        tables = [warehouse.execute(f"select * from {table} order by all").fetchall() for table in TABLES]
        told.append((tables, tallies))
        monkeypatch.setattr(records, bound, low)
    few, many = told
    assert few == many
    assert few[1] == [Tally(read=6, kept=1, rejected=4, repeated=1, blank=0)]


def test_a_mapping_file_may_keep_places_declare_dates_and_a_zone(drop) -> None:
    """09:00 in Chicago in January is 15:00 in UTC; 5/1 is the fifth of January because the mapping says so."""
    mapping = 'dates = ["%d/%m/%Y %H:%M"]\nzone = "America/Chicago"\nkeep = ["region"]\nmissing = ["?"]\n' + TICKETS_MAP
    text = TICKETS_HEADER + "T1,5/1/2026 09:00,?,,?,,,,Atlantis,Phone\n"
    warehouse, _ = load(drop({"desk.csv": text, "desk.csv.map.toml": mapping}), "desk.csv")
    row = warehouse.execute("select opened_at, first_reply_at, sla, region from tickets").fetchone()
    assert row == (datetime(2026, 1, 5, 15), None, None, "Atlantis")


DATES = 'dates = ["%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M"]\n'


@pytest.mark.parametrize(
    ("dates", "opened"),
    [
        (("5/1/2026 09:00", "13/1/2026 09:00"), [datetime(2026, 1, 5, 9), datetime(2026, 1, 13, 9)]),
        (("1/5/2026 9:00 AM", "1/6/2026 9:00 PM"), [datetime(2026, 1, 5, 9), datetime(2026, 1, 6, 21)]),
        (("5/5/2026 09:00", "2026-01-06"), [datetime(2026, 5, 5, 9), datetime(2026, 1, 6)]),
    ],
)
def test_a_system_that_writes_days_as_its_users_like_is_read_by_the_days_over_twelve(drop, dates, opened) -> None:
    """13/1 can only be a day first, AM is written with the month first, 5/5 is the same day in both."""
    text = TICKETS_HEADER + "".join(f"T{number},{when},,,,,,,,\n" for number, when in enumerate(dates))
    warehouse, _ = load(drop({"desk.csv": text, "desk.csv.map.toml": DATES + TICKETS_MAP}), "desk.csv")
    assert [row[0] for row in warehouse.execute("select opened_at from tickets order by ticket").fetchall()] == opened


@pytest.mark.parametrize(
    ("dates", "why"),
    [
        (("3/4/2026 09:00", "5/6/2026 09:00"), r"3/4/2026 09:00 could be two days"),
        (("13/4/2026 09:00", "4/13/2026 09:00"), "some of its dates have the day first, others the month"),
    ],
)
def test_days_that_nobody_can_tell_are_refused_and_asked_for(drop, dates, why: str) -> None:
    text = TICKETS_HEADER + "".join(f"T{number},{when},,,,,,,,\n" for number, when in enumerate(dates))
    folder = drop({"desk.csv": text, "desk.csv.map.toml": DATES + TICKETS_MAP})
    with pytest.raises(BadExport, match=f"nobody can tell its days: {why}.*dates = "):
        load(folder, "desk.csv")


@pytest.mark.parametrize(
    ("keys", "cell", "opened"),
    [
        ("", "2026-07-05 09:12 CDT", datetime(2026, 7, 5, 14, 12)),
        ("", "2026-01-05 09:12 UTC", datetime(2026, 1, 5, 9, 12)),
        ('zone = "Asia/Shanghai"', "2026-01-05 09:12 CST", datetime(2026, 1, 5, 1, 12)),
        ('dates = ["%d/%b/%y %I:%M %p"]', "03/Jan/26 9:05 PM", datetime(2026, 1, 3, 21, 5)),
        ('dates = ["%m/%d/%Y %I:%M %p %Z"]', "1/5/2026 09:12 AM Europe/Berlin", datetime(2026, 1, 5, 8, 12)),
        ('dates = ["%d/%m/%y, %H:%M"]', "5/01/26, 09:13", datetime(2026, 1, 5, 9, 13)),
        ("", "2026-01-05 09:12 IST", None),
    ],
)
def test_moments_as_vendors_write_them(drop, keys: str, cell: str, opened: datetime | None) -> None:
    """CDT is five hours behind; CST is Chinese where the zone says so; IST is three zones and in no reference."""
    folder = drop({"desk.csv": TICKETS_HEADER + f'T1,"{cell}",,,,,,,,\n', "desk.csv.map.toml": keys + TICKETS_MAP})
    warehouse, _ = load(folder, "desk.csv")
    assert warehouse.execute("select opened_at from tickets").fetchall() == ([(opened,)] if opened else [])


@pytest.mark.parametrize(
    ("cell", "hours"), [("1:30:00", 1.5), ("26:03", 26.05), ("0:00:36", 0.01), ("1.5", 1.5), ("1:75", None), ("", None)]
)
def test_hours_are_a_number_or_a_span(cell: str, hours: float | None) -> None:
    column = records.Column("hours", "hours", "")
    sql, _ = cells.typed(column, Source("s", "S", "training", (), ""))
    told = duckdb.sql(f"select {sql} from (select nullif(?, '') as hours) as raw", params=[cell]).fetchall()[0][0]
    assert told == pytest.approx(hours)


CELL = st.one_of(
    st.sampled_from(
        ["", " ", "met", "2026-01-05", "2026-13-01", "EMEA", "phone", "7", "-3", "1e400", "nan", "=1+1", "'", '"', "é"]
    ),
    st.text(max_size=6),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=0, max_size=12), max_size=12))
def test_whatever_the_cells_hold_every_row_is_accounted_for(tmp_path_factory, table: list[list[str]]) -> None:
    """A second opinion on the sum: plain Python counts the rows that were written."""
    folder = tmp_path_factory.mktemp("fuzz")
    with (folder / "desk.csv").open("w", encoding="utf-8", newline="") as out:
        out.write(TICKETS_HEADER)
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    (folder / "desk.csv.map.toml").write_text(TICKETS_MAP)
    warehouse, (tally,) = load(folder, "desk.csv")
    assert tally.read == tally.kept + tally.rejected + tally.repeated + tally.blank == len(table)
    assert tally.blank - tally.notes == sum(not any(cell.strip() for cell in row) for row in table)
    assert warehouse.execute("select count(*) from tickets").fetchone()[0] == tally.kept


@pytest.mark.parametrize(
    ("month", "last"),
    [
        (date(2026, 10, 1), date(2026, 10, 30)),
        (date(2026, 11, 1), date(2026, 11, 30)),
        (date(2026, 5, 9), date(2026, 5, 29)),
    ],
)
def test_last_workday(month: date, last: date) -> None:
    """31 Oct 2026 is a Saturday, 30 Nov 2026 a Monday, 31 May 2026 a Sunday."""
    assert last_workday(month) == last


MAY_BE_BLANK = {
    "costs": {"region", "channel"},  # blank for a region that is not known, and for the channels together
    "suppliers": {"certifier", "certified_from"},  # blank for a supplier without a certificate
    "policies": {"reviewed_on"},  # blank for a policy that was never reviewed
}


def test_contracts_hold_together() -> None:
    """Keys, dates, rules and order name columns that are there; types are known; a key is required, but as listed."""
    for contract in contracts().values():
        columns = {column.name: column for column in contract.columns}
        assert {*contract.key, *contract.newest, contract.dated} <= set(columns)
        blank = MAY_BE_BLANK.get(contract.record, set())
        assert blank < set(contract.key), f"{contract.record}: all of its key may be blank"
        assert all(columns[name].required != (name in blank) for name in contract.key), contract.record
        assert {column.type for column in contract.columns} <= set(records.SQL_TYPES)
        assert {rule.column for rule in contract.rules} <= set(columns)
        assert contract.about in ("cases", "people")
    assert set(MAY_BE_BLANK) <= set(contracts())

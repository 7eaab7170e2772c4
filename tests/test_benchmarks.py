"""Benchmarks: what they draw is what a contract takes, so that they measure the product and nothing else."""

import duckdb
import pytest

from app import records, scales
from app.cells import PLACES
from app.loading import File
from benchmarks import sized

TICKETS = 4000
RECORDS = ["tickets", "commitments", "customer_answers", "survey_invitations"]


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    """Four thousand tickets, and what comes with them, in the tables of their contracts."""
    connection = duckdb.connect()
    records.prepare(connection)
    sized.prepare(connection, TICKETS)
    for record, (count, sql) in sized.drawn(TICKETS, sized.FIRST, sized.LAST).items():
        connection.execute(f"insert into {record}_read by name {sql}")
        assert connection.execute(f"select count(*) from {record}_read").fetchone() == (count,)
    return connection


@pytest.mark.parametrize("record", RECORDS)
def test_what_is_drawn_keeps_its_contract(warehouse: duckdb.DuckDBPyConnection, record: str) -> None:
    """Required cells, allowed words, known places, rules, days that are known, and no key twice."""
    contract = records.contracts()[record]
    broken = [f'"{column.name}" is null' for column in contract.columns if column.required]
    broken += [f"not ({rule.holds})" for rule in contract.rules]
    broken += [f'"{column.name}" not in {column.values}' for column in contract.columns if column.values]
    broken += [
        f'"{column.name}" <> \'unknown\' and "{column.name}" not in (select place from {column.type}_spellings)'
        for column in contract.columns
        if column.type in PLACES
    ]
    broken += [
        f"\"{column.name}\"::date > date '{sized.LAST}'"
        for column in contract.columns
        if column.type in ("date", "timestamp") and column.name != "due_on"
    ]
    for fault in broken:
        assert warehouse.execute(f"select count(*) from {record}_read where {fault}").fetchone() == (0,), fault
    sql = f"select count(*) - count(distinct ({', '.join(contract.key)},)) from {record}_read"
    assert warehouse.execute(sql).fetchone() == (0,)
    assert records.reaches(warehouse, contract)[1] == sized.LAST or record == "commitments"


@pytest.mark.parametrize("record", RECORDS)
def test_what_is_drawn_takes_the_place_of_what_was_read(record: str) -> None:
    """In every column and type of the contract and with the derived ones, under the number of the file; of another file
    nothing is touched. What is not drawn is empty."""
    connection = duckdb.connect()
    records.prepare(connection)
    contract = records.contracts()[record]
    records.settle(connection, contract)
    before = connection.execute(f"describe {record}").fetchall()
    files = [
        (File(f"{kind}.csv", "any", kind, 7, 5, 1, 1, 0, 0, 0, 0.0), None) for kind in ("goals", record, "training")
    ]
    connection.execute("insert into rejects values (0, 1, 'due_on', 'soon', 'is no date'), (1, 1, '', '', 'is broken')")
    sized.prepare(connection, TICKETS)
    count, sql = sized.drawn(TICKETS, sized.FIRST, sized.LAST)[record]
    told = sized._instead(connection, files, record, count, sql)
    assert [told[0], told[2]] == [files[0], files[2]]
    assert (told[1][0].read, told[1][0].kept, told[1][0].rejected) == (count, count, 0)
    assert connection.execute(f"describe {record}").fetchall() == before
    assert connection.execute(f"select count(*), min(file), max(file) from {record}").fetchone() == (count, 1, 1)
    assert connection.execute("select file from rejects").fetchall() == [(0,)]


def test_drawn_answers_are_on_the_scales_of_their_questions(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute(
        "create or replace view customer_answers as select * replace (0 as file) from customer_answers_read"
    )
    assert scales.strays(warehouse, "customer_answers", 0) == []


def test_what_is_drawn_is_the_same_each_time_and_about_at_its_levels(warehouse: duckdb.DuckDBPyConnection) -> None:
    """36 of 100 tickets are EMEA's (± 3, four standard errors), and every tenth or so is a complaint."""
    _, sql = sized.drawn(TICKETS, sized.FIRST, sized.LAST)["tickets"]
    again = warehouse.execute(f"select count(*) from ({sql}) as drawn join tickets_read using (ticket, opened_at, sla)")
    assert again.fetchone() == (TICKETS,)
    emea, complaints = warehouse.execute(
        "select avg((region = 'EMEA')::int), avg((kind is not distinct from 'complaint')::int) from tickets_read"
    ).fetchone()
    assert abs(emea - 0.98 * 0.36) < 0.03
    assert abs(complaints - 0.1) < 0.02

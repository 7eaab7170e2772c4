"""What the snapshot is told of people over time: quarters that stay as they were told, and scopes told anew."""

import csv
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from app.build import build
from app.confidential import Rules
from app.snapshot import current, opened
from tests.conftest import ROOT, TODAY

WORKFORCE = ROOT / "data" / "exports" / "hr" / "workforce.csv"
TOLD = "select * exclude (rule_version) from people_counts where month <= ? order by all"
STRICT = Rules(least_people=15)


@pytest.fixture
def until(tmp_path: Path) -> Callable[[str], Path]:
    """A folder with the workforce of the demonstration as it was known on a day."""

    def make(last: str) -> Path:
        folder = tmp_path / f"exports-{last}"
        folder.mkdir()
        with WORKFORCE.open(encoding="utf-8", newline="") as text:
            heading, *rows = csv.reader(text)
        with (folder / "workforce.csv").open("w", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows([heading, *(row for row in rows if row and row[1] <= last)])
        return folder

    return make


def ask(published: Path, sql: str, *values: object) -> list[tuple]:
    with duckdb.connect(current(published), read_only=True) as snapshot:
        return snapshot.execute(sql, values).fetchall()


def test_a_quarter_is_not_told_again_under_new_rules(until, tmp_path: Path) -> None:
    """Two quarters are told; then the rules get stricter and two more quarters are known."""
    published, second = tmp_path / "snapshot.duckdb", date(2024, 6, 1)
    build(until("2024-06-30"), published, today=TODAY)
    before = ask(published, TOLD, second)
    build(until("2024-12-31"), published, today=TODAY, rules=STRICT)
    assert ask(published, TOLD, second) == before
    versions = ask(published, "select distinct month <= '2024-06-01', rule_version from people_counts order by 1")
    assert versions == [(False, STRICT.version), (True, "1")]
    small = "select count(*) from people_counts where people < 15 and month > '2024-06-01'"
    assert ask(published, small) == [(0,)]
    assert {status for (status,) in ask(published, "select distinct status from people_counts")} > {"<10", "<15"}


def test_another_company_at_the_same_place_is_told_anew(until, tmp_path: Path) -> None:
    """Half of the people, under stricter rules: nothing of the company before is carried over."""
    published, folder = tmp_path / "snapshot.duckdb", until("2024-06-30")
    build(folder, published, today=TODAY)
    path = folder / "workforce.csv"
    heading, *rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([heading, *(row for row in rows if int(row[1:6]) % 2)]), "utf-8")
    build(folder, published, today=TODAY, rules=STRICT)
    assert ask(published, "select distinct rule_version from people_counts") == [(STRICT.version,)]


def test_the_same_rules_tell_the_same(until, tmp_path: Path) -> None:
    """Built again beside nothing or on top of itself."""
    published, folder = tmp_path / "snapshot.duckdb", until("2024-12-31")
    build(folder, published, today=TODAY)
    first = ask(published, TOLD, date(2030, 1, 1))
    build(folder, published, today=TODAY)
    assert ask(published, TOLD, date(2030, 1, 1)) == first


def test_a_scope_is_told_anew_once_ten_people_joined_left_or_changed(tmp_path: Path) -> None:
    """60 people in EMEA and 60 in APAC; in the second quarter nine of EMEA leave, in the third one more."""
    folder = tmp_path / "exports"
    folder.mkdir()
    heading = "Employee ID,State on,Hired,Left,Grade,Gender,Ethnicity,Age band,Disability,Region,Serves"
    gone = {"2024-03-31": 0, "2024-06-30": 9, "2024-09-30": 10}
    rows = [
        f"E{number:05},{state},2020-01-01,,G{1 + number % 2},{'MF'[number % 2]},W,<30,N,{region},Phone"
        for state, left in gone.items()
        for start, region in ((0, "EMEA"), (100, "APAC"))
        for number in range(start + (left if region == "EMEA" else 0), start + 60)
    ]
    (folder / "workforce.csv").write_text("\n".join([heading, *rows]), "utf-8")
    build(folder, tmp_path / "snapshot.duckdb", today=TODAY)
    sql = "select month, place, people from people_counts where scope = 'region' and attribute = 'all' order by 1, 2"
    first, third = date(2024, 3, 1), date(2024, 9, 1)
    assert ask(tmp_path / "snapshot.duckdb", sql) == [
        (first, "Asia Pacific", 60),
        (first, "EMEA", 60),
        (third, "EMEA", 50),
    ]


def test_a_single_list_of_the_workforce_is_told(until, tmp_path: Path) -> None:
    """One list, drawn in the middle of a month: it is told as the state of that month, not left out."""
    folder = until("2024-03-31")
    path = folder / "workforce.csv"
    path.write_text(path.read_text("utf-8").replace("2024-03-31", "2024-04-17"), "utf-8")
    build(folder, tmp_path / "snapshot.duckdb", today=TODAY)
    rows = ask(tmp_path / "snapshot.duckdb", "select distinct month, rule_version from people_counts")
    assert [month for month, _ in rows] == [date(2024, 3, 1)]
    shutil.rmtree(folder)
    assert opened(current(tmp_path / "snapshot.duckdb")).as_of

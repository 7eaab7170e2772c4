"""Rejects: what the data owner is told, with values; the same export again counts once, and the newest row stands."""

import csv
import io
import stat
from datetime import date
from pathlib import Path

import duckdb
import pytest

from app.__main__ import main
from app.build import BuildFailed, build
from app.loading import load
from app.rejects import read
from tests.conftest import TICKETS_HEADER, TICKETS_MAP, TODAY

GOOD = "".join(f"T{number},2026-01-05,,,met,,,,EMEA,Phone\n" for number in range(60))


def test_each_reject_is_told_with_file_line_column_value_and_reason(drop, tmp_path: Path, capsys) -> None:
    """Lines 62 to 64: a date of no calendar, a verdict of no contract, a row cut short; and one unknown place."""
    bad = 'B1,2026-02-30,,,,,,,EMEA,Phone\nB2,2026-01-05,,,"=HYPERLINK(""x"")",,,,EMEA,Phone\nB3\n'
    folder = drop({"desk.csv": TICKETS_HEADER + GOOD + bad + "T99,2026-01-05,,,,,,,@Atlantis,Phone\n"})
    (folder / "desk.csv.map.toml").write_text(TICKETS_MAP)
    out = tmp_path / "rejects.csv"
    assert main(["rejects", "--exports", str(folder), "--out", str(out)]) == 0
    rows = list(csv.reader(io.StringIO(out.read_text("utf-8"))))
    assert rows == [
        ["file", "line", "column", "value", "reason"],
        ["desk.csv", "62", "opened_at", "2026-02-30", "is not a timestamp like 2026-01-31"],
        ["desk.csv", "63", "sla", '\'=HYPERLINK("x")', "is not one of met, breached"],
        ["desk.csv", "64", "", "", "has 1 cells, the header has 10"],
        ["desk.csv", "", "region", "'@Atlantis", "is not in data/reference, in 1 rows"],
    ]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    capsys.readouterr()
    assert main(["rejects", "--exports", str(folder)]) == 0
    assert capsys.readouterr().out == out.read_text("utf-8")


def test_no_value_of_a_reject_is_in_the_snapshot(drop, tmp_path: Path) -> None:
    folder = drop({"desk.csv": TICKETS_HEADER + GOOD + "B1,5.1.1977 secret,,,,,,,Atlantis-secret,Phone\n"})
    (folder / "desk.csv.map.toml").write_text(TICKETS_MAP)
    build(folder, tmp_path / "s" / "snapshot.duckdb", today=TODAY)
    assert b"secret" not in (tmp_path / "s" / "snapshot.duckdb").read_bytes()


def test_files_that_cannot_be_read_are_named(drop, capsys) -> None:
    assert main(["rejects", "--exports", str(drop({"x.csv": "a,b\n1,2\n"}))]) == 1
    told = capsys.readouterr()
    assert "x.csv: no known system writes these headings" in told.err
    assert not list(Path(drop({})).glob("*.toml")), "a list of rejects drafts nothing"


@pytest.mark.parametrize(("share", "fits"), [("0.5", True), ("0.04", False)])
def test_how_many_rows_may_be_rejected_is_a_word_of_the_mapping_file(
    drop, tmp_path: Path, share: str, fits: bool
) -> None:
    """3 of 63 rows are broken: 4.8 %."""
    mapping = f"most_rejected = {share}\n" + TICKETS_MAP
    folder = drop({"desk.csv": TICKETS_HEADER + GOOD + "B\n" * 3, "desk.csv.map.toml": mapping})
    if fits:
        assert build(folder, tmp_path / "s.duckdb", today=TODAY)["files"][0]["rejected"] == 3
    else:
        with pytest.raises(BuildFailed, match=r"3 of 63 rows \(5%\) break the contract"):
            build(folder, tmp_path / "s.duckdb", today=TODAY)


def test_the_same_export_twice_and_overlapping_ones_count_once_and_the_newest_stands(drop, tmp_path: Path) -> None:
    """January, its copy, and one that overlaps it by 30 tickets, one of them corrected; every row has its place."""
    later = "".join(f"T{number},2026-01-05,,,met,,,,EMEA,Phone\n" for number in range(31, 90))
    later += "T30,2026-01-05,,,breached,,,,EMEA,Phone\n"
    names = {"a.csv": GOOD, "b-copy.csv": GOOD, "c.csv": later}
    folder = drop({name: TICKETS_HEADER + rows for name, rows in names.items()})
    for name in names:
        (folder / f"{name}.map.toml").write_text(TICKETS_MAP)
    report = build(folder, tmp_path / "s.duckdb", today=TODAY)
    counts = [(file["read"], file["kept"], file["repeated"]) for file in report["files"]]
    assert counts == [(60, 0, 60), (60, 30, 30), (60, 60, 0)]


def test_rows_without_a_number_count_once_too(drop) -> None:
    """Two that say the same are two; the same file again adds none, an overlapping one only what is new."""
    mapping = (
        'system = "S"\nrecord = "customer_answers"\nnumbered = ["response"]\n'
        '[columns]\nanswered_on = "When"\n[items]\nrecommend = "Q"\n'
    )
    head, row = "When,Q\n", "2026-01-0{},{}\n"
    first = head + row.format(1, 9) * 2 + row.format(2, 0)
    folder = drop({"a.csv": first, "b.csv": first, "c.csv": head + row.format(2, 0) + row.format(3, 5)})
    for name in "abc":
        (folder / f"{name}.csv.map.toml").write_text(mapping)
    with duckdb.connect() as warehouse:
        files, problems = load(warehouse, folder, date(2026, 11, 22), lambda line: None)
        told = warehouse.execute("select answered_on::varchar, score from customer_answers order by all").fetchall()
    assert problems == [] and told == [("2026-01-01", 9), ("2026-01-01", 9), ("2026-01-02", 0), ("2026-01-03", 5)]
    assert [(file.kept, file.repeated) for file, _ in files] == [(0, 3), (2, 1), (2, 0)]


def test_rejects_of_the_demonstration_are_those_that_were_planted(world) -> None:
    rows, problems = read(Path(__file__).parent / "exports")
    assert problems == [] and {row[0].split("/")[0] for row in rows} <= {"crm", "survey", "hr"}

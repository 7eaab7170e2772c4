"""The Data page: what is odd about a file beside the one before it, when the next is due, and what a file feeds."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from app import coverage
from app.answers import answer
from app.build import build
from app.filters import Filters
from app.snapshot import current, opened
from tests.conftest import TICKETS_HEADER, TICKETS_MAP, TODAY

MAP = 'refresh_days = 7\nkeep = ["region"]\n' + TICKETS_MAP


def told(drop, published: Path, files: dict[str, str]) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    folder = drop(files | {f"{name}.map.toml": MAP for name in files})
    build(folder, published, today=TODAY)
    snapshot = opened(current(published))
    odd = answer(snapshot, "drift", None, Filters())
    files = answer(snapshot, "files", None, Filters()).rows.set_index("path")
    snapshot.close()
    return files, list(odd.rows.itertuples(index=False, name=None))


def rows(count: int, month: int, region: str = "North") -> str:
    return "".join(f"{month}-{n},2026-{month:02}-1{n % 9},,,met,,,,{region},Phone\n" for n in range(count))


def test_far_fewer_rows_and_new_names_are_noted_and_the_next_file_is_due(drop, tmp_path: Path) -> None:
    """February has 19 rows after 40, and a region that January has not; then January itself shrinks to 10."""
    published = tmp_path / "s.duckdb"
    both = {"jan.csv": TICKETS_HEADER + rows(40, 1), "feb.csv": TICKETS_HEADER + rows(19, 2, "South")}
    files, odd = told(drop, published, both)
    assert odd == [
        ("feb.csv", "has 1 name in region that jan.csv does not have"),
        ("feb.csv", "has 19 rows, jan.csv has 40"),
    ]
    assert pd.isna(files.loc["jan.csv", "due_on"]), "a newer one follows it"
    assert files.loc["feb.csv", "due_on"] == pd.Timestamp(2026, 2, 25)
    assert "T3" in files.loc["feb.csv", "feeds"].split()
    assert coverage.feeds("applications", True) == "D7", "a figure tells it, and no metric of the registry"
    assert "D3" not in coverage.feeds("customers", True) and "D3" in coverage.feeds("customers", False)
    _, odd = told(drop, published, {**both, "jan.csv": TICKETS_HEADER + rows(10, 1)})
    assert ("jan.csv", "has 10 rows, and had 40 when the snapshot before was built") in odd


def test_files_alike_are_not_odd(drop, tmp_path: Path) -> None:
    _, odd = told(
        drop,
        tmp_path / "s.duckdb",
        {"jan.csv": TICKETS_HEADER + rows(40, 1), "feb.csv": TICKETS_HEADER + rows(30, 2)},
    )
    assert odd == []


def test_due_and_blank_in_words() -> None:
    day = pd.Timestamp(2026, 3, 7)
    assert coverage.due(day, date(2026, 3, 7)) == "due 7 Mar 2026"
    assert coverage.due(day, date(2026, 3, 8)) == "overdue since 7 Mar 2026"
    assert coverage.due(pd.NaT) == ""
    assert coverage.blank(pd.Series({"blank": 7, "notes": 5, "left_out": 0})) == "7<small> 5 notes</small>"
    assert coverage.blank(pd.Series({"blank": 2, "notes": 0, "left_out": 0})) == "2"


@pytest.mark.parametrize(
    ("paths", "due_on", "said"),
    [
        ("a", ["2026-03-01"], "The export is overdue; 0.50 % of rows were rejected"),
        ("a", [None], "The export is not overdue; 0.50 % of rows were rejected"),
        ("ab", ["2026-03-08", None], "None of 2 exports is overdue; 0.50 % of rows were rejected"),
        ("abc", ["2026-03-01", None, "2026-04-01"], "1 of 3 exports is overdue; 0.50 % of rows were rejected"),
        ("abb", ["2026-03-01", "2026-03-01", "2026-03-02"], "2 of 2 exports are overdue; 0.75 % of rows were rejected"),
    ],
)
def test_the_data_page_says_whether_exports_are_late(paths: str, due_on: list[str | None], said: str) -> None:
    """One row of 200 is rejected in each; of a file that holds two records the rows count once."""
    rows = pd.DataFrame({"path": list(paths), "due_on": pd.to_datetime(due_on)})
    assert coverage.trust(rows.assign(read=210, blank=10, rejected=1), date(2026, 3, 8)) == said

"""A column for each group: a row becomes as many records as its columns count, on tables to count on fingers."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from app.loading import File, load
from tests.conftest import TODAY

MAP = """
system = "Report"
record = "workforce"
numbered = ["employee"]
keep = ["region"]
missing = ["*"]
most_rejected = 1
[columns]
region = "Site"
[constants]
as_of = "2026-06-30"
hired_on = "2020-01-01"
[counts]
"Women" = { gender = "Woman" }
"Men" = { gender = "Man" }
"Not said" = { gender = "" }
"""
ASIAN = '"Asian" = { ethnicity = "Asian" }\n'


def read(drop: Callable, table: str, mapping: str = MAP) -> tuple[File | None, Counter, list[tuple], list[str]]:
    """The file, people by site, gender and ethnicity, rejects and problems."""
    exports: Path = drop({"report.csv": table, "report.csv.map.toml": mapping})
    with duckdb.connect() as warehouse:
        files, problems = load(warehouse, exports, TODAY, lambda line: None, drafting=False)
        people = warehouse.execute("select region, level, gender, ethnicity from workforce").fetchall()
        assert warehouse.execute("select count(distinct employee) from workforce").fetchone() == (len(people),)
        rejects = warehouse.execute("select line, col, value, reason from rejects order by all").fetchall()
    told = Counter(tuple(word for word in row if word is not None) for row in people)
    return files[0][0] if files else None, told, rejects, problems


def test_a_row_is_as_many_people_as_its_columns_count(drop) -> None:
    """Oslo: two women, a man, one who did not say. Rome's women are not told, Bern's row counts nobody."""
    file, people, rejects, problems = read(drop, "Site,Women,Men,Not said\nOslo,2,1,1\nRome,*,3,\nBern,,0,\n")
    assert people == {("Oslo", "Woman"): 2, ("Oslo", "Man"): 1, ("Oslo",): 1, ("Rome", "Man"): 3}
    assert (problems, rejects) == ([], [])
    assert (file.read, file.kept, file.rejected, file.blank, file.left_out) == (3, 2, 0, 1, 1)


def test_groups_beside_each_other_count_the_same_people(drop) -> None:
    """Three people in Oslo, two of them Asian; in Rome the ethnicity of more people is told than their gender."""
    table = "Site,Women,Men,Not said,Asian\nOslo,1,2,,2\nRome,1,,,4\n"
    _, people, _, problems = read(drop, table, MAP + ASIAN)
    assert problems == []
    assert sum(people.values()) == 3 + 4
    for word, count in {"Woman": 2, "Man": 2, "Asian": 6}.items():
        assert sum(told for row, told in people.items() if word in row) == count


def test_a_column_of_two_attributes_at_once(drop) -> None:
    mapping = MAP.split("[counts]")[0] + (
        '[counts]\n"Female managers" = { gender = "Woman", level = "Manager" }\n'
        '"Male managers" = { level = "Manager", gender = "Man" }\n'
        '"Female staff" = { gender = "Woman", level = "Staff" }\n'
    )
    _, people, _, problems = read(drop, "Site,Female managers,Male managers,Female staff\nOslo,1,2,3\n", mapping)
    assert problems == []
    assert people == {
        ("Oslo", "Manager", "Woman"): 1,
        ("Oslo", "Manager", "Man"): 2,
        ("Oslo", "Staff", "Woman"): 3,
    }


def test_people_of_the_total_whom_no_column_counts_are_not_disclosed(drop) -> None:
    """Five people in Oslo, of whom three said. Rome counts more than it has, Bern no total: neither can be read."""
    table = "Site,Women,Men,Not said,Staff\nOslo,2,1,,5\nRome,2,1,,2\nBern,1,,,\n"
    file, people, rejects, _ = read(drop, table, MAP.replace("numbered", 'each = "Staff"\nnumbered'))
    assert people == {("Oslo", "Woman"): 2, ("Oslo", "Man"): 1, ("Oslo",): 2}
    assert rejects == [
        (3, "", "2", "counts more in its groups than in all"),
        (4, "", "", "does not say for how many it stands"),
    ]
    assert (file.read, file.kept, file.rejected) == (3, 1, 2)


@pytest.mark.parametrize("cell", ["12 %", "0.4", "-1", "<5", "1.200", "2000000"])
def test_what_is_no_count_is_rejected_with_its_heading_and_never_guessed(drop, cell: str) -> None:
    file, people, rejects, _ = read(drop, f"Site,Women,Men,Not said\nOslo,{cell},1,\nRome,1,1,\n")
    assert people == {("Rome", "Woman"): 1, ("Rome", "Man"): 1}
    assert rejects == [(2, "Women", cell, "is no count")]
    assert (file.read, file.kept, file.rejected, file.blank) == (2, 1, 1, 0)


def test_the_same_table_again_adds_nobody_and_a_corrected_one_counts_anew(drop) -> None:
    """The newer file says that there were two women and no man: two people, not five."""
    drop({"a.csv": "Site,Women,Men,Not said\nOslo,1,1,\n", "a.csv.map.toml": MAP})
    drop({"b.csv": "Site,Women,Men,Not said\nOslo,1,1,\n", "b.csv.map.toml": MAP})
    exports = drop({"c.csv": "Site,Women,Men,Not said\nOslo,2,0,\n", "c.csv.map.toml": MAP})
    with duckdb.connect() as warehouse:
        files, problems = load(warehouse, exports, TODAY, lambda line: None)
        people = warehouse.execute("select gender, count(*) from workforce group by gender").fetchall()
    assert problems == [] and people == [("Woman", 2)]
    assert [(file.kept, file.repeated) for file, _ in files] == [(0, 1), (0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Women", "Girls"), "no known system writes these headings"),
        (('numbered = ["employee"]', ""), "its rows stand for several records, without a number"),
        (('gender = "Man"', 'level = "Head"'), "the file does not say how these go together"),
        (('gender = "Man"', 'gender = "Man", level = "Head"'), "the file does not say how these go together"),
        (('gender = "Man"', 'region = "Oslo"'), "region is told below [counts] and elsewhere"),
        (('gender = "Man"', 'as_of = "2026-01-31"'), "as_of is told below [counts] and elsewhere"),
        (('gender = "Man"', 'shoe = "41"'), "names shoe below [columns], which is no such column of workforce"),
        (('gender = "Man"', "gender = 1"), "what Men counts below [counts] is no text"),
        (('{ gender = "Man" }', '"Man"'), "[counts] is not made of headings and what they count"),
        (('"Not said"', '"men"'), "a heading stands twice below [counts]"),
    ],
)
def test_a_mapping_that_cannot_be_followed_says_why(drop, change: tuple[str, str], said: str) -> None:
    mapping = MAP.replace(*change)
    if "shoe" in mapping or "region =" in change[1] or "as_of" in change[1]:  # alone, else it would be a second group
        mapping = "\n".join(line for line in mapping.splitlines() if not line.startswith(('"Women', '"Not said')))
    _, _, _, problems = read(drop, "Site,Women,Men,Not said\nOslo,1,1,\n", mapping)
    assert len(problems) == 1 and said in problems[0]

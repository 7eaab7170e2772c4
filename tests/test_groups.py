"""Figures of self-described groups: on rows that can be counted on fingers, switched off, and without verdicts."""

import csv
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from app import apart, gaps, practices
from app.answers import answer
from app.build import build
from app.confidential import Rules, rules
from app.demo import HEADINGS
from app.filters import Filters
from app.snapshot import Snapshot, current, opened
from tests.conftest import ROOT, TODAY

FLOOR = Rules()
ON = Rules(customer_groups=True)
SURVEY = "survey/customer_survey.csv"
COMMUNITY = ROOT / "data" / "reference" / "community.csv"


def rows_of(found, **chosen: str) -> pd.Series:
    """The one row of an answer with these words."""
    rows = found.rows
    for name, word in chosen.items():
        rows = rows[rows[name] == word]
    (row,) = (row for _, row in rows.iterrows())
    return row


def told(folder: Path, files: dict[str, list[dict]], rules_: Rules = FLOOR) -> Snapshot:
    """A snapshot of a few exports, each given as rows."""
    for name, rows in files.items():
        path = folder / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(path, index=False)
    build(folder / "exports", folder / "snapshot.duckdb", today=TODAY, rules=rules_)
    return opened(current(folder / "snapshot.duckdb"))


# The arithmetic


@settings(max_examples=200, deadline=None)
@given(*[st.integers(0, 400)] * 4)
def test_fishers_p_is_that_of_the_reference(yes: int, no: int, other_yes: int, other_no: int) -> None:
    reference = fisher_exact([[yes, no], [other_yes, other_no]]).pvalue
    assert gaps.fisher(yes, no, other_yes, other_no) == pytest.approx(reference, abs=1e-9, rel=1e-6)


def test_fishers_p_of_a_table_that_can_be_counted() -> None:
    """3 of 3 against 0 of 3: of 20 ways to choose three of six, one is this and one its mirror."""
    assert gaps.fisher(3, 0, 0, 3) == pytest.approx(2 / 20)


def test_a_difference_of_shares_is_as_published() -> None:
    """Newcombe (1998), table II, method 10: 56/70 - 48/80 is 0.0524 to 0.3339."""
    assert gaps.difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@settings(max_examples=100, deadline=None)
@given(*[st.integers(10, 200)] * 4)
def test_what_rounding_allows_holds_what_is_true(part: int, rest: int, other: int, other_rest: int) -> None:
    """Of counts told to the nearest five, the true share, gap and interval lie within what is said."""
    ends = [FLOOR.behind(FLOOR.told(count)) for count in (part, part + rest, other, other + other_rest)]
    low, high = gaps.rate_gap(*ends)
    assert low - 1e-9 <= part / (part + rest) - other / (other + other_rest) <= high + 1e-9
    counts = [FLOOR.behind(FLOOR.told(count)) for count in (part, rest, other, other_rest)]
    low, high = gaps.share_within(counts[0], counts[1])
    assert low <= part / (part + rest) <= high
    exact = gaps.difference(part, part + rest, other, other + other_rest)
    low, high = gaps.difference_of_rounded(*counts)
    assert low - 1e-9 <= exact[0] and exact[1] <= high + 1e-9


# Told one by one


@pytest.mark.parametrize(
    ("people", "whole", "said"),
    [
        (38, 45, (40, "shown")),
        (38, 40, (None, "withheld")),  # 38 to 42 of 38 to 42: nought to four did not answer, and all might be known
        (9, 40, (None, "<10")),
        (3, None, (None, "withheld")),
        (12, 10, (None, "withheld")),
    ],
)
def test_a_part_is_told_beside_a_greater_whole(people: int, whole: int | None, said: tuple) -> None:
    assert apart.within({"a": people}, {"a": whole}, FLOOR) == {"a": said}


def test_who_did_not_answer_of_a_group_stays_open() -> None:
    """41 customers of a group, of whom 23 are satisfied and 18 not: told as 40, 25 and 20: one at most is silent."""
    people = pd.DataFrame({"yes": [23, 30], "no": [18, 40], "none": [0, 90]}, index=["a", "not disclosed"])
    rows = apart.divided(people, FLOOR).set_index("outcome")
    assert list(rows.loc[["all", "yes", "no"], "status"]) == ["shown", "withheld", "withheld"]


def test_who_did_not_say_is_no_end_to_add_up_to() -> None:
    """248 and 238 of 488, told as 250 and 240: at least 248 and 238, so at most two are of a third group. Where others
    did not say, it may be any number under ten."""
    for silent, status in ((0, "withheld"), (40, "shown")):
        index = ["a", "b", "c", apart.UNDISCLOSED]
        people = pd.DataFrame({"yes": [0, 0, 0, 0], "none": [248, 238, 2, silent]}, index=index)
        rows = apart.divided(people, FLOOR)
        rows = rows[(rows["outcome"] == "all") & (rows["category"] == "b")]
        assert list(rows["status"]) == [status]


# Community


def workforce(shape: dict[str, dict[str, int]], state: str = "2025-03-31") -> list[dict]:
    """Employees by region and gender."""
    blank = {"State on": state, "Hired": "2020-01-01", "Left": "", "Grade": "G1", "Ethnicity": "W", "Age band": "<30"}
    blank |= {"Disability": "N", "Serves": "Phone"}
    people = [(region, gender) for region, parts in shape.items() for gender in parts for _ in range(parts[gender])]
    return [
        blank | {"Employee ID": f"E{number:05}", "Region": region, "Gender": gender}
        for number, (region, gender) in enumerate(people)
    ]


def shares() -> dict[tuple[str, str, str], float]:
    with COMMUNITY.open(encoding="utf-8", newline="") as text:
        return {(row["region"], row["attribute"], row["category"]): float(row["share"]) for row in csv.DictReader(text)}


def test_community_is_compared_on_fingers(tmp_path: Path) -> None:
    """EMEA: 60 women and 40 men; North America: 50 and 150. Women are 60 % of EMEA, of whose people they are 50.8 %: 9
    points more. Of everyone they are 110 of 300, 37 %; of the people of both regions, a third of them in EMEA,
    50.8 % × 1/3 + 50.7 % × 2/3 = 50.7 %: 14 points fewer.
    """
    shape = {"EMEA": {"F": 60, "M": 40}, "NAMER": {"F": 50, "M": 150}}
    snapshot = told(tmp_path, {"hr/workforce.csv": workforce(shape)})
    row = rows_of(answer(snapshot, "community_gap", None, Filters(("EMEA",))), category="Woman")
    assert (row["workforce"], row["community"], row["gap"], row["reading"]) == (0.6, 0.508, 0.09, "more")
    found = answer(snapshot, "community_gap", None, Filters())
    row = rows_of(found, category="Woman")
    assert (row["workforce"], row["community"], row["gap"], row["reading"]) == (0.37, 0.507, -0.14, "fewer")
    assert found.sentence.startswith("Age <30: 100 % of the workforce, ") and "the widest gap" in found.sentence
    assert "made up" in found.note and "weighted" in found.note


def test_a_gap_within_rounding_is_called_so(tmp_path: Path) -> None:
    """102 women and 98 men are told as 100 and 100: 50 %, by rounding 49 to 51 %; women are 50.8 % of the people."""
    shape = {"EMEA": {"F": 102, "M": 98}}
    snapshot = told(tmp_path, {"hr/workforce.csv": workforce(shape)})
    row = rows_of(answer(snapshot, "community_gap", None, Filters(("EMEA",))), category="Woman")
    assert (row["workforce"], row["reading"], row["status"]) == (0.5, "within rounding", "shown")


def test_what_has_no_benchmark_says_so(demo: Snapshot) -> None:
    """Nobody counts non-binary people in the benchmark; of Latin America it says nothing of disability."""
    found = answer(demo, "community_gap", None, Filters())
    assert rows_of(found, category="Non-binary")["status"] == "no benchmark"
    assert rows_of(found, attribute="disability", category="Yes")["status"] == "no benchmark"
    found = answer(demo, "community_gap", None, Filters(("EMEA",)))
    assert rows_of(found, attribute="disability", category="Yes")["reading"] != ""


def test_a_channel_has_no_community(demo: Snapshot) -> None:
    found, whole = (answer(demo, "community_gap", None, filters) for filters in (Filters((), ("Phone",)), Filters()))
    assert found.rows.equals(whole.rows) and found.note.startswith("A community is that of a region: this is everyone.")


def test_the_benchmark_of_the_demonstration_is_marked_and_adds_up() -> None:
    """Every share says that it is made up; categories are words of the workforce; no attribute has more than all."""
    with COMMUNITY.open(encoding="utf-8", newline="") as text:
        rows = pd.DataFrame(csv.DictReader(text)).astype({"share": float})
    assert set(rows["source"]) == {"demonstration benchmark, made up"}
    assert not rows.duplicated(["region", "attribute", "category"]).any()
    assert (rows.groupby(["region", "attribute"])["share"].sum() <= 1.0001).all()
    assert set(rows["region"]) == {"EMEA", "North America", "Latin America", "Asia Pacific"}


# Who is hired


def applied(shape: dict[str, tuple[int, int]], on: str = "2024-05-02") -> list[dict]:
    """Applications by gender: so many, so many of them hired in time."""
    rows = []
    for gender, (several, hired) in shape.items():
        rows += [{"Gender": gender, "Hired": "2024-06-01" if number < hired else ""} for number in range(several)]
    heading = {"Applied": on, "Ethnicity": "", "Age band": "", "Disability": "", "Region": "EMEA"}
    late = heading | {"Applied": "2025-04-30", "Gender": "", "Hired": ""}  # the year before is over for 90 days
    return [
        {"Application ID": f"A{number}", "Applicant ID": f"B{number}"} | heading | row
        for number, row in enumerate([*rows, late])
    ]


def test_hired_of_applied_is_counted_on_fingers(tmp_path: Path) -> None:
    """15 of 100 women and 30 of 100 men: 15 % and 30 %, a ratio of one half. Nothing says what that means."""
    rows = applied({"F": (100, 15), "M": (100, 30)})
    found = answer(told(tmp_path, {"hr/applications.csv": rows}), "selection_rates", None, Filters())
    woman, man = (rows_of(found, category=word) for word in ("Woman", "Man"))
    assert (woman["rate"], man["rate"], woman["ratio"], man["ratio"]) == (0.15, 0.3, 0.5, 1.0)
    assert woman["p"] == pytest.approx(fisher_exact([[15, 85], [30, 70]]).pvalue)
    assert (woman["applied"], woman["year"]) == (100, 2024)
    assert (
        found.sentence
        == "Hired of those who applied in 2024: Woman 15 %, Man 30 %, the lowest ratio with 0.50 (p 0.02)"
    )


def test_an_applicant_counts_once_a_year_and_a_year_once_it_is_decided(tmp_path: Path) -> None:
    """40 women apply twice: 20 are hired in time, 20 after 92 days. A year is told when its last day has had 90."""
    rows = applied({"F": (40, 0), "M": (60, 30)})
    again = [row | {"Application ID": f"X{row['Application ID']}", "Hired": "2024-07-01"} for row in rows[:20]]
    slow = [row | {"Application ID": f"Y{row['Application ID']}", "Hired": "2024-08-02"} for row in rows[20:40]]
    found = answer(told(tmp_path, {"hr/applications.csv": rows + again + slow}), "selection_rates", None, Filters())
    assert (rows_of(found, category="Woman")["applied"], rows_of(found, category="Woman")["hired"]) == (40, 20)
    early = [row for row in rows if row["Applied"] < "2025"]
    early.append(rows[0] | {"Application ID": "Z", "Applied": "2025-03-29"})
    (tmp_path / "early").mkdir()
    found = answer(told(tmp_path / "early", {"hr/applications.csv": early}), "selection_rates", None, Filters())
    assert (found.state, found.rows.empty) == ("missing", True)


# Who answers


def test_taking_part_is_counted_on_fingers(tmp_path: Path) -> None:
    """30 of 100 women and 60 of 100 men answer: 30 points fewer. Four answers do not say who gave them."""
    people = workforce({"EMEA": {"F": 100, "M": 100}})
    said = ["F"] * 30 + ["M"] * 60 + [""] * 4
    headings = HEADINGS["survey/employee_survey.csv"].split(",")
    blank = dict.fromkeys(headings, "") | {"Wave": "Q1", "Region": "EMEA", "Empowered": "4"}
    answers = [
        blank | {"Response ID": f"P{number}", "Submitted": "2025-03-10", "Gender": word}
        for number, word in enumerate(said)
    ]
    files = {"hr/workforce.csv": people, "survey/employee_survey.csv": answers}
    found = answer(told(tmp_path, files), "survey_participation", None, Filters())
    woman = rows_of(found, category="Woman")
    assert (woman["answered"], woman["employees"], woman["gap"], woman["reading"]) == (30, 100, -0.3, "fewer")
    assert woman["low"] == pytest.approx(28 / 102 - 62 / 98) and woman["high"] == pytest.approx(32 / 98 - 58 / 102)
    assert "not disclosed" not in set(found.rows["category"])


# Customers


def heard(groups: dict[str, tuple[int, int, int]]) -> dict[str, list[dict]]:
    """Customers by group: so many satisfied, so many not, so many without an answer."""
    kept, tickets, answers = [], [], []
    blank = {name: dict.fromkeys(HEADINGS[name].split(","), "") for name in ("crm/customers.csv", SURVEY)}
    for group, counts in groups.items():
        for outcome, several in enumerate(counts):
            for _ in range(several):
                number = len(kept)
                row = {"Customer ID": f"C{number}", "Customer since": "2020-01-01", "Describes themselves as": group}
                kept.append(blank["crm/customers.csv"] | row)
                if outcome < 2:
                    tickets.append({"Number": f"T{number}", "Opened": "2024-05-01 09:00", "Customer": f"C{number}"})
                    answers.append((f"S{number}", "2024-05-03", "T", "53"[outcome], f"T{number}"))
    answers.append(("S", "2024-12-31", "R", "5", ""))
    columns = ("Response ID", "Submitted", "Survey type", "Satisfaction", "Ticket ID")
    answers = [blank[SURVEY] | dict(zip(columns, row, strict=True)) for row in answers]
    return {"crm/customers.csv": kept, "crm/desk.csv": tickets, SURVEY: answers}


DESK = (
    'system = "Desk"\nrecord = "tickets"\n[columns]\nticket = "Number"\nopened_at = "Opened"\ncustomer = "Customer"\n'
)


@pytest.fixture
def customers(tmp_path: Path):
    def make(groups: dict[str, tuple[int, int, int]], rules_: Rules) -> Snapshot:
        (tmp_path / "exports" / "crm").mkdir(parents=True, exist_ok=True)
        (tmp_path / "exports" / "crm" / "desk.csv.map.toml").write_text(DESK, "utf-8")
        return told(tmp_path, heard(groups), rules_)

    return make


GROUPS = {"A": (40, 10, 50), "B": (100, 100, 100), "": (30, 20, 50)}


def test_reach_and_satisfaction_are_counted_on_fingers(customers) -> None:
    """A: 100 customers of whom 50 answered, 40 satisfied. B: 300, of whom 200 answered, 100 satisfied. So A gives 50 of
    250 answers, 20 %, and is 100 of 400, 25 %: 5 points fewer. Satisfied are 80 % of A and 50 % of B.
    """
    snapshot = customers(GROUPS, ON)
    reach = answer(snapshot, "feedback_reach", None, Filters())
    row = rows_of(reach, category="A")
    assert (row["answered"], row["customers"], row["gap"], row["reading"]) == (50, 100, -0.05, "fewer")
    found = answer(snapshot, "satisfaction_gap", None, Filters())
    row = rows_of(found, category="A")
    assert (row["rate"], row["others"], row["gap"], row["reading"]) == (0.8, 0.5, 0.3, "more")
    exact = gaps.difference(40, 50, 100, 200)
    assert row["low"] < exact[0] < exact[1] < row["high"]
    assert set(found.rows["category"]) == {"A", "B"}


def test_no_clear_difference_is_called_so(customers) -> None:
    found = answer(customers(GROUPS | {"A": (28, 22, 50)}, ON), "satisfaction_gap", None, Filters())
    assert set(found.rows["reading"]) == {"no clear difference"} and "no clear difference" in found.sentence


def test_switched_off_nothing_of_customers_is_stored_or_said(customers) -> None:
    snapshot = customers(GROUPS, FLOOR)
    for figure in ("feedback_reach", "satisfaction_gap"):
        found = answer(snapshot, figure, None, Filters())
        assert found.rows.empty and found.state == "missing"
        assert "switched off" in found.sentence and "customer_groups = true" in found.sentence
    asked = snapshot.connection.cursor().execute("select count(*) from people_counts where population = 'customers'")
    assert asked.fetchall() == [(0,)]
    tables = snapshot.connection.cursor().execute("select table_name from duckdb_tables()").fetchall()
    for (table,) in tables:
        text = snapshot.connection.cursor().execute(f"select * from {table}").fetchdf().to_csv()
        assert "described_as" not in text, table


def test_switching_it_off_again_takes_it_out_of_what_is_carried_over(customers, tmp_path: Path) -> None:
    """Quarters told under other rules stay as they were told; what is off is not carried with them."""
    customers(GROUPS, ON)
    snapshot = customers(GROUPS, Rules(least_people=15))
    asked = snapshot.connection.cursor().execute("select count(*) from people_counts where population = 'customers'")
    assert asked.fetchall() == [(0,)]


def test_the_switch_is_off_and_only_true_or_false(tmp_path: Path) -> None:
    assert rules().customer_groups is False
    assert Rules(customer_groups=True).version == Rules().version
    for word, said in (("1", "neither true nor false"), ('"yes"', "neither true nor false")):
        (tmp_path / f"{len(word)}.toml").write_text(f"customer_groups = {word}\n", "utf-8")
        with pytest.raises(ValueError, match=said):
            rules(tmp_path / f"{len(word)}.toml")
    (tmp_path / "on.toml").write_text("customer_groups = true\n", "utf-8")
    assert rules(tmp_path / "on.toml").customer_groups is True


def test_practices_say_that_it_is_switched_off_and_how_to_switch_it_on(demo: Snapshot) -> None:
    found = answer(demo, "practices", None, Filters())
    rows = found.rows[found.rows["id"] == "D3"]
    assert set(rows["state"]) == {"switched off"} and "1 switched off" in found.sentence
    assert "customer_groups = true in data/confidentiality.toml" in practices.takes(rows.iloc[0])


# What is told


@pytest.mark.parametrize("figure", ["community_gap", "selection_rates", "survey_participation"])
def test_sentences_hold_no_verdict_and_follow_from_rows(demo: Snapshot, figure: str) -> None:
    for filters in (Filters(), Filters(("EMEA",)), Filters((), ("Phone",)), Filters(end=date(2025, 12, 1))):
        found = answer(demo, figure, None, filters)
        assert found.state == "ready"
        assert not {"better", "worse", "fair", "bias", "discriminat"} & set(found.sentence.lower().split())
        numbers = found.rows.loc[found.rows["status"] != "shown"].select_dtypes("float")
        assert numbers.drop(columns=["workforce", "low", "high", "community"], errors="ignore").isna().all().all()


def test_before_anything_was_told_a_sentence_says_so(demo: Snapshot) -> None:
    for figure in ("community_gap", "selection_rates", "survey_participation"):
        found = answer(demo, figure, None, Filters(end=date(2024, 1, 1)))
        assert (found.state, found.rows.empty) == ("empty", True) and "Widen the period" in found.sentence

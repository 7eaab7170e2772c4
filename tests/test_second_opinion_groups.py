"""A second opinion on groups: the demonstration's applicants, respondents and community, and small companies that
Hypothesis makes, again in plain Python from the exports and the definitions."""

import csv
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from app.answers import answer
from app.build import build
from app.confidential import Rules
from app.demo import HEADINGS
from app.filters import Filters
from app.snapshot import Snapshot, current, opened
from tests.conftest import ROOT, TODAY

EXPORTS = ROOT / "data" / "exports"
WORDS = {"Gender": {"F": "Woman", "M": "Man", "X": "Non-binary"}, "Disability": {"Y": "Yes", "N": "No"}}
WORDS["Ethnicity"] = {"A": "Asian", "B": "Black", "L": "Latino", "W": "White", "M": "Mixed"}
ATTRIBUTES = {"gender": "Gender", "ethnicity": "Ethnicity", "age_band": "Age band", "disability": "Disability"}
SILENT = "not disclosed"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        read = [tuple((key, word.strip()) for key, word in row.items()) for row in csv.DictReader(text)]
    return [dict(row) for row in dict.fromkeys(read) if any(word for _, word in row)]


def said(row: dict[str, str], attribute: str) -> str:
    heading = ATTRIBUTES[attribute]
    return WORDS.get(heading, {}).get(row[heading], row[heading]) or SILENT


def nearest(people: float) -> int | None:
    return None if people < 10 else int((people + 2.5) // 5 * 5)


def stored(snapshot: Snapshot, population: str) -> dict[tuple, tuple[int | None, str]]:
    found = snapshot.connection.cursor().execute(
        "select month, level, attribute, category, people, status from people_counts where population = ? "
        "and scope = 'everyone'",
        [population],
    )
    return {tuple(row[:4]): tuple(row[4:]) for row in found.fetchall()}


def agree(found: dict[tuple, tuple[int | None, str]], counted: Counter) -> int:
    """Each number told is that of the exports to the nearest five; "<10" is under ten. Returns how many are told."""
    for key, (people, status) in found.items():
        if status == "shown":
            assert people == nearest(counted[key]), key
        elif status == "<10":
            assert people is None and counted[key] < 10, key
        else:
            assert (people, status) == (None, "withheld")
    return sum(status == "shown" for _, status in found.values())


def applicants(folder: Path) -> Counter:
    """Once a year each; hired if any application of theirs in it led to that within 90 days."""
    people: dict[tuple, list] = defaultdict(list)
    for row in rows(folder / "hr" / "applications.csv"):
        if not row["Hired"] or row["Hired"] >= row["Applied"]:
            people[row["Applied"][:4], row["Applicant ID"]].append(row)
    told: Counter = Counter()
    for (year, _), found in people.items():
        last = max(found, key=lambda row: (row["Applied"], row["Application ID"]))
        days = [date.fromisoformat(row["Hired"]) - date.fromisoformat(row["Applied"]) for row in found if row["Hired"]]
        levels = ["all levels", *(["hired"] if days and min(days) <= timedelta(90) else [])]
        for level in levels:
            month = date(int(year), 12, 1)
            told[month, level, "all", "all"] += 1
            for attribute in ATTRIBUTES:
                told[month, level, attribute, said(last, attribute)] += 1
    return told


def respondents(folder: Path) -> Counter:
    told: Counter = Counter()
    for row in rows(folder / "survey" / "employee_survey.csv"):
        on = date.fromisoformat(row["Submitted"])
        for attribute in list(ATTRIBUTES)[:3]:
            told[date(on.year, (on.month + 2) // 3 * 3, 1), "all levels", attribute, said(row, attribute)] += 1
    return told


def test_applicants_of_the_demonstration_agree(demo: Snapshot) -> None:
    """Of the two years that are over; that of the last is told though the export goes on."""
    found, counted = stored(demo, "applicants"), applicants(EXPORTS)
    assert {key[0] for key in found} == {date(2024, 12, 1), date(2025, 12, 1)}
    assert set(found) >= {key for key in counted if key[0].year < 2026}
    assert agree(found, counted) > 50


def test_respondents_of_the_demonstration_agree(demo: Snapshot) -> None:
    """Every group that the workforce has too, of every quarter that is over; who did not say is never told."""
    found, counted = stored(demo, "respondents"), respondents(EXPORTS)
    assert {key[0] for key in found} == {month for month, *_ in counted if month <= date(2026, 9, 1)}
    assert SILENT not in {key[3] for key in found}
    assert agree(found, counted) > 90


@pytest.mark.parametrize("region", ["EMEA", "Asia Pacific"])
def test_the_gap_to_the_community_agrees(demo: Snapshot, region: str) -> None:
    """Of counts as told: a category by all of a region less those who did not say, minus the share of the benchmark."""
    told = demo.connection.cursor().execute(
        "select attribute, category, people, status from people_counts where population = 'workforce' and place = ? "
        "qualify month = max(month) over ()",
        [region],
    )
    counts = {(attribute, category): (people, status) for attribute, category, people, status in told.fetchall()}
    base = counts["all", "all"][0]
    with (ROOT / "data" / "reference" / "community.csv").open(encoding="utf-8", newline="") as text:
        shares = {
            (row["attribute"], row["category"]): float(row["share"])
            for row in csv.DictReader(text)
            if row["region"] == region
        }
    found = answer(demo, "community_gap", None, Filters((region,))).rows.set_index(["attribute", "category"])
    compared = 0
    for key, share in shares.items():
        people, status = counts.get(key, (None, ""))
        silent, hidden = counts.get((key[0], SILENT), (0, "shown"))
        stated = base - (4.5 if hidden == "<10" else silent) if hidden != "withheld" else None
        if status == "shown" and stated:
            compared += 1
            assert found.loc[key, "workforce"] == pytest.approx(people / stated, abs=0.0051)
            assert found.loc[key, "gap"] == pytest.approx(found.loc[key, "workforce"] - share, abs=0.0051)
    assert compared > 5


# Small companies


words = st.sampled_from(["F", "M", "X", ""])
origins = st.sampled_from(["W", "A", "B", ""])
groups = st.tuples(words, origins, st.integers(1, 45), st.floats(0, 1), st.floats(0, 0.6))
ENOUGH_TO_TELL = [("F", "W", 45, 0.8, 0.5), ("M", "A", 45, 0.6, 0.4), ("F", "B", 30, 0.9, 0.6), ("X", "", 8, 0.5, 0.3)]
# A failure is told as it is found: each try is a build, and to look for a smaller one takes minutes.
PHASES = (Phase.explicit, Phase.generate)


def written(made: list[tuple], folder: Path) -> Counter:
    """Write the exports of a company; count its customers.

    Employees, of whom some answer; as many applicants, of whom some are hired; as many customers, some satisfied.
    """
    tables: dict[str, list[dict]] = {name: [] for name in HEADINGS}
    customers: Counter = Counter()
    for gender, origin, several, answering, hiring in made:
        for number in range(several):
            stated = {"Gender": gender, "Ethnicity": origin, "Age band": "<30", "Disability": "N", "Region": "EMEA"}
            employed = {"State on": "2024-12-31", "Hired": "2020-01-01", "Grade": "G1"}
            tables["hr/workforce.csv"].append(employed | stated)
            hired = "2024-04-01" if number < hiring * several else ""
            tables["hr/applications.csv"].append({"Applied": "2024-03-01", "Hired": hired, **stated})
            is_heard = number < answering * several
            if is_heard:
                tables["survey/employee_survey.csv"].append({"Submitted": "2024-12-05", "Empowered": "4", **stated})
                answered = {"Submitted": "2024-12-31", "Survey type": "T"}
                answered["Ticket ID"] = f"T{len(tables['crm/tickets.csv'])}"
                tables["survey/customer_survey.csv"].append(answered | {"Satisfaction": "2" if number % 3 else "5"})
                ticket = {"Opened": "2024-11-01 09:00", "Customer ID": len(tables["crm/customers.csv"])}
                tables["crm/tickets.csv"].append(ticket)
            outcome = "no answer" if not is_heard else "not satisfied" if number % 3 else "satisfied"
            for level in ("all levels", outcome):
                customers[date(2024, 12, 1), level, "described_as", origin or SILENT] += 1
            tables["crm/customers.csv"].append({"Customer since": "2020-01-01", "Describes themselves as": origin})
    tables["hr/applications.csv"].append({"Applied": "2025-03-31"})
    first = {"crm/customers.csv": "", "crm/tickets.csv": "T"}
    for name in filter(tables.get, tables):
        key, *_ = headings = HEADINGS[name].split(",")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("w", encoding="utf-8", newline="") as text:
            table = csv.DictWriter(text, headings, extrasaction="ignore")
            table.writeheader()
            for number, row in enumerate(tables[name]):
                table.writerow({key: f"{first.get(name, 'I')}{number}", "Applicant ID": number} | row)
    return customers


@settings(max_examples=6, deadline=None, derandomize=True, phases=PHASES, suppress_health_check=list(HealthCheck))
@example(made=ENOUGH_TO_TELL)
@given(made=st.lists(groups, min_size=2, max_size=8))
def test_small_companies_agree(made: list[tuple], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("company")
    customers = written(made, folder)
    build(folder, folder / "snapshot.duckdb", today=TODAY, rules=Rules(customer_groups=True))
    snapshot = opened(current(folder / "snapshot.duckdb"))
    told = {name: stored(snapshot, name) for name in ("applicants", "respondents", "customers")}
    answered = respondents(folder) if (folder / "survey" / "employee_survey.csv").exists() else Counter()
    counted = {"applicants": applicants(folder), "respondents": answered, "customers": customers}
    shown = {name: agree(told[name], counted[name]) for name in told}
    assert made != ENOUGH_TO_TELL or all(shown.values()), shown
    assert all(level != "no answer" and category != SILENT for _, level, _, category in told["customers"])
    heads = Counter(said(row, "gender") for row in rows(folder / "hr" / "workforce.csv"))
    for row in answer(snapshot, "survey_participation", None, Filters()).rows.itertuples():
        if row.status == "shown" and row.attribute == "gender":
            rate = answered[date(2024, 12, 1), "all levels", "gender", row.category] / heads[row.category]
            assert abs(rate - row.rate) <= 0.005 + 2.5 * (1 + rate) / (heads[row.category] - 2.5)

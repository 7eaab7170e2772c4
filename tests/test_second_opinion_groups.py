"""A second opinion on groups: the demonstration's applicants, respondents and community, and small companies that
Hypothesis makes, again in plain Python from the exports and the definitions."""

import csv
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st

from app.answers import answer
from app.filters import Filters
from app.snapshot import Snapshot
from tests.conftest import ROOT

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

"""A second opinion on surveys, goals, ideas and people: every month and place of the demonstration again in plain
Python, from its exports and the definitions and not from the SQL, and exactly as the snapshot stores it."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache

import pandas as pd
import pytest

from app.filters import Filters
from app.metrics import metrics
from app.series import over_period, states
from app.snapshot import Snapshot
from tests.conftest import ROOT

EXPORTS = ROOT / "data" / "exports"
END = date(2026, 10, 31)  # to this day answers reach, and with them the sheet of goals
Cells = dict[tuple, tuple]


@cache
def rows(name: str) -> list[dict[str, str]]:
    """Rows of an export that are neither blank nor repeated."""
    with (EXPORTS / name).open(encoding="utf-8-sig", newline="") as text:
        told = [tuple((key, word.strip()) for key, word in row.items()) for row in csv.DictReader(text)]
    return [dict(row) for row in dict.fromkeys(told) if any(word for _, word in row)]


@cache
def spellings(place: str) -> dict[str, str]:
    with (ROOT / "data" / "reference" / f"{place}s.csv").open(encoding="utf-8", newline="") as text:
        return {row["spelling"].strip().lower(): row[place] for row in csv.DictReader(text)}


def where(row: dict[str, str], channel: str = "Channel", blank: str = "unknown") -> tuple[str, str]:
    """Region and channel of a row; an export without a channel names none."""
    words = (("region", row["Region"]), ("channel", row.get(channel, "")))
    return tuple(spellings(place).get(word.lower(), "unknown") if word else blank for place, word in words)


def day(text: str) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def month(when: date) -> date:
    return when.replace(day=1)


def month_end(when: date) -> date:
    return month(month(when) + timedelta(32)) - timedelta(1)


def counted(found: Iterator[tuple]) -> Cells:
    """Events (month, region, channel, whether) as numerator and denominator."""
    told = defaultdict(list)
    for *cell, counts in found:
        told[tuple(cell)].append(counts)
    return {cell: (sum(counts), len(counts)) for cell, counts in told.items()}


# Cases


def closed_loop() -> Iterator[tuple]:
    """Recommendation 0 to 6, satisfaction 1 or 2; two business days later, and only once these have passed."""
    for row in rows("survey/customer_survey.csv"):
        if row["Recommend"] in map(str, range(7)) or row["Satisfaction"] in ("1", "2"):
            answered, due, business = day(row["Submitted"]), day(row["Submitted"]), 0
            while business < 2:
                due += timedelta(1)
                business += due.weekday() < 5
            followed = day(row["Followed up"])
            if due <= END:
                yield month(answered), *where(row), followed is not None and followed <= due


def survey_response() -> Iterator[tuple]:
    for row in rows("survey/invitations.csv"):
        yield month(day(row["Sent"])), *where(row), bool(row["Completed"])


def customer_ideas() -> Iterator[tuple]:
    for row in rows("crm/ideas.csv"):
        yield month(day(row["Submitted"])), *where(row), row["Source"] == "Customer"


def recognised_in_time() -> Iterator[tuple]:
    """Ideas of employees, 30 days after they were first implemented, once these have passed."""
    reached = max(day(row["Submitted"]) for row in rows("crm/ideas.csv"))
    for idea in rows("crm/ideas.csv"):
        steps = [row for row in rows("crm/idea_stages.csv") if row["Idea ID"] == idea["Idea ID"]]
        done = [day(row["Entered"]) for row in steps if row["Stage"] == "Implemented"]
        if idea["Source"] == "Staff" and done and min(done) + timedelta(30) <= reached:
            thanks = [day(row["Given on"]) for row in rows("hr/recognitions.csv") if row["For idea"] == idea["Idea ID"]]
            yield month(min(done)), *where(idea), any(given <= min(done) + timedelta(30) for given in thanks)


def goals_met() -> Iterator[tuple]:
    for row in rows("crm/goals.csv"):
        due, met = day(row["Due on"]), day(row["Met on"])
        if due and due <= END:
            yield month(due), *where(row, blank="every"), met is not None and met <= due


def goals_well_defined() -> Iterator[tuple]:
    """Open in a month: set by its end, neither due nor met before it began; of the sixty months to the last."""
    for back in range(60):
        first = date(END.year + (END.month - 1 - back) // 12, (END.month - 1 - back) % 12 + 1, 1)
        for row in rows("crm/goals.csv"):
            due, met = day(row["Due on"]) or date.max, day(row["Met on"]) or date.max
            if day(row["Set on"]) <= month_end(first) and due >= first and met >= first:
                words = (row[name] for name in ("Owner role", "Metric ID", "Baseline", "Target", "Due on"))
                yield first, *where(row, blank="every"), all(words)


CASES = (closed_loop, survey_response, customer_ideas, recognised_in_time, goals_met, goals_well_defined)


@pytest.mark.parametrize("definition", CASES, ids=lambda definition: definition.__name__)
def test_cases_agree_with_plain_python(demo: Snapshot, definition: Callable[[], Iterator[tuple]]) -> None:
    stored = demo.connection.cursor().execute(
        "select month, region, channel, numerator, denominator from metric_months where metric = ?",
        [definition.__name__],
    )
    expected = counted(definition())
    assert len(expected) > 10
    assert {row[:3]: row[3:] for row in stored.fetchall()} == expected


# People


@cache
def employed() -> dict[date, dict[str, tuple[str, str]]]:
    """By month: who is employed at its end, where they work and serve, by the first state on or after that day."""
    states = defaultdict(list)
    for row in rows("hr/workforce.csv"):
        states[day(row["State on"])].append(row)
    told, last = {}, min(states)
    while last <= max(states):
        told[month(last)] = {
            row["Employee ID"]: where(row, "Serves")
            for row in states[min(state for state in states if state >= last)]
            if day(row["Hired"]) <= last and (not row["Left"] or day(row["Left"]) > last)
        }
        last = month_end(last + timedelta(1))
    return told


def required_training(when: date, employee: str) -> list[float]:
    """A course once for each person, whatever number of times it was assigned."""
    courses = defaultdict(list)
    for row in training()[employee]:
        if row["Mandatory"] == "Y":
            courses[row["Course"]].append(row)
    told = []
    for assigned in courses.values():
        if min(day(row["Assigned"]) for row in assigned) <= month_end(when):
            completed = [day(row["Completed"]) for row in assigned if row["Completed"]]
            told.append(float(any(done <= month_end(when) for done in completed)))
    return told


def training_hours(when: date, employee: str) -> list[float]:
    taken = [row for row in training()[employee] if row["Completed"] and month(day(row["Completed"])) == when]
    return [sum(float(row["Hours"] or 0) for row in taken)]


def ideas_per_100(when: date, employee: str) -> list[float]:
    return [float(submitted()[employee, when])]


@cache
def training() -> dict[str, list[dict[str, str]]]:
    told = defaultdict(list)
    for row in rows("hr/training.csv"):
        told[row["Employee ID"]].append(row)
    return told


@cache
def submitted() -> Counter:
    ideas = (row for row in rows("crm/ideas.csv") if row["Source"] == "Staff")
    return Counter((row["Author ID"], month(day(row["Submitted"]))) for row in ideas)


PEOPLE = (required_training, training_hours, ideas_per_100)


@pytest.mark.parametrize("definition", PEOPLE, ids=lambda definition: definition.__name__)
def test_people_agree_with_plain_python(demo: Snapshot, definition: Callable[[date, str], list[float]]) -> None:
    """At each scope of at least ten people: everyone, a region, a channel. Region by channel is stored nowhere."""
    expected = {}
    for when, people in employed().items():
        scopes = defaultdict(list)
        for employee, (region, channel) in people.items():
            for scope in (("everyone", ""), ("region", region), ("channel", channel)):
                scopes[scope].append(employee)
        for (scope, place), members in scopes.items():
            if len(members) >= 10 and place != "unknown":
                counts = [count for employee in members for count in definition(when, employee)]
                expected[when, scope, place] = (pytest.approx(sum(counts), abs=1e-9), len(counts))
    stored = demo.connection.cursor().execute(
        "select month, scope, place, numerator, denominator from people_months where metric = ?",
        [definition.__name__],
    )
    assert len(expected) > 100
    assert {row[:3]: row[3:] for row in stored.fetchall()} == expected


STANDING = {"goals_well_defined": goals_well_defined, "required_training": required_training}
PERIODS = ((None, None), (None, date(2026, 3, 1)), (date(2025, 2, 1), date(2025, 7, 1)), (date(2025, 12, 1), None))


@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_what_stands_over_a_period_agrees_with_plain_python(demo: Snapshot, period: tuple) -> None:
    """All together, each region and each channel, as the definition has them in the last month of the period."""
    assert {id_ for id_, metric in metrics().items() if metric.standing} == set(STANDING)
    goals = [event[1:] for event in goals_well_defined() if event[0] == (period[1] or month(END))]
    last = max(
        when for when in employed() if when <= (period[1] or END)
    )  # the head-count may be older than the training
    staff = employed()[last]
    people = [(*staff[employee], count) for employee in staff for count in required_training(last, employee)]
    crowd = Counter(word for place in staff.values() for word in place)
    for id_, events in (("goals_well_defined", goals), ("required_training", people)):
        expected = defaultdict(list)
        for region, channel, counts in events:
            for place in ((None, None), (region, None), (None, channel)):
                named = place[0] or place[1]
                if id_ == "goals_well_defined" or not named or (crowd[named] >= 10 and named != "unknown"):
                    expected[place].append(counts)
        rows = over_period(demo, states(demo)[id_], Filters(start=period[0], end=period[1]))
        told = {
            tuple(None if pd.isna(word) else word for word in (row["region"], row["channel"])): row["base"]
            for _, row in rows.iterrows()
        }
        assert told == {place: len(counts) for place, counts in expected.items()}, id_
        for _, row in rows[rows["status"] != "withheld"].iterrows():
            place = tuple(None if pd.isna(word) else word for word in (row["region"], row["channel"]))
            assert row["numerator"] == pytest.approx(sum(expected[place]), abs=1e-9)


def test_people_are_in_no_other_table(demo: Snapshot) -> None:
    """Metrics about people stand at their few scopes only."""
    about = [id_ for id_, metric in metrics().items() if metric.about == "people"]
    assert {definition.__name__ for definition in PEOPLE} == set(about)
    query = "select count(*) from {} where list_contains($about, metric)"
    for table in ("metric_months", "metric_buckets"):
        assert demo.connection.cursor().execute(query.format(table), {"about": about}).fetchone() == (0,)
    scopes = demo.connection.cursor().execute("select distinct scope from people_months order by scope").fetchall()
    assert scopes == [("channel",), ("everyone",), ("region",)]

"""An attack on the figures about people: what a reader can work out from everything that a snapshot tells together.

The attack reads the published tables and the published rules (data/confidentiality.toml and what is said of them), and
nothing of the code that protects. It writes down all whole-number tables of people that agree with what is told, over
all quarters at once, and asks for each group of fewer than ten people how many sizes are left: five at least.
"""

import csv
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cache, cached_property, partial
from itertools import combinations, pairwise, product
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from app import downloads
from app.answers import FIGURES, GENERIC, answer
from app.build import build
from app.confidential import Rules  # to turn a switch on, and for nothing else
from app.demo import HEADINGS as HEADINGS_OF
from app.filters import Filters
from app.metrics import metrics
from app.records import contracts
from app.series import choices
from app.snapshot import Snapshot, current, opened
from tests.conftest import ROOT, TODAY

LEAST, OPEN, CHANGES = 10, 5, 10  # people told, sizes left open, changes before a scope is told anew
ATTRIBUTES = ("gender", "ethnicity", "age_band", "disability")
DIMENSIONS = ("region", "channel", "level")
NOWHERE = "unknown"
MEASURED = {  # what a metric counts of the head-count: its answers, and which of them are told
    "required_training": ("yes", "no", "not asked"),
    "policy_acknowledged": ("yes", "no", "not asked"),
    "events_participation": ("yes", "no"),
    "dialogue_participation": ("yes", "no"),
}
OF_EVERYONE = ("events_participation", "dialogue_participation")  # told: yes, of the head-count
SAFETY, LEADERS = "psychological_safety", "leader_customer_contacts"
BANDS = ("below 40", "40 to 60", "60 to 80", "80 or more")
ENOUGH = 20  # groups worked out
MANY = 100_000  # more people than any company here


# What is true: the exports, read again in plain Python


@dataclass(frozen=True)
class Truth:
    """A company by its exports: who stands where at the end of each quarter, and who took what training in a month.

    `people` has month, employee, region, channel, level, the attributes and what is measured (yes, no, not asked, or
    blank before it is known); `taken` has month, employee, region, channel, hours of those who completed a course, at
    every month's end; `answers` has quarter, region, channel and band of each response to Edmondson's statements.
    `leaders` has month, leader, region, channel and contacts of everybody on the list of leaders in a month.
    `answered` has the responses to the employee survey by quarter with what they state, `applied` the applicants of a
    year with what they state and whether they were hired, `customers` those of a year's end with group and outcome.
    """

    people: pd.DataFrame
    taken: pd.DataFrame
    answers: pd.DataFrame
    leaders: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["month"]))
    answered: pd.DataFrame = field(default_factory=pd.DataFrame)
    applied: pd.DataFrame = field(default_factory=pd.DataFrame)
    customers: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def quarters(self) -> list[pd.Timestamp]:
        return sorted(self.people["month"].unique())

    @property
    def stated(self) -> dict[str, list[str]]:
        """Every category of each attribute that anybody was in at any time."""
        return {attribute: sorted(self.people[attribute].unique()) for attribute in ATTRIBUTES}


WORDS = {
    "level": {"G1": "Agent", "G2": "Senior agent", "G3": "Team lead", "G4": "Manager", "G5": "Head"},
    "gender": {"F": "Woman", "M": "Man", "X": "Non-binary"},
    "ethnicity": {"A": "Asian", "B": "Black", "L": "Latino", "W": "White", "M": "Mixed"},
    "disability": {"Y": "Yes", "N": "No"},
}
HEADINGS = {"level": "Grade", "gender": "Gender", "ethnicity": "Ethnicity", "age_band": "Age band"}
HEADINGS |= {"disability": "Disability"}
KINDS = {"Celebration": "diversity", "Dialogue round": "dialogue", "Other": "other"}


def truth_of(exports: Path) -> Truth:
    """Who is employed at each month's end, by the first state on or after it; what they were asked and took."""
    states, courses = defaultdict(list), defaultdict(lambda: defaultdict(list))
    for row in records(exports / "hr" / "workforce.csv"):
        states[day(row["State on"])].append(row)
    for row in records(exports / "hr" / "training.csv"):
        courses[row["Employee ID"]][row["Course"]].append(row)
    assigned = [row["Assigned"] for asked in courses.values() for rows in asked.values() for row in rows]
    reached = day(max(assigned, default="0001-01-01"))
    measure = measures(exports)
    people, taken, last = [], [], min(states)
    while last <= max(states):
        month = pd.Timestamp(last.replace(day=1))
        for row in states[min(state for state in states if state >= last)]:
            if day(row["Hired"]) <= last and (not row["Left"] or day(row["Left"]) > last):
                asked = courses[row["Employee ID"]]
                where = {"month": month, "employee": row["Employee ID"], **place_of(row)}
                hours = [float(course["Hours"] or 0) for course in completed(asked, month)]
                if hours and last <= reached:
                    taken.append(where | {"hours": sum(hours)})
                if last.month % 3 == 0:
                    stated = {name: told(row, name) for name in HEADINGS}
                    stated["required_training"] = required(asked, last) if last <= reached else ""
                    people.append(where | stated | {id_: of(row["Employee ID"], last) for id_, of in measure.items()})
        last = (last + timedelta(32)).replace(day=1) - timedelta(1)
    columns = ["month", "employee", "region", "channel", "hours"]
    answered = [
        {"month": month_of(row["Submitted"], 3), **{name: told(row, name) for name in ATTRIBUTES[:3]}}
        for row in records(exports / "survey" / "employee_survey.csv")
    ]
    return Truth(
        pd.DataFrame(people),
        pd.DataFrame(taken, columns=columns),
        answers_of(exports),
        leaders_of(exports),
        pd.DataFrame(answered),
        pd.DataFrame(applicants_of(exports)),
        pd.DataFrame(customers_of(exports)),
    )


def measures(exports: Path) -> dict[str, Callable[[str, date], str]]:
    """Of an employee at a quarter's end: took part in the year before, acknowledged all that was asked; or not."""
    came, asked = defaultdict(list), defaultdict(lambda: defaultdict(list))
    held = [row for row in records(exports / "hr" / "events.csv") if row["Kind of event"] in KINDS]
    for row in held:
        came[row["Employee ID"], KINDS[row["Kind of event"]]].append(day(row["Held on"]))
    policies = [row for row in records(exports / "hr" / "policy_acknowledgements.csv") if sound(row)]
    for row in policies:
        asked[row["Employee ID"]][row["Policy"]].append(row)
    events = sorted(day(row["Held on"]) for row in held)
    reached = max((row["Asked on"] for row in policies), default="0001-01-01")

    def took_part(kind: str, employee: str, last: date) -> str:
        year = last.replace(year=last.year - 1)
        if not events or year < events[0] or last > events[-1]:
            return ""
        return "yes" if any(year < held <= last for held in came[employee, kind]) else "no"

    def acknowledged(employee: str, last: date) -> str:
        if last > day(reached):
            return ""
        told = []
        for rows in asked[employee].values():
            since = max((row["Asked on"] for row in rows if day(row["Asked on"]) <= last), default="")
            if since:
                told.append(any(since <= row["Acknowledged on"] <= last.isoformat() for row in rows))
        return "not asked" if not told else "yes" if all(told) else "no"

    return {
        "policy_acknowledged": acknowledged,
        **{
            f"{'events' if kind == 'diversity' else kind}_participation": partial(took_part, kind)
            for kind in KINDS.values()
            if kind != "other"
        },
    }


def sound(row: dict[str, str]) -> bool:
    return not row["Acknowledged on"] or row["Acknowledged on"] >= row["Asked on"]


def answers_of(exports: Path) -> pd.DataFrame:
    """Each response with four or more of the seven statements answered: its quarter, place and band."""
    told = []
    for row in records(exports / "survey" / "employee_survey.csv"):
        answers = {number: row[f"Safety {number}"] for number in range(1, 8)}
        points = [7 - int(said) if number in (1, 3, 5) else int(said) - 1 for number, said in answers.items() if said]
        if len(points) >= 4:
            share = Fraction(sum(points), 6 * len(points))
            band = BANDS[sum(share >= Fraction(edge, 10) for edge in (4, 6, 8))]
            on = day(row["Submitted"])
            told.append({"month": pd.Timestamp(on.year, (on.month + 2) // 3 * 3, 1), **place_of(row), "band": band})
    return pd.DataFrame(told, columns=["month", "region", "channel", "band"])


def leaders_of(exports: Path) -> pd.DataFrame:
    """Who is on the list of a month, with the contacts in it: several of a kind on one day are one."""
    contacts, places = defaultdict(set), defaultdict(list)
    for row in records(exports / "hr" / "leader_contacts.csv"):
        if row["Contact"] != "Pigeon":
            key = month_of(row["Day"], 1), row["Leader ID"]
            places[key].append(place_of(row))
            contacts[key] |= {(row["Day"], row["Contact"])} - {(row["Day"], "None")}
    rows = []
    for (month, leader), found in places.items():
        known = {name: sorted({place[name] for place in found} - {NOWHERE}) for name in DIMENSIONS[:2]}
        where = {name: (among or [NOWHERE])[0] for name, among in known.items()}
        rows.append({"month": month, "leader": leader, **where, "contacts": len(contacts[month, leader])})
    return pd.DataFrame(rows, columns=["month", "leader", "region", "channel", "contacts"])


def month_of(text: str, months: int) -> pd.Timestamp:
    """The last month of the quarter or year that a day is in."""
    when = day(text)
    return pd.Timestamp(date(when.year, (when.month + months - 1) // months * months, 1))


def applicants_of(exports: Path) -> Iterator[dict]:
    """Each applicant of a year once, as they last stated it; hired, if any application led to it in 90 days."""
    rows = records(exports / "hr" / "applications.csv")
    rows = [row for row in rows if not row["Hired"] or row["Hired"] >= row["Applied"]]
    newest = max((day(row["Hired"] or row["Applied"]) for row in rows), default=date.min)
    by_person = defaultdict(list)
    for row in rows:
        by_person[month_of(row["Applied"], 12), row["Applicant ID"] or row["Application ID"]].append(row)
    for (month, _), found in by_person.items():
        if date(month.year, 12, 31) + timedelta(90) <= newest:
            last = max(found, key=lambda row: (row["Applied"], row["Application ID"]))
            hired = any(row["Hired"] and (day(row["Hired"]) - day(row["Applied"])).days <= 90 for row in found)
            yield {"month": month, "hired": hired, **{name: told(last, name) for name in ATTRIBUTES}}


def customers_of(exports: Path) -> Iterator[dict]:
    """Who is a customer at the end of a year in which any answered, and their last answer about a contact in it."""
    asked = {row["Ticket ID"]: row["Customer ID"] for row in records(exports / "crm" / "tickets.csv")}
    answers, rows = defaultdict(dict), records(exports / "survey" / "customer_survey.csv")
    for row in rows:
        if row["Ticket ID"] and row["Satisfaction"] and row["Recommend"] != "11" and asked.get(row["Ticket ID"]):
            key = row["Submitted"], row["Response ID"]
            answers[month_of(row["Submitted"], 12)][asked[row["Ticket ID"]], key] = int(row["Satisfaction"])
    newest = max((day(row["Submitted"]) for row in rows), default=date.min)
    for month, found in sorted(answers.items()):
        last = {who: score for (who, _), score in sorted(found.items())}
        end = date(month.year, 12, 31)
        for row in records(exports / "crm" / "customers.csv") if end <= newest else ():
            if day(row["Customer since"]) <= end and (not row["Customer until"] or day(row["Customer until"]) > end):
                score = last.get(row["Customer ID"])
                outcome = "no answer" if score is None else "satisfied" if score >= 4 else "not satisfied"
                group = row["Describes themselves as"] or "not disclosed"
                yield {"month": month, "described_as": group, "outcome": outcome}


def records(path: Path) -> list[dict[str, str]]:
    """Rows of an export that are neither blank nor repeated."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as text:
        read = [tuple((key, word.strip()) for key, word in row.items()) for row in csv.DictReader(text)]
    return [dict(row) for row in dict.fromkeys(read) if any(word for _, word in row)]


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


@cache
def spellings(place: str) -> dict[str, str]:
    with (ROOT / "data" / "reference" / f"{place}s.csv").open(encoding="utf-8", newline="") as text:
        return {row["spelling"].strip().lower(): row[place] for row in csv.DictReader(text)}


def place_of(row: dict[str, str]) -> dict[str, str]:
    words = {"region": row["Region"], "channel": row["Serves"]}
    return {place: spellings(place).get(word.lower(), NOWHERE) for place, word in words.items()}


def told(row: dict[str, str], name: str) -> str:
    word = row[HEADINGS[name]]
    return WORDS.get(name, {}).get(word, word) or ("not stated" if name == "level" else "not disclosed")


def completed(asked: dict[str, list[dict]], month: pd.Timestamp) -> list[dict]:
    rows = [row for course in asked.values() for row in course if row["Completed"]]
    return [row for row in rows if row["Completed"][:7] == f"{month:%Y-%m}"]


def required(asked: dict[str, list[dict]], last: date) -> str:
    """Whether every required course assigned by a day was completed by then."""
    done = []
    for course in asked.values():
        course = [row for row in course if row["Mandatory"] == "Y"]
        if course and min(day(row["Assigned"]) for row in course) <= last:
            done.append(any(row["Completed"] and day(row["Completed"]) <= last for row in course))
    return "not asked" if not done else "yes" if all(done) else "no"


def changes(truth: Truth, before: pd.Timestamp, after: pd.Timestamp, scope: str, place: str) -> Counter:
    """Joiners, leavers and changers of a scope between two quarters: who stands in one of them, or states otherwise."""
    stated = ["level", *ATTRIBUTES]
    members = truth.people if scope == "everyone" else truth.people[truth.people[scope] == place]
    first, last = (members[members["month"] == month].set_index("employee")[stated] for month in (before, after))
    both = first.index.intersection(last.index)
    changed = int((first.loc[both] != last.loc[both]).any(axis=1).sum())
    return Counter(joined=len(last) - len(both), left=len(first) - len(both), changed=changed)


# What is told: the tables of a snapshot


@dataclass(frozen=True)
class Told:
    """Everything about people that a snapshot holds, row by row: of the workforce, by metric, of responses in bands.

    Counts of others than these are `groups`.
    """

    counts: pd.DataFrame
    months: pd.DataFrame
    bands: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["month", "scope", "place"]))
    groups: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["population", "month"]))

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Told":
        tables = [snapshot.connection.cursor().execute(f"select * from people_{name}") for name in ("counts", "months")]
        counts, months = (table.fetchdf() for table in tables)
        parts = [counts["population"] == "workforce", counts["population"] == SAFETY]
        return cls(counts[parts[0]], months, counts[parts[1]], counts[~parts[0] & ~parts[1]])

    def of_population(self, population: str) -> dict[pd.Timestamp, pd.DataFrame]:
        rows = self.groups[self.groups["population"] == population]
        return dict(list(rows.groupby("month")))

    @cached_property
    def by_scope(self) -> dict[pd.Timestamp, dict[tuple[str, str], pd.DataFrame]]:
        """Rows of each quarter and of each scope that is told anew in it, levels among them."""
        level = self.counts["level"] != "all levels"
        scope = self.counts["scope"].where(~level, "level")
        place = self.counts["place"].where(~level, self.counts["level"])
        found: dict = defaultdict(dict)
        for (month, dimension, where), rows in self.counts.groupby([self.counts["month"], scope, place]):
            found[month][dimension, where] = rows
        return dict(found)


def behind(shown: float, nearest: int) -> tuple[int, int]:
    """The whole numbers that are told as `shown` to the nearest `nearest`, halves up, and as no "<10"."""
    fits = [
        people
        for people in range(int(shown) - nearest, int(shown) + nearest + 1)
        if (2 * people + nearest) // (2 * nearest) * nearest == shown
    ]
    return max(min(fits), LEAST), max(fits)


def bounds(row: pd.Series, beside: Iterable[str]) -> tuple[float, float]:
    """What a row of counts says: a number, "<10", or hidden for the sake of a "<10" beside it and so none itself."""
    match row["status"]:
        case "shown":
            return behind(row["people"], int(row.get("nearest", 5)))
        case "<10":
            return 0, LEAST - 1
        case _:
            return (LEAST if "<10" in beside else 0), np.inf


# The attack


@dataclass
class System:
    """Unknown whole numbers, what is known of sums of them, and the groups to be found out."""

    truth: list[int] = field(default_factory=list)
    rows: list[tuple[list[int], list[float], float, float]] = field(default_factory=list)
    groups: dict[tuple, tuple[list[int], list[float]]] = field(default_factory=dict)
    fractions: set[int] = field(default_factory=set)

    def unknown(self, value: float, whole: bool = True) -> int:
        self.truth.append(value)
        if not whole:
            self.fractions.add(len(self.truth) - 1)
        return len(self.truth) - 1

    def knows(self, plus: list[int], low: float, high: float, minus: Iterable[int] = (), times: float = 1) -> None:
        """The sum of `plus` less `times` the sum of `minus` lies between low and high."""
        minus = list(minus)
        signs = [1.0] * len(plus) + [-float(times)] * len(minus)
        value = sum(sign * self.truth[number] for sign, number in zip(signs, [*plus, *minus], strict=True))
        assert low - 1e-6 <= value <= high + 1e-6, "the attack reads the rules wrongly"
        self.rows.append(([*plus, *minus], signs, low, high))

    def same(self, left: list[int], right: list[int]) -> None:
        self.knows(left, 0, 0, right)

    def hunt(self, name: tuple, group: list[int]) -> None:
        """A group to be found out, if it is small."""
        if group and self.true(group) < LEAST:
            self.groups[name] = group, [1.0] * len(group)

    def hunt_change(self, name: tuple, before: list[int], after: list[int]) -> None:
        """How many more or fewer a group has become, if that is few."""
        if before and after and abs(self.true(after) - self.true(before)) < LEAST:
            self.groups[name] = [*after, *before], [1.0] * len(after) + [-1.0] * len(before)

    def true(self, group: list[int]) -> float:
        return sum(self.truth[number] for number in group)

    def narrow(self) -> dict[tuple, tuple[int, int]]:
        """Groups of which fewer than five sizes are left, with the least and the most that each can be.

        A search in a random direction settles many groups at once; those that it leaves are searched for one by one,
        until enough are found.
        """
        if not self.groups:
            return {}
        names, members = list(self.groups), _matrix(list(self.groups.values()), len(self.truth))
        matrix = _matrix([(numbers, signs) for numbers, signs, *_ in self.rows], len(self.truth))
        low, high = (np.array([row[place] for row in self.rows]) for place in (2, 3))
        whole = np.array([number not in self.fractions for number in range(len(self.truth))], dtype=int)
        sizes = members @ np.array(self.truth, dtype=float)
        least, most = sizes.copy(), sizes.copy()
        random = np.random.default_rng(1)

        def look(cost: np.ndarray) -> None:
            found = milp(
                cost, integrality=whole, bounds=Bounds(0, MANY), constraints=LinearConstraint(matrix, low, high)
            )
            assert found.x is not None, found.message
            sizes = members @ np.round(found.x)
            np.minimum(least, sizes, out=least)
            np.maximum(most, sizes, out=most)

        settled = np.zeros(len(names), dtype=bool)
        while len(left := np.flatnonzero((most - least < OPEN - 1) & ~settled)) and settled.sum() < ENOUGH:
            before = len(left)
            for _ in range(4):
                look(members[left].T @ random.choice([-1.0, 1.0], len(left)))
            left = np.flatnonzero((most - least < OPEN - 1) & ~settled)
            if len(left) == before:
                for sign in (1.0, -1.0):
                    look(sign * members[[left[0]]].toarray()[0])
                settled[left[0]] = True
        found = np.flatnonzero((most - least < OPEN - 1) & settled)
        return {names[number]: (int(least[number]), int(most[number])) for number in found}


def _matrix(rows: list[tuple[list[int], list[float]]], width: int) -> csr_array:
    ends = np.cumsum([0, *(len(numbers) for numbers, _ in rows)])
    numbers = np.concatenate([numbers for numbers, _ in rows])
    signs = np.concatenate([signs for _, signs in rows])
    matrix = csr_array((signs, numbers, ends), shape=(len(rows), width))
    matrix.sum_duplicates()
    return matrix


Cells = dict[tuple, int]  # (attribute, dimension, place, category): number of the unknown


def workforce(system: System, truth: Truth, told: Told) -> None:
    """All quarters at once: every count that is told, and what a scope that is not told anew still gives away."""
    known: dict[tuple[str, str], pd.Timestamp] = {}
    cells: dict[pd.Timestamp, Cells] = {}
    for month in truth.quarters:
        people = truth.people[truth.people["month"] == month]
        cells[month] = tables(system, people, truth.stated, truth.answers[truth.answers["month"] == month])
        anew = told.by_scope.get(month, {})
        for scope, rows in anew.items():
            read(system, cells[month], scope, rows)
        shut(system, cells[month], people, anew)
        measured(system, cells[month], told.months[told.months["month"] == month])
        for (scope, place), rows in told.bands[told.bands["month"] == month].groupby(["scope", "place"]):
            read(system, cells[month], (scope, place), rows)
        if month in (answered := told.of_population("respondents")):
            respondents(system, truth, cells[month], month, answered[month])
        for scope, before in known.items():
            if scope not in anew and (anew or scope[0] in ("everyone", "level")):  # else it may be for everyone's sake
                linked(system, truth, cells, before, month, scope)
        hunted(system, cells[month], month)
        for scope in anew:
            if scope in known:
                changed(system, cells, known[scope], month, scope)
        known |= dict.fromkeys(anew, month)


def measured(system: System, cells: Cells, rows: pd.DataFrame) -> None:
    """Who counts and who does not, as metrics tell; and that few do or few do not, where a lucky guess says so."""
    for row in rows[rows["metric"].isin(MEASURED)].itertuples():
        yes, no = (picked(cells, row.metric, row.scope, row.place, said) for said in ("yes", "no"))
        if row.status == "shown":
            system.knows(yes, *behind(row.numerator, row.nearest))
            if row.metric not in OF_EVERYONE:
                system.knows(no, *behind(row.denominator - row.numerator, row.nearest))
        elif row.metric in OF_EVERYONE:
            for few in (yes, no):
                if system.true(few) < LEAST:
                    system.knows(few, 0, LEAST - 1)


def tables(system: System, people: pd.DataFrame, stated: dict[str, list[str]], answers: pd.DataFrame) -> Cells:
    """Unknowns of a quarter: head-count and attributes by region, channel and level, metrics by region and channel.

    Each adds up to the head-count of its place, and over places to the same of everyone. A category that somebody was
    in at some time may have nobody in it now.
    """
    cells: Cells = {}
    kinds = {"all": people.assign(all="all"), **dict.fromkeys(ATTRIBUTES, people)}
    kinds |= {id_: people for id_ in MEASURED if (people[id_] != "").all()}
    if len(answers) and (silent := _silent(people, answers)) is not None:
        kinds[SAFETY] = pd.concat([answers.rename(columns={"band": SAFETY}), silent])
    for attribute, rows in kinds.items():
        categories = {**MEASURED, SAFETY: (*BANDS, "not asked"), "all": ("all",), **stated}[attribute]
        for dimension in DIMENSIONS if attribute not in (*MEASURED, SAFETY) else DIMENSIONS[:2]:
            places = sorted(people[dimension].unique())
            counted = Counter(zip(rows[dimension], rows[attribute], strict=True))
            for place, category in product(places, categories):
                cells[attribute, dimension, place, category] = system.unknown(counted[place, category])
            for place in places:
                if attribute != "all":
                    row = picked(cells, attribute, dimension, place)
                    system.same(row, [cells["all", dimension, place, "all"]])
            for category in categories:
                if dimension != "region":
                    column = picked(cells, attribute, dimension, None, category)
                    system.same(column, picked(cells, attribute, "region", None, category))
    return cells


def _silent(people: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame | None:
    """Who did not answer, at their places, as the rest of the head-count; None where more answered than are there."""
    places = ["region", "channel"]
    rest = people.groupby(places).size().sub(answers.groupby(places).size(), fill_value=0).astype(int)
    if (rest < 0).any():
        return None
    return pd.DataFrame([(*place, "not asked") for place in rest.index.repeat(rest)], columns=[*places, SAFETY])


def picked(cells: Cells, attribute: str, dimension: str, place: str | None, category: str | None = None) -> list[int]:
    """The unknowns of an attribute at a place (of everyone: at all regions), of one category or of all."""
    if dimension == "everyone":
        dimension, place = "region", None
    return [
        number
        for (name, by, where, what), number in cells.items()
        if (name, by) == (attribute, dimension) and place in (None, where) and category in (None, what)
    ]


def read(system: System, cells: Cells, scope: tuple[str, str], rows: pd.DataFrame) -> None:
    """What a scope is told to have; where a category of other quarters is not listed, nobody is in it."""
    for attribute, beside in rows.groupby("attribute"):
        for _, row in beside.iterrows():
            low, high = bounds(row, set(beside["status"]))
            if np.isfinite(high) or low:
                system.knows(picked(cells, attribute, *scope, row["category"]), low, high)
        for category in {key[3] for key in cells if key[0] == attribute} - {*beside["category"], "not asked"}:
            system.knows(picked(cells, attribute, *scope, category), 0, 0)


def respondents(system: System, truth: Truth, cells: Cells, month: pd.Timestamp, shown: pd.DataFrame) -> None:
    """Who answered the survey of a quarter: of each group at most its head-count, of each attribute as many in all.

    Who did not say may be in any group, and as many as there are. Hunted are who answered and who did not.
    """
    rows = truth.answered[truth.answered["month"] == month]
    total = system.unknown(len(rows))
    for attribute in ATTRIBUTES[:3]:
        counted, parts = Counter(rows[attribute]), []
        for category in sorted({*truth.stated[attribute], *counted}):
            number = system.unknown(counted[category])
            parts.append(number)
            heads = picked(cells, attribute, "everyone", "", category)
            name = (f"{month:%Y-%m}", "answered", attribute, category)
            if category == "not disclosed" or not heads:
                continue
            system.knows([number], -MANY, 0, heads)
            system.hunt((*name, "there"), [number])
            if system.true(heads) - counted[category] < LEAST:
                system.groups[*name, "others"] = [*heads, number], [1.0] * len(heads) + [-1.0]
            for _, row in shown[(shown["attribute"] == attribute) & (shown["category"] == category)].iterrows():
                system.knows([number], *bounds(row, ()))
        system.same(parts, [total])


def applicants(system: System, truth: Truth, told: Told) -> None:
    """A population of its own: who applied in a year, and who of them was hired."""
    for month, shown in told.of_population("applicants").items():
        rows = truth.applied[truth.applied["month"] == month]
        cells = {("all", is_hired, "all"): int((rows["hired"] == is_hired).sum()) for is_hired in (True, False)}
        for attribute in ATTRIBUTES:
            counted = Counter(zip(rows["hired"], rows[attribute], strict=True))
            categories = truth.applied[attribute].unique()
            cells |= {(attribute, *key): counted[key] for key in product((True, False), categories)}
        divided(system, {key: system.unknown(count) for key, count in cells.items()}, shown, {"hired": [True]})


def customers(system: System, truth: Truth, told: Told) -> None:
    """Customers at the end of a year. How many there are, and how many are satisfied or not, metrics about cases may
    tell exactly: the reader knows it.
    """
    for month, shown in told.of_population("customers").items():
        rows = truth.customers[truth.customers["month"] == month]
        outcomes = ("satisfied", "not satisfied", "no answer")
        counted = Counter(zip(rows["outcome"], rows["described_as"], strict=True))
        keys = product(outcomes, truth.customers["described_as"].unique())
        cells = {("described_as", *key): system.unknown(counted[key]) for key in keys}
        for outcome in outcomes:
            there = [number for key, number in cells.items() if key[1] == outcome]
            system.knows(there, system.true(there), system.true(there))
        divided(system, cells, shown, {name: [name] for name in outcomes[:2]})


def divided(system: System, cells: dict[tuple, int], shown: pd.DataFrame, levels: dict[str, list]) -> None:
    """Groups by an outcome, (attribute, outcome, category): what is told of all together and of each level; hunted are
    the groups at each outcome, at some of them together, the others of each, and the same elsewhere."""
    outcomes = list(dict.fromkeys(key[1] for key in cells))
    parts = [list(part) for size in range(1, len(outcomes) + 1) for part in combinations(outcomes, size)]

    def at(attribute: str, of: list, category: str | None = None) -> list[int]:
        return [
            number
            for (name, outcome, what), number in cells.items()
            if name == attribute and outcome in of and category in (None, what)
        ]

    for attribute in dict.fromkeys(key[0] for key in cells):
        if ("all", outcomes[0], "all") in cells and attribute != "all":
            for outcome in outcomes:
                system.same(at(attribute, [outcome]), at("all", [outcome]))
        for (level, name), beside in shown.groupby(["level", "attribute"]):
            for _, row in beside.iterrows() if name == attribute else ():
                low, high = bounds(row, set(beside["status"]) if "all" in set(shown["attribute"]) else ())
                if np.isfinite(high) or low:
                    system.knows(at(attribute, levels.get(level, outcomes), row["category"]), low, high)
        for category, part in product(dict.fromkeys(key[2] for key in cells if key[0] == attribute), parts):
            there = at(attribute, part, category)
            if "all" not in set(shown["attribute"]) and system.true(at(attribute, part)) < OPEN - 1:
                continue  # of so few in all, no group has five sizes, whatever is told
            system.hunt((str(shown["month"].iloc[0])[:7], attribute, category, *map(str, part), "there"), there)
            others = [number for number in at(attribute, part) if number not in there]
            if len(others) > 1 and "all" in set(shown["attribute"]):  # else all but one is known to be as many as all
                system.hunt((str(shown["month"].iloc[0])[:7], attribute, category, *map(str, part), "others"), others)


def shut(system: System, cells: Cells, people: pd.DataFrame, anew: dict) -> None:
    """A scope of which nothing is told though everyone is: it is small, or small is what it leaves. A lucky guess of
    which of them it is counts for the reader."""
    if ("everyone", "") not in anew:
        return
    for (dimension, place), rows in anew.items():
        if dimension != "everyone" and (rows["status"] == "withheld").all():
            inside = int((people[dimension] == place).sum())
            there = [cells["all", dimension, place, "all"]]
            rest = [number for number in picked(cells, "all", dimension, None) if number not in there]
            if inside < LEAST:
                system.knows(there, 0, LEAST - 1)
            elif len(people) - inside < LEAST:
                system.knows(rest, 0, LEAST - 1)


def linked(system: System, truth: Truth, cells: dict, before: pd.Timestamp, month: pd.Timestamp, scope: tuple) -> None:
    """A scope that is not told anew has had at most nine joiners, leavers and changers since it was told.

    A level is told when everyone is: of it too at most nine, moves between levels among them.
    """
    dimension, place = scope
    first, last = cells[before], cells[month]
    here = [picked(side, "all", dimension, place) for side in (first, last)]
    if not all(here):
        return
    since = changes(truth, before, month, *(scope if dimension != "level" else ("everyone", "")))
    if dimension == "level":
        since = level_changes(truth, before, month, place)
    assert since.total() < CHANGES, "a scope that changed is told anew"
    joined, left, changed = (system.unknown(since[name]) for name in ("joined", "left", "changed"))
    system.knows([joined, left, changed], 0, CHANGES - 1)
    system.knows([*here[1], left], 0, 0, [*here[0], joined])
    for attribute in ATTRIBUTES:
        up, down = [], []
        categories = {key[3]: None for side in (first, last) for key in side if key[0] == attribute}
        for category in categories:
            then, now = (picked(side, attribute, dimension, place, category) for side in (first, last))
            grown = system.true(now) - system.true(then)
            up.append(system.unknown(max(grown, 0)))
            down.append(system.unknown(max(-grown, 0)))
            system.same([*now, down[-1]], [*then, up[-1]])
        system.knows(up, -MANY, 0, [joined, changed])
        system.knows(down, -MANY, 0, [left, changed])


def changed(system: System, cells: dict, before: pd.Timestamp, month: pd.Timestamp, scope: tuple[str, str]) -> None:
    """What became of each count between the two last times that its scope was told."""
    for attribute, category in sorted({(key[0], key[3]) for key in cells[month]}):
        if attribute not in (*MEASURED, SAFETY) or scope[0] != "level":
            then, now = (picked(cells[when], attribute, *scope, category) for when in (before, month))
            name = (f"{before:%Y-%m} to {month:%Y-%m}", attribute, *scope, category, "change")
            system.hunt_change(name, then, now)


def level_changes(truth: Truth, before: pd.Timestamp, month: pd.Timestamp, level: str) -> Counter:
    return changes(truth, before, month, "level", level)


def hunted(system: System, cells: Cells, month: pd.Timestamp) -> None:
    """Small groups: each cell, the others at its place, the same elsewhere; what stays outside; who was not asked."""
    rows, columns = defaultdict(list), defaultdict(list)
    for (attribute, dimension, place, category), number in cells.items():
        rows[attribute, dimension, place].append(number)
        columns[attribute, dimension, category].append(number)
    for (attribute, dimension, place, category), number in cells.items():
        name = (f"{month:%Y-%m}", attribute, dimension, place, category)
        row, column = rows[attribute, dimension, place], columns[attribute, dimension, category]
        if place == NOWHERE:
            continue
        system.hunt((*name, "there"), [number])
        system.hunt((*name, "others there"), [other for other in row if other != number])
        rest = [other for other in columns["all", dimension, "all"] if other != cells["all", dimension, place, "all"]]
        if system.true(rest):
            system.hunt((*name, "elsewhere"), [other for other in column if other != number])
    for (attribute, dimension, category), column in columns.items():
        if dimension == "region":
            name = (f"{month:%Y-%m}", attribute, "everyone", "", category)
            system.hunt((*name, "there"), column)
            others = [other for other in picked(cells, attribute, "everyone", "") if other not in column]
            system.hunt((*name, "others there"), others)


def training(system: System, truth: Truth, told: Told) -> None:
    """Who completed a course in a month: at least ten where hours are told, and as many as the hours allow.

    The reader knows how long the shortest course is, and the most hours that one person took in a month. Hours are told
    of a rounded number of people, to the nearest five hours.
    """
    if truth.taken.empty:
        return
    lengths = truth.taken["hours"].min(), truth.taken["hours"].max()
    rows = told.months[told.months["metric"] == "training_hours"]
    for month, shown in rows.groupby("month"):
        taken = truth.taken[truth.taken["month"] == month]
        everyone: dict[str, list] = {}
        for dimension in ("region", "channel"):
            places = sorted({*shown.loc[shown["scope"] == dimension, "place"], *taken[dimension]})
            by_place = {place: taken[taken[dimension] == place] for place in places}
            people = {place: system.unknown(len(those)) for place, those in by_place.items()}
            hours = {place: system.unknown(those["hours"].sum(), whole=False) for place, those in by_place.items()}
            for place in places:
                system.knows([hours[place]], 0, np.inf, [people[place]], lengths[0])
                system.knows([hours[place]], -np.inf, 0, [people[place]], lengths[1])
                if place != NOWHERE:
                    system.hunt((f"{month:%Y-%m}", "trained", dimension, place, "", "there"), [people[place]])
            for row in shown[(shown["scope"] == dimension) & (shown["status"] == "shown")].itertuples():
                trained(system, [people[row.place]], [hours[row.place]], row.numerator, lengths)
            for kind, cells in (("people", people), ("hours", hours)):
                if kind in everyone:
                    system.same(list(cells.values()), everyone[kind])
                everyone[kind] = list(cells.values())
        for row in shown[(shown["scope"] == "everyone") & (shown["status"] == "shown")].itertuples():
            trained(system, everyone["people"], everyone["hours"], row.numerator, lengths)


def trained(system: System, people: list[int], hours: list[int], shown: float, lengths: tuple[float, float]) -> None:
    """How many people, and how many hours, can lie behind hours that are told."""
    low, high = shown - 2.5, shown + 2.5
    counts = [count for count in range(LEAST, MANY // 10, 5) if low / lengths[1] <= count <= high / lengths[0]]
    fewest, most = behind(counts[0], 5)[0], behind(counts[-1], 5)[1]
    system.knows(people, fewest, most)
    shares = [(low * behind(count, 5)[0] / count, high * behind(count, 5)[1] / count) for count in counts]
    system.knows(hours, min(share for share, _ in shares), max(share for _, share in shares))


def leaders(system: System, truth: Truth, told: Told) -> None:
    """A population of its own: who is on the list of a month, and their contacts. Hunted are the leaders of each place,
    those elsewhere, and the contacts of places with fewer than ten leaders, where ten contacts or more are few too.

    Contacts are those of the leaders as told, with what each of them has on average, to the nearest five.
    """
    for month, shown in told.months[told.months["metric"] == LEADERS].groupby("month"):
        listed = truth.leaders[truth.leaders["month"] == month]
        shown = shown[shown["status"] == "shown"]
        everyone: dict[str, list[int]] = {}
        for dimension in DIMENSIONS[:2]:
            places = {place: listed[listed[dimension] == place] for place in sorted(listed[dimension].unique())}
            people = {place: system.unknown(len(those)) for place, those in places.items()}
            contacts = {place: system.unknown(those["contacts"].sum()) for place, those in places.items()}
            for row in shown[shown["scope"] == dimension].itertuples():
                listed_as(system, [people[row.place]], [contacts[row.place]], row)
            for kind, cells in (("people", people), ("contacts", contacts)):
                if kind in everyone:
                    system.same(list(cells.values()), everyone[kind])
                everyone[kind] = list(cells.values())
            for place in set(people) - {NOWHERE}:
                name = (f"{month:%Y-%m}", "leaders", dimension, place)
                system.hunt((*name, "there"), [people[place]])
                system.hunt((*name, "elsewhere"), [number for other, number in people.items() if other != place])
                if len(places[place]) < LEAST:
                    system.groups[*name, "their contacts"] = [contacts[place]], [1.0]
        for row in shown[shown["scope"] == "everyone"].itertuples():
            listed_as(system, everyone["people"], everyone["contacts"], row)


def listed_as(system: System, people: list[int], contacts: list[int], row) -> None:
    """How many leaders, and how many contacts, can lie behind a base and contacts that are told."""
    fewest, most = behind(row.denominator, row.nearest)
    system.knows(people, fewest, most)
    low, high = ((row.numerator + half) / row.denominator for half in (-2.5, 2.5))
    system.knows(contacts, low * fewest, high * most)


def attacked(truth: Truth, told: Told) -> dict[tuple, tuple[int, int]]:
    """Every small group that is worked out to fewer than five sizes."""
    found = {}
    for knows in (workforce, training, leaders, applicants, customers):
        system = System()
        knows(system, truth, told)
        found |= system.narrow()
    return found


# Companies to attack


REGIONS = ("EMEA", "North America", "Asia Pacific", "Latin America")
CHANNELS = ("Phone", "E-mail", "Chat", "Web", "Social", "")
STATED = {
    "Grade": ("G1", "G2", "G3", "G4", "G5"),
    "Gender": ("F", "M", "X", ""),
    "Ethnicity": ("W", "A", "B", "L", "M", ""),
    "Age band": ("30-39", "40-49", "<30", "50+"),
    "Disability": ("N", "Y"),
}
NASTY = (1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 17, 18, 22, 23)  # residuals that rounding gives away most of
QUARTERS = tuple(date(2025, month, last) for month, last in ((3, 31), (6, 30), (9, 30), (12, 31)))


@dataclass(frozen=True)
class Company:
    """What a company is made from: its size, how skewed, how restless, and its odd places."""

    employees: int
    seed: int = 1
    skew: float = 1.5  # of the shares of categories and places
    turnover: float = 0.05  # of the employees, who leave, join, move or change in a quarter
    regions: int = 4  # how many have anybody
    is_nasty: bool = False  # categories of 9, 10, 11 or 12 people and the like in every region
    one_person_channel: bool = False
    asked: float = 0.97  # of whom a required course is asked
    hours: tuple[float, ...] = (1, 2, 4, 6)
    came: float = 0.3  # how many come to an event in a year, and to a dialogue
    acknowledged: float = 0.85
    answering: float = 0.6  # of employees in each quarter, and of customers
    surveyed: bool = True  # are employees asked at all
    leading: float = 0.5  # how many employees are on the list of leaders
    applying: float = 1.0  # applicants in the year, for each employee
    customers: float = 1.5  # for each employee

    def write(self, folder: Path) -> Path:
        """Its exports about people, as the systems of the demonstration write them."""
        random, other = np.random.default_rng(self.seed), np.random.default_rng(self.seed + 1_000_000)
        people = self._people(random)
        states, courses, joined = [], [], len(people)
        events, policies, responses = [self._event("E99999", "Other", date(2024, 3, 31))], [], []
        for quarter, last in enumerate(QUARTERS):
            left = set()
            if quarter:
                joined, left = self._moved(random, people, joined, last)
            for name in sorted(people):
                gone = (last - timedelta(20)).isoformat() if name in left else ""
                states.append({"Employee ID": name, "State on": last.isoformat(), "Left": gone, **people[name]})
                if not quarter and random.random() < self.asked:
                    courses.append(self._course(random, name, "Safety", "Y", last))
                if random.random() < 0.3:
                    courses.append(self._course(random, name, f"Course {quarter}", "N", last))
            people = {name: person for name, person in people.items() if name not in left}
            for name in sorted(people):
                for kind in ("Celebration", "Dialogue round"):
                    if other.random() < (self.came / 4 if quarter else self.came):
                        events.append(self._event(name, kind, last - timedelta(int(other.integers(0, 60)))))
                if not quarter and other.random() < self.asked:
                    done = (last - timedelta(9)).isoformat() if other.random() < self.acknowledged else ""
                    row = {"Employee ID": name, "Policy": "Respect", "Asked on": (last - timedelta(30)).isoformat()}
                    policies.append(row | {"Acknowledged on": done, "Region": ""})
                if self.surveyed and other.random() < self.answering:
                    response = self._response(other, f"P{len(responses):05}", people[name], last)
                    said = {name_: people[name][name_] if other.random() < 0.95 else "" for name_ in list(STATED)[1:4]}
                    responses.append(response | said)
        events.append(self._event("E99999", "Other", QUARTERS[-1]))
        policies.append({"Employee ID": "E99999", "Policy": "Respect", "Asked on": QUARTERS[-1].isoformat()})
        written = {"hr/workforce": states, "hr/training": courses, "hr/events": events}
        written |= {"hr/policy_acknowledgements": policies, "survey/employee_survey": responses}
        if listed := self._listed(np.random.default_rng(self.seed + 2_000_000), states):
            written["hr/leader_contacts"] = listed
        for name, rows in written.items():
            path = folder / f"{name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = HEADINGS_OF["survey/employee_survey.csv"].split(",") if rows is responses else None
            pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
        self._others(np.random.default_rng(self.seed + 1), folder)
        return folder

    def _listed(self, random: np.random.Generator, states: list[dict]) -> list[dict[str, str]]:
        """The list of leaders in the last month of each quarter: none to three contacts each, on one day or several."""
        led = {name for name in sorted({row["Employee ID"] for row in states}) if random.random() < self.leading}
        rows = []
        for state in states:
            if state["Employee ID"] in led:
                row = {"Leader ID": state["Employee ID"], "Region": state["Region"], "Serves": state["Serves"]}
                days = [f"{state['State on'][:8]}{random.integers(1, 29):02d}" for _ in range(random.integers(0, 4))]
                rows += [row | {"Day": day, "Contact": "Visit"} for day in days]
                rows += [] if days else [row | {"Day": state["State on"], "Contact": "None"}]
        return rows

    def _others(self, random: np.random.Generator, folder: Path) -> None:
        """Applications, and customers with a ticket and an answer, by other random numbers."""
        applied, stated = [], list(STATED)[1:]
        count = round(self.applying * self.employees)
        drawn = {heading: self._drawn(random, STATED[heading], count) for heading in stated}
        for number in range(count):
            on = date(2025, 1, 1) + timedelta(int(random.integers(0, 364)))
            hired = (on + timedelta(30)).isoformat() if random.random() < 0.15 else ""
            applied.append(
                {"Applied": on.isoformat(), "Hired": hired, **{name: drawn[name][number] for name in stated}}
            )
        applied.append({"Applied": "2026-04-05", "Hired": ""})
        kept, tickets, answers = [], [], []
        for number, group in enumerate(
            self._drawn(random, ("", "A", "B", "C", "D"), round(self.customers * self.employees))
        ):
            name = f"C{number:05}"
            kept.append({"Customer ID": name, "Customer since": "2020-01-01", "Describes themselves as": group})
            if random.random() < self.answering:
                tickets.append({"Ticket ID": f"T{number}", "Opened": "2025-05-01 09:00", "Customer ID": name})
                score = "5" if random.random() < 0.75 else "2"
                answer = {
                    "Submitted": "2025-05-02",
                    "Satisfaction": score,
                    "Ticket ID": f"T{number}",
                    "Survey type": "T",
                }
                answers.append(answer)
        answers.append({"Submitted": "2025-12-31", "Satisfaction": "4", "Survey type": "R"})
        for path, first, rows in (
            ("hr/applications.csv", "Application ID", applied),
            ("crm/customers.csv", "Customer ID", kept),
            ("crm/tickets.csv", "Ticket ID", tickets),
            ("survey/customer_survey.csv", "Response ID", answers),
        ):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            told = [{first: f"{first[0]}{number:05}"} | row for number, row in enumerate(rows)]
            pd.DataFrame(told, columns=HEADINGS_OF[path].split(",")).to_csv(folder / path, index=False)

    def _people(self, random: np.random.Generator) -> dict[str, dict[str, str]]:
        places = self._drawn(random, REGIONS[: self.regions], self.employees)
        drawn = {"Region": places, "Serves": self._drawn(random, CHANNELS, self.employees)}
        drawn |= {heading: self._drawn(random, words, self.employees) for heading, words in STATED.items()}
        if self.is_nasty:
            for heading in ("Gender", "Ethnicity", "Age band", "Disability", "Grade"):
                for region in REGIONS[: self.regions]:
                    there = np.flatnonzero(places == region)
                    words = [word for word in STATED[heading][1:] for _ in range(random.choice(NASTY))]
                    words = words[: len(there)]
                    drawn[heading][there] = words + [STATED[heading][0]] * (len(there) - len(words))
        if self.one_person_channel:
            served = drawn["Serves"]
            served[served == "Social"] = "Phone"
            served[0] = "Social"
        return {
            f"E{number:05}": {
                "Hired": "2020-01-01",
                **{heading: str(words[number]) for heading, words in drawn.items()},
            }
            for number in range(self.employees)
        }

    def _drawn(self, random: np.random.Generator, words: tuple[str, ...], people: int) -> np.ndarray:
        shares = np.exp(-self.skew * np.arange(len(words)) / 2) * random.uniform(0.5, 1.5, len(words))
        return random.choice(np.array(words, dtype=object), people, p=shares / shares.sum())

    def _moved(self, random: np.random.Generator, people: dict, joined: int, last: date) -> tuple[int, set[str]]:
        """Half of the restless leave and are replaced, the others move or are promoted. Changes `people`."""
        restless = random.permutation(sorted(people))[: round(self.turnover * len(people))]
        left = set(restless[::2])
        for name in restless[1::2]:
            heading = random.choice(["Region", "Serves", "Grade"])
            words = {"Region": REGIONS[: self.regions], "Serves": CHANNELS}.get(heading, STATED.get(heading))
            people[name] = people[name] | {str(heading): str(random.choice(words))}
        for number in range(joined, joined + len(left)):
            like = people[str(random.choice(sorted(people)))]
            people[f"E{number:05}"] = like | {"Hired": (last - timedelta(30)).isoformat()}
        return joined + len(left), left

    def _event(self, name: str, kind: str, held: date) -> dict[str, str]:
        return {"Employee ID": name, "Event": kind, "Held on": held.isoformat(), "Kind of event": kind, "Region": ""}

    def _response(self, random: np.random.Generator, number: str, person: dict, last: date) -> dict:
        mood, row = random.normal(4.8, 1.2), {"Response ID": number, "Submitted": last.isoformat(), "Wave": "Q"}
        row |= dict.fromkeys(("Empowered", "Enabled", "Leadership", "Perspectives", "Speak up", "Inclusion"), "4")
        for statement in range(1, 8):
            score = int(np.clip(round(random.normal(mood, 0.8)), 1, 7))
            row[f"Safety {statement}"] = str(8 - score if statement in (1, 3, 5) else score)
        return row | {"Region": person["Region"], "Serves": person["Serves"]}

    def _course(self, random: np.random.Generator, name: str, course: str, required: str, last: date) -> dict:
        assigned = last - timedelta(int(random.integers(60, 85)))
        done = assigned + timedelta(int(random.integers(1, 60)))
        row = {"Employee ID": name, "Course": course, "Topic": "service", "Mandatory": required}
        row |= {"Assigned": assigned.isoformat(), "Completed": done.isoformat() if random.random() < 0.8 else ""}
        return row | {"Hours": str(random.choice(self.hours)), "Region": ""}


def published(exports: Path, folder: Path) -> Snapshot:
    """Built with every switch on: what is told by default is a part of it."""
    build(exports, folder / "snapshot.duckdb", today=TODAY, rules=Rules(customer_groups=True))
    return opened(current(folder / "snapshot.duckdb"))


def found_out(truth: Truth, told: Told) -> dict[str, object]:
    """What is small and worked out, told too soon or of too few, and what a share or a mean says beyond its counts."""
    found = {
        "worked out": attacked(truth, told),
        "too soon": too_soon(truth, told),
        "too small": too_small(truth, told),
        "half told": half_told(told),
        "too few leaders": too_few_leaders(truth, told),
        "shares": loose_shares(told),
        "means": loose_means(told),
    }
    return {what: where for what, where in found.items() if where}


def too_soon(truth: Truth, told: Told) -> list[tuple]:
    """Scopes that are told again although fewer than ten joined, left or changed in between."""
    found = []
    for scope in {scope for rows in told.by_scope.values() for scope in rows}:
        months = sorted(month for month, rows in told.by_scope.items() if scope in rows)
        asked = scope if scope[0] != "level" else ("everyone", "")
        for before, after in pairwise(months):
            if changes(truth, before, after, *asked).total() < CHANGES:
                found.append((*scope, before, after))
    return found


def too_small(truth: Truth, told: Told) -> list[tuple]:
    """Regions and channels that are told although fewer than ten are in them, or one to nine outside of them."""
    found = []
    for month, scopes in told.by_scope.items():
        people = truth.people[truth.people["month"] == month]
        for (dimension, place), rows in scopes.items():
            if dimension != "everyone" and (rows["status"] != "withheld").any():
                inside = int((people[dimension] == place).sum())
                if inside < LEAST or 0 < len(people) - inside < LEAST:
                    found.append((month, dimension, place))
    return found


def too_few_leaders(truth: Truth, told: Told) -> list[tuple]:
    """Contacts told of fewer than ten leaders or leaving one to nine, or of anything but everyone and a place."""
    found = []
    for row in told.months[(told.months["metric"] == LEADERS) & (told.months["status"] == "shown")].itertuples():
        listed = truth.leaders[truth.leaders["month"] == row.month]
        inside = len(listed) if row.scope == "everyone" else int((listed[row.scope] == row.place).sum())
        if row.scope not in ("everyone", "region", "channel") or inside < LEAST or 0 < len(listed) - inside < LEAST:
            found.append((row.month, row.scope, row.place))
        if row.numerator % 5 or row.denominator % row.nearest:
            found.append((row.month, row.scope, row.place, row.numerator, row.denominator))
    return found


def half_told(told: Told) -> list[tuple]:
    """Attributes of two categories of which one is told and the other is hidden."""
    found = []
    for key, rows in told.counts.groupby(["month", "scope", "place", "level", "attribute"]):
        if len(rows) == 2 and (rows["status"] == "shown").sum() == 1:
            found.append(key)
    return found


def loose_shares(told: Told) -> list[str]:
    """What does not hold of: a share is whole percents of two counts that are told, the greater of at least 25; a
    hidden count has none."""
    rows = told.counts
    scope = ["month", "scope", "place", "level"]
    whole = rows[rows["attribute"] == "all"].set_index(scope)["people"]
    base = rows.join(whole.rename("whole"), on=scope)["whole"]
    shared, hidden = rows["share"].notna(), told.months["status"] != "shown"
    computed = (rows["people"] / rows["base"])[shared].astype("float64")
    holds = {
        "the base is all of the place": rows["base"].astype("Float64").equals(base.astype("Float64")),
        "a base of 25": (rows.loc[shared, "base"] >= 25).all(),
        "of what is shown": (rows.loc[shared, "status"] == "shown").all(),
        "of the counts as told": ((rows.loc[shared, "share"] - computed).abs() <= 0.005 + 1e-9).all(),
        "whole percents": (rows.loc[shared, "share"] * 100 % 1).round(6).isin((0, 1)).all(),
        "no count that is hidden": rows.loc[rows["status"] != "shown", "people"].isna().all(),
        "no month that is hidden": told.months.loc[hidden, "numerator"].isna().all(),
        "months of 25": (told.months.loc[~hidden, "denominator"] >= 25).all(),
    }
    return [what for what, is_so in holds.items() if not is_so]


def loose_means(told: Told) -> list[tuple]:
    """Means that are not made of the counts of their bands as told, "<10" taken as five, or beside a withheld one."""
    rows = told.months[told.months["metric"] == SAFETY]
    bands = {key: group.set_index("category") for key, group in told.bands.groupby(["month", "scope", "place"])}
    found = [*set(bands).symmetric_difference(zip(rows["month"], rows["scope"], rows["place"], strict=True))]
    for row in rows.itertuples():
        key = row.month, row.scope, row.place
        if key not in bands:
            continue
        beside = bands[key].loc[list(BANDS)]
        counts = beside["people"].astype("Float64").fillna(5).to_list()
        enough = (beside["status"] != "withheld").all() and beside["people"].sum() >= 30
        total = sum(count * middle for count, middle in zip(counts, (0.2, 0.5, 0.7, 0.9), strict=True))
        if (row.status == "shown") != enough:
            found.append((*key, row.status))
        elif enough and (row.numerator, row.denominator) != (pytest.approx(total), sum(counts)):
            found.append((*key, row.numerator, row.denominator))
    return found


# Companies that are attacked


@pytest.fixture(scope="module")
def demo_truth() -> Truth:
    return truth_of(ROOT / "data" / "exports")


def test_the_demonstration_withstands(demo: Snapshot, demo_truth: Truth) -> None:
    told = Told.of(demo)
    assert (told.counts["status"] == "shown").sum() > 1000, "there is something to attack"
    assert (told.counts["status"] == "<10").sum() > 100
    assert found_out(demo_truth, told) == {}


COMPANIES = {
    "60": Company(60, is_nasty=True),
    "120": Company(120, is_nasty=True, asked=1),
    "150 in one region": Company(150, seed=2, regions=1, skew=0.3, turnover=0.1, one_person_channel=True),
    "300": Company(300, is_nasty=True, one_person_channel=True),
    "300 whose courses last six hours": Company(300, seed=3, skew=2.5, regions=3, hours=(6,)),
    "600 of whom a region keeps its state": Company(
        600, seed=208, skew=4.0, turnover=0.2, regions=3, is_nasty=True, asked=0.5, hours=(6,), surveyed=False
    ),
    "1200": Company(1200, seed=4, turnover=0.02),
    "120 who nearly all answer": Company(120, seed=6, skew=0.3, answering=0.98, applying=3, customers=3),
    "3000": Company(3000, seed=5, skew=2.5, turnover=0.01, one_person_channel=True),
}


@pytest.mark.parametrize("company", COMPANIES.values(), ids=COMPANIES)
def test_a_company_withstands(company: Company, tmp_path: Path) -> None:
    """Categories of 9, 10, 11 and 12 people and sums that end in 2, 3, 7 and 8: where rounding gives most away."""
    exports = company.write(tmp_path / "exports")
    assert found_out(truth_of(exports), Told.of(published(exports, tmp_path))) == {}


companies = st.builds(
    Company,
    employees=st.integers(40, 120),
    seed=st.integers(0, 1000),
    skew=st.sampled_from((0.3, 0.8, 1.5, 2.5, 4.0)),
    turnover=st.sampled_from((0.01, 0.05, 0.1, 0.2)),
    regions=st.integers(1, 4),
    is_nasty=st.booleans(),
    one_person_channel=st.booleans(),
    asked=st.sampled_from((0.5, 0.9, 0.97, 1.0)),
    hours=st.sampled_from(((1, 2, 4, 6), (1,), (6,), (2, 4))),
    came=st.sampled_from((0.1, 0.3, 0.9)),
    acknowledged=st.sampled_from((0.7, 0.9)),
    answering=st.sampled_from((0.3, 0.8, 0.97, 1.0)),
    applying=st.sampled_from((0.5, 1.0, 3.0)),
    customers=st.sampled_from((0.5, 1.0, 4.0)),
)


@settings(max_examples=6, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(company=companies)
def test_any_company_withstands(company: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("company")
    exports = company.write(folder / "exports")
    assert found_out(truth_of(exports), Told.of(published(exports, folder))) == {}


def states(*quarters: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Rows of a workforce export: who stands where at the end of each quarter. A blank column is filled up."""
    blank = {"Left": "", "Hired": "2020-01-01", "Grade": "G1", "Gender": "F", "Ethnicity": "W", "Age band": "<30"}
    blank |= {"Disability": "N", "Region": "EMEA", "Serves": "Phone"}
    return [
        blank | {"Employee ID": f"E{number:05}", "State on": last.isoformat()} | person
        for last, people in zip(QUARTERS, quarters, strict=False)
        for number, person in enumerate(people)
    ]


def courses(completed: int, open_: int) -> list[dict[str, str]]:
    """Rows of a training export: the first so many completed the required course, the next did not."""
    row = {"Course": "Safety", "Topic": "", "Mandatory": "Y", "Assigned": "2025-01-02", "Hours": "1", "Region": ""}
    done = ["2025-01-03"] * completed + [""] * open_
    return [row | {"Employee ID": f"E{number:05}", "Completed": day} for number, day in enumerate(done)]


def written(folder: Path, workforce: list[dict[str, str]], training: list[dict[str, str]]) -> Path:
    (folder / "hr").mkdir(parents=True)
    pd.DataFrame(workforce).to_csv(folder / "hr" / "workforce.csv", index=False)
    pd.DataFrame(training).to_csv(folder / "hr" / "training.csv", index=False)
    return folder


def test_who_was_not_asked_stays_open_where_nobody_is_told_anew(tmp_path: Path) -> None:
    """102 people are told as 100, so they are at most 102. Nine join and nobody is told anew: at most 111. Of these 58
    did and 53 did not what they were asked, told as 60 and 55, so at least 58 + 53 = 111: everybody was asked, if both
    are told.
    """
    before = [{}] * 102
    later = courses(1, 0)[0] | {"Employee ID": "E99999", "Assigned": "2025-07-01"}  # training is known to this day
    rows = [*courses(58, 53), later | {"Completed": ""}]
    exports = written(tmp_path / "exports", states(before, before + [{"Hired": "2025-05-01"}] * 9), rows)
    truth, told = truth_of(exports), Told.of(published(exports, tmp_path))
    second = truth.quarters[1]
    assert second not in told.by_scope, "nobody is told anew"
    assert Counter(truth.people.loc[truth.people["month"] == second, "required_training"]) == {"yes": 58, "no": 53}
    assert found_out(truth, told) == {}


def test_a_category_that_nobody_is_in_any_more_reads_as_any_small_one(tmp_path: Path) -> None:
    """Three of 120 are non-binary, and a quarter later none: both times "<10", zero included."""
    first = [{"Gender": "X"}] * 3 + [{"Gender": "M"}] * 57 + [{}] * 60
    second = [{"Gender": "M"}] * 60 + [{}] * 60
    second = [person | {"Grade": "G2"} if number < 20 else person for number, person in enumerate(second)]
    exports = written(tmp_path / "exports", states(first, second), courses(0, 1))
    truth, told = truth_of(exports), Told.of(published(exports, tmp_path))
    for month in truth.quarters:
        rows = told.by_scope[month]["everyone", ""]
        assert list(rows.loc[rows["category"] == "Non-binary", "status"]) == ["<10"]
    assert found_out(truth, told) == {}


# The attack bites


def naive(truth: Truth) -> Told:
    """What is told where counts under ten are hidden, the rest rounded, and nothing else is thought of."""
    counts, months, bands = [], [], []
    for month, people in truth.people.groupby("month"):
        for dimension, place, level, rows in scoped(people):
            scope = {"month": month, "scope": dimension, "place": place, "level": level}
            for attribute, categories in {"all": ["all"], **truth.stated}.items():
                for category in categories:
                    found = len(rows) if attribute == "all" else int((rows[attribute] == category).sum())
                    status, shown = ("shown", (found + 2) // 5 * 5) if found >= LEAST else ("<10", None)
                    told = {"attribute": attribute, "category": category, "people": shown, "status": status}
                    counts.append(scope | told)
            for id_ in MEASURED if level == "all levels" else ():
                answers = Counter(rows[id_])
                if min(answers["yes"], answers["no"]) >= LEAST or (id_ in OF_EVERYONE and answers["yes"] >= LEAST):
                    yes, no = ((answers[name] + 2) // 5 * 5 for name in ("yes", "no"))
                    row = {"metric": id_, "numerator": yes, "denominator": yes + no, "nearest": 5}
                    months.append(scope | row | {"status": "shown"})
            said = truth.answers[truth.answers["month"] == month]
            said = said if dimension == "everyone" else said[said[dimension] == place]
            for band in BANDS if level == "all levels" and len(said) >= LEAST else ():
                found = int((said["band"] == band).sum())
                status, shown = ("shown", (found + 2) // 5 * 5) if found >= LEAST else ("<10", None)
                bands.append(scope | {"attribute": SAFETY, "category": band, "people": shown, "status": status})
    columns = ["metric", "month", "scope", "place", "numerator", "denominator", "nearest", "status"]
    months = pd.DataFrame(months, columns=columns)
    return Told(pd.DataFrame(counts), months, *([pd.DataFrame(bands)] if bands else []))


def scoped(people: pd.DataFrame) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    yield "everyone", "", "all levels", people
    for dimension in DIMENSIONS:
        for place, rows in people[people[dimension] != NOWHERE].groupby(dimension):
            yield ("everyone", "", place, rows) if dimension == "level" else (dimension, place, "all levels", rows)


@pytest.mark.parametrize("size", [120, 1200])
def test_hiding_and_rounding_alone_give_small_groups_away(size: int, tmp_path: Path) -> None:
    truth = truth_of(Company(size, is_nasty=True).write(tmp_path / "exports"))
    first = truth.people[truth.people["month"] == truth.quarters[0]]
    truth = replace(truth, people=first)
    found = attacked(truth, naive(truth))
    assert len(found) > 5
    assert min(most - least for least, most in found.values()) <= 3


def two_regions(folder: Path) -> Path:
    """60 people in EMEA, of whom eleven came to an event and to a dialogue, did not acknowledge the policy and find it
    not safe to take a risk; 60 in Asia Pacific, of whom one. Twelve and eleven are both told as ten."""
    exports = written(folder, states([{}] * 60 + [{"Region": "APAC"}] * 60), courses(0, 1))
    numbers = [*range(11), 60]
    events = [
        {"Employee ID": "E99999", "Kind of event": "Other", "Held on": day, "Event": "Walk"}
        for day in ("2024-03-01", "2025-04-01")
    ]
    events += [
        {"Employee ID": f"E{number:05}", "Kind of event": kind, "Held on": "2025-02-01", "Event": kind}
        for number, kind in product(numbers, ("Celebration", "Dialogue round"))
    ]
    asked = {"Policy": "Respect", "Asked on": "2025-01-02"}
    policies = [
        asked | {"Employee ID": f"E{number:05}", "Acknowledged on": "" if number in numbers else "2025-02-01"}
        for number in range(120)
    ]
    policies.append(asked | {"Employee ID": "E99999", "Asked on": "2025-04-01"})
    blank = dict.fromkeys(HEADINGS_OF["survey/employee_survey.csv"].split(","), "")
    answers = []
    for number in (*numbers, *range(11, 51), *range(61, 101)):
        said = {
            f"Safety {item}": str((2 if number in numbers else 5) if item % 2 == 0 or item == 7 else "")
            for item in range(1, 8)
        }
        place = {"Region": "EMEA" if number < 60 else "APAC", "Serves": "Phone"}
        answers.append(blank | {"Response ID": f"P{number}", "Submitted": "2025-03-01"} | said | place)
    (exports / "survey").mkdir()
    pd.DataFrame(answers).to_csv(exports / "survey" / "employee_survey.csv", index=False)
    for name, rows in (("events", events), ("policy_acknowledgements", policies)):
        pd.DataFrame(rows).assign(Region="").to_csv(exports / "hr" / f"{name}.csv", index=False)
    return exports


def test_what_two_counts_leave_of_a_third_is_not_told(tmp_path: Path) -> None:
    """Ten to twelve of everyone, ten to twelve in EMEA: none to two in Asia Pacific. That each metric is told, and
    that telling it so would give the one away, is part of the test."""
    exports = two_regions(tmp_path / "exports")
    truth, told = truth_of(exports), Told.of(published(exports, tmp_path))
    found = {(name[1], name[3], name[4]): reach for name, reach in attacked(truth, naive(truth)).items()}
    said = dict.fromkeys(OF_EVERYONE, "yes") | {"policy_acknowledged": "no", SAFETY: "below 40"}
    for attribute, category in said.items():
        assert found[attribute, "Asia Pacific", category] == (0, 2), attribute
    shown = told.months[told.months["status"] == "shown"]
    assert set(said) <= set(shown["metric"]), "each is told of somebody"
    assert found_out(truth, told) == {}


def rounded(population: str, month: pd.Timestamp, level: str, attribute: str, words: Iterable[str]) -> Iterator[dict]:
    """Every category with its rounded count, fewer than ten hidden: who did not say among them."""
    for category, found in Counter(words).items():
        status, shown = ("shown", (found + 2) // 5 * 5) if found >= LEAST else ("<10", None)
        told = {"population": population, "month": month, "level": level, "attribute": attribute}
        yield told | {"category": category, "people": shown, "status": status}


def naive_groups(truth: Truth) -> pd.DataFrame:
    """Respondents, applicants and customers told so."""
    rows = []
    for month, answered in truth.answered.groupby("month"):
        for attribute in ATTRIBUTES[:3]:
            rows += rounded("respondents", month, "all levels", attribute, answered[attribute])
    for month, applied in truth.applied.groupby("month"):
        for level, part in (("all levels", applied), ("hired", applied[applied["hired"]])):
            rows += rounded("applicants", month, level, "all", ["all"] * len(part))
            for attribute in ATTRIBUTES:
                rows += rounded("applicants", month, level, attribute, part[attribute])
    for month, kept in truth.customers.groupby("month"):
        rows += rounded("customers", month, "all levels", "described_as", kept["described_as"])
        for level in ("satisfied", "not satisfied"):
            part = kept.loc[kept["outcome"] == level, "described_as"]
            rows += rounded("customers", month, level, "described_as", part)
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("knows", "seed"), [(workforce, 2), (applicants, 1), (customers, 3)])
def test_hiding_and_rounding_alone_give_other_groups_away(knows, seed: int, tmp_path: Path) -> None:
    """Applicants and customers by themselves; who answered, where all do, beside nothing but the head-count."""
    company = Company(120, seed=seed, skew=1.0, is_nasty=True, answering=1, applying=1, customers=1)
    truth = truth_of(company.write(tmp_path / "exports"))
    truth = replace(truth, people=truth.people[truth.people["month"] == truth.quarters[0]])
    told, system = naive(truth), System()
    heads = told.counts[(told.counts["scope"] == "everyone") & (told.counts["level"] == "all levels")]
    knows(system, truth, Told(heads, told.months.iloc[:0], groups=naive_groups(truth)))
    found = {name: ends for name, ends in system.narrow().items() if knows is not workforce or "answered" in name}
    assert found and min(most - least for least, most in found.values()) <= 3


def naive_leaders(truth: Truth) -> pd.DataFrame:
    """Each place with ten leaders or more, rounded, and everyone: what is left is not thought of."""
    rows = []
    for month, listed in truth.leaders.groupby("month"):
        scopes = [("everyone", "", listed)]
        scopes += [(name, place, part) for name in DIMENSIONS[:2] for place, part in listed.groupby(name)]
        for scope, place, part in scopes:
            if len(part) >= LEAST and place != NOWHERE:
                people = (len(part) + 2) // 5 * 5
                told = {"numerator": (part["contacts"].mean() * people + 2.5) // 5 * 5, "denominator": people}
                told |= {"metric": LEADERS, "month": month, "scope": scope, "place": place}
                rows.append(told | {"nearest": 5, "status": "shown"})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("there", "few", "scopes"), [(11, 1, set()), (60, 3, {"everyone", "channel"})])
def test_a_place_of_few_leaders_is_not_left_over(there: int, few: int, scopes: set, tmp_path: Path) -> None:
    """Eleven leaders in EMEA and twelve in all, each told as ten: none to two in Latin America. Of 60 and 63 told as 60
    and 65 nobody can work the three out, but a place that leaves so few is not told either."""
    people = [{}] * there + [{"Region": "LatAm"}] * few
    exports = written(tmp_path / "exports", states(people), courses(0, 1))
    rows = [
        {"Leader ID": f"E{number:05}", "Day": f"2025-03-{day:02d}", "Contact": "Call", "Serves": "Phone"}
        | {"Region": "EMEA" if number < there else "LatAm"}
        for number, day in product(range(there + few), (3, 4))
    ]
    pd.DataFrame(rows).to_csv(exports / "hr" / "leader_contacts.csv", index=False)
    truth, told = truth_of(exports), Told.of(published(exports, tmp_path))
    assert truth.leaders.groupby("region")["leader"].count().to_dict() == {"EMEA": there, "Latin America": few}
    assert set(truth.leaders["contacts"]) == {2}
    naive_ones, system = Told(pd.DataFrame(), naive_leaders(truth)), System()
    leaders(system, truth, naive_ones)
    found = {name[3:]: reach for name, reach in system.narrow().items()}
    assert found.get(("Latin America", "there")) == ((0, 2) if few == 1 else None)
    assert too_few_leaders(truth, naive_ones)
    shown = told.months[(told.months["metric"] == LEADERS) & (told.months["status"] == "shown")]
    assert set(shown["scope"]) == scopes and set(shown["place"]) <= {"", "Phone"}
    assert found_out(truth, told) == {}


def test_telling_every_quarter_is_too_soon(tmp_path: Path) -> None:
    truth = truth_of(Company(300, turnover=0.01).write(tmp_path / "exports"))
    assert too_soon(truth, naive(truth))


# What a reader can reach


METRICS = [id_ for id_, metric in metrics().items() if metric.about == "people"]


@pytest.fixture(scope="module")
def stripped(demo: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The demonstration snapshot with nothing left but the two tables about people, and what says which metrics and
    goals there are."""
    path = tmp_path_factory.mktemp("stripped") / "snapshot.duckdb"
    kept = {"snapshot", "metrics", "people_counts", "people_months", "targets", "open_goals"}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo.path}' as whole (read_only)")
        connection.execute(f"attach '{path}' as stripped")
        connection.execute("copy from database whole to stripped")
        connection.execute("use stripped")
        tables = connection.execute("select table_name from duckdb_tables() where database_name = 'stripped'")
        for (name,) in tables.fetchall():
            if name not in kept:
                connection.execute(f"delete from {name}")
    snapshot = opened(path)
    yield snapshot
    snapshot.close()


@cache
def reachable(snapshot: Snapshot) -> list[Filters]:
    """Nothing chosen, one region, one channel, two regions, a region and a channel; and periods up to each quarter."""
    known = choices(snapshot)
    regions, channels = known["region"], known["channel"]
    single = [Filters(), *(Filters((region,)) for region in regions), *(Filters((), (place,)) for place in channels)]
    several = [Filters(pair) for pair in combinations(regions, 2)]
    several += [Filters((region,), (channel,)) for region, channel in product(regions, channels)]
    ends = [date.fromisoformat(f"{month}-01") for month in known["month"] if month[-2:] in ("03", "06", "09", "12")]
    periods = [*[(ends[0], end) for end in ends[-3:]], (ends[-1], ends[-1])]
    chosen = (Filters(), Filters(regions[:1]), Filters((), channels[:1]))
    return single + several + [replace(one, start=start, end=end) for start, end in periods for one in chosen]


def test_the_two_tables_are_all_that_a_reader_can_reach(demo: Snapshot, stripped: Snapshot) -> None:
    """Each download of each figure about people, under each choice of filters, is the same without any other table."""
    asked = 0
    for filters in reachable(demo):
        one_place = len(filters.regions) + len(filters.channels) < 2 and not filters.end
        figures = GENERIC if one_place else ("trend", "by_region")  # the others are made of the same rows
        for figure, metric in [*product(figures, METRICS), ("representation", None)]:
            one, other = (answer(snapshot, figure, metric, filters) for snapshot in (demo, stripped))
            assert downloads.csv(one) == downloads.csv(other), (figure, metric, filters)
            if one_place:
                assert downloads.json_rows(one) == downloads.json_rows(other)
            assert one.state != "ready" or one.sentence == other.sentence
            asked += 1
    assert asked > 400


@pytest.mark.parametrize("figure", [name for name in FIGURES if name not in GENERIC])
def test_other_figures_tell_no_more_of_people(demo: Snapshot, stripped: Snapshot, figure: str) -> None:
    """Their rows about a metric of people are the same without the other tables; the rest names no such metric."""
    for filters in reachable(demo)[:2]:
        one, other = (answer(snapshot, figure, None, filters).rows for snapshot in (demo, stripped))
        if figure == "practices":  # words, files and the state of each metric
            assert set(one.select_dtypes("number")) <= {"target"}
        elif "metric" in one.columns and len(other):
            rows = [side[side["metric"].isin(METRICS)].reset_index(drop=True) for side in (one, other)]
            assert rows[0].to_csv() == rows[1].to_csv()


def test_every_number_is_in_the_tables_or_a_sum_of_them(demo: Snapshot) -> None:
    """Months stand as they are stored; a period is their sum, or its last month where a metric stands over time."""
    rows = Told.of(demo).months
    for filters, metric in product(reachable(demo), METRICS):
        stored = rows[(rows["metric"] == metric) & (rows["status"] == "shown")]
        pairs = set(zip(stored["numerator"], stored["denominator"], strict=True))
        for figure in ("trend", "channels"):
            told = answer(demo, figure, metric, filters).rows
            told = told[told["numerator"].notna()] if len(told) else told
            assert {(row.numerator, row.base) for row in told.itertuples()} <= pairs, (figure, metric, filters)
        period = filters.parameters()
        within = rows[(rows["metric"] == metric) & rows["month"].between(*map(pd.Timestamp, _within(period, rows)))]
        for figure in ("by_region", "by_channel"):
            place = figure.removeprefix("by_")
            for row in answer(demo, figure, metric, filters).rows.itertuples():
                months = within[(within["scope"] == place) & (within["place"] == getattr(row, place))]
                if metrics()[metric].standing:
                    months = months[months["month"] == _last_told(within, *filters.scope())]
                if row.status != "withheld":
                    assert (months["status"] == "shown").all()
                    assert (row.numerator, row.base) == (months["numerator"].sum(), months["denominator"].sum())


def _last_told(rows: pd.DataFrame, scope: str, place: str) -> pd.Timestamp:
    """The month in which all together were last told, or the last that there is."""
    whole = rows[(rows["scope"] == scope) & (rows["place"] == place) & (rows["status"] == "shown")]
    return (rows if whole.empty else whole)["month"].max()


def _within(period: dict, rows: pd.DataFrame) -> tuple[date, date]:
    first, last = rows["month"].min().date(), rows["month"].max().date()
    return max(period["from"], first), min(period["to"], last)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["trend", "--metric", "required_training", "--region", "EMEA"], Filters(("EMEA",))),
        (["by_channel", "--metric", "training_hours"], Filters()),
        (["representation", "--region", "EMEA", "Latin America"], Filters(("EMEA", "Latin America"))),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_the_command_line_tells_the_same(demo: Snapshot, demo_snapshot: Path, words: list[str], asked: Filters) -> None:
    command = [sys.executable, "-m", "app", "query", *words, "--snapshot", str(demo_snapshot), "--format"]
    metric = words[2] if "--metric" in words else None
    found = answer(demo, words[0], metric, asked)
    for format_, expected in (("csv", downloads.csv(found)), ("json", f"{downloads.json_rows(found)}\n".encode())):
        done = subprocess.run([*command, format_], cwd=ROOT, capture_output=True, check=True)
        assert done.stdout == expected


# Other figures that touch the same people


def test_no_exact_count_of_rows_about_people_is_told(demo: Snapshot) -> None:
    """The rows of a workforce export are its people: their number is told to the nearest five at most."""
    about = {record for record, contract in contracts().items() if contract.about == "people"}
    files = demo.ask("figures/files")
    paths = set(files.loc[files["record"].isin(about), "path"])
    assert len(paths) > 2
    assert not paths & set(demo.ask("figures/drift")["path"]), "what is odd about a file is told in exact counts"
    for figure in ("files", "rejects", "unknown", "off_scale"):
        rows = demo.ask(f"figures/{figure}")
        counts = rows[rows["path"].isin(paths)].select_dtypes("number").drop(columns="nearest")
        assert not [count for count in counts.to_numpy().flat if not pd.isna(count) and (count % 5 or count < 10)], (
            figure
        )


def test_training_says_no_more_of_the_head_count_than_its_own_base(demo: Snapshot) -> None:
    """The base of a share is the sum of the two counts that are told, not a third one."""
    rows = Told.of(demo).months
    shown = rows[(rows["metric"] == "required_training") & (rows["status"] == "shown")]
    assert len(shown) > 50
    for column in (shown["numerator"], shown["denominator"] - shown["numerator"]):
        assert (column >= LEAST).all()
        assert (column % shown["nearest"] == 0).all()

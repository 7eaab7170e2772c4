"""A second opinion on surveys, goals, ideas and people: every month and place of the demonstration again in plain
Python, from its exports and the definitions and not from the SQL, and exactly as the snapshot stores it."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache

import pandas as pd
import pytest

from app.filters import Filters
from app.metrics import metrics
from app.series import by_month, over_period, states
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


ITEMS = {  # metric → heading, the scale that it is asked on, the least answer that counts
    "empathy": ("Empathy", range(1, 6), 4),
    "felt_heard": ("Felt heard", range(1, 6), 4),
    "trusted_and_respected": ("Trusted", range(1, 6), 4),
    "welcoming": ("Welcoming", range(1, 6), 4),
    "memorable": ("Memorable", range(1, 6), 5),
    "effort": ("Effort", range(1, 8), 5),
}


def perceived(id_: str) -> Callable[[], Iterator[tuple]]:
    """Answers on the scale of their question, in whichever survey; none of a response with one off its scale."""
    heading, scale, least = ITEMS[id_]

    def answers() -> Iterator[tuple]:
        for row in rows("survey/customer_survey.csv"):
            if row[heading] in map(str, scale) and row["Recommend"] != "11":
                yield month(day(row["Submitted"])), *where(row), int(row[heading]) >= least

    answers.__name__ = id_
    return answers


@cache
def tickets() -> list[dict[str, str]]:
    """Those opened on a day that there is, and not replied to before: the others break the contract."""
    return [
        row
        for row in rows("crm/tickets.csv")
        if "-02-30" not in row["Opened"] and not "" < row["First human reply"] < row["Opened"]
    ]


def response_coverage() -> Iterator[tuple]:
    """Replied to, of those opened a week or longer before the export ends."""
    for row in tickets():
        if day(row["Opened"]) + timedelta(7) <= END:
            yield month(day(row["Opened"])), *where(row, "Contact channel"), bool(row["First human reply"])


def complaints_on_time() -> Iterator[tuple]:
    """To the second: two days to the reply, 28 to the end; open ones count once their 28 days are over."""
    for row in tickets():
        opened, replied, resolved = (
            datetime.fromisoformat(row[name]) if row[name] else None
            for name in ("Opened", "First human reply", "Resolved")
        )
        if row["Type"] == "Complaint" and (resolved or (opened + timedelta(28)).date() <= END):
            on_time = replied and replied - opened <= timedelta(2) and resolved and resolved - opened <= timedelta(28)
            yield month(opened.date()), *where(row, "Contact channel"), bool(on_time)


def preferred_channel() -> Iterator[tuple]:
    """Where both what was used and what is preferred are channels that the reference knows."""
    prefers = {row["Customer ID"]: where(row, "Preferred channel")[1] for row in rows("crm/customers.csv")}
    for row in tickets():
        region, used = where(row, "Contact channel")
        preferred = prefers.get(row["Customer ID"], "unknown")
        if "unknown" not in (used, preferred):
            yield month(day(row["Opened"])), region, used, used == preferred


def experiments_learned() -> Iterator[tuple]:
    """When an idea first went from the stage of an experiment to another, on the day of that or a later step."""
    order = ("Submitted", "Screened", "Experiment", "Pilot", "Implemented", "Closed")
    steps = defaultdict(set)
    for row in rows("crm/idea_stages.csv"):
        steps[row["Idea ID"]].add((day(row["Entered"]), order.index(row["Stage"])))
    for row in rows("crm/ideas.csv"):
        came = sorted(steps[row["Idea ID"]])
        for number, (_, stage) in enumerate(came[:-1]):
            if order[stage] == "Experiment":
                yield month(came[number + 1][0]), *where(row), bool(row["Learning"])
                break


def retention() -> Iterator[tuple]:
    """Who was a customer on the eve of a month and is one on its last evening; from when somebody is known to leave."""
    stays = [
        (day(row["Customer since"]), day(row["Customer until"]) or date.max, where(row)[0])
        for row in rows("crm/customers.csv")
    ]
    first = month(min(until for _, until, _ in stays))
    while first <= END:
        eve, last = first - timedelta(1), month_end(first)
        for since, until, region in stays:
            if since <= eve < until:
                yield first, region, "unknown", until > last
        first = last + timedelta(1)


CASES = (
    *(closed_loop, survey_response, customer_ideas, goals_met, goals_well_defined),
    *(response_coverage, complaints_on_time, preferred_channel, retention, experiments_learned),
    *map(perceived, ITEMS),
)


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


def required_training(when: date, employee: str, topics: tuple[str, ...] = ()) -> list[float]:
    """Whether every course assigned by then is completed, whatever number of times it was assigned; nobody else."""
    courses = defaultdict(list)
    for row in training()[employee]:
        if row["Mandatory"] == "Y" and (not topics or row["Topic"] in topics):
            courses[row["Course"]].append(row)
    told = []
    for assigned in courses.values():
        if min(day(row["Assigned"]) for row in assigned) <= month_end(when):
            completed = [day(row["Completed"]) for row in assigned if row["Completed"]]
            told.append(any(done <= month_end(when) for done in completed))
    return [float(all(told))] if told else []


def inclusion_training(when: date, employee: str) -> list[float]:
    """The same of courses on inclusion alone."""
    return required_training(when, employee, ("inclusion",))


def participation(when: date, employee: str) -> list[float]:
    """Whether any idea of theirs was submitted in the year to that day; every employee is asked."""
    year = month_end(when).replace(year=when.year - 1)
    return [float(any(year < submitted <= month_end(when) for submitted in ideas_of()[employee]))]


@cache
def ideas_of() -> dict[str, list[date]]:
    """By author: when each of their ideas was submitted."""
    told = defaultdict(list)
    for row in rows("crm/ideas.csv"):
        if row["Source"] == "Staff":
            told[row["Author ID"]].append(day(row["Submitted"]))
    return told


STATEMENTS = {
    "leadership_trust": "Leadership",
    "empowerment": "Empowered",
    "enablement": "Enabled",
    "perspectives_valued": "Perspectives",
    "speak_openly": "Speak up",
    "inclusion_index": "Inclusion",
}


@cache
def answered(name: str, when: date) -> dict[tuple[str, str], list[float]]:
    """By scope: whether each answer of the quarter that ends with a month is favourable."""
    told = defaultdict(list)
    for row in rows("survey/employee_survey.csv"):
        on, said = day(row["Submitted"]), row[STATEMENTS[name]]
        if said in map(str, range(1, 6)) and (on.year, (on.month + 2) // 3 * 3) == (when.year, when.month):
            region, channel = where(row, "Serves")
            for scope in (("everyone", ""), ("region", region), ("channel", channel)):
                told[scope].append(float(said in ("4", "5")))
    return told


def recognised_in_time(when: date, employee: str) -> list[float]:
    """Whether each idea of theirs was, whose thirty days ended in the year to that day."""
    year = month_end(when).replace(year=when.year - 1)
    told = [
        thanked is not None and thanked <= due
        for due, thanked in implemented()[employee]
        if year < due <= month_end(when)
    ]
    return [float(all(told))] if told else []


def training_hours(when: date, employee: str) -> list[float]:
    taken = [row for row in training()[employee] if row["Completed"] and month(day(row["Completed"])) == when]
    return [sum(float(row["Hours"] or 0) for row in taken)]


@cache
def training() -> dict[str, list[dict[str, str]]]:
    told = defaultdict(list)
    for row in rows("hr/training.csv"):
        told[row["Employee ID"]].append(row)
    return told


@cache
def submitted() -> Counter:
    """Ideas of employees by month and scope: cases, which stand where they came from."""
    told: Counter = Counter()
    for row in rows("crm/ideas.csv"):
        if row["Source"] == "Staff":
            for scope in (("everyone", ""), ("region", where(row)[0])):
                told[month(day(row["Submitted"])), *scope] += 1
    return told


@cache
def implemented() -> dict[str, list[tuple[date, date | None]]]:
    """By author: thirty days after each of their ideas was implemented, and when it was first recognised."""
    thanked: dict[str, date] = {}
    for row in rows("hr/recognitions.csv"):
        given = day(row["Given on"])
        thanked[row["For idea"]] = min(given, thanked.get(row["For idea"], given))
    first: dict[str, date] = {}
    for row in rows("crm/idea_stages.csv"):
        if row["Stage"] == "Implemented":
            entered = day(row["Entered"])
            first[row["Idea ID"]] = min(entered, first.get(row["Idea ID"], entered))
    told = defaultdict(list)
    for row in rows("crm/ideas.csv"):
        if row["Source"] == "Staff" and row["Idea ID"] in first:
            told[row["Author ID"]].append((first[row["Idea ID"]] + timedelta(30), thanked.get(row["Idea ID"])))
    return told


MADE = (required_training, training_hours, recognised_in_time, inclusion_training, participation)
PEOPLE = {made.__name__: made for made in MADE}
LEAST, LEAST_BASE = 10, 25
ELSEWHERE = {  # tests/test_second_opinion_taking_part.py
    "events_participation",
    "dialogue_participation",
    "policy_acknowledged",
    "psychological_safety",
}


def nearest(people: float, step: int = 5) -> int:
    return int((people + step / 2) // step * step)


def scopes(when: date) -> dict[tuple[str, str], list[str]]:
    """Who is employed at the end of a month: everyone, in each region, for each channel."""
    told = defaultdict(list)
    for employee, (region, channel) in employed()[when].items():
        for scope in (("everyone", ""), ("region", region), ("channel", channel)):
            if scope[1] != "unknown":
                told[scope].append(employee)
    return told


@pytest.mark.parametrize("name", [*PEOPLE, *STATEMENTS, "ideas_per_100"])
def test_people_agree_with_plain_python(demo: Snapshot, name: str) -> None:
    """At everyone, a region, a channel: counts to the nearest five or more, none where fewer than ten count or do not.

    Hours are those of the people as told, each with what they have on average. What else is withheld, for the sake of
    small groups elsewhere, is little.
    """
    stored = demo.connection.cursor().execute(
        "select month, scope, place, numerator, denominator, nearest, status from people_months where metric = ?",
        [name],
    )
    rest, told = 0, stored.fetchall()
    assert len(told) > 80
    for when, scope, place, numerator, base, step, status in told:
        counts = [count for who in scopes(when)[scope, place] for count in PEOPLE.get(name, employed_there)(when, who)]
        counts = answered(name, when)[scope, place] if name in STATEMENTS else counts
        yes, known = sum(count > 0 for count in counts), head_counts(scope, place, when)
        if metrics()[name].kind == "share":
            few = min(yes, len(counts) - yes) < LEAST
            expected = nearest(yes, step), nearest(yes, step) + nearest(len(counts) - yes, step)
            few |= sum(expected) - expected[0] < LEAST_BASE
        else:
            few = max(known, default=0) < LEAST_BASE or (name in PEOPLE and yes < LEAST)
            amount = nearest(yes) if name == "participation" else submitted()[when, scope, place]
            if name == "training_hours":
                amount = nearest(sum(counts) / max(yes, 1) * nearest(yes), step)
            expected = amount, base if base in known else None
        if status == "shown":
            assert not few and (numerator, base) == expected, (when, scope, place)
        else:
            assert (status, numerator) == ("withheld", None)
            rest += not few
    assert rest <= len(told) / 10, "withheld for others' sake"


def employed_there(when: date, employee: str) -> list[float]:
    return [1.0]


@cache
def head_counts(scope: str, place: str, when: date) -> set[int]:
    """What it can have been told of a scope's head-count: that of the ends of the last quarters."""
    return {
        nearest(len(scopes(quarter)[scope, place]))
        for quarter in employed()
        if quarter <= when and not quarter.month % 3
    }


STANDING = {
    "goals_well_defined",
    "two_way_channels",
    "policy_reviewed",
    "required_training",
    "recognised_in_time",
    "inclusion_training",
    "participation",
}
STANDING |= {*STATEMENTS, *ELSEWHERE}
PERIODS = ((None, None), (None, date(2026, 3, 1)), (date(2025, 2, 1), date(2025, 7, 1)), (date(2025, 12, 1), None))


@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_what_stands_over_a_period_is_its_last_month(demo: Snapshot, period: tuple) -> None:
    """All together, each region and each channel, as the definition has them in the last month of the period."""
    assert {id_ for id_, metric in metrics().items() if metric.standing} == STANDING
    expected = defaultdict(list)
    for when, region, channel, counts in goals_well_defined():
        if when == (period[1] or month(END)):
            for place in ((None, None), (region, None), (None, channel)):
                expected[place].append(counts)
    rows = over_period(demo, states(demo)["goals_well_defined"], Filters(start=period[0], end=period[1]))
    assert by_place(rows, "base") == {place: len(counts) for place, counts in expected.items()}
    shown = rows[rows["status"] != "withheld"]
    assert by_place(shown, "numerator") == {place: sum(expected[place]) for place in by_place(shown, "base")}
    for metric in STANDING - {"goals_well_defined", "policy_reviewed", "two_way_channels"}:  # these know other places
        filters = Filters(start=period[0], end=period[1])
        months = by_month(demo, states(demo)[metric], filters)
        whole = months[months["region"].isna() & months["channel"].isna() & (months["status"] != "withheld")]
        last = months[months["month"] == whole["month"].max()]
        total = over_period(demo, states(demo)[metric], filters)
        assert by_place(total, "status").keys() == by_place(last, "status").keys()
        assert by_place(total.dropna(), "value") == by_place(last.dropna(), "value")


def by_place(rows: pd.DataFrame, column: str) -> dict[tuple, object]:
    places = rows[["region", "channel"]].astype(object).where(rows[["region", "channel"]].notna(), None)
    return dict(zip(places.itertuples(index=False, name=None), rows[column], strict=True))


def test_people_are_in_no_other_table(demo: Snapshot) -> None:
    """Metrics about people stand at their few scopes only."""
    about = [id_ for id_, metric in metrics().items() if metric.about == "people"]
    assert {*PEOPLE, *STATEMENTS, *ELSEWHERE, "ideas_per_100", "leader_customer_contacts"} == set(about)
    query = "select count(*) from {} where list_contains($about, metric)"
    for table in ("metric_months", "metric_buckets"):
        assert demo.connection.cursor().execute(query.format(table), {"about": about}).fetchone() == (0,)
    stored = demo.connection.cursor().execute("select distinct scope from people_months order by scope").fetchall()
    assert stored == [("channel",), ("everyone",), ("region",)]

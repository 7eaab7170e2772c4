"""A second opinion on taking part, acknowledging and daring: the demonstration again in plain Python, as the snapshot
stores it; and companies of a few people, for which the SQL and plain Python must count the same to the person."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.metrics import metrics
from app.snapshot import Snapshot
from tests.test_second_opinion_people import (
    LEAST,
    LEAST_BASE,
    day,
    head_counts,
    month_end,
    nearest,
    rows,
    scopes,
    where,
)

KINDS = {"events_participation": "Celebration", "dialogue_participation": "Dialogue round"}
MIDDLES = (0.2, 0.5, 0.7, 0.9)  # of the bands to 40, 60, 80 and 100 of 100
Scope = tuple[str, str]


# The demonstration


@cache
def came() -> dict[tuple[str, str], list[date]]:
    """By employee and kind of event: when they took part."""
    told = defaultdict(list)
    for row in rows("hr/events.csv"):
        told[row["Employee ID"], row["Kind of event"]].append(day(row["Held on"]))
    return told


@cache
def asked() -> dict[tuple[str, str], list[tuple[date, date | None]]]:
    """By employee and policy: when it was asked for and acknowledged; rows that cannot be are rejected."""
    told = defaultdict(list)
    for row in rows("hr/policy_acknowledgements.csv"):
        on, done = day(row["Asked on"]), day(row["Acknowledged on"])
        if not done or done >= on:
            told[row["Employee ID"], row["Policy"]].append((on, done))
    return told


def acknowledged(when: date, employee: str) -> bool | None:
    """Whether all that was asked by a month's end is acknowledged since it was last asked; None where nothing was."""
    told = []
    for policy in ("Respect", "No barriers"):
        if since := [on for on, _ in asked()[employee, policy] if on <= month_end(when)]:
            done = [done for _, done in asked()[employee, policy] if done and max(since) <= done <= month_end(when)]
            told.append(bool(done))
    return all(told) if told else None


@cache
def safety(when: date) -> dict[Scope, list[Fraction]]:
    """By scope: from 0 to 1, each response of the quarter that ends with a month, if four of seven are answered."""
    told = defaultdict(list)
    for row in rows("survey/employee_survey.csv"):
        on = day(row["Submitted"])
        said = {number: row[f"Safety {number}"] for number in range(1, 8) if row[f"Safety {number}"]}
        if len(said) >= 4 and (on.year, (on.month + 2) // 3 * 3) == (when.year, when.month):
            points = [7 - int(word) if number in (1, 3, 5) else int(word) - 1 for number, word in said.items()]
            region, channel = where(row, "Serves")
            for scope in (("everyone", ""), ("region", region), ("channel", channel)):
                told[scope].append(Fraction(sum(points), 6 * len(points)))
    return told


def stored(demo: Snapshot, metric: str) -> list[tuple]:
    columns = "month, scope, place, numerator, denominator, margin, nearest, status"
    found = demo.connection.cursor().execute(f"select {columns} from people_months where metric = ?", [metric])
    told = found.fetchall()
    assert len(told) > 80
    return told


@pytest.mark.parametrize("metric", KINDS)
def test_taking_part_agrees_with_plain_python(demo: Snapshot, metric: str) -> None:
    """Of the head-count as told, those who came, as told; nothing where fewer than ten came or stayed away."""
    rest, told = 0, stored(demo, metric)
    for when, scope, place, numerator, base, _, step, status in told:
        there, last = scopes(when)[scope, place], month_end(when)
        year = last.replace(year=last.year - 1)
        yes = sum(any(year < held <= last for held in came()[who, KINDS[metric]]) for who in there)
        few = min(yes, len(there) - yes) < LEAST or max(head_counts(scope, place, when)) < LEAST_BASE
        if status == "shown":
            assert not few and numerator == nearest(yes, step), (when, scope, place)
            assert base in head_counts(scope, place, when) and base - numerator >= LEAST
        else:
            assert (status, numerator) == ("withheld", None)
            rest += not few
    assert rest <= len(told) / 10, "withheld for others' sake"


def test_acknowledging_agrees_with_plain_python(demo: Snapshot) -> None:
    rest, told = 0, stored(demo, "policy_acknowledged")
    for when, scope, place, numerator, base, _, step, status in told:
        answers = Counter(acknowledged(when, who) for who in scopes(when)[scope, place])
        expected = nearest(answers[True], step), nearest(answers[True], step) + nearest(answers[False], step)
        few = min(answers[True], answers[False]) < LEAST or expected[1] < LEAST_BASE
        if status == "shown":
            assert not few and (numerator, base) == expected, (when, scope, place)
        else:
            assert (status, numerator) == ("withheld", None)
            rest += not few
    assert rest <= len(told) / 10, "withheld for others' sake"


def test_daring_agrees_with_plain_python(demo: Snapshot) -> None:
    """The mean of the bands as told, "<10" as five; and within its margin the mean of the responses themselves."""
    rest, shown, told = 0, 0, stored(demo, "psychological_safety")
    for when, scope, place, numerator, base, margin, step, status in told:
        scores = safety(when)[scope, place]
        counts = [sum(edge <= 10 * score < top for score in scores) for edge, top in ((0, 4), (4, 6), (6, 8), (8, 11))]
        counts = [nearest(count, step) if count >= LEAST else None for count in counts]
        enough = sum(count or 0 for count in counts) >= 30
        if status == "shown":
            assert enough
            people = [5 if count is None else count for count in counts]
            assert base == sum(people)
            assert numerator == pytest.approx(sum(count * at for count, at in zip(people, MIDDLES, strict=True)))
            assert abs(numerator / base - sum(scores) / len(scores)) <= margin, (when, scope, place)
            assert scope != "everyone" or margin < 0.04
            shown += 1
        else:
            rest += enough
    assert rest <= len(told) / 10, "withheld for others' sake"
    assert shown > len(told) / 2


def test_the_margin_covers_what_the_counts_can_stand_for(demo: Snapshot) -> None:
    """Every choice of counts behind the told ones of everyone moves the mean by less than its margin."""
    for when, scope, _, numerator, base, margin, _, _ in stored(demo, "psychological_safety"):
        if scope == "everyone":
            scores = safety(when)["everyone", ""]
            spread = sum((float(score) - numerator / base) ** 2 for score in scores) / len(scores)
            counts = [sum(edge <= 10 * one < top for one in scores) for edge, top in ((0, 4), (4, 6), (6, 8), (8, 11))]
            mean = sum(count * at for count, at in zip(counts, MIDDLES, strict=True)) / len(scores)
            moved = abs(mean - numerator / base)
            assert margin >= moved + 1.8 * math.sqrt(spread / len(scores)) * 0.9, when


# Companies of a few people


PLACES = (("EMEA", "Phone"), ("EMEA", "unknown"), ("Asia Pacific", "Chat"))
ENDS = [date(2024 + quarter // 4, quarter % 4 * 3 + 3, (31, 30, 30, 31)[quarter % 4]) for quarter in range(9)]
AS_OF = ENDS[-2] + timedelta(3)  # the last quarter is not over in what is known
people = st.sampled_from(["ann", "ben", "cem", "dee", "eli"])
days = st.one_of(
    st.dates(date(2023, 1, 1), date(2026, 4, 1)),
    st.sampled_from(ENDS).flatmap(lambda end: st.sampled_from([end, end + timedelta(1), end - timedelta(365)])),
)
employed = st.dictionaries(st.tuples(st.sampled_from(ENDS), people), st.sampled_from(PLACES), max_size=30)
events = st.lists(st.tuples(people, days, st.sampled_from(["diversity", "dialogue", "other"])), max_size=15)
asking = st.tuples(people, st.sampled_from(["one", "two"]), days, st.none() | st.integers(0, 400))
responses = st.lists(
    st.tuples(days, st.sampled_from(PLACES), st.dictionaries(st.integers(1, 7), st.integers(1, 7), max_size=7)),
    max_size=12,
)


def counted(metric: str, tables: dict[str, tuple[str, list[tuple]]]) -> dict[tuple, tuple]:
    """What the metric's query counts in a warehouse of these tables: month, region, channel (and band) → numbers."""
    with duckdb.connect() as warehouse:
        for name, (columns, found) in tables.items():
            warehouse.execute(f"create table {name} ({columns})")
            if found:
                warehouse.executemany(f"insert into {name} values ({', '.join('?' * len(found[0]))})", found)
        told = warehouse.execute(metrics()[metric].sql, {"as_of": AS_OF}).fetchall()
    width = 4 if metric == "psychological_safety" else 3
    keyed = {tuple(map(plain, row[:width])): row[width:] for row in told}
    assert len(keyed) == len(told)
    return keyed


def plain(value: object) -> object:
    return value if isinstance(value, date | str) else float(value)


def heads(found: dict) -> tuple[str, list[tuple]]:
    columns = "month date, last_day date, employee text, region text, channel text"
    return columns, [(end.replace(day=1), end, who, *place) for (end, who), place in found.items()]


def expected(found: dict, of: Callable[[str, date], bool | None]) -> dict[tuple, tuple]:
    """Who counts of those who are asked, by quarter and place."""
    told = defaultdict(list)
    for (end, who), place in found.items():
        if end <= AS_OF and (counts := of(who, end)) is not None:
            told[end.replace(day=1), *place].append(counts)
    return {key: (sum(counts), len(counts)) for key, counts in told.items()}


def test_three_people_and_two_events() -> None:
    """Ann came on the last day of the year to March 2025 and twice more, Ben the day before it began, Cem to a walk."""
    end, place = date(2025, 3, 31), ("EMEA", "Phone")
    held = [("ann", end), ("ann", date(2025, 1, 1)), ("ann", date(2024, 4, 1)), ("ben", date(2024, 3, 31))]
    found = [(who, "any", on, "diversity", None) for who, on in held] + [("cem", "walk", end, "other", None)]
    columns = "employee text, event text, held_on date, kind text, region text"
    tables = {"headcount": heads({(end, who): place for who in ("ann", "ben", "cem")}), "events": (columns, found)}
    assert counted("events_participation", tables) == {(date(2025, 3, 1), *place): (1, 3)}
    assert counted("dialogue_participation", tables) == {(date(2025, 3, 1), *place): (0, 3)}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(employed, events)
def test_any_company_takes_part_alike(staff: dict, held: list[tuple]) -> None:
    """Each counts once, whoever came twice; a year ends with its last day and begins after that of the year before."""
    first = min((on for _, on, _ in held), default=date.max)
    columns = "employee text, event text, held_on date, kind text, region text"
    found = [(who, "any", on, kind, None) for who, on, kind in held]
    tables = {"headcount": heads(staff), "events": (columns, found)}
    for metric, wanted in (("events_participation", "diversity"), ("dialogue_participation", "dialogue")):

        def took_part(who: str, end: date, wanted: str = wanted) -> bool | None:
            since = end.replace(year=end.year - 1)
            if first > since:
                return None
            return any(by == who and kind == wanted and since < on <= end for by, on, kind in held)

        assert counted(metric, tables) == expected(staff, took_part)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(employed, st.lists(asking, max_size=15))
def test_any_company_acknowledges_alike(staff: dict, found: list[tuple]) -> None:
    """All of what was asked by then, each since it was last asked for."""
    found = [(who, name, on, None if after is None else on + timedelta(after)) for who, name, on, after in found]

    def done(who: str, end: date) -> bool | None:
        told = {}
        for name in {name for by, name, on, _ in found if by == who and on <= end}:
            mine = [(on, at) for by, policy, on, at in found if (by, policy) == (who, name) and on <= end]
            since = max(on for on, _ in mine)
            told[name] = any(at is not None and since <= at <= end for _, at in mine)
        return all(told.values()) if told else None

    columns = "employee text, policy text, asked_on date, acknowledged_on date"
    tables = {"headcount": heads(staff), "policy_acknowledgements": (columns, found)}
    assert counted("policy_acknowledged", tables) == expected(staff, done)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(responses)
def test_any_responses_stand_in_the_same_bands(found: list[tuple]) -> None:
    """In the bands by fractions, exactly; other statements and other scales are left out."""
    told: Counter = Counter()
    for on, place, said in found:
        quarter = date(on.year, (on.month + 2) // 3 * 3, 1)
        if len(said) >= 4 and month_end(quarter) <= AS_OF:
            points = [7 - score if number in (1, 3, 5) else score - 1 for number, score in said.items()]
            share = Fraction(sum(points), 6 * len(points))
            told[quarter, *place, MIDDLES[sum(share >= Fraction(edge, 10) for edge in (4, 6, 8))]] += 1
    columns = "response text, answered_on date, item text, score double, lowest int, highest int, "
    answers = list(answered(found))
    counts = counted("psychological_safety", {"employee_answers": (columns + "region text, channel text", answers)})
    assert {key: people for key, (people,) in counts.items() if people} == told
    assert {key[:3] for key in counts} == {key[:3] for key in told}
    assert all((*key[:3], middle) in counts for key in counts for middle in MIDDLES), "no band is left out"


def answered(found: list[tuple]) -> Iterator[tuple]:
    for number, (on, place, said) in enumerate(found):
        yield f"P{number}", on, "speak_openly", 3.0, 1, 5, *place
        yield f"P{number}", on, "safety_1", 3.0, 1, 5, *place  # on another scale
        for item, score in said.items():
            yield f"P{number}", on, f"safety_{item}", float(score), 1, 7, *place

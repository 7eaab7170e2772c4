"""A second opinion on counts, amounts and leaders: Hypothesis makes companies, and plain Python, written from the
definitions and not from the SQL, must agree with what the build makes of their exports."""

import csv
import math
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.build import build
from app.filters import Filters
from app.series import by_month, over_period, states
from app.snapshot import Snapshot, current, opened
from tests.conftest import TODAY

COUNTS = ("feedback_decisions", "experiments_concluded")
OTHERS = ("service_win_rate", "revenue_retained", "cost_per_resolution", "two_way_channels")
LEADERS = ("leader_customer_contacts",)
METRICS = (*COUNTS, *OTHERS, *LEADERS)
HEADINGS = {
    "decisions": "Decision ID,Decided,Reason,Region,Channel",
    "deals": "Deal ID,Closed,Outcome,Service a reason,Region,Channel",
    "costs": "Month,Cost centre,Region,Channel,Amount",
    "customers": "Customer ID,Customer since,Customer until,Segment,Monthly revenue,Region,Preferred channel",
    "tickets": "Ticket ID,Opened,First human reply,Resolved,Type,Subject area,Requester ID,Customer ID,Region,"
    "Contact channel,SLA status,Times reopened",
    "ideas": "Idea ID,Submitted,Source,Author ID,Experiment,Learning,Region,Channel",
    "idea_stages": "Idea ID,Stage,Entered",
    "leader_contacts": "Leader ID,Day,Contact,Region,Serves",
}
REGIONS = {
    "EMEA": "EMEA",
    "europe": "EMEA",
    "Europe": "EMEA",
    "LatAm": "Latin America",
    "Atlantis": "unknown",
    "": "unknown",
}
CHANNELS = {"Phone": "Phone", "Tel.": "Phone", "e-mail": "E-mail", "Fax": "unknown", "": "unknown"}
OFFERED = {"Phone", "E-mail", "Chat", "Web", "Social"}  # data/reference/channels.csv
FIRST, LAST = date(2026, 3, 30), date(2026, 8, 14)  # four months that are over, between two that are cut
Rows = dict[str, list[tuple]]


class Place(NamedTuple):
    region: str
    channel: str


# Companies

DAY = st.builds(lambda number: FIRST + timedelta(number), st.integers(0, (LAST - FIRST).days))
MAYBE = st.one_of(st.none(), DAY)
PLACE = st.builds(Place, st.sampled_from(list(REGIONS)), st.sampled_from(list(CHANNELS)))
AMOUNT = st.one_of(st.integers(0, 5000).map(float), st.sampled_from([0.5, 12.25, 99.99]))


@st.composite
def companies(draw: st.DrawFn) -> Rows:
    """Rows of every export but their number; the last decision, deal and stage fall on LAST, to date them all alike."""
    tickets = []
    for _ in range(draw(st.integers(1, 30))):
        opened_on = draw(DAY)
        replied, resolved = (
            min(opened_on + timedelta(draw(st.integers(0, 40))), LAST) if draw(st.booleans()) else "" for _ in range(2)
        )
        tickets.append((opened_on, replied, resolved, "", "", "", "", *draw(PLACE), "", "0"))
    tickets.append((LAST, "", "", "", "", "", "", "", "", "", "0"))
    customers = []
    for _ in range(draw(st.one_of(st.integers(1, 5), st.integers(30, 60)))):
        since = draw(st.one_of(st.just(date(2020, 1, 1)), st.just(date(2020, 1, 1)), DAY))
        until = draw(st.one_of(st.just(""), st.just(""), DAY))
        until = until if not until or until >= since else since
        customers.append((since, until, "", draw(st.one_of(st.just(""), AMOUNT)), draw(PLACE).region, ""))
    ideas, stages = [], []
    for number in range(draw(st.integers(1, 15))):
        submitted = draw(DAY)
        ideas.append((f"N{number}", submitted, "Staff", "", "", "", *draw(PLACE)))
        for stage in draw(st.lists(st.sampled_from(STAGES[1:]), unique=True, max_size=4)):
            stages.append((f"N{number}", stage, max(submitted, draw(DAY))))
    ideas.append(("Last", LAST, "Staff", "", "", "", "", ""))
    stages.append(("Last", "Submitted", LAST))
    decision = st.tuples(
        DAY, st.sampled_from(["Customer feedback", "Customer feedback", "Figures", "Policy", ""]), PLACE
    )
    deal = st.tuples(MAYBE, st.sampled_from(["Won", "Lost"]), st.sampled_from(["Yes", "Yes", "No", ""]), PLACE)
    cost = st.tuples(DAY, PLACE, AMOUNT)
    return {
        "tickets": tickets,
        "customers": customers,
        "ideas": ideas,
        "idea_stages": stages,
        "decisions": [
            *((day, reason, *place) for day, reason, place in draw(st.lists(decision, max_size=40))),
            (LAST, "", "", ""),
        ],
        "deals": [
            *((day or "", won, why, *place) for day, won, why, place in draw(st.lists(deal, max_size=40))),
            (LAST, "Won", "No", "", ""),
        ],
        "costs": [
            (day.replace(day=1), f"CC{number}", *place, amount)
            for number, (day, place, amount) in enumerate(draw(st.lists(cost, min_size=1, max_size=40)))
        ],
    }


FILTERS = st.builds(
    lambda regions, channels, months: Filters(tuple(regions), tuple(channels), *months),
    st.lists(st.sampled_from(["EMEA", "Latin America", "unknown"]), unique=True),
    st.lists(st.sampled_from(["Phone", "E-mail", "unknown"]), unique=True),
    st.sampled_from([(None, None), (date(2026, 5, 1), None), (date(2026, 5, 1), date(2026, 6, 1))]),
)
STAGES = ("Submitted", "Screened", "Experiment", "Pilot", "Implemented", "Closed")
NUMBERED = ("decisions", "deals", "customers", "tickets")  # whose first column is a number of their own


@contextmanager
def built(exports: Rows) -> Iterator[Snapshot]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "exports").mkdir()
        for name, rows in exports.items():
            rows = [(f"X{number}", *row) for number, row in enumerate(rows)] if name in NUMBERED else rows
            with (home / "exports" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([HEADINGS[name].split(","), *rows])
        build(home / "exports", home / "snapshot.duckdb", today=TODAY)
        snapshot = opened(current(home / "snapshot.duckdb"))
        try:
            yield snapshot
        finally:
            snapshot.connection.close()


# The definitions, in plain Python: month, region and channel → what is counted, and of how much


def month(when: date) -> date:
    return when.replace(day=1)


def months() -> list[date]:
    return [date(2026, number, 1) for number in range(3, 9)]


def last_day(first: date) -> date:
    return month(first + timedelta(32)) - timedelta(1)


def place(region: str, channel: str) -> tuple[str, str]:
    return REGIONS[region], CHANNELS[channel]


def feedback_decisions(exports: Rows) -> dict[tuple, tuple]:
    """Those that cite feedback; a month in which only others were taken is known too."""
    cited = Counter()
    for day, reason, *where in exports["decisions"]:
        cited[month(day), *place(*where)] += reason == "Customer feedback"
    return {cell: (count, count) for cell, count in cited.items()}


def experiments_concluded(exports: Rows) -> dict[tuple, tuple]:
    """An idea counts when it first went on from the stage of an experiment."""
    concluded = Counter()
    for idea, submitted, *_, region, channel in exports["ideas"]:
        came = {(submitted, 0)} | {
            (day, STAGES.index(stage)) for id_, stage, day in exports["idea_stages"] if id_ == idea
        }
        came = sorted(came)
        for number, (_, stage) in enumerate(came[:-1]):
            if STAGES[stage] == "Experiment":
                concluded[month(came[number + 1][0]), *place(region, channel)] += 1
                break
    return {cell: (count, count) for cell, count in concluded.items()}


def service_win_rate(exports: Rows) -> dict[tuple, tuple]:
    closed = defaultdict(list)
    for day, outcome, service, *where in exports["deals"]:
        if day and service == "Yes":
            closed[month(day), *place(*where)].append(outcome == "Won")
    return {cell: (sum(won), len(won)) for cell, won in closed.items()}


def revenue_retained(exports: Rows) -> dict[tuple, tuple]:
    """Of regions with ten customers or more whose revenue is known, from the month in which somebody first left."""
    left = [until for _, until, *_ in exports["customers"] if until]
    reach = max(since for since, *_ in exports["customers"])  # what dates the export is who came last
    found = {}
    for first in months():
        if not left or last_day(first) < min(left) or first > reach:
            continue
        for region in set(REGIONS.values()):
            there = [
                (revenue, until == "" or until > last_day(first))
                for since, until, _, revenue, where, _ in exports["customers"]
                if REGIONS[where] == region and revenue != "" and since < first and (until == "" or until >= first)
            ]
            if len(there) >= 10:
                kept, whole = sum(revenue for revenue, stays in there if stays), sum(revenue for revenue, _ in there)
                found[first, region, "unknown"] = tuple(math.floor(amount + 0.5) for amount in (kept, whole))
    return found


def cost_per_resolution(exports: Rows) -> dict[tuple, tuple]:
    """Each resolved ticket belongs to its channel's amount, else to the region's; an amount to its place."""
    spent, own = defaultdict(float), {}
    for first, _, region, channel, amount in exports["costs"]:
        where = REGIONS[region], "every" if channel == "" else CHANNELS[channel]
        if "unknown" not in where:
            spent[first, *where] += amount
    resolved = [
        (month(solved), *place(region, channel))
        for _, _, solved, _, _, _, _, region, channel, *_ in exports["tickets"]
        if solved
    ]
    own = Counter(
        (when, region, channel if (when, region, channel) in spent else "every") for when, region, channel in resolved
    )
    known = {(when, region) for when, region, _ in resolved}
    return {cell: (amount, own[cell]) for cell, amount in spent.items() if cell[:2] in known}


def two_way_channels(exports: Rows) -> dict[tuple, tuple]:
    """Every channel on offer in every region that a ticket in one of them names, from the month of the first one."""
    asked = [
        (day, replied, *place(region, channel))
        for day, replied, _, _, _, _, _, region, channel, *_ in exports["tickets"]
        if CHANNELS[channel] in OFFERED
    ]
    regions = {region for _, _, region, _ in asked} - {"unknown"} or {region for _, _, region, _ in asked}
    replies = {(month(replied), *where) for _, replied, *where in asked if replied}
    since = min((month(day) for day, *_ in asked), default=date.max)
    return {
        (first, region, channel): (int((first, region, channel) in replies), 1)
        for first, region, channel in product(months(), regions, OFFERED)
        if first >= since
    }


DEFINITIONS = {
    definition.__name__: definition
    for definition in (
        *(feedback_decisions, experiments_concluded, service_win_rate, revenue_retained),
        *(cost_per_resolution, two_way_channels),
    )
}


# The two opinions


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(companies(), FILTERS)
def test_amounts_and_counts_agree_with_plain_python(exports: Rows, filters: Filters) -> None:
    with built(exports) as made:
        for metric, definition in DEFINITIONS.items():
            rows = made.connection.cursor().execute(
                "select month, region, channel, numerator, denominator from metric_months where metric = ?", [metric]
            )
            stored, expected = {row[:3]: row[3:] for row in rows.fetchall()}, definition(exports)
            assert stored.keys() == expected.keys(), metric
            for cell, (numerator, denominator) in expected.items():
                assert math.isclose(stored[cell][0], numerator, abs_tol=1e-9), (metric, cell)
                assert stored[cell][1] == denominator, (metric, cell)
        for metric in COUNTS:
            for choice in (Filters(), filters):
                check_counts(made, metric, DEFINITIONS[metric](exports), choice)


def check_counts(made: Snapshot, metric: str, cells: dict[tuple, tuple], filters: Filters) -> None:
    """Every covered month of every place that the records name, 0 where nothing happened; a period is their sum."""
    state = states(made)[metric]
    if not cells:
        assert not state.rows
        return
    regions = {region for _, region, _ in cells if not filters.regions or region in filters.regions}
    channels = {channel for *_, channel in cells if not filters.channels or channel in filters.channels}
    first, last = min(when for when, *_ in cells), month(LAST)
    first, last = max(first, filters.start or first), min(last, filters.end or last)
    covered = [when for when in months() if first <= when <= last]
    expected, whole = {}, Counter()
    for one, other in product((None, *regions), (None, *channels)) if regions and channels else ():
        for when in covered:
            expected[when, one, other] = sum(
                cells.get((when, region, channel), (0, 0))[0]
                for region, channel in product([one] if one else regions, [other] if other else channels)
            )
            if one is None or other is None:
                whole[one, other] += expected[when, one, other]
    told = by_month(made, state, filters)
    assert numbers(told, ["month", "region", "channel"]) == expected
    assert numbers(over_period(made, state, filters), ["region", "channel"]) == dict(whole)
    assert (told["status"] == "shown").all() and told[["low", "high"]].isna().all(axis=None)
    assert (told["base"] == told["value"]).all()


def numbers(rows: pd.DataFrame, keys: list[str]) -> dict[tuple, float]:
    found = {}
    for _, row in rows.iterrows():
        key = [None if pd.isna(row[name]) else row[name] for name in keys]
        found[tuple(part.date() if isinstance(part, pd.Timestamp) else part for part in key)] = row["value"]
    assert len(found) == len(rows)
    return found


# Leaders


@st.composite
def lists_of_leaders(draw: st.DrawFn) -> list[tuple]:
    """Leaders of two months in a few places, each with no, one or several contacts, some of them twice in the list."""
    rows, number = [], 0
    for region, channel in product(("EMEA", "LatAm", ""), ("Phone", "")):
        for _ in range(draw(st.sampled_from([0, 3, 9, 12, 30, 45]))):
            number += 1
            for first in (date(2026, 6, 1), date(2026, 7, 1)):
                days = draw(st.lists(st.integers(0, 29), max_size=3))
                rows += [(f"L{number}", first + timedelta(day), "Visit", region, channel) for day in days]
                if not days:
                    rows.append((f"L{number}", first, "None", region, channel))
    rows.append(("L0", date(2026, 7, 31), "Call", "Europe", ""))
    rows.append(("L0", date(2026, 7, 30), "Call", "LatAm", "Phone"))  # stands in EMEA, by Phone
    return rows


def nearest(count: float) -> int:
    return int((count + 2.5) // 5 * 5)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(lists_of_leaders())
def test_leaders_agree_with_plain_python(rows: list[tuple]) -> None:
    """Of scopes with ten leaders in them and as many or none outside, 25 in all: leaders to the nearest five, and as
    many contacts as these have on average; nothing of any other scope."""
    leaders: dict[tuple, list[tuple]] = defaultdict(list)
    for leader, day, kind, region, channel in set(rows):
        leaders[month(day), leader].append((kind != "None", *place(region, channel)))
    with built({"leader_contacts": rows}) as made:
        stored = made.connection.cursor().execute(
            "select month, scope, place, numerator, denominator, status from people_months where metric = ?", LEADERS
        )
        stored = {row[:3]: row[3:] for row in stored.fetchall()}
    few = 0
    for first in {when for when, _ in leaders}:
        known = [
            (
                sum(is_contact for is_contact, *_ in told),
                min((where for _, where, _ in told if where != "unknown"), default="unknown"),
                min((where for *_, where in told if where != "unknown"), default="unknown"),
            )
            for (when, _), told in leaders.items()
            if when == first
        ]
        for scope, at in (("everyone", 0), ("region", 1), ("channel", 2)):
            for there in {one[at] for one in known} - {"unknown"} if at else {""}:
                inside = [contacts for contacts, *where in known if not at or where[at - 1] == there]
                outside = len(known) - len(inside)
                numerator, base, status = stored[first, scope, there]
                told = nearest(len(inside))
                if len(inside) < 10 or 0 < outside < 10 or told < 25:
                    assert (numerator, status) == (None, "withheld"), (scope, there)
                    few += 1
                elif status == "shown":  # else withheld for the sake of a small scope beside it
                    assert (numerator, base) == (nearest(sum(inside) / len(inside) * told), told), (scope, there)
    assert few <= len(stored)

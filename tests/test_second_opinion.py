"""A second opinion about every number: Hypothesis makes companies, and plain Python, written from the definitions and
not from the SQL, must agree with what the build and the figures' queries make of their exports."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import series as shared
from app.filters import FIRST, LAST, Filters
from app.metrics import metrics
from app.snapshot import Snapshot
from tests import test_second_opinion_diverse as diverse
from tests import test_second_opinion_money as money
from tests import test_second_opinion_people as others
from tests.conftest import built, month

REGIONS = {"EMEA": "EMEA", "europe": "EMEA", "LatAm": "Latin America", "Atlantis": "unknown", "": "unknown"}
CHANNELS = {"Phone": "Phone", "Telephone": "Phone", "e-mail": "E-mail", "": "unknown"}
FIRST_DAY = date(2026, 7, 20)  # so that eleven weeks touch four months
SHARES = ("promises_kept", "sla_attainment", "first_contact_resolution", "reopened", "csat", "nps")
WAITS = ("first_reply_hours", "resolution_hours")
HEADINGS = {
    "tickets": "Ticket ID,Opened,First human reply,Resolved,Type,Subject area,Requester ID,Customer ID,Region,"
    "Contact channel,SLA status,Times reopened",
    "commitments": "Commitment ID,Promised on,Promised for,Fulfilled on,Region,Contact channel",
    "customer_survey": "Response ID,Submitted,Survey type,Recommend,Satisfaction,Empathy,Felt heard,Trusted,Welcoming,"
    "Memorable,Effort,Followed up,Ticket ID,Region,Channel",
}


@dataclass(frozen=True)
class Ticket:
    opened: datetime
    replied: datetime | None
    resolved: datetime | None
    sla: str
    reopened: int | None
    subject: str
    requester: str
    region: str
    channel: str


@dataclass(frozen=True)
class Commitment:
    made: date
    due: date
    kept: date | None
    region: str
    channel: str


@dataclass(frozen=True)
class Response:
    on: date
    survey: str
    recommend: int | None
    satisfied: int | None
    region: str
    channel: str


@dataclass(frozen=True)
class Company:
    tickets: list[Ticket]
    commitments: list[Commitment]
    responses: list[Response]


# Companies

# Few weekdays, hours and minutes, so that exactly seven days between two tickets are no rarity.
DAY = st.builds(lambda week, day: FIRST_DAY + timedelta(7 * week + day), st.integers(0, 10), st.sampled_from([0, 1, 4]))
MOMENT = st.builds(
    lambda day, hour, minute: datetime(day.year, day.month, day.day, hour, minute),
    DAY,
    st.sampled_from([0, 9, 23]),
    st.sampled_from([0, 1]),
)
WAIT = st.one_of(
    st.none(),
    st.sampled_from([0, 1, 3600, 86_400, 7 * 86_400]),
    st.integers(0, 40 * 86_400),
)
PLACES = {"region": st.sampled_from(list(REGIONS)), "channel": st.sampled_from(list(CHANNELS))}


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    opened, replied, resolved = draw(MOMENT), draw(WAIT), draw(WAIT)
    return Ticket(
        opened,
        None if replied is None else opened + timedelta(seconds=replied),
        None if resolved is None else opened + timedelta(seconds=resolved),
        draw(st.sampled_from(["Met", "Missed", ""])),
        draw(st.sampled_from([0, 0, 0, 1, 2, None])),
        draw(st.sampled_from(["Billing", "Billing", "Delivery", ""])),
        draw(st.sampled_from(["R1", "R2", "R3", ""])),
        *(draw(place) for place in PLACES.values()),
    )


@st.composite
def commitments(draw: st.DrawFn) -> Commitment:
    made = draw(DAY)
    due = made + timedelta(draw(st.integers(0, 30)))
    kept = draw(st.one_of(st.none(), st.sampled_from([0, 1, -1]), st.integers(-30, 30)))
    return Commitment(
        made,
        due,
        None if kept is None else max(made, due + timedelta(kept)),
        *(draw(place) for place in PLACES.values()),
    )


RESPONSES = st.builds(
    Response,
    DAY,
    st.sampled_from(["R", "T", ""]),
    st.one_of(st.none(), st.integers(0, 10), st.sampled_from([6, 7, 8, 9])),
    st.one_of(st.none(), st.integers(1, 5)),
    *PLACES.values(),
)
COMPANIES = st.builds(
    Company,
    st.one_of(st.lists(tickets(), min_size=1, max_size=12), st.lists(tickets(), min_size=40, max_size=60)),
    st.lists(commitments(), min_size=1, max_size=30),
    st.lists(RESPONSES, min_size=1, max_size=40),
)
FILTERS = st.builds(
    lambda regions, channels: Filters(tuple(regions), tuple(channels)),
    st.lists(st.sampled_from(["EMEA", "Latin America", "unknown"]), unique=True),
    st.lists(st.sampled_from(["Phone", "E-mail", "unknown"]), unique=True),
)


def exported(company: Company) -> dict[str, list[tuple]]:
    """The company as rows of the three exports."""
    return {
        "tickets": [
            (f"T{n}", t.opened, t.replied, t.resolved, "", t.subject, t.requester, "", *spelled(t), t.sla, t.reopened)
            for n, t in enumerate(company.tickets)
        ],
        "commitments": [(f"K{n}", c.made, c.due, c.kept, *spelled(c)) for n, c in enumerate(company.commitments)],
        "customer_survey": [
            (f"S{n}", r.on, r.survey, r.recommend, r.satisfied, *[""] * 8, *spelled(r))
            for n, r in enumerate(company.responses)
        ],
    }


def spelled(row: Ticket | Commitment | Response) -> tuple[str, str]:
    return row.region, row.channel


# The definitions, in plain Python: each event as (month, region, channel, what it counts)


def place(row: Ticket | Commitment | Response) -> tuple[str, str]:
    return REGIONS[row.region], CHANNELS[row.channel]


def events(company: Company, metric: str) -> list[tuple]:
    """What a metric looks at. Counts: 0 or 1 for a share, −1, 0 or 1 for NPS, hours for a waiting time."""
    end = max(ticket.opened for ticket in company.tickets).date()
    if metric == "promises_kept":
        # kept by the promised date, of commitments due: by day
        last = max(commitment.made for commitment in company.commitments)
        return [
            (month(c.due), *place(c), int(c.kept is not None and c.kept <= c.due))
            for c in company.commitments
            if c.due <= last
        ]
    if metric == "sla_attainment":
        # targets met of met + breached, open ones already breached included
        return [(month(t.opened), *place(t), int(t.sla == "Met")) for t in company.tickets if t.sla]
    if metric == "reopened":
        # reopened of resolved
        told = [t for t in company.tickets if t.resolved and t.reopened is not None]
        return [(month(t.resolved), *place(t), int(t.reopened > 0)) for t in told]
    if metric == "first_contact_resolution":
        return [
            (month(t.resolved), *place(t), int(t.reopened == 0 and not came_back(company, number)))
            for number, t in enumerate(company.tickets)
            if t.resolved and t.reopened is not None and t.requester and t.subject
            if (t.resolved + timedelta(days=7)).date() <= end
        ]
    if metric == "nps":
        # 9–10 minus 0–6 of the answers about the relationship
        told = [r for r in company.responses if r.recommend is not None and r.survey in ("R", "")]
        return [(month(r.on), *place(r), (r.recommend > 8) - (r.recommend < 7)) for r in told]
    if metric == "csat":
        # top two of five, of the answers about a contact
        told = [r for r in company.responses if r.satisfied is not None and r.survey in ("T", "")]
        return [(month(r.on), *place(r), int(r.satisfied in (4, 5))) for r in told]
    if metric == "first_reply_hours":
        return [(month(t.opened), *place(t), hours(t.opened, t.replied)) for t in company.tickets if t.replied]
    return [(month(t.resolved), *place(t), hours(t.opened, t.resolved)) for t in company.tickets if t.resolved]


def came_back(company: Company, number: int) -> bool:
    """A later ticket of the same requester and subject, opened up to seven days after this one was resolved."""
    ticket = company.tickets[number]
    return any(
        other.requester == ticket.requester
        and other.subject == ticket.subject
        and (other.opened, f"T{later}") > (ticket.opened, f"T{number}")
        and other.opened <= ticket.resolved + timedelta(days=7)
        for later, other in enumerate(company.tickets)
    )


def hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def percentile(values: list[float], share: float) -> float:
    """Type 7 of R: linear between the two nearest of the sorted values."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    below, above = ordered[math.floor(at)], ordered[math.ceil(at)]
    return below + (above - below) * (at - math.floor(at))


def grouped(found: list[tuple], filters: Filters, by_month: bool) -> dict[tuple, list[float]]:
    """Counts by (month), place: of all chosen places together, each region, each channel, and by month each of both."""
    groups: dict[tuple, list[float]] = defaultdict(list)
    for when, region, channel, count in found:
        if (region in filters.regions or not filters.regions) and (channel in filters.channels or not filters.channels):
            for one, other in product((region, None), (channel, None)):
                if by_month or one is None or other is None:
                    groups[(when, one, other) if by_month else (one, other)].append(count)
    return groups


def asked(made: Snapshot, figure: str, metric: str, filters: Filters, quantile: float = 0.5) -> dict[tuple, pd.Series]:
    """Rows of a figure's query by month (if it has one), region and channel; None is all together."""
    rows = made.ask(figure, metrics=[metric], quantiles=[quantile], standing=[], **filters.parameters())
    keys = [name for name in ("month", "region", "channel") if name in rows]
    told = {}
    for _, row in rows.iterrows():
        key = tuple(None if pd.isna(row[name]) else row[name] for name in keys)
        told[tuple(part.date() if isinstance(part, pd.Timestamp) else part for part in key)] = row
    assert len(told) == len(rows), "one row each"
    return told


# The two opinions


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(COMPANIES, FILTERS)
def test_every_number_agrees_with_plain_python(company: Company, filters: Filters) -> None:
    """Metric by month, region and channel as it is stored, and as the figures' queries sum it, for all and filtered."""
    with built(exported(company), HEADINGS) as made:
        for metric in SHARES:
            found = events(company, metric)
            check_cells(made, metric, found)
            for choice, by_month in product((Filters(), filters), (True, False)):
                expected = grouped(found, choice, by_month)
                told = asked(made, "figures/series" if by_month else "figures/totals", metric, choice)
                assert set(told) == set(expected), metric
                for key, counts in expected.items():
                    check_share(told[key], counts, metric)
        for metric in WAITS:
            found = events(company, metric)
            for choice, by_month, quantile in product((Filters(), filters), (True, False), (0.5, 0.9)):
                expected = grouped(found, choice, by_month)
                figure = "figures/wait_series" if by_month else "figures/wait_totals"
                told = asked(made, figure, metric, choice, quantile)
                assert set(told) == set(expected), metric
                for key, waits in expected.items():
                    check_wait(told[key], waits, quantile)


def check_cells(made: Snapshot, metric: str, found: list[tuple]) -> None:
    """What the snapshot stores: sums by month, region and channel, exactly."""
    expected = defaultdict(list)
    for *cell, count in found:
        expected[tuple(cell)].append(count)
    rows = made.connection.cursor().execute(
        "select month, region, channel, numerator, denominator, squares from metric_months where metric = ?", [metric]
    )
    squared = metric == "nps"
    assert {row[:3]: row[3:] for row in rows.fetchall()} == {
        cell: (sum(counts), len(counts), sum(map(abs, counts)) if squared else None)
        for cell, counts in expected.items()
    }


def check_share(row: pd.Series, counts: list[int], metric: str) -> None:
    """The share or score, exactly, and the margin of NPS: 1.96 √((p + d − (p − d)²) / n)."""
    base = len(counts)
    assert (row["numerator"], row["base"]) == (sum(counts), base)
    assert row["value"] == sum(counts) / base
    assert (-1 if metric == "nps" else 0) <= row["value"] <= 1
    if metric == "nps":
        promoters, detractors = counts.count(1) / base, counts.count(-1) / base
        variance = promoters + detractors - (promoters - detractors) ** 2
        assert row["margin"] == pytest.approx(1.96 * math.sqrt(max(variance, 0) / base), rel=1e-6, abs=1e-7)


def check_wait(row: pd.Series, waits: list[float], quantile: float) -> None:
    """Within 1 % of the exact percentile, and no wait is exactly 0; within its own interval, whose ends are waits."""
    assert row["base"] == len(waits)
    assert row["value"] == pytest.approx(percentile(waits, quantile), rel=0.01, abs=0)
    assert row["low"] <= row["value"] * (1 + 1e-12)
    assert row["value"] <= row["high"] * (1 + 1e-12)
    assert row["low"] >= min(waits) * 0.99
    assert row["high"] <= max(waits) * 1.01


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(COMPANIES, FILTERS)
def test_parts_add_up_and_filters_restrict(company: Company, filters: Filters) -> None:
    """Regions add up to the whole, so do channels and months; a filtered cell is the cell of the whole."""
    with built(exported(company), HEADINGS) as made:
        for metric in SHARES:
            series, totals = (asked(made, f"figures/{name}", metric, filters) for name in ("series", "totals"))
            for key in {key[0] for key in series}:
                parts = [row for (when, _, _), row in series.items() if when == key]
                whole = series[key, None, None]
                for name in ("numerator", "base"):
                    regions = sum(
                        row[name] for row in parts if row["region"] == row["region"] and pd.isna(row["channel"])
                    )
                    channels = sum(row[name] for row in parts if pd.isna(row["region"]) and not pd.isna(row["channel"]))
                    assert regions == channels == whole[name]
            for where, row in totals.items():
                months = [part for (_, *there), part in series.items() if tuple(there) == where]
                for name in ("numerator", "base"):
                    assert sum(part[name] for part in months) == row[name]
            everything = asked(made, "figures/series", metric, Filters())
            for (when, region, channel), row in series.items():
                assert not filters.regions or region is None or region in filters.regions
                assert not filters.channels or channel is None or channel in filters.channels
                assert row["base"] <= everything[when, None, None]["base"]
                if region and channel:
                    assert row["numerator"] == everything[when, region, channel]["numerator"]
                    assert row["base"] == everything[when, region, channel]["base"]
        for metric in WAITS:
            series = asked(made, "figures/wait_series", metric, filters)
            for (when, *where), row in series.items():
                if where == [None, None]:
                    regions = [part["base"] for (then, _, c), part in series.items() if then == when and c is None]
                    assert sum(regions) == 2 * row["base"], "the whole itself is among them"


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(COMPANIES)
def test_intervals_contain_their_value(company: Company) -> None:
    """Wilson's interval lies within 0 and 1 around the share, that of NPS around the score; both lie in the order
    low, value, high where they are shown, and nothing stands where a number is withheld."""
    with built(exported(company), HEADINGS) as made:
        for id_, state in shared.states(made).items():
            if not state.rows:
                continue
            for rows in (
                shared.by_month(made, state, Filters()),
                shared.over_period(made, state, Filters()),
            ):
                shown = rows[rows["status"] != "withheld"]
                assert (shown["base"] >= 10).all() or not state.metric.has_few, id_
                if not state.metric.has_interval:
                    assert shown[["low", "high"]].isna().all(axis=None), id_
                    continue
                assert (shown["low"] <= shown["value"] + 1e-9).all(), id_
                assert (shown["value"] <= shown["high"] + 1e-9).all(), id_
                if state.metric.kind == "share":
                    assert shown["low"].between(0, 1).all() and shown["high"].between(0, 1).all(), id_
                withheld = rows[rows["status"] == "withheld"]
                assert (withheld["base"] < 10).all(), id_
                assert withheld[["numerator", "value", "low", "high"]].isna().all(axis=None), id_


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(COMPANIES, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(company: Company, random) -> None:
    """The same rows shuffled give the same snapshot."""
    exports = exported(company)
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in exports.items()}
    contents = []
    for rows in (exports, shuffled):
        with built(rows, HEADINGS) as made:
            contents.append(
                [
                    made.connection.cursor().execute(f"select * from {table} order by all").fetchall()
                    for table in ("metric_months", "metric_buckets", "recommendation")
                ]
            )
    assert contents[0] == contents[1]


def test_every_metric_has_a_second_opinion() -> None:
    """A metric added to the registry must be added here, too."""
    elsewhere = {
        *(definition.__name__ for definition in others.CASES),
        *others.PEOPLE,
        *others.STATEMENTS,
        *others.ELSEWHERE,
        *diverse.METRICS,
        *money.METRICS,
        "ideas_per_100",
    }
    assert {metric.query for metric in metrics().values()} == {*SHARES, *WAITS, *elsewhere}


def test_a_filter_of_every_month_is_no_filter() -> None:
    """What the tests above rely on: without a period the queries see all months."""
    assert Filters().parameters()["from"] == FIRST <= date(1900, 1, 1)
    assert Filters().parameters()["to"] == LAST >= date(2100, 1, 1)

"""A second opinion on suppliers, audits, policies and channels: Hypothesis makes small companies, and plain Python,
written from the definitions and not from the SQL, must agree with what the build makes of their exports."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.answers import answer
from app.demo import HEADINGS
from app.filters import Filters
from app.snapshot import Snapshot
from tests.conftest import built, month

METRICS = ("diverse_spend", "inclusive_language", "inclusive_imagery", "policy_reviewed")
REGIONS = {"EMEA": "EMEA", "LatAm": "Latin America", "Atlantis": "unknown", "": "unknown"}
CHANNELS = {"Phone": "Phone", "e-mail": "E-mail", "Chat": "Chat", "": "unknown"}
FIRST_DAY = date(2025, 4, 20)


@dataclass(frozen=True)
class Invoice:
    number: int
    on: date
    supplier: str
    amount: float
    tier: str
    addressable: str
    region: str


@dataclass(frozen=True)
class Certificate:
    supplier: str
    certifier: str
    start: date | None
    end: date | None


@dataclass(frozen=True)
class Audit:
    piece: int
    on: date
    language: str
    imagery: str
    by: str
    region: str


@dataclass(frozen=True)
class Policy:
    start: date
    retired: date | None
    about: str
    reviews: tuple[date, ...]


@dataclass(frozen=True)
class Contact:
    on: date
    satisfied: int | None
    region: str
    channel: str


@dataclass(frozen=True)
class Company:
    invoices: list[Invoice]
    certificates: list[Certificate]
    audits: list[Audit]
    policies: list[Policy]
    contacts: list[Contact]


# Few days, some of them the ends of months, so that a certificate often ends on the day of an invoice.
DAY = st.builds(
    lambda week, day: FIRST_DAY + timedelta(7 * week + day), st.integers(0, 76), st.sampled_from([0, 3, 10])
)
EDGE = st.sampled_from([date(2025, 6, 30), date(2025, 12, 31), date(2026, 2, 28), date(2026, 6, 30)])
WHEN = st.one_of(DAY, EDGE)
SUPPLIERS = st.sampled_from(["V1", "V2", "V3", "V4", "V5", "V6"])
AMOUNTS = st.one_of(st.integers(1, 400).map(lambda quarters: quarters / 4), st.sampled_from([-50.0, -3.25, 1000.0]))
REGION = st.sampled_from(list(REGIONS))
INVOICES = st.builds(
    Invoice,
    st.integers(1, 60),
    WHEN,
    SUPPLIERS,
    AMOUNTS,
    st.sampled_from(["1", "1", "1", "2", ""]),
    st.sampled_from(["Y", "Y", "N", ""]),
    REGION,
)
CERTIFICATES = st.builds(
    lambda supplier, certifier, start, days: Certificate(
        supplier, certifier, start, None if days is None or start is None else start + timedelta(days)
    ),
    SUPPLIERS,
    st.sampled_from(["A", "B"]),
    st.one_of(WHEN, WHEN, st.none()),
    st.one_of(st.none(), st.sampled_from([0, 30]), st.integers(0, 500)),
)
SURE = Certificate("V6", "C", date(2025, 6, 1), date(2025, 6, 30))  # or the list would reach nowhere
AUDITS = st.builds(
    Audit,
    st.integers(1, 20),
    WHEN,
    st.sampled_from(["Passed", "Failed", ""]),
    st.sampled_from(["Passed", "Failed", "n/a", ""]),
    st.sampled_from(["Editor", "Editor", "Automatic", ""]),
    REGION,
)
POLICIES = st.builds(
    lambda start, days, about, reviews: Policy(
        start, None if days is None else start + timedelta(days), about, tuple(sorted(set(reviews)))
    ),
    WHEN,
    st.one_of(st.none(), st.integers(0, 400)),
    st.sampled_from(["Yes", "Yes", "No", ""]),
    st.lists(WHEN, max_size=3),
)
CONTACTS = st.builds(
    Contact, WHEN, st.one_of(st.none(), st.integers(1, 5)), REGION, st.sampled_from([*CHANNELS, "Phone", "Chat"])
)
COMPANIES = st.builds(
    Company,
    st.lists(INVOICES, min_size=1, max_size=60),
    st.lists(CERTIFICATES, max_size=10).map(lambda told: [*told, SURE]),
    st.lists(AUDITS, min_size=1, max_size=30),
    st.lists(POLICIES, min_size=1, max_size=8),
    st.one_of(st.lists(CONTACTS, min_size=1, max_size=30), st.lists(CONTACTS, min_size=80, max_size=120)),
)
FILTERS = st.builds(
    lambda regions, channels, start, months: Filters(
        tuple(regions), tuple(channels), start, start and later(start, months)
    ),
    st.lists(st.sampled_from(["EMEA", "Latin America", "unknown"]), unique=True),
    st.lists(st.sampled_from(["Phone", "E-mail", "Chat", "unknown"]), unique=True),
    st.one_of(st.none(), st.sampled_from([date(2025, 8, 1), date(2026, 1, 1), date(2026, 9, 1)])),
    st.integers(0, 9),
)


def exported(company: Company) -> dict[str, list[tuple]]:
    """The company as rows of its exports."""
    return {
        "finance/supplier_spend.csv": [
            (f"B{i.number}", i.on, i.supplier, i.amount, i.tier, i.addressable, i.region) for i in company.invoices
        ],
        "finance/suppliers.csv": [(c.supplier, c.certifier, c.start, c.end) for c in company.certificates],
        "crm/content_audits.csv": [
            (f"A{a.piece}", a.on, a.language, a.imagery, "Plainword", "5.0", a.by, a.region) for a in company.audits
        ],
        "hr/policies.csv": [
            (f"P{number}", policy.start, policy.retired, policy.about, review, "Head")
            for number, policy in enumerate(company.policies)
            for review in policy.reviews or (None,)
        ],
        "crm/tickets.csv": [
            (f"T{n}", f"{c.on} 09:00", f"{c.on} 10:00", "", "", "", "", "", c.region, c.channel, "", "")
            for n, c in enumerate(company.contacts)
        ],
        "survey/customer_survey.csv": [
            (f"S{n}", c.on, "T", "", c.satisfied, *[""] * 8, c.region, c.channel)
            for n, c in enumerate(company.contacts)
        ],
    }


# The definitions, in plain Python


def later(when: date, months: int) -> date:
    year, place = divmod(when.year * 12 + when.month - 1 + months, 12)
    return date(year, place + 1, 1)


def month_end(when: date) -> date:
    return later(when, 1) - timedelta(1)


def year_before(when: date) -> date:
    """The same day of the year before; the last of February for a leap day."""
    return later(when, -12) + timedelta(min(when.day, month_end(later(when, -12)).day) - 1)


def year_after(when: date) -> date:
    return later(when, 12) + timedelta(min(when.day, month_end(later(when, 12)).day) - 1)


def quarter(when: date) -> date:
    return date(when.year, (when.month - 1) // 3 * 3 + 1, 1)


def whole(amounts: list[float]) -> int:
    """In whole units, halves up."""
    return math.floor(sum(amounts) + 0.5)


def standing(rows: list, *key: str) -> list:
    """Of rows with the same key the one read last."""
    return list({tuple(getattr(row, name) for name in key): row for row in rows}.values())


def newest(company: Company) -> date:
    """The day to which the exports reach; lists of suppliers and policies reach as far as the others."""
    told = [c.on for c in company.contacts]
    return max([*(i.on for i in company.invoices), *(a.on for a in company.audits), *told])


def is_certified(company: Company, supplier: str, on: date) -> bool:
    """Any certificate holds on the day, its first and its last included."""
    held = [c for c in standing(company.certificates, "supplier", "certifier", "start") if c.supplier == supplier]
    return any(c.start and c.start <= on <= (c.end or date.max) for c in held)


def part(company: Company, invoice: Invoice) -> str:
    if invoice.tier == "2":
        return "second_tier"
    if invoice.addressable == "N":
        return "excluded"
    return "certified" if is_certified(company, invoice.supplier, invoice.on) else "other"


def cells(company: Company, metric: str) -> dict[tuple, tuple]:
    """Month, region and channel to numerator and denominator."""
    told = defaultdict(list)
    if metric == "diverse_spend":
        for invoice in standing(company.invoices, "number"):
            told[month(invoice.on), REGIONS[invoice.region], "unknown"].append((part(company, invoice), invoice.amount))
        shares = {}
        for cell, found in told.items():
            mine = [amount for what, amount in found if what == "certified"]
            both = [amount for what, amount in found if what in ("certified", "other")]
            if both:
                shares[cell] = whole(mine), whole(both)
        return shares
    if metric in ("inclusive_language", "inclusive_imagery"):
        for audit in standing(company.audits, "piece", "on"):
            word = audit.language if metric == "inclusive_language" else audit.imagery
            if audit.by == "Editor" and word in ("Passed", "Failed"):
                told[month(audit.on), REGIONS[audit.region], "unknown"].append(word == "Passed")
        return {cell: (sum(found), len(found)) for cell, found in told.items()}
    reviews = [review for policy in company.policies for review in policy.reviews]
    has_history = any(len(policy.reviews) > 1 for policy in company.policies)
    last = month(newest(company))
    for first in (later(last, -back) for back in range(60)):
        end = month_end(first)
        if has_history and end < year_after(min(reviews)):
            continue
        if not has_history and first != last:
            continue
        for policy in company.policies:
            if policy.about == "Yes" and policy.start <= end and not (policy.retired and policy.retired <= end):
                told[first, "every", "every"].append(any(year_before(end) < on <= end for on in policy.reviews))
    return {cell: (sum(found), len(found)) for cell, found in told.items()}


def chosen(filters: Filters, region: str, channel: str = "unknown", when: date | None = None) -> bool:
    within = when is None or (filters.start or date.min) <= month(when) <= (filters.end or date.max)
    regions, channels = filters.regions or (region,), filters.channels or (channel,)
    return within and region in regions and channel in channels


several = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@several
@given(COMPANIES, FILTERS)
def test_every_number_agrees_with_plain_python(company: Company, filters: Filters) -> None:
    """Each metric as it is stored; spend, suppliers and channels as their figures tell them, filtered."""
    with built(exported(company), HEADINGS) as made:
        for metric in METRICS:
            stored = made.connection.cursor().execute(
                "select month, region, channel, numerator, denominator from metric_months where metric = ?", [metric]
            )
            assert {row[:3]: row[3:] for row in stored.fetchall()} == cells(company, metric), metric
        for choice in (Filters(), filters):
            check_spend(made, company, choice)
            check_suppliers(made, company, choice)
            check_mix(made, company, choice)
            check_parity(made, company, choice)


def check_spend(made: Snapshot, company: Company, filters: Filters) -> None:
    """By quarter and part; amounts are whole by month, region and part. A share is of certified and other alone."""
    rounded = defaultdict(list)
    for invoice in standing(company.invoices, "number"):
        if chosen(filters, REGIONS[invoice.region], when=invoice.on):
            rounded[month(invoice.on), REGIONS[invoice.region], part(company, invoice)].append(invoice.amount)
    expected = defaultdict(Counter)
    for (when, _, what), amounts in rounded.items():
        expected[quarter(when)][what] += whole(amounts)
    found = answer(made, "supplier_spend", None, filters)
    assert [moment.date() for moment in found.rows.get("quarter", [])] == sorted(expected)
    for _, row in found.rows.iterrows():
        told = expected[row["quarter"].date()]
        assert {name: row[name] for name in ("certified", "other", "excluded", "second_tier")} == {
            name: told[name] for name in ("certified", "other", "excluded", "second_tier")
        }
        base = told["certified"] + told["other"]
        if base > 0 and 0 <= told["certified"] <= base:
            assert row["value"] == told["certified"] / base
        else:
            assert pd.isna(row["value"]) and row["status"] == "withheld"


def check_suppliers(made: Snapshot, company: Company, filters: Filters) -> None:
    """At the end of each quarter, or of the period: certified then, with an invoice in the 12 months to it."""
    invoices = standing(company.invoices, "number")
    reach = max(invoice.on for invoice in company.invoices)  # also one that a later row corrects: it was exported
    last = min(month(filters.end or reach), month(reach))
    expected = {}
    for first in (later(last, -back) for back in range(60)):
        is_last_of_quarter = first == last or first.month % 3 == 0
        known = later(first, -11) >= month(min(invoice.on for invoice in invoices))
        if not (is_last_of_quarter and known and first >= (filters.start or date.min)):
            continue
        end = min(month_end(first), newest(company))
        year = [i for i in invoices if year_before(month_end(first)) < i.on or year_before(end) < i.on]
        held, invoiced = defaultdict(lambda: defaultdict(list)), set()
        for invoice in year:
            what = part(company, invoice)
            is_tier_1 = what in ("certified", "other") and year_before(end) < invoice.on <= end
            if is_tier_1 and is_certified(company, invoice.supplier, end) and chosen(filters, REGIONS[invoice.region]):
                held[invoice.supplier][REGIONS[invoice.region]].append(invoice.amount if what == "certified" else 0.0)
                if invoice.amount > 0:
                    invoiced.add(invoice.supplier)
        amounts = sorted((sum(map(whole, held[supplier].values())) for supplier in invoiced), reverse=True)
        expected[quarter(first)] = (first, len(amounts), sum(amounts), sum(amounts[:3]))
    told = [when for when, row in sorted(expected.items()) if row[1]]
    rows = answer(made, "certified_suppliers", None, filters).rows
    if not told:
        assert rows.empty
        return
    expected = {when: row for when, row in expected.items() if when >= told[0]}  # none before the first says nothing
    assert {
        row["quarter"].date(): (row["month"].date(), row["suppliers"], row["held"], row["largest"])
        for _, row in rows.iterrows()
    } == expected


def check_mix(made: Snapshot, company: Company, filters: Filters) -> None:
    """The last finished months of the period, twelve at most, and as many before, of all channels of the regions."""
    there = [c for c in company.contacts if chosen(Filters(filters.regions), REGIONS[c.region])]
    in_period = [c for c in there if chosen(filters, REGIONS[c.region], CHANNELS[c.channel], c.on)]
    found = answer(made, "channel_mix", None, filters)
    if not [c for c in in_period if CHANNELS[c.channel] != "unknown"]:
        assert found.state == "empty"
        return
    if found.state == "withheld":
        assert found.rows.empty and "fewer than 10" in found.sentence
        return
    start, end = (found.rows[name].iloc[0].date() for name in ("start", "end"))
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    assert (
        1 <= months <= 12 and (not filters.start or start >= filters.start) and (not filters.end or end <= filters.end)
    )
    now = Counter(CHANNELS[c.channel] for c in there if start <= month(c.on) <= end)
    before = Counter(CHANNELS[c.channel] for c in there if later(start, -months) <= month(c.on) < start)
    for counts in (now, before):
        counts.pop("unknown", None)
    for _, row in found.rows.iterrows():
        assert not filters.channels or row["channel"] in filters.channels
        assert (row["contacts"], row["base"]) == (now[row["channel"]], now.total())
        assert row["value"] == now[row["channel"]] / now.total()
        if later(start, -months) >= min(month(c.on) for c in there) and before.total():
            share = before[row["channel"]] / before.total()
            assert row["change"] == pytest.approx(row["value"] - share)
            assert row["change_low"] <= row["change"] <= row["change_high"]
        else:
            assert pd.isna(row["change"]) and row["judgement"] == ""


def check_parity(made: Snapshot, company: Company, filters: Filters) -> None:
    """Channels with ten answers and more, and the gap of the best and the worst of them."""
    answers = defaultdict(list)
    for contact in company.contacts:
        place = REGIONS[contact.region], CHANNELS[contact.channel]
        if contact.satisfied and place[1] != "unknown" and chosen(filters, *place, contact.on):
            answers[place[1]].append(contact.satisfied >= 4)
    shares = {channel: sum(found) / len(found) for channel, found in answers.items() if len(found) >= 10}
    found = answer(made, "channel_parity", None, filters)
    if len(shares) < 2:
        assert found.state in ("empty", "withheld", "missing") and found.rows.empty
        return
    if len(filters.channels) == 1:
        assert found.state == "empty"
        return
    told = found.rows.set_index("channel")
    assert dict(told["base"]) == {channel: len(found) for channel, found in answers.items()}
    assert dict(told["value"].dropna()) == shares
    assert told["gap"].iloc[0] == pytest.approx(max(shares.values()) - min(shares.values()))
    assert told["gap_low"].iloc[0] <= told["gap"].iloc[0] <= told["gap_high"].iloc[0]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(COMPANIES, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(company: Company, random) -> None:
    """The same rows shuffled give the same snapshot, where none repeats the key of another."""
    once = Company(
        standing(company.invoices, "number"),
        standing(company.certificates, "supplier", "certifier", "start"),
        standing(company.audits, "piece", "on"),
        company.policies,
        company.contacts,
    )
    exports = exported(once)
    contents = []
    for rows in (exports, {name: random.sample(told, len(told)) for name, told in exports.items()}):
        with built(rows, HEADINGS) as made:
            tables = ("metric_months", "contacts", "spend", "certified_suppliers")
            asked = (f"select * from {table} order by all" for table in tables)
            contents.append([made.connection.cursor().execute(sql).fetchall() for sql in asked])
    assert contents[0] == contents[1]

"""Metrics are declared whole or refused, and each counts what its words say: tests/exports, counted on fingers."""

from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from app.build import build
from app.metrics import QUERIES, Metric, metrics
from app.records import contracts
from app.snapshot import Snapshot, current, opened
from tests.conftest import TODAY

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
EMEA, APAC, LATAM, NAMER, UNKNOWN = "EMEA", "Asia Pacific", "Latin America", "North America", "unknown"
WELL = {
    "name": '"Promises kept"',
    "definition": '"Kept, of those due."',
    "kind": '"share"',
    "unit": '"%"',
    "better": '"higher"',
    "about": '"cases"',
    "practices": '["T4"]',
    "records": '["commitments"]',
    "owner": '"Head"',
    "reviewed": "2026-11-01",
}


@pytest.fixture
def declared(tmp_path: Path):
    """Read a registry of one metric, `kept`, that says `words` beside or instead of what is well said."""

    def read(**words: str | None) -> Metric:
        path = tmp_path / "metrics.toml"
        lines = [f"{key} = {word}" for key, word in (WELL | words).items() if word is not None]
        path.write_text("\n".join(["[kept]", *lines]), "utf-8")
        metrics.cache_clear()
        return metrics(path)["kept"]

    yield read
    metrics.cache_clear()


# The registry


def test_a_metric_well_declared_is_read(declared) -> None:
    metric = declared(target="0.9", minimum_base="30")
    assert (metric.id, metric.target, metric.minimum_base, metric.practices) == ("kept", 0.9, 30, ("T4",))


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("colour", '"blue"'),
        *[(key, None) for key in WELL],
        ("unit", '"days"'),
        ("kind", '"median"'),
        ("better", '"up"'),
        ("about", '"things"'),
        ("minimum_base", "9"),
        ("listed", "true"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_metric_and_key(declared, key: str, word: str | None) -> None:
    """An unknown key, a missing one, a word that is none of those allowed, fewer cases than may be shown."""
    with pytest.raises(ValueError, match=r"metrics\.toml: \[kept\].*") as error:
        declared(**{key: word})
    assert key in str(error.value)


def test_names_are_unique() -> None:
    """In whatever case; two metrics that read alike would be one to the reader."""
    names = Counter(metric.name.casefold() for metric in metrics().values())
    assert max(names.values()) == 1


def test_every_metric_has_its_sql_and_every_sql_its_metric() -> None:
    assert {metric.query for metric in metrics().values()} == {path.stem for path in QUERIES.glob("metrics/*.sql")}


def test_metrics_are_computed_from_records_that_have_a_contract() -> None:
    """And what is computed by another metric's query is of its kind and from its records."""
    for metric in metrics().values():
        assert metric.records and set(metric.records) <= set(contracts()), metric.id
        other = metrics()[metric.query]
        assert (metric.kind, metric.unit, metric.records) == (other.kind, other.unit, other.records), metric.id


def test_metrics_and_practices_stand_in_the_list_of_practices(shared: Path) -> None:
    """By the name before _p90: median and 90th percentile are one metric there."""
    listed = (shared / "design" / "practices.md").read_text("utf-8")
    cells = [[cell.strip() for cell in line.split("|")] for line in listed.splitlines() if line.startswith("|")]
    ids = {id_.strip() for cell in cells for id_ in cell[1].split(",")}
    for metric in metrics().values():
        assert metric.id.removesuffix("_p90") in ids
        assert set(metric.practices) <= ids, metric.id


# What a reader sees


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("%", 0.5, "50 %"),
        ("%", 0.874, "87 %"),
        ("%", 1.0, "100 %"),
        ("points", 0.28, "28"),
        ("points", -0.28, "−28"),
        ("points", -0.004, "0"),
        ("%", -0.0, "0 %"),
        ("hours", 0.0, "0.0 h"),
        ("hours", 4.25, "4.2 h"),
        ("hours", 9.94, "9.9 h"),
        ("hours", 9.96, "10 h"),
        ("hours", 10.0, "10 h"),
        ("hours", 1234.4, "1,234 h"),
        ("hours", -0.02, "0.0 h"),
        ("hours", -2.0, "−2.0 h"),
        ("hours", -20.0, "−20 h"),
    ],
)
def test_values_are_written_as_a_reader_sees_them(declared, unit: str, value: float, written: str) -> None:
    """Whole percents and points, hours with one decimal below ten; a minus sign, never a hyphen, and no minus zero."""
    kind = {"%": "share", "points": "score", "hours": "quantile"}[unit]
    assert declared(unit=f'"{unit}"', kind=f'"{kind}"').write(value) == written


@pytest.mark.parametrize(
    ("unit", "value", "written", "short"),
    [
        ("per 100", 0.063, "6.3 per 100", "6.3"),
        ("money per ticket", 7.091, "7.09 per ticket", "7.09"),
        ("money per ticket", 99.994, "99.99 per ticket", "99.99"),
        ("money per ticket", 99.996, "100 per ticket", "100"),
        ("money per ticket", 1234.4, "1,234 per ticket", "1,234"),
        ("contacts per leader", 1.24, "1.2 contacts per leader", "1.2"),
        ("contacts per leader", 0.0, "0.0 contacts per leader", "0.0"),
        ("decisions", 0.0, "0 decisions", "0"),
        ("decisions", 1.0, "1 decision", "1"),
        ("decisions", 1.5, "1.5 decisions", "1.5"),
        ("decisions", 3.73, "3.7 decisions", "3.7"),
        ("decisions", 12.4, "12 decisions", "12"),
        ("decisions", 1234.0, "1,234 decisions", "1,234"),
    ],
)
def test_what_stands_for_a_word_is_written_with_it(declared, unit: str, value: float, written: str, short: str) -> None:
    """Money with its cents below a hundred; whole events as they are, a mean of them with one decimal below ten."""
    kind = "count" if unit == "decisions" else "rate"
    metric = declared(unit=f'"{unit}"', kind=f'"{kind}"')
    assert (metric.write(value), metric.short(value)) == (written, short)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"kind": '"count"', "unit": '"smiles"', "about": '"people"'}, "kind = 'count' is for cases that happen"),
        ({"kind": '"count"', "unit": '"smiles"', "standing": "true"}, "kind = 'count' is for cases that happen"),
        ({"listed": "true", "about": '"people"'}, "listed = true is for a rate about people"),
        ({"listed": "true", "kind": '"rate"', "unit": '"hours"'}, "listed = true is for a rate about people"),
        ({"kind": '"rate"', "unit": '"money"'}, "unit = 'money' is not hours or per 100 or money per ticket"),
        ({"kind": '"list"', "unit": '"days"'}, "unit = 'days' is not %"),
    ],
)
def test_a_kind_that_does_not_fit_is_refused(declared, words: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        declared(**words)


def test_more_places_where_they_are_asked_for(declared) -> None:
    """By the metric, or by who writes it."""
    assert declared().write(0.8745, places=1) == "87.5 %"
    assert declared(places="1").write(0.8745) == "87.5 %"
    assert declared(places="1").write(0.8745, places=0) == "87 %"


# What each metric counts in tests/exports


def cells(world: Snapshot, metric: str) -> dict[tuple, tuple]:
    """Month, region and channel to numerator and denominator."""
    rows = world.connection.cursor().execute(
        "select month, region, channel, numerator, denominator from metric_months where metric = ?", [metric]
    )
    return {row[:3]: row[3:] for row in rows.fetchall()}


def tallies(world: Snapshot, metric: str) -> dict[tuple, dict[int, int]]:
    """Month, region and channel to tickets by bucket."""
    rows = world.connection.cursor().execute(
        "select month, region, channel, bucket, tally from metric_buckets where metric = ?", [metric]
    )
    found: dict[tuple, dict[int, int]] = {}
    for *cell, bucket, tally in rows.fetchall():
        found.setdefault(tuple(cell), {})[bucket] = tally
    return found


def test_promises_kept(world: Snapshot) -> None:
    """September, EMEA by Phone: K01, K03 and K04 kept of K01 to K05 = 3 of 5.

    August: K06, kept a day late = 0 of 1. October: K07 of K07 and K08; K09 and K10 fall due after 20 October.
    K11 has an unknown region, K12 (late) no channel.
    """
    assert cells(world, "promises_kept") == {
        (AUGUST, EMEA, "Phone"): (0, 1),
        (SEPTEMBER, EMEA, "Phone"): (3, 5),
        (SEPTEMBER, UNKNOWN, "Phone"): (1, 1),
        (SEPTEMBER, EMEA, UNKNOWN): (0, 1),
        (OCTOBER, APAC, "E-mail"): (1, 2),
    }


def test_sla_attainment(world: Snapshot) -> None:
    """September, EMEA by Phone: T01 to T12, T14 and T22 have a status = 14; T09 and T14 breached = 12 met.

    T01 counts as met, for its later row says so. T21 was opened in August. October: T17 to T19; T20 has no status.
    """
    assert cells(world, "sla_attainment") == {
        (AUGUST, EMEA, "E-mail"): (1, 1),
        (SEPTEMBER, EMEA, "Phone"): (12, 14),
        (SEPTEMBER, UNKNOWN, "Phone"): (1, 1),
        (SEPTEMBER, EMEA, UNKNOWN): (1, 1),
        (OCTOBER, LATAM, "Chat"): (3, 3),
    }


def test_first_contact_resolution(world: Snapshot) -> None:
    """September, EMEA by Phone: of T01 to T11 and T13 = 12, all but T01 (followed by T02), T09 (by T10) and T11
    (reopened) = 9. Left out: T12 without requester, T14 open, T22 unrecorded.

    October: T18 of T18 and T19 (reopened); the seven days of T17 end on 21 October.
    """
    assert cells(world, "first_contact_resolution") == {
        (SEPTEMBER, EMEA, "Phone"): (9, 12),
        (SEPTEMBER, EMEA, "E-mail"): (1, 1),
        (SEPTEMBER, UNKNOWN, "Phone"): (1, 1),
        (SEPTEMBER, EMEA, UNKNOWN): (1, 1),
        (OCTOBER, LATAM, "Chat"): (1, 2),
    }


def test_reopened(world: Snapshot) -> None:
    """September, EMEA by Phone: T11 of T01 to T13. October: T19, reopened twice, is one of T17 to T19."""
    assert cells(world, "reopened") == {
        (SEPTEMBER, EMEA, "Phone"): (1, 13),
        (SEPTEMBER, EMEA, "E-mail"): (0, 1),
        (SEPTEMBER, UNKNOWN, "Phone"): (0, 1),
        (SEPTEMBER, EMEA, UNKNOWN): (0, 1),
        (OCTOBER, LATAM, "Chat"): (1, 3),
    }


def test_nps(world: Snapshot) -> None:
    """EMEA: 6, 7, 8, 9 = one promoter minus one detractor of 4. North America: 10, 0, 10 = 2 − 1 of 3.

    October: S13 with 9, S14 with 2. The transactional S08, S09 and S11 are nowhere.
    """
    assert cells(world, "nps") == {
        (SEPTEMBER, EMEA, "E-mail"): (0, 4),
        (SEPTEMBER, NAMER, UNKNOWN): (1, 3),
        (OCTOBER, LATAM, "Chat"): (0, 2),
    }


def test_squares_of_nps_are_promoters_plus_detractors(world: Snapshot) -> None:
    """EMEA 1 + 1 of 4, North America 2 + 1, October 1 + 1. A share has none."""
    rows = world.connection.cursor().execute("select metric, region, squares from metric_months").fetchall()
    assert {(region, squares) for metric, region, squares in rows if metric == "nps"} == {
        (EMEA, 2),
        (NAMER, 3),
        (LATAM, 2),
    }
    assert {squares for metric, _, squares in rows if metric != "nps"} == {None}


def test_recommendation_counts_the_answers_of_nps_by_group(world: Snapshot) -> None:
    rows = (
        world.connection.cursor()
        .execute("select month, region, answer_group, answers from recommendation where channel <> 'Phone'")
        .fetchall()
    )
    assert {row[:3]: row[3] for row in rows} == {
        (SEPTEMBER, EMEA, "detractors"): 1,
        (SEPTEMBER, EMEA, "passives"): 2,
        (SEPTEMBER, EMEA, "promoters"): 1,
        (SEPTEMBER, NAMER, "detractors"): 1,
        (SEPTEMBER, NAMER, "promoters"): 2,
        (OCTOBER, LATAM, "detractors"): 1,
        (OCTOBER, LATAM, "promoters"): 1,
    }
    assert world.connection.cursor().execute("select sum(answers) from recommendation").fetchone() == (9,)


def test_csat(world: Snapshot) -> None:
    """September: 5 and 4 of 5, 4 and 3; S12 is about the relationship. October: S13, whose kind is blank."""
    assert cells(world, "csat") == {(SEPTEMBER, EMEA, "Phone"): (2, 3), (OCTOBER, LATAM, "Chat"): (1, 1)}


EXPERIENCE = {
    "empathy": (2, 3),  # 5 and 4; 3
    "felt_heard": (2, 3),  # 4 and 5; 3
    "trusted_and_respected": (1, 3),  # 5; 3 and 2
    "welcoming": (1, 2),  # 5; 3, and S12 does not say
    "memorable": (1, 3),  # 5; 4 and 4
    "effort": (2, 3),  # 7 and 5; 4
}


@pytest.mark.parametrize("metric", EXPERIENCE)
def test_what_customers_experience(world: Snapshot, metric: str) -> None:
    """September, EMEA by Phone: S08, S10 and S12, whichever survey asked."""
    assert cells(world, metric) == {(SEPTEMBER, EMEA, "Phone"): EXPERIENCE[metric]}


ANSWERS_MAP = """
system = "Ask"
record = "customer_answers"
[columns]
response = "No"
answered_on = "Day"
item = "Item"
score = "Score"
lowest = "Low"
highest = "High"
"""


def test_answers_on_another_scale_are_not_counted(drop, tmp_path: Path) -> None:
    """Effort from 1 to 5 is CES 1.0 and none of 2.0; 7 of 10 is neither 4 nor 5 of 5. One of each on its own scale."""
    scales = {"effort": ("1,7", "1,5"), **dict.fromkeys(set(EXPERIENCE) - {"effort"}, ("1,5", "1,10"))}
    rows = [f"{id_}{scale},2026-09-10,{id_},5,{scale}" for id_, both in scales.items() for scale in both]
    rows = [row.replace(",", " ", 1) for row in rows]  # the scale is part of the number of the response
    text = "\n".join(["No,Day,Item,Score,Low,High", *rows]) + "\n"
    build(drop({"ask.csv": text, "ask.csv.map.toml": ANSWERS_MAP}), tmp_path / "snapshot.duckdb", today=TODAY)
    asked = opened(current(tmp_path / "snapshot.duckdb"))
    for id_ in EXPERIENCE:
        assert cells(asked, id_) == {(SEPTEMBER, UNKNOWN, UNKNOWN): (1, 1)}, id_


def test_response_coverage(world: Snapshot) -> None:
    """September, EMEA by Phone: T01 to T14 and T22 = 15, all but T14 replied to. October: T17 and T18 of T17 to T19,
    solved without a reply by a person; the seven days of T20 have not passed."""
    assert cells(world, "response_coverage") == {
        (AUGUST, EMEA, "E-mail"): (1, 1),
        (SEPTEMBER, EMEA, "Phone"): (14, 15),
        (SEPTEMBER, UNKNOWN, "Phone"): (1, 1),
        (SEPTEMBER, EMEA, UNKNOWN): (1, 1),
        (OCTOBER, LATAM, "Chat"): (2, 3),
    }


COMPLAINTS = {
    "2026-09-01 09:00,2026-09-03 09:00,2026-09-29 09:00": (1, 1),  # on the last second of 2 and of 28 days
    "2026-09-01 09:00,2026-09-03 09:01,2026-09-04 09:00": (0, 1),  # replied to a minute late
    "2026-09-01 09:00,2026-09-01 10:00,2026-09-29 09:01": (0, 1),  # solved a minute late
    "2026-09-01 09:00,,2026-09-02 09:00": (0, 1),  # solved, and nobody replied
    "2026-09-01 09:00,2026-09-01 10:00,": (0, 1),  # open, and its 28 days have passed
    "2026-09-21 09:00,2026-09-21 10:00,": None,  # open, and they pass tomorrow
    "2026-09-21 09:00,2026-09-21 10:00,2026-09-22 09:00": (1, 1),  # solved before they have
}


@pytest.mark.parametrize("times", COMPLAINTS)
def test_complaints_on_time(drop, tmp_path: Path, times: str) -> None:
    """One complaint each, and a request that is none; the records end on 18 October."""
    heading = "Ticket ID,Opened,First human reply,Resolved,Type,Subject area,Requester ID,Customer ID,Region,"
    rows = [f"T1,{times},Complaint", "T2,2026-10-18 09:00,,2026-10-18 10:00,Request"]
    text = "\n".join([heading + "Contact channel,SLA status,Times reopened", *(f"{row},,,,,,,0" for row in rows)])
    build(drop({"tickets.csv": text + "\n"}), tmp_path / "snapshot.duckdb", today=TODAY)
    counted = COMPLAINTS[times]
    told = cells(opened(current(tmp_path / "snapshot.duckdb")), "complaints_on_time")
    assert told == ({(SEPTEMBER, UNKNOWN, UNKNOWN): counted} if counted else {})


def test_retention_and_preferred_channel(drop, tmp_path: Path) -> None:
    """August: A, B, C and D were customers on its eve, and B left on its last day. September: of A, C and D, C left on
    its first. October: A and D, who stay; E came in it. In July nobody is known to have left.

    Of five contacts A's by telephone is in the preferred channel and A's by e-mail is not; of B no preference is known,
    of D's no channel, and Z is no customer.
    """
    customers = ["A,2020-01-01,,EMEA,Phone", "B,2020-01-01,2026-08-31,EMEA,", "C,2020-01-01,2026-09-01,EMEA,Chat"]
    customers += ["D,2026-07-31,,EMEA,Phone", "E,2026-10-02,,EMEA,Phone"]
    tickets = [("A", "Telephone"), ("A", "email"), ("B", "Phone"), ("D", ""), ("Z", "Phone")]
    text = "Ticket ID,Opened,First human reply,Resolved,Type,Subject area,Requester ID,Customer ID,Region,"
    text += "Contact channel,SLA status,Times reopened\n"
    for number, (customer, channel) in enumerate(tickets):
        text += f"T{number},2026-10-0{number + 1} 09:00,,,Question,,,{customer},EMEA,{channel},,0\n"
    heading = "Customer ID,Customer since,Customer until,Region,Preferred channel\n"
    heading = heading.replace("Region", "Segment,Monthly revenue,Region")
    listed = heading + "".join(row.replace(",EMEA", ",,,EMEA") + "\n" for row in customers)
    build(drop({"tickets.csv": text, "customers.csv": listed}), tmp_path / "snapshot.duckdb", today=TODAY)
    told = opened(current(tmp_path / "snapshot.duckdb"))
    assert cells(told, "retention") == {
        (AUGUST, EMEA, UNKNOWN): (3, 4),
        (SEPTEMBER, EMEA, UNKNOWN): (2, 3),
        (OCTOBER, EMEA, UNKNOWN): (2, 2),
    }
    assert cells(told, "preferred_channel") == {(OCTOBER, EMEA, "Phone"): (1, 1), (OCTOBER, EMEA, "E-mail"): (0, 1)}


def test_first_reply_hours(world: Snapshot) -> None:
    """September, EMEA by Phone: T01 0 h; T02 1 h = 1.02⁰; T03 to T08 and T22 2 h, for 1.02³⁵ = 2.000 < 2 < 1.02³⁶;
    T09 to T13 4 h, 1.02⁷⁰ = 3.9996. T15 and T16 half an hour, 1.02⁻³⁶ = 0.490. T21 belongs to August."""
    assert tallies(world, "first_reply_hours") == {
        (AUGUST, EMEA, "E-mail"): {35: 1},
        (SEPTEMBER, EMEA, "Phone"): {-1000000: 1, 0: 1, 35: 7, 70: 5},
        (SEPTEMBER, UNKNOWN, "Phone"): {-36: 1},
        (SEPTEMBER, EMEA, UNKNOWN): {-36: 1},
        (OCTOBER, LATAM, "Chat"): {35: 2},
    }


def test_resolution_hours(world: Snapshot) -> None:
    """September, EMEA by Phone: T02 10 h, T09 96 h, the other twelve 24 h. October: T19 2 h, T18 24 h, T17 48 h."""
    assert tallies(world, "resolution_hours") == {
        (SEPTEMBER, EMEA, "Phone"): {116: 1, 160: 12, 230: 1},
        (SEPTEMBER, EMEA, "E-mail"): {116: 1},
        (SEPTEMBER, UNKNOWN, "Phone"): {0: 1},
        (SEPTEMBER, EMEA, UNKNOWN): {0: 1},
        (OCTOBER, LATAM, "Chat"): {35: 1, 160: 1, 195: 1},
    }


def test_goals_well_defined(world: Snapshot) -> None:
    """October, for every place: of seven, Satisfied customers lacks a target, Recommended baseline and due date, Know
    the names of everyone a metric = 4 well. One for EMEA, one by phone.

    September has Promises of summer instead of next year's; in March Fewer reopened by spring and by summer stand, too,
    and before January spring's alone. Nothing is due before October 2025 or was set before it.
    """
    told = cells(world, "goals_well_defined")
    assert min(told)[0] == date(2025, 10, 1) and max(told)[0] == OCTOBER
    assert told[date(2025, 12, 1), "every", "every"] == (1, 1)
    assert told[date(2026, 3, 1), "every", "every"] == (6, 9)
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        assert {cell[1:]: counts for cell, counts in told.items() if cell[0] == month} == {
            ("every", "every"): (4, 7),
            (EMEA, "every"): (1, 1),
            ("every", "Phone"): (1, 1),
        }


def test_goals_well_defined_over_a_period_are_those_of_its_last_month(world: Snapshot) -> None:
    """October: 4 + 1 + 1 of 7 + 1 + 1 goals, and not each goal once a month; to March two more, both well."""

    def over(end: date, standing: bool = True) -> dict[tuple, tuple]:
        rows = world.ask(
            "figures/totals",
            metrics=["goals_well_defined"],
            standing=["goals_well_defined"] if standing else [],
            regions=[],
            channels=[],
            **{"from": date(2026, 1, 1), "to": end},
        )
        return {
            tuple(None if pd.isna(word) else word for word in row[["region", "channel"]]): (
                row["numerator"],
                row["base"],
            )
            for _, row in rows.iterrows()
        }

    regions = {("every", None): (5, 8), (EMEA, None): (1, 1)}
    channels = {(None, "every"): (5, 8), (None, "Phone"): (1, 1)}
    assert over(OCTOBER) == {(None, None): (6, 9), **regions, **channels}
    assert over(date(2026, 3, 1))[None, None] == (8, 11)
    assert over(OCTOBER, standing=False)[None, None][1] > 90, "ten months of about ten goals"


def test_targets_are_those_of_the_next_goals_to_fall_due(world: Snapshot) -> None:
    """On 20 October: promises by December, replies on that very day; of two past goals the later; no date at all last.

    Goals for one region or one channel, without a target or without a metric are no targets.
    """
    rows = world.connection.cursor().execute("select metric, target, goal, due_on from targets").fetchall()
    assert {row[0]: row[1:] for row in rows} == {
        "promises_kept": (0.9, "Promises of this year", date(2026, 12, 31)),
        "first_reply_hours": (3, "Reply today", date(2026, 10, 20)),
        "reopened": (0.06, "Fewer reopened by summer", date(2026, 6, 30)),
        "nps": (0.3, "Recommended", None),
    }


def test_each_metric_says_how_far_its_records_reach(world: Snapshot) -> None:
    """And one whose records are not all exported says that by no day and no rows."""
    rows = world.connection.cursor().execute("select metric, as_of, rows, sql from metrics").fetchall()
    assert [row[0] for row in rows] == list(metrics())
    loaded = {"commitments", "goals", "tickets", "customer_answers"}
    for metric, as_of, count, sql in rows:
        exported = set(metrics()[metric].records) <= loaded
        assert (as_of, bool(count)) == ((date(2026, 10, 20), True) if exported else (None, False)), metric
        assert sql == metrics()[metric].sql

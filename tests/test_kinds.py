"""Counts, lists, amounts and leaders, on exports small enough to count on fingers; and goals that name each of them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from app import charts
from app.answers import answer, claims
from app.build import build
from app.filters import Filters
from app.snapshot import Snapshot, current, opened
from tests.conftest import TICKETS_HEADER, TICKETS_MAP, TODAY

DECISIONS = "Decision ID,Decided,Reason,Region,Channel\n"
GOALS = "Goal,Metric ID,Baseline,Target,Set on,Due on,Met on,Owner role,Next step,Region,Channel\n"
CUSTOMERS = "Customer ID,Customer since,Customer until,Segment,Monthly revenue,Region,Preferred channel\n"
EMEA, LATAM, PHONE = Filters(("EMEA",)), Filters(("Latin America",)), Filters((), ("Phone",))
NEW = (
    *("feedback_decisions", "experiments_concluded", "service_win_rate", "revenue_retained"),
    *("cost_per_resolution", "two_way_channels", "leader_customer_contacts"),
)


@pytest.fixture
def built(drop: Callable[..., Path], tmp_path: Path) -> Callable[..., Snapshot]:
    """built(name=text) builds exports of these names."""

    def make(**files: str) -> Snapshot:
        texts = {f"{name}.csv": text for name, text in files.items()}
        if "tickets" in files:
            texts |= {"tickets.csv": TICKETS_HEADER + files["tickets"], "tickets.csv.map.toml": TICKETS_MAP}
        build(drop(texts), tmp_path / "snapshot.duckdb", today=TODAY)
        return opened(current(tmp_path / "snapshot.duckdb"))

    return make


def lines(*rows: tuple) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def by(found, *columns: str) -> dict:
    """Rows as value by month, region or channel."""
    rows = found.rows.assign(**{name: found.rows[name].astype(str) for name in columns})
    return {
        key[0] if len(columns) == 1 else key: value for *key, value in rows[[*columns, "value"]].to_numpy().tolist()
    }


# Counts

TWO_IN_MAY = lines(
    ("D1", "2026-05-04", "Customer feedback", "EMEA", "Phone"),
    ("D2", "2026-05-20", "Customer feedback", "EMEA", ""),
    ("D3", "2026-06-10", "Figures", "LatAm", "Phone"),
    ("D4", "2026-07-02", "Customer feedback", "EMEA", "Phone"),
    ("D5", "2026-07-31", "Customer feedback", "LatAm", "Phone"),
    ("D6", "2026-08-31", "", "LatAm", "Phone"),
)


def test_a_month_without_events_is_nought(built) -> None:
    """May two, June none though a decision was taken, July two, August none; one of each place in July."""
    made = built(decisions=DECISIONS + TWO_IN_MAY)
    whole = {"2026-05-01": 2, "2026-06-01": 0, "2026-07-01": 2, "2026-08-01": 0}
    assert by(answer(made, "trend", "feedback_decisions", Filters()), "month") == whole
    emea = {"2026-05-01": 2, "2026-06-01": 0, "2026-07-01": 1, "2026-08-01": 0}
    assert by(answer(made, "trend", "feedback_decisions", EMEA), "month") == emea
    assert by(answer(made, "trend", "feedback_decisions", PHONE), "month") == {**whole, "2026-05-01": 1}


def test_a_period_is_the_sum_of_its_months(built) -> None:
    """Three in EMEA, one in Latin America; from June on one each, of June alone none."""
    made = built(decisions=DECISIONS + TWO_IN_MAY)
    for start, end, emea, latam in (((None), None, 3, 1), (6, None, 1, 1), (6, 6, 0, 0)):
        chosen = Filters(start=start and date(2026, start, 1), end=end and date(2026, end, 1))
        places = answer(made, "by_region", "feedback_decisions", chosen)
        assert by(places, "region") == {"EMEA": emea, "Latin America": latam}
        row = answer(made, "headline", "feedback_decisions", chosen).rows.iloc[0]
        assert row["period_value"] == row["period_base"] == emea + latam
    assert by(answer(made, "by_channel", "feedback_decisions", Filters()), "channel") == {"Phone": 3, "unknown": 1}


def test_no_place_is_held_against_all_of_them(built) -> None:
    """Neither reference nor interval nor judgement; and no base beside a number that is its own."""
    made = built(decisions=DECISIONS + TWO_IN_MAY)
    found = answer(made, "by_region", "feedback_decisions", Filters())
    assert found.sentence == "Decisions from feedback: 1 decision in Latin America to 3 decisions in EMEA"
    assert (found.rows["judgement"] == "").all() and (found.rows["reference_kind"] == "").all()
    assert found.rows[["reference", "low", "high"]].isna().all(axis=None)
    drawn = charts.dots(found.rows, found.metric).data
    assert "reference" not in drawn and list(drawn["rows"]["base_shown"]) == ["", ""]
    assert list(drawn["rows"]["shown"]) == ["1", "3"]


def test_beyond_the_records_nothing_is_counted(built) -> None:
    """Before the first month that the records name and after their last nothing is known, and nought is not said."""
    made = built(decisions=DECISIONS + TWO_IN_MAY)
    for month in (4, 9):
        alone = Filters(start=date(2026, month, 1), end=date(2026, month, 1))
        assert answer(made, "trend", "feedback_decisions", alone).state == "empty"
        assert answer(made, "headline", "feedback_decisions", alone).state == "empty"


def decided(months: tuple[int, ...], year: int = 2025) -> str:
    """So many decisions from feedback in each month from January on; the last day of the last month is covered."""
    days = [(year + number // 12, number % 12 + 1, count) for number, count in enumerate(months)]
    last = pd.Period(f"{days[-1][0]}-{days[-1][1]}", "M").end_time.date()
    rows = [(f"{y}-{m:02d}-10", "Customer feedback") for y, m, count in days for _ in range(count)]
    rows.append((last, "Figures"))
    return DECISIONS + lines(*((f"D{number}", *row, "EMEA", "") for number, row in enumerate(rows)))


def test_so_few_a_month_are_not_judged(built) -> None:
    """On average 20 : 14 a month, less than two: no limits, no label, no claim, and the sentence says so."""
    made = built(decisions=decided((1, 2, 1, 1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 3)))
    found = answer(made, "trend", "feedback_decisions", Filters())
    assert found.rows[["mean", "lower", "upper"]].isna().all(axis=None) and (found.rows["label"] == "").all()
    assert found.sentence == "Decisions from feedback: 3 decisions in Feb 2026, too few to judge by month"
    card = answer(made, "headline", "feedback_decisions", Filters())
    assert card.sentence == "too few to judge by month"
    assert claims(made, "feedback_decisions", Filters()) == ()


def test_a_leap_of_a_count_is_found(built) -> None:
    """Twelve months of four or five, then three of twenty: a lasting change, with which a page leads."""
    made = built(decisions=decided((4, 5) * 6 + (20, 21, 20)))
    found = answer(made, "trend", "feedback_decisions", Filters())
    assert found.sentence.startswith("Decisions from feedback rose: ")
    (whole, *_) = claims(made, "feedback_decisions", Filters())
    assert (whole.region, whole.channel, whole.since, whole.rose) == (None, None, date(2026, 1, 1), True)
    (first, *_) = answer(made, "overview", None, Filters()).rows.itertuples()
    assert (first.metric, first.label) == ("feedback_decisions", "improvement")


def test_a_count_beside_its_year_before(built) -> None:
    """60 from January to March against 12 a year before: 48 more, give or take 1.96 times the root of 72."""
    made = built(decisions=decided((4,) * 24 + (20,) * 3, year=2024))
    row = answer(made, "headline", "feedback_decisions", Filters()).rows.iloc[0]
    assert (row["compared_value"], row["before_value"], row["difference"]) == (60, 12, 48)
    assert row["difference_low"] == pytest.approx(48 - 1.96 * 72**0.5)
    assert row["on_a_year_before"] == "beyond chance"


# Lists


def ticket(number: int, day: str, replied: str, region: str, channel: str) -> tuple:
    return number, f"{day} 09:00", f"{replied} 10:00" if replied else "", "", "", 0, "", "", region, channel


def test_channels_that_answer_are_counted_of_all_on_offer(built) -> None:
    """In July 3 of 2 × 5 answer: phone in both regions, e-mail in EMEA. In August one, and a chat nobody answers.

    Five channels in each of two regions are no few cases, and neither chance nor a low base is spoken of.
    """
    rows = [
        ticket(1, "2026-07-01", "2026-07-02", "EMEA", "Phone"),
        ticket(2, "2026-07-01", "2026-07-01", "EMEA", "E-mail"),
        ticket(3, "2026-07-03", "2026-07-04", "LatAm", "Tel."),
        ticket(4, "2026-07-03", "2026-07-04", "LatAm", "Phone"),
        ticket(5, "2026-07-30", "2026-08-03", "EMEA", "Phone"),
        ticket(6, "2026-08-31", "", "EMEA", "Chat"),
    ]
    made = built(tickets=lines(*rows))
    months = answer(made, "trend", "two_way_channels", Filters())
    assert by(months, "month") == {"2026-07-01": 0.3, "2026-08-01": 0.1}
    assert list(months.rows["base"]) == [10, 10] and (months.rows["status"] == "shown").all()
    assert months.rows[["low", "high", "mean"]].isna().all(axis=None)
    assert months.sentence == "Channels that answer: 10 % in Aug 2026"
    july = Filters(end=date(2026, 7, 1))
    places = answer(made, "by_channel", "two_way_channels", july)
    assert by(places, "channel") == {"Phone": 1, "E-mail": 0.5, "Chat": 0, "Social": 0, "Web": 0}
    assert list(places.rows["base"]) == [2] * 5 and (places.rows["status"] == "shown").all()
    assert by(answer(made, "by_region", "two_way_channels", Filters()), "region") == {"EMEA": 0.2, "Latin America": 0}


def test_one_number_for_all_places_is_said_once(built) -> None:
    names = enumerate(("Phone", "E-mail", "Chat", "Web", "Social"))
    rows = [ticket(number, "2026-07-01", "2026-07-01", "EMEA", name) for number, name in names]
    made = built(tickets=lines(*rows, ticket(9, "2026-07-31", "", "EMEA", "Web")))
    said = "Channels that answer: 100 % in all 5 channels"
    assert answer(made, "by_channel", "two_way_channels", Filters()).sentence == said


# Amounts


def test_revenue_retained_is_written_with_a_decimal(built) -> None:
    """Twelve customers of EMEA pay 100 each, one leaves in June: 1,100 of 1,200 stay. In July 1,100 of 1,100."""
    rows = [
        (f"C{number}", "2020-01-01", "2026-06-15" if not number else "", "", 100, "EMEA", "") for number in range(12)
    ]
    rows.append(("C12", "2026-07-31", "", "", 100, "LatAm", ""))
    made = built(customers=CUSTOMERS + lines(*rows))
    found = answer(made, "trend", "revenue_retained", Filters())
    shares = {"2026-06-01": pytest.approx(11 / 12), "2026-07-01": 1}
    assert by(found, "month") == shares and list(found.rows["base"]) == [1200, 1100]
    assert found.rows[["low", "high"]].isna().all(axis=None)
    drawn = charts.trend(found.rows, found.metric).data["points"]
    assert list(drawn["shown"]) == ["91.7 %", "100.0 %"] and list(drawn["base_shown"]) == ["1 k", "1 k"]


def test_what_is_written_alike_but_differs_is_about_the_same(built) -> None:
    """In June 1,100 of 1,200 in EMEA and 1,101 of 1,201 in Latin America: 91.67 and 91.67 %, but not the same."""
    rows = [
        (f"{place}{number}", "2020-01-01", "2026-06-15" if not number else "", "", pays, place, "")
        for place, more in (("EMEA", 0), ("LatAm", 1))
        for number, pays in enumerate([100] * 11 + [100 + more])
    ]
    made = built(customers=CUSTOMERS + lines(*rows, ("C12", "2026-06-30", "", "", 100, "EMEA", "")))
    said = "Revenue retained: about 91.7 % in EMEA and Latin America"
    assert answer(made, "by_region", "revenue_retained", Filters()).sentence == said


def test_where_nothing_is_paid_there_is_no_share(built) -> None:
    rows = [(f"C{number}", "2020-01-01", "2026-06-15" if not number else "", "", 0, "EMEA", "") for number in range(12)]
    rows.append(("C12", "2026-07-31", "", "", 0, "EMEA", ""))
    found = answer(built(customers=CUSTOMERS + lines(*rows)), "trend", "revenue_retained", Filters())
    assert found.state == "withheld"
    assert found.sentence == "Revenue retained: the amounts cancel out, nothing to show."
    assert found.rows[["numerator", "value"]].isna().all(axis=None)


# A goal can name each of them


@pytest.mark.parametrize("metric", NEW)
def test_a_goal_can_name_it(metric: str, measured: Snapshot) -> None:
    """Value, plan to date and outlook: from the first day of 2026 to the last of March 2027."""
    row = answer(measured, "goals", None, Filters()).rows.set_index("goal").loc[f"Goal of {metric}"]
    found = answer(measured, "trend", metric, Filters())
    over = found.rows[found.rows["finished"] & found.rows["value"].notna()]
    assert row["metric"] == metric and row["value"] == pytest.approx(over["value"].iloc[-1])
    assert row["measured"].date() == over["month"].iloc[-1].date()
    end = (row["measured"] + pd.offsets.MonthEnd(0)).date()
    done = (end - date(2026, 1, 1)).days / (date(2027, 3, 31) - date(2026, 1, 1)).days
    assert row["plan"] == pytest.approx(row["baseline"] + done * (row["target"] - row["baseline"]))
    said = answer(measured, "goals_outlook", None, Filters()).rows
    ahead = said[(said["goal"] == f"Goal of {metric}") & said["forecast"].notna()]
    if found.metric.standing or found.metric.about == "people":
        assert ahead.empty and row["outlook"] == "not judged"
        return
    assert row["outlook"] in ("off track", "too close to call", "on track")
    assert (
        len(ahead) == (date(2027, 3, 1).year - end.year) * 12 + 3 - end.month
        and (ahead["low"] <= ahead["forecast"]).all()
        and (ahead["forecast"] <= ahead["high"]).all()
    )
    if found.metric.kind == "count":
        assert (ahead[["low", "forecast", "high"]] >= 0).all(axis=None)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The demonstration's records behind the new metrics, with a goal for each."""
    folder = tmp_path_factory.mktemp("measured")
    source = Path(__file__).parent.parent / "data" / "exports"
    names = ("crm/decisions", "crm/deals", "crm/ideas", "crm/idea_stages", "crm/customers", "crm/tickets")
    for name in (*names, "finance/costs", "hr/leader_contacts"):
        path = folder / "exports" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((source / f"{name}.csv").read_bytes())
    plans = {
        "feedback_decisions": (3, 5),
        "experiments_concluded": (4, 7),
        "service_win_rate": (0.4, 0.6),
        "revenue_retained": (0.98, 0.999),
        "cost_per_resolution": (14, 11),
        "two_way_channels": (0.8, 1),
        "leader_customer_contacts": (1, 1.5),
    }
    rows = [
        (f"Goal of {id_}", id_, *plan, "2026-01-01", "2027-03-31", "", "Head", "Step", "", "")
        for id_, plan in plans.items()
    ]
    (folder / "exports" / "goals.csv").write_text(GOALS + lines(*rows))
    build(folder / "exports", folder / "snapshot.duckdb", today=TODAY)
    return opened(current(folder / "snapshot.duckdb"))

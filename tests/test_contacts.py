"""Channels: how customers come and whether they are equally satisfied, on rows to count on fingers and by chance."""

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from app import contacts, diversity_charts, spc
from app.answers import answer
from app.build import build
from app.demo import HEADINGS
from app.filters import Filters
from app.metrics import metrics
from app.snapshot import Snapshot, current, opened
from tests.conftest import TODAY

# By channel and quarter: contacts in EMEA. The last quarter is finished; LATAM has ten by Chat alone.
CONTACTS = {"2026-02-10": {"Phone": 30, "Email": 10, "": 3}, "2026-05-29": {"Phone": 12, "Email": 36, "Chat": 2, "": 1}}
# Satisfied of those who answered, by channel: Chat is told apart by ten, of whom nine would do.
ANSWERS = {"Phone": (36, 40), "Email": (20, 40), "Chat": (5, 10), "Social": (0, 9)}


def exports(contacts: dict, answers: dict) -> dict[str, str]:
    tickets, survey = [HEADINGS["crm/tickets.csv"]], [HEADINGS["survey/customer_survey.csv"]]
    for day, by_channel in contacts.items():
        for channel, count in by_channel.items():
            for _ in range(count):
                tickets.append(f"T{len(tickets)},{day} 09:00,{day} 10:00,,,,,,EMEA,{channel},,")
    for channel, (satisfied, base) in answers.items():
        for number in range(base):
            score = 5 if number < satisfied else 1
            survey.append(f"S{len(survey)},2026-05-29,T,,{score},,,,,,,,,EMEA,{channel}")
    return {"tickets.csv": "\n".join(tickets), "survey.csv": "\n".join(survey)}


def published(folder: Path, files: dict[str, str]) -> Snapshot:
    (folder / "exports").mkdir()
    for name, text in files.items():
        (folder / "exports" / name).write_text(f"{text}\n", "utf-8")
    build(folder / "exports", folder / "snapshot.duckdb", today=TODAY)
    return opened(current(folder / "snapshot.duckdb"))


@pytest.fixture(scope="module")
def fingers(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(tmp_path_factory.mktemp("fingers"), exports(CONTACTS, ANSWERS))


def told(snapshot: Snapshot, figure: str, filters: Filters = Filters()) -> pd.DataFrame:  # noqa: B008
    return answer(snapshot, figure, None, filters).rows.set_index("channel")


# Contacts by channel


def test_a_mix_on_fingers(fingers) -> None:
    """May: 12 + 36 + 2 of 50, one names no channel. There is nothing before February to hold both months against."""
    rows = told(fingers, "channel_mix", Filters(start=date(2026, 5, 1)))
    assert dict(rows["contacts"]) == {"E-mail": 36, "Phone": 12, "Chat": 2}
    assert dict(rows["value"]) == {"E-mail": 36 / 50, "Phone": 12 / 50, "Chat": 2 / 50}
    assert rows["change"].isna().all(), "April knows no contact: nothing to compare with"
    found = answer(fingers, "channel_mix", None, Filters(start=date(2026, 5, 1)))
    assert found.note == "May 2026, 50 contacts; 1 that name no channel are left out."
    assert found.sentence.endswith("; nothing before to compare with")


def test_a_period_is_held_against_as_many_months_before(fingers) -> None:
    """April and May against February and March: 12 of 50 by phone after 30 of 40."""
    rows = told(fingers, "channel_mix", Filters(start=date(2026, 4, 1), end=date(2026, 5, 1)))
    assert rows.loc["Phone", "change"] == pytest.approx(12 / 50 - 30 / 40)
    ends = spc.newcombe((12, 50), (30, 40), 3)
    assert (rows.loc["Phone", "change_low"], rows.loc["Phone", "change_high"]) == ends
    assert dict(rows["judgement"]) == {"E-mail": "more", "Phone": "less", "Chat": "no clear change"}
    found = answer(fingers, "channel_mix", None, Filters(start=date(2026, 4, 1), end=date(2026, 5, 1)))
    assert found.sentence == (
        "Contacts by channel: most come by E-mail (72 %), fewest by Chat (4 %); "
        "E-mail (47 points) gained and Phone (51 points) lost on the 2 months before"
    )


def test_a_chosen_channel_is_a_part_of_all_channels(fingers) -> None:
    """Phone alone is not all contacts: its share stays that of the mix."""
    rows = told(fingers, "channel_mix", Filters((), ("Phone",), date(2026, 4, 1)))
    assert list(rows.index) == ["Phone"]
    assert (rows.loc["Phone", "value"], rows.loc["Phone", "base"]) == (12 / 50, 50)
    some = answer(fingers, "channel_mix", None, Filters((), ("Phone", "Chat"), date(2026, 5, 1))).sentence
    assert some == ("Contacts by channel: 24 % by Phone and 4 % by Chat; nothing before to compare with"), (
        "most come by e-mail, which is not chosen"
    )


@pytest.mark.parametrize(
    ("filters", "state", "said"),
    [
        (Filters(("Latin America",)), "empty", "Widen the region"),
        (Filters((), ("Social",)), "empty", "Widen the channel"),
        (Filters(start=date(2026, 3, 1), end=date(2026, 3, 1)), "empty", "Widen the period"),
    ],
)
def test_a_mix_of_nothing_says_what_to_widen(fingers, filters: Filters, state: str, said: str) -> None:
    found = answer(fingers, "channel_mix", None, filters)
    assert (found.state, said in found.sentence) == (state, True), found.sentence


def test_at_most_a_year_of_finished_months_is_told() -> None:
    """To 15 October: September is the last finished month; a period without one is told as it is."""
    reach, first = date(2026, 10, 15), date(2024, 1, 1)
    assert contacts._window(first, reach, Filters()) == (date(2025, 10, 1), date(2026, 9, 1), 12)
    assert contacts._window(first, reach, Filters(end=date(2024, 3, 1))) == (first, date(2024, 3, 1), 3)
    october = Filters(start=date(2026, 10, 1))
    assert contacts._window(first, reach, october) == (date(2026, 10, 1), date(2026, 10, 1), 1)
    assert contacts._window(first, date(2026, 10, 31), october)[1] == date(2026, 10, 1)


# Equal experience


def test_a_gap_on_fingers(fingers) -> None:
    """36 of 40 by phone, 20 of 40 by e-mail, 5 of 10 by chat; nine answers are too few. So there are three pairs."""
    rows = told(fingers, "channel_parity")
    assert list(rows.index) == ["Phone", "Chat", "E-mail", "Social"]
    assert list(rows["value"].dropna()) == [0.9, 0.5, 0.5]
    assert dict(rows["status"]) == {"Phone": "shown", "Chat": "low base", "E-mail": "shown", "Social": "withheld"}
    assert (rows["compared"] == 3).all() and (rows["gap"] == 0.4).all()
    assert rows["numerator"].isna().to_dict()["Social"] and rows.loc["Social", "base"] == 9


def test_the_interval_is_that_of_the_best_and_the_worst_among_three_pairs(fingers) -> None:
    found = answer(fingers, "channel_parity", None, Filters())
    low, high = spc.newcombe((36, 40), (5, 10), 3)
    assert (found.rows["gap_low"].iloc[0], found.rows["gap_high"].iloc[0]) == (low, high)
    assert found.sentence == "Gap between channels: Phone 90 %, Chat 50 %, apart by 40 points, interval 5 to 71"


def satisfied(**counts: tuple[int, int]) -> pd.DataFrame:
    """Channels as the query gives them, with their shares."""
    rows = pd.DataFrame([(name, *told) for name, told in counts.items()], columns=["channel", "numerator", "base"])
    return contacts._satisfied(rows, 10)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            satisfied(Phone=(90, 100), Web=(75, 100), Chat=(7, 10)),
            "Phone (90 %) is clearly above Web (75 %); whether Phone and Chat differ is not clear "
            "(20 points, interval −3 to 56)",
        ),
        (satisfied(Phone=(80, 100), Web=(78, 100)), "no clear difference (Phone 80 %, Web 78 %: 2 points, "),
    ],
)
def test_a_gap_that_chance_explains_does_not_hide_another(rows: pd.DataFrame, said: str) -> None:
    """Ten answers by chat say little of the worst; but a hundred by web are clearly below the best."""
    assert contacts._say_parity(rows, contacts._pairs(rows)).startswith(f"Gap between channels: {said}")


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters((), ("Phone",)), "a channel alone has no other"),
        (Filters((), ("unknown",)), "a channel alone has no other"),
        (Filters((), ("Phone", "Social")), "fewer than two channels with 10 answers"),
        (Filters(("Latin America",)), "Widen the region"),
    ],
)
def test_what_cannot_be_compared_is_not(fingers, filters: Filters, said: str) -> None:
    found = answer(fingers, "channel_parity", None, filters)
    assert said in found.sentence and found.rows.empty and found.state in ("empty", "withheld")


def test_two_chosen_channels_make_one_pair(fingers) -> None:
    found = answer(fingers, "channel_parity", None, Filters((), ("Phone", "E-mail")))
    assert (found.rows["gap_low"].iloc[0], found.rows["gap_high"].iloc[0]) == spc.newcombe((36, 40), (20, 40), 1)
    assert found.sentence == "Gap between channels: Phone 90 %, E-mail 50 %, apart by 40 points, interval 20 to 56"


@pytest.mark.parametrize("figure", ["channel_mix", "channel_parity"])
def test_without_an_export_it_says_which(tmp_path, figure: str) -> None:
    files = exports(CONTACTS, ANSWERS)
    del files["tickets.csv" if figure == "channel_mix" else "survey.csv"]
    found = answer(published(tmp_path, files), figure, None, Filters())
    assert found.state == "missing"
    assert ("Export tickets" if figure == "channel_mix" else "Export customer answers") in found.sentence


# Chance


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(one, other, low: float, high: float) -> None:
    """Newcombe (1998), table II, method 10."""
    assert spc.newcombe(one, other) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def alarms(draw: Callable[[], list[tuple[int, int]]], adjusted: bool, rounds: int = 600) -> float:
    """How often any two channels are called different."""
    found = 0
    for _ in range(rounds):
        counts = draw()
        rows = pd.DataFrame(
            [(f"c{n}", part, base, part / base) for n, (part, base) in enumerate(counts)],
            columns=["channel", "numerator", "base", "value"],
        ).sort_values("value", ascending=False)
        pairs = contacts._pairs(rows)
        if adjusted:
            found += any(low > 0 for *_, low, _ in pairs)
        else:
            ends = rows.iloc[[0, -1]][["numerator", "base"]].to_numpy()
            found += spc.newcombe(tuple(ends[0]), tuple(ends[1]))[0] > 0
    return found / rounds


def test_equal_channels_are_rarely_called_different_and_unequal_ones_mostly_are() -> None:
    """Five channels, all at 80 %: the plain interval of the best and the worst would cry wolf far too often."""
    bases, chance = (900, 900, 550, 500, 200), random.Random(5)

    def drawn(shares: tuple[float, ...]) -> list[tuple[int, int]]:
        return [(_binomial(chance, base, share), base) for base, share in zip(bases, shares, strict=True)]

    equal = (0.8,) * 5
    assert alarms(lambda: drawn(equal), adjusted=True) <= 0.05
    assert alarms(lambda: drawn(equal), adjusted=False) >= 0.15
    assert alarms(lambda: drawn((0.86, 0.8, 0.8, 0.8, 0.7)), adjusted=True) >= 0.95


def _binomial(chance: random.Random, base: int, share: float) -> int:
    return sum(chance.random() < share for _ in range(base))


# Charts


def test_the_mix_is_drawn_from_nothing_and_parity_with_its_intervals(fingers) -> None:
    bars = diversity_charts.mix(answer(fingers, "channel_mix", None, Filters()).rows).data
    own = bars["parts"][bars["parts"]["part"] == "first"]
    assert (own["start"] == 0).all() and own["end"].sum() == pytest.approx(1)
    alone = diversity_charts.mix(answer(fingers, "channel_mix", None, Filters((), ("Phone",))).rows).data["parts"]
    assert list(alone["end"]) == [own.set_index("name").loc["Phone", "end"], 1], "one bar of all, not the whole width"
    rows = answer(fingers, "channel_parity", None, Filters()).rows
    drawn = diversity_charts.parity(rows, metrics()["csat"]).data
    assert drawn["reference"]["value"].iloc[0] == pytest.approx(61 / 90), "36 + 20 + 5 of 40 + 40 + 10"
    assert set(drawn["rows"]["judgement"]) == {"no clear difference"}, "groups are neither good nor bad"
    assert list(drawn["rows"]["note"]) == ["", "", "", "fewer than 10 cases"]

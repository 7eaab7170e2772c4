"""Rules for figures about people, and the audit, on tables small enough to try every possibility."""

from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audit import ALL, EVERYONE, Table, protect
from app.confidential import Rules, rules

FLOOR = Rules()
COUNTS = (0, 1, 3, 9, 10, 11, 12, 13, 17, 18, 22, 23, 40)


# Rules


@pytest.mark.parametrize(
    ("people", "told"), [(0, None), (9, None), (10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (102, 100), (103, 105)]
)
def test_a_count_is_told_to_the_nearest_five_and_never_below_ten(people: int, told: int | None) -> None:
    assert FLOOR.told(people) == told


@given(st.integers(10, 5000), st.sampled_from([5, 10, 20, 50]))
def test_a_told_count_stands_for_the_counts_that_are_told_so(people: int, nearest: int) -> None:
    low, high = FLOOR.behind(FLOOR.told(people, nearest), nearest)
    assert low <= people <= high
    told = {FLOOR.told(count, nearest) for count in range(low, high + 1)}
    assert told == {FLOOR.told(people, nearest)}
    assert FLOOR.told(high + 1, nearest) != FLOOR.told(people, nearest)
    assert low == 10 or FLOOR.told(low - 1, nearest) != FLOOR.told(people, nearest)


@pytest.mark.parametrize(
    ("people", "rest", "is_open"), [(10, 10, True), (9, 90, False), (90, 9, False), (90, 0, True), (0, 90, False)]
)
def test_a_scope_needs_ten_people_in_it_and_outside_it_or_nobody(people: int, rest: int, is_open: bool) -> None:
    assert FLOOR.is_open(people, rest) == is_open


def test_the_rules_of_the_project_are_the_floor_and_name_their_version() -> None:
    assert (rules(), rules().version, rules().few) == (FLOOR, "1", "<10")


def test_stricter_rules_name_what_was_raised(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("least_people = 15\nnearest = 10\n", "utf-8")
    stricter = rules(tmp_path / "rules.toml")
    assert (stricter.version, stricter.few) == ("1 with least_people 15, nearest 10", "<15")
    assert [stricter.told(people) for people in (14, 15, 24, 25)] == [None, 20, 20, 30]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("least_people = 9", "least_people = 9 is looser than 10"),
        ("nearest = 1", "nearest = 1 is looser than 5"),
        ("least_base = 24.5", "least_base = 24.5 is looser than 25"),
        ("narrowest = true", "narrowest = True is looser than 5"),
        ("least = 20", "least is no threshold"),
    ],
)
def test_looser_rules_are_refused(tmp_path: Path, words: str, said: str) -> None:
    (tmp_path / "rules.toml").write_text(words, "utf-8")
    with pytest.raises(ValueError, match=said):
        rules(tmp_path / "rules.toml")


def test_a_mean_is_made_of_the_told_counts_of_its_bands() -> None:
    """20 at 0.2, fewer than ten (taken as five) at 0.5, 30 at 0.7, 50 at 0.9: 4 + 2.5 + 21 + 45 = 72.5 of 105. Counts
    behind these that are furthest apart (18, 0, 32, 52 and 22, 9, 28, 48) have means of 0.714 and 0.666."""
    bands = [(0.0, 0.4, 20, 5), (0.4, 0.6, None, 5), (0.6, 0.8, 30, 5), (0.8, 1.0, 50, 5)]
    mean, base, margin = FLOOR.mean(bands)
    assert (mean, base) == (pytest.approx(72.5 / 105), 105)
    furthest = max(
        (18 * 0.2 + 32 * 0.7 + 52 * 0.9) / 102 - mean, mean - (22 * 0.2 + 9 * 0.5 + 28 * 0.7 + 48 * 0.9) / 107
    )
    assert 0.04 < margin - furthest < 0.07, "the interval of chance comes on top"


def test_a_mean_needs_thirty_answers_that_are_told() -> None:
    assert FLOOR.mean([(0.0, 0.5, 15, 5), (0.5, 1.0, 10, 5)]) is None
    assert FLOOR.mean([(0.0, 0.5, 25, 5), (0.5, 1.0, None, 5)]) is None
    assert FLOOR.mean([(0.0, 0.5, 15, 5), (0.5, 1.0, 15, 5)])[:2] == (0.5, 30)


# The audit


def tables(counts: dict[str, dict[str, int]]) -> list[Table]:
    """One attribute by region (and everyone for one channel): region → category → people."""
    frame = pd.DataFrame(counts).T
    channel = pd.DataFrame({"Phone": frame.sum()}).T
    parts = Table("gender", {"region": frame, "channel": channel}, "parts")
    heads = {name: pd.DataFrame({ALL: table.sum(axis=1)}) for name, table in parts.counts.items()}
    return [Table(ALL, heads, "whole"), parts]


def told(counts: dict[str, dict[str, int]], table: str = "gender") -> dict[tuple[str, str], object]:
    """What is told of each place and category: a number, or why there is none."""
    rows = protect(tables(counts), FLOOR)
    rows = rows[(rows["table"] == table) & (rows["dimension"] != "channel")]
    return {(row.place, row.category): row.people if row.status == "shown" else row.status for row in rows.itertuples()}


def test_of_two_categories_both_are_told_or_none() -> None:
    """41 women and 8 men in the north: whoever knows the 41 of 49 knows the 8."""
    people = {"north": (41, 8), "south": (30, 30), "east": (33, 34), "west": (27, 31)}
    found = told({place: {"women": women, "men": men} for place, (women, men) in people.items()})
    assert (found["north", "men"], found["north", "women"]) == ("<10", "withheld")
    assert (found["south", "men"], found["", "women"]) == (30, 130)


def test_a_small_scope_is_withheld_and_with_it_what_betrays_it() -> None:
    """4 people in the west: neither they nor the category that only they could fill up are told."""
    found = told({"north": {"women": 40, "men": 40}, "west": {"women": 4, "men": 0}}, ALL)
    assert found == {("", ALL): 85, ("north", ALL): "withheld", ("west", ALL): "withheld"}


def test_a_count_that_its_row_gives_away_is_kept_open() -> None:
    """11 and 11 of 22 are told as 10, 10 and 20: that leaves 0 to 2 for a third category, so more is hidden."""
    rows = protect(tables({"north": {"women": 11, "men": 11, "others": 0}}), FLOOR)
    rows = rows[rows["dimension"] == EVERYONE]
    (head,) = rows[rows["table"] == ALL].itertuples()
    parts = list(rows[rows["table"] == "gender"].itertuples())
    ranges = [range(low, high + 1) for low, high in (ends(part, 100, parts) for part in parts)]
    low, high = FLOOR.behind(head.people) if head.status == "shown" else (10, 100)
    others = {cells[-1] for cells in product(*ranges) if low <= sum(cells) <= high}
    assert parts[-1].category == "others" and len(others) >= 5


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.tuples(*[st.sampled_from(COUNTS)] * 3), min_size=2, max_size=3))
def test_every_small_group_of_small_tables_keeps_five_values(rows: list[tuple[int, int, int]]) -> None:
    """Against all whole-number tables of one category at a time, of which nothing but the told is known."""
    counts = {f"r{number}": dict(zip("abc", row, strict=True)) for number, row in enumerate(rows)}
    if sum(map(sum, rows)) < 10:
        return
    found = protect(tables(counts), FLOOR)
    cells = {(row.table, row.dimension, row.place, row.category): row for row in found.itertuples()}
    for name in "abc":
        edges = []
        for place, row in counts.items():
            edges.append(ends(cells["gender", "region", place, name], sum(row.values())))
        whole = ends(cells["gender", EVERYONE, "", name], sum(map(sum, rows)))
        for number, (place, row) in enumerate(counts.items()):
            if row[name] < 10 and sum(row.values()):
                others = edges[:number] + edges[number + 1 :]
                low = max(edges[number][0], whole[0] - sum(high for _, high in others))
                high = min(edges[number][1], whole[1] - sum(low for low, _ in others))
                assert high - low >= 4, (counts, place, name)


def ends(row: object, most: int, beside: list = ()) -> tuple[int, int]:
    """The fewest and most people that a row can stand for; one withheld beside a "<10" is so for its sake."""
    if row.status == "shown":
        return FLOOR.behind(row.people)
    return (0, 9) if row.status == "<10" else (10 if any(one.status == "<10" for one in beside) else 0, most + 10)


def test_a_scope_that_is_not_told_anew_is_left_out() -> None:
    """It stands as it was told before; the others are told so that this stays open."""
    counts = {"north": {"women": 40, "men": 40}, "south": {"women": 30, "men": 30}}
    kept = {("region", "south"): {(ALL, ALL): 60, ("gender", "women"): 30, ("gender", "men"): 30}}
    rows = protect(tables(counts), FLOOR, kept)
    assert set(rows["place"]) == {"", "north", "Phone"}
    assert rows[rows["status"] != "shown"].empty


def test_who_was_not_asked_stays_open() -> None:
    """100 people, 98 of them asked, told as 100: without more care 0 to 4 were not asked; five values are enough."""
    heads = pd.DataFrame({ALL: {"north": 52, "south": 51}})
    asked = pd.DataFrame({"yes": {"north": 28, "south": 28}, "no": {"north": 23, "south": 23}})
    both = [
        Table(ALL, {"region": heads, "channel": heads.sum().to_frame("Phone").T}, "whole"),
        Table("training", {"region": asked, "channel": asked.sum().to_frame("Phone").T}, "some"),
    ]
    rows = protect(both, FLOOR)
    for row in rows[(rows["table"] == "training") & (rows["status"] == "shown")].itertuples():
        parts = rows[(rows["table"] == "training") & (rows["place"] == row.place)]
        low = sum(FLOOR.behind(part.people, part.nearest)[0] for part in parts.itertuples())
        (head,) = rows[(rows["table"] == ALL) & (rows["place"] == row.place)].itertuples()
        assert head.status != "shown" or FLOOR.behind(head.people)[1] - low >= 4

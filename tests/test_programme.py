"""The programme and the moves that spare it work, against every table of a few people."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.programme import ROUNDING, Programme
from app.witness import Grid, Proposals

# two places × two categories, their sums by category, and who is in the first place
ROWS = [[0], [1], [2], [3], [0, 2], [1, 3], [0, 1]]
BOUNDS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=7, max_size=7)
MOST = 4


def programme(bounds: list[tuple[int, int]]) -> tuple[Programme, list[np.ndarray]]:
    """The programme, and every table that agrees with its bounds (low, and by how much high is above)."""
    found = Programme([np.array(row) for row in ROWS], [np.ones(len(row)) for row in ROWS], 4, MOST)
    low = np.array([low for low, _ in bounds], dtype=float)
    high = low + [more for _, more in bounds]
    found.bound(low, high)
    sums = [(table, [sum(table[n] for n in row) for row in ROWS]) for table in product(range(MOST + 1), repeat=4)]
    return found, [np.array(table) for table, told in sums if (low <= told).all() and (told <= high).all()]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(BOUNDS, BOUNDS, st.lists(st.integers(-2, 2), min_size=4, max_size=4))
def test_the_furthest_is_found_and_proved_and_the_proof_holds_under_other_bounds(first, second, cost) -> None:
    found, tables = programme(first)
    numbers, proof, _ = found.furthest(np.array(cost, dtype=float))
    assert (numbers is None) == (not tables)
    if tables:
        least = min(int(table @ cost) for table in tables)
        assert round(numbers @ cost) == least
        assert found.is_possible(numbers)
        assert least - 1 < found.least(proof) <= least + ROUNDING
        other, tables = programme(second)
        assert not tables or other.least(proof) <= min(int(table @ cost) for table in tables) + ROUNDING


@settings(max_examples=60, deadline=None, derandomize=True)
@given(BOUNDS)
def test_what_is_proposed_and_agrees_is_a_possible_table(bounds) -> None:
    found, tables = programme(bounds)
    for table in tables[:3]:
        proposals = Proposals(found.ceiling - table, table - found.floor, 4)
        unknowns = np.arange(4).reshape(2, 2)
        proposals.move([[Grid("gender", "region", ("north", "south"), ("a", "b"), unknowns, True, False)]])
        changes = proposals.matrix(4)
        agrees, dense = found.agree(table, changes), changes.toarray()
        known = {tuple(possible) for possible in tables}
        assert [tuple(table + dense[:, n]) in known for n in range(dense.shape[1])] == list(agrees)


def test_people_move_along_a_rectangle() -> None:
    """Two and two, one and one: each cell goes up by what its place and its category can give."""
    table = np.array([2, 2, 1, 1])
    proposals = Proposals(np.full(4, 9), table, 4)
    unknowns = np.arange(4).reshape(2, 2)
    proposals.move([[Grid("gender", "region", ("north", "south"), ("a", "b"), unknowns, True, False)]])
    worlds = {tuple(table + change) for change in proposals.matrix(4).toarray().T}
    assert {(3, 1, 0, 2), (1, 3, 2, 0)} <= worlds

"""Witness: other tables of people that agree with what is told, found by moving a few people, without a solver.

People who move along a rectangle of a table, two places by two categories, change no sum. What is proposed here is a
change to a table that is known to be possible; whether it agrees with all that is told is for the audit to check.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array

NOBODY = -1  # stands for people who are not counted: as many as one likes


@dataclass(frozen=True)
class Grid:
    """Numbers of the unknowns of a table by one dimension: places × categories, and who is in none of them last."""

    table: str
    dimension: str
    places: tuple[str, ...]
    categories: tuple[str, ...]
    unknowns: np.ndarray
    is_linked: bool  # each place adds up to its head-count
    is_whole: bool  # this is the head-count

    def moved(self, start: int) -> "Grid":
        """The same with other numbers, as part of a larger system."""
        return replace(self, unknowns=np.where(self.unknowns == NOBODY, NOBODY, self.unknowns + start))


Change = tuple[np.ndarray, np.ndarray, np.ndarray]  # which proposal, which unknown, how many people more


class Proposals:
    """Changes to a possible table of people, each small, that together try to move every count up and down.

    `up` and `down` say by how much each unknown may rise and fall. Grids of several times that are `together` move by
    the same people, so that what ties one time to the other stays as it is.
    """

    def __init__(self, up: np.ndarray, down: np.ndarray, most: int) -> None:
        # the last is NOBODY, who can always be more or fewer
        self.up = np.append(np.clip(up, 0, most), most).astype(int)
        self.down = np.append(np.clip(down, 0, most), most).astype(int)
        self.most = most
        self.changes: list[Change] = []
        self.size = 0

    def matrix(self, unknowns: int) -> coo_array:
        """All proposals as columns, unknowns as rows."""
        if not self.changes:
            return coo_array((unknowns, 0))
        which, numbers, people = (np.concatenate(parts) for parts in zip(*self.changes, strict=True))
        counted = (people != 0) & (numbers != NOBODY)
        return coo_array((people[counted], (numbers[counted], which[counted])), shape=(unknowns, self.size))

    def move(self, times: list[list[Grid]]) -> None:
        """Move people within each table, between places and between categories, at all of these times together."""
        by_dimension: dict[str, list[Grid]] = {}
        by_table: dict[str, list[Grid]] = {}
        for grid in (grid for grids in times for grid in grids):
            by_dimension.setdefault(grid.dimension, []).append(grid)
            if not grid.is_whole:
                by_table.setdefault(grid.table, []).append(grid)
        alike: dict[tuple, list[np.ndarray]] = {}  # what has the same shape is worked out at once
        for grids in by_dimension.values():
            grids = _shared(grids)
            if heads := [grid.unknowns[:, 0] for grid in grids if grid.is_whole]:
                self._places(heads, [grid.unknowns for grid in grids if grid.is_linked])
            for table in {grid.table: 0 for grid in grids if not grid.is_whole}:
                cells = [grid.unknowns for grid in grids if grid.table == table]
                if len({grid.shape for grid in cells}) == 1:
                    alike.setdefault((len(cells), cells[0].shape), []).append(np.stack(cells))
        for cells in alike.values():
            self._rectangles(np.stack(cells, axis=1))
        alike = {}
        for grids in by_table.values():
            if len({grid.categories for grid in grids}) == 1:
                shapes = tuple(grid.unknowns.shape for grid in grids)
                alike.setdefault(shapes, []).append([grid.unknowns.T for grid in grids])
        for tables in alike.values():
            self._categories([np.stack(cells) for cells in zip(*tables, strict=True)])

    def _rectangles(self, cells: np.ndarray) -> None:
        """Each cell up and down: its place takes people of one category from the others, another place gives them.

        `cells` are times × tables × places × categories. Then the same with places and categories in each other's part.
        """
        for turned in (cells, cells.swapaxes(2, 3)):
            up, down = self.up[turned].min(axis=0), self.down[turned].min(axis=0)
            self._turn(turned, 1, up, down)
            self._turn(turned, -1, down, up)

    def _turn(self, cells: np.ndarray, sign: int, up: np.ndarray, down: np.ndarray) -> None:
        if min(up.shape[1:]) < 2:
            return
        back = np.minimum(down[:, :, None, :], up[:, None, :, :])  # table, row, other row, category that is given back
        here = np.arange(up.shape[1])
        back[:, here, here] = 0
        size = np.minimum(up[:, :, None, :], down[:, None, :, :])
        size = np.minimum(size, back.sum(axis=3, keepdims=True) - back)
        other = size.argmax(axis=2)
        table, row, column = np.nonzero(size.max(axis=2))
        other = other[table, row, column]
        size = np.minimum(size[table, row, other, column], self.most)
        given = back[table, row, other]
        given[np.arange(len(row)), column] = 0
        given = _spread(size, given)
        which = self._number(len(row))
        for grid in cells:
            self._change(which, grid[table, row, column], sign * size)
            self._change(which, grid[table, other, column], -sign * size)
            self._change(which[:, None], grid[table, row], -sign * given)
            self._change(which[:, None], grid[table, other], sign * given)

    def _places(self, heads: list[np.ndarray], tables: list[np.ndarray]) -> None:
        """The head-count of each place up and down: people move to it from another place, in every table."""
        up, down = (np.min([slack[row] for row in heads], axis=0) for slack in (self.up, self.down))
        size = np.minimum(up[:, None], down[None, :])[None]
        self._moves(size, [head[None] for head in heads], [grid[None] for grid in tables])

    def _categories(self, grids: list[np.ndarray]) -> None:
        """Each category up and down, of everyone: people move to it from another category, in every dimension.

        `grids` are, for each dimension and time, tables × categories × places.
        """
        tables, categories, _ = grids[0].shape
        for most in range(1, self.most + 1):  # how far the sums of everyone may go is not known here
            self._moves(np.full((tables, categories, categories), most), [], grids)

    def _moves(self, size: np.ndarray, heads: list[np.ndarray], grids: list[np.ndarray]) -> None:
        """From one row to another, in all grids at once: the most that any pair of rows allows, both ways."""
        flows = [np.minimum(self.up[grid][:, :, None, :], self.down[grid][:, None, :, :]) for grid in grids]
        for flow in flows:
            size = np.minimum(size, flow.sum(axis=3))
        rows = np.arange(size.shape[1])
        size[:, rows, rows] = 0
        table, into = np.nonzero(size.max(axis=2))
        from_ = size.argmax(axis=2)[table, into]
        other, gone = np.nonzero(size.max(axis=1))
        table, into, from_ = (
            np.concatenate(pair) for pair in ((table, other), (into, size.argmax(axis=1)[other, gone]), (from_, gone))
        )
        people = np.minimum(size[table, into, from_], self.most)
        which = self._number(len(into))
        for head in heads:
            self._change(which, head[table, into], people)
            self._change(which, head[table, from_], -people)
        for grid, flow in zip(grids, flows, strict=True):
            given = _spread(people, flow[table, into, from_])
            self._change(which[:, None], grid[table, into], given)
            self._change(which[:, None], grid[table, from_], -given)

    def _number(self, count: int) -> np.ndarray:
        self.size += count
        return np.arange(self.size - count, self.size)

    def _change(self, which: np.ndarray, numbers: np.ndarray, people: np.ndarray) -> None:
        which, numbers, people = np.broadcast_arrays(which, numbers, people)
        self.changes.append((which.ravel(), numbers.ravel(), people.ravel()))


def _spread(size: np.ndarray, room: np.ndarray) -> np.ndarray:
    """So many people over the columns of each row, the first columns first, no more than there is room."""
    return np.clip(size[:, None] - (room.cumsum(axis=1) - room), 0, room)


def _shared(grids: list[Grid]) -> list[Grid]:
    """Grids of one dimension with the places that all of them have."""
    places = [place for place in grids[0].places if all(place in grid.places for grid in grids)]
    return [
        replace(grid, places=tuple(places), unknowns=grid.unknowns[[grid.places.index(place) for place in places]])
        for grid in grids
    ]

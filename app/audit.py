"""Audit: what everything that is told of people together gives away, and what has to be hidden for it.

What is counted comes in as tables of people by place and category at one time; what may be told goes out. Of a build
alone: the dashboard reads what was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from app.confidential import Rules
from app.programme import ROUNDING, Programme, Proof
from app.witness import NOBODY, Grid, Proposals

ALL = "all"
EVERYONE = "everyone"
SEVERAL = 4  # groups for which a search that is good for all of them is worth it
UNKNOWN = "unknown"  # people without a place: part of every sum, never told


class CannotProtect(Exception):
    """No choice of hidden counts keeps the small groups of a table open."""


@dataclass(frozen=True)
class Table:
    """Counts of the same people by place and category, once for each dimension (region, channel, level).

    `counts` holds a frame of places × categories for each dimension; every person stands in one place of each, if only
    in "unknown". `kind` says how its sums stand to the head-count of the same places: "whole" is the head-count,
    "parts" add up to it, "some" stay within it, "free" have nothing to do with it.
    """

    name: str
    counts: dict[str, pd.DataFrame]
    kind: str

    @property
    def categories(self) -> list[str]:
        return list(next(iter(self.counts.values())).columns)


@dataclass
class Item:
    """A count that can be told: the people of one category at one place, as the sum of some unknowns."""

    table: str
    dimension: str
    place: str
    category: str
    people: int
    unknowns: np.ndarray
    status: str = "withheld"  # shown, few or withheld; or kept, as told before
    nearest: int = 0  # to what it is rounded, once shown
    bounds: tuple[int, float] = (0, np.inf)

    @property
    def row(self) -> tuple[str, str, str]:
        return self.table, self.dimension, self.place


@dataclass(frozen=True)
class Known:
    """What a reader knows of one time: unknowns, sums of them between bounds, sums that are the same, small groups."""

    truth: list[int]
    sums: list[tuple[np.ndarray, float, float]]
    equal: list[tuple[np.ndarray, np.ndarray]]
    groups: list[tuple["Item", np.ndarray]]
    cells: dict[tuple[str, str, str, str], np.ndarray]  # by table, dimension, place and category
    grids: list[Grid]


def protect(tables: list[Table], rules: Rules, kept: dict[tuple[str, str], dict] | None = None) -> pd.DataFrame:
    """What may be told of tables about the same people at one time.

    Returns table, dimension, place, category, people (as told; null if not), status (shown, "<10" or withheld) and to
    what it is rounded. `kept` are scopes that are not told anew: (dimension, place) → {(table, category): count as
    told before, or None}. Raises CannotProtect.
    """
    return protect_after({}, tables, rules, kept or {})[0]


def protect_after(
    past: dict[tuple[str, str], Known], tables: list[Table], rules: Rules, kept: dict[tuple[str, str], dict]
) -> tuple[pd.DataFrame, Known]:
    """The same where kept scopes were told before, and what a reader knows once this is told too.

    `past` is what a reader knows of the time when a kept scope was told: what is told now must not betray it.
    """
    audit = _Audit(tables, rules, kept, past)
    return audit.run(), audit.known()


class _Audit:
    """Whole-number tables that agree with all that is told: every group must keep enough different values.

    One unknown for each table, dimension, place and category. Their sums over places agree between the dimensions of
    a table, their sums over categories with the head-count of the place. Which person stands in which region *and*
    channel puts no further bound on the sums. A scope that is not told anew ties them to those of the time when it was.
    """

    def __init__(
        self,
        tables: list[Table],
        rules: Rules,
        kept: dict[tuple[str, str], dict],
        past: dict[tuple[str, str], Known],
    ) -> None:
        self.rules, self.kept = rules, kept
        self.kinds = {table.name: table.kind for table in tables}
        self.items: list[Item] = []
        self.groups: list[tuple[Item, np.ndarray]] = []  # to be kept open, and the item that they lie behind
        self.equal: list[tuple[np.ndarray, np.ndarray]] = []  # sums of unknowns that are the same
        self.grids: list[Grid] = []
        self.size = 0
        self.truth: list[int] = []
        whole: dict[tuple[str, str], np.ndarray] = {}
        for table in sorted(tables, key=lambda table: table.kind != "whole"):
            self._add(table, whole)
        self.people = max((item.people for item in self.items), default=0)
        self._decide()
        small = [group for group in self.groups if self._true(group[1]) < rules.least_people]
        self.own = self.truth[:], self.equal[:], small, self.grids[:]
        self.sums: list[tuple[np.ndarray, np.ndarray, float, float]] = []  # unknowns, their signs, bounds
        self._remember(past)

    # What there is to tell

    def _add(self, table: Table, whole: dict[tuple[str, str], np.ndarray]) -> None:
        names, everyone, outsiders = table.categories, {}, np.array([], dtype=int)
        for dimension, counts in table.counts.items():
            cells = self._unknowns(counts.to_numpy(dtype=int))
            sums = {name: cells[:, number] for number, name in enumerate(names)}
            linked = all((dimension, place) in whole for place in counts.index)
            outside, outsiders = None, np.array([], dtype=int)
            if table.kind == "some" and linked:
                gap = np.array([self._true(whole[dimension, place]) for place in counts.index]) - counts.sum(axis=1)
                if (gap >= 0).all():  # nobody is counted who is no part of the head-count
                    outside = self._unknowns(gap.to_numpy(dtype=int)[:, None])
            self._lay(table, dimension, counts, cells, outside, linked)
            for number, place in enumerate(counts.index):
                row = cells[number]
                if table.kind == "whole":
                    whole[dimension, place] = row
                elif table.kind == "parts" and linked:
                    self.equal.append((row, whole[dimension, place]))
                elif outside is not None:
                    self.equal.append((np.append(row, outside[number]), whole[dimension, place]))
                self._list(table, dimension, place, row, sums)
                if outside is not None:
                    self._watch(self.items[-1], outside[number])
                    outsiders = np.union1d(outsiders, outside[number])
            for name, column in sums.items():
                if name in everyone:
                    self.equal.append((column, everyone[name]))
                else:
                    everyone[name] = column
        if everyone:
            self._list(table, EVERYONE, "", np.concatenate(list(everyone.values())), {}, everyone)
            self._watch(self.items[-1], outsiders)

    def _lay(self, table: Table, dimension: str, counts: pd.DataFrame, cells: np.ndarray, outside, linked) -> None:
        """Lay out the unknowns of a table by one dimension, for those who look for other tables of people."""
        is_linked = outside is not None or (table.kind == "parts" and linked)
        rest = outside if outside is not None else np.full((len(cells), 1), NOBODY)
        unknowns = cells if is_linked and outside is None else np.hstack([cells, rest])
        names = tuple(counts.index), tuple(table.categories)
        self.grids.append(Grid(table.name, dimension, *names, unknowns, is_linked, table.kind == "whole"))

    def _unknowns(self, people: np.ndarray) -> np.ndarray:
        numbers = np.arange(self.size, self.size + people.size).reshape(people.shape)
        self.size += people.size
        self.truth += [int(count) for count in people.flat]
        return numbers

    def _list(self, table: Table, dimension: str, place: str, row: np.ndarray, sums: dict, cells=None) -> None:
        """Items of a place, one for each category, and the groups that they could betray."""
        cells = cells or {name: row[number : number + 1] for number, name in enumerate(table.categories)}
        for name, unknowns in cells.items():
            item = Item(table.name, dimension, place, name, self._true(unknowns), unknowns)
            self.items.append(item)
            self._watch(item, item.unknowns)
            self._watch(item, _without(row, item.unknowns))  # the others at the place
            if item.category in sums:
                self._watch(item, _without(sums[item.category], item.unknowns))  # the same elsewhere

    def _watch(self, item: Item, unknowns: np.ndarray) -> None:
        if len(unknowns) and (unknowns is item.unknowns or self._true(unknowns) < self.rules.least_people):
            self.groups.append((item, unknowns))

    def _true(self, unknowns: np.ndarray) -> int:
        return sum(self.truth[number] for number in unknowns)

    # What is told at first

    def _decide(self) -> None:
        """Scope gate, least count, and both or none of two categories."""
        self.rows: dict[tuple[str, str, str], list[Item]] = {}
        for item in self.items:
            self.rows.setdefault(item.row, []).append(item)
        self.small: set[tuple[str, str, str]] = set()  # whoever sees such a scope withheld knows that it is small
        totals = {
            row: self._true(np.unique(np.concatenate([item.unknowns for item in items])))
            for row, items in self.rows.items()
        }
        for (table, dimension, place), items in self.rows.items():
            people = totals[table, dimension, place]
            everyone = totals[table, EVERYONE, ""]
            before = self.kept.get((dimension, place), {})
            if any((item.table, item.category) in before for item in items):
                for item in items:
                    self._keep(item, before.get((item.table, item.category)))
            elif place != UNKNOWN and self.rules.is_open(people, everyone - people):
                for item in items:
                    item.status = "shown" if item.people >= self.rules.least_people else "few"
                if len(items) == 2 and any(item.status == "few" for item in items):
                    for item in items:
                        item.status = "few" if item.people < self.rules.least_people else "withheld"
            elif people < self.rules.least_people and place != UNKNOWN:
                self.small.add((table, dimension, place))
            for item in items:
                self._bound(item)

    def _keep(self, item: Item, told: int | None) -> None:
        """A scope that keeps what was told of it before differs from it by fewer than the least changes."""
        low, high = (0, np.inf) if told is None else self.rules.behind(told)
        change = self.rules.least_changes - 1
        item.status, item.bounds = "kept", (max(0, low - change), high + change)

    def _bound(self, item: Item) -> None:
        match item.status:
            case "shown":
                item.bounds = self.rules.behind(self.rules.told(item.people, item.nearest), item.nearest)
            case "few":
                item.bounds = 0, self.rules.least_people - 1
            case "withheld" if item.row in self.small:
                item.bounds = 0, self.rules.least_people - 1
            case "withheld":
                others = [other.status for other in self.rows[item.row]]
                # beside few it must be one that is hidden for its sake
                item.bounds = (self.rules.least_people, np.inf) if "few" in others else (0, np.inf)

    # What was told before

    def _remember(self, past: dict[tuple[str, str], Known]) -> None:
        """Take in what a reader knows of earlier times: what is told now must not betray the small groups of then."""
        now = {(*item.row, item.category): item for item in self.items}
        starts: dict[int, int] = {}
        self.tied: list[np.ndarray] = []  # counts of a scope that kept what was told of it, now and then
        self.times = [self.grids]  # grids of now, and of each earlier time
        for scope, known in past.items():
            if id(known) not in starts:
                start = starts[id(known)] = self.size
                self._unknowns(np.array(known.truth))
                self.sums += [(numbers + start, np.ones(len(numbers)), low, high) for numbers, low, high in known.sums]
                self.equal += [(left + start, right + start) for left, right in known.equal]
                self.times.append([grid.moved(start) for grid in known.grids])
                for item, unknowns in known.groups:
                    self.groups.append((now.get((*item.row, item.category), self.items[0]), unknowns + start))
            self._tie(scope, known, starts[id(known)], now)

    def _tie(self, scope: tuple[str, str], known: Known, start: int, now: dict) -> None:
        """Between then and now at most nine people joined, left or changed; each of these changes two categories."""
        joined, left, changed = moves = self._unknowns(np.zeros(3, dtype=int))
        self._bind([*moves], [], 0, self.rules.least_changes - 1)
        for table in [name for name, kind in self.kinds.items() if kind in ("whole", "parts")]:
            grown, shrunk = [], []
            for key in [key for key in now if key[:3] == (table, *scope) and key in known.cells]:
                up, down = (joined, left) if table == ALL else self._unknowns(np.zeros(2, dtype=int))
                then = known.cells[key] + start
                self._bind([*now[key].unknowns, down], [*then, up], 0, 0)
                more = self._true(now[key].unknowns) - self._true(then)
                self.truth[up], self.truth[down] = max(more, 0), max(-more, 0)
                grown.append(up)
                shrunk.append(down)
                if scope[0] != EVERYONE:
                    self.tied.append(np.concatenate([now[key].unknowns, then]))
            if table != ALL and grown:
                self._bind(grown, [joined, changed], -np.inf, 0)
                self._bind(shrunk, [left, changed], -np.inf, 0)
                both = self._true(grown) - self.truth[joined], self._true(shrunk) - self.truth[left]
                self.truth[changed] = max(self.truth[changed], *both)  # the fewest that it takes

    def _bind(self, plus: list[int], minus: list[int], low: float, high: float) -> None:
        signs = np.concatenate([np.ones(len(plus)), -np.ones(len(minus))])
        self.sums.append((np.array([*plus, *minus], dtype=int), signs, low, high))

    def known(self) -> Known:
        """What a reader knows once all this is told, of this time alone."""
        truth, equal, groups, grids = self.own
        sums = [(item.unknowns, *item.bounds) for item in self.items]
        cells = {(*item.row, item.category): item.unknowns for item in self.items if item.place != UNKNOWN}
        return Known(truth, sums, equal, groups, cells, grids)

    # What it gives away, and what else has to be hidden

    def run(self) -> pd.DataFrame:
        """Hide until every group keeps enough values; then what is told."""
        self._prepare()
        self._propose()
        self._search_nearby()
        while (narrow := self._narrow()) is not None:
            self._hide_for(*narrow)
        told = [
            (
                *item.row,
                item.category,
                self.rules.told(item.people, item.nearest) if item.status == "shown" else None,
                self.rules.few if item.status == "few" else item.status,
                item.nearest or self.rules.nearest,
            )
            for item in self.items
            if item.place != UNKNOWN and item.status != "kept"
        ]
        columns = ["table", "dimension", "place", "category", "people", "status", "nearest"]
        return pd.DataFrame(told, columns=columns).astype({"people": "Int64"})

    def _prepare(self) -> None:
        rows = [item.unknowns for item in self.items]
        signs = [np.ones(len(row)) for row in rows]
        for left, right in self.equal:
            rows.append(np.concatenate([left, right]))
            signs.append(np.concatenate([np.ones(len(left)), -np.ones(len(right))]))
        for unknowns, sign, _, _ in self.sums:
            rows.append(unknowns)
            signs.append(sign)
        self.programme = Programme(rows, signs, self.size, 2 * self.people + 100)
        self.proofs: dict[tuple[int, float], list[Proof]] = {}
        self._rebound()
        told = [(item, unknowns) for item, unknowns in self.groups if self._width(item, unknowns)]
        distinct = {tuple(unknowns): (item, unknowns) for item, unknowns in told}
        self.groups = sorted(distinct.values(), key=lambda group: group[0].dimension != EVERYONE)
        shape = (len(self.groups), self.size)
        members = [unknowns for _, unknowns in self.groups]
        ends = np.cumsum([0, *map(len, members)])
        flat = np.concatenate(members) if members else np.array([], dtype=int)
        self.members = csr_array((np.ones(len(flat)), flat, ends), shape=shape)
        self.needed = np.array([self._width(*group) for group in self.groups])
        self.least = self.most = self.members @ np.array(self.truth, dtype=float)  # seen so far

    def _width(self, item: Item, unknowns: np.ndarray) -> int:
        """By how much the sizes of a group must differ: a small one's by four, to leave five values open.

        Others by half of that, so that of two quarters the difference is open too; rounding gives as much.
        """
        least = self.rules.narrowest - 1
        if self._true(unknowns) < self.rules.least_people:
            return least
        return 0 if item.status == "kept" or item.place == UNKNOWN else -(-least // 2)

    def _rebound(self) -> None:
        low, high = (
            [item.bounds[end] for item in self.items] + [0] * len(self.equal) + [told[2 + end] for told in self.sums]
            for end in (0, 1)
        )
        self.programme.bound(np.array(low, dtype=float), np.array(high, dtype=float))

    def _narrow(self) -> tuple[Item, int] | None:
        """The first group with too few possible values.

        It is searched for in directions that are good for many at once, then one by one.
        """
        random = np.random.default_rng(1)
        is_worth_it = True
        while len(open_ := np.flatnonzero(self.most - self.least < self.needed)):
            if is_worth_it and len(open_) > SEVERAL:
                direction = self.members[open_].T @ random.choice([-1.0, 1.0], len(open_))
                for sign in (1.0, -1.0):
                    self._look(sign * direction)
                is_worth_it = (self.most - self.least < self.needed).sum() < len(open_) * 3 / 4
            elif not self._is_open(open_[0]):
                return self.groups[open_[0]][0], open_[0]
        return None

    def _propose(self) -> None:
        """Try tables that are the true one but for a few people, without a solver."""
        numbers, programme = np.array(self.truth), self.programme
        if (self.most - self.least >= self.needed).all() or not programme.is_possible(numbers):
            return
        up, down = programme.ceiling - numbers, numbers - programme.floor
        self._try(numbers, up, down, self.times if len(self.times) > 1 else [])
        for tied in self.tied:
            up[tied] = down[tied] = 0
        for time in self.times:
            self._try(numbers, up, down, [time])

    def _search_nearby(self) -> None:
        """Search in those tables alone that hold groups with too few values, while all else stays as it truly is."""
        numbers, random = np.array(self.truth), np.random.default_rng(1)
        if not self.programme.is_possible(numbers):
            return
        home = np.full(self.size, NOBODY)  # the table that an unknown belongs to
        tables = {}
        for time, grids in enumerate(self.times):
            for grid in grids:
                if not grid.is_whole:
                    home[grid.unknowns[grid.unknowns != NOBODY]] = tables.setdefault((time, grid.table), len(tables))
        last = np.inf
        while SEVERAL < len(open_ := np.flatnonzero(self.most - self.least < self.needed)) < last * 3 / 4:
            last = len(open_)
            homes = np.unique(home[self.members[open_].indices])
            free = np.flatnonzero(np.isin(home, homes[homes != NOBODY]))
            part = self.programme.part(numbers, free)
            direction = self.members[open_].T @ random.choice([-1.0, 1.0], len(open_))
            for sign in (1.0, -1.0):
                found = part.furthest(sign * direction[free])[0]
                if found is not None:
                    near = numbers.copy()
                    near[free] = found
                    self._see(near)

    def _see(self, numbers: np.ndarray) -> None:
        """Remember what possible numbers make of each group."""
        people = self.members @ numbers
        self.least, self.most = np.minimum(self.least, people), np.maximum(self.most, people)

    def _try(self, numbers: np.ndarray, up: np.ndarray, down: np.ndarray, times: list[list[Grid]]) -> None:
        proposals = Proposals(up, down, self.rules.narrowest - 1)
        proposals.move(times)
        changes = proposals.matrix(self.size).tocsc()
        changes = changes[:, np.flatnonzero(self.programme.agree(numbers, changes))]
        if changes.shape[1]:
            people, change = self.members @ numbers, self.members @ changes
            self.most = np.maximum(self.most, people + change.max(axis=1).toarray().ravel())
            self.least = np.minimum(self.least, people + change.min(axis=1).toarray().ravel())

    def _is_open(self, number: int) -> bool:
        """Whether a group has enough possible values, by a search for the least and the most."""
        for sign in (1.0, -1.0):
            if self._reach(number) < self.needed[number]:
                return False
            proof = self._look(sign * self.members[[number]].toarray()[0])
            if proof is not None:
                self.proofs.setdefault((number, sign), []).append(proof)
            if self.most[number] - self.least[number] >= self.needed[number]:
                return True
        return False

    def _reach(self, number: int) -> float:
        """By how much the sizes of a group differ at most, for all that was proved of it."""
        ends = [[self.programme.least(proof) for proof in self.proofs.get((number, sign), [])] for sign in (1.0, -1.0)]
        least, most = max(ends[0], default=-np.inf), -max(ends[1], default=-np.inf)
        return np.floor(most + ROUNDING) - np.ceil(least - ROUNDING)

    def _look(self, cost: np.ndarray) -> Proof | None:
        """Find the whole-number table that is furthest in a direction, and remember what it makes of each group."""
        found, proof, message = self.programme.furthest(cost)
        if found is None:
            raise CannotProtect(f"the audit found no table at all: {message}")
        self._see(found)
        return proof

    def _hide_for(self, item: Item, number: int) -> None:
        """Change what widens a narrow group: the first choice that is enough, else the first that hides."""
        choices = self._choices(item)
        if not choices:
            raise CannotProtect(f"a group of fewer than {self.rules.least_people} cannot be kept open")
        for choice in choices:
            before, seen = [(other, other.status, other.nearest) for other, *_ in choice], (self.least, self.most)
            self._tell(choice)
            if self._is_open(number):
                return
            self.least, self.most = seen  # what is possible without this choice is known no better
            self._tell(before)
        hiding = [choice for choice in choices if choice[0][1] != "shown"]
        self._tell((hiding or choices)[0])

    def _choices(self, item: Item) -> list[list[tuple[Item, str, int]]]:
        """What could be told otherwise, as items with their status and rounding, the least loss first.

        Coarser counts of a part of the head-count; which of the row are below ten; the smallest count of the row, of
        the same category in a sibling place, of another table at the same place; the same category of everyone; any.
        """
        row = self.rows[item.row]
        found = [[(other, "shown", step) for other in row] for step in self._coarser(row)]
        small = [other for other in row if other.status == "few"]
        if small and any(other.status == "withheld" for other in row):
            found.append([(other, "withheld", 0) for other in small])
        same = [other for other in self.items if (other.table, other.category) == (item.table, item.category)]
        there = [other for other in self.items if (other.dimension, other.place) == (item.dimension, item.place)]
        groups = [row, [other for other in same if other.dimension == item.dimension]]
        by_table = [[other for other in there if other.table == name] for name in {other.table: 0 for other in there}]
        if self.kinds[item.table] == "whole":  # every rate stands on the head-count: what is counted beside goes first
            groups = [table for table in by_table if self.kinds[table[0].table] in ("some", "free")] + groups
        groups += by_table
        for group in [*groups, same, self.items]:
            if shown := [other for other in group if other.status == "shown"]:
                least = min(shown, key=lambda other: other.people)
                both = self.rows[least.row] if len(self.rows[least.row]) == 2 else [least]
                found.append([(other, "withheld", 0) for other in both])
        return found

    def _coarser(self, row: list[Item]) -> list[int]:
        """Roundings beyond the usual that still err by no more than a fortieth of the base."""
        if self.kinds[row[0].table] != "some" or any(item.status != "shown" for item in row):
            return []
        most = sum(item.people for item in row) // 20
        steps = [self.rules.nearest * times for times in (2, 4, 10)]
        return [step for step in steps if max(item.nearest for item in row) < step <= most]

    def _tell(self, changes: Sequence[tuple[Item, str, int]]) -> None:
        for item, status, nearest in changes:
            item.status, item.nearest = status, nearest
        for row in {item.row for item, *_ in changes}:
            for other in self.rows[row]:
                if other.status != "kept":
                    self._bound(other)
        self._rebound()


def _without(numbers: np.ndarray, some: np.ndarray) -> np.ndarray:
    return numbers[numbers != some[0]] if len(some) == 1 else np.setdiff1d(numbers, some)

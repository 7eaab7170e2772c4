"""Programme: whole numbers whose sums lie between bounds, and how far they can go in a direction."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import coo_array, csr_array, vstack

ROUNDING = 1e-6  # by how much a solver may miss a whole number


@dataclass(frozen=True)
class Proof:
    """Multipliers of the sums, and what they leave of a direction: from them follows how far nobody can get.

    By weak duality this holds for any multipliers and whatever the bounds are; it is only sharp near those bounds for
    which it was found.
    """

    multipliers: np.ndarray
    left: np.ndarray


class Programme:
    """Unknown whole numbers from 0 to `most`, and sums of them (with signs) of which `bound` gives the bounds."""

    def __init__(self, rows: Sequence[np.ndarray], signs: Sequence[np.ndarray], size: int, most: float) -> None:
        ends = np.cumsum([0, *map(len, rows)])
        matrix = csr_array((np.concatenate(signs), np.concatenate(rows), ends), shape=(len(rows), size))
        matrix.sum_duplicates()
        entries = np.diff(matrix.indptr)
        first = np.minimum(matrix.indptr[:-1], max(matrix.nnz - 1, 0))
        self.single = np.flatnonzero((entries == 1) & (matrix.data[first] == 1))
        self.alone = matrix.indices[first[self.single]]  # which unknown such a sum consists of
        self.several = np.setdiff1d(np.arange(len(rows)), self.single)
        self.matrix = matrix[self.several]
        self.turned = self.matrix.T.tocsr()
        signs_of = np.minimum.reduceat(self.matrix.data, self.matrix.indptr[:-1]) if len(self.several) else np.array([])
        self.counts = signs_of > 0  # sums without a minus are never below nought
        self.size, self.most = size, most

    def bound(self, low: np.ndarray, high: np.ndarray) -> None:
        """Set the bounds of all sums, in the order of the rows."""
        self.floor, self.ceiling = np.zeros(self.size), np.full(self.size, float(self.most))
        np.maximum.at(self.floor, self.alone, low[self.single])
        np.minimum.at(self.ceiling, self.alone, high[self.single])
        self.low, self.high = low[self.several], high[self.several]
        self._sort()

    def part(self, numbers: np.ndarray, free: np.ndarray) -> "Programme":
        """The same of some unknowns only, where the others stay as they are in possible numbers."""
        part = copy(self)
        part.size = len(free)
        some = self.matrix[:, free]
        rows = np.flatnonzero(np.diff(some.indptr))
        part.matrix = some[rows]
        part.turned = part.matrix.T.tocsr()
        others = (self.matrix[rows] @ numbers) - part.matrix @ numbers[free]
        part.low, part.high = self.low[rows] - others, self.high[rows] - others
        part.floor, part.ceiling, part.counts = self.floor[free], self.ceiling[free], self.counts[rows]
        part._sort()
        return part

    def _sort(self) -> None:
        """Which sums are known exactly, and which others have a bound below or above."""
        same = self.low == self.high
        self.same = np.flatnonzero(same)
        self.above = np.flatnonzero(~same & np.isfinite(self.low) & ~(self.counts & (self.low <= 0)))
        self.below = np.flatnonzero(~same & np.isfinite(self.high))
        self.equal = self.matrix[self.same]
        self.within = vstack([self.matrix[self.below], -self.matrix[self.above]], format="csr")

    def furthest(self, cost: np.ndarray) -> tuple[np.ndarray | None, Proof | None, str]:
        """The possible numbers of the least cost, a proof that there is nothing far below, and what the solver says."""
        found = linprog(
            cost,
            A_ub=self.within,
            b_ub=np.concatenate([self.high[self.below], -self.low[self.above]]),
            A_eq=self.equal,
            b_eq=self.low[self.same],
            bounds=np.column_stack([self.floor, self.ceiling]),
            method="highs-ds",
            options={"presolve": False},  # these programmes are solved before they are simplified
        )
        if found.x is not None and found.status == 0:
            proof, whole = self._proof(cost, found), np.round(found.x)
            if np.abs(found.x - whole).max(initial=0) <= ROUNDING:  # nearly always, without asking for it
                return whole, proof, found.message
        else:
            proof = None
        found = milp(
            cost,
            integrality=np.ones(self.size),
            bounds=Bounds(self.floor, self.ceiling),
            constraints=LinearConstraint(self.matrix, self.low, self.high),
        )
        return None if found.x is None else np.round(found.x), proof, found.message

    def _proof(self, cost: np.ndarray, found: OptimizeResult) -> Proof:
        multipliers, within = np.zeros(len(self.low)), found.ineqlin.marginals
        multipliers[self.same] = found.eqlin.marginals
        multipliers[self.below] += np.minimum(within[: len(self.below)], 0)
        multipliers[self.above] -= np.minimum(within[len(self.below) :], 0)
        multipliers[np.abs(multipliers) < ROUNDING] = 0
        return Proof(multipliers, cost - self.turned @ multipliers)

    def least(self, proof: Proof) -> float:
        """What the cost of a proof cannot be below, under the bounds as they are now."""
        with np.errstate(invalid="ignore"):
            rows = proof.multipliers * np.where(proof.multipliers > 0, self.low, self.high)
        unknowns = proof.left * np.where(proof.left > 0, self.floor, self.ceiling)
        return rows[proof.multipliers != 0].sum() + unknowns.sum()

    def agree(self, numbers: np.ndarray, changes: coo_array) -> np.ndarray:
        """Which changes (one in each column) of possible numbers are possible too."""
        changes = changes.tocsc()
        changes.sum_duplicates()
        changed = changes.tocoo()
        value = numbers[changed.row] + changed.data
        wrong = changed.col[(value < self.floor[changed.row]) | (value > self.ceiling[changed.row])]
        sums = (self.matrix @ changes).tocoo()
        value = (self.matrix @ numbers)[sums.row] + sums.data
        off = sums.col[(value < self.low[sums.row]) | (value > self.high[sums.row])]
        agrees = np.ones(changes.shape[1], dtype=bool)
        agrees[wrong] = agrees[off] = False
        return agrees

    def is_possible(self, numbers: np.ndarray) -> bool:
        """Whether whole numbers agree with all bounds."""
        sums = self.matrix @ numbers
        inside = (self.floor <= numbers) & (numbers <= self.ceiling)
        return bool(inside.all() and ((self.low <= sums) & (sums <= self.high)).all())

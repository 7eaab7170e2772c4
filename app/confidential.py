"""Confidential: the rules for figures about people. Pure numbers; their thresholds only get stricter."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

RULES = Path(__file__).parent.parent / "data" / "confidentiality.toml"
Band = tuple[float, float, int | None, int]
SWITCHES = ("customer_groups",)
VERSION = 1  # raise it when a rule below changes: quarters that were published stay as they were told


@dataclass(frozen=True)
class Rules:
    """Thresholds, each the least that is allowed: people in a scope, rounding, bases, open values, changes.

    And a switch that only a person turns on: whether customers are counted by what they say of themselves.
    """

    least_people: int = 10
    nearest: int = 5
    least_base: int = 25
    least_answers: int = 30
    narrowest: int = 5
    least_changes: int = 10
    customer_groups: bool = False

    @property
    def version(self) -> str:
        """Names the rules in the snapshot and in every download; stricter thresholds are named with it."""
        floor = Rules()
        raised = [
            f"{told.name} {getattr(self, told.name)}"
            for told in fields(self)
            if told.name not in SWITCHES and getattr(self, told.name) != getattr(floor, told.name)
        ]
        return " ".join([str(VERSION), *(["with", ", ".join(raised)] if raised else [])])

    @property
    def few(self) -> str:
        """What stands in place of a count below the least."""
        return f"<{self.least_people}"

    def told(self, people: int, nearest: int = 0) -> int | None:
        """A count as it is told: None below the least, else to the nearest five or more (halves up)."""
        if people < self.least_people:
            return None
        step = nearest or self.nearest
        return (2 * people + step) // (2 * step) * step

    def behind(self, told: int, nearest: int = 0) -> tuple[int, int]:
        """The fewest and the most people that a told count can stand for."""
        step = nearest or self.nearest
        low = (2 * told - step + 1) // 2
        return max(low, self.least_people), low + step - 1

    def counts(self, population: str) -> bool:
        """Whether a population is counted at all."""
        return population != "customers" or self.customer_groups

    def is_open(self, people: int, rest: int) -> bool:
        """Whether a scope may be told apart: enough people in it, and enough outside it or nobody."""
        return people >= self.least_people and (rest >= self.least_people or rest == 0)

    def mean(self, bands: Sequence[Band]) -> tuple[float, int, float] | None:
        """Mean, base and margin of what stands in bands, from their told counts alone; None where these are too few.

        `bands` are (low, high, count as told or None for "<10", to what it is rounded), in order. Each stands in the
        middle of its band; fewer than ten are taken as five. The margin is how far the counts behind the told ones can
        move the mean, and the 95 % interval of chance beside it, as if a band were evenly filled.
        """
        few = self.least_people // 2
        people = np.array([few if told is None else told for _, _, told, _ in bands])
        if sum(told or 0 for _, _, told, _ in bands) < self.least_answers:
            return None
        low, high = np.array([band[:2] for band in bands]).T
        middle, base = (low + high) / 2, int(people.sum())
        mean = people @ middle / base
        spread = people @ ((middle - mean) ** 2 + (high - low) ** 2 / 12) / base
        limits = [self.behind(told, step) if told else (0, self.least_people - 1) for _, _, told, step in bands]
        least, most = np.array(limits).T
        moved = []
        for place in range(len(bands) + 1):  # the furthest mean has the most above some band and the least below it
            for counts in (np.r_[least[:place], most[place:]], np.r_[most[:place], least[place:]]):
                moved.append(abs(counts @ middle / counts.sum() - mean))
        return float(mean), base, float(max(moved) + 1.96 * (spread / base) ** 0.5)


@cache
def rules(path: Path = RULES) -> Rules:
    """The rules with the thresholds of `path`. Raises ValueError for an unknown or a looser one."""
    floor = Rules()
    words = tomllib.loads(path.read_text("utf-8"))
    for name, value in words.items():
        if name not in {told.name for told in fields(Rules)}:
            raise ValueError(f"{path.name}: {name} is no threshold")
        if name in SWITCHES:
            if type(value) is not bool:
                raise ValueError(f"{path.name}: {name} = {value!r} is neither true nor false")
            continue
        if type(value) is not int or value < getattr(floor, name):
            least = getattr(floor, name)
            raise ValueError(f"{path.name}: {name} = {value!r} is looser than {least}, and rules only get stricter")
    return Rules(**words)

"""Confidential: the rules for figures about people. Pure numbers; their thresholds only get stricter."""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

RULES = Path(__file__).parent.parent / "data" / "confidentiality.toml"
VERSION = 1  # raise it when a rule below changes: quarters that were published stay as they were told


@dataclass(frozen=True)
class Rules:
    """Thresholds, each the least that is allowed: people in a scope, rounding, base, open values, changes."""

    least_people: int = 10
    nearest: int = 5
    least_base: int = 25
    narrowest: int = 5
    least_changes: int = 10

    @property
    def version(self) -> str:
        """Names the rules in the snapshot and in every download; stricter thresholds are named with it."""
        floor = Rules()
        raised = [
            f"{told.name} {getattr(self, told.name)}"
            for told in fields(self)
            if getattr(self, told.name) != getattr(floor, told.name)
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

    def is_open(self, people: int, rest: int) -> bool:
        """Whether a scope may be told apart: enough people in it, and enough outside it or nobody."""
        return people >= self.least_people and (rest >= self.least_people or rest == 0)


@cache
def rules(path: Path = RULES) -> Rules:
    """The rules with the thresholds of `path`. Raises ValueError for an unknown or a looser one."""
    floor = Rules()
    words = tomllib.loads(path.read_text("utf-8"))
    for name, value in words.items():
        if name not in {told.name for told in fields(Rules)}:
            raise ValueError(f"{path.name}: {name} is no threshold")
        if type(value) is not int or value < getattr(floor, name):
            least = getattr(floor, name)
            raise ValueError(f"{path.name}: {name} = {value!r} is looser than {least}, and rules only get stricter")
    return Rules(**words)

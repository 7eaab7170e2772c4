"""Scales: answers that were given on another scale than their question has. They are kept as records and counted by no
metric: a 7 of 10 from 1 is none of the answers from 0 to 10, and no rule turns the one into the other."""

import csv
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import duckdb

from app.records import DATA, contracts

UNKNOWN = "unknown"  # a question that the reference does not name: its words are not told
Stray = tuple[str, int, int, int]  # item, lowest, highest, answers


@cache
def items(path: Path = DATA / "reference" / "items.csv") -> dict[str, tuple[int, int]]:
    """Lowest and highest answer of each question, as data/reference/items.csv has them."""
    with path.open(encoding="utf-8", newline="") as text:
        return {row["item"]: (int(row["lowest"]), int(row["highest"])) for row in csv.DictReader(text)}


def strays(warehouse: duckdb.DuckDBPyConnection, record: str, file: int) -> list[Stray]:
    """Answers of one file that no metric takes: item, the scale that they were given on, and how many."""
    if not {"item", "lowest", "highest"} <= {column.name for column in contracts()[record].columns}:
        return []
    told = warehouse.execute(
        f"select item, lowest, highest, count(*) from {record} where file = $file group by all", {"file": file}
    ).fetchall()
    counted: dict[tuple[str, int, int], int] = {}
    for item, lowest, highest, answers in told:
        if items().get(item) != (lowest, highest):
            key = (item if item in items() else UNKNOWN, lowest, highest)
            counted[key] = counted.get(key, 0) + answers
    return sorted((*key, answers) for key, answers in counted.items())


def sentence(item: str, lowest: int, highest: int, answers: str) -> str:
    """What a build says of one such group of answers; `answers` is their number in words."""
    if item == UNKNOWN:
        return f"{answers} to questions that data/reference/items.csv does not name: no metric takes them"
    scale = "from {} to {}".format(*items()[item])
    return f"{answers} to “{item}” on a scale from {lowest} to {highest}: not counted, the question is asked {scale}"


def named(sql: str) -> list[str]:
    """The questions that a metric's SQL names."""
    quoted = re.findall(r"'([^']*)'", re.sub(r"--.*", "", sql))
    patterns = [word.replace("%", "*") if "%" in word else word for word in quoted]
    return [item for item in items() if any(fnmatchcase(item, pattern) for pattern in patterns)]


def counted(answers: int | None) -> str:
    """A number of answers in words; one of people that is not told is small."""
    if answers is None:
        return "a few answers"
    return f"{answers:,} answer{'' if answers == 1 else 's'}"


def refused(name: str, sql: str, told: Sequence[tuple[str, int, int, int | None]]) -> str:
    """What a metric does not take, a sentence for each question and scale; empty where it takes all."""
    asked = named(sql)
    said = [
        f"{name} does not take {counted(answers)} to “{item}” on a scale from {lowest} to {highest}: "
        "the question is asked from {} to {}.".format(*items()[item])
        for item, lowest, highest, answers in told
        if item in asked
    ]
    return " ".join(said)

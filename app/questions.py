"""Questions of surveys: which item each asks for and on which scale, as data/reference has it for every survey tool."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.sources import plain
from app.tables import BadExport

REFERENCE = Path(__file__).parent.parent / "data" / "reference"


@dataclass(frozen=True)
class Asked:
    """One column of an export that answers a question: its place from 0, the item, and the scale."""

    place: int
    item: str
    lowest: int
    highest: int
    answers: tuple[tuple[str, int], ...] = ()  # wording in small letters and the score that it stands for


@cache
def scales(reference: Path = REFERENCE) -> dict[str, dict[str, int]]:
    """Every scale in words: its answers in small letters, and their scores."""
    told: dict[str, dict[str, int]] = {}
    for row in _rows(reference / "scales.csv"):
        told.setdefault(row["scale"], {})[plain(row["answer"])] = int(row["score"])
    return told


@cache
def known(reference: Path = REFERENCE) -> dict[str, tuple[str, str]]:
    """Item and scale of every question, by its text or code: the wordings of questions.csv and those of items.csv."""
    own = {
        row["question"]: (row["item"], f"{row['lowest']}-{row['highest']}") for row in _rows(reference / "items.csv")
    }
    own |= {row["question"]: (row["item"], row["scale"]) for row in _rows(reference / "questions.csv")}
    return {plain(question): told for question, told in own.items()}


@cache
def audiences(reference: Path = REFERENCE) -> dict[str, str]:
    return {row["item"]: row["audience"] for row in _rows(reference / "items.csv")}


def asked(name: str, header: tuple[str, ...], labels: tuple[str, ...]) -> list[Asked]:
    """The columns that answer a known question; a column is known by its heading or by the label below it.

    Raises BadExport where two columns answer the same item: one of them would be lost.
    """
    found: dict[str, Asked] = {}
    for place, heading in enumerate(header):
        told = known().get(plain(heading)) or known().get(plain(labels[place] if place < len(labels) else ""))
        if told is None:
            continue
        item, scale = told
        if item in found:
            problem = f"{header[found[item].place]} and {heading} both answer {item}"
            raise BadExport(name, problem, "Export one of them, or take one out of data/reference/questions.csv")
        words = scales().get(scale, {})
        ends = re.fullmatch(r"(\d+)-(\d+)", scale)
        lowest, highest = (int(ends[1]), int(ends[2])) if ends else (min(words.values()), max(words.values()))
        found[item] = Asked(place, item, lowest, highest, tuple(words.items()))
    return list(found.values())


def record(name: str, told: list[Asked]) -> str:
    """Whether customers or employees answered."""
    who = {audiences()[question.item] for question in told}
    if len(who) > 1:
        raise BadExport(name, "some of its questions are for customers, some for employees", "Export two files")
    return {"customers": "customer_answers", "employees": "employee_answers"}[who.pop()]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))

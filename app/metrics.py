"""Metrics: what every number means, read from `queries/metrics.toml` and checked."""

import tomllib
from dataclasses import MISSING, dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path

QUERIES = Path(__file__).parent.parent / "queries"
DIVERSITY = QUERIES / "diversity" / "metrics.toml"  # what its figures mean that are no rows by month and place
UNITS = {
    "share": ("%",),
    "money": ("%",),
    "list": ("%",),
    "score": ("points",),
    "mean": ("points",),
    "quantile": ("hours", "days"),
    "rate": ("hours", "per 100", "money per ticket", "contacts per leader"),
    "count": (),  # whatever is counted, in the plural: decisions
}
PLAIN = ("%", "points", "hours", "days")  # units that a number carries with it; others are words after it


@dataclass(frozen=True)
class Metric:
    """One defined number. Values are stored plainly: shares and means 0 to 1, NPS -1 to 1, hours."""

    id: str
    name: str
    definition: str
    kind: str
    unit: str
    better: str
    about: str
    practices: tuple[str, ...]
    records: tuple[str, ...]
    owner: str
    reviewed: date
    target: float | None = None
    minimum_base: int = 10
    quantile: float = 0.5
    computed_by: str = ""
    standing: bool = False
    everyone: bool = False
    listed: bool = False
    places: int = 0
    rose: str = "rose"
    fell: str = "fell"

    @property
    def query(self) -> str:
        """Name of the query in `queries/metrics` that computes it."""
        return self.computed_by or self.id

    @property
    def sql(self) -> str:
        return (QUERIES / "metrics" / f"{self.query}.sql").read_text("utf-8")

    @property
    def has_interval(self) -> bool:
        """Whether its base is a count of cases that chance picked: else no interval of chance is claimed."""
        return self.kind in ("share", "score", "mean", "quantile")

    @property
    def is_fraction(self) -> bool:
        """Whether it is stored as a part of one and read as more."""
        return self.unit in ("%", "points", "per 100")

    @property
    def has_few(self) -> bool:
        """Whether its base counts cases, of which there can be too few: no amount, whole list or mere count does."""
        return self.kind not in ("money", "list", "count")

    @property
    def page(self) -> str:
        """The page that shows it: that of its first practice."""
        practice = self.practices[0]
        if practice in ("O3", "O5"):
            return "goals"
        return {"L": "goals", "T": "trust", "O": "trust", "I": "innovation", "D": "diversity"}[practice[0]]

    def write(self, value: float, places: int | None = None) -> str:
        """A value as a reader sees it: whole percents and points, hours with one decimal below ten, with its unit."""
        return f"{self.short(value, places)}{self._words(value)}"

    @property
    def per(self) -> str:
        """What a rate is of, where only a whole name of the unit says it: per ticket, contacts per leader."""
        return "" if self.unit in PLAIN or self.kind == "count" else self.unit.removeprefix("money ")

    def _words(self, value: float) -> str:
        """What stands after a number: per 100, per ticket, contacts per leader, decisions; one decision."""
        if self.kind == "count":
            return f" {self.unit.removesuffix('s') if value == 1 else self.unit}"
        return f" {self.per}" if self.per else ""

    def short(self, value: float, places: int | None = None) -> str:
        """The same where the unit is said elsewhere. Amounts stand in the organisation's currency, which no export
        names: whole ones from 100.
        """
        if self.unit == "%":
            return f"{_round(value * 100, self.places if places is None else places)} %"
        if self.unit == "points":
            return f"{_round(value * 100, places or 0)}"
        if self.unit == "days":
            return f"{_round(value, 0)} d"
        if self.unit == "per 100":
            return _round(value * 100, 1)
        if self.unit.startswith("money"):
            return _round(value, 2 if round(abs(value), 2) < 100 else 0)
        if self.unit.startswith("contacts"):
            return _round(value, 1)
        if self.kind == "count":
            return _round(value, 0 if float(value).is_integer() or abs(value) >= 9.95 else 1)
        return f"{_round(value, 1 if round(abs(value), 1) < 10 else 0)} h"


@cache
def metrics(path: Path = QUERIES / "metrics.toml") -> dict[str, Metric]:
    """Every metric by its id, in the order of the file.

    Raises ValueError that names file, metric and key where an entry is wrong.
    """
    return {id_: _checked(path.name, id_, words) for id_, words in tomllib.loads(path.read_text("utf-8")).items()}


def _checked(file: str, id_: str, words: dict) -> Metric:
    known = {told.name: told for told in fields(Metric) if told.name != "id"}
    for key in words:
        if key not in known:
            raise ValueError(f"{file}: [{id_}] has the unknown key {key}; known are {', '.join(known)}")
    for key, told in known.items():
        if key not in words and told.default is MISSING:
            raise ValueError(f"{file}: [{id_}] does not say its {key}")
    metric = Metric(id=id_, **{key: tuple(word) if isinstance(word, list) else word for key, word in words.items()})
    for key, allowed in {
        "kind": tuple(UNITS),
        "unit": UNITS.get(metric.kind, ()),
        "better": ("higher", "lower", "neither"),
        "about": ("cases", "people"),
    }.items():
        if getattr(metric, key) not in allowed and not (key == "unit" and metric.kind == "count"):
            raise ValueError(
                f"{file}: [{id_}] {key} = {getattr(metric, key)!r} is not {' or '.join(map(str, allowed))}"
            )
    if metric.kind == "mean" and metric.about != "people":
        raise ValueError(f"{file}: [{id_}] is a mean about {metric.about}; means are about people")
    if metric.kind == "count" and (metric.about == "people" or metric.standing):
        raise ValueError(f"{file}: [{id_}] kind = 'count' is for cases that happen, not for people or what stands")
    if metric.listed and (metric.about, metric.kind) != ("people", "rate"):
        raise ValueError(f"{file}: [{id_}] listed = true is for a rate about people")
    if metric.minimum_base < 10:
        raise ValueError(
            f"{file}: [{id_}] minimum_base = {metric.minimum_base} is below 10, the least that may be shown"
        )
    return metric


def write_amount(money: float) -> str:
    """An amount as a reader sees it: in thousands (k) or millions (M), with a decimal below a hundred millions."""
    size, text = abs(money), f"{abs(money):.0f}"
    for unit, name, places in ((1e6, "M", 1), (1e3, "k", 0)):
        if size >= unit * 0.9995:
            text = f"{size / unit:,.{places if size < 100 * unit else 0}f} {name}"
            break
    return f"−{text}" if money < 0 and text != "0" else text


def _round(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")

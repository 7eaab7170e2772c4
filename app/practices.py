"""Practices: what is measured, by which metrics, and how far; what the rest would take."""

import tomllib
from dataclasses import MISSING, dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from app import groups, pipeline
from app.filters import Filters, listed
from app.metrics import DIVERSITY, QUERIES, Metric, metrics
from app.records import contracts
from app.series import Answer, states
from app.snapshot import Snapshot

PAGES = ("goals", "trust", "innovation", "diversity")
MEASURED, NO_ROWS, NO_EXPORT, NOT_YET = "measured", "no rows", "no export loaded", "not measured yet"
OFF = "switched off"
STATES = (MEASURED, NO_ROWS, NO_EXPORT, OFF, NOT_YET)
PIPELINE = {"gate_yield": "idea_funnel", "idea_age_days": "idea_age", "ideas_in_and_out": "idea_flow"}  # their figures
OWN = PIPELINE | {  # figures of every metric that has a registry of its page's own
    "channel_mix": "channel_mix",
    "channel_parity": "channel_parity",
    "diverse_suppliers": "certified_suppliers",
}


@dataclass(frozen=True)
class Practice:
    """What leaders and their teams do, or (O) what it is hoped to lead to: the page and the metrics that tell of it."""

    practice: str
    page: str
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """A metric that is no entry of a registry: shown by `figure`, or without one not measured yet.

    `switch` names the rule of data/confidentiality.toml without which nothing of it is computed.
    """

    name: str
    definition: str
    records: tuple[str, ...]
    figure: str = ""
    unit: str = ""
    better: str = ""
    owner: str = ""
    reviewed: date | None = None
    switch: str = ""


@dataclass(frozen=True)
class Needed:
    """A kind of record that no contract promises yet, and the kind of system that writes it."""

    title: str
    exported_by: str


@dataclass(frozen=True)
class Declared:
    """All of `queries/practices.toml`."""

    practices: dict[str, Practice]
    metrics: dict[str, Told]
    records: dict[str, Needed]
    words: dict[str, str]


@cache
def declared(path: Path = QUERIES / "practices.toml") -> Declared:
    """The practices in their order, with the words that go with them.

    Raises ValueError that names file, entry and key where one is wrong.
    """
    words = tomllib.loads(path.read_text("utf-8"))
    parts = [part.name for part in fields(Declared)]
    for part in words:
        if part not in parts:
            raise ValueError(f"{path.name}: [{part}] is unknown; known are {', '.join(parts)}")
    for part in parts:
        if part not in words:
            raise ValueError(f"{path.name}: there is no [{part}]")
    made = {
        part: {id_: _checked(path.name, f"{part}.{id_}", kind, told) for id_, told in words[part].items()}
        for part, kind in (("practices", Practice), ("metrics", Told), ("records", Needed))
    }
    for id_, practice in made["practices"].items():
        if practice.page not in PAGES:
            raise ValueError(f"{path.name}: [practices.{id_}] page = {practice.page!r} is not {' or '.join(PAGES)}")
        for metric in practice.metrics:
            if metric not in made["metrics"] and metric not in _registry():
                raise ValueError(f"{path.name}: [practices.{id_}] metrics names {metric}, which nothing defines")
    for id_, told in made["metrics"].items():
        for record in told.records:
            if record not in contracts() and record not in made["records"]:
                raise ValueError(f"{path.name}: [metrics.{id_}] records names {record}, which nothing describes")
    return Declared(**made, words=words["words"])


def _checked(file: str, entry: str, kind: type, words: dict) -> Practice | Told | Needed:
    known = {told.name: told for told in fields(kind)}
    for key in words:
        if key not in known:
            raise ValueError(f"{file}: [{entry}] has the unknown key {key}; known are {', '.join(known)}")
    for key, told in known.items():
        if key not in words and told.default is MISSING:
            raise ValueError(f"{file}: [{entry}] does not say its {key}")
    return kind(**{key: tuple(word) if isinstance(word, list) else word for key, word in words.items()})


def _registry() -> dict[str, Metric]:
    """Every metric that an entry of a registry defines; ideas, channels and suppliers have registries of their own."""
    return {**pipeline.words(), **metrics(DIVERSITY), **metrics()}


def told_by(id_: str) -> tuple[str, ...]:
    """The metrics of a practice in their order: those it names, after each what is computed with it (a percentile);
    last what only a figure of this practice tells."""
    practice, registry = declared().practices[id_], _registry()
    named = {metric for one in declared().practices.values() for metric in one.metrics}
    others = [metric for metric in registry.values() if metric.id not in named and id_ in metric.practices]
    told = []
    for metric in practice.metrics:
        told += [metric, *(other.id for other in others if other.computed_by == metric)]
    return (*told, *(other.id for other in others if not other.computed_by))


def practices(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per practice and metric: its definition and whether it is measured; whatever the filters, no value."""
    files = snapshot.ask("figures/files")
    held, registry = states(snapshot), _registry()
    is_off = groups.is_off(snapshot)
    told = []
    for id_, practice in declared().practices.items():
        for metric in told_by(id_):
            words = held[metric].metric if metric in held else registry.get(metric) or declared().metrics[metric]
            absent = [record for record in words.records if record not in set(files["record"])]
            if isinstance(words, Told) and not words.figure:
                state = NOT_YET
            elif getattr(words, "switch", "") and is_off:
                state = OFF
            elif absent:
                state = NO_EXPORT
            else:
                state = NO_ROWS if metric in held and not held[metric].rows else MEASURED
            told.append(
                {
                    "id": id_,
                    "practice": practice.practice,
                    "page": practice.page,
                    "metric": metric,
                    "name": words.name,
                    "state": state,
                    "definition": words.definition,
                    "unit": words.unit,
                    "better": words.better,
                    "target": getattr(words, "target", None),
                    "records": ", ".join(words.records),
                    "not_loaded": ", ".join(absent),
                    "files": ", ".join(files.loc[files["record"].isin(words.records), "path"].unique()),
                    "exported_by": ", ".join(dict.fromkeys(_record(record).exported_by for record in words.records)),
                    "owner": words.owner,
                    "reviewed": words.reviewed,
                }
            )
    rows = pd.DataFrame(told).astype({"target": float})
    rows["reviewed"] = pd.to_datetime(rows["reviewed"])
    queries = ("figures/metric_states", "figures/files")
    return Answer("practices", None, Filters(), rows, summary(rows), "ready", snapshot.as_of, queries)


def summary(rows: pd.DataFrame) -> str:
    """How many practices are measured by all of their metrics, in part, and how many by none, and why."""
    counts = rows.groupby("id", sort=False)["state"].agg(_together).value_counts()
    every = rows["id"].nunique()
    parts = [f"{counts.get(MEASURED) or 'none'} measured"]
    words = {"in part": "in part", NO_ROWS: "without rows", NO_EXPORT: "without an export", OFF: OFF, NOT_YET: NOT_YET}
    parts += [f"{counts[state]} {said}" for state, said in words.items() if state in counts]
    return f"{every} practice{'' if every == 1 else 's'}: {', '.join(parts)}"


def _together(found: pd.Series) -> str:
    """The state of a practice by those of its metrics: the nearest to being measured, where none is."""
    if MEASURED in set(found):
        return MEASURED if set(found) == {MEASURED} else "in part"
    return next(state for state in STATES if state in set(found))


def takes(row: pd.Series) -> str:
    """What it takes to measure what is not: which records, from which kind of system; empty for what is measured."""
    absent = row["not_loaded"].split(", ") if row["not_loaded"] else []
    needed = [
        f"{_record(record).title.lower()} ({_record(record).exported_by if record in absent else 'loaded'})"
        for record in row["records"].split(", ")
    ]
    if row["state"] == NO_EXPORT:
        return f"export {listed([words for words in needed if not words.endswith('(loaded)')])}, and build again"
    return {
        NOT_YET: f"needs {listed(needed)}",
        OFF: f"a person who may decide it sets {groups.SWITCH} = true in data/confidentiality.toml, and builds again",
        NO_ROWS: "what is loaded holds nothing for it; its definition says what to export",
    }.get(row["state"], "")


def kept(row: pd.Series) -> str:
    """Which way is better, the target, who keeps the definition, and the files behind it."""
    metric = _registry().get(row["metric"])
    parts = {"higher": ["higher is better"], "lower": ["lower is better"]}.get(row["better"], [])
    if metric and not pd.isna(row["target"]):
        parts.append(f"target {metric.write(row['target'])}")
    parts += [f"{row['owner']}, reviewed {row['reviewed']:%-d %b %Y}", row["files"]]
    return " · ".join(parts)


def figure_of(metric: str) -> str:
    """The figure that tells of a metric which no query of `queries/metrics` computes; empty where one does."""
    told = declared().metrics.get(metric)
    return told.figure if told else OWN.get(metric, "")


def _record(record: str) -> Needed:
    contract = contracts().get(record)
    return Needed(contract.title, contract.exported_by) if contract else declared().records[record]

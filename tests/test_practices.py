"""The list of practices holds what the registry does, says what it takes, and is refused where it is wrong."""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from app import pipeline, practices
from app.answers import FIGURES, answer
from app.filters import Filters
from app.metrics import DIVERSITY, metrics
from app.records import contracts
from app.series import LOW_BASE, WIDE_INTERVAL
from app.snapshot import Snapshot

FIRST_TO_LAST = {"L": (0, 4), "T": (1, 4), "I": (0, 4), "D": (1, 10), "O": (1, 6)}
IDS = tuple(f"{letter}{number}" for letter, (first, last) in FIRST_TO_LAST.items() for number in range(first, last + 1))
PAGE = {"L": "goals", "T": "trust", "I": "innovation", "D": "diversity", "O": "trust", "O3": "goals", "O5": "goals"}
# What nobody computes yet. It only shrinks: a metric that is added leaves it and queries/practices.toml at once.
NOT_YET: set[str] = set()


def by_metric() -> dict[str, set[str]]:
    """The practices that name each metric."""
    told: dict[str, set[str]] = {}
    for id_, practice in practices.declared().practices.items():
        for metric in practice.metrics:
            told.setdefault(metric, set()).add(id_)
    return told


# The list


def test_the_ids_are_the_thirty_and_their_pages_the_right_ones() -> None:
    """24 practices and six outcomes, in the order of the pages' letters; of the outcomes, two are goals."""
    told = practices.declared().practices
    assert len(told) == 30 and tuple(told) == IDS
    assert {id_: practice.page for id_, practice in told.items()} == {id_: PAGE.get(id_, PAGE[id_[0]]) for id_ in IDS}
    assert len({practice.practice for practice in told.values()}) == 30


def test_the_list_is_that_of_the_design(shared: Path) -> None:
    """Name, page and metrics of every row, in their order."""
    lines = (shared / "design" / "practices.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [LTIDO]\d", line)]
    told = practices.declared().practices
    assert [cell[0] for cell in cells] == list(told)
    for id_, name, page, ids in cells:
        ids = re.sub(r" \(.*?\)", "", ids).replace(" and ", ", ")
        assert (name, page.lower(), tuple(ids.split(", "))) == (
            told[id_].practice,
            told[id_].page,
            told[id_].metrics,
        )


def test_registry_and_list_agree() -> None:
    """A metric names the practices whose rows name it; a percentile belongs to the row of what computes it."""
    named = by_metric()
    for metric in metrics().values():
        assert metric.id in named or metric.computed_by, metric.id
        assert set(metric.practices) == named.get(metric.id, named.get(metric.computed_by)), metric.id
        assert metric.page in {practices.declared().practices[id_].page for id_ in metric.practices}
    for metric in pipeline.words().values():
        assert set(metric.practices) == named.get(metric.id, {"I4"})
    for metric in metrics(DIVERSITY).values():
        assert set(metric.practices) == named[metric.id]
    told = [metric for id_ in IDS for metric in practices.told_by(id_)]
    assert len(told) == len(set(told)) and {*metrics(), *pipeline.words(), *metrics(DIVERSITY)} <= set(told)


def test_what_is_not_measured_yet_is_known_and_shrinks() -> None:
    defined = {*metrics(), *pipeline.words(), *metrics(DIVERSITY)}
    apart = practices.declared().metrics
    shown = {id_ for id_, told in apart.items() if told.figure}
    assert set(by_metric()) - defined - shown == NOT_YET
    assert set(apart) - shown == NOT_YET, "queries/practices.toml says no more than is needed"


def test_what_a_figure_shows_is_shown_by_it(demo: Snapshot) -> None:
    """Figures of ideas, channels and suppliers name their number themselves; what is told apart has all its words."""
    for id_, figure in practices.OWN.items():
        assert answer(demo, figure, None, Filters()).metric.id == id_
    assert set(practices.OWN) == {*pipeline.words(), *metrics(DIVERSITY)}
    for told in practices.declared().metrics.values():
        assert bool(told.figure) == bool(told.unit and told.better and told.owner and told.reviewed), told.name
        assert not told.figure or told.figure in FIGURES


def test_names_are_unique_and_no_record_is_described_twice() -> None:
    apart = practices.declared()
    own = (*pipeline.words().values(), *metrics(DIVERSITY).values())
    names = [one.name.casefold() for one in (*metrics().values(), *own, *apart.metrics.values())]
    assert len(names) == len(set(names))
    assert not set(apart.records) & set(contracts())
    assert set(apart.records) <= {record for told in apart.metrics.values() for record in told.records}


def test_the_words_say_the_numbers_that_the_rules_have() -> None:
    words = practices.declared().words
    assert f"Fewer than {LOW_BASE} cases" in words["Low base"]
    assert f"{WIDE_INTERVAL * 100:.0f} points" in words["Low base"]
    assert f"fewer than {min(metric.minimum_base for metric in metrics().values())} cases" in words["Withheld"]
    assert set(words) >= {"Target", "Signal", "Usual range", "Base", "Withheld"}


def lines_of(entries: dict) -> str:
    """Practices.toml of a few entries."""
    return "\n".join(
        f"[{name}]\n" + "\n".join(f"{key} = {word}" for key, word in words.items()) for name, words in entries.items()
    )


WELL = {
    "practices.T4": {"practice": '"Promises"', "page": '"trust"', "metrics": '["promises_kept", "smiles"]'},
    "metrics.smiles": {"name": '"Smiles"', "definition": '"Customers who smile."', "records": '["photos"]'},
    "records.photos": {"title": '"Photos"', "exported_by": '"camera"'},
    "words": {"smile": '"What it is."'},
}


def test_a_list_well_declared_is_read(tmp_path: Path) -> None:
    path = tmp_path / "practices.toml"
    path.write_text(lines_of(WELL), "utf-8")
    told = practices.declared(path)
    assert told.practices["T4"].metrics == ("promises_kept", "smiles")
    assert told.metrics["smiles"].records == ("photos",) and told.words == tomllib.loads(lines_of(WELL))["words"]


@pytest.mark.parametrize(
    ("entry", "key", "word", "said"),
    [
        ("practices.T4", "colour", '"blue"', "[practices.T4] has the unknown key colour"),
        ("practices.T4", "page", None, "[practices.T4] does not say its page"),
        ("practices.T4", "page", '"people"', "[practices.T4] page = 'people' is not goals or trust"),
        ("practices.T4", "metrics", '["laughs"]', "[practices.T4] metrics names laughs, which nothing defines"),
        ("metrics.smiles", "unlt", '"%"', "[metrics.smiles] has the unknown key unlt"),
        ("metrics.smiles", "definition", None, "[metrics.smiles] does not say its definition"),
        ("metrics.smiles", "records", '["films"]', "[metrics.smiles] records names films, which nothing describes"),
        ("records.photos", "system", '"x"', "[records.photos] has the unknown key system"),
        ("groups", "of", '"x"', "[groups] is unknown; known are practices, metrics, records, words"),
    ],
)
def test_a_wrong_list_is_refused_with_file_entry_and_key(tmp_path: Path, entry: str, key: str, word, said: str) -> None:
    words = {name: dict(told) for name, told in WELL.items()}
    words.setdefault(entry, {})[key] = word
    words[entry] = {name: told for name, told in words[entry].items() if told is not None}
    path = tmp_path / "practices.toml"
    path.write_text(lines_of(words), "utf-8")
    with pytest.raises(ValueError, match=re.escape(f"practices.toml: {said}")):
        practices.declared(path)


# What it says


def row(**words: str) -> pd.Series:
    return pd.Series({"records": "tickets, costs", "not_loaded": "", "state": "not measured yet", **words})


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (row(), "needs tickets (loaded) and costs of service (loaded)"),
        (row(not_loaded="costs"), "needs tickets (loaded) and costs of service (finance system)"),
        (row(state="no export loaded", not_loaded="tickets"), "export tickets (CRM or service desk), and build again"),
        (row(state="no rows"), "what is loaded holds nothing for it; its definition says what to export"),
        (row(state="measured"), ""),
    ],
)
def test_what_is_not_measured_says_what_it_takes(told: pd.Series, said: str) -> None:
    assert practices.takes(told) == said


def test_what_is_measured_says_who_keeps_it(demo: Snapshot) -> None:
    rows = answer(demo, "practices", None, Filters()).rows.set_index("metric")
    rows.insert(0, "metric", rows.index)
    keeper = "Head of Service Operations, reviewed 1 Nov 2026"
    assert practices.kept(rows.loc["reopened"]) == f"lower is better · target 5 % · {keeper} · crm/tickets.csv"
    keeper = "Head of Customer Insight, reviewed 1 Nov 2026"
    assert practices.kept(rows.loc["csat"]) == f"higher is better · {keeper} · survey/customer_survey.csv"


def test_the_rows_hold_no_value(demo: Snapshot) -> None:
    """Words and the target alone: nothing here has to be protected."""
    rows = answer(demo, "practices", None, Filters()).rows
    assert list(rows.select_dtypes("number")) == ["target"]
    assert set(rows["state"]) <= set(practices.STATES) and not rows.duplicated(["id", "metric"]).any()

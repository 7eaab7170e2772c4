"""Answers on another scale than their question has: kept, counted nowhere, and said where a reader would miss them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app import scales
from app.answers import answer
from app.build import build
from app.filters import Filters
from app.metrics import metrics
from app.series import states
from app.snapshot import Snapshot, current, opened
from tests.conftest import TODAY

MAP = """
system = "Desk"
record = "{record}"
[columns]
response = "Nr"
answered_on = "Day"
item = "Question"
score = "Answer"
lowest = "From"
highest = "To"
"""


def export(record: str, *answers: tuple[str, int, int, int]) -> dict[str, str]:
    """A file of (item, lowest, highest, how many), all of one day, each answer the middle of its scale."""
    rows = [
        f"{number}-{item}-{place},2026-09-01,{item},{(lowest + highest) // 2},{lowest},{highest}"
        for number, (item, lowest, highest, count) in enumerate(answers)
        for place in range(count)
    ]
    name = f"{record}.csv"
    content = "\n".join(["Nr,Day,Question,Answer,From,To", *rows, ""])
    return {name: content, f"{name}.map.toml": MAP.format(record=record)}


@pytest.fixture
def published(drop: Callable[..., Path], tmp_path: Path) -> Callable[..., tuple[Snapshot, list[str]]]:
    """Build exports of answers: the snapshot, and what the build printed."""

    def publish(files: dict[str, str]) -> tuple[Snapshot, list[str]]:
        lines: list[str] = []
        build(drop(files), tmp_path / "snapshot.duckdb", lines.append, today=TODAY)
        return opened(current(tmp_path / "snapshot.duckdb")), lines

    return publish


def test_a_scale_from_1_to_10_is_no_recommendation(published) -> None:
    """40 answers from 1 to 10, 40 about effort from 1 to 5: kept, and both figures say why there is no number."""
    found, lines = published(export("customer_answers", ("recommend", 1, 10, 40), ("effort", 1, 5, 40)))
    assert found.ask("figures/files")["kept"].tolist() == [80]
    rows = answer(found, "off_scale", None, Filters()).rows
    assert rows.values.tolist() == [
        ["customer_answers.csv", "effort", "1 to 5", "1 to 7", 40, 1],
        ["customer_answers.csv", "recommend", "1 to 10", "0 to 10", 40, 1],
    ]
    for figure, metric in (("trend", "nps"), ("headline", "nps"), ("recommendation", None)):
        said = answer(found, figure, metric, Filters())
        assert said.state == "missing"
        assert said.sentence == (
            "Recommendation (NPS) does not take 40 answers to “recommend” on a scale from 1 to 10: "
            "the question is asked from 0 to 10. "
            "Scales cannot be turned into one another: ask on this one and export it."
        )
    effort = answer(found, "trend", "effort", Filters()).sentence
    assert "does not take 40 answers to “effort” on a scale from 1 to 5: the question is asked from 1 to 7." in effort
    printed = (
        "  customer_answers.csv: 40 answers to “recommend” on a scale from 1 to 10: not counted, the question is asked"
    )
    assert f"{printed} from 0 to 10" in lines


def test_one_line_holds_one_instrument(published) -> None:
    """30 answers about satisfaction from 1 to 5 are counted, 12 from 1 to 7 are not, and it is said beside the line."""
    found, _ = published(export("customer_answers", ("satisfied", 1, 5, 30), ("satisfied", 1, 7, 12)))
    trend = answer(found, "trend", "csat", Filters())
    assert trend.rows["base"].tolist() == [30]
    told = states(found)
    assert told["csat"].off_scale.endswith(
        "does not take 12 answers to “satisfied” on a scale from 1 to 7: the question is asked from 1 to 5."
    )
    assert told["felt_heard"].off_scale == "" and told["nps"].off_scale == ""


def test_a_question_that_nobody_knows_is_counted_without_its_words(published) -> None:
    found, lines = published(export("customer_answers", ("satisfied", 1, 5, 10), ("what Ann said", 1, 5, 3)))
    rows = answer(found, "off_scale", None, Filters()).rows
    assert rows.values.tolist() == [["customer_answers.csv", "unknown", "1 to 5", "no such question", 3, 1]]
    assert "Ann" not in "".join(lines)
    assert "  customer_answers.csv: 3 answers to questions that data/reference/items.csv does not name: no metric" in (
        "".join(lines)
    )


def test_answers_of_employees_are_told_as_people_are(published) -> None:
    """Thirteen to the nearest five, four as few."""
    found, _ = published(
        export("employee_answers", ("empowerment", 1, 7, 13), ("enablement", 1, 7, 4), ("enablement", 1, 5, 40))
    )
    rows = answer(found, "off_scale", None, Filters()).rows
    assert rows["item"].tolist() == ["empowerment", "enablement"]
    assert rows["answers"].fillna(-1).tolist() == [15, -1] and rows["nearest"].tolist() == [5, 5]


def test_every_question_of_a_metric_is_found_in_its_sql() -> None:
    """Those that a metric names, and no other; a pattern names all that it fits."""
    assert scales.named(metrics()["nps"].sql) == ["recommend"]
    assert scales.named(metrics()["closed_loop"].sql) == ["recommend", "satisfied"]
    assert scales.named(metrics()["promises_kept"].sql) == []
    assert scales.named("-- 'effort'\nwhere item like 'safety%'") == [f"safety_{number}" for number in range(1, 8)]


def test_the_demonstration_has_every_answer_on_the_scale_of_its_question(demo: Snapshot) -> None:
    found = answer(demo, "off_scale", None, Filters())
    assert found.rows.empty and found.sentence == "Every answer is on the scale of its question"

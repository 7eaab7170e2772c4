"""A file that no source knows gets a mapping file drafted beside it, which serves once a person completed it."""

import tomllib
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from app import loading
from tests.conftest import TODAY

ROWS = "".join(
    f"C-{number},{number % 28 + 1}/03/2026 09:0{number % 10},{'late' if number % 3 else 'in time'},"
    f"{'Atlantis' if number % 2 else 'EMEA'},phone,?\n"
    for number in range(1, 41)
)
DESK = "Report of March\n\nCase No,Date opened,SLA result,Region of customer,Channel,Reopen count\n" + ROWS


def load(folder: Path) -> tuple[duckdb.DuckDBPyConnection, list, list[str], list[str]]:
    warehouse, said = duckdb.connect(), []
    files, problems = loading.load(warehouse, folder, TODAY, said.append)
    return warehouse, files, problems, said


def test_columns_that_count_people_are_no_list_of_them(drop) -> None:
    """Totals and parts of other columns are left for a person to decide; a column without a number counts too."""
    table = (
        "Year,Site,gender_female,gender_male,gender_undisclosed,gender_total,Ethnicity: Asian,Ethnicity: Asian - Thai\n"
    )
    folder = drop({"people.csv": f"{table}2025-12-31,EMEA,4,5,,9,3,1\n2026-03-31,EMEA,4,6,,10,3,2\n"})
    load(folder)
    draft = folder / "people.csv.map.toml"
    words = tomllib.loads(draft.read_text("utf-8"))
    assert (words["record"], words["numbered"], words["columns"]) == ("workforce", ["employee"], {"region": "Site"})
    assert words["counts"] == {
        "gender_female": {"gender": "female"},
        "gender_male": {"gender": "male"},
        "gender_undisclosed": {"gender": ""},
        "Ethnicity: Asian": {"ethnicity": "asian"},
    }
    completed(
        draft,
        ('# as_of = "…"  # needed: state on this day', 'as_of = "Year"'),
        ("[constants]  # or the same for every row", '[constants]\nhired_on = "2020-01-01"'),
    )
    warehouse, ((file, _),), problems, _ = load(folder)
    assert (problems, file.kept) == ([], 2)
    assert warehouse.execute("select count(*), count(ethnicity) from workforce").fetchone() == (19, 6)


def completed(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for before, after in (("draft = true\n", ""), *changes):
        assert before in text, text
        text = text.replace(before, after)
    path.write_text(text, "utf-8")


def test_a_draft_is_refused_until_it_is_completed_and_serves_next_months_file(drop) -> None:
    """Guessed: the header below a title, the ticket, day first (29/03), what nothing is written as, words to map."""
    folder = drop({"desk-2026-03.csv": DESK.replace("Case No", "Case number")})
    _, files, (problem,), _ = load(folder)
    assert not files
    assert "no known system writes these headings" in problem
    assert problem.endswith("A draft of it was written: complete desk-2026-03.csv.map.toml, then build again")
    draft = folder / "desk-2026-03.csv.map.toml"
    words = tomllib.loads(draft.read_text("utf-8"))
    assert words["record"] == "tickets" and words["files"] == ["desk-*.csv"] and words["missing"] == ["?"]
    assert words["dates"] == ["%d/%m/%Y %H:%M"]
    assert words["columns"] == {
        "ticket": "Case number",
        "opened_at": "Date opened",
        "sla": "SLA result",
        "region": "Region of customer",
        "channel": "Channel",
        "reopened": "Reopen count",
    }
    assert words["values"] == {"sla": {"late": "breached", "in time": ""}, "region": {"atlantis": ""}}
    before = draft.read_bytes()
    _, _, (problem,), _ = load(folder)
    assert "it is a draft that nobody has completed" in problem and draft.read_bytes() == before
    completed(draft, ('"in time" = ""', '"in time" = "met"'))
    (folder / "desk-2026-04.csv").write_text(DESK.replace("Case No", "Case number").replace("C-", "D-"))
    warehouse, files, problems, _ = load(folder)
    assert problems == [] and [file.kept for file, _ in files] == [40, 40]
    assert warehouse.execute("select opened_at, sla from tickets where ticket = 'C-3'").fetchall() == [
        (datetime(2026, 3, 4, 9, 3), "met")
    ]


def test_days_that_could_be_months_are_a_question_and_no_guess(drop) -> None:
    text = "Ticket,Opened\n" + "".join(f"T{number},0{number}/0{number + 1}/2026\n" for number in range(1, 8))
    folder = drop({"t.csv": text})
    load(folder)
    draft = (folder / "t.csv.map.toml").read_text("utf-8")
    assert "Is 01/02/2026 written with the day first or with the month first?" in draft
    assert "dates" not in tomllib.loads(draft)


def test_a_survey_is_drafted_by_its_questions(drop) -> None:
    rows = "".join(f"2026-03-{day:02} 09:00:00,{day % 11},x\n" for day in range(1, 29))
    folder = drop({"s.csv": "Timestamp,How likely are you to recommend our shop?,Why?\n" + rows})
    load(folder)
    draft = folder / "s.csv.map.toml"
    words = tomllib.loads(draft.read_text("utf-8"))
    assert (words["record"], words["numbered"]) == ("customer_answers", ["response"])
    assert words["items"] == {"recommend": "How likely are you to recommend our shop?"}
    completed(draft)
    warehouse, _, problems, _ = load(folder)
    assert problems == []
    told = warehouse.execute(
        "select count(*), count(distinct response), sum(score), max(highest) from customer_answers"
    )
    assert told.fetchall() == [(28, 28, sum(day % 11 for day in range(1, 29)), 10)]


def test_a_survey_of_questions_that_nobody_knows_asks_for_their_items(drop) -> None:
    """The number of the response says what it is; which question counts as what, a person has to say.

    With what people state of themselves beside it, it is taken for one of employees: a wrong guess then tells less.
    """
    rows = "".join(f"{number},Very important,{'Yes' if number % 3 else 'No'},Pacific\n" for number in range(40))
    head = "RespondentID,How important is grammar?,What type of comma?,{}\n"
    folder = drop({"s.csv": head.format("Region") + rows, "e.csv": head.format("Gender") + rows})
    load(folder)
    assert tomllib.loads((folder / "e.csv.map.toml").read_text("utf-8"))["record"] == "employee_answers"
    for told in ("e.csv", "e.csv.map.toml"):
        (folder / told).unlink()
    draft = folder / "s.csv.map.toml"
    words, text = tomllib.loads(draft.read_text("utf-8")), draft.read_text("utf-8")
    assert (words["record"], words["columns"]["response"], words["items"]) == ("customer_answers", "RespondentID", {})
    assert "# answered_on" in text and '# satisfied = "…"' in text
    assert '# item = "…"' not in text and "# inclusion_index" not in text
    completed(
        draft,
        ('# answered_on = "…"\n', 'answered_on = "2026-03-02"\n'),
        ('# satisfied = "…"\n', 'satisfied = "How important is grammar?"\n[values.score]\n"very important" = "5"\n'),
    )
    warehouse, _, problems, _ = load(folder)
    assert problems == []
    assert warehouse.execute("select distinct item, score from customer_answers").fetchall() == [("satisfied", 5)]


def test_a_system_that_lacks_a_day_is_drafted_with_the_question(drop) -> None:
    folder = drop({"w.csv": "Head-count\n\nEmployee ID,Supervisory Organization,Hire Date\n7,Support,2020-01-31\n"})
    load(folder)
    draft = folder / "w.csv.map.toml"
    words = tomllib.loads(draft.read_text("utf-8"))
    assert words["source"] == "workday__workforce" and "# as_of" in draft.read_text("utf-8")
    completed(draft, ('# as_of = "…"\n', 'as_of = "2026-03-31"\n'))
    warehouse, _, problems, _ = load(folder)
    assert problems == [] and warehouse.execute("select employee, as_of::varchar from workforce").fetchall() == [
        ("7", "2026-03-31")
    ]


def test_where_nothing_can_be_written_the_draft_is_said(drop, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop({"desk.csv": DESK})

    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(
        Path,
        "open",
        lambda self, mode="r", *rest, **named: (
            refused() if mode == "x" else open(self, mode, *rest, **named)  # noqa: PTH123, SIM115
        ),
    )
    _, _, (problem,), said = load(folder)
    assert "A draft" not in problem and any("draft = true" in line for line in said)


@pytest.mark.parametrize("text", ["", "a\n", '"\n' * 9, "\0\n", "a,b\n" * 4, '"a""b",line\n1,2\n', "é;ü\n1;2\n"])
def test_whatever_a_file_holds_its_draft_is_readable_as_toml(drop, text: str) -> None:
    folder = drop({"x.csv": text})
    load(folder)
    for draft in folder.glob("*.toml"):
        assert tomllib.loads(draft.read_text("utf-8"))["draft"] is True

"""The command line gives the rows of the pages, byte for byte, and refuses in sentences that name the choices."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from app import downloads
from app.__main__ import main
from app.answers import BESPOKE, FIGURES, answer
from app.build import build
from app.demo import HEADINGS
from app.filters import Filters
from app.metrics import metrics
from app.series import Answer, choices, states
from app.snapshot import Snapshot, current, opened
from tests.conftest import ROOT, TICKETS_HEADER, TICKETS_MAP, TODAY

ASKED = [(figure, None if figure in BESPOKE else "promises_kept") for figure in FIGURES]
ASKED += [("trend", "first_reply_hours_p90"), ("by_channel", "nps")]
CHOSEN = Filters(("EMEA", "Latin America"), ("Chat", "Phone"), date(2025, 1, 1), date(2026, 3, 1))
CHOSEN_WORDS = ["--region", "EMEA", "Latin America", "--channel", "Phone", "Chat"]
CHOSEN_WORDS += ["--from", "2025-01", "--to", "2026-03"]


def command(*words: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "app", *words], cwd=ROOT, capture_output=True, **more)


@pytest.fixture
def query(demo_snapshot: Path, capsys: pytest.CaptureFixture) -> Callable[..., tuple[int, str, str]]:
    """Run `query` with the demonstration snapshot in this process: status, output, complaints."""

    def run(*words: str) -> tuple[int, str, str]:
        status = main(["query", *words, "--snapshot", str(demo_snapshot)])
        return status, *capsys.readouterr()

    return run


def words_for(figure: str, metric: str | None) -> list[str]:
    return [figure, *(["--metric", metric] if metric else [])]


def same(told: object, value: object) -> bool:
    """Whether a cell of the JSON says what a cell of the rows does."""
    if pd.isna(value):
        return told is None
    if isinstance(value, datetime):
        return told == f"{value:%Y-%m-%d}"
    return told == value and isinstance(told, bool) == (type(value).__name__ in ("bool", "bool_"))


# query


@pytest.mark.parametrize(("figure", "metric"), ASKED)
@pytest.mark.parametrize(("filters", "words"), [(Filters(), []), (CHOSEN, CHOSEN_WORDS)], ids=["all", "filtered"])
def test_json_and_csv_are_the_rows_of_the_answer(
    demo: Snapshot, query, figure: str, metric: str | None, filters: Filters, words: list[str]
) -> None:
    """Nobody is asked by phone or chat whether they recommend us, and suppliers are paid for no channel: no rows then,
    and the reason beside them. Customers are not counted by what they say of themselves unless somebody switches it on.

    The demonstration has every kind of record, so that none is missing, and every answer on the scale of its question.
    """
    found = answer(demo, figure, metric, filters)
    empty = figure in ("missing", "off_scale", "drift", "feedback_reach", "satisfaction_gap") or (
        bool(words) and (figure in ("recommendation", "supplier_spend", "certified_suppliers") or metric == "nps")
    )
    assert found.rows.empty == empty
    reason = f"{found.sentence}\n" if found.state != "ready" else ""
    status, out, err = query(*words_for(figure, metric), *words, "--format", "json")
    rows = json.loads(out)
    assert (status, err, len(rows)) == (0, reason, len(found.rows))
    for told, (_, row) in zip(rows, found.rows.astype(object).iterrows(), strict=True):
        assert list(told) == list(row.index)
        assert all(same(told[name], row[name]) for name in told), (told, row.to_dict())
    status, out, err = query(*words_for(figure, metric), *words, "--format", "csv")
    assert (status, out.encode(), err) == (0, downloads.csv(found), reason)
    assert len(out.splitlines()) == len(found.rows) + 1


def test_csv_leaves_a_process_byte_for_byte_as_the_page_downloads_it(demo: Snapshot, demo_snapshot: Path) -> None:
    done = command(
        *("query", "trend", "--metric", "promises_kept", "--format", "csv", "--snapshot", str(demo_snapshot))
    )
    assert done.stdout == downloads.csv(answer(demo, "trend", "promises_kept", Filters()))
    assert (done.returncode, done.stderr) == (0, b"")


def test_truth_is_spelled_as_each_format_has_it(demo: Snapshot) -> None:
    """Lower case in CSV, where pandas would write True; real booleans in JSON; TRUE in a spreadsheet's own type."""
    found = answer(demo, "trend", "promises_kept", Filters())
    column = list(found.rows.columns).index("finished")
    cells = {line.split(",")[column] for line in downloads.csv(found).decode().splitlines()[1:]}
    assert cells <= {"true", "false"}
    assert {type(row["finished"]) for row in json.loads(downloads.json_rows(found))} == {bool}


def test_the_table_has_the_sentence_and_every_row(demo: Snapshot, query) -> None:
    found = answer(demo, "by_region", "promises_kept", Filters())
    status, out, _ = query("by_region", "--metric", "promises_kept")
    assert status == 0
    assert out.startswith(found.sentence + "\n\n")
    assert len(out.splitlines()) == len(found.rows) + 3
    assert all(region in out for region in found.rows["region"])


def test_the_list_names_every_figure_and_metric(query) -> None:
    status, out, _ = query("--list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == ["figures", *FIGURES, "metrics", *metrics()]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "error: there is no figure None: choose one of headline, trend, by_region"),
        (["trends"], "error: there is no figure 'trends': choose one of headline, trend"),
        (["trend"], "error: there is no metric None: choose one of promises_kept, first_reply_hours"),
        (["trend", "--metric", "promises"], "error: there is no metric 'promises': choose one of promises_kept"),
        (["trend", "--metric", "nps", "--region", "Mars"], "no such region"),
        (["trend", "--metric", "nps", "--region", "EMEA", "Mars", "Moon"], "no such 2 regions"),
        (["trend", "--metric", "nps", "--channel", "Fax"], "no such channel"),
        (["trend", "--metric", "nps", "--from", "2026-13"], "The first month asked for is no month (write 2026-01)"),
        (["trend", "--metric", "nps", "--to", "March"], "The last month asked for is no month (write 2026-01)"),
        (["trend", "--metric", "nps", "--from", "2026-03", "--to", "2026-01"], "ends before it begins"),
    ],
)
def test_words_that_do_not_fit_are_refused_and_the_choices_named(
    demo: Snapshot, query, words: list[str], said: str
) -> None:
    status, out, err = query(*words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err
    if "--metric" in words and "nps" in words:
        known = choices(demo)
        for kind, named in {"Regions": "region", "Channels": "channel"}.items():
            assert f"{kind}: {', '.join(known[named])}." in err
        assert f"Months: {known['month'][0]} to {known['month'][-1]}." in err


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [("12", "2025-11", "2026-10"), ("ytd", "2026-01", "2026-10"), ("last-quarter", "2026-07", "2026-09")],
)
def test_a_period_by_its_name_is_that_of_its_months(query, period: str, start: str, end: str) -> None:
    asked = ("trend", "--metric", "nps", "--format", "csv")
    assert query(*asked, "--period", period) == query(*asked, "--from", start, "--to", end)


def test_a_period_by_its_name_and_by_months_is_refused(query) -> None:
    status, out, err = query("trend", "--metric", "nps", "--period", "ytd", "--from", "2026-02")
    assert (status, out, err) == (2, "", "error: --period names both months: leave out --from and --to\n")


def test_an_unknown_format_or_command_is_refused_too(capsys: pytest.CaptureFixture) -> None:
    for words in (["query", "trend", "--format", "xml"], ["quarry"], []):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 2
    assert "choose from csv, json, table" in capsys.readouterr().err.replace("'", "")


def test_serve_names_the_link_that_the_next_build_turns(demo_snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(os, "execve", lambda *asked: started.append(asked))
    monkeypatch.chdir(demo_snapshot.parent)
    main(["serve", "--snapshot", demo_snapshot.name])
    ((_, _, environment),) = started
    assert demo_snapshot.is_symlink() and environment["DASHBOARD_SNAPSHOT"] == str(demo_snapshot)


def test_no_snapshot_is_a_matter_of_the_data(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    status = main(["query", "files", "--snapshot", str(tmp_path / "none.duckdb")])
    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err == "error: There is no snapshot at none.duckdb yet. Build one with: python -m app build\n"


def test_a_month_without_data_is_no_mistake_but_said(query) -> None:
    status, _, err = query("trend", "--metric", "promises_kept", "--from", "2001-01", "--to", "2001-02")
    assert status == 0
    assert "Nothing matches" in err
    assert "Widen the period" in err


# judge


@pytest.mark.parametrize("metric", ["promises_kept", "first_reply_hours"])
def test_the_trend_judged_from_its_own_csv_gets_the_same_labels(
    demo: Snapshot, demo_snapshot: Path, tmp_path: Path, metric: str
) -> None:
    """End to end through two processes; an unfinished month is left blank, as the rules leave it out."""
    asked = ("query", "trend", "--metric", metric, "--format", "csv", "--snapshot", str(demo_snapshot))
    trend = pd.read_csv(io.BytesIO(command(*asked, check=True).stdout), keep_default_na=False, dtype=str)
    series = trend.rename(columns={"month": "date"})[["date", "value"]]
    series.loc[trend["finished"] == "false", "value"] = ""
    series.to_csv(tmp_path / "series.csv", index=False)
    told = states(demo)[metric].metric
    target = [] if told.target is None else ["--target", repr(told.target)]
    judged = command(
        "judge", str(tmp_path / "series.csv"), "--better", told.better, *target, "--format", "csv", check=True
    )
    again = pd.read_csv(io.BytesIO(judged.stdout), keep_default_na=False, dtype=str)
    assert list(again["date"]) == list(trend["month"])
    assert list(again["label"]) == list(trend["label"])
    assert list(again["rule"]) == list(trend["rule"])
    assert len(set(trend["label"])) > 1, "something is found"
    assert list(again["upper"]) == list(trend["upper"])


# demo, build


def test_demo_writes_a_company_that_builds(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    sizes = ["--employees", "50", "--tickets", "100", "--months", "3", "--seed", "7", "--calm"]
    assert main(["demo", "--out", str(tmp_path / "company"), *sizes]) == 0
    files = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert len(files) == len(HEADINGS)
    assert sorted(files) == sorted((tmp_path / "company").rglob("*.csv"))
    report = build(tmp_path / "company", tmp_path / "snapshot.duckdb", today=TODAY)
    (kept,) = (file["kept"] for file in report["files"] if file["record"] == "tickets")
    assert kept == pytest.approx(100, rel=0.1), "as many as asked for, spread over whole months"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--employees", "0"], 2, "error: --employees 0 is too few: a company has at least 50\n"),
        (["--tickets", "-5"], 2, "error: --tickets -5 is too few: a company has at least 100\n"),
        (["--months", "2"], 2, "error: --months 2 is too few: a company has at least 3\n"),
    ],
)
def test_demo_refuses_nonsense(
    tmp_path: Path, capsys: pytest.CaptureFixture, words: list[str], status: int, said: str
) -> None:
    assert main(["demo", "--out", str(tmp_path / "company"), *words]) == status
    assert capsys.readouterr().err == said
    assert not (tmp_path / "company").exists()


def test_demo_says_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "file").write_text("x")
    assert main(["demo", "--out", str(tmp_path / "file" / "company"), "--tickets", "100", "--months", "3"]) == 1
    assert "nothing can be written there (" in capsys.readouterr().err


def test_demo_takes_numbers_only(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as left:
        main(["demo", "--out", str(tmp_path / "company"), "--tickets", "many"])
    assert left.value.code == 2
    assert "invalid int value: 'many'" in capsys.readouterr().err


def test_build_tells_its_progress_beside_its_result(tickets, tmp_path: Path) -> None:
    """On the terminal both are seen; what is piped on is the result alone."""
    folder = tickets(*(f"T{number},2026-01-05,,,met,,,,EMEA,Phone" for number in range(30)), "T30,,,,,,,,,")
    done = command("build", "--exports", str(folder), "--snapshot", str(tmp_path / "snapshot.duckdb"), text=True)
    assert done.returncode == 0
    progress = done.stderr.splitlines()
    assert progress[:2] == [
        "reading desk.csv (Desk, tickets)",
        " desk.csv: rejected 1 rows: opened_at is missing (first in line 32)",
    ]
    assert "computing sla_attainment" in progress
    assert progress[-1] == f"published {current(tmp_path / 'snapshot.duckdb').name}"
    first, last = done.stdout.splitlines()
    assert first == "desk.csv: tickets from Desk: 31 rows read = 30 kept + 1 rejected + 0 repeated + 0 blank"
    assert last.endswith(f"published as {current(tmp_path / 'snapshot.duckdb').name}")


def test_build_tells_its_progress_on_a_terminal(tickets, tmp_path: Path) -> None:
    """The same with a real terminal on the other end of standard error, line by line as it happens."""
    folder = tickets(*(f"T{number},2026-01-05,,,met,,,,EMEA,Phone" for number in range(30)))
    here, there = os.openpty()
    asked = ["build", "--exports", str(folder), "--snapshot", str(tmp_path / "snapshot.duckdb")]
    done = subprocess.run([sys.executable, "-m", "app", *asked], cwd=ROOT, stdout=subprocess.PIPE, stderr=there)
    os.close(there)
    shown = os.read(here, 65536).decode().splitlines()
    os.close(here)
    assert done.returncode == 0
    assert shown[0] == "reading desk.csv (Desk, tickets)"
    assert shown[-1].startswith("published snapshot-")


# downloads


def select(found: Answer, snapshot: Snapshot) -> str:
    """Stands for the SQL of a figure."""
    return "select 1"


def sheets(book: bytes) -> dict[str, list[tuple]]:
    read = openpyxl.load_workbook(io.BytesIO(book))
    return {name: [tuple(cell.value for cell in row) for row in read[name].iter_rows()] for name in read.sheetnames}


@pytest.mark.parametrize(("figure", "metric"), ASKED)
def test_a_workbook_holds_the_same_rows_with_their_types(demo: Snapshot, figure: str, metric: str | None) -> None:
    """Days are days, numbers are numbers, truth is truth; what is not there is an empty cell."""
    found = answer(demo, figure, metric, CHOSEN)
    data = sheets(downloads.xlsx([found], demo, select))["Data"]
    assert data[0] == tuple(found.rows.columns)
    assert len(data) == len(found.rows) + 1
    for cells, (_, row) in zip(data[1:], found.rows.astype(object).iterrows(), strict=True):
        for name, cell, value in zip(found.rows.columns, cells, row, strict=True):
            if pd.isna(value) or value == "":
                assert cell in (None, ""), name
            elif isinstance(value, datetime):
                assert type(cell) is datetime and cell == value.to_pydatetime(), name
            elif type(value).__name__ in ("bool", "bool_"):
                assert cell is bool(value), name
            elif isinstance(value, str):
                assert cell == value, name
            else:
                assert type(cell) in (int, float) and cell == pytest.approx(value, rel=1e-14), name


def test_the_second_sheet_says_what_the_rows_are(demo: Snapshot) -> None:
    found = answer(demo, "trend", "promises_kept", CHOSEN)
    about = dict(sheets(downloads.xlsx([found], demo, select))["About"])
    assert about["Finding"] == found.sentence
    assert about["Metric"] == "Promises kept (promises_kept)"
    assert about["Definition"] == metrics()["promises_kept"].definition
    assert about["Filters"] == CHOSEN.words() == "EMEA and Latin America · Chat and Phone · Jan 2025 – Mar 2026"
    assert about["As of"] == found.as_of.isoformat()
    assert about["Snapshot"] == demo.version
    assert about["SQL"] == "select 1"


def test_a_workbook_of_a_page_has_a_sheet_for_each_figure(demo: Snapshot) -> None:
    """In their order, and the last sheet tells each of them by the name of its sheet."""
    found = [answer(demo, "trend", "promises_kept", CHOSEN), answer(demo, "by_region", "training_hours", CHOSEN)]
    book = sheets(downloads.xlsx(found, demo, lambda one, _: f"select {one.figure}"))
    assert list(book) == ["1 promises_kept-trend", "2 training_hours-by_region", "About"]
    for one, name in zip(found, book, strict=False):
        assert (book[name][0], len(book[name])) == (tuple(one.rows.columns), len(one.rows) + 1)
    told = [line for line in book["About"] if line[0] in ("Sheet", "Finding", "SQL")]
    assert told == [
        pair
        for one, name in zip(found, book, strict=False)
        for pair in (("Sheet", name), ("Finding", one.sentence), ("SQL", f"select {one.figure}"))
    ]


def test_the_same_rows_give_the_same_bytes(demo: Snapshot) -> None:
    """A file that a second download changed could not be compared; the clock moves on in between."""
    found = answer(demo, "trend", "promises_kept", Filters())
    assert downloads.xlsx([found], demo, select) == downloads.xlsx([found], demo, select)
    assert downloads.csv(found) == downloads.csv(found)


REGIONS = ("=1+1", "@SUM(A1)", "+1", "-1", "Plain")


@pytest.fixture(scope="module")
def formulas(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Tickets of regions that a spreadsheet would take for formulas; the mapping keeps their names."""
    folder = tmp_path_factory.mktemp("formulas")
    exports = folder / "exports"
    exports.mkdir()
    rows = (f"T{number},2026-01-05,,,met,,,,{REGIONS[number % 5]},Phone\n" for number in range(60))
    (exports / "desk.csv").write_text(TICKETS_HEADER + "".join(rows))
    (exports / "desk.csv.map.toml").write_text('keep = ["region"]\n' + TICKETS_MAP)
    build(exports, folder / "snapshot.duckdb", today=TODAY)
    return opened(current(folder / "snapshot.duckdb"))


def regions_of(formulas: Snapshot) -> Answer:
    return answer(formulas, "by_region", "sla_attainment", Filters())


def test_no_region_is_run_as_a_formula_from_csv(formulas: Snapshot) -> None:
    """The apostrophe is what a spreadsheet itself puts before a text that is meant as one."""
    found = regions_of(formulas)
    assert set(found.rows["region"]) == set(REGIONS), "inside, their names are what they are"
    lines = downloads.csv(found).decode().splitlines()[1:]
    assert {line.split(",")[0] for line in lines} == {"'=1+1", "'@SUM(A1)", "'+1", "'-1", "Plain"}


def test_no_region_is_run_as_a_formula_from_a_workbook(formulas: Snapshot) -> None:
    """Neither as a row nor where the filters are told: every cell is text."""
    found = answer(formulas, "by_region", "sla_attainment", Filters(("=1+1", "@SUM(A1)")))
    book = openpyxl.load_workbook(io.BytesIO(downloads.xlsx([found], formulas, lambda *_: "=cmd()")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.value for cell in cells} >= {"'=1+1", "'@SUM(A1)", "'=cmd()"}
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if cell.value.startswith(downloads.FORMULA)]

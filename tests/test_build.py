"""A build publishes one whole snapshot, without a person or a case in it, or leaves the one that was there."""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from app import demo as company
from app.build import KEPT_VERSIONS, BuildFailed, build, build_of
from app.loading import bound_memory
from app.metrics import metrics
from app.records import contracts
from app.snapshot import READ_ONLY, NoSnapshot, Snapshot, current, opened, versions
from tests.conftest import ROOT, TICKETS_HEADER, TICKETS_MAP, TODAY

ROW = "T{0},2026-01-05 09:00,2026-01-05 10:00,2026-01-06 09:00,met,0,billing,R1,EMEA,Phone\n"
ROWS = "".join(ROW.format(number) for number in range(30))
GOOD = {"desk.csv": TICKETS_HEADER + ROWS, "desk.csv.map.toml": TICKETS_MAP}
METRIC_TABLES = ("metric_months", "metric_buckets", "recommendation", "targets")


def command(exports: Path, published: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "app", "build", "--exports", str(exports), "--snapshot", str(published), *more]


def run(exports: Path, published: Path, *more: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(exports, published, *more), cwd=ROOT, capture_output=True, text=True)


def tickets_in(path: Path) -> int:
    """How many tickets a snapshot counts: it opens, and its table of files can be read."""
    snapshot = opened(path)
    kept = int(snapshot.ask("figures/files")["kept"].sum())
    snapshot.close()
    return kept


def contents(path: Path, *tables: str) -> dict[str, list[tuple]]:
    with duckdb.connect(path, read_only=True, config=READ_ONLY) as connection:
        names = tables or [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: connection.execute(f"select * from {name} order by all").fetchall() for name in names}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of 30 tickets, published once: the folder that it lies in."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "exports").mkdir()
    for name, content in GOOD.items():
        (folder / "exports" / name).write_text(content)
    build(folder / "exports", folder / "published" / "snapshot.duckdb", today=TODAY)
    return folder / "published"


@pytest.fixture
def published(served: Path, tmp_path: Path) -> Path:
    """The same in a folder of this test alone: the path of the link."""
    return Path(shutil.copytree(served, tmp_path / "published", symlinks=True)) / "snapshot.duckdb"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of a small company: a build of them takes long enough to be interrupted."""
    folder = tmp_path_factory.mktemp("small")
    company.write(folder, employees=50, tickets=100, months=3)
    return folder


# The report


def test_every_row_of_every_file_is_accounted_for(drop, tmp_path: Path) -> None:
    """30 tickets, T0 again, one without a date, one blank line: 33 rows = 30 kept + 1 rejected + 1 repeated + 1 blank.

    The second file holds T0 and T1 once more and comes later: its two are kept, those two of the first are repeated.
    """
    again = TICKETS_HEADER + ROW.format(0) + ROW.format(1)
    folder = drop(
        {"a.csv": TICKETS_HEADER + ROWS + ROW.format(0) + "T99,,,,,,,,,\n\n", "a.csv.map.toml": TICKETS_MAP}
        | {"sub/b.csv": again, "sub/b.csv.map.toml": TICKETS_MAP}
    )
    report = build(folder, tmp_path / "snapshot.duckdb", today=TODAY)
    first, second = report["files"]
    names = ("path", "system", "record", "read", "kept", "rejected", "repeated", "blank")
    assert tuple(first) == (*names, "notes", "left_out", "seconds")
    assert tuple(first[name] for name in names) == ("a.csv", "Desk", "tickets", 33, 28, 1, 3, 1)
    assert tuple(second[name] for name in names) == ("sub/b.csv", "Desk", "tickets", 2, 2, 0, 0, 0)
    assert 0 < first["seconds"] < report["seconds"]
    states = {metric["metric"]: (metric["state"], metric["as_of"]) for metric in report["metrics"]}
    assert list(states) == list(metrics())
    assert states["sla_attainment"] == ("computed", "2026-01-05")
    assert states["promises_kept"] == ("no export", None)


def test_the_command_prints_one_json_object_and_nothing_else(small: Path, tmp_path: Path) -> None:
    done = run(small, tmp_path / "snapshot.duckdb", "--json")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    report = json.loads(done.stdout)
    assert len(report["files"]) == len(company.HEADINGS)
    for file in report["files"]:
        assert file["read"] == file["kept"] + file["rejected"] + file["repeated"] + file["blank"] > 0, file
    states = {metric["metric"]: metric["state"] for metric in report["metrics"]}
    young = {
        "goals_met",
        "retention",
        "revenue_retained",
        "participation",
    }  # nothing due, nobody left, no quarter over
    assert {metric for metric, state in states.items() if state != "computed"} <= young
    assert report["seconds"] > 0
    assert report["version"] == current(tmp_path / "snapshot.duckdb").name


def test_a_failure_is_one_json_object_too(drop, published: Path) -> None:
    done = run(drop({"desk.csv": ""}), published, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"] == [
        "desk.csv: the file is empty. Export it again, or take it out of the folder"
    ]
    assert done.stderr.splitlines() == [
        "error: desk.csv: the file is empty. Export it again, or take it out of the folder",
        "nothing was published; the snapshot that was there is unchanged",
    ]


def test_the_first_failure_says_that_there_is_no_snapshot_yet(drop, tmp_path: Path) -> None:
    done = run(drop({"desk.csv": ""}), tmp_path / "new" / "snapshot.duckdb")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("nothing was published; there is no snapshot yet\n")


# Failures leave what was there


def mapped(text: str, mapping: str = TICKETS_MAP) -> dict[str, str]:
    return {"desk.csv": text, "desk.csv.map.toml": mapping}


def replaced(old: str, new: str) -> dict[str, str]:
    """The good export with another mapping file."""
    assert old in TICKETS_MAP
    return mapped(TICKETS_HEADER + ROWS, TICKETS_MAP.replace(old, new))


FAILURES = {
    "nothing to read": ({"README.md": "x"}, r"exports: there are no exports in it\. Put CSV files there.*app demo"),
    "empty": ({"desk.csv": ""}, r"^desk\.csv: the file is empty\. Export it again"),
    "only headings": (mapped(TICKETS_HEADER + "\n\n"), r"its files hold headings but no rows\. Export them again"),
    "unknown headings": (
        {"desk.csv": "a,b\n1,2\n"},
        r"^desk\.csv: no known system.*say what they are in desk\.csv\.map",
    ),
    "missing column": (
        {"t.csv": "Ticket ID,Opened,First human reply,Subject area,Times reopened\n1,2026-01-05,,x,0\n"},
        r"^t\.csv: the column Resolved, SLA status, Type, .* is missing \(header in line 1\)\. Export it from Harbour",
    ),
    "wrong types": (
        mapped(TICKETS_HEADER + ROWS.replace("2026-01-05 09:00", "05/01/2026")),
        r"^desk\.csv: 30 of 30 rows \(100%\).*opened_at is not a timestamp like 2026-01-31 in 30 rows, first in line 2"
        r".*how to read it in desk\.csv\.map\.toml",
    ),
    "too many rejected": (
        mapped(TICKETS_HEADER + ROWS + "T31,2026-01-05,,,late,,,,,\n" * 2),
        r"^desk\.csv: 2 of 32 rows \(6%\) .*: sla is not one of met, breached in 2 rows, first in line 32\. Correct",
    ),
    "too many regions": (
        mapped(
            TICKETS_HEADER + "".join(ROW.format(number).replace("EMEA", f"R{number}") for number in range(501)),
            'keep = ["region"]\n' + TICKETS_MAP,
        ),
        r"^desk\.csv: region has 501 different values: it does not seem to hold regions\. Map another column",
    ),
    "unknown record": (
        replaced('"tickets"', '"tikets"'),
        r"^desk\.csv: desk\.csv\.map\.toml says that it holds tikets, which is no record\. Known are tickets, commit",
    ),
    "unknown column": (
        replaced("category", "categorie"),
        r"^desk\.csv: desk\.csv\.map\.toml names categorie below \[columns\], .* of tickets\. Known are ticket, revis",
    ),
    "required column not mapped": (
        replaced('opened_at = "Opened"\n', ""),
        r"^desk\.csv: desk\.csv\.map\.toml does not say where to find opened_at, .*Add a line such as opened_at = ",
    ),
    "values of no column": (
        replaced('Channel"', 'Channel"\n[values.status]\nlate = "breached"'),
        r"names status below \[values\], which is no such column of tickets\. Known are",
    ),
    "keeps no place": (
        mapped(TICKETS_HEADER + ROWS, 'keep = ["category"]\n' + TICKETS_MAP),
        r"names category in keep, .*Known are region, channel",
    ),
    "unknown zone": (
        mapped(TICKETS_HEADER + ROWS, 'zone = "Europe/Nowhere"\n' + TICKETS_MAP),
        r"desk\.csv\.map\.toml has zone = 'Europe/Nowhere', which is not understood\. Write it like Europe/Berlin",
    ),
    "unknown format": (
        mapped(TICKETS_HEADER + ROWS, 'dates = ["%Q"]\n' + TICKETS_MAP),
        r"desk\.csv\.map\.toml has dates = '%Q', which is not understood\. Write it like %d/%m/%Y",
    ),
    "formats not a list": (
        mapped(TICKETS_HEADER + ROWS, 'dates = "%d/%m/%Y"\n' + TICKETS_MAP),
        r"^desk\.csv\.map\.toml: dates is not a list of texts such as",
    ),
    "words not text": (
        replaced('Channel"', 'Channel"\n[values.sla]\nlate = 1'),
        r"^desk\.csv\.map\.toml: values is not made of tables",
    ),
    "heading that names the line": (
        mapped((TICKETS_HEADER + ROWS).replace("Subject", "Line"), TICKETS_MAP.replace("Subject", "Line")),
        r"^desk\.csv\.map\.toml: a heading Line cannot be read\. Give it another name",
    ),
}


@pytest.mark.parametrize(("files", "said"), FAILURES.values(), ids=FAILURES)
def test_a_failure_says_what_to_do_and_leaves_the_snapshot(drop, published: Path, files: dict, said: str) -> None:
    before = {path.name: path.lstat().st_mtime_ns for path in published.parent.iterdir()}
    with pytest.raises(BuildFailed) as failed:
        build(drop(files), published, today=TODAY)
    assert len(failed.value.problems) == 1
    assert re.search(said, failed.value.problems[0]), failed.value.problems[0]
    assert {path.name: path.lstat().st_mtime_ns for path in published.parent.iterdir()} == before
    assert tickets_in(current(published)) == 30


def test_a_missing_folder_is_named(published: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match=r"nowhere: there is no such folder\. Name the folder that holds the exports"):
        build(tmp_path / "nowhere", published, today=TODAY)
    assert tickets_in(current(published)) == 30


def test_exactly_one_rejected_in_twenty_is_borne(tickets, tmp_path: Path) -> None:
    """5 % is the most: 1 of 20 is borne. Blank lines are no rows: with 2 of 39 (5.1 %) they would not help."""
    good = [ROW.format(number).strip() for number in range(19)]
    bad = "X,not a day,,,,,,,,"
    (file,) = build(tickets(*good, bad), tmp_path / "snapshot.duckdb", today=TODAY)["files"]
    assert (file["kept"], file["rejected"]) == (19, 1)
    more = [ROW.format(number).strip() for number in range(37)]
    with pytest.raises(BuildFailed, match=r"2 of 39 rows \(5%\)"):
        build(tickets(*more, bad, bad.replace("X", "Y"), "", "", ""), tmp_path / "snapshot.duckdb", today=TODAY)


def test_problems_of_all_files_are_told_at_once(drop, published: Path) -> None:
    """Four files, each wrong at another stage: recognising, mapping, reading, typing."""
    folder = drop(
        {
            "a.csv": "",
            "b.csv": TICKETS_HEADER + ROWS,
            "b.csv.map.toml": TICKETS_MAP.replace('"tickets"', '"tikets"'),
            "c.csv": TICKETS_HEADER + ('"' + ROW.format(1)) * 250,
            "c.csv.map.toml": TICKETS_MAP,
            "d.csv": TICKETS_HEADER + ROWS.replace(",met,", ",late,"),
            "d.csv.map.toml": TICKETS_MAP,
            "e.csv": TICKETS_HEADER + ROWS,
            "e.csv.map.toml": TICKETS_MAP,
        }
    )
    with pytest.raises(BuildFailed) as failed:
        build(folder, published, today=TODAY)
    said = "\n".join(failed.value.problems)
    assert [problem.split(":")[0] for problem in failed.value.problems] == ["a.csv", "b.csv", "c.csv", "d.csv"]
    for words in ("is empty", "tikets", "quotation marks do not match in 101 lines", "30 of 30 rows"):
        assert words in said
    assert tickets_in(current(published)) == 30


@pytest.mark.parametrize("place", ["file/snapshot.duckdb", "file/deeper/snapshot.duckdb", "/proc/snapshot.duckdb"])
def test_a_place_that_refuses_is_named(drop, tmp_path: Path, place: str) -> None:
    """Below a file and in /proc nobody can write, not even the administrator."""
    (tmp_path / "file").write_text("x")
    target = tmp_path / place
    with pytest.raises(BuildFailed) as failed:
        build(drop(GOOD), target, today=TODAY)
    (problem,) = failed.value.problems
    assert problem.startswith(f"{target.parent}: nothing can be written there (")
    assert problem.endswith("Choose another place with --snapshot")


def test_nothing_but_a_snapshot_is_overwritten(drop, tmp_path: Path) -> None:
    """A slip of the hand names an export, or a folder, as the snapshot: both are left alone."""
    folder = drop(GOOD)
    for target in (folder / "desk.csv", folder):
        with pytest.raises(BuildFailed, match="there is something else than a snapshot, and it is not overwritten"):
            build(folder, target, today=TODAY)
    assert {path.name: path.read_text() for path in folder.iterdir()} == GOOD


def test_an_unknown_region_is_counted_and_shown(drop, tmp_path: Path) -> None:
    """Ten tickets of Atlantis, which no reference knows: all are kept; of the word itself only the count is told."""
    text = TICKETS_HEADER + ROWS.replace("EMEA", "Atlantis", 10)
    report = build(drop(mapped(text)), tmp_path / "snapshot.duckdb", today=TODAY)
    assert report["files"][0]["kept"] == 30
    tables = contents(current(tmp_path / "snapshot.duckdb"))
    assert tables["unknown"] == [("desk.csv", "region", 1, 10, 1)]
    counted = {row[2]: row[5] for row in tables["metric_months"] if row[0] == "sla_attainment"}
    assert counted == {"EMEA": 20, "unknown": 10}
    assert "Atlantis" not in str(tables)


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "Excel with BOM and semicolons": (
            "desk.csv",
            "\ufeff" + (TICKETS_HEADER + ROWS).replace(",", ";").replace("\n", "\r\n"),
        ),
        "Excel's separator line": ("desk.csv", "sep=;\n" + (TICKETS_HEADER + ROWS).replace(",", ";")),
        "comma after every row": ("desk.csv", TICKETS_HEADER + ROWS.replace("\n", ",\n")),
        "comma and blank after every row": ("desk.csv", TICKETS_HEADER + ROWS.replace("\n", ", \n")),
        "comma after the headings": ("desk.csv", TICKETS_HEADER.replace("\n", ",\n") + ROWS),
        "comma after all": ("desk.csv", (TICKETS_HEADER + ROWS).replace("\n", ",\n")),
        "old line ends": ("desk.csv", (TICKETS_HEADER + ROWS).replace("\n", "\r")),
        "T and Z": ("desk.csv", TICKETS_HEADER + ROWS.replace(" 09:00", "T09:00:00Z").replace(" 10:00", "T10:00:00Z")),
        "capitals": ("DESK.CSV", TICKETS_HEADER + ROWS),
        "blanks and quotes in the name": ('desk\'s "new" export (1).csv', TICKETS_HEADER + ROWS),
    }.values(),
)
def test_what_tired_people_save_is_read_all_the_same(drop, tmp_path: Path, name: str, text: str) -> None:
    folder = drop({name: text, f"{name}.map.toml": TICKETS_MAP})
    report = build(folder, tmp_path / "it's here" / "snapshot.duckdb", today=TODAY)
    (file,) = report["files"]
    assert (file["path"], file["kept"], file["rejected"]) == (name, 30, 0)
    hours = contents(current(tmp_path / "it's here" / "snapshot.duckdb"), "metric_buckets")["metric_buckets"]
    assert ("first_reply_hours", 0, 30) in [(row[0], row[4], row[5]) for row in hours], "one hour each: bucket 0"


def test_a_time_with_an_offset_is_that_moment_whatever_the_zone(drop, tmp_path: Path) -> None:
    """The ticket came at 09:00 in Berlin, 07:00 UTC in July; all three replies are an hour later, at 08:00 UTC.

    Built on a machine in Chicago, whose own zone must not matter.
    """
    replies = ("2025-07-07 10:00", "2025-07-07T08:00:00Z", "2025-07-07 13:30 +0530")
    rows = "".join(f"T{number},2025-07-07 09:00,{reply},,,,,,,\n" for number, reply in enumerate(replies))
    folder = drop(mapped(TICKETS_HEADER + rows, 'zone = "Europe/Berlin"\n' + TICKETS_MAP))
    asked = command(folder, tmp_path / "snapshot.duckdb", "--json")
    subprocess.run(asked, cwd=ROOT, env=os.environ | {"TZ": "America/Chicago"}, capture_output=True, check=True)
    (row,) = contents(current(tmp_path / "snapshot.duckdb"), "metric_buckets")["metric_buckets"]
    assert (row[0], *row[4:]) == ("first_reply_hours", 0, 3)


# Publication


def test_a_reader_goes_on_with_its_version_and_a_new_one_finds_the_new(drop, published: Path) -> None:
    """The old reader is served even when its version has been cleared away by later builds."""
    before = current(published)
    reader = opened(before)
    for more in range(1, KEPT_VERSIONS + 2):
        folder = drop(mapped(TICKETS_HEADER + "".join(ROW.format(number) for number in range(30 + more))))
        report = build(folder, published, today=TODAY)
        assert published.is_symlink()
        assert current(published).name == report["version"] != before.name
        assert tickets_in(current(published)) == 30 + more
        assert reader.ask("figures/files")["kept"].sum() == 30
        assert len(versions(published)) == min(more + 1, KEPT_VERSIONS) == min(more + 1, 3)
    assert not before.exists()
    reader.close()
    assert {path.name for path in published.parent.iterdir()} == {
        published.name,
        *(path.name for path in versions(published)),
    }


def test_the_version_that_serves_is_never_cleared_away(drop, published: Path) -> None:
    """Another machine's clock runs ahead: three versions seem newer than the one published last."""
    for day in (1, 2, 3):
        shutil.copy(current(published), published.with_name(f"snapshot-2099010{day}-000000-00000000.duckdb"))
    report = build(drop(GOOD), published, today=TODAY)
    assert current(published).name == report["version"]
    assert tickets_in(current(published)) == 30
    assert len(versions(published)) == 3


def test_two_builds_at_once_leave_one_whole_snapshot(small: Path, tmp_path: Path) -> None:
    published = tmp_path / "snapshot.duckdb"
    builds = [
        subprocess.Popen(command(small, published, "--json"), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    reports = [json.loads(started.communicate()[0]) for started in builds]
    assert [started.returncode for started in builds] == [0, 0]
    assert current(published).name in {report["version"] for report in reports}
    assert len(versions(published)) == 2
    first, second = (contents(path, *METRIC_TABLES) for path in versions(published))
    assert first == second
    assert not list(tmp_path.glob(".*"))


def begin(exports: Path, published: Path) -> subprocess.Popen:
    silent = subprocess.DEVNULL
    return subprocess.Popen(command(exports, published), cwd=ROOT, stdout=silent, stderr=silent)


def wait_for(happened: Callable[[], object], started: subprocess.Popen) -> None:
    while not happened():
        assert started.poll() is None, "the build ended before it could be interrupted"
        time.sleep(0.002)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_a_first_build_that_is_killed_leaves_no_pointer(small: Path, tmp_path: Path, kill: signal.Signals) -> None:
    published = tmp_path / "snapshot.duckdb"
    started = begin(small, published)
    wait_for(lambda: list(tmp_path.glob(".build-*/snapshot.duckdb")), started)
    started.send_signal(kill)
    started.wait()
    with pytest.raises(NoSnapshot):
        current(published)
    assert not published.is_symlink()


def test_a_build_killed_at_any_moment_leaves_the_snapshot_and_the_next_clears_up(small: Path, published: Path) -> None:
    """Six kills spread over the build and two polite ones, each a little by chance after a line of its progress.

    By lines and not by seconds, so that the moments are spread on a slow machine too. A build that was killed just
    after it had published has published: then the new snapshot is the whole one.
    """
    lines = len(run(small, published).stderr.splitlines())
    serving, whole = current(published), contents(current(published), *METRIC_TABLES)
    unchanged = left = 0
    for part, kill in enumerate([signal.SIGKILL] * 6 + [signal.SIGTERM] * 2):
        started = subprocess.Popen(
            command(small, published), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for _ in range(1 + (lines - 2) * (part % 6) // 5):
            assert started.stderr.readline(), "the build ended before it could be interrupted"
        time.sleep(random.uniform(0, 0.02))
        started.send_signal(kill)
        started.communicate()
        assert started.returncode == -kill
        unchanged += current(published) == serving
        left += bool(list(published.parent.glob(f".build-{started.pid}-*")))
        serving = current(published)
        assert contents(serving, *METRIC_TABLES) == whole
    assert unchanged >= 7
    assert left >= 7, "they left their working folders behind"
    assert run(small, published).returncode == 0
    assert not list(published.parent.glob(".*"))
    assert current(published) != serving
    assert contents(current(published), *METRIC_TABLES) == whole


def test_the_folder_of_a_build_that_still_runs_is_left_alone(drop, published: Path) -> None:
    """Named by a process: that of this test lives, number 4194305 is beyond the largest that Linux gives."""
    alive, dead = (published.with_name(f".build-{process}-x") for process in (os.getpid(), 4_194_305))
    alive.mkdir()
    dead.mkdir()
    build(drop(GOOD), published, today=TODAY)
    assert (alive.exists(), dead.exists()) == (True, False)


# Privacy


@pytest.fixture(scope="module")
def secrets() -> dict[str, set[str]]:
    """Every identifier and every free text of the demonstration exports, by heading."""
    found: dict[str, set[str]] = {}
    named = re.compile(r".* ID|For idea|Learning")
    for path in sorted((ROOT / "data" / "exports").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                for heading, cell in row.items():
                    if heading and named.fullmatch(heading) and heading != "Metric ID" and cell and cell.strip():
                        found.setdefault(heading, set()).add(cell.strip())
    return found


def test_the_secrets_searched_for_are_those_of_the_exports(secrets: dict[str, set[str]]) -> None:
    """Otherwise the searches below would find nothing because they look for nothing."""
    kinds = ("Ticket", "Requester", "Customer", "Commitment", "Employee", "Idea", "Response", "Invitation", "Author")
    kinds += ("Application", "Applicant", "Decision", "Deal", "Leader")
    assert {f"{kind} ID" for kind in kinds} | {"Recognition ID", "For idea", "Learning"} == set(secrets)
    assert len(secrets["Ticket ID"]) > 19_000
    assert len(secrets["Employee ID"]) > 1_000
    assert all(len(text) > 10 for text in secrets["Learning"])


def test_no_value_of_the_snapshot_names_a_person_or_a_case(demo: Snapshot, secrets: dict[str, set[str]]) -> None:
    """Every value of every table, cut into words, against every identifier; free text is looked for as a whole."""
    text = "\n".join(str(value) for rows in contents(demo.path).values() for row in rows for value in row)
    words = set(re.findall(r"\w+", text))
    assert {"EMEA", "Phone", "promises_kept"} <= words, "the search reads what is there"
    for heading, cells in secrets.items():
        if heading == "Learning":
            assert not [cell for cell in cells if cell in text]
        else:
            assert not cells & words, heading


def test_no_byte_of_the_file_names_a_person_or_a_case(demo: Snapshot, secrets: dict[str, set[str]]) -> None:
    """Pages that were freed may still hold what a query cannot reach any more."""
    raw = demo.path.read_bytes()
    assert b"promises_kept" in raw
    assert b"Keep our promises" in raw
    for heading, cells in secrets.items():
        for cell in random.Random(1).sample(sorted(cells), min(100, len(cells))):
            assert cell.encode() not in raw, f"{heading} {cell}"


def test_only_protected_sums_about_people_are_in_the_snapshot(demo: Snapshot) -> None:
    """No table has a column that tells a person; figures about people stand only in the tables made for them, at one
    scope each, and no count under ten is among them."""
    of_people = {"employee", "author", "requester", "gender", "ethnicity", "age_band", "disability", "wave"}
    assert of_people <= {column.name for contract in contracts().values() for column in contract.columns}
    cursor = demo.connection.cursor()
    columns = cursor.execute(
        "select table_name, column_name from duckdb_columns() where not internal and schema_name = 'main'"
    ).fetchall()
    assert ("metric_months", "region") in columns
    assert not {column for _, column in columns} & of_people
    assert {table for table, column in columns if column == "level"} == {"people_counts"}
    tables = contents(demo.path)
    stacked = {row[0] for name in ("metric_months", "metric_buckets") for row in tables[name]}
    known = {metric.query: metric for metric in metrics().values()}
    assert stacked and all(known[metric].about == "cases" for metric in stacked)
    assert {known[row[0]].about for row in tables["people_months"]} == {"people"}
    for table in ("people_months", "people_counts"):
        scopes = set(cursor.execute(f"select distinct scope, place = '' from {table}").fetchall())
        assert scopes == {("everyone", True), ("region", False), ("channel", False)}
    assert cursor.execute("select distinct scope from people_counts where level <> 'all levels'").fetchall() == [
        ("everyone",)
    ]
    told = cursor.execute("select people, base, share, status from people_counts").fetchall()
    for people, base, share, status in told:
        assert (people is not None) == (status == "shown")
        assert people is None or (people >= 10 and people % 5 == 0)
        assert share is None or (base >= 25 and share == round(people / base, 2))
    assert {row[3] for row in told} >= {"shown", "<10"}
    for numerator, status in cursor.execute("select numerator, status from people_months").fetchall():
        assert (numerator is not None) == (status == "shown")


def test_a_build_asks_for_no_more_memory_than_4_gb_and_for_no_more_than_there_is() -> None:
    """The engine may hold 3 GB, and the interpreter with all libraries takes less than one."""
    for given, allowed in (("20GB", "2.7 GiB"), ("3GB", "2.7 GiB"), ("500MB", "476.8 MiB")):
        with duckdb.connect(config={"memory_limit": given}) as warehouse:
            bound_memory(warehouse)
            assert warehouse.execute("select current_setting('memory_limit')").fetchone()[0] == allowed


def test_a_disk_without_room_for_what_memory_does_not_hold_is_told_in_a_sentence(tmp_path: Path) -> None:
    def load(warehouse: duckdb.DuckDBPyConnection) -> list:
        warehouse.execute("set memory_limit = '50MB'; set max_temp_directory_size = '10MB'")
        warehouse.execute("create table much as select range, hash(range)::varchar from range(5_000_000)")
        return []

    with pytest.raises(BuildFailed, match=r"the disk refused \(.*\)\. Make room or choose another --snapshot$"):
        build_of(load, tmp_path / "snapshot.duckdb")
    assert not list(tmp_path.iterdir())


# The same in, the same out


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration exports with the lines of the tickets in another order: the snapshot of them."""
    folder = tmp_path_factory.mktemp("shuffled")
    exports = Path(shutil.copytree(ROOT / "data" / "exports", folder / "exports"))
    tickets = exports / "crm" / "tickets.csv"
    header, *rows = tickets.read_text("utf-8").splitlines()
    random.Random(1).shuffle(rows)
    tickets.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    build(exports, folder / "snapshot.duckdb", today=TODAY)
    return folder / "snapshot.duckdb"


def test_the_order_of_the_rows_of_an_export_is_irrelevant(demo: Snapshot, shuffled: Path) -> None:
    ordered, mixed = (contents(path, *METRIC_TABLES) for path in (demo.path, current(shuffled)))
    assert all(ordered.values())
    assert mixed == ordered


def test_building_twice_gives_the_same_numbers_in_the_same_order(small: Path, tmp_path: Path) -> None:
    """All but when it was built: values and the order of the rows in the tables too."""
    tables = []
    for name in ("one", "two"):
        build(small, tmp_path / f"{name}.duckdb", today=TODAY)
        with duckdb.connect(current(tmp_path / f"{name}.duckdb"), read_only=True) as connection:
            kept = ("metrics", "files", "rejects", "unknown", "off_scale", *METRIC_TABLES)
            tables.append({table: connection.execute(f"select * from {table}").fetchall() for table in kept})
    one, two = tables
    for table in one:
        assert sorted(map(str, one[table])) == sorted(map(str, two[table])), table
    months = [row[1] for row in one["metric_months"] if row[0] == "sla_attainment"]
    assert months == sorted(months)
    assert all(first <= second for first, second in pairwise(months))

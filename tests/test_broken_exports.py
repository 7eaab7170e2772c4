"""Broken exports: whatever a file holds, it is read with every row accounted for, or refused in a sentence.

Never a crash, a hang or a number that nobody wrote; its text stays text.
"""

import csv
import gzip
import io
import re
import string
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app import loading, quick
from app.downloads import harmless
from app.exports import BadExport, recognise
from app.rejects import read
from app.sources import sources
from app.tables import tables
from tests.conftest import TICKETS_HEADER, TICKETS_MAP, TODAY

HOSTILE = (
    "'; drop table rejects; --",
    '"; drop table rejects; --',
    "<script>alert(1)</script>",
    "../../etc/passwd",
    '=HYPERLINK("http://x")',
    "@SUM(1)",
    "-1+1",
    "+1",
    "{{x}}",
    "$file",
    "\x00",
    "\ufeff",
    "\x1f3",
    "a" * 5000,
)
GOOD = [f"T{number},2026-01-05 09:00,,,met,0,,,EMEA,Phone" for number in range(8)]


def load(folder: Path) -> tuple[list, list[str], list[tuple]]:
    with duckdb.connect() as warehouse:
        files, problems = loading.load(warehouse, folder, TODAY, lambda line: None, drafting=False)
        kept = warehouse.execute("select ticket, sla, reopened, region from tickets order by all").fetchall()
    for file, _ in files:
        assert file.read == file.kept + file.rejected + file.repeated + file.blank, problems
        assert file.notes + file.left_out <= file.blank
    assert not any("Report this file as a defect" in problem for problem in problems)
    return files, problems, kept


def written(place: Path, content: bytes, name: str = "desk.csv") -> Path:
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(content)
    (place / f"{name}.map.toml").write_text("most_rejected = 1\n" + TICKETS_MAP, "utf-8")
    return place


DAMAGE = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 600)),
    st.tuples(st.just("insert"), st.integers(0, 600), st.binary(max_size=12)),
    st.tuples(
        st.just("insert"),
        st.integers(0, 600),
        st.sampled_from(
            [b'"', b"\n", b"\r", b"\0", b"\xff", b",", b"\n\n\n", b'"\n"', b"\xef\xbb\xbf", b"caf\xe9", "é".encode()]
        ),
    ),
    st.tuples(st.just("repeat"), st.integers(0, 12)),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DAMAGE, min_size=1, max_size=4), st.booleans())
def test_a_damaged_export_keeps_only_what_was_written(tmp_path: Path, damages: list[tuple], packed: bool) -> None:
    """Cut, pasted into, header again, packed and cut: no kept ticket has another verdict than `met` or none."""
    lines = [TICKETS_HEADER.strip(), *GOOD]
    content = ("\n".join(lines) + "\n").encode()
    for kind, where, *what in damages:
        if kind == "cut":
            content = content[: len(content) - where]
        elif kind == "repeat":
            content += b"\n".join(content.split(b"\n")[: where + 1])
        else:
            content = content[:where] + what[0] + content[where:]
    name = "desk.csv.gz" if packed else "desk.csv"
    folder = written(tmp_path / name, gzip.compress(content) if packed else content, name)
    _, problems, kept = load(folder)
    for ticket, verdict, _, region in kept:
        assert verdict in ("met", None) and region in ("EMEA", "unknown"), (ticket, content)
    for problem in problems:
        assert re.fullmatch(r"desk\.csv(\.gz)?(\.map\.toml)?: .+", problem, re.DOTALL), problem


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=4000))
def test_bytes_of_any_kind_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("x.csv", "x.tsv.gz", "x.zip", "x.xlsx", "x.xls"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        with pytest.raises(BadExport) as refused:
            recognise(folder / name, name, sources())
        assert str(refused.value).startswith(f"{name}: ")


CELLS = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), max_size=8), st.sampled_from(["", " ", "met"])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=10, max_size=10), min_size=1, max_size=6))
def test_text_stays_text(tmp_path: Path, rows: list[list[str]]) -> None:
    """A second opinion on tickets: those are kept as they were written, letter by letter, or not at all."""
    for row in rows:
        row[1] = "2026-01-05"
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([TICKETS_HEADER.strip().split(","), *rows])
    folder = written(tmp_path / "t", text.getvalue().encode())
    _, _, kept = load(folder)
    names = {row[0].strip(" ") for row in rows}
    assert {ticket for ticket, *_ in kept} <= names
    for row in read(folder, TODAY)[0]:
        assert not str(harmless(row[3] or "")).startswith(("=", "+", "-", "@"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(HOSTILE) | st.text(string.printable, max_size=9), min_size=1, max_size=6))
def test_headings_of_any_kind_are_drafted_or_refused(tmp_path: Path, headings: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([headings, ["1", "2026-01-05", "x"]])
    folder = tmp_path / "h"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / "x.csv").write_bytes(text.getvalue().encode())
    for _ in range(2):  # the second time the draft lies there
        with duckdb.connect() as warehouse:
            files, problems = loading.load(warehouse, folder, TODAY, lambda line: None)
        assert not files and len(problems) == 1


@pytest.mark.parametrize(
    ("content", "read_rows", "blank"),
    [
        (TICKETS_HEADER, 0, 0),
        (TICKETS_HEADER + (GOOD[0] + "\n" * 250_001) * 4 + GOOD[1] + "\n", 1_000_005, 1_000_000),
        (TICKETS_HEADER + GOOD[0] + "\n" + TICKETS_HEADER + GOOD[1] + "\n", 3, 0),
        (TICKETS_HEADER + GOOD[0] + "\n" + GOOD[1].replace("EMEA", "x" * 900_000) + "\n", 2, 0),
        (TICKETS_HEADER + "".join(f"{line}\n" for line in GOOD) + GOOD[0][:9], 9, 0),
    ],
    ids=["header only", "blank lines", "two headers", "huge cell", "cut short"],
)
def test_odd_but_whole_files(tmp_path: Path, content: str, read_rows: int, blank: int) -> None:
    started = time.perf_counter()
    ((file, _),), _, _ = load(written(tmp_path / "o", content.encode()))
    assert (file.read, file.blank) == (read_rows, blank)
    assert time.perf_counter() - started < 60


def test_a_cell_longer_than_any_costs_its_row_and_no_other(tmp_path: Path) -> None:
    content = TICKETS_HEADER + GOOD[0] + "\n" + "x" * 3_000_000 + "\n" + GOOD[1] + "\n"
    _, problems, kept = load(written(tmp_path / "l", content.encode()))
    assert [ticket for ticket, *_ in kept] == ["T0", "T1"] and problems == []


def test_an_archive_that_is_packed_too_tightly_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.tables.SMALL", 1000)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", "a" * 10_000_000)
    with pytest.raises(BadExport, match="packed too tightly"):
        tables(tmp_path / "x.zip", "x.zip")


SPACED = (
    'a "b" c',
    '"a ""b"" c"',
    '"a, ""b"" ,c"',
    'a "b',
    '"a" b',
    '"a "',
    '" a"',
    '  "a"',
    '"a"  ',
    'b" "c',
    '"" ""',
)
QUIET = st.sampled_from(
    [
        "",
        " ",
        "x",
        '"',
        '""',
        '"a"',
        ' "a" ',
        '"a""b"',
        'a"b',
        "é",
        ",",
        "\n",
        "\r\n",
        "\r",
        "2026-01-05",
        "T1",
        *SPACED,
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(QUIET, min_size=1, max_size=6), max_size=5))
@example([["", "x", '"" ""']])
@example([["T1", "2026-01-05", '"met" "or not"']])
def test_reading_quickly_reads_what_row_by_row_reads(tmp_path: Path, cells: list[list[str]]) -> None:
    """The engine's reading stands only where it says the same, cell by cell and line by line."""
    text = "Number,Opened,SLA\n" + "T0,2026-01-05,met\n" + "\n".join(",".join(row) for row in cells)
    mapping = 'system = "S"\nrecord = "tickets"\n[columns]\nticket = "Number"\nopened_at = "Opened"\nsla = "SLA"\n'
    folder = written(tmp_path / "q", text.encode())
    (folder / "desk.csv.map.toml").write_text(mapping, "utf-8")
    export = recognise(folder / "desk.csv", "desk.csv", sources())
    wanted = [(heading, place) for place, heading in enumerate(export.header)]
    with duckdb.connect() as warehouse:
        read = quick.copy(warehouse, export, wanted)
        if read is None:
            return
        told = warehouse.execute("select * from export order by line").fetchall()
    width = len(export.header)  # blank cells beyond it are none
    slowly = [(line, *row[: width if not "".join(row[width:]).strip() else None]) for line, row in export.rows()]
    assert told == slowly and read == len(slowly)


PIECES = st.sampled_from(["a", '"', " ", ",", "\n", "\r\n", "\r", "\0", "é", "…"]).map(str.encode) | st.just(b"\xc3")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, min_size=1, max_size=12).map(b"".join), st.integers(1, 4))
def test_a_text_is_as_clean_however_it_is_cut(tmp_path: Path, content: bytes, chunk: int) -> None:
    """A file is looked at piece by piece, each up to the end of a line: never cleaner than it is, each line counted."""
    path = tmp_path / "cut.csv"
    path.write_bytes(content)
    export = SimpleNamespace(path=path, table=SimpleNamespace(delimiter=","))
    whole = quick._lines(export)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick, "CHUNK", chunk)
        assert quick._lines(export) in (0, whole)
        patch.setattr(quick, "CHUNK", len(max(content.splitlines(True), key=len)) + 1)
        assert quick._lines(export) == whole
    unclean = ["\0", ', "', '\n "', '  "', '" ,', '" \r', '" \n', '"  ']
    try:
        text = content.decode()
        clean = not any(sign in f"\n{text}\n" for sign in unclean) and "\r" not in text.replace("\r\n", "")
    except UnicodeDecodeError:
        clean = False
    assert whole == (len(content.decode().removesuffix("\n").split("\n")) if clean else 0)


def test_a_clean_text_is_read_quickly_and_an_unclean_one_is_not(tmp_path: Path) -> None:
    clean = TICKETS_HEADER + "\n".join(GOOD) + "\n"
    for content, quickly in (
        (clean, True),
        (clean.replace("\n", "\r\n"), True),
        ("Title\n\n" + clean, True),
        (clean + "\n", False),
        (clean.replace("EMEA", '"two\nlines"'), False),
        (clean.replace("EMEA", "caf\xe9").encode("cp1252"), False),
        (clean + "T9\n", False),
        (clean.replace("T1", "T\0"), False),
    ):
        folder = written(tmp_path / "c", content if isinstance(content, bytes) else content.encode())
        export = recognise(folder / "desk.csv", "desk.csv", sources())
        with duckdb.connect() as warehouse:
            told = quick.copy(warehouse, export, [("Number", 0)])
        assert (told is not None) == quickly, content

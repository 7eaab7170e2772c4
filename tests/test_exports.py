"""Files are found, recognised and read as they come, or refused in a sentence that says what to do."""

import csv
import gzip
import io
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest
import xlsxwriter

from app.exports import BadExport, Fate, find, recognise
from app.loading import load
from app.sources import sources
from tests.conftest import TICKETS_HEADER, TICKETS_MAP, TODAY

ROW = "T1,2026-01-05 09:00,2026-01-05 10:00,2026-01-06 09:00,met,0,billing,R1,EMEA,Phone\n"


def read(folder: Path, name: str = "desk.csv") -> list[tuple[int, list[str]]]:
    return list(recognise(folder / name, name, sources()).rows())


def test_every_source_has_one_signature_and_reads_only_headings_it_knows() -> None:
    """No two sources may share a signature, and each names its system and record."""
    signatures = [frozenset(heading.casefold() for heading in source.must_have) for source in sources()]
    assert len(signatures) == len(set(signatures)) > 0
    for source in sources():
        assert source.system and source.record
        read = {heading.casefold() for heading in source.columns}
        strange = {heading.casefold() for heading in source.optional} - read
        assert not strange, f"{source.name}: {strange} is never read"


def test_find_takes_tables_and_leaves_the_rest(drop) -> None:
    folder = drop({"a.csv": "x", "b.map.toml": "", "README.md": "", ".c.csv": "x", "~$d.csv": "x", "e/f.TSV": "x"})
    assert [path.name for path in find(folder)] == ["a.csv", "f.TSV"]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadExport, match="nowhere: there is no such folder"):
        find(tmp_path / "nowhere")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_told_apart(drop, encoding: str) -> None:
    """é is 0xE9 in cp1252, which is no UTF-8; the byte-order marks tell the others."""
    text = TICKETS_HEADER + ROW.replace("billing", "café")
    folder = drop({"desk.csv": text.encode(encoding), "desk.csv.map.toml": TICKETS_MAP})
    assert read(folder)[0][1][6] == "café"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_told_apart_by_the_headings(drop, delimiter: str) -> None:
    folder = drop({"desk.csv": (TICKETS_HEADER + ROW).replace(",", delimiter), "desk.csv.map.toml": TICKETS_MAP})
    assert read(folder)[0][1][:2] == ["T1", "2026-01-05 09:00"]


def test_packed_files_are_read_as_they_come(drop, tmp_path: Path) -> None:
    packed = gzip.compress((TICKETS_HEADER + ROW).encode())
    folder = drop({"desk.csv.gz": packed, "desk.csv.gz.map.toml": TICKETS_MAP, "desk.zip.map.toml": TICKETS_MAP})
    with zipfile.ZipFile(folder / "desk.zip", "w") as archive:
        archive.writestr("desk.csv", TICKETS_HEADER + ROW)
    assert read(folder, "desk.csv.gz") == read(folder, "desk.zip")


def test_header_below_a_title_block_and_lines_of_multiline_cells(drop) -> None:
    """Title and blank line: header in line 3. The first row begins in line 4 and spans two: the second is in line 6."""
    text = "Report of tickets\n\n" + TICKETS_HEADER + ROW.replace("billing", '"bill\ning"') + ROW + "\n" + ROW
    folder = drop({"desk.csv": text, "desk.csv.map.toml": TICKETS_MAP})
    rows = read(folder)
    assert [line for line, _ in rows] == [4, 6, 7, 8]
    assert rows[2][1] == [], "the blank line has no cells"


def test_one_mapping_file_serves_next_months_file_by_its_pattern(drop) -> None:
    mapping = 'files = ["desk-*.csv"]\n' + TICKETS_MAP
    folder = drop(
        {"desk-2026-01.csv": TICKETS_HEADER + ROW, "desk-2026-02.csv": TICKETS_HEADER, "desk.map.toml": mapping}
    )
    assert read(folder, "desk-2026-01.csv") and read(folder, "desk-2026-02.csv") == []


def test_headings_may_hold_quotes_dashes_and_apostrophes(drop) -> None:
    """As questions of surveys do: whatever stands in them, a mapping file names them and SQL reads them."""
    heard, day, sign = 'Have you heard of "it"?', "What's the day -- if any?", '"'
    rows = [[heard, day, sign, "Subject"], ["T1", "2026-01-05", "EMEA", "billing"], ["T2", "2026-01-05", "", 'a "b"']]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    columns = {"ticket": heard, "opened_at": day, "region": sign}
    mapping = 'system = "S"\nrecord = "tickets"\n[columns]\n'
    mapping += "".join(f"{column} = {json.dumps(heading)}\n" for column, heading in columns.items())
    mapping += f"[leave_out]\n{json.dumps('Subject')} = [{json.dumps(rows[2][3])}]\n"
    folder = drop({"desk.csv": text.getvalue(), "desk.csv.map.toml": mapping})
    with duckdb.connect() as warehouse:
        ((file, _),), problems = load(warehouse, folder, TODAY, lambda line: None)
        told = warehouse.execute("select ticket, opened_at, region from tickets").fetchall()
    assert (problems, file.kept, file.left_out) == ([], 1, 1)
    assert told == [("T1", datetime(2026, 1, 5), "EMEA")]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"desk.csv": ""}, "desk.csv: the file is empty. Export it again"),
        ({"desk.csv": "\n\n \n"}, "the file is empty: it holds 3 blank lines and nothing else. Export it again"),
        ({"desk.csv": "\n" * 1_000_000}, "it holds 1,000,000 blank lines and nothing else"),
        ({"desk.csv": "\n" * 26 + TICKETS_HEADER}, "its first 26 lines are blank. .* stand in the first 25 lines"),
        ({"desk.csv": '"never closed'}, "it begins with no table. Its headings have to stand in the first 25 lines"),
        ({"desk.csv": "a,b\n1,2\n"}, "no known system writes these headings.*say what they are in desk.csv.map.toml"),
        ({"desk.csv": TICKETS_HEADER.replace("SLA", "Sla x"), "desk.csv.map.toml": TICKETS_MAP}, "but without SLA"),
        ({"desk.csv": TICKETS_HEADER, "desk.csv.map.toml": "record = ["}, "not readable as TOML"),
        ({"desk.csv": TICKETS_HEADER, "desk.csv.map.toml": 'record = "tickets"'}, r"it has no \[columns\]"),
        ({"desk.csv": TICKETS_HEADER, "desk.csv.map.toml": TICKETS_MAP + "\n[valuse]\n"}, "unknown key valuse"),
        (
            {"desk.csv": TICKETS_HEADER, "desk.csv.map.toml": '[columns]\nticket = "Number"'},
            "does not say which system",
        ),
        (
            {"desk.csv": TICKETS_HEADER, "desk.csv.map.toml": TICKETS_MAP.replace('"Number"', "'a\" as b, \"c'")},
            'but without a" as b, "c',
        ),
        ({"desk.zip": b"PK no zip"}, "desk.zip: it cannot be read"),
        ({"desk.csv.gz": gzip.compress(b"x" * 9999)[:40]}, "cannot be read"),
    ],
)
def test_what_cannot_be_recognised_is_refused_in_a_sentence(drop, files: dict, said: str) -> None:
    folder = drop(files)
    name = next(iter(files))
    with pytest.raises(BadExport, match=said):
        recognise(folder / name, name, sources())


def test_a_quote_never_closed_costs_its_line_and_no_other(drop) -> None:
    """The quote opens in line 3 and would swallow the rest, whether that is less than a cell may hold or more."""
    for rows in (3, 20_000):
        text = TICKETS_HEADER + ROW + '"' + ROW + ROW * rows
        told = read(drop({"desk.csv": text, "desk.csv.map.toml": TICKETS_MAP}))
        assert told[1] == (3, Fate.BROKEN)
        assert [line for line, cells in told if len(cells if isinstance(cells, list) else []) == 10] == [
            2,
            *range(4, 4 + rows),
        ]


def test_quotes_that_match_nowhere_are_refused(drop) -> None:
    folder = drop({"desk.csv": TICKETS_HEADER + ('"' + ROW) * 201, "desk.csv.map.toml": TICKETS_MAP})
    with pytest.raises(BadExport, match=r"desk.csv: it is no table: quotation marks do not match in 101 lines"):
        read(folder)


def test_notes_below_the_table_are_told_apart_from_a_row_that_breaks_off(drop) -> None:
    """After a blank line: two notes. Without words, or with a row after it, a single cell is a broken row."""
    notes = '\n"Cases"\n"Confidential Information - Do Not Distribute"\n'
    for tail, told in (
        (notes, [[], Fate.NOTE, Fate.NOTE]),
        ("\nT9", [[], ["T9"]]),
        ("\nan odd row\n" + ROW, [[], ["an odd row"], ROW.strip().split(",")]),
        ("T9 and no more\n", [["T9 and no more"]]),
    ):
        folder = drop({"desk.csv": TICKETS_HEADER + ROW + tail, "desk.csv.map.toml": TICKETS_MAP})
        assert [cells for _, cells in read(folder)][1:] == told


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_seen_by_its_empty_bytes(drop, encoding: str) -> None:
    folder = drop({"desk.csv": (TICKETS_HEADER + ROW).encode(encoding), "desk.csv.map.toml": TICKETS_MAP})
    assert read(folder)[0][1][0] == "T1"


def test_a_file_that_mixes_encodings_keeps_both(drop) -> None:
    """Two exports pasted together: the first row is UTF-8, the second cp1252."""
    row = ROW.replace("billing", "São Paulo €")
    text = TICKETS_HEADER.encode() + row.encode() + row.encode("cp1252")
    told = read(drop({"desk.csv": text, "desk.csv.map.toml": TICKETS_MAP}))
    assert [cells[6] for _, cells in told] == ["São Paulo €"] * 2


def test_lines_that_end_in_a_carriage_return_only(drop) -> None:
    folder = drop({"desk.csv": (TICKETS_HEADER + ROW * 2).replace("\n", "\r"), "desk.csv.map.toml": TICKETS_MAP})
    assert [line for line, _ in read(folder)] == [2, 3]


# Rows of headings


def headed(drop, text: str, keys: str, columns: str) -> tuple[tuple[str, ...], list]:
    mapping = f'system = "S"\nrecord = "tickets"\n{keys}\n[columns]\n{columns}\n'
    folder = drop({"s.csv": text, "s.csv.map.toml": mapping})
    export = recognise(folder / "s.csv", "s.csv", sources())
    return export.header, list(export.rows())


def test_a_second_row_of_headings_holds_the_answers_to_choose_from(drop) -> None:
    """The question is carried forward over blank headings; an open answer needs no second name."""
    text = "Id,How was it?,Which?,,\n,Response,Phone,Chat,Other (please specify)\n7,5,Phone,,fax\n"
    header, rows = headed(
        drop, text, 'under_header = [".*"]\noptions = true', 'ticket = "Id"\nregion = "Which? - Chat"'
    )
    assert header == ("Id", "How was it?", "Which? - Phone", "Which? - Chat", "Which? - Other (please specify)")
    assert rows == [(3, ["7", "5", "Phone", "", "fax"])]


def test_a_third_row_of_headings_tells_its_system(drop) -> None:
    """The second row may break a line within a heading: rows begin where the third ends."""
    keys = """under_header = ['.*', '\\{"ImportId":']"""
    text = 'Q1,Q2\nHow?,"Why?\nSay more."\n"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n9,fast\n'
    header, rows = headed(drop, text, keys, 'ticket = "Q1"')
    assert (header, rows) == (("Q1", "Q2"), [(5, ["9", "fast"])])
    with pytest.raises(BadExport, match="no known system"):
        headed(drop, "Q1,Q2\nHow?,Why?\n1,2\n9,fast\n", keys, 'ticket = "Q1"')


def test_repeated_and_blank_headings_have_names_of_their_own(drop) -> None:
    header, _ = headed(drop, "Labels,labels,,Labels,\na,b,c,d,e\n", "", 'ticket = "Labels"')
    assert header == ("Labels", "labels (2)", "column 3", "Labels (3)", "column 5")


# Workbooks


def workbook(path: Path, *rows: tuple, hidden: bool = False, formats: dict | None = None) -> None:
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm", "remove_timezone": True})
    if hidden:
        book.add_worksheet("lists").hide()
    sheet = book.add_worksheet("Cases")
    sheet.activate()
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, tuple):
                sheet.write_formula(number, place, *value)
            elif isinstance(value, timedelta):
                sheet.write_datetime(number, place, value, book.add_format({"num_format": "[h]:mm:ss"}))
            elif value is not None:
                sheet.write(number, place, value)
    book.close()


COLUMNS = TICKETS_HEADER.strip().split(",")


def test_a_workbook_reads_like_the_text_of_it(drop) -> None:
    """Dates as ISO, whole numbers without a point, a formula by the value saved with it; below title rows."""
    opened = datetime(2026, 1, 5, 9, 12, 44)
    folder = drop({"desk.xlsx.map.toml": TICKETS_MAP})
    row = ("T1", opened, datetime(2026, 1, 6), None, True, 2.0, 1.5, timedelta(hours=26, minutes=3), "EMEA")
    formula = ("=1+1", None, "42")
    workbook(folder / "desk.xlsx", ("Report",), (), COLUMNS, (*row, formula), hidden=True)
    (told,) = read(folder, "desk.xlsx")
    assert told[0] == 4
    assert told[1][:9] == ["T1", "2026-01-05 09:12:44", "2026-01-06", "", "TRUE", "2", "1.5", "26:03:00", "EMEA"]
    assert told[1][9] == "42"


def test_formulas_that_were_never_calculated_are_refused(drop) -> None:
    folder = drop({"desk.xlsx.map.toml": TICKETS_MAP})
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    book.active.append(["T1", "=NOW()"])
    book.save(folder / "desk.xlsx")
    with pytest.raises(BadExport, match=r"formulas that were never calculated. Open it, save it"):
        read(folder, "desk.xlsx")


def test_a_zipped_workbook_is_read_and_what_is_none_is_refused(drop) -> None:
    mapped = {f"{name}.map.toml": TICKETS_MAP for name in ("desk.zip", "a.xlsx", "b.xlsx", "c.xls")}
    folder = drop({**mapped, "a.xlsx": "<html>", "b.xlsx": b"\xd0\xcf\x11\xe0 old", "c.xls": "x"})
    workbook(folder / "desk.xlsx", COLUMNS, ("T1", "2026-01-05"))
    with zipfile.ZipFile(folder / "desk.zip", "w") as archive:
        archive.write(folder / "desk.xlsx", "desk.xlsx")
        archive.writestr("__MACOSX/._desk.xlsx", "x")
    assert read(folder, "desk.zip")[0][1][:2] == ["T1", "2026-01-05"]
    for name, said in (("a.xlsx", "cannot be read"), ("b.xlsx", "protected by a password"), ("c.xls", "old kind")):
        with pytest.raises(BadExport, match=said):
            read(folder, name)

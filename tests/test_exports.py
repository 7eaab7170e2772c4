"""Files are found, recognised and read as they come, or refused in a sentence that says what to do."""

import gzip
import zipfile
from pathlib import Path

import pytest

from app.exports import BadExport, find, recognise, sources
from tests.conftest import TICKETS_HEADER, TICKETS_MAP

ROW = "T1,2026-01-05 09:00,2026-01-05 10:00,2026-01-06 09:00,met,0,billing,R1,EMEA,Phone\n"


def read(folder: Path, name: str = "desk.csv") -> list[tuple[int, list[str]]]:
    return list(recognise(folder / name, name, sources()).rows())


def test_every_source_has_one_signature_and_reads_only_headings_it_knows() -> None:
    """No two sources may share a signature, and each names its system and record."""
    signatures = [frozenset(heading.casefold() for heading in source.must_have) for source in sources()]
    assert len(signatures) == len(set(signatures)) > 0
    for source in sources():
        assert source.system and source.record
        assert set(source.must_have) <= set(source.columns), f"{source.name} is known by a heading it does not read"


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


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"desk.csv": ""}, "desk.csv: the file is empty. Export it again"),
        ({"desk.csv": "\n\n \n"}, "desk.csv: the file is empty"),
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
            "is not a column and a heading",
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


def test_a_quote_never_closed_is_refused_with_its_line(drop) -> None:
    """The quote opens in line 3 and swallows the rest, more than any cell may hold."""
    text = TICKETS_HEADER + ROW + '"' + ROW * 20_000
    folder = drop({"desk.csv": text, "desk.csv.map.toml": TICKETS_MAP})
    with pytest.raises(BadExport, match=r"from line 3 on it is no table .* quotation mark that is never closed"):
        read(folder)

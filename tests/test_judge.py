"""`python -m app judge SERIES.csv`: what it reads, what it refuses, and that it prints what `spc` says."""

import csv
import io
import json
from pathlib import Path

import pytest

from app import judge, spc

VALUES = [9.1, 11.0, 1 / 3, 10.5, None, 8.0, 12.0, 9.0, 30.25, 11.0, 9.0, 10.0, 8.5]
DATES = [f"2024-{month:02}-01" for month in range(1, 13)] + ["2025-01-01"]


def text(rows, heading="date,value") -> str:
    return "\n".join([heading, *rows]) + "\n"


SERIES = text(f"{date},{'' if value is None else repr(value)}" for date, value in zip(DATES, VALUES, strict=True))


@pytest.fixture
def ask(tmp_path):
    """Write `content` to a file and judge it: exit code, what was printed, what was complained of."""

    def run(content, better="higher", target=None, fmt="csv") -> tuple[int, str, str]:
        path = tmp_path / "series.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out, err = io.StringIO(), io.StringIO()
        return judge.run(path, better, target, fmt, out, err), out.getvalue(), err.getvalue()

    return run


def expected(better, target):
    judgement = spc.judge(VALUES, better, target)
    rows = [
        [date, p.value, p.mean, p.lower, p.upper, p.label, p.rule]
        for date, p in zip(DATES, judgement.points, strict=True)
    ]
    return judgement, rows


@pytest.mark.parametrize(("better", "target"), [("higher", 10.0), ("lower", 100.0), ("neither", None), ("higher", -99)])
def test_csv_is_exactly_what_spc_says(ask, better, target):
    judgement, rows = expected(better, target)
    code, out, err = ask(SERIES, better, target)
    heading, *printed = csv.reader(io.StringIO(out))
    assert code == 0
    assert heading == ["date", "value", "mean", "lower", "upper", "label", "rule"]
    read_back = [[row[0], *(float(cell) if cell else None for cell in row[1:5]), *row[5:]] for row in printed]
    assert read_back == rows
    assert err == f"variation: {judgement.variation}\nassurance: {judgement.assurance or 'none'}\n"
    assert "outside" in {row[6] for row in printed}
    assert printed[4][:2] == ["2024-05-01", ""]
    assert printed[4][5:] == ["", ""]


@pytest.mark.parametrize(("better", "target"), [("higher", 10.0), ("neither", None)])
def test_json_is_exactly_what_spc_says(ask, better, target):
    judgement, rows = expected(better, target)
    code, out, err = ask(SERIES, better, target, "json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert list(told) == ["points", "variation", "assurance", "trial"]
    assert list(told["points"][0]) == ["date", "value", "mean", "lower", "upper", "label", "rule"]
    assert [list(point.values()) for point in told["points"]] == rows
    assert told["variation"] == judgement.variation
    assert told["assurance"] == (judgement.assurance or "none")
    assert told["trial"] is False


def test_table_is_aligned_and_rounded_and_ends_in_the_verdict(ask):
    code, out, err = ask(text(["2024-01,9", "2024-02,11", "2024-03,", "2024-04,10"]), "higher", 50.0, "table")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "date     value   mean  lower  upper  label         rule",
        "2024-01   9.00  10.00   6.01  13.99  common cause",
        "2024-02  11.00  10.00   6.01  13.99  common cause",
        "2024-03         10.00   6.01  13.99",
        "2024-04  10.00  10.00   6.01  13.99  common cause",
        "variation: common cause",
        "assurance: consistently fails",
    ]


@pytest.mark.parametrize("values", [["0.951", "0.953", "0.952"], ["5", "5"], ["", ""], ["1e12", "3e12", "2e12"]])
def test_table_rounds_by_what_the_series_spans(ask, values):
    code, out, _ = ask(text(f"2024-0{i},{value}" for i, value in enumerate(values, 1)), fmt="table")
    assert code == 0
    assert all(f"{float(value):.3g}".rstrip("0")[:4] in out for value in values if value and "e" not in value)


def test_a_file_of_gaps_has_no_verdict(ask):
    assert ask(text(["2024-01,", "2024-02,"]), target=5.0) == (
        0,
        "date,value,mean,lower,upper,label,rule\n2024-01,,,,,,\n2024-02,,,,,,\n",
        "variation: none\nassurance: none\n",
    )


PLAIN = text(["2024-01,1.5", "2024-02,2.5", "2024-03,"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(text(["2024-03,", "2024-02,2.5", "2024-01,1.5"]), id="unsorted"),
        pytest.param(b"\xef\xbb\xbf" + PLAIN.encode(), id="byte order mark"),
        pytest.param(PLAIN.encode("utf-16"), id="UTF-16"),
        pytest.param(PLAIN.replace(",", ";"), id="semicolons"),
        pytest.param(PLAIN.replace(",", "\t"), id="tabs"),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="Windows lines"),
        pytest.param(PLAIN.replace("\n", "\n\n") + " , \n", id="blank lines"),
        pytest.param(PLAIN.replace("date,value", " Date , VALUE "), id="headings in capitals"),
        pytest.param(
            text(["a,1.5,2024-01,x", '"b, c",2.5,2024-02,', "d,,2024-03"], "note,value,date,x"), id="other columns"
        ),
        pytest.param(text(['"2024-01";"1.5"', '"2024-02";"2.5"', '"2024-03";""'], '"date";"value"'), id="quoted"),
        pytest.param(text(["2024-01, 1.50 ", "2024-02,+25e-1", "2024-03, "]), id="other spellings"),
        pytest.param(PLAIN.replace("1.5", "1.5,,"), id="empty cells at the end"),
    ],
)
def test_reads_the_same_series_from_every_spelling(ask, content):
    assert ask(content) == ask(PLAIN)
    assert ask(content)[0] == 0


def test_dates_are_sorted_as_moments_and_printed_as_written(ask):
    rows = ["2024-02,3", "2024-01-31T23:00:00Z,2", "2024-01-31 08:30,1", "2024-02-01 00:00:01,4", "2023-12-31,0"]
    code, out, _ = ask(text(rows))
    assert code == 0
    assert [line.split(",")[1] for line in out.splitlines()[1:]] == ["0.0", "1.0", "2.0", "3.0", "4.0"]
    assert out.splitlines()[3].startswith("2024-01-31T23:00:00Z,")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("", ["is empty", "date and value"], id="empty"),
        pytest.param(b"\xef\xbb\xbf\n \n", ["is empty"], id="only blank lines"),
        pytest.param("date,value\n", ["headings but no rows"], id="headings only"),
        pytest.param(text(["2024-01,5"], "month,score"), ["headings date and value", "month, score"], id="headings"),
        pytest.param(text(["2024-01;5"], "month;score"), ["month, score"], id="headings with semicolons"),
        pytest.param(",,\n,,\n", ["headings date and value"], id="nothing but commas"),
        pytest.param(text(["2024-01,5"], '"date,value'), ["line 2", "quotes"], id="open quote in the headings"),
        pytest.param(text(["2024-01,5,6"], "date,value,Value"), ["2 columns headed value"], id="heading twice"),
        pytest.param(
            text(["2024-01,5", "2024-02,6", "2024-01,7"]),
            ["line 4", "column date", "'2024-01'", "line 2", "one row per date"],
            id="date twice",
        ),
        pytest.param(text(["2024-01,5", "2024-01-01,7"]), ["line 3", "line 2"], id="date twice, spelt otherwise"),
        pytest.param(
            text(["2024-01,5", "2024-13,6"]), ["line 3", "column date", "'2024-13'", "YYYY-MM-DD"], id="month"
        ),
        pytest.param(text(["31/01/2024,5"]), ["line 2", "column date", "'31/01/2024'"], id="slashes"),
        pytest.param(text(["20240101,5"]), ["line 2", "column date", "'20240101'"], id="no dashes"),
        pytest.param(text(["2024-02-30,5"]), ["line 2", "column date", "'2024-02-30'"], id="no such day"),
        pytest.param(text(["2024-02-01 99:99,5"]), ["line 2", "column date"], id="no such hour"),
        pytest.param(text(["0001-01-01T00:00+23:00,5"]), ["line 2", "column date"], id="before all time"),
        pytest.param(text([",5"]), ["line 2", "column date", "''"], id="no date"),
        pytest.param(text(["2024-01,5", "2024-02,n/a"]), ["line 3", "column value", "'n/a'", "blank"], id="word"),
        pytest.param(text(["2024-01,95%"]), ["line 2", "column value", "'95%'"], id="percent"),
        pytest.param(text(["2024-01,nan"]), ["line 2", "column value", "'nan'"], id="nan"),
        pytest.param(text(["2024-01,inf"]), ["line 2", "column value", "'inf'"], id="inf"),
        pytest.param(text(["2024-01,1e999"]), ["line 2", "column value", "'1e999'"], id="too large"),
        pytest.param(text(["2024-01,1_000"]), ["line 2", "column value", "'1_000'"], id="underscore"),
        pytest.param(text(["2024-01,٣"]), ["line 2", "column value"], id="other digits"),
        pytest.param(text(["2024-01;1,5"], "date;value"), ["line 2", "column value", "'1,5'", "point"], id="comma"),
        pytest.param(text(["2024-01,1,234"]), ["line 2", "3 cells under 2 headings", "thousands"], id="thousands"),
        pytest.param(text(["2024-01,1", "2024-02"]), ["line 3", "1 cells under 2 headings"], id="short row"),
        pytest.param(text(["2024-01,1", '2024-02,"2', "2024-03,3"]), ["line 4", "quotes"], id="open quote"),
        pytest.param("date,value,città\n2024-01,5,x\n".encode("latin-1"), ["UTF-8"], id="other encoding"),
    ],
)
@pytest.mark.parametrize("fmt", ["csv", "json", "table"])
def test_refuses_with_place_and_remedy(ask, content, words, fmt):
    code, out, err = ask(content, fmt=fmt)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.rstrip().endswith(".")
    assert "series.csv: " in err
    for word in words:
        assert word in err


def test_refuses_what_is_not_a_file(tmp_path):
    for path, words in ((tmp_path / "none.csv", "none.csv: cannot be read (no such file)"), (tmp_path, "directory")):
        out, err = io.StringIO(), io.StringIO()
        assert judge.run(Path(path), "higher", None, "csv", out, err) == 2
        assert out.getvalue() == ""
        assert words in err.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"better": "up"}, "better is 'up'"),
        ({"target": float("nan")}, "target is nan"),
        ({"fmt": "xml"}, "format is 'xml'"),
    ],
)
def test_refuses_arguments_it_does_not_know(ask, arguments, words):
    code, out, err = ask(PLAIN, **arguments)
    assert (code, out) == (2, "")
    assert words in err

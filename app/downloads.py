"""Downloads: the rows of an answer as CSV, XLSX, JSON or a table, the same bytes wherever they are asked for."""

import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime

import pandas as pd

from app.series import Answer
from app.snapshot import Snapshot

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a text that begins so


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as every download gives them: days as YYYY-MM-DD, no cell that a spreadsheet takes for a formula."""
    out = rows.copy()
    for column in out.columns:
        if pd.api.types.is_datetime64_any_dtype(out[column]):
            out[column] = out[column].dt.strftime("%Y-%m-%d")
        elif out[column].dtype in ("object", "str"):
            out[column] = [harmless(value) for value in out[column]]
        elif out[column].dtype == bool:
            out[column] = out[column].map({True: "true", False: "false"})
    return out


def csv(answer: Answer) -> bytes:
    """Rows drawn, one line each; numbers in full, as they were computed."""
    return plain(answer.rows).to_csv(index=False, lineterminator="\n").encode()


def json_rows(answer: Answer) -> str:
    """Rows drawn, as a list of objects; what is not there is null."""
    rows = plain(answer.rows).astype(object)
    for column in answer.rows.select_dtypes("bool"):
        rows[column] = answer.rows[column].astype(object)  # JSON has true and false of its own
    return json.dumps(rows.where(rows.notna(), None).to_dict("records"), indent=2, default=_unboxed)


def table(answer: Answer) -> str:
    """Rows drawn, aligned for a terminal, with the sentence above them."""
    if answer.rows.empty:
        return answer.sentence
    rows = plain(answer.rows).to_string(index=False, na_rep="", float_format=lambda number: f"{number:.4g}")
    return f"{answer.sentence}\n\n{rows}" if answer.sentence else rows


def xlsx(found: Sequence[Answer], snapshot: Snapshot, sql_of: Callable[[Answer, Snapshot], str]) -> bytes:
    """A workbook: a sheet of the rows drawn for each answer, and About, what they are. Same rows, same bytes."""
    import xlsxwriter  # only when somebody downloads

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties({"created": snapshot.built_at, "title": found[0].sentence[:255]})
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    names = ["Data"] if len(found) == 1 else _sheet_names(found)
    for name, answer in zip(names, found, strict=True):
        _write_rows(book.add_worksheet(name), answer.rows, bold, day)
    about = book.add_worksheet("About")
    about.set_column(0, 0, 18)
    about.set_column(1, 1, 100)
    line = 0
    for name, answer in zip(names, found, strict=True):
        told = [("Sheet", name), *described(answer, snapshot, sql_of(answer, snapshot))]
        for what, text in told:
            about.write_string(line, 0, what, bold)
            about.write_string(line, 1, str(harmless(text)), wrapped)
            line += 1
        line += 1
    book.close()
    return stream.getvalue()


def _sheet_names(found: Sequence[Answer]) -> list[str]:
    """Names of at most 31 characters that tell the figures apart."""
    return [f"{place} {file_name(answer, '')[:-1]}"[:31] for place, answer in enumerate(found, 1)]


def _write_rows(sheet: object, rows: pd.DataFrame, bold: object, day: object) -> None:
    for column, name in enumerate(rows.columns):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, max(12, len(name) + 2))
        for line, value in enumerate(rows[name], 1):
            if pd.isna(value):
                continue
            if isinstance(value, datetime):
                sheet.write_datetime(line, column, value.to_pydatetime(), day)
            elif isinstance(value, str):
                sheet.write_string(line, column, harmless(value))
            else:
                sheet.write(line, column, value.item() if hasattr(value, "item") else value)
    sheet.freeze_panes(1, 0)


def described(answer: Answer, snapshot: Snapshot, sql: str = "") -> list[tuple[str, str]]:
    """What goes with rows that leave the dashboard: claim, definition, filters, as-of, origin."""
    metric = answer.metric
    lines = [("Finding", answer.sentence), ("Figure", answer.figure)]
    if metric:
        lines += [
            ("Metric", f"{metric.name} ({metric.id})"),
            ("Definition", metric.definition),
            ("Unit", metric.unit + ("; shares and points are given as fractions" if metric.is_fraction else "")),
            ("Better", metric.better),
            ("Target", "none" if metric.target is None else metric.write(metric.target)),
            ("Records", ", ".join(metric.records)),
            ("Owner", metric.owner),
            ("Reviewed", metric.reviewed.isoformat()),
        ]
    lines += [
        ("Filters", answer.filters.words()),
        ("As of", answer.as_of.isoformat() if answer.as_of else "unknown"),
        ("Snapshot", snapshot.version),
    ]
    return lines + ([("SQL", sql)] if sql else [])


def file_name(answer: Answer, ending: str) -> str:
    parts = [answer.metric.id if answer.metric and answer.figure != "recommendation" else "", answer.figure]
    return "-".join(filter(None, parts)) + f".{ending}"


def harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _unboxed(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)

"""Waiting times: percentiles asked of spans of sixteen buckets are those of the cases, one by one."""

from datetime import date
from itertools import product

import duckdb
import numpy as np
import pytest

from app.metrics import QUERIES
from app.snapshot import TABLES

NO_WAIT = -1000000
CASES = [  # month, region, channel, bucket, how many: on both sides of where spans end
    (1, "EMEA", "Phone", NO_WAIT, 2),
    (1, "EMEA", "Phone", -17, 1),
    (1, "EMEA", "Phone", 15, 3),
    (1, "EMEA", "Chat", -16, 2),
    (1, "EMEA", "Chat", 16, 1),
    (2, "Asia Pacific", "Chat", -1, 1),
    (2, "Asia Pacific", "Chat", 0, 1),
]
QUANTILES = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]
CHOICES = [
    {"regions": regions, "channels": channels, "from": date(2026, first, 1), "to": date(2026, last, 1)}
    for regions, channels, (first, last) in product(
        ([], ["EMEA"], ["EMEA", "Asia Pacific"]), ([], ["Chat"], ["Phone", "Chat"]), ((1, 2), (1, 1), (2, 2))
    )
]


def sql(query: str) -> str:
    return (QUERIES / f"{query}.sql").read_text("utf-8")


@pytest.fixture(scope="module")
def waits() -> duckdb.DuckDBPyConnection:
    """A snapshot of eleven cases in three cells."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as snapshot; use snapshot")
    connection.execute(sql("macros"))
    connection.execute(TABLES)
    for month, *row in CASES:
        connection.execute("insert into metric_buckets values ('hours', ?, ?, ?, ?, ?)", [date(2026, month, 1), *row])
    connection.execute(f"create table wait_spans as {sql('trust/wait_spans')}")
    return connection


def hours(chosen: dict, month: int | None, region: str | None, channel: str | None) -> list[float]:
    """The wait of each case of a place, of a month or of the whole period."""
    return [
        0.0 if bucket == NO_WAIT else 1.02**bucket * 2.04 / 2.02
        for number, *place, bucket, count in CASES
        for _ in range(count)
        if chosen["from"] <= date(2026, number, 1) <= chosen["to"]
        and month in (None, number)
        and all(wanted in (None, there) for wanted, there in zip((region, channel), place, strict=True))
        and all(there in (chosen[name] or [there]) for name, there in zip(("regions", "channels"), place, strict=True))
    ]


def test_spans_hold_what_the_buckets_hold(waits: duckdb.DuckDBPyConnection) -> None:
    """No wait at all is a span of its own, then come -32 to -17, -16 to -1, 0 to 15 and 16 to 31; in each cell all of
    them: by phone 2, 1, 0, 3 and 0 cases."""
    spans = waits.execute("select span, before, upto_0, upto_14, upto_15 from wait_spans where channel = 'Phone'")
    expected = [(-62500, 0, 2, 2, 2), (-2, 2, 0, 0, 1), (-1, 3, 0, 0, 0), (0, 3, 0, 0, 3), (1, 6, 0, 0, 0)]
    assert spans.fetchall() == expected
    assert waits.execute("select count(*), min(base), max(base) from wait_spans").fetchone() == (15, 2, 6)


@pytest.mark.parametrize("query", ["wait_series", "wait_totals"])
@pytest.mark.parametrize("chosen", CHOICES)
def test_percentiles_are_those_of_the_cases(waits: duckdb.DuckDBPyConnection, query: str, chosen: dict) -> None:
    """Base and percentile of every place, against the usual definition on the list of all waits; none is missing."""
    asked = waits.execute(sql(f"figures/{query}"), {"metrics": ["hours"], "quantiles": QUANTILES} | chosen)
    names = [column[0] for column in asked.description]
    rows = [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
    for row in rows:
        month = row["month"].month if "month" in row else None
        held = hours(chosen, month, row["region"], row["channel"])
        assert row["base"] == len(held) > 0
        assert row["value"] == pytest.approx(np.quantile(held, row["quantile"]), rel=1e-12, abs=1e-12)
        assert all(row[end] in [pytest.approx(wait) for wait in held] for end in ("low", "high"))
        assert row["low"] <= row["high"]
    wanted = {
        (month, region, channel)
        for month in ((1, 2) if query == "wait_series" else (None,))
        for region, channel in product((None, "EMEA", "Asia Pacific"), (None, "Phone", "Chat"))
        if hours(chosen, month, region, channel) and (query == "wait_series" or region is None or channel is None)
    }
    assert len(rows) == len(wanted) * len(QUANTILES)

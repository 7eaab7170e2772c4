"""Charts of channels and suppliers: bars in parts, with numbers at the right. Groups are neither good nor bad."""

from functools import cache

import altair as alt
import pandas as pd

from app.charts import BAR_HEIGHT, Chart, dots, layered
from app.filters import quarter_words
from app.metrics import Metric, write_amount
from app.pipeline_charts import columns
from app.theme import CARD, CONTEXT, INK, MIDDLE, ORDINARY, marked

PARTS = {"first": (ORDINARY,), "second": (MIDDLE,), "apart": (CARD,)}
EDGES = PARTS | {"apart": (CONTEXT,)}


def mix(rows: pd.DataFrame) -> Chart:
    """Channels with their share of all contacts: a bar each, as long as all are; share and change at the right."""
    parts, numbers = [], []
    for row in rows.itertuples():
        parts.append((row.channel, "first", 0.0, row.value, f"{row.contacts:,} contacts"))
        parts.append((row.channel, "second", row.value, 1.0, f"{row.base - row.contacts:,} by all others"))
        change = "–" if pd.isna(row.change) else f"{row.change * 100:+.0f}".replace("-", "−").replace("−0", "0")
        change = "0" if change == "+0" else change
        mark = {"more": "■ ", "less": "◆ "}.get(row.judgement, "")
        numbers.append((row.channel, f"{row.value * 100:.0f} %", f"{row.contacts:,}", f"{mark}{change}"))
    return _bars(parts, numbers, ("share", "count", "change"))


def parity(rows: pd.DataFrame, metric: Metric) -> Chart:
    """Channels with the share of satisfied customers and its interval, beside all of these together."""
    whole = rows["numerator"].sum() / rows.loc[rows["status"] != "withheld", "base"].sum()
    told = rows.assign(reference=whole, reference_kind="all channels", judgement="")
    names = ["channel", "numerator", "base", "value", "low", "high", "status", "reference", "reference_kind"]
    return dots(told[[*names, "judgement"]], metric)


def spend(rows: pd.DataFrame) -> Chart:
    """Quarters, the latest first: certified, other, excluded; the certified share and the second tier at the right."""
    parts, numbers = [], []
    for row in rows.iloc[::-1].itertuples():
        name, start = _quarter(row), 0.0
        for part, words in (("first", "certified"), ("second", "other"), ("apart", "excluded")):
            money = getattr(row, words)
            end = start + max(float(money), 0.0)
            parts.append((name, part, start, end, f"{money:,} {words}"))
            start = end
        numbers.append((name, _share(row.value), write_amount(row.base), write_amount(row.second_tier)))
    return _bars(parts, numbers, ("certified", "of", "tier 2"))


def certified(rows: pd.DataFrame) -> Chart:
    """Quarters, the latest first: what the three largest certified suppliers hold, and the others."""
    parts, numbers = [], []
    for row in rows.iloc[::-1].itertuples():
        name = _quarter(row)
        if row.status == "shown":
            parts.append((name, "first", 0.0, row.value, f"{row.largest:,} by the three largest"))
            parts.append((name, "second", row.value, 1.0, f"{row.held - row.largest:,} by all others"))
        numbers.append((name, f"{row.suppliers:,}", _share(row.value), write_amount(row.held)))
    return _bars(parts, numbers, ("active", "top three", "paid"))


def _quarter(row) -> str:
    return quarter_words(row.quarter) + ("" if row.finished else " …")


def _share(value: float) -> str:
    return "–" if pd.isna(value) else f"{value * 100:.0f} %"


def _bars(parts: list[tuple], numbers: list[tuple], heads: tuple[str, str, str]) -> Chart:
    data = {
        "parts": pd.DataFrame(parts, columns=["name", "part", "start", "end", "shown"]),
        "numbers": pd.DataFrame(numbers, columns=["name", "one", "two", "three"]),
    }
    return Chart(_specified(len(numbers), heads), data)


@cache
def _specified(bars: int, heads: tuple[str, str, str]) -> dict:
    parts = alt.Chart(alt.NamedData("parts"))
    axis = alt.Axis(grid=False, labelLimit=150, labelOverlap=False, labelColor=INK, labelFontSize=13)
    axis.labelBaseline = "middle"
    name = alt.Y("name", type="nominal", sort=None, title=None, axis=axis)
    scale = alt.Scale(zero=True, nice=False)
    bar = parts.mark_bar(height=alt.RelativeBandSize(0.68), strokeWidth=1).encode(
        y=name,
        x=alt.X("start", type="quantitative", title=None, scale=scale, axis=None),
        x2=alt.X2("end"),
        color=marked(alt.Color, "part", PARTS, 0),
        stroke=marked(alt.Stroke, "part", EDGES, 0),
        tooltip=[
            alt.Tooltip("name", type="nominal", title="Which"),
            alt.Tooltip("shown", type="nominal", title="How much"),
        ],
    )
    fields = zip(("one", "two", "three"), zip(heads, (INK, CONTEXT, CONTEXT), strict=True), strict=True)
    return layered(bars * BAR_HEIGHT, 24, *columns("numbers", name, dict(fields)), bar)

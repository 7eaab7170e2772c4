"""Charts: a few shapes. Rows and a metric in, a constant Vega-Lite specification and its data out.

The findings stand above a chart, never in it, and a specification is made once: what travels to the browser when a
filter changes is data alone.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import altair as alt
import numpy as np
import pandas as pd

from app.filters import month_words, quarter_words
from app.metrics import Metric, write_amount
from app.series import NO_SHARE
from app.theme import (
    BETTER,
    CARD,
    CONFIG,
    CONTEXT,
    GRID,
    INK,
    JUDGEMENTS,
    MARKS,
    MEAN,
    MIDDLE,
    ON_COLOUR,
    ORDINARY,
    TARGET,
    USUAL_RANGE,
    WORSE,
    axis_text,
    marked,
)

TREND_HEIGHT, SMALL_HEIGHT, ROW_HEIGHT, BAR_HEIGHT = 250, 110, 28, 25
LABEL_GAP = 16  # pixels between two labels at the end of lines
# months in 48 pixels: rounded up to a step that always meets January, so that no year is left without its name
MONTHS_PER_LABEL = "((domain('x')[1] - domain('x')[0]) / 2629800000 * 48 / width)"
FIT = {"type": "fit-x", "contains": "padding"}
SVG = {"embedOptions": {"renderer": "svg"}}  # drawn as elements, so that colours can come from the style sheet


@dataclass(frozen=True, eq=False)
class Chart:
    """A specification and the named tables that it draws."""

    spec: dict
    data: dict[str, pd.DataFrame]


def trend(rows: pd.DataFrame, metric: Metric) -> Chart:
    """Months in their usual range (XmR): signals by colour and shape, target dashed, labels at the end of the lines."""
    points = _points(rows, metric)
    spanned = ["value", "lower", "upper", "mean", "target", *(["low", "high"] if metric.kind == "mean" else [])]
    low, high = span(points[spanned], metric)
    ends = _end_labels(rows, metric, low, high)
    frame = pd.DataFrame({"y": [low, high]})
    chart = _trend(metric.unit, metric.target is not None, bool(points["mean"].notna().any()))
    return Chart(chart, {"points": points, "ends": ends, "frame": frame})


def _counted(base: int, metric: Metric) -> str:
    if pd.isna(base) or metric.kind == "count":  # a count is its own base
        return ""
    return write_amount(base) if metric.kind == "money" else f"{base:,}"


def small_multiple(rows: pd.DataFrame, metric: Metric, channel: str) -> Chart:
    """One channel of several charts on one scale, that of all rows: months with their 95 % interval."""
    low, high = span(rows[["value", "low", "high", "target"]], metric)
    points = _points(rows[rows["channel"] == channel], metric)
    chart = _small(metric.unit, metric.target is not None, bool(points["low"].notna().any()))
    return Chart(chart, {"points": points, "frame": pd.DataFrame({"y": [low, high]})})


def dots(rows: pd.DataFrame, metric: Metric) -> Chart:
    """Places with their 95 % interval against a reference line: value and base stand at the right."""
    few = "withheld" if metric.about == "people" else f"fewer than {metric.minimum_base} cases"
    why = NO_SHARE if metric.kind == "money" else few
    told = {name: rows[name].tolist() for name in ("value", "base", "low", "high", "status", "judgement")}
    judged = [judgement or "no clear difference" for judgement in told["judgement"]]
    low, high = (np.clip(rows[edge].to_numpy(float), *bounds(metric)) for edge in ("low", "high"))
    value = rows["reference"].iloc[0]
    name = f"{'target' if rows['reference_kind'].iloc[0] == 'target' else 'all'} {_shown(value, metric)}"
    drawn = pd.DataFrame(
        {
            "place": rows[rows.columns[0]].array,
            "value": rows["value"].array,
            "low": low,
            "high": high,
            "judgement": judged,
            "fill": [
                word if status == "shown" else "low base" for word, status in zip(judged, told["status"], strict=True)
            ],
            "shown": ["–" if pd.isna(value) else metric.short(value) for value in told["value"]],
            "base_shown": [_counted(base, metric) for base in told["base"]],
            "note": [why if status == "withheld" else "" for status in told["status"]],
            "interval": [_interval(*ends, metric) for ends in zip(told["low"], told["high"], strict=True)],
        }
    )
    against = {} if pd.isna(value) else {"reference": pd.DataFrame({"value": [value], "text": [name]})}
    return Chart(_dots(metric.unit, len(rows), not np.isnan(low).all(), bool(against)), {"rows": drawn} | against)


def diverging(rows: pd.DataFrame, metric: Metric) -> Chart:
    """Three parts of the answers by quarter: detractors, passives, promoters; the net at the right."""
    shown = rows[rows["status"] != "withheld"].iloc[::-1]
    parts, nets = [], []
    for _, row in shown.iterrows():
        quarter = quarter_words(row["quarter"]) + ("" if row["finished"] else " …")
        start = 0.0
        for name in ("detractors", "passives", "promoters"):
            share = float(row[name]) / row["base"]
            text = f"{share:.0%}".replace("%", " %")
            parts.append((quarter, name, start, start + share, start + share / 2, text if share >= 0.09 else "", text))
            start += share
        nets.append((quarter, f"{metric.write(row['value'])} ± {metric.write(row['margin'])}"))
    columns = ["quarter", "part", "start", "end", "middle", "text", "shown"]
    return Chart(
        _diverging(len(nets)),
        {"parts": pd.DataFrame(parts, columns=columns), "nets": pd.DataFrame(nets, columns=["quarter", "net"])},
    )


def _points(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    rows = rows.iloc[np.flatnonzero(rows["value"].notna().to_numpy())]
    told = {
        name: rows[name].tolist() for name in ("value", "base", "low", "high", "label", "rule", "finished", "status")
    }
    marks = [label or "common cause" for label in told["label"]]
    hollow = [not over or few == "low base" for over, few in zip(told["finished"], told["status"], strict=True)]
    readings = zip(told["finished"], told["label"], told["rule"], strict=True)
    drawn = {
        name: rows[name].to_numpy() for name in ("month", "value", "low", "high", "mean", "lower", "upper", "target")
    }
    drawn |= {edge: np.clip(drawn[edge], *bounds(metric)) for edge in ("low", "high", "lower", "upper")}
    return pd.DataFrame(
        drawn
        | {
            "label": marks,
            "fill": ["hollow" if empty else mark for empty, mark in zip(hollow, marks, strict=True)],
            "shown": [_shown(value, metric) for value in told["value"]],
            "interval": [_interval(*ends, metric) for ends in zip(told["low"], told["high"], strict=True)],
            "base_shown": [_counted(base, metric) for base in told["base"]],
            "reading": [_reading(*month) for month in readings],
        }
    )


def _reading(finished: bool, label: str, rule: str) -> str:
    if not finished:
        return "month not finished"
    words = {"outside": "outside the usual range", "shift": "seven on one side of the mean"}
    words |= {"trend": "seven in one direction", "two of three": "two of three near a limit"}
    return f"{label}: {words[rule]}" if rule else "ordinary variation"


def _end_labels(rows: pd.DataFrame, metric: Metric, low: float, high: float) -> pd.DataFrame:
    """Labels at the right, pushed apart where they would touch, within the frame."""
    shown = rows[rows["value"].notna()]
    if shown.empty:
        return pd.DataFrame(columns=["month", "y", "text", "kind"])
    last = shown.iloc[-1]
    label = last["label"] or "common cause"
    so_far = "" if last["finished"] else " so far"
    labels = [[last["value"], f"{metric.write(last['value'])} in {last['month']:%b}{so_far}", label]]
    if not pd.isna(last["mean"]):
        labels.append([last["mean"], f"mean {metric.write(last['mean'])}", "quiet"])
        labels.append([min(last["upper"], bounds(metric)[1]), "usual range", "quiet"])
    if metric.target is not None:
        labels.append([metric.target, f"target {metric.write(metric.target)}", "target"])
    gap = LABEL_GAP * (high - low) / TREND_HEIGHT
    labels.sort(key=lambda row: -row[0])
    for above, below in pairwise(labels):
        below[0] = min(below[0], above[0] - gap)
    if labels[-1][0] < low:
        labels[-1][0] = low
        for below, above in pairwise(labels[::-1]):
            above[0] = max(above[0], below[0] + gap)
    y, text, kind = zip(*labels, strict=True)
    return pd.DataFrame({"y": y, "text": text, "kind": kind, "month": last["month"]})


def span(columns: pd.DataFrame, metric: Metric) -> tuple[float, float]:
    """Lowest and highest of what is drawn, with some air; within what the unit allows."""
    numbers = columns.to_numpy(float)
    if np.isnan(numbers).all():
        return 0.0, 1.0
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    air = (high - low) * 0.06 or abs(high) * 0.1 or 0.1
    floor, ceiling = bounds(metric)
    return max(low - air, floor), min(high + air, ceiling)


def bounds(metric: Metric) -> tuple[float, float]:
    """What a number of this unit can be: limits are drawn no further, though they are given in full in the rows."""
    return {"%": (0.0, 1.0), "points": (-1.0, 1.0)}.get(metric.unit, (0.0, float("inf")))


def _shown(value: float, metric: Metric) -> str:
    return "–" if pd.isna(value) else metric.write(value)


def _interval(low: float, high: float, metric: Metric) -> str:
    return "" if pd.isna(low) else f"{metric.write(low)} to {metric.write(high)}"


# --- specifications: made once for each shape, and the same for all data ---


def month_axis() -> alt.X:
    """Months: as many labels as fit, January as the year. UTC, so that no reader's time zone moves a month."""
    first_only = "utcdate(datum.value) == 1 ? utcFormat(datum.value, utcmonth(datum.value) == 0 ? '%Y' : '%b') : ''"
    steps = " : ".join(f"{MONTHS_PER_LABEL} <= {step} ? {step}" for step in (1, 3, 6, 12)) + " : 24"
    labels = alt.Axis(
        labelExpr=first_only,
        tickCount=alt.ExprRef(f"{{interval: 'month', step: {steps}}}"),
        labelOverlap="parity",
        labelSeparation=10,
        labelFlush=False,
    )
    return alt.X("month", type="temporal", title=None, scale=alt.Scale(type="utc", nice=False, padding=6), axis=labels)


def value_axis(field: str, unit: str, ticks: int = 5) -> alt.Y:
    axis = alt.Axis(labelExpr=axis_text(unit), tickCount=ticks)
    return alt.Y(field, type="quantitative", title=None, scale=alt.Scale(zero=False, nice=False), axis=axis)


def _marks(size: int, x: alt.X, y: alt.Y) -> alt.Chart:
    fills = {label: (mark[0],) for label, mark in MARKS.items()} | {"hollow": (CARD,)}
    tooltip = [
        alt.Tooltip("month", type="temporal", title="Month", format="%B %Y", timeUnit="utcyearmonth"),
        alt.Tooltip("shown", type="nominal", title="Value"),
        alt.Tooltip("interval", type="nominal", title="95 % interval"),
        alt.Tooltip("base_shown", type="nominal", title="Base"),
        alt.Tooltip("reading", type="nominal", title="Reading"),
    ]
    return (
        alt.Chart(alt.NamedData("points"))
        .mark_point(size=size, strokeWidth=1.4, opacity=1)
        .encode(
            x=x,
            y=y,
            fill=marked(alt.Fill, "fill", fills, 0),
            stroke=marked(alt.Stroke, "label", MARKS, 0),
            shape=marked(alt.Shape, "label", MARKS, 1),
            tooltip=tooltip,
        )
    )


def layered(height: int, top: int, *layers: alt.Chart) -> dict:
    padding = {"left": 2, "right": 4, "top": top, "bottom": 4}
    apart = alt.layer(*layers).resolve_scale(color="independent")  # a mark and a label may differ in their meanings
    chart = apart.properties(height=height, padding=padding, usermeta=SVG, autosize=FIT)
    return chart.configure(**CONFIG).to_dict()


def _frame(unit: str, ticks: int = 5) -> alt.Chart:
    return alt.Chart(alt.NamedData("frame")).mark_point(opacity=0, size=0).encode(y=value_axis("y", unit, ticks))


@cache
def _trend(unit: str, target: bool, judged: bool) -> dict:
    """What stands over time, or is too rare, is not judged by month: it has no limits to draw."""
    points, ends = alt.Chart(alt.NamedData("points")), alt.Chart(alt.NamedData("ends"))
    month = month_axis()

    def y(field: str) -> alt.Y:
        return value_axis(field, unit)

    kinds = {label: (INK if label == "common cause" else mark[0],) for label, mark in MARKS.items()}
    kinds |= {"quiet": (CONTEXT,), "target": (TARGET,)}
    text = {
        "x": month,
        "y": y("y"),
        "text": alt.Text("text", type="nominal"),
        "color": marked(alt.Color, "kind", kinds, 0),
    }
    quiet = "datum.kind === 'quiet' || datum.kind === 'target'"
    written = {"align": "left", "baseline": "middle", "dx": 12}
    usual = [
        points.mark_area(color=USUAL_RANGE, opacity=1).encode(x=month, y=y("lower"), y2=alt.Y2("upper")),
        points.mark_line(color=MEAN, strokeWidth=1).encode(x=month, y=y("mean")),
    ]
    layers = [
        *(usual if judged else []),
        points.mark_line(color=ORDINARY, strokeWidth=1.5).encode(x=month, y=y("value")),
        _marks(58, month, y("value")),
        ends.transform_filter(f"!({quiet})").mark_text(**written, fontWeight="bold").encode(**text),
        _frame(unit),
    ]
    if target or judged:
        layers.append(ends.transform_filter(quiet).mark_text(**written).encode(**text))
    if target:
        dashed = points.mark_line(color=TARGET, strokeDash=[5, 4], strokeWidth=1.3)
        layers.insert(len(usual) if judged else 0, dashed.encode(x=month, y=y("target")))
    return layered(TREND_HEIGHT, 8, *layers)


@cache
def _small(unit: str, target: bool, intervals: bool) -> dict:
    points, month = alt.Chart(alt.NamedData("points")), month_axis()

    def y(field: str) -> alt.Y:
        return value_axis(field, unit, ticks=3)

    interval = points.mark_area(color=USUAL_RANGE, opacity=1).encode(x=month, y=y("low"), y2=alt.Y2("high"))
    layers = [
        *([interval] if intervals else []),
        points.mark_line(color=ORDINARY, strokeWidth=1.4).encode(x=month, y=y("value")),
        _marks(22, month, y("value")),
        _frame(unit, ticks=3),
    ]
    if target:
        dashed = points.mark_line(color=TARGET, strokeDash=[4, 4], strokeWidth=1)
        layers.insert(int(intervals), dashed.encode(x=month, y=y("target")))
    return layered(SMALL_HEIGHT, 4, *layers)


@cache
def _dots(unit: str, places: int, intervals: bool, against: bool) -> dict:
    rows, reference = alt.Chart(alt.NamedData("rows")), alt.Chart(alt.NamedData("reference"))
    names = alt.Axis(
        grid=False, labelLimit=150, labelOverlap=False, labelColor=INK, labelFontSize=13, labelBaseline="middle"
    )
    place = alt.Y("place", type="nominal", sort=None, title=None, axis=names)

    def x(field: str) -> alt.X:
        axis = alt.Axis(labelExpr=axis_text(unit), tickCount=4, grid=True, gridColor=GRID)
        return alt.X(
            field, type="quantitative", title=None, scale=alt.Scale(zero=False, nice=True, padding=8), axis=axis
        )

    def at_right(field: str, dx: int, **mark: object) -> alt.Chart:
        edge = alt.value(alt.ExprRef("width"))
        return rows.mark_text(align="right", baseline="middle", dx=dx, **mark).encode(
            y=place, x=edge, text=alt.Text(field, type="nominal")
        )

    fills = {word: (mark[0],) for word, mark in JUDGEMENTS.items()} | {"low base": (CARD,)}
    tooltip = [
        alt.Tooltip("place", type="nominal", title="Where"),
        alt.Tooltip("shown", type="nominal", title="Value"),
        alt.Tooltip("interval", type="nominal", title="95 % interval"),
        alt.Tooltip("base_shown", type="nominal", title="Base"),
        alt.Tooltip("judgement", type="nominal", title="Reading"),
    ]
    dashed = reference.mark_rule(color=TARGET, strokeDash=[5, 4], strokeWidth=1.3).encode(x=x("value"))
    named = reference.mark_text(color=INK, baseline="bottom").encode(
        x=x("value"), y=alt.value(-5), text=alt.Text("text", type="nominal")
    )
    interval = rows.mark_rule(strokeWidth=2, aria=False).encode(  # without intervals: an image without a name
        y=place, x=x("low"), x2=alt.X2("high"), color=marked(alt.Color, "judgement", JUDGEMENTS, 0)
    )
    dot = rows.mark_point(size=80, strokeWidth=1.8, opacity=1).encode(
        y=place,
        x=x("value"),
        fill=marked(alt.Fill, "fill", fills, 0),
        stroke=marked(alt.Stroke, "judgement", JUDGEMENTS, 0),
        shape=marked(alt.Shape, "judgement", JUDGEMENTS, 1),
        tooltip=tooltip,
    )
    note = rows.mark_text(align="left", baseline="middle", fontStyle="italic").encode(
        y=place, x=alt.value(4), text=alt.Text("note", type="nominal")
    )
    value, base = at_right("shown", 52, color=INK, fontSize=13, fontWeight="bold"), at_right("base_shown", 106)
    layers = [*([interval] if intervals else []), dot, value, base, note]
    layers = [dashed, *layers, named] if against else layers  # a count is held against nothing
    return layered(places * ROW_HEIGHT, 24, *layers)


@cache
def _diverging(quarters: int) -> dict:
    parts, nets = alt.Chart(alt.NamedData("parts")), alt.Chart(alt.NamedData("nets"))
    bands = alt.Scale(paddingInner=0.35, paddingOuter=0.1)
    axis = alt.Axis(grid=False, labelColor=INK, labelFontSize=13)
    quarter = alt.Y("quarter", type="nominal", sort=None, title=None, scale=bands, axis=axis)

    def x(field: str) -> alt.X:
        return alt.X(field, type="quantitative", title=None, scale=alt.Scale(domain=[0, 1], nice=False), axis=None)

    colours = {"detractors": (WORSE, ON_COLOUR), "passives": (MIDDLE, INK), "promoters": (BETTER, ON_COLOUR)}
    bar = parts.mark_bar().encode(
        y=quarter,
        x=x("start"),
        x2=alt.X2("end"),
        color=marked(alt.Color, "part", colours, 0),
        tooltip=[
            alt.Tooltip("quarter", type="nominal", title="Quarter"),
            alt.Tooltip("part", type="nominal", title="Answers"),
            alt.Tooltip("shown", type="nominal", title="Share"),
        ],
    )
    share = parts.mark_text(baseline="middle", fontSize=13).encode(
        y=quarter, x=x("middle"), text=alt.Text("text", type="nominal"), color=marked(alt.Color, "part", colours, 1)
    )
    net = nets.mark_text(align="left", baseline="middle", dx=10, fontSize=13, fontWeight="bold", color=INK).encode(
        y=quarter, x=alt.value(alt.ExprRef("width")), text=alt.Text("net", type="nominal")
    )
    heads = [
        alt.Chart(alt.NamedData("nets"))
        .transform_window(place="row_number()")
        .transform_filter("datum.place === 1")
        .mark_text(align=align, baseline="bottom", color=CONTEXT)
        .encode(x=alt.value(alt.ExprRef(at)), y=alt.value(-3), text=alt.value(alt.ExprRef(name)))
        for name, align, at in (  # on a phone the answers stand for their names
            ("width < 300 ? '0–6' : 'detractors 0–6'", "left", "0"),
            ("width < 300 ? '7–8' : 'passives 7–8'", "center", "width * 0.47"),
            ("width < 300 ? '9–10' : 'promoters 9–10'", "right", "width"),
        )
    ]
    drawn = alt.layer(bar, share, net, *heads).resolve_scale(color="independent")
    padding = {"left": 2, "right": 4, "top": 22, "bottom": 2}
    sized = drawn.properties(height=quarters * BAR_HEIGHT, padding=padding, usermeta=SVG, autosize=FIT)
    return sized.configure(**CONFIG).to_dict()


def alt_text(sentence: str, rows: pd.DataFrame) -> str:
    """What a screen reader says in place of a chart: the finding, and what the chart shows of it."""
    if "month" not in rows.columns or rows.empty:
        return f"{sentence}. {len(rows)} rows; the table is behind How is this computed."
    first, last = month_words(rows["month"].iloc[0]), month_words(rows["month"].iloc[-1])
    return f"{sentence}. Months from {first} to {last}; the table is behind How is this computed."

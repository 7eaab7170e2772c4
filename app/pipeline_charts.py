"""Charts of the pipeline: funnel, ageing, flow. As in `charts`: rows in, a constant specification and its data out."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import altair as alt
import pandas as pd

from app.charts import FIT, LABEL_GAP, SVG, Chart, month_axis
from app.pipeline import MOST_DAYS, STAGES, write_days
from app.theme import CARD, CONFIG, CONTEXT, GRID, INK, MEAN, MIDDLE, ORDINARY, USUAL_RANGE, WORSE, marked

FLOW_HEIGHT, OPEN_HEIGHT = 170, 150
PARTS = {"went on": (ORDINARY,), "still open": (CARD,), "closed": (MIDDLE,)}
AGES = {"stuck": (WORSE, "triangle-down"), "as usual": (ORDINARY, "circle"), "": (ORDINARY, "circle")}
COLUMN = 48  # pixels of a column of numbers at the right


def funnel(rows: pd.DataFrame) -> Chart:
    """Bars of the ideas that reached each stage, in three parts: went on, still open, closed; numbers at the right."""
    parts, numbers = [], []
    for _, row in rows.iterrows():
        name, start = _named(row["stage"], row["optional"]), 0
        is_last = pd.isna(row["base"])
        counts = [row["reached"], 0, 0] if is_last else [row["went_on"], row["still_open"], row["closed"]]
        for part, count in zip(PARTS, counts, strict=True):
            words = "implemented" if is_last else part
            parts.append((name, part, start, start + int(count), bool(row["optional"]), f"{count:,} {words}"))
            start += int(count)
        shown = "" if is_last or row["status"] == "withheld" else f"{row['value'] * 100:.0f} %"
        interval = "" if not shown else f"{row['low'] * 100:.0f} % to {row['high'] * 100:.0f} %"
        low = f"({shown})" if row["status"] == "low base" and shown else shown
        base = "" if is_last else f"{row['base']:,}"
        numbers.append((name, f"{row['reached']:,}", low, base, interval))
    columns = ["stage", "part", "start", "end", "optional", "shown"]
    return Chart(
        _funnel(len(rows)),
        {
            "parts": pd.DataFrame(parts, columns=columns),
            "numbers": pd.DataFrame(numbers, columns=["stage", "reached", "share", "base", "interval"]),
        },
    )


def ageing(rows: pd.DataFrame) -> Chart:
    """Stages with the age of their open ideas, median to 85th percentile, over the usual time as a band."""
    drawn = rows.copy()
    drawn["stage"] = [_named(stage, False) for stage in rows["stage"]]
    drawn["open_shown"] = [f"{count:,}" for count in rows["open"]]
    for column in ("median", "p85", "usual_median", "usual_p85"):
        drawn[f"{column}_shown"] = ["–" if pd.isna(days) else _short(days) for days in rows[column]]
        drawn[f"{column}_told"] = ["–" if pd.isna(days) else write_days(days) for days in rows[column]]
    drawn["fill"] = drawn["judgement"].where(drawn["status"] == "shown", "low base")
    return Chart(_ageing(len(rows)), {"rows": drawn.drop(columns=["as_of", "usual_base", "status"])})


def in_and_out(rows: pd.DataFrame) -> Chart:
    """Ideas that came in against those that went out, by month; the quieter line is out."""
    return _lines(rows, {"came_in": "in", "went_out": "out"}, {"came_in": "strong"}, FLOW_HEIGHT)


def standing(rows: pd.DataFrame, stuck: Sequence[str] = ()) -> Chart:
    """Open ideas at the end of each month, all and by stage, named at the end of their lines; stuck ones stand out."""
    names = {"open_end": "all open", **{stage: stage for stage in STAGES}}
    return _lines(rows, names, {"open_end": "strong"} | dict.fromkeys(stuck, "stuck"), OPEN_HEIGHT)


def _lines(rows: pd.DataFrame, names: dict[str, str], kinds: dict[str, str], height: int) -> Chart:
    points = rows.melt(["month", "finished"], list(names), "series", "ideas")
    points["kind"] = points["series"].map(kinds).fillna("quiet")
    points["series"] = points["series"].map(names)
    points["reading"] = points["finished"].map({True: "", False: "month not finished"})
    last, top = rows.iloc[-1], max(int(points["ideas"].max()), 1)
    labels = sorted([float(last[name]), f"{names[name]} {last[name]:,}", kinds.get(name, "quiet")] for name in names)
    gap = LABEL_GAP * top / height
    for below, above in pairwise(labels):
        above[0] = max(above[0], below[0] + gap)
    ends = pd.DataFrame(labels, columns=["ideas", "text", "kind"]).assign(month=last["month"])
    return Chart(_flow(height), {"points": points, "ends": ends})


def _named(stage: str, optional: bool) -> str:
    return f"– {stage}" if optional else stage.capitalize()


def _short(days: float) -> str:
    return f">{MOST_DAYS}" if days > MOST_DAYS else f"{days:.0f}"


def _sized(height: int, top: int, *layers: alt.Chart) -> dict:
    padding = {"left": 2, "right": 4, "top": top, "bottom": 4}
    layered = alt.layer(*layers).resolve_scale(color="independent")
    layered = layered.properties(height=height, padding=padding, usermeta=SVG, autosize=FIT)
    return layered.configure(**CONFIG).to_dict()


def columns(table: str, stage: alt.Y, fields: dict[str, tuple[str, str]]) -> list[alt.Chart]:
    """Numbers at the right of each row, headed once: field, (head, colour) in their order."""
    rows, layers = alt.Chart(alt.NamedData(table)), []
    for place, (field, (head, colour)) in enumerate(fields.items(), 1):
        at = {"align": "right", "dx": place * COLUMN}
        weight = "bold" if colour == INK else "normal"
        edge = alt.value(alt.ExprRef("width"))
        layers.append(
            rows.mark_text(baseline="middle", color=colour, fontSize=13, fontWeight=weight, **at).encode(
                y=stage, x=edge, text=alt.Text(field, type="nominal")
            )
        )
        first = rows.transform_window(place="row_number()").transform_filter("datum.place === 1")
        layers.append(
            first.mark_text(baseline="bottom", color=CONTEXT, fontSize=12, **at).encode(
                x=edge, y=alt.value(-5), text=alt.value(head)
            )
        )
    return layers


def _stage() -> alt.Y:
    axis = alt.Axis(grid=False, labelLimit=150, labelOverlap=False, labelColor=INK, labelFontSize=13)
    axis.labelBaseline = "middle"
    return alt.Y("stage", type="nominal", sort=None, title=None, axis=axis)


@cache
def _funnel(stages: int) -> dict:
    parts, stage = alt.Chart(alt.NamedData("parts")), _stage()
    scale = alt.Scale(zero=True, nice=False)
    tooltip = [
        alt.Tooltip("stage", type="nominal", title="Stage"),
        alt.Tooltip("shown", type="nominal", title="Ideas"),
    ]

    def bars(which: str, band: float) -> alt.Chart:
        bar = parts.transform_filter(which).mark_bar(height=alt.RelativeBandSize(band), strokeWidth=1)
        return bar.encode(
            y=stage,
            x=alt.X("start", type="quantitative", title=None, scale=scale, axis=None),
            x2=alt.X2("end"),
            color=marked(alt.Color, "part", PARTS, 0),
            stroke=marked(alt.Stroke, "part", PARTS | {"still open": (ORDINARY,)}, 0),
            tooltip=tooltip,
        )

    numbers = columns(
        "numbers", stage, {"reached": ("ideas", INK), "share": ("go on", INK), "base": ("decided", CONTEXT)}
    )
    return _sized(stages * 34, 24, *numbers, bars("!datum.optional", 0.68), bars("datum.optional", 0.36))


@cache
def _ageing(stages: int) -> dict:
    rows, stage = alt.Chart(alt.NamedData("rows")), _stage()

    def x(field: str) -> alt.X:
        axis = alt.Axis(tickCount=4, grid=True, gridColor=GRID, labelExpr="format(datum.value, 'd') + ' d'")
        scale = alt.Scale(zero=True, nice=True)
        return alt.X(field, type="quantitative", title=None, scale=scale, axis=axis)

    tooltip = [
        alt.Tooltip(field, type="nominal", title=title)
        for field, title in (
            ("stage", "Stage"),
            ("open_shown", "Open"),
            ("median_told", "Half older than"),
            ("p85_told", "15 % older than"),
            ("usual_median_told", "Usual time, median"),
            ("usual_p85_told", "Usual time, 85 % within"),
            ("judgement", "Reading"),
        )
    ]
    start = alt.value(0)
    usual = rows.mark_bar(color=USUAL_RANGE, height=alt.RelativeBandSize(0.62), opacity=1).encode(
        y=stage, x=x("usual_p85"), x2=start, tooltip=tooltip
    )
    middle = rows.mark_tick(color=MEAN, thickness=1.5, height=17, orient="vertical", opacity=1).encode(
        y=stage, x=x("usual_median")
    )
    span = rows.mark_rule(strokeWidth=2).encode(
        y=stage, x=x("median"), x2=alt.X2("p85"), color=marked(alt.Color, "judgement", AGES, 0)
    )
    fills = {word: (mark[0],) for word, mark in AGES.items()} | {"low base": (CARD,)}
    dot = rows.mark_point(size=80, strokeWidth=1.8, opacity=1).encode(
        y=stage,
        x=x("median"),
        fill=marked(alt.Fill, "fill", fills, 0),
        stroke=marked(alt.Stroke, "judgement", AGES, 0),
        shape=marked(alt.Shape, "judgement", AGES, 1),
        tooltip=tooltip,
    )
    numbers = columns(
        "rows",
        stage,
        {"open_shown": ("open", INK), "median_shown": ("days", INK), "usual_median_shown": ("usual", CONTEXT)},
    )
    return _sized(stages * 34, 24, usual, middle, span, dot, *numbers)


@cache
def _flow(height: int) -> dict:
    points, ends = alt.Chart(alt.NamedData("points")), alt.Chart(alt.NamedData("ends"))
    kinds = {"strong": (INK,), "stuck": (WORSE,), "quiet": (CONTEXT,)}
    month = month_axis()
    ideas = alt.Y(
        "ideas",
        type="quantitative",
        title=None,
        scale=alt.Scale(zero=True, nice=False),
        axis=alt.Axis(tickCount=4, minExtent=28),
    )
    series = alt.Detail("series", type="nominal")
    lines = {"strong": (INK,), "stuck": (WORSE,), "quiet": (ORDINARY,)}
    tooltip = [
        alt.Tooltip("month", type="temporal", title="Month", format="%B %Y", timeUnit="utcyearmonth"),
        alt.Tooltip("series", type="nominal", title="Ideas"),
        alt.Tooltip("ideas", type="quantitative", title="Number", format=","),
        alt.Tooltip("reading", type="nominal", title="Reading"),
    ]
    line = points.mark_line(strokeWidth=1.6).encode(
        x=month, y=ideas, detail=series, color=marked(alt.Color, "kind", lines, 0)
    )
    told = points.mark_point(size=60, opacity=0, filled=True).encode(x=month, y=ideas, tooltip=tooltip)
    unfinished = points.transform_filter("!datum.finished").mark_point(size=34, strokeWidth=1.6, opacity=1, fill=CARD)
    dot = unfinished.encode(x=month, y=ideas, stroke=marked(alt.Stroke, "kind", lines, 0), tooltip=tooltip)
    room = ends.mark_text(align="left", dx=10, opacity=0).encode(x=month, y=ideas, text=alt.value("experiment 000"))
    text = ends.mark_text(align="left", baseline="middle", dx=10).encode(
        x=month, y=ideas, text=alt.Text("text", type="nominal"), color=marked(alt.Color, "kind", kinds, 0)
    )
    return _sized(height, 8, line, told, dot, room, text)

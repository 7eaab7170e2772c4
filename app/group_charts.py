"""Charts of groups: two shares on one line, or a distance from nought, in colours that mean neither good nor bad."""

from collections.abc import Sequence
from functools import cache

import altair as alt
import pandas as pd

from app.charts import ROW_HEIGHT, Chart, layered
from app.groups import NAMES, ROUNDING, UNCLEAR
from app.theme import AXIS_TEXT, CARD, CONTEXT, GRID, INK, ORDINARY, TARGET, USUAL_RANGE

HEAD = "# "  # leads the name of an attribute, which heads its categories
OPEN = (ROUNDING, UNCLEAR)
NUMBERS, WORDS = ["from", "to", "low", "high"], ["key", "shown", "more", "base", "note", "told"]  # columns drawn


def dumbbell(rows: pd.DataFrame, ours: str, theirs: str, count: str) -> Chart:
    """A line for each group: a mark at our share (column `ours`), a ring at theirs, what rounding allows as a band."""
    both = rows[ours].notna() & rows[theirs].notna()
    made = rows.assign(**{"from": rows[theirs].where(both), "to": rows[ours].where(both)})
    made["base"] = [_people(number) for number in rows[count]]
    made["shown"] = [_points(gap, reading) for gap, reading in zip(rows["gap"], rows["reading"], strict=True)]
    made["told"] = [
        f"{_share(one)} against {_share(other)}" for one, other in zip(rows[ours], rows[theirs], strict=True)
    ]
    if "community" in rows.columns:
        made[["low", "high"]] = rows[["low", "high"]].where(both, axis=0)
    else:
        made["low"] = made["high"] = float("nan")
    drawn = _headed(made.assign(more=""))
    return Chart(_pairs(len(drawn)), {"rows": drawn})


def distances(rows: pd.DataFrame, count: str, lines: Sequence[float] = ()) -> Chart:
    """A mark for each group, at its gap in points from nought, or at its ratio from one; with what is left open.

    `lines` are drawn beside that of nought or one.
    """
    is_ratio = "ratio" in rows.columns
    made = rows.assign(to=rows["ratio" if is_ratio else "gap"], base=[_people(number) for number in rows[count]])
    if is_ratio:
        made["shown"] = ["" if pd.isna(ratio) else f"{ratio:.2f}" for ratio in rows["ratio"]]
        made["more"] = ["" if pd.isna(p) else f"p {p:.2f}" for p in rows["p"]]
    else:
        made["shown"] = [_points(gap, reading) for gap, reading in zip(rows["gap"], rows["reading"], strict=True)]
        made["more"] = ""
    made["told"] = [_share(rate) for rate in rows["rate"]]
    drawn = _headed(made.assign(**{"from": float("nan")}))
    return Chart(
        _distances(len(drawn), is_ratio), {"rows": drawn, "line": pd.DataFrame({"value": [float(is_ratio), *lines]})}
    )


def _headed(rows: pd.DataFrame) -> pd.DataFrame:
    """Each attribute heads its categories; where there is one attribute alone, nothing does."""
    rows = rows.assign(key=rows["category"], note=rows["status"].where(rows["status"] != "shown", ""))
    parts = []
    for attribute, group in rows.groupby("attribute", sort=False):
        if rows["attribute"].nunique() > 1:
            parts.append(pd.DataFrame({"key": [f"{HEAD}{NAMES[attribute]}"]}))
        parts.append(group)
    made = pd.concat(parts, ignore_index=True)
    return made[NUMBERS].astype("float64").join(made[WORDS].fillna("").astype(str))


def _people(number: object) -> str:
    return "" if pd.isna(number) else f"{number:,}"


def _points(gap: float, reading: str) -> str:
    if pd.isna(gap):
        return ""
    written = f"{gap * 100:+.0f}" if round(gap, 2) else "0"
    return f"({written})" if reading in OPEN else written


def _share(share: float) -> str:
    return "–" if pd.isna(share) else f"{share * 100:.0f} %"


# What each figure says of its marks, and how it is drawn: rows and further lines in, a chart out.
FIGURES = {
    "community_gap": (
        "Mark: share of the workforce that stated it. Ring: of the people who live there. Band: what rounding allows. "
        "Right: points between them, in brackets within rounding; employees to the nearest 5.",
        lambda rows, lines: dumbbell(rows, "workforce", "community", "people"),
    ),
    "selection_rates": (
        "Hired within 90 days, of a calendar year's applicants, by the rate of the group with the highest (1). Line: "
        "what rounding allows. Right: ratio, p of Fisher's exact test, applicants to the nearest 5. No verdict.",
        lambda rows, lines: distances(rows, "applied", lines),
    ),
    "survey_participation": (
        "Who said so in the survey, of its head-count, minus the other groups, in points; in brackets within rounding. "
        "Line: what rounding allows. Right: employees to the nearest 5.",
        lambda rows, lines: distances(rows, "employees", lines),
    ),
    "feedback_reach": (
        "Mark: share of the customers who answered after a contact. Ring: of the customers. Right: points between "
        "them, in brackets within rounding; answers to the nearest 5.",
        lambda rows, lines: dumbbell(rows, "answered_share", "customers_share", "answered"),
    ),
    "satisfaction_gap": (
        "Satisfied customers minus those of the other groups, in points. Line: 95 % interval, rounding included; in "
        "brackets where it holds nought. Right: answers to the nearest 5.",
        lambda rows, lines: distances(rows, "answered", lines),
    ),
}


# --- specifications: made once for each shape, and the same for all data ---


def _row() -> alt.Y:
    is_head = f"substring(datum.value, 0, {len(HEAD)}) === '{HEAD}'"
    names = alt.Axis(
        grid=False,
        labelLimit=190,
        labelOverlap=False,
        labelColor=INK,
        labelFontSize=13,
        labelBaseline="middle",
        labelExpr=f"{is_head} ? substring(datum.value, {len(HEAD)}) : '  ' + datum.value",
        labelFontWeight={"condition": {"test": is_head, "value": "bold"}, "value": "normal"},
    )
    return alt.Y("key", type="nominal", sort=None, title=None, axis=names)


def _at_right(field: str, dx: int, narrow: bool = True, **mark: object) -> alt.Chart:
    """Text beside the chart; what a phone has no room for is left to the tooltip."""
    text = alt.Text(field, type="nominal")
    if not narrow:
        text = alt.value(alt.ExprRef(f"width < 170 ? '' : datum.{field}"))
    edge = alt.value(alt.ExprRef("width"))
    rows = alt.Chart(alt.NamedData("rows"))
    return rows.mark_text(align="right", baseline="middle", dx=dx, **mark).encode(y=_row(), x=edge, text=text)


def _value(field: str, axis: str, **scale: object) -> alt.X:
    written = alt.Axis(labelExpr=axis, tickCount=4, grid=True, gridColor=GRID)
    return alt.X(field, type="quantitative", title=None, scale=alt.Scale(nice=True, padding=8, **scale), axis=written)


def _tooltip(told: str) -> list[alt.Tooltip]:
    words = {"key": "Group", "told": told, "shown": "Gap in points", "more": "Fisher's exact", "base": "People"}
    return [alt.Tooltip(field, type="nominal", title=title) for field, title in words.items()]


def _note() -> alt.Chart:
    """Why there is no mark."""
    rows = alt.Chart(alt.NamedData("rows"))
    return rows.mark_text(align="left", baseline="middle", fontStyle="italic").encode(
        y=_row(), x=alt.value(4), text=alt.Text("note", type="nominal")
    )


@cache
def _pairs(count: int) -> dict:
    rows = alt.Chart(alt.NamedData("rows"))

    def x(field: str) -> alt.X:
        return _value(field, AXIS_TEXT["%"], zero=False)

    tooltip = _tooltip("Shares")
    layers = [
        _at_right("shown", 44, color=INK, fontSize=13, fontWeight="bold"),  # first: it has all rows in their order
        rows.mark_rule(color=USUAL_RANGE, strokeWidth=11, aria=False).encode(y=_row(), x=x("low"), x2=alt.X2("high")),
        rows.mark_rule(color=ORDINARY, strokeWidth=2, aria=False).encode(y=_row(), x=x("from"), x2=alt.X2("to")),
        rows.mark_point(size=85, shape="circle", fill=CARD, stroke=ORDINARY, strokeWidth=1.8, opacity=1).encode(
            y=_row(), x=x("from"), tooltip=tooltip
        ),
        rows.mark_point(size=85, shape="circle", fill=INK, stroke=INK, opacity=1).encode(
            y=_row(), x=x("to"), tooltip=tooltip
        ),
        _at_right("base", 92),
        _note(),
    ]
    return layered(count * ROW_HEIGHT, 8, *layers)


@cache
def _distances(count: int, is_ratio: bool) -> dict:
    rows, line = alt.Chart(alt.NamedData("rows")), alt.Chart(alt.NamedData("line"))

    def x(field: str) -> alt.X:
        return _value(field, "format(datum.value, '.1f')" if is_ratio else AXIS_TEXT["points"], zero=False)

    tooltip = _tooltip("Rate")
    layers = [
        _at_right("shown", 44, color=INK, fontSize=13, fontWeight="bold"),  # first: it has all rows in their order
        line.mark_rule(color=TARGET, strokeDash=[5, 4], strokeWidth=1.3).encode(x=x("value")),
        rows.mark_rule(color=ORDINARY, strokeWidth=2, aria=False).encode(y=_row(), x=x("low"), x2=alt.X2("high")),
        rows.mark_point(size=85, shape="circle", fill=INK, stroke=INK, opacity=1).encode(
            y=_row(), x=x("to"), tooltip=tooltip
        ),
        _at_right("base", 96, color=CONTEXT),
        *([_at_right("more", 154, narrow=False, color=CONTEXT)] if is_ratio else []),
        _note(),
    ]
    return layered(count * ROW_HEIGHT, 8, *layers)

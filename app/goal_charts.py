"""Charts of goals: a bullet for each, from its baseline to its target, and one goal to its due date."""

from functools import cache
from textwrap import wrap

import altair as alt
import pandas as pd

from app import goals
from app.charts import FIT, LABEL_GAP, SVG, Chart, bounds, layered, month_axis, span, value_axis
from app.metrics import Metric
from app.theme import CONFIG, CONTEXT, GRID, INK, MEAN, ORDINARY, OUTLOOKS, TARGET, USUAL_RANGE, marked

BULLET_HEIGHT, TWO_LINE_HEIGHT, OUTLOOK_HEIGHT = 52, 66, 260
NAME_LETTERS = 36  # of a line; a longer name takes two
AIM = (0.06, 0.58)  # of a row: the dashed target crosses its bar, not the words below
REACH = (-0.4, 1.4)  # of the way from baseline to target; what lies beyond is drawn at the edge, and written
NARROW = "width < 700"  # on a phone the parts of a row stand below one another
SPOKEN = ("off track", "on track", "met", "not met")  # outlooks written in their colour


def bullet(rows: pd.DataFrame) -> Chart:
    """Goals on the way from their baseline to their target: a bar to the value, a tick where the plan is by now."""
    told = [row for _, row in rows.iterrows()]
    names = ["\n".join(wrap(goal, NAME_LETTERS, max_lines=2, placeholder=" …")) for goal in rows["goal"]]
    drawn = rows[["goal", "outlook"]].assign(
        name=names,
        kind=[_kind(row) for row in told],
        way=rows["way"].clip(*REACH),
        plan_way=rows["plan_way"].where(rows["way"].notna()),
        begin=rows["way"].where(rows["way"].isna(), 0.0),
        end=rows["way"].where(rows["way"].isna(), 1.0),
        value=[goals.write(row, row["value"]) for row in told],
        gap=[goals.gap_words(row) for row in told],
        aim=[_aim(row) for row in told],
        band=[_band(row) for row in told],
        held=[goals.held_words(row) for row in told],
        who=[f"{_due(row)} · {row['owner'] or 'no owner'}" for row in told],
        step=[f"Next: {row['next_step']}" if row["next_step"] else "no next step" for row in told],
        brief=[", ".join(filter(None, [_valued(row), _aim(row), _due(row)])) for row in told],
        said=[f"{OUTLOOKS[_kind(row)][2]} {row['outlook']}" for row in told],
        more=[row["note"] or goals.held_words(row) for row in told],
    )
    heads = pd.DataFrame({"at": [0.0, 1.0], "text": ["baseline", "target"]})
    return Chart(_bullet(len(rows), any("\n" in name for name in names)), {"rows": drawn, "heads": heads})


def outlook(rows: pd.DataFrame, goal: pd.Series, metric: Metric) -> Chart:
    """Months of one goal with its plan and target, and the forecast with its 80 % band as far as it reaches."""
    known = rows.loc[rows["value"].notna(), ["month", "value", "plan"]]
    points = known.assign(shown=[goals.write(goal, value) for value in known["value"]])
    points["planned"] = [goals.write(goal, plan) for plan in known["plan"]]
    ahead = rows.loc[rows["forecast"].notna(), ["month", "forecast", "low", "high"]]
    ahead = ahead.assign(shown=[f"{goals.write(goal, low)} to {goals.write(goal, high)}" for low, high in _ends(ahead)])
    if len(ahead):
        now = known.iloc[-1]
        here = {"month": now["month"], "forecast": now["value"], "low": now["value"], "high": now["value"], "shown": ""}
        ahead = pd.concat([pd.DataFrame([here]), ahead], ignore_index=True)
    for edge in ("low", "high"):
        ahead[edge] = ahead[edge].clip(*bounds(metric))
    plan = rows.loc[rows["plan"].notna(), ["month", "plan"]]
    aims = rows.loc[rows["target"].notna(), ["month", "target"]]
    drawn = [known["value"], ahead["low"], ahead["high"], plan["plan"], aims["target"]]
    low, high = span(pd.concat(drawn).to_frame("value"), metric)
    last = rows["month"].iloc[-1]
    due = pd.DataFrame({"month": [last], "text": [_due(goal)]}) if pd.notna(goal["due_on"]) else None
    data = {
        "points": points,
        "ahead": ahead,
        "plan": plan,
        "aims": aims,
        "ends": _end_labels(goal, ahead, last, (high - low) / OUTLOOK_HEIGHT * LABEL_GAP),
        "notes": _notes(goal, known),
        "due": pd.DataFrame(columns=["month", "text"]) if due is None else due,
        "frame": pd.DataFrame({"y": [low, high]}),
    }
    return Chart(_outlook(metric.unit), data)


def _end_labels(goal: pd.Series, ahead: pd.DataFrame, last: pd.Timestamp, gap: float) -> pd.DataFrame:
    """At the right: what is expected, and the target, pushed apart where they would touch."""
    labels = []
    if len(ahead):
        labels.append([ahead["forecast"].iloc[-1], ahead["shown"].iloc[-1], _kind(goal)])
    if pd.notna(goal["target"]):
        labels.append([goal["target"], f"target {goals.write(goal, goal['target'])}", "target"])
    if len(labels) == 2 and abs(labels[0][0] - labels[1][0]) < gap:
        middle, up = (labels[0][0] + labels[1][0]) / 2, 1 if labels[0][0] >= labels[1][0] else -1
        labels[0][0], labels[1][0] = middle + up * gap / 2, middle - up * gap / 2
    return pd.DataFrame(labels, columns=["y", "text", "kind"]).assign(month=last)


def _notes(goal: pd.Series, known: pd.DataFrame) -> pd.DataFrame:
    """Within the chart: the latest value, and the name of the plan where it begins."""
    now = known.iloc[-1]
    rose = len(known) < 2 or now["value"] >= known["value"].iloc[-2]
    text = f"{goals.write(goal, now['value'])} in {now['month']:%b}"
    notes = [(now["month"], now["value"], text, "value", -1 if rose else 1)]
    planned = known[known["plan"].notna()].head(1)
    for _, start in planned.iterrows():
        notes.append((start["month"], start["plan"], "plan", "plan", -1 if start["plan"] > start["value"] else 1))
    return pd.DataFrame(notes, columns=["month", "y", "text", "kind", "side"])


def _kind(row: pd.Series) -> str:
    return row["outlook"] if row["outlook"] in OUTLOOKS else "not told"


def _valued(row: pd.Series) -> str:
    return "" if pd.isna(row["value"]) else goals.write(row, row["value"])


def _aim(row: pd.Series) -> str:
    parts = [("plan", row["plan"]), ("target", row["target"])]
    return ", ".join(f"{name} {goals.write(row, value)}" for name, value in parts if pd.notna(value))


def _band(row: pd.Series) -> str:
    return "" if pd.isna(row["low"]) else f"{goals.write(row, row['low'])} to {goals.write(row, row['high'])}"


def _due(row: pd.Series) -> str:
    return f"due {row['due_on']:%-d %b %Y}" if pd.notna(row["due_on"]) else "no due date"


def _ends(ahead: pd.DataFrame) -> zip:
    return zip(ahead["low"], ahead["high"], strict=True)


# --- specifications: made once for each shape, and the same for all data ---


def _by_width(narrow: object, wide: object) -> alt.ExprRef:
    return alt.ExprRef(f"{NARROW} ? {narrow} : {wide}")


@cache
def _bullet(count: int, tall: bool) -> dict:
    height, lower = (TWO_LINE_HEIGHT, 7) if tall else (BULLET_HEIGHT, 0)
    broken = "indexof(datum.name, '\\n') > 0"
    rows, heads = alt.Chart(alt.NamedData("rows")), alt.Chart(alt.NamedData("heads"))
    row = {"sort": None, "title": None, "axis": None, "scale": alt.Scale(type="band", padding=0)}
    goal = alt.Y("goal", type="nominal", **row)
    scale = alt.Scale(
        domain=list(REACH),
        nice=False,
        clamp=True,
        range=[_by_width(0, "0.25 * width"), _by_width("width", "0.575 * width")],
    )
    kinds = {kind: (meaning[0],) for kind, meaning in OUTLOOKS.items()}
    spoken = {kind: (meaning[0] if kind in SPOKEN else CONTEXT,) for kind, meaning in OUTLOOKS.items()}
    tooltip = [
        alt.Tooltip(field, type="nominal", title=title)
        for field, title in (
            ("goal", "Goal"),
            ("value", "Latest"),
            ("aim", "Aim"),
            ("gap", "Gap"),
            ("outlook", "Outlook"),
            ("band", "80 % band when due"),
            ("held", "Such bands"),
            ("step", "Next step"),
        )
    ]

    def x(field: str) -> alt.X:
        return alt.X(field, type="quantitative", title=None, axis=None, scale=scale)

    def text(field: str, at: alt.ExprRef, line: alt.ExprRef, limit: alt.ExprRef, **mark: object) -> alt.Chart:
        return rows.mark_text(**({"align": "left"} | mark), baseline="middle", dy=line, limit=limit).encode(
            y=goal, x=alt.value(at), text=alt.Text(field, type="nominal")
        )

    def only_wide(field: str, at: str, line: int | alt.ExprRef, limit: str, **mark: object) -> alt.Chart:
        return text(
            field, alt.ExprRef(f"{at} * width"), line, _by_width(1, f"{limit} * width"), opacity=_by_width(0, 1), **mark
        )

    bar_line = _by_width(1 + lower, -6)
    upper = _by_width(f"({broken} ? -23 : {lower - 16})", f"({broken} ? -17 : -9)")
    track = rows.mark_rule(strokeWidth=11, color=USUAL_RANGE, yOffset=bar_line).encode(
        y=goal, x=x("begin"), x2=alt.X2("end")
    )
    bar = rows.mark_rule(strokeWidth=11, yOffset=bar_line).encode(
        y=goal, x=x("begin"), x2=alt.X2("way"), color=marked(alt.Color, "kind", kinds, 0), tooltip=tooltip
    )
    plan = rows.mark_tick(
        thickness=2.5, size=_by_width(15, 20), color=INK, opacity=1, orient="vertical", yOffset=bar_line
    ).encode(y=goal, x=x("plan_way"), tooltip=tooltip)
    zero = heads.transform_filter("datum.at === 0").mark_rule(color=TARGET, strokeWidth=0.6, opacity=_by_width(0, 1))
    aimed = (
        rows.transform_filter("isValid(datum.begin)")
        .mark_rule(color=TARGET, strokeDash=[5, 4], strokeWidth=1.3, opacity=_by_width(0, 1))
        .encode(
            x=alt.datum(1, type="quantitative", scale=scale, axis=None),
            y=alt.Y("goal", type="nominal", bandPosition=AIM[0], **row),
            y2=alt.Y2("goal", bandPosition=AIM[1]),
        )
    )
    named = heads.mark_text(color=CONTEXT, baseline="bottom").encode(
        x=x("at"), y=alt.value(-5), text=alt.Text("text", type="nominal")
    )
    line = rows.mark_rule(color=GRID, yOffset=height / 2).encode(
        y=goal, x=alt.value(0), x2=alt.value(alt.ExprRef("width"))
    )
    outlook = text(
        "said",
        _by_width("width", "0.82 * width"),
        _by_width(f"({broken} ? -23 : {lower - 16})", -9),
        _by_width("0.45 * width", "0.18 * width"),
        align=_by_width("'right'", "'left'"),
        fontWeight=_by_width("'normal'", "'bold'"),
        fontSize=_by_width(12, 13),
    ).encode(color=marked(alt.Color, "kind", spoken, 0))
    words = [
        text(
            "name",
            alt.ExprRef("0"),
            upper,
            _by_width("width - 100", "0.25 * width"),
            lineBreak="\n",
            lineHeight=14,
            color=INK,
            fontWeight="bold",
            fontSize=_by_width(12, 13),
        ),
        text("brief", alt.ExprRef("0"), 17 + lower, _by_width("width", 1), opacity=_by_width(1, 0)),
        only_wide("who", "0", alt.ExprRef(f"{broken} ? 14 : 9"), "0.245"),
        only_wide("step", "0.332", 13, "0.255"),
        only_wide("value", "0.597", -9, "0.1", color=INK, fontWeight="bold", fontSize=13),
        only_wide("gap", "0.597", -9, "0.145", dx=62),
        only_wide("aim", "0.597", 9, "0.215"),
        only_wide("more", "0.82", 9, "0.18"),
    ]
    layers = alt.layer(line, zero.encode(x=x("at")), track, bar, aimed, plan, named, outlook, *words).resolve_scale(
        color="independent"
    )
    padding = {"left": 2, "right": 4, "top": 22, "bottom": 2}
    sized = layers.properties(height=count * height, padding=padding, usermeta=SVG, autosize=FIT)
    return sized.configure(**CONFIG).to_dict()


@cache
def _outlook(unit: str) -> dict:
    points, ahead, plan, aims, ends, notes, due, frame = (
        alt.Chart(alt.NamedData(name)) for name in ("points", "ahead", "plan", "aims", "ends", "notes", "due", "frame")
    )
    month = month_axis()

    def y(field: str) -> alt.Y:
        return value_axis(field, unit)

    tooltip = [
        alt.Tooltip("month", type="temporal", title="Month", format="%B %Y", timeUnit="utcyearmonth"),
        alt.Tooltip("shown", type="nominal", title="Value"),
    ]
    planned = alt.Tooltip("planned", type="nominal", title="Plan")
    kinds = {kind: (meaning[0] if kind in SPOKEN else CONTEXT,) for kind, meaning in OUTLOOKS.items()} | {
        "target": (TARGET,)
    }
    noted = {"value": (INK,), "plan": (CONTEXT,)}
    layers = [
        ahead.mark_area(color=USUAL_RANGE, opacity=1).encode(x=month, y=y("low"), y2=alt.Y2("high")),
        due.mark_rule(color=MEAN, strokeWidth=1).encode(x=month),
        aims.mark_line(color=TARGET, strokeDash=[5, 4], strokeWidth=1.3).encode(x=month, y=y("target")),
        plan.mark_line(color=CONTEXT, strokeDash=[2, 3], strokeWidth=1.6).encode(x=month, y=y("plan")),
        points.mark_line(color=ORDINARY, strokeWidth=1.5).encode(x=month, y=y("value")),
        ahead.mark_line(color=ORDINARY, strokeWidth=1.5, opacity=0.6).encode(x=month, y=y("forecast"), tooltip=tooltip),
        points.mark_point(size=40, fill=ORDINARY, stroke=ORDINARY, opacity=1).encode(
            x=month, y=y("value"), tooltip=[*tooltip, planned]
        ),
        *(
            notes.transform_filter(f"datum.side === {side}")
            .mark_text(align="right", dx=8, dy=15 * side, baseline="middle", fontWeight="bold")
            .encode(x=month, y=y("y"), text=alt.Text("text", type="nominal"), color=marked(alt.Color, "kind", noted, 0))
            for side in (-1, 1)
        ),
        ends.mark_text(align="left", baseline="middle", dx=12, fontWeight="bold").encode(
            x=month, y=y("y"), text=alt.Text("text", type="nominal"), color=marked(alt.Color, "kind", kinds, 0)
        ),
        due.mark_text(baseline="bottom", align="right", color=CONTEXT, dx=4).encode(
            x=month, y=alt.value(-5), text=alt.Text("text", type="nominal")
        ),
        frame.mark_point(opacity=0, size=0).encode(y=y("y")),
    ]
    return layered(OUTLOOK_HEIGHT, 22, *layers)

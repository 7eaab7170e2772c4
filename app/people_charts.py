"""Charts about people: parts of a whole by level, in colours that mean neither good nor bad."""

from functools import cache

import altair as alt
import pandas as pd

from app.charts import FIT, SVG, Chart
from app.filters import quarter_words
from app.theme import CARD, CONFIG, CONTEXT, GROUPS, INK

LEVEL_HEIGHT = 38


def bands(rows: pd.DataFrame) -> Chart:
    """Responses by band, a bar a quarter, the newest first."""
    rows = rows.assign(level=[quarter_words(month) for month in rows["month"]], category=rows["band"])
    return levels(rows, "answers")


def levels(rows: pd.DataFrame, counted: str = "people") -> Chart:
    """Shares of one attribute by level, or of a place beside everyone: a bar each, a part a category.

    What is not told stands open, with the reason.
    """
    parts, heads, groups = [], [], named_groups(rows)
    label = "place" if rows["place"].nunique() > 1 else "level"
    for level, group in rows.groupby(label, sort=False):
        start, base = 0.0, group["base"].iloc[0]
        told = group[group["people"].notna() & group["base"].notna()]
        for row in told.itertuples():
            end = min(start + float(row.people) / float(base), 1.0)
            text = f"{row.people}" if pd.isna(row.share) else f"{row.share * 100:.0f} %"
            parts.append((level, row.category, groups[row.category], start, end, text, f"{row.people:,} {counted}"))
            start = end
        hidden = group.drop(told.index)
        if len(hidden) and start < 0.995:
            names, reasons = ", ".join(hidden["category"]), sorted(set(hidden["status"]))
            each = " each" if len(hidden) > 1 else ""
            parts.append((level, names, "hidden", start, 1.0, " or ".join(reasons), f"{' or '.join(reasons)}{each}"))
        heads.append((level, f"too few {counted}" if pd.isna(base) else f"{base:,} {counted}"))
    drawn = pd.DataFrame(parts, columns=["level", "category", "colour", "start", "end", "text", "people"])
    drawn["middle"] = (drawn["start"] + drawn["end"]) / 2
    data = {"parts": drawn, "heads": pd.DataFrame(heads, columns=["level", "base"])}
    return Chart(_levels(rows[label].nunique()), data)


def named_groups(rows: pd.DataFrame) -> dict[str, str]:
    """The colour name of each category, the same on every level."""
    return {category: f"g{place % len(GROUPS)}" for place, category in enumerate(rows["category"].unique())}


@cache
def _levels(count: int) -> dict:
    parts, heads = alt.Chart(alt.NamedData("parts")), alt.Chart(alt.NamedData("heads"))
    axis = alt.Axis(grid=False, labelColor=INK, labelFontSize=13, labelLimit=120)
    bands = alt.Scale(paddingInner=0.35, paddingOuter=0.1)
    level = alt.Y("level", type="nominal", sort=None, title=None, scale=bands, axis=axis)

    def x(field: str) -> alt.X:
        return alt.X(field, type="quantitative", title=None, scale=alt.Scale(domain=[0, 1], nice=False), axis=None)

    def coloured(channel: type, part: int) -> alt.FieldChannelMixin:
        meanings = {f"g{place}": colours[part] for place, colours in enumerate(GROUPS)}
        meanings |= {"hidden": (CARD, CONTEXT)[part]}
        scale = alt.Scale(domain=list(meanings), range=list(meanings.values()))
        return channel("colour", type="nominal", scale=scale, legend=None)

    tooltip = [
        alt.Tooltip("level", type="nominal", title="Of"),
        alt.Tooltip("category", type="nominal", title="Stated"),
        alt.Tooltip("people", type="nominal", title="Told as"),
    ]
    open_part = parts.transform_filter("datum.colour === 'hidden'").mark_bar(
        fill=CARD, stroke=CONTEXT, strokeDash=[3, 3], strokeWidth=1, aria=False
    )
    fits = "(datum.end - datum.start) * width > 7 * length(datum.text) + 6 ? datum.text : ''"  # within its part
    layers = [
        parts.transform_filter("datum.colour !== 'hidden'")
        .mark_bar(stroke=CARD, strokeWidth=1)
        .encode(y=level, x=x("start"), x2=alt.X2("end"), color=coloured(alt.Color, 0), tooltip=tooltip),
        open_part.encode(y=level, x=x("start"), x2=alt.X2("end"), tooltip=tooltip),
        parts.mark_text(baseline="middle", fontSize=12.5).encode(
            y=level, x=x("middle"), text=alt.value(alt.ExprRef(fits)), color=coloured(alt.Color, 1)
        ),
        heads.mark_text(align="left", baseline="middle", dx=10, color=CONTEXT).encode(
            y=level, x=alt.value(alt.ExprRef("width")), text=alt.Text("base", type="nominal")
        ),
    ]
    padding = {"left": 2, "right": 4, "top": 6, "bottom": 2}
    layered = alt.layer(*layers).resolve_scale(color="independent")
    sized = layered.properties(height=count * LEVEL_HEIGHT, padding=padding, usermeta=SVG, autosize=FIT)
    return sized.configure(**CONFIG).to_dict()

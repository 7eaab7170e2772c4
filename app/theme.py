"""Theme: what a colour, a shape and an axis mean. Colours are named by meaning, never by hue."""

import altair as alt

# Style sheet variables: the browser puts in the colours of the light or the dark theme, so that a specification is
# the same for both and no change of theme has to be sent. Their values stand in style.css.
INK = "var(--ink)"  # what must be read
CONTEXT = "var(--quiet)"  # what may be read
ORDINARY = "var(--usual)"  # a line within ordinary variation
MEAN = "var(--line)"
USUAL_RANGE = "var(--band)"
CARD = "var(--card)"
GRID = "var(--grid)"
BETTER = "var(--better)"
WORSE = "var(--worse)"
MOVED = "var(--shift)"  # a change that is neither good nor bad
TARGET = INK
MIDDLE = "var(--mid)"
ON_COLOUR = "var(--on)"

# label of a point: colour, shape of its mark, the same shape as a character, word
MARKS = {
    "common cause": (ORDINARY, "circle", "●"),
    "improvement": (BETTER, "triangle-up", "▲"),
    "concern": (WORSE, "triangle-down", "▼"),
    "neutral high": (MOVED, "square", "■"),
    "neutral low": (MOVED, "diamond", "◆"),
}
JUDGEMENTS = {
    "better": (BETTER, "triangle-up"),
    "worse": (WORSE, "triangle-down"),
    "no clear difference": (ORDINARY, "circle"),
    "above": (MOVED, "square"),
    "below": (MOVED, "diamond"),
}
OUTLOOKS = {  # of a goal: met or not, or what is to be expected
    "on track": (BETTER, "triangle-up", "▲"),
    "off track": (WORSE, "triangle-down", "▼"),
    "too close to call": (ORDINARY, "circle", "●"),
    "met": (BETTER, "triangle-up", "▲"),
    "met late": (ORDINARY, "circle", "●"),
    "not met": (WORSE, "triangle-down", "▼"),
    "not told": (ORDINARY, "circle", "○"),  # every other word says why nothing can be told
}
MEASURED = {  # how far a metric is measured: the shape fills as it does
    "measured": "●",
    "no rows": "◒",
    "no export loaded": "○",
    "switched off": "◌",
    "not measured yet": "◇",
}
FONT = "Source Sans, Liberation Sans, Arial, sans-serif"
CONFIG = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "labelColor": CONTEXT,
        "labelFontSize": 12,
        "labelFont": FONT,
        "title": None,
        "labelPadding": 6,
    },
    "axisX": {"grid": False},
    "axisY": {"grid": True, "gridColor": GRID, "gridWidth": 1, "gridDash": []},
    "text": {"font": FONT, "fontSize": 12.5, "color": CONTEXT},
    "legend": {"disable": True},
}
AXIS_TEXT = {  # how an axis writes a number of this unit
    "%": "format(datum.value * 100, '.4~g') + ' %'",  # tenths where ticks are that near each other
    "points": "format(datum.value * 100, '.0f')",
    "hours": "format(datum.value, '~g') + ' h'",
    "per 100": "format(datum.value * 100, '~g')",
}
WHOLE = "datum.value % 1 ? '' : format(datum.value, ',~f')"


def axis_text(unit: str) -> str:
    """How an axis writes a number: amounts as they are, of what is counted whole numbers only."""
    return AXIS_TEXT.get(unit, "format(datum.value, ',~f')" if " per " in unit else WHOLE)


def marked(channel: type, field: str, meanings: dict[str, tuple], part: int) -> alt.FieldChannelMixin:
    """An encoding by meaning: `part` 0 is the colour, 1 the shape."""
    scale = alt.Scale(domain=list(meanings), range=[meaning[part] for meaning in meanings.values()])
    return channel(field, type="nominal", scale=scale, legend=None)


# Groups of people are neither good nor bad: muted colours and the colour of text on each.
GROUPS = [(f"var(--group-{place})", f"var(--on-group-{place})") for place in range(1, 7)]

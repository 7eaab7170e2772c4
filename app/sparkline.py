"""Sparkline: months in their usual range, small, as drawn text. No chart engine: a table holds dozens of them."""

from html import escape
from math import isnan

import pandas as pd

from app.charts import bounds
from app.metrics import Metric
from app.theme import MARKS, ORDINARY, TARGET, USUAL_RANGE

WIDTH, HEIGHT, EDGE = 200, 44, 6


def sparkline(rows: pd.DataFrame, metric: Metric, said: str) -> str:
    """An SVG of trend rows: range as a band, target dashed, signals and the last month marked by colour and shape.

    `said` is its text alternative. Colours are style sheet variables, so that it follows the theme.
    """
    columns = (rows[name].tolist() for name in ("value", "lower", "upper", "label"))
    shown = [told for told in zip(*columns, strict=True) if not isnan(told[0])]
    if not shown:
        return ""
    values, (_, lower, upper, _) = [value for value, *_ in shown], shown[-1]
    floor, ceiling = bounds(metric)
    usual = [] if isnan(lower) else [max(lower, floor), min(upper, ceiling)]
    target = [] if metric.target is None else [metric.target]
    low, high = min(values + usual + target), max(values + usual + target)
    span = (high - low) or 1.0
    last = max(len(shown) - 1, 1)

    def x(place: int) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * place / last, 1)

    def y(value: float) -> float:
        return round(EDGE + (HEIGHT - 2 * EDGE) * (high - value) / span, 1)

    parts = []
    if usual:
        top, bottom = y(usual[1]), y(usual[0])
        box = f'x="{EDGE}" y="{top}" width="{WIDTH - 2 * EDGE}" height="{round(max(bottom - top, 1), 1)}"'
        parts.append(f'<rect {box} fill="{USUAL_RANGE}"/>')
    if target:
        line = f'x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{y(target[0])}" y2="{y(target[0])}"'
        parts.append(f'<line {line} stroke="{TARGET}" stroke-dasharray="3 3"/>')
    points = " ".join(f"{x(place)},{y(value)}" for place, value in enumerate(values))
    parts.append(f'<polyline points="{points}" fill="none" stroke="{ORDINARY}" stroke-width="1.4"/>')
    for place, (value, _, _, label) in enumerate(shown):
        if label not in ("", "common cause") or place == len(shown) - 1:
            parts.append(_mark(x(place), y(value), label or "common cause"))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg class="spark" {size} role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'


def _mark(x: float, y: float, label: str) -> str:
    colour, shape, _ = MARKS[label]
    if shape == "circle":
        return f'<circle cx="{x}" cy="{y}" r="2.6" fill="{colour}"/>'
    corners = {
        "triangle-up": ((0, -3.4), (3.2, 2.4), (-3.2, 2.4)),
        "triangle-down": ((0, 3.4), (3.2, -2.4), (-3.2, -2.4)),
        "square": ((-2.4, -2.4), (2.4, -2.4), (2.4, 2.4), (-2.4, 2.4)),
        "diamond": ((0, -3.4), (3.4, 0), (0, 3.4), (-3.4, 0)),
    }[shape]
    points = " ".join(f"{round(x + right, 1)},{round(y + down, 1)}" for right, down in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'

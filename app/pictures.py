"""Pictures: a figure as SVG or PNG that can be read on its own in a slide, drawn without a browser or a network."""

import copy
import json
import re
from functools import cache
from pathlib import Path

from app.charts import Chart
from app.series import Answer

WIDTH = 900
STYLE = Path(__file__).with_name("style.css")


def picture(charts: list[tuple[str, Chart]], found: Answer, kind: str) -> bytes:
    """The charts of a figure, one below the other under their names, with finding, filters and as-of; svg or png."""
    import vl_convert  # only when somebody downloads

    as_of = f" · data to {found.as_of:%-d %b %Y}" if found.as_of else ""
    subtitle = [line for line in (found.metric.definition if found.metric else "", _filters(found) + as_of) if line]
    parts = [_filled(chart, name) for name, chart in charts]
    configs = [part.pop("config") for part in parts]
    spec = (parts[0] if len(parts) == 1 else {"vconcat": parts}) | {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "#ffffff",
        "padding": 20,
        "title": {
            "text": _broken(found.sentence),
            "subtitle": [line for text in subtitle for line in _broken(text, 110)],
            "anchor": "start",
            "fontSize": 20,
            "subtitleFontSize": 13,
            "subtitleColor": _palette()["quiet"],
            "color": _palette()["ink"],
            "offset": 16,
        },
        "config": configs[0] | {"background": "#ffffff"},
    }
    plain = json.loads(re.sub(r"var\(--([\w-]+)\)", lambda name: _palette()[name[1]], json.dumps(spec)))
    if kind == "svg":
        return vl_convert.vegalite_to_svg(plain).encode()
    return vl_convert.vegalite_to_png(plain, scale=2)


def _filled(chart: Chart, name: str) -> dict:
    spec = copy.deepcopy(chart.spec)
    for key in ("$schema", "usermeta", "autosize", "padding", "datasets"):
        spec.pop(key, None)
    rows = {key: json.loads(data.to_json(orient="records", date_format="iso")) for key, data in chart.data.items()}
    return _inlined(spec, rows) | {"width": WIDTH} | ({"title": name} if name else {})


def _inlined(spec: object, rows: dict) -> object:
    """The specification with its named tables written in: several charts may use the same names."""
    if isinstance(spec, list):
        return [_inlined(part, rows) for part in spec]
    if isinstance(spec, dict):
        if set(spec) == {"name"} and spec["name"] in rows:
            return {"values": rows[spec["name"]]}
        return {key: _inlined(part, rows) for key, part in spec.items()}
    return spec


def _filters(found: Answer) -> str:
    rows = found.rows
    if "month" in rows.columns and len(rows):
        return found.filters.words(rows["month"].min(), rows["month"].max())
    return found.filters.words()


def _broken(text: str, width: int = 80) -> list[str]:
    lines = [""]
    for word in text.split():
        lines = [*lines, word] if len(f"{lines[-1]} {word}") > width else [*lines[:-1], f"{lines[-1]} {word}".strip()]
    return lines


@cache
def _palette() -> dict[str, str]:
    """The light colour of each style sheet variable."""
    return dict(re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}),", STYLE.read_text("utf-8")))

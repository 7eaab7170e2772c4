"""Charts: constant specifications that name columns which are there, in colours that everybody can tell apart."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import (
    charts,
    diversity_charts,
    goal_charts,
    group_charts,
    people,
    people_charts,
    pipeline,
    pipeline_charts,
    theme,
)
from app.answers import answer
from app.charts import Chart
from app.filters import Filters
from app.metrics import metrics
from app.snapshot import Snapshot
from app.sparkline import sparkline
from tests.conftest import ROOT

BOUNDS = {unit: (0, float("inf")) for unit in {metric.unit for metric in metrics().values()}}
BOUNDS |= {"%": (0, 1), "points": (-1, 1)}
FEW = Filters(regions=("Latin America",), channels=("Social",))  # low bases, withheld months
CHOICES = (Filters(), Filters(regions=("EMEA",)), FEW)


def drawn(demo: Snapshot, filters: Filters) -> dict[str, tuple[Chart, str]]:
    """Every shape for every metric as the pages draw them: name → chart and id of its metric."""
    found = {}
    for id_ in metrics():
        for figure, draw in {
            "trend": charts.trend,
            "by_region": charts.dots,
            "by_channel": charts.dots,
            "channels": charts.small_multiple,
        }.items():
            told = answer(demo, figure, id_, filters)
            if told.state != "ready":
                continue
            some = told.rows.loc[told.rows["value"].notna(), "channel"].head(1) if figure == "channels" else ()
            found[f"{id_} {figure}"] = draw(told.rows, told.metric, *some), id_
    told = answer(demo, "recommendation", None, filters)
    if told.state == "ready":
        found["nps recommendation"] = charts.diverging(told.rows, told.metric), "nps"
    return found


CHANNELS_AND_SUPPLIERS = {
    "channel_mix": diversity_charts.mix,
    "channel_parity": lambda rows: diversity_charts.parity(rows, metrics()["csat"]),
    "supplier_spend": diversity_charts.spend,
    "certified_suppliers": diversity_charts.certified,
}


def bespoke(demo: Snapshot, filters: Filters) -> dict[str, Chart]:
    """The shapes of one page only, as it draws them: goals, ideas, people; by name."""
    found = {}
    every, ahead = (answer(demo, figure, None, filters) for figure in ("goals", "goals_outlook"))
    if every.state == "ready":
        found["goals bullet"] = goal_charts.bullet(every.rows)
    if ahead.state == "ready":
        for name, rows in ahead.rows.groupby("goal", sort=False):
            row = every.rows[every.rows["goal"] == name].iloc[0]
            found[f"goals outlook of {name}"] = goal_charts.outlook(rows, row, metrics()[row["metric"]])
    funnel, age, flow = (answer(demo, figure, None, filters) for figure in ("idea_funnel", "idea_age", "idea_flow"))
    if funnel.state == "ready":
        found["ideas funnel"] = pipeline_charts.funnel(funnel.rows)
    if age.state == "ready":
        found["ideas ageing"] = pipeline_charts.ageing(age.rows)
    if flow.state == "ready":
        found["ideas in_and_out"] = pipeline_charts.in_and_out(flow.rows)
        found["ideas standing"] = pipeline_charts.standing(flow.rows, pipeline.stuck(age))
    for figure, draw in CHANNELS_AND_SUPPLIERS.items():
        told = answer(demo, figure, None, filters)
        if told.state == "ready":
            found[f"{figure} bars"] = draw(told.rows)
    told = answer(demo, "representation", None, filters)
    if told.state == "ready":
        for attribute in people.ATTRIBUTES:
            rows = told.rows[told.rows["attribute"] == attribute]
            found[f"people {attribute}"] = people_charts.levels(rows)
    told = answer(demo, "safety_bands", None, filters)
    if told.state == "ready":
        found["people safety_bands"] = people_charts.bands(told.rows)
    for figure, (_, draw) in group_charts.FIGURES.items():
        told = answer(demo, figure, None, filters)
        if told.state == "ready":
            found[f"groups {figure}"] = draw(told.rows, ())
    return found


def all_drawn(demo: Snapshot, filters: Filters) -> dict[str, Chart]:
    return {name: chart for name, (chart, _) in drawn(demo, filters).items()} | bespoke(demo, filters)


def views(spec: dict) -> list[dict]:
    """The specification and its layers."""
    return [spec, *(view for layer in spec.get("layer", ()) for view in views(layer))]


def walk(node: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every value of a specification that is no container, with the key that it stands under."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from walk(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value, key)
    else:
        yield key, node


def tables(view: dict, above: str = "") -> Iterator[tuple[dict, str]]:
    """Each view that draws, and the name of the table that it draws, which a layer may have from the one above it."""
    named = view.get("data", {}).get("name", above)
    if "mark" in view:
        yield view, named
    for layer in view.get("layer", ()):
        yield from tables(layer, named)


QUIET = "(datum.kind === 'quiet' || datum.kind === 'target')"  # which labels a layer of the trend writes


@pytest.mark.parametrize("filters", CHOICES, ids=lambda filters: filters.words())
def test_no_layer_is_drawn_of_nothing(demo: Snapshot, filters: Filters) -> None:
    """A scale without a value is a warning in the reader's console, and a line that says nothing is no line."""
    for name, (chart, _) in drawn(demo, filters).items():
        for view, table in tables(chart.spec):
            rows = chart.data[table]
            for step in view.get("transform", ()) if table == "ends" else ():
                quiet = rows["kind"].isin(("quiet", "target"))
                rows = rows[{QUIET[1:-1]: quiet, f"!{QUIET}": ~quiet}[step["filter"]]]
            for axis in ("x", "y"):
                field = view["encoding"].get(axis, {}).get("field")
                assert not field or rows[field].notna().any(), f"{name}: {field} of {view['mark']}"


@pytest.mark.parametrize("filters", CHOICES, ids=lambda filters: filters.words())
def test_every_encoded_field_is_a_column_of_the_table_that_it_names(demo: Snapshot, filters: Filters) -> None:
    """A field that is not there draws nothing and says nothing: no mark, no error."""
    made = all_drawn(demo, filters)
    assert {name.split()[1] for name in made} >= {"trend", "by_channel", "channels"}
    assert {name.split()[0] for name in made} >= {"goals", "ideas", "people"}
    for name, chart in made.items():
        for view, table in tables(chart.spec):
            columns = set(chart.data[table].columns)
            for transform in view.get("transform", ()):
                columns |= {step["as"] for step in transform.get("window", ())}
            used = {value for key, value in walk(view.get("encoding", {})) if key == "field"}
            told = json.dumps([view.get("transform", []), *conditions(view.get("encoding", {}))])
            used |= set(re.findall(r"datum\.(\w+)", told))
            assert used <= columns, f"{name}: {used - columns} of {view['mark']}"
        assert {table for _, table in tables(chart.spec)} == set(chart.data), f"{name}: a table that no layer draws"


def conditions(encoding: dict) -> list[object]:
    """What a mark is asked before it takes a colour or a stroke; labels of an axis are asked of other things."""
    return [channel["condition"] for channel in encoding.values() if "condition" in channel]


def test_a_specification_holds_no_data_and_is_the_same_for_every_choice(demo: Snapshot) -> None:
    """So that a click on a filter sends rows alone. How many places there are is part of a chart: it is its height."""
    whole, region = (all_drawn(demo, filters) for filters in (Filters(), Filters(regions=("EMEA", "North America"))))
    generic = {name.split()[1] for name in whole} & {name.split()[1] for name in region}
    assert generic >= {"trend", "by_region", "by_channel", "channels", "bullet", "funnel", "ageing", "standing"}
    few = {"goals_met", "goals_well_defined", "policy_reviewed"}  # see FEW_BY_MONTH, NOWHERE
    assert {name for name in set(whole) - set(region) if name.endswith("trend")} == {f"{id_} trend" for id_ in few}
    for name, chart in whole.items():
        keys = {key for key, _ in walk(chart.spec)} | set(chart.spec)
        assert not keys & {"values", "url", "datasets"}, name
        assert all(set(view["data"]) == {"name"} for view in views(chart.spec) if "data" in view), name
        if name not in region:
            continue
        specs = [chart.spec, region[name].spec]
        if "by_" in name or name.startswith(("people", "groups", "goals bullet", *CHANNELS_AND_SUPPLIERS)):
            specs = [{key: value for key, value in spec.items() if key != "height"} for spec in specs]
        assert json.dumps(specs[0]) == json.dumps(specs[1]), name
        for table, rows in chart.data.items():
            assert list(rows.columns) == list(region[name].data[table].columns), f"{name}: {table}"


REGIONS = {"Asia Pacific", "EMEA", "Latin America", "North America"}
CHANNELS = {"Chat", "E-mail", "Phone", "Social", "Web"}
FEW_BY_MONTH = {  # metric → places of the demonstration in which no month holds ten cases
    "promises_kept": {"region unknown", "channel unknown"},
    "csat": {"region unknown", "channel unknown"},
    "nps": {"region unknown"},
    "closed_loop": {"region unknown", "Social", "Web"},
    "customer_ideas": {"region unknown", "Latin America", *CHANNELS},
    "required_training": {"Social"},
    "training_hours": {"Social"},
    "recognised_in_time": {*REGIONS - {"EMEA"}, *CHANNELS},
    "goals_met": REGIONS,
    "goals_well_defined": REGIONS,
    "empathy": {"region unknown"},
    "felt_heard": {"region unknown"},
    "trusted_and_respected": {"region unknown"},
    "welcoming": {"region unknown"},
    "memorable": {"region unknown"},
    "effort": {"region unknown"},
    "complaints_on_time": {"region unknown", "channel unknown", "Social"},
    "leadership_trust": {"Social"},
    "empowerment": {"Social"},
    "enablement": {"Social"},
    "perspectives_valued": {"Social"},
    "policy_acknowledged": {"Social"},
    "psychological_safety": {"Social", "Web"},
    "speak_openly": {"Social"},
    "inclusion_index": {"Social"},
    "inclusion_training": {"Social"},
    "experiments_learned": {"region unknown", "channel unknown", *REGIONS, *CHANNELS},
    "service_win_rate": {"region unknown", "channel unknown", "Latin America", "Social"},
    "leader_customer_contacts": {"Chat", "Social", "Web"},
    "inclusive_language": {"region unknown", "Latin America"},
    "inclusive_imagery": {"region unknown", *REGIONS},
}
NOWHERE = {  # metric → places that its records never name, or that are no scope of people
    "nps": CHANNELS,
    "recognised_in_time": {"region unknown", "channel unknown"},
    "goals_met": {"region unknown", "channel unknown", *CHANNELS},
    "goals_well_defined": {"region unknown", "channel unknown", *CHANNELS},
    "required_training": {"region unknown", "channel unknown"},
    "training_hours": {"region unknown", "channel unknown"},
    "ideas_per_100": {"region unknown", "channel unknown", *CHANNELS},
    "retention": CHANNELS,
    "preferred_channel": {"channel unknown"},
    "revenue_retained": CHANNELS,
    "cost_per_resolution": {"region unknown", "channel unknown"},
    "two_way_channels": {"region unknown", "channel unknown"},
    "leader_customer_contacts": {"region unknown", "channel unknown"},
    "diverse_spend": CHANNELS,
    "inclusive_language": CHANNELS,
    "inclusive_imagery": CHANNELS,
    "policy_reviewed": {"region unknown", "channel unknown", *REGIONS, *CHANNELS},
    "leadership_trust": {"region unknown", "channel unknown"},
    "empowerment": {"region unknown", "channel unknown"},
    "enablement": {"region unknown", "channel unknown"},
    "perspectives_valued": {"region unknown", "channel unknown"},
    "speak_openly": {"region unknown", "channel unknown"},
    "inclusion_index": {"region unknown", "channel unknown"},
    "events_participation": {"region unknown", "channel unknown"},
    "dialogue_participation": {"region unknown", "channel unknown"},
    "policy_acknowledged": {"region unknown", "channel unknown"},
    "psychological_safety": {"region unknown", "channel unknown"},
    "inclusion_training": {"region unknown", "channel unknown"},
    "participation": {"region unknown", "channel unknown"},
}


def test_a_trend_is_absent_only_where_a_sentence_says_why(demo: Snapshot) -> None:
    """Each metric for everything, each region, each channel: drawn but for the pairs above, which are said to be so."""
    choices = {"": Filters()}
    choices |= {place: Filters((place,)) for place in REGIONS} | {place: Filters((), (place,)) for place in CHANNELS}
    choices |= {"region unknown": Filters(("unknown",)), "channel unknown": Filters((), ("unknown",))}
    for id_, metric in metrics().items():
        told = {place: answer(demo, "trend", id_, filters) for place, filters in choices.items()}
        few, nowhere = ({place for place, one in told.items() if one.state == state} for state in ("withheld", "empty"))
        assert (few, nowhere) == (FEW_BY_MONTH.get(id_, set()), NOWHERE.get(id_, set())), id_
        for place in few:
            least = "fewer than 10 cases each"
            if metric.about == "people":
                least = "fewer than 10 people who count or who do not, or fewer than 25 in all"
            if metric.kind == "mean":
                least = "a band is hidden, or fewer than 30 answers in all"
            assert told[place].sentence == (f"{metric.name}: {least}, too few to show. Widen the filters.")
        for place in nowhere:
            assert told[place].sentence.startswith("Nothing matches ") and "Widen the " in told[place].sentence


def test_the_rows_of_an_answer_are_not_changed_by_drawing_them(demo: Snapshot) -> None:
    """Every reader shares them, and the download gives the same rows."""
    for figure, *shapes in (
        ("trend", charts.trend, lambda rows, metric: sparkline(rows, metric, "said")),
        ("by_region", charts.dots),
        ("channels", lambda rows, metric: charts.small_multiple(rows, metric, rows["channel"].iloc[0])),
        ("recommendation", charts.diverging),
        ("goals", lambda rows, metric: goal_charts.bullet(rows)),
        ("idea_funnel", lambda rows, metric: pipeline_charts.funnel(rows)),
        ("idea_age", lambda rows, metric: pipeline_charts.ageing(rows)),
        ("idea_flow", lambda rows, metric: pipeline_charts.in_and_out(rows)),
        ("idea_flow", lambda rows, metric: pipeline_charts.standing(rows)),
        *((figure, lambda rows, metric, draw=draw: draw(rows)) for figure, draw in CHANNELS_AND_SUPPLIERS.items()),
        ("representation", lambda rows, metric: people_charts.levels(rows)),
        ("safety_bands", lambda rows, metric: people_charts.bands(rows)),
        ("community_gap", lambda rows, metric: group_charts.FIGURES["community_gap"][1](rows, ())),
        ("selection_rates", lambda rows, metric: group_charts.FIGURES["selection_rates"][1](rows, ())),
        ("survey_participation", lambda rows, metric: group_charts.FIGURES["survey_participation"][1](rows, ())),
    ):
        told = answer(demo, figure, "promises_kept", FEW if figure in ("trend", "by_region", "channels") else Filters())
        before = told.rows.copy(deep=True)
        for draw in shapes:
            draw(told.rows, told.metric)
            pd.testing.assert_frame_equal(told.rows, before)


# --- colours and shapes ---


def colours() -> dict[str, tuple[str, str]]:
    """The variables of style.css: name → its value in the light and in the dark theme."""
    text = (ROOT / "app" / "style.css").read_text("utf-8")
    found = re.findall(r"--([a-z0-9-]+):\s*light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)", text)
    return {name: (light, dark) for name, light, dark in found}


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)


def value_of(meaning: str, dark: bool) -> str:
    return colours()[meaning.removeprefix("var(--").removesuffix(")")][dark]


def test_contrast_is_computed_as_published() -> None:
    """Black on white is 21:1; #767676 is the lightest grey that may be text on white (WCAG, 4.54:1)."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_every_colour_of_a_chart_is_a_meaning_of_the_style_sheet(demo: Snapshot) -> None:
    """No hue stands in a specification, so a chart follows the theme without being sent again."""
    for name, chart in all_drawn(demo, Filters()).items():
        for key, value in walk(chart.spec):
            if not isinstance(value, str):
                continue
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", value), f"{name}: {key} is {value}"
            coloured = key.lower().endswith(("color", "fill", "stroke", "background"))
            if coloured and value not in ("transparent", "independent"):
                assert value.startswith("var(--"), f"{name}: {key} is {value}"
            for variable in re.findall(r"var\(--([\w-]+)\)", value):
                assert variable in colours(), f"{name}: --{variable} is not defined for both themes"
    used = [meaning for meaning in vars(theme).values() if isinstance(meaning, str) and meaning.startswith("var(")]
    assert len(used) > 10
    used += [colour for pair in theme.GROUPS for colour in pair]
    assert {meaning[6:-1] for meaning in used} <= set(colours())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_and_marks_stand_out(dark: bool) -> None:
    """WCAG AA: 4.5:1 for text, 3:1 for what must be seen; against the card, and text against page and sidebar too."""
    card = value_of(theme.CARD, dark)
    pages = ("#14181e", "#10141a") if dark else ("#fcfbf8", "#f2efe8")
    for text in (theme.INK, theme.CONTEXT, theme.BETTER, theme.WORSE, theme.MOVED):
        assert contrast(value_of(text, dark), card) >= 4.5, text
    for page in pages:
        assert page in (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
        for text in (theme.INK, theme.CONTEXT):
            assert contrast(value_of(text, dark), page) >= 4.5, f"{text} on {page}"
    marks = {mark[0] for mark in (*theme.MARKS.values(), *theme.JUDGEMENTS.values())}
    for mark in marks | {theme.TARGET, theme.MEAN}:
        assert contrast(value_of(mark, dark), card) >= 3, mark
    for bar in (theme.BETTER, theme.WORSE):
        assert contrast(value_of(theme.ON_COLOUR, dark), value_of(bar, dark)) >= 4.5, bar
    assert contrast(value_of(theme.INK, dark), value_of(theme.MIDDLE, dark)) >= 4.5
    for bar, text in theme.GROUPS:
        assert contrast(value_of(text, dark), value_of(bar, dark)) >= 4.5, bar


def test_no_label_is_told_by_colour_alone() -> None:
    """Each label has a shape of its own, as a mark and as a character; better, worse and usual differ in colour too."""
    for meanings in (theme.MARKS, theme.JUDGEMENTS):
        shapes = [meaning[1] for meaning in meanings.values()]
        assert len(set(shapes)) == len(shapes)
    assert len({mark[2] for mark in theme.MARKS.values()}) == len(theme.MARKS)
    assert len({theme.MARKS[label][0] for label in ("common cause", "improvement", "concern", "neutral high")}) == 4
    assert len({theme.JUDGEMENTS[word][0] for word in ("better", "worse", "no clear difference", "above")}) == 4


def test_marks_take_colour_and_shape_from_their_label(demo: Snapshot) -> None:
    """The scales of the drawn specification, not the table that they are meant to come from."""
    for name, chart in all_drawn(demo, Filters()).items():
        for view, table in tables(chart.spec):
            encoding = view.get("encoding", {})
            if "shape" not in encoding:
                continue
            meanings = theme.MARKS if encoding["shape"]["field"] == "label" else theme.JUDGEMENTS
            meanings = pipeline_charts.AGES if name == "ideas ageing" else meanings
            assert encoding["shape"]["field"] == encoding["stroke"]["field"]
            for channel, part in (("shape", 1), ("stroke", 0)):
                scale = encoding[channel]["scale"]
                assert dict(zip(scale["domain"], scale["range"], strict=True)) == {
                    label: meaning[part] for label, meaning in meanings.items()
                }, name
            fills = dict(zip(*(encoding["fill"]["scale"][end] for end in ("domain", "range")), strict=True))
            assert {fills.pop("hollow", theme.CARD), fills.pop("low base", theme.CARD)} == {theme.CARD}
            assert set(fills) == set(meanings)
            rows = chart.data[table]
            assert set(rows[encoding["shape"]["field"]]) <= set(meanings)
            assert set(rows["fill"]) <= {*meanings, "hollow", "low base"}


# --- rows as they are drawn ---


def test_unfinished_months_and_low_bases_are_hollow(demo: Snapshot) -> None:
    """One month of each kind: shown, on a low base, not over yet."""
    told = answer(demo, "trend", "promises_kept", Filters())
    rows = told.rows.tail(3).reset_index(drop=True).copy()
    rows["status"] = ["shown", "low base", "shown"]
    rows["finished"] = [True, True, False]
    rows["label"] = ["concern", "common cause", ""]
    points = charts.trend(rows, told.metric).data["points"]
    assert list(points["fill"]) == ["concern", "hollow", "hollow"]
    assert points["reading"].iloc[2] == "month not finished"
    places = answer(demo, "by_region", "promises_kept", Filters()).rows.copy()
    places["status"] = ["low base", *["shown"] * (len(places) - 1)]
    assert list(charts.dots(places, told.metric).data["rows"]["fill"] == "low base") == [True] + [False] * (
        len(places) - 1
    )


def test_withheld_rows_have_no_number_and_a_note(demo: Snapshot) -> None:
    """A region that is left out without a word reads as one that does not exist."""
    told = answer(demo, "by_region", "nps", Filters())
    rows = told.rows.copy()
    rows.loc[1, ["value", "low", "high"]] = float("nan")
    rows.loc[1, "status"], rows.loc[1, "judgement"] = "withheld", ""
    shown = charts.dots(rows, told.metric).data["rows"]
    assert shown.loc[1, "note"] == "fewer than 10 cases"
    assert shown.loc[1, "shown"] == "–" and shown.loc[1, "interval"] == ""
    assert set(shown.loc[shown.index != 1, "note"]) == {""}


def test_recommendation_bars_are_whole(demo: Snapshot) -> None:
    """Three parts a quarter that begin at nothing, touch, and end at all; a number is written where it fits."""
    chart = drawn(demo, Filters())["nps recommendation"][0]
    for _, parts in chart.data["parts"].groupby("quarter"):
        assert list(parts["part"]) == ["detractors", "passives", "promoters"]
        assert parts["start"].iloc[0] == 0 and parts["end"].iloc[-1] == pytest.approx(1)
        assert list(parts["start"].iloc[1:]) == pytest.approx(list(parts["end"].iloc[:-1]))
    assert list(chart.data["nets"]["quarter"]) == list(dict.fromkeys(chart.data["parts"]["quarter"]))


@pytest.mark.parametrize("filters", CHOICES, ids=lambda filters: filters.words())
def test_nothing_is_drawn_beyond_what_a_number_can_be(demo: Snapshot, filters: Filters) -> None:
    """No share above 100 %, no waiting time below nothing: limits are arithmetic and know no better."""
    for name, (chart, id_) in drawn(demo, filters).items():
        low, high = BOUNDS[metrics()[id_].unit]
        for rows in chart.data.values():
            for column in set(rows.columns) & {"y", "value", "low", "high", "lower", "upper", "mean", "start", "end"}:
                numbers = rows[column].astype("float64").dropna()
                assert numbers.between(low - 1e-9, high + 1e-9).all(), f"{name}: {column}"


@st.composite
def months(draw: st.DrawFn) -> tuple[pd.DataFrame, str, float | None]:
    """Months as an answer gives them, of a share, a score or hours, with limits wherever arithmetic puts them."""
    unit = draw(st.sampled_from(["%", "points", "hours"]))
    least, most = {"%": (0, 1), "points": (-1, 1), "hours": (0, 500)}[unit]
    number = st.floats(least, most, allow_nan=False).map(lambda value: round(value, 4))
    values = draw(st.lists(number, min_size=1, max_size=20))
    count = len(values)
    middle, spread = draw(number), draw(st.floats(0, (most - least) / 2))
    limits = draw(st.booleans())
    rows = pd.DataFrame(
        {
            "month": pd.date_range("2025-01-01", periods=count, freq="MS"),
            "base": 50,
            "value": values,
            "low": [value - spread / 3 for value in values],
            "high": [value + spread / 3 for value in values],
            "status": draw(st.lists(st.sampled_from(["shown", "low base"]), min_size=count, max_size=count)),
            "finished": [True] * (count - 1) + [draw(st.booleans())],
            "mean": middle if limits else float("nan"),
            "lower": middle - spread if limits else float("nan"),
            "upper": middle + spread if limits else float("nan"),
            "label": draw(st.lists(st.sampled_from(["", *theme.MARKS]), min_size=count, max_size=count)),
            "rule": "",
        }
    )
    target = draw(st.none() | number)
    return rows.assign(target=float("nan") if target is None else target), unit, target


@settings(max_examples=150, deadline=None)
@given(months())
def test_labels_at_the_end_of_lines_never_overlap(told: tuple[pd.DataFrame, str, float | None]) -> None:
    """In pixels, as the chart is drawn: its scale runs over all that is drawn, its height is given."""
    rows, unit, target = told
    metric = replace(next(metric for metric in metrics().values() if metric.unit == unit), target=target)
    chart = charts.trend(rows, metric)
    points, ends, frame = (chart.data[name] for name in ("points", "ends", "frame"))
    drawn = pd.concat(
        [ends["y"], frame["y"], *(points[name] for name in ("value", "lower", "upper", "mean", "target"))]
    )
    low, high = drawn.min(), drawn.max()
    pixels = sorted((ends["y"] - low) / (high - low) * charts.TREND_HEIGHT)
    assert all(above - below >= charts.LABEL_GAP - 0.01 for below, above in pairwise(pixels)), list(ends["text"])
    assert frame["y"].min() <= ends["y"].min() and ends["y"].max() <= frame["y"].max()
    assert len(ends) == 1 + 2 * bool(points["mean"].notna().iloc[-1]) + (target is not None)
    for edge in ("low", "high", "lower", "upper"):
        assert points[edge].dropna().between(*BOUNDS[unit]).all()


@settings(max_examples=50, deadline=None)
@given(months())
def test_the_last_month_is_named_and_only_signals_and_it_are_marked(told) -> None:
    """In small: an image with its text alternative, a mark for each signal and for the last month, all within it."""
    rows, unit, target = told
    metric = replace(next(metric for metric in metrics().values() if metric.unit == unit), target=target)
    said = 'A "claim" <b>& more</b>'
    image = ElementTree.fromstring(sparkline(rows, metric, said))
    assert (image.tag, image.get("role"), image.get("aria-label")) == ("svg", "img", said)
    marked = [
        label or "common cause"
        for place, label in enumerate(rows["label"])
        if label not in ("", "common cause") or place == len(rows) - 1
    ]
    marks = [part for part in image if part.tag in ("circle", "polygon")]
    assert [mark.get("fill") for mark in marks] == [theme.MARKS[label][0] for label in marked]
    assert [mark.tag == "circle" for mark in marks] == [label == "common cause" for label in marked]
    (line,) = (part for part in image if part.tag == "polyline")
    drawn = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
    assert len(drawn) == len(rows)
    width, height = float(image.get("width")), float(image.get("height"))
    assert all(0 <= x <= width and 0 <= y <= height for x, y in drawn)
    assert len(image.findall("rect")) == bool(rows["mean"].notna().iloc[-1])
    assert len(image.findall("line")) == (target is not None)
    texts = list(charts.trend(rows, metric).data["ends"]["text"])
    assert any(text.startswith(f"{metric.write(rows['value'].iloc[-1])} in ") for text in texts)


def test_months_in_small_are_in_the_colours_of_the_theme_alone(demo: Snapshot) -> None:
    for id_ in metrics():
        told = answer(demo, "trend", id_, Filters())
        image = ElementTree.fromstring(sparkline(told.rows, told.metric, told.sentence))
        painted = {part.get(name) for part in image.iter() for name in ("fill", "stroke")} - {None, "none"}
        assert painted and all(value[6:-1] in colours() and value.startswith("var(--") for value in painted), id_


def test_a_chart_without_a_single_number_is_drawn_empty(demo: Snapshot) -> None:
    """All months withheld: no point, no label, and still a specification that holds."""
    told = answer(demo, "trend", "nps", Filters())
    rows = told.rows.assign(value=float("nan"), low=float("nan"), high=float("nan"), status="withheld", label="")
    chart = charts.trend(rows, told.metric)
    assert chart.data["points"].empty and chart.data["ends"].empty
    assert list(chart.data["frame"]["y"]) == [0, 1]
    assert sparkline(rows, told.metric, told.sentence) == ""

"""Goals: what is planted is found, plans are straight lines, outlooks are those of `spc`, words follow from rows."""

import csv
import io
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import demo as company
from app import downloads, goal_charts, goals, spc
from app.answers import answer
from app.build import build
from app.filters import Filters
from app.metrics import metrics
from app.series import states
from app.snapshot import Snapshot, current, opened
from tests.conftest import ROOT, TODAY

LISTED = (Filters(), Filters(regions=("EMEA",)), Filters(regions=("Latin America",), channels=("Chat",)))
PROMISES = "Commitment ID,Promised on,Promised for,Fulfilled on,Region,Contact channel\n"
SHEET = "Goal,Metric ID,Baseline,Target,Set on,Due on,Met on,Owner role,Next step,Region,Channel\n"


def table(snapshot: Snapshot, filters: Filters = LISTED[0]) -> pd.DataFrame:
    return answer(snapshot, "goals", None, filters).rows


def months(snapshot: Snapshot, goal: str) -> pd.DataFrame:
    rows = answer(snapshot, "goals_outlook", None, Filters()).rows
    return rows[rows["goal"] == goal]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Fourteen months to February 2026 of 20 promises each, of which 15, 16, 17, 16, 15 … are kept; and odd goals.

    The mean of the months is 0.8. The last promise is made on 28 February, so that is how far the exports reach.
    """
    folder = tmp_path_factory.mktemp("goals")
    rows = []
    for month in range(14):
        day = f"{2025 + month // 12}-{month % 12 + 1:02d}"
        for number in range(20):
            kept = f"{day}-28" if number < (15, 16, 17, 16)[month % 4] else ""
            rows.append(f"K{month}-{number},{day}-28,{day}-28,{kept},EMEA,Phone\n")
    told = [
        "within reach,promises_kept,0.5,0.6,2025-12-31,2026-04-30,,Head,Step,,",
        "out of reach,promises_kept,0.8,0.99,2025-12-31,2026-04-30,,Head,Step,,",
        "near,promises_kept,0.7,0.8,2025-12-31,2026-04-30,,Head,Step,EMEA,",
        "nowhere,promises_kept,0.7,0.8,2025-12-31,2026-04-30,,Head,Step,APAC,",
        "no target,promises_kept,0.7,,2025-12-31,2026-04-30,,,,,",
        "no baseline,promises_kept,,0.8,2025-12-31,2026-04-30,,Head,Step,,",
        "no metric,,0.7,0.8,2025-12-31,2026-04-30,,Head,Step,,",
        "unknown metric,smiles,0.7,0.8,2025-12-31,2026-04-30,,Head,Step,,",
        "no export,first_reply_hours,3,2,2025-12-31,2026-04-30,,Head,Step,,",
        "no due date,promises_kept,0.7,0.8,2025-12-31,,,Head,Step,,",
        "due now,promises_kept,0.7,0.8,2025-12-31,2026-02-28,,Head,Step,,",
        "fell due,promises_kept,0.7,0.8,2025-06-30,2026-01-31,,Head,Step,,",
        "met,promises_kept,0.7,0.8,2025-06-30,2026-01-31,2026-01-15,Head,Step,,",
        "met late,promises_kept,0.7,0.8,2025-06-30,2026-01-31,2026-02-15,Head,Step,,",
        "long ago,promises_kept,0.7,0.8,2024-06-30,2025-10-31,,Head,Step,,",
        "set later,promises_kept,0.7,0.8,2026-03-31,2026-08-31,,Head,Step,,",
        "due before it was set,promises_kept,0.7,0.8,2026-01-31,2025-12-31,,Head,Step,,",
        "due when it was set,promises_kept,0.7,0.8,2026-02-28,2026-02-28,,Head,Step,,",
        "worse than it was,promises_kept,0.9,0.8,2025-12-31,2026-04-30,,Head,Step,,",
        "keep it up,promises_kept,0.7,0.7,2025-12-31,2026-04-30,,Head,Step,,",
        *(f"ended {number},promises_kept,0.7,0.8,2024-06-30,2024-12-31,,Head,Step,," for number in range(20)),
    ]
    (folder / "commitments.csv").write_text(PROMISES + "".join(rows))
    (folder / "goals.csv").write_text(SHEET + "\n".join(told) + "\n")
    build(folder, folder / "snapshot.duckdb", today=TODAY)
    return opened(current(folder / "snapshot.duckdb"))


# A plan is a straight line


def test_a_plan_on_fingers():
    """From 10 on 1 January to 20 on 11 January: one a day; before it begins 10, after it ends 20."""
    plan = goals.Plan(10.0, 20.0, date(2026, 1, 1), date(2026, 1, 11), "higher")
    days = {1: 10, 2: 11, 6: 15, 11: 20, 31: 20}
    assert [plan.at(date(2026, 1, day)) for day in days] == list(days.values())
    assert plan.at(date(2025, 12, 1)) == 10
    assert (plan.way(10), plan.way(15), plan.way(20), plan.way(5)) == (0, 0.5, 1, -0.5)


def test_a_plan_downwards_on_fingers():
    """From 3 to 2 hours in ten days, where less is better: after four days 2.6, and 2.75 is a quarter of the way."""
    plan = goals.Plan(3.0, 2.0, date(2026, 1, 1), date(2026, 1, 11), "lower")
    assert plan.at(date(2026, 1, 5)) == pytest.approx(2.6)
    assert plan.way(2.75) == pytest.approx(0.25)


@pytest.mark.parametrize(
    "plan",
    [
        goals.Plan(None, 2.0, date(2026, 1, 1), date(2026, 2, 1)),
        goals.Plan(1.0, None, date(2026, 1, 1), date(2026, 2, 1)),
        goals.Plan(1.0, 2.0, date(2026, 1, 1), None),
        goals.Plan(1.0, 2.0, date(2026, 1, 1), date(2026, 2, 1), "lower"),
    ],
    ids=["no baseline", "no target", "no due date", "target worse than baseline"],
)
def test_without_its_parts_there_is_no_plan(plan):
    assert plan.at(date(2026, 1, 15)) is None
    assert plan.way(1.5) is None


def test_plan_gap_and_way_in_the_rows(demo):
    """Reply within two hours: from 3.0 h on 1 Dec 2025 to 2.0 h on 28 Feb 2027 are 454 days; 31 Oct 2026 is day 334."""
    row = table(demo).set_index("goal").loc["Reply within two hours"]
    assert row["plan"] == pytest.approx(3 - 334 / 454)
    assert row["gap"] == pytest.approx(row["value"] - row["plan"])
    assert row["way"] == pytest.approx(3 - row["value"])
    assert row["gap_share"] == pytest.approx(-row["gap"])  # a way of one hour: what is too much is what is missing


# What is planted


def test_planted_goals_are_told_apart(demo):
    """By intention the first is on track, the second off track, the third too close to call; one lacks its target."""
    told = table(demo).set_index("goal")["outlook"]
    expected = ["on track", "off track", "too close to call"]
    assert [told[goal[0]] for goal in company.GOALS[:3]] == expected
    assert told["Satisfied customers"] == "no target"


def test_people_are_measured_but_not_judged_by_month(demo):
    row = table(demo).set_index("goal").loc["Everybody trained"]
    assert (row["outlook"], pd.isna(row["low"])) == ("not judged", True)
    assert pd.notna(row["value"]) and pd.notna(row["plan"])


def test_goals_of_a_region_leave_company_targets_alone(demo):
    """The targets of the metrics are those of the goals for every place, whatever a region has set for itself."""
    aims = {goal[1]: (goal[0], goal[3]) for goal in company.GOALS}
    regional = set(table(demo).query("region != 'every'")["metric"])
    assert regional & set(aims)
    for id_, state in states(demo).items():
        name, target = aims.get(id_, ("", metrics()[id_].target))
        if target == "":
            name, target = "", None
        assert (state.goal, state.metric.target) == (name, target), id_


# Outlook, order and words


@pytest.mark.parametrize("filters", LISTED, ids=lambda filters: filters.words())
def test_the_outlook_is_that_of_spc(demo, filters):
    """From the downloaded months alone: values to the last one, steps to the month of the due date."""
    judged = table(demo, filters).query("outlook in @goals.JUDGED")
    assert len(judged)
    for _, row in judged.iterrows():
        shown = months(demo, row["goal"])
        values = [None if pd.isna(value) else value for value in shown.loc[shown["month"] <= row["measured"], "value"]]
        steps = (row["due_on"].year - row["measured"].year) * 12 + row["due_on"].month - row["measured"].month
        told = spc.outlook(values, steps, row["target"], metrics()[row["metric"]].better)
        assert (told.words, told.held) == (row["outlook"], (row["held"], row["tried"]))
        assert (told.forecast, told.low, told.high) == (row["forecast"], row["low"], row["high"])
        path = shown.loc[shown["month"] > row["measured"], ["forecast", "low", "high"]]
        assert [tuple(band) for band in path.to_numpy()] == [tuple(band) for band in told.path]


def test_months_end_at_the_due_date_where_the_plan_meets_the_target(demo):
    for _, row in table(demo).query("outlook in @goals.JUDGED").iterrows():
        last = months(demo, row["goal"]).iloc[-1]
        assert last["month"] == row["due_on"].replace(day=1)
        assert last["plan"] == pytest.approx(row["target"])


@pytest.mark.parametrize("filters", LISTED, ids=lambda filters: filters.words())
def test_the_furthest_behind_comes_first(demo, filters):
    """The gap as a share of the way, from the columns that are downloaded: baseline, target, value, plan."""
    rows = table(demo, filters)
    share = (rows["value"] - rows["plan"]) / (rows["target"] - rows["baseline"])
    known = share.dropna()
    assert list(known) == sorted(known)
    assert share.isna().is_monotonic_increasing
    assert list(known) == pytest.approx(list(rows["gap_share"].dropna()))


@pytest.mark.parametrize("filters", LISTED, ids=lambda filters: filters.words())
def test_the_sentence_is_in_the_downloaded_rows(demo, filters):
    found = answer(demo, "goals", None, filters)
    rows = list(csv.DictReader(io.StringIO(downloads.csv(found).decode())))
    off = [row["goal"] for row in rows if row["outlook"] == "off track"]
    close = [row["goal"] for row in rows if row["outlook"] == "too close to call"]
    assert off
    assert found.sentence.startswith(f"{len(off)} of {len(rows)} goals {'is' if len(off) == 1 else 'are'} off track: ")
    assert found.sentence.split(": ")[1].startswith(", ".join(off[:2]) if len(off) > 2 else off[0])
    assert f"{len(close)} too close to call" in goals.head(found.rows)


@pytest.mark.parametrize(
    ("outlooks", "said"),
    [
        (["off track"], "The one goal is off track: goal 0"),
        (["off track"] * 2 + ["on track"], "2 of 3 goals are off track: goal 0 and goal 1"),
        (["off track"] * 5, "5 of 5 goals are off track: goal 0, goal 1, goal 2 and 2 more"),
        (["too close to call", "on track"], "None of 2 goals is off track; too close to call: goal 0"),
        (["on track"] * 2, "All 2 goals are on track"),
        (["on track", "no target"], "None of 2 goals is off track; 1 on track, the others cannot be told"),
        (["on track", "not met"], "The one goal is on track; 1 fell due and was not met"),
        (["met"], "No goal is open"),
    ],
)
def test_sentences(outlooks, said):
    rows = pd.DataFrame({"goal": [f"goal {place}" for place in range(len(outlooks))], "outlook": outlooks})
    assert goals.sentence(rows) == said
    assert goals.head(rows)


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("Reply within two hours", r"3\.3 h in Oct 2026, 1\.0 h behind plan; off track$"),
        ("Keep our promises", r"93\.9 % in Oct 2026, 8\.1 points ahead of plan; on track$"),
        ("More customers recommend us", r"29 in Oct 2026, 4 points behind plan; too close to call$"),
        ("Satisfied customers", r"86 % in Oct 2026; no target$"),
    ],
)
def test_a_goal_in_a_sentence(demo, goal, said):
    assert re.search(said, goals.opened(goals.one_of(table(demo), goal)))


def test_filters_choose_goals_and_change_no_number(demo):
    """Goals of the chosen regions and those for every place; each stays as it is measured where it was set."""
    whole = table(demo).set_index("goal")
    for filters in LISTED:
        rows = table(demo, filters).set_index("goal")
        assert set(rows["region"]) <= {"every", *(filters.regions or whole["region"])}
        assert set(whole.index[whole["region"] == "every"]) <= set(rows.index)
        pd.testing.assert_frame_equal(rows, whole.loc[rows.index])


def test_a_regional_goal_is_measured_in_its_region(demo):
    for _, row in table(demo).query("region != 'every' and value == value").iterrows():
        trend = answer(demo, "trend", row["metric"], Filters(regions=(row["region"],))).rows
        assert trend.set_index("month").loc[row["measured"], "value"] == row["value"]


# Nonsense, and what cannot be told


@pytest.mark.parametrize(
    ("goal", "outlook"),
    [
        ("within reach", "on track"),
        ("out of reach", "off track"),
        ("near", "too close to call"),
        ("nowhere", "too few months to say"),
        ("no target", "no target"),
        ("no baseline", "too close to call"),
        ("no metric", "no metric"),
        ("unknown metric", "no such metric"),
        ("no export", "no export for its metric"),
        ("no due date", "no due date"),
        ("due now", "due now"),
        ("due when it was set", "due now"),
        ("fell due", "not met"),
        ("met", "met"),
        ("met late", "met late"),
        ("worse than it was", "too close to call"),
        ("keep it up", "on track"),
    ],
)
def test_every_goal_is_told_or_says_why_not(small, goal, outlook):
    assert table(small).set_index("goal").loc[goal, "outlook"] == outlook


def test_goals_that_are_over_not_begun_or_impossible_are_not_listed(small):
    listed = set(table(small)["goal"])
    assert listed.isdisjoint({"long ago", "set later", "due before it was set", "ended 0"})


def test_out_of_reach_needs_a_change(small):
    """The months swing between 0.75 and 0.85: 0.99 lies beyond what they ever do by themselves."""
    row = table(small).set_index("goal", drop=False).loc["out of reach"]
    assert row["note"] == spc.UNREACHABLE
    assert goals.opened(row).endswith("off track: will not be met without a change")


def test_a_plan_that_makes_no_sense_is_not_drawn(small):
    rows = table(small).set_index("goal")
    assert rows.loc[["no target", "no baseline", "no due date", "worse than it was"], "plan"].isna().all()
    assert rows.loc["due when it was set", "plan"] == pytest.approx(0.8)
    assert rows.loc["keep it up", "plan"] == 0.7
    assert pd.isna(rows.loc["keep it up", "gap_share"])


def test_goals_that_ended_come_last(small):
    ended = table(small)["outlook"].isin(goals.ENDED)
    assert ended.sum() == 3
    assert ended.is_monotonic_increasing


def test_too_far_ahead_is_said(tmp_path):
    """Eleven finished months that rise and a goal two years off: a moving series is carried half its length at most."""
    rows = []
    for month in range(1, 13):
        day = f"2025-{month:02d}-28"
        rows += [f"K{month}-{number},{day},{day},{day if number < 5 + month else ''},,\n" for number in range(20)]
    (tmp_path / "commitments.csv").write_text(PROMISES + "".join(rows))
    (tmp_path / "goals.csv").write_text(SHEET + "far,promises_kept,0.7,0.8,2025-11-30,2027-11-30,,Head,Step,,\n")
    build(tmp_path, tmp_path / "snapshot.duckdb", today=TODAY)
    snapshot = opened(current(tmp_path / "snapshot.duckdb"))
    row = table(snapshot).iloc[0]
    assert (row["outlook"], pd.isna(row["forecast"])) == ("due too far ahead to say", True)
    assert months(snapshot, "far")["forecast"].notna().sum() == 5


def test_without_a_goals_export_it_says_what_to_export(tmp_path):
    rows = "".join(f"K{number},2025-01-28,2025-01-28,,,\n" for number in range(20))
    (tmp_path / "commitments.csv").write_text(PROMISES + rows)
    build(tmp_path, tmp_path / "snapshot.duckdb", today=TODAY)
    for figure in ("goals", "goals_outlook"):
        found = answer(opened(current(tmp_path / "snapshot.duckdb")), figure, None, Filters())
        assert (found.state, found.rows.empty) == ("missing", True)
        assert "No goals export is loaded yet" in found.sentence


# Charts and page


def fields(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["field"]} if isinstance(node.get("field"), str) else set()
        return own.union(*(fields(value) for value in node.values()))
    return set().union(*(fields(value) for value in node)) if isinstance(node, list) else set()


@pytest.mark.parametrize("name", ["demo", "small"])
def test_every_encoded_field_is_a_column_and_a_specification_is_constant(name, request):
    snapshot = request.getfixturevalue(name)
    rows = table(snapshot)
    made = [goal_charts.bullet(rows)]
    for goal in answer(snapshot, "goals_outlook", None, Filters()).rows["goal"].unique():
        row = goals.one_of(rows, goal)
        made.append(goal_charts.outlook(months(snapshot, goal), row, metrics()[row["metric"]]))
    for chart in made:
        for layer in chart.spec["layer"]:
            assert fields(layer["encoding"]) <= set(chart.data[layer["data"]["name"]].columns)
    specs = {}
    for chart, row in zip(
        made[1:], answer(snapshot, "goals_outlook", None, Filters()).rows["goal"].unique(), strict=True
    ):
        unit = goals.one_of(rows, row)["unit"]
        assert specs.setdefault(unit, chart.spec) == chart.spec


def test_a_bar_never_leaves_its_frame_and_its_number_is_whole(demo):
    drawn = goal_charts.bullet(table(demo)).data["rows"].set_index("goal")
    low, high = goal_charts.REACH
    assert drawn["way"].dropna().between(low, high).all()
    assert drawn.loc["Keep our promises", "way"] == high
    assert drawn.loc["Keep our promises", "value"] == "93.9 %"


@pytest.fixture
def page(demo_snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("DASHBOARD_SNAPSHOT", str(demo_snapshot))
    tab = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    return tab.switch_page(str(ROOT / "pages" / "goals.py"))


@pytest.mark.parametrize("address", [{}, {"regions": ["Latin America"]}, {"channels": ["Chat"], "from": ["2026-10"]}])
def test_the_page_opens_with_every_choice(page, address):
    for name, values in address.items():
        page.query_params[name] = values
    page.run()
    assert not page.exception
    assert " goals are off track" in page.title[0].value or " off track" in page.title[0].value


def test_a_reader_opens_another_goal_and_keeps_it_or_gets_the_worst(page):
    """One that the filters take away gives way to the one that is off track by most."""
    page.run()
    assert page.selectbox(key="goal").value == "Reply sooner in EMEA (H2 2026)"
    page.selectbox(key="goal").select("Keep our promises").run()
    assert any("Keep our promises: 93.9 %" in header.value for header in page.header)
    page.selectbox(key="goal").select("Solve at once in EMEA (H2 2026)").run()
    page.multiselect(key="regions").select("Asia Pacific").run()
    assert not page.exception
    assert page.selectbox(key="goal").value == "Solve at once in APAC (H2 2026)"


def test_without_a_choice_the_worst_goal_of_the_filters_is_open(page, world: Snapshot, monkeypatch) -> None:
    """Whatever was open before: a reader who came by a link sees the same."""
    monkeypatch.setenv("DASHBOARD_SNAPSHOT", str(world.path))
    page.run()
    opened = []
    for region in ([], ["Latin America"], []):
        page.multiselect(key="regions").set_value(region).run()
        opened.append(page.selectbox(key="goal").value)
        rows = answer(world, "goals", None, Filters(regions=tuple(region))).rows
        assert opened[-1] == goals.one_of(rows, None)["goal"]
    assert len(set(opened)) == 2


def test_a_long_name_takes_two_lines_and_makes_room_for_them(demo: Snapshot) -> None:
    """36 letters fit beside the outlook on a phone; what would need a third line ends in dots."""
    rows = table(demo)
    long = rows.assign(goal=[f"{'Answer every customer by phone ' * 3}{place}" for place in range(len(rows))])
    short, tall = goal_charts.bullet(rows), goal_charts.bullet(long)
    assert not any("\n" in name for name in short.data["rows"]["name"])
    for name in tall.data["rows"]["name"]:
        assert name.count("\n") == 1 and max(map(len, name.split("\n"))) <= 36 and name.endswith(" …")
    assert tall.spec["height"] > short.spec["height"]

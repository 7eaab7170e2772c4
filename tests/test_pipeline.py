"""The pipeline of ideas: a history to count on fingers, a second opinion, and the stage that is planted as stuck."""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import demo as company
from app import pipeline, pipeline_charts
from app.answers import answer
from app.build import build
from app.filters import Filters
from app.snapshot import Snapshot, current, opened
from app.spc import wilson

TODAY = date(2026, 11, 22)
FIGURES = ("idea_funnel", "idea_age", "idea_flow", "idea_balance")
ORDER = ("submitted", "screened", "experiment", "pilot", "implemented", "closed")
OPEN = pipeline.STAGES
GATES = {"submitted": 1, "screened": 2, "experiment": 2, "pilot": 3, "implemented": 4, "closed": 0}
MAPS = {
    "ideas.csv.map.toml": 'system = "Sheet"\nrecord = "ideas"\n[columns]\nidea = "Idea"\nsubmitted_on = "Submitted"\n'
    'submitted_by = "By"\nregion = "Region"\nchannel = "Channel"\n',
    "steps.csv.map.toml": 'system = "Sheet"\nrecord = "idea_stages"\n[columns]\nidea = "Idea"\nstage = "Stage"\n'
    'entered_on = "Entered"\n',
}
EMEA, APAC = ("EMEA", "Phone"), ("Asia Pacific", "Chat")

# An idea: where it came from, the day of its submission, its further steps.
Idea = tuple[tuple[str, str], date, list[tuple[str, date]]]


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def written(ideas: list[Idea]) -> dict[str, str]:
    """The two exports of a history; the submission stands in both, as tools write it."""
    heads, steps = io.StringIO(), io.StringIO()
    head, step = csv.writer(heads), csv.writer(steps)
    head.writerow(["Idea", "Submitted", "By", "Region", "Channel"])
    step.writerow(["Idea", "Stage", "Entered"])
    for number, ((region, channel), submitted, moves) in enumerate(ideas):
        head.writerow([f"N{number}", submitted, "employee", region, channel])
        for stage, entered in [("submitted", submitted), *moves]:
            step.writerow([f"N{number}", stage, entered])
    return {"ideas.csv": heads.getvalue(), "steps.csv": steps.getvalue(), **MAPS}


def published(folder: Path, files: dict[str, str]) -> Snapshot:
    exports = folder / "exports"
    exports.mkdir()
    for name, text in files.items():
        (exports / name).write_text(text, encoding="utf-8")
    build(exports, folder / "snapshot.duckdb", today=TODAY)
    return opened(current(folder / "snapshot.duckdb"))


# --- on fingers ---

# Of each twelve ideas submitted on 5 January in EMEA and two in APAC:
HISTORY: list[Idea] = [
    *[(EMEA, day("01-05"), [("screened", day("01-15")), ("pilot", day("02-10")), ("implemented", day("03-02"))])] * 4,
    *[(EMEA, day("01-05"), [("pilot", day("02-04"))])] * 3,  # skipped screening, still in the pilot
    *[(EMEA, day("01-05"), [("screened", day("01-15")), ("experiment", day("01-25")), ("closed", day("02-14"))])] * 2,
    *[(EMEA, day("01-05"), [("closed", day("01-08"))])] * 2,
    (EMEA, day("01-05"), [("closed", day("01-08")), ("screened", day("03-20"))]),  # reopened
    *[(APAC, day("02-01"), [])] * 2,  # nobody has looked at them
]


@pytest.fixture(scope="module")
def fingers(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(tmp_path_factory.mktemp("fingers"), written(HISTORY))


def row(snapshot: Snapshot, figure: str, stage: str, filters: Filters = Filters()) -> dict:  # noqa: B008
    rows = answer(snapshot, figure, None, filters).rows
    return rows[rows["stage"] == stage].iloc[0].to_dict()


@pytest.mark.parametrize(
    ("stage", "reached", "went_on", "closed", "still_open"),
    [
        ("submitted", 14, 10, 2, 2),  # 4 + 3 + 2 + the reopened one went on; 2 closed at once; 2 wait
        ("screened", 10, 7, 2, 1),  # those that skipped screening have passed it; the two experiments were closed
        ("experiment", 2, 0, 2, 0),
        ("pilot", 7, 4, 0, 3),
    ],
)
def test_a_funnel_on_fingers(fingers, stage, reached, went_on, closed, still_open):
    told = row(fingers, "idea_funnel", stage)
    assert (told["reached"], told["went_on"], told["closed"], told["still_open"]) == (
        reached,
        went_on,
        closed,
        still_open,
    )


def test_a_yield_needs_ten_decisions(fingers):
    """Of 14 submitted, 12 are decided, 10 of them went on; of 10 screened only 9 are decided."""
    submitted, screened = (row(fingers, "idea_funnel", stage) for stage in ("submitted", "screened"))
    assert submitted["value"] == 10 / 12
    assert (submitted["low"], submitted["high"]) == wilson(10, 12)
    assert (submitted["base"], submitted["status"]) == (12, "low base")
    assert (screened["base"], screened["status"]) == (9, "withheld")
    assert pd.isna(screened["value"])


def test_the_end_of_a_funnel_decides_nothing(fingers):
    end = row(fingers, "idea_funnel", "implemented")
    assert (end["reached"], end["of_previous"]) == (4, 4 / 7)
    assert pd.isna(end["value"])


def test_in_and_out_on_fingers(fingers):
    """January: 12 in, 3 closed. February: 2 in, 2 closed. March: 1 reopened, 4 implemented."""
    rows = answer(fingers, "idea_flow", None, Filters()).rows
    columns = ["open_start", "came_in", "implemented", "closed", "went_out", "open_end"]
    assert rows[columns].to_numpy().tolist() == [[0, 12, 0, 3, 3, 9], [9, 2, 0, 2, 2, 9], [9, 1, 4, 0, 4, 6]]
    assert rows[list(OPEN)].to_numpy().tolist() == [[3, 4, 2, 0], [2, 0, 0, 7], [2, 1, 0, 3]]
    assert list(rows["finished"]) == [True, True, False]  # the last step is of 20 March


def test_a_balance_on_fingers(fingers):
    """From February: 3 wait and 2 come; 3 pass screening over; the reopened one comes back in March."""
    columns = ["open_start", "entered", "moved_on", "closed", "open_end", "passed_over", "reopened", "sent_back"]
    rows = answer(fingers, "idea_balance", None, Filters(start=day("02-01"))).rows.set_index("stage")[columns]
    assert rows.fillna(-1).to_numpy().tolist() == [
        [3, 2, 3, 0, 2, 0, 0, 0],
        [4, 1, 4, 0, 1, 3, 1, 0],
        [2, 0, 0, 2, 0, 0, 0, 0],
        [0, 7, 4, 0, 3, 0, 0, 0],
        [9, 3, 4, 2, 6, -1, 1, -1],
    ]
    assert answer(fingers, "idea_balance", None, Filters(start=day("02-01"))).sentence == (
        "9 ideas were open, 3 came in, 4 were implemented and 2 closed: 6 are open"
    )


def test_days_on_fingers(fingers):
    """Left the stage submitted after 10 days (6 ideas), 30 (3) and 3 (3); the median of the twelve is 10."""
    told = row(fingers, "idea_age", "submitted")
    assert (told["usual_base"], told["usual_median"]) == (12, 10)
    assert (told["open"], told["status"], told["judgement"]) == (2, "withheld", "")
    assert pd.isna(told["median"])


def test_a_single_place_has_only_its_own_ideas(fingers):
    found = answer(fingers, "idea_funnel", None, Filters(regions=("Asia Pacific",)))
    assert (found.state, found.rows.empty) == ("withheld", True)
    assert row(fingers, "idea_funnel", "submitted", Filters(regions=("EMEA",)))["reached"] == 12


@pytest.mark.parametrize("figure", FIGURES)
def test_filters_that_match_nothing_say_so(fingers, figure):
    found = answer(fingers, figure, None, Filters(channels=("Web",)))
    assert found.state == "empty"
    assert "Widen the channel" in found.sentence


def test_nothing_in_the_snapshot_names_an_idea(fingers):
    with fingers.connection.cursor() as cursor:
        columns = cursor.execute("select table_name, column_name from information_schema.columns").fetchall()
    assert not [name for name in columns if name[1] in ("idea", "author")]


@pytest.mark.parametrize("without", ["ideas.csv", "steps.csv"])
@pytest.mark.parametrize("figure", FIGURES)
def test_without_one_of_the_exports_it_says_what_to_export(tmp_path, without, figure):
    files = {name: text for name, text in written(HISTORY).items() if not name.startswith(without)}
    found = answer(published(tmp_path, files), figure, None, Filters())
    assert found.state == "missing"
    assert "tage history of ideas" in found.sentence


def test_old_exports_do_not_grow_older(tmp_path):
    """Ages end with the month of the last step, though another export reaches further."""
    files = written(HISTORY)
    files["goals.csv"] = "Goal,Set\nGrow,2026-10-30\n"
    files["goals.csv.map.toml"] = 'system = "Sheet"\nrecord = "goals"\n[columns]\ngoal = "Goal"\nset_on = "Set"\n'
    files["cases.csv"] = "Case,Opened\nT1,2026-10-30 10:00\n"
    files["cases.csv.map.toml"] = (
        'system = "Desk"\nrecord = "tickets"\n[columns]\nticket = "Case"\nopened_at = "Opened"\n'
    )
    snapshot = published(tmp_path, files)
    ages = snapshot.ask("figures/idea_age", **Filters().parameters()).set_index(["kind", "stage"])
    assert ages.loc[("open", "submitted"), "median"] == (day("03-31") - day("02-01")).days
    assert answer(snapshot, "idea_age", None, Filters()).rows["as_of"].iloc[0].date() == day("03-31")


# --- a second opinion ---

days = st.integers(0, 900).map(lambda number: date(2024, 1, 1) + timedelta(number))
moves = st.lists(st.tuples(st.sampled_from(ORDER), days), max_size=6)
histories = st.lists(st.tuples(st.sampled_from([EMEA, APAC]), days, moves), min_size=1, max_size=25)
choices = st.sampled_from(
    [Filters(), Filters(regions=("EMEA",)), Filters(start=date(2024, 9, 1), end=date(2025, 8, 1))]
)


def stays(idea: Idea) -> list[tuple[str, str, date, date | None]]:
    """Where it came from, stage, day in, day out: walked step by step."""
    _, submitted, steps = idea
    walked: list[list] = [["new", "submitted", submitted, None]]
    for stage, entered in sorted(
        {(stage, max(entered, submitted)) for stage, entered in steps}, key=lambda step: (step[1], ORDER.index(step[0]))
    ):
        if stage != walked[-1][1]:
            walked[-1][3] = entered
            walked.append([walked[-1][1], stage, entered, None])
    return [tuple(stay) for stay in walked]


def month(moment: date) -> date:
    return moment.replace(day=1)


def chosen(history: Iterable[Idea], filters: Filters) -> list[Idea]:
    return [idea for idea in history if not filters.regions or idea[0][0] in filters.regions]


def within(moment: date, filters: Filters) -> bool:
    return (filters.start or date.min) <= month(moment) <= (filters.end or date.max)


def last(filters: Filters) -> date:
    return filters.end or date.max


def percentile(numbers: list[int], share: float) -> float:
    """The usual definition: between the two nearest of the sorted numbers."""
    ordered = sorted(min(number, 731) for number in numbers)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@pytest.fixture(scope="module")
def asked() -> Callable[[list[Idea], Filters], dict[str, pd.DataFrame]]:
    """Rows of the three queries and of the flow for a history, through the product's own build."""

    def ask(history: list[Idea], filters: Filters) -> dict[str, pd.DataFrame]:
        with TemporaryDirectory() as folder:
            snapshot = published(Path(folder), written(history))
            rows = {figure: snapshot.ask(f"figures/{figure}", **filters.parameters()) for figure in FIGURES}
            snapshot.close()
        return rows

    return ask


several = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@several
@given(histories, choices)
def test_second_opinion(asked, history, filters):
    """Cohorts, ages and flow of random histories, with skips, returns, closings and repeated steps."""
    rows = asked(history, filters)
    ideas = chosen(history, filters)

    told = rows["idea_funnel"].set_index("stage").reindex(ORDER[:-1], fill_value=0)  # no row where nobody came
    for stage in ("submitted", "screened", "experiment", "pilot", "implemented"):
        reached = {"gone": 0, "closed": 0, "open": 0, "implemented": 0}
        for idea in ideas:
            walked = stays(idea)
            furthest = max(GATES[step[1]] for step in walked)
            took_part = stage != "experiment" or any(step[1] == "experiment" for step in walked)
            if within(idea[1], filters) and furthest >= GATES[stage] and took_part:
                now = walked[-1][1]
                reached["gone" if furthest > GATES[stage] else now if now in ("closed", "implemented") else "open"] += 1
        assert told.loc[stage, "reached"] == sum(reached.values())
        assert told.loc[stage, "went_on"] == reached["gone"]
        assert told.loc[stage, "closed"] == reached["closed"]
        assert told.loc[stage, "still_open"] == reached["open"]
    gates = told.loc[["submitted", "screened", "pilot", "implemented"], "reached"]
    assert all(later <= earlier for earlier, later in pairwise(gates))
    assert told.loc["experiment", "reached"] <= told.loc["screened", "reached"]

    today = max(moment for _, submitted, moves in history for moment in (submitted, *(entered for _, entered in moves)))
    lasted: dict[tuple[str, str], list[int]] = {}
    for idea in ideas:
        walked = stays(idea)
        for _, stage, entered, left in walked:
            if stage in OPEN and left:
                lasted.setdefault(("ended", stage), []).append((left - entered).days)
        arrived = [entered for _, stage, entered, _ in walked if stage == "implemented"]
        if arrived:
            lasted.setdefault(("ended", "whole way"), []).append((arrived[0] - idea[1]).days)
        _, stage, entered, _ = walked[-1]
        if stage in OPEN:
            lasted.setdefault(("open", stage), []).append((today - entered).days)
            lasted.setdefault(("open", "whole way"), []).append((today - idea[1]).days)
    ages = rows["idea_age"].set_index(["kind", "stage"])
    assert set(ages.index) == set(lasted)
    for key, numbers in lasted.items():
        assert ages.loc[key, "base"] == len(numbers)
        assert ages.loc[key, "median"] == pytest.approx(percentile(numbers, 0.5))
        assert ages.loc[key, "p85"] == pytest.approx(percentile(numbers, 0.85))

    steps = [step for idea in ideas for step in stays(idea)]
    flow = rows["idea_flow"].fillna(0)
    for _, one in flow.iterrows():
        first = one["month"].date()
        moved = [step for step in steps if month(step[2]) == first]
        end = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        standing = [stage for _, stage, entered, left in steps if entered < end and (left is None or left >= end)]
        before = [stage for _, stage, entered, left in steps if entered < first and (left is None or left >= first)]
        assert one["came_in"] == sum(old not in OPEN and new in OPEN for old, new, *_ in moved)
        assert one["implemented"] == sum(old in OPEN and new == "implemented" for old, new, *_ in moved)
        assert one["closed"] == sum(old in OPEN and new == "closed" for old, new, *_ in moved)
        assert one["open_start"] == sum(stage in OPEN for stage in before)
        for stage in OPEN:
            assert one[stage] == standing.count(stage)
        out = one["implemented"] + one["closed"]
        assert one["open_start"] + one["came_in"] - out == one[list(OPEN)].sum()
    balance = rows["idea_balance"]
    assert list(balance["stage"]) == (list(OPEN) if any(month(step[2]) <= last(filters) for step in steps) else [])
    for _, one in balance.iterrows():
        stage, place = one["stage"], ORDER.index(one["stage"])
        arrived = [old for old, new, on, _ in steps if new == stage and within(on, filters)]
        left = [(old, new) for old, new, on, _ in steps if old == stage and within(on, filters)]
        moved = [(old, new) for old, new, on, _ in steps if within(on, filters)]
        assert one["entered"] == len(arrived)
        assert one["closed"] == sum(new == "closed" for _, new in left)
        assert one["moved_on"] == len(left) - one["closed"]
        assert one["open_start"] + one["entered"] - one["moved_on"] - one["closed"] == one["open_end"]
        begins, ends = filters.start or date.min, last(filters)
        assert one["open_start"] == sum(
            at == stage and month(on) < begins and (off is None or month(off) >= begins) for _, at, on, off in steps
        )
        assert one["open_end"] == sum(
            at == stage and month(on) <= ends and (off is None or month(off) > ends) for _, at, on, off in steps
        )
        assert one["reopened"] == sum(old in ("closed", "implemented") for old in arrived)
        assert one["sent_back"] == sum(old in OPEN and ORDER.index(old) > place for old in arrived)
        assert one["passed_over"] == sum(
            stage in ("screened", "pilot") and old in OPEN[:place] and place < ORDER.index(new) < 5
            for old, new in moved
        )
    months = {month(step[2]) for step in steps if within(step[2], filters)}
    assert months <= {one.date() for one in flow["month"]}


# --- on the demonstration company ---


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(regions=("EMEA", "Asia Pacific")), Filters(start=date(2025, 3, 1), end=date(2026, 2, 1))],
)
def test_open_at_the_start_plus_in_minus_out_is_open_at_the_end(demo, filters):
    rows = answer(demo, "idea_flow", None, filters).rows
    assert len(rows) > 10
    assert (rows["open_start"] + rows["came_in"] - rows["went_out"] == rows["open_end"]).all()
    assert (rows["open_start"].iloc[1:].to_numpy() == rows["open_end"].iloc[:-1].to_numpy()).all()


@pytest.mark.parametrize("figure", ["idea_funnel", "idea_age"])
def test_what_stands_open_is_the_same_in_every_figure(demo, figure):
    """The funnel leaves an experiment within its gate; the ages know it as a stage."""
    flow = answer(demo, "idea_flow", None, Filters()).rows.iloc[-1]
    rows = answer(demo, figure, None, Filters()).rows.set_index("stage")
    if figure == "idea_age":
        assert {stage: rows.loc[stage, "open"] for stage in OPEN} == {stage: flow[stage] for stage in OPEN}
        assert rows.loc["whole way", "open"] == flow["open_end"]
    else:
        assert rows.loc["screened", "still_open"] == flow["screened"] + flow["experiment"]
        assert rows.loc["pilot", "still_open"] == flow["pilot"]


def test_regions_add_up_to_the_whole(demo):
    places = [*demo_regions(demo)]
    for figure, columns in {
        "idea_funnel": ["reached", "went_on", "closed", "still_open"],
        "idea_age": ["open"],
    }.items():
        whole = answer(demo, figure, None, Filters()).rows.set_index("stage")[columns]
        parts = [answer(demo, figure, None, Filters(regions=(place,))).rows for place in places]
        added = sum(part.set_index("stage")[columns].fillna(0) for part in parts if len(part))
        assert (added == whole.fillna(0)).all().all()


def demo_regions(snapshot: Snapshot) -> list[str]:
    with snapshot.connection.cursor() as cursor:
        return [place for (place,) in cursor.execute("select distinct region from idea_cohorts").fetchall()]


def test_the_planted_stuck_stage_is_named(demo):
    found = answer(demo, "idea_age", None, Filters())
    assert found.sentence == "Ideas are stuck in pilot: 113 open, half for more than 163 days, where 32 days are usual"
    assert list(found.rows.loc[found.rows["judgement"] == "stuck", "stage"]) == ["pilot"]
    lately = answer(demo, "idea_age", None, Filters(start=date(2026, 8, 1)))  # hardly a pilot has ended since
    assert lately.sentence == found.sentence
    flow = answer(demo, "idea_flow", None, Filters())
    assert flow.sentence.startswith("The pipeline fills up: ")
    assert "not steady" in flow.note


def test_without_the_change_no_stage_is_named(tmp_path):
    company.write(tmp_path / "exports", planted=False)
    build(tmp_path / "exports", tmp_path / "snapshot.duckdb", today=TODAY)
    snapshot = opened(current(tmp_path / "snapshot.duckdb"))
    found = answer(snapshot, "idea_age", None, Filters())
    assert "no stage holds them longer than usual" in found.sentence
    assert not (found.rows["judgement"] == "stuck").any()
    flow = answer(snapshot, "idea_flow", None, Filters())
    assert flow.sentence.startswith("In and out are in balance: ")
    assert ": steady" in flow.note


# --- charts ---


def fields(node: object) -> set[str]:
    """Every field that a specification encodes."""
    if isinstance(node, dict):
        own = {node["field"]} if isinstance(node.get("field"), str) else set()
        return own.union(*map(fields, node.values()), set())
    return set().union(*map(fields, node)) if isinstance(node, list) else set()


@pytest.mark.parametrize(
    ("figure", "shape"),
    [
        ("idea_funnel", pipeline_charts.funnel),
        ("idea_age", pipeline_charts.ageing),
        ("idea_flow", pipeline_charts.in_and_out),
        ("idea_flow", pipeline_charts.standing),
    ],
)
def test_every_encoded_field_is_a_column_and_specifications_are_constant(demo, fingers, figure, shape):
    one, other = (shape(answer(snapshot, figure, None, Filters()).rows) for snapshot in (demo, fingers))
    assert fields(one.spec) - {""} <= {column for table in one.data.values() for column in table.columns}
    assert one.spec == other.spec


def test_bars_of_a_funnel_begin_at_zero_and_end_at_what_reached_the_stage(demo):
    rows = answer(demo, "idea_funnel", None, Filters()).rows
    parts = pipeline_charts.funnel(rows).data["parts"]
    assert (parts.groupby("stage", sort=False)["start"].min() == 0).all()
    assert list(parts.groupby("stage", sort=False)["end"].max()) == list(rows["reached"])

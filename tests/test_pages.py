"""Pages: every one with every choice a reader can make, with exports that are missing, old or broken."""

import ast
import re
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import date
from html import unescape
from itertools import product
from pathlib import Path

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from app import demo as company
from app import sentences
from app.answers import answer
from app.build import build
from app.filters import Filters
from app.metrics import Metric, metrics
from app.series import choices
from app.snapshot import Snapshot, versions
from tests import test_leading, test_scales
from tests.conftest import ROOT

PAGES = sorted((ROOT / "pages").glob("*.py"))
TRUST, OVERVIEW, DIVERSITY, PRACTICES, DATA = (
    ROOT / "pages" / f"{name}.py" for name in ("trust", "overview", "diversity", "practices", "data")
)
REGIONS = ("Asia Pacific", "EMEA", "Latin America", "North America", "unknown")
WHOLE = "All regions · all channels · May 2023 – Oct 2026"
CHANNELS = ("Chat", "E-mail", "Phone", "Social", "Web", "unknown")


def named(page: Path) -> tuple[str, ...]:
    """The metrics that a page is about, as its source has them."""
    for node in ast.parse(page.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "METRICS":
            return ast.literal_eval(node.value)
    return ()


@pytest.fixture(autouse=True)
def fresh_process():
    """Streamlit keeps open snapshots and the running build for the whole process: each test begins as a new one."""
    st.cache_resource.clear()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page as a reader does: visit(snapshot, page, regions=[…]); the last are what stands in the address."""

    def open_(snapshot: Path, page: Path = TRUST, exports: Path | None = None, **address: list[str]) -> AppTest:
        monkeypatch.setenv("DASHBOARD_SNAPSHOT", str(snapshot))
        monkeypatch.setenv("DASHBOARD_EXPORTS", str(exports or snapshot.parent / "no exports"))
        tab = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
        for name, values in address.items():
            tab.query_params[name.strip("_")] = values
        return tab.switch_page(str(page)).run()

    return open_


@pytest.fixture(scope="session")
def old_exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen months of a small company whose last export was written in 2020: old, whatever day it is."""
    folder = tmp_path_factory.mktemp("old") / "exports"
    company.write(folder, employees=50, tickets=1500, months=15, until="2020-03")
    return folder


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[Path], Path]:
    """Build a folder of exports and publish it in the place of the test; returns the link."""

    def publish_(exports: Path) -> Path:
        published = tmp_path / "published" / "snapshot.duckdb"
        build(exports, published, today=date(2026, 11, 22))
        return published

    return publish_


def without(exports: Path, folder: Path, *names: str) -> Path:
    """A copy of a folder of exports that lacks some files."""
    return Path(shutil.copytree(exports, folder / "some", ignore=shutil.ignore_patterns(*names)))


def texts(tab: AppTest) -> list[str]:
    """All that the page says, in any form, and what its charts say to a screen reader."""
    blocks = [*tab.title, *tab.header, *tab.subheader, *tab.caption, *tab.markdown, *tab.warning, *tab.error, *tab.text]
    said = [block.value for block in blocks]
    return said + [html.proto.body for html in tab.get("html")] + [chart.proto.alt for chart in charts(tab)]


def charts(tab: AppTest) -> list:
    return list(tab.get("vega_lite_chart"))


def filter_words(tab: AppTest) -> str:
    return tab.caption[1].value


def cards(node: object) -> Iterator[object]:
    """The frames of the figures of a page."""
    for child in getattr(node, "children", {}).values():
        if "card-" in getattr(child.proto, "id", ""):
            yield child
        else:
            yield from cards(child)


TABLES = "ideas_in_and_out-idea_balance|practices-.+|files|rejects|unknown|off_scale|drift|missing"


def drawn(card: object) -> bool:
    """Whether a figure has a chart, in large or small; or rows, where it is a table by design."""
    is_table = re.search(f"card-({TABLES})$", card.proto.id)
    marks = ("<svg", "<table") if is_table else ("<svg",)
    return bool(card.get("vega_lite_chart")) or any(mark in text for text in prose(card) for mark in marks)


def prose(card: object) -> list[str]:
    return [block.value for block in [*card.markdown, *card.caption]]


def points(chart: object) -> int:
    """How many rows a chart has to draw, the frame that only holds its axis open not counted."""
    tables = {data.name: convert_arrow_bytes_to_pandas_df(data.data.data) for data in chart.proto.datasets}
    return sum(len(rows) for name, rows in tables.items() if name != "frame")


def sound(tab: AppTest) -> AppTest:
    """No exception, one headline, the filters in words, no figure that says nothing, no chart of nothing."""
    assert all(map(points, charts(tab))), "a chart without a row"
    assert [error.value for error in tab.exception] == []
    assert len(tab.title) == 1 and tab.title[0].value.strip()
    assert all(text.strip() for text in texts(tab))
    assert not any(re.search(r"\bnan\b|\bNaT\b|\bNone\b|<NA>|\binf\b", text) for text in texts(tab)), texts(tab)
    for card in cards(tab.main):
        said = [text for text in prose(card) if re.search(r"\w+ \w+.*\.$", text, re.DOTALL)]
        assert drawn(card) or said, f"{card.proto.id}: {prose(card)}"
    return tab


def until(tab: AppTest, condition: Callable[[AppTest], bool], seconds: float = 60) -> AppTest:
    """Run the page again, as its progress display does, until it shows what is waited for."""
    deadline = time.monotonic() + seconds
    while not condition(tab):
        assert time.monotonic() < deadline, f"not seen in {seconds} s: {texts(tab)}"
        time.sleep(0.2)
        tab.run()
    return tab


# --- every page, every choice ---


CHOICES = [
    {},
    *({"regions": [region]} for region in REGIONS),
    *({"channels": [channel]} for channel in CHANNELS),
    {"from": ["2026-10"], "to": ["2026-10"]},
    {"from": ["2024-05"], "to": ["2024-05"]},
    {"regions": ["EMEA", "Latin America"], "channels": ["Phone", "Chat"], "from": ["2025-11"]},
]


WHY = "too few|[Ff]ewer than 10|Nothing matches|name no|never by both|No goal is open"  # there is no chart


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.parametrize("address", CHOICES, ids=str)
def test_every_page_says_something_true_for_every_choice(visit, demo_snapshot, page: Path, address: dict) -> None:
    """Whatever is chosen: no exception, the choice in words above the figures, and no complaint about it."""
    tab = sound(visit(demo_snapshot, page, **address))
    assert not tab.error
    assert list(cards(tab.main)), "every page has figures"
    chosen = address.get("regions", []) + address.get("channels", [])
    if page.stem == "diversity":  # its counts are made beforehand, and it says what it cannot show
        assert filter_words(tab).startswith(chosen[0] if len(chosen) == 1 else "Everyone")
        assert not tab.warning or len(chosen) > 1 or "from" in address
        return
    assert not tab.warning
    if page.stem == "data":  # it is about the exports, whatever is chosen
        assert filter_words(tab).startswith("Snapshot ")
        return
    if page == PRACTICES:  # it is about definitions, whatever is chosen
        assert filter_words(tab) == "The same for every region, channel and period"
        return
    assert all(place in filter_words(tab) for place in chosen)
    if not address:
        assert filter_words(tab).startswith(f"{WHOLE} · data to ")
    assert any('class="spark"' in markdown.value for markdown in tab.markdown) or page not in (TRUST, OVERVIEW)
    if page != OVERVIEW:  # its charts are those of its table
        assert charts(tab) or len(chosen) == 4 or "unknown" in chosen, "each known place has cases"
        for card in cards(tab.main):
            said = [text for text in prose(card) if re.search(WHY, text)]
            assert drawn(card) or said, f"{card.proto.id}: nothing drawn, no reason"


@pytest.mark.parametrize("page", [page for page in PAGES if named(page)], ids=lambda page: page.stem)
def test_nothing_matches_is_a_sentence_that_names_the_filter_to_widen(
    visit, demo_snapshot, demo: Snapshot, page: Path
) -> None:
    """Of no case of the page's metrics is the place and month that is asked for. What is counted of people is told at
    the nearest scope all the same; a page about nothing but cases then has no chart, and says so in its headline.
    """
    region, channel, month = nowhere(demo, [metrics()[id_] for id_ in named(page)])
    address = {"regions": [region], "channels": [channel], "from": [month], "to": [month]}
    tab = sound(visit(demo_snapshot, page, **address))
    said = [markdown.value for markdown in tab.markdown if markdown.value.startswith("Nothing matches")]
    assert said and all(re.search(r"Widen the (region|channel|period|filters)\.$", sentence) for sentence in said)
    if all(metrics()[id_].about == "cases" for id_ in named(page)):
        assert tab.title[0].value == "Nothing to show with these filters"
        assert not charts(tab)
    else:
        assert page != TRUST


def nowhere(snapshot: Snapshot, of: list[Metric]) -> tuple[str, str, str]:
    """A region, a channel and a month, each of which can be chosen, that together hold no case of these metrics."""
    sql = "select metric, region, channel, strftime(month, '%Y-%m') from "
    held = snapshot.connection.cursor().execute(f"{sql} metric_months union {sql} metric_buckets").fetchall()
    known, queries = choices(snapshot), {metric.query for metric in of}
    full = {tuple(place) for metric, *place in held if metric in queries}
    asked = [place for place in product(known["region"], known["channel"], known["month"]) if place not in full]
    assert asked, "every place has cases in every month"
    return asked[-1]


@pytest.mark.parametrize("page", [OVERVIEW, DIVERSITY, PRACTICES, DATA], ids=lambda page: page.stem)
def test_where_nothing_matches_the_other_pages_stand(visit, demo_snapshot, page: Path) -> None:
    address = {"regions": ["unknown"], "channels": ["unknown"], "from": ["2024-06"], "to": ["2024-06"]}
    assert not sound(visit(demo_snapshot, page, **address)).error


@pytest.fixture(scope="session")
def lacking(old_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Snapshots of a small company without one kind of export, each built once."""
    built = {}

    def lacking_(*names: str) -> Path:
        if names not in built:
            folder = tmp_path_factory.mktemp("lacking")
            built[names] = folder / "snapshot.duckdb"
            build(without(old_exports, folder, *names), built[names], today=date(2026, 11, 22))
        return built[names]

    return lacking_


MISSING = {"surveys": ("survey",), "HR": ("hr",), "goals": ("goals*",), "ideas": ("idea*",)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.parametrize("names", MISSING.values(), ids=MISSING)
def test_every_page_stands_without_an_export(visit, lacking, page: Path, names: tuple[str, ...]) -> None:
    """What is drawn from others is drawn; in the place of what is missing stands a sentence (see `sound`)."""
    tab = sound(visit(lacking(*names), page))
    assert not tab.error and list(cards(tab.main))


def test_headings_are_findings(visit, demo_snapshot) -> None:
    """A heading that only names its topic leaves the reader to find out; each says the metric and what it did."""
    tab = visit(demo_snapshot)
    names = {metric.name for metric in metrics().values()} | {"Recommendation"}
    for heading in tab.header:
        name = next((name for name in names if heading.value.startswith(name)), None)
        assert name, f"{heading.value} does not begin with the name of a metric"
        assert re.search(r"\w+ \w+", heading.value.removeprefix(name)), f"{heading.value} is a topic"
    assert tab.title[0].value not in names


LED = {
    "all": ({}, Filters()),
    "a region": ({"regions": ["EMEA"]}, Filters(("EMEA",))),
    "a channel": ({"channels": ["Phone"]}, Filters((), ("Phone",))),
    "a period": ({"to": ["2026-03"]}, Filters(end=date(2026, 3, 1))),
    "nothing": (
        {"regions": ["unknown"], "channels": ["unknown"], "from": ["2024-06"], "to": ["2024-06"]},
        Filters(("unknown",), ("unknown",), date(2024, 6, 1), date(2024, 6, 1)),
    ),
}


@pytest.mark.parametrize(("address", "filters"), LED.values(), ids=LED)
def test_the_overview_begins_with_what_its_rows_say(
    visit, demo_snapshot, demo, address: dict, filters: Filters
) -> None:
    """Title, what got worse, what got better, what is due: as stated a second time in test_leading."""
    title, said = test_leading.head(demo, filters)
    tab = sound(visit(demo_snapshot, OVERVIEW, **address))
    assert tab.title[0].value == title
    printed = [html.proto.body for html in tab.get("html") if 'class="said"' in html.proto.body]
    assert [unescape(re.sub(r"<span.*?</span> |<[^>]*>", "", body)) for body in printed] == said


def test_the_data_page_begins_with_what_its_rows_say(visit, demo_snapshot, demo: Snapshot) -> None:
    listed = ("files", "rejects", "unknown", "missing")  # no answer of the demonstration is off its scale
    figures = {name: answer(demo, name, None, Filters()).rows for name in listed}
    said = [test_leading.data_sentence(name, rows) for name, rows in figures.items()]
    tab = sound(visit(demo_snapshot, DATA))
    assert [heading.value for heading in tab.header] == said
    late = sum(day.date() < date.today() for day in figures["files"]["due_on"].dropna())
    share = said[0].split("(")[1].split(")")[0]
    assert tab.title[0].value == (
        f"{late or 'None'} of {len(figures['files'])} exports {'are' if late > 1 else 'is'} overdue; "
        f"{share} of rows were rejected"
    )


def test_the_practices_page_begins_with_what_its_rows_say(visit, demo_snapshot, demo: Snapshot) -> None:
    """And defines every metric of every practice, with what it would take where it is not measured."""
    rows = answer(demo, "practices", None, Filters()).rows
    pages = dict(list(rows.groupby("page", sort=False)))
    tab = sound(visit(demo_snapshot, PRACTICES))
    said = [f"{page.capitalize()}, {test_leading.practices_sentence(told)}" for page, told in pages.items()]
    assert tab.title[0].value == test_leading.practices_sentence(rows)
    assert sorted(heading.value for heading in tab.header) == sorted(said)
    boards = unescape(" ".join(markdown.value for markdown in tab.markdown))
    for _, row in rows.iterrows():
        assert f"<strong>{row['name']}</strong> {row['definition']}<small>{row['state']} · " in boards
        assert row["practice"] in boards


def test_the_practices_page_shows_how_each_metric_is_computed(visit, demo_snapshot) -> None:
    """Closed at first; then one metric at a time, those of a figure of their own with its queries."""
    tab = sound(visit(demo_snapshot, PRACTICES))
    assert not tab.code
    for page in ("goals", "trust", "innovation", "diversity"):
        tab.session_state[f"sql-{page}"] = True
    sound(tab.run())
    assert len(tab.code) == 4
    tab.selectbox(key="computed-trust").set_value("Promises kept").run()
    tab.selectbox(key="computed-innovation").set_value("Ideas that go on").run()
    sql = [code.value for code in sound(tab).code]
    assert metrics()["promises_kept"].sql.strip() in sql[1]
    assert (ROOT / "queries/innovation/idea_cohorts.sql").read_text("utf-8").strip() in sql[2]
    assert any("crm/commitments.csv" in markdown.value for markdown in tab.markdown)


def test_the_numbers_of_the_cards_are_those_of_the_rows(visit, demo_snapshot, demo: Snapshot) -> None:
    """A second opinion on the first number: kept of due in October 2026, counted by plain SQL."""
    kept, due = (
        demo.connection.cursor()
        .execute(
            "select sum(numerator), sum(denominator) from metric_months "
            "where metric = 'promises_kept' and month = '2026-10-01'"
        )
        .fetchone()
    )
    assert f'<div class="figure num">{kept / due:.0%}'.replace("%", " %") in "".join(texts(visit(demo_snapshot)))


def test_charts_are_sent_nothing_that_only_pandas_reads(visit, demo_snapshot) -> None:
    schemas = [
        pa.ipc.open_stream(data.data.data).schema
        for chart in charts(visit(demo_snapshot))
        for data in chart.proto.datasets
    ]
    assert len(schemas) > 20
    assert not [schema for schema in schemas if schema.metadata or pa.large_string() in schema.types]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_metric_that_a_page_names_stands_on_it(visit, demo_snapshot, page: Path) -> None:
    """In a heading, in what a chart says, or as the label of a card."""
    tab = visit(demo_snapshot, page)
    labels = [html.proto.body for html in tab.get("html") if '<div class="label">' in html.proto.body]
    said = " ".join([heading.value for heading in tab.header] + [chart.proto.alt for chart in charts(tab)] + labels)
    for metric in named(page):
        assert metrics()[metric].name in said, metric


def test_every_metric_stands_on_a_page() -> None:
    assert {metric for page in PAGES for metric in named(page)} == set(metrics())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_docstring_of_a_page_is_the_question_that_it_asks(visit, demo_snapshot, page: Path) -> None:
    question = visit(demo_snapshot, page).caption[0].value
    topic, _, asked = (ast.get_docstring(ast.parse(page.read_text("utf-8"))) or "").partition(": ")
    assert question.endswith("?") and asked.endswith("?")
    assert topic == page.stem.capitalize()
    assert asked.lower().startswith(question.lower().removesuffix("?")), "the page may ask less than it answers"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_only_names_figures(page: Path) -> None:
    """Two imports, 120 lines, no arithmetic: what a page would compute belongs to the figures."""
    source = page.read_text("utf-8")
    imported = {
        f"{node.module}.{name.name}" if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported <= {"streamlit", "app.figures"}
    assert len(source.splitlines()) <= 120
    assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.BinOp | ast.FunctionDef)]


# --- filters ---


def test_filters_survive_a_change_of_page(visit, demo_snapshot) -> None:
    tab = visit(demo_snapshot)
    tab.multiselect(key="regions").set_value(["EMEA"])
    tab.selectbox(key="from").set_value("2025-11").run()
    before = [tab.title[0].value, *(heading.value for heading in tab.header)]
    assert filter_words(tab).startswith("EMEA · all channels · Nov 2025 – Oct 2026")
    tab.switch_page(str(TRUST)).run()
    assert [tab.title[0].value, *(heading.value for heading in tab.header)] == before
    assert filter_words(tab).startswith("EMEA · all channels · Nov 2025 – Oct 2026")


def test_presets_choose_months_by_name_and_all_takes_them_back(visit, demo_snapshot) -> None:
    """Last 12 of months that end in October 2026: November 2025 to October 2026."""
    tab = visit(demo_snapshot)
    buttons = {button.label: button for button in tab.button}
    buttons["Last 12 months"].click().run()
    assert (tab.session_state["from"], tab.session_state["to"]) == ("2025-11", "2026-10")
    assert "Nov 2025 – Oct 2026" in filter_words(sound(tab))
    {button.label: button for button in tab.button}["All"].click().run()
    assert (tab.session_state["from"], tab.session_state["to"]) == (None, None)
    assert "May 2023 – Oct 2026" in filter_words(sound(tab))


@pytest.mark.parametrize(
    ("label", "start", "end", "words"),
    [
        ("Year to date", "2026-01", "2026-10", "Jan 2026 – Oct 2026"),
        ("Last full quarter", "2026-07", "2026-09", "Jul 2026 – Sep 2026"),
        ("Quarter so far", "2026-10", "2026-10", "· Oct 2026"),
    ],
)
def test_years_and_quarters_are_chosen_by_the_names_of_their_months(
    visit, demo_snapshot, label: str, start: str, end: str, words: str
) -> None:
    """October is the last month that is over. Its months go into the address: the link shows them for ever."""
    tab = visit(demo_snapshot)
    next(button for button in tab.button if button.label == label).click().run()
    assert words in filter_words(sound(tab))
    assert (tab.query_params["from"], tab.query_params["to"]) == (start, end)


def test_the_year_before_stands_under_each_headline_of_trust(visit, demo_snapshot, demo: Snapshot) -> None:
    """As the rows have it; of NPS, with its margin, the year to date beside that of the year before."""
    said = "".join(texts(visit(demo_snapshot)))
    for id_ in ("promises_kept", "nps", "first_reply_hours", "sla_attainment", "felt_heard"):
        found = answer(demo, "headline", id_, Filters())
        line = sentences.year_before(found.metric, found.rows.iloc[0])
        assert line.startswith("Jan – Oct 2026: ") and f'<div class="label">{line}</div>' in said


def test_answers_on_another_scale_are_said_where_the_reader_stands(visit, drop, publish) -> None:
    """In the place of the number, in the note of a line that counts the others, and on the page about the exports."""
    asked = (("recommend", 1, 10, 40), ("satisfied", 1, 5, 30), ("satisfied", 1, 7, 12))
    published = publish(drop(test_scales.export("customer_answers", *asked)))
    said = " ".join(texts(sound(visit(published))))
    assert "Recommendation (NPS) does not take 40 answers to “recommend” on a scale from 1 to 10" in said
    assert "does not take 12 answers to “satisfied” on a scale from 1 to 7" in said
    said = " ".join(texts(sound(visit(published, DATA))))
    assert "52 answers on a scale that the metric does not take: recommend and satisfied" in said


def test_a_file_in_which_no_row_has_a_date_covers_nothing(visit, drop, publish) -> None:
    spend = "B01,2026-05-04,V1,100,1,Y,EMEA\nB02,2026-06-29,V2,300,1,Y,EMEA\n"
    rows = {"finance/supplier_spend.csv": spend, "hr/workforce.csv": ""}
    published = publish(drop({name: f"{company.HEADINGS[name]}\n{told}" for name, told in rows.items()}))
    said = " ".join(texts(sound(visit(published, DATA))))
    assert said.count("May\xa02026\xa0– 29\xa0Jun\xa02026") == 1 and "hr/workforce.csv" in said


def test_where_nobody_is_certified_the_page_says_so(visit, drop, publish) -> None:
    spend = "B01,2026-05-04,V1,100,1,Y,EMEA\nB02,2026-06-29,V2,300,1,Y,EMEA\n"
    rows = {"finance/supplier_spend.csv": spend, "finance/suppliers.csv": "V1,,,\nV2,,,\n"}
    published = publish(drop({name: f"{company.HEADINGS[name]}\n{told}" for name, told in rows.items()}))
    said = " ".join(texts(sound(visit(published, DIVERSITY))))
    assert "0 % of 400 that could go to any, in Q2 2026" in said
    assert "nobody is certified, none of the 2 suppliers that are listed." in said
    sound(visit(published, DATA))


def test_a_period_that_ends_before_it_begins_is_said_and_not_applied(visit, demo_snapshot) -> None:
    tab = visit(demo_snapshot)
    tab.selectbox(key="from").set_value("2026-09")
    tab.selectbox(key="to").set_value("2026-01").run()
    assert [warning.value for warning in sound(tab).warning] == [
        "The period asked for ends before it begins: showing all months."
    ]
    assert "May 2023 – Oct 2026" in filter_words(tab)


SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ({"regions": [SCRIPT]}, "no such region"),
        ({"regions": ["' or 1=1 --"]}, "no such region"),
        ({"regions": ["emea"]}, "no such region"),
        ({"regions": [""]}, "no such region"),
        ({"regions": ["x" * 5000]}, "no such region"),
        ({"regions": [f"R{number}" for number in range(50)]}, "50 regions"),
        ({"channels": [SCRIPT]}, "no such channel"),
        ({"channels": ["EMEA"]}, "no such channel"),
        ({"from": [SCRIPT]}, "first month asked for is no month"),
        ({"from": ["2026-13"]}, "first month asked for is no month"),
        ({"from": ["0000-00"]}, "first month asked for is no month"),
        ({"from": ["26-10"], "to": ["2026"]}, "last month asked for is no month"),
        ({"to": ["2026-1'"]}, "last month asked for is no month"),
        ({"from": ["2026-05"], "to": ["2026-01"]}, "ends before it begins"),
        ({"from": ["1990-01"]}, "nothing for the first month"),
        ({"to": ["2099-12"]}, "nothing for the last month"),
        ({"from": ["1990-01"], "to": ["1990-12"]}, "nothing for the last month"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_nonsense_in_an_address_is_said_left_out_and_never_echoed(visit, demo_snapshot, address, complaint) -> None:
    """A link may be old, mistyped or hostile: the page comes, with everything and a line that says so."""
    tab = sound(visit(demo_snapshot, **address))
    assert any(complaint in warning.value for warning in tab.warning), [warning.value for warning in tab.warning]
    assert filter_words(tab).startswith("All regions · all channels · May 2023 – Oct 2026")
    assert len(charts(tab)) > 20
    for value in (value for values in address.values() for value in values if len(value) > 9):
        assert not any(value in text for text in texts(tab))


def test_what_is_good_in_an_address_stays_when_the_rest_is_nonsense(visit, demo_snapshot) -> None:
    tab = sound(visit(demo_snapshot, regions=["EMEA", SCRIPT], channels=["Fax"], _from=["2025-11"], to=["soon"]))
    assert filter_words(tab).startswith("EMEA · all channels · Nov 2025 – Oct 2026")
    assert len(tab.warning) == 3
    tab.multiselect(key="channels").set_value(["Phone"]).run()
    assert filter_words(tab).startswith("EMEA · Phone")


# --- how is this computed? ---


@pytest.mark.parametrize(
    ("figure", "query", "file"),
    [
        ("promises_kept-trend", "queries/metrics/promises_kept.sql", "crm/commitments.csv"),
        ("promises_kept-by_region", "queries/figures/totals.sql", "crm/commitments.csv"),
        ("first_reply_hours-trend", "queries/figures/wait_series.sql", "crm/tickets.csv"),
        ("sla_attainment-channels", "queries/figures/series.sql", "crm/tickets.csv"),
        ("nps-recommendation", "queries/figures/recommendation.sql", "survey/customer_survey.csv"),
    ],
)
def test_how_is_this_computed_shows_definition_owner_files_sql_and_rows(
    visit, demo_snapshot, demo: Snapshot, figure: str, query: str, file: str
) -> None:
    """Closed at first, so that it costs nothing; open it has what an analyst needs to defend the number."""
    tab = visit(demo_snapshot, regions=["EMEA"])
    assert not tab.code and not tab.dataframe
    tab.session_state[f"how-{figure}"] = True
    metric = metrics()[figure.split("-")[0]]
    said = "\n".join(texts(sound(tab.run())))
    assert metric.definition in said and f"Owner: {metric.owner}." in said and f"{metric.reviewed:%-d %b %Y}" in said
    read, kept = demo.connection.cursor().execute("select read, kept from files where path = ?", [file]).fetchone()
    assert f"{file} (" in said and f"{kept:,} of {read:,} rows" in said
    assert (ROOT / query).read_text("utf-8").strip() in tab.code[0].value
    assert metric.sql.strip() in tab.code[0].value
    assert len(tab.dataframe) == 1 and len(tab.dataframe[0].value) > 0


def test_where_opens_region_and_channel(visit, demo_snapshot) -> None:
    tab = visit(demo_snapshot)
    before = len(charts(tab))
    tab.session_state["where-reopened"] = True
    assert len(charts(sound(tab.run()))) == before + 2


# --- exports that are missing, old, or end in the middle ---


def test_a_missing_export_says_which_to_put_where(visit, publish, old_exports, tmp_path) -> None:
    folder = without(old_exports, tmp_path, "commitments.csv")
    tab = sound(visit(publish(folder)))
    missing = [markdown.value for markdown in tab.markdown if "export is loaded yet" in markdown.value]
    assert len(missing) == 3 and len(set(missing)) == 1, "trend, regions and channels of promises kept"
    assert missing[0].startswith("No commitments export is loaded yet.")
    assert {heading.value for heading in tab.header} >= {"Promises kept", "Promises kept by region"}
    assert len(charts(tab)) > 10, "the rest of the page stands"


def test_without_surveys_the_page_stands_and_says_what_is_missing(visit, publish, old_exports, tmp_path) -> None:
    folder = without(old_exports, tmp_path, "survey")
    tab = sound(visit(publish(folder)))
    assert any("Recommendation (NPS)" in html.proto.body for html in tab.get("html"))
    assert sum("export is loaded yet" in text for text in texts(tab)) >= 4
    assert "No data loaded yet" not in tab.title[0].value


def test_with_none_of_its_exports_a_page_says_so(visit, publish, old_exports, tmp_path) -> None:
    folder = without(old_exports, tmp_path, "survey", "tickets.csv", "commitments.csv", "customers.csv")
    tab = sound(visit(publish(folder)))
    assert tab.title[0].value == "No data loaded yet"
    assert "no data loaded" in filter_words(tab)
    assert not charts(tab)
    assert "no export of this page is loaded" in tab.caption[-1].value


def test_old_data_say_their_age_in_words(visit, publish, old_exports) -> None:
    """The exports end in March 2020: years ago, whatever day this test runs."""
    tab = sound(visit(publish(old_exports)))
    years = (date.today() - date(2020, 3, 31)).days // 365
    assert f"data to 31 Mar 2020, {years} years ago: the next export is due" in filter_words(tab)


def test_one_old_export_among_new_ones_says_its_age(visit, publish, old_exports, tmp_path) -> None:
    """Commitments end in March 2020, tickets in October 2026: the head speaks of the newest, a figure of its own."""
    folder = without(old_exports, tmp_path, "tickets.csv")
    (folder / "crm" / "commitments.csv").rename(folder / "commitments.csv")
    shutil.copy(ROOT / "data" / "exports" / "crm" / "tickets.csv", folder / "tickets.csv")
    tab = sound(visit(publish(folder)))
    under = [caption.value for caption in tab.caption if caption.value.startswith("commitments, to 31 Mar 2020")]
    assert under and all("ago: the next export is due" in caption for caption in under)


def test_months_after_the_end_of_an_export_are_left_out_and_said(visit, publish, tickets) -> None:
    """Tickets opened January to March, the last ones solved in May: April and May hold only stragglers."""
    opened = [f"2026-{month:02}-{day:02} 09:00" for month in (1, 2, 3) for day in range(1, 29)]
    rows = [
        f"T{number},{day},{day[:10]} 11:00,2026-05-{1 + number % 28:02} 10:00,met,0,,,EMEA,Phone"
        if number % 3 == 0
        else f"T{number},{day},{day[:10]} 11:00,{day[:10]} 15:00,met,0,,,EMEA,Phone"
        for number, day in enumerate(opened)
    ]
    tab = sound(visit(publish(tickets(*rows))))
    solved = next(caption.value for caption in tab.caption if caption.value.startswith("Half of all tickets"))
    assert "Months after Mar 2026 are left out: the export ends in it." in solved
    assert "Fewer than 12 months: trial limits." in solved
    assert "Time to resolve: too early to call a change after" in " ".join(heading.value for heading in tab.header)


# --- snapshots that change, break, or are not there ---


def tickets_of(region: str, count: int = 60) -> list[str]:
    return [
        f"T{number},2026-0{1 + number % 3}-{1 + number % 28:02} 09:00,,,met,0,,,{region},Phone"
        for number in range(count)
    ]


def test_a_new_snapshot_is_shown_at_the_next_run(visit, publish, tickets) -> None:
    """An open page, a new export in the night, a click in the morning: no restart, no old number."""
    published = publish(tickets(*tickets_of("EMEA")))
    tab = sound(visit(published))
    before = tab.caption[-1].value
    assert "60 of 60 rows kept" in before
    publish(tickets(*tickets_of("EMEA", 90)))
    tab.run()
    assert "90 of 90 rows kept" in sound(tab).caption[-1].value
    assert tab.caption[-1].value.split("Snapshot")[1] != before.split("Snapshot")[1]


def test_a_chosen_region_that_is_gone_is_said_and_taken_out(visit, publish, tickets) -> None:
    published = publish(tickets(*tickets_of("EMEA"), *[row.replace("T", "U", 1) for row in tickets_of("APAC")]))
    tab = visit(published)
    tab.multiselect(key="regions").set_value(["Asia Pacific"])
    tab.selectbox(key="from").set_value("2026-01").run()
    assert filter_words(sound(tab)).startswith("Asia Pacific · all channels · Jan 2026")
    publish(tickets(*[row for row in tickets_of("EMEA") if "2026-01" not in row]))
    said = [warning.value for warning in sound(tab.run()).warning]
    assert "The newest data has no region Asia Pacific any more: it was taken out." in said
    assert any(sentence.startswith("The newest data does not hold the month chosen as from") for sentence in said)
    assert filter_words(tab).startswith("All regions · all channels · Feb 2026")


def test_a_broken_snapshot_gives_way_to_the_one_before_it(visit, publish, tickets) -> None:
    published = publish(tickets(*tickets_of("EMEA")))
    publish(tickets(*tickets_of("EMEA", 90)))
    published.resolve().write_bytes(b"not a database")
    tab = sound(visit(published))
    assert "60 of 60 rows kept" in tab.caption[-1].value
    (line,) = [warning.value for warning in tab.warning]
    assert "cannot be read" in line and "you see the one before it" in line


def test_a_broken_snapshot_with_nothing_before_it_is_a_sentence(visit, publish, tickets) -> None:
    """It is not built over in silence: somebody has to know that the file was damaged."""
    published = publish(tickets(*tickets_of("EMEA")))
    published.resolve().write_bytes(b"not a database")
    tab = sound(visit(published))
    (line,) = [error.value for error in tab.error]
    assert "cannot be read" in line and "python -m app build" in line
    assert len(versions(published)) == 1


def test_without_a_snapshot_the_first_build_runs_and_the_page_comes(visit, old_exports, tmp_path) -> None:
    tab = visit(tmp_path / "none" / "snapshot.duckdb", exports=old_exports)
    assert not tab.exception and "There is no snapshot yet" in tab.caption[0].value
    until(tab, lambda tab: len(tab.header) > 0)
    assert "data to 31 Mar 2020" in filter_words(sound(tab))
    assert len(versions(tmp_path / "none" / "snapshot.duckdb")) == 1, "one build, however often the page was run"


def test_without_snapshot_and_exports_it_says_what_to_do_and_tries_again(visit, old_exports, tmp_path) -> None:
    """The reader puts exports where the sentence says, presses the button, and is there."""
    folder = tmp_path / "exports"
    folder.mkdir()
    tab = until(visit(tmp_path / "none" / "snapshot.duckdb", exports=folder), lambda tab: len(tab.error) > 0)
    assert not tab.exception
    assert any("there are no exports in it" in text and str(folder) in text for text in texts(tab))
    shutil.copytree(old_exports, folder, dirs_exist_ok=True)
    (again,) = [button for button in tab.button if button.label == "Try again"]
    until(again.click().run(), lambda tab: len(tab.header) > 0)
    assert "data to 31 Mar 2020" in filter_words(sound(tab))


def test_a_build_that_fails_names_file_and_line(visit, drop, tmp_path) -> None:
    """Nine of ten rows have an impossible day: the page says which file, which column, which line."""
    text = "Commitment ID,Promised on,Promised for,Fulfilled on,Region,Contact channel\n"
    text += "".join(f"K{number},2020-01-01,2020-13-{number:02},,EMEA,Phone\n" for number in range(1, 20))
    folder = drop({"commitments.csv": text})
    tab = until(visit(tmp_path / "none" / "snapshot.duckdb", exports=folder), lambda tab: len(tab.error) > 0)
    assert any("commitments.csv" in text and "line 2" in text for text in texts(tab))
    assert not tab.exception

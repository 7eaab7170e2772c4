"""Warming: which snapshot is shown while a new one is prepared, and that what was prepared is not asked for again."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import warming
from app.filters import Filters
from app.series import choices
from app.snapshot import NoSnapshot, Snapshot, current, opened
from app.warming import Shelf
from tests.conftest import ROOT

MADE: list[tuple[str, Filters]] = []  # what the page below was made of: snapshot and filters
PAGE = f"""
import sys
import streamlit as st
shown = st.session_state["shown"]
sys.modules["{__name__}"].MADE.append((shown.snapshot.path.name, shown.filters))
"""


@pytest.fixture
def shelf(tmp_path: Path, world: Snapshot, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A shelf whose thread is not started, over a page that only notes what it was made of."""
    MADE.clear()
    (tmp_path / "page.py").write_text(PAGE, encoding="utf-8")
    shelf = Shelf(tmp_path / "snapshot.duckdb", lambda path: Known(path, world), [tmp_path / "page.py"])
    monkeypatch.setattr(shelf, "warms", True)
    monkeypatch.setattr(warming.time, "sleep", lambda seconds: None)
    return shelf


class Known(Snapshot):
    """The snapshot of a test under the name of another file."""

    def __init__(self, path: Path, told: Snapshot) -> None:
        super().__init__(path, told.built_at, told.as_of, told.connection)


def publish(shelf: Shelf, name: str) -> Path:
    file = shelf.published.with_name(name)
    file.touch()
    shelf.published.unlink(missing_ok=True)
    shelf.published.symlink_to(file)
    return file


def test_the_first_snapshot_is_shown_at_once_and_a_new_one_when_its_plain_choices_are_made(shelf: Shelf) -> None:
    first = publish(shelf, "first.duckdb")
    assert shelf.shown() == first
    shelf.prepare(first)
    second, seen = publish(shelf, "second.duckdb"), []
    assert shelf.shown() == first
    plain = [filters for filters, is_plain in warming.choices(shelf.open(second)) if is_plain]

    class Watched(list):
        def append(self, told: tuple[str, Filters]) -> None:
            seen.append((told[1] in plain, shelf.shown()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "MADE", Watched())
        shelf.prepare(second)
    assert shelf.shown() == second
    assert {(is_plain, path.name) for is_plain, path in seen} == {(True, "first.duckdb"), (False, "second.duckdb")}


def test_plain_choices_come_first_each_choice_once(shelf: Shelf, world: Snapshot) -> None:
    every = list(warming.choices(world))
    assert len({filters for filters, _ in every}) == len(every)
    assert [is_plain for _, is_plain in every] == sorted((is_plain for _, is_plain in every), reverse=True)
    assert every[0][0] == Filters()
    places = {place for filters, _ in every for place in (*filters.regions, *filters.channels)}
    assert places == {place for name in ("region", "channel") for place in choices(world)[name]} - {"unknown"}
    assert all(len(filters.regions) < 2 and len(filters.channels) < 2 for filters, _ in every)


def test_what_cannot_be_prepared_is_shown_all_the_same(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    """A broken page, a broken snapshot: the reader meets it, and is told there."""
    first = publish(shelf, "first.duckdb")
    assert shelf.shown() == first
    shelf.pages[0].write_text("1 / 0", encoding="utf-8")
    second = publish(shelf, "second.duckdb")
    shelf.prepare(second)
    assert shelf.shown() == second and "could not be prepared" in caplog.text


def test_a_newer_snapshot_ends_the_preparation_of_one(shelf: Shelf) -> None:
    first = publish(shelf, "first.duckdb")
    assert shelf.shown() == first
    second = publish(shelf, "second.duckdb")
    third = publish(shelf, "third.duckdb")
    shelf.prepare(second)
    assert MADE == [] and shelf.shown() == first
    shelf.prepare(third)
    assert shelf.shown() == third and {name for name, _ in MADE} == {"third.duckdb"}


def test_who_waits_too_long_is_shown_it_unprepared(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(shelf, "first.duckdb")
    assert shelf.shown() == first
    second = publish(shelf, "second.duckdb")
    monkeypatch.setattr(warming, "PATIENCE", -1)
    monkeypatch.setattr(warming, "made", lambda *told: MADE.append(shelf.shown()) or 0.0)
    shelf.prepare(second)
    assert set(MADE) == {second}


def test_without_a_snapshot_there_is_none_to_show(shelf: Shelf) -> None:
    with pytest.raises(NoSnapshot):
        shelf.shown()
    first = publish(shelf, "first.duckdb")
    assert shelf.shown() == first
    second = publish(shelf, "second.duckdb")
    first.unlink()
    assert shelf.shown() == second, "what is gone cannot be shown"


def test_the_thread_prepares_what_is_published(
    demo_snapshot: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the thread running: a new link is noticed, prepared and shown, without any reader."""
    monkeypatch.setenv("DASHBOARD_WARMING", "on")
    monkeypatch.setattr(warming, "LOOK", 0.05)
    monkeypatch.setattr(warming, "choices", lambda snapshot: iter([(Filters(), True)]))
    made = threading.Event()
    monkeypatch.setattr(warming, "made", lambda *told: made.set() or 0.0)
    published = tmp_path / "snapshot.duckdb"
    published.symlink_to(current(demo_snapshot))
    shelf = Shelf(published, opened, [ROOT / "pages" / "overview.py"])
    assert made.wait(30)
    assert shelf.shown() == current(demo_snapshot)
    monkeypatch.setattr(warming, "LOOK", 3600)


@pytest.mark.parametrize("page", ["overview", "goals", "trust", "innovation", "diversity", "practices", "data"])
def test_a_prepared_page_asks_the_snapshot_nothing(
    demo_snapshot: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The reader's page is the one that was made for nobody: no query is asked again, and it says the same."""
    st.cache_resource.clear()
    snapshot = opened(current(demo_snapshot))
    filters = Filters(regions=("EMEA",))
    warming.made(ROOT / "pages" / f"{page}.py", snapshot, filters)
    asked: list[str] = []
    plain: Callable = Snapshot.ask
    monkeypatch.setattr(Snapshot, "ask", lambda self, query, **told: asked.append(query) or plain(self, query, **told))
    monkeypatch.setenv("DASHBOARD_SNAPSHOT", str(demo_snapshot))
    tab = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    tab.query_params["regions"] = ["EMEA"]
    tab.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not tab.exception and tab.title
    assert asked == []
    tab.sidebar.multiselect[0].set_value(["North America"]).run()
    assert asked or page in ("practices", "data"), "what was not made is asked for: the test can see it"


def test_a_page_of_a_reader_waits_for_the_same_page_being_made(world: Snapshot) -> None:
    began, done = threading.Event(), []

    def made() -> None:
        with warming.turn("one", "trust", Filters()):
            began.set()
            time.sleep(0.2)
            done.append("made")

    threading.Thread(target=made).start()
    began.wait(10)
    with warming.turn("one", "trust", Filters(("EMEA",))):
        assert done == []
    with warming.turn("one", "trust", Filters()):
        assert done == ["made"]

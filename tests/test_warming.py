"""Warming: which snapshot is shown while a new one is prepared, and that what was prepared is not asked for again."""

import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

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
    warming._asked.clear()
    (tmp_path / "page.py").write_text(PAGE, encoding="utf-8")
    shelf = Shelf(tmp_path / "snapshot.duckdb", lambda path: Known(path, world), [tmp_path / "page.py"])
    monkeypatch.setattr(shelf, "warms", True)
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


def test_a_new_snapshot_is_shown_when_what_was_asked_before_is_made(shelf: Shelf) -> None:
    first = publish(shelf, "first.duckdb")
    assert shelf.shown() == first
    asked = [Filters(("EMEA",), ("Phone",)), Filters(("APAC",)), Filters(("EMEA",), ("Phone",))]
    for filters in asked:
        shelf.note("page", filters)
    second, seen = publish(shelf, "second.duckdb"), []
    assert shelf.shown() == first

    class Watched(list):
        def append(self, told: tuple[str, Filters]) -> None:
            seen.append((*told, shelf.shown().name))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "MADE", Watched())
        shelf.prepare(second)
    assert shelf.shown() == second
    assert seen[:2] == [("second.duckdb", filters, "first.duckdb") for filters in asked[:0:-1]], "the last asked first"
    assert [(name, shown) for name, _, shown in seen[2:]] == [("second.duckdb", "second.duckdb")] * (len(seen) - 2)
    assert [filters for _, filters, _ in seen[2:]] == warming.plain(shelf.open(second))


def test_not_more_is_remembered_than_can_be_made(shelf: Shelf) -> None:
    for number in range(2 * warming.MOST):
        shelf.note("page", Filters((str(number),)))
    assert shelf._asked.keys() == {
        (shelf.pages[0], Filters((str(number),))) for number in range(warming.MOST, 2 * warming.MOST)
    }


def test_usual_choices_are_everything_and_each_place(world: Snapshot) -> None:
    usual = warming.plain(world)
    assert usual[0] == Filters() and len(set(usual)) == len(usual)
    places = [place for filters in usual for place in (*filters.regions, *filters.channels)]
    known = {place for name in ("region", "channel") for place in choices(world)[name]} - {"unknown"}
    assert len(places) == len(usual) - 1 and set(places) == known


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
    shelf.note("page", Filters(("EMEA",)))
    second = publish(shelf, "second.duckdb")
    monkeypatch.setattr(warming, "PATIENCE", -1)
    monkeypatch.setattr(warming, "made", lambda *told: MADE.append(shelf.shown()))
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
    monkeypatch.setattr(warming, "plain", lambda snapshot: [Filters()])
    made = threading.Event()
    monkeypatch.setattr(warming, "made", lambda *told: made.set())
    published = tmp_path / "snapshot.duckdb"
    published.symlink_to(current(demo_snapshot))
    shelf = Shelf(published, opened, [ROOT / "pages" / "overview.py"])
    assert made.wait(30)
    assert shelf.shown() == current(demo_snapshot)
    monkeypatch.setattr(warming, "LOOK", 3600)


@pytest.mark.parametrize("page", ["overview", "goals", "trust", "innovation", "diversity", "practices", "data"])
def test_a_prepared_page_asks_the_snapshot_nothing(
    demo_snapshot: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: str
) -> None:
    """The reader's page is the one that was made for nobody: no query is asked again. What is not made is asked for."""
    st.cache_resource.clear()
    published = Path(shutil.copyfile(current(demo_snapshot), tmp_path / "unknown.duckdb"))  # to other tests
    snapshot = opened(published)
    filters = Filters(regions=("EMEA",))
    assert filters in warming.plain(snapshot)
    warming.made(ROOT / "pages" / f"{page}.py", snapshot, filters)
    asked: list[str] = []
    plain: Callable = Snapshot.ask
    monkeypatch.setattr(Snapshot, "ask", lambda self, query, **told: asked.append(query) or plain(self, query, **told))
    monkeypatch.setenv("DASHBOARD_SNAPSHOT", str(published))
    tab = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    tab.query_params["regions"] = ["EMEA"]
    tab.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not tab.exception and tab.title
    assert asked == []
    tab.sidebar.multiselect[0].set_value(["North America"]).run()
    assert asked or page in ("practices", "data")


def sending(version: str, page: str, sent: list[str]) -> threading.Event:
    """Another reader is being sent a page, until the event is set that this returns; a moment later it is sent."""
    began, end = threading.Event(), threading.Event()

    def send() -> None:
        with warming.turn(version, page, Filters()):
            began.set()
            end.wait(10)
            time.sleep(0.1)  # who does not wait for it comes first
            sent.append(page)

    threading.Thread(target=send).start()
    assert began.wait(10)
    return end


def test_a_page_of_a_reader_waits_for_the_same_page_being_made(world: Snapshot) -> None:
    sent: list[str] = []
    end = sending("one", "trust", sent)
    with warming.turn("one", "trust", Filters(("EMEA",))):
        assert sent == []
    end.set()
    with warming.turn("one", "trust", Filters()):
        assert sent == ["trust"]


def test_known_pages_are_sent_in_turn_and_a_new_one_waits_for_none(world: Snapshot) -> None:
    for page in ("goals", "innovation"):
        with warming.turn("two", page, Filters()):
            pass  # now it is known
    sent: list[str] = []
    end = sending("two", "goals", sent)
    with warming.turn("two", "diversity", Filters()):
        assert sent == []
    end.set()
    with warming.turn("two", "innovation", Filters()):
        assert sent == ["goals"]


def test_a_page_that_went_wrong_is_made_anew_and_holds_up_nobody(world: Snapshot) -> None:
    with pytest.raises(RuntimeError), warming.turn("three", "goals", Filters()):
        raise RuntimeError
    assert not warming._asked("three", "goals", Filters()).answered
    with warming.turn("three", "goals", Filters()):
        assert not warming.KNOWN.locked()
    with warming.turn("three", "goals", Filters()):
        assert warming.KNOWN.locked()
    assert not warming.KNOWN.locked()


def test_what_is_made_for_nobody_waits_for_readers_and_not_for_ever(shelf: Shelf, world: Snapshot) -> None:
    """It waits before each figure, so that a reader waits for one figure at most."""
    page = """
        import sys, time
        from app.card import ask
        for _ in range(2):
            ask("files", None)
            sys.modules["TEST"].MADE.append(time.monotonic())
    """
    shelf.pages[0].write_text(dedent(page).replace("TEST", __name__), encoding="utf-8")
    made = threading.Thread(target=warming.made, args=(shelf.pages[0], world, Filters()), daemon=True)
    with warming.turn("four", "goals", Filters()):
        began = time.monotonic()
        made.start()
        made.join(20)
    first, second = MADE
    assert first - began >= warming.COURTESY and second - first >= warming.COURTESY


def test_what_a_reader_was_sent_is_not_made_for_nobody(shelf: Shelf, world: Snapshot) -> None:
    with warming.turn(world.version, "page", Filters()):
        pass
    warming.made(shelf.pages[0], world, Filters())
    assert MADE == []
    warming.made(shelf.pages[0], world, Filters(("EMEA",)))
    assert len(MADE) == 1

"""Front door: the published snapshot, the filters, the pages. Started by `streamlit run` or `python -m app serve`."""

import gc
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # Streamlit puts app/ on the path, not the folder above it
    sys.path.insert(0, str(ROOT))

import streamlit as st

from app import card, first_build, sidebar
from app.card import Shown
from app.snapshot import PUBLISHED, NoSnapshot, Snapshot, opened, versions
from app.warming import Shelf, turn

SNAPSHOT = Path(os.environ.get("DASHBOARD_SNAPSHOT", PUBLISHED))
EXPORTS = Path(os.environ.get("DASHBOARD_EXPORTS", ROOT / "data" / "exports"))
PAGES = {
    "overview": "Overview",
    "goals": "Goals",
    "trust": "Trust",
    "innovation": "Innovation",
    "diversity": "Diversity",
    "practices": "Practices",
    "data": "Data",
}


@st.cache_resource(max_entries=2, show_spinner=False, on_release=Snapshot.close)
def _opened(path: Path) -> Snapshot:
    return opened(path)


@st.cache_resource(show_spinner=False)
def _shelf(published: Path) -> Shelf:
    return Shelf(published, _opened, [ROOT / "pages" / f"{name}.py" for name in PAGES])


@st.cache_resource(show_spinner=False)
def _settle() -> None:
    """Keep what every reader shares out of garbage collection: it would cost each of them at every click.

    What is cached later is walked by each full collection, while all readers wait: so these come seldom.

    A page is sent in hundreds of messages by a thread of its own, and each may make it wait for the interpreter as long
    as another thread may keep it. With 25 readers a tenth of the usual time halves the slowest answers, if known pages
    take turns (warming.turn): without turns it makes them slower.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 10)
    sys.setswitchinterval(0.0005)


def _published() -> tuple[Snapshot | None, Path | None, str]:
    """The snapshot to show, the file that was meant to be, and a line for the reader when it is another one."""
    try:
        meant = _shelf(SNAPSHOT).shown()
    except NoSnapshot:
        return None, None, ""
    try:
        return _opened(meant), meant, ""
    except NoSnapshot as error:
        for older in versions(SNAPSHOT):
            try:
                return _opened(older), meant, f"{error} Until then you see the one before it."
            except NoSnapshot:
                continue
        return None, meant, str(error)


@st.fragment(run_every=30)
def _look_for_news(meant: Path) -> None:
    """An open page that nobody touches follows a new snapshot too."""
    if SNAPSHOT.exists() and _shelf(SNAPSHOT).shown() != meant:
        st.rerun()


st.set_page_config(page_title="Customer leadership", page_icon=str(ROOT / "app" / "icon.svg"), layout="wide")
st.html(ROOT / "app" / "style.css")
if "pages" not in st.session_state:  # once a session: each looks for its file
    pages = [st.Page(ROOT / "pages" / f"{name}.py", title=title, url_path=name) for name, title in PAGES.items()]
    # Streamlit gives its default page no path of its own, and a link must name its page: so the default only leads on.
    st.session_state["pages"] = [st.Page(lambda: None, title="Start", default=True, visibility="hidden"), *pages]
page = st.navigation(st.session_state["pages"])
snapshot, meant, trouble = _published()
if snapshot is None:  # after the navigation: the page that was asked for is the one that comes
    first_build.show(EXPORTS, SNAPSHOT, trouble)
    st.stop()
if page.url_path == "":
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    st.switch_page(st.session_state["pages"][1], query_params=asked)
filters, complaints = sidebar.filters(snapshot)
st.session_state["shown"] = Shown(snapshot, filters)
for complaint in filter(None, [trouble, *complaints]):
    st.warning(complaint)
st.session_state["drawn"] = []
_shelf(SNAPSHOT).note(page.url_path, filters)
with turn(snapshot.version, page.url_path, filters):
    page.run()
card.workbook(page.url_path)
_look_for_news(meant)
_settle()

"""Warming: pages are made for nobody first, so that readers find what most of them choose answered.

What nobody has asked for yet costs ten times what is known. So a thread makes pages, and waits before each figure while
readers are sent theirs. Of a new snapshot it makes what was asked of the one before, which is shown until then.
"""

import logging
import os
import runpy
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from app import series
from app.card import Shown
from app.filters import Filters
from app.snapshot import NoSnapshot, Snapshot, current

PATIENCE = 120.0  # seconds: after these a new snapshot is shown, prepared or not
LOOK = 2.0  # seconds between two looks for a new one
MOST = 120  # pages, with their filters, that are made anew of a new snapshot
NAME = "warming"
COURTESY, GLANCE = 0.2, 0.005  # seconds: how long readers go first before each figure, and how often it looks for them
KNOWN = threading.Lock()  # held while a page is sent that was made before
READERS: set[object] = set()  # whose pages are being made


class Shelf:
    """Which snapshot is shown: the published one, or the one before it as long as that is being prepared."""

    def __init__(self, published: Path, open_: Callable[[Path], Snapshot], pages: Sequence[Path]) -> None:
        self.published, self.open, self.pages = published, open_, pages
        self.warms = os.environ.get("DASHBOARD_WARMING") != "off"
        self._shown: Path | None = None
        self._prepared: Path | None = None
        self._asked: dict[tuple[Path, Filters], None] = {}  # what was asked last stands last
        if self.warms:
            _silence()
            threading.Thread(target=self._watch, name=NAME, daemon=True).start()

    def shown(self) -> Path:
        """The snapshot that every reader sees now. Raises NoSnapshot when nothing was published."""
        newest = current(self.published)
        if not self.warms or self._shown is None or not self._shown.exists():
            self._shown = newest
        return self._shown

    def note(self, page: str, filters: Filters) -> None:
        """Remember what a reader asks for."""
        asked = next(path for path in self.pages if path.stem == page), filters
        self._asked.pop(asked, None)
        self._asked[asked] = None
        for forgotten in list(self._asked)[:-MOST]:
            self._asked.pop(forgotten, None)

    def _watch(self) -> None:
        while True:
            try:
                newest = current(self.published)
                if newest != self._prepared:
                    self.prepare(newest)
            except NoSnapshot:
                pass
            time.sleep(LOOK)

    def prepare(self, newest: Path) -> None:
        """Make what was asked before, the last first, and show the snapshot; then make what most readers choose.

        What goes wrong here goes wrong on the page that a reader opens, and is told there.
        """
        began = time.monotonic()
        try:
            snapshot = self.open(newest)
            usual = [(page, filters) for filters in plain(snapshot) for page in self.pages]
            asked = list(self._asked)[::-1]
            for number, (page, filters) in enumerate(asked + usual):
                if current(self.published) != newest:
                    return  # a newer one has come
                if number >= len(asked) or time.monotonic() > began + PATIENCE:
                    self._shown = newest
                made(page, snapshot, filters)
        except Exception:
            logging.getLogger(__name__).exception("Pages of %s could not be prepared", newest.name)
        self._shown = self._prepared = newest


def plain(snapshot: Snapshot) -> list[Filters]:
    """What most readers choose: nothing, a region or a channel."""
    known = {name: [word for word in words if word != "unknown"] for name, words in series.choices(snapshot).items()}
    regions = [Filters(regions=(region,)) for region in known["region"]]
    return [Filters(), *regions, *(Filters(channels=(channel,)) for channel in known["channel"])]


def made(page: Path, snapshot: Snapshot, filters: Filters) -> None:
    """Make a page as for a reader who has no browser, unless it was made before; readers go first."""
    asked = _asked(snapshot.version, page.stem, filters)
    if not asked.answered:
        st.session_state["shown"], st.session_state["drawn"] = Shown(snapshot, filters, make_way), []
        with asked.made():
            runpy.run_path(str(page))


def make_way() -> None:
    """Wait while pages of readers are made, for a while."""
    deadline = time.monotonic() + COURTESY
    while READERS and time.monotonic() < deadline:
        time.sleep(GLANCE)


@contextmanager
def turn(version: str, page: str, filters: Filters) -> Iterator[None]:
    """Held while a page of a reader is made: who asks for the same one meanwhile waits, and then finds it answered.

    Pages that were made before are sent one after the other. Their readers would else take the interpreter from each
    other hundreds of times a page, and all would wait for the last.
    """
    asked, reader = _asked(version, page, filters), object()
    with KNOWN if asked.answered else nullcontext(), asked.made():
        READERS.add(reader)
        try:
            yield
        finally:
            READERS.remove(reader)


@dataclass
class Asked:
    """A page of a snapshot with its filters, and whether it was made before."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answered: bool = False

    @contextmanager
    def made(self) -> Iterator[None]:
        with self.lock:
            yield
            self.answered = True


@st.cache_resource(max_entries=512, show_spinner=False)
def _asked(version: str, page: str, filters: Filters) -> Asked:
    return Asked()


def _silence() -> None:
    """Streamlit warns at every element of a page without a reader; of this thread that is known."""
    logger = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    logger.addFilter(lambda record: record.threadName != NAME)

"""Warming: pages are made for nobody first, so that readers find what most of them choose answered.

What nobody has asked for yet costs ten times what is known. So a thread makes the pages of a snapshot under the common
choices, and rests for as long as it worked: readers go first. A new snapshot is prepared while the one before it is
still shown.
"""

import logging
import os
import runpy
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import streamlit as st

from app import periods, series
from app.card import Shown
from app.filters import Filters, parse_month
from app.snapshot import NoSnapshot, Snapshot, current

PATIENCE = 120.0  # seconds: after these a new snapshot is shown, prepared or not
LOOK = 2.0  # seconds between two looks for a new one
NAME = "warming"


class Shelf:
    """Which snapshot is shown: the published one, or the one before it as long as that is being prepared."""

    def __init__(self, published: Path, open_: Callable[[Path], Snapshot], pages: Sequence[Path]) -> None:
        self.published, self.open, self.pages = published, open_, pages
        self.warms = os.environ.get("DASHBOARD_WARMING") != "off"
        self._shown: Path | None = None
        self._prepared: Path | None = None
        if self.warms:
            _silence()
            threading.Thread(target=self._watch, name=NAME, daemon=True).start()

    def shown(self) -> Path:
        """The snapshot that every reader sees now. Raises NoSnapshot when nothing was published."""
        newest = current(self.published)
        if not self.warms or self._shown is None or not self._shown.exists():
            self._shown = newest
        return self._shown

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
        """Make the pages of a snapshot, and show it: once the plain choices are made, or after PATIENCE.

        What goes wrong here goes wrong on the page that a reader opens, and is told there.
        """
        began = time.monotonic()
        try:
            snapshot = self.open(newest)
            for filters, is_plain in choices(snapshot):
                if not is_plain or time.monotonic() > began + PATIENCE:
                    self._shown = newest
                for page in self.pages:
                    if current(self.published) != newest:
                        return  # a newer one has come
                    time.sleep(made(page, snapshot, filters))
        except Exception:
            logging.getLogger(__name__).exception("Pages of %s could not be prepared", newest.name)
        self._shown = self._prepared = newest


def choices(snapshot: Snapshot) -> Iterator[tuple[Filters, bool]]:
    """What most readers choose, and whether it is plain: nothing, a region or a channel. Then these in the last year,
    and a region with a channel.
    """
    known = series.choices(snapshot)
    regions = [(region,) for region in known["region"] if region != "unknown"]
    channels = [(channel,) for channel in known["channel"] if channel != "unknown"]
    plain = [Filters(), *map(Filters, regions), *(Filters(channels=channel) for channel in channels)]
    year = [parse_month(month) for month in periods.presets(known["month"], snapshot.as_of).get("12", ())]
    yield from ((filters, True) for filters in plain)
    yield from ((Filters(filters.regions, filters.channels, *year), False) for filters in plain if year)
    yield from ((Filters(region, channel), False) for region in regions for channel in channels)


def made(page: Path, snapshot: Snapshot, filters: Filters) -> float:
    """Make a page as for a reader who has no browser, and return how many seconds it took."""
    began = time.monotonic()
    st.session_state["shown"], st.session_state["drawn"] = Shown(snapshot, filters), []
    with turn(snapshot.version, page.stem, filters):
        runpy.run_path(str(page))
    return time.monotonic() - began


@st.cache_resource(max_entries=512, show_spinner=False)
def turn(version: str, page: str, filters: Filters) -> threading.Lock:
    """Held while a page is made: who asks for the same one meanwhile waits, and then finds it answered."""
    return threading.Lock()


def _silence() -> None:
    """Streamlit warns at every element of a page without a reader; of this thread that is known."""
    logger = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    logger.addFilter(lambda record: record.threadName != NAME)

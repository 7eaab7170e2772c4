"""What a reader waits for, in a browser, until the last chart is drawn: a change of filters, a load, a change of page.

python -m benchmarks.pages [--pages trust ...] [--changes 15] [--turns 2] [--snapshot FILE ...]

Without a snapshot: those that stand for 100 thousand and for 10 million tickets. In turns, so that all ways meet the
same load of the machine: the dashboard on each snapshot, with choices never made before (new) and made before (again);
the floor, which is the same page re-sent from memory; and a plain page over a table of as many raw tickets. Times are
the browser's own: from the click to the last change within the page after which all is drawn and 300 ms pass in peace;
these are not counted. kB are the messages as they are packed for the wire; runs, how often the script ran. The servers
prepare no page by themselves here: the first load of a page and each new choice find nothing answered.
"""

import argparse
import os
import pickle
import shutil
import signal
import statistics
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.snapshot import opened
from tests.conftest import ROOT
from tests.test_browser import ARGUMENTS, DRAWN, NAMES, free_port, running

PAGES = ("overview", "goals", "trust", "innovation", "diversity")
PERIODS = ("Last 12 months", "Last 24")
FLOOR = ROOT / "benchmarks" / "floor"
WARM_UP = 2
PLAIN_DRAWN = """() => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')
    && document.querySelectorAll('[data-testid="stVegaLiteChart"] :is(canvas, svg)').length === 6"""
WATCH = """(() => {
    const watch = window.watch = {from: 0, last: 0, heard: 0, moved: false};
    const main = '[data-testid="stMain"]';
    for (const kind of ['click', 'keydown']) {
        addEventListener(kind, event => { watch.from = event.timeStamp; watch.last = watch.heard = 0; }, true);
    }
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
        constructor(...told) {
            super(...told);
            this.addEventListener('message', () => { watch.heard += 1; });
        }
    };
    new MutationObserver(changes => {
        for (const change of changes) {
            const element = change.target.nodeType === 1 ? change.target : change.target.parentElement;
            if (element?.closest(main)) {
                watch.last = performance.now();
                watch.moved = true;
            }
        }
    }).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    watch.settled = async drawn => {
        const began = performance.now();
        for (let quiet = 0, before = began, now; ; before = now) {
            await new Promise(done => setTimeout(done, 20));
            now = performance.now();
            quiet = watch.moved ? 0 : quiet + Math.min(now - before, 60);  // a browser at work is not quiet
            watch.moved = false;
            if (quiet >= 300 && watch.heard && watch.last && drawn()) return watch.last - watch.from;
            if (now - began > 180000) throw new Error("not drawn within three minutes");
        }
    };
})()"""


@dataclass
class Took:
    """What one kind of wait cost, each time: milliseconds, bytes received, script runs."""

    waits: list[float] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.waits)

    @property
    def p95(self) -> float:
        return sorted(self.waits)[-(-95 * len(self.waits) // 100) - 1]


class Tab:
    """A reader of one site, in a context of his own: nothing is cached but what he loads."""

    def __init__(self, browser: Browser, address: str, drawn: str) -> None:
        self.context = browser.new_context(viewport={"width": 1440, "height": 900})
        self.context.add_init_script(WATCH)
        self.page, self.address, self.drawn = self.context.new_page(), address, drawn
        self.frames: list[tuple[zlib._Compress, bytes]] = []
        self.page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        packing = zlib.compressobj(wbits=-12, memLevel=5)  # as the server packs what it sends over one connection
        socket.on("framereceived", lambda frame: self.frames.append((packing, frame)))

    def _received(self) -> int:
        """Bytes on the wire since this was asked last."""
        frames, self.frames = self.frames, []
        return sum(len(packing.compress(frame) + packing.flush(zlib.Z_SYNC_FLUSH)) - 4 for packing, frame in frames)

    def wait(self, act: Callable[[Page], object], took: Took | None = None) -> None:
        """Do something, wait until all is drawn, and note what that took."""
        self.page.bring_to_front()
        self._received()
        act(self.page)
        waited = self.page.evaluate(f"() => window.watch.settled({self.drawn})")
        if took:
            took.waits.append(waited)
            took.runs.append(sum(ForwardMsg.FromString(frame).HasField("script_finished") for _, frame in self.frames))
            took.received.append(self._received())

    def load(self, page: str, took: Took | None = None) -> None:
        self.wait(lambda tab: tab.goto(f"{self.address}/{page}", wait_until="commit"), took)

    def reload(self, took: Took | None = None) -> None:
        self.wait(lambda tab: tab.reload(wait_until="commit"), took)

    def press(self, words: str, took: Took | None = None) -> None:
        self.wait(lambda tab: tab.get_by_role("button", name=words).click(), took)

    def turn_to(self, page: str, took: Took | None = None) -> None:
        self.wait(lambda tab: tab.get_by_test_id("stSidebarNav").get_by_role("link", name=page.title()).click(), took)

    def choose_first_month(self, month: str, took: Took | None = None) -> None:
        box = self.page.get_by_role("combobox", name="From")
        box.click()
        self.page.keyboard.type(month)
        self.page.get_by_role("option", name=month).wait_for()
        self.wait(lambda tab: tab.keyboard.press("Enter"), took)

    def close(self) -> None:
        self.context.close()


def months_of(snapshot: Path) -> tuple[list[str], list[str]]:
    """First months to choose, as the sidebar writes them, and a last month for each page, as in an address.

    Each first month takes tickets away, and at least twelve months stay.
    """
    months = "select distinct month from metric_months where metric = 'sla_attainment' order by 1"
    with duckdb.connect(snapshot, read_only=True) as connection:
        found = [month for (month,) in connection.execute(months).fetchall()]
    firsts = [f"{month:%b %Y}" for month in found[1 : -11 - len(PAGES)]]
    return firsts, [f"{month:%Y-%m}" for month in found[: -1 - len(PAGES) : -1]]


def tickets_of(snapshot: Path) -> int:
    """How many tickets a snapshot stands for."""
    with duckdb.connect(snapshot, read_only=True) as connection:
        return int(connection.execute("select sum(kept) from files where record = 'tickets'").fetchone()[0])


def raw_tickets(path: Path, rows: int) -> None:
    """As many tickets as rows of a table."""
    with duckdb.connect(path) as connection:
        connection.execute(
            """
            create table tickets as
            select
                range as ticket,
                timestamp '2023-05-01' + to_minutes((range * 7919) % 1800000) as opened_at,
                opened_at + to_minutes((range * 104729) % 2880) as first_reply_at,
                range % 7 > 0 as is_kept,
                range % 11 // 8 as reopened,
                ['Asia-Pacific', 'EMEA', 'Latin America', 'North America'][1 + (range * 31) % 4] as region,
                ['Chat', 'Email', 'Phone', 'Social', 'Web'][1 + (range * 17) % 5] as channel
            from range($rows)
            """,
            {"rows": rows},
        )


def record(tab: Tab, snapshot: Path, pages: Sequence[str], file: Path) -> None:
    """What a reader is sent of each page, for each period: all that the floor needs."""
    messages, known = {}, {}
    for page in pages:
        tab.load(page)
        for period in ("All", *PERIODS):
            if period != "All":
                tab.press(period)
            sent = [ForwardMsg.FromString(frame) for _, frame in tab.frames]
            messages[page, period] = [said for one in sent if (said := _again(one, known))]
    with duckdb.connect(snapshot, read_only=True) as connection:
        found = connection.execute("select distinct region, channel, month from metric_months").fetchall()
    choices = {
        "pages": {page: page.title() for page in pages},
        "region": sorted({region for region, _, _ in found}),
        "channel": sorted({channel for _, channel, _ in found}),
        "month": sorted({f"{month:%Y-%m}" for _, _, month in found}),
        "periods": (*PERIODS, "Year to date", "Last full quarter", "Quarter so far", "All"),
    }
    file.write_bytes(pickle.dumps((choices, messages)))


def _again(message: ForwardMsg, known: dict[str, ForwardMsg]) -> bytes | None:
    """A message of the main part as it can be sent again; what a browser was only reminded of, in full."""
    if message.WhichOneof("type") not in ("delta", "ref_hash") or message.metadata.delta_path[0] == 1:  # the sidebar
        return None
    if message.WhichOneof("type") == "ref_hash":
        whole = ForwardMsg()
        whole.CopyFrom(known[message.ref_hash])
        whole.metadata.delta_path[:] = message.metadata.delta_path
        message = whole
    known[message.hash] = message
    message.delta.fragment_id = ""
    return message.SerializeToString()


@contextmanager
def served(way: str, command: list[str], folder: Path, **options: object) -> Iterator[str]:
    """A server for one way, ended by its process id."""
    port = free_port()
    with running(folder / f"{way}.log", [*command, str(port)], port, **options) as address:
        yield address


def dashboard(snapshot: Path) -> list[str]:
    return [sys.executable, "-m", "app", "serve", "--snapshot", str(snapshot), "--port"]


def streamlit(script: Path) -> list[str]:
    quiet = ["--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.address", "localhost"]
    return [sys.executable, "-m", "streamlit", "run", str(script), *quiet, "--server.port"]


def snapshots(given: Sequence[Path], folder: Path) -> list[Path]:
    for path in given:
        opened(path.resolve()).close()  # says why, where the dashboard would refuse it
    if given:
        return [path.resolve() for path in given]
    from benchmarks.sized import snapshot_of

    return [snapshot_of(tickets, folder / str(tickets)).resolve() for tickets in (100_000, 10_000_000)]


def measure(options: argparse.Namespace, browser: Browser, folder: Path) -> dict[tuple[str, str, str], Took]:
    """Every wait by kind, page and way."""
    took: dict[tuple[str, str, str], Took] = defaultdict(Took)
    paths = snapshots(options.snapshot, folder)
    with ExitStack() as open_:
        sites: dict[str, str] = {}
        unwarmed = os.environ | {"DASHBOARD_WARMING": "off"}
        for path in paths:
            way = f"{tickets_of(path):,}"
            way = way if way not in sites else f"{way} ({path.name})"
            sites[way] = open_.enter_context(
                served(f"app-{len(sites)}", dashboard(path), folder, cwd=ROOT, env=unwarmed)
            )
        with served("recorded", dashboard(paths[0]), folder, cwd=ROOT, env=unwarmed) as address:
            recorder = Tab(browser, address, DRAWN)
            record(recorder, paths[0], options.pages, folder / "recorded")
            recorder.close()
        told = os.environ | {"FLOOR_RECORDED": str(folder / "recorded")}
        command = streamlit(FLOOR / "main.py")
        floor = open_.enter_context(served("floor", command, folder, cwd=ROOT, env=told))
        firsts, lasts = months_of(paths[0])
        for page, last in zip(options.pages, lasts, strict=False):  # what is new on one page is not known from another
            print(f"{page} …", file=sys.stderr, flush=True)
            on_page(browser, page, {"floor": floor, **sites}, firsts, last, options, took)
        for way, path in zip(sites, paths, strict=True):
            print(f"plain, {way} rows …", file=sys.stderr, flush=True)
            database = folder / f"tickets-{path.stem}.duckdb"
            raw_tickets(database, tickets_of(path))
            told = os.environ | {"PLAIN_TICKETS": str(database)}
            with served("plain", streamlit(FLOOR / "plain.py"), folder, cwd=folder, env=told) as address:
                plain = Tab(browser, address, PLAIN_DRAWN)
                plain.load("", took["first load", "plain", way])
                plain.reload(took["load again", "plain", way])
                changed(plain, options.changes, took["change", "plain", way])
                plain.close()
    return took


def changed(tab: Tab, changes: int, took: Took) -> None:
    for turn in range(WARM_UP + changes):
        tab.press(PERIODS[turn % 2], took if turn >= WARM_UP else None)


def on_page(
    browser: Browser,
    page: str,
    sites: dict[str, str],
    months: list[str],
    last: str,
    options: argparse.Namespace,
    took: dict[tuple[str, str, str], Took],
) -> None:
    """One page, all ways in turns: loads, changes of the filters, changes of the page."""
    tabs = {}
    for way, address in sites.items():
        tabs[way] = Tab(browser, address, DRAWN)
        tabs[way].load(page, took["first load", page, way])
        tabs[way].reload(took["load again", page, way])
    new = {way: Tab(browser, address, DRAWN) for way, address in sites.items() if way != "floor"}
    for tab in new.values():
        tab.load(f"{page}?to={last}")
    for turn in range(WARM_UP + options.changes):
        counts = turn >= WARM_UP
        for way, tab in tabs.items():
            tab.press(PERIODS[turn % 2], took["again", page, way] if counts else None)
        for way, tab in new.items():
            tab.choose_first_month(months[turn % len(months)], took["new", page, way] if counts else None)
    other = next(name for name in options.pages if name != page) if len(options.pages) > 1 else None
    for turn in range(options.turns + 1 if other else 0):
        for way, tab in tabs.items():
            tab.turn_to(other)
            tab.turn_to(page, took["page", page, way] if turn else None)
    for tab in (*tabs.values(), *new.values()):
        tab.close()


def told(took: dict[tuple[str, str, str], Took]) -> Iterator[str]:
    """A line for each kind of wait, page and way; then how much longer the last snapshot takes than the first."""
    yield f"{'page':12}{'wait':12}{'tickets':16}  n  median     p95  × floor   p95     kB  runs"
    for (kind, page, way), each in took.items():
        floor = took.get(("again" if kind == "new" else kind, page, "floor"))
        over = f"{each.median / floor.median:9.2f}{each.p95 / floor.median:6.2f}" if floor else " " * 15
        kept = f"{statistics.median(each.received) / 1000:7.0f}{statistics.median(each.runs):6.0f}"
        yield f"{page:12}{kind:12}{way:16}{len(each.waits):3}{each.median:8.0f}{each.p95:8.0f}{over}{kept}"
    for kind, page in dict.fromkeys((kind, page) for kind, page, _ in took):
        ways = [way for other, at, way in took if (other, at) == (kind, page) and way != "floor"]
        if len(ways) > 1:
            over = took[kind, page, ways[-1]].median / took[kind, page, ways[0]].median
            yield f"{page:12}{kind:12}{ways[-1]} / {ways[0]}: {over:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=PAGES)
    parser.add_argument("--changes", type=int, default=15, help="of the filters, on each page, each way")
    parser.add_argument("--turns", type=int, default=2, help="to each page and back")
    parser.add_argument("--snapshot", nargs="+", type=Path, default=[], metavar="FILE")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end with us then, too
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M}, load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        places = (os.environ.get("CHROMIUM", ""), *NAMES, playwright.chromium.executable_path)
        path = next(filter(None, map(shutil.which, places)))
        with playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser:
            took = measure(options, browser, Path(folder))
    print(*told(took), f"load at the end {os.getloadavg()[0]:.1f}", sep="\n")


if __name__ == "__main__":
    main()

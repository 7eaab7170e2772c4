"""What many readers at once wait for: WebSocket sessions on one server, each walking over pages and filters.

python -m benchmarks.readers [--readers 1 10 25 50] [--seconds 30] [--snapshot FILE]   (ten minutes; a table)

Sessions speak Streamlit's own protocol and keep what a browser keeps. A click changes page, region, channel or period,
2 s after the last answer (10 s where there are more than 25 readers), and counts from what is sent to the script's end.
A first reader asks for everything once before the others come. In the middle of a step another snapshot is published,
built from the exports of another company, and shown when the dashboard has prepared it: before is what was answered
until it was published, meanwhile until it was shown, after what was asked then. Cold is what nobody has been answered
of the same snapshot. In the end each reader asks once for a page that was answered before, however long it waited until
then, and last again for what it has asked since.

Everything that anybody was shown is held against what a server shows that never knew but one of the two snapshots. It
fails (exit code 1) where one page differs from that, where a step has no page that was answered of both, and where the
two snapshots show too much alike to be told apart.
"""

import argparse
import asyncio
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from math import inf
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from app import demo, periods, series, warming
from app.build import _publish, build
from app.filters import month_words, parse_month
from app.snapshot import ROOT, current, opened

PAGES = ("overview", "goals", "trust", "innovation", "diversity")
HURRIED, PAUSE, LONG_PAUSE = 25, 2.0, 10.0  # seconds between an answer and the next click, on average
PARTS = ("all", "before", "meanwhile", "after", "cold", "again")
SECOND_PASS = 1 / 3  # of the seconds of a step
CHART = "vega_lite_chart"
ALIKE = 0.1  # of the charts of the two snapshots: if more of them are the same, a mixture may pass for one of the two
PATIENCE = 60.0  # seconds: who waits longer was not answered
TEXTS = ("markdown", "heading", "html", CHART, "alert")  # what a reader reads
VERSION = re.compile(rb"snapshot-\d{8}-\d{6}-[0-9a-f]{8}")  # `python -m app build` names them so


Shown = dict[tuple[str | int, ...], int]  # a mark of everything readable, by its kind and its place on the page


@dataclass(frozen=True)
class Choice:
    """A page and its filters; months as YYYY-MM."""

    page: str
    regions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    span: tuple[str, str] | None = None

    def address(self) -> str:
        places = [("regions", region) for region in self.regions] + [("channels", place) for place in self.channels]
        return urlencode(places + list(zip(("from", "to"), self.span or (), strict=False)))


@dataclass
class Run:
    """One answer; `versions` are the snapshots that it names."""

    choice: Choice
    reader: int
    began: float
    ended: float = 0.0
    cold: bool = False
    snapshot: str = ""  # the one that stood published when it was asked for
    shown: Shown = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    @property
    def took(self) -> float:
        return self.ended - self.began


class Reader:
    """A session as a browser keeps it: the pages and widgets it was told of, and the large messages that it holds."""

    def __init__(self, socket: ClientConnection, number: int = 0) -> None:
        self.socket, self.number, self.runs = socket, number, 0
        self.pages: dict[str, str] = {}
        self.widgets: dict[str, str] = {}
        self.held: dict[str, tuple[int, ForwardMsg]] = {}

    async def ask(self, choice: Choice) -> Run:
        """Send one click and read until its script has finished."""
        run = Run(choice, self.number, time.perf_counter())
        messages = []
        try:
            async with asyncio.timeout(PATIENCE):
                await self.socket.send(self._click(choice))
                while not _finished(message := ForwardMsg.FromString(await self.socket.recv())):
                    messages.append(message)
        except TimeoutError:
            run.errors.append(f"no answer within {PATIENCE:.0f} s")
        except WebSocketException as error:
            run.errors.append(repr(error))
        run.ended = time.perf_counter()
        if not run.errors and message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
            run.errors.append("the script did not compile")
        self._keep(run, messages)
        return run

    def _click(self, choice: Choice) -> bytes:
        sent = BackMsg()
        state = sent.rerun_script
        state.page_name, state.page_script_hash = choice.page, self.pages.get(choice.page, "")
        state.query_string = choice.address()
        state.cached_message_hashes.extend(self.held)
        start, end = choice.span or (None, None)
        for key, value in {"regions": choice.regions, "channels": choice.channels, "from": start, "to": end}.items():
            if key in self.widgets:
                widget = state.widget_states.widgets.add(id=self.widgets[key])
                if isinstance(value, tuple):
                    widget.string_array_value.data.extend(value)
                elif value:
                    widget.string_value = month_words(parse_month(value))
        return sent.SerializeToString()

    def _keep(self, run: Run, messages: list[ForwardMsg]) -> None:
        self.runs += 1
        for message in messages:
            kind = message.WhichOneof("type")
            if kind == "new_session":  # a run that met a new snapshot begins again: what it showed is replaced
                run.shown, run.versions = {}, set()
            elif kind == "navigation":
                self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            elif kind == "ref_hash":
                self.held[message.ref_hash] = (self.runs, self.held[message.ref_hash][1])
                _read(run, tuple(message.metadata.delta_path), self.held[message.ref_hash][1])
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                if message.metadata.cacheable:
                    self.held[message.hash] = (self.runs, message)
                element = message.delta.new_element
                if element.WhichOneof("type") in ("multiselect", "selectbox"):
                    id_ = getattr(element, element.WhichOneof("type")).id
                    self.widgets[id_.split("-", 2)[2]] = id_
                _read(run, tuple(message.metadata.delta_path), message)
            elif kind == "session_event":
                run.errors.append("the script did not compile")
        self.held = {hash_: held for hash_, held in self.held.items() if self.runs - held[0] < 2}  # as Streamlit's page


def _finished(message: ForwardMsg) -> bool:
    """Whether a run is over that is not begun again at once, as the one that leads on to the first page is."""
    ends = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)
    return message.WhichOneof("type") == "script_finished" and message.script_finished in ends


def _read(run: Run, place: tuple[int, ...], message: ForwardMsg) -> None:
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    if kind == "exception":
        run.errors.append(f"{element.exception.type}: {element.exception.message}")
    elif kind == "alert" and element.alert.format == Alert.ERROR:
        run.errors.append(element.alert.body)
    elif kind in TEXTS:
        text = getattr(element, kind).SerializeToString(deterministic=True)
        run.versions |= {version.decode() for version in VERSION.findall(text)}
        run.shown[kind, *place] = hash(VERSION.sub(b"", text))


@asynccontextmanager
async def reader(port: int, number: int = 0) -> AsyncIterator[Reader]:
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None) as socket_:
        yield Reader(socket_, number)


@asynccontextmanager
async def serving(published: Path, log: Path, **environment: str) -> AsyncIterator[tuple[int, int]]:
    """The dashboard on a free port of this machine alone, ended by its process id: port and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "serve", "--address", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, "--snapshot", published], cwd=ROOT, stdout=out, stderr=out, env=os.environ | environment
        )
    try:
        await asyncio.to_thread(_answers, port, server, log)
        yield port, server.pid
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(port: int, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text("utf-8", "replace")) from None
            time.sleep(0.1)


def publish(snapshot: Path, published: Path) -> str:
    """Publish a copy of a snapshot file as a build does; its version."""
    built = Path(tempfile.mkdtemp(dir=published.parent)) / "snapshot.duckdb"
    shutil.copyfile(snapshot, built)
    return Path(_publish(built, published)).stem


def choices(*snapshots: Path) -> list[Choice]:
    """What readers walk over: pages by all and two regions, all and one channel, all and the last twelve months."""
    opened_ = [opened(path) for path in snapshots]
    known = [series.choices(snapshot) for snapshot in opened_]
    shared = {name: [word for word in known[0][name] if all(word in each[name] for each in known)] for name in known[0]}
    span = periods.presets(shared["month"], opened_[0].as_of)["12"]
    regions = [(), *((region,) for region in shared["region"][:2])]
    channels = [(), *((channel,) for channel in shared["channel"][:1])]
    return [Choice(*one) for one in product(PAGES, regions, channels, (None, span))]


def clicked(choice: Choice, every: list[Choice], rng: random.Random) -> Choice:
    """Another choice, one click away: another page, region, channel or period."""
    name = rng.choice(("page", "regions", "channels", "span"))
    others = {getattr(one, name) for one in every} - {getattr(choice, name)}
    return replace(choice, **{name: rng.choice(sorted(others, key=str))})


class Step:
    """So many readers on a server of their own, while the published snapshot changes."""

    def __init__(self, count: int, seconds: float, snapshots: tuple[Path, Path], every: list[Choice]) -> None:
        self.count, self.seconds, self.snapshots, self.every = count, seconds, snapshots, every
        self.pause = PAUSE if count <= HURRIED else LONG_PAUSE
        self.first: list[Run] = []
        self.walks: list[Run] = []
        self.again: list[Run] = []
        self.answered: set[tuple[str, Choice]] = set()
        self.contents: dict[str, int] = {}  # version: which of the two snapshots it is a copy of
        self.turned = (0.0, 0.0)  # when the other was published, and when it was seen first
        self.news = asyncio.Event()  # it was seen
        self.logged = ""
        self.memory = (0, 0)  # MB, when the first reader has seen everything, and at the end

    async def run(self) -> "Step":
        self.load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as folder:
            self.published, log = Path(folder) / "snapshot.duckdb", Path(folder) / "log.txt"
            self.version = self._turn(0)
            async with serving(self.published, log) as (port, server):
                async with reader(port) as first:
                    for choice in self.every:
                        self.first.append(await self._ask(first, choice))
                before = memory(server)
                await asyncio.gather(self._news(port), *(self._read(port, number) for number in range(self.count)))
                self.memory = (before, memory(server))
            self.logged = log.read_text("utf-8", "replace")
        return self

    @property
    def runs(self) -> list[Run]:
        return self.first + self.walks + self.again

    def parts(self) -> list[list[Run]]:
        """What PARTS names."""
        published, shown = self.turned
        before = [run for run in self.walks if run.ended < published]
        after = [run for run in self.walks if run.began > shown]
        meanwhile = [run for run in self.walks if run.ended >= published and run.began <= shown]
        return [self.walks, before, meanwhile, after, [run for run in self.walks if run.cold], self.again]

    def _turn(self, which: int) -> str:
        version = publish(self.snapshots[which], self.published)
        self.contents[version] = which
        return version

    async def _news(self, port: int) -> None:
        """Publish the other snapshot, and look until it is shown: it is prepared first."""
        await asyncio.sleep(self.seconds / 2)
        before = time.perf_counter()
        version = await asyncio.to_thread(self._turn, 1)
        async with reader(port) as session:
            while version not in (await session.ask(Choice("data"))).versions:
                if time.perf_counter() > before + PATIENCE + warming.PATIENCE:
                    raise RuntimeError("the new snapshot is not shown")
                await asyncio.sleep(0.5)
        self.version, self.turned = version, (before, time.perf_counter())
        self.news.set()

    async def _read(self, port: int, number: int) -> None:
        rng, began = random.Random(number), time.perf_counter()
        choice, mine = self.every[0], []
        async with reader(port, number) as session:
            await asyncio.sleep(rng.uniform(0, self.pause))
            while not any(run.errors for run in mine):
                if self.news.is_set() and time.perf_counter() > began + self.seconds:
                    break
                mine.append(await self._ask(session, choice))
                self.walks.append(mine[-1])
                choice = clicked(choice, self.every, rng)
                await asyncio.sleep(self.pause * rng.uniform(0.5, 1.5))
            await self.news.wait()
            before = [run.choice for run in mine if run.ended < self.turned[0]] or self.every[:1]
            mine.append(await self._ask(session, rng.choice(before)))
            self.walks.append(mine[-1])
            since = [] if any(run.errors for run in mine) else [run for run in mine if run.began > self.turned[1]]
            for run in since[-1:] + since[:-1]:
                await asyncio.sleep(self.pause * rng.uniform(0.5, 1.5))
                self.again.append(await self._ask(session, run.choice))
                if time.perf_counter() > max(began + self.seconds, self.turned[1]) + self.seconds * SECOND_PASS:
                    break

    async def _ask(self, session: Reader, choice: Choice) -> Run:
        asked = (self.version, choice)
        cold = asked not in self.answered
        run = await session.ask(choice)
        run.snapshot, run.cold = asked[0], cold
        self.answered.add(asked)
        return run


def memory(process: int) -> int:
    (resident,) = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text("ascii"))
    return int(resident) // 1024


Alone = dict[tuple[int, Choice], Shown]  # which snapshot, and the page: what it shows


async def alone(snapshots: tuple[Path, Path], asked: set[Choice]) -> Alone:
    """What each of the two snapshots shows on these pages, told by a server that knows no other."""

    async def told(which: int) -> Alone:
        with tempfile.TemporaryDirectory() as folder:
            published = Path(folder) / "snapshot.duckdb"
            publish(snapshots[which], published)
            quiet = serving(published, Path(folder) / "log.txt", DASHBOARD_WARMING="off")
            async with quiet as (port, _), reader(port) as session:
                runs = [await session.ask(choice) for choice in sorted(asked, key=str)]
        if errors := [error for run in runs for error in run.errors]:
            raise RuntimeError(f"a server of one snapshot alone: {errors[0]}")
        return {(which, run.choice): run.shown for run in runs}

    one, other = await asyncio.gather(told(0), told(1))
    return one | other


@dataclass
class Held:
    """How many runs show one snapshot as a whole, and what is wrong with the others."""

    whole: int
    compared: list[int]  # pages with their filters that were answered of both snapshots, by step
    differing: float  # share of the charts that tell the two snapshots apart
    wrong: list[str]

    def problems(self, steps: list[Step]) -> list[str]:
        """What is wrong, and why less is proved than is claimed."""
        told = [
            f"{step.count} readers: no page was answered of both snapshots"
            for step, pages in zip(steps, self.compared, strict=True)
            if not pages
        ]
        if self.differing < 1 - ALIKE:
            told.append(f"the two snapshots differ in only {self.differing:.0%} of their charts")
        return self.wrong + told


def held(steps: Iterable[Step], shows: Alone) -> Held:
    """Hold what every run showed against what its page and filters show of one snapshot alone.

    Of the first, where it was over before the other was published; of the other, where it began after anybody had seen
    that; between of either.
    """
    wrong, whole, compared = [], 0, []
    for step in steps:
        answered: tuple[set[Choice], set[Choice]] = (set(), set())
        runs = [run for run in step.runs if not run.errors]
        new = [run.ended for run in runs for version in run.versions if step.contents.get(version) == 1]
        seen = min([*new, step.turned[1] or inf])
        for run in runs:
            named = {step.contents.get(version) for version in run.versions}
            before, after = run.ended < step.turned[0] or not step.turned[0], run.began > seen
            may = (0,) if before else (1,) if after else (0, 1)
            if len(named) > 1 or named - {*may}:
                wrong.append(f"{run.choice}: names {sorted(run.versions)}, {run.snapshot} was published")
            elif run.shown not in [shows[which, run.choice] for which in may]:
                strange = _strange(run, [shows[which, run.choice] for which in may])
                wrong.append(f"{run.choice}: shows in {strange} places what no snapshot alone shows there")
            else:
                whole += 1
                if len(may) == 1:
                    answered[may[0]].add(run.choice)
        compared.append(len(answered[0] & answered[1]))
    pairs = [(shows[0, choice], shows[1, choice]) for which, choice in shows if not which]
    charts = [one.get(at) != other.get(at) for one, other in pairs for at in one | other if at[0] == CHART]
    differing = sum(charts) / max(len(charts), 1)
    return Held(whole, compared, differing, wrong)


def _strange(run: Run, either: list[Shown]) -> int:
    """In how many places a run shows something else than the snapshot that is nearest to it."""
    return min(sum(run.shown.get(place) != one.get(place) for place in run.shown | one) for one in either)


def told(runs: list[Run]) -> str:
    """How many, and median and 95th percentile in milliseconds."""
    took = sorted(run.took * 1000 for run in runs if not run.errors)
    if len(took) < 2:
        return f"{len(took):4} {took[0] if took else float('nan'):6.0f}      –"
    cuts = quantiles(took, n=20, method="inclusive")
    return f"{len(took):4} {cuts[9]:6.0f} {cuts[18]:6.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 10, 25, 50])
    parser.add_argument("--seconds", type=float, default=30, help="of each walk")
    parser.add_argument("--snapshot", type=Path, help="to show at first (default: built from the committed exports)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        demo.write(place / "exports", seed=2)
        exports = {"first": ROOT / "data" / "exports", "second": place / "exports"}
        for name in ("second",) if options.snapshot else exports:
            build(exports[name], place / name / "snapshot.duckdb")
        snapshots = (current(options.snapshot or place / "first" / "snapshot.duckdb"),)
        snapshots += (current(place / "second" / "snapshot.duckdb"),)
        every = choices(*snapshots)
        sizes = " and ".join(f"{path.stat().st_size / 1e6:.1f} MB" for path in snapshots)
        print(f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} processors, {len(every)} pages with their filters,")
        print(f"snapshots of {sizes}. Milliseconds; server MB at the first page, at the end, what came to it")
        print("by reader (with the answers that all share); load before; seconds until the new one is shown\n")
        print(f"{'':12} | {' | '.join(f'{part:16}' for part in PARTS)} |")
        print(f"readers    s | {'   n    p50    p95 | ' * len(PARTS)}  MB   end  each | load  news")
        steps = []
        for count in options.readers:
            step = asyncio.run(Step(count, options.seconds, snapshots, every).run())
            steps.append(step)
            parts = " | ".join(told(runs) for runs in step.parts())
            first, last = step.memory
            grown = f"{first:4} {last:5} {(last - first) / count:5.1f}"
            news = f"{step.load:4.1f} {step.turned[1] - step.turned[0]:5.1f}"
            print(f"{count:7} {step.pause:4.0f} | {parts} | {grown} | {news}", flush=True)
        asked = {run.choice for step in steps for run in step.runs}
        found = held(steps, asyncio.run(alone(snapshots, asked)))
    errors = [error for step in steps for run in step.runs for error in run.errors]
    errors += [line for step in steps for line in step.logged.splitlines() if "Traceback" in line]
    compared = ", ".join(map(str, found.compared))
    print(f"\n{len(errors)} errors. {found.whole} answers show one snapshot alone, {len(found.wrong)} do not.")
    print(f"{compared} pages were answered of both, by step; the two differ in {found.differing:.0%} of their charts.")
    counted = Counter(errors + found.problems(steps))
    print(*(f"{count} x {line}" for line, count in counted.most_common(20)), sep="\n")
    if counted:
        sys.exit("failed: see above")


if __name__ == "__main__":
    main()

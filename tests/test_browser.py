"""What only a browser can show: addresses, downloads, drawn charts, both themes, a phone, and what a console says."""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app import demo as company
from app.metrics import metrics
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

PAGES = ("overview", "goals", "trust", "innovation", "diversity", "practices", "data")
WHOLE = "All regions · all channels · May 2023 – Oct 2026"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Streamlit asks for these two below the page's own path first, and then where they are.
EXPECTED_404 = re.compile(rf"/({'|'.join(PAGES)})/_stcore/(health|host-config)$")
DRAWN = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
    const coming = document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]');
    return app?.dataset.testScriptState === 'notRunning' && !coming
        && document.querySelector('h1') && document.querySelector('[class*="st-key-card-"]')
        && charts.every(chart => chart.querySelector('svg path'))
        && (charts.length || document.querySelector('[data-testid="stMain"] table.board'));
}"""


STANDS = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    return [main.innerHTML.length, main.innerText.length, main.scrollWidth, main.scrollHeight, document.fonts.status];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium: the one that CHROMIUM names, one on the path, or Playwright's own."""
    with sync_playwright() as playwright:
        places = (os.environ.get("CHROMIUM", ""), *NAMES, playwright.chromium.executable_path)
        path = next(filter(None, map(shutil.which, places)), None)
        if not path:
            lacking = "there is no Chromium: install one, or name it with CHROMIUM=…"
            if os.environ.get("CI") or os.environ.get("REQUIRE_BROWSER") == "1":
                pytest.fail(lacking)
            pytest.skip(lacking)
        with playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as launched:
            yield launched


@contextmanager
def running(log: Path, command: list[str], port: int, **options: object) -> Iterator[str]:
    """A server of our own, waited for until it answers, and ended by its process id."""
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **options)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert child.poll() is None and time.monotonic() < deadline, log.read_text("utf-8", "replace")
                time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def site(demo_snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard as `python -m app serve` starts it, on the demonstration snapshot: its address."""
    port, log = free_port(), tmp_path_factory.mktemp("serve") / "log.txt"
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--snapshot", str(demo_snapshot)]
    with running(log, command, port, cwd=ROOT) as address:
        yield address
    assert "Traceback" not in log.read_text("utf-8", "replace")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address in a context of its own, and hold it at the end against what no page may do.

    Nothing thrown, nothing in the console but the two answers 404 that Streamlit itself causes, no dialog, no error
    box, nothing asked of another machine.
    """
    contexts, noticed, tabs = [], [], []

    def open_(address: str, drawn: bool = True, **context: object) -> Page:
        contexts.append(browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context}))
        tab = contexts[-1].new_page()
        tabs.append(tab)

        def console(message) -> None:
            if message.type == "error" and EXPECTED_404.search(urlsplit(message.location["url"]).path):
                return
            if message.type == "error" or "WARN" in message.text:
                noticed.append(f"console: {message.text} {message.location['url']}")

        def dialog(box) -> None:
            noticed.append(f"dialog: {box.message}")
            box.dismiss()

        def request(asked) -> None:
            if asked.url.startswith(("http", "ws")) and urlsplit(asked.url).hostname != "localhost":
                noticed.append(f"asked another machine: {asked.url}")

        tab.on("console", console)
        tab.on("pageerror", lambda error: noticed.append(f"thrown: {error}"))
        tab.on("dialog", dialog)
        tab.on("request", request)
        tab.goto(address)
        return settled(tab) if drawn else tab

    yield open_
    for tab in (tab for tab in tabs if not tab.is_closed()):
        assert tab.locator('[data-testid="stException"]').count() == 0
    for context in contexts:
        context.close()
    assert noticed == []


def settled(tab: Page) -> Page:
    """Wait until the page has run to its end, every chart has drawn its marks, and nothing moves any more."""
    tab.wait_for_function(DRAWN, timeout=60_000)
    before = None
    for _ in range(40):
        now = tab.evaluate(STANDS)
        if now == before:
            break
        before = now
        tab.wait_for_timeout(500)
    tab.wait_for_function(DRAWN, timeout=60_000)
    return tab


def filter_words(tab: Page) -> str:
    return tab.locator('[data-testid="stMain"] [data-testid="stCaptionContainer"]').nth(1).inner_text()


def shows(tab: Page, words: str) -> Page:
    """Wait until the words above the figures begin so, and the page stands still again."""
    tab.wait_for_function(
        """words => document.querySelectorAll('[data-testid="stMain"] [data-testid="stCaptionContainer"]')[1]
            ?.innerText.startsWith(words)""",
        arg=words,
        timeout=30_000,
    )
    return settled(tab)


WRITING = """() => [...document.querySelectorAll('[data-testid="stVegaLiteChart"] svg')].map(svg => {
    const edge = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].filter(text => text.textContent).map(text => {
        const box = text.getBoundingClientRect();
        return [text.textContent, Math.round(box.top - edge.top), Math.round(box.left - edge.left)];
    }).sort((one, other) => one[0].localeCompare(other[0]) || one[1] - other[1] || one[2] - other[2]);
})"""


def reading(tab: Page) -> dict[str, list]:
    """All that a reader can take from a page: headings, cards, words, and what stands where in the charts.

    Not in which order a chart writes its labels: one that is changed in its place keeps those that it has.
    """
    return {
        "headings": tab.locator('[data-testid="stMain"] :is(h1, h2, h3)').all_inner_texts(),
        "cards": [sorted(text.splitlines()) for text in tab.locator('[class*="st-key-card-"]').all_inner_texts()],
        "words": tab.locator('[data-testid="stMain"] [data-testid="stCaptionContainer"]').all_inner_texts(),
        "charts": tab.evaluate(WRITING),
    }


def alike(one: dict[str, list], other: dict[str, list]) -> bool:
    """The same words, in charts at the same place: a chart that was there before can be a pixel wider."""
    charts = [[label for chart in read["charts"] for label in chart] for read in (one, other)]
    moved = [
        abs(here - there)
        for told in zip(*charts, strict=True)
        for here, there in zip(told[0][1:], told[1][1:], strict=True)
    ]
    words = [[text for text, *_ in labels] for labels in charts]
    return words[0] == words[1] and max(moved, default=0) <= 3 and one | {"charts": []} == other | {"charts": []}


def downloaded(tab: Page, figure: str, ending: str) -> tuple[str, bytes]:
    """Show the downloads of one figure, if they are not, and press one; the name that the file is given, its bytes."""
    button = tab.locator(f".st-key-{ending.upper()}-{figure}").get_by_role("button", name=ending.upper())
    if not button.count():
        tab.locator(f".st-key-take-{figure}").get_by_role("button", name="Download").click()
    with tab.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def queried(snapshot: Path, *words: str) -> bytes:
    command = [sys.executable, "-m", "app", "query", *words, "--format", "csv", "--snapshot", str(snapshot)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def address_of(tab: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(tab.url).query)


def choose_region_by_keyboard(tab: Page, region: str) -> None:
    box = tab.get_by_role("combobox", name=re.compile("Region"))
    box.focus()
    tab.keyboard.type(region)
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")


# --- opening ---


def test_a_bare_address_opens_the_first_page_under_its_own_address(site: str, visit) -> None:
    """So that what a reader copies names the page."""
    by_path, bare = visit(f"{site}/overview"), visit(f"{site}/")
    assert urlsplit(bare.url).path == "/overview"
    assert alike(reading(by_path), reading(bare))
    assert by_path.locator("table.board svg.spark").count() > 10


# Rules of axe-core that markup of Streamlit breaks, which we cannot change: rule → selector, why.
NOT_OURS: dict[str, tuple[str, ...]] = {}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
MARKS = "svg .mark-symbol path, svg .mark-rect path, svg .mark-rule line, svg .mark-line path, svg .mark-area path"


def violations(tab: Page) -> list[str]:
    """What axe-core finds that keeps a reader from using the page: serious, critical, or headings out of order."""
    tab.evaluate(AXE)
    found = tab.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{rule['id']} at {json.dumps(node['target'])}: {node['failureSummary']}"
        for rule in found
        if rule["impact"] in ("serious", "critical") or rule["id"] == "heading-order"
        for node in rule["nodes"]
        if not any(selector in json.dumps(node["target"]) for selector in NOT_OURS.get(rule["id"], ()))
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_drawn_whole_and_can_be_read_by_everybody(site: str, visit, page: str, scheme: str) -> None:
    tab = visit(f"{site}/{page}", color_scheme=scheme)
    least = {"diversity": 4, "goals": 8, "innovation": 8, "trust": 21}.get(page, 0)
    charts = tab.locator('[data-testid="stVegaLiteChart"]')
    assert charts.count() >= least
    for chart in charts.all():
        assert chart.locator(MARKS).count() > 0
        named = chart.locator("[aria-label]").first.get_attribute("aria-label")
        assert named and len(named) > 10, "a chart says its finding to a screen reader"
    for small in tab.locator("svg.spark").all():
        assert small.locator("polyline").count() == 1 and len(small.get_attribute("aria-label")) > 10
    assert tab.locator("h1").count() == 1
    assert tab.evaluate(BEYOND, 1440) == []
    found = violations(tab)
    assert not found, "\n".join(found)


def test_filters_in_a_bare_address_are_kept_on_the_way_to_the_page(site: str, visit) -> None:
    tab = visit(f"{site}/?regions=EMEA&regions=Latin+America&from=2025-11")
    assert urlsplit(tab.url).path == "/overview"
    assert address_of(tab) == {"regions": ["EMEA", "Latin America"], "from": ["2025-11"]}
    assert filter_words(tab).startswith("EMEA and Latin America · all channels · Nov 2025 – Oct 2026")


# --- choosing, linking, taking away ---


def test_a_choice_lives_in_the_address_and_a_copied_link_shows_the_same_numbers(
    site: str, visit, demo_snapshot: Path
) -> None:
    """Choose, copy the address, open it elsewhere: same numbers, and the file is what the command line prints."""
    tab = visit(f"{site}/trust")
    before = reading(tab)
    choose_region_by_keyboard(tab, "EMEA")
    shows(tab, "EMEA · all channels · May 2023 – Oct 2026")
    assert address_of(tab) == {"regions": ["EMEA"]}
    assert reading(tab)["cards"] != before["cards"] and reading(tab)["charts"] != before["charts"]
    tab.get_by_role("button", name="Last 12 months").click()
    shows(tab, "EMEA · all channels · Nov 2025 – Oct 2026")
    assert address_of(tab) == {"regions": ["EMEA"], "from": ["2025-11"], "to": ["2026-10"]}

    other = visit(tab.url, timezone_id="America/Los_Angeles", locale="de-DE")
    assert alike(reading(other), reading(tab)), "the same for a reader elsewhere, whose day and language are others"
    name, content = downloaded(tab, "promises_kept-trend", "csv")
    assert (name, content) == downloaded(other, "promises_kept-trend", "csv")
    chosen = ("--region", "EMEA", "--from", "2025-11", "--to", "2026-10")
    assert content == queried(demo_snapshot, "trend", "--metric", "promises_kept", *chosen)
    assert (name, content.count(b"\n")) == ("promises_kept-trend.csv", 13), "a heading and twelve months"


def test_a_quarter_is_a_link_to_its_months(site: str, visit) -> None:
    """The months stand in the address, none of the words: the link shows them when later months have come."""
    tab = visit(f"{site}/trust")
    tab.get_by_role("button", name="Last full quarter").click()
    shows(tab, "All regions · all channels · Jul 2026 – Sep 2026")
    assert address_of(tab) == {"from": ["2026-07"], "to": ["2026-09"]}
    assert "Jul – Sep 2026: " in tab.locator('[class*="st-key-card-headline-nps"]').inner_text()
    assert alike(reading(visit(tab.url)), reading(tab))


def test_what_the_browser_still_holds_is_named_and_not_sent_again(site: str, visit) -> None:
    """The style sheet and all else of 100 bytes or more that a choice leaves as it was."""
    tab, frames, sent = visit(f"{site}/overview"), [], []
    tab.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    tab.reload()
    settled(tab)
    for period, months in {"Last 12 months": "Nov 2025 – Oct 2026", "Last 24": "Nov 2024 – Oct 2026"}.items():
        sent.append([ForwardMsg.FromString(frame) for frame in frames])
        frames.clear()
        tab.get_by_role("button", name=period).click()
        shows(tab, f"All regions · all channels · {months}")
    sent.append([ForwardMsg.FromString(frame) for frame in frames])
    whole = [{message.hash for message in messages if message.metadata.cacheable} for messages in sent]
    assert [len(before & after) for before, after in pairwise(whole)] == [0, 0]
    named = {message.ref_hash for message in sent[-1]} - {""}
    assert named & whole[0] and named.isdisjoint(whole[-1])
    assert not any(b"<style" in frame for frame in frames)


def test_taking_back_a_choice_takes_it_out_of_the_address(site: str, visit) -> None:
    tab = visit(f"{site}/trust?regions=EMEA&from=2025-11&to=2026-10")
    tab.get_by_role("button", name="All", exact=True).click()
    shows(tab, "EMEA · all channels · May 2023 – Oct 2026")
    assert address_of(tab) == {"regions": ["EMEA"]}
    tab.get_by_role("combobox", name=re.compile("Region")).focus()
    tab.keyboard.press("Backspace")
    shows(tab, WHOLE)
    assert address_of(tab) == {}


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ("first_reply_hours-by_channel", ("by_channel", "--metric", "first_reply_hours")),
        ("sla_attainment-channels", ("channels", "--metric", "sla_attainment")),
        ("nps-recommendation", ("recommendation",)),
    ],
)
def test_every_kind_of_figure_downloads_the_rows_of_the_command_line(
    site: str, visit, demo_snapshot: Path, figure: str, words: tuple[str, ...]
) -> None:
    tab = visit(f"{site}/trust?regions=North+America")
    content = downloaded(tab, figure, "csv")[1]
    assert content == queried(demo_snapshot, *words, "--region", "North America")


def test_a_workbook_opens_with_the_rows_and_what_they_are(site: str, visit) -> None:
    tab = visit(f"{site}/trust?regions=EMEA")
    name, content = downloaded(tab, "promises_kept-by_channel", "xlsx")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert (name, book.sheetnames) == ("promises_kept-by_channel.xlsx", ["Data", "About"])
    rows = list(book["Data"].values)
    csv = downloaded(tab, "promises_kept-by_channel", "csv")[1].decode().splitlines()
    assert ",".join(rows[0]) == csv[0] and len(rows) == len(csv)
    assert [row[0] for row in rows] == [line.split(",")[0] for line in csv]
    about = dict(book["About"].values)
    assert about["Filters"].startswith("EMEA · all channels") and "select" in about["SQL"]
    assert about["Definition"] == metrics()["promises_kept"].definition


def test_a_picture_can_be_read_on_its_own(site: str, visit) -> None:
    """SVG: well formed, finding and filters as text, no colour left to a style sheet. PNG: what a slide takes."""
    tab = visit(f"{site}/trust?regions=EMEA")
    name, content = downloaded(tab, "promises_kept-trend", "svg")
    image = ElementTree.fromstring(content)
    written = " ".join(" ".join(image.itertext()).split())
    finding = tab.locator(".st-key-card-promises_kept-trend h2").inner_text()
    assert (name, image.tag) == ("promises_kept-trend.svg", "{http://www.w3.org/2000/svg}svg")
    assert finding in written and "EMEA · all channels · May 2024 – Oct 2026 · data to" in written
    assert b"var(" not in content and b"NaN" not in content
    name, content = downloaded(tab, "promises_kept-trend", "png")
    assert (name, content[:8]) == ("promises_kept-trend.png", b"\x89PNG\r\n\x1a\n")
    assert len(content) > 10_000 and int.from_bytes(content[16:20], "big") > 1500, "wide enough for a slide"


def test_the_same_link_gives_the_same_files_and_a_page_is_one_workbook(site: str, visit) -> None:
    """Two readers, one link: the same bytes. The workbook has a sheet for each figure, and About."""
    tabs = [visit(f"{site}/innovation?regions=EMEA") for _ in range(2)]
    for ending in ("csv", "xlsx"):
        first, second = (downloaded(tab, "ideas_per_100-trend", ending) for tab in tabs)
        assert first == second and first[0] == f"ideas_per_100-trend.{ending}"
    with tabs[0].expect_download() as download:
        tabs[0].get_by_role("button", name="All data of this page (XLSX)").click()
    assert download.value.suggested_filename == "innovation.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    figures = tabs[0].locator('[class*="st-key-take-"]').count()
    assert len(book.sheetnames) == figures + 1 > 5 and book.sheetnames[-1] == "About"
    assert all(book[name].max_row > 1 for name in book.sheetnames)


def test_how_is_this_computed_opens_with_definition_and_query(site: str, visit) -> None:
    tab = visit(f"{site}/trust")
    tab.locator(".st-key-links-promises_kept-trend").get_by_role("button", name="How is this computed?").click()
    box = tab.locator('[data-testid="stPopoverBody"]')
    box.get_by_text("from commitments").wait_for()
    assert metrics()["promises_kept"].definition in box.inner_text()
    assert "crm/commitments.csv" in box.inner_text() and "Owner" in box.inner_text()


# --- themes and sizes ---


COLOURS = """() => {
    const of = (selector, property) => getComputedStyle(document.querySelector(selector))[property];
    return {page: of('.stApp', 'backgroundColor'), text: of('h1', 'color'),
            card: of('[class*="st-key-card-"]', 'backgroundColor'),
            label: of('[data-testid="stVegaLiteChart"] svg text', 'fill'),
            mark: of('[data-testid="stVegaLiteChart"] svg .mark-symbol path', 'stroke')};
}"""


def lightness(colour: str) -> float:
    """0 (black) to 1 (white) of `rgb(…)` as a browser gives it."""
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_both_themes_are_drawn_in_colours_of_their_own(site: str, visit) -> None:
    """The reader's setting decides; charts follow, although nothing but style tells them."""
    light, dark = (visit(f"{site}/trust", color_scheme=scheme).evaluate(COLOURS) for scheme in ("light", "dark"))
    assert lightness(light["page"]) > 0.9 and lightness(light["card"]) > 0.9 and lightness(light["text"]) < 0.2
    assert lightness(dark["page"]) < 0.15 and lightness(dark["card"]) < 0.2 and lightness(dark["text"]) > 0.7
    for part in ("label", "mark"):
        assert light[part] != dark[part] and lightness(dark[part]) > lightness(light[part])


CUT = """() => {
    const cut = [];
    for (const card of document.querySelectorAll('[class*="st-key-card-"]')) {
        const edge = card.getBoundingClientRect();
        for (const element of card.querySelectorAll('*')) {
            const style = getComputedStyle(element), box = element.getBoundingClientRect();
            const words = (element.textContent || '').trim();
            if (!words || !box.width) continue;
            if (style.textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth + 1)
                cut.push('… ' + words);
            if (element.tagName === 'text' && (box.right > edge.right + 1 || box.left < edge.left - 1))
                cut.push('beyond its card: ' + words);
            if (element.tagName === 'text' && /[^ ]…$/.test(words)) cut.push('shortened: ' + words);
        }
    }
    return cut;
}"""
BEYOND = """width => {
    const wide = [document.documentElement, document.body, ...document.querySelectorAll('[data-testid="stMain"]')]
        .filter(element => element.scrollWidth > width).map(element => element.tagName + ' ' + element.scrollWidth);
    const cards = [...document.querySelectorAll('[class*="st-key-card-"], [data-testid="stMain"] :is(h1, h2, p)')]
        .filter(element => element.getBoundingClientRect().right > width + 1).map(element => element.innerText);
    return [...wide, ...cards];
}"""
COLLIDING = """() => {
    const found = [];
    for (const svg of document.querySelectorAll('[data-testid="stVegaLiteChart"] svg')) {
        const texts = [...svg.querySelectorAll('text')].filter(text => text.textContent.trim()
            && getComputedStyle(text).opacity !== '0');
        const boxes = texts.map(text => text.getBoundingClientRect());
        for (let one = 0; one < texts.length; one++) for (let two = one + 1; two < texts.length; two++) {
            const wide = Math.min(boxes[one].right, boxes[two].right) - Math.max(boxes[one].left, boxes[two].left);
            const high = Math.min(boxes[one].bottom, boxes[two].bottom) - Math.max(boxes[one].top, boxes[two].top);
            if (wide > 2 && high > 6) found.push(texts[one].textContent + ' / ' + texts[two].textContent);
        }
    }
    return found;
}"""


@pytest.mark.parametrize(
    "size", [{"width": 1440, "height": 900}, {"width": 1024, "height": 768}], ids=["desk", "tablet"]
)
def test_no_text_is_cut_and_no_labels_collide(site: str, visit, size: dict) -> None:
    tab = visit(f"{site}/trust", viewport=size)
    assert tab.evaluate(CUT) == []
    assert tab.evaluate(COLLIDING) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_shows_the_page_without_sideways_scrolling_or_cut_text(site: str, visit, page: str) -> None:
    """390 × 844, by touch: the sidebar is folded away and can be opened, and every card fits."""
    tab = visit(f"{site}/{page}", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert tab.evaluate(BEYOND, 390) == []
    assert tab.evaluate(CUT) == []
    assert tab.evaluate(COLLIDING) == []
    assert tab.locator("h1").bounding_box()["y"] < 844 / 3
    tab.get_by_test_id("stExpandSidebarButton").click()
    tab.get_by_role("combobox", name=re.compile("Region")).wait_for()


# --- the keyboard ---


CONTROLS = """() => {
    const seen = element => element.checkVisibility({opacityProperty: true, visibilityProperty: true});
    const places = '[data-testid="stSidebar"], [data-testid="stMain"]';
    const found = [...document.querySelectorAll(`:is(${places}) :is(a[href], button, input, summary, [tabindex])`)]
        .filter(element => seen(element) && element.tabIndex >= 0 && !element.disabled
            && element.getBoundingClientRect().width > 1);
    window.looks = element => {  // of it and what frames it
        const parts = [];
        for (let part = element, up = 0; part && up < 4; part = part.parentElement, up++) {
            const style = getComputedStyle(part);
            const outlined = style.outlineStyle === 'none' ? '' : style.outlineWidth + style.outlineColor;
            parts.push(outlined, style.boxShadow, style.borderTopWidth === '0px' ? '' : style.borderTopColor);
        }
        return parts.join(' ');
    };
    window.controls = found;
    window.unfocused = found.map(window.looks);
    return found.map((element, place) => `${place} ${element.tagName} `
        + (element.innerText || element.getAttribute('aria-label') || '').slice(0, 40));
}"""
STANDS_AT = """async () => {
    await new Promise(done => setTimeout(done, 20));
    const at = document.activeElement, place = window.controls.indexOf(at);
    if (place >= 0) return [place, window.looks(at) !== window.unfocused[place], at.getBoundingClientRect().top];
    return [at === document.body ? 'end' : 'elsewhere', true, 0];
}"""
IN_ORDER = """() => {
    const cards = [...document.querySelectorAll('[class*="st-key-card-"]')].map(card => card.getBoundingClientRect());
    const rows = (one, two) => Math.abs(one.top - two.top) < 8 ? one.left - two.left : one.top - two.top;
    return cards.every((card, place) => !place || rows(cards[place - 1], card) < 0);
}"""


@pytest.mark.parametrize("page", PAGES)
def test_the_keyboard_reaches_everything_in_its_order_and_shows_where_it_stands(site: str, visit, page: str) -> None:
    """By Tab from the first link to the last download, and out again at the end."""
    tab = visit(f"{site}/{page}")
    controls = tab.evaluate(CONTROLS)
    reached, unseen = [], []
    for _ in range(len(controls) + 8):
        tab.keyboard.press("Tab")
        place, shows, top = tab.evaluate(STANDS_AT)
        if place == "end":
            break
        if place != "elsewhere":  # the skip link and the scrolling page itself
            reached.append(place)
            unseen += [] if shows and 0 <= top < 900 else [controls[place]]
    assert place == "end", "nothing holds the keyboard"
    assert [controls[place] for place in reached] == controls
    assert unseen == []
    assert tab.evaluate(IN_ORDER), "what stands later in the page stands lower, or further to the right"


def test_a_figure_is_explained_and_taken_away_by_keyboard(site: str, visit) -> None:
    """Enter or Space opens, Escape closes and gives the keyboard back; Tab goes in, and Enter on CSV is a download."""
    tab = visit(f"{site}/trust")
    links = tab.locator(".st-key-links-promises_kept-trend")
    how = links.get_by_role("button", name="How is this computed?")
    box = tab.locator('[data-testid="stPopoverBody"]')
    for key in ("Enter", " "):
        how.focus()
        tab.keyboard.press(key)
        box.get_by_text("from commitments").wait_for()
        tab.keyboard.press("Escape")
        box.wait_for(state="hidden")
        settled(tab)
        assert how.evaluate("button => button === document.activeElement"), key
    links.get_by_role("button", name="Download").focus()
    tab.keyboard.press("Enter")
    csv = links.get_by_role("button", name="CSV")
    csv.wait_for()
    tab.keyboard.press("Tab")
    assert csv.evaluate("button => button === document.activeElement")
    with tab.expect_download() as download:
        tab.keyboard.press("Enter")
    assert download.value.suggested_filename == "promises_kept-trend.csv"


# --- paper ---


PAPER = {"width": 718, "height": 1032}  # pixels of A4 within the margins of the style sheet, upright
STANDING = """() => {  // the page as it stands, without its scripts, which would draw the charts anew
    const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules].map(rule => rule.cssText));
    const whole = document.documentElement.cloneNode(true);
    whole.querySelectorAll('script, link, style').forEach(element => element.remove());
    const style = whole.querySelector('head').appendChild(document.createElement('style'));
    style.textContent = rules.join('\\n');
    return '<!doctype html>' + whole.outerHTML;
}"""
SEEN = """
    const main = document.querySelector('[data-testid="stMain"]');
    const seen = element => element.checkVisibility({opacityProperty: true, visibilityProperty: true});
    const named = element => `${element.tagName} ${(element.textContent || '').trim().slice(0, 60)}`;
"""
OFF_PAPER = f"""width => {{ {SEEN}
    const drawn = 'svg, text, table, td, th, p, h1, h2, h3, [class*="st-key-card-"]';
    return [...main.querySelectorAll(drawn)].filter(element => {{
        const box = element.getBoundingClientRect();
        return seen(element) && box.width && (box.right > width + 1 || box.left < -1);
    }}).map(named);
}}"""
WRITTEN_OVER = f"""() => {{ {SEEN}
    const lines = [];
    for (const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT); walker.nextNode();) {{
        const words = walker.currentNode, holder = words.parentElement;
        if (!words.textContent.trim() || holder.closest('style') || !seen(holder)) continue;
        const range = document.createRange();
        range.selectNodeContents(words);
        for (const box of range.getClientRects()) lines.push([box, words.textContent.trim()]);
    }}
    const found = [];
    lines.forEach(([one, said], place) => lines.slice(place + 1).forEach(([two, also]) => {{
        const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
        const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
        if (wide > 2 && high > 5) found.push(`${{said}} / ${{also}}`);
    }}));
    return found;
}}"""
TALLEST = f"""() => {{ {SEEN}
    const whole = element => getComputedStyle(element).breakInside === 'avoid';
    const headed = table => getComputedStyle(table.tHead).display === 'table-header-group';
    const cards = [...main.querySelectorAll('[class*="st-key-card-"]')].filter(seen);
    const parts = cards.flatMap(card => whole(card) ? [card] : [...card.querySelectorAll('table.board tr')]);
    const cut = cards.filter(card => !whole(card) && ![...card.querySelectorAll('table.board')].some(headed));
    return [[...cut, ...parts.filter(part => !whole(part))].map(named),
        Math.max(...parts.map(part => part.getBoundingClientRect().height))];
}}"""


def on_paper(tab: Page) -> Page:
    """What the printer is given: the page drawn for the screen, set on A4 without being drawn again."""
    paper = tab.context.new_page()
    paper.set_viewport_size(PAPER)
    paper.emulate_media(media="print")
    paper.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"), times=1)
    paper.goto(tab.url)  # an empty page at its address, so that its fonts are found
    paper.set_content(tab.evaluate(STANDING))
    paper.evaluate("document.fonts.ready")
    return paper


def written_on(printed: bytes) -> list[bool]:
    """Of each sheet of a PDF as Chromium writes it, whether there is any text on it."""
    drawn = re.findall(rb"/Type\s*/Page\b.*?/Contents (\d+) 0 R", printed, re.DOTALL)
    streams = [re.search(rb"\n%s 0 obj\n.*?stream\r?\n(.*?)endstream" % name, printed, re.DOTALL)[1] for name in drawn]
    return [b"BT" in zlib.decompress(stream) for stream in streams]


@pytest.mark.parametrize("page", PAGES)
def test_a_printed_page_is_a_page(site: str, visit, page: str) -> None:
    """In the dark theme too: white paper, nothing beyond its edge, written over, cut in two, or only to be pressed."""
    tab = visit(f"{site}/{page}", color_scheme="dark")
    paper = on_paper(tab)
    assert paper.evaluate(OFF_PAPER, PAPER["width"]) == []
    assert paper.evaluate(WRITTEN_OVER) == []
    cut, tallest = paper.evaluate(TALLEST)
    assert cut == [] and tallest < PAPER["height"], (
        "a card fits on a sheet and stays in one piece; a long list is cut between rows"
    )
    pressed = paper.locator('button, [role="combobox"], [data-testid="stSidebar"], [data-testid="stPageLink"]')
    assert [button.inner_text() for button in pressed.all() if button.is_visible()] == []
    assert lightness(paper.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")) == 1
    for words in paper.locator("h1, h2, td, text").all()[:60]:
        ink = words.evaluate("word => getComputedStyle(word)[word.tagName === 'text' ? 'fill' : 'color']")
        assert lightness(ink) < 0.5 or words.evaluate("word => word.tagName") == "text", words.inner_text()
    printed = tab.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    assert all(written_on(printed)), "no sheet is left empty"


# --- trouble ---


def test_a_hostile_address_does_nothing_but_be_said(site: str, visit) -> None:
    """Had the words been put into the page as they stand, the dialog would have come."""
    attack = quote("<script>alert(1)</script><img src=x onerror=alert(2)>")
    tab = visit(f"{site}/trust?regions={attack}&channels={attack}&from={attack}")
    alerts = tab.locator('[data-testid="stAlert"]').all_inner_texts()
    assert len(alerts) == 3 and "This data has no such region" in alerts[0]
    assert filter_words(tab).startswith(WHOLE)
    assert "alert(1)" not in tab.locator("body").inner_text()
    assert address_of(tab) == {}, "what could not be used leaves the address too"


def test_the_bare_command_builds_first_and_shows_how_far_it_is(visit, tmp_path: Path) -> None:
    """`streamlit run` from somewhere else, with no snapshot: the reader sees the build and then the page."""
    company.write(tmp_path / "exports", employees=300, tickets=6000, months=15, until="2020-03")
    port, elsewhere = free_port(), tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = {
        "DASHBOARD_SNAPSHOT": str(tmp_path / "none" / "snapshot.duckdb"),
        "DASHBOARD_EXPORTS": str(tmp_path / "exports"),
    }
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")]
    command += ["--server.port", str(port), "--server.address", "localhost"]
    with running(tmp_path / "log.txt", command, port, cwd=elsewhere, env=os.environ | told) as address:
        tab = visit(f"{address}/trust", drawn=False)
        tab.get_by_text("There is no snapshot yet").wait_for(timeout=30_000)
        tab.get_by_text(re.compile(r"reading crm/\w+\.csv|computing \w+")).first.wait_for(timeout=30_000)
        settled(tab)
        assert "data to 31 Mar 2020" in filter_words(tab)
        assert urlsplit(tab.url).path == "/trust"
        assert tab.locator('[data-testid="stException"]').count() == 0
        tab.context.close()  # before its server ends, which it would complain about
    assert "Traceback" not in (tmp_path / "log.txt").read_text("utf-8", "replace")
    assert [path.name for path in elsewhere.iterdir()] == [], "nothing is left where it was started"

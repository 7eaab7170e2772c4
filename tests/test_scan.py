"""A search for people: no identifier and no comment of an HR or survey export is in anything that leaves a build."""

import csv
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import downloads
from app.answers import FIGURES, GENERIC, answer
from app.build import build
from app.filters import Filters
from app.metrics import metrics
from app.snapshot import Snapshot
from tests.conftest import ROOT, TODAY
from tests.test_browser import PAGES, browser, free_port, running, settled  # noqa: F401

EXPORTS = ROOT / "data" / "exports"
NAMED = re.compile(
    r"(Employee|Recognition|Response|Invitation|Author|Application|Applicant) ID|For idea|Comment|Learning"
)
CHOSEN = (Filters(), Filters(("EMEA",)))


@pytest.fixture(scope="module")
def secrets() -> set[str]:
    """Every identifier of a person, an answer or a recognition, and every free text."""
    found = set()
    for path in EXPORTS.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                found |= {cell.strip() for name, cell in row.items() if name and NAMED.fullmatch(name) and cell}
    assert len([secret for secret in found if re.fullmatch(r"E\d{5}", secret)]) > 1000
    assert len(found) > 20_000
    return found - {""}


def betrayed(secrets: set[str], told: Iterable[str | bytes]) -> set[str]:
    """The secrets that stand in what is told: as a word of it, or, if they are more than one word, anywhere in it."""
    texts = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in told]
    whole = "\n".join(texts)
    assert len(whole) > 50, "there is something to search"
    sentences = [secret for secret in secrets if not re.fullmatch(r"\w+", secret)]
    return (secrets & set(re.findall(r"\w+", whole))) | {secret for secret in sentences if secret in whole}


def test_the_search_finds_what_it_looks_for(secrets: set[str]) -> None:
    text = next(secret for secret in sorted(secrets) if " " in secret)
    told = ["of a long text about nobody at all that names the employee E00617,", f"and says: {text}".encode()]
    assert betrayed(secrets, told) == {"E00617", text}


def test_no_download_names_anybody(demo: Snapshot, secrets: set[str]) -> None:
    asked = [(figure, metric) for figure in GENERIC for metric in metrics()]
    asked += [(figure, None) for figure in FIGURES if figure not in GENERIC]
    found = [answer(demo, figure, metric, filters) for figure, metric in asked for filters in CHOSEN]
    told = [part for one in found for part in (downloads.csv(one), one.sentence, one.note)]
    told += [downloads.json_rows(one) for one in found[::7]]
    assert betrayed(secrets, told) == set()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_anybody(
    demo_snapshot: Path, secrets: set[str], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that a page sends, the data of its charts among it: the rows stand uncompressed in the messages."""
    monkeypatch.setenv("DASHBOARD_SNAPSHOT", str(demo_snapshot))
    tab = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    tab = tab.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    sent = [element.proto.SerializeToString() for element in tab.main if hasattr(element.proto, "SerializeToString")]
    assert len(sent) > 5
    assert page != "trust" or any(b"EMEA" in part for part in sent), "the data of charts are searched too"
    assert betrayed(secrets, sent) == set()


def test_a_build_says_nothing_of_anybody(secrets: set[str], tmp_path: Path) -> None:
    """What it says and prints; and its errors, where an HR export is broken in one row of three."""
    said: list[str] = []
    build(EXPORTS, tmp_path / "snapshot.duckdb", said.append, TODAY)
    broken = Path(shutil.copytree(EXPORTS / "hr", tmp_path / "exports"))
    workforce = broken / "workforce.csv"
    header, *rows = workforce.read_text("utf-8").splitlines()
    rows = [row.replace("-", "?") if random.Random(row).random() < 0.3 else row for row in rows]
    workforce.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    command = [sys.executable, "-m", "app", "build", "--exports", str(broken), "--snapshot", str(tmp_path / "s.duckdb")]
    for more in ([], ["--json"]):
        done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True)
        assert done.returncode == 1
        assert b"workforce.csv" in done.stderr
        said += [done.stdout.decode(), done.stderr.decode()]
    assert betrayed(secrets, said) == set()


@pytest.mark.browser
def test_no_frame_and_no_log_names_anybody(browser, demo_snapshot: Path, secrets: set[str], tmp_path: Path) -> None:  # noqa: F811
    """A real browser opens every page: what comes over the WebSocket, and what the server writes meanwhile."""
    frames: list[str | bytes] = []
    port, log = free_port(), tmp_path / "log.txt"
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--snapshot", str(demo_snapshot)]
    with running(log, command, port, cwd=ROOT) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        tab = context.new_page()
        tab.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
        for page in PAGES:
            tab.goto(f"{address}/{page}")
            settled(tab)
        context.close()
    assert len(frames) > 50
    assert any(b"EMEA" in frame for frame in frames if isinstance(frame, bytes))
    assert betrayed(secrets, [*frames, log.read_text("utf-8", "replace")]) == set()

"""First build: when there is no snapshot, make one from the exports and show the progress. One build, many watchers."""

import subprocess
import sys
import threading
from pathlib import Path

import streamlit as st

from app.snapshot import ROOT


class _Build:
    """The build of this process: a child that reads the exports, and the lines that it says.

    A child, because the process that shows the dashboard never opens an export.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lines: list[str] = []
        self.child: subprocess.Popen | None = None
        self.status: int | None = None

    def start(self, exports: Path, snapshot: Path) -> None:
        with self.lock:
            if self.child is not None:
                return
            command = [
                sys.executable,
                "-u",
                "-m",
                "app",
                "build",
                "--exports",
                str(exports),
                "--snapshot",
                str(snapshot),
            ]
            self.lines, self.status = [], None
            self.child = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
            )
            threading.Thread(target=self._listen, args=(self.child,), daemon=True).start()

    def _listen(self, child: subprocess.Popen) -> None:
        for line in child.stdout:
            self.lines.append(line.rstrip())
        self.status = child.wait()

    def forget(self) -> None:
        with self.lock:
            if self.status is not None:
                self.child = None


@st.cache_resource(show_spinner=False)
def _build() -> _Build:
    return _Build()


def show(exports: Path, snapshot: Path, trouble: str) -> None:
    """Say what stands in the way, or build and show how far it has come; the page follows when it is done."""
    st.title("Customer leadership", anchor=False)
    if trouble:
        st.error(trouble)
        return
    build = _build()
    build.start(exports, snapshot)
    if build.status:
        st.error("The exports could not be turned into a dashboard. What to do stands below; then try again.")
        for line in [line for line in build.lines if line.startswith("error: ")]:
            st.text(line.removeprefix("error: "))
        st.button("Try again", on_click=build.forget)
        return
    st.caption(f"There is no snapshot yet. Making one from {exports.name} …")
    box = st.status("Reading the exports", expanded=True)
    place = box.empty()

    @st.fragment(run_every=0.5)
    def watch() -> None:
        place.text("\n".join(build.lines[-12:]))
        if build.status is not None:
            if build.status == 0:
                build.forget()
            st.rerun()

    watch()

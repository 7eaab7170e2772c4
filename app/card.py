"""Card: the one way to put a figure on the screen: sentence, chart, rows to take away, and how it came about."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from urllib.parse import urlencode
from zlib import crc32

import pyarrow as pa
import streamlit as st

from app import answers, charts, coverage, downloads, pictures, series
from app.answers import PLACES
from app.charts import Chart
from app.filters import Filters, listed
from app.metrics import QUERIES
from app.series import Answer
from app.snapshot import Snapshot
from app.theme import MARKS

STALE_AFTER = 45  # days: a monthly export that is older has been forgotten
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEANINGS = {
    "improvement": "better",
    "concern": "worse",
    "common cause": "usual",
    "neutral high": "moved",
    "neutral low": "moved",
}


@dataclass(frozen=True)
class Shown:
    """What this run of a page shows: one snapshot, one choice of filters. `make_way` is called before each figure."""

    snapshot: Snapshot
    filters: Filters
    make_way: Callable[[], None] = lambda: None


def card(found: Answer, note: str, shape: Callable[..., Chart], *more: Hashable, scrolls: bool = False) -> None:
    """A figure of one chart; or the sentence that says why there is none."""
    if found.state != "ready":
        absent(found)
        return
    chart = charted(found, shape, *more)
    key = key_of(found)
    with (
        framed(found, note, lambda: [("", chart)]),
        st.container(key=f"draw-{key}", height=12 * charts.ROW_HEIGHT) if scrolls else nullcontext(),
    ):
        draw(chart, key, charts.alt_text(found.sentence, found.rows))


@lru_cache(maxsize=8192)
def charted(found: Answer, shape: Callable[..., Chart], *more: Hashable) -> Chart:
    """A chart of the rows of an answer, drawn once for all readers; `more` is what else its shape takes."""
    return shape(found.rows, *more)


def absent(found: Answer) -> None:
    """Where a figure would have stood: what is missing, and what to do about it."""
    with st.container(border=True, key=f"card-{key_of(found)}", gap="xsmall", height="stretch"):
        split = f" by {PLACES[found.figure]}" if found.figure in PLACES else ""
        st.header(f"{found.metric.name}{split}" if found.metric else _title(found), anchor=False)
        st.markdown(found.sentence)


def _title(found: Answer) -> str:
    return found.figure.replace("_", " ").capitalize()


class framed:
    """The frame of a figure that has rows: its sentence and definition above, its links below.

    `pictured` gives its charts by name, where it can be taken away as a picture.
    """

    def __init__(self, found: Answer, note: str, pictured: Callable[[], list[tuple[str, Chart]]] | None = None) -> None:
        self.found, self.note, self.pictured = found, note, pictured
        self.box = st.container(border=True, key=f"card-{key_of(found)}", gap="xsmall", height="stretch")

    def __enter__(self) -> None:
        self.box.__enter__()
        st.session_state.setdefault("drawn", []).append(self.found)
        st.header(self.found.sentence, anchor=False)
        st.caption(" ".join(filter(None, [self.note, self.found.note])))

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            _links(self.found, self.pictured)
        self.box.__exit__(*error)


def _links(found: Answer, pictured: Callable[[], list[tuple[str, Chart]]] | None) -> None:
    """Below a figure, small: its rows and its picture to take away, and how they came about.

    What they open is made when they are opened: of a click on a filter every reader is sent the whole page.
    """
    key, snapshot = key_of(found), shown().snapshot
    with st.container(horizontal=True, key=f"links-{key}"):
        st.button("Download", key=f"take-{key}", on_click=_take, args=(key,), type="tertiary")
        if st.session_state.get("taking") == key:
            _downloads(found, pictured, snapshot)
        how = st.popover("How is this computed?", type="tertiary", key=f"how-{key}", on_change="rerun", width="content")
        if how.open:
            with how:
                _explain(found, snapshot)
        if found.as_of:
            records = listed(found.metric.records).replace("_", " ") if found.metric else "all exports"
            st.caption(f"{records}, {age(found.as_of)}", width="content")


def _take(key: str) -> None:
    """Show the downloads of one figure in their line, where Tab meets them; pressed again, fold them away."""
    st.session_state["taking"] = None if st.session_state.get("taking") == key else key


def _downloads(found: Answer, pictured: Callable[[], list[tuple[str, Chart]]] | None, snapshot: Snapshot) -> None:
    """The rows of a figure, and its picture where it has one."""
    made = {
        "CSV": ("text/csv", lambda: downloads.csv(found)),
        "XLSX": (XLSX, lambda: downloads.xlsx([found], snapshot, sql_of)),
    }
    if pictured:
        made["SVG"] = ("image/svg+xml", lambda: pictures.picture(pictured(), found, "svg"))
        made["PNG"] = ("image/png", lambda: pictures.picture(pictured(), found, "png"))
    for kind, (mime, make) in made.items():
        name = downloads.file_name(found, kind.lower())
        st.download_button(kind, make, name, mime, key=f"{kind}-{key_of(found)}", on_click="ignore", type="tertiary")


def workbook(page: str) -> None:
    """All rows of the page in one workbook, a sheet for each figure that was drawn."""
    drawn, snapshot = tuple(st.session_state.pop("drawn", ())), shown().snapshot
    if drawn:
        with st.container(horizontal=True, key="links-workbook"):
            st.download_button(
                "All data of this page (XLSX)",
                lambda: downloads.xlsx(drawn, snapshot, sql_of),
                f"{page}.xlsx",
                XLSX,
                key=f"workbook-{page}",
                on_click="ignore",
                type="tertiary",
            )


def _explain(found: Answer, snapshot: Snapshot) -> None:
    """Definition, owner, files, SQL and rows: what an analyst needs to defend the number."""
    metric = found.metric
    if metric is None:
        st.markdown(f"**{_title(found)}**: {answers.FIGURES[found.figure.split('-')[0]]}.")
        st.dataframe(downloads.plain(found.rows), hide_index=True, height=240)
        st.code(sql_of(found, snapshot), language="sql")
        return
    st.markdown(f"**{metric.name}** ({metric.unit}, better {metric.better}). {metric.definition}")
    target = "No target is set." if metric.target is None else f"Target {metric.write(metric.target)}."
    st.markdown(f"{target} Owner: {metric.owner}. Definition reviewed {metric.reviewed:%-d %b %Y}.")
    origin(metric.records)
    st.dataframe(downloads.plain(found.rows), hide_index=True, height=240)
    st.code(sql_of(found, snapshot), language="sql")


def origin(records: Sequence[str]) -> None:
    """The files behind records: how many of their rows count, and by what mark they are known again."""
    files = ask("files", None).rows
    for _, row in files[files["record"].isin(records)].iterrows():
        kept = f"{coverage.written(row['kept'])} of {coverage.written(row['read'])} rows"
        st.markdown(
            f"Records: **{row['record']}** from {row['path']} ({row['system']}), "
            f"{kept}, SHA-256 {row['fingerprint'][:12]}…"
        )


def sql_of(found: Answer, snapshot: Snapshot) -> str:
    """The query that made the metric, as the snapshot keeps it, and those that made the figure of it."""
    states = series.states(snapshot)
    made = [states[found.metric.id].sql] if found.metric and found.metric.id in states else []
    return "\n".join([*made, *((QUERIES / f"{query}.sql").read_text("utf-8") for query in found.queries)])


def draw(chart: Chart, key: str, said: str) -> None:
    told = {**chart.spec.get("usermeta", {}), "order": _order(chart)}
    spec = {**chart.spec, "datasets": _encoded(chart), "usermeta": told}
    st.vega_lite_chart(spec=spec, key=f"chart-{key}", alt=said, width="stretch", theme="streamlit")


@lru_cache(maxsize=8192)
def _order(chart: Chart) -> str:
    """A mark of the order of its places. The same specification is only given new rows where it stands, and then keeps
    the order that it had: another mark makes it another one, drawn anew.
    """
    firsts = [table[table.columns[0]] for table in chart.data.values()]
    words = [str(word) for first in firsts if first.dtype in ("str", "object") for word in first.unique()]
    return f"{crc32('|'.join(words).encode()):08x}" if words else ""


@lru_cache(maxsize=8192)
def _encoded(chart: Chart) -> dict[str, bytes]:
    """The tables of a chart as they are sent: Arrow's stream, without what pandas notes for itself."""
    return {
        name: _stream(
            pa.table({column: pa.array(rows[column].to_numpy(), from_pandas=True) for column in rows.columns})
        )
        for name, rows in chart.data.items()
    }


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def marked(label: str, words: str, *after: str) -> None:
    """A sentence led by the shape of its label; the words say the same as the shape. Quiet lines may follow."""
    meaning = MEANINGS[label]
    quiet = "".join(f'<div class="label">{escape(line)}</div>' for line in after if line)
    mark = f'<span class="{meaning}" aria-hidden="true">{MARKS[label][2]}</span>'
    st.html(f'<div class="said">{mark} {escape(words)}{quiet}</div>')


def ask(figure: str, metric: str | None) -> Answer:
    now = shown()
    now.make_way()
    return answers.answer(now.snapshot, figure, metric, now.filters)


def shown() -> Shown:
    return st.session_state["shown"]


def key_of(found: Answer) -> str:
    return f"{found.metric.id}-{found.figure}" if found.metric else found.figure


def address() -> str:
    """The filters as a link carries them."""
    filters = shown().filters
    months = [(name, f"{month:%Y-%m}") for name, month in (("from", filters.start), ("to", filters.end)) if month]
    places = [("regions", region) for region in filters.regions] + [("channels", place) for place in filters.channels]
    return urlencode(places + months)


def board(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: tuple[int, ...]) -> None:
    """A table of ready HTML cells; the columns named in `numeric` stand to the right."""

    def line(cells: Sequence[str], tag: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        marked = [
            f'<{tag}{scope}{" class=r" if place in numeric else ""} data-name="{headings[place]}">{cell}</{tag}>'
            for place, cell in enumerate(cells)
        ]
        return f"<tr>{''.join(marked)}</tr>"

    head = line([escape(heading) for heading in headings], "th")
    body = "".join(line(cells, "td") for cells in rows)
    table = f'<table class="board"><thead>{head}</thead><tbody>{body}</tbody></table>'
    st.markdown(table, unsafe_allow_html=True)


def age(as_of: date) -> str:
    """How far the data reach; how old they are once a monthly export would have come."""
    days = (date.today() - as_of).days
    ago = f"{days // 7} weeks" if days < 120 else f"{days // 30} months" if days < 730 else f"{days // 365} years"
    old = f", {ago} ago: the next export is due" if days > STALE_AFTER else ""
    return f"to {as_of:%-d %b %Y}{old}"

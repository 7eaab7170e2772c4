"""Figures: what pages say. Each asks, draws, explains and offers its rows; a page only names them in order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import streamlit as st

from app import answers, charts, downloads
from app.answers import PLACES, Answer
from app.charts import Chart
from app.filters import Filters, listed, month_words, parse_month
from app.metrics import QUERIES, Metric
from app.snapshot import Snapshot
from app.theme import MARKS

MANY_PLACES = 12  # more rows than this scroll within their card


@dataclass(frozen=True)
class Shown:
    """What this run of a page shows: one snapshot, one choice of filters."""

    snapshot: Snapshot
    filters: Filters


def finding(question: str, *metrics: str) -> None:
    """The head of a page: its question, what changed most, the filters in words, and each claim with its number."""
    shown = _shown()
    claims = answers.headline_claims(shown.snapshot, metrics, shown.filters)
    months = [parse_month(month) for month in answers.choices(shown.snapshot)["month"]]
    states = answers.states(shown.snapshot)
    reach = [states[metric].as_of for metric in metrics if states[metric].as_of]
    st.caption(question)
    if claims:
        title = "; ".join([claims[0].short, *(_lowered(claim.short) for claim in claims[1:2])])
    else:
        title = answers.quiet_headline(shown.snapshot, metrics, shown.filters)
    st.title(title, anchor=False)
    words = shown.filters.words(*(months[:1] + months[-1:] if months else ()))
    st.caption(f"{words} · {f'data {_age(max(reach))}' if reach else 'no data loaded'}")
    for claim in claims:
        _marked(claim.label, claim.sentence)


def headline(*metrics: str) -> None:
    """Cards: the latest finished month with its months in small, and whether that is a change."""
    with st.grid(len(metrics), min_column_width=150, gap="small", key="headline"):
        for metric in metrics:
            found, trend = _ask("headline", metric), _ask("trend", metric)
            with st.container(border=True, key=f"card-headline-{metric}", height="stretch", gap="xsmall"):
                if found.state != "ready":
                    st.html(f'<div class="label">{found.metric.name}</div>')
                    st.caption(found.sentence)
                    continue
                row = found.rows.iloc[0]
                value = found.metric.write(row["value"]) if row["status"] != "withheld" else "–"
                margin = ""
                if found.metric.kind == "score" and row["status"] != "withheld":
                    margin = f"± {found.metric.write((row['high'] - row['low']) / 2)}"
                name = f"{found.metric.name}, {row['month']:%b %Y}"
                st.html(f'<div class="label">{name}</div><div class="figure num">{value} <small>{margin}</small></div>')
                _draw(
                    charts.sparkline(trend.rows, found.metric), f"spark-{metric}", f"{name}: {value}, {found.sentence}"
                )
                _marked(row["label"] or "common cause", found.sentence, _against_target(found.metric, row["assurance"]))


def _against_target(metric: Metric, assurance: str) -> str:
    """Target and assurance in words; without an assurance the target alone, without a target nothing."""
    if metric.target is None:
        return "no target set"
    return (
        f"target {metric.write(metric.target)}: {assurance}" if assurance else f"target {metric.write(metric.target)}"
    )


def trend(metric: str) -> None:
    """Months with their usual range: the control chart of a metric."""
    found = _ask("trend", metric)
    note = found.metric.definition
    if found.state == "ready":
        finished = found.rows[found.rows["finished"] & found.rows["value"].notna()]
        if len(finished):
            last = finished.iloc[-1]
            note += f" {last['base']:,} in {month_words(last['month'])}."
        if found.as_of and answers.choices(_shown().snapshot)["month"][-1] > f"{found.as_of:%Y-%m}":
            note += f" Months after {month_words(found.as_of)} are left out: the export ends in it."
        if 0 < len(finished) < 12:
            note += " Fewer than 12 months: trial limits."
    _card(found, note, lambda: charts.trend(found.rows, found.metric))


def by_region(metric: str) -> None:
    """Each region over the chosen period, worst first."""
    _places(_ask("by_region", metric))


def by_channel(metric: str) -> None:
    """Each channel over the chosen period, worst first."""
    _places(_ask("by_channel", metric))


def channels(metric: str) -> None:
    """Each channel by month, on one scale, with 95 % intervals."""
    found = _ask("channels", metric)
    if found.state != "ready":
        _card(found, "", None)
        return
    with _framed(found, "By channel, on one scale, with the 95 % interval of each month."):
        groups = dict(list(found.rows.groupby("channel", sort=True)))
        with st.grid(min(len(groups), 5), min_column_width=170, gap="small", key=f"grid-{metric}"):
            for channel, rows in groups.items():
                with st.container(gap="xxsmall", key=f"multiple-{metric}-{channel}"):
                    st.caption(channel)
                    last = rows[rows["value"].notna()].tail(1)
                    said = (
                        f"{channel}: {found.metric.write(last['value'].iloc[0])}"
                        if len(last)
                        else f"{channel}: too few cases"
                    )
                    _draw(charts.small_multiple(rows, found.metric, found.rows), f"small-{metric}-{channel}", said)


def where(metric: str) -> None:
    """Region and channel folded away: asked for and drawn when a reader opens it."""
    name = answers.states(_shown().snapshot)[metric].metric.name
    fold = st.expander(f"{name} by region and channel", key=f"where-{metric}", on_change="rerun")
    if fold.open:
        with fold, st.grid(2, min_column_width=330, gap="small"):
            by_region(metric)
            by_channel(metric)


def recommendation() -> None:
    """Detractors, passives and promoters by quarter, with the net and its margin."""
    found = _ask("recommendation", None)
    _card(
        found,
        "Answers by quarter; at the right the net score with its margin of error. A quarter not over ends in dots.",
        lambda: charts.diverging(found.rows, found.metric),
    )


def closing(*metrics: str) -> None:
    """The end of a page: a question, an owner, a date."""
    shown = _shown()
    claims = answers.headline_claims(shown.snapshot, metrics, shown.filters, most=1)
    states = answers.states(shown.snapshot)
    if claims and claims[0].label == "concern":
        claim = claims[0]
        state = states[claim.metric.id]
        name = _lowered(claim.metric.name)
        question = f"What happened{claim.where} in {month_words(claim.since)}, and what brings {name} back?"
    elif late := [
        states[metric]
        for metric in metrics
        if answers.assurance(shown.snapshot, metric, shown.filters) == "consistently fails"
    ]:
        state = late[0]
        question = (
            f"{state.metric.name} cannot reach {state.metric.write(state.metric.target)} as things are done today: "
            "what will be done differently?"
        )
    else:
        loaded = [states[metric] for metric in metrics if states[metric].rows]
        if not loaded:
            return
        state = loaded[0]
        question = "Nothing here changed for the worse: what should be tried next?"
    due = f", by {state.due_on:%-d %b %Y}" if state.due_on else ", at the next review"
    step = f" Next step agreed: {state.next_step}." if state.next_step else ""
    st.subheader("To take away", anchor=False)
    st.markdown(f"{question} **{state.metric.owner}**{due}.{step}")


def foot(*metrics: str) -> None:
    """Where the numbers of a page come from, and how old they are."""
    shown = _shown()
    states = answers.states(shown.snapshot)
    records = {record for metric in metrics for record in states[metric].metric.records}
    files = _ask("files", None).rows
    used = files[files["record"].isin(records)]
    parts = [
        f"{row['path']} ({row['system']}): {row['kept']:,} of {row['read']:,} rows kept, {row['rejected']:,} rejected"
        for _, row in used.iterrows()
    ]
    st.caption(f"Source: {'; '.join(parts) or 'no export of this page is loaded'}. Snapshot {shown.snapshot.version}.")


def _places(found: Answer) -> None:
    place = PLACES[found.figure]
    _card(
        found,
        f"Whole period by {place}, with 95 % interval. Hollow: low base.",
        lambda: charts.dots(found.rows, found.metric),
        scrolls=len(found.rows) > MANY_PLACES,
    )


def _card(found: Answer, note: str, draw: Callable[[], Chart] | None, scrolls: bool = False) -> None:
    """A figure on the screen: sentence, definition, chart, links; or the sentence that says why there is none."""
    if found.state != "ready":
        with st.container(border=True, key=f"card-{_key(found)}", gap="xsmall", height="stretch"):
            split = f" by {PLACES[found.figure]}" if found.figure in PLACES else ""
            st.header(f"{found.metric.name}{split}", anchor=False)
            st.markdown(found.sentence)
        return
    with (
        _framed(found, note),
        st.container(key=f"draw-{_key(found)}", height=12 * charts.ROW_HEIGHT if scrolls else "content"),
    ):
        _draw(draw(), _key(found), charts.alt_text(found.sentence, found.rows))


class _framed:
    """The frame of a figure that has rows: its sentence and definition above, its links below."""

    def __init__(self, found: Answer, note: str) -> None:
        self.found, self.note = found, note
        self.box = st.container(border=True, key=f"card-{_key(found)}", gap="xsmall", height="stretch")

    def __enter__(self) -> None:
        self.box.__enter__()
        st.header(self.found.sentence, anchor=False)
        st.caption(self.note)

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            _links(self.found)
        self.box.__exit__(*error)


def _links(found: Answer) -> None:
    """Below a figure, small: its rows to take away, and how they came about."""
    key, snapshot = _key(found), _shown().snapshot
    with st.container(horizontal=True, key=f"links-{key}"):
        st.download_button(
            "CSV",
            lambda: downloads.csv(found),
            downloads.file_name(found, "csv"),
            "text/csv",
            key=f"csv-{key}",
            on_click="ignore",
            type="tertiary",
        )
        st.download_button(
            "XLSX",
            lambda: downloads.xlsx(found, snapshot, _sql(found, snapshot)),
            downloads.file_name(found, "xlsx"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            key=f"xlsx-{key}",
            on_click="ignore",
            type="tertiary",
        )
        how = st.popover("How is this computed?", type="tertiary", key=f"how-{key}", on_change="rerun", width="content")
        if how.open:
            with how:
                _explain(found, snapshot)
        if found.as_of:
            st.caption(f"{listed(found.metric.records).replace('_', ' ')}, {_age(found.as_of)}", width="content")


def _explain(found: Answer, snapshot: Snapshot) -> None:
    """Definition, owner, files, SQL and rows: what an analyst needs to defend the number."""
    metric, files = found.metric, _ask("files", None).rows
    st.markdown(f"**{metric.name}** ({metric.unit}, better {metric.better}). {metric.definition}")
    target = "No target is set." if metric.target is None else f"Target {metric.write(metric.target)}."
    st.markdown(f"{target} Owner: {metric.owner}. Definition reviewed {metric.reviewed:%-d %b %Y}.")
    for _, row in files[files["record"].isin(metric.records)].iterrows():
        st.markdown(
            f"Records: **{row['record']}** from {row['path']} ({row['system']}), "
            f"{row['kept']:,} of {row['read']:,} rows, SHA-256 {row['fingerprint'][:12]}…"
        )
    st.dataframe(downloads.plain(found.rows), hide_index=True, height=240)
    st.code(_sql(found, snapshot), language="sql")


def _sql(found: Answer, snapshot: Snapshot) -> str:
    """The query that made the metric, as the snapshot keeps it, and those that made the figure of it."""
    made = [answers.states(snapshot)[found.metric.id].sql] if found.metric else []
    return "\n".join([*made, *((QUERIES / f"{query}.sql").read_text("utf-8") for query in found.queries)])


def _draw(chart: Chart, key: str, said: str) -> None:
    st.vega_lite_chart(
        spec={**chart.spec, "datasets": chart.data}, key=f"chart-{key}", alt=said, width="stretch", theme="streamlit"
    )


def _marked(label: str, words: str, after: str = "") -> None:
    """A sentence led by the shape of its label; the words say the same as the shape."""
    meaning = {"improvement": "better", "concern": "worse", "common cause": "usual"}.get(label, "moved")
    quiet = f'<div class="label">{_escaped(after)}</div>' if after else ""
    mark = f'<span class="{meaning}" aria-hidden="true">{MARKS[label][2]}</span>'
    st.html(f'<div class="said">{mark} {_escaped(words)}{quiet}</div>')


def _ask(figure: str, metric: str | None) -> Answer:
    shown = _shown()
    return answers.answer(shown.snapshot, figure, metric, shown.filters)


def _shown() -> Shown:
    return st.session_state["shown"]


def _key(found: Answer) -> str:
    return f"{found.metric.id}-{found.figure}"


def _age(as_of: date) -> str:
    """How far the data reach; how old they are once a monthly export would have come."""
    days = (date.today() - as_of).days
    ago = f"{days // 7} weeks" if days < 120 else f"{days // 30} months" if days < 730 else f"{days // 365} years"
    old = f", {ago} ago: the next export is due" if days > answers.STALE_AFTER else ""
    return f"to {as_of:%-d %b %Y}{old}"


def _lowered(words: str) -> str:
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

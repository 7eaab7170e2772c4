"""Figures: what pages say. Each asks, draws, explains and offers its rows; a page only names them in order."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape

import pandas as pd
import streamlit as st

from app import (
    answers,
    charts,
    coverage,
    diversity_charts,
    goal_charts,
    group_charts,
    people,
    people_charts,
    pipeline,
    pipeline_charts,
    practices,
    sentences,
    series,
)
from app.answers import PLACES
from app.card import (
    MEANINGS,
    absent,
    address,
    age,
    ask,
    board,
    card,
    charted,
    draw,
    framed,
    marked,
    origin,
    shown,
    sql_of,
)
from app.charts import Chart
from app.confidential import rules
from app.filters import month_words, parse_month
from app.metrics import Metric, write_amount
from app.sentences import Claim
from app.series import Answer
from app.snapshot import Snapshot
from app.sparkline import sparkline
from app.theme import GROUPS, MARKS, MEASURED

MANY_PLACES = 12  # more rows than this scroll within their card


def finding(question: str, *metrics: str) -> None:
    """The head of a page: its question, what changed most, the filters in words, and each claim with its number."""
    now = shown()
    claims = answers.headline_claims(now.snapshot, metrics, now.filters)
    st.caption(question)
    _title(claims, metrics)
    _claims(claims)


def goals_head(question: str, *metrics: str) -> None:
    """The head of the page about goals: how many are off track; then what changed, as on every page."""
    now, found = shown(), ask("goals", None)
    st.caption(question)
    _title([], metrics, answers.goals.head(found.rows) if found.state == "ready" else "")
    _claims(answers.headline_claims(now.snapshot, metrics, now.filters))


def ideas_head(question: str, *metrics: str) -> None:
    """The head of the page about ideas: where they are stuck or pile up, else how far they came; then what changed."""
    now = shown()
    found = {figure: ask(figure, None) for figure in ("idea_funnel", "idea_age", "idea_flow")}
    st.caption(question)
    _title([], metrics, pipeline.head(*found.values()))
    _claims(
        answers.headline_claims(now.snapshot, metrics, now.filters),
        pipeline.claims(found["idea_age"], found["idea_flow"]),
    )


def _claims(claims: list[Claim], first: Sequence[tuple[str, str]] = ()) -> None:
    """Each with its number. In a box of their own: whatever follows keeps its place, and is not drawn anew for it."""
    with st.container(key="claims", gap="small"):
        for label, sentence in (*first, *((claim.label, claim.sentence) for claim in claims)):
            marked(label, sentence)


def _title(claims: list[Claim], metrics: tuple[str, ...], title: str = "") -> None:
    """The finding as a headline, the filters in words, and how far the data reach."""
    now = shown()
    months = [parse_month(month) for month in series.choices(now.snapshot)["month"]]
    states = series.states(now.snapshot)
    reach = [states[metric].as_of for metric in metrics if states[metric].as_of]
    if claims and not title:
        title = "; ".join([claims[0].short, *(_lowered(claim.short) for claim in claims[1:2])])
    st.title(title or answers.quiet_headline(now.snapshot, metrics, now.filters), anchor=False)
    words = now.filters.words(*(months[:1] + months[-1:] if months else ()))
    st.caption(f"{words} · {f'data {age(max(reach))}' if reach else 'no data loaded'}")


def section(question: str) -> None:
    """What the figures that follow answer. Of one rank with their findings: no level of headings is left out."""
    st.html(f'<h2 class="section">{escape(question)}</h2>')


def headline(*metrics: str) -> None:
    """Cards: the latest finished month with its months in small, whether that is a change, and the year before."""
    with st.grid(len(metrics), min_column_width=150, gap="small", key=f"headline-{metrics[0]}"):
        for metric in metrics:
            found, trend = ask("headline", metric), ask("trend", metric)
            with st.container(border=True, key=f"card-headline-{metric}", height="stretch", gap="xsmall"):
                if found.state != "ready":
                    st.html(f'<div class="label">{found.metric.name}</div>')
                    st.caption(found.sentence)
                    continue
                row = found.rows.iloc[0]
                value = found.metric.write(row["value"]) if row["status"] != "withheld" else "–"
                margin = ""
                if found.metric.kind in ("score", "mean") and row["status"] != "withheld":
                    margin = f"± {found.metric.write((row['high'] - row['low']) / 2)}"
                name = f"{found.metric.name}, {row['month']:%b %Y}"
                st.html(f'<div class="label">{name}</div><div class="figure num">{value} <small>{margin}</small></div>')
                said = f"{name}: {value}, {found.sentence}"
                st.markdown(_small(trend, said), unsafe_allow_html=True)
                label = row["label"] if row["trial"] or not pd.isna(row["since"]) else "common cause"
                target = _against_target(found.metric, row["assurance"])
                marked(label or "common cause", found.sentence, target, sentences.year_before(found.metric, row))


@lru_cache(maxsize=16384)
def _small(trend: Answer, said: str) -> str:
    """The months of a trend in small, drawn once for all readers."""
    return sparkline(trend.rows, trend.metric, said)


def _against_target(metric: Metric, assurance: str) -> str:
    """Target and assurance in words; without an assurance the target alone, without a target nothing."""
    if metric.target is None:
        return "no target set"
    return (
        f"target {metric.write(metric.target)}: {assurance}" if assurance else f"target {metric.write(metric.target)}"
    )


def trend(metric: str) -> None:
    """Months with their usual range: the control chart of a metric."""
    found = ask("trend", metric)
    card(found, _trend_note(shown().snapshot, found), charts.trend, found.metric)


@lru_cache(maxsize=8192)
def _trend_note(snapshot: Snapshot, found: Answer) -> str:
    """Definition, base and what else a reader of the months has to know."""
    note, metric = found.metric.definition, found.metric
    if found.state == "ready":
        finished = found.rows[found.rows["finished"] & found.rows["value"].notna()]
        if metric.kind == "mean":
            note += f" ±: chance (95 %) and what counts to the nearest {rules().nearest} allow."
        if len(finished):
            last = finished.iloc[-1]
            base = write_amount(last["base"]) if metric.kind == "money" else f"{last['base']:,}"
            if metric.kind == "count":
                headline = answers.answer(snapshot, "headline", metric.id, found.filters)
                note += f" The sum of these months: {metric.write(headline.rows['period_value'].iloc[0])}."
            else:
                note += f" {base} in {month_words(last['month'])}."
        if found.as_of and series.choices(snapshot)["month"][-1] > f"{found.as_of:%Y-%m}":
            note += f" Months after {month_words(found.as_of)} are left out: the export ends in it."
        if 0 < len(finished) < 12:
            note += " Fewer than 12 months: trial limits."
        said = (sentences.season(metric, found.rows), series.states(snapshot)[metric.id].off_scale)
        note = " ".join(filter(None, [note, *said]))
    return note


def by_region(metric: str) -> None:
    """Each region over the chosen period, worst first."""
    _places(ask("by_region", metric))


def by_channel(metric: str) -> None:
    """Each channel over the chosen period, worst first."""
    _places(ask("by_channel", metric))


def channels(metric: str) -> None:
    """Each channel by month, on one scale, with 95 % intervals."""
    found = ask("channels", metric)
    if found.state != "ready":
        absent(found)
        return
    parts = list(found.rows.groupby("channel", sort=True))
    multiples = {
        channel: charted(found, charts.small_multiple, found.metric, channel)
        for channel, rows in parts
        if rows["value"].notna().any()
    }
    interval = ", with the 95 % interval of each month" if found.rows["low"].notna().any() else ""
    with (
        framed(found, f"By channel, on one scale{interval}.", lambda: list(multiples.items())),
        st.grid(min(len(parts), 5), min_column_width=170, gap="small", key=f"grid-{metric}"),
    ):
        for channel, _ in parts:
            with st.container(gap="xxsmall", key=f"multiple-{metric}-{channel}"):
                st.caption(channel)
                if channel not in multiples:
                    st.caption("Too few cases in every month.")
                    continue
                chart = multiples[channel]
                draw(chart, f"small-{metric}-{channel}", f"{channel}: {chart.data['points']['shown'].iloc[-1]}")


def where(metric: str) -> None:
    """Region and channel folded away: asked for and drawn when a reader opens it."""
    name = series.states(shown().snapshot)[metric].metric.name
    fold = st.expander(f"{name} by region and channel", key=f"where-{metric}", on_change="rerun")
    if fold.open:
        with fold, st.grid(2, min_column_width=330, gap="small"):
            by_region(metric)
            by_channel(metric)


def recommendation() -> None:
    """Detractors, passives and promoters by quarter, with the net and its margin."""
    found = ask("recommendation", None)
    note = "Answers by quarter; at the right the net score with its margin of error. A quarter not over ends in dots."
    card(
        found,
        " ".join(filter(None, [note, series.states(shown().snapshot)["nps"].off_scale])),
        charts.diverging,
        found.metric,
    )


def goals() -> None:
    """Each open goal on its way from baseline to target, the furthest behind its plan first."""
    found = ask("goals", None)
    note = "Bar: the latest finished month on the way from baseline to target; upright tick: where the plan is by then."
    card(found, note, goal_charts.bullet)


def goal() -> None:
    """One goal, opened: its months, its plan and where it will be when it falls due; the worst unless one is chosen."""
    found, every = ask("goals_outlook", None), ask("goals", None)
    if found.state != "ready":
        return
    names, row, one, chart = _one_goal(shown().snapshot, found, every, st.session_state.get("opened"))
    with framed(one, answers.goals.terms(row), lambda: [("", chart)]):
        st.session_state["goal"] = row["goal"]  # the box alone would keep the worst goal of other filters
        st.selectbox("Goal", names, key="goal", on_change=_open, label_visibility="collapsed", width=400)
        draw(chart, "goals_outlook", charts.alt_text(one.sentence, one.rows))


@lru_cache(maxsize=2048)
def _one_goal(
    snapshot: Snapshot, found: Answer, every: Answer, name: str | None
) -> tuple[list[str], pd.Series, Answer, Chart]:
    """The goals that can be opened; the one of that name: its row, its answer and its chart."""
    row = answers.goals.one_of(every.rows, name)
    rows = found.rows[found.rows["goal"] == row["goal"]]
    one = replace(found, rows=rows, sentence=answers.goals.opened(row), note="")
    chart = goal_charts.outlook(rows, row, series.states(snapshot)[row["metric"]].metric)
    return list(found.rows["goal"].unique()), row, one, chart


def _open() -> None:
    st.session_state["opened"] = st.session_state["goal"]


def behind() -> None:
    """Where the metric of the opened goal lags: each region and each channel, worst first."""
    found = ask("goals_outlook", None)
    if found.state == "ready":
        row = answers.goals.one_of(ask("goals", None).rows, st.session_state.get("opened"))
        by_region(row["metric"])
        by_channel(row["metric"])


def lead(question: str) -> None:
    """The head of the overview: what got worse, what got better, what is due; each with a link to its page."""
    now = shown()
    claims = answers.leading(now.snapshot, now.filters)
    worse = next((claim for claim in claims if claim.label == "concern"), None)
    better = next((claim for claim in claims if claim.label == "improvement"), None)
    st.caption(question)
    _title([claim for claim in (worse, better) if claim], tuple(series.states(now.snapshot)))
    said = [("due", None, answers.goals.due(ask("goals", None)), "goals")]
    if ask("overview", None).state == "ready":
        said = [
            ("worse", worse, "No lasting change for the worse.", "trust"),
            ("better", better, "No lasting change for the better.", "trust"),
            *said,
        ]
    for name, claim, otherwise, page in said:
        page = claim.metric.page if claim else page
        with st.container(horizontal=True, key=f"links-lead-{name}", vertical_alignment="center", gap="small"):
            marked(claim.label if claim else "common cause", claim.sentence if claim else otherwise)
            st.page_link(f"../pages/{page}.py", label=page.title())


def overview() -> None:
    """Every metric in a row: its months in small, latest value, target, change and assurance; signals first."""
    found = ask("overview", None)
    if found.state != "ready":
        st.markdown(found.sentence)
        return
    rows = []
    for _, row in found.rows.iterrows():
        trend = ask("trend", row["metric"])
        metric, mark = trend.metric, MARKS[row["label"] or "common cause"][2]
        meaning = MEANINGS[row["label"] or "common cause"]
        link = f'<a href="{metric.page}?{address()}" target="_self">{escape(metric.name)}</a>'
        link += f"<small> {escape(metric.per)}</small>" if metric.per else ""
        value = metric.short(row["value"]) if row["status"] != "withheld" else "–"
        rows.append(
            (
                link,
                _small(trend, f"{metric.name}: {trend.sentence}"),
                f"{value}<small> {row['month']:%b}</small>",
                "" if metric.target is None else metric.short(metric.target),
                f'<span class="{meaning}" aria-hidden="true">{mark}</span> {escape(row["change"])}',
                escape(row["assurance"]),
            )
        )
    with framed(found, "Control limits over the chosen months; the target dashed. Signals stand first."):
        board(("Metric", "Months in their usual range", "Latest", "Target", "Change", "Against target"), rows, (2, 3))


def people_head(question: str) -> None:
    """The head of a page about people: its finding, and the one scope that it shows."""
    found, gap = ask("representation", None), ask("community_gap", None)
    scope, place = shown().filters.scope()
    st.caption(question)
    beside = gap.state == "ready" and scope != "channel"  # a channel has no community
    st.title(gap.sentence.split(", the widest gap")[0] if beside else found.sentence, anchor=False)
    words = "Everyone" if scope == "everyone" else place
    if found.state == "ready":
        words = f"{words} · as of {found.rows['as_of'].iloc[0]:%-d %b %Y}"
    st.caption(words)
    if found.note:
        st.warning(found.note)


def representation(attribute: str) -> None:
    """Parts of the workforce by level, of one attribute; of one region or channel beside everyone."""
    found = ask("representation", None)
    if found.state != "ready":
        with st.container(border=True, key=f"card-{attribute}", gap="xsmall"):
            st.header(people.ATTRIBUTES[attribute], anchor=False)
            st.markdown(found.sentence)
        return
    one, chart, named = _attribute(found, attribute)
    note = f"Shares of counts to the nearest {rules().nearest}. Open and dashed: too few to tell."
    with framed(one, note, lambda: [("", chart)]):
        _chips(named)
        draw(chart, one.figure, charts.alt_text(one.sentence, one.rows))


@lru_cache(maxsize=2048)
def _attribute(found: Answer, attribute: str) -> tuple[Answer, Chart, dict[str, str]]:
    """One attribute of the workforce: its answer, its chart, and the colour name of each category."""
    rows = found.rows[found.rows["attribute"] == attribute]
    split = "by level" if rows["place"].nunique() == 1 else f"in {rows['place'].iloc[0]}, beside everyone"
    sentence = f"{people.ATTRIBUTES[attribute]} {split}"
    one = replace(found, figure=f"representation-{attribute}", rows=rows, sentence=sentence, note="")
    return one, people_charts.levels(rows), people_charts.named_groups(rows)


def safety_bands() -> None:
    """Responses on how safe it is to take a risk, by band: what the mean is made from."""
    found = ask("safety_bands", None)
    if found.state != "ready":
        absent(found)
        return
    nearest = " or ".join(str(step) for step in sorted(found.rows["nearest"].unique()))
    note = f"Responses to the nearest {nearest}, by band of 100. Open and dashed: too few to tell."
    chart = charted(found, people_charts.bands)
    with framed(found, note, lambda: [("", chart)]):
        _chips(people_charts.named_groups(found.rows.assign(category=found.rows["band"])))
        draw(chart, found.figure, charts.alt_text(found.sentence, found.rows))


def _chips(groups: dict[str, str]) -> None:
    """Which colour is which group."""
    chips = [
        f'<span class="named"><span class="chip" style="background:{GROUPS[int(group[1:])][0]}"></span>'
        f"{escape(category)}</span>"
        for category, group in groups.items()
    ]
    st.html(f'<div class="chips">{" ".join(chips)}</div>')


def groups(figure: str, *lines: float) -> None:
    """A figure of self-described groups; `lines` are drawn beside its nought or one.

    None is by default: a line at 0.80 of hired by applied would be the US four-fifths guideline, which is being
    rescinded, and would look like a verdict.
    """
    found = ask(figure, None)
    note, chart = group_charts.FIGURES[figure]
    card(found, note, chart, lines)


def protection() -> None:
    """What protects people in these figures, in three sentences that a works council would accept."""
    told = rules()
    section("How these figures protect people")
    st.markdown(
        "They are made when the exports are read, and only of everyone, one region or one channel: nothing else about "
        f"employees is in the data that this dashboard opens. Fewer than {told.least_people} people are never told, "
        f"every other count is given to the nearest {told.nearest}, and further numbers are withheld wherever all "
        "others together would give a small group away. They are renewed at the end of a quarter, once at least "
        f"{told.least_changes} people have joined, left or changed, by rules that can only be made stricter."
    )


def practices_head(question: str) -> None:
    """The head of the page about what is measured: how many practices are, whatever the filters."""
    st.caption(question)
    st.title(ask("practices", None).sentence, anchor=False)
    st.caption("The same for every region, channel and period")


def practices_of(page: str) -> None:
    """The practices that a page is about: their metrics, whether these are measured, and what the others would take."""
    found = ask("practices", None)
    rows = found.rows[found.rows["page"] == page]
    sentence = f"{page.capitalize()}, {practices.summary(rows)}"
    one = replace(found, figure=f"practices-{page}", rows=rows, sentence=sentence)
    drawn = []
    for id_, metrics in rows.groupby("id", sort=False):
        name = f'<div class="told"><small>{id_}</small><div>{escape(metrics["practice"].iloc[0])}</div></div>'
        drawn.append((name, "".join(_defined(row) for _, row in metrics.iterrows())))
    note = " ".join(f"{mark} {state}." for state, mark in MEASURED.items() if state in set(rows["state"]))
    with framed(one, note):
        board(("Practice", "Metrics"), drawn, ())
        how = st.expander("How is each of these computed?", key=f"sql-{page}", on_change="rerun")
        if how.open:
            with how:
                _computed(rows)
        with st.container(horizontal=True, key=f"links-lead-{page}"):
            st.page_link(f"../pages/{page}.py", label=f"Open {page.capitalize()}")


def _defined(row: pd.Series) -> str:
    """A metric as the glossary has it: state as shape and word, definition, then its keeper or what it would take."""
    mark = f'<span class="usual" aria-hidden="true">{MEASURED[row["state"]]}</span>'
    words = f"{row['state']} · {practices.takes(row) or practices.kept(row)}"
    said = f"<strong>{escape(row['name'])}</strong> {escape(row['definition'])}<small>{escape(words)}</small>"
    return f'<div class="told">{mark}<div>{said}</div></div>'


def _computed(rows: pd.DataFrame) -> None:
    """One of these metrics, as it was computed: its files and its SQL."""
    told = rows[rows["owner"] != ""].drop_duplicates("metric").set_index("name")
    if told.empty:
        st.markdown("None of them is computed yet.")
        return
    row = told.loc[st.selectbox("Metric", list(told.index), key=f"computed-{rows['page'].iloc[0]}", width=400)]
    st.markdown(f"{row['definition']} {row['state'].capitalize()}: {practices.takes(row) or practices.kept(row)}.")
    origin(row["records"].split(", "))
    figure, state = practices.figure_of(row["metric"]), series.states(shown().snapshot).get(row["metric"])
    st.code(state.sql if state else sql_of(ask(figure, None), shown().snapshot), language="sql")


def glossary() -> None:
    """The words that the pages use, each in a sentence."""
    section("What the words mean")
    words = practices.declared().words.items()
    st.html(f'<dl class="words">{"".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in words)}</dl>')


def source(question: str) -> None:
    """The head of the data page: what the snapshot was built from, and when."""
    now = shown()
    st.caption(question)
    st.title(coverage.trust(ask("files", None).rows), anchor=False)
    st.caption(f"Snapshot {now.snapshot.version}, built {now.snapshot.built_at:%-d %b %Y, %H:%M} UTC")


def files() -> None:
    """Each export: who wrote it, what it covers, what became of its rows."""
    found = ask("files", None)
    rows = [
        (
            f"{escape(row['path'])}<small> {escape(row['system'])}</small>",
            escape(row["record"].replace("_", " ")),
            coverage.span(row),
            coverage.due(row["due_on"]),
            row["feeds"],
            *(coverage.written(row[name]) for name in ("read", "kept", "rejected", "repeated")),
            coverage.blank(row),
        )
        for _, row in found.rows.iterrows()
    ]
    note = "Of every file: rows read = kept + rejected + repeated + blank. Blank are empty rows, notes below the table "
    note += "and rows that their source leaves out. Feeds: the practices that a file tells of."
    if (found.rows["nearest"] > 1).any():
        note += (
            f" Rows about people are told to the nearest {rules().nearest}, fewer than {rules().least_people} as few."
        )
    with framed(found, note):
        board(
            ("File", "Record", "Covers", "Next", "Feeds", "Read", "Kept", "Rejected", "Repeated", "Blank"),
            rows,
            range(5, 10),
        )


def listing(figure: str, note: str, always: bool = True) -> None:
    """A plain list of rows: rejects, unknown places, exports that are missing; one that is rare only if it has rows."""
    found = ask(figure, None)
    if found.rows.empty and not always:
        return
    with framed(found, note):
        if not found.rows.empty:
            drawn = found.rows.drop(columns="nearest", errors="ignore")
            headings = [name.replace("_", " ").capitalize() for name in drawn.columns]
            numeric = tuple(place for place, dtype in enumerate(drawn.dtypes) if dtype.kind in "if")
            rows = [
                tuple(
                    coverage.written(cell) if place in numeric else escape(str(cell)) for place, cell in enumerate(row)
                )
                for row in drawn.itertuples(index=False)
            ]
            board(headings, rows, numeric)


def idea_funnel() -> None:
    """How far the ideas submitted in the period have come."""
    found = ask("idea_funnel", None)
    parts = "Dark: went on. Outlined: still open. Light: closed. An experiment is a choice and no gate."
    note = f"Ideas submitted in the period, and who goes on of those decided. {parts}"
    card(found, note, pipeline_charts.funnel)


def idea_age() -> None:
    """How long open ideas have stood in their stage, against what is usual."""
    found = ask("idea_age", None)
    marks = "Whatever the period. Mark: median days of open ideas, line to the 85th percentile. Band, tick: the usual."
    card(found, marks, pipeline_charts.ageing)


def idea_flow() -> None:
    """Ideas in and out by month, and what stands open at its end."""
    found = ask("idea_flow", None)
    if found.state != "ready":
        absent(found)
        return
    stuck = pipeline.stuck(ask("idea_age", None))
    drawn = [
        ("In and out", charted(found, pipeline_charts.in_and_out)),
        ("Open at the end of the month", charted(found, pipeline_charts.standing, tuple(stuck))),
    ]
    with framed(found, "Came in: submitted or reopened. Went out: implemented or closed.", lambda: drawn):
        for name, chart in drawn:
            st.caption(name)
            draw(chart, f"idea-flow-{name}", charts.alt_text(found.sentence, found.rows))


def idea_balance() -> None:
    """What became of the ideas of each stage over the period, as a sum that comes out even."""
    found = ask("idea_balance", None)
    if found.state != "ready":
        absent(found)
        return
    heads = ("Stage", "Open", "+ entered", "− moved on", "− closed", "= open", "Passed over", "Reopened", "Sent back")
    rows = [
        (escape(row.stage.capitalize()), *("" if pd.isna(count) else f"{count:,}" for count in row[1:]))
        for row in found.rows.itertuples(index=False)
    ]
    with framed(found, "Entered counts those reopened or sent back; passing a stage over is not entering it."):
        board(heads, rows, tuple(range(1, len(heads))))


def channel_parity() -> None:
    """Whether customers are as satisfied whichever way they come."""
    found = ask("channel_parity", None)
    note = "Satisfied customers by channel, with 95 % interval. Hollow: low base. The gap's interval is for all pairs."
    csat = series.states(shown().snapshot)["csat"].metric
    card(found, note, diversity_charts.parity, csat)


def channel_mix() -> None:
    """How customers come, and what has changed in that."""
    found = ask("channel_mix", None)
    note = "Share of the contacts of all channels; change in points (■ clearly more, ◆ clearly less)."
    card(found, note, diversity_charts.mix)


def supplier_spend() -> None:
    """What was spent with certified suppliers, by quarter."""
    found = ask("supplier_spend", None)
    note = "By quarter. Strong: certified. Faint: other. Outlined: excluded, it could go to nobody else. Tier 2, what "
    note += "suppliers report of their own, is added to nothing. A quarter not over ends in dots."
    card(found, note, diversity_charts.spend)


def certified_suppliers() -> None:
    """How many certified suppliers there are, and on how few of them the spend rests."""
    found = ask("certified_suppliers", None)
    note = "At the end of each quarter, over 12 months. Strong: paid to the three largest. Faint: to all others."
    card(found, note, diversity_charts.certified)


def goals_closing(*metrics: str) -> None:
    """The end of the page about goals: the goal that is off track by most; without one, as on every page."""
    found = ask("goals", None)
    off = found.rows[found.rows["outlook"] == "off track"] if found.state == "ready" else found.rows
    if off.empty:
        closing(*metrics)
        return
    row = off.iloc[0]
    step = (
        f"is “{row['next_step']}” enough, or what else will be done?" if row["next_step"] else "what is the next step?"
    )
    section("To take away")
    st.markdown(
        f"{row['goal']} is off track: {step} **{row['owner'] or 'No owner yet'}**, by {row['due_on']:%-d %b %Y}."
    )


def ideas_closing(*metrics: str) -> None:
    """The end of the page about ideas: what holds them up, if anything does."""
    found = ask("idea_age", None)
    question = pipeline.question(found, ask("idea_flow", None))
    if not question:
        closing(*metrics)
        return
    section("To take away")
    st.markdown(f"{question} **{found.metric.owner}**, at the next review.")


def closing(*metrics: str) -> None:
    """The end of a page: a question, an owner, a date."""
    now = shown()
    claims = answers.headline_claims(now.snapshot, metrics, now.filters, most=1)
    states = series.states(now.snapshot)
    if claims and claims[0].label == "concern":
        claim = claims[0]
        state = states[claim.metric.id]
        name = _lowered(claim.metric.name)
        question = f"What happened{claim.where} in {month_words(claim.since)}, and what brings {name} back?"
    elif late := [
        states[metric]
        for metric in metrics
        if answers.assurance(now.snapshot, metric, now.filters) == "consistently fails"
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
    section("To take away")
    st.markdown(f"{question} **{state.metric.owner}**{due}.{step}")


def foot(*metrics: str) -> None:
    """Where the numbers of a page come from, and how old they are."""
    now = shown()
    states = series.states(now.snapshot)
    records = {record for metric in metrics for record in states[metric].metric.records}
    files = ask("files", None).rows
    used = files[files["record"].isin(records)]
    parts = []
    for _, row in used.iterrows():
        kept, read, rejected = (coverage.written(row[name]) for name in ("kept", "read", "rejected"))
        parts.append(f"{row['path']} ({row['system']}): {kept} of {read} rows kept, {rejected} rejected")
    st.caption(f"Source: {'; '.join(parts) or 'no export of this page is loaded'}. Snapshot {now.snapshot.version}.")


def _places(found: Answer) -> None:
    place = PLACES[found.figure]
    when = "Last month of the period" if found.metric.standing else "Whole period"
    when = "Sum of the whole period" if found.metric.kind == "count" else when
    card(
        found,
        f"{when} by {place}{', with 95 % interval. Hollow: low base' if found.metric.has_interval else ''}.",
        charts.dots,
        found.metric,
        scrolls=len(found.rows) > MANY_PLACES,
    )


def _lowered(words: str) -> str:
    return words if words[:2].isupper() else words[0].lower() + words[1:]

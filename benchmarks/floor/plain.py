"""A plain page over raw rows, as many a dashboard begins: six charts, a query each, shorthand strings, no care taken.

Started by `python -m benchmarks.pages`, which names the database of raw tickets in PLAIN_TICKETS.
"""

import os

import altair as alt
import duckdb
import streamlit as st


@st.cache_resource
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(os.environ["PLAIN_TICKETS"], read_only=True)


def query(columns: str, by: str):
    where = "opened_at >= ?"
    values = [st.session_state.get("since", "2000-01-01")]
    for name in ("region", "channel"):
        if chosen := st.session_state[name]:
            where += f" and list_contains(?, {name})"
            values.append(chosen)
    with database().cursor() as cursor:
        sql = f"select {by}, {columns} from tickets where {where} group by all order by all"
        return cursor.execute(sql, values).fetchdf()


def since(day: str) -> None:
    st.session_state["since"] = day


st.set_page_config(page_title="Tickets", layout="wide")
with st.sidebar:
    st.multiselect("Region", ["Asia-Pacific", "EMEA", "Latin America", "North America"], key="region")
    st.multiselect("Channel", ["Chat", "Email", "Phone", "Social", "Web"], key="channel")
    st.button("Last 12 months", on_click=since, args=("2025-11-01",))
    st.button("Last 24", on_click=since, args=("2024-11-01",))
    st.button("All", on_click=since, args=("2000-01-01",))
st.title("Tickets")
month = "date_trunc('month', opened_at) as month"
left, right = st.columns(2)
with left:
    st.header("Tickets")
    st.altair_chart(alt.Chart(query("count(*) as tickets", month)).mark_line().encode(x="month:T", y="tickets:Q"))
    st.header("First reply")
    hours = "median(date_diff('minute', opened_at, first_reply_at)) / 60 as hours"
    st.altair_chart(alt.Chart(query(hours, month)).mark_line().encode(x="month:T", y="hours:Q", tooltip=["hours:Q"]))
    st.header("By channel")
    kept = "avg(is_kept::int) as kept"
    st.altair_chart(alt.Chart(query(kept, "channel")).mark_bar().encode(x="kept:Q", y="channel:N", color="channel:N"))
with right:
    st.header("Agreed time met")
    st.altair_chart(alt.Chart(query(kept, month)).mark_line().encode(x="month:T", y="kept:Q", tooltip=["kept:Q"]))
    st.header("Reopened")
    again = "avg((reopened > 0)::int) as reopened"
    st.altair_chart(alt.Chart(query(again, month)).mark_line().encode(x="month:T", y="reopened:Q"))
    st.header("By region")
    st.altair_chart(alt.Chart(query(kept, "region")).mark_bar().encode(x="kept:Q", y="region:N", color="region:N"))

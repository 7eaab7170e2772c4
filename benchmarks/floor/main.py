"""The floor: the pages of the dashboard re-sent as they were recorded, with no query and no computation.

Started by `python -m benchmarks.pages`, which names the recorded messages in FLOOR_RECORDED. Only the sidebar is made
anew, from constants: whatever came from the click to the last chart here, comes before any work of the dashboard.
"""

import gc
import os
import pickle
from pathlib import Path

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner_utils.script_run_context import enqueue_message


@st.cache_resource(show_spinner=False)
def recorded() -> tuple[dict, dict[tuple[str, str], list[ForwardMsg]]]:
    """Choices of the sidebar, and by page and period its messages; by the way, what all readers share is settled."""
    with Path(os.environ["FLOOR_RECORDED"]).open("rb") as file:
        choices, messages = pickle.load(file)
    parsed = {at: [ForwardMsg.FromString(message) for message in sent] for at, sent in messages.items()}
    gc.collect()
    gc.freeze()
    return choices, parsed


def period(words: str) -> None:
    st.session_state["period"] = words


st.set_page_config(page_title="Customer leadership", layout="wide")
choices, messages = recorded()
page = st.navigation(
    [
        st.Page(lambda: None, title="Start", default=True, visibility="hidden"),
        *(st.Page(lambda: None, title=title, url_path=name) for name, title in choices["pages"].items()),
    ]
)
with st.sidebar:
    st.multiselect("Region", choices["region"], placeholder="All regions")
    st.multiselect("Channel", choices["channel"], placeholder="All channels")
    for column, label in zip(st.columns(2, gap="small"), ("From", "To"), strict=True):
        column.selectbox(label, choices["month"], index=None)
    with st.container(horizontal=True, key="links-period"):
        for words in choices["periods"]:
            st.button(words, type="tertiary", on_click=period, args=(words,))
page.run()
for ready in messages.get((page.url_path, st.session_state.get("period", "All")), ()):
    message = ForwardMsg()
    message.CopyFrom(ready)
    enqueue_message(message)

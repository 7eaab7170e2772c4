"""Sidebar: region, channel and period as widgets that live in the address and survive a change of page."""

import streamlit as st

from app import periods
from app.filters import Filters, chosen, month_words, parse_month
from app.series import choices
from app.snapshot import Snapshot

KEYS = ("regions", "channels", "from", "to")


def filters(snapshot: Snapshot) -> tuple[Filters, list[str]]:
    """Draw the widgets; return what is chosen, and a sentence for each thing asked for that this data does not have.

    A link may name regions or months that are gone, or nonsense: what does not fit is left out, and said once, until
    the reader chooses something.
    """
    known = choices(snapshot)
    complaints = _reconcile(known)
    with st.sidebar:
        st.multiselect(
            "Region", known["region"], key="regions", bind="query-params", placeholder="All regions", on_change=_forget
        )
        st.multiselect(
            "Channel",
            known["channel"],
            key="channels",
            bind="query-params",
            placeholder="All channels",
            on_change=_forget,
        )
        _months(known["month"], periods.presets(known["month"], snapshot.as_of))
    state = st.session_state
    found, strange = chosen(state["regions"], state["channels"], state["from"], state["to"], known)
    _into_address()
    return found, complaints + strange


def _months(months: tuple[str, ...], presets: dict[str, tuple[str, str]]) -> None:
    def written(month: str) -> str:
        return month_words(parse_month(month))

    first, last = st.columns(2, gap="small")
    for column, label, key, edge in ((first, "From", "from", 0), (last, "To", "to", -1)):
        placeholder = written(months[edge]) if months else "–"
        column.selectbox(
            label, months, index=None, key=key, format_func=written, placeholder=placeholder, on_change=_forget
        )
    spans = {periods.LABELS[name]: span for name, span in presets.items()}
    with st.container(horizontal=True, key="links-period"):
        for label, span in {**spans, "All": (None, None)}.items():
            st.button(label, type="tertiary", on_click=_choose, args=span)


def _choose(start: str | None, end: str | None) -> None:
    """Months by name, not by number: a link to them shows the same months when new ones have come."""
    _forget()
    st.session_state["from"], st.session_state["to"] = start, end


def _reconcile(known: dict[str, tuple[str, ...]]) -> list[str]:
    """Before the widgets: bring address and session in line with the data, and say what had to go."""
    state, address = st.session_state, st.query_params
    if "complaints" not in state:  # the first run of a session: the address still holds what the link said
        asked = {key: address.get_all(key) for key in KEYS}
        starts, ends = asked["from"][:1] or [None], asked["to"][:1] or [None]
        found, state["complaints"] = chosen(asked["regions"], asked["channels"], starts[0], ends[0], known)
        state["from"], state["to"] = (
            f"{month:%Y-%m}" if month and f"{month:%Y-%m}" in known["month"] else None
            for month in (found.start, found.end)
        )
        for month, key, edge in ((found.start, "from", "first"), (found.end, "to", "last")):
            if month and not state[key]:
                state["complaints"].append(
                    f"This data has nothing for the {edge} month asked for: showing the period without it."
                )
    for key, place in (("regions", "region"), ("channels", "channel")):
        held = state.get(key, [])
        if gone := [choice for choice in held if choice not in known[place]]:
            state[key] = [choice for choice in held if choice in known[place]]
            state["complaints"].append(f"The newest data has no {place} {', '.join(gone)} any more: it was taken out.")
    for key in ("from", "to"):
        if state.get(key) and state[key] not in known["month"]:
            state[key] = None
            state["complaints"].append(
                f"The newest data does not hold the month chosen as {key} any more: it was taken out."
            )
    return list(state["complaints"])


def _into_address() -> None:
    """Months go into the address by our own hand, as YYYY-MM: a bound widget would write the words it shows."""
    for key in ("from", "to"):
        value = st.session_state[key]
        if value and st.query_params.get(key) != value:
            st.query_params[key] = value
        elif not value and key in st.query_params:
            del st.query_params[key]


def _forget() -> None:
    st.session_state["complaints"] = []

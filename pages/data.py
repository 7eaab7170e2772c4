"""Data: can I trust this?"""

import streamlit as st

from app import figures

figures.source("Can I trust this?")
figures.files()
with st.grid(2, min_column_width=330, gap="small"):
    figures.listing(
        "rejects", "Rows that broke their contract, by reason; python -m app rejects lists them with their values."
    )
    figures.listing("unknown", "Spellings that data/reference does not know; they are counted, never dropped.")
figures.listing("off_scale", "Answers on another scale than their question has: kept, and counted by no metric.", False)
figures.listing("drift", "Far fewer rows than before, or names that the file before does not have.", False)
figures.listing("missing", "What is not loaded yet, who exports it, and what it would light up.")

"""Diversity: does our workforce reflect the communities we serve, and is the experience equal?"""

import streamlit as st

from app import figures

figures.people_head("Does our workforce reflect the communities we serve?")
figures.representation("gender")
with st.grid(2, min_column_width=330, gap="small"):
    figures.representation("ethnicity")
    figures.representation("age_band")
figures.representation("disability")

figures.section("How these figures protect people")
st.markdown(
    "They are made when the exports are read, for everyone, one region or one channel, never for a choice of both. "
    "Fewer than 10 people are never told, and every other count is given to the nearest 5. "
    "Nothing else about employees is in the snapshot that this dashboard opens."
)

"""Diversity: does our workforce reflect the communities we serve, and is the experience equal?"""

import streamlit as st

from app import figures

METRICS = (
    "inclusion_index",
    "perspectives_valued",
    "speak_openly",
    "inclusion_training",
    "preferred_channel",
)

figures.people_head("Does our workforce reflect the communities we serve?")
figures.representation("gender")
with st.grid(2, min_column_width=330, gap="small"):
    figures.representation("ethnicity")
    figures.representation("age_band")
figures.representation("disability")

figures.section("What do employees say?")
figures.headline("inclusion_index", "perspectives_valued", "speak_openly", "inclusion_training")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("inclusion_index")
    figures.by_region("inclusion_index")
figures.where("perspectives_valued")
figures.where("speak_openly")
figures.where("inclusion_training")

figures.section("Do customers reach us the way they prefer?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("preferred_channel")
    figures.by_channel("preferred_channel")

figures.protection()
figures.foot(*METRICS)

"""Diversity: does our workforce reflect the communities we serve, and is the experience equal?"""

import streamlit as st

from app import figures

METRICS = (
    "inclusion_index",
    "perspectives_valued",
    "speak_openly",
    "inclusion_training",
    "events_participation",
    "dialogue_participation",
    "policy_acknowledged",
    "preferred_channel",
    "diverse_spend",
    "inclusive_language",
    "inclusive_imagery",
    "policy_reviewed",
)

figures.people_head("Does our workforce reflect the communities we serve?")
figures.groups("community_gap")

figures.section("Who works at which level?")
figures.representation("gender")
with st.grid(2, min_column_width=330, gap="small"):
    figures.representation("ethnicity")
    figures.representation("age_band")
figures.representation("disability")

figures.section("Is everybody hired and heard alike?")
figures.groups("selection_rates")
figures.groups("survey_participation")

figures.section("What do employees say?")
figures.headline("inclusion_index", "perspectives_valued", "speak_openly", "inclusion_training")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("inclusion_index")
    figures.by_region("inclusion_index")
figures.where("inclusion_training")

figures.section("Are diverse perspectives celebrated?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("events_participation")
    figures.trend("perspectives_valued")
figures.where("events_participation")
figures.where("perspectives_valued")

figures.section("Is inclusion talked about openly?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("dialogue_participation")
    figures.trend("speak_openly")
figures.where("dialogue_participation")
figures.where("speak_openly")

figures.section("Is the experience equal?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.channel_parity()
    figures.channel_mix()
    figures.trend("preferred_channel")
    figures.by_channel("preferred_channel")

figures.section("Do we hear customers of every group?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.groups("feedback_reach")
    figures.groups("satisfaction_gap")

figures.section("Who do we buy from?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("diverse_spend")
    figures.by_region("diverse_spend")
    figures.supplier_spend()
    figures.certified_suppliers()

figures.section("Do language and images include?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("inclusive_language")
    figures.trend("inclusive_imagery")
    figures.by_region("inclusive_language")
    figures.by_region("inclusive_imagery")

figures.section("Are policies in place, and known?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("policy_reviewed")
    figures.trend("policy_acknowledged")
figures.where("policy_acknowledged")

figures.protection()
figures.foot(*METRICS)

"""Goals: will we make it?"""

import streamlit as st

from app import figures

METRICS = (
    "goals_met",
    "goals_well_defined",
    "closed_loop",
    "survey_response",
    "required_training",
    "training_hours",
    "response_coverage",
    "leadership_trust",
)

figures.goals_head("Will we make it?", *METRICS)
figures.goals()
figures.goal()

figures.section("Where is the opened goal behind?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.behind()

figures.section("Do we set goals well, and meet them?")
figures.headline("goals_met", "goals_well_defined", "closed_loop", "required_training")
with st.grid(2, min_column_width=330, gap="small"):
    figures.by_region("goals_met")
    figures.trend("goals_well_defined")

figures.section("Are people trained?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.by_region("required_training")
    figures.trend("training_hours")

figures.section("Does feedback lead to action?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("closed_loop")
    figures.trend("survey_response")
    figures.by_channel("closed_loop")
    figures.by_channel("survey_response")

figures.section("Do leaders lead by example?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("leadership_trust")
    figures.by_region("leadership_trust")

figures.section("Does a person answer?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("response_coverage")
    figures.by_channel("response_coverage")

figures.section("Outcomes")
st.markdown(
    "Service win rate and revenue kept will stand here when exports of deals and of costs are loaded: "
    "beside the goals, never as proof that one caused the other."
)

figures.goals_closing(*METRICS)
figures.foot(*METRICS)

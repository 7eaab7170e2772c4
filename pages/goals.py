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
    "two_way_channels",
    "leadership_trust",
    "leader_customer_contacts",
    "feedback_decisions",
    "service_win_rate",
    "revenue_retained",
    "cost_per_resolution",
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
    figures.trend("feedback_decisions")
    figures.by_region("feedback_decisions")

figures.section("Do leaders lead by example?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("leadership_trust")
    figures.by_region("leadership_trust")
    figures.trend("leader_customer_contacts")
    figures.by_region("leader_customer_contacts")

figures.section("Does a person answer?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("response_coverage")
    figures.by_channel("response_coverage")
    figures.trend("two_way_channels")
    figures.by_channel("two_way_channels")

figures.section("Outcomes")
st.markdown("They stand beside the practices above, and never prove that one caused the other.")
figures.headline("service_win_rate", "revenue_retained", "cost_per_resolution")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("service_win_rate")
    figures.by_region("service_win_rate")
    figures.trend("revenue_retained")
    figures.by_region("revenue_retained")
    figures.trend("cost_per_resolution")
    figures.by_channel("cost_per_resolution")

figures.goals_closing(*METRICS)
figures.foot(*METRICS)

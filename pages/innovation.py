"""Innovation: how far do ideas travel?"""

import streamlit as st

from app import figures

METRICS = (
    "recognised_in_time",
    "customer_ideas",
    "ideas_per_100",
    "participation",
    "experiments_concluded",
    "experiments_learned",
    "psychological_safety",
    "empowerment",
    "enablement",
)

figures.ideas_head("How far do ideas travel?", *METRICS)
figures.headline("ideas_per_100", "customer_ideas", "recognised_in_time")

figures.section("How far do they come, and where do they stand?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.idea_funnel()
    figures.idea_age()
figures.idea_flow()
figures.idea_balance()

figures.section("Who submits them?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("ideas_per_100")
    figures.trend("customer_ideas")
    figures.by_region("ideas_per_100")
    figures.by_region("customer_ideas")
    figures.trend("participation")
    figures.by_region("participation")

figures.section("Is it safe to take a risk?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("psychological_safety")
    figures.by_region("psychological_safety")
figures.safety_bands()

figures.section("Do people dare, and do they learn?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("empowerment")
    figures.trend("enablement")
    figures.by_region("empowerment")
    figures.by_region("enablement")
    figures.trend("experiments_concluded")
    figures.by_region("experiments_learned")
st.caption("How many succeed has no target: if all of them did, no risk was taken.")

figures.section("Are they recognised?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("recognised_in_time")
    figures.by_region("recognised_in_time")

figures.ideas_closing(*METRICS)
figures.foot(*METRICS)

"""Trust: do customers believe us, and do we keep our word?"""

import streamlit as st

from app import figures

METRICS = (
    "promises_kept",
    "nps",
    "first_reply_hours",
    "first_reply_hours_p90",
    "resolution_hours",
    "resolution_hours_p90",
    "sla_attainment",
    "first_contact_resolution",
    "reopened",
    "csat",
    "complaints_on_time",
    "empathy",
    "felt_heard",
    "trusted_and_respected",
    "welcoming",
    "memorable",
    "effort",
    "retention",
)

figures.finding("Do customers believe us, and do we keep our word?", *METRICS)
figures.headline("promises_kept", "nps", "first_reply_hours", "sla_attainment")

figures.section("Do we keep our promises?")
figures.trend("promises_kept")
with st.grid(2, min_column_width=330, gap="small"):
    figures.by_region("promises_kept")
    figures.by_channel("promises_kept")
figures.trend("complaints_on_time")
figures.where("complaints_on_time")

figures.section("How long do customers wait?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("first_reply_hours")
    figures.trend("first_reply_hours_p90")
    figures.by_region("first_reply_hours")
    figures.by_channel("first_reply_hours")
    figures.trend("resolution_hours")
    figures.trend("resolution_hours_p90")
    figures.by_region("resolution_hours")
    figures.by_channel("resolution_hours")
figures.trend("sla_attainment")
with st.grid(2, min_column_width=330, gap="small"):
    figures.by_region("sla_attainment")
    figures.by_channel("sla_attainment")
figures.channels("sla_attainment")

figures.section("Do they have to come back?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("first_contact_resolution")
    figures.trend("reopened")
figures.where("first_contact_resolution")
figures.where("reopened")

figures.section("What do customers experience?")
figures.headline("empathy", "felt_heard", "trusted_and_respected", "welcoming", "memorable", "effort")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("felt_heard")
    figures.trend("trusted_and_respected")
figures.where("felt_heard")
figures.where("trusted_and_respected")

figures.section("What do they say, and do they stay?")
with st.grid(2, min_column_width=330, gap="small"):
    figures.trend("nps")
    figures.recommendation()
    figures.trend("csat")
    figures.by_channel("csat")
    figures.trend("retention")
    figures.by_region("retention")

figures.closing(*METRICS)
figures.foot(*METRICS)

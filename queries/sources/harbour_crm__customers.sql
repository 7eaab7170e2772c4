-- One customer of Harbour CRM.
-- Grain: export row
select
    line,
    "Customer ID" as customer,
    "Customer since" as since_on,
    "Customer until" as left_on,
    "Segment" as segment,
    "Monthly revenue" as recurring_revenue,
    "Region" as region,
    "Preferred channel" as preferred_channel,
    "Describes themselves as" as described_as
from export

"""A demonstration company: the exports of its four systems, with a few real changes planted in them."""

import csv
from pathlib import Path

import numpy as np

from app.demo import crm, draw, finance, hr, surveys
from app.demo.crm import GOALS
from app.demo.draw import CHANNELS, DAY, FIRST_REPLY, PILOT, PLANTED, PROMISES, REGIONS, Change

__all__ = ["CHANNELS", "FIRST_REPLY", "GOALS", "HEADINGS", "PILOT", "PLANTED", "PROMISES", "REGIONS", "Change", "write"]

HEADINGS = {
    "crm/tickets.csv": "Ticket ID,Opened,First human reply,Resolved,Type,Subject area,Requester ID,Customer ID,Region,"
    "Contact channel,SLA status,Times reopened",
    "crm/commitments.csv": "Commitment ID,Promised on,Promised for,Fulfilled on,Region,Contact channel",
    "crm/customers.csv": "Customer ID,Customer since,Customer until,Segment,Monthly revenue,Region,Preferred channel,"
    "Describes themselves as",
    "crm/ideas.csv": "Idea ID,Submitted,Source,Author ID,Experiment,Learning,Region,Channel",
    "crm/idea_stages.csv": "Idea ID,Stage,Entered",
    "crm/goals.csv": "Goal,Metric ID,Baseline,Target,Set on,Due on,Met on,Owner role,Next step,Region,Channel",
    "crm/content_audits.csv": "Piece,Audited,Language,Imagery,Tool,Tool version,Decided by,Region",
    "finance/suppliers.csv": "Vendor,Certifier,Certified from,Certified to",
    "finance/supplier_spend.csv": "Document,Document date,Vendor,Net amount,Tier,Addressable,Region",
    "crm/decisions.csv": "Decision ID,Decided,Reason,Region,Channel",
    "crm/deals.csv": "Deal ID,Closed,Outcome,Service a reason,Region,Channel",
    "finance/costs.csv": "Month,Cost centre,Region,Channel,Amount",
    "hr/workforce.csv": "Employee ID,State on,Hired,Left,Grade,Gender,Ethnicity,Age band,Disability,Region,Serves",
    "hr/applications.csv": "Application ID,Applicant ID,Applied,Hired,Gender,Ethnicity,Age band,Disability,Region",
    "hr/training.csv": "Employee ID,Course,Topic,Mandatory,Assigned,Completed,Hours,Region",
    "hr/recognitions.csv": "Recognition ID,Employee ID,Given on,For idea,Region",
    "hr/policies.csv": "Policy,In force since,Retired,Customer interaction,Inclusion review,Policy owner",
    "hr/events.csv": "Employee ID,Event,Held on,Kind of event,Region",
    "hr/policy_acknowledgements.csv": "Employee ID,Policy,Asked on,Acknowledged on,Region",
    "hr/leader_contacts.csv": "Leader ID,Day,Contact,Region,Serves",
    "survey/customer_survey.csv": "Response ID,Submitted,Survey type,Recommend,Satisfaction,Empathy,Felt heard,Trusted,"
    "Welcoming,Memorable,Effort,Followed up,Ticket ID,Region,Channel",
    "survey/employee_survey.csv": "Response ID,Submitted,Wave,Gender,Ethnicity,Age band,Empowered,Enabled,Leadership,"
    "Perspectives,Speak up,Inclusion,Safety 1,Safety 2,Safety 3,Safety 4,Safety 5,Safety 6,Safety 7,Region,Serves",
    "survey/invitations.csv": "Invitation ID,Sent,Completed,Survey type,Region,Channel",
}


def write(folder: Path, *, employees=1200, tickets=20000, months=30, seed=1, until="2026-10", planted=True):
    """Write the exports below `folder`, in `crm/`, `finance/`, `hr/` and `survey/`; return their paths.

    The same options give the same bytes; `until` is the last month, and complete.
    """
    last = np.datetime64(until, "M")
    day, end = (last - months + 1).astype(DAY), (last + 1).astype(DAY)
    around = np.arange(last - months - 2, last + 1)
    quarters = (around[around.astype(int) % 3 == 2] + 1).astype(DAY) - 1
    company = draw.Company(employees, tickets, day, end, int((end - day).astype(int)), last, quarters, seed, planted)
    customers, homes = crm.customers(company)
    cases, solved = crm.tickets(company, homes)
    workforce, staff = hr.workforce(company)
    ideas, stages, recognitions = crm.ideas(company, staff)
    responses, invitations = surveys.customer_survey(company, solved, homes)
    tables = {
        "crm/tickets.csv": cases,
        "crm/commitments.csv": crm.commitments(company),
        "crm/customers.csv": customers,
        "crm/ideas.csv": ideas,
        "crm/idea_stages.csv": stages,
        "crm/goals.csv": crm.goals(company),
        "crm/content_audits.csv": crm.content_audits(company),
        "finance/suppliers.csv": finance.suppliers(company),
        "finance/supplier_spend.csv": finance.supplier_spend(company),
        "crm/decisions.csv": crm.decisions(company),
        "crm/deals.csv": crm.deals(company),
        "finance/costs.csv": finance.costs(company),
        "hr/workforce.csv": workforce,
        "hr/applications.csv": hr.applications(company),
        "hr/training.csv": hr.training(company, staff),
        "hr/recognitions.csv": recognitions,
        "hr/policies.csv": hr.policies(company),
        "hr/events.csv": hr.events(company, staff),
        "hr/policy_acknowledgements.csv": hr.policy_acknowledgements(company, staff),
        "hr/leader_contacts.csv": hr.leader_contacts(company, staff),
        "survey/customer_survey.csv": responses,
        "survey/employee_survey.csv": surveys.employee_survey(company, staff),
        "survey/invitations.csv": invitations,
    }
    return [_save(company, folder / name, tables[name]) for name in HEADINGS]


def _save(company: draw.Company, path: Path, columns: tuple) -> Path:
    """Write one export; long ones repeat a few rows at their end and have blank lines in between."""
    headings = HEADINGS[f"{path.parent.name}/{path.name}"].split(",")
    rows = list(zip(*map(draw.text, columns), strict=True))
    if len(rows) > 100:
        rng = draw.random(company, path.name)
        rows += [rows[place] for place in rng.integers(0, len(rows), 1 + len(rows) // 1000)]
        for place in rng.integers(0, len(rows), 3):
            rows.insert(place, ())
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([headings, *rows])
    return path

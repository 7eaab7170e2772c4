"""A demonstration company: the exports of its three systems, with a few real changes planted in them."""

import csv
import zlib
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np


@dataclass(frozen=True)
class Change:
    """A real change: the level `before`, and `after` it from `months_back` months before the last month on."""

    what: str
    metric: str
    region: str | None
    channel: str | None
    months_back: int
    before: float
    after: float
    expected: str


FIRST_REPLY = Change("median hours to a first reply", "first_reply_hours", "EMEA", "Phone", 8, 2.0, 4.0, "worse")
PROMISES = Change("share of commitments kept on time", "promises_kept", None, None, 10, 0.84, 0.92, "better")
PILOT = Change("share of finished pilots that leave the stage", "idea_age_days", None, None, 9, 1.0, 0.04, "worse")
PLANTED = (FIRST_REPLY, PROMISES, PILOT)

SERVICE, SUPPORT, CUSTOMERS = "Head of Service Operations", "Head of Customer Support", "Chief Customer Officer"
# Name, metric, baseline, target, months since it was set, months until it is due, owner, next step. By intention the
# first is on track, the second off track, the third too close to call; one lacks its target.
GOALS = (
    ("Keep our promises", "promises_kept", 0.84, 0.86, 12, 2, SERVICE, "Review open commitments every Monday"),
    ("Reply within two hours", "first_reply_hours", 3.0, 2.0, 10, 4, SUPPORT, "Staff the call-backs in the morning"),
    ("Solve it the first time", "first_contact_resolution", 0.7, 0.72, 9, 3, SERVICE, "Share the best answers"),
    ("Meet agreed times", "sla_attainment", 0.87, 0.9, 11, 3, SERVICE, "Agree on times with the carriers"),
    ("More customers recommend us", "nps", 0.28, 0.35, 12, 5, CUSTOMERS, "Call back everyone who would not"),
    ("Satisfied customers", "csat", 0.8, "", 8, 6, CUSTOMERS, "Agree on a target"),
    ("Fewer cases reopened", "reopened", 0.06, 0.05, 9, 2, SUPPORT, "Check solutions with the customer"),
    ("Everybody trained", "required_training", 0.8, 0.9, 12, 4, "Head of People", "Remind team leads every month"),
)
# Goals of one region for half a year: name, metric, usual level per region, what may be gained, owner, next step.
REGIONAL = (
    ("Keep promises", PROMISES.metric, (0.84, 0.87, 0.79, 0.83), (0.01, 0.02, 0.04), SERVICE, "Confirm dates twice"),
    (
        "Reply sooner",
        FIRST_REPLY.metric,
        (3.0, 2.7, 3.6, 3.3),
        (-0.3, -0.5, -0.8),
        SUPPORT,
        "Two more for the mornings",
    ),
    (
        "Solve at once",
        "first_contact_resolution",
        (0.71, 0.72, 0.71, 0.73),
        (0.01, 0.02, 0.05),
        SERVICE,
        "Share answers",
    ),
    ("Meet times", "sla_attainment", (0.88, 0.9, 0.84, 0.87), (0.01, 0.02, 0.04), SERVICE, "Sort cases by due time"),
    ("Satisfy customers", "csat", (0.77, 0.78, 0.82, 0.79), (0.02, 0.03, 0.05), CUSTOMERS, "Read ten answers a week"),
    ("Reopen fewer", "reopened", (0.06, 0.06, 0.07, 0.06), (-0.01, -0.01, -0.02), SUPPORT, "Ask before closing"),
)
MET_IN_TIME, MET_LATE, LACKING = 0.65, 0.1, 0.08  # shares of the regional goals
HEADINGS = {
    "crm/tickets.csv": "Ticket ID,Opened,First human reply,Resolved,Type,Subject area,Requester ID,Customer ID,Region,"
    "Contact channel,SLA status,Times reopened",
    "crm/commitments.csv": "Commitment ID,Promised on,Promised for,Fulfilled on,Region,Contact channel",
    "crm/customers.csv": "Customer ID,Customer since,Customer until,Segment,Monthly revenue,Region,Preferred channel",
    "crm/ideas.csv": "Idea ID,Submitted,Source,Author ID,Experiment,Learning,Region,Channel",
    "crm/idea_stages.csv": "Idea ID,Stage,Entered",
    "crm/goals.csv": "Goal,Metric ID,Baseline,Target,Set on,Due on,Met on,Owner role,Next step,Region,Channel",
    "hr/workforce.csv": "Employee ID,State on,Hired,Left,Grade,Gender,Ethnicity,Age band,Disability,Region,Serves",
    "hr/training.csv": "Employee ID,Course,Topic,Mandatory,Assigned,Completed,Hours,Region",
    "hr/recognitions.csv": "Recognition ID,Employee ID,Given on,For idea,Region",
    "survey/customer_survey.csv": "Response ID,Submitted,Survey type,Recommend,Satisfaction,Empathy,Felt heard,Trusted,"
    "Welcoming,Memorable,Effort,Followed up,Ticket ID,Region,Channel",
    "survey/employee_survey.csv": "Response ID,Submitted,Wave,Empowered,Enabled,Leadership,Perspectives,Speak up,"
    "Inclusion,Safety 1,Safety 2,Safety 3,Safety 4,Safety 5,Safety 6,Safety 7,Region,Serves",
    "survey/invitations.csv": "Invitation ID,Sent,Completed,Survey type,Region,Channel",
}

# Places as they are mostly spelled (their name in `Change`) and otherwise; words with how often they occur.
REGIONS = ("EMEA|emea|Europe", "NAMER|N. America|north america", "LATAM|LatAm|Latin America", "APAC|Asia-Pacific|apac")
CHANNELS = ("Phone|phone|Telephone", "E-mail|email|E-Mail", "Chat|chat|Live chat", "Web|web form|WEB", "Social|social")
REGION_SHARES, CHANNEL_SHARES = (36, 30, 13, 21), (28, 30, 18, 17, 7)
KINDS = ("Question", "Request", "Incident", "Complaint", ""), (40, 30, 18, 10, 2)
SUBJECTS = ("Billing", "Delivery", "Account", "Product", "Returns"), (30, 25, 20, 15, 10)
SEGMENTS = ("Private", "Small business", "Enterprise"), (50, 35, 15)
LEARNINGS = ("A shorter form halves repeated questions", "A call-back beats a queue", ""), (40, 35, 25)
GRADES, AGES = ("G1", "G2", "G3", "G4", "G5"), (("<30", "30-39", "40-49", "50+"), (24, 33, 26, 17))
GRADE_SHARES, DISABILITIES = (48, 27, 12, 10, 3), (("N", "Y", ""), (82, 7, 11))

# Levels: median hours per channel, women per grade, otherwise per region.
REPLY_HOURS, RESOLUTION_HOURS = (FIRST_REPLY.before, 5.6, 0.8, 5.0, 3.4), (16, 26, 14, 24, 20)
PACE, SLA_MET, PROMISE_OFFSET = (1, 0.9, 1.25, 1.1), (0.88, 0.905, 0.84, 0.87), (0, 0.025, -0.045, -0.01)
REPEATED_CONTACT, REOPENED, NO_REPLY, NEVER_RESOLVED = 0.235, 0.06, 0.02, 0.004
WOMEN, MOOD = (0.6, 0.54, 0.47, 0.4, 0.3), (-0.05, 0.08, 0.1, -0.1)
ORIGINS = ((12, 12, 3, 60, 5, 8), (10, 16, 16, 46, 4, 8), (2, 15, 50, 20, 8, 5), (70, 2, 1, 17, 4, 6))
STAGES, DAYS, SHARES = ("Screened", "Experiment", "Pilot", "Implemented"), (12, 15, 30, 45), (0.75, 0.8, 0.6, 0.7)
COURSES = ("Service basics", "Inclusion basics", "Listening", "Conflict", "Data protection")
TOPICS, HOURS = ("service", "inclusion", "service", "service", "compliance"), ("6", "3", "4", "2.5", "1.5")

# Scales: the least favourable answer, the step to the next, the shares of the answers in that order.
RECOMMEND = (0, 1, (0.01, 0.01, 0.01, 0.02, 0.03, 0.05, 0.07, 0.12, 0.18, 0.24, 0.26))
SATISFIED, MEMORABLE = (1, 1, (0.03, 0.06, 0.11, 0.39, 0.41)), (1, 1, (0.07, 0.13, 0.22, 0.32, 0.26))
AGREEMENT, SEVEN = (1, 1, (0.05, 0.09, 0.15, 0.44, 0.27)), (1, 1, (0.03, 0.05, 0.09, 0.15, 0.25, 0.26, 0.17))
CUSTOMER_ITEMS = (RECOMMEND, SATISFIED, AGREEMENT, AGREEMENT, SATISFIED, SATISFIED, MEMORABLE, SEVEN)
EMPLOYEE_ITEMS = (*[AGREEMENT] * 6, *[(7, -1, SEVEN[2]), SEVEN] * 3, SEVEN)  # statements 1, 3 and 5 are reversed

DAY, MINUTE, MONTH, NEVER = "datetime64[D]", "datetime64[m]", "datetime64[M]", np.datetime64("NaT")
# First day, day after the last, days between, last month; ends of quarters, one from before the first day included.
_Company = namedtuple("_Company", "employees tickets day end days last quarters seed planted")


def write(folder: Path, *, employees=1200, tickets=20000, months=30, seed=1, until="2026-10", planted=True):
    """Write the exports below `folder`, in `crm/`, `hr/` and `survey/`; return their paths.

    The same options give the same bytes; `until` is the last month, and complete.
    """
    last = np.datetime64(until, "M")
    day, end = (last - months + 1).astype(DAY), (last + 1).astype(DAY)
    around = np.arange(last - months - 2, last + 1)
    quarters = (around[around.astype(int) % 3 == 2] + 1).astype(DAY) - 1
    company = _Company(employees, tickets, day, end, int((end - day).astype(int)), last, quarters, seed, planted)
    customers, homes = _customers(company)
    cases, solved = _tickets(company, homes)
    workforce, staff = _workforce(company)
    ideas, stages, recognitions = _ideas(company, staff)
    responses, invitations = _customer_survey(company, solved, homes)
    tables = (cases, _commitments(company), customers, ideas, stages, _goals(company), workforce)
    tables += (_training(company, staff), recognitions, responses, _employee_survey(company, staff), invitations)
    return [_save(company, folder / name, columns) for name, columns in zip(HEADINGS, tables, strict=True)]


def _save(company: _Company, path: Path, columns: tuple) -> Path:
    """Write one export; long ones repeat a few rows at their end and have blank lines in between."""
    headings = HEADINGS[f"{path.parent.name}/{path.name}"].split(",")
    rows = list(zip(*map(_text, columns), strict=True))
    if len(rows) > 100:
        rng = _random(company, path.name)
        rows += [rows[place] for place in rng.integers(0, len(rows), 1 + len(rows) // 1000)]
        for place in rng.integers(0, len(rows), 3):
            rows.insert(place, ())
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([headings, *rows])
    return path


def _customers(company: _Company) -> tuple[tuple, np.ndarray]:
    """Customers, and the region of each; how soon one leaves does not depend on how long it has been one."""
    rng = _random(company, "customers")
    here, new = max(company.tickets // 17, 10), company.tickets * company.days // 60_000
    since = company.day + np.sort(np.r_[rng.integers(-2500, 0, here), rng.integers(0, company.days, new)])
    count = len(since)
    left = np.maximum(since, company.day) + rng.exponential(3750, count).astype(int)
    region, channel = _pick(rng, REGION_SHARES, count), _pick(rng, CHANNEL_SHARES, count)
    revenue, segment = np.round(rng.lognormal(4.6, 0.9, count)).astype(int), _words(rng, SEGMENTS, count)
    places = _spelled(rng, REGIONS, region), _spelled(rng, CHANNELS, channel, blank=0.2)
    return (_ids("C", count), since, _known(company, left), segment, revenue, *places), region


def _tickets(company: _Company, homes: np.ndarray) -> tuple[tuple, tuple]:
    """Tickets; and day, region, channel and number of those resolved, for the survey."""
    rng = _random(company, "tickets")
    count = round(company.tickets * (1 - REPEATED_CONTACT))
    who, subject = rng.integers(0, max(company.tickets // 3, 30), count), _words(rng, SUBJECTS, count)
    opened = _busy_days(company, rng, count).astype(MINUTE) + rng.triangular(420, 780, 1260, count).astype(int)
    waves = []
    while len(opened):  # first contacts, then those who come back about the same matter within a week, and again
        waves.append((opened, who, subject, *_handled(company, rng, opened, homes[who % len(homes)])))
        back = np.flatnonzero((rng.random(len(opened)) < REPEATED_CONTACT) & (waves[-1][4] < company.end))
        again = waves[-1][4][back] + rng.integers(300, 9500, len(back))
        back, opened = back[again < company.end], again[again < company.end]
        who, subject = who[back], subject[back]
    joined = [np.concatenate(parts) for parts in zip(*waves, strict=True)]
    order = np.argsort(joined[0], kind="stable")
    opened, who, subject, reply, resolved, region, channel, is_late = (values[order] for values in joined)
    count, reply, resolved = len(order), _known(company, reply), _known(company, resolved)
    is_open, ticket = np.isnat(resolved), _ids("T", count, 7)
    sla = np.where(is_late, "Missed", np.where(is_open, "", "Met"))
    sla[rng.random(count) < 0.02] = ""
    reopened = (rng.random(count) < REOPENED) * (1 + (rng.random(count) < 0.15)) * ~is_open
    customer = np.where(rng.random(count) < 0.02, "", _ids("C", len(homes))[who % len(homes)])
    regions = _spelled(rng, REGIONS, region, unknown="Antarctica")
    channels = _spelled(rng, CHANNELS, channel, unknown="Fax")
    wrong = rng.choice(count, count // 1000, replace=False)
    reply[wrong[::2]] = opened[wrong[::2]] - 45
    opened = _text(opened)
    for place in wrong[1::2]:
        opened[place] = f"{opened[place][:4]}-02-30 09:15"
    what = _words(rng, KINDS, count), subject, _ids("R", who, 4), customer
    solved = tuple(values[~is_open] for values in (resolved.astype(DAY), region, channel, ticket))
    return (ticket, opened, reply, resolved, *what, regions, channels, sla, reopened), solved


def _handled(company: _Company, rng: np.random.Generator, opened: np.ndarray, region: np.ndarray) -> tuple:
    """First reply, resolution, region, channel and lateness of the tickets opened then and there."""
    count, pace, channel = len(opened), np.array(PACE)[region], _pick(rng, CHANNEL_SHARES, len(opened))
    slower = _level(company, FIRST_REPLY, opened, region, channel) / FIRST_REPLY.before
    common, own, other, luck = rng.standard_normal((4, count))
    hours = np.array(REPLY_HOURS)[channel] * pace * slower * np.exp(0.5 * common + 0.85 * own)
    reply = opened + np.ceil(hours * 60).astype(int)
    hours = np.array(RESOLUTION_HOURS)[channel] * pace * np.exp(0.8 * common + 0.6 * other)
    resolved = np.maximum(opened + np.ceil(hours * 60).astype(int), reply + 5)
    reply[rng.random(count) < NO_REPLY] = NEVER
    resolved[rng.random(count) < NEVER_RESOLVED] = NEVER
    allowed = np.array([NormalDist().inv_cdf(share) for share in SLA_MET])[region]
    return reply, resolved, region, channel, 0.64 * common + 0.48 * other + 0.6 * luck > allowed


def _commitments(company: _Company) -> tuple:
    """Commitments in the order of their promised dates; those beyond the last day are open."""
    rng = _random(company, "commitments")
    due = _busy_days(company, rng, round(company.tickets * 0.27), beyond=28)
    made = due - rng.integers(2, 29, len(due))
    due, made = due[made < company.end], made[made < company.end]
    count, region = len(due), _pick(rng, REGION_SHARES, len(due))
    late = due + 1 + rng.exponential(6, count).astype(int)
    late[rng.random(count) < 0.15] = NEVER
    is_kept = rng.random(count) < _level(company, PROMISES, due) + np.array(PROMISE_OFFSET)[region]
    kept = np.where(is_kept, np.maximum(due - rng.integers(0, 5, count), made), late)
    kept[due >= company.end] = NEVER
    due = _text(due)
    for place in rng.integers(0, count, count // 1500):
        due[place] = "next week"
    places = _spelled(rng, REGIONS, region), _spelled(rng, CHANNELS, _pick(rng, CHANNEL_SHARES, count))
    return _ids("K", count), made, due, _known(company, kept), *places


def _goals(company: _Company) -> tuple:
    """The goals sheet: those of the whole company, all open, and those of each region for half a year each."""
    rows = []
    for *words, since, ahead, owner, step in GOALS:
        dates = (company.last - since).astype(DAY), (company.last + ahead + 1).astype(DAY) - 1, NEVER
        rows.append((*words, *dates, owner, step, "", ""))
    rng = _random(company, "goals")
    months = np.arange(company.day.astype(MONTH), company.last + 1)
    for start in months[months.astype(int) % 6 == 0]:
        since, due = start.astype(DAY), (start + 6).astype(DAY) - 1
        for place, region in enumerate(REGIONS):
            for kind in rng.permutation(len(REGIONAL))[: 3 if due < company.end else 2]:
                rows.append(_regional_goal(company, rng, REGIONAL[kind], place, region.split("|")[0], since, due))
    return tuple(zip(*rows, strict=True))


def _regional_goal(company: _Company, rng, words: tuple, place: int, region: str, since, due) -> tuple:
    """One row of the goals sheet; some lack what a goal needs, and those still running are not met yet."""
    name, metric, levels, gains, owner, step = words
    moved = {PROMISES.metric: (PROMISES, 1), FIRST_REPLY.metric: (FIRST_REPLY, 0.4)}  # of which the share is felt
    change, felt = moved.get(metric, (PROMISES, 0))
    baseline = levels[place] + felt * float(_level(company, change, since, place, 0) - change.before)
    target = baseline + gains[rng.integers(len(gains))]
    met = due - rng.integers(0, 75) if rng.random() < MET_IN_TIME else NEVER
    if np.isnat(met) and rng.random() < MET_LATE / (1 - MET_IN_TIME):
        met = due + rng.integers(3, 60)
    cells = [f"{name} in {region} (H{1 + since.astype(MONTH).astype(int) % 12 // 6} {str(since)[:4]})", metric]
    cells += [f"{baseline:.2g}", f"{target:.2g}", since, due, _known(company, met), owner, step, region, ""]
    if due >= company.end:
        cells[6] = NEVER
    if rng.random() < LACKING:
        cells[(2, 3, 7)[rng.integers(3)]] = ""
    return tuple(cells)


def _ideas(company: _Company, staff: dict) -> tuple[tuple, tuple, tuple]:
    """Ideas, their stages, and recognitions; ideas begin a year early, so that the pipeline is full from the start."""
    rng = _random(company, "ideas")
    count = int(company.employees * 0.0009 * (company.days + 365))
    day = company.day + np.sort(rng.integers(-365, company.days, count))
    author, is_staff = rng.integers(0, len(staff["id"]), count), rng.random(count) < 0.82
    here = ~is_staff | _present(staff, author, day)
    day, author, is_staff, count = day[here], author[here], is_staff[here], int(here.sum())
    is_experiment, closed, entered = rng.random(count) < 0.35, np.full(count, NEVER, DAY), {"Submitted": day}
    for stage, wait, share in zip(STAGES, DAYS, SHARES, strict=True):
        takes, moves = is_experiment | (stage != "Experiment"), rng.random(count) < share
        after = day + 2 + rng.exponential(wait, count).astype(int)
        if stage == "Implemented":
            after[rng.random(count) >= _level(company, PILOT, after)] = NEVER
        entered[stage] = np.where(takes & moves, after, NEVER)
        closed = np.where(takes & ~moves & ~np.isnat(day), after, closed)  # who was closed before stays closed
        day = np.where(takes, entered[stage], day)
    names = np.array([*entered, "Closed"])
    steps = _known(company, np.stack([*entered.values(), closed], axis=1))
    which, stage = np.nonzero(~np.isnat(steps))
    idea, author = _ids("N", count), np.where(is_staff, staff["id"][author], "")
    learning = np.where(is_experiment & ~np.isnat(steps[:, [3, 5]]).all(axis=1), _words(rng, LEARNINGS, count), "")
    words = np.where(is_staff, "Staff", "Customer"), author, np.where(is_experiment, "Yes", "No"), learning
    region = _spelled(rng, REGIONS, _pick(rng, REGION_SHARES, count))
    channel = _spelled(rng, CHANNELS, np.where(is_staff, -1, _pick(rng, CHANNEL_SHARES, count)))
    thanked = _known(company, steps[:, 4] + rng.exponential(14, count).astype(int))
    thanked[~is_staff | (rng.random(count) < 0.2)] = NEVER
    order = np.argsort(thanked, kind="stable")[: (~np.isnat(thanked)).sum()]
    given = _ids("G", len(order)), author[order], thanked[order], idea[order], region[order]
    return (idea, steps[:, 0], *words, region, channel), (idea[which], names[stage], steps[which, stage]), given


def _workforce(company: _Company) -> tuple[tuple, dict]:
    """States at the ends of quarters, with those who left in the quarter; and the employees behind them."""
    rng = _random(company, "workforce")
    new = company.employees * company.days // 3000
    hired = np.r_[rng.integers(-3000, 0, company.employees), rng.integers(0, company.days, new)]
    hired, count = company.day + np.sort(hired), len(hired)
    left = np.maximum(hired, company.day) + 1 + rng.exponential(3000, count).astype(int)
    region, grade = _pick(rng, REGION_SHARES, count), _pick(rng, GRADE_SHARES, count)
    gender = np.where(rng.random(count) < np.array(WOMEN)[grade], "F", "M")
    gender = np.where(rng.random(count) < 0.06, np.where(rng.random(count) < 0.3, "X", ""), gender)
    origin = (rng.random((count, 1)) * 100 >= np.cumsum(ORIGINS, axis=1)[region]).sum(axis=1)
    traits = np.array(GRADES)[grade], gender, np.array((*"ABLWM", ""))[origin], _words(rng, AGES, count)
    disability = _words(rng, DISABILITIES, count)
    regions = _spelled(rng, REGIONS, region, blank=0.004)
    channel = np.where(rng.random(count) < 0.35, -1, _pick(rng, CHANNEL_SHARES, count))
    staff = {"id": _ids("E", count), "hired": hired, "left": left, "region": region, "regions": regions}
    staff["serves"] = _spelled(rng, CHANNELS, channel)
    days = company.quarters
    state, who = np.nonzero((hired <= days[:, None]) & (left > days[:, None] - 92))
    gone = np.where(left[who] <= days[state], left[who], NEVER)
    words = (trait[who] for trait in (*traits, disability, regions, staff["serves"]))
    return (staff["id"][who], days[state], hired[who], gone, *words), staff


def _training(company: _Company, staff: dict) -> tuple:
    """Mandatory courses, assigned to all in the year before the first day and then to who joins; and chosen ones."""
    rng = _random(company, "training")
    everyone = np.arange(len(staff["id"]))
    chosen = rng.integers(0, len(everyone), company.employees * (company.days + 120) // 550)
    who = np.r_[everyone, everyone, chosen]
    course = np.r_[everyone * 0, everyone * 0 + 1, 2 + _pick(rng, (40, 30, 30), len(chosen))]
    mandatory = np.maximum(company.day + rng.integers(-450, -90, len(everyone)), staff["hired"] + 3)
    assigned = np.r_[mandatory, mandatory, company.day + rng.integers(-120, company.days, len(chosen))]
    order = np.argsort(assigned, kind="stable")
    order = order[_present(staff, who[order], assigned[order]) & (assigned[order] < company.end)]
    who, course, assigned = who[order], course[order], assigned[order]
    done = assigned + 1 + rng.exponential(25, len(who)).astype(int)
    done[(rng.random(len(who)) < 0.07) | (done > staff["left"][who])] = NEVER
    title, topic, hours = (np.array(words)[course] for words in (COURSES, TOPICS, HOURS))
    is_mandatory = np.where(course < 2, "Y", "N")
    return staff["id"][who], title, topic, is_mandatory, assigned, _known(company, done), hours, staff["regions"][who]


def _customer_survey(company: _Company, solved: tuple, homes: np.ndarray) -> tuple[tuple, tuple]:
    """Responses, one row each, and the invitations that they answer; half of these are about a contact."""
    rng = _random(company, "customer_survey")
    half = min(round(company.tickets * 0.64), len(solved[0]))
    contact, customer = rng.choice(len(solved[0]), half, replace=False), rng.integers(0, len(homes), half)
    whole = _busy_days(company, rng, half), homes[customer], np.full(half, -1), np.full(half, "")
    invited, region, channel, ticket = (np.r_[x[contact], y] for x, y in zip(solved, whole, strict=True))
    answered = _known(company, invited + rng.exponential(0.7, 2 * half).astype(int))
    answered[rng.random(2 * half) >= 0.25] = NEVER
    kind, order = np.repeat(("T", "R"), half), np.argsort(invited, kind="stable")
    regions, channels = _spelled(rng, REGIONS, region), _spelled(rng, CHANNELS, channel)
    invitations = (_ids("I", 2 * half), *(each[order] for each in (invited, answered, kind, regions, channels)))
    reply = np.argsort(answered, kind="stable")[: (~np.isnat(answered)).sum()]
    answered, count = answered[reply], len(reply)
    items = _answers(rng, region[reply], CUSTOMER_ITEMS)
    is_low = np.isin(items[0], list("0123456")) | np.isin(items[1], list("12"))
    followed = _known(company, answered + rng.geometric(0.45, count) - 1)
    followed[~is_low | (rng.random(count) < 0.2)] = NEVER
    items[0][rng.integers(0, count, count // 1500)] = "11"
    about = followed, ticket[reply], regions[reply], channels[reply]
    return (_ids("S", count), answered, kind[reply], *items, *about), invitations


def _employee_survey(company: _Company, staff: dict) -> tuple:
    """One row per response; about a quarter of the employees answer in every quarter."""
    rng = _random(company, "employee_survey")
    days = company.quarters[1:]
    asked = company.employees * len(days) * 3 // 10
    who = rng.integers(0, len(staff["id"]), asked)
    day = np.sort(days[rng.integers(0, max(len(days), 1), asked)] - rng.integers(0, 14, asked))
    here = _present(staff, who, day)
    who, day = who[here], day[here]
    wave = [f"{1970 + month // 12}-Q{month % 12 // 3 + 1}" for month in day.astype(MONTH).astype(int).tolist()]
    items = _answers(rng, staff["region"][who], EMPLOYEE_ITEMS)
    return _ids("P", len(who)), day, wave, *items, staff["regions"][who], staff["serves"][who]


def _random(company: _Company, name: str) -> np.random.Generator:
    """Random numbers of an export's own, so that a change in one leaves the others as they are."""
    return np.random.Generator(np.random.PCG64([company.seed, zlib.crc32(name.encode())]))


def _busy_days(company: _Company, rng: np.random.Generator, count: int, beyond: int = 0) -> np.ndarray:
    """Sorted days of about `count` events: ever more of them, few on weekends, most around the new year."""
    days = company.day + np.arange(company.days + beyond)
    number = days.astype(int)
    season = 1 + 0.15 * np.cos((number - 10) * 2 * np.pi / 365.25)
    weight = season * (1 + 0.1 * (number - number[0]) / 365) * np.where((number + 3) % 7 > 4, 0.4, 1)
    limits = weight.cumsum() / weight[: company.days].sum()
    return days[np.sort(np.searchsorted(limits, rng.random(round(count * limits[-1])) * limits[-1]))]


def _present(staff: dict, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    return (staff["hired"][who] <= day) & (day < staff["left"][who])


def _level(company: _Company, change: Change, when: np.ndarray, region=None, channel=None) -> np.ndarray:
    """The level of what changes, per event: `after` where and when the change is planted, else `before`."""
    is_changed = company.planted & (when >= (company.last - change.months_back).astype(DAY))
    for place, names, where in ((change.region, REGIONS, region), (change.channel, CHANNELS, channel)):
        if place:
            is_changed &= where == [name.split("|")[0] for name in names].index(place)
    return np.where(is_changed, change.after, change.before)


def _pick(rng: np.random.Generator, shares: tuple, count: int) -> np.ndarray:
    """Positions in `shares`, as often as these say."""
    limits = np.cumsum(shares)
    return np.searchsorted(limits, rng.random(count) * limits[-1], side="right")


def _words(rng: np.random.Generator, words: tuple, count: int) -> np.ndarray:
    return np.array(words[0])[_pick(rng, words[1], count)]


def _answers(rng: np.random.Generator, region: np.ndarray, scales: tuple) -> list[np.ndarray]:
    """A column of answers per scale, better where the mood of the region is; some are left out."""
    mood, columns = np.array(MOOD)[region] + 0.7 * rng.standard_normal(len(region)), []
    for first, step, shares in scales:
        cuts = [NormalDist().inv_cdf(share) for share in np.cumsum(shares)[:-1].tolist()]
        scores = first + step * np.searchsorted(cuts, mood + 0.7 * rng.standard_normal(len(mood)))
        columns.append(np.where(rng.random(len(mood)) < 0.025, "", scores.astype(str)))
    return columns


def _spelled(rng, places: dict, which: np.ndarray, blank: float = 0.012, unknown: str = "") -> np.ndarray:
    """Places as people write them: mostly alike, at times otherwise, missing or unknown; position -1 is none."""
    chance, other = rng.random((2, len(which)))
    spelling = np.where(chance > 0.965, 1 + (other > 0.6), 0)
    text = np.array([*((place + "|" + place).split("|")[:3] for place in places), [""] * 3], dtype=object)[
        which, spelling
    ]
    text[chance < blank + 0.003] = unknown
    text[chance < blank] = ""
    return text


def _known(company: _Company, when: np.ndarray) -> np.ndarray:
    """What had not happened by the last day is not known."""
    return np.where(when < company.end, when, NEVER)


def _ids(prefix: str, numbers: int | np.ndarray, width: int = 5) -> np.ndarray:
    numbers = range(numbers) if isinstance(numbers, int) else numbers.tolist()
    return np.array([f"{prefix}{number + 1:0{width}d}" for number in numbers], dtype=object)


def _text(values) -> list[str]:
    """A column as text: dates in ISO format with a blank before the time, nothing for what never was."""
    if np.asarray(values).dtype.kind != "M":
        return list(values)
    return ["" if text == "NaT" else text.replace("T", " ") for text in np.datetime_as_string(values).tolist()]

"""The made-up CRM: customers, tickets, commitments, goals, ideas and what became of them."""

from statistics import NormalDist

import numpy as np

from app.demo import draw
from app.demo.draw import (
    CHANNEL_SHARES,
    CHANNELS,
    DAY,
    FIRST_REPLY,
    MINUTE,
    MONTH,
    NEVER,
    PILOT,
    PROMISES,
    REGION_SHARES,
    REGIONS,
    Company,
)

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
KINDS = ("Question", "Request", "Incident", "Complaint", ""), (40, 30, 18, 10, 2)
SUBJECTS = ("Billing", "Delivery", "Account", "Product", "Returns"), (30, 25, 20, 15, 10)
SEGMENTS = ("Private", "Small business", "Enterprise"), (50, 35, 15)
DESCRIBED = ("White", "Asian", "Latino", "Black", "Mixed", ""), (32, 13, 10, 8, 3, 34)  # by themselves, if at all
LEARNINGS = ("A shorter form halves repeated questions", "A call-back beats a queue", ""), (40, 35, 25)
REASONS = ("Customer feedback", "Figures", "Policy", ""), (52, 28, 12, 8)
WON = (0.4, 0.44, 0.34, 0.41)
# Levels: median hours per channel, women per grade, otherwise per region.
REPLY_HOURS, RESOLUTION_HOURS = (FIRST_REPLY.before, 5.6, 0.8, 5.0, 3.4), (16, 26, 14, 24, 20)
PACE, SLA_MET, PROMISE_OFFSET = (1, 0.9, 1.25, 1.1), (0.88, 0.905, 0.84, 0.87), (0, 0.025, -0.045, -0.01)
REPEATED_CONTACT, REOPENED, NO_REPLY, NEVER_RESOLVED = 0.235, 0.06, 0.02, 0.004
AUDITORS = ("Editor", "Communications lead", "Automatic", ""), (60, 28, 8, 4)
LANGUAGE_PASSED, IMAGERY_PASSED = 0.86, 0.78
STAGES, DAYS, SHARES = ("Screened", "Experiment", "Pilot", "Implemented"), (12, 15, 30, 45), (0.75, 0.8, 0.6, 0.7)


def customers(company: Company) -> tuple[tuple, np.ndarray]:
    """Customers, and the region of each; how soon one leaves does not depend on how long it has been one."""
    rng = draw.random(company, "customers")
    here, new = max(company.tickets // 17, 10), company.tickets * company.days // 60_000
    since = company.day + np.sort(np.r_[rng.integers(-2500, 0, here), rng.integers(0, company.days, new)])
    count = len(since)
    left = np.maximum(since, company.day) + rng.exponential(3750, count).astype(int)
    region, channel = draw.pick(rng, REGION_SHARES, count), draw.pick(rng, CHANNEL_SHARES, count)
    revenue, segment = np.round(rng.lognormal(4.6, 0.9, count)).astype(int), draw.words(rng, SEGMENTS, count)
    places = draw.spelled(rng, REGIONS, region), draw.spelled(rng, CHANNELS, channel, blank=0.2)
    described = draw.words(draw.random(company, "described"), DESCRIBED, count)
    return (draw.ids("C", count), since, draw.known(company, left), segment, revenue, *places, described), region


def tickets(company: Company, homes: np.ndarray) -> tuple[tuple, tuple]:
    """Tickets; and day, region, channel and number of those resolved, for the survey."""
    rng = draw.random(company, "tickets")
    count = round(company.tickets * (1 - REPEATED_CONTACT))
    who, subject = rng.integers(0, max(company.tickets // 3, 30), count), draw.words(rng, SUBJECTS, count)
    opened = draw.busy_days(company, rng, count).astype(MINUTE) + rng.triangular(420, 780, 1260, count).astype(int)
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
    count, reply, resolved = len(order), draw.known(company, reply), draw.known(company, resolved)
    is_open, ticket = np.isnat(resolved), draw.ids("T", count, 7)
    sla = np.where(is_late, "Missed", np.where(is_open, "", "Met"))
    sla[rng.random(count) < 0.02] = ""
    reopened = (rng.random(count) < REOPENED) * (1 + (rng.random(count) < 0.15)) * ~is_open
    customer = np.where(rng.random(count) < 0.02, "", draw.ids("C", len(homes))[who % len(homes)])
    regions = draw.spelled(rng, REGIONS, region, unknown="Antarctica")
    channels = draw.spelled(rng, CHANNELS, channel, unknown="Fax")
    wrong = rng.choice(count, count // 1000, replace=False)
    reply[wrong[::2]] = opened[wrong[::2]] - 45
    opened = draw.text(opened)
    for place in wrong[1::2]:
        opened[place] = f"{opened[place][:4]}-02-30 09:15"
    what = draw.words(rng, KINDS, count), subject, draw.ids("R", who, 4), customer
    solved = tuple(values[~is_open] for values in (resolved.astype(DAY), region, channel, ticket))
    return (ticket, opened, reply, resolved, *what, regions, channels, sla, reopened), solved


def _handled(company: Company, rng: np.random.Generator, opened: np.ndarray, region: np.ndarray) -> tuple:
    """First reply, resolution, region, channel and lateness of the tickets opened then and there."""
    count, pace, channel = len(opened), np.array(PACE)[region], draw.pick(rng, CHANNEL_SHARES, len(opened))
    slower = draw.level(company, FIRST_REPLY, opened, region, channel) / FIRST_REPLY.before
    common, own, other, luck = rng.standard_normal((4, count))
    hours = np.array(REPLY_HOURS)[channel] * pace * slower * np.exp(0.5 * common + 0.85 * own)
    reply = opened + np.ceil(hours * 60).astype(int)
    hours = np.array(RESOLUTION_HOURS)[channel] * pace * np.exp(0.8 * common + 0.6 * other)
    resolved = np.maximum(opened + np.ceil(hours * 60).astype(int), reply + 5)
    reply[rng.random(count) < NO_REPLY] = NEVER
    resolved[rng.random(count) < NEVER_RESOLVED] = NEVER
    allowed = np.array([NormalDist().inv_cdf(share) for share in SLA_MET])[region]
    return reply, resolved, region, channel, 0.64 * common + 0.48 * other + 0.6 * luck > allowed


def commitments(company: Company) -> tuple:
    """Commitments in the order of their promised dates; those beyond the last day are open."""
    rng = draw.random(company, "commitments")
    due = draw.busy_days(company, rng, round(company.tickets * 0.27), beyond=28)
    made = due - rng.integers(2, 29, len(due))
    due, made = due[made < company.end], made[made < company.end]
    count, region = len(due), draw.pick(rng, REGION_SHARES, len(due))
    late = due + 1 + rng.exponential(6, count).astype(int)
    late[rng.random(count) < 0.15] = NEVER
    is_kept = rng.random(count) < draw.level(company, PROMISES, due) + np.array(PROMISE_OFFSET)[region]
    kept = np.where(is_kept, np.maximum(due - rng.integers(0, 5, count), made), late)
    kept[due >= company.end] = NEVER
    due = draw.text(due)
    for place in rng.integers(0, count, count // 1500):
        due[place] = "next week"
    places = draw.spelled(rng, REGIONS, region), draw.spelled(rng, CHANNELS, draw.pick(rng, CHANNEL_SHARES, count))
    return draw.ids("K", count), made, due, draw.known(company, kept), *places


def goals(company: Company) -> tuple:
    """The goals sheet: those of the whole company, all open, and those of each region for half a year each."""
    rows = []
    for *words, since, ahead, owner, step in GOALS:
        dates = (company.last - since).astype(DAY), (company.last + ahead + 1).astype(DAY) - 1, NEVER
        rows.append((*words, *dates, owner, step, "", ""))
    rng = draw.random(company, "goals")
    months = np.arange(company.day.astype(MONTH), company.last + 1)
    for start in months[months.astype(int) % 6 == 0]:
        since, due = start.astype(DAY), (start + 6).astype(DAY) - 1
        for place, region in enumerate(REGIONS):
            for kind in rng.permutation(len(REGIONAL))[: 3 if due < company.end else 2]:
                rows.append(_regional_goal(company, rng, REGIONAL[kind], place, region.split("|")[0], since, due))
    return tuple(zip(*rows, strict=True))


def decisions(company: Company) -> tuple:
    """Decisions and the reason that each cites, if any."""
    rng = draw.random(company, "decisions")
    day = draw.busy_days(company, rng, max(company.tickets // 90, 5))
    reason, region = draw.words(rng, REASONS, len(day)), draw.pick(rng, REGION_SHARES, len(day))
    decided = draw.text(day)
    wrong = rng.integers(0, len(day))
    if len(day) > 100:  # one of a few would be too many to read the rest
        decided[wrong] = "soon"
    channel = np.where(rng.random(len(day)) < 0.4, -1, draw.pick(rng, CHANNEL_SHARES, len(day)))
    places = draw.spelled(rng, REGIONS, region), draw.spelled(rng, CHANNELS, channel)
    return draw.ids("B", len(day), 4), decided, reason, *places


def deals(company: Company) -> tuple:
    """Deals in the order of the day on which they close; those beyond the last day are open."""
    rng = draw.random(company, "deals")
    closed = draw.busy_days(company, rng, max(company.tickets // 9, 10), beyond=20)
    count, region = len(closed), draw.pick(rng, REGION_SHARES, len(closed))
    by_service = rng.random(count) < 0.55
    is_won = rng.random(count) < np.array(WON)[region] + 0.08 * by_service
    outcome = np.where(is_won, "Won", "Lost").astype(object)
    wrong = rng.integers(0, count, 1 + count // 1500)
    if count > 100:
        outcome[wrong] = ""
    outcome[closed >= company.end] = ""
    stated = np.where(rng.random(count) < 0.03, "", np.where(by_service, "Yes", "No"))
    channel = draw.spelled(rng, CHANNELS, draw.pick(rng, CHANNEL_SHARES, count))
    return (
        draw.ids("D", count),
        draw.known(company, closed),
        outcome,
        stated,
        draw.spelled(rng, REGIONS, region),
        channel,
    )


def _regional_goal(company: Company, rng, words: tuple, place: int, region: str, since, due) -> tuple:
    """One row of the goals sheet; some lack what a goal needs, and those still running are not met yet."""
    name, metric, levels, gains, owner, step = words
    moved = {PROMISES.metric: (PROMISES, 1), FIRST_REPLY.metric: (FIRST_REPLY, 0.4)}  # of which the share is felt
    change, felt = moved.get(metric, (PROMISES, 0))
    baseline = levels[place] + felt * float(draw.level(company, change, since, place, 0) - change.before)
    target = baseline + gains[rng.integers(len(gains))]
    met = due - rng.integers(0, 75) if rng.random() < MET_IN_TIME else NEVER
    if np.isnat(met) and rng.random() < MET_LATE / (1 - MET_IN_TIME):
        met = due + rng.integers(3, 60)
    cells = [f"{name} in {region} (H{1 + since.astype(MONTH).astype(int) % 12 // 6} {str(since)[:4]})", metric]
    cells += [f"{baseline:.2g}", f"{target:.2g}", since, due, draw.known(company, met), owner, step, region, ""]
    if due >= company.end:
        cells[6] = NEVER
    if rng.random() < LACKING:
        cells[(2, 3, 7)[rng.integers(3)]] = ""
    return tuple(cells)


def content_audits(company: Company) -> tuple:
    """Pieces audited: a tool marks passages, a person decides; now and then the tool was left to decide alone."""
    rng = draw.random(company, "content_audits")
    day = draw.busy_days(company, rng, company.tickets // 22)
    count, later = len(day), day > company.day + 420
    language = np.where(rng.random(count) < LANGUAGE_PASSED, "Passed", "Failed").astype(object)
    imagery = np.where(rng.random(count) < IMAGERY_PASSED, "Passed", "Failed").astype(object)
    imagery[rng.random(count) < 0.4] = "n/a"
    for place in rng.integers(0, count, count // 400):
        language[place] = "almost"
    version = np.where(later, "5.0", "4.2").astype(object)
    decided = draw.words(rng, AUDITORS, count)
    region = draw.spelled(rng, REGIONS, draw.pick(rng, REGION_SHARES, count))
    tool = np.full(count, "Plainword", dtype=object)
    return draw.ids("A", count), day, language, imagery, tool, version, decided, region


def ideas(company: Company, staff: dict) -> tuple[tuple, tuple, tuple]:
    """Ideas, their stages, and recognitions; ideas begin a year early, so that the pipeline is full from the start."""
    rng = draw.random(company, "ideas")
    count = int(company.employees * 0.0009 * (company.days + 365))
    day = company.day + np.sort(rng.integers(-365, company.days, count))
    author, is_staff = rng.integers(0, len(staff["id"]), count), rng.random(count) < 0.82
    here = ~is_staff | draw.present(staff, author, day)
    day, author, is_staff, count = day[here], author[here], is_staff[here], int(here.sum())
    is_experiment, closed, entered = rng.random(count) < 0.35, np.full(count, NEVER, DAY), {"Submitted": day}
    for stage, wait, share in zip(STAGES, DAYS, SHARES, strict=True):
        takes, moves = is_experiment | (stage != "Experiment"), rng.random(count) < share
        after = day + 2 + rng.exponential(wait, count).astype(int)
        if stage == "Implemented":
            after[rng.random(count) >= draw.level(company, PILOT, after)] = NEVER
        entered[stage] = np.where(takes & moves, after, NEVER)
        closed = np.where(takes & ~moves & ~np.isnat(day), after, closed)  # who was closed before stays closed
        day = np.where(takes, entered[stage], day)
    names = np.array([*entered, "Closed"])
    steps = draw.known(company, np.stack([*entered.values(), closed], axis=1))
    which, stage = np.nonzero(~np.isnat(steps))
    idea, author = draw.ids("N", count), np.where(is_staff, staff["id"][author], "")
    learning = np.where(is_experiment & ~np.isnat(steps[:, [3, 5]]).all(axis=1), draw.words(rng, LEARNINGS, count), "")
    words = np.where(is_staff, "Staff", "Customer"), author, np.where(is_experiment, "Yes", "No"), learning
    region = draw.spelled(rng, REGIONS, draw.pick(rng, REGION_SHARES, count))
    channel = draw.spelled(rng, CHANNELS, np.where(is_staff, -1, draw.pick(rng, CHANNEL_SHARES, count)))
    thanked = draw.known(company, steps[:, 4] + rng.exponential(14, count).astype(int))
    thanked[~is_staff | (rng.random(count) < 0.2)] = NEVER
    order = np.argsort(thanked, kind="stable")[: (~np.isnat(thanked)).sum()]
    given = draw.ids("G", len(order)), author[order], thanked[order], idea[order], region[order]
    return (idea, steps[:, 0], *words, region, channel), (idea[which], names[stage], steps[which, stage]), given

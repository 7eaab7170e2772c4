"""The made-up HR system: who works there, who applied, what they were trained in, took part in and acknowledged."""

import numpy as np

from app.demo import draw
from app.demo.draw import CHANNEL_SHARES, CHANNELS, DAY, MONTH, NEVER, REGION_SHARES, REGIONS, Company

GRADES, AGES = ("G1", "G2", "G3", "G4", "G5"), (("<30", "30-39", "40-49", "50+"), (24, 33, 26, 17))
GRADE_SHARES, DISABILITIES = (48, 27, 12, 10, 3), (("N", "Y", ""), (82, 7, 11))
WOMEN = (0.6, 0.54, 0.47, 0.4, 0.3)
ORIGINS = ((12, 12, 3, 60, 5, 8), (10, 16, 16, 46, 4, 8), (2, 15, 50, 20, 8, 5), (70, 2, 1, 17, 4, 6))
HIRED = (0.12, 0.1, 0.12, 0.13, 0.12, 0.11)  # of those who apply, in the order of their origins
KINDS, LEADERS, CONTACTS, LISTED = (("Call", "Visit", "Meeting", "Other"), (45, 30, 20, 5)), 3, 1.3, 18
COURSES = ("Service basics", "Inclusion basics", "Listening", "Conflict", "Data protection")
POLICIES, ABOUT_CUSTOMERS = 44, 0.7
POLICY_OWNERS = ("Head of People", "Chief Customer Officer", "Head of Service Operations")
TOPICS, HOURS = ("service", "inclusion", "service", "service", "compliance"), ("6", "3", "4", "2.5", "1.5")

# Kind of event, its name, and the share of the employees who come each time; held once a quarter each.
EVENTS = (
    ("Celebration", "Many voices", 0.075),
    ("Dialogue round", "Open table", 0.05),
    ("Other", "Summer walk", 0.015),
)
ASKED, ACKNOWLEDGED = ("Respect", "No barriers"), (0.95, 0.93)


def workforce(company: Company) -> tuple[tuple, dict]:
    """States at the ends of quarters, with those who left in the quarter; and the employees behind them."""
    rng = draw.random(company, "workforce")
    new = company.employees * company.days // 3000
    hired = np.r_[rng.integers(-3000, 0, company.employees), rng.integers(0, company.days, new)]
    hired, count = company.day + np.sort(hired), len(hired)
    left = np.maximum(hired, company.day) + 1 + rng.exponential(3000, count).astype(int)
    region, grade = draw.pick(rng, REGION_SHARES, count), draw.pick(rng, GRADE_SHARES, count)
    gender = np.where(rng.random(count) < np.array(WOMEN)[grade], "F", "M")
    gender = np.where(rng.random(count) < 0.06, np.where(rng.random(count) < 0.3, "X", ""), gender)
    origin = (rng.random((count, 1)) * 100 >= np.cumsum(ORIGINS, axis=1)[region]).sum(axis=1)
    traits = np.array(GRADES)[grade], gender, np.array((*"ABLWM", ""))[origin], draw.words(rng, AGES, count)
    disability = draw.words(rng, DISABILITIES, count)
    regions = draw.spelled(rng, REGIONS, region, blank=0.004)
    channel = np.where(rng.random(count) < 0.35, -1, draw.pick(rng, CHANNEL_SHARES, count))
    staff = {"id": draw.ids("E", count), "hired": hired, "left": left, "region": region, "regions": regions}
    staff["grade"] = grade
    staff["serves"] = draw.spelled(rng, CHANNELS, channel)
    staff["stated"] = traits[1:]
    days = company.quarters
    state, who = np.nonzero((hired <= days[:, None]) & (left > days[:, None] - 92))
    gone = np.where(left[who] <= days[state], left[who], NEVER)
    words = (trait[who] for trait in (*traits, disability, regions, staff["serves"]))
    return (staff["id"][who], days[state], hired[who], gone, *words), staff


def policies(company: Company) -> tuple:
    """A row for each review of a policy, mostly once a year and at times late; one without for those never reviewed."""
    rng = draw.random(company, "policies")
    rows = []
    for number, policy in enumerate(draw.ids("P", POLICIES, 3)):
        since = company.day + rng.integers(-1500, company.days * 2 // 3 + 1)
        retired = since + rng.integers(900, 6000)
        about = "Yes" if rng.random() < ABOUT_CUSTOMERS else "No"
        words = policy, since, draw.known(company, retired), about
        day, reviews = max(since, company.day - 420) + rng.integers(0, 200), []
        while day < min(retired, company.end) and number % 12:
            reviews.append(day)
            day = day + 300 + int(rng.exponential(45))
        rows += [(*words, review, POLICY_OWNERS[number % 3]) for review in reviews or [NEVER]]
    return tuple(zip(*rows, strict=True))


def training(company: Company, staff: dict) -> tuple:
    """Mandatory courses, assigned to all in the year before the first day and then to who joins; and chosen ones."""
    rng = draw.random(company, "training")
    everyone = np.arange(len(staff["id"]))
    chosen = rng.integers(0, len(everyone), company.employees * (company.days + 120) // 550)
    who = np.r_[everyone, everyone, chosen]
    course = np.r_[everyone * 0, everyone * 0 + 1, 2 + draw.pick(rng, (40, 30, 30), len(chosen))]
    mandatory = np.maximum(company.day + rng.integers(-450, -90, len(everyone)), staff["hired"] + 3)
    assigned = np.r_[mandatory, mandatory, company.day + rng.integers(-120, company.days, len(chosen))]
    order = np.argsort(assigned, kind="stable")
    order = order[draw.present(staff, who[order], assigned[order]) & (assigned[order] < company.end)]
    who, course, assigned = who[order], course[order], assigned[order]
    done = assigned + 1 + rng.exponential(25, len(who)).astype(int)
    done[(rng.random(len(who)) < 0.07) | (done > staff["left"][who])] = NEVER
    title, topic, hours = (np.array(words)[course] for words in (COURSES, TOPICS, HOURS))
    is_mandatory = np.where(course < 2, "Y", "N")
    return (
        staff["id"][who],
        title,
        topic,
        is_mandatory,
        assigned,
        draw.known(company, done),
        hours,
        staff["regions"][who],
    )


def events(company: Company, staff: dict) -> tuple:
    """Who came to what; events begin a year early, so that the first quarters know a year of them."""
    rng = draw.random(company, "events")
    held = [(start, *event) for start in range(-360, company.days, 91) for event in EVENTS]
    day = company.day + np.array([start + int(rng.integers(0, 75)) for start, *_ in held])
    came = rng.random((len(held), len(staff["id"]))) < np.array([share for *_, share in held])[:, None]
    number, who = np.nonzero(came)
    here = draw.present(staff, who, day[number]) & (day[number] < company.end)
    number, who = number[here], who[here]
    kind, name = (np.array([event[place] for event in held])[number] for place in (1, 2))
    kind[rng.integers(0, len(kind), len(kind) // 700)] = "Breakfast"
    return staff["id"][who], name, day[number], kind, staff["regions"][who]


def policy_acknowledgements(company: Company, staff: dict) -> tuple:
    """One policy asked of everyone before the first day, one half-way; both then of who joins."""
    rng = draw.random(company, "policy_acknowledgements")
    everyone = np.arange(len(staff["id"]))
    starts = company.day - 200, company.day + company.days // 2
    asked = np.concatenate(
        [np.maximum(start + rng.integers(0, 15, len(everyone)), staff["hired"] + 2) for start in starts]
    )
    who, policy = np.r_[everyone, everyone], np.repeat([0, 1], len(everyone))
    order = np.argsort(asked, kind="stable")
    order = order[draw.present(staff, who[order], asked[order]) & (asked[order] < company.end)]
    who, policy, asked = who[order], policy[order], asked[order]
    done = asked + rng.exponential(12, len(who)).astype(int)
    done[(rng.random(len(who)) >= np.array(ACKNOWLEDGED)[policy]) | (done > staff["left"][who])] = NEVER
    done = draw.known(company, done)
    done[rng.integers(0, len(who), len(who) // 900)] = company.day - 400
    return staff["id"][who], np.array(ASKED)[policy], asked, done, staff["regions"][who]


def applications(company: Company) -> tuple:
    """Applications from the first day of the first year on, a few by the same people; hired is within three months."""
    rng = draw.random(company, "applications")
    first = company.day.astype("datetime64[Y]").astype(draw.DAY)
    days = int((company.end - first).astype(int))
    count = company.employees * days // 365
    applied = first + np.sort(rng.integers(0, days, count))
    region = draw.pick(rng, REGION_SHARES, count)
    origin = (rng.random((count, 1)) * 100 >= np.cumsum(ORIGINS, axis=1)[region]).sum(axis=1)
    hired = applied + rng.integers(14, 85, count)
    hired[rng.random(count) >= np.array(HIRED)[origin]] = NEVER
    hired = draw.known(company, hired)
    wrong = np.flatnonzero(~np.isnat(hired))[::200]
    hired[wrong] = applied[wrong] - 3
    stated = draw.words(rng, (("F", "M", "X", ""), (52, 42, 2, 4)), count), np.array((*"ABLWM", ""))[origin]
    others = draw.words(rng, AGES, count), draw.words(rng, DISABILITIES, count)
    who = np.arange(count)
    again = np.flatnonzero((rng.random(count) < 0.03) & (who > 50))
    who[again] -= rng.integers(1, 50, len(again))
    told = (column[who] for column in (*stated, *others, draw.spelled(rng, REGIONS, region)))
    return draw.ids("A", count), draw.ids("B", who), applied, hired, *told


def leader_contacts(company: Company, staff: dict) -> tuple:
    """Contacts of managers and heads with customers, of the last months: one row each, or one that says none."""
    rng = draw.random(company, "leader_contacts")
    months = np.arange(max(company.last - LISTED + 1, company.day.astype(MONTH)), company.last + 1)
    first, after = months.astype(DAY)[:, None], (months + 1).astype(DAY)[:, None]
    leads = staff["grade"] >= LEADERS
    month, who = np.nonzero(leads & (staff["hired"] < after) & (staff["left"] > first))
    often = rng.gamma(4, CONTACTS / 4, len(leads))
    contacts = rng.poisson(often[who])
    row = np.repeat(np.arange(len(who)), np.maximum(contacts, 1))
    month, who, has_any = month[row], who[row], (contacts > 0)[row]
    begin = np.maximum(first[month, 0], staff["hired"][who])
    length = (np.minimum(after[month, 0], staff["left"][who]) - begin).astype(int)
    day = begin + (rng.random(len(row)) * length).astype(int)
    kind = np.where(has_any, draw.words(rng, KINDS, len(row)), "None").astype(object)
    kind[rng.integers(0, max(len(row), 1), len(row) // 1000)] = "Pigeon"
    order = np.argsort(day, kind="stable")
    columns = staff["id"][who], day, kind, staff["regions"][who], staff["serves"][who]
    return tuple(column[order] for column in columns)

"""The made-up surveys: of customers, with their invitations, and of employees."""

from statistics import NormalDist

import numpy as np

from app.demo import draw
from app.demo.draw import CHANNELS, MONTH, NEVER, REGIONS, Company

MOOD = (-0.05, 0.08, 0.1, -0.1)  # per region

# Scales: the least favourable answer, the step to the next, the shares of the answers in that order.
RECOMMEND = (0, 1, (0.01, 0.01, 0.01, 0.02, 0.03, 0.05, 0.07, 0.12, 0.18, 0.24, 0.26))
SATISFIED, MEMORABLE = (1, 1, (0.03, 0.06, 0.11, 0.39, 0.41)), (1, 1, (0.07, 0.13, 0.22, 0.32, 0.26))
AGREEMENT, SEVEN = (1, 1, (0.05, 0.09, 0.15, 0.44, 0.27)), (1, 1, (0.03, 0.05, 0.09, 0.15, 0.25, 0.26, 0.17))
CUSTOMER_ITEMS = (RECOMMEND, SATISFIED, AGREEMENT, AGREEMENT, SATISFIED, SATISFIED, MEMORABLE, SEVEN)
EMPLOYEE_ITEMS = (*[AGREEMENT] * 6, *[(7, -1, SEVEN[2]), SEVEN] * 3, SEVEN)  # statements 1, 3 and 5 are reversed


def customer_survey(company: Company, solved: tuple, homes: np.ndarray) -> tuple[tuple, tuple]:
    """Responses, one row each, and the invitations that they answer; half of these are about a contact."""
    rng = draw.random(company, "customer_survey")
    half = min(round(company.tickets * 0.64), len(solved[0]))
    contact, customer = rng.choice(len(solved[0]), half, replace=False), rng.integers(0, len(homes), half)
    whole = draw.busy_days(company, rng, half), homes[customer], np.full(half, -1), np.full(half, "")
    invited, region, channel, ticket = (np.r_[x[contact], y] for x, y in zip(solved, whole, strict=True))
    answered = draw.known(company, invited + rng.exponential(0.7, 2 * half).astype(int))
    answered[rng.random(2 * half) >= 0.25] = NEVER
    kind, order = np.repeat(("T", "R"), half), np.argsort(invited, kind="stable")
    regions, channels = draw.spelled(rng, REGIONS, region), draw.spelled(rng, CHANNELS, channel)
    invitations = (draw.ids("I", 2 * half), *(each[order] for each in (invited, answered, kind, regions, channels)))
    reply = np.argsort(answered, kind="stable")[: (~np.isnat(answered)).sum()]
    answered, count = answered[reply], len(reply)
    items = _answers(rng, region[reply], CUSTOMER_ITEMS)
    is_low = np.isin(items[0], list("0123456")) | np.isin(items[1], list("12"))
    followed = draw.known(company, answered + rng.geometric(0.45, count) - 1)
    followed[~is_low | (rng.random(count) < 0.2)] = NEVER
    items[0][rng.integers(0, count, count // 1500)] = "11"
    about = followed, ticket[reply], regions[reply], channels[reply]
    return (draw.ids("S", count), answered, kind[reply], *items, *about), invitations


def employee_survey(company: Company, staff: dict) -> tuple:
    """One row per response; about a quarter of the employees answer in every quarter."""
    rng = draw.random(company, "employee_survey")
    days = company.quarters[1:]
    asked = company.employees * len(days) * 3 // 10
    who = rng.integers(0, len(staff["id"]), asked)
    day = np.sort(days[rng.integers(0, max(len(days), 1), asked)] - rng.integers(0, 14, asked))
    here = draw.present(staff, who, day)
    who, day = who[here], day[here]
    wave = [f"{1970 + month // 12}-Q{month % 12 // 3 + 1}" for month in day.astype(MONTH).astype(int).tolist()]
    items = _answers(rng, staff["region"][who], EMPLOYEE_ITEMS)
    said = draw.random(company, "stated").random((3, len(who))) < 0.94  # the rest left the question out
    stated = [np.where(tells, trait[who], "") for tells, trait in zip(said, staff["stated"], strict=False)]
    return draw.ids("P", len(who)), day, wave, *stated, *items, staff["regions"][who], staff["serves"][who]


def _answers(rng: np.random.Generator, region: np.ndarray, scales: tuple) -> list[np.ndarray]:
    """A column of answers per scale, better where the mood of the region is; some are left out."""
    mood, columns = np.array(MOOD)[region] + 0.7 * rng.standard_normal(len(region)), []
    for first, step, shares in scales:
        cuts = [NormalDist().inv_cdf(share) for share in np.cumsum(shares)[:-1].tolist()]
        scores = first + step * np.searchsorted(cuts, mood + 0.7 * rng.standard_normal(len(mood)))
        columns.append(np.where(rng.random(len(mood)) < 0.025, "", scores.astype(str)))
    return columns

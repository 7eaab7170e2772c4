"""The made-up finance system: suppliers with their certificates, what was spent with them, and what service costs."""

import numpy as np

from app.demo import draw
from app.demo.draw import CHANNEL_SHARES, CHANNELS, DAY, MONTH, NEVER, REGION_SHARES, REGIONS, Company

SUPPLIERS, CERTIFIERS = 80, (("WEConnect", "NMSDC", "Disability:IN"), (50, 30, 20))
CERTIFIED, RENEWED, TWICE = 0.28, 0.75, 0.15  # of suppliers; of certificates; of the certified, by another too
YEARS_VALID, EXCLUDED, REPORTED, CREDITED = 2, 0.16, 0.05, 0.03
PER_TICKET, PACE, OVERHEAD = (16, 11, 7, 9, 12), (1, 1.1, 0.85, 0.95), 0.12  # per channel; per region; of the region


def suppliers(company: Company) -> tuple:
    """A row for each certificate, which its supplier may renew or let lapse; a row without one for every other."""
    rng = draw.random(company, "suppliers")
    rows, vendor = [], draw.ids("V", SUPPLIERS, 3)
    for supplier in vendor:
        if rng.random() >= CERTIFIED:
            rows.append((supplier, "", NEVER, NEVER))
            continue
        for certifier in _certifiers(rng):
            since = company.day + rng.integers(-700, company.days // 2 + 1)
            while since < company.end:
                until = since + 365 * YEARS_VALID - 1
                rows.append((supplier, certifier, since, until))
                since = until + 1 if rng.random() < RENEWED else company.end
    return tuple(zip(*rows, strict=True))


def _certifiers(rng: np.random.Generator) -> list[str]:
    """One, or two that are not the same."""
    names = rng.permutation(CERTIFIERS[0])[: 1 + (rng.random() < TWICE)]
    return [str(name) for name in names]


def supplier_spend(company: Company) -> tuple:
    """Invoices of both tiers, a few of them credit notes, some for what could not go to anybody else."""
    rng = draw.random(company, "supplier_spend")
    day = draw.busy_days(company, rng, company.tickets // 11)
    count = len(day)
    supplier = np.minimum(rng.exponential(SUPPLIERS / 4, count).astype(int) + rng.integers(0, 6, count), SUPPLIERS - 1)
    supplier = np.random.Generator(np.random.PCG64(company.seed)).permutation(SUPPLIERS)[supplier]
    amount = np.round(rng.lognormal(7.6, 0.8, count), -1).astype(int)
    amount = np.where(rng.random(count) < CREDITED, -(amount // 4), amount).astype(str).astype(object)
    tier = np.where(rng.random(count) < REPORTED, "2", "1")
    addressable = np.where(rng.random(count) < EXCLUDED, "N", "Y")
    for place in rng.integers(0, count, count // 600):
        amount[place] = "see attachment"
    region = draw.spelled(rng, REGIONS, draw.pick(rng, REGION_SHARES, count))
    return draw.ids("B", count), day, draw.ids("V", supplier, 3), amount, tier, addressable, region


def costs(company: Company) -> tuple:
    """The cost of every channel in every region by month, and of what a region's channels share, which names none."""
    rng = draw.random(company, "costs")
    months = np.arange(company.day.astype(MONTH), company.last + 1)
    month, region, channel = (part.ravel() for part in np.meshgrid(months, range(4), range(-1, 5), indexing="ij"))
    number = month.astype(DAY).astype(int) + 15
    busy = 1 + 0.15 * np.cos((number - 10) * 2 * np.pi / 365.25) + 0.1 * (number - number[0]) / 365
    tickets = company.tickets / len(months) * busy / busy.mean() * np.array(REGION_SHARES)[region] / 100
    per_ticket = np.array([*PER_TICKET, 0])[channel] * np.array([*CHANNEL_SHARES, 0])[channel] / 100
    shared = np.where(channel < 0, OVERHEAD * 11, per_ticket) * np.array(PACE)[region]
    amount = np.round(tickets * shared * rng.normal(1, 0.04, len(month)), 2).astype(object)
    amount[rng.integers(0, len(month), 1)] = "n/a"
    centre = np.array([f"CC{10 * (place + 1) + way + 1}" for place, way in zip(region, channel, strict=True)])
    places = draw.spelled(rng, REGIONS, region, blank=0.004), draw.spelled(rng, CHANNELS, channel, blank=0)
    return month.astype(DAY), centre, *places, amount

"""The made-up finance system: suppliers with their certificates, and what was spent with them."""

import numpy as np

from app.demo import draw
from app.demo.draw import NEVER, REGION_SHARES, REGIONS, Company

SUPPLIERS, CERTIFIERS = 80, (("WEConnect", "NMSDC", "Disability:IN"), (50, 30, 20))
CERTIFIED, RENEWED, TWICE = 0.28, 0.75, 0.15  # of suppliers; of certificates; of the certified, by another too
YEARS_VALID, EXCLUDED, REPORTED, CREDITED = 2, 0.16, 0.05, 0.03


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

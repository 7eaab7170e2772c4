"""What the exports of the made-up company share: its size and days, its places, its planted changes, its chances."""

import zlib
from collections import namedtuple
from dataclasses import dataclass

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

# Places as they are mostly spelled (their name in `Change`) and otherwise; words with how often they occur.
REGIONS = ("EMEA|emea|Europe", "NAMER|N. America|north america", "LATAM|LatAm|Latin America", "APAC|Asia-Pacific|apac")
CHANNELS = ("Phone|phone|Telephone", "E-mail|email|E-Mail", "Chat|chat|Live chat", "Web|web form|WEB", "Social|social")
REGION_SHARES, CHANNEL_SHARES = (36, 30, 13, 21), (28, 30, 18, 17, 7)

DAY, MINUTE, MONTH, NEVER = "datetime64[D]", "datetime64[m]", "datetime64[M]", np.datetime64("NaT")
# First day, day after the last, days between, last month; ends of quarters, one from before the first day included.
Company = namedtuple("Company", "employees tickets day end days last quarters seed planted")


def random(company: Company, name: str) -> np.random.Generator:
    """Random numbers of an export's own, so that a change in one leaves the others as they are."""
    return np.random.Generator(np.random.PCG64([company.seed, zlib.crc32(name.encode())]))


def busy_days(company: Company, rng: np.random.Generator, count: int, beyond: int = 0) -> np.ndarray:
    """Sorted days of about `count` events: ever more of them, few on weekends, most around the new year."""
    days = company.day + np.arange(company.days + beyond)
    number = days.astype(int)
    season = 1 + 0.15 * np.cos((number - 10) * 2 * np.pi / 365.25)
    weight = season * (1 + 0.1 * (number - number[0]) / 365) * np.where((number + 3) % 7 > 4, 0.4, 1)
    limits = weight.cumsum() / weight[: company.days].sum()
    return days[np.sort(np.searchsorted(limits, rng.random(round(count * limits[-1])) * limits[-1]))]


def present(staff: dict, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    return (staff["hired"][who] <= day) & (day < staff["left"][who])


def level(company: Company, change: Change, when: np.ndarray, region=None, channel=None) -> np.ndarray:
    """The level of what changes, per event: `after` where and when the change is planted, else `before`."""
    is_changed = company.planted & (when >= (company.last - change.months_back).astype(DAY))
    for place, names, where in ((change.region, REGIONS, region), (change.channel, CHANNELS, channel)):
        if place:
            is_changed &= where == [name.split("|")[0] for name in names].index(place)
    return np.where(is_changed, change.after, change.before)


def pick(rng: np.random.Generator, shares: tuple, count: int) -> np.ndarray:
    """Positions in `shares`, as often as these say."""
    limits = np.cumsum(shares)
    return np.searchsorted(limits, rng.random(count) * limits[-1], side="right")


def words(rng: np.random.Generator, words: tuple, count: int) -> np.ndarray:
    return np.array(words[0])[pick(rng, words[1], count)]


def spelled(rng, places: dict, which: np.ndarray, blank: float = 0.012, unknown: str = "") -> np.ndarray:
    """Places as people write them: mostly alike, at times otherwise, missing or unknown; position -1 is none."""
    chance, other = rng.random((2, len(which)))
    spelling = np.where(chance > 0.965, 1 + (other > 0.6), 0)
    text = np.array([*((place + "|" + place).split("|")[:3] for place in places), [""] * 3], dtype=object)[
        which, spelling
    ]
    text[chance < blank + 0.003] = unknown
    text[chance < blank] = ""
    return text


def known(company: Company, when: np.ndarray) -> np.ndarray:
    """What had not happened by the last day is not known."""
    return np.where(when < company.end, when, NEVER)


def ids(prefix: str, numbers: int | np.ndarray, width: int = 5) -> np.ndarray:
    numbers = range(numbers) if isinstance(numbers, int) else numbers.tolist()
    return np.array([f"{prefix}{number + 1:0{width}d}" for number in numbers], dtype=object)


def text(values) -> list[str]:
    """A column as text: dates in ISO format with a blank before the time, nothing for what never was."""
    if np.asarray(values).dtype.kind != "M":
        return list(values)
    return ["" if text == "NaT" else text.replace("T", " ") for text in np.datetime_as_string(values).tolist()]

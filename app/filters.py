"""Filters: region, channel and period, as a value that links, queries and sentences share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

FIRST, LAST = date(1, 1, 1), date(9999, 12, 1)


@dataclass(frozen=True)
class Filters:
    """What a reader has chosen. Nothing chosen means everything; months are the first of theirs, both included."""

    regions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None

    def parameters(self) -> dict[str, object]:
        """The same for a query: $regions, $channels, $from, $to."""
        return {
            "regions": list(self.regions),
            "channels": list(self.channels),
            "from": self.start or FIRST,
            "to": self.end or LAST,
        }

    def scope(self) -> tuple[str, str]:
        """The nearest scope that figures about people may show: one region, else one channel, else everyone."""
        if len(self.regions) == 1:
            return "region", self.regions[0]
        if len(self.channels) == 1:
            return "channel", self.channels[0]
        return "everyone", ""

    def words(self, first: date | None = None, last: date | None = None) -> str:
        """The choice in words; `first` and `last` month of the data name a period that was not chosen."""
        regions = listed(self.regions) if self.regions else "All regions"
        channels = listed(self.channels) if self.channels else "all channels"
        start, end = self.start or first, self.end or last
        if start and end:
            period = month_words(start) if start == end else f"{month_words(start)} – {month_words(end)}"
        elif start or end:
            period = f"from {month_words(start)}" if start else f"to {month_words(end)}"
        else:
            period = "whole period"
        return f"{regions} · {channels} · {period}"

    def widened(self, *names: str) -> "Filters":
        """The same without some of its filters: regions, channels, start, end."""
        empty = {"regions": (), "channels": (), "start": None, "end": None}
        kept = {name: getattr(self, name) for name in empty if name not in names}
        return Filters(**(empty | kept))


def chosen(
    regions: Sequence[str],
    channels: Sequence[str],
    start: str | None,
    end: str | None,
    known: dict[str, tuple[str, ...]],
) -> tuple[Filters, list[str]]:
    """Filters from words as an address or a command line gives them, and a sentence for each that does not fit.

    `known` holds the choices of region, channel and month (YYYY-MM) that the data offer. What is not among them is
    left out: the filter then means everything, and the sentence says so.
    """
    complaints = []
    kept: dict[str, tuple[str, ...]] = {}
    for what, words in {"region": regions, "channel": channels}.items():
        kept[what] = tuple(choice for choice in known[what] if choice in words)
        if strange := len(set(words) - set(known[what])):
            named = what if strange == 1 else f"{strange} {what}s"
            shown = f"showing {listed(kept[what])}" if kept[what] else f"showing all {what}s"
            complaints.append(f"This data has no such {named} as the one asked for: {shown}.")
    months = [parse_month(start), parse_month(end)]
    for text, month, edge in zip((start, end), months, ("first", "last"), strict=True):
        if text and not month:
            complaints.append(f"The {edge} month asked for is no month (write 2026-01): showing the period without it.")
    if months[0] and months[1] and months[0] > months[1]:
        complaints.append("The period asked for ends before it begins: showing all months.")
        months = [None, None]
    return Filters(kept["region"], kept["channel"], *months), complaints


def parse_month(text: str | None) -> date | None:
    """The first day of a month written YYYY-MM, or None."""
    try:
        return date.fromisoformat(f"{text}-01") if text and len(text) == 7 else None
    except ValueError:
        return None


def month_words(month: date) -> str:
    return f"{month:%b %Y}"


def quarter_words(month: date) -> str:
    return f"Q{(month.month + 2) // 3} {month.year}"


def listed(words: Sequence[str]) -> str:
    """One, two and three: as a sentence lists them."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""

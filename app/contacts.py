"""Contacts: how customers come, and whether they are as satisfied whichever way they come."""

from datetime import date
from itertools import combinations

import pandas as pd

from app import spc
from app.filters import Filters, listed, month_words
from app.metrics import DIVERSITY, Metric, metrics
from app.periods import shifted
from app.records import last_workday
from app.series import LOW_BASE, WIDE_INTERVAL, Answer, missing, nothing_matches, nothing_of, states
from app.snapshot import Snapshot

YEAR = 12
TICKETS = "first_reply_hours"  # a metric that every month and place with tickets has rows of


def mix(snapshot: Snapshot, filters: Filters) -> Answer:
    """Channels with their share of all contacts, the most frequent first, and its change on as many months before.

    Shares are of all channels in the chosen regions: a chosen channel is a row of them, not all there is.
    """
    queries, reach = ("diversity/contacts", "figures/channel_mix"), states(snapshot)[TICKETS].as_of

    def told(rows: pd.DataFrame, sentence: str, state: str, note: str = "") -> Answer:
        return Answer("channel_mix", _words("channel_mix"), filters, rows, sentence, state, reach, queries, note)

    def asked(start: date, end: date) -> pd.DataFrame:
        return snapshot.ask(queries[-1], **Filters(filters.regions, (), start, end).parameters()).set_index("channel")

    if reach is None:
        return told(pd.DataFrame(), missing(nothing_of(snapshot, _words("channel_mix"))), "missing")
    everything = asked(filters.start, filters.end)
    known = everything.drop("unknown", errors="ignore")
    if filters.channels:
        known = known[known.index.isin(filters.channels)]
    if known.empty:
        return told(known.reset_index(), nothing_matches(snapshot, states(snapshot)[TICKETS].metric, filters), "empty")
    start, end, months = _window(everything["first_month"].min().date(), reach, filters)
    earlier = shifted(start, -months)
    now, before = asked(start, end), asked(earlier, shifted(start, -1))
    has_before = earlier >= everything["first_month"].min().date() and len(before)
    rows = _shares(now["contacts"], before["contacts"] if has_before else before["contacts"].iloc[:0])
    rows = rows.assign(start=pd.Timestamp(start), end=pd.Timestamp(end))
    if filters.channels:
        rows = rows[rows["channel"].isin(filters.channels)].reset_index(drop=True)
    few = _words("channel_mix").minimum_base
    if rows.empty or rows["base"].iloc[0] < few:
        sentence = f"Contacts by channel: fewer than {few} contacts, too few to show. Widen the filters."
        return told(rows.iloc[:0], sentence, "withheld")
    lacking = int(now["contacts"].get("unknown", 0))
    period = month_words(start) if months == 1 else f"{month_words(start)} – {month_words(end)}"
    note = f"{period}, {rows['base'].iloc[0]:,} contacts"
    note += f"; {lacking:,} that name no channel are left out." if lacking else "."
    return told(rows, _say_mix(rows, months, bool(filters.channels)), "ready", note)


def parity(snapshot: Snapshot, filters: Filters) -> Answer:
    """Channels with their satisfied customers, the best first, and the gap from best to worst with its interval.

    The interval is widened for every pair that might have been the best and the worst: see `spc.newcombe`.
    """
    queries, counted = ("figures/channel_parity",), states(snapshot)["csat"]
    metric = _words("channel_parity")

    def told(rows: pd.DataFrame, sentence: str, state: str) -> Answer:
        return Answer("channel_parity", metric, filters, rows, sentence, state, counted.as_of, queries)

    if not counted.rows:
        return told(pd.DataFrame(), missing(counted), "missing")
    rows = snapshot.ask(queries[-1], **filters.parameters())
    if rows.empty:
        if filters.channels == ("unknown",):
            return told(rows, f"{metric.name}: {ALONE}", "empty")
        return told(rows, nothing_matches(snapshot, counted.metric, filters), "empty")
    if len(filters.channels) == 1 or len(rows) == 1:
        return told(rows.iloc[:0], f"{metric.name}: {ALONE}", "empty")
    rows = _satisfied(rows, metric.minimum_base)
    enough = rows[rows["status"] != "withheld"]
    if len(enough) < 2:
        few = f"{metric.name}: fewer than two channels with {metric.minimum_base} answers, too few to compare."
        return told(rows.iloc[:0], f"{few} Widen the filters.", "withheld")
    pairs = _pairs(enough)
    widest = pairs[0]
    rows = rows.assign(gap=widest[2], gap_low=widest[3], gap_high=widest[4], compared=len(enough))
    return told(rows, _say_parity(rows, pairs), "ready")


ALONE = "a channel alone has no other to be compared with. Choose several channels, or none."


def _words(id_: str) -> Metric:
    return metrics(DIVERSITY)[id_]


def _window(first: date, reach: date, filters: Filters) -> tuple[date, date, int]:
    """First and last month that are told, and how many: the last finished ones of the period, twelve at most.

    Of a period without a finished month, all there is of it.
    """
    last = reach.replace(day=1)
    last = last if last_workday(last) <= reach else shifted(last, -1)
    start, end = max(filters.start or first, first), min(filters.end or last, last)
    if end < start:
        return start, start, 1
    start = max(start, shifted(end, 1 - YEAR))
    return start, end, (end.year - start.year) * 12 + end.month - start.month + 1


def _shares(now: pd.Series, before: pd.Series) -> pd.DataFrame:
    """Each known channel: contacts, share with interval, and the change of it; a new channel began at none."""
    now, before = (counts.drop("unknown", errors="ignore") for counts in (now, before))
    base, base_before = int(now.sum()), int(before.sum())
    told = []
    names = sorted({*now.index, *before.index}, key=lambda name: (-now.get(name, 0), name))
    for name in names:
        part, part_before = int(now.get(name, 0)), int(before.get(name, 0))
        low, high = spc.wilson(part, base)
        change = (float("nan"),) * 3
        if base_before and base:
            interval = spc.newcombe((part, base), (part_before, base_before), len(names))
            change = (part / base - part_before / base_before, *interval)
        share = part / base if base else float("nan")
        told.append((name, part, base, share, low, high, base_before, *change))
    columns = ["channel", "contacts", "base", "value", "low", "high", "base_before", "change", "change_low"]
    rows = pd.DataFrame(told, columns=[*columns, "change_high"])
    rows["judgement"] = rows["change"].notna().map({True: "no clear change", False: ""})
    rows.loc[rows["change_low"] > 0, "judgement"] = "more"
    rows.loc[rows["change_high"] < 0, "judgement"] = "less"
    return rows


def _satisfied(rows: pd.DataFrame, least: int) -> pd.DataFrame:
    rows = rows.assign(value=rows["numerator"] / rows["base"])
    ends = [spc.wilson(part, base) for part, base in zip(rows["numerator"], rows["base"], strict=True)]
    rows["low"], rows["high"] = [low for low, _ in ends], [high for _, high in ends]
    low_base = (rows["base"] < LOW_BASE) | (rows["high"] - rows["low"] > WIDE_INTERVAL)
    rows["status"] = low_base.map({True: "low base", False: "shown"}).mask(rows["base"] < least, "withheld")
    rows.loc[rows["status"] == "withheld", ["numerator", "value", "low", "high"]] = float("nan")
    return rows.sort_values(["value", "channel"], ascending=[False, True], na_position="last", ignore_index=True)


def _pairs(rows: pd.DataFrame) -> list[tuple[str, str, float, float, float]]:
    """Better and worse channel, their gap and its interval, of every two; best and worst first, then the wider gap."""
    told, every = [], list(rows.itertuples())
    count = len(every) * (len(every) - 1) // 2
    for better, worse in combinations(every, 2):
        ends = spc.newcombe((better.numerator, better.base), (worse.numerator, worse.base), count)
        told.append((better.channel, worse.channel, better.value - worse.value, *ends))
    return sorted(told, key=lambda pair: -pair[2])


def _say_mix(rows: pd.DataFrame, months: int, only_some: bool) -> str:
    first, last = rows.iloc[0], rows.iloc[-1]
    shares = listed([f"{_percent(row.value)} by {row.channel}" for row in rows.itertuples()])
    said = f"Contacts by channel: {shares}"
    if len(rows) > 1 and not only_some:  # of chosen channels the first is not the most frequent of all
        said = f"Contacts by channel: most come by {first['channel']} ({_percent(first['value'])})"
        said += f", fewest by {last['channel']} ({_percent(last['value'])})"
    if rows["change"].isna().all():
        return f"{said}; nothing before to compare with"
    before = "month before" if months == 1 else f"{months} months before"
    moved = [
        f"{listed([f'{row.channel} ({_points(abs(row.change))})' for row in some.itertuples()])} {word}"
        for word, some in (
            ("gained", rows[rows["judgement"] == "more"]),
            ("lost", rows[rows["judgement"] == "less"]),
        )
        if len(some)
    ]
    return f"{said}; {' and '.join(moved) or 'no clear change'} on the {before}"


def _say_parity(rows: pd.DataFrame, pairs: list[tuple[str, str, float, float, float]]) -> str:
    best, worst, gap, low, high = pairs[0]
    values = rows.set_index("channel")["value"]
    shares = f"{best} {_percent(values[best])}, {worst} {_percent(values[worst])}"
    interval = f"{_points(gap)}, interval {_points(low, '')} to {_points(high, '')}"
    if low > 0:
        return f"Gap between channels: {shares}, apart by {interval}"
    clear = next((pair for pair in pairs if pair[3] > 0), None)
    if clear:
        pair = f"{clear[0]} ({_percent(values[clear[0]])}) is clearly above {clear[1]} ({_percent(values[clear[1]])})"
        return f"Gap between channels: {pair}; whether {best} and {worst} differ is not clear ({interval})"
    return f"Gap between channels: no clear difference ({shares}: {interval})"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _points(change: float, unit: str = " points") -> str:
    number = f"{change * 100:.0f}".replace("-", "−")
    number = "0" if number == "−0" else number
    return f"{number}{' point' if unit and number == '1' else unit}"

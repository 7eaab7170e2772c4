"""Sentences: what rows support, in words. Pure: judged rows and their metric in, a claim or a sentence out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from app.filters import listed, month_words, quarter_words
from app.metrics import Metric

LASTING_SIGNALS = 2  # of the last 3 months of a channel outside its limits


@dataclass(frozen=True)
class Claim:
    """A change that the rules support: of which metric, where, since when, and how far beyond its usual range."""

    metric: Metric
    region: str | None
    channel: str | None
    label: str
    rose: bool
    since: date
    month: date
    value: float
    outside: bool
    strength: float

    @property
    def where(self) -> str:
        return (f" in {self.region}" if self.region else "") + (f" by {self.channel}" if self.channel else "")

    @property
    def short(self) -> str:
        """The claim as a headline has it."""
        return f"{self.metric.name} {self.metric.rose if self.rose else self.metric.fell}{self.where}"

    @property
    def brief(self) -> str:
        """Better or worse, where and since when, for a row of a table."""
        word = {"improvement": "better", "concern": "worse"}.get(self.label, self.label.removeprefix("neutral ") + "er")
        return f"{word}{self.where} since {month_words(self.since)}"

    @property
    def sentence(self) -> str:
        """The claim with its number, target and since when."""
        target = (
            f" against a target of {self.metric.write(self.metric.target)}" if self.metric.target is not None else ""
        )
        beyond = "outside its usual range" if self.outside else "beyond ordinary variation"
        return (
            f"{self.short}: {self.metric.write(self.value)} in {month_words(self.month)}{target}, "
            f"{beyond} since {month_words(self.since)}."
        )


def claim_of(metric: Metric, judged: pd.DataFrame, region: str | None, channel: str | None) -> Claim | None:
    """The change that the last judged month is part of; None for common cause, while limits are trial limits, and
    where the months repeat a yearly pattern and the last is no change of the same kind on a year before.
    """
    labels = [label for label in judged["label"] if label]
    if len(labels) < 12 or labels[-1] == "common cause":
        return None
    points, label = judged[judged["label"] != ""], labels[-1]
    if _seasonal(points):
        return None
    last = points.iloc[-1]
    belongs = points["label"] == label
    if last["rule"] != "trend":  # after a step, months that still led up to it are no part of what came of it
        belongs &= (points["value"] > points["mean"]) == (last["value"] > last["mean"])
    run = points[(~belongs)[::-1].cumsum()[::-1] == 0]
    rose = bool(last["value"] > (points["value"].iloc[-2] if last["rule"] == "trend" else last["mean"]))
    half = last["upper"] - last["mean"]
    return Claim(
        metric,
        region,
        channel,
        label,
        rose,
        run["month"].iloc[0].date(),
        last["month"].date(),
        float(last["value"]),
        bool((run["rule"] == "outside").all()),
        abs(last["value"] - last["mean"]) / half if half else 0.0,
    )


def _seasonal(points: pd.DataFrame) -> bool:
    """Whether what is outside the usual range of the last month is so every year."""
    last = points.iloc[-1]
    return bool(last["yearly_pattern"]) and last["on_year_label"] not in ("", last["label"])


def persistent(judged: pd.DataFrame, label: str) -> bool:
    """Whether the figure of all channels may name one: two of its last three months lie outside its limits, and none
    has a low base. What a page leads with has to be more than that (`control.lasts`).
    """
    last = judged[judged["label"] != ""].tail(3)
    outside = (last["rule"] == "outside") & (last["label"] == label)
    return int(outside.sum()) >= LASTING_SIGNALS and bool((last["status"] == "shown").all())


def importance(claim: Claim) -> tuple[int, float]:
    """Sorting key: concern before improvement before neutral, then the larger relative to its limits."""
    order = {"concern": 0, "improvement": 1}
    return order.get(claim.label, 2), -claim.strength


def trend(metric: Metric, rows: pd.DataFrame) -> str:
    claim = claim_of(metric, rows, None, None)
    judged = rows[rows["label"] != ""]
    known = rows[rows["value"].notna()]
    if metric.standing and len(known):
        last = (known[known["finished"]] if known["finished"].any() else known).iloc[-1]
        margin = f" ± {metric.write((last['high'] - last['low']) / 2)}" if metric.kind == "mean" else ""
        return f"{metric.name}: {metric.write(last['value'])}{margin} in {month_words(last['month'])}"
    if judged.empty and metric.kind == "count" and known["finished"].any():
        return f"{metric.name}: {_latest(metric, known[known['finished']])}, too few to judge by month"
    if judged.empty:
        return f"{metric.name}: no finished month with enough cases yet"
    last = judged.iloc[-1]
    if last["label"] == "common cause":
        months = f"{len(judged)} months" if len(judged) > 1 else "one month"
        if len(judged) < 12:
            return f"{metric.name}: too early to call a change after {months}"
        now = f"{_latest(metric, judged)}, " if metric.kind == "count" else ""
        return f"{metric.name}: {now}no real change in {months}"
    if not claim and len(judged) < 12:
        return f"{metric.name}: too early to call a change after {len(judged)} months"
    if not claim:
        return f"{metric.name}: no change beyond its yearly pattern in {len(judged)} months"
    verb = metric.rose if claim.rose else metric.fell
    beyond = "outside its usual range" if claim.outside else "beyond ordinary variation"
    return f"{metric.name} {verb}: {beyond} since {month_words(claim.since)}"


def season(metric: Metric, rows: pd.DataFrame) -> str:
    """What the same months of the year before say of a trend; nothing where months repeat no pattern."""
    judged = rows[rows["label"] != ""]
    if judged.empty:
        return ""
    if not (judged["on_year_label"] != "").any():
        return "Seasonality cannot be separated yet: it takes 24 months."
    if not judged["yearly_pattern"].iloc[-1]:
        return ""
    label = judged["on_year_label"].iloc[-1]
    words = {"improvement": "better than usual", "concern": "worse than usual", "": "not known"}
    usual = "no real change" if label == "common cause" else words.get(label, label.removeprefix("neutral ") + "er")
    return f"Its months repeat a yearly pattern: against the same month a year before, {usual}."


def _latest(metric: Metric, rows: pd.DataFrame) -> str:
    return f"{metric.write(rows['value'].iloc[-1])} in {month_words(rows['month'].iloc[-1])}"


def headline(metric: Metric, rows: pd.DataFrame) -> str:
    return standing(metric, rows.iloc[0])


def standing(metric: Metric, row: Mapping[str, object]) -> str:
    """What a row of a headline says of its month."""
    if metric.standing:
        return "stands, is not judged by month"
    if row["label"] == "":
        few = "too few to judge by month" if metric.kind == "count" else "too few cases"
        return few if row["finished"] else "the month is not over yet"
    if row["label"] == "common cause":
        return "too early to call" if row["trial"] else "no real change"
    if pd.isna(row["since"]):
        return "too early to call" if row["trial"] else "no change beyond its yearly pattern"
    word = {"improvement": "better", "concern": "worse"}.get(row["label"], row["label"].removeprefix("neutral ") + "er")
    return f"{word} since {month_words(row['since'])}"


def year_before(metric: Metric, row: pd.Series) -> str:
    """The period beside the same months a year before, of a row of a headline; nothing without a year before."""
    if row["on_a_year_before"] in ("", "no year before"):
        return ""
    moved, toward = row["difference"], row["difference_low"] if row["difference"] > 0 else row["difference_high"]
    margin = row["rounding"] if pd.isna(toward) else abs(moved - toward)  # on the side where no change lies
    whole = round(abs(moved) * 100), round(margin * 100)  # whole points, unless they would hide what is said of them
    places = int(whole[1] == 0 or (whole[0] <= whole[1]) != (abs(moved) <= margin))
    amount = _amount(metric, abs(moved), places)
    unchanged = not any(digit in amount for digit in "123456789")
    change = "unchanged" if unchanged else f"{'up' if moved > 0 else 'down'} {amount}"
    told = f"{change} on a year before, {row['on_a_year_before']}"
    if row["on_a_year_before"] != "margin not known":
        told += (
            f" (± {_amount(metric, margin, places).split(' point')[0]}{' with rounding' if row['rounding'] else ''})"
        )
    first, last = row["compared_from"], row["compared_to"]
    if first == last == row["month"]:
        return told[0].upper() + told[1:]
    return f"{_period_words(first, last)}: {told}"


def _amount(metric: Metric, amount: float, places: int) -> str:
    """A difference as a reader sees it: shares and scores in points."""
    if metric.unit not in ("%", "points"):
        return metric.write(amount)
    number = f"{amount * 100:.{places}f}"
    return f"{number} point{'' if number == '1' else 's'}"


def _period_words(first: date, last: date) -> str:
    if first == last:
        return month_words(last)
    return f"{f'{first:%b}' if first.year == last.year else month_words(first)} – {month_words(last)}"


def places(metric: Metric, rows: pd.DataFrame) -> str:
    place = rows.columns[0]
    named = rows[(rows[place] != "unknown") & (rows["judgement"] != "")]
    against = "the target" if rows["reference_kind"].iloc[0] == "target" else f"all {place}s together"
    worse, better = (list(named.loc[named["judgement"] == word, place]) for word in ("worse", "better"))
    if len(rows) == 1 and rows["judgement"].iloc[0] == "" and rows["status"].iloc[0] != "withheld":
        return f"{metric.name}: {metric.write(rows['value'].iloc[0])} in {rows[place].iloc[0]}, the only {place} here"
    told = rows[rows["value"].notna() & (rows[place] != "unknown")].sort_values("value")
    if not metric.has_interval and rows["value"].notna().any():
        shown = told if len(told) else rows[rows["value"].notna()].sort_values("value")
        return f"{metric.name}: {_reach(metric, shown, place)}"
    goal = f"{metric.write(rows['reference'].iloc[0])}"
    if named.empty:
        return f"{metric.name}: no {place} has enough cases"
    if worse and len(worse) == len(named) and len(named) > 1:
        return f"{metric.name}: every {place} misses {against} ({goal})"
    if worse:
        number = "the one" if len(worse) == 1 else f"{len(worse)} of {len(named)}"
        who = worse[0] if len(worse) == 1 else listed(worse[:3]) + (" …" if len(worse) > 3 else "")
        if len(worse) == 1:
            return f"{metric.name}: {who} is {number} {place} clearly worse than {against} ({goal})"
        return f"{metric.name}: {who} are clearly worse than {against} ({goal}), {number} {place}s"
    if better:
        who = listed(better[:3]) + (" …" if len(better) > 3 else "")
        return f"{metric.name}: {who} clearly better than {against} ({goal}), none worse"
    return f"{metric.name}: no {place} differs clearly from {against} ({goal})"


def _reach(metric: Metric, shown: pd.DataFrame, place: str) -> str:
    """From the least to the most of places in order of their value; one number where both are written alike."""
    least, most = ((metric.write(row["value"]), row[place]) for row in (shown.iloc[0], shown.iloc[-1]))
    if len(shown) == 1:
        return f"{least[0]} in {least[1]}"
    if least[0] == most[0]:
        about = "" if shown["value"].nunique() == 1 else "about "
        return (
            f"{about}{least[0]} in {listed(sorted(shown[place])) if len(shown) < 3 else f'all {len(shown)} {place}s'}"
        )
    return f"{least[0]} in {least[1]} to {most[0]} in {most[1]}"


def channels(metric: Metric, rows: pd.DataFrame) -> str:
    moved = {"concern": [], "improvement": []}
    for channel, points in rows.groupby("channel", sort=True):
        claim = claim_of(metric, points, None, channel)
        if claim and claim.label in moved and persistent(points, claim.label):
            moved[claim.label].append(channel)
    said = [
        f"{listed(names)} {word}"
        for word, names in (("got worse", moved["concern"]), ("got better", moved["improvement"]))
        if names
    ]
    return f"{metric.name} by channel: {'; '.join(said) if said else 'no real change in any channel'}"


def recommendation(rows: pd.DataFrame) -> str:
    shown = rows[rows["finished"] & (rows["status"] != "withheld")]
    if len(shown) < 2:
        return "Recommendation: one quarter only, nothing to compare it with yet"
    before, now = shown.iloc[-2], shown.iloc[-1]
    change = (now["value"] - before["value"]) * 100
    margin = (now["margin"] ** 2 + before["margin"] ** 2) ** 0.5 * 100
    verdict = "beyond chance" if abs(change) > margin else "within the noise"
    moved = "unchanged" if round(change) == 0 else f"{'up' if change > 0 else 'down'} {abs(change):.0f} points"
    quarter = quarter_words(now["quarter"])
    return f"Recommendation: {moved} in {quarter} on the quarter before, {verdict} (± {margin:.0f})"

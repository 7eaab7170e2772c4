"""Goals: where each stands, where its plan would have it, and where it will be when it falls due, in words."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import pandas as pd

from app import spc
from app.filters import Filters, listed, month_words
from app.metrics import Metric, metrics
from app.periods import shifted
from app.series import Answer, State, by_month, is_rare, missing, states, whole
from app.snapshot import Snapshot

JUDGED = ("off track", "too close to call", "on track")
ENDED = ("met", "met late", "not met")
NOTES = {spc.TOO_FAR: "due too far ahead to say", spc.TOO_FEW: "too few months to say"}
NUMBERS = ("baseline", "value", "plan", "gap", "target", "way", "plan_way", "gap_share", "forecast", "low", "high")
MOST_NAMED = 3
NOTE = (
    "Each goal is measured where it was set, over all months; region and channel choose which goals are listed, "
    "with those for every place."
)
QUERIES = tuple(f"figures/{name}" for name in ("open_goals", "series", "count_series", "wait_series", "people_series"))


@dataclass(frozen=True)
class Course:
    """One goal: its row of the figure, and its months to the due date."""

    row: dict
    months: pd.DataFrame


def goals(snapshot: Snapshot, filters: Filters) -> Answer:
    """One row per goal, the furthest behind its plan first: value, plan, gap and outlook."""
    rows = _table(_chosen(snapshot, filters))
    return _answer("goals", snapshot, filters, rows, sentence(rows) if len(rows) else "")


def goals_outlook(snapshot: Snapshot, filters: Filters) -> Answer:
    """The months of every goal that can be measured: value, plan, and the forecast with its 80 % band."""
    found = _chosen(snapshot, filters)
    measured = [course.months.assign(goal=course.row["goal"]) for course in found if len(course.months)]
    rows = pd.concat(measured, ignore_index=True) if measured else pd.DataFrame()
    if measured:
        rows = rows[["goal", *rows.columns.drop("goal")]]
    said = sentence(_table(found)) if measured else ""
    return _answer("goals_outlook", snapshot, filters, rows, said)


def _table(found: tuple[Course, ...]) -> pd.DataFrame:
    """The goals as rows; None as not-a-number, so that a column of nothing is still one of numbers."""
    rows = pd.DataFrame([course.row for course in found])
    return rows.astype(dict.fromkeys(NUMBERS, "float64")) if found else rows


def _answer(figure: str, snapshot: Snapshot, filters: Filters, rows: pd.DataFrame, said: str) -> Answer:
    state, told = states(snapshot)["goals_met"], "ready"
    if state.as_of is None:
        said, told = missing(state), "missing"
    elif rows.empty:
        some = filters.regions or filters.channels
        said, told = f"No goal is open{f' for {filters.words()}. Widen the filters' if some else ''}.", "empty"
    return Answer(figure, None, filters, rows, said, told, snapshot.as_of, QUERIES, NOTE)


def _chosen(snapshot: Snapshot, filters: Filters) -> tuple[Course, ...]:
    """The goals of the chosen regions and channels, and those for every place."""
    return tuple(
        course
        for course in courses(snapshot)
        if (not filters.regions or course.row["region"] in ("every", *filters.regions))
        and (not filters.channels or course.row["channel"] in ("every", *filters.channels))
    )


@lru_cache(maxsize=8)
def courses(snapshot: Snapshot) -> tuple[Course, ...]:
    """Every goal that is open or ended lately, sorted by its gap to plan as a share of its way, the worst first.

    Goals without a gap come last but for those that have ended.
    """
    told = [_course(snapshot, goal) for goal in snapshot.ask("figures/open_goals").to_dict("records")]
    return tuple(sorted(told, key=lambda course: _importance(course.row)))


def _importance(row: dict) -> tuple[bool, bool, float, str]:
    unknown = row["gap_share"] is None
    return row["outlook"] in ENDED, unknown, 0.0 if unknown else row["gap_share"], row["goal"]


def _course(snapshot: Snapshot, told: dict) -> Course:
    goal = {name: None if pd.isna(value) else value for name, value in told.items()}
    dates = {name: pd.Timestamp(goal[name]).date() if goal[name] else None for name in ("set_on", "due_on", "met_on")}
    baseline, target = _number(goal["baseline"]), _number(goal["target"])
    state = states(snapshot).get(goal["metric"] or "")
    series = _series(snapshot, state, goal["region"], goal["channel"])
    known = series[series["value"].notna()] if len(series) else series
    month = known["month"].iloc[-1].date() if len(known) else None
    value = float(known["value"].iloc[-1]) if len(known) else None

    better = state.metric.better if state else "neither"
    told_plan = Plan(baseline, target, dates["set_on"], dates["due_on"], better)
    plan = told_plan.at(_month_end(month)) if month else None
    gap = value - plan if plan is not None else None
    way = told_plan.way(value) if value is not None else None
    plan_way = told_plan.way(plan) if plan is not None else None

    words, outlook = _outlook(snapshot, state, series, target, goal | dates)
    row = {
        "goal": goal["goal"],
        "owner": goal["owner"] or "",
        "due_on": pd.Timestamp(dates["due_on"]) if dates["due_on"] else pd.NaT,
        "next_step": goal["next_step"] or "",
        "region": goal["region"],
        "channel": goal["channel"],
        "metric": goal["metric"] or "",
        "unit": state.metric.unit if state else "",
        "baseline": baseline,
        "measured": pd.Timestamp(month) if month else pd.NaT,
        "value": value,
        "plan": plan,
        "gap": gap,
        "target": target,
        "way": way,
        "plan_way": plan_way,
        "gap_share": way - plan_way if way is not None and plan_way is not None else None,
        "outlook": words,
        "note": outlook.note if outlook and outlook.note not in NOTES else "",
        "forecast": outlook.forecast if outlook else None,
        "low": outlook.low if outlook else None,
        "high": outlook.high if outlook else None,
        "held": outlook.held[0] if outlook else 0,
        "tried": outlook.held[1] if outlook else 0,
        "set_on": pd.Timestamp(dates["set_on"]),
        "met_on": pd.Timestamp(dates["met_on"]) if dates["met_on"] else pd.NaT,
    }
    return Course(row, _months(series, month, told_plan, outlook))


@dataclass(frozen=True)
class Plan:
    """The straight line from the baseline on the day a goal was set to its target on the day it falls due."""

    baseline: float | None
    target: float | None
    set_on: date
    due_on: date | None
    better: str = "neither"

    @property
    def is_drawn(self) -> bool:
        """There is a line only between two numbers and two days, and none towards a target worse than the baseline."""
        if self.baseline is None or self.target is None or self.due_on is None:
            return False
        return (self.target - self.baseline) * spc.DIRECTIONS[self.better] >= 0

    def at(self, day: date) -> float | None:
        """The plan on a day: the baseline before the line begins, the target after it ends."""
        if not self.is_drawn:
            return None
        days = (self.due_on - self.set_on).days
        passed = min(max((day - self.set_on).days / days, 0.0), 1.0) if days > 0 else 1.0
        return self.baseline + passed * (self.target - self.baseline)

    def way(self, value: float) -> float | None:
        """How much of the way from baseline to target a value has covered: 0 at the one, 1 at the other."""
        if not self.is_drawn or self.target == self.baseline:
            return None
        return (value - self.baseline) / (self.target - self.baseline)


def _series(snapshot: Snapshot, state: State | None, region: str, channel: str) -> pd.DataFrame:
    """The finished months of a goal's metric in the goal's own place, without a gap between them; empty if none."""
    places = Filters(
        () if region == "every" else (region,),
        () if channel == "every" else (channel,),
    )
    if not state or not state.rows or not _is_shown(state.metric, places):
        return pd.DataFrame(columns=["month", "value", "status"])
    rows = whole(by_month(snapshot, state, places))
    rows = rows[rows["finished"]].set_index("month")[["value", "status"]]
    if rows.empty:
        return pd.DataFrame(columns=["month", "value", "status"])
    rows = rows.reindex(pd.date_range(rows.index.min(), rows.index.max(), freq="MS", name="month"))
    return rows.assign(value=rows["value"].astype("float64"), status=rows["status"].fillna("")).reset_index()


def _is_shown(metric: Metric, places: Filters) -> bool:
    """Figures about people know one region or one channel, never both."""
    return metric.about == "cases" or not (places.regions and places.channels)


def _outlook(
    snapshot: Snapshot, state: State | None, series: pd.DataFrame, target: float | None, goal: dict
) -> tuple[str, spc.Outlook | None]:
    """What may be said of a goal, and the numbers behind it; where nothing may, the words say why."""
    if goal["met_on"]:
        return ("met" if not goal["due_on"] or goal["met_on"] <= goal["due_on"] else "met late"), None
    if goal["due_on"] and goal["due_on"] < snapshot.as_of:
        return "not met", None
    if not goal["metric"]:
        return "no metric", None
    if state is None:
        return "no such metric", None
    if not state.rows:
        return "no export for its metric", None
    if not goal["due_on"]:
        return "no due date", None
    if target is None:
        return "no target", None
    if state.metric.standing or state.metric.about == "people" or state.metric.better == "neither":
        return "not judged", None
    values = [None if pd.isna(value) else float(value) for value in series["value"]]
    known = series.loc[series["value"].notna(), "month"]
    if known.empty:
        return NOTES[spc.TOO_FEW], None
    if is_rare(state.metric, series["value"]):
        return "too few a month to say", None
    horizon = _steps(known.iloc[-1].date(), goal["due_on"])
    if horizon < 1:
        return "due now", None
    told = spc.outlook(values, horizon, target, state.metric.better)
    if state.metric.kind == "count":
        told = _whole(told)
    return NOTES.get(told.note, told.words), told


def _whole(told: spc.Outlook) -> spc.Outlook:
    """The same without fewer than no events."""
    path = tuple(spc.Band(*(max(end, 0.0) for end in band)) for band in told.path)
    ends = path[-1] if told.low is not None else (None, None, None)
    return replace(told, forecast=ends[0], low=ends[1], high=ends[2], path=path)


def _months(series: pd.DataFrame, month: date | None, plan: Plan, outlook: spc.Outlook | None) -> pd.DataFrame:
    """Months of a goal: values, the plan while it runs, and the forecast as far as it reaches."""
    if month is None:
        return pd.DataFrame()
    due = plan.due_on if plan.due_on and (plan.is_drawn or outlook) else month
    last = max(series["month"].iloc[-1], pd.Timestamp(due).replace(day=1))
    frame = pd.DataFrame({"month": pd.date_range(series["month"].iloc[0], last, freq="MS")})
    frame = frame.merge(series, on="month", how="left")
    begun = pd.Timestamp(plan.set_on).replace(day=1)
    frame["plan"] = [
        plan.at(_month_end(at.date())) if begun <= at <= pd.Timestamp(due) else None for at in frame["month"]
    ]
    ahead = {shifted(month, step): band for step, band in enumerate(outlook.path if outlook else (), 1)}
    for name in ("forecast", "low", "high"):
        frame[name] = [getattr(ahead[at.date()], name) if at.date() in ahead else None for at in frame["month"]]
    frame["target"] = plan.target
    frame["status"] = frame["status"].fillna("")
    return frame.astype(dict.fromkeys(("value", "plan", "forecast", "low", "high", "target"), "float64"))


def sentence(rows: pd.DataFrame) -> str:
    """How many goals are off track, and which, the worst first."""
    still = rows[~rows["outlook"].isin(ENDED)]
    named = {word: list(still.loc[still["outlook"] == word, "goal"]) for word in JUDGED}
    missed = int((rows["outlook"] == "not met").sum())
    ended = f"; {missed} fell due and {'was' if missed == 1 else 'were'} not met" if missed else ""
    count = len(still)
    if not count:
        return f"No goal is open{ended}"
    off, close, on = (named[word] for word in JUDGED)
    if off:
        counted = f"{len(off)} of {count} goals {'is' if len(off) == 1 else 'are'}" if count > 1 else "The one goal is"
        return f"{counted} off track{ended}: {_names(off)}"
    if len(on) == count:
        return f"All {count} goals are on track{ended}" if count > 1 else f"The one goal is on track{ended}"
    none = f"None of {count} goals is off track{ended}" if count > 1 else f"The one goal is not off track{ended}"
    if close:
        return f"{none}; too close to call: {_names(close)}"
    return f"{none}; {f'{len(on)} on track, the others' if on else 'it' if count == 1 else 'they'} cannot be told"


def head(rows: pd.DataFrame) -> str:
    """How many goals are off track, too close to call and on track: the same rows, as a headline has them."""
    still = rows[~rows["outlook"].isin(ENDED)]
    counts = [(int((still["outlook"] == word).sum()), word) for word in JUDGED]
    counts = [(count, word) for count, word in counts if count]
    if not counts or len(still) == 1:
        return sentence(rows).split(":")[0]
    (first, word), *others = counts
    told = [f"{first} of {len(still)} goals {'is' if first == 1 else 'are'} {word}"]
    return listed([*told, *(f"{count} {word}" for count, word in others)])


def due(found: Answer) -> str:
    """The goal that falls due next and who owns it; of several on one day the furthest behind its plan."""
    if found.state != "ready":
        return found.sentence
    still = found.rows[~found.rows["outlook"].isin(ENDED) & found.rows["due_on"].notna()]
    if still.empty:
        return "No open goal has a due date."
    row = still.sort_values("due_on", kind="stable").iloc[0]
    others = int((still["due_on"] == row["due_on"]).sum()) - 1
    metric, shown = metrics().get(row["metric"]), write(row, row["target"])
    aim = f" ({metric.name} {shown})" if metric and pd.notna(row["target"]) else ""
    with_others = f", with {others} other{'s' if others > 1 else ''}" if others else ""
    who = f"Owner: {row['owner']}." if row["owner"] else "It has no owner."
    return f"Due next: {row['goal']}{aim} by {row['due_on']:%-d %b %Y}{with_others}. {who}"


def opened(row: pd.Series) -> str:
    """One goal: its value, its gap to plan and its outlook."""
    if pd.isna(row["value"]):
        return f"{row['goal']}: {row['outlook']}"
    parts = [f"{row['goal']}: {write(row, row['value'])} in {month_words(row['measured'])}", gap_words(row)]
    note = f": {row['note']}" if row["note"] else ""
    return f"{', '.join(filter(None, parts))}; {row['outlook']}{note}"


def one_of(rows: pd.DataFrame, name: str | None) -> pd.Series:
    """The goal of that name; without it the one that is off track by most, else the furthest behind its plan.

    Only goals with a value can be opened: there is at least one.
    """
    measured = rows[rows["value"].notna()]
    for chosen in (measured["goal"] == name, measured["outlook"] == "off track", measured["value"].notna()):
        if chosen.any():
            return measured[chosen].iloc[0]
    raise LookupError("no goal has a value")


def terms(row: pd.Series) -> str:
    """What was agreed, and how the outlook is made."""
    metric = metrics()[row["metric"]]
    parts = [metric.name]
    if pd.notna(row["plan"]):
        start, end = f"{write(row, row['baseline'])} on {row['set_on']:%-d %b %Y}", write(row, row["target"])
        parts.append(f"planned from {start} to {end} on {row['due_on']:%-d %b %Y} (dotted)")
    told = f"{'; '.join(parts)}."
    if pd.notna(row["low"]):
        told += (
            f" Shaded: the 80 % band until it falls due; {held_words(row) or 'too early to say how such bands hold'}."
        )
    who = f" Owner: {row['owner']}." if row["owner"] else " It has no owner."
    return told + who + (f" Next step: {row['next_step']}." if row["next_step"] else "")


def gap_words(row: pd.Series) -> str:
    """The gap to plan in the metric's own terms; percents differ by points. Empty without a gap."""
    if pd.isna(row["gap"]):
        return ""
    metric = metrics()[row["metric"]]
    size = metric.write(abs(row["gap"]), _places(row))
    if metric.unit in ("%", "points"):
        size = f"{size.removesuffix(' %')} points"
    if not any(digit in size for digit in "123456789"):
        return "on plan"
    ahead = row["gap_share"] >= 0 if pd.notna(row["gap_share"]) else row["gap"] * spc.DIRECTIONS[metric.better] >= 0
    return f"{size} {'ahead of' if ahead else 'behind'} plan"


def write(row: pd.Series, value: float) -> str:
    """A number of a goal as a reader sees it: one decimal where the way to the target is shorter than five points."""
    if pd.isna(value) or row["metric"] not in metrics():
        return "–"
    return metrics()[row["metric"]].write(value, _places(row))


def held_words(row: pd.Series) -> str:
    """How far an outlook of this kind could be relied on so far."""
    return f"{int(row['held'])} of {int(row['tried'])} past bands held" if pd.notna(row["low"]) and row["tried"] else ""


def _places(row: pd.Series) -> int | None:
    near = abs(row["target"] - row["baseline"]) < 0.05
    return 1 if near and row["unit"] in ("%", "points") else None


def _names(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return f"{', '.join(names[:MOST_NAMED])} and {more} more" if more > 0 else listed(names)


def _number(value: float | None) -> float | None:
    return None if value is None or abs(value) > spc.LARGEST else float(value)


def _month_end(month: date) -> date:
    return shifted(month, 1) - timedelta(days=1)


def _steps(month: date, day: date) -> int:
    """Months from one month to that of a day."""
    return (day.year - month.year) * 12 + day.month - month.month

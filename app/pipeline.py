"""Pipeline: how far ideas travel, where they stand and how long, and whether more come in than go out."""

from datetime import date, timedelta
from functools import cache
from math import sqrt

import pandas as pd

from app import spc
from app.filters import Filters, listed
from app.metrics import QUERIES, Metric, metrics
from app.records import last_workday
from app.series import LOW_BASE, WIDE_INTERVAL, Answer, missing, nothing_matches, nothing_of, states
from app.snapshot import Snapshot

STAGES = ("submitted", "screened", "experiment", "pilot")  # in which an idea is open, in their order
WHOLE_WAY, ALL_STAGES = "whole way", "all stages"
MOST_DAYS = 730  # more are counted as one more
YEAR = 12  # finished months over which in and out are compared
STEADY = (0.7, 1.3)  # Little's law: open ÷ (out × time), within which a pipeline is called steady
DAYS_OF_MONTH = 365.25 / 12


@cache
def words() -> dict[str, Metric]:
    """What each figure of the pipeline means, by the id of its number."""
    return metrics(QUERIES / "innovation" / "metrics.toml")


def funnel(snapshot: Snapshot, filters: Filters) -> Answer:
    """Stages with the ideas that reached each; of those decided there, the share that went on with its interval."""
    queries = ("innovation/idea_cohorts", "figures/idea_funnel")
    rows = snapshot.ask(queries[-1], **filters.parameters())
    whole = int(rows["reached"].max()) if len(rows) else 0
    gates = rows["reached"].where(~rows["optional"]).ffill().shift()
    rows.insert(3, "of_previous", rows["reached"] / gates.where(gates > 0))
    is_last = rows["stage"] == "implemented"
    rows["base"] = (rows["went_on"] + rows["closed"]).astype("Int64").mask(is_last)
    intervals = [
        (float("nan"), float("nan")) if last else spc.wilson(part, part + closed)
        for part, closed, last in zip(rows["went_on"], rows["closed"], is_last, strict=True)
    ]
    rows["value"] = (rows["went_on"] / (rows["went_on"] + rows["closed"])).mask(is_last)
    rows["low"], rows["high"] = [low for low, _ in intervals], [high for _, high in intervals]
    rows["status"] = _status(rows["base"].fillna(LOW_BASE), (rows["high"] - rows["low"]) > WIDE_INTERVAL)
    rows.loc[rows["status"] == "withheld", ["value", "low", "high"]] = float("nan")
    counts = ["went_on", "closed", "still_open"]
    rows[counts] = rows[counts].astype("Int64").mask(is_last)
    return _answered(snapshot, "idea_funnel", "gate_yield", filters, rows, queries, whole, _say_funnel)


def age(snapshot: Snapshot, filters: Filters) -> Answer:
    """Stages with their open ideas: how long these have stood there, against all stays that ended.

    It knows no period: open ideas are those of today, and where ideas are stuck hardly any stay has ended lately.
    """
    queries = ("innovation/idea_ages", "innovation/idea_stays", "figures/idea_age")
    asked = snapshot.ask(queries[-1], **filters.parameters()).set_index(["kind", "stage"])
    told = []
    for stage in (*STAGES, WHOLE_WAY):
        row: dict[str, object] = {"stage": stage}
        for kind, base, median, p85 in (
            ("open", "open", "median", "p85"),
            ("ended", "usual_base", "usual_median", "usual_p85"),
        ):
            found = asked.loc[(kind, stage)] if (kind, stage) in asked.index else None
            row[base] = 0 if found is None else int(found["base"])
            enough = row[base] >= words()["idea_age_days"].minimum_base
            row[median], row[p85] = (found["median"], found["p85"]) if enough else (float("nan"), float("nan"))
        told.append(row)
    rows = pd.DataFrame(told)
    rows["status"] = _status(rows[["open", "usual_base"]].min(axis=1), pd.Series(False, index=rows.index))
    stuck = rows["median"] > rows["usual_p85"]
    rows["judgement"] = stuck.map({True: "stuck", False: "as usual"}).where(rows["status"] != "withheld", "")
    rows["as_of"] = pd.Timestamp(_today(snapshot))
    whole = int(rows["open"].iloc[-1] + rows["usual_base"].iloc[:-1].sum())
    return _answered(snapshot, "idea_age", "idea_age_days", filters, rows, queries, whole, _say_age)


def flow(snapshot: Snapshot, filters: Filters) -> Answer:
    """Months with what was open at the start, came in, went out and was open at the end, in total and by stage."""
    queries = ("innovation/idea_moves", "figures/idea_flow")
    rows = snapshot.ask(queries[-1], **filters.parameters()).fillna({"open_start": 0})
    counts = [name for name in rows.columns if name != "month"]
    rows[counts] = rows[counts].astype("int64")
    rows.insert(5, "went_out", rows["implemented"] + rows["closed"])
    rows.insert(6, "open_end", rows[list(STAGES)].sum(axis=1))
    reach = _reach(snapshot)
    rows["finished"] = [bool(reach) and last_workday(month.date()) <= reach for month in rows["month"]]
    whole = int(rows[["came_in", "went_out"]].sum().sum() + rows["open_end"].max()) if len(rows) else 0
    return _answered(snapshot, "idea_flow", "ideas_in_and_out", filters, rows, queries, whole, _say_flow)


def balance(snapshot: Snapshot, filters: Filters) -> Answer:
    """Stages over the period: open at the start + entered − moved on − closed = open at the end; and all together."""
    queries = ("innovation/idea_moves", "figures/idea_balance")
    rows = snapshot.ask(queries[-1], **filters.parameters())
    if len(rows):
        moves = snapshot.ask("figures/idea_flow", **filters.parameters())
        moved = {"entered": "came_in", "moved_on": "implemented", "closed": "closed"}
        total = {name: int(moves[told].sum()) for name, told in moved.items()}
        total |= {name: int(rows[name].sum()) for name in ("open_start", "open_end", "reopened")}
        rows = pd.concat([rows, pd.DataFrame([{"stage": ALL_STAGES, **total}])], ignore_index=True)
        rows[["passed_over", "sent_back"]] = rows[["passed_over", "sent_back"]].astype("Int64")
    whole = int(rows["open_start"].max() + rows["entered"].max()) if len(rows) else 0
    return _answered(snapshot, "idea_balance", "ideas_in_and_out", filters, rows, queries, whole, _say_balance)


def _answered(snapshot, figure: str, id_: str, filters: Filters, rows, queries, whole: int, say) -> Answer:
    """An answer from rows that stand on `whole` ideas; without any, the sentence that says why."""
    metric, reach = words()[id_], _reach(snapshot)

    def told(rows: pd.DataFrame, sentence: str, state: str, note: str = "") -> Answer:
        return Answer(figure, metric, filters, rows, sentence, state, reach, queries, note)

    if reach is None:
        return told(pd.DataFrame(), missing(nothing_of(snapshot, metric)), "missing")
    if not whole:
        counted = states(snapshot)["customer_ideas"].metric  # knows every idea by month, region and channel
        return told(rows.iloc[:0], nothing_matches(snapshot, counted, filters), "empty")
    if whole < metric.minimum_base:
        few = f"{metric.name}: fewer than {metric.minimum_base} ideas, too few to show. Widen the filters."
        return told(rows.iloc[:0], few, "withheld")
    sentence, note = say(rows)
    return told(rows, sentence, "ready", note)


def _reach(snapshot: Snapshot) -> date | None:
    """The last day that the exports of ideas and their stages reach; None while one of them is missing."""
    files = snapshot.ask("figures/files")
    files = files[files["kept"] > 0]
    last = [files.loc[files["record"] == record, "last_on"].max() for record in ("ideas", "idea_stages")]
    return None if any(pd.isna(day) for day in last) else max(last).date()


def _today(snapshot: Snapshot) -> date | None:
    """The day up to which ages are counted, as queries/innovation/idea_ages.sql has it."""
    reach = _reach(snapshot)
    if reach is None:
        return None
    month_end = (reach.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return min(month_end, snapshot.as_of)


def _status(base: pd.Series, wide: pd.Series) -> pd.Series:
    least = words()["gate_yield"].minimum_base
    status = pd.Series("shown", index=base.index).mask((base < LOW_BASE) | wide, "low base")
    return status.mask(base < least, "withheld")


def write_days(days: float) -> str:
    return f"more than {MOST_DAYS} days" if days > MOST_DAYS else f"{days:.0f} day{'' if round(days) == 1 else 's'}"


def _say_funnel(rows: pd.DataFrame) -> tuple[str, str]:
    submitted, implemented = rows["reached"].iloc[0], rows["reached"].iloc[-1]
    still = int(rows.loc[~rows["optional"], "still_open"].sum())
    said = f"{implemented:,} of {submitted:,} ideas were implemented, {still:,} are still open"
    gates = rows[~rows["optional"] & rows["value"].notna()].sort_values("value")
    if len(gates) < 2:
        return said, ""
    narrow, other = gates.iloc[0], gates.iloc[1:]
    if narrow["high"] < other["low"].min():
        return f"{said}; fewest go on once {narrow['stage']} ({narrow['value'] * 100:.0f} %)", ""
    return said, ""


def _say_balance(rows: pd.DataFrame) -> tuple[str, str]:
    last = rows.iloc[-1]
    said = f"{last['open_start']:,} ideas were open, {last['entered']:,} came in, {last['moved_on']:,} were implemented"
    apart = rows[["passed_over", "reopened", "sent_back"]].iloc[:-1].sum()
    parts = {"passed_over": "passed a stage over", "reopened": "were reopened", "sent_back": "were sent back"}
    told = [f"{apart[name]:,} {words}" for name, words in parts.items() if apart[name]]
    note = f"Apart from that sum, {listed(told)}." if told else ""
    return f"{said} and {last['closed']:,} closed: {last['open_end']:,} are open", note


def _say_age(rows: pd.DataFrame) -> tuple[str, str]:
    steps, whole = rows[rows["stage"] != WHOLE_WAY], rows.iloc[-1]
    note = ""
    if not pd.isna(whole["usual_median"]):
        note = (
            f"Of ideas that were implemented, half took {write_days(whole['usual_median'])} or less, 85 of 100 "
            f"{write_days(whole['usual_p85'])} or less."
        )
    if held := _held(rows):
        worst = steps.set_index("stage", drop=False).loc[held[0]]
        too = f"; {listed(held[1:])} too" if held[1:] else ""
        half = f"half for more than {write_days(worst['median']).removeprefix('more than ')}"
        usual = f"where {write_days(worst['usual_median'])} are usual"
        return f"Ideas are stuck in {worst['stage']}: {worst['open']:,} open, {half}, {usual}{too}", note
    least = words()["idea_age_days"].minimum_base
    unknown = list(steps.loc[(steps["open"] >= least) & (steps["usual_base"] < least), "stage"])
    if unknown:
        told = f"too few have left {listed(unknown)} to say what is usual there"
        return f"{whole['open']:,} ideas are open; {told}", note
    if (steps["judgement"] != "").any():
        return f"{whole['open']:,} ideas are open, and no stage holds them longer than usual", note
    return f"{whole['open']:,} ideas are open, too few in each stage to say how old they are", note


def _say_flow(rows: pd.DataFrame) -> tuple[str, str]:
    year = rows[rows["finished"]].tail(YEAR)
    if year.empty:
        return "Ideas in and out: no finished month yet", ""
    came, went, _ = _moved(rows)
    months = f"{len(year)} months" if len(year) > 1 else "one month"
    start, end = int(year["open_start"].iloc[0]), int(year["open_end"].iloc[-1])
    moved = f"{came:,} came in and {went:,} went out in {months}, open {start:,} before and {end:,} after"
    return f"{_balance(rows) or 'In and out are in balance'}: {moved}", _little(year)


def _held(rows: pd.DataFrame) -> list[str]:
    """Stages that are stuck, the one first that holds its ideas longest against what is usual there."""
    held = rows[(rows["judgement"] == "stuck") & (rows["stage"] != WHOLE_WAY)]
    worst = (held["median"] / held["usual_p85"].clip(lower=1)).sort_values(ascending=False, kind="stable")
    return list(held.loc[worst.index, "stage"])


def _moved(rows: pd.DataFrame) -> tuple[int, int, bool]:
    """Came in and went out in the last finished year, and whether they differ by more than chance (Poisson, 95 %)."""
    year = rows[rows["finished"]].tail(YEAR)
    came, went = int(year["came_in"].sum()), int(year["went_out"].sum())
    return came, went, abs(came - went) > 1.96 * sqrt(came + went)


def _balance(rows: pd.DataFrame) -> str:
    came, went, is_clear = _moved(rows)
    return "" if not is_clear else "The pipeline fills up" if came > went else "The pipeline empties"


def stuck(age: Answer) -> list[str]:
    """Stages in which ideas are stuck, the worst first."""
    return _held(age.rows) if age.state == "ready" else []


def head(funnel: Answer, age: Answer, flow: Answer) -> str:
    """The page in a line: where ideas are stuck, whether they pile up; else how far they came. Empty without data."""
    said = [f"Ideas are stuck in {listed(stuck(age))}"] if stuck(age) else []
    said += [_balance(flow.rows)] if flow.state == "ready" and _balance(flow.rows) else []
    if said:
        return ", and ".join([said[0], *(words[0].lower() + words[1:] for words in said[1:])])
    return funnel.sentence.split(";")[0] if funnel.state == "ready" else ""


def claims(age: Answer, flow: Answer) -> list[tuple[str, str]]:
    """Label and sentence of what the head of the page says: a stuck stage concerns, a fuller pipeline is only told."""
    said = [("concern", f"{age.sentence}.")] if stuck(age) else []
    if flow.state == "ready" and _balance(flow.rows):
        said.append(("neutral high" if "fills" in _balance(flow.rows) else "neutral low", f"{flow.sentence}."))
    return said


def question(age: Answer, flow: Answer) -> str:
    """What the page leaves its reader with; empty where nothing holds ideas up."""
    if held := stuck(age):
        waiting = age.rows.set_index("stage")["open"][held[0]]
        return f"What holds {waiting:,} ideas in {held[0]}, and who decides on each of them?"
    if flow.state == "ready" and "fills" in _balance(flow.rows):
        return "More ideas come in than go out: who decides on those that wait, and by when?"
    return ""


def _little(year: pd.DataFrame) -> str:
    """Little's law: in a steady pipeline, open = out a month × months on the way."""
    went = int(year["went_out"].sum())
    if len(year) < YEAR or went < words()["gate_yield"].minimum_base or not year["days"].sum():
        return ""
    rate, way, stands = went / len(year), year["days"].sum() / went / DAYS_OF_MONTH, year["open_end"].mean()
    ratio = stands / (rate * way)
    steady = STEADY[0] <= ratio <= STEADY[1]
    verdict = "steady" if steady else "not steady, so that times of those that leave say little of those that stay"
    return (
        f"Little's law: {stands:.0f} open on average against {rate:.0f} out a month × {way:.1f} months on the way, "
        f"a ratio of {ratio:.1f}: {verdict}."
    )

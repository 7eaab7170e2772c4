"""Every figure of every metric under every filter: rows as documented, and a sentence that follows from these rows.

The rules of the sentences are stated here a second time, from the rows that a reader downloads and nothing else.
"""

import csv
import math
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from app import answers, demo, spc
from app.answers import answer, claims
from app.build import build
from app.filters import Filters
from app.metrics import Metric, metrics
from app.records import last_workday
from app.series import Answer, choices, states
from app.snapshot import Snapshot, current, opened
from tests.conftest import TODAY
from tests.test_control import lasting

NUMBERS = ["numerator", "base", "value", "low", "high", "status"]
ON_YEAR = ["on_year", "on_year_lower", "on_year_upper", "on_year_label", "yearly_pattern"]
TREND = ["month", *NUMBERS, "finished", "mean", "lower", "upper", "target", "label", "rule", *ON_YEAR]
PLACE = [*NUMBERS, "reference", "reference_kind", "judgement"]
COLUMNS = {
    "trend": TREND,
    "headline": [
        *[
            "metric",
            "month",
            "finished",
            *NUMBERS,
            "mean",
            "lower",
            "upper",
            "target",
            "label",
            "rule",
            "variation",
            "assurance",
        ],
        *["since", "trial", "period_from", "period_to"],
        *["period_numerator", "period_base", "period_value", "period_low", "period_high"],
        *["compared_from", "compared_to", "compared_base", "compared_value", "compared_low", "compared_high"],
        *["before_base", "before_value", "before_low", "before_high"],
        *["difference", "difference_low", "difference_high", "rounding", "on_a_year_before"],
    ],
    "by_region": ["region", *PLACE],
    "by_channel": ["channel", *PLACE],
    "channels": ["channel", *TREND],
}
NOTHING = Filters(start=date(1999, 1, 1), end=date(1999, 12, 1))
BEYOND = {True: "outside its usual range", False: "beyond ordinary variation"}
CUT = "2026-09-28"  # a Monday, two working days before September is over
NO_CHANNEL = (  # their records name none
    *("nps", "goals_met", "goals_well_defined", "ideas_per_100", "retention", "revenue_retained"),
    *("diverse_spend", "inclusive_language", "inclusive_imagery", "policy_reviewed"),
)
PROTECTED = ["nearest", "rule_version", "as_of"]  # how a figure about people is told, and until when
PEOPLE = tuple(id_ for id_, metric in metrics().items() if metric.about == "people")
CASES = tuple(id_ for id_ in metrics() if id_ not in PEOPLE)
DIVERSE = {"supplier_spend", "content_audits"}
IN_CUT = tuple(
    id_
    for id_ in CASES
    if not {"ideas", "goals", "customers", "decisions", "deals", "costs", "policies", *DIVERSE}
    & set(metrics()[id_].records)
)
FEW = (  # a month, or a place in the last month, holds less than ten
    ("customer_ideas", "channels"),
    ("goals_well_defined", "by_region"),
    ("policy_reviewed", "by_region"),
    ("training_hours", "by_channel"),
    ("recognised_in_time", "by_channel"),
    ("recognised_in_time", "channels"),
    ("experiments_learned", "headline"),
    ("experiments_learned", "channels"),
)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The demonstration as its exports would end on 28 September: later tickets, promises and answers left out.

    What was opened before and solved after, in September or October, is left in: no export is as tidy as its dates.
    """
    folder = tmp_path_factory.mktemp("cut")
    wanted = {"crm/tickets.csv": 1, "crm/commitments.csv": 1, "crm/goals.csv": None}
    wanted |= {"survey/customer_survey.csv": 1, "survey/invitations.csv": 1}
    demo.write(folder / "exports")
    for path in sorted((folder / "exports").rglob("*.csv")):
        name = str(path.relative_to(folder / "exports"))
        if name not in wanted:
            path.unlink()
        elif wanted[name]:
            with path.open(encoding="utf-8", newline="") as text:
                heading, *rows = csv.reader(text)
            with path.open("w", encoding="utf-8", newline="") as text:
                csv.writer(text).writerows([heading, *(row for row in rows if row and row[wanted[name]][:10] <= CUT)])
    published = folder / "snapshot.duckdb"
    build(folder / "exports", published, today=TODAY)
    return opened(current(published))


def filtered(snapshot: Snapshot) -> Iterator[Filters]:
    """Nothing chosen, each region, each channel, a long and a short period, a small place, nothing that matches."""
    known = choices(snapshot)
    yield Filters()
    yield from (Filters(regions=(region,)) for region in known["region"])
    yield from (Filters(channels=(channel,)) for channel in known["channel"])
    yield Filters(start=date(2025, 1, 1), end=date(2026, 6, 1))
    yield Filters(start=date(2026, 2, 1), end=date(2026, 4, 1))
    yield Filters(("Latin America",), ("Social",))
    yield Filters(("unknown",), ("unknown",), date(2026, 8, 1))
    yield NOTHING


def ready(snapshot: Snapshot, figure: str, metric: str) -> Iterator[Answer]:
    """The figure under every filter that leaves rows to show."""
    for filters in filtered(snapshot):
        found = answer(snapshot, figure, metric, filters)
        if found.state == "ready":
            yield found


# Rows


@pytest.mark.parametrize("figure", COLUMNS)
@pytest.mark.parametrize("metric", metrics())
def test_rows_are_as_documented(demo: Snapshot, metric: str, figure: str) -> None:
    """State, columns, sentence; and nothing about fewer than ten cases, whatever the filters."""
    told = set()
    for filters in filtered(demo):
        found = answer(demo, figure, metric, filters)
        told.add(found.state)
        assert found.sentence.strip(), filters
        assert found.as_of == states(demo)[metric].as_of
        if found.state == "empty":
            assert found.rows.empty
            continue
        assert list(found.rows.columns) == COLUMNS[figure] + (PROTECTED if metric in PEOPLE else [])
        check_numbers(found.rows, found.metric)
        chose_no_scope = len(filters.regions) + len(filters.channels) > 1
        assert bool(found.note) == bool(metric in PEOPLE and chose_no_scope), filters
        assert (found.state == "withheld") == (found.rows["status"] == "withheld").all(), filters
    assert told <= {"ready", "empty", "withheld"}
    unnamed = figure in ("channels", "by_channel") and metric in NO_CHANNEL
    assert unnamed or ("ready" in told) != ((metric, figure) in FEW)
    assert answer(demo, figure, metric, NOTHING).sentence.startswith("Nothing matches")


def check_numbers(rows: pd.DataFrame, metric: Metric) -> None:
    """Value from numerator and base, within its interval; status from base and interval; withheld means blank."""
    for _, row in rows.iterrows():
        few = metric.has_few and row["base"] < metric.minimum_base
        if few if metric.about == "cases" and metric.has_few else row["status"] == "withheld":
            assert row["status"] == "withheld"
            assert row[["numerator", "value", "low", "high"]].isna().all()
            continue
        if metric.kind == "count":
            assert row["value"] == row["numerator"] == row["base"] >= 0 and row["status"] == "shown"
            assert math.isnan(row["low"]) and math.isnan(row["high"])
            continue
        if not metric.has_interval:
            assert math.isnan(row["low"]) and math.isnan(row["high"])
            assert row["numerator"] >= 0 and row["value"] == row["numerator"] / row["base"]
            assert row["status"] == ("low base" if metric.has_few and row["base"] < 30 else "shown")
            continue
        assert row["low"] - 1e-9 <= row["value"] <= row["high"] + 1e-9
        if metric.kind == "quantile":
            assert math.isnan(row["numerator"])
            assert row["value"] >= 0
            wide = False
        else:
            share = row["numerator"] / row["base"]
            assert row["value"] == rounded(share, metric)
            assert (-row["base"] if metric.kind == "score" else 0) <= row["numerator"] <= row["base"]
            wide = row["high"] - row["low"] > 0.3
        assert row["status"] == ("low base" if row["base"] < 30 or wide else "shown")


@pytest.mark.parametrize("metric", metrics())
def test_months_are_judged_by_the_rules(demo: Snapshot, metric: str) -> None:
    """Limits, labels and rules of the rows again from their values; each channel by itself."""
    for found in ready(demo, "trend", metric):
        check_judged(found.rows, found.metric, found.as_of)
    for found in ready(demo, "channels", metric):
        assert "unknown" not in set(found.rows["channel"])
        for _, rows in found.rows.groupby("channel"):
            check_judged(rows, found.metric, found.as_of)


def check_judged(rows: pd.DataFrame, metric: Metric, as_of: date) -> spc.Judgement:
    assert rows["month"].is_monotonic_increasing and rows["month"].is_unique
    assert list(rows["finished"]) == [last_workday(month.date()) <= as_of for month in rows["month"]]
    counted = rows["finished"] & rows["value"].notna() & (not metric.standing)
    if metric.kind == "count" and rows.loc[counted, "value"].mean() < 2:
        counted &= False  # so few a month that nothing can be said of a change
    if metric.standing or not counted.any():
        assert (rows["label"] == "").all() and (rows["rule"] == "").all()
        assert rows[["mean", "lower", "upper"]].isna().all(axis=None)
    values = [value if counts else None for value, counts in zip(rows["value"], counted, strict=True)]
    judgement = spc.judge(values, metric.better, metric.target)
    for (_, row), point in zip(rows.iterrows(), judgement.points, strict=True):
        assert (row["label"], row["rule"]) == (point.label, point.rule)
        for name in ("mean", "lower", "upper"):
            assert same(row[name], getattr(point, name))
        assert same(row["target"], metric.target)
    return judgement


def same(one: float | None, other: float | None) -> bool:
    return (pd.isna(one) and pd.isna(other)) or one == other


@pytest.mark.parametrize("metric", metrics())
def test_the_headline_is_the_last_finished_month_of_the_trend(demo: Snapshot, metric: str) -> None:
    """And the whole period the sum of its months; for what stands, the last of them."""
    for found in ready(demo, "headline", metric):
        trend = answer(demo, "trend", metric, found.filters).rows
        (row,) = [row for _, row in found.rows.iterrows()]
        assert unlike_its_months(row, trend, found.metric) == [], found.filters


def rounded(share: float, metric: Metric) -> float:
    """Shares of counts of people, which are rounded, are told in whole percents, means of them with one decimal."""
    if metric.kind == "mean":
        return pytest.approx(share, abs=0.0005 + 1e-9)
    return round(share, 2) if metric.about == "people" and metric.kind == "share" else share


def unlike_its_months(row: pd.Series, trend: pd.DataFrame, metric: Metric) -> list[str]:
    """What of a headline does not follow from the months."""
    finished = trend[trend["finished"]]
    if metric.standing:  # as it was last told
        finished = finished[finished["value"].notna()] if finished["value"].notna().any() else finished
    last = finished.iloc[-1]
    copied = ("month", *NUMBERS, "mean", "lower", "upper", "target", "label", "rule")
    follows = {name: same(row[name], last[name]) for name in copied}
    follows["variation"] = row["variation"] == last["label"]
    follows["period"] = (row["period_from"], row["period_to"]) == (trend["month"].min(), trend["month"].max())
    period = finished.iloc[[-1]] if metric.standing else trend
    if (period["status"] != "withheld").all():
        if metric.kind != "quantile":
            follows["numerator"] = row["period_numerator"] == pytest.approx(period["numerator"].sum(), rel=1e-12)
            share = row["period_numerator"] / row["period_base"] if metric.kind != "count" else period["value"].sum()
            follows["value"] = row["period_value"] == rounded(share, metric)
        follows["base"] = row["period_base"] == period["base"].sum()
    elif metric.about == "people":
        follows["withheld"] = pd.isna(row["period_value"]) and pd.isna(row["period_base"])
    if not metric.has_interval:
        follows["no interval"] = pd.isna(row["period_low"]) and pd.isna(row["period_high"])
    else:
        follows["interval"] = row["period_low"] <= row["period_value"] <= row["period_high"]
    judged = trend[trend["label"] != ""]
    follows["trial"] = row["trial"] == (len(judged) < 12)
    follows["assurance"] = row["assurance"] == assured(last, metric, len(judged))
    follows["since"] = (None if pd.isna(row["since"]) else row["since"].date()) == standing(trend)
    return [name for name, holds in follows.items() if not holds]


def assured(last: pd.Series, metric: Metric, judged: int) -> str:
    """Target against limits; good is above for higher is better."""
    if metric.target is None or judged < 2:
        return ""
    if last["lower"] <= metric.target <= last["upper"]:
        return "hit or miss"
    reached = metric.target < last["lower"] if metric.better == "higher" else metric.target > last["upper"]
    return "consistently passes" if reached else "consistently fails"


def standing(rows: pd.DataFrame) -> date | None:
    """First month of the run of equal signals that ends at the last judged month; 12 months or none.

    Unless the last is part of a trend, a month on the other side of the mean ends the run: it led up to the change.
    """
    judged = rows[rows["label"] != ""].to_dict("records")
    if len(judged) < 12 or judged[-1]["label"] == "common cause" or not rows[rows["finished"]]["label"].iloc[-1]:
        return None
    since = last = judged[-1]
    for row in reversed(judged):
        if row["label"] != last["label"]:
            break
        if last["rule"] != "trend" and (row["value"] > row["mean"]) != (last["value"] > last["mean"]):
            break
        since = row
    return since["month"].date()


@pytest.mark.parametrize("metric", metrics())
@pytest.mark.parametrize("place", ["region", "channel"])
def test_places_are_held_against_the_target_or_all_together(demo: Snapshot, metric: str, place: str) -> None:
    """The interval decides; the worst stands first; together they are the whole."""
    for found in ready(demo, f"by_{place}", metric):
        rows, metric_ = found.rows, found.metric
        whole = answer(demo, "headline", metric, found.filters).rows.iloc[0]
        assert "every" not in set(rows[place])
        if metric in PEOPLE or metric_.id.startswith("goals_"):
            # A scope of few people is not told apart, a goal of the whole company stands in no place. People are
            # counted to the nearest five, those who count and those who do not.
            slack = 5 * (len(rows) + 1) if metric in PEOPLE else 0
            assert rows["base"].sum() <= whole["period_base"] + slack
        elif metric == "cost_per_resolution":  # what channels share stands in no channel
            assert rows["base"].sum() <= whole["period_base"]
        else:
            assert rows["base"].sum() == whole["period_base"]
        kind, reference = ("target", metric_.target) if metric_.target else (f"all {place}s", whole["period_value"])
        for _, row in rows.iterrows():
            if metric_.kind == "count":  # no place has to have as many as all
                assert row["reference_kind"] == "" and math.isnan(row["reference"])
            else:
                assert (row["reference_kind"], row["reference"]) == (kind, reference)
            alone = len(rows) == 1 and metric_.target is None
            assert row["judgement"] == ("" if alone else judged_place(row, metric_))
        order = rows["value"].dropna() if metric_.better != "lower" else -rows["value"].dropna()
        assert order.is_monotonic_increasing
        assert rows["value"].isna().is_monotonic_increasing, "what is withheld stands last"


def judged_place(row: pd.Series, metric: Metric) -> str:
    if row["status"] == "withheld" or not metric.has_interval:
        return ""
    if row["low"] <= row["reference"] <= row["high"]:
        return "no clear difference"
    return "better" if (row["low"] > row["reference"]) == (metric.better == "higher") else "worse"


def test_recommendation_by_quarter(demo: Snapshot) -> None:
    """Groups add up to the base, score and margin follow from them, a quarter is over when all its months are."""
    for filters in filtered(demo):
        found = answer(demo, "recommendation", None, filters)
        if found.state == "empty":
            assert filters == NOTHING or filters.channels, "answers about the relationship have no channel"
            continue
        assert list(found.rows.columns) == [
            *["quarter", "detractors", "passives", "promoters", "base", "value", "margin", "status", "finished"]
        ]
        for _, row in found.rows.iterrows():
            end = row["quarter"].date().replace(month=row["quarter"].month + 2)
            whole = row["quarter"].date() >= (filters.start or date.min) and end <= (filters.end or date.max)
            assert row["finished"] == (whole and last_workday(end) <= found.as_of)
            if row["base"] < 10:
                assert row["status"] == "withheld"
                assert row[["detractors", "passives", "promoters", "value", "margin"]].isna().all()
                continue
            assert row["detractors"] + row["passives"] + row["promoters"] == row["base"]
            good, bad = row["promoters"] / row["base"], row["detractors"] / row["base"]
            assert row["value"] == pytest.approx(good - bad)
            margin = 1.96 * math.sqrt((good + bad - (good - bad) ** 2) / row["base"])
            assert row["margin"] == pytest.approx(margin, rel=1e-4)


def test_a_quarter_that_the_period_cuts_is_not_compared(demo: Snapshot) -> None:
    """To July: one month of the third quarter is no quarter, so the sentence is about the second."""
    found = answer(demo, "recommendation", None, Filters(end=date(2026, 7, 1)))
    assert found.rows["finished"].tolist()[-2:] == [True, False]
    assert " in Q2 2026 on the quarter before" in found.sentence


def test_nps_of_a_quarter_is_that_of_its_months(demo: Snapshot) -> None:
    """Two datasets, one number: answers by group, and promoters minus detractors by month."""
    quarters = answer(demo, "recommendation", None, Filters()).rows
    months = answer(demo, "trend", "nps", Filters()).rows
    months = months.groupby(months["month"].dt.to_period("Q").dt.start_time)[["numerator", "base"]].sum()
    assert quarters["base"].tolist() == months["base"].tolist()
    assert (quarters["promoters"] - quarters["detractors"]).tolist() == months["numerator"].tolist()


# Sentences, stated a second time


def moved(rows: pd.DataFrame, metric: Metric) -> tuple[str, bool]:
    """The verb of a change, and whether each of its months lies outside the limits."""
    judged = [row for _, row in rows.iterrows() if row["label"]]
    last, since = judged[-1], standing(rows.assign(finished=rows["label"] != ""))
    level = judged[-2]["value"] if last["rule"] == "trend" else last["mean"]
    outside = all(row["rule"] == "outside" for row in judged if row["month"].date() >= since)
    return metric.rose if last["value"] > level else metric.fell, outside


def trend_sentence(rows: pd.DataFrame, metric: Metric) -> str:
    judged = rows[rows["label"] != ""]
    months = "one month" if len(judged) == 1 else f"{len(judged)} months"
    if metric.standing:
        told = [row for _, row in rows.iterrows() if not pd.isna(row["value"])]
        last = ([row for row in told if row["finished"]] or told)[-1]
        margin = f" ± {metric.write((last['high'] - last['low']) / 2)}" if metric.kind == "mean" else ""
        return f"{metric.name}: {metric.write(last['value'])}{margin} in {last['month']:%b %Y}"
    over = rows[rows["finished"] & rows["value"].notna()]
    latest = f"{metric.write(over.iloc[-1]['value'])} in {over.iloc[-1]['month']:%b %Y}" if len(over) else ""
    if judged.empty and metric.kind == "count" and latest:
        return f"{metric.name}: {latest}, too few to judge by month"
    if judged.empty:
        return f"{metric.name}: no finished month with enough cases yet"
    if len(judged) < 12:
        return f"{metric.name}: too early to call a change after {months}"
    since = standing(rows.assign(finished=rows["label"] != ""))
    if since is None:
        return f"{metric.name}: {f'{latest}, ' if metric.kind == 'count' else ''}no real change in {months}"
    verb, outside = moved(rows, metric)
    return f"{metric.name} {verb}: {BEYOND[outside]} since {since:%b %Y}"


def headline_sentence(row: pd.Series, metric: Metric) -> str:
    if metric.standing:
        return "stands, is not judged by month"
    if not row["label"]:
        few = "too few to judge by month" if metric.kind == "count" else "too few cases"
        return few if row["finished"] else "the month is not over yet"
    if row["trial"]:
        return "too early to call"
    if row["label"] == "common cause":
        return "no real change"
    words = {"improvement": "better", "concern": "worse", "neutral high": "higher", "neutral low": "lower"}
    return f"{words[row['label']]} since {row['since']:%b %Y}"


def place_sentence(rows: pd.DataFrame, metric: Metric, place: str) -> str:
    named = {row[place]: row["judgement"] for _, row in rows.iterrows() if row["judgement"]}
    named.pop("unknown", None)
    worse, better = ([name for name in named if named[name] == word] for word in ("worse", "better"))
    against = "the target" if rows["reference_kind"].iloc[0] == "target" else f"all {place}s together"
    against += "" if metric.kind == "count" else f" ({metric.write(rows['reference'].iloc[0])})"
    shown = [row for _, row in rows.iterrows() if row["status"] != "withheld"]
    if len(rows) == 1 and shown and not rows["judgement"].iloc[0]:
        return f"{metric.name}: {metric.write(shown[0]['value'])} in {shown[0][place]}, the only {place} here"
    if not metric.has_interval and shown:
        told = sorted((row for row in shown if row[place] != "unknown"), key=lambda row: row["value"]) or shown
        least, most = (metric.write(row["value"]) for row in (told[0], told[-1]))
        if len(told) == 1:
            return f"{metric.name}: {least} in {told[0][place]}"
        if least == most:
            names = sorted(row[place] for row in told)
            where = " and ".join(names) if len(names) < 3 else f"all {len(names)} {place}s"
            about = "about " if told[0]["value"] != told[-1]["value"] else ""
            return f"{metric.name}: {about}{least} in {where}"
        return f"{metric.name}: {least} in {told[0][place]} to {most} in {told[-1][place]}"
    if not named:
        return f"{metric.name}: no {place} has enough cases"
    if not worse and not better:
        return f"{metric.name}: no {place} differs clearly from {against}"
    if not worse:
        return f"{metric.name}: {enumerated(better)} clearly better than {against}, none worse"
    if len(worse) == len(named) > 1:
        return f"{metric.name}: every {place} misses {against}"
    if len(worse) == 1:
        return f"{metric.name}: {worse[0]} is the one {place} clearly worse than {against}"
    return f"{metric.name}: {enumerated(worse)} are clearly worse than {against}, {len(worse)} of {len(named)} {place}s"


def enumerated(names: list[str]) -> str:
    """At most three, then an ellipsis."""
    three = names[:3]
    text = three[0] if len(three) == 1 else ", ".join(three[:-1]) + " and " + three[-1]
    return text + (" …" if len(names) > 3 else "")


def channels_sentence(rows: pd.DataFrame, metric: Metric) -> str:
    """A channel is named when it stands at a signal, two of its last three months lie outside on that
    side, and none of the three stands on few cases."""
    found = {"concern": [], "improvement": []}
    for channel, months in rows.groupby("channel"):
        judged = months[months["label"] != ""]
        if len(judged) < 12:
            continue
        label = judged["label"].iloc[-1]
        last = judged.tail(3)
        if (last["status"] != "shown").any():
            continue
        if label in found and ((last["label"] == label) & (last["rule"] == "outside")).sum() >= 2:
            found[label].append(channel)
    said = [
        f"{names[0] if len(names) == 1 else ', '.join(names[:-1]) + ' and ' + names[-1]} got {word}"
        for names, word in ((found["concern"], "worse"), (found["improvement"], "better"))
        if names
    ]
    return f"{metric.name} by channel: {'; '.join(said) or 'no real change in any channel'}"


def recommendation_sentence(rows: pd.DataFrame) -> str:
    over = rows[rows["finished"] & rows["value"].notna()]
    if len(over) < 2:
        return "Recommendation: one quarter only, nothing to compare it with yet"
    before, now = over.iloc[-2], over.iloc[-1]
    change, margin = 100 * (now["value"] - before["value"]), 100 * math.hypot(now["margin"], before["margin"])
    points = "unchanged" if abs(change) < 0.5 else f"{'up' if change > 0 else 'down'} {abs(change):.0f} points"
    verdict = "beyond chance" if abs(change) > margin else "within the noise"
    quarter = f"Q{now['quarter'].quarter} {now['quarter'].year}"
    return f"Recommendation: {points} in {quarter} on the quarter before, {verdict} (± {margin:.0f})"


@pytest.mark.parametrize("metric", metrics())
def test_sentences_follow_from_the_rows(demo: Snapshot, metric: str) -> None:
    for found in ready(demo, "trend", metric):
        assert found.sentence == trend_sentence(found.rows, found.metric)
    for found in ready(demo, "headline", metric):
        assert found.sentence == headline_sentence(found.rows.iloc[0], found.metric)
    for place in ("region", "channel"):
        for found in ready(demo, f"by_{place}", metric):
            assert found.sentence == place_sentence(found.rows, found.metric, place)
    for found in ready(demo, "channels", metric):
        assert found.sentence == channels_sentence(found.rows, found.metric)


def test_the_sentence_on_recommendation_follows_from_the_rows(demo: Snapshot) -> None:
    for filters in filtered(demo):
        found = answer(demo, "recommendation", None, filters)
        if found.state == "ready":
            assert found.sentence == recommendation_sentence(found.rows)


@pytest.mark.parametrize("metric", metrics())
def test_the_whole_is_claimed_to_change_where_its_trend_says_so(demo: Snapshot, metric: str) -> None:
    """With the month of the trend's sentence, where it is beyond chance; no claim names a place that nobody knows."""
    for filters in (Filters(), Filters(regions=("EMEA",)), Filters(channels=("Phone",))):
        found = answer(demo, "trend", metric, filters)
        whole = [claim for claim in claims(demo, metric, filters) if not claim.region and not claim.channel]
        since = standing(found.rows.assign(finished=found.rows["label"] != ""))
        lasts = since and lasting(demo, filters, found.metric, found.rows, whole=True)
        assert [claim.since for claim in whole] == ([since] if lasts else [])
        for claim in whole:
            assert claim.short == f"{found.metric.name} {moved(found.rows, found.metric)[0]}"
            assert (claim.label, claim.value) == tuple(
                found.rows[found.rows["label"] != ""].iloc[-1][["label", "value"]]
            )
        assert all("unknown" not in (claim.region, claim.channel) for claim in claims(demo, metric, filters))


@pytest.mark.parametrize("metric", PEOPLE)
def test_figures_about_people_keep_to_their_scopes(demo: Snapshot, metric: str) -> None:
    """One region alone is that region among all; several places, or both kinds, are everyone, and a line says so."""
    columns = ["numerator", "base", "value", "status"]
    for figure, place in (("by_region", "region"), ("by_channel", "channel")):
        everyone = answer(demo, figure, metric, Filters())
        for _, row in everyone.rows.iterrows():
            alone = answer(demo, figure, metric, Filters(**{f"{place}s": (row[place],)}))
            if not metrics()[metric].standing:  # which may be told of a place at another month than of everyone
                (told,) = (one for _, one in alone.rows.iterrows())
                assert all(same(told[name], row[name]) for name in [place, *columns])
            assert alone.note == ""
    for filters, scope, place in (
        (Filters(("EMEA", "North America")), Filters(), "everyone"),
        (Filters(("EMEA",), ("Phone",)), Filters(("EMEA",)), "EMEA"),
        (Filters(("EMEA", "North America"), ("Phone",)), Filters((), ("Phone",)), "Phone"),
        (Filters((), ("Phone", "Chat")), Filters(), "everyone"),
    ):
        union = answer(demo, "trend", metric, filters)
        assert union.rows.equals(answer(demo, "trend", metric, scope).rows)
        assert union.note.endswith(f"so that nobody can be worked out: this is {place}.")
    crossed = answer(demo, "by_channel", metric, Filters(("EMEA",)))
    assert (crossed.state, crossed.rows.empty) == ("empty", True)
    assert crossed.sentence.endswith("figures about people are shown by region or by channel, never by both.")


@pytest.mark.parametrize("metric", ["nps", "goals_met"])
def test_records_that_name_no_channel_say_so(demo: Snapshot, metric: str) -> None:
    for figure in ("by_channel", "channels"):
        found = answer(demo, figure, metric, Filters())
        if found.state == "empty":
            assert found.sentence == f"{found.metric.name}: its records name no channel."
    assert answer(demo, "by_channel", "goals_met", Filters()).state == "empty"


# What stands over time


@pytest.fixture
def standing_goals(drop, tmp_path: Path) -> Callable[[str], Snapshot]:
    """Goals of EMEA (12, of which 9 have an owner), Asia Pacific (10, due in March) and every region (10, all well).

    All were set in January 2026; the argument is the day that the exports reach.
    """

    def built(reach: str) -> Snapshot:
        told = ["Goal,Metric ID,Baseline,Target,Set on,Due on,Owner role,Next step,Region,Channel"]
        for region, count, owned, due in (
            ("EMEA", 12, 9, "2026-12"),
            ("APAC", 10, 10, "2026-03"),
            ("", 10, 10, "2026-12"),
        ):
            for number in range(count):
                owner = "Head" if number < owned else ""
                told.append(f"{region} {number},csat,0.7,0.8,2026-01-01,{due}-31,{owner},,{region},")
        made = "Commitment ID,Promised on,Promised for,Fulfilled on,Region,Contact channel\n"
        made += f"K,{reach},{reach},,EMEA,Phone\n"
        exports = drop({"goals.csv": "\n".join(told) + "\n", "commitments.csv": made})
        build(exports, tmp_path / "snapshot.duckdb", today=TODAY)
        return opened(current(tmp_path / "snapshot.duckdb"))

    return built


def period_of(found: Answer) -> tuple[float, int]:
    return tuple(found.rows[["period_numerator", "period_base"]].iloc[0])


def test_what_stands_is_told_once_and_not_month_by_month(standing_goals) -> None:
    """October: 9 + 10 well of 12 + 10, though ten months hold 182 well of 220 and ten of Asia Pacific in three.

    To March: 9 + 10 + 10 of 32, and the regions with those of every place are the whole.
    """
    world = standing_goals("2026-10-31")
    for filters, whole, places in (
        (Filters(), (19, 22), {"EMEA": (9, 12)}),
        (Filters(start=date(2026, 2, 1)), (19, 22), {"EMEA": (9, 12)}),
        (Filters(end=date(2026, 3, 1)), (29, 32), {"EMEA": (9, 12), "Asia Pacific": (10, 10)}),
        (Filters(("EMEA",)), (9, 12), {"EMEA": (9, 12)}),
        (
            Filters(("EMEA", "Asia Pacific"), end=date(2026, 2, 1)),
            (19, 22),
            {"EMEA": (9, 12), "Asia Pacific": (10, 10)},
        ),
    ):
        found = answer(world, "headline", "goals_well_defined", filters)
        assert period_of(found) == whole, filters
        assert tuple(found.rows[["numerator", "base"]].iloc[0]) == whole, "the card tells the same month"
        rows = answer(world, "by_region", "goals_well_defined", filters).rows
        assert {row["region"]: (row["numerator"], row["base"]) for _, row in rows.iterrows()} == places
        every = 0 if filters.regions else 10
        assert rows["base"].sum() + every == whole[1] and rows["numerator"].sum() + every == whole[0]


def test_where_nothing_stands_any_more_nothing_is_told_of_the_period(standing_goals) -> None:
    """Asia Pacific had goals to March: its months are drawn, and no bar of March stands for October."""
    world, chosen = standing_goals("2026-10-31"), Filters(("Asia Pacific",))
    found = answer(world, "headline", "goals_well_defined", chosen)
    assert found.rows["month"].iloc[0].date() == date(2026, 3, 1)
    assert found.rows[[f"period_{name}" for name in NUMBERS[:-1]]].isna().all(axis=None)
    assert len(answer(world, "trend", "goals_well_defined", chosen).rows) == 3
    places = answer(world, "by_region", "goals_well_defined", chosen)
    assert (places.state, places.sentence.startswith("Nothing matches Asia Pacific")) == ("empty", True)
    assert places.sentence.endswith("Widen the region.")


def test_what_stands_is_told_of_months_that_are_over(standing_goals) -> None:
    """Exports to 15 April: March, with the ten of Asia Pacific; April alone is told as it is, for want of another."""
    world = standing_goals("2026-04-15")
    assert period_of(answer(world, "headline", "goals_well_defined", Filters())) == (29, 32)
    assert period_of(answer(world, "headline", "goals_well_defined", Filters(start=date(2026, 4, 1)))) == (19, 22)
    assert list(answer(world, "by_region", "goals_well_defined", Filters()).rows["region"]) == ["EMEA", "Asia Pacific"]
    trend = answer(world, "trend", "goals_well_defined", Filters())
    assert trend.rows["finished"].tolist() == [True, True, True, False]
    assert trend.sentence == "Goals well defined: 91 % in Mar 2026"


# Targets, and months that are not over


def test_targets_come_from_the_goals_sheet(demo: Snapshot) -> None:
    """Those of the demonstration's goals and of the registry.

    The goal of csat has none, and a 90th percentile does not borrow the median's.
    """
    told = {id_: state.metric.target for id_, state in states(demo).items() if state.metric.target is not None}
    assert told == {
        "promises_kept": 0.86,
        "first_reply_hours": 2.0,
        "first_contact_resolution": 0.72,
        "sla_attainment": 0.9,
        "nps": 0.35,
        "reopened": 0.05,
        "goals_well_defined": 1.0,
        "required_training": 0.9,
        "policy_reviewed": 1.0,
        "policy_acknowledged": 1.0,
    }
    state = states(demo)["promises_kept"]
    assert (state.goal, state.due_on) == ("Keep our promises", date(2026, 12, 31))
    assert state.next_step == "Review open commitments every Monday"
    assert answer(demo, "trend", "promises_kept", Filters()).rows["target"].unique().tolist() == [0.86]


@pytest.mark.parametrize("metric", IN_CUT)
def test_an_unfinished_month_is_shown_but_not_judged(cut: Snapshot, demo: Snapshot, metric: str) -> None:
    """September stands in the rows without a label; the limits are those of the months to August."""
    found = answer(cut, "trend", metric, Filters())
    assert found.as_of == date(2026, 9, 28)
    assert found.rows["month"].max().date() == date(2026, 9, 1)
    last = found.rows.iloc[-1]
    assert (last["finished"], last["label"], last["rule"]) == (False, "", "")
    assert not math.isnan(last["value"])
    check_judged(found.rows, found.metric, found.as_of)
    if not found.metric.standing:
        judged = spc.judge(found.rows["value"].tolist()[:-1], found.metric.better, found.metric.target)
        assert last["mean"] == judged.points[-1].mean
    assert found.sentence == trend_sentence(found.rows, found.metric)
    assert answer(cut, "headline", metric, Filters()).rows["month"].iloc[0].date() == date(2026, 8, 1)


def test_a_period_of_an_unfinished_month_says_so(cut: Snapshot) -> None:
    """September alone: its number is shown, and nothing is called a change or the lack of one."""
    found = answer(cut, "headline", "promises_kept", Filters(start=date(2026, 9, 1)))
    row = found.rows.iloc[0]
    assert (found.state, found.sentence, row["finished"], row["label"]) == (
        "ready",
        headline_sentence(row, found.metric),
        False,
        "",
    )
    assert found.sentence == "the month is not over yet"


@pytest.mark.parametrize("metric", IN_CUT)
def test_stragglers_make_no_month_but_count_in_the_total(cut: Snapshot, metric: str) -> None:
    """What was solved in October, after the records end, is in no row of the trend; a ticket solved late is solved."""
    rows = cut.connection.cursor().execute(
        "select month, denominator from metric_months where metric = $metric "
        "union all select month, tally from metric_buckets where metric = $metric",
        {"metric": metrics()[metric].query},
    )
    counted = rows.fetchall()
    within = sum(count for month, count in counted if month <= date(2026, 9, 28))
    everything = sum(count for _, count in counted)
    by_month_solved = metric.startswith("resolution_hours") or metric == "reopened"
    assert (everything > within) == by_month_solved
    assert answer(cut, "trend", metric, Filters()).rows["base"].sum() == within
    for figure in ("headline", "by_region", "by_channel"):
        found = answer(cut, figure, metric, Filters())
        if metrics()[metric].standing:  # of its last month that is over
            by_month = answer(cut, "trend", metric, Filters()).rows
            everything = by_month.loc[by_month["finished"], "base"].iloc[-1]
        total = found.rows["period_base"].iloc[0] if figure == "headline" else found.rows["base"].sum()
        assert total == everything, figure


def test_a_quarter_not_over_is_left_out_of_the_sentence(cut: Snapshot) -> None:
    """On 28 September the third quarter is not over: the second is compared with the first."""
    found = answer(cut, "recommendation", None, Filters())
    assert found.rows["finished"].tolist()[-2:] == [True, False]
    assert "in Q2 2026 on the quarter before" in found.sentence


def test_a_metric_without_its_export_says_which_is_missing(world: Snapshot, drop, tmp_path: Path) -> None:
    """Commitments alone: promises are there, tickets and answers are named as missing."""
    text = (Path(__file__).parent / "exports" / "crm" / "commitments.csv").read_text("utf-8")
    build(drop({"commitments.csv": text}), tmp_path / "snapshot.duckdb", today=TODAY)
    alone = opened(current(tmp_path / "snapshot.duckdb"))
    assert answer(alone, "trend", "promises_kept", Filters()).state in ("ready", "withheld")
    for metric, record in (("nps", "customer answers"), ("reopened", "tickets")):
        for figure in COLUMNS:
            found = answer(alone, figure, metric, Filters())
            assert (found.state, found.rows.empty) == ("missing", True)
            assert found.sentence.startswith(f"No {record} export is loaded yet.")
    assert answer(alone, "recommendation", None, Filters()).state == "missing"
    assert claims(alone, "nps", Filters()) == ()


def test_few_cases_are_withheld_everywhere(world: Snapshot) -> None:
    """tests/exports holds fewer than ten promises in any month: the trend shows months and bases, and no number."""
    found = answer(world, "trend", "promises_kept", Filters())
    assert found.state == "withheld"
    assert found.rows["base"].tolist() == [1, 7, 2]
    assert found.rows[["numerator", "value", "low", "high"]].isna().all(axis=None)
    assert found.sentence == "Promises kept: fewer than 10 cases each, too few to show."
    chosen = answer(world, "trend", "promises_kept", Filters(regions=("EMEA",)))
    assert chosen.sentence == f"{found.sentence} Widen the filters."
    assert answers.headline_claims(world, tuple(metrics()), Filters()) == []

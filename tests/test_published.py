"""Published files that nobody here wrote, through the mapping files of data/examples: figures equal the expected ones.

The files are read where they lie, in shared/ beside the checkout; without it these tests are skipped and say so.
"""

import csv
import json
import shutil
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import duckdb
import pytest

from app import spc
from app.answers import answer
from app.build import build
from app.filters import Filters
from app.loading import load
from app.snapshot import Snapshot, current, opened
from tests.conftest import ROOT, TODAY

EXAMPLES = ROOT / "data" / "examples"
FORM = "2019 English R Community Survey Responses"


def dropped(place: Path, example: str, real: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(real, place)
    for mapping in (EXAMPLES / example).glob("*.toml"):
        shutil.copy(mapping, place)
    return place


@cache
def built(place: Path, example: str, real: Path) -> tuple[Snapshot, dict]:
    report = build(dropped(place / "exports", example, real), place / "s.duckdb", today=TODAY)
    return opened(current(place / "s.duckdb")), report["files"][0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("published")


def expected(shared: Path, folder: str) -> dict:
    return json.loads((shared / "realdata" / folder / "expected.json").read_text("utf-8"))


def shares(snapshot: Snapshot, figure: str, metric: str, by: str) -> dict[str, tuple[int, float]]:
    rows = answer(snapshot, figure, metric, Filters()).rows
    return {row[by]: (row["base"], row["value"]) for _, row in rows.iterrows()}


def headline(snapshot: Snapshot, metric: str) -> tuple[float, int]:
    row = answer(snapshot, "headline", metric, Filters()).rows.iloc[0]
    return row["period_value"], row["period_base"]


def agree(told: dict, figures: dict, rate: str, blank: str = "unknown") -> None:
    """Places with ten cases or more have the expected rate; those with fewer are not shown, and so says their base."""
    assert {name: base for name, (base, _) in told.items()} == {
        name or blank: found["n"] for name, found in figures.items()
    }
    for name, found in figures.items():
        if found["n"] >= 10:
            assert told[name or blank][1] == pytest.approx(found[rate], abs=1e-6)


def test_complaints_answered_in_time_by_channel_and_state(shared: Path, place: Path) -> None:
    """CFPB: 98.4 % of 1,000, postcodes and M/D dates and all."""
    real = shared / "realdata" / "crm_cfpb" / "cfpb_consumer_complaints_2013_1000.csv"
    snapshot, file = built(place / "cfpb", "cfpb", real)
    figures = expected(shared, "crm_cfpb")
    assert (file["read"], file["kept"], file["rejected"]) == (1000, 1000, 0)
    assert headline(snapshot, "sla_attainment") == (pytest.approx(figures["timely_rate"]), figures["n"])
    agree(shares(snapshot, "by_channel", "sla_attainment", "channel"), figures["by_channel"], "timely_rate")
    agree(shares(snapshot, "by_region", "sla_attainment", "region"), figures["by_state"], "timely_rate")


def test_requests_on_time_by_source_and_neighbourhood(shared: Path, place: Path) -> None:
    """Boston: 83 of 100 on time; half of those closed within 16.2 hours, which buckets tell to within 1 %."""
    real = shared / "realdata" / "crm_boston311" / "boston311-100.csv"
    snapshot, _ = built(place / "boston", "boston311", real)
    figures = expected(shared, "crm_boston311")[real.name]
    assert headline(snapshot, "sla_attainment") == (pytest.approx(figures["ontime_rate"]), figures["n"])
    assert headline(snapshot, "resolution_hours") == (
        pytest.approx(figures["median_hours"], rel=0.01),
        figures["n"] - figures["open"],
    )
    agree(shares(snapshot, "by_channel", "sla_attainment", "channel"), figures["by_source"], "ontime_rate")
    agree(shares(snapshot, "by_region", "sla_attainment", "region"), figures["by_neighborhood"], "ontime_rate")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_recommendation_of_a_survey_as_text_and_as_workbook(shared: Path, place: Path, ending: str) -> None:
    """1,386 promoters less 58 detractors of 1,795: +73.98. 43 of 1,838 did not answer and hold no record."""
    real = shared / "realdata" / "survey_rcommunity" / f"{FORM}.{ending}"
    snapshot, file = built(place / ending, "rcommunity", real)
    figures = expected(shared, "survey_rcommunity")["english_2019"]["recommend_R"]
    value, base = headline(snapshot, "nps")
    assert base == figures["answered"] and 100 * value == pytest.approx(figures["nps"], abs=1e-6)
    assert (file["read"], file["kept"], file["left_out"], file["rejected"]) == (1838, 1795, 43, 0)


def test_a_survey_with_two_rows_of_headings_in_an_old_encoding(shared: Path, place: Path) -> None:
    """Han Solo is seen favourably by 761 of 829 who ticked anything, 15 of them that they do not know him.

    The product differs on purpose: who does not know him did not rate him, so it says 761 of 814.
    """
    real = shared / "realdata" / "survey_surveymonkey_538" / "StarWars.csv"
    snapshot, file = built(place / "wars", "surveymonkey", real)
    figures = expected(shared, "survey_surveymonkey_538")["StarWars.csv"]
    counts = figures["han_solo"]
    favourable = counts["Very favorably"] + counts["Somewhat favorably"]
    ticked = figures["respondents"] - counts[""]
    assert favourable / ticked == pytest.approx(figures["han_solo_top2_rate_of_answered"], abs=1e-6)
    assert headline(snapshot, "csat") == (
        pytest.approx(favourable / (ticked - counts["Unfamiliar (N/A)"])),
        ticked - counts["Unfamiliar (N/A)"],
    )
    assert file["read"] == figures["respondents"] == file["kept"] + file["left_out"]


@pytest.mark.parametrize(
    ("name", "region", "silent", "asked"),
    [
        (
            "comma-survey.csv",
            "Location (Census Region)",
            30,
            {
                "In your opinion, how important or unimportant is proper use of grammar?": (
                    "grammar",
                    5,
                    "Very important",
                )
            },
        ),
        (
            "thanksgiving-2015-poll-data.csv",
            "US Region",
            0,
            {
                "Do you celebrate Thanksgiving?": ("celebrates", 1, "Yes"),
                "Do you work in retail?": ("retail", 1, "Yes"),
            },
        ),
    ],
)
def test_questions_that_no_metric_asks_are_kept_as_answers_and_counted_by_none(
    shared: Path, tmp_path: Path, name: str, region: str, silent: int, asked: dict
) -> None:
    """Grammar is very important to 688 of 1,059; 980 of 1,058 celebrate. One row of headings, some with quotes in them.

    Compared as records: neither poll asks for what a metric tells, and no question is taken for another.
    """
    real = shared / "realdata" / "survey_surveymonkey_538" / name
    figures = expected(shared, "survey_surveymonkey_538")[name]
    with real.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    said: list[str] = []
    with duckdb.connect() as warehouse:
        ((file, _),), problems = load(warehouse, dropped(tmp_path / "e", "surveymonkey", real), TODAY, said.append)
        places = dict(
            warehouse.execute("select region, count(distinct response) from customer_answers group by 1").fetchall()
        )
        scores = warehouse.execute("select item, score, count(*) from customer_answers group by all").fetchall()
    assert problems == [] and file.read == figures["respondents"] == len(rows)
    assert (file.kept, file.left_out, file.rejected) == (len(rows) - silent, silent, 0)
    places["unknown"] += silent  # who answered none of the three questions told no region either
    assert places == {place or "unknown": count for place, count in figures[region].items()}
    for question, (item, highest, word) in asked.items():
        counted = {score: count for found, score, count in scores if found == item}
        words = Counter(row[question] for row in rows if row[question])
        assert counted[highest] == words[word] and sorted(counted.values()) == sorted(words.values())
    counts = sum(count for _, _, count in scores)
    told = [int(line.split(": ")[1].split(" answers to questions that")[0].replace(",", "")) for line in said[1:]]
    assert sum(told) == counts and all(line.endswith("no metric takes them") for line in said[1:])


def test_a_workforce_of_counts_without_the_totals_among_its_rows(shared: Path, tmp_path: Path) -> None:
    """EEO-1: 376,077 people, not the 2,220,290 of a plain sum; 60 cells without a number are rejected.

    Compared as records: the figures of the pages about people are rounded and protected on purpose.
    """
    real = shared / "realdata" / "hr_eeo1_silicon_valley" / "Reveal_EEO1_for_2016.csv"
    figures = expected(shared, "hr_eeo1_silicon_valley")[real.name]
    with duckdb.connect() as warehouse:
        ((file, _),), problems = load(warehouse, dropped(tmp_path / "e", "eeo1", real), TODAY, lambda line: None)
        told = warehouse.execute(
            "select region, count(*), avg(cast(gender = 'female' as int)), "
            "avg(cast(ethnicity = 'Asian' as int)) from workforce group by region"
        ).fetchall()
    assert problems == [] and file.read == figures["rows"] and file.rejected == figures["na_cells"]
    assert sum(people for _, people, _, _ in told) == figures["sum_of_core_cells"]
    for company, people, women, asian in told:
        found = figures["by_company"][company]
        assert people == found["total"]
        assert women == pytest.approx(found["female_share"], abs=1e-6)
        assert asian == pytest.approx(found["race_share"]["Asian"], abs=1e-6)


def test_control_limits_of_a_published_series(shared: Path) -> None:
    """NHS A&E: months of England, summed first and divided last. 70 million attendances are no rows: they are judged.

    The pages leave extreme moving ranges out of the limits, as the NHS's own package does, so that one jump does not
    widen them: theirs are narrower on purpose. Without that step they equal the expected ones.
    """
    sums: dict[str, list[float]] = defaultdict(lambda: [0, 0])
    with (shared / "realdata" / "goals_spc" / "nhs_ae_attendances.csv").open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            sums[row["period"]][0] += float(row["attendances"])
            sums[row["period"]][1] += float(row["breaches"])
    figures = expected(shared, "goals_spc")["ae"]
    rates = {month: 1 - breaches / seen for month, (seen, breaches) in sorted(sums.items())}
    for month, found in figures["england_monthly"].items():
        assert rates[month] == pytest.approx(found["four_hour_rate"], abs=1e-6)
    limits = figures["xmr_england"]
    plain, screened = (
        spc.judge(list(rates.values()), "higher", 0.95, screen=screen).points for screen in (False, True)
    )
    assert len(plain) == limits["n"]
    for point, narrower in zip(plain, screened, strict=True):
        told = (point.mean, point.lower, point.upper)
        assert told == pytest.approx((limits["mean"], limits["lcl"], limits["ucl"]), abs=1e-6)
        assert point.lower < narrower.lower < point.mean == narrower.mean
    assert sum(not point.lower <= point.value <= point.upper for point in plain) == limits["points_outside"]

"""Published files that nobody here wrote, through the mapping files of data/examples: figures equal the expected ones.

The files are read where they lie, in shared/ beside the checkout; without it these tests are skipped and say so.
"""

import csv
import json
import shutil
from collections import Counter, defaultdict
from functools import cache, partial
from pathlib import Path

import duckdb
import pytest

from app import records, spc
from app.answers import answer
from app.build import build
from app.filters import Filters
from app.loading import load
from app.snapshot import Snapshot, current, opened
from tests.conftest import ROOT, SHARED, TODAY

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


ORGANISATIONS = "leeds_city_region_combined.csv"
GROUPS = {"ethnicity": ("asian", "black", "mixed", "other", "white"), "gender": ("male", "female")}
AREAS = {"Leeds City Council": "E08000035", "Calderdale Council": "E08000033"}


def test_organisations_with_a_column_for_each_group(shared: Path, tmp_path: Path) -> None:
    """20 organisation-years as they lie: people, women of women and men, minorities of those who said.

    Kelda's three rows of 2018 count nobody. Where a row has no total, the expected file has none to hold against.
    """
    real = shared / "realdata" / "hr_uk_org_diversity" / ORGANISATIONS
    figures = expected(shared, "hr_uk_org_diversity")
    with duckdb.connect() as warehouse:
        exports = dropped(tmp_path / "e", "open_innovations", real)
        ((file, _),), problems = load(warehouse, exports, TODAY, lambda line: None)
        rows = warehouse.execute(
            "select line, any_value(region), count(*), avg(cast(gender = 'female' as int)) filter (gender <> 'other'), "
            "count(ethnicity), avg(cast(ethnicity <> 'white' as int)) from workforce group by line order by line"
        ).fetchall()
    assert problems == [] and (file.read, file.kept, file.rejected, file.repeated) == (24, 20, 0, 0)
    assert (file.blank, file.left_out) == (4, 3)
    with real.open(encoding="utf-8", newline="") as text:
        lines = {
            (row["published"], row["organisation"], row["organisation_grouping"]): line
            for line, row in enumerate(csv.DictReader(text), 2)
        }
    told = {line: counted for line, *counted in rows}
    checked = Counter()
    for found in figures["per_row"]:
        line = lines[found["published"], found["organisation"], found["grouping"]]
        assert (line in told) == (found["female_share"] is not None)
        if line in told:
            organisation, people, women, known, minority = told[line]
            assert organisation == found["organisation"] and people == (found["employees"] or people)
            assert women == pytest.approx(found["female_share"], abs=1e-6)
            assert known == found["known_ethnicity"]
            assert minority == pytest.approx(found["minority_share_of_known"], abs=1e-6)
            checked.update(people=found["employees"] is not None, minority=known > 0, women=1)
    assert checked == {"women": 20, "minority": 19, "people": 14}


def of_census(shared: Path, area: str, attribute: str) -> dict[str, float]:
    path = shared / "realdata" / "community_benchmark" / "uk_census2021" / f"{area}.json"
    people = json.loads(path.read_text("utf-8"))["data"][attribute]
    return {group: people[group] / sum(map(people.get, GROUPS[attribute])) for group in GROUPS[attribute]}


@pytest.fixture(scope="module")
def organisations(place: Path) -> Snapshot:
    """The published organisations beside the census of the two whose area it tells."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder shared/ beside the checkout")
    reference = Path(shutil.copytree(records.DATA / "reference", place / "reference"))
    lines = [
        f"{organisation},{attribute},{group},{part},census,2021\n"
        for organisation, area in AREAS.items()
        for attribute in GROUPS
        for group, part in of_census(SHARED, area, attribute).items()
    ]
    (reference / "community.csv").write_text("region,attribute,category,share,source,year\n" + "".join(lines), "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(records, "prepare", partial(records.prepare, reference=reference))
        real = SHARED / "realdata" / "hr_uk_org_diversity" / ORGANISATIONS
        return built(place / "organisations", "open_innovations", real)[0]


@pytest.mark.parametrize(
    ("organisation", "attribute", "people", "gap"),
    [
        ("Leeds City Council", "ethnicity", 12788, "leeds_city_council_2021_10_minority"),
        ("Leeds City Council", "gender", 14107, "leeds_city_council_female"),
        ("Calderdale Council", "ethnicity", 2745, "calderdale_2026_minority"),
    ],
)
def test_the_gap_of_an_organisation_to_its_area(
    shared: Path, organisations: Snapshot, organisation: str, attribute: str, people: int, gap: str
) -> None:
    """Leeds: a minority is 14.8 % of those who said and 19.6 % of its people, 4.8 points fewer. Women: 9.7 points more.

    Each is told in the last quarter whose end the organisation's state stands for. What a page tells is made of counts
    to the nearest five and whole percents: its gap lies within a point of the exact one.
    """
    group = GROUPS[attribute][-1]  # of a minority the exact gap is told, of the majority it has the other sign
    exact = expected(shared, "hr_uk_org_diversity")["gap_pp"][gap] / (100 if attribute == "gender" else -100)
    share = of_census(shared, AREAS[organisation], attribute)[group] + exact
    found = answer(organisations, "community_gap", None, Filters((organisation,)))
    told = found.rows.set_index("category").loc[group]
    assert told["place"] == organisation
    assert told["gap"] == pytest.approx(exact, abs=0.01)
    assert told["low"] <= share <= told["high"]
    assert told["reading"] == ("more" if exact > 0.01 else "within rounding")
    assert told["people"] == pytest.approx(share * people, abs=2.5)


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

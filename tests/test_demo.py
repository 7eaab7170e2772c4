"""The demonstration company: the same every time, recognised, lean, with what is planted in it and nothing else."""

import csv
import re
import statistics
import tomllib
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from app import demo

ROOT = Path(__file__).parent.parent
COMMITTED = ROOT / "data" / "exports"
SOURCES = ROOT / "queries" / "sources"
CONTRACTS = tomllib.loads((ROOT / "data" / "contracts.toml").read_text("utf-8"))
TOMLS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(SOURCES.glob("harbour_*.toml"))}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
PLANTED_WORDS = {"breakfast", "pigeon"}  # in a few rows, to be rejected
SMALL = {"employees": 60, "tickets": 400, "months": 6}


@pytest.fixture(scope="module")
def companies(tmp_path_factory):
    """The default company with its changes, and the same one without."""
    folders = {planted: tmp_path_factory.mktemp("company") for planted in (True, False)}
    for planted, folder in folders.items():
        demo.write(folder, planted=planted)
    return folders


def rows(folder: Path, name: str) -> list[dict]:
    """Rows of an export, each once: repeated and blank ones are left out."""
    with (folder / name).open(encoding="utf-8", newline="") as text:
        return [dict(cells) for cells in dict.fromkeys(tuple(row.items()) for row in csv.DictReader(text))]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.csv"))}


def month_before_last(count: int, until: date = date(2026, 10, 1)) -> date:
    months = until.year * 12 + until.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def test_same_options_give_the_same_bytes_and_another_seed_gives_others(tmp_path):
    for folder, seed in (("one", 1), ("again", 1), ("other", 2)):
        demo.write(tmp_path / folder, seed=seed, **SMALL)
    one, again, other = (contents(tmp_path / folder) for folder in ("one", "again", "other"))
    assert one == again
    assert not {name for name in one if one[name] == other[name]}


def test_it_returns_what_it_wrote(tmp_path):
    paths = demo.write(tmp_path, **SMALL)
    assert sorted(paths) == sorted(tmp_path.rglob("*.csv"))
    assert {str(path.relative_to(tmp_path)) for path in paths} == set(demo.HEADINGS)


def test_line_ends_are_the_same_on_every_system(tmp_path):
    assert not any(b"\r" in content for path in demo.write(tmp_path, **SMALL) for content in [path.read_bytes()])


def test_committed_exports_are_the_default_company(companies):
    assert contents(COMMITTED) == contents(companies[True])


def test_committed_exports_are_lean():
    assert sum(map(len, contents(COMMITTED).values())) <= 6_000_000


@pytest.mark.parametrize("planted", [True, False])
def test_nothing_happens_after_the_last_day(companies, planted):
    """Only promised and due dates and the ends of certificates lie beyond it."""
    ahead = {"Promised for", "Due on", "Certified to"}
    for name in demo.HEADINGS:
        for row in rows(companies[planted], name):
            known = [cell[:10] for heading, cell in row.items() if heading not in ahead and DATE.match(cell)]
            assert all(day <= "2026-10-31" for day in known), (name, row)


def test_commitments_beyond_the_last_day_are_open(companies):
    later = [row for row in rows(companies[True], "crm/commitments.csv") if "2026-10-31" < row["Promised for"] < "3"]
    assert later
    assert not any(row["Fulfilled on"] for row in later)


@pytest.mark.parametrize(
    ("option", "more", "files"),
    [
        ("tickets", 800, ["crm/tickets.csv", "crm/commitments.csv", "survey/invitations.csv"]),
        ("employees", 120, ["hr/workforce.csv", "hr/training.csv", "crm/ideas.csv"]),
    ],
)
def test_options_scale_the_files(tmp_path, option, more, files):
    """Twice the tickets or employees, about twice the rows; the other systems' files stay as long as they are."""
    demo.write(tmp_path / "small", **SMALL)
    demo.write(tmp_path / "large", **SMALL | {option: more})
    for name in files:
        small, large = (len(rows(tmp_path / size, name)) for size in ("small", "large"))
        assert 1.6 < large / small < 2.5, name


def test_months_are_the_last_ones(tmp_path):
    demo.write(tmp_path, **SMALL | {"months": 3}, until="2025-02")
    opened = {row["Opened"][:7] for row in rows(tmp_path, "crm/tickets.csv")}
    assert opened == {"2024-12", "2025-01", "2025-02"}


def test_a_tiny_company_is_written_too(tmp_path):
    demo.write(tmp_path, employees=5, tickets=20, months=1)
    assert rows(tmp_path, "crm/tickets.csv")


def test_no_person_has_a_name_or_an_address(companies):
    """Headings name no person, and what identifies one is a letter and digits."""
    for name, content in contents(companies[True]).items():
        assert b"@" not in content, name
    for headings in demo.HEADINGS.values():
        assert not re.search(r"\bname\b|mail|phone|birth", headings, re.IGNORECASE)
    for name, heading in (("hr/workforce.csv", "Employee ID"), ("crm/tickets.csv", "Requester ID")):
        assert all(re.fullmatch(r"[A-Z]\d+", row[heading]) for row in rows(companies[True], name) if row[heading])


def test_exports_have_the_flaws_of_real_ones(companies):
    """Blank lines, repeated rows, several spellings, unknown places, and a few rows that break the contract."""
    lines = (companies[True] / "crm" / "tickets.csv").read_text("utf-8").splitlines()[1:]
    tickets = rows(companies[True], "crm/tickets.csv")
    broken = [row for row in tickets if "-02-30" in row["Opened"] or "" < row["First human reply"] < row["Opened"]]
    assert lines.count("") == 3
    assert len([line for line in lines if line]) > len(tickets)
    assert {"", "EMEA", "emea", "N. America", "Antarctica"} <= {row["Region"] for row in tickets}
    assert {"", "Phone", "email", "E-Mail", "Fax"} <= {row["Contact channel"] for row in tickets}
    assert 0 < len(broken) < 0.002 * len(tickets)


# What is planted


def promises_kept(folder: Path) -> tuple[float, float]:
    since = month_before_last(demo.PROMISES.months_back).isoformat()
    due = [row for row in rows(folder, "crm/commitments.csv") if row["Promised for"] <= "2026-10-31"]
    kept = [(row["Promised for"] < since, "" < row["Fulfilled on"] <= row["Promised for"]) for row in due]
    return tuple(statistics.mean(is_kept for early, is_kept in kept if early is when) for when in (True, False))


def first_reply_hours(folder: Path, region: str, channel: str) -> tuple[float, float]:
    since = month_before_last(demo.FIRST_REPLY.months_back).isoformat()
    before, after = [], []
    for row in rows(folder, "crm/tickets.csv"):
        is_there = row["Region"] == region and row["Contact channel"] == channel
        if is_there and row["First human reply"] and "-02-30" not in row["Opened"]:
            waited = datetime.fromisoformat(row["First human reply"]) - datetime.fromisoformat(row["Opened"])
            (before if row["Opened"] < since else after).append(waited.total_seconds() / 3600)
    return statistics.median(before), statistics.median(after)


def ideas_at_pilot(folder: Path) -> list[int]:
    """Days that ideas have been at the pilot stage by the last day."""
    steps: dict[str, dict[str, str]] = {}
    for row in rows(folder, "crm/idea_stages.csv"):
        steps.setdefault(row["Idea ID"], {})[row["Stage"]] = row["Entered"]
    waiting = [entered["Pilot"] for entered in steps.values() if "Pilot" in entered]
    left = [entered for entered in steps.values() if "Pilot" in entered and {"Implemented", "Closed"} & set(entered)]
    ages = [(date(2026, 10, 31) - date.fromisoformat(day)).days for day in waiting]
    for entered in left:
        ages.remove((date(2026, 10, 31) - date.fromisoformat(entered["Pilot"])).days)
    return ages


def test_first_reply_slows_where_it_is_planted_and_nowhere_else(companies):
    change = demo.FIRST_REPLY
    before, after = first_reply_hours(companies[True], change.region, change.channel)
    assert (before, after) == (pytest.approx(change.before, rel=0.1), pytest.approx(change.after, rel=0.15))
    for planted, region, channel in ((False, "EMEA", "Phone"), (True, "EMEA", "E-mail"), (True, "NAMER", "Phone")):
        before, after = first_reply_hours(companies[planted], region, channel)
        assert after == pytest.approx(before, rel=0.15)


def test_promises_are_kept_more_often_only_if_planted(companies):
    change = demo.PROMISES
    assert promises_kept(companies[True]) == (
        pytest.approx(change.before, abs=0.015),
        pytest.approx(change.after, abs=0.015),
    )
    before, after = promises_kept(companies[False])
    assert after == pytest.approx(before, abs=0.02)


def test_ideas_are_stuck_at_the_pilot_stage_only_if_planted(companies):
    """Without the change a pilot lasts 47 days on average, so few of the open ones are older than half a year."""
    stuck, usual = (ideas_at_pilot(companies[planted]) for planted in (True, False))
    assert len(stuck) > 3 * len(usual)
    assert statistics.median(stuck) > 100 > 60 > statistics.median(usual)
    assert sum(age > 180 for age in usual) <= 2 < 20 < sum(age > 180 for age in stuck)


def test_nothing_else_differs_between_the_two(companies):
    planted, unplanted = contents(companies[True]), contents(companies[False])
    changed = {name for name in planted if planted[name] != unplanted[name]}
    assert {"crm/tickets.csv", "crm/commitments.csv", "crm/idea_stages.csv"} <= changed
    assert {"hr/workforce.csv", "hr/training.csv", "survey/employee_survey.csv", "crm/customers.csv"}.isdisjoint(
        changed
    )


NEEDED = ("Metric ID", "Baseline", "Target", "Due on", "Owner role")


def test_company_goals_are_complete_but_for_the_one_that_is_not(companies):
    goals = [goal for goal in rows(companies[True], "crm/goals.csv") if not goal["Region"]]
    lacking = [(goal["Metric ID"], [heading for heading in NEEDED if not goal[heading]]) for goal in goals]
    assert [goal["Goal"] for goal in goals] == [told[0] for told in demo.GOALS]
    assert [told for told in lacking if told[1]] == [("csat", ["Target"])]
    assert all("2026-12" <= goal["Due on"][:7] <= "2027-04" for goal in goals)


def test_regional_goals_run_for_half_a_year_and_most_are_met_in_time(companies):
    """12 fall due at the end of each finished half-year and 8 are running; some lack what a goal needs, all a name."""
    goals = [goal for goal in rows(companies[True], "crm/goals.csv") if goal["Region"]]
    ends = Counter(goal["Due on"] for goal in goals)
    assert ends == {"2024-12-31": 12, "2025-06-30": 12, "2025-12-31": 12, "2026-06-30": 12, "2026-12-31": 8}
    assert len({goal["Goal"] for goal in goals}) == len(goals)
    finished = [goal for goal in goals if goal["Due on"] <= "2026-10-31"]
    met = [goal for goal in finished if "" < goal["Met on"] <= goal["Due on"]]
    assert all(goal["Set on"] < goal["Met on"] for goal in met)
    assert not any(goal["Met on"] for goal in goals if goal not in finished)
    assert 0.55 < len(met) / len(finished) < 0.75
    lacking = [goal for goal in goals if not all(goal[heading] for heading in NEEDED)]
    assert 0.05 < len(lacking) / len(goals) < 0.15


# How it is recognised and read


@pytest.mark.parametrize("name", demo.HEADINGS)
def test_each_export_is_recognised_by_one_source(name):
    headings = {heading.lower() for heading in demo.HEADINGS[name].split(",")}
    known = [stem for stem, words in TOMLS.items() if {must.lower() for must in words["must_have"]} <= headings]
    assert len(known) == 1
    assert known[0].split("__")[0] == f"harbour_{name.split('/')[0]}"


@pytest.mark.parametrize("source", TOMLS)
def test_each_source_gives_the_columns_of_its_contract(source):
    """The SQL runs on its export as text, leads with the line, and gives known columns, all required ones included."""
    words, sql = TOMLS[source], (SOURCES / f"{source}.sql").read_text("utf-8")
    columns = CONTRACTS[words["record"]]["columns"]
    (name,) = (name for name, headings in demo.HEADINGS.items() if set(words["must_have"]) <= set(headings.split(",")))
    with duckdb.connect() as base:
        base.execute(
            "create table export as select row_number() over () as line, * "
            f"from read_csv('{COMMITTED / name}', all_varchar = true, header = true)"
        )
        result = base.execute(sql)
        names = [told[0] for told in result.description]
        found = result.fetchall()
    assert names[0] == "line"
    assert len(names) == len(set(names))
    assert set(names[1:]) <= set(columns)
    assert {column for column, told in columns.items() if told.get("required")} <= set(names)
    assert set(words.get("values", {})) <= set(names)
    assert found
    for place, column in enumerate(names):
        if columns.get(column, {}).get("type") == "one of":
            said = {row[place].strip().lower() for row in found if row[place]}
            meant = {words.get("values", {}).get(column, {}).get(word, word) for word in said}
            assert meant - PLANTED_WORDS <= set(columns[column]["values"])


@pytest.mark.parametrize("place", ["region", "channel"])
def test_every_spelling_but_the_unknown_ones_is_in_the_reference(place):
    with (ROOT / "data" / "reference" / f"{place}s.csv").open(encoding="utf-8", newline="") as text:
        known = {row["spelling"]: row[place] for row in csv.DictReader(text)}
    assert all(spelling == spelling.strip().lower() for spelling in known)
    spelled = {"region": demo.REGIONS, "channel": demo.CHANNELS}[place]
    for spellings in spelled:
        assert len({known[spelling.lower()] for spelling in spellings.split("|")}) == 1
    assert not {"antarctica", "fax"} & set(known)


def test_items_of_the_reference_are_those_that_the_surveys_ask():
    """Names, scales and the two audiences agree with the two sources that unpivot the surveys."""
    with (ROOT / "data" / "reference" / "items.csv").open(encoding="utf-8", newline="") as text:
        items = list(csv.DictReader(text))
    for audience, record in (("customers", "customer_answers"), ("employees", "employee_answers")):
        sql = (SOURCES / f"harbour_survey__{record}.sql").read_text("utf-8")
        asked = set(re.findall(r"\('(\w+)', \"[^\"]+\", '(\d+)', '(\d+)'\)", sql))
        assert asked == {(row["item"], row["lowest"], row["highest"]) for row in items if row["audience"] == audience}
    assert [row["item"] for row in items if row["reversed"] == "yes"] == ["safety_1", "safety_3", "safety_5"]


def test_blank_answers_of_a_survey_give_no_record():
    """Two answers, one blank of nothing and one of spaces: two records."""
    sql = (SOURCES / "harbour_survey__customer_answers.sql").read_text("utf-8")
    headings = demo.HEADINGS["survey/customer_survey.csv"].split(",")
    cells = {"Response ID": "S1", "Recommend": "9", "Satisfaction": "4", "Empathy": "  ", "Effort": None}
    columns = ", ".join(f'"{heading}" text' for heading in headings)
    with duckdb.connect() as base:
        base.execute(f"create table export (line bigint, {columns})")
        marks = ", ".join("?" for _ in headings)
        base.execute(f"insert into export values (2, {marks})", [cells.get(heading, "") for heading in headings])
        found = base.execute(f"select line, response, item, score from ({sql}) order by item").fetchall()
    assert found == [(2, "S1", "recommend", "9"), (2, "S1", "satisfied", "4")]

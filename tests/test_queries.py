"""The house style of SQL as tests: what a query says of itself is true, and it stays small, plain and portable."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from app.metrics import QUERIES
from app.snapshot import Snapshot

PATHS = sorted(QUERIES.glob("*/*.sql"))
NAMES = [str(path.relative_to(QUERIES).with_suffix("")) for path in PATHS]
MOST_LINES = 40
RARE = ("figures/off_scale", "figures/drift")  # nothing of theirs is in the demonstration
# What metric queries may call. Big builds run the same files on Spark: a function is added here once it is known to
# mean the same there.
PORTABLE = {"cast", "coalesce", "count", "date_trunc", "extract", "floor", "ln", "lower", "max", "min", "sum"}
PERIOD = {"from": date(1, 1, 1), "to": date(9999, 12, 1)}


def words(query: str) -> str:
    return (QUERIES / f"{query}.sql").read_text("utf-8")


def body(query: str) -> str:
    """The query without its comments, texts and quoted headings."""
    sql = re.sub(r"--.*", "", words(query))
    return re.sub(r"\"[^\"]*\"", "heading", re.sub(r"'[^']*'", "''", sql)).strip()


def said(query: str) -> str:
    """The header up to its grain or parameters."""
    return re.split(r"\n-- (?:Grain|Parameters): ", words(query))[0]


def header(query: str, key: str) -> str | None:
    """What the header says after `-- Grain:` or `-- Parameters:`, within the first three lines."""
    found = re.search(rf"^-- {key}: (.+)$", "\n".join(words(query).splitlines()[:3]), re.MULTILINE)
    return found and found[1]


def parameters(query: str) -> set[str]:
    (statement,) = duckdb.extract_statements(words(query))
    return set(statement.named_parameters)


def test_there_are_queries_of_every_kind() -> None:
    kinds = {"metrics", "figures", "sources", "records", "goals", "trust", "innovation", "diversity", "people"}
    assert kinds == {name.split("/")[0] for name in NAMES}


@pytest.mark.parametrize("query", NAMES)
def test_a_query_says_first_what_one_row_is(query: str) -> None:
    """A figure's query then names its parameters, every other its grain."""
    assert re.match(r"-- \S.{15,}\.$", said(query), re.DOTALL), "it begins with a sentence"
    key = "Parameters" if query.startswith("figures/") else "Grain"
    assert header(query, key), f"one of the first three lines begins with -- {key}:"


@pytest.mark.parametrize("query", NAMES)
def test_a_query_uses_the_parameters_that_it_names(query: str) -> None:
    """All of them and no other; what builds the snapshot may only ask how far the records reach."""
    if query.startswith("figures/"):
        named = header(query, "Parameters")
        assert parameters(query) == (set() if named == "none" else set(named.split(", ")))
    else:
        assert parameters(query) <= (set() if query.startswith("sources/") else {"as_of"})
    assert "?" not in body(query), "parameters have names"


@pytest.mark.parametrize("query", NAMES)
def test_a_query_is_one_short_lower_case_select(query: str) -> None:
    sql = words(query)
    assert len(sql.splitlines()) <= MOST_LINES
    assert max(map(len, sql.splitlines())) <= 120
    assert body(query) == body(query).lower()
    assert re.match(r"(select|with)\b", body(query))
    assert ";" not in body(query)
    assert sql.endswith("\n") and not sql.endswith("\n\n")
    assert "\t" not in sql and not re.search(r" +$", sql, re.MULTILINE)
    assert all(len(line) - len(line.lstrip(" ")) in range(0, 40, 4) for line in sql.splitlines()), "four spaces"


@pytest.mark.parametrize("query", NAMES)
def test_columns_are_named_one_by_one(query: str) -> None:
    """`*` stands for columns in the last common table expression at most, where the ones before it name them."""
    sql = body(query)
    heads = [found.start() for found in re.finditer(r"^(with )?\w+ as \($", sql, re.MULTILINE)]
    stars = [found.start() for found in re.finditer(r"(?<=select )\*|^\s*\*|\w\.\*", sql, re.MULTILINE)]
    assert all(heads and star > heads[-1] for star in stars)


@pytest.mark.parametrize("query", NAMES)
def test_nothing_is_named_by_initials(query: str) -> None:
    """Neither tables nor columns: no alias under three letters, no alias of a table without `as`."""
    sql = body(query)
    assert not re.search(r"\bas \w{1,2}\b", sql)
    keywords = "on|where|group|order|cross|join|left|inner|limit|union|having|as|using"
    assert not re.search(rf"\b(from|join) \w+ (?!({keywords})\b)\w", sql)
    assert not re.search(r"\b(from|join) \w+\s*,", sql), "joins are explicit"


@pytest.mark.parametrize("query", [name for name in NAMES if not name.startswith("sources/")])
def test_figures_and_datasets_divide_by_the_macro(query: str) -> None:
    """One place knows what a share of nothing is; metrics do not divide but for the bucket's logarithms."""
    sql = re.sub(r"1\.0 / 3600|ln\(\w+\) / ln\(1\.02\)", "", body(query))
    assert "/" not in sql


@pytest.mark.parametrize("query", [name for name in NAMES if name.startswith("metrics/")])
def test_metrics_are_portable(query: str) -> None:
    """Only functions that other engines have, and none of this engine's own abbreviations."""
    sql = body(query)
    assert set(re.findall(r"\b(\w+)\(", sql)) <= PORTABLE
    assert not re.search(r"\b(all|qualify|exclude|replace|columns|struct|asof|pivot|ilike)\b|::|\[|\{|->", sql)
    assert not re.search(r"\b(share|bucket_hours|margin_of_mean|wait_between)\b", sql), "macros are not stored there"


FIGURES = [name for name in NAMES if name.startswith("figures/")]


def metric_of(query: str) -> str:
    """One that the query knows: of cases, of waiting times, of events, of people."""
    return {"wait": "first_reply_hours", "count": "feedback_decisions", "people": "training_hours"}.get(
        query.split("/")[-1].split("_")[0], "promises_kept"
    )


def ask(demo: Snapshot, query: str, metric: str, **chosen: object):
    asked = {"metrics": [metric], "standing": [], "quantiles": [0.5], "regions": [], "channels": [], **PERIOD}
    asked |= {"scope": "everyone", "place": "", "population": "applicants"} | chosen
    return demo.ask(query, **asked)


@pytest.mark.parametrize("query", FIGURES)
def test_figure_queries_run_on_the_demonstration(demo: Snapshot, query: str) -> None:
    """With nothing chosen there are rows; with everything chosen the same; with an unknown region none."""
    metric = metric_of(query)
    rows = ask(demo, query, metric)
    assert len(rows) or query in RARE
    assert list(rows.columns) == [name.lower() for name in rows.columns]
    if "regions" in parameters(query):
        choices = demo.ask("figures/filter_choices")
        chosen = {
            f"{name}s": choices.loc[choices["filter"] == name, "choice"].tolist() for name in ("region", "channel")
        }
        assert ask(demo, query, metric, **chosen).equals(rows)
        assert ask(demo, query, metric, regions=["Atlantis"]).empty
    if "scope" in parameters(query):
        assert len(ask(demo, query, metric, scope="region", place="EMEA"))
        assert ask(demo, query, metric, scope="region", place="Atlantis").empty
        assert ask(demo, query, metric, scope="region", place="Phone").empty, "a place is one of its scope"


def test_people_are_asked_for_at_one_scope(demo: Snapshot) -> None:
    """Everyone comes with each region and each channel; one region with itself alone, the same in both shapes."""
    regions, channels = (
        set(demo.ask("figures/filter_choices").query("filter == @kind")["choice"]) - {"unknown"}
        for kind in ("region", "channel")
    )
    for query in ("figures/people_series", "figures/people_totals"):
        rows = ask(demo, query, "training_hours")
        assert not (rows["region"].notna() & rows["channel"].notna()).any()
        assert set(rows["region"].dropna()) == regions and set(rows["channel"].dropna()) == channels
        alone = ask(demo, query, "training_hours", scope="region", place="EMEA")
        assert set(alone["region"].dropna()) == {"EMEA"} and alone["channel"].isna().all()
        named, whole = alone[alone["region"].notna()], alone[alone["region"].isna()]
        for name in ("numerator", "base", "value"):
            assert named[name].dropna().tolist() == whole[name].dropna().tolist()
            assert named[name].dropna().tolist() == rows.loc[rows["region"] == "EMEA", name].dropna().tolist()


def test_what_stands_is_told_as_of_its_last_month(demo: Snapshot) -> None:
    """Required training over a period is its last month; the same rows summed would count each person each month."""
    months = ask(demo, "figures/people_series", "required_training")
    last = months[(months["month"] == months["month"].max())].drop(columns="month").reset_index(drop=True)
    totals = ask(demo, "figures/people_totals", "required_training", standing=["required_training"])
    assert totals[["region", "channel", "numerator", "base"]].equals(last[["region", "channel", "numerator", "base"]])
    told = totals["base"].notna()
    assert told.sum() > 5
    assert (ask(demo, "figures/people_totals", "required_training")["base"] > totals["base"])[told].all()


@pytest.mark.parametrize(
    "query",
    [
        *("series", "wait_series", "people_series", "count_series"),
        *("totals", "wait_totals", "people_totals", "count_totals", "recommendation"),
    ],
)
def test_figure_queries_keep_to_the_period(demo: Snapshot, query: str) -> None:
    """Of a quarter; and a period that ends before it begins holds nothing."""
    metric = metric_of(query)
    quarter = {"from": date(2026, 4, 1), "to": date(2026, 6, 1)}
    rows = ask(demo, f"figures/{query}", metric, **quarter)
    assert len(rows)
    for name in {"month", "quarter"} & set(rows.columns):
        assert rows[name].min().date() >= quarter["from"] and rows[name].max().date() <= quarter["to"]
    assert ask(demo, f"figures/{query}", metric, **{"from": quarter["to"], "to": quarter["from"]}).empty


@pytest.mark.parametrize("path", [path for path in PATHS if path.parent.name == "sources"], ids=lambda path: path.stem)
def test_a_source_has_its_words_and_reads_the_export_only(path: Path) -> None:
    assert path.with_suffix(".toml").is_file()
    assert set(re.findall(r"\b(?:from|join) (\w+)", body(f"sources/{path.stem}"))) - {"lateral", "answers"} == {
        "export"
    }

"""Protection: people are counted in the warehouse, and the snapshot is told what the rules allow."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from app import apart
from app.audit import ALL, EVERYONE, UNKNOWN, CannotProtect, Known, Table, protect_after
from app.confidential import Rules
from app.metrics import Metric

WORKFORCE = "workforce"  # the population that metrics about people count a part of
RESPONDENTS = "respondents"  # a part of the workforce, by what they state elsewhere
CUSTOMERS = "customers"  # how many there are is told exactly by metrics about cases
TOLD_APART = (RESPONDENTS, CUSTOMERS)
OUTCOMES = ["satisfied", "not satisfied", "no answer"]  # of customers; the last is not told
ALL_LEVELS = "all levels"
DIMENSIONS = ("region", "channel", "level")
YES, NO = "yes", "no"
COUNTED = """
create table people_counted (
    population varchar, month date, region varchar, channel varchar, level varchar, attribute varchar,
    category varchar, people bigint
);
create table people_measured (
    metric varchar, month date, region varchar, channel varchar, numerator double, people bigint, denominator bigint
);
"""
CHANGED = """
with members as (
    select 'region' as scope, region as place, * from headcount
    union all
    select 'channel', channel, * from headcount
    union all
    select 'everyone', '', * from headcount
),

compared as (
    select told.scope, told.place, members.employee
    from told
    join members on members.scope = told.scope and members.place = told.place
    where members.month in (told.month, $month)
    group by told.scope, told.place, members.employee
    having count(*) = 1
        or count(distinct row(members.level, members.gender, members.ethnicity, members.age_band, members.disability))
            > 1
)

select scope, place, count(*) as people from compared group by scope, place
"""
CHANGED_CUSTOMERS = """
select count(*) from (
    select customer from customer_states where month in ($before, $month)
    group by customer having count(*) = 1 or count(distinct category) > 1
)
"""
Scope = tuple[str, str]  # dimension and place
Told = dict[tuple[str, str], int | None]  # table and category: the count as told


def prepare(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Make room for what is counted of people; these tables stay behind in the warehouse."""
    warehouse.execute(COUNTED)


def measure(warehouse: duckdb.DuckDBPyConnection, metric: Metric, columns: list[str], asked: dict) -> None:
    """Count what a metric about people counts. `people`, where its query has it, are those behind the numerator.

    Of a mean there is a row for each band: its middle, and the people in it.
    """
    people = "people" if "people" in columns else "null"
    counted = "middle, people, people" if metric.kind == "mean" else f"numerator, {people}, denominator"
    warehouse.execute(
        f"insert into people_measured select '{metric.query}', month, region, channel, {counted} from ({metric.sql})",
        asked,
    )


def count(warehouse: duckdb.DuckDBPyConnection, population: str, sql: str, asked: dict) -> None:
    """Count the members of a population by what they state of themselves; a query without level has none."""
    columns = [told[0] for told in warehouse.execute(f"select * from ({sql}) limit 0", asked).description]
    level = "level" if "level" in columns else "null"
    warehouse.execute(
        f"insert into people_counted select '{population}', month, region, channel, {level}, attribute, category, "
        f"people from ({sql})",
        asked,
    )


def publish(
    warehouse: duckdb.DuckDBPyConnection, measured: dict[str, Metric], rules: Rules, previous: Path | None
) -> None:
    """Fill `people_counts` and `people_months` of the snapshot with what may be told, and with nothing else.

    `previous` is the snapshot that was published last: the quarters that it tells under other rules stay as they are.
    Raises CannotProtect.
    """
    counts = warehouse.execute("select * from people_counted").fetchdf().fillna({"level": ""})
    rates = warehouse.execute("select * from people_measured").fetchdf()
    categories: dict[str, dict[str, list[str]]] = {}
    for (population, attribute), rows in counts.groupby(["population", "attribute"]):
        categories.setdefault(population, {})[attribute] = sorted(rows["category"].unique())
    telling = _Telling(warehouse, rules, measured, categories)
    carried = _carry(warehouse, counts, rules, previous)
    populations = sorted({*counts["population"].unique(), WORKFORCE} - {*TOLD_APART})
    for month in sorted({*counts["month"].unique(), *rates["month"].unique()}):
        if month in carried:
            telling.remember(month)
            continue
        now = dict(list(rates[rates["month"] == month].groupby("metric")))
        counted = dict(list(counts[counts["month"] == month].groupby("population")))
        for population in populations:
            rows = counted.get(population, counts.iloc[:0])
            telling.month(month, population, rows, now if population == WORKFORCE else {})
        telling.respondents(month, counted.get(RESPONDENTS, counts.iloc[:0]))
        telling.customers(month, counted.get(CUSTOMERS, counts.iloc[:0]))


@dataclass
class _Telling:
    """Tells one month after the other, and remembers what each scope was last told and when."""

    warehouse: duckdb.DuckDBPyConnection
    rules: Rules
    measured: dict[str, Metric]
    # of each population in all quarters: one that nobody is in any more reads "<10", as any nought
    categories: dict[str, dict[str, list[str]]]
    last_customers: pd.Timestamp | None = None  # when these were last told
    last: dict[Scope, tuple[pd.Timestamp, Told]] = field(default_factory=dict)
    known: dict[pd.Timestamp, Known] = field(default_factory=dict)  # what a reader knows of each quarter
    written: list[tuple] = field(default_factory=list)  # metrics of the month, a row for each scope
    bands: list[tuple] = field(default_factory=list)  # what its means are made from, a row for each scope and band

    def month(self, month: pd.Timestamp, population: str, rows: pd.DataFrame, metrics: dict[str, pd.DataFrame]) -> None:
        """Protect all that is counted of one population in one month together, and write it."""
        kept = self._kept(month) if population == WORKFORCE and len(rows) else {}
        past = {scope: self.known[self.last[scope][0]] for scope in kept if self.last[scope][0] in self.known}
        if (EVERYONE, "") in kept:  # nobody is told anew; what was told still bounds what is told of training
            kept = {scope: kept.get(scope, self._hidden()) for scope in _scopes_of(rows)}
        tables = list(_tables(rows, self.categories.get(population, {})))
        for name, measured in metrics.items():
            tables += _table_of(name, measured, self.measured[name])
        if not tables:
            told = pd.DataFrame({name: [] for name in ("table", "dimension", "place", "category", "people", "status")})
        else:
            try:
                told, known = protect_after(past, _aligned(tables), self.rules, kept)
            except CannotProtect as error:
                raise CannotProtect(f"{population}, {month:%B %Y}: {error}") from None
        states = told[~told["table"].isin(metrics)]
        if len(states):
            self._write_counts(month, population, states)
        if population == WORKFORCE:
            if len(states):
                self.known[month] = known
            for scope, group in states.groupby(["dimension", "place"]):
                counts = zip(zip(group["table"], group["category"], strict=True), group["people"], strict=True)
                self.last[scope] = (month, {key: None if pd.isna(people) else int(people) for key, people in counts})
            known = {row[:4]: row for row in told[told["table"].isin(metrics)].itertuples(index=False)}
            for name, measured in metrics.items():
                self._measure(month, self.measured[name], measured, known)
            self._write_metrics()

    def respondents(self, month: pd.Timestamp, rows: pd.DataFrame) -> None:
        """Who answered the survey of a quarter: groups of everyone, where their head-count is told with them."""
        when, heads = self.last.get((EVERYONE, ""), (None, {}))
        rows = rows[rows["category"] != apart.UNDISCLOSED]
        if when == month and len(rows):
            people = rows.groupby(["attribute", "category"])["people"].sum().to_dict()
            told = [(*key, ALL_LEVELS, *said) for key, said in apart.within(people, heads, self.rules).items()]
            self._write_apart(month, RESPONDENTS, told)

    def customers(self, month: pd.Timestamp, rows: pd.DataFrame) -> None:
        """Customers by what they say of themselves and how satisfied they were: groups one by one.

        Metrics about cases tell exactly how many came and left. So a state is told only once enough did, or described
        themselves otherwise, since the last: between states too near each other such a number would tell who.
        """
        if rows.empty:
            return
        if self.last_customers is not None:
            asked = {"before": self.last_customers.date(), "month": month.date()}
            ((changed,),) = self.warehouse.execute(CHANGED_CUSTOMERS, asked).fetchall()
            if changed < self.rules.least_changes:
                return
        self.last_customers = month
        for attribute, group in rows.groupby("attribute"):
            names = self.categories[CUSTOMERS][attribute]
            people = group.pivot_table(index="category", columns="level", values="people", aggfunc="sum", fill_value=0)
            told = apart.divided(people.reindex(index=names, columns=OUTCOMES, fill_value=0).astype(int), self.rules)
            levels = told["outcome"].replace(ALL, ALL_LEVELS)
            rows = zip(told["category"], levels, told["people"], told["status"], strict=True)
            self._write_apart(month, CUSTOMERS, [(attribute, *row) for row in rows])

    def _write_apart(self, month: pd.Timestamp, population: str, told: list[tuple]) -> None:
        """Groups of everyone without a sum, and so without a share: attribute, category, level, people, status."""
        rows = pd.DataFrame(told, columns=["attribute", "category", "level", "people", "status"])
        rows = rows.assign(population=population, month=month, scope=EVERYONE, place="")
        rows = rows.assign(base=None, share=None, nearest=self.rules.nearest, rule_version=self.rules.version)
        self._insert("people_counts", rows.astype({"people": "Int64"}))

    def remember(self, month: pd.Timestamp) -> None:
        """Take a month as told that was carried over from the snapshot before."""
        rows = self.warehouse.execute(
            "select scope, place, level, attribute, category, people from snapshot.people_counts "
            "where population = $population and month = $month",
            {"population": WORKFORCE, "month": month.date()},
        ).fetchall()
        told: dict[Scope, Told] = {}
        for scope, place, level, attribute, category, people in rows:
            where = (scope, place) if level == ALL_LEVELS else ("level", level)
            told.setdefault(where, {})[attribute, category] = people
        self.last |= {scope: (month, counts) for scope, counts in told.items()}
        kept = "select 1 from snapshot.people_counts where population = $population and month = $month limit 1"
        if self.warehouse.execute(kept, {"population": CUSTOMERS, "month": month.date()}).fetchall():
            self.last_customers = month

    def _hidden(self) -> Told:
        """Every count of a scope, and none of them told."""
        every = self.categories.get(WORKFORCE, {})
        parts = {(attribute, name): None for attribute, names in every.items() for name in names}
        return {(ALL, ALL): None, **parts}

    def _kept(self, month: pd.Timestamp) -> dict[Scope, Told]:
        """Scopes of which too few joined, left or changed since they were last told."""
        if not self.last:
            return {}
        told = pd.DataFrame(
            [(*scope, when) for scope, (when, _) in self.last.items()], columns=["scope", "place", "month"]
        )
        self.warehouse.register("told", told)
        changed = self.warehouse.execute(CHANGED, {"month": month.date()}).fetchall()
        self.warehouse.unregister("told")
        changes = {(scope, place): people for scope, place, people in changed}
        changes |= {scope: changes.get((EVERYONE, ""), 0) for scope in self.last if scope[0] == "level"}
        least = self.rules.least_changes
        return {scope: counts for scope, (_, counts) in self.last.items() if changes.get(scope, 0) < least}

    def _write_counts(self, month: pd.Timestamp, population: str, told: pd.DataFrame) -> None:
        level = told["dimension"] == "level"
        totals = told[told["table"] == ALL].set_index(["dimension", "place"])["people"]
        base = told.join(totals.rename("base"), on=["dimension", "place"])["base"]
        share = (told["people"].astype("Float64") / base).round(2).where(base >= self.rules.least_base)
        rows = pd.DataFrame(
            {
                "population": population,
                "month": month,
                "scope": told["dimension"].where(~level, EVERYONE),
                "place": told["place"].where(~level, ""),
                "level": told["place"].where(level, ALL_LEVELS),
                "attribute": told["table"],
                "category": told["category"],
                "people": told["people"],
                "base": base,
                "share": share,
                "nearest": self.rules.nearest,
                "status": told["status"],
                "rule_version": self.rules.version,
            }
        )
        self._insert("people_counts", rows)

    def _measure(self, month: pd.Timestamp, metric: Metric, rows: pd.DataFrame, known: dict[tuple, tuple]) -> None:
        """A metric at each scope: numerator and base as told, or why they are not.

        An amount of hours is that of the people behind it as told, with what each of them has on average: who knows how
        long a course is would count people by exact hours. So are contacts those of the leaders on their list as told:
        exact ones would be those of a single leader, wherever all others are told.
        """
        rows = rows.assign(people=rows["denominator"]) if metric.listed else rows
        for dimension, places in _scopes(rows, ["numerator", "people", "denominator"]).items():
            for place, (numerator, people, counted) in places.items():
                margin = None
                if metric.kind == "mean":
                    parts = {band: known[metric.query, dimension, place, name] for name, band in _bands(rows).items()}
                    mean = self._mean(parts)
                    status, nearest = "shown" if mean else "withheld", max(part.nearest for part in parts.values())
                    numerator, base, margin = mean or (None, None, None)
                    self.bands += [(month, base, *part) for part in parts.values()]
                elif metric.kind == "share" and not metric.everyone:
                    parts = [known[metric.query, dimension, place, name] for name in (YES, NO)]
                    status = "shown" if all(part.status == "shown" for part in parts) else "withheld"
                    nearest = parts[0].nearest
                    numerator, base = parts[0].people, None
                    if status == "shown":
                        base = parts[0].people + parts[1].people
                elif metric.listed:
                    behind = known[metric.query, dimension, place, YES]
                    status, nearest, base = behind.status, behind.nearest, behind.people
                    if status == "shown":
                        numerator = self._nearest(numerator / people * base)
                    else:
                        status = "withheld"
                elif (dimension, place) not in self.last:
                    continue  # nobody works there
                elif metric.everyone:
                    part, base = (
                        known[metric.query, dimension, place, YES],
                        self.last[dimension, place][1].get((ALL, ALL)),
                    )
                    rest = (counted - numerator, base - part.people if base and part.status == "shown" else 0)
                    status = "shown" if min(rest) >= self.rules.least_people else "withheld"
                    numerator, nearest = part.people, part.nearest
                else:
                    base = self.last[dimension, place][1].get((ALL, ALL))
                    behind = known.get((metric.query, dimension, place, YES))
                    status = "withheld" if behind and behind.status != "shown" else "shown"
                    nearest = self.rules.nearest if behind else 1
                    if behind and status == "shown":
                        numerator = self._nearest(numerator / people * behind.people)
                base = None if pd.isna(base) else int(base)
                if status == "shown" and (base is None or base < self.rules.least_base):
                    status = "withheld"
                numerator = float(numerator) if status == "shown" else None
                version = self.rules.version
                row = (metric.query, month, dimension, place, numerator, base, margin, nearest, status, version)
                self.written.append(row)

    def _mean(self, parts: dict[tuple[float, float], tuple]) -> tuple[float, int, float] | None:
        """Sum, base and margin of a mean, of bands none of which is hidden for the sake of another."""
        if any(part.status == "withheld" for part in parts.values()):
            return None
        bands = [
            (*band, None if pd.isna(part.people) else int(part.people), part.nearest) for band, part in parts.items()
        ]
        mean = self.rules.mean(bands)
        return mean and (round(mean[0] * mean[1], 2), mean[1], round(mean[2], 3))

    def _write_metrics(self) -> None:
        columns = ["metric", "month", "scope", "place", "numerator", "denominator", "margin"]
        columns += ["nearest", "status", "rule_version"]
        self._insert("people_months", pd.DataFrame(self.written, columns=columns).astype({"margin": "Float64"}))
        self.written.clear()
        columns = ["month", "base", "population", "scope", "place", "category", "people", "status", "nearest"]
        bands = pd.DataFrame(self.bands, columns=columns).astype({"base": "Int64", "people": "Int64"})
        if len(bands):
            share = (bands["people"].astype("Float64") / bands["base"]).round(2)
            words = {"level": ALL_LEVELS, "attribute": bands["population"], "rule_version": self.rules.version}
            self._insert("people_counts", bands.assign(share=share, **words))
        self.bands.clear()

    def _nearest(self, amount: float) -> float:
        """An amount (of hours) to the nearest five, as counts are."""
        return (amount + self.rules.nearest / 2) // self.rules.nearest * self.rules.nearest

    def _insert(self, table: str, rows: pd.DataFrame) -> None:
        self.warehouse.register("written", rows)
        self.warehouse.execute(f"insert into snapshot.{table} by name select * from written order by all")
        self.warehouse.unregister("written")


def _tables(rows: pd.DataFrame, categories: dict[str, list[str]]) -> Iterator[Table]:
    """The head-count of a population, and each attribute that divides it."""
    for number, (attribute, group) in enumerate(rows.groupby("attribute")):
        whole = group.assign(category=ALL)
        if number == 0:
            yield Table(ALL, {name: _cross(whole, name) for name in _dimensions(rows)}, "whole")
        crossed = {name: _cross(group, name).reindex(columns=categories[attribute]) for name in _dimensions(rows)}
        yield Table(attribute, {name: cross.fillna(0).astype(int) for name, cross in crossed.items()}, "parts")


def _table_of(name: str, rows: pd.DataFrame, metric: Metric) -> list[Table]:
    """Who counts and who does not, of a share; of a rate who is on its own list, or behind the numerator if known; who
    stands in which band, of a mean. Of a share of everyone who counts: who does not is the rest of the head-count."""
    if metric.kind == "share":
        counts = {NO: rows["denominator"] - rows["numerator"].astype(int), YES: rows["numerator"].astype(int)}
        counts = {YES: counts[YES]} if metric.everyone else counts
    elif metric.listed:
        counts = {YES: rows["denominator"]}
    elif metric.kind == "mean":
        middles = {name: sum(band) / 2 for name, band in _bands(rows).items()}
        counts = {name: rows["people"].where(np.isclose(rows["numerator"], at), 0) for name, at in middles.items()}
    elif rows["people"].notna().all():
        counts = {YES: rows["people"]}
    else:
        return []
    kind = "free" if metric.kind == "rate" else "some"
    sums = {dimension: _sums(rows[dimension], list(counts.values())) for dimension in ("region", "channel")}
    frames = {
        name: pd.DataFrame(np.array(list(by_place.values()), int), list(by_place), list(counts))
        for name, by_place in sums.items()
    }
    return [Table(name, frames, kind)]


def _bands(rows: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """The bands of a mean, that fill 0 to 1, by their words: low and high, worked out from their middles."""
    edges = [0.0]
    for middle in sorted(rows["numerator"].unique()):
        edges.append(round(2 * middle - edges[-1], 6))
    if edges[-1] != 1 or edges != sorted(edges):
        raise ValueError(f"bands with the middles {sorted(rows['numerator'].unique())} do not fill 0 to 1")
    ends = [f"{edge * 100:g}" for edge in edges]
    names = [f"below {ends[1]}", *(f"{low} to {high}" for low, high in pairwise(ends[1:-1])), f"{ends[-2]} or more"]
    return dict(zip(names, pairwise(edges), strict=True))


def _dimensions(rows: pd.DataFrame) -> list[str]:
    return [name for name in DIMENSIONS if name != "level" or rows["level"].any()]


def _cross(rows: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """People by place and category, with a nought where nobody is."""
    number, places = pd.factorize(rows[dimension], sort=True)
    category, categories = pd.factorize(rows["category"], sort=True)
    counted = np.zeros((len(places), len(categories)), dtype=int)
    np.add.at(counted, (number, category), rows["people"].to_numpy(dtype=int))
    return pd.DataFrame(counted, places, categories)


def _sums(places: pd.Series, columns: list[pd.Series]) -> dict[str, np.ndarray]:
    """The sums of columns at each place; nothing adds nothing."""
    number, names = pd.factorize(places, sort=True)
    sums = np.zeros((len(names), len(columns)))
    np.add.at(sums, number, np.column_stack([np.nan_to_num(column.to_numpy(dtype=float)) for column in columns]))
    return dict(zip(names, sums, strict=True))


def _aligned(tables: list[Table]) -> list[Table]:
    """The same places in every table: nobody in one table is still somebody in another."""
    places = {
        dimension: sorted(
            {place for table in tables if dimension in table.counts for place in table.counts[dimension].index}
        )
        for dimension in DIMENSIONS
    }
    return [
        Table(table.name, {d: _filled(counts, places[d]) for d, counts in table.counts.items()}, table.kind)
        for table in tables
    ]


def _filled(counts: pd.DataFrame, places: list[str]) -> pd.DataFrame:
    return counts if list(counts.index) == places else counts.reindex(places, fill_value=0)


def _scopes_of(rows: pd.DataFrame) -> list[Scope]:
    """Everyone, and every place where somebody is."""
    places = [(name, place) for name in _dimensions(rows) for place in rows[name].unique() if place != UNKNOWN]
    return [(EVERYONE, ""), *places]


def _scopes(rows: pd.DataFrame, columns: list[str]) -> dict[str, dict[str, np.ndarray]]:
    """Sums at every scope that may be told: everyone, each region, each channel."""
    amounts = [rows[name] for name in columns]
    told = {EVERYONE: _sums(pd.Series("", rows.index), amounts)}
    for dimension in ("region", "channel"):
        told[dimension] = {place: sums for place, sums in _sums(rows[dimension], amounts).items() if place != UNKNOWN}
    return told


def _carry(
    warehouse: duckdb.DuckDBPyConnection, counts: pd.DataFrame, rules: Rules, previous: Path | None
) -> set[pd.Timestamp]:
    """Copy the months that were published under other rules; return them.

    Only of the same people: where the head-count that was told is the one that would be told now. Months between such
    quarters are carried with them.
    """
    if previous is None:
        return set()
    quoted = str(previous).replace("'", "''")
    warehouse.execute(f"attach '{quoted}' as previous (read_only)")
    try:
        older = warehouse.execute(
            "select month, people from previous.people_counts where population = $population and scope = 'everyone' "
            "and level = $level and attribute = $every and rule_version <> $version",
            {"population": WORKFORCE, "level": ALL_LEVELS, "every": ALL, "version": rules.version},
        ).fetchall()
        measured = warehouse.execute(
            "select distinct month from previous.people_months where rule_version <> $version",
            {"version": rules.version},
        ).fetchall()
        now = counts[counts["population"] == WORKFORCE]
        now = now[now["attribute"] == now["attribute"].min()].groupby("month")["people"].sum()
        carried = {
            pd.Timestamp(month)
            for month, people in older
            if people and abs(people - int(now.get(pd.Timestamp(month), -people))) <= rules.nearest
        }
        others = {pd.Timestamp(month) for month, _ in older} - carried
        between = {pd.Timestamp(month) for (month,) in measured}
        carried |= {month for month in between - others if carried and month < max(carried)}
        off = [population for population in (CUSTOMERS,) if not rules.counts(population)]
        for table, of in (("people_counts", "population"), ("people_months", "metric")) if carried else ():
            warehouse.execute(
                f"insert into snapshot.{table} select * from previous.{table} where month in (select unnest($months)) "
                f"and rule_version <> $version and not list_contains($off, {of})",
                {"months": [month.date() for month in carried], "version": rules.version, "off": off},
            )
    finally:
        warehouse.execute("detach previous")
    return carried

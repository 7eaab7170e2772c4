"""Groups: self-described groups beside their community, among who is hired, who answers and who is satisfied.

All of it from counts as they are told, of everyone (the workforce of one region too); what rounding allows is said.
"""

from collections.abc import Iterable
from functools import partial

import pandas as pd

from app import gaps
from app.apart import ALL, UNDISCLOSED
from app.confidential import rules
from app.filters import LAST, Filters, listed, quarter_words
from app.gaps import Range
from app.people import ALL_LEVELS, ATTRIBUTES, EVERYONE, rank
from app.series import Answer
from app.snapshot import Snapshot

NAMES = ATTRIBUTES | {"described_as": "As customers describe themselves"}
MORE, FEWER, ROUNDING, UNCLEAR = "more", "fewer", "within rounding", "no clear difference"
NO_BENCHMARK, FEW_PEOPLE = "no benchmark", "too few people"
HALF = 0.005  # of a percent, to which shares are told
SWITCH = "customer_groups"
SWITCHED_OFF = (
    "Customers are not counted by what they say of themselves: this is switched off, and nothing of it is stored. A "
    f"person who may decide it sets {SWITCH} = true in data/confidentiality.toml and builds again."
)
PEOPLE = "Everyone, whatever region or channel is chosen: for fewer people, groups would be too small to tell."


def community_gap(snapshot: Snapshot, filters: Filters) -> Answer:
    """Share of each group among employees who stated it, beside its share of the people of the region, in points.

    Everyone stands beside the regions' people weighted by how many employees are told to work in each.
    """
    rows, benchmark = told(snapshot, "workforce", filters), snapshot.ask("figures/community")
    scope, place = filters.scope()
    where = (scope, place) if scope == "region" else EVERYONE
    notes = {"region": f"People of {place}.", "channel": "A community is that of a region: this is everyone. "}
    weighted = "People of the regions, weighted by how many of ours work in each."
    note = notes.get(scope, "") if scope == "region" else notes.get(scope, "") + weighted

    def said(found: pd.DataFrame, sentence: str, state: str) -> Answer:
        return _answer(snapshot, "community_gap", "workforce", filters, note, found, sentence, state)

    if rows.empty:
        return said(rows, *_nothing(snapshot, "workforce", filters))
    if benchmark.empty:
        return said(rows.iloc[:0], "No benchmark is there: put data/reference/community.csv in place.", "missing")
    origins = benchmark[["source", "year"]].drop_duplicates().itertuples(index=False)
    note += f" Benchmark: {listed([f'{source}, {year}' for source, year in origins])}."
    rows = rows[rows["level"] == ALL_LEVELS]
    heads = rows[(rows["scope"] == "region") & (rows["attribute"] == ALL) & (rows["status"] == "shown")]
    weights = {where[1]: 1} if scope == "region" else heads.set_index("place")["people"].to_dict()
    here = rows[(rows["scope"] == where[0]) & (rows["place"] == where[1])]
    if not (here["status"] == "shown").any():
        return said(rows.iloc[:0], f"{place}: too few people in it or outside it to be told apart.", "withheld")
    found = _shares_of(here).merge(_community(benchmark, weights), how="outer", on=["attribute", "category"])
    found["gap"] = (found["workforce"].round(2) - found["community"].round(2)).round(2)
    shown = found["status"] == "shown"
    found.loc[shown & found["community"].isna(), "status"] = NO_BENCHMARK
    found["status"] = found["status"].fillna(FEW_PEOPLE)
    found["reading"] = ""
    least, most = (found[edge] - found["community"] for edge in ("low", "high"))
    found.loc[found["status"] == "shown", "reading"] = ROUNDING
    found.loc[(found["reading"] != "") & (least > HALF), "reading"] = MORE  # shares are told in whole percents
    found.loc[(found["reading"] != "") & (most < -HALF), "reading"] = FEWER
    found["place"] = where[1] or "everyone"
    found["as_of"] = here["month"].max() + pd.offsets.MonthEnd(0)
    found["rule_version"] = here["rule_version"].max()
    found = found[found["attribute"].isin(ATTRIBUTES)]
    order = ["attribute", "category", "place", "workforce", "low", "high", "community", "gap", "reading", "status"]
    found = _sorted(found)[[*order, "people", "base", "source", "year", "as_of", "rule_version"]]
    return said(found, _beside(found), "ready")


def selection_rates(snapshot: Snapshot, filters: Filters) -> Answer:
    """Hired of those who applied in a year: each group's rate by that of the group with the highest, from told counts.

    With how many applied and the two-sided p of Fisher's exact test of the two groups. No verdict is drawn.
    """
    rows = told(snapshot, "applicants", filters)
    said = partial(_answer, snapshot, "selection_rates", "applications", filters, PEOPLE)
    if rows.empty:
        return said(rows, *_nothing(snapshot, "applications", filters))
    found = _wide(rows[rows["attribute"] != ALL], {ALL_LEVELS: "applied", "hired": "hired"})
    enough = found["applied"].ge(rules().least_base).fillna(False) & found["hired"].notna()
    found["status"] = found["hired_status"].where(found["applied"].notna(), found["applied_status"])
    found.loc[(found["status"] == "shown") & ~enough, "status"] = FEW_PEOPLE
    found["rate"] = (found["hired"].astype("float64") / found["applied"].astype("float64")).where(enough)
    for name in ("ratio", "low", "high", "p"):
        found[name] = float("nan")
    found["highest"] = ""
    for attribute, group in found[enough & (found["category"] != UNDISCLOSED)].groupby("attribute"):
        best = group.loc[group["rate"].idxmax()]
        found.loc[found["attribute"] == attribute, "highest"] = best["category"]
        for place, row in group.iterrows():
            found.loc[place, ["ratio", "low", "high", "p"]] = _ratio(row, best)
    found = found[found["category"] != UNDISCLOSED]
    found["rate"] = found["rate"].round(2)
    found["year"] = found["month"].dt.year
    columns = ["attribute", "category", "year", "applied", "hired", "rate", "ratio", "low", "high", "p", "highest"]
    found = _sorted(found)[[*columns, "status", "rule_version"]]
    return said(found, _least_hired(found), "ready")


def survey_participation(snapshot: Snapshot, filters: Filters) -> Answer:
    """Share of each group that answered the employee survey of a quarter, minus that of the other groups told."""
    rows = told(snapshot, "respondents", filters)
    said = partial(_answer, snapshot, "survey_participation", "employee_answers", filters, PEOPLE)
    if rows.empty:
        return said(rows, *_nothing(snapshot, "employee_answers", filters))
    heads = told(snapshot, "workforce", Filters(end=rows["month"].iloc[0].date()))
    heads = heads[(heads["scope"] == "everyone") & (heads["level"] == ALL_LEVELS)]
    keys = ["attribute", "category"]
    found = rows.merge(heads[[*keys, "people", "status"]], on=keys, suffixes=("", "_head")).rename(
        columns={"people": "answered", "people_head": "employees"}
    )
    found["status"] = found["status"].where(found["status_head"] == "shown", found["status_head"])
    found = _against_others(found, "answered", "employees")
    columns = ["attribute", "category", "month", "answered", "employees", "rate", "others", "gap", "low", "high"]
    found = _sorted(found)[[*columns, "reading", "status", "rule_version"]]
    return said(found, _most_apart(found), "ready")


def feedback_reach(snapshot: Snapshot, filters: Filters) -> Answer:
    """Each group's share of the customers who answered after a contact in a year, minus its share of the customers."""
    rows = told(snapshot, "customers", filters)
    said = partial(_answer, snapshot, "feedback_reach", "customer_answers", filters, PEOPLE)
    if rows.empty:
        return said(rows, *_no_customers(snapshot, filters))
    found = _customers(rows)
    found["answered"] = found["satisfied"] + found["not satisfied"]
    known = found["status"] == "shown"
    for part in ("answered", "customers"):
        counts = found[part].astype("float64").where(known)
        enough = counts.notna() & bool(counts.sum() >= rules().least_base)
        found[f"{part}_share"] = (counts / counts.sum()).where(enough).round(2)
    found["gap"] = (found["answered_share"] - found["customers_share"]).round(2)
    ends = [_reach(found[known], place) if known[place] else (None, None) for place in found.index]
    found[["low", "high"]] = pd.DataFrame(ends, index=found.index, columns=["low", "high"], dtype="float64")
    found["reading"] = _reading(found, ROUNDING)
    columns = ["attribute", "category", "year", "answered", "customers", "answered_share", "customers_share", "gap"]
    found = _sorted(found)[[*columns, "low", "high", "reading", "status", "rule_version"]]
    return said(found, _reached(found), "ready")


def satisfaction_gap(snapshot: Snapshot, filters: Filters) -> Answer:
    """Satisfied customers of each group minus those of the other groups told, with the 95 % interval of both."""
    rows = told(snapshot, "customers", filters)
    said = partial(_answer, snapshot, "satisfaction_gap", "customer_answers", filters, PEOPLE)
    if rows.empty:
        return said(rows, *_no_customers(snapshot, filters))
    found = _customers(rows)
    yes, no = found["satisfied"].astype("float64"), found["not satisfied"].astype("float64")
    known = (found["status"] == "shown") & (yes + no >= rules().least_base)
    found.loc[(found["status"] == "shown") & ~known, "status"] = FEW_PEOPLE
    found["answered"] = found["satisfied"] + found["not satisfied"]
    for name in ("rate", "others", "gap", "low", "high"):
        found[name] = float("nan")
    for place in found.index[known] if known.sum() > 1 else ():
        rest = known & (found.index != place)
        rates = yes[place] / (yes + no)[place], yes[rest].sum() / (yes + no)[rest].sum()
        counts = [_range(count) for count in (yes[place], no[place])]
        others = [_total(found.loc[rest, name]) for name in ("satisfied", "not satisfied")]
        low, high = gaps.difference_of_rounded(*counts, *others)
        rates = [round(rate, 2) for rate in rates]
        found.loc[place, ["rate", "others", "gap", "low", "high"]] = (*rates, round(rates[0] - rates[1], 2), low, high)
    found["reading"] = _reading(found, UNCLEAR)
    columns = ["attribute", "category", "year", "satisfied", "answered", "rate", "others", "gap", "low", "high"]
    found = _sorted(found)[[*columns, "reading", "status", "rule_version"]]
    return said(found, _satisfied(found), "ready")


# Rows


def told(snapshot: Snapshot, population: str, filters: Filters) -> pd.DataFrame:
    """What is told of a population by the end of the period."""
    rows = snapshot.ask("figures/groups", population=population, to=filters.parameters()["to"])
    return rows.astype({"people": "Int64", "base": "Int64"})


def _range(people: float) -> Range:
    return rules().behind(int(people))


def _total(counts: pd.Series) -> Range:
    """The least and the most that told counts can add up to."""
    return _total_of(_range(count) for count in counts)


def _total_of(ends: Iterable[Range]) -> Range:
    ends = list(ends)
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _wide(rows: pd.DataFrame, levels: dict[str, str]) -> pd.DataFrame:
    """A row for each category, with count and status at each of the levels under the name given."""
    keys = ["month", "attribute", "category", "rule_version"]
    found = None
    for level, name in levels.items():
        one = rows[rows["level"] == level].rename(columns={"people": name, "status": f"{name}_status"})
        one = one[[*keys, name, f"{name}_status"]]
        found = one if found is None else found.merge(one, on=keys, how="left")
    return found


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    """Groups of customers with those satisfied and not; shown where all three counts are."""
    found = _wide(rows, {ALL_LEVELS: "customers", "satisfied": "satisfied", "not satisfied": "not satisfied"})
    statuses = found[[f"{name}_status" for name in ("customers", "satisfied", "not satisfied")]]
    found["status"] = [next((word for word in words if word != "shown"), "shown") for words in statuses.to_numpy()]
    return found.assign(year=found["month"].dt.year)


def _shares_of(here: pd.DataFrame) -> pd.DataFrame:
    """Each category's share of those who stated one, with the least and the greatest that the counts as told allow."""
    made = []
    base = here.loc[here["attribute"] == ALL, "people"].max()
    for attribute, group in here[here["attribute"] != ALL].groupby("attribute"):
        ends = {row.category: _allowed(row.people, row.status, base) for row in group.itertuples()}
        silent = ends.pop(UNDISCLOSED, (0, 0))
        stated = (0, 0) if pd.isna(base) else (_range(base)[0] - silent[1], _range(base)[1] - silent[0])
        middle = 0 if pd.isna(base) else base - sum(silent) / 2
        for row in group[group["category"] != UNDISCLOSED].itertuples():
            low, high = ends[row.category]
            least, most = _total_of(end for name, end in ends.items() if name != row.category)
            rest = max(least, stated[0] - high), min(most, stated[1] - low)
            is_told = row.status == "shown" and middle >= rules().least_base
            share = min(row.people / middle, 1.0) if is_told else float("nan")
            edges = gaps.share_within((low, high), rest) if is_told else (float("nan"), float("nan"))
            status = "shown" if is_told else row.status if row.status != "shown" else FEW_PEOPLE
            made.append((attribute, row.category, share, *edges, status, row.people, row.base))
    columns = ["attribute", "category", "workforce", "low", "high", "status", "people", "base"]
    return pd.DataFrame(made, columns=columns).astype({"people": "Int64", "base": "Int64"}).round({"workforce": 2})


def _allowed(people: object, status: str, base: object) -> Range:
    """What a count can be: as told, fewer than ten, or anything up to the base."""
    if status == "shown":
        return _range(people)
    most = 0 if pd.isna(base) else _range(base)[1]
    return (0, rules().least_people - 1) if status == rules().few else (0, most)


def _community(benchmark: pd.DataFrame, weights: dict[str, int]) -> pd.DataFrame:
    """Shares of the people of one region, or of several weighted; none where one of them has no benchmark."""
    rows = benchmark[benchmark["region"].isin(weights)]
    rows = rows.assign(weight=rows["region"].map(weights).astype("float64"))
    made = []
    for (attribute, category), group in rows.groupby(["attribute", "category"]):
        if set(group["region"]) == set(weights):
            share = (group["share"] * group["weight"]).sum() / group["weight"].sum()
            made.append(
                (attribute, category, round(share, 3), " and ".join(sorted(set(group["source"]))), group["year"].max())
            )
    return pd.DataFrame(made, columns=["attribute", "category", "community", "source", "year"]).astype(
        {"year": "Int64"}
    )


def _ratio(row: pd.Series, best: pd.Series) -> tuple[float, float, float, float]:
    """A group's rate by the highest, the least and the most that rounding allows, and p; of the highest itself, one."""
    if row["category"] == best["category"]:
        return 1.0, float("nan"), float("nan"), float("nan")
    hired, applied, most, of = (
        _range(count) for count in (row["hired"], row["applied"], best["hired"], best["applied"])
    )
    low, high = (hired[0] / applied[1]) / min(most[1] / of[0], 1.0), min(hired[1] / applied[0], 1.0) / (most[0] / of[1])
    counts = [
        int(row["hired"]),
        int(row["applied"] - row["hired"]),
        int(best["hired"]),
        int(best["applied"] - best["hired"]),
    ]
    return row["rate"] / best["rate"], low, high, gaps.fisher(*(max(count, 0) for count in counts))


def _against_others(found: pd.DataFrame, part: str, whole: str) -> pd.DataFrame:
    """Rate of each group, of the others of its attribute that are told, and the gap with what rounding allows."""
    enough = (found["status"] == "shown") & found[whole].ge(rules().least_base).fillna(False)
    found.loc[(found["status"] == "shown") & ~enough, "status"] = FEW_PEOPLE
    for name in ("rate", "others", "gap", "low", "high"):
        found[name] = float("nan")
    for place in found.index[enough]:
        rest = found[enough & (found["attribute"] == found.at[place, "attribute"]) & (found.index != place)]
        rate = round(found.at[place, part] / found.at[place, whole], 2)
        if rest.empty:
            found.loc[place, "rate"] = rate
            continue
        others = round(rest[part].sum() / rest[whole].sum(), 2)
        ends = gaps.rate_gap(
            _range(found.at[place, part]), _range(found.at[place, whole]), _total(rest[part]), _total(rest[whole])
        )
        found.loc[place, ["rate", "others", "gap", "low", "high"]] = (rate, others, round(rate - others, 2), *ends)
    found["reading"] = _reading(found, ROUNDING)
    return found


def _reach(known: pd.DataFrame, place: int) -> Range:
    """The least and the greatest gap between a group's share of the answers and of the customers."""
    rest = known[known.index != place]
    answered = _total([known.at[place, "satisfied"], known.at[place, "not satisfied"]])
    others = _total([*rest["satisfied"], *rest["not satisfied"]])
    shares = gaps.share_within(answered, others)
    of = gaps.share_within(_range(known.at[place, "customers"]), _total(rest["customers"]))
    return shares[0] - of[1], shares[1] - of[0]


def _reading(found: pd.DataFrame, otherwise: str) -> pd.Series:
    """More or fewer where nought is outside of what rounding (and chance) allow, by more than is told of a gap."""
    reading = pd.Series("", index=found.index).mask(found["gap"].notna(), otherwise)
    return reading.mask(found["low"] > HALF, MORE).mask(found["high"] < -HALF, FEWER)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    places = {name: place for place, name in enumerate(NAMES)}
    keys = rows.assign(first=rows["attribute"].map(places), second=rows["category"].map(rank))
    return keys.sort_values(["first", "second"]).drop(columns=["first", "second"]).reset_index(drop=True)


# Sentences


def _beside(rows: pd.DataFrame) -> str:
    """How many groups differ from the community by more than rounding, and which most."""
    compared, apart = rows[rows["reading"] != ""], rows[rows["reading"].isin((MORE, FEWER))]
    if compared.empty:
        return "Workforce and community: no group can be compared"
    if apart.empty:
        return f"Workforce and community: none of {len(compared)} groups differs by more than rounding"
    row = apart.loc[apart["gap"].abs().idxmax()]
    return (
        f"{_named(row)}: {_percent(row['workforce'])} of the workforce, {_percent(row['community'])} of the community, "
        f"the widest gap; {len(apart)} of {len(compared)} groups differ by more than rounding"
    )


def _least_hired(rows: pd.DataFrame) -> str:
    """The group with the lowest ratio, beside the highest of its attribute."""
    year = rows["year"].iloc[0]
    compared = rows[rows["p"].notna()]
    if compared.empty:
        return f"Applied in {year}: too few people to compare groups"
    row = compared.loc[compared["ratio"].idxmin()]
    best = rows[(rows["attribute"] == row["attribute"]) & (rows["category"] == row["highest"])].iloc[0]
    return (
        f"Hired of those who applied in {year}: {_named(row)} {_percent(row['rate'])}, {best['category']} "
        f"{_percent(best['rate'])}, the lowest ratio with {row['ratio']:.2f} (p {row['p']:.2f})"
    )


def _most_apart(rows: pd.DataFrame) -> str:
    """The group whose share that answered is furthest from that of the others, if rounding does not explain it."""
    survey, (compared, row) = f"Employee survey of {quarter_words(rows['month'].iloc[0])}", _widest(rows, ROUNDING)
    if not compared:
        return f"{survey}: too few people to compare groups"
    if row is None:
        return f"{survey}: none of {compared} groups answered more or less beyond rounding"
    rates = f"{_percent(row['rate'])}, the others to {_percent(row['others'])}"
    return f"{survey}: {_named(row)} answered to {rates}, the widest gap"


def _reached(rows: pd.DataFrame) -> str:
    answers, (compared, row) = f"Answers of {rows['year'].iloc[0]}", _widest(rows, ROUNDING)
    if not compared:
        return f"{answers}: too few people to compare groups of customers"
    if row is None:
        return f"{answers}: none of {compared} groups of customers is reached more or less beyond rounding"
    shares = f"gave {_percent(row['answered_share'])}, and are {_percent(row['customers_share'])} of the customers"
    return f"{answers}: {row['category']} {shares}, the widest gap"


def _satisfied(rows: pd.DataFrame) -> str:
    satisfaction, (compared, row) = f"Satisfaction in {rows['year'].iloc[0]}", _widest(rows, UNCLEAR)
    if not compared:
        return f"{satisfaction}: too few people to compare groups of customers"
    if row is None:
        return f"{satisfaction}: no clear difference between {compared} groups of customers and the others"
    rates = f"{_percent(row['rate'])}, the other groups {_percent(row['others'])}"
    return f"{satisfaction}: {row['category']} {rates}, more than chance and rounding explain"


def _widest(rows: pd.DataFrame, otherwise: str) -> tuple[int, pd.Series | None]:
    """How many groups are compared, and the one with the widest gap of those that do not read `otherwise`."""
    compared = rows[rows["reading"] != ""]
    apart = compared[compared["reading"] != otherwise]
    return len(compared), None if apart.empty else apart.loc[apart["gap"].abs().idxmax()]


def _named(row: pd.Series) -> str:
    """A category; with its attribute where it says nothing alone."""
    name = row["category"]
    return f"{NAMES[row['attribute']]} {name}" if len(name) < 4 or name[0].isdigit() or name[0] == "<" else name


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


# Answers


def _answer(
    snapshot: Snapshot,
    figure: str,
    record: str,
    filters: Filters,
    note: str,
    rows: pd.DataFrame,
    sentence: str,
    state: str,
) -> Answer:
    files = snapshot.ask("figures/files")
    days = files.loc[files["record"] == record, "last_on"]
    as_of = None if days.empty else days.max().date()
    queries = ("figures/groups", *(("figures/community",) if figure == "community_gap" else ()))
    return Answer(figure, None, filters, rows, sentence, state, as_of, queries, note)


def _nothing(snapshot: Snapshot, record: str, filters: Filters) -> tuple[str, str]:
    """Why there is nothing: no export, nothing in the period, or nothing that could be told."""
    population = {"applications": "applicants", "employee_answers": "respondents", "customer_answers": "customers"}
    if record not in set(snapshot.ask("figures/files")["record"]):
        return f"No {record.replace('_', ' ')} export is loaded yet. Export them and build again.", "missing"
    if told(snapshot, population.get(record, record), Filters(end=LAST)).empty:
        return (
            f"Nothing of the {record.replace('_', ' ')} can be told: too few people, or no period is over.",
            "missing",
        )
    return "Nothing is told by the end of the period. Widen the period.", "empty"


def _no_customers(snapshot: Snapshot, filters: Filters) -> tuple[str, str]:
    return (SWITCHED_OFF, "missing") if is_off(snapshot) else _nothing(snapshot, "customer_answers", filters)


def is_off(snapshot: Snapshot) -> bool:
    """Whether customers are not counted by what they say of themselves: by the rules, and nothing of it is stored."""
    return not rules().customer_groups and told(snapshot, "customers", Filters(end=LAST)).empty

"""Counts: a table with a row for a whole and a column for the number of each of its groups becomes records."""

import re
from collections import Counter
from collections.abc import Callable

import duckdb

from app import cells
from app.sources import Source, column_of, plain
from app.tables import BadExport

MOST_COPIES = 1_000_000  # records that one row may stand for
NUMBER = "[0-9]{1,7}"
TOLD_APART = {"gender", "ethnicity", "age_band", "disability"}  # of people; no figure tells two of them at once
COUNTS = re.compile(r"(gender|sex|ethnicity|race|disability|age)[ _:-]+(.+)|(women|men|female|male)")  # of a group
COUNTED_BY = {"sex": "gender", "race": "ethnicity", "age": "age_band", None: "gender"}
NOT_SAID = ("prefernottosay", "prefer not to say", "undisclosed", "not disclosed", "not stated", "unknown")
Counts = dict[str, dict[str, str]]  # heading: column = value of the records that it counts


def groups(name: str, counts: Counts) -> list[Counts]:
    """Columns that count by the same: each group of them counts all records of a row.

    Several groups count the same people, of whom only one attribute at a time is told: nobody is told to be a woman and
    Asian. Raises BadExport for groups that a figure would tell together, which the table does not.
    """
    found: dict[tuple[str, ...], Counts] = {}
    for heading, values in counts.items():
        found.setdefault(tuple(sorted(values)), {})[heading] = values
    if len(found) > 1 and not all(len(by) == 1 and by[0] in TOLD_APART for by in found):
        listed = "; ".join(", ".join(by) for by in found)
        only = ", ".join(sorted(TOLD_APART))
        raise BadExport(
            name,
            f"[counts] counts the same rows by {listed}: the file does not say how these go together",
            f"Give every heading the same columns. Only {only} can stand side by side, each on its own",
        )
    return list(found.values())


def told(counted: list[Counts]) -> list[str]:
    """The columns of the records that are counted, for a select."""
    return [f"copies.group{place}.{column} as {column}" for place, group in enumerate(counted) for column in by(group)]


def by(group: Counts) -> list[str]:
    """The columns that a group counts by."""
    return sorted(next(iter(group.values())))


def copies(counted: list[Counts], whole: str, quoted: Callable[[str], str]) -> str:
    """The join that makes a row as many records as `whole` says, a heading; without one, as its fullest group counts.

    The first ones are of the first value of each group, and so on; those of which a group tells nothing come last.
    """
    sums = [" + ".join(_number(quoted(heading)) for heading in group) for group in counted]
    last = _number(quoted(whole)) if whole else f"greatest({', '.join(sums)})"
    lists = [f"unnest(generate_series(1, {last})) as copy"]
    for place, group in enumerate(counted):
        values = [f"repeat([{_struct(values)}], {_number(quoted(heading))})" for heading, values in group.items()]
        lists.append(f"unnest({' || '.join(values)}) as group{place}")
    return f"cross join lateral (select {', '.join(lists)}) as copies"


def guessed(cells: dict[str, list[str]]) -> dict[str, tuple[str, str]]:
    """Heading = (attribute, group) of the columns that seem to count people of a group; none where it is only one."""
    told: dict[str, tuple[str, str]] = {}
    for heading, values in cells.items():
        found = COUNTS.fullmatch(plain(heading))
        if found and all(value.isdigit() for value in values):
            group = found[2] or found[3]
            told[heading] = (COUNTED_BY.get(found[1], found[1]), "" if group in NOT_SAID else group)
    several = Counter(by for heading, (by, _) in told.items() if cells[heading])
    return {heading: group for heading, group in told.items() if several[group[0]] > 1}


def check(warehouse: duckdb.DuckDBPyConnection, source: Source, file: int) -> None:
    """Reject rows of the table `export` that do not say for how many they stand; a count that is blank is none."""
    counted = [heading for group in source.counted for heading in group]
    texts = {heading: cells.cleaned(column_of(heading), "", source) for heading in counted}
    faults = [(heading, f"{text} is not null and not {_fits(text)}", "is no count") for heading, text in texts.items()]
    if source.each:
        each = column_of(source.each)
        faults.append(("", f"not coalesce({_fits(f'trim({each})')}, false)", "does not say for how many it stands"))
        for group in source.counted:
            sum_ = " + ".join(f"coalesce(try_cast({texts[heading]} as int), 0)" for heading in group)
            faults.append(("", f"{sum_} > try_cast(trim({each}) as int)", "counts more in its groups than in all"))
    for heading, when, reason in faults:
        value = column_of(heading or source.each)
        sql = f"insert into rejects select $file, line, $heading, {value}, $reason from export where {when}"
        warehouse.execute(sql, {"file": file, "heading": heading, "reason": reason})
    numbers = texts | ({source.each: f"trim({column_of(source.each)})"} if source.each else {})
    if numbers:
        kept = "line not in (select line from rejects where file = $file)"
        changes = [f"{column_of(name)} = case when {kept} then {text} end" for name, text in numbers.items()]
        warehouse.execute(f"update export_rows set {', '.join(changes)}", {"file": file})


def _fits(text: str) -> str:
    return f"(regexp_full_match({text}, '{NUMBER}') and try_cast({text} as int) <= {MOST_COPIES})"


def _number(heading: str) -> str:
    return f"coalesce(try_cast({heading} as int), 0)"


def _struct(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{column}: {cells.quoted(values[column])}" for column in sorted(values)) + "}"

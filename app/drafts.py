"""Drafts: a mapping file filled in as far as names and contents tell, for a person to complete."""

import csv
import re
from collections import Counter
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path

from app import counts, questions
from app.cells import ISO_MOMENT, SPAN, order_of
from app.exports import HEADER_WITHIN, Unknown, headings
from app.mappings import ENDING
from app.records import Column, Contract, contracts
from app.sources import Source, plain, sources
from app.tables import BadExport, Table

REFERENCE = Path(__file__).parent.parent / "data" / "reference"
LOOKED_AT = 2000  # rows
MOST_WORDS = 25  # spellings that are listed for a person to map
DATES = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d/%b/%y",
    "%d %b %Y",
    "%Y/%m/%d",
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
ANSWER = ("item", "score", "lowest", "highest")
NOTHING = ("?", "-", "--", "n/a", "na", "null", "none", "(blank)", "not available")
SURVEYS = ("customer_answers", "employee_answers")


def write(path: Path, unknown: Unknown) -> tuple[Path, str, bool]:
    """Draft a mapping file beside an export; return where it belongs, its text, and whether it was written there.

    What is there already is never overwritten.
    """
    place = path.with_name(path.name + ENDING)
    text = _draft(path, unknown.table, unknown.nearest)
    if place.exists():
        return place, text, False
    try:
        with place.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError:
        return place, text, False
    return place, text, True


def _draft(path: Path, table: Table, nearest: Source | None) -> str:
    header, rows = _look(table)
    cells = {
        heading: [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
        for place, heading in enumerate(header)
        if plain(heading) != "line"
    }
    missing = sorted({cell for values in cells.values() for cell in values if cell.lower() in NOTHING})
    cells = {heading: [cell for cell in values if cell not in missing] for heading, values in cells.items()}
    known = nearest is not None and nearest.record in contracts() and nearest.name in _names()
    counted = {} if known else counts.guessed(cells)
    cells = {heading: values for heading, values in cells.items() if heading not in counted}
    guesses = {} if known else {name: _columns(contract, cells) for name, contract in contracts().items()}
    asks = {} if known else _items(cells)
    record = (
        nearest.record
        if known
        else "workforce"
        if counted
        else max(guesses, key=lambda name: _fit(contracts()[name], guesses[name], asks))
    )
    contract = contracts()[record]
    columns = _columns(contract, cells)
    lines = [
        f"# How {path.name} becomes {contract.title.lower()}: guessed from its headings and cells.",
        "# Look at every line, complete those with a question, then delete the next line.",
        "draft = true",
        f"files = [{_quoted(_pattern(path.name))}]",
    ]
    if known:
        lines += [f"source = {_quoted(nearest.name)}"]
        lacking = _lacking(nearest, contract)
        columns = {column: heading for column, heading in columns.items() if column in lacking}
    else:
        lines += [
            f"system = {_quoted(path.stem)}  # which system wrote it?",
            f'record = "{record}"  # {_others(record)}',
        ]
        lacking = [column.name for column in contract.columns if column.required]
    dated = [
        values
        for heading, values in cells.items()
        if (known and _dates(values))
        or heading in [columns.get(c.name) for c in contract.columns if c.type in ("date", "timestamp")]
    ]
    lines += _date_lines(dated) if not known or len(nearest.dates) > 1 else []
    lines += ['# zone = "Europe/Berlin"  # of which place are its times? Leave it out if all are of one place']
    items = asks if record in SURVEYS else {}
    wide = bool(items) or (not known and record in SURVEYS and "response" in columns and "score" not in columns)
    columns = {name: heading for name, heading in columns.items() if not (wide and name in ANSWER)}
    lines += (
        [f"missing = [{', '.join(map(_quoted, missing))}]  # what it writes where nothing is known"] if missing else []
    )
    asked = [name for name in lacking if name not in columns and not (wide and name in ANSWER)]
    numbered = [name for name in asked if name == "response" or (counted and name == "employee")] if not known else []
    lines += (
        [f"numbered = {_quoted(numbered[0]).join('[]')}  # its rows have no number of their own"] if numbered else []
    )
    lines += ["", "[columns]  # ours = theirs", *(f"{name} = {_quoted(heading)}" for name, heading in columns.items())]
    meanings = {column.name: column.meaning for column in contract.columns}
    asked = [name for name in asked if name not in numbered]
    lines += [f'# {name} = "…"  # needed: {meanings[name]}' for name in asked]
    if asked:
        lines += ["", "[constants]  # or the same for every row", *(f'# {name} = "…"' for name in asked)]
    if items:
        lines += ["", "[items]  # item of data/reference/items.csv = theirs"]
        lines += [f"{item} = {_quoted(heading)}" for item, (heading, _) in items.items()]
        lines += [
            "",
            "[scales]  # lowest and highest answer",
            *(f'{item} = "{scale}"' for item, (_, scale) in items.items()),
        ]
    elif wide:
        lines += ["", "[items]  # item of data/reference/items.csv = theirs, the question that asks for it"]
        lines += [f'# {item} = "…"' for item, who in questions.audiences().items() if record.startswith(who[:-1])]
    if counted:
        lines += ["", "[counts]  # theirs = whom it counts; no totals and no parts of others, for nobody counts twice"]
        for heading, (by, group) in counted.items():
            part = group == "total" or any(re.match(f"{re.escape(other)}[ _:-]", heading) for other in counted)
            lines.append(f"{'# ' if part else ''}{_quoted(heading)} = {{ {by} = {_quoted(group)} }}")
    for column in contract.columns:
        if column.name in columns:
            lines += _words(column, cells[columns[column.name]])
    lines += _others_of(nearest, header) if known else []
    return "\n".join(lines) + "\n"


def _look(table: Table) -> tuple[list[str], list[list[str]]]:
    """Headings, and the rows below them: the first of the fullest rows at the top that hold no number and no date."""
    try:
        rows = [cells or [] for _, cells in islice(table.rows(), HEADER_WITHIN + LOOKED_AT)]
    except BadExport:
        rows = [cells or [] for _, cells in islice(table.rows(), HEADER_WITHIN)]
    filled = [sum(bool(cell.strip()) and not re.search(r"^[\d.,:/ -]+$", cell.strip()) for cell in row) for row in rows]
    top = filled[:HEADER_WITHIN] or [0]
    place = next(place for place, count in enumerate(top) if count >= 0.8 * max(top))
    return list(headings(rows[place])) if rows else [], rows[place + 1 :]


def _columns(contract: Contract, cells: dict[str, list[str]]) -> dict[str, str]:
    """Contract column = heading, each heading once: by its name where its cells can be what the column promises."""
    ranked = []
    for place, column in enumerate(contract.columns):
        for heading, values in cells.items():
            likeness = _likeness(column.name, heading)
            if likeness and _can_be(column, values):
                ranked.append((-likeness, place, column.name, heading))
    told: dict[str, str] = {}
    for _, _, column, heading in sorted(ranked):
        if column not in told and heading not in told.values():
            told[column] = heading
    order = [column.name for column in contract.columns]
    return dict(sorted(told.items(), key=lambda pair: order.index(pair[0])))


def _likeness(column: str, heading: str) -> float:
    words = re.sub(r"[^a-z0-9#]+", " ", plain(heading)).strip()
    best = 0.0
    for known in (column.replace("_", " "), *_spelled().get(column, ())):
        if words == known:
            return 1.0
        if set(known.split()) <= set(words.split()):
            first = 0.05 if words.startswith(known) else 0  # region of customer is a region
            best = max(best, 0.5 + 0.4 * len(known.split()) / len(words.split()) + first)
    return best


def _can_be(column: Column, values: list[str]) -> bool:
    if not values:
        return not column.required
    match column.type:
        case "date" | "timestamp":
            return _dates(values) is not None
        case "integer" | "number":
            return _most(values, r"[+-]?\d+(\.\d+)?( ?%)?")
        case "hours":
            return _most(values, rf"({SPAN})|\d+(\.\d+)?")
        case "boolean":
            return len(set(map(str.lower, values))) <= 3
        case "one of" | "region" | "channel":
            several = len(set(map(str.lower, values)))
            few = 12 if column.type == "one of" else max(20, min(500, 0.3 * len(values)))
            return several <= few and _dates(values) is None
        case _:
            return True


def _most(values: list[str], pattern: str) -> bool:
    return sum(bool(re.fullmatch(pattern, value)) for value in values) >= 0.9 * len(values)


def _dates(values: list[str]) -> list[str] | None:
    """Formats that read nearly every cell, [] for ISO; None where the cells are no dates."""
    sample = list(dict.fromkeys(values))[:400]
    if not sample:
        return None
    if _most(sample, ISO_MOMENT):
        return []
    found = [
        day + comma + time
        for day in DATES
        for comma in ("", ",")
        for time in TIMES
        if not (comma and not time) and sum(_reads(value, day + comma + time) for value in sample) >= 0.9 * len(sample)
    ]
    return found or None


def _reads(value: str, pattern: str) -> bool:
    try:
        datetime.strptime(value, pattern)  # noqa: DTZ007 — only whether it can be read
    except ValueError:
        return False
    return True


def _date_lines(columns: list[list[str]]) -> list[str]:
    """The line `dates`; where every day could be a month, a question instead of it."""
    found = [formats for values in columns if (formats := _dates(values))]
    if not found:
        return []
    orders = {order_of(pattern) for formats in found for pattern in formats} - {""}
    sure = [{order_of(pattern) for pattern in formats} for formats in found]
    decided = [told.copy().pop() for told in sure if len(told) == 1]
    if len(orders) > 1 and len(set(decided)) == 1:  # one column tells the others
        found = [[pattern for pattern in formats if order_of(pattern) in ("", decided[0])] for formats in found]
        orders = {decided[0]}
    patterns = list(dict.fromkeys(pattern for formats in found for pattern in formats))
    if len(orders) < 2:
        return [f"dates = [{', '.join(map(_quoted, patterns))}]"]
    example = next(values[0] for values in columns if _dates(values))
    kept = {order: [pattern for pattern in patterns if order_of(pattern) in ("", order)] for order in ("day", "month")}
    return [f"# Is {example} written with the day first or with the month first? Keep one of these two lines:"] + [
        f"# dates = [{', '.join(map(_quoted, told))}]" for told in kept.values()
    ]


def _items(cells: dict[str, list[str]]) -> dict[str, tuple[str, str]]:
    """Item = (heading, scale) of the columns that ask a known question, or whether one would recommend."""
    told: dict[str, tuple[str, str]] = {}
    for heading, values in cells.items():
        known = questions.known().get(plain(heading))
        if not values or not _most(values, r"\d{1,2}"):
            continue
        highest, lowest = (
            max(int(float(value)) for value in values if value.isdigit()),
            min(int(float(value)) for value in values if value.isdigit()),
        )
        item = known[0] if known else "recommend" if "recommend" in plain(heading) and highest <= 10 else None
        if item and item not in told:
            scale = "0-10" if highest > 7 or lowest == 0 else "1-7" if highest > 5 else "1-5"
            told[item] = (heading, "0-10" if item == "recommend" else scale)
    return told


def _words(column: Column, values: list[str]) -> list[str]:
    """Spellings that a person has to put into ours: those of a place that no reference knows, those of a choice."""
    words = [word for word, _ in Counter(value.strip().lower() for value in values).most_common()]
    if column.type in ("region", "channel"):
        strange = [word for word in words if word not in _places(column.type)]
        if not strange:
            return []
        if len(strange) > MOST_WORDS:
            return [
                "",
                f"# {column.name}: {len(strange)} names that data/reference does not know. To take them as they",
                f'# are, write above [columns]: keep = ["{column.name}"]',
            ]
        known = ", ".join(dict.fromkeys(_places(column.type).values()))
        lines = ["", f'[values.{column.name}]  # theirs = ours ({known}); "" counts as unknown']
        return lines + [f'{_quoted(word)} = ""' for word in strange]
    if column.type == "one of" and (strange := [word for word in words if word not in column.values][:MOST_WORDS]):
        lines = ["", f"[values.{column.name}]  # theirs = ours ({', '.join(column.values)})"]
        return lines + [f"{_quoted(word)} = {_quoted(_meant(word, column.values))}" for word in strange]
    return []


def _meant(word: str, values: tuple[str, ...]) -> str:
    """The choice that a word seems to mean; yes and no by their order, nothing where it is not clear."""
    if len(values) == 2 and word in ("true", "yes", "y", "1", "ontime", "on time", "within sla"):
        return values[0]
    if len(values) == 2 and word in ("false", "no", "n", "0", "overdue", "late", "missed"):
        return values[1]
    return next((value for value in values if value in word or word in value), "")


def _fit(contract: Contract, columns: dict[str, str], items: dict) -> tuple[float, int]:
    given = (*ANSWER, "response") if items and contract.record in SURVEYS else ()
    if "response" in columns and contract.record in SURVEYS and _likeness("response", columns["response"]) == 1:
        given = given or ANSWER  # a column for each question, none of which is known
    required = [column.name for column in contract.columns if column.required and column.name not in given]
    return sum(name in columns for name in required) / len(required), len(columns)


def _lacking(source: Source, contract: Contract) -> list[str]:
    sql = re.sub(r"--[^\n]*", "", source.sql)
    told = {*re.findall(r"\bas (\w+)", sql), *re.findall(r"answers\.(\w+)", sql), *source.constants, *source.from_name}
    return [column.name for column in contract.columns if column.required and column.name not in told]


def _others_of(source: Source, header: list[str]) -> list[str]:
    """Further records of the same system whose headings the file has too."""
    have, lines = {plain(heading) for heading in header}, []
    for other in sources():
        if other.system == source.system and other != source and have.issuperset(map(plain, other.must_have)):
            contract = contracts()[other.record]
            dated = next(column for column in contract.columns if column.name == contract.dated)
            lines += ["", f"# [[also]]  # its rows hold {contract.title.lower()} too", f'# source = "{other.name}"']
            if not re.search(rf"\bas {dated.name}\b", other.sql):
                lines += ["# [also.columns]", f'# {dated.name} = "…"  # {dated.meaning}']
    return lines


def _names() -> set[str]:
    return {source.name for source in sources()}


def _others(record: str) -> str:
    return "or " + ", ".join(name for name in contracts() if name != record) + "?"


def _pattern(name: str) -> str:
    """The name with its numbers left open, so that next month's file is read alike."""
    stem, dot, ending = name.partition(".")
    return re.sub(r"\d+([-_ ]?\d+)*", "*", stem).replace("[", "[[]") + dot + ending


def _quoted(text: str) -> str:
    """A text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'


@cache
def _spelled() -> dict[str, list[str]]:
    with (REFERENCE / "headings.csv").open(encoding="utf-8", newline="") as text:
        told: dict[str, list[str]] = {}
        for row in csv.DictReader(text):
            told.setdefault(row["column"], []).append(row["heading"])
    return told


@cache
def _places(place: str) -> dict[str, str]:
    with (REFERENCE / f"{place}s.csv").open(encoding="utf-8", newline="") as text:
        return {row["spelling"].strip().lower(): row[place] for row in csv.DictReader(text)}

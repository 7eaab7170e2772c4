"""Mapping files: what a person writes beside an export of which no source knows, or not enough."""

import csv
import re
import tomllib
from dataclasses import replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from app import counts
from app.sources import Source, column_of, plain, read, sources, spaced
from app.tables import BadExport

REFERENCE = Path(__file__).parent.parent / "data" / "reference"
ENDING = ".map.toml"


def beside(path: Path) -> Source | None:
    """The mapping file of this export: `<file>.map.toml`, or one in the same folder whose `files` pattern fits.

    Raises BadExport for one that cannot be understood, or that nobody has looked at yet.
    """
    own = path.with_name(path.name + ENDING)
    for candidate in [own] if own.is_file() else sorted(path.parent.glob(f"*{ENDING}")):
        try:
            words = tomllib.loads(candidate.read_text("utf-8-sig"))
        except UnicodeDecodeError:
            raise BadExport(candidate.name, "it is not readable as UTF-8", "Save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise BadExport(candidate.name, f"it is not readable as TOML ({error})", "Correct it") from None
        files = words.get("files", [])
        if not isinstance(files, list) or not all(isinstance(pattern, str) for pattern in files):
            raise BadExport(candidate.name, "files is not a list of texts", 'Write files = ["cases-*.csv"]')
        if candidate == own or any(fnmatch(path.name, pattern) for pattern in files):
            return _mapped(candidate.name, words)
    return None


def _mapped(name: str, words: dict) -> Source:
    """A mapping file as a source: of a known system with changes, or with SQL made of `[columns]` and `[items]`."""
    words = {key: value for key, value in words.items() if key != "files"}
    also = words.pop("also", [])
    if not isinstance(also, list) or not all(isinstance(part, dict) for part in also):
        raise BadExport(name, "also is not made of further records", 'Write [[also]] and below it source = "…"')
    same = {key: words[key] for key in ("dates", "zone", "missing") if key in words}  # however many records it holds
    if words.pop("draft", False):
        raise BadExport(
            name,
            "it is a draft that nobody has completed",
            "Look at every line of it, then delete the line draft = true",
        )
    try:
        source = _changed(name, words) if "source" in words else _made(name, words)
    except ValueError as error:
        raise BadExport(name, str(error).removeprefix(f"{name}: "), "Correct that line") from None
    return replace(source, also=tuple(_mapped(name, same | part) for part in also))


def _changed(name: str, words: dict) -> Source:
    """A known source with what the mapping says instead: headings, constants, dates, zone, words."""
    known = {source.name: source for source in sources()}
    like = words.pop("source")
    if like not in known:
        raise BadExport(name, f"source = {like!r} is no system that is known", f"Known are {', '.join(known)}")
    base, headings = known[like], words.pop("columns", {})
    _check_columns(name, headings)
    told = read(
        name.removesuffix(".toml"), {"system": base.system, "record": base.record, "must_have": [], **words}, ""
    )
    changes = {key: getattr(told, key) for key in words}
    for both in ("values", "constants", "from_name"):
        if both in changes:
            changes[both] = {**getattr(base, both), **changes[both]}
    named = {column: spaced(heading) for column, heading in headings.items()}
    return replace(base, name=told.name, by_hand=False, headings=named, **changes)


def _made(name: str, words: dict) -> Source:
    columns, items, scales = (words.pop(key, {}) for key in ("columns", "items", "scales"))
    numbered, leave_out = words.pop("numbered", []), words.pop("leave_out", {})
    if not isinstance(columns, dict) or not columns:
        raise BadExport(name, "it has no [columns]", 'Add lines such as ticket = "Ticket number" below [columns]')
    for key in ("system", "record"):
        if not isinstance(words.get(key), str):
            raise BadExport(name, f"it does not say which {key} the file holds", f'Add {key} = "…"')
    _check_columns(name, columns)
    _check_columns(name, items)
    if not isinstance(numbered, list) or not all(re.fullmatch(r"[a-z_]+", str(column)) for column in numbered):
        raise BadExport(name, "numbered is not a list of columns", 'Write numbered = ["response"]')
    counted = _counted(name, words.pop("counts", {}))
    if (counted or "each" in words) and not numbered:
        raise BadExport(name, "its rows stand for several records, without a number", 'Write numbered = ["employee"]')
    lists = leave_out.values() if isinstance(leave_out, dict) else [None]
    if not all(isinstance(told, list) and all(isinstance(word, str) for word in told) for told in lists):
        raise BadExport(name, "[leave_out] is not made of headings and lists", 'Write "Level" = ["Total"] below it')
    for heading in leave_out:
        _check_columns(name, {"left_out": heading})
    sql = _select(name, columns, items, scales, numbered, leave_out, counted, words)
    read_by = [*columns.values(), *items.values(), *leave_out, *([words["each"]] if "each" in words else [])]
    read_by += [heading for group in counted for heading in group]
    made = read(name.removesuffix(".toml"), {"must_have": list(dict.fromkeys(map(spaced, read_by))), **words}, sql)
    by = {column for group in counted for column in counts.by(group)}
    if twice := sorted(by & {*columns, *numbered, *made.constants, *made.from_name}):
        raise BadExport(name, f"{', '.join(twice)} is told below [counts] and elsewhere", "Delete one of them")
    return replace(made, numbered=tuple(numbered), counted=tuple(map(tuple, counted)))


def _counted(name: str, told: object) -> list[counts.Counts]:
    """The groups of `[counts]`: headings that count a row's records, with what these are."""
    like = 'Write lines such as "Women" = { gender = "Woman" } below [counts]'
    if not isinstance(told, dict) or not all(isinstance(values, dict) and values for values in told.values()):
        raise BadExport(name, "[counts] is not made of headings and what they count", like)
    for heading, values in told.items():
        _check_columns(name, {"counted": heading} | dict.fromkeys(values, heading))
        if not all(isinstance(value, str) for value in values.values()):
            raise BadExport(name, f"what {heading} counts below [counts] is no text", like)
    if len(set(map(plain, told))) < len(told):
        raise BadExport(name, "a heading stands twice below [counts]", "Delete one of them")
    return counts.groups(name, {spaced(heading): values for heading, values in told.items()})


def _select(
    name: str,
    columns: dict,
    items: dict,
    scales: dict,
    numbered: list,
    leave_out: dict,
    counted: list[counts.Counts],
    words: dict,
) -> str:
    """The select over the headings that the lines of a mapping file describe."""
    each, scores = words.get("each", ""), words.get("values", {})
    scores = scores.get("score", {}) if isinstance(scores, dict) else {}
    unanswered = [word for word, score in scores.items() if not score] if isinstance(scores, dict) else []
    unanswered += [word for word in words.get("missing", ()) if isinstance(word, str)]
    spelled: dict[str, str] = {}  # one heading may fill two columns: spelled once, as the engine ignores capitals

    def quoted(heading: str) -> str:
        return f"export.{column_of(spelled.setdefault(plain(heading), spaced(heading)))}"

    told = ["export.line", *(f"{quoted(heading)} as {column}" for column, heading in columns.items())]
    told += [f"answers.{column}" for column in ("item", "score", "lowest", "highest")] if items else []
    told += [
        f"{'numbered_row || chr(45) || copies.copy' if each or counted else 'numbered_row'} as {column}"
        for column in numbered
    ]
    told += counts.told(counted)
    source = "export"
    if numbered:  # no number of its own: a row is what it says, and which one of those that say the same
        says = f"md5(concat_ws(chr(31), {', '.join(map(quoted, [*columns.values(), *items.values()]))}))"
        nth = f"row_number() over (partition by {says} order by line)"
        source = f"(select *, {says} || chr(45) || {nth} as numbered_row from export) as export"
    if each or counted:
        source += f"\n{counts.copies(counted, each, quoted)}"
    if items:
        ends = {item: _scale(name, item, scales) for item in items}
        rows = [
            f"('{item}', {quoted(heading)}, '{ends[item][0]}', '{ends[item][1]}')" for item, heading in items.items()
        ]
        source += f"\ncross join lateral (values {', '.join(rows)}) as answers (item, score, lowest, highest)"
    nothing = ", ".join(_text(word.strip().lower()) for word in ["", *unanswered])
    where = [f"lower(trim(answers.score)) not in ({nothing})"] if items else []
    for heading, left in leave_out.items():
        if left:
            listed = ", ".join(_text(word.strip().lower()) for word in left)
            where.append(f"lower(trim({quoted(heading)})) not in ({listed})")
    return "\n".join(
        [f"select {', '.join(told)}", f"from {source}", *([f"where {' and '.join(where)}"] if where else [])]
    )


def _scale(name: str, item: str, scales: dict) -> tuple[int, int]:
    """Lowest and highest answer: as the mapping says, else as data/reference/items.csv has it."""
    if item in scales:
        ends = re.fullmatch(r"(\d{1,3}) ?[-–] ?(\d{1,3})", str(scales[item]))
        if not ends:
            raise BadExport(
                name, f"scales.{item} = {scales[item]!r} is no scale", f'Write {item} = "0-10" below [scales]'
            )
        return int(ends[1]), int(ends[2])
    if item not in item_scales():
        known = ", ".join(item_scales())
        raise BadExport(name, f"[items] names {item}, which is no item", f"Known are {known}")
    return item_scales()[item]


@cache
def item_scales(reference: Path = REFERENCE) -> dict[str, tuple[int, int]]:
    """Lowest and highest answer of every item."""
    with (reference / "items.csv").open(encoding="utf-8", newline="") as text:
        return {row["item"]: (int(row["lowest"]), int(row["highest"])) for row in csv.DictReader(text)}


def _check_columns(name: str, columns: object) -> None:
    if not isinstance(columns, dict):
        raise BadExport(name, '[columns] is not made of lines such as ticket = "Ticket number"', "Correct it")
    for column, heading in columns.items():
        fits = re.fullmatch(r"[a-z][a-z_0-9]*", column) and column != "line"
        if not fits or not isinstance(heading, str) or "\0" in heading or not plain(heading):
            raise BadExport(name, f"{column} = {heading!r} is not a column and a heading", "Correct that line")
        if plain(heading) == "line":  # the name under which every row carries its line
            raise BadExport(name, f"a heading {heading} cannot be read", "Give it another name in the export and here")


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""A snapshot that stands for so many tickets: records drawn in the database, metrics and publishing as in any build.

python -m benchmarks.sized TICKETS --out FOLDER. In proportion come commitments (one to four tickets), customer answers
(one to one, eight to a response) and invitations (one to two), in the months and places of the demonstration and about
at its levels; all other records are those of data/exports. Nothing changes in them but by chance. What is drawn is not
written: each metric draws the columns that it reads, the same ones each time.
"""

import argparse
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from app import loading, records
from app.build import build_of
from app.cells import SQL_TYPES, quoted
from app.demo import crm, draw, surveys
from app.exports import Export
from app.loading import File

EXPORTS = Path(__file__).parent.parent / "data" / "exports"
TODAY = date(2026, 11, 22)
FIRST, LAST = date(2024, 5, 1), date(2026, 10, 31)  # days of the demonstration
BYTES_A_TICKET = 100  # of what the engine puts aside while it sorts
BROKEN = 0.001  # share of the rows of an export
UNKNOWN = 0.02  # share of tickets without a region, and of those without a channel
ANSWERS = 8  # to a response, one to each question
# Places as data/reference names them, in the order of the shares in app/demo; by which salt they are drawn.
PLACES = {
    "region": ("EMEA", "North America", "Latin America", "Asia Pacific", "unknown"),
    "channel": ("Phone", "E-mail", "Chat", "Web", "Social", "unknown"),
}
SHARES = {
    kind: (*(share / sum(shares) * (1 - UNKNOWN) for share in shares), UNKNOWN)
    for kind, shares in {"region": draw.REGION_SHARES, "channel": draw.CHANNEL_SHARES}.items()
}
SALTS = {"region": 1, "channel": 2}
ITEMS = ("recommend", "satisfied", "empathy", "felt_heard", "trusted_and_respected", "welcoming", "memorable", "effort")
SURVEY = "if(chance(number, 9) < 0.5, 'transactional', 'relationship')"
# Numbers between 0 and 1, and such of mean 0 and deviation 1: the same for the same number and salt (0 to 31). Seconds
# of a wait, in whole minutes.
MACROS = """
create macro chance(number, salt) as
    ((hash(number * 32 + salt) >> 11)::double + 0.5::double) / 9007199254740992::double;
create macro normal(number, salt) as
    sqrt(-2::double * ln(chance(number, salt))) * cos(2 * pi() * chance(number, salt + 1));
create macro wait(hours, deviations) as cast(ceil(hours * exp(deviations) * 60) * 60 as bigint);
"""


def snapshot_of(tickets: int, folder: Path, say: Callable[[str], None] = lambda line: None) -> Path:
    """Publish such a snapshot in `folder` and return the path of its link; the same number gives the same figures.

    Needs 4 GB of memory at most, and room for 100 bytes a ticket. Raises OSError where there is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < tickets * BYTES_A_TICKET:
        raise OSError(
            f"{folder} has {free / 1e9:.0f} GB free; {tickets:,} tickets need {tickets * BYTES_A_TICKET / 1e9:.0f}"
        )

    def load(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[File, Export]]:
        warehouse.execute("set preserve_insertion_order = false")  # keeping it takes memory that grows with the rows
        files, problems = loading.load(warehouse, EXPORTS, TODAY, say, drafting=False)
        assert not problems, problems
        prepare(warehouse, tickets)
        for record, (count, sql) in drawn(tickets, FIRST, LAST).items():
            say(f"drawing {count:,} {record}")
            files = _instead(warehouse, files, record, count, sql)
        return files

    published = folder / f"tickets-{tickets}.duckdb"
    build_of(load, published, say)
    return published


def export_of(tickets: int, path: Path) -> Path:
    """Write the same tickets as the demonstration's CRM exports them, a row in a thousand of which is broken."""
    columns = {
        "Ticket ID": "ticket",
        "Opened": f"if(chance(number, 18) < {BROKEN}, 'soon', opened_at::varchar)",
        "First human reply": "first_reply_at",
        "Resolved": "resolved_at",
        "Type": "kind",
        "Subject area": "category",
        "Requester ID": "requester",
        "Customer ID": "customer",
        "Region": "region",
        "Contact channel": "channel",
        "SLA status": "if(sla = 'met', 'Met', 'Missed')",
        "Times reopened": "reopened",
    }
    told = ", ".join(f'{sql} as "{heading}"' for heading, sql in columns.items())
    _, sql = drawn(tickets, FIRST, LAST)["tickets"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        prepare(connection, tickets)
        numbered = sql.replace("select", "select number,", 1)
        connection.execute(f"copy (select {told} from ({numbered})) to {quoted(str(path))} (header, delimiter ',')")
    return path


def prepare(connection: duckdb.DuckDBPyConnection, tickets: int) -> None:
    """What drawing needs. The engine reads a table with all its threads, and counts with one."""
    connection.execute(MACROS)
    connection.execute(f"create table numbers as select range as number from range({tickets})")


def _instead(
    warehouse: duckdb.DuckDBPyConnection, files: list[tuple[File, Export]], record: str, count: int, sql: str
) -> list[tuple[File, Export]]:
    """Put what the SQL returns, in the columns of the contract, in the place of the rows that one file holds."""
    (number,) = [number for number, (file, _) in enumerate(files) if file.record == record]
    for table in ("rejects", "unknown_words"):
        warehouse.execute(f"delete from {table} where file = $file", {"file": number})
    columns = {column.name: SQL_TYPES[column.type] for column in records.contracts()[record].columns}
    drawn = {told[0] for told in warehouse.execute(f"{sql} limit 0").description}
    told = [f"cast({name if name in drawn else 'null'} as {type_}) as {name}" for name, type_ in columns.items()]
    told = [f"{number} as file", "cast(null as bigint) as line", *told]
    warehouse.execute(f"drop table {record}_read")
    warehouse.execute(f"create view {record}_read as select {', '.join(told)} from ({sql})")
    derived = "".join(f", {sql} as {name}" for name, sql in records.contracts()[record].derived.items())
    warehouse.execute(f"create or replace view {record} as select *{derived} from {record}_read")  # no key comes twice
    file = replace(files[number][0], read=count, kept=count, rejected=0, repeated=0, blank=0, notes=0, left_out=0)
    return [*files[:number], (file, files[number][1]), *files[number + 1 :]]


def drawn(tickets: int, first: date, last: date) -> dict[str, tuple[int, str]]:
    """How many there are of each record, and SQL that draws them; `first` and `last` day of what is known."""
    commitments, responses, invitations = max(tickets // 4, 1), max(tickets // ANSWERS, 1), max(tickets // 2, 1)
    return {
        "tickets": (tickets, _tickets(tickets, first, last)),
        "commitments": (commitments, _commitments(commitments, first, last)),
        "customer_answers": (responses * ANSWERS, _answers(responses, tickets, first, last)),
        "survey_invitations": (invitations, _invitations(invitations, first, last)),
    }


def _tickets(count: int, first: date, last: date) -> str:
    """Moments are seconds after the first day begins, while they are reckoned with."""
    begin, seconds = int(datetime.combine(first, datetime.min.time(), UTC).timestamp()), _days(first, last) * 86400
    kinds, subjects, pace = [word.lower() for word in crm.KINDS[0]], crm.SUBJECTS[0], _of("region", crm.PACE)
    return f"""
        select 'T' || number as ticket, make_timestamp(({begin} + opened) * 1000000) as opened_at,
            if(replied < {seconds}, make_timestamp(({begin} + replied) * 1000000), null) as first_reply_at,
            if(solved < {seconds}, make_timestamp(({begin} + solved) * 1000000), null) as resolved_at,
            if(chance(number, 12) < {_of("region", crm.SLA_MET)}, 'met', 'breached') as sla,
            cast(chance(number, 13) < {crm.REOPENED} as int) as reopened,
            nullif({_pick("chance(number, 14)", kinds, crm.KINDS[1])}, '') as kind,
            {_pick("chance(number, 15)", subjects, crm.SUBJECTS[1])} as category,
            'R' || cast(floor(chance(number, 16) * {max(count // 4, 1)}) as bigint) as requester,
            'C' || substr(cast(cast(100001 + floor(chance(number, 17) * 1400) as bigint) as varchar), 2) as customer,
            {_place("region")} as region, {_place("channel")} as channel
        from (
            select number, opened, if(chance(number, 10) < {crm.NO_REPLY}, null, opened + reply) as replied,
                if(chance(number, 11) < {crm.NEVER_RESOLVED}, null, opened + greatest(reply, solution)) as solved
            from (
                select number, {_second(count, first, last)} as opened,
                    wait({_of("channel", crm.REPLY_HOURS)} * {pace}, 0.99 * normal(number, 6)) as reply,
                    wait({_of("channel", crm.RESOLUTION_HOURS)} * {pace}, normal(number, 8)) as solution
                from numbers
                where number < {count}
            )
        )"""


def _commitments(count: int, first: date, last: date) -> str:
    return f"""
        select 'K' || number as commitment, due_on - cast(2 + floor(chance(number, 6) * 27) as int) as made_on, due_on,
            if(kept_on <= date '{last}', kept_on, null) as kept_on, region, channel
        from (
            select *, case
                when chance(number, 7) < {draw.PROMISES.before} then due_on
                when chance(number, 8) < 0.85 then due_on + cast(1 + floor(chance(number, 9) * 12) as int)
            end as kept_on
            from ({_dated("due_on", count, first, last)})
        )"""


def _answers(count: int, tickets: int, first: date, last: date) -> str:
    """Half of the responses are about a contact; who is asked about the relationship names no channel."""
    asked = [
        f"({place}, '{item}', {lowest}, {lowest + len(shares) - 1})"
        for place, (item, (lowest, _, shares)) in enumerate(zip(ITEMS, surveys.CUSTOMER_ITEMS, strict=True))
    ]
    scores = " ".join(
        f"when {place} then {_pick('chance(number, 16 + place)', range(lowest, lowest + len(shares)), shares)}"
        for place, (lowest, _, shares) in enumerate(surveys.CUSTOMER_ITEMS)
    )
    followed = "answered_on + cast(floor(chance(number, 7) * 4) as int)"
    return f"""
        select 'S' || number as response, answered_on, survey, item, case place {scores} end as score, lowest, highest,
            if(chance(number, 6) < 0.8 and {followed} <= date '{last}', {followed}, null) as followed_up_on,
            if(survey = 'transactional', 'T' || cast(floor(chance(number, 8) * {tickets}) as bigint), null) as ticket,
            region, if(survey = 'transactional', channel, 'unknown') as channel
        from (select *, {SURVEY} as survey from ({_dated("answered_on", count, first, last)}))
        cross join (values {", ".join(asked)}) as asked (place, item, lowest, highest)"""


def _invitations(count: int, first: date, last: date) -> str:
    return f"""
        select 'I' || number as invitation, invited_on, survey, region,
            if(chance(number, 6) < 0.25, invited_on, null) as completed_on,
            if(survey = 'transactional', channel, 'unknown') as channel
        from (select *, {SURVEY} as survey from ({_dated("invited_on", count, first, last)}))"""


def _dated(name: str, count: int, first: date, last: date) -> str:
    """So many numbers, each with its day, region and channel."""
    return f"""
        select number, date '{first}' + cast({_second(count, first, last)} // 86400 as int) as {name},
            {_place("region")} as region, {_place("channel")} as channel
        from numbers
        where number < {count}"""


def _second(count: int, first: date, last: date) -> str:
    """When, in seconds after the first day begins: the numbers come in order, evenly over the days."""
    return f"cast(floor((number + chance(number, 0)) / {count} * {_days(first, last) * 86400}) as bigint)"


def _days(first: date, last: date) -> int:
    return (last - first).days + 1


def _pick(chance: str, words: Sequence, shares: Sequence[float]) -> str:
    """One of the words, as often as the shares say."""
    limits = [sum(shares[: place + 1]) / sum(shares) for place in range(len(shares) - 1)]
    told = [quoted(word) if isinstance(word, str) else str(word) for word in words]
    whens = " ".join(f"when {chance} < {limit} then {word}" for limit, word in zip(limits, told, strict=False))
    return f"case {whens} else {told[-1]} end"


def _of(kind: str, levels: Sequence[float]) -> str:
    """The level of a place; of an unknown one that of the first. By the number that drew the place, not by its name."""
    return f"cast({_pick(f'chance(number, {SALTS[kind]})', (*levels, levels[0]), SHARES[kind])} as double)"


def _place(kind: str) -> str:
    return _pick(f"chance(number, {SALTS[kind]})", PLACES[kind], SHARES[kind])


def peak() -> int:
    """The most memory that this process took, in MB."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))[0]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tickets", type=int)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    started = time.perf_counter()
    published = snapshot_of(
        options.tickets, options.out, lambda line: print(f"{time.perf_counter() - started:7.1f} s  {line}", flush=True)
    )
    size = published.stat().st_size / 1e6
    print(f"{published}: {size:.1f} MB, {time.perf_counter() - started:.1f} s, peak {peak():,} MB")


if __name__ == "__main__":
    main()

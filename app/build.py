"""Build: exports become records, records become metrics, metrics become one snapshot, published whole or not at all."""

import hashlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from app import audit, confidential, drift, loading, protection, records, scales, snapshot
from app.exports import BadExport, Export
from app.loading import File
from app.metrics import QUERIES, Metric, metrics

KEPT_VERSIONS = 3
SHARED_RECORDS = (
    "months",
    "headcount",
    "traits",
    "idea_visits",
    "invoices",
)  # queries/records: what several metrics read, in order
CUSTOMER_STATES = "customer_states"  # made only where customers are counted by what they say of themselves
DATASETS = (
    "goals",
    "trust",
    "innovation",
    "diversity",
)  # folders of bespoke queries: each becomes a table of the snapshot


class BuildFailed(Exception):
    """No snapshot was published; `problems` says why in sentences, `files` how far each file came."""

    def __init__(self, problems: list[str], files: list[dict] | None = None):
        super().__init__("\n".join(problems))
        self.problems, self.files = problems, files or []
        self.seconds = 0.0


def build(
    exports: Path,
    published: Path,
    say: Callable[[str], None] = lambda line: None,
    today: date | None = None,
    rules: confidential.Rules | None = None,
) -> dict:
    """Read every export below `exports` and publish a snapshot at `published`; return the report of the build.

    Figures about people keep to `rules`, by default those of data/confidentiality.toml.

    The report holds files, metrics, snapshot and seconds. Raises BuildFailed, with whatever was published before left
    in place: the new snapshot is written beside it under a name of its own and then put in its place at one stroke.
    """
    return build_of(lambda warehouse: _load(warehouse, exports, today or date.today(), say), published, say, rules)


def build_of(
    load: Callable[[duckdb.DuckDBPyConnection], list[tuple[File, Export]]],
    published: Path,
    say: Callable[[str], None] = lambda line: None,
    rules: confidential.Rules | None = None,
) -> dict:
    """The same of records that `load` puts into an empty warehouse, from wherever; it returns the files behind them."""
    started = time.perf_counter()
    work = _workplace(published)
    try:
        with loading.warehouse(work) as warehouse:
            files = load(warehouse)
            rules = rules or confidential.rules()
            computed = _compute(warehouse, work / "snapshot.duckdb", _previous(published), files, rules, say)
        version = _publish(work / "snapshot.duckdb", published)
    except BuildFailed as failed:
        failed.seconds = round(time.perf_counter() - started, 3)
        raise
    except BadExport as error:
        raise BuildFailed([str(error)]) from None
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:  # no memory: nothing more was put aside
        why = str(error).partition("\n")[0].rstrip(".")
        raise BuildFailed(
            [f"{published.parent}: the disk refused ({why}). Make room or choose another --snapshot"]
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say(f"published {version}")
    return {
        "files": [asdict(file) for file, _ in files],
        "metrics": computed,
        "snapshot": str(published),
        "version": version,
        "seconds": round(time.perf_counter() - started, 3),
    }


def _workplace(published: Path) -> Path:
    """A folder of our own beside the snapshot; folders of builds that were killed are cleared away."""
    if not _replaceable(published):
        refused = f"{published}: there is something else than a snapshot, and it is not overwritten"
        raise BuildFailed([f"{refused}. Take it away or choose another place with --snapshot"])
    try:
        published.parent.mkdir(parents=True, exist_ok=True)
        for left in published.parent.glob(".build-*"):
            if not _alive(left.name.split("-")[1]):
                shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=f".build-{os.getpid()}-", dir=published.parent))
    except OSError as error:
        refused = f"{published.parent}: nothing can be written there ({error.strerror})"
        raise BuildFailed([f"{refused}. Choose another place with --snapshot"]) from None


def _replaceable(published: Path) -> bool:
    """Whether nothing is lost by publishing here: nothing there, our link, an empty file or a snapshot file."""
    if published.is_symlink() or not published.exists():
        return True
    if not published.is_file():
        return False
    with published.open("rb") as stream:
        return stream.read(12)[8:] in (b"DUCK", b"")


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _load(
    warehouse: duckdb.DuckDBPyConnection, exports: Path, today: date, say: Callable[[str], None]
) -> list[tuple[File, Export]]:
    """Read all files, or raise BuildFailed with the problems of all of them at once."""
    files, problems = loading.load(warehouse, exports, today, say)
    if not files and not problems:
        make = f"python -m app demo --out {exports}"
        raise BuildFailed([f"{exports}: there are no exports in it. Put CSV files there, or make some with: {make}"])
    if not problems and not any(file.kept for file, _ in files):
        problems.append(f"{exports}: its files hold headings but no rows. Export them again, for a longer period")
    elif not problems and not any(records.reaches(warehouse, contract) for contract in records.contracts().values()):
        problems.append(
            f"{exports}: no row in it has a date, so that there is no month to show. Add an export with dates"
        )
    if problems:
        raise BuildFailed(problems, [asdict(file) for file, _ in files])
    return files


def _compute(
    warehouse: duckdb.DuckDBPyConnection,
    target: Path,
    previous: Path | None,
    files: list[tuple[File, Export]],
    rules: confidential.Rules,
    say: Callable[[str], None],
) -> list[dict]:
    """Fill a new snapshot: metrics, bespoke datasets, and what there is to know about files and rejects."""
    warehouse.execute(f"attach '{str(target).replace(chr(39), chr(39) * 2)}' as snapshot")
    warehouse.execute("use snapshot")
    warehouse.execute((QUERIES / "macros.sql").read_text("utf-8"))
    warehouse.execute("use warehouse")
    warehouse.execute(snapshot.TABLES)
    last = _reaches(warehouse, files)
    for name in (*SHARED_RECORDS, *([CUSTOMER_STATES] if rules.customer_groups else [])):
        sql = (QUERIES / "records" / f"{name}.sql").read_text("utf-8")
        warehouse.execute(f"create table {name} as {sql}", _asked(warehouse, sql, max(last.values())))
    protection.prepare(warehouse)
    took: dict[str, float] = {}  # seconds of each query; several metrics may read one
    for metric in metrics().values():
        if metric.query not in took and (as_of := _as_of(metric, last)):
            started = time.perf_counter()
            say(f"computing {metric.query}")
            _stack(warehouse, metric, as_of)
            took[metric.query] = time.perf_counter() - started
    as_of = max(last.values())
    for folder in DATASETS:
        for query in sorted((QUERIES / folder).glob("*.sql")):
            say(f"computing {query.stem}")
            sql = query.read_text("utf-8")
            warehouse.execute(f"create table snapshot.{query.stem} as {sql}", _asked(warehouse, sql, as_of))
    _protect(warehouse, previous, as_of, rules, say)
    computed = [
        _noted(warehouse, metric, _as_of(metric, last), took.get(metric.query, 0)) for metric in metrics().values()
    ]
    _describe(warehouse, files, as_of, rules)
    for note in drift.notes(warehouse, files, previous):
        warehouse.execute("insert into snapshot.drift values (?, ?)", note)
    warehouse.execute("checkpoint snapshot")
    warehouse.execute("detach snapshot")
    return computed


def _reaches(warehouse: duckdb.DuckDBPyConnection, files: list[tuple[File, Export]]) -> dict[str, date]:
    """The last day that each loaded record covers; a standing list covers what the newest export covers.

    So does a list of which no row has a date, where its export has a column for it: all of them are without.
    """
    contracts = records.contracts()
    last = {name: span[1] for name, contract in contracts.items() if (span := records.reaches(warehouse, contract))}
    newest = max((day for name, day in last.items() if not contracts[name].standing), default=max(last.values()))
    listed = {
        file.record
        for file, export in files
        if contracts[file.record].standing and file.kept and contracts[file.record].dated in records.tells(export)
    }
    return {name: newest if contracts[name].standing else day for name, day in last.items()} | dict.fromkeys(
        listed, newest
    )


def _as_of(metric: Metric, last: dict[str, date]) -> date | None:
    """The day to which a metric is known: its first record dates it, and all of them have to be there."""
    return last[metric.records[0]] if all(record in last for record in metric.records) else None


def _protect(
    warehouse: duckdb.DuckDBPyConnection,
    previous: Path | None,
    as_of: date,
    rules: confidential.Rules,
    say: Callable[[str], None],
) -> None:
    """Count people by every query of theirs, and tell the snapshot what the rules allow."""
    say("protecting figures about people")
    for query in sorted((QUERIES / "people").glob("*.sql")):
        if not rules.counts(query.stem):
            continue
        sql = query.read_text("utf-8")
        protection.count(warehouse, query.stem, sql, _asked(warehouse, sql, as_of))
    measured = {metric.query: metric for metric in metrics().values() if metric.about == "people"}
    try:
        protection.publish(warehouse, measured, rules, previous)
    except audit.CannotProtect as error:
        raise BuildFailed([f"figures about people cannot be told safely: {error}"]) from None


def _previous(published: Path) -> Path | None:
    """The snapshot that is published now, where this version of the product can read it."""
    try:
        snapshot.opened(snapshot.current(published)).close()
    except snapshot.NoSnapshot:
        return None
    return snapshot.current(published)


def _noted(warehouse: duckdb.DuckDBPyConnection, metric: Metric, as_of: date | None, seconds: float) -> dict:
    """Write what became of a metric, for the snapshot and for the report."""
    sql = f"select count(*) from snapshot.{_table(metric)} where metric = $metric"
    rows = warehouse.execute(sql, {"metric": metric.query}).fetchone()[0]
    warehouse.execute("insert into snapshot.metrics values (?, ?, ?, ?)", [metric.id, metric.sql, as_of, rows])
    return {
        "metric": metric.id,
        "state": "computed" if rows else "no rows" if as_of else "no export",
        "rows": rows,
        "as_of": as_of.isoformat() if as_of else None,
        "seconds": round(seconds, 3),
    }


def _stack(warehouse: duckdb.DuckDBPyConnection, metric: Metric, as_of: date) -> None:
    """Add a metric's rows to the one table that serves every metric of its kind."""
    sql = metric.sql
    described = [
        told[0]
        for told in warehouse.execute(f"select * from ({sql}) limit 0", _asked(warehouse, sql, as_of)).description
    ]
    shape = {
        "share": ["month", "region", "channel", "numerator", "denominator"],
        "money": ["month", "region", "channel", "numerator", "denominator"],
        "list": ["month", "region", "channel", "numerator", "denominator"],
        "rate": ["month", "region", "channel", "numerator", "denominator"],
        "count": ["month", "region", "channel", "numerator", "denominator"],
        "score": ["month", "region", "channel", "numerator", "denominator", "squares"],
        "quantile": ["month", "region", "channel", "bucket", "tally"],
        "mean": ["month", "region", "channel", "middle", "people"],
    }[metric.kind]
    if metric.about == "people" and metric.kind == "rate" and "people" in described:
        shape = [*shape[:4], "people", shape[4]]
    if described != shape:
        raise ValueError(f"queries/metrics/{metric.query}.sql returns {described}, a {metric.kind} needs {shape}")
    asked = _asked(warehouse, sql, as_of)
    if metric.about == "people":
        protection.measure(warehouse, metric, described, asked)
        return
    squares = "" if metric.kind in ("score", "quantile") else ", null"
    warehouse.execute(
        f"insert into snapshot.{_table(metric)} select '{metric.query}', *{squares} from ({sql}) "
        "order by month, region, channel",
        asked,
    )


def _table(metric: Metric) -> str:
    if metric.about == "people":
        return "people_months"
    return "metric_buckets" if metric.kind == "quantile" else "metric_months"


def _asked(warehouse: duckdb.DuckDBPyConnection, sql: str, as_of: date) -> dict[str, date]:
    return {"as_of": as_of} if "as_of" in warehouse.extract_statements(sql)[0].named_parameters else {}


def _describe(
    warehouse: duckdb.DuckDBPyConnection, files: list[tuple[File, Export]], as_of: date, rules: confidential.Rules
) -> None:
    """Write what a reader may know of the files: counts and reasons, never a value.

    Rows of exports about people are counted as people are: with a row each they would tell how many there are.
    """
    for number, (file, export) in enumerate(files):
        contract = records.contracts()[file.record]
        told, nearest = (rules.told, rules.nearest) if contract.about == "people" else (int, 1)
        span = records.reaches(warehouse, contract, number)
        with export.path.open("rb") as stream:
            fingerprint = hashlib.file_digest(stream, "sha256").hexdigest()
        rows = (file.read, file.kept, file.rejected, file.repeated, file.blank, file.notes, file.left_out)
        promised = None if contract.standing else export.source.refresh_days
        of_file = [file.path, file.system, file.record, *map(told, rows), nearest, promised]
        of_file += [*(span or (None, None)), fingerprint]
        warehouse.execute(f"insert into snapshot.files values ({', '.join('?' * len(of_file))})", of_file)
        for *scale, answers in scales.strays(warehouse, file.record, number):
            warehouse.execute(
                "insert into snapshot.off_scale values (?, ?, ?, ?, ?, ?)", [file.path, *scale, told(answers), nearest]
            )
        for table, sql in {
            "rejects": "select coalesce(col, ''), reason, count(distinct line) from rejects where file = $file "
            "group by all order by all",
            "unknown": "select col, count(distinct word), sum(rows) from unknown_words where file = $file "
            "group by all order by all",
        }.items():
            for first, second, rows in warehouse.execute(sql, {"file": number}).fetchall():
                row = [file.path, first, second, told(rows), nearest]
                warehouse.execute(f"insert into snapshot.{table} values (?, ?, ?, ?, ?)", row)
    warehouse.execute(
        "insert into snapshot.snapshot values (?, ?, ?)",
        [snapshot.FORMAT, datetime.now(UTC).replace(tzinfo=None), as_of],
    )


def _publish(built: Path, published: Path) -> str:
    """Give the new file its final name, then turn the link to it: a reader sees the old snapshot or the new one."""
    version = f"{published.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}{published.suffix}"
    final = published.with_name(version)
    with built.open("rb+") as stream:
        os.fsync(stream.fileno())
    built.chmod(0o644)
    built.rename(final)
    link = built.with_name("link")
    link.symlink_to(version)
    link.replace(published)
    serving = published.readlink().name  # the newest by name it need not be: clocks differ and are set back
    others = [old for old in snapshot.versions(published) if old.name != serving]
    for old in others[KEPT_VERSIONS - 1 :]:
        old.unlink(missing_ok=True)
    return version

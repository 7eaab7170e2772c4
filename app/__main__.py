"""Command line: build, rejects, serve, query, judge, demo."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from app.snapshot import PUBLISHED, ROOT

EXPORTS = ROOT / "data" / "exports"
PERIODS = ("12", "24", "ytd", "quarter", "last-quarter")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when the data stand in the way, 2 when the words do."""
    options = _parser().parse_args(arguments)
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app", description="A leadership dashboard for customer relationships."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    build = commands.add_parser("build", help="turn a folder of exports into the snapshot that the dashboard shows")
    build.add_argument("--exports", type=Path, default=EXPORTS, help="folder of exports (default: data/exports)")
    build.add_argument(
        "--snapshot", type=Path, default=PUBLISHED, help="where to publish (default: data/snapshot.duckdb)"
    )
    build.add_argument("--json", action="store_true", help="print one object about files and metrics")
    build.set_defaults(run=_build)

    rejects = commands.add_parser("rejects", help="list the rows that broke their contract, with their values")
    rejects.add_argument("--exports", type=Path, default=EXPORTS, help="folder of exports (default: data/exports)")
    rejects.add_argument("--out", type=Path, metavar="FILE", help="write them to a file that its owner alone may open")
    rejects.set_defaults(run=_rejects)

    serve = commands.add_parser("serve", help="start the dashboard; builds the snapshot first when there is none")
    serve.add_argument("--port", type=int, default=8501)
    serve.add_argument("--address", default="localhost", help="0.0.0.0 to be reached from other machines")
    serve.add_argument("--snapshot", type=Path, default=None, help="snapshot to show (default: data/snapshot.duckdb)")
    serve.add_argument("--exports", type=Path, default=None, help="folder to build from when there is no snapshot")
    serve.set_defaults(run=_serve)

    query = commands.add_parser("query", help="print the rows of a figure, as the pages draw and download them")
    query.add_argument("figure", nargs="?", help="see --list")
    query.add_argument("--metric", help="see --list")
    query.add_argument("--region", action="extend", nargs="+", default=[], help="one or more; none means all")
    query.add_argument("--channel", action="extend", nargs="+", default=[], help="one or more; none means all")
    query.add_argument("--from", dest="start", metavar="YYYY-MM", help="first month")
    query.add_argument("--to", dest="end", metavar="YYYY-MM", help="last month")
    query.add_argument("--period", choices=PERIODS, help="instead of both: the months by name that the sidebar offers")
    query.add_argument("--format", choices=("csv", "json", "table"), default="table")
    query.add_argument("--snapshot", type=Path, default=PUBLISHED)
    query.add_argument("--list", action="store_true", help="name figures and metrics")
    query.set_defaults(run=_query)

    judge = commands.add_parser("judge", help="judge any file of dates and values by the rules of the pages")
    judge.add_argument("series", type=Path, metavar="SERIES.csv", help="a file with the columns date and value")
    judge.add_argument("--better", choices=("higher", "lower", "neither"), default="neither")
    judge.add_argument("--target", type=float)
    judge.add_argument("--format", choices=("csv", "json", "table"), default="table")
    judge.set_defaults(run=_judge)

    demo = commands.add_parser("demo", help="write the exports of a made-up company")
    demo.add_argument("--out", type=Path, required=True, help="folder to write to")
    demo.add_argument("--employees", type=int, default=1200)
    demo.add_argument("--tickets", type=int, default=20000)
    demo.add_argument("--months", type=int, default=30)
    demo.add_argument("--seed", type=int, default=1)
    demo.add_argument("--calm", action="store_true", help="leave out the planted changes: nothing really happens")
    demo.set_defaults(run=_demo)
    return parser


def _build(options: argparse.Namespace) -> int:
    from app.build import BuildFailed, build

    say = (lambda line: None) if options.json else (lambda line: print(line, file=sys.stderr, flush=True))
    try:
        report = build(options.exports, options.snapshot, say)
    except BuildFailed as failed:
        if options.json:
            print(
                json.dumps({"files": failed.files, "metrics": [], "errors": failed.problems, "seconds": failed.seconds})
            )
        for problem in failed.problems:
            print(f"error: {problem}", file=sys.stderr)
        kept = "the snapshot that was there is unchanged" if options.snapshot.exists() else "there is no snapshot yet"
        print(f"nothing was published; {kept}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(report))
        return 0
    for file in report["files"]:
        inside = {"notes below the table": file["notes"], "left out by the source": file["left_out"]}
        among = ", ".join(f"{count} {what}" for what, count in inside.items() if count)
        print(
            "{path}: {record} from {system}: {read} rows read = "
            "{kept} kept + {rejected} rejected + {repeated} repeated + {blank} blank".format(**file)
            + (f" (among them {among})" if among else "")
        )
    computed = sum(metric["state"] == "computed" for metric in report["metrics"])
    print(
        f"{computed} of {len(report['metrics'])} metrics in {report['seconds']:.1f} s, published as {report['version']}"
    )
    return 0


def _rejects(options: argparse.Namespace) -> int:
    from app.rejects import run
    from app.tables import BadExport

    try:
        return run(options.exports, options.out, sys.stdout, sys.stderr)
    except BadExport as error:
        return _refuse(str(error), 1)


def _serve(options: argparse.Namespace) -> NoReturn:
    told = {"DASHBOARD_SNAPSHOT": options.snapshot, "DASHBOARD_EXPORTS": options.exports}
    # The link itself, not the file it points to now: the next build turns it.
    environment = os.environ | {name: str(path.absolute()) for name, path in told.items() if path}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")]
    command += ["--server.port", str(options.port), "--server.address", options.address, "--server.headless", "true"]
    os.execve(sys.executable, command, environment)  # one process: who ends it ends the dashboard


def _query(options: argparse.Namespace) -> int:
    from app import downloads
    from app.answers import BESPOKE, FIGURES, answer
    from app.filters import chosen
    from app.metrics import metrics
    from app.periods import LABELS, presets
    from app.series import choices
    from app.snapshot import NoSnapshot, current, opened

    if options.list:
        width = max(map(len, [*FIGURES, *metrics()]))
        print("figures", *(f"  {name:<{width}}  {told}" for name, told in FIGURES.items()), sep="\n")
        print("metrics", *(f"  {name:<{width}}  {metric.definition}" for name, metric in metrics().items()), sep="\n")
        return 0
    if options.figure not in FIGURES:
        return _refuse(f"there is no figure {options.figure!r}: choose one of {', '.join(FIGURES)}")
    if options.figure not in BESPOKE and options.metric not in metrics():
        return _refuse(f"there is no metric {options.metric!r}: choose one of {', '.join(metrics())}")
    try:
        snapshot = opened(current(options.snapshot))
    except NoSnapshot as error:
        return _refuse(str(error), 1)
    known = choices(snapshot)
    start, end = options.start, options.end
    if options.period:
        if start or end:
            return _refuse("--period names both months: leave out --from and --to")
        offered = presets(known["month"], snapshot.as_of)
        if options.period not in offered:
            return _refuse(f"this data has no {LABELS[options.period].lower()}: choose one of {', '.join(offered)}")
        start, end = offered[options.period]
    filters, complaints = chosen(options.region, options.channel, start, end, known)
    if complaints:
        wrong = " ".join(complaint.split(":")[0] + "." for complaint in complaints)
        months = " to ".join(known["month"][:1] + known["month"][-1:])
        return _refuse(
            f"{wrong} Regions: {', '.join(known['region'])}. Channels: {', '.join(known['channel'])}. Months: {months}."
        )
    metric = None if options.figure in BESPOKE else options.metric
    found = answer(snapshot, options.figure, metric, filters)
    if found.state in ("missing", "empty"):
        print(found.sentence, file=sys.stderr)
    if options.format == "csv":
        sys.stdout.write(downloads.csv(found).decode())
    else:
        print(downloads.json_rows(found) if options.format == "json" else downloads.table(found))
    return 0


def _judge(options: argparse.Namespace) -> int:
    from app.judge import run

    return run(options.series, options.better, options.target, options.format, sys.stdout, sys.stderr)


def _demo(options: argparse.Namespace) -> int:
    from app.demo import write

    for name, least in {"employees": 50, "tickets": 100, "months": 3}.items():
        if getattr(options, name) < least:
            return _refuse(f"--{name} {getattr(options, name)} is too few: a company has at least {least}")
    try:
        files = write(
            options.out,
            employees=options.employees,
            tickets=options.tickets,
            months=options.months,
            seed=options.seed,
            planted=not options.calm,
        )
    except OSError as error:
        return _refuse(f"{options.out}: nothing can be written there ({error.strerror})", 1)
    for file in files:
        print(file)
    return 0


def _refuse(sentence: str, status: int = 2) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` ends us without a stack trace
    sys.exit(main())

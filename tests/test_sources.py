"""What each known system writes is recognised by one source and read in the words of the contract."""

import json
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from app import records
from app.exports import BadExport, Unknown, recognise
from app.records import Tally, contracts
from app.sources import SOURCES, read, sources
from tests.conftest import TODAY

SYSTEMS = Path(__file__).parent / "systems"


def load(path: Path) -> tuple[duckdb.DuckDBPyConnection, str, Tally]:
    warehouse = duckdb.connect()
    records.prepare(warehouse)
    export = recognise(path, path.name, sources())
    told = records.load(warehouse, export, 0, TODAY)
    contract = contracts()[export.source.record]
    records.settle(warehouse, contract)
    return warehouse, export.source.name, records.tally(warehouse, contract.record, 0, *told)


TICKET = "ticket, opened_at, first_reply_hours, resolution_hours, sla, reopened, kind, customer, region, channel"
TRAINING = "employee, course, assigned_on, completed_on, hours"
ANSWER = "response, answered_on, item, score, lowest, highest, region"
IDEA = "idea, submitted_on, submitted_by, author, region"
DEAL = "deal, closed_on, outcome, service_stated, region"
SUPPLIER = "supplier, certifier, certified_from, certified_to"
MARCH = date(2026, 3, 2)
NINE = datetime(2026, 3, 2, 9)
READ = {  # file: source, columns, records, (rejected, blank)
    "zendesk.csv": (
        "zendesk__tickets",
        TICKET,
        [
            ("1", NINE, 1.5, 24, None, 1, "incident", None, "EMEA", "Chat"),
            ("3", datetime(2026, 3, 2, 11), None, None, None, None, None, None, "unknown", "unknown"),
        ],
        (1, 0),
    ),
    "freshdesk.csv": (
        "freshdesk__tickets",
        TICKET,
        [("11", NINE, 1.5, 24, "breached", None, "request", None, "unknown", "Phone")],
        (0, 0),
    ),
    "hubspot.csv": (
        "hubspot__tickets",
        TICKET,
        [("21", datetime(2026, 7, 1, 14), 26.5, 24, None, None, None, None, "unknown", "unknown")],
        (0, 0),
    ),
    "hubspot_deals.csv": (
        "hubspot__deals",
        DEAL,
        [
            ("21", MARCH, "won", True, "unknown"),
            ("22", MARCH, "lost", False, "unknown"),
            ("23", MARCH, "won", None, "unknown"),
            ("24", None, None, True, "unknown"),
            ("25", None, "lost", True, "unknown"),
        ],
        (0, 0),
    ),
    "coupa.csv": (
        "coupa__suppliers",
        SUPPLIER,
        [("V1", None, None, None), ("V2", None, None, None)],
        (0, 1),
    ),
    "salesforce.csv": (
        "salesforce__tickets",
        TICKET,
        [
            (
                "00000031",
                datetime(2026, 3, 2, 9, 12),
                None,
                11 * 24 + 12,
                None,
                None,
                None,
                "Café Ünal",
                "unknown",
                "Phone",
            )
        ],
        (0, 5),
    ),
    "dynamics365.csv": (
        "dynamics365__tickets",
        TICKET,
        [("CAS-1", datetime(2026, 3, 2, 9, 12), None, None, None, None, None, "Acme", "unknown", "E-mail")],
        (0, 0),
    ),
    "intercom.csv": (
        "intercom__tickets",
        TICKET,
        [("41", NINE, 0.5, None, None, None, None, None, "unknown", "unknown")],
        (0, 0),
    ),
    "cornerstone.csv": (
        "cornerstone__training",
        TRAINING,
        [
            ("E1", "Listening", date(2026, 3, 1), date(2026, 3, 15), 1.5),
            ("E2", "Listening", date(2026, 3, 1), None, None),
        ],
        (0, 0),
    ),
    "qualtrics.tsv": (
        "qualtrics__customer_answers",
        ANSWER,
        [("R_1", MARCH, "recommend", 10, 0, 10, "EMEA")],
        (0, 2),
    ),
    "surveymonkey.csv": (
        "surveymonkey__customer_answers",
        ANSWER,
        [
            ("61", date(2026, 3, 14), "recommend", 9, 0, 10, "EMEA"),
            ("61", date(2026, 3, 14), "satisfied", 4, 1, 5, "EMEA"),
        ],
        (1, 0),
    ),
    "limesurvey.csv": (
        "limesurvey__customer_answers",
        ANSWER,
        [("71", MARCH, "satisfied", 4, 1, 5, "unknown")],
        (0, 1),
    ),
    "typeform.csv": (
        "typeform__customer_answers",
        ANSWER,
        [("t1", MARCH, "recommend", 9, 0, 10, "unknown")],
        (0, 0),
    ),
    "microsoft_forms.csv": (
        "microsoft_forms__customer_answers",
        ANSWER,
        [("81", date(2026, 3, 13), "recommend", 9, 0, 10, "unknown")],
        (0, 0),
    ),
    "jira.csv": ("jira__ideas", IDEA, [("I-1", date(2026, 3, 3), "employee", "E1", "EMEA")], (0, 0)),
    "aha.csv": (
        "aha__ideas",
        IDEA,
        [("A-1", MARCH, "employee", "C", "unknown"), ("A-2", MARCH, "customer", None, "unknown")],
        (0, 0),
    ),
}


@pytest.mark.parametrize("file", READ)
def test_what_a_system_writes_becomes_records(file: str) -> None:
    """Made-up rows: a reply time that is no number, a preview, an unfinished response, an answer off the scale, a deal
    that is open, a stage of a customer's own, a supplier without a number."""
    source, columns, expected, (rejected, blank) = READ[file]
    warehouse, name, tally = load(SYSTEMS / file)
    assert name == source
    record = source.split("__")[1]
    assert warehouse.execute(f"select {columns} from {record} order by all").fetchall() == expected
    assert (tally.rejected, tally.blank) == (rejected, blank)
    assert tally.read == tally.kept + tally.rejected + tally.repeated + tally.blank


@pytest.mark.parametrize(
    ("file", "lacks", "constants", "expected"),
    [
        ("completion-CULT1.csv", "assigned_on", 'assigned_on = "2026-03-01"', ("CULT1", date(2026, 3, 13), None)),
        (
            "linkedin_learning.csv",
            "assigned_on",
            'assigned_on = "2026-03-01"\ncompleted_on = "2026-03-31"',
            ("LinkedIn Learning", date(2026, 3, 31), 1.5),
        ),
    ],
)
def test_what_an_export_lacks_is_asked_for_and_taken_from_a_mapping_file(
    drop, file: str, lacks: str, constants: str, expected: tuple
) -> None:
    """Moodle has the course in the file's name only, LinkedIn Learning no date at all."""
    folder = drop({file: (SYSTEMS / file).read_bytes()})
    with pytest.raises(Unknown, match=f"does not say where to find {lacks}, which training need") as refused:
        load(folder / file)
    mapping = f'source = "{refused.value.nearest.name}"\n[constants]\n{constants}\n'
    (folder / f"{file}.map.toml").write_text(mapping, "utf-8")
    warehouse, _, _ = load(folder / file)
    assert (
        warehouse.execute("select course, completed_on, hours from training order by employee").fetchone() == expected
    )


def test_a_system_may_be_named_and_changed_by_a_mapping_file(drop) -> None:
    """Another heading for the region, words of its own, a zone, and the rest as the source has it."""
    mapping = (
        'source = "freshdesk__tickets"\nzone = "Europe/Berlin"\n[columns]\nregion = "Group"\n'
        '[values.region]\n"desk north" = "EMEA"\n[values.kind]\n"feature request" = "complaint"\n'
    )
    text = (SYSTEMS / "freshdesk.csv").read_text("utf-8")
    lines = [line.split(",") for line in text.splitlines()]
    lines[1][lines[0].index("Group")] = "Desk North"
    folder = drop({"f.csv": "\n".join(map(",".join, lines)) + "\n", "f.csv.map.toml": mapping})
    warehouse, _, _ = load(folder / "f.csv")
    told = warehouse.execute("select ticket, opened_at, sla, kind, region from tickets").fetchall()
    assert told == [("11", datetime(2026, 3, 2, 8), "breached", "complaint", "EMEA")]


def test_spend_of_a_report_that_a_person_confirms(drop) -> None:
    """The same line twice is two lines, unless an invoice has a number. Amounts in two currencies do not add up."""
    report = (SYSTEMS / "ariba.csv").read_text("utf-8")
    confirmed = 'source = "ariba__supplier_spend"\n'
    folder = drop({"a.csv": report, "b.csv": report.replace("1200.00,EUR", "1200.00,USD", 1)})
    with pytest.raises(Unknown, match="it looks like SAP Ariba supplier_spend, whose headings differ"):
        load(folder / "a.csv")
    for name in "ab":
        (folder / f"{name}.csv.map.toml").write_text(confirmed, "utf-8")
    warehouse, _, tally = load(folder / "a.csv")
    spend = "select invoiced_on, supplier, amount from supplier_spend order by all"
    day = date(2026, 3, 13)
    assert warehouse.execute(spend).fetchall() == [(MARCH, "V2", -50.5), (day, "V1", 1200), (day, "V1", 1200)]
    assert warehouse.execute("select count(distinct invoice) from supplier_spend").fetchone() == (3,)
    warehouse, _, tally = load(folder / "b.csv")
    assert (tally.kept, tally.rejected) == (0, 3)
    told = warehouse.execute("select value from rejects where col = 'amount' and reason = 'is not a number'").fetchall()
    assert told == [("1200.00 USD",), ("1200.00 EUR",), ("-50.5 eur",)]
    own = report.replace("Currency", "Document").replace(",EUR", ",D1").replace(",eur", ",D2")
    (folder / "a.csv").write_text(own, "utf-8")
    (folder / "a.csv.map.toml").write_text(f'{confirmed}[columns]\ninvoice = "Document"\n', "utf-8")
    warehouse, _, tally = load(folder / "a.csv")
    assert warehouse.execute("select invoice from supplier_spend order by 1").fetchall() == [("D1",), ("D2",)]
    assert (tally.kept, tally.repeated) == (2, 1)


def test_questions_of_employees_make_employee_answers_and_mixed_ones_are_refused(drop) -> None:
    head = "#,{},Submit Date (UTC),Network ID\nr1,4{},2026-03-02 09:00:00,n\n"
    safe = '"It is safe to take a risk on this team."'
    folder = drop(
        {"e.csv": head.format(safe, ""), "m.csv": head.format(safe + ",NPS", ",9"), "n.csv": head.format("Colour?", "")}
    )
    warehouse, _, _ = load(folder / "e.csv")
    assert warehouse.execute("select item, score, highest from employee_answers").fetchall() == [("safety_4", 4, 7)]
    with pytest.raises(BadExport, match="some of its questions are for customers, some for employees"):
        load(folder / "m.csv")
    with pytest.raises(BadExport, match=r"none of its questions is known \(Colour\?\).*questions.csv"):
        load(folder / "n.csv")


def test_a_system_is_two_small_files() -> None:
    assert {path.stem for path in SOURCES.glob("*.sql")} == {path.stem for path in SOURCES.glob("*.toml")}
    for source in sources():
        assert source.name.split("__")[1] == source.record in contracts(), source.name
        assert len(source.sql.splitlines()) <= 40, source.name


def test_words_that_no_source_knows_are_refused() -> None:
    for words, said in (
        ({"systm": "x"}, "unknown key systm"),
        ({"dates": "x"}, "dates is not a list of texts"),
        ({"most_rejected": 5}, "most_rejected is not a share"),
        ({"from_name": {"course": "x"}}, "not a pattern with one group"),
        ({"constants": ["x"]}, "constants is not made of lines"),
    ):
        with pytest.raises(ValueError, match=said):
            read("s", {"system": "S", "record": "tickets", "must_have": [], **words}, "")


# Samples that nobody here wrote


def test_each_sample_carries_the_signature_of_one_source(shared: Path) -> None:
    """A system whose headings differ between customers is named, and waits for a person to say that it is the one."""
    told = json.loads((shared / "headers" / "SIGNATURES.json").read_text("utf-8"))
    by_system = {}
    for signature in told:
        name = signature["source_id"]
        path = shared / "headers" / f"{name}.csv"
        try:
            by_system[name] = recognise(path, path.name, sources()).source.name
        except Unknown as unknown:
            nearest = unknown.nearest
            assert nearest and nearest.by_hand and "partial" in signature["header_level"], name
            by_system[name] = nearest.name
    assert len(by_system) == len(told) == len(set(by_system.values()))
    for name, source in by_system.items():
        assert name.split("_")[0] == source.split("_")[0], name

"""Suppliers, audits and policies on rows to count on fingers: every row has a reason."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from app import charts, diversity_charts
from app.answers import answer
from app.build import BuildFailed, build
from app.demo import HEADINGS
from app.filters import Filters
from app.metrics import metrics, write_amount
from app.practices import MEASURED
from app.series import with_status
from app.snapshot import Snapshot, current, opened
from tests.conftest import TODAY
from tests.test_sources import SYSTEMS

INVOICES = """
B01,2025-07-01,V1,100,1,Y,EMEA
B02,2026-06-29,V1,300,1,Y,EMEA
B03,2026-06-30,V1,200,1,Y,EMEA
B04,2026-07-01,V1,1000,1,Y,EMEA
B05,2026-06-10,V2,400,,,EMEA
B06,2026-06-11,V2,-150,1,Y,EMEA
B07,2026-06-12,V3,250,1,Y,LATAM
B08,2026-06-13,V4,500,1,Y,EMEA
B09,2026-06-14,V2,9000,1,N,EMEA
B10,2026-06-15,V2,7000,2,Y,EMEA
B11,2026-06-16,V5,-80,1,Y,LATAM
B12,2026-07-31,V6,10.5,1,Y,EMEA
"""
# V1 lapses on 30 June, whose invoice still counts. V2 holds two certificates at once and counts once. V3 has none, V4
# is not on the list, V5 has sent credit notes only. V6 does not end.
SUPPLIERS = """
V1,WEConnect,2025-01-01,2026-06-30
V2,WEConnect,2025-01-01,2026-12-31
V2,NMSDC,2026-01-01,
V3,,,
V5,NMSDC,2025-01-01,
V6,NMSDC,2026-07-31,
"""
# Decided by a person: A1, A2, A3, A6. The tool alone decided A4 and A5. A3 has no images. A1 was audited again.
AUDITS = """
A1,2026-06-01,Failed,Passed,Plainword,4.2,Editor,EMEA
A1,2026-07-01,Passed,Passed,Plainword,5.0,Editor,EMEA
A2,2026-06-02,Passed,Failed,Plainword,4.2,Editor,EMEA
A3,2026-06-03,Passed,n/a,,,Editor,LATAM
A4,2026-06-04,Passed,Passed,Plainword,4.2,Automatic,EMEA
A5,2026-06-05,Failed,Failed,Plainword,4.2,,EMEA
A6,2026-06-06,,Passed,Plainword,4.2,Editor,EMEA
"""
# P1 was reviewed twice, so the list is a history. P2 was last reviewed a year before the end of June, P3 never.
# P4 is not about customers, P5 was retired at the end of June, P6 came into force in July.
POLICIES = """
P1,2024-01-01,,Yes,2024-06-15,Head
P1,2024-01-01,,Yes,2025-07-01,Head
P2,2024-01-01,,Yes,2025-06-30,Head
P3,2024-01-01,,Yes,,Head
P4,2024-01-01,,No,2026-06-01,Head
P5,2024-01-01,2026-06-30,Yes,2026-06-01,Head
P6,2026-07-01,,Yes,2026-07-02,Head
"""
FILES = {
    "finance/supplier_spend.csv": INVOICES,
    "finance/suppliers.csv": SUPPLIERS,
    "crm/content_audits.csv": AUDITS,
    "hr/policies.csv": POLICIES,
}


def published(folder: Path, files: dict[str, str]) -> Snapshot:
    for name, rows in files.items():
        path = folder / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEADINGS[name]}\n{rows.strip()}\n", "utf-8")
    build(folder / "exports", folder / "snapshot.duckdb", today=TODAY)
    return opened(current(folder / "snapshot.duckdb"))


@pytest.fixture(scope="module")
def fingers(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(tmp_path_factory.mktemp("fingers"), FILES)


def cells(snapshot: Snapshot, metric: str) -> dict[tuple, tuple]:
    """Month and region to numerator and denominator."""
    sql = "select month, region, numerator, denominator from metric_months where metric = ?"
    rows = snapshot.connection.cursor().execute(sql, [metric]).fetchall()
    return {(f"{month:%Y-%m}", region): (part, whole) for month, region, part, whole in rows}


# Spend


def test_spend_on_fingers(fingers) -> None:
    """June in EMEA: 300 + 200 on the last day of V1's certificate, 400 − 150 of V2 (once), of 1,250 with V4.

    Excluded 9,000 and 7,000 of the second tier are in neither part. In July V1's certificate is over; 10.5 rounds up.
    """
    assert cells(fingers, "diverse_spend") == {
        ("2025-07", "EMEA"): (100, 100),
        ("2026-06", "EMEA"): (750, 1250),
        ("2026-06", "Latin America"): (-80, 170),
        ("2026-07", "EMEA"): (11, 1011),
    }


def test_credit_notes_that_outweigh_leave_no_share(fingers) -> None:
    """Latin America in June: −80 of 170 is no share of anything, and no interval of chance is claimed for any."""
    there = answer(fingers, "trend", "diverse_spend", Filters(("Latin America",)))
    assert there.state == "withheld"
    assert "the amounts cancel out, too few to show" not in there.sentence
    assert there.sentence == (
        "Spend with diverse suppliers: the amounts cancel out, nothing to show. Widen the filters."
    )
    rows = answer(fingers, "by_region", "diverse_spend", Filters()).rows.set_index("region")
    assert rows.loc["EMEA", "value"] == 861 / 2361
    assert rows.loc["Latin America", "status"] == "withheld" and pd.isna(rows.loc["Latin America", "value"])
    assert rows[["low", "high"]].isna().all(axis=None) and set(rows["judgement"]) == {""}
    drawn = charts.dots(rows.reset_index(), metrics()["diverse_spend"]).data["rows"].set_index("place")
    assert drawn.loc["Latin America", "note"] == "the amounts cancel out"
    assert drawn.loc["EMEA", "base_shown"] == "2 k"


def test_a_small_amount_is_no_low_base() -> None:
    """Of a share of money the base is an amount: five of ten are half of it, whatever the currency."""
    rows = pd.DataFrame({"numerator": [5.0, 0.0, 1.0], "base": [10, 0, -2], "margin": None})
    rows["value"] = [0.5, float("nan"), -0.5]
    told = with_status(rows, metrics()["diverse_spend"])
    assert list(told["status"]) == ["shown", "withheld", "withheld"]
    assert told[["low", "high"]].isna().all(axis=None)


def test_quarters_tell_what_is_apart(fingers) -> None:
    rows = answer(fingers, "supplier_spend", None, Filters()).rows.set_index("quarter")
    june = rows.loc["2026-04-01"]
    assert dict(june[["certified", "other", "excluded", "second_tier"]]) == {
        "certified": 670,
        "other": 750,
        "excluded": 9000,
        "second_tier": 7000,
    }
    assert (june["base"], june["value"]) == (1420, 670 / 1420)
    assert list(rows["finished"]) == [True, True, False]
    sentence = "Spend with diverse suppliers: 47 % of 1 k that could go to any, in Q2 2026; 9 k could not"
    assert answer(fingers, "supplier_spend", None, Filters()).sentence == sentence


def test_suppliers_on_fingers(fingers) -> None:
    """At the end of June V1 still is certified (600 in the year), V2 once (250); V5 has only a credit note.

    At the end of July V1 no longer is, and V6 has been for a day.
    """
    rows = answer(fingers, "certified_suppliers", None, Filters()).rows
    told = rows[["suppliers", "held", "largest"]].to_numpy().tolist()
    assert list(rows["month"].dt.date) == [date(2026, 6, 1), date(2026, 7, 1)]
    assert told == [[2, 850, 850], [2, 261, 261]]
    found = answer(fingers, "certified_suppliers", None, Filters())
    assert found.sentence == (
        "Diverse suppliers: 2 suppliers certified and invoiced in the year to Jun 2026, so that few hold all of it"
    )
    there = answer(fingers, "certified_suppliers", None, Filters(("Latin America",)))
    assert (there.state, there.rows.empty) == ("empty", True)


def test_a_quarter_in_which_all_certificates_lapsed_is_none_and_no_gap(tmp_path) -> None:
    """V1 lapses on 30 June and nobody follows: at the end of July there is none."""
    files = {name: FILES[name] for name in ("finance/supplier_spend.csv", "finance/suppliers.csv")}
    files["finance/suppliers.csv"] = "V1,WEConnect,2025-01-01,2026-06-30"
    found = answer(published(tmp_path, files), "certified_suppliers", None, Filters())
    assert found.rows[["suppliers", "held"]].to_numpy().tolist() == [[1, 600], [0, 0]]
    assert list(found.rows["status"]) == ["shown", "withheld"]
    lately = answer(found_snapshot(tmp_path), "certified_suppliers", None, Filters(start=date(2026, 7, 1)))
    assert lately.state == "empty" and "none that was certified" in lately.sentence


def found_snapshot(folder: Path) -> Snapshot:
    return opened(current(folder / "snapshot.duckdb"))


def test_a_list_without_a_certificate_says_that_nobody_is_certified(tmp_path) -> None:
    """0 of 2,531 is certified spend: a share, and no export that is missing."""
    files = {"finance/supplier_spend.csv": INVOICES, "finance/suppliers.csv": "V1,,,\nV2,,,\nV3,,,"}
    snapshot = published(tmp_path, files)
    assert cells(snapshot, "diverse_spend") == {
        ("2025-07", "EMEA"): (0, 100),
        ("2026-06", "EMEA"): (0, 1250),
        ("2026-06", "Latin America"): (0, 170),
        ("2026-07", "EMEA"): (0, 1011),
    }
    assert answer(snapshot, "headline", "diverse_spend", Filters()).rows["value"].tolist() == [0]
    spend = answer(snapshot, "supplier_spend", None, Filters())
    assert (spend.state, spend.rows["certified"].tolist()) == ("ready", [0, 0, 0])
    found = answer(snapshot, "certified_suppliers", None, Filters())
    assert (found.state, found.sentence) == (
        "empty",
        "Diverse suppliers: nobody is certified, none of the 3 suppliers that are listed.",
    )
    states = answer(snapshot, "practices", None, Filters()).rows.set_index("metric")["state"]
    assert states["diverse_spend"] == MEASURED


@pytest.mark.parametrize("figure", ["supplier_spend", "certified_suppliers"])
def test_a_list_that_names_no_certificates_at_all_is_not_taken_for_none(tmp_path, figure: str) -> None:
    """Coupa's list has no column for them, so that nobody can say who is certified."""
    path = tmp_path / "exports" / "coupa.csv"
    path.parent.mkdir()
    shutil.copy(SYSTEMS / "coupa.csv", path)
    snapshot = published(tmp_path, {"finance/supplier_spend.csv": INVOICES})
    found = answer(snapshot, figure, None, Filters())
    assert found.state == "missing"
    assert found.sentence == (
        "The suppliers and their certificates that are loaded name no day (first day of the certificate). "
        "Export it too and build again."
    )
    assert answer(snapshot, "headline", "diverse_spend", Filters()).sentence == found.sentence
    assert cells(snapshot, "diverse_spend") == {}
    lacking = answer(snapshot, "missing", None, Filters()).rows.set_index("record")["lights_up"]
    assert lacking["Suppliers and their certificates (first day of the certificate)"] == "Spend with diverse suppliers"


ARIBA = """Spend by diverse supplier
Supplier ID,Diversity Category,Certificate Effective Date,Certificate Expiration Date,Invoice Date,Invoice Spend
V1,WBE,1/15/2025,6/30/2026,6/30/2026,300
V1,WBE,1/15/2025,6/30/2026,7/1/2026,50
V2,,,,6/2/2026,100
V2,,,,6/2/2026,100
"""
BOTH = """source = "ariba__supplier_spend"
dates = ["%m/%d/%Y"]
[[also]]
source = "ariba__suppliers"
[also.columns]
certified_from = "Certificate Effective Date"
"""


def test_one_report_of_spend_and_certificates_is_two_records(tmp_path, drop) -> None:
    """V1's certificate, which two lines name, lapses on the last of June: 300 of 500 then, nothing of 50 in July.

    Each record accounts for all four rows. The Data page counts them once, and one file.
    """
    exports = drop({"report.csv": ARIBA, "report.csv.map.toml": BOTH})
    files = build(exports, tmp_path / "snapshot.duckdb", today=TODAY)["files"]
    assert [(file["path"], file["record"], file["read"], file["kept"], file["repeated"]) for file in files] == [
        ("report.csv", "supplier_spend", 4, 4, 0),
        ("report.csv", "suppliers", 4, 2, 2),
    ]
    snapshot = found_snapshot(tmp_path)
    assert cells(snapshot, "diverse_spend") == {("2026-06", "unknown"): (300, 500), ("2026-07", "unknown"): (0, 50)}
    assert answer(snapshot, "files", None, Filters()).sentence.startswith("1 export, 4 rows, 0 rejected")
    practices = answer(snapshot, "practices", None, Filters()).rows.set_index("metric")
    assert practices.loc["diverse_spend", ["state", "files"]].tolist() == [MEASURED, "report.csv"]
    build(exports, tmp_path / "snapshot.duckdb", today=TODAY)
    assert answer(found_snapshot(tmp_path), "drift", None, Filters()).rows.empty


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (BOTH.split("[also.columns]")[0], "certified_to ends a certificate of which the first day is not known"),
        (BOTH.replace("Effective", "Begin"), "the column Certificate Begin Date is missing"),
        (BOTH.replace("certified_from", "certified_on"), "names certified_on below [columns], which is no such column"),
        (BOTH.replace("[[also]]", "[also]"), "also is not made of further records"),
        (BOTH.replace("ariba__suppliers", "ariba__people"), "is no system that is known"),
    ],
)
def test_certificates_that_cannot_be_read_stop_the_build(tmp_path, drop, mapping: str, said: str) -> None:
    exports = drop({"report.csv": ARIBA, "report.csv.map.toml": mapping})
    with pytest.raises(BuildFailed) as failed:
        build(exports, tmp_path / "snapshot.duckdb", today=TODAY)
    (problem,) = failed.value.problems
    assert said in problem


def test_a_draft_names_the_record_that_the_report_holds_too(tmp_path, drop) -> None:
    exports = drop({"report.csv": ARIBA})
    with pytest.raises(BuildFailed, match="it looks like SAP Ariba supplier_spend"):
        build(exports, tmp_path / "snapshot.duckdb", today=TODAY)
    draft = exports / "report.csv.map.toml"
    text = draft.read_text("utf-8").replace("draft = true\n", "")
    assert "# [[also]]  # its rows hold suppliers and their certificates too" in text
    for line in ("[[also]]", 'source = "ariba__suppliers"', "[also.columns]"):
        text = text.replace(f"# {line}", line)
    draft.write_text(text.replace('# certified_from = "…"', 'certified_from = "Certificate Effective Date"'), "utf-8")
    assert len(build(exports, tmp_path / "snapshot.duckdb", today=TODAY)["files"]) == 2


def test_exports_without_a_date_are_no_snapshot(tmp_path) -> None:
    with pytest.raises(BuildFailed, match="no row in it has a date"):
        published(tmp_path, {"finance/suppliers.csv": "V1,,,"})


@pytest.mark.parametrize("figure", ["supplier_spend", "certified_suppliers"])
def test_without_the_list_of_suppliers_it_says_so(tmp_path, figure: str) -> None:
    snapshot = published(tmp_path, {"finance/supplier_spend.csv": INVOICES})
    found = answer(snapshot, figure, None, Filters())
    assert found.state == "missing"
    assert found.sentence == (
        "No suppliers and their certificates export is loaded yet, only spend by supplier. Export suppliers and their "
        "certificates from your finance system into the exports folder and build again."
    )
    assert answer(snapshot, "headline", "diverse_spend", Filters()).sentence == found.sentence


def test_certificates_without_invoices_say_so(tmp_path) -> None:
    """And a list of suppliers without certificates beside other exports: both are told."""
    snapshot = published(tmp_path / "some", {"finance/suppliers.csv": SUPPLIERS})
    found = answer(snapshot, "supplier_spend", None, Filters())
    assert found.sentence == (
        "No spend by supplier export is loaded yet, only suppliers and their certificates. Export spend by supplier "
        "from your finance system into the exports folder and build again."
    )
    other = published(tmp_path / "none", {"finance/suppliers.csv": "V1,,,\nV2,,,", "hr/policies.csv": POLICIES})
    found = answer(other, "headline", "diverse_spend", Filters())
    assert "only suppliers and their certificates" in found.sentence
    assert "The suppliers and their certificates that are loaded name no day (first day" in found.sentence


@pytest.mark.parametrize("figure", ["supplier_spend", "certified_suppliers"])
def test_invoices_name_no_channel(fingers, figure: str) -> None:
    found = answer(fingers, figure, None, Filters((), ("Phone",)))
    assert found.state == "empty" and found.sentence.endswith("Widen the channel.")


def test_nothing_in_the_snapshot_names_a_supplier_an_invoice_a_piece_or_a_policy(fingers) -> None:
    with fingers.connection.cursor() as cursor:
        columns = cursor.execute("select column_name, data_type from information_schema.columns").fetchall()
    kinds = dict(columns)
    assert kinds["supplier"] == "BIGINT", "a number that each build gives anew"
    assert not {"invoice", "piece", "policy", "certifier"} & set(kinds)


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1 k"),
        (-45_400, "−45 k"),
        (999_600, "1.0 M"),
        (1.26e6, "1.3 M"),
        (2.5e8, "250 M"),
    ],
)
def test_amounts_are_written_short(money: float, written: str) -> None:
    assert write_amount(money) == written


def test_bars_of_spend_begin_at_nothing_and_touch(fingers) -> None:
    """What is negative takes no room; the second tier is no part of a bar."""
    rows = answer(fingers, "supplier_spend", None, Filters()).rows
    parts = diversity_charts.spend(rows).data["parts"]
    assert set(parts["part"]) == {"first", "second", "apart"}
    for name, bar in parts.groupby("name", sort=False):
        assert bar["start"].iloc[0] == 0 and list(bar["start"].iloc[1:]) == list(bar["end"].iloc[:-1]), name
    assert parts["end"].max() == 670 + 750 + 9000
    numbers = diversity_charts.spend(rows).data["numbers"]
    assert numbers.iloc[1].tolist() == ["Q2 2026", "47 %", "1 k", "7 k"]


# Audits


def test_audits_on_fingers(fingers) -> None:
    """June in EMEA: A1 failed and A2 passed; images of A1 and A6 passed, of A2 failed. A tool alone counts not."""
    assert cells(fingers, "inclusive_language") == {
        ("2026-06", "EMEA"): (1, 2),
        ("2026-06", "Latin America"): (1, 1),
        ("2026-07", "EMEA"): (1, 1),
    }
    assert cells(fingers, "inclusive_imagery") == {("2026-06", "EMEA"): (2, 3), ("2026-07", "EMEA"): (1, 1)}


# Policies


def test_policies_on_fingers(fingers) -> None:
    """The end of June: P1 was reviewed on 1 July before, P2 a year before to the day, P3 never; P5 is retired.

    In May P5 is in force but not yet reviewed. In July P1's review is a year and a day old, and P6 is reviewed.
    """
    told = cells(fingers, "policy_reviewed")
    assert min(told) == ("2025-06", "every"), "a year after the first known review, of 15 June 2024"
    assert told["2025-06", "every"] == (1, 4), "P1 on 15 June 2024 is too old; P2 on 30 June 2025"
    assert told["2026-05", "every"] == (2, 4)
    assert told["2026-06", "every"] == (1, 3)
    assert told["2026-07", "every"] == (1, 4)
    assert max(told) == ("2026-07", "every")


def test_last_reviews_alone_say_nothing_of_earlier_months(tmp_path) -> None:
    """One row a policy: when P1 was reviewed before nobody knows. Only the month in which the exports end is told."""
    rows = "\n".join(line for line in POLICIES.strip().splitlines() if "2024-06-15" not in line)
    snapshot = published(tmp_path, FILES | {"hr/policies.csv": rows})
    assert cells(snapshot, "policy_reviewed") == {("2026-07", "every"): (1, 4)}


def test_a_policy_holds_for_every_region(fingers) -> None:
    by_region = answer(fingers, "by_region", "policy_reviewed", Filters())
    assert by_region.sentence == "Policies reviewed: its records name no region."
    assert metrics()["policy_reviewed"].target == 1.0 and metrics()["policy_reviewed"].standing

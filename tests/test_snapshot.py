"""A published snapshot opens sealed and answers every thread; anything else is refused in a sentence."""

import threading
from pathlib import Path

import duckdb
import pytest

from app import snapshot
from app.demo import HEADINGS
from app.snapshot import NoSnapshot, Snapshot, current, opened, versions

EVERYTHING = {"regions": [], "channels": [], "from": "2000-01-01", "to": "2099-01-01"}


@pytest.fixture
def copied(demo_snapshot: Path, tmp_path: Path) -> Path:
    """A copy of the demonstration snapshot to do damage to."""
    copy = tmp_path / "snapshot.duckdb"
    copy.write_bytes(demo_snapshot.read_bytes())
    return copy


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{folder}/secret.csv')",
        "select * from '{folder}/secret.csv'",
        "select * from read_text('{folder}/secret.csv')",
        "select * from glob('{folder}/*')",
        "attach '{folder}/other.duckdb' as other",
        "attach '{folder}/new.duckdb' as other",
        "copy metrics to '{folder}/out.csv'",
        "copy (select 1) to '{folder}/out.csv'",
        "export database '{folder}/out'",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset memory_limit",
        "create table mine (number int)",
        "create view mine as select 1",
        "insert into snapshot select * from snapshot",
        "update snapshot set format = 2",
        "delete from files",
        "drop table files",
    ],
)
def test_an_open_snapshot_is_sealed(demo: Snapshot, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.csv").write_text("secret\n1\n")
    duckdb.connect(tmp_path / "other.duckdb").close()
    with pytest.raises(duckdb.Error), demo.connection.cursor() as cursor:
        cursor.execute(sql.format(folder=tmp_path)).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.duckdb", "secret.csv"]
    assert len(demo.ask("figures/files")) > 0, "it goes on answering"


def test_nothing_there_is_said_with_the_command_that_helps(tmp_path: Path) -> None:
    with pytest.raises(
        NoSnapshot, match=r"^There is no snapshot at here\.duckdb yet\. Build one with: python -m app build$"
    ):
        current(tmp_path / "here.duckdb")


def test_a_link_to_a_file_that_is_gone_counts_as_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "snapshot.duckdb").symlink_to("gone.duckdb")
    with pytest.raises(NoSnapshot, match="There is no snapshot"):
        current(tmp_path / "snapshot.duckdb")


def test_a_text_file_is_no_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.duckdb"
    path.write_text("month,value\n2026-01,1\n" * 1000)
    with pytest.raises(NoSnapshot, match=r"snapshot snapshot\.duckdb cannot be read\. Build a new one"):
        opened(path)


@pytest.mark.parametrize("share", [0.001, 0.25, 0.5, 0.75, 0.999])
def test_a_truncated_snapshot_is_refused_wherever_it_was_cut(copied: Path, share: float) -> None:
    """The engine itself opens a file that lacks its end and fails at the first question for what stood there."""
    content = copied.read_bytes()
    copied.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(NoSnapshot, match=r"snapshot\.duckdb (cannot be read|is cut short)\. .*python -m app build$"):
        opened(copied)


def test_a_whole_copy_opens_under_any_name(copied: Path) -> None:
    again = opened(copied)
    assert len(again.ask("figures/files")) == len(HEADINGS)
    again.close()


def test_an_empty_database_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    duckdb.connect(path).close()
    with pytest.raises(NoSnapshot, match=r"empty\.duckdb was built by another version of the dashboard\. Build a new"):
        opened(path)


@pytest.mark.parametrize("change", ["update snapshot set format = format + 1", "delete from snapshot"])
def test_another_format_is_refused(copied: Path, change: str) -> None:
    with duckdb.connect(copied) as connection:
        connection.execute(change)
    with pytest.raises(NoSnapshot, match="was built by another version of the dashboard"):
        opened(copied)
    with duckdb.connect(copied) as connection:
        assert connection.execute("select count(*) from files").fetchone() == (len(HEADINGS),), (
            "refused, not harmed, and let go"
        )


def test_an_answer_belongs_to_who_asked(demo: Snapshot) -> None:
    """What one does to its rows, the next who asks the same does not see."""
    rows = demo.ask("figures/files")
    before = rows.copy()
    rows["path"] = "gone"
    rows.pop("kept")
    rows.loc[0, "read"] = -1
    assert demo.ask("figures/files").equals(before)


def test_eight_threads_get_the_answers_to_their_own_questions(demo: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread asks of one region and one metric at a time; a shared cursor would mix their answers."""
    monkeypatch.setattr(snapshot, "_rows", snapshot._rows.__wrapped__)  # each is asked, however often it was before
    regions = ["EMEA", "North America", "Latin America", "Asia Pacific"]
    asked = [
        (metric, region) for metric in ("promises_kept", "sla_attainment", "csat", "reopened") for region in regions
    ]

    def told(metric: str, region: str) -> tuple:
        rows = demo.ask("figures/series", metrics=[metric], **(EVERYTHING | {"regions": [region]}))
        return len(rows), set(rows["region"].dropna()), rows["numerator"].sum(), rows["base"].sum()

    right = {question: told(*question) for question in asked}
    assert len(set(map(str, right.values()))) == len(asked), "no two questions have the same answer"
    wrong: list[object] = []
    answered: list[int] = []

    def ask_fifty(thread: int) -> None:
        try:
            for number in range(50):
                question = asked[(thread * 7 + number) % len(asked)]
                if (found := told(*question)) != right[question]:
                    wrong.append((question, found))
                answered.append(1)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask_fifty, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (wrong, len(answered)) == ([], 8 * 50)


def test_parameters_that_a_query_does_not_name_are_left_out(demo: Snapshot) -> None:
    """The pages ask every query with the same filters; one that knows none of them answers all the same."""
    assert demo.ask("figures/files", **EVERYTHING, anything=1).equals(demo.ask("figures/files"))


def test_a_parameter_that_a_query_needs_is_missed(demo: Snapshot) -> None:
    with pytest.raises(KeyError, match="metric"):
        demo.ask("figures/series", **EVERYTHING)


def test_versions_are_those_of_this_snapshot_only_the_newest_first(tmp_path: Path) -> None:
    names = ["snapshot-20260101-000000-00000000.duckdb", "snapshot-20260102-000000-0000000a.duckdb"]
    others = ["other-20260101-000000-00000000.duckdb", "snapshot-old.duckdb", "snapshot.duckdb", "notes.txt"]
    for name in names + others:
        (tmp_path / name).touch()
    assert [path.name for path in versions(tmp_path / "snapshot.duckdb")] == names[::-1]


def test_a_snapshot_is_known_by_its_version(demo: Snapshot, demo_snapshot: Path) -> None:
    assert demo.path == demo_snapshot.resolve()
    assert demo.version == demo_snapshot.resolve().stem
    assert demo.path in versions(demo_snapshot)
    assert demo.ask("figures/files")["last_on"].max().date() == demo.as_of
    assert demo.connection.cursor().execute("select format from snapshot").fetchone()[0] == snapshot.FORMAT

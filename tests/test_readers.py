"""Many readers: the benchmark's sessions speak the protocol, and tell one snapshot from a mixture of two."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

from app.build import build
from app.series import choices
from app.snapshot import Snapshot, current
from benchmarks.readers import CHART, Choice, Run, Step, alone, held, publish, reader, serving
from benchmarks.readers import choices as walked
from tests.conftest import TODAY, WORLD


def test_two_readers_click_and_meet_a_new_snapshot(world: Snapshot, tmp_path: Path) -> None:
    """Each sees what it chose, without an error, of the snapshot that is published when it asks."""
    published = tmp_path / "snapshot.duckdb"
    region = choices(world)["region"][0]
    trust = Choice("trust")
    asked = [trust, replace(trust, regions=(region,)), Choice("data", regions=(region,))]

    async def walk() -> tuple[list[str], list[list[Run]]]:
        versions, runs = [publish(world.path, published)], []
        async with serving(published, tmp_path / "log.txt") as (port, _), reader(port) as one, reader(port) as other:
            runs.append([await one.ask(choice) for choice in asked])
            versions.append(publish(world.path, published))
            runs.append([await session.ask(choice) for session in (one, other) for choice in asked])
        return versions, runs

    versions, (before, after) = asyncio.run(walk())
    assert [run.errors for run in before + after] == [[]] * 9
    assert [run.versions for run in before + after] == [{versions[0]}] * 3 + [{versions[1]}] * 6
    whole, of_region, data = (run.shown for run in before)
    assert len(whole) > 30 and whole != of_region and of_region != data
    assert [run.shown for run in after[:2] + after[3:5]] == [whole, of_region] * 2, "the same rows, whoever asks"
    assert "Traceback" not in (tmp_path / "log.txt").read_text("utf-8")


def step(*runs: Run) -> Step:
    """Runs around a change between the moments 10 and 11."""
    made = Step(1, 20, (Path("a"), Path("b")), [])
    made.turned, made.contents, made.walks = (10, 11), {"a": 0, "b": 1}, list(runs)
    return made


def run(began: float, ended: float, shown: dict, *versions: str) -> Run:
    return Run(Choice("trust"), 0, began, ended, shown=shown, versions=set(versions))


ONE, TWO, HEAD = (CHART, 0, 0), (CHART, 0, 1), ("heading", 0, 2)
FIRST, SECOND, MIXED = {ONE: 1, TWO: 2, HEAD: 5}, {ONE: 3, TWO: 4, HEAD: 5}, {ONE: 1, TWO: 4, HEAD: 5}
SHOWS = {(0, Choice("trust")): FIRST, (1, Choice("trust")): SECOND}


def test_a_mixture_of_two_snapshots_is_told() -> None:
    before, after = run(1, 2, FIRST, "a"), run(12, 13, SECOND, "b")
    found = held([step(before, run(9, 12, FIRST, "a"), run(9, 12, SECOND), after)], SHOWS)
    assert (found.whole, found.compared, found.differing, found.wrong) == (4, [1], 1.0, [])
    for strange, said in (
        (run(9, 12, MIXED, "a"), "shows in 1 places what no snapshot alone shows there"),
        (run(9, 12, FIRST, "a", "b"), "names ['a', 'b']"),
        (run(12, 13, MIXED, "b"), "shows in 1 places"),
        (run(12, 13, FIRST, "b"), "shows in 2 places"),  # all of it old, under the new name
        (run(12, 13, FIRST, "a"), "names ['a']"),  # the news went unseen
        (run(1, 2, SECOND, "b"), "names ['b']"),
        (run(12, 13, SECOND | {HEAD: 6}, "b"), "shows in 1 places"),
        (run(12, 13, {ONE: 3, TWO: 4}, "b"), "shows in 1 places"),
    ):
        steps = [step(before, strange, after)]
        (wrong,) = held(steps, SHOWS).problems(steps)
        assert said in wrong


def test_once_anybody_sees_the_new_snapshot_nobody_is_shown_the_old_one() -> None:
    """Published at 10, it is prepared until it is seen at 20: until then either is right, but none after the other."""
    before, old, new = run(1, 2, FIRST, "a"), run(13, 14, FIRST, "a"), run(11, 12, SECOND, "b")
    for runs, wrong in (((before, old), 0), ((before, new), 0), ((before, old, new), 1)):
        made = step(*runs)
        made.turned = (10, 20)
        assert len(held([made], SHOWS).wrong) == wrong


def test_what_proves_nothing_fails() -> None:
    """A step in which nobody saw a page of both snapshots, and two snapshots that show the same."""
    before, after = run(1, 2, FIRST, "a"), run(12, 13, SECOND, "b")
    steps = [step(before, after), step(after), step(before, run(9, 12, SECOND, "b"))]
    found = held(steps, SHOWS)
    assert (found.wrong, found.compared) == ([], [1, 0, 0])
    assert found.problems(steps) == ["1 readers: no page was answered of both snapshots"] * 2
    alike = held([step(before)], {(0, Choice("trust")): FIRST, (1, Choice("trust")): FIRST})
    assert "the two snapshots differ in only 0% of their charts" in alike.problems([step(before)])


def test_who_waits_all_the_time_still_asks_again(world: Snapshot, tmp_path: Path) -> None:
    """Three readers, no time to walk: each asks for the first page after the change, and once more."""
    exports = Path(shutil.copytree(WORLD, tmp_path / "exports"))
    for path in exports.rglob("*.csv"):
        first, *rows = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text(first + "".join(rows[::2]), "utf-8")
    build(exports, tmp_path / "other.duckdb", today=TODAY)
    both = (world.path, current(tmp_path / "other.duckdb"))

    async def walk() -> tuple[Step, dict]:
        every = sorted(walked(*both), key=lambda choice: choice.page != "trust")
        made = Step(3, 0.2, both, every)
        made.pause = 0.1
        await made.run()
        return made, await alone(both, {run.choice for run in made.runs})

    made, shows = asyncio.run(walk())
    assert [run.errors for run in made.runs] == [[]] * len(made.runs)
    assert len(made.again) >= 3
    found = held([made], shows)
    assert (found.wrong, found.whole) == ([], len(made.runs))
    assert found.compared[0] >= 1 and found.differing > 0.9

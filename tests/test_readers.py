"""Many readers: the benchmark's sessions speak the protocol, and tell one snapshot from a mixture of two."""

import asyncio
from dataclasses import replace
from pathlib import Path

from app.series import choices
from app.snapshot import Snapshot
from benchmarks.readers import Choice, Run, Step, held, publish, reader, serving


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


def test_a_mixture_of_two_snapshots_is_told() -> None:
    first, second, mixed = {(0, 0): 1, (0, 1): 2}, {(0, 0): 3, (0, 1): 4}, {(0, 0): 1, (0, 1): 4}
    before, after = run(1, 2, first, "a"), run(12, 13, second, "b")
    found = held([step(before, run(9, 12, first, "a"), run(9, 12, second), after)])
    assert (found.whole, found.unknown, found.both, found.differing, found.wrong) == (4, 0, 1, 1.0, [])
    assert len(held([step(before, after, run(9, 12, mixed, "a"))]).wrong) == 1
    assert len(held([step(before, after, run(9, 12, first, "a", "b"))]).wrong) == 1
    assert len(held([step(before, after, run(12, 13, mixed, "b"))]).wrong) == 1
    assert len(held([step(before, after, run(12, 13, first, "a"))]).wrong) == 1, "the news went unseen"
    assert held([step(before, run(9, 12, second))]).unknown == 1

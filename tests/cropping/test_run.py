import os
from pathlib import Path

import pytest

from celebtool.cropping import plan, run
from celebtool.cropping.plan import Settings, Shard
from celebtool.cropping.run import Workers
from celebtool.formats import image_folder
from celebtool.formats.faces import Found, Lot
from celebtool.system import workers as processes


def find_or_die(shard: Shard) -> None:
    """A worker that every photo called bomb kills."""
    lot = Lot(shard.directory)
    content = lot.begin()
    for task in shard.tasks:
        if "bomb" in task.source:
            os._exit(1)
    lot.finish(content, [Found(task.source, "seen") for task in shard.tasks])


@pytest.fixture
def tasks(tmp_path: Path) -> list[plan.Task]:
    (tmp_path / "photos").mkdir()
    for number in range(40):
        (tmp_path / "photos" / f"{number:02d}{'bomb' * (number in {5, 6, 33})}.jpg").write_bytes(b"x")
    return plan.plan(image_folder.read(tmp_path / "photos"))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bomb_is_the_only_photo_lost(
    tmp_path: Path, tasks: list[plan.Task], jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WORK", f"{__name__}:find_or_die")
    (tmp_path / "scratch").mkdir()
    told: list[tuple[int, int]] = []
    workers = Workers(jobs, processes.local, lambda done, total: told.append((done, total)))
    found = run.look(tasks, Settings(), tmp_path / "scratch", workers)
    assert [one.source for one in found] == [task.source for task in tasks]
    lost = [one for one in found if one.reason]
    assert [one.source for one in lost] == ["05bomb.jpg", "06bomb.jpg", "33bomb.jpg"]
    assert {one.reason for one in lost} == {"unreadable"}
    assert {len(one.origin) for one in lost} == {64}
    assert told == [(16, 40), (32, 40), (40, 40)]


@pytest.mark.slow
def test_finished_lots_are_not_made_again(
    tmp_path: Path, tasks: list[plan.Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WORK", f"{__name__}:find_or_die")
    scratch = tmp_path / "scratch"
    (scratch / ".left by a killed worker").mkdir(parents=True)
    first, *_ = plan.shards(tasks, Settings(), scratch)
    lot = Lot(first.directory)
    lot.finish(lot.begin(), [Found(task.source, "seen before") for task in first.tasks])
    found = run.look(tasks[:32], Settings(), scratch, Workers(1, processes.local, lambda _done, _total: None))
    assert [one.origin for one in found] == ["seen before"] * 16 + ["seen"] * 16
    assert not list(scratch.glob(".*"))

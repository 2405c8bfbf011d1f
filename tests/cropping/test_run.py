import os
from pathlib import Path

import pytest

from celebtool.cropping import plan, run
from celebtool.cropping.lots import Lot
from celebtool.cropping.plan import CropSettings, Shard
from celebtool.cropping.run import Pool
from celebtool.formats import image_folder
from celebtool.formats.faces import PhotoResult
from celebtool.system import workers

FIND_OR_DIE = f"{__name__}:find_or_die"


def find_or_die(shard: Shard) -> None:
    """A worker that every photo called bomb kills."""
    lot = Lot(shard.directory)
    content = lot.begin()
    for task in shard.tasks:
        if "bomb" in task.source:
            os._exit(1)
    lot.finish(content, [PhotoResult(task.source, "seen") for task in shard.tasks])


@pytest.fixture
def tasks(tmp_path: Path) -> list[plan.Task]:
    (tmp_path / "photos").mkdir()
    for number in range(40):
        (tmp_path / "photos" / f"{number:02d}{'bomb' * (number in {5, 6, 33})}.jpg").write_bytes(b"x")
    return plan.plan(image_folder.read(tmp_path / "photos"))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bomb_is_the_only_photo_lost(tmp_path: Path, tasks: list[plan.Task], jobs: int) -> None:
    (tmp_path / "scratch").mkdir()
    told: list[tuple[int, int]] = []
    pool = Pool(FIND_OR_DIE, jobs, workers.local, lambda done, total: told.append((done, total)))
    found = run.crop_all(tasks, CropSettings(), tmp_path / "scratch", pool)
    assert [one.source for one in found] == [task.source for task in tasks]
    lost = [one for one in found if one.rejection]
    assert [one.source for one in lost] == ["05bomb.jpg", "06bomb.jpg", "33bomb.jpg"]
    assert {one.rejection and one.rejection.reason for one in lost} == {"unreadable"}
    assert {len(one.origin) for one in lost} == {64}
    assert told == [(16, 40), (32, 40), (40, 40)]


@pytest.mark.slow
def test_finished_lots_are_not_made_again(tmp_path: Path, tasks: list[plan.Task]) -> None:
    scratch = tmp_path / "scratch"
    (scratch / ".left by a killed worker").mkdir(parents=True)
    first, *_ = plan.shards(tasks, CropSettings(), scratch)
    lot = Lot(first.directory)
    lot.finish(lot.begin(), [PhotoResult(task.source, "seen before") for task in first.tasks])
    found = run.crop_all(
        tasks[:32], CropSettings(), scratch, Pool(FIND_OR_DIE, 1, workers.local, lambda _done, _total: None)
    )
    assert [one.origin for one in found] == ["seen before"] * 16 + ["seen"] * 16
    assert not list(scratch.glob(".*"))

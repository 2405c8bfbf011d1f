import os
import time
from pathlib import Path

import pytest

from celebtool.cropping import lots, plan, run
from celebtool.cropping.lots import Lot
from celebtool.cropping.plan import CropSettings, Shard
from celebtool.cropping.run import Pool
from celebtool.errors import SystemFaultError
from celebtool.formats import image_folder
from celebtool.formats.faces import PhotoResult
from celebtool.system import workers


class Told:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, name: str, unit: str = "") -> None:
        self.lines.append(f"stage {name} {unit}".rstrip())

    def __call__(self, done: int, total: int) -> None:
        self.lines.append(f"{done} of {total}")

    def say(self, line: str) -> None:
        self.lines.append(f"say {line}")


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
    told = Told()
    pool = Pool(FIND_OR_DIE, jobs, workers.local, told)
    found = run.crop_all(tasks, CropSettings(), tmp_path / "scratch", pool)
    assert [one.source for one in found] == [task.source for task in tasks]
    lost = [one for one in found if one.rejection]
    assert [one.source for one in lost] == ["05bomb.jpg", "06bomb.jpg", "33bomb.jpg"]
    assert {one.rejection and one.rejection.reason for one in lost} == {"unreadable"}
    assert {len(one.origin) for one in lost} == {64}
    assert told.lines[:1] == ["stage loading the network"]
    assert told.lines[-1] == "40 of 40"


@pytest.mark.slow
def test_finished_lots_are_not_made_again(tmp_path: Path, tasks: list[plan.Task]) -> None:
    scratch = tmp_path / "scratch"
    (scratch / ".left by a killed worker").mkdir(parents=True)
    first, *_ = plan.shards(tasks, CropSettings(), scratch)
    lot = Lot(first.directory)
    lot.finish(lot.begin(), [PhotoResult(task.source, "seen before") for task in first.tasks])
    told, prepared = Told(), []
    pool = Pool(FIND_OR_DIE, 1, workers.local, told, prepare=lambda: prepared.append(True))
    assert len(run.crop_all(tasks[:16], CropSettings(), scratch, pool)) == 16
    assert prepared == []  # there was nothing to crop
    found = run.crop_all(tasks[:32], CropSettings(), scratch, pool)
    assert prepared == [True]
    assert "say continuing at 16 of 32 photos" in told.lines
    assert [one.origin for one in found] == ["seen before"] * 16 + ["seen"] * 16
    assert not list(scratch.glob(".*"))


def find_slowly(shard: Shard) -> None:
    """A worker that takes a fifth of a second a photo."""
    lot = Lot(shard.directory)
    content = lot.begin()
    for number in range(len(shard.tasks)):
        time.sleep(0.2)
        lots.count(content, number + 1)
    lot.finish(content, [PhotoResult(task.source, "seen") for task in shard.tasks])


@pytest.mark.slow
def test_photos_are_counted_as_they_are_done(tmp_path: Path, tasks: list[plan.Task]) -> None:
    (tmp_path / "scratch").mkdir()
    told = Told()
    run.crop_all(
        tasks[:16], CropSettings(), tmp_path / "scratch", Pool(f"{__name__}:find_slowly", 1, workers.local, told)
    )
    assert told.lines[:2] == ["stage loading the network", "stage crop-faces photos"]
    counts = [int(line.split()[0]) for line in told.lines[2:]]
    assert counts == sorted(set(counts))
    assert len(counts) > 3
    assert counts[-1] == 16


def no_memory(_: object) -> None:
    """A worker that dies of what any photo needs."""
    os._exit(1)


def memory(_: object) -> None:
    """A worker that has the memory a photo needs."""


@pytest.mark.slow
def test_workers_that_die_without_the_photo_too_end_the_run(tmp_path: Path, tasks: list[plan.Task]) -> None:
    (tmp_path / "scratch").mkdir()
    pool = Pool(FIND_OR_DIE, 1, workers.local, Told(), f"{__name__}:no_memory")
    with pytest.raises(SystemFaultError, match=r"05bomb.jpg: workers end while they crop it, but without it, too"):
        run.crop_all(tasks[:6], CropSettings(), tmp_path / "scratch", pool)
    pool = Pool(FIND_OR_DIE, 1, workers.local, Told(), f"{__name__}:memory")
    found = run.crop_all(tasks[:6], CropSettings(), tmp_path / "scratch", pool)
    assert [one.rejection is not None for one in found] == [False] * 5 + [True]

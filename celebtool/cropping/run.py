"""The crop step from photos to image folder: workers look at photos, what they leave is gathered, chosen, placed."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from celebtool.cropping import pick_in_folder, reuse
from celebtool.cropping.pick_in_folder import Choice
from celebtool.cropping.plan import Settings, Shard, Task, crop_path, digest, shards, single
from celebtool.formats import faces, manifest
from celebtool.formats.faces import Found, Lot
from celebtool.system import trees
from celebtool.system import workers as processes
from celebtool.system.output import Workspace
from celebtool.system.workers import Start, WorkerDied

WORK = "celebtool.nn.detection.crops:crop_shard"
DIED = "its decoding ended the program that tried; the file is damaged, or made to do that"


@dataclass(frozen=True)
class Workers:
    """Who looks at photos: how many, what starts them, and whom they tell (photos done, photos in all)."""

    jobs: int
    start: Start
    progress: Callable[[int, int], None]


def crop(
    tasks: Sequence[Task], settings: Settings, workspace: Workspace, workers: Workers, earlier: Path | None = None
) -> list[str]:
    """Write the crops of photos and their tables into a workspace; return what a user should be warned of.

    Args:
        tasks: all photos.
        settings: how to find, pick and crop faces.
        workspace: its scratch keeps what workers have done, should the run be interrupted.
        workers: who does it.
        earlier: an output of the same settings, whose crops of unchanged photos are kept.
    """
    labels = {task.source: task.label for task in tasks}
    known, new = ([], tasks) if earlier is None else reuse.reuse(tasks, earlier)
    found = [*known, *look(new, settings, workspace.scratch, workers)]
    choices, warnings = pick_in_folder.choose(found, labels, settings.select)
    if again := pick_in_folder.without_crops(choices):  # a photo that has not changed, but its folder's person has
        looked = look([task for task in tasks if task.source in again], settings, workspace.scratch, workers)
        choices, warnings = pick_in_folder.choose(pick_in_folder.replaced(found, looked), labels, settings.select)
    paths = place(choices, {task.source: task for task in tasks}, settings, workspace.content)
    manifest.write(workspace.content, pick_in_folder.rows(choices, paths), pick_in_folder.COLUMNS)
    faces.write(workspace.content, pick_in_folder.all_faces(choices, paths))
    return warnings


def look(tasks: Sequence[Task], settings: Settings, scratch: Path, workers: Workers) -> list[Found]:
    """Return what each photo gives, in order; crops are left in ``scratch``.

    Lots that an interrupted run has left there are not made again. A photo that kills its worker is found
    unreadable, and no other photo with it.
    """
    for remains in faces.remains(scratch):
        trees.remove(remains)
    lots = shards(tasks, settings, scratch)
    for lot in lots:
        Lot(lot.directory).check()
    missing = [lot for lot in lots if not Lot(lot.directory).exists()]
    done = len(tasks) - sum(len(lot.tasks) for lot in missing)
    lost: dict[Path, list[Shard]] = {}
    results = processes.run(WORK, missing, workers.jobs, workers.start)
    for lot, result in zip(missing, results, strict=True):
        if isinstance(result, WorkerDied):
            lost[lot.directory] = _one_by_one(lot, workers.start)
        done += len(lot.tasks)
        workers.progress(done, len(tasks))
    return [found for lot in lots for part in lost.get(lot.directory, [lot]) for found in Lot(part.directory).read()]


def place(
    choices: Sequence[Choice], tasks: Mapping[str, Task], settings: Settings, content: Path
) -> dict[tuple[str, int], str]:
    """Put the crops that are taken into the output; return their paths in it by the photo's source and the face."""
    paths = {}
    for choice in choices:
        for index in choice.taken:
            path = crop_path(tasks[choice.found.source].target, index + 1, settings)
            (content / path).parent.mkdir(parents=True, exist_ok=True)
            _link(Path(choice.found.faces[index].crop), content / path)
            paths[choice.found.source, index] = path
    return paths


def _one_by_one(lot: Shard, start: Start) -> list[Shard]:
    """Look at each photo of a lot by itself; the one that kills its worker leaves a lot that says so."""
    parts = single(lot)
    for part, result in zip(parts, processes.run(WORK, parts, 1, start), strict=True):
        if isinstance(result, WorkerDied):
            lost = Lot(part.directory)
            lost.finish(lost.begin(), _died(part))
    return parts


def _died(shard: Shard) -> Iterator[Found]:
    for task in shard.tasks:
        yield Found(task.source, task.origin or digest(task.file), (), "unreadable", DIED)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, since an interrupted run needs the first again; where links can't be, a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

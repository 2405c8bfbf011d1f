"""Run the crop step, from photos to image folder: workers crop, what they leave is gathered, chosen and placed."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from celebtool.cropping import decide, lots, people, pick_in_folder
from celebtool.cropping.lots import Lot
from celebtool.cropping.pick_in_folder import Choice
from celebtool.cropping.plan import CropSettings, Shard, Task, crop_path, shards, single, target
from celebtool.cropping.reuse import Earlier
from celebtool.formats import decisions as decided
from celebtool.formats import faces, manifest, names
from celebtool.formats.decisions import NONE, Decisions
from celebtool.formats.faces import PhotoResult
from celebtool.formats.reasons import Reason, Rejection
from celebtool.system import rehearsal, threads, trees, workers
from celebtool.system.output import Workspace
from celebtool.system.progress import Progress
from celebtool.system.workers import Start, WorkerDied

DIED = Rejection(Reason.UNREADABLE, "decoding it ended the worker process; the file is damaged, or made to do that")
SECONDS = 0.5  # between two looks at how many photos are done


def nothing() -> None:
    """Do nothing to prepare for the work."""


@dataclass(frozen=True)
class Pool:
    """The workers: what they run, how many there are, what starts them, and who is told of the progress.

    Args:
        function: ``module:name`` of what crops a `Shard` and leaves the result in its directory.
        jobs: how many.
        start: see `celebtool.system.workers`.
        progress: told of photos.
        rehearsal: ``module:name`` of what takes the memory that a photo may take; "" if there is none.
        prepare: called before the first photo is cropped, and not if there is none to crop.
    """

    function: str
    jobs: int
    start: Start
    progress: Progress
    rehearsal: str = ""
    prepare: Callable[[], None] = nothing


def crop(
    tasks: Sequence[Task],
    settings: CropSettings,
    workspace: Workspace,
    pool: Pool,
    earlier: Earlier,
    decisions: Decisions = NONE,
) -> list[str]:
    """Write the crops of photos and their tables into a workspace; return warnings for the user.

    Args:
        tasks: all photos.
        settings: how to find, pick and crop faces.
        workspace: its scratch keeps the work that is done if the run is interrupted.
        pool: the workers.
        earlier: what an output of the same settings says of the photos: crops of unchanged photos are kept.
        decisions: what a person decided about the photos.
    """
    labels = {task.source: task.label for task in tasks}

    names_before = people.earlier_names(manifest.read_all(earlier.root)) if settings.group and earlier.known else {}

    def chosen() -> tuple[list[Choice], list[str]]:
        choices, warnings = decide.choose(found, labels, settings.select, decisions)
        choices = pick_in_folder.without_deleted(choices, earlier.deleted)
        return (people.grouped(choices, names_before) if settings.group else choices), warnings

    found = [*earlier.known, *crop_all(earlier.remaining, settings, workspace.scratch, pool)]
    choices, warnings = chosen()
    if again := pick_in_folder.without_crops(choices):  # a photo that has not changed, but its folder's person has
        retried = crop_all([task for task in tasks if task.source in again], settings, workspace.scratch, pool)
        found = pick_in_folder.replaced(found, retried)
        choices, warnings = chosen()
    added = copy_added(earlier, workspace.content)
    paths = place(choices, {task.source: task for task in tasks}, settings, workspace.content, added)
    manifest.write(workspace.content, pick_in_folder.rows(choices, paths), pick_in_folder.columns(choices))
    faces.write(workspace.content, pick_in_folder.all_faces(choices, paths))
    if decisions.rows:
        decided.write(workspace.content, decisions)
    return warnings


def crop_all(tasks: Sequence[Task], settings: CropSettings, scratch: Path, pool: Pool) -> list[PhotoResult]:
    """Return what each photo gives, in order; crops are left in `scratch`.

    Lots that an interrupted run has left there are not made again. A photo is unreadable if, alone and with memory to
    spare, it kills a second worker; the others of its lot are not affected.

    Raises:
        SystemFaultError: photos can't be read, changed, or workers die of something else.
    """
    for remains in lots.remains(scratch):
        trees.remove(remains)
    all_shards = shards(tasks, settings, scratch)
    for shard in all_shards:
        Lot(shard.directory).check()
    missing = [shard for shard in all_shards if not Lot(shard.directory).exists()]
    done = len(tasks) - sum(len(shard.tasks) for shard in missing)
    if done:
        pool.progress.say(f"continuing at {done} of {len(tasks)} photos")
    if missing:
        pool.prepare()
        pool.progress.stage("loading the network")
    lost: dict[Path, list[Shard]] = {}
    results = workers.run(pool.function, missing, pool.jobs, pool.start)
    with _counted(all_shards, scratch, pool.progress):
        for shard, result in zip(missing, results, strict=True):
            if isinstance(result, WorkerDied):
                lost[shard.directory] = _one_by_one(shard, pool)
    made = [part for shard in all_shards for part in lost.get(shard.directory, [shard])]
    return [found for shard in made for found in Lot(shard.directory).read()]


def copy_added(earlier: Earlier, content: Path) -> set[str]:
    """Copy the files that were added to the earlier output by hand; return the keys (see `names`) of their paths."""
    for path in earlier.added:
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        _link(Path(os.path.realpath(earlier.root / path)), content / path)
    return {names.key(path) for path in earlier.added}


def place(
    choices: Sequence[Choice], tasks: Mapping[str, Task], settings: CropSettings, content: Path, taken: set[str]
) -> dict[tuple[str, int], str]:
    """Put the crops that are taken into the output; return their paths by the photo's source and the face's index.

    A crop whose path is `taken` (see `names`) gets a number. Crops that a person moved to another class come last, so that
    they change no other's path.
    """
    paths = {}
    placed = [(choice, index, choice.label_of(index)) for choice in choices for index in choice.taken]
    for choice, index, label in sorted(placed, key=lambda each: each[2] != tasks[each[0].photo.source].label):
        task = tasks[choice.photo.source]
        path = names.free_path(crop_path(target(task, label), index + 1, settings), "", taken)
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        _link(Path(choice.photo.faces[index].crop), content / path)
        paths[choice.photo.source, index] = path
    return paths


@contextlib.contextmanager
def _counted(all_shards: Sequence[Shard], scratch: Path, progress: Progress) -> Iterator[None]:
    """Tell `progress` of the photos that are done in all shards, every half second and at the end."""
    total = sum(len(shard.tasks) for shard in all_shards)
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if done > told:  # it may seem to be less: a worker that died leaves what it had counted
            if not told:
                progress.stage("crop-faces", "photos")
            told = done
            progress(done, total)

    def count() -> None:
        finished = sum(len(shard.tasks) for shard in all_shards if Lot(shard.directory).exists())
        tell(min(total, finished + lots.under_way(scratch)))

    with threads.repeating(count, SECONDS):
        yield
    tell(total)


def _one_by_one(shard: Shard, pool: Pool) -> list[Shard]:
    """Crop each photo of a shard by itself; a photo that kills its worker leaves a lot that says so."""
    parts = single(shard)
    for part, result in zip(parts, workers.run(pool.function, parts, 1, pool.start), strict=True):
        if isinstance(result, WorkerDied):
            if pool.rehearsal:
                rehearsal.check(pool.rehearsal, pool.start, part.tasks[0].file, "crop")
            lost = Lot(part.directory)
            lost.finish(lost.begin(), _died(part))
    return parts


def _died(shard: Shard) -> Iterator[PhotoResult]:
    for task in shard.tasks:
        yield PhotoResult(task.source, task.origin or task.check_unchanged(), rejection=DIED)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, since an interrupted run needs the first again; where links can't be, a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

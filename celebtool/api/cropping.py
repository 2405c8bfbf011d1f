"""Find the faces in a folder of photos and cut them out: list the photos, plan the run, crop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from celebtool.api.processes import Processes
from celebtool.cropping import decide, plan, reuse, run
from celebtool.cropping.pick_in_photo import Rule
from celebtool.cropping.plan import CropSettings, Task
from celebtool.cropping.reuse import Earlier
from celebtool.errors import CelebtoolError
from celebtool.formats import decision_targets, decisions, image_folder, provenance
from celebtool.formats.decisions import Decisions
from celebtool.formats.image_folder import ImageFolder
from celebtool.formats.recipes import Recipe
from celebtool.system.output import Workspace, is_finished, new_directory
from celebtool.system.places import check_file
from celebtool.system.progress import Listener, Progress

CROP = "celebtool.inference.detection.crops:crop_shard"
REHEARSAL = "celebtool.inference.detection.rehearsal:rehearse"
"""What a worker process runs."""
INSTEAD = "add --update to crop only new and changed photos, add --overwrite, or choose another name"


@dataclass(frozen=True)
class Photos:
    """The photos of a folder, the SHA-256 of each, and what is to be done with each."""

    folder: ImageFolder
    contents: Mapping[str, str]
    tasks: Sequence[Task]


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Args:
        photos: the folder.
        faces: the folder to write.
        settings: how faces are found, picked and cropped.
        decisions: a table of what a person decided; None: what an earlier output remembers, for an update.
        update: crop only new and changed photos.
        overwrite: replace an output.
        others: files that will be written beside it.
    """

    photos: Path
    faces: Path
    settings: CropSettings
    decisions: Path | None = None
    update: bool = False
    overwrite: bool = False
    others: Sequence[Path] = ()


@dataclass(frozen=True)
class Planned:
    """A run that is about to begin: its recipe with the decisions and without (`bare`), and whether crops are kept."""

    order: Order
    tasks: Sequence[Task]
    decided: Decisions
    recipe: Recipe
    bare: Recipe


@dataclass(frozen=True)
class Cropped:
    """What a run found: what an earlier output said of the photos (if `kept`), and warnings."""

    earlier: Earlier
    kept: bool
    warnings: Sequence[str] = ()


def folder_of(photos: Path, *, absolute: bool = False) -> ImageFolder:
    """List the photos of a folder.

    Raises:
        CelebtoolError: there is none.
    """
    folder = image_folder.read(photos.absolute() if absolute else photos)
    if not folder.samples:
        raise CelebtoolError(photos, "holds no files; expected photos, or class directories of photos")
    return folder


def check_layout(folder: ImageFolder, *, group: bool) -> None:
    """Check that the photos lie as they should: in class folders, if in any; grouped, as they like, but not in parts.

    Raises:
        CelebtoolError: they don't.
    """
    if not group:
        image_folder.check_layout(folder)
    elif folder.parts:
        raise CelebtoolError(folder.root, "is split in parts; expected loose photos for --group")


def listed(photos: Path, folder: ImageFolder, *, group: bool) -> Photos:
    """Read the photos' digests and plan what becomes of each.

    Args:
        photos: where they are, as a user gave it.
        folder: what is there.
        group: whether the faces will be sorted by who they are.
    """
    contents = provenance.contents(photos)
    return Photos(folder, contents, plan.plan(folder, contents, group=group))


def rule_for(folder: ImageFolder, select: Rule | None, *, group: bool) -> Rule:
    """Return which face of a photo is taken: as asked, or as fits the folder."""
    return select or ("all" if group else "identity" if folder.class_names else "largest")


def planned(order: Order, photos: Photos) -> Planned:
    """Plan a run.

    Raises:
        CelebtoolError: decisions would be lost, or are of nothing in the folder.
    """
    group = order.settings.group
    alias = decide.alias(list(photos.tasks), order.settings)
    if order.overwrite and not order.update and order.decisions is None:
        _check_remembered(order.faces)
    earlier = order.faces if order.update else None
    decided = decision_targets.of_run(order.decisions, earlier, photos.folder, photos.contents, alias, any_label=group)
    tasks = decide.with_wanted(list(photos.tasks), decided)
    bare = provenance.recipe("crop-faces", plan.parameters(order.settings), order.photos, photos.contents)
    return Planned(order, tasks, decided, decisions.with_decisions(bare, decided), bare)


def is_there(made: Planned, tell: Listener) -> bool:
    """Say whether there is nothing to do; for an update that includes crops that were deleted by hand meanwhile."""
    order = made.order
    if (order.overwrite and not order.update) or not is_finished(order.faces, made.recipe):
        return False
    if not order.update:
        tell.finished(order.faces)
        return True
    earlier = reuse.compare(made.tasks, order.faces, made.decided)
    if earlier.is_up_to_date:
        again = "without --update makes it anew" if order.overwrite else "makes it anew"
        tell.finished(order.faces, f"nothing to do: {earlier.summary()}", again)
    return earlier.is_up_to_date


def crop(made: Planned, processes: Processes, tell: Listener, *, dry_run: bool = False) -> Cropped:
    """Crop the photos and write the folder; in a dry run, only find out what there is to do.

    Raises:
        CelebtoolError: the output can't be written where it is wanted, or was made with other settings.
        SystemFaultError: photos can't be read or change, or workers die of something else than a photo.
    """
    order = made.order
    if order.update and not order.overwrite:
        reuse.check_settings(order.faces, made.recipe)
    keep = order.update and reuse.is_earlier_run(order.faces, made.recipe)
    with (
        new_directory(
            order.faces,
            recipe=made.recipe,
            inputs=[order.photos],
            overwrite=order.overwrite or keep,
            resumable=True,
            dry_run=dry_run,
            instead=INSTEAD,
            scratch_of=made.bare,
        ) as workspace,
        tell.progress("crop-faces") as progress,
    ):
        for file in order.others:  # which can't be written after the work if they can't be now
            check_file(file, overwrite=order.overwrite or order.update)
        earlier = reuse.compare(made.tasks, order.faces if keep else None, made.decided)
        warnings = [] if dry_run else _crop(made, earlier, processes, workspace, progress)
    return Cropped(earlier, keep, (*made.decided.warnings, *warnings))


def _crop(made: Planned, earlier: Earlier, processes: Processes, workspace: Workspace, progress: Progress) -> list[str]:
    start = processes.start(workspace.scratch, progress.say)
    settings = made.order.settings
    prepare = run.nothing if processes.dask else partial(_prepare, settings, progress.say)  # its workers do it
    pool = run.Pool(CROP, processes.jobs, start, progress, REHEARSAL, prepare)
    return run.crop(made.tasks, settings, workspace, pool, earlier, made.decided)


def _prepare(settings: CropSettings, say: Callable[[str], None]) -> None:
    """Convert the networks that workers run, and what `train` needs for such crops."""
    from celebtool.inference import conversion, embeddings
    from celebtool.inference.detection import chips, networks

    margin = chips.margin(settings)
    conversion.prepare([*networks.graphs(), embeddings.graph(margin), embeddings.layout(margin)], say)


def _check_remembered(faces: Path) -> None:
    """Refuse to replace an output without the decisions that it remembers."""
    file = image_folder.sidecar(faces, decisions.FILE)
    if file is not None and decisions.read(file).rows:
        problem = "holds decisions that would be lost"
        raise CelebtoolError(file, f"{problem}; add --decisions {file} to apply them again, or delete it")

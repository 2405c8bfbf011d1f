"""``crop-faces PHOTOS FACES``: find the faces in photos, pick the right ones, align them and cut them out."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from celebtool import console, options
from celebtool.commands import crop_review
from celebtool.commands.crop_review import Reviewed
from celebtool.errors import CelebtoolError, command_line
from celebtool.system.output import is_finished, new_directory
from celebtool.system.places import check_file, check_order

if TYPE_CHECKING:
    from celebtool.cropping.plan import CropSettings, Task
    from celebtool.formats.decisions import Decisions
    from celebtool.formats.image_folder import ImageFolder
    from celebtool.formats.recipes import Recipe

CROP = "celebtool.inference.detection.crops:crop_shard"
REHEARSAL = "celebtool.inference.detection.rehearsal:rehearse"
"""What a worker process runs."""
INSTEAD = "add --update to crop only new and changed photos, add --overwrite, or choose another name"


def crop_faces(
    photos: Annotated[
        Path,
        typer.Argument(metavar="PHOTOS", help="Folder of photos: flat, PHOTOS/<class>/<photo>, or split in parts."),
    ],
    faces: Annotated[Path, typer.Argument(metavar="FACES", help="Image folder to write.")],
    size: Annotated[int, typer.Option("--size", min=16, max=2048, help="Side of the crops in pixels.")] = 224,
    margin: Annotated[
        float, typer.Option("--margin", min=0, max=4, help="Margin around the face, as a share of its side.")
    ] = 0.4,
    align: Annotated[
        bool,
        typer.Option(
            "--align/--no-align", help="Rotate and scale each face so that eyes, nose and mouth are at fixed places."
        ),
    ] = True,
    select: Annotated[
        Literal["identity", "largest", "center", "confident", "only", "all"] | None,
        typer.Option(
            "--select",
            help="Which face of a photo with several. identity: the person that recurs in the class folder's photos;"
            " only: reject such photos.",
            show_default="identity in class folders, all with --group, else largest",
        ),
    ] = None,
    group: Annotated[
        bool,
        typer.Option(
            "--group", help="Sort the faces into person-001/, … by who they are; PHOTOS needs no class folders."
        ),
    ] = False,
    min_face: Annotated[
        int, typer.Option("--min-face", min=20, help="Smallest side of a face, in pixels of the photo.")
    ] = 20,
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", min=0.8, max=1, help="Lowest confidence of the detector.")
    ] = 0.9,
    format: Annotated[  # noqa: A002
        Literal["jpg", "png"], typer.Option("--format", help="File format of the crops.")
    ] = "jpg",
    jobs: options.Jobs = options.PROCESSORS,
    dask: options.Dask = None,
    update: Annotated[
        bool, typer.Option("--update", help="Update an earlier output: crop only new and changed photos.")
    ] = False,
    max_rejects: Annotated[
        str | None,
        typer.Option(
            "--max-rejects", metavar="SHARE", help="Exit with 3 if a larger share of photos gives no crop, as 5%."
        ),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(
            "--review",
            metavar="FILE.html|FILE.png",
            callback=options.named(".png", ".html", ".htm"),
            help="Write a page to look through and decide on, or draw a sheet per class of what was taken and rejected.",
        ),
    ] = None,
    decisions: options.DecisionsFile = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
    dry_run: options.DryRun = False,
) -> None:
    """Find the faces in photos and cut out the right ones.

    Each face is aligned by eyes, nose and mouth. A photo without a crop has a row in FACES/manifest.csv that says why;
    FACES/faces.csv lists every face that was found.

    Example: celebtool crop-faces photos/ faces/
    """
    from celebtool.cropping import decide, people, plan, reuse, run
    from celebtool.formats import decision_targets, image_folder, manifest, provenance
    from celebtool.formats import decisions as table
    from celebtool.system import cluster, workers

    most = options.parse_share(max_rejects, "--max-rejects")
    options.check_dask(dask)
    check_order(photos, faces, "crop-faces")
    folder = image_folder.read(photos.absolute() if dask else photos)
    if not folder.samples:
        raise CelebtoolError(photos, "holds no files; expected photos, or class directories of photos")
    _check_group(folder, select, group=group)
    contents = provenance.contents(photos)
    tasks = plan.plan(folder, contents, group=group)
    pages = crop_review.files(review, tasks, photos, faces)
    rule = select or ("all" if group else "identity" if folder.class_names else "largest")
    reviewed = Reviewed(photos, faces, contents, rule, group)
    settings = plan.CropSettings(size, margin, align, rule, min_face, min_confidence, format, group)
    alias = decide.alias(tasks, settings)
    _check_remembered(faces, is_lost=overwrite and not update and decisions is None)
    decided = decision_targets.of_run(decisions, faces if update else None, folder, contents, alias, any_label=group)
    tasks = decide.with_wanted(tasks, decided)
    bare = provenance.recipe("crop-faces", plan.parameters(settings), photos, contents)
    recipe = table.with_decisions(bare, decided)
    if _is_finished(tasks, faces, recipe, decided, update=update, overwrite=overwrite):
        _conclude(reviewed, review, most, overwrite=overwrite or update)
        return
    if update and not overwrite:
        reuse.check_settings(faces, recipe)
    keep = update and reuse.is_earlier_run(faces, recipe)
    with (
        new_directory(
            faces,
            recipe=recipe,
            inputs=[photos],
            overwrite=overwrite or keep,
            resumable=True,
            dry_run=dry_run,
            instead=INSTEAD,
            scratch_of=bare,
        ) as workspace,
        console.progress("crop-faces") as progress,
    ):
        _check_free(pages, overwrite=overwrite or update)
        earlier = reuse.compare(tasks, faces if keep else None, decided)
        if not dry_run:
            start = cluster.dask(dask, workspace.scratch, progress.say) if dask else workers.local
            prepare = partial(_prepare, settings, progress.say) if not dask else run.nothing  # its workers do it
            pool = run.Pool(CROP, jobs, start, progress, REHEARSAL, prepare)
            warnings = run.crop(tasks, settings, workspace, pool, earlier, decided)
    if dry_run:
        plural = "s" * (len(tasks) != 1)
        console.note(f"would write {faces}: {len(tasks)} photo{plural}{f', {earlier.summary()}' if keep else ''}")
        return
    for warning in (*decided.warnings, *warnings):
        console.warn(warning)
    rows = manifest.read_all(faces)
    told = [
        plan.summary(rows),
        people.summary(rows) if group else "",
        table.summary(decided),
        earlier.summary() if keep else "",
    ]
    console.done(faces, "; ".join(filter(None, told)), _next(reviewed, review, has_classes=bool(folder.class_names)))
    _conclude(reviewed, review, most, overwrite=overwrite or update)


def _prepare(settings: "CropSettings", say: Callable[[str], None]) -> None:
    """Convert the networks that workers run, and what `train` needs for such crops."""
    from celebtool.inference import conversion, embeddings
    from celebtool.inference.detection import chips, networks

    margin = chips.margin(settings)
    conversion.prepare([*networks.graphs(), embeddings.graph(margin), embeddings.layout(margin)], say)


def _check_remembered(faces: Path, *, is_lost: bool) -> None:
    """Refuse to replace an output without the decisions that it remembers."""
    from celebtool.formats import decisions, image_folder

    file = image_folder.sidecar(faces, decisions.FILE)
    if is_lost and file is not None and decisions.read(file).rows:
        problem = "holds decisions that would be lost"
        raise CelebtoolError(file, f"{problem}; add --decisions {file} to apply them again, or delete it")


def _check_group(folder: "ImageFolder", select: str | None, *, group: bool) -> None:
    """Check that the photos lie as they should: in class folders, if in any; grouped, as they like, but not in parts."""
    from celebtool.formats import image_folder

    if not group:
        image_folder.check_layout(folder)
    elif select == "identity":
        raise typer.BadParameter("looks for one person per folder; leave it out with --group", param_hint="--select")
    elif folder.parts:
        raise CelebtoolError(folder.root, "is split in parts; expected loose photos for --group")


def _is_finished(
    tasks: "Sequence[Task]", faces: Path, recipe: "Recipe", decided: "Decisions", *, update: bool, overwrite: bool
) -> bool:
    """Say that there is nothing to do; for an update that includes crops that were deleted by hand meanwhile."""
    from celebtool.cropping import reuse

    if (overwrite and not update) or not is_finished(faces, recipe):
        return False
    if not update:
        console.finished(faces)
        return True
    earlier = reuse.compare(tasks, faces, decided)
    if earlier.is_up_to_date:
        again = "without --update makes it anew" if overwrite else "makes it anew"
        console.finished(faces, f"nothing to do: {earlier.summary()}", again)
    return earlier.is_up_to_date


def _next(reviewed: Reviewed, review: Path | None, *, has_classes: bool) -> str:
    """Return what to type after a run: groups are to be looked through, classes to be split."""
    if reviewed.group:
        line = ("crop-faces", reviewed.photos, reviewed.faces, "--group", "--review", "review.html")
        return "" if review else command_line(*line)
    return command_line("split", reviewed.faces, f"{reviewed.faces}-parts") if has_classes else ""


def _conclude(reviewed: Reviewed, review: Path | None, most: float | None, *, overwrite: bool) -> None:
    """Write what is to be reviewed, then check the share of rejects: both for a finished output, too."""
    from celebtool.cropping import plan
    from celebtool.formats import manifest

    if review is not None:
        crop_review.write(review, reviewed, overwrite=overwrite)
    plan.check_rejects(manifest.read_all(reviewed.faces), most, reviewed.faces)


def _check_free(files: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse, before the work, the names of files that can't be written after it."""
    for file in files:
        check_file(file, overwrite=overwrite)

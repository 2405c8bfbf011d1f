"""``crop-faces PHOTOS FACES``: find the faces in photos, pick the right ones, align them and cut them out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from celebtool import console, options
from celebtool.commands import crop_review
from celebtool.commands.crop_review import Reviewed
from celebtool.errors import command_line
from celebtool.system.places import check_order


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
    from celebtool.api import cropping as api
    from celebtool.api.processes import Processes
    from celebtool.cropping import people, plan
    from celebtool.formats import decisions as table
    from celebtool.formats import manifest

    most = options.parse_share(max_rejects, "--max-rejects")
    options.check_dask(dask)
    check_order(photos, faces, "crop-faces")
    folder = api.folder_of(photos, absolute=bool(dask))
    if group and select == "identity":
        raise typer.BadParameter("looks for one person per folder; leave it out with --group", param_hint="--select")
    api.check_layout(folder, group=group)
    listed = api.listed(photos, folder, group=group)
    rule = api.rule_for(folder, select, group=group)
    reviewed = Reviewed(photos, faces, listed.contents, rule, group)
    pages = crop_review.files(review, listed.tasks, reviewed)
    settings = plan.CropSettings(size, margin, align, rule, min_face, min_confidence, format, group)
    order = api.Order(photos, faces, settings, decisions, update=update, overwrite=overwrite, others=pages)
    made = api.planned(order, listed)
    if api.is_there(made, console):
        _conclude(reviewed, review, most, overwrite=overwrite or update)
        return
    done = api.crop(made, Processes(jobs, dask), console, dry_run=dry_run)
    reused = done.earlier.summary() if done.kept else ""
    if dry_run:
        plural = "s" * (len(made.tasks) != 1)
        console.note(f"would write {faces}: {len(made.tasks)} photo{plural}{f', {reused}' if reused else ''}")
        return
    for warning in done.warnings:
        console.warn(warning)
    rows = manifest.read_all(faces)
    told = [plan.summary(rows), people.summary(rows) if group else "", table.summary(made.decided), reused]
    console.done(faces, "; ".join(filter(None, told)), _next(reviewed, review, has_classes=bool(folder.class_names)))
    _conclude(reviewed, review, most, overwrite=overwrite or update)


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

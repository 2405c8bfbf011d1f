"""``split FACES PARTS``: split an image folder into train, val and test; copies of one picture stay together."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from celebtool import console, options
from celebtool.errors import CelebtoolError
from celebtool.system.output import is_finished, new_directory


def split(
    faces: options.Faces,
    parts: Annotated[Path, typer.Argument(metavar="PARTS", help="Image folder to write: PARTS/train/<class>/…")],
    train: Annotated[float | None, typer.Option("--train", min=0, help="Share of train.", show_default=".8")] = None,
    val: Annotated[float | None, typer.Option("--val", min=0, help="Share of val.", show_default=".1")] = None,
    test: Annotated[
        float | None, typer.Option("--test", min=0, help="Share of test; may be 0.", show_default=".1")
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds", min=2, help="Instead, write N folds for cross-validation: fold-K/{train,val}.", metavar="N"
        ),
    ] = None,
    near_duplicates: Annotated[
        Literal["together", "drop", "ignore"],
        typer.Option(
            "--near-duplicates",
            help="Copies of one picture: keep them in one part, keep only the largest, or don't look for them.",
        ),
    ] = "together",
    seed: options.Seed = 0,
    link: options.Link = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
    dry_run: options.DryRun = False,
) -> None:
    """Split an image folder into train, val and test.

    Each class is split by the given shares; shares that are left out divide the rest. Copies of one picture
    (mirrored, resized or re-encoded) and images that come from one photo stay in one part. A class with few images
    fills train first, then test, then val. Images of unknown/ (strangers) go to val and test only.

    Example: celebtool split faces/ parts/ --train .6 --val .2 --test .2
    """
    from celebtool.folders import sampling, split
    from celebtool.formats import image_folder, provenance

    if folds and (train, val, test) != (None, None, None):
        raise typer.BadParameter("makes folds of equal size; leave out --train, --val and --test", param_hint="--folds")
    try:
        shares = sampling.shares(train, val, test)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--train, --val, --test") from error
    settings = split.SplitSettings(shares, folds or 0, near_duplicates, seed)
    folder = image_folder.read_labelled(faces)
    if folder.parts:
        raise CelebtoolError(faces, f"is split already ({', '.join(folder.parts)}); give the folder it was made from")
    recipe = provenance.recipe("split", split.parameters(settings), faces)
    if not overwrite and is_finished(parts, recipe):
        console.finished(parts)
        return
    with (
        new_directory(parts, recipe=recipe, inputs=[faces], overwrite=overwrite, dry_run=dry_run) as workspace,
        console.progress("split", "images") as progress,
    ):
        splits = split.plan(folder, settings, progress)
        if not dry_run:
            split.write(splits, faces, workspace.content, recipe, link=link)
    for notice in split.notices(splits):
        console.warn(notice)
    console.table("", *split.table(splits))

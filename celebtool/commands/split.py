"""``split FACES PARTS``: divide an image folder into train, val and test, copies of one picture always together."""

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
        int | None, typer.Option("--folds", min=2, help="Write so many fold-K/{train,val} instead.")
    ] = None,
    near_duplicates: Annotated[
        Literal["together", "drop", "ignore"],
        typer.Option("--near-duplicates", help="Copies of one picture: in one part, only one of them, or anywhere."),
    ] = "together",
    seed: options.Seed = 0,
    link: options.Link = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
    dry_run: options.DryRun = False,
) -> None:
    """Divide an image folder into train, val and test, class by class.

    Copies of one picture, mirrored, resized or saved anew, and images that come from one photo stay in one part.
    Shares that are left out divide what the given ones leave. Every class has images in train, then, if it has
    enough, in test, then in val. Strangers (unknown/) go to val and test alone.

    Example: celebtool split faces/ parts/ --train .6 --val .2 --test .2
    """
    from celebtool.folders import sampling
    from celebtool.folders import split as splitting
    from celebtool.formats import image_folder, provenance

    if folds and (train, val, test) != (None, None, None):
        raise typer.BadParameter("has no shares; leave out --train, --val and --test", param_hint="--folds")
    try:
        shares = sampling.shares(train, val, test)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--train, --val, --test") from error
    settings = splitting.Settings(shares, folds or 0, near_duplicates, seed)
    folder = image_folder.read_labelled(faces)
    if folder.parts:
        raise CelebtoolError(faces, f"is split already ({', '.join(folder.parts)}); give the folder it was made from")
    recipe = provenance.recipe("split", splitting.parameters(settings), faces)
    if not overwrite and is_finished(parts, recipe):
        console.finished(parts)
        return
    with (
        new_directory(parts, recipe=recipe, inputs=[faces], overwrite=overwrite, dry_run=dry_run) as workspace,
        console.progress("split", "images") as progress,
    ):
        manifests = splitting.plan(folder, settings, progress)
        if not dry_run:
            splitting.write(manifests, faces, workspace.content, recipe, link=link)
    for notice in splitting.notices(manifests):
        console.warn(notice)
    console.table("", *splitting.table(manifests))

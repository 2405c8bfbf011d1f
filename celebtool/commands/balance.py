"""``balance FACES OUT``: give every class the same number of images."""

from typing import Annotated, Literal

import typer

from celebtool import console, options
from celebtool.system.output import is_finished, new_directory


def _per_class(text: str) -> str:
    if text not in {"min", "median", "max"} and not (text.isdecimal() and text.isascii() and int(text) > 0):
        raise typer.BadParameter(f"{text!r} is no number of images; expected 1 or more, min, median or max")
    return text


def balance(
    faces: options.Faces,
    out: options.OutputFolder,
    per_class: Annotated[
        str,
        typer.Option(
            "--per-class",
            metavar="N|min|median|max",
            parser=_per_class,
            help="Images of each class, or of which class.",
        ),
    ] = "min",
    keep: Annotated[
        Literal["best", "random"],
        typer.Option("--keep", help="Of too many: those whose faces are surest, largest, sharpest; or any."),
    ] = "best",
    oversample: Annotated[bool, typer.Option("--oversample", help="Of too few: repeat some.")] = False,
    min_images: Annotated[int, typer.Option("--min-images", min=1, help="Leave out classes with fewer.")] = 1,
    seed: options.Seed = 0,
    link: options.Link = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
    dry_run: options.DryRun = False,
) -> None:
    """Give every class the same number of images.

    Of a folder that is split, train/ is balanced; val/ and test/ stay as they are. OUT/manifest.csv names every
    image that was left out, and why. Strangers (unknown/) all stay.

    Example: celebtool balance faces/ balanced/ --per-class median --min-images 20
    """
    from celebtool.folders import balance as balancing
    from celebtool.folders import transfer
    from celebtool.formats import image_folder, manifest, provenance

    settings = balancing.Settings(per_class, keep, oversample, min_images, seed)
    folder = image_folder.read_labelled(faces)
    recipe = provenance.recipe("balance", balancing.parameters(settings), faces)
    if not overwrite and is_finished(out, recipe):
        console.finished(out)
        return
    with new_directory(out, recipe=recipe, inputs=[faces], overwrite=overwrite, dry_run=dry_run) as workspace:
        rows = balancing.plan(folder, settings)
        with console.progress("balance", "images") as progress:
            balancing.check_images(folder, progress)
        if not dry_run:
            transfer.place(rows, faces, workspace.content, link=link)
            manifest.write(workspace.content, rows, transfer.columns(rows))
            transfer.carry_faces(faces, workspace.content)
    for notice in balancing.notices(folder, rows, settings):
        console.warn(notice)
    console.table("", *balancing.table(folder, rows))

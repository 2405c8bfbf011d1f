"""``augment PARTS OUT``: add changed copies of the training images; val/ and test/ are copied unchanged."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

from celebtool import console, options
from celebtool.errors import CelebtoolError, command_line
from celebtool.system.output import is_finished, new_directory, new_file
from celebtool.system.places import check_order, check_places


def augment(
    parts: Annotated[Path, typer.Argument(metavar="PARTS", help="Image folder with train/, as split writes it.")],
    out: options.OutputFolder,
    copies: Annotated[
        int | None,
        typer.Option("--copies", min=1, metavar="N", help="Copies of every training image.", show_default="1"),
    ] = None,
    until: Annotated[
        int | None, typer.Option("--until", min=1, metavar="N", help="Instead, fill up each class to N images.")
    ] = None,
    rotate: Annotated[
        float, typer.Option("--rotate", min=0, max=180, help="Rotate by up to so many degrees to either side.")
    ] = 10,
    shift: Annotated[
        float,
        typer.Option("--shift", min=0, max=1, help="Shift by up to this share of width and height, to either side."),
    ] = 0.05,
    shear: Annotated[
        float, typer.Option("--shear", min=0, max=45, help="Shear by up to so many degrees to either side.")
    ] = 5,
    zoom: Annotated[float, typer.Option("--zoom", min=0, max=0.9, help="Enlarge or shrink by up to this share.")] = 0.1,
    flip: Annotated[bool, typer.Option("--flip/--no-flip", help="Mirror every other copy.")] = True,
    brightness: Annotated[
        float, typer.Option("--brightness", min=0, max=1, help="Lighten or darken by up to this share.")
    ] = 0.2,
    fill: Annotated[
        Literal["nearest", "reflect", "wrap", "constant"],
        typer.Option(
            "--fill",
            help="What is shown beyond the edge: the edge's colour, the mirror image, the other side, or black.",
        ),
    ] = "nearest",
    preview: Annotated[
        Path | None,
        typer.Option(
            "--preview",
            callback=options.named(".png"),
            metavar="SHEET.png",
            help="Draw a sheet of example copies; with --dry-run, draw it and write nothing else.",
        ),
    ] = None,
    seed: options.Seed = 0,
    link: options.Link = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
    dry_run: options.DryRun = False,
) -> None:
    """Add randomly changed copies of the training images.

    Each copy is a little rotated, shifted, sheared, zoomed, mirrored, and lighter or darker; 0 switches an operation
    off. The images themselves stay, and val/ and test/ are copied unchanged.

    Example: celebtool augment parts/ augmented/ --copies 5 --rotate 15 --preview sheet.png
    """
    from celebtool.folders import augment, transfer
    from celebtool.formats import image_folder, images, manifest, provenance
    from celebtool.imaging.augmentation import Operations

    if copies and until:
        raise typer.BadParameter("and --copies exclude each other; leave one out", param_hint="--until")
    operations = Operations(rotate, shift, shear, zoom, flip, brightness, fill)
    settings = augment.AugmentSettings(operations, copies or 1, until or 0, seed)
    check_order(parts, out, "augment")
    folder = image_folder.read_labelled(parts)
    if "train" not in folder.parts:
        command = command_line("split", parts, f"{parts}-parts")
        raise CelebtoolError(parts, f"has no train/; copies of test images must not be trained on; first: {command}")
    recipe = provenance.recipe("augment", augment.parameters(settings), parts)
    rows = augment.plan(folder, settings)
    check_places([out, preview], [parts])
    if not overwrite and is_finished(out, recipe):
        console.finished(out)
        return
    with (
        new_directory(out, recipe=recipe, inputs=[parts], overwrite=overwrite, dry_run=dry_run) as workspace,
        nullcontext() if preview is None else new_file(preview, inputs=[parts], overwrite=overwrite) as file_out,
        console.progress("augment", "images") as progress,
    ):
        if file_out:
            images.write(file_out.content, augment.sheet(folder, settings), "png")
        if not dry_run:
            augment.write(folder, rows, settings, workspace.content, progress)
            unchanged = [row for row in rows if not augment.is_copy(row)]
            transfer.place(unchanged, parts, workspace.content, link=link)
            transfer.carry_faces(unchanged, parts, workspace.content)
            manifest.write(workspace.content, rows, transfer.columns(rows))
    console.table("", *augment.table(folder, rows))
    if preview is not None:
        console.done(preview, "examples of the copies")
    if not dry_run:
        copied = sum(map(augment.is_copy, rows))
        console.done(
            out, f"{len(rows)} images, {copied} of them changed copies", command_line("train", out, "model.h5")
        )

"""``balance FACES OUT``: give every class the same number of images."""

from typing import Annotated, Literal

import typer

from celebtool import console, options
from celebtool.errors import command_line
from celebtool.system.output import is_finished, new_directory
from celebtool.system.places import check_order


def _per_class(text: str) -> str:
    if text not in {"min", "median", "max"} and not (text.isdecimal() and text.isascii() and int(text) > 0):
        raise typer.BadParameter(f"{text!r} is not a number of images; expected 1 or more, min, median or max")
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
            help="Images per class: a number, or the size of the smallest, median or largest class.",
        ),
    ] = "min",
    keep: Annotated[
        Literal["best", "random"],
        typer.Option(
            "--keep", help="Which images of a class that has too many: those with the best faces, or random ones."
        ),
    ] = "best",
    oversample: Annotated[
        bool, typer.Option("--oversample", help="Repeat images of classes that have too few.")
    ] = False,
    min_images: Annotated[
        int, typer.Option("--min-images", min=1, help="Leave out classes with fewer images.", metavar="N")
    ] = 1,
    seed: options.Seed = 0,
    decisions: options.DecisionsFile = None,
    link: options.Link = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
    dry_run: options.DryRun = False,
) -> None:
    """Give every class the same number of images.

    The best faces are the most confident, largest and sharpest ones. In a split folder only train/ is balanced; val/ and
    test/ stay as they are, and so does unknown/ (strangers). OUT/manifest.csv lists every image that is left out, and why.

    Example: celebtool balance faces/ balanced/ --per-class median --min-images 20
    """
    from celebtool.folders import balance, decide, transfer
    from celebtool.formats import decision_targets, image_folder, manifest, provenance
    from celebtool.formats import decisions as table

    settings = balance.BalanceSettings(per_class, keep, oversample, min_images, seed)
    check_order(faces, out, "balance")
    whole = image_folder.read_labelled(faces)
    contents = provenance.contents(faces)
    decided = decision_targets.of_run(decisions, None, whole, contents)
    folder = decide.decided(whole, decided)
    recipe = provenance.recipe("balance", balance.parameters(settings), faces, contents)
    recipe = table.with_decisions(recipe, decided)
    if not overwrite and is_finished(out, recipe):
        console.finished(out)
        return
    with new_directory(out, recipe=recipe, inputs=[faces], overwrite=overwrite, dry_run=dry_run) as workspace:
        planned = balance.plan(folder, settings) + decide.dropped(whole, decided)
        rows = decide.placed(planned, decided, whole)
        with console.progress("balance", "images") as progress:
            balance.check_images(folder, progress)
        if not dry_run:
            transfer.place(rows, faces, workspace.content, link=link)
            manifest.write(workspace.content, rows, transfer.columns(rows))
            transfer.carry_faces(rows, faces, workspace.content)
    for notice in (*decided.warnings, *balance.notices(folder, planned, settings)):
        console.warn(notice)
    console.table("", *balance.table(folder, planned))
    if not dry_run:
        kept = [row for row in rows if row.path]
        split, train = command_line("split", out, f"{out}-parts"), command_line("train", out, "model.h5")
        what = [f"{len(kept)} images, {len(rows) - len(kept)} left out", table.summary(decided)]
        console.done(out, "; ".join(filter(None, what)), train if folder.parts else split)

"""``split FACES PARTS``: split an image folder into train, val and test; copies of one picture stay together."""

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from celebtool import console, options
from celebtool.errors import CelebtoolError, command_line
from celebtool.system.output import is_finished, new_directory, new_file
from celebtool.system.places import check_order

if TYPE_CHECKING:
    from celebtool.folders.conflicts import ConflictError
    from celebtool.folders.sampling import Shares
    from celebtool.folders.split import Splits
    from celebtool.formats.decisions import Decisions

FINGERPRINTS = {"fingerprints": 1}
"""What the scratch of a run that ended with conflicts holds: it depends on the images alone, not on the recipe."""


def _share(text: str) -> float:
    """Parse a share: ``.8``, ``80%``, or a proportion such as ``8``."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)(%?)", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not a share; expected a number of 0 or more, as .8 or 80%")
    return float(Fraction(match[1]) / (100 if match[2] else 1))


def split(
    faces: options.Faces,
    parts: Annotated[Path, typer.Argument(metavar="PARTS", help="Image folder to write: PARTS/train/<class>/…")],
    train: Annotated[
        float | None,
        typer.Option(
            "--train", metavar="SHARE", parser=_share, help="Share of train, as .8 or 80%.", show_default=".8"
        ),
    ] = None,
    val: Annotated[
        float | None, typer.Option("--val", metavar="SHARE", parser=_share, help="Share of val.", show_default=".1")
    ] = None,
    test: Annotated[
        float | None,
        typer.Option("--test", metavar="SHARE", parser=_share, help="Share of test; may be 0.", show_default=".1"),
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
    conflicts: Annotated[
        Literal["error", "drop"],
        typer.Option(
            "--conflicts", help="If a picture is in several classes: end with an error, or leave out its images."
        ),
    ] = "error",
    decisions: options.DecisionsFile = None,
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
    from celebtool.folders import decide, split
    from celebtool.folders.conflicts import ConflictError
    from celebtool.formats import decision_targets, image_folder, provenance
    from celebtool.formats import decisions as table

    if folds and (train, val, test) != (None, None, None):
        raise typer.BadParameter("makes folds of equal size; leave out --train, --val and --test", param_hint="--folds")
    shares = _shares(train, val, test)
    settings = split.SplitSettings(shares, folds or 0, near_duplicates, seed, conflicts)
    check_order(faces, parts, "split")
    folder = image_folder.read_labelled(faces)
    if folder.parts:
        raise CelebtoolError(faces, f"is split already ({', '.join(folder.parts)}); give the folder it was made from")
    contents = provenance.contents(faces)
    decided = decision_targets.of_run(decisions, None, folder, contents)
    recipe = table.with_decisions(provenance.recipe("split", split.parameters(settings), faces, contents), decided)
    if not overwrite and is_finished(parts, recipe):
        console.finished(parts)
        return
    try:
        with (
            new_directory(
                parts,
                recipe=recipe,
                inputs=[faces],
                overwrite=overwrite,
                resumable=True,
                dry_run=dry_run,
                scratch_of=FINGERPRINTS,
            ) as workspace,
            console.progress("split", "images") as progress,
        ):
            scratch = None if dry_run else workspace.scratch
            splits = split.plan(decide.decided(folder, decided), settings, progress, scratch, contents)
            splits = split.with_decisions(splits, decided, folder)
            if not dry_run:
                split.write(splits, faces, workspace.content, recipe, link=link)
    except ConflictError as error:
        raise (error if dry_run else error.with_table(_table(error, faces, parts))) from error
    _say(splits, parts, decided, dry_run=dry_run)


def _say(splits: "Splits", parts: Path, decided: "Decisions", *, dry_run: bool) -> None:
    """Print what is to be warned of, the table, and what was written."""
    from celebtool.folders import split_summary
    from celebtool.formats import decisions

    for notice in (*decided.warnings, *split_summary.notices(splits)):
        console.warn(notice)
    console.table("", *split_summary.table(splits))
    if not dry_run:
        first = parts / next(iter(splits))
        what = [split_summary.summary(splits), decisions.summary(decided)]
        console.done(parts, "; ".join(filter(None, what)), command_line("train", first, "model.h5"))


def _shares(*given: float | None) -> "Shares":
    from celebtool.folders import sampling

    try:
        return sampling.shares(*given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--train, --val, --test") from error


def _table(error: "ConflictError", faces: Path, parts: Path) -> Path:
    """Write the conflicts beside the output and return the file."""
    from celebtool.folders import conflicts

    file = parts.with_name(f"{parts.name}-conflicts.csv")
    with new_file(file, inputs=[faces], overwrite=conflicts.is_table(file)) as workspace:
        conflicts.write(workspace.content, error.conflicts)
    return file

"""``split FACES PARTS``: split an image folder into train, val and test; copies of one picture stay together."""

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from celebtool import console, options
from celebtool.errors import command_line

if TYPE_CHECKING:
    from celebtool.folders.sampling import Shares
    from celebtool.folders.split import Splits
    from celebtool.formats.decisions import Decisions


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
    from celebtool.api import splitting
    from celebtool.folders.split import SplitSettings

    if folds and (train, val, test) != (None, None, None):
        raise typer.BadParameter("makes folds of equal size; leave out --train, --val and --test", param_hint="--folds")
    settings = SplitSettings(_shares(train, val, test), folds or 0, near_duplicates, seed, conflicts)
    made = splitting.planned(splitting.Order(faces, parts, settings, decisions, link, overwrite))
    if not splitting.is_there(made, console):
        _say(splitting.write(made, console, dry_run=dry_run), parts, made.decided, dry_run=dry_run)


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

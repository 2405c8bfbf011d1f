"""Split a folder: plan the run, decide which image goes where, write the parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.folders import conflicts, decide, split, split_files
from celebtool.folders.conflicts import ConflictError
from celebtool.folders.split import Splits, SplitSettings
from celebtool.formats import decision_targets, decisions, image_folder, provenance
from celebtool.formats.decisions import Decisions
from celebtool.formats.image_folder import ImageFolder
from celebtool.formats.recipes import Recipe
from celebtool.system.output import is_finished, new_directory, new_file
from celebtool.system.places import check_order
from celebtool.system.progress import Listener

FINGERPRINTS = {"fingerprints": 1}
"""What the scratch of a run that ended with conflicts holds: it depends on the images alone, not on the recipe."""


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Args:
        faces: the image folder.
        parts: the folder to write.
        settings: how it is split.
        decisions: a table of what a person decided; None: none.
        link: make hard links instead of copies.
        overwrite: replace an output.
    """

    faces: Path
    parts: Path
    settings: SplitSettings
    decisions: Path | None = None
    link: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Planned:
    """A run that is about to begin: the images, their SHA-256 by path, the decisions on them, and its recipe."""

    order: Order
    folder: ImageFolder
    contents: Mapping[str, str]
    decided: Decisions
    recipe: Recipe


def planned(order: Order) -> Planned:
    """Plan a run.

    Raises:
        CelebtoolError: the folder is split already, has no classes, or decisions are of nothing in it.
    """
    check_order(order.faces, order.parts, "split")
    folder = image_folder.read_labelled(order.faces)
    if folder.parts:
        split_already = f"is split already ({', '.join(folder.parts)}); give the folder it was made from"
        raise CelebtoolError(order.faces, split_already)
    contents = provenance.contents(order.faces)
    decided = decision_targets.of_run(order.decisions, None, folder, contents)
    recipe = provenance.recipe("split", split.parameters(order.settings), order.faces, contents)
    return Planned(order, folder, contents, decided, decisions.with_decisions(recipe, decided))


def is_there(made: Planned, tell: Listener) -> bool:
    """Say whether there is nothing to do."""
    there = not made.order.overwrite and is_finished(made.order.parts, made.recipe)
    if there:
        tell.finished(made.order.parts)
    return there


def write(made: Planned, tell: Listener, *, dry_run: bool = False) -> Splits:
    """Split the folder and write the parts; in a dry run, only find out what goes where.

    Raises:
        ConflictError: pictures are in several classes; a table beside the output names them.
        CelebtoolError: the output can't be written where it is wanted, or an image is unreadable.
    """
    order = made.order
    try:
        with (
            new_directory(
                order.parts,
                recipe=made.recipe,
                inputs=[order.faces],
                overwrite=order.overwrite,
                resumable=True,
                dry_run=dry_run,
                scratch_of=FINGERPRINTS,
            ) as workspace,
            tell.progress("split", "images") as progress,
        ):
            scratch = None if dry_run else workspace.scratch
            chosen = decide.decided(made.folder, made.decided)
            splits = split.plan(chosen, order.settings, progress, scratch, made.contents)
            splits = split.with_decisions(splits, made.decided, made.folder)
            if not dry_run:
                split_files.write(splits, order.faces, workspace.content, made.recipe, link=order.link)
    except ConflictError as error:
        raise (error if dry_run else error.with_table(_table(error, order))) from error
    return splits


def _table(error: ConflictError, order: Order) -> Path:
    """Write the conflicts beside the output and return the file."""
    file = order.parts.with_name(f"{order.parts.name}-conflicts.csv")
    with new_file(file, inputs=[order.faces], overwrite=conflicts.is_table(file)) as workspace:
        conflicts.write(workspace.content, error.conflicts)
    return file

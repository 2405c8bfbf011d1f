"""Apply a person's decisions to an image folder: leave images out, or put them into another class."""

from collections.abc import Sequence
from dataclasses import replace

from celebtool.errors import CelebtoolError
from celebtool.folders import transfer
from celebtool.formats import manifest, names
from celebtool.formats.decisions import CELL, REASONS, Decision, Decisions, Verb
from celebtool.formats.image_folder import ImageFolder


def decided(folder: ImageFolder, decisions: Decisions) -> ImageFolder:
    """Return a folder without the images that were dropped; those that were moved have their new label.

    Raises:
        CelebtoolError: a decision is about a face, which only photos have.
    """
    samples = []
    for sample in folder.samples:
        own = decisions.of(sample.path)
        for each in own:
            _check_image(each, decisions)
        if not own:
            samples.append(sample)
        elif own[0].verb != Verb.DROP:
            samples.append(replace(sample, label=own[0].label or sample.label))
    return replace(folder, samples=tuple(samples))


def dropped(folder: ImageFolder, decisions: Decisions) -> list[manifest.Row]:
    """Return the rows of the images that were dropped."""
    known = manifest.read(folder.root) if decisions.by_path else {}
    rows = []
    for sample in folder.samples:
        for each in decisions.of(sample.path):
            if each.verb == Verb.DROP:
                row = transfer.row(folder, sample, known)
                rows.append(replace(_told(row, each), status=manifest.REJECTED, reason=REASONS[each.verb]))
    return rows


def placed(rows: Sequence[manifest.Row], decisions: Decisions, folder: ImageFolder) -> list[manifest.Row]:
    """Return the rows of a new folder with what was decided; images that were moved lie in their new class.

    Args:
        rows: as if the images had stayed where they were.
        decisions: those that apply.
        folder: the folder that the rows' sources are in, before the decisions.
    """
    parts = {sample.path: sample.part for sample in folder.samples}
    taken = {names.key(row.path) for row in rows if row.path}
    return [_placed(row, decisions, parts[row.source], taken) for row in rows] if decisions.by_path else list(rows)


def _placed(row: manifest.Row, decisions: Decisions, part: str | None, taken: set[str]) -> manifest.Row:
    for each in decisions.of(row.source):
        row = _told(row, each)
        if row.path:
            row = replace(row, reason=REASONS[each.verb])
        if row.path and each.verb == Verb.MOVE:
            row = replace(row, path=names.free_path(_moved(row, each.label, part), "", taken))
    return row


def _moved(row: manifest.Row, label: str, part: str | None) -> str:
    """Return the path of an image in another class; before its class there may be a part, that it had or that it got."""
    directories = row.path.split("/")
    directories[row.path.count("/") - row.source.count("/") + bool(part)] = label
    return "/".join(directories)


def _told(row: manifest.Row, decision: Decision) -> manifest.Row:
    detail = row.extra.get("detail", "") if row.reason else ""
    return replace(row, extra={**row.extra, "detail": detail or decision.detail, CELL: decision.cell})


def _check_image(decision: Decision, decisions: Decisions) -> None:
    if decision.face is not None:
        problem = f"{decision.path} is an image of one face; faces of photos are chosen by crop-faces --decisions"
        raise CelebtoolError(decisions.where(decision), problem)

"""Reuse what an earlier run found in photos that have not changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from celebtool.cropping.plan import Task, digest
from celebtool.formats import faces, image_folder, manifest, provenance
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.reasons import Reason, Rejection


def is_earlier_run(output: Path, recipe: Mapping[str, object]) -> bool:
    """Say whether an output was made with the recipe's settings from other photos, so that its crops can be reused.

    An output of the very same recipe is not an earlier run: it is finished.
    """
    made_by = provenance.read(output)
    if made_by is None or made_by == recipe:
        return False
    return all(made_by.get(key) == recipe[key] for key in ("command", "parameters"))


def reuse(tasks: Sequence[Task], old: Path) -> tuple[list[PhotoResult], list[Task]]:
    """Return what unchanged photos gave in an earlier run of the same settings, and the tasks that remain.

    A photo is unchanged if its content is the origin that its earlier rows name and all its crops are there.
    """
    earlier: dict[str, list[manifest.Row]] = {}
    for row in manifest.read_all(old):
        earlier.setdefault(row.source, []).append(row)
    seen = faces.read(old)
    inside = {sample.path for sample in image_folder.read(old).samples}
    kept: list[PhotoResult] = []
    remaining: list[Task] = []
    for task in tasks:
        rows, found = earlier.get(task.source, []), seen.get(task.source, ())
        crops = {row.path for row in rows if row.path} | {each.crop for each in found if each.crop}
        if not task.origin and crops <= inside and _holds(task, rows):
            kept.append(_result(rows, found, old))
        else:
            remaining.append(task)
    return kept, remaining


def _holds(task: Task, rows: Sequence[manifest.Row]) -> bool:
    """Say whether the rows are of the photo as it is now, and were written by `crop-faces`."""
    known = all(row.status == manifest.KEPT or row.reason in set(Reason) for row in rows)
    return bool(rows) and known and rows[0].origin != "" and rows[0].origin == digest(task.file)


def _result(rows: Sequence[manifest.Row], found: Sequence[FoundFace], old: Path) -> PhotoResult:
    """Return what a photo gave, as its worker left it."""
    sharpness = {row.path: row.extra.get("sharpness", "") for row in rows}
    own = (
        replace(each, crop=str(old / each.crop), sharpness=sharpness.get(each.crop, "")) if each.crop else each
        for each in found
    )
    return PhotoResult(rows[0].source, rows[0].origin, tuple(own), _rejection(rows[0]))


def _rejection(row: manifest.Row) -> Rejection | None:
    """Return why a photo gave nothing; None for what the other photos of its folder decided."""
    if row.status != manifest.REJECTED or row.reason == Reason.OTHER_PERSON:
        return None
    return Rejection(Reason(row.reason), row.extra.get("detail", ""))

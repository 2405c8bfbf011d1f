"""What of an earlier output still holds: photos that have not changed need not be looked at again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from celebtool.cropping.plan import Task, digest
from celebtool.formats import faces, image_folder, manifest, provenance
from celebtool.formats.faces import Candidate, Found

OF_THE_FOLDER = "other_person"  # a reason that the other photos of the folder decide


def is_earlier_run(output: Path, recipe: Mapping[str, object]) -> bool:
    """Say whether an output was made with the recipe's settings from other photos, so that its crops still hold.

    An output of the very same recipe is no earlier run: it is finished.
    """
    made_by = provenance.read(output)
    if made_by is None or made_by == recipe:
        return False
    return all(made_by.get(key) == recipe[key] for key in ("command", "parameters"))


def reuse(tasks: Sequence[Task], old: Path) -> tuple[list[Found], list[Task]]:
    """Return what unchanged photos gave in an earlier run of the same settings, and the tasks that remain.

    A photo is unchanged if its content is the origin that its earlier rows name and all their crops are there.
    """
    earlier: dict[str, list[manifest.Row]] = {}
    for row in manifest.read_all(old):
        earlier.setdefault(row.source, []).append(row)
    seen = faces.read(old)
    inside = {sample.path for sample in image_folder.read(old).samples}
    kept: list[Found] = []
    remaining: list[Task] = []
    for task in tasks:
        rows, candidates = earlier.get(task.source, []), seen.get(task.source, ())
        crops = {row.path for row in rows if row.path} | {each.crop for each in candidates if each.crop}
        if not task.origin and crops <= inside and _holds(task, rows):
            kept.append(_found(rows, candidates, old))
        else:
            remaining.append(task)
    return kept, remaining


def _holds(task: Task, rows: Sequence[manifest.Row]) -> bool:
    return bool(rows) and rows[0].origin != "" and rows[0].origin == digest(task.file)


def _found(rows: Sequence[manifest.Row], seen: Sequence[Candidate], old: Path) -> Found:
    """Return what a photo gave as its worker said it."""
    sharpness = {row.path: row.extra.get("sharpness", "") for row in rows}
    own = (
        replace(each, crop=str(old / each.crop), sharpness=sharpness.get(each.crop, "")) if each.crop else each
        for each in seen
    )
    first = rows[0]
    rejected = first.status == manifest.REJECTED and first.reason != OF_THE_FOLDER
    reason, detail = (first.reason, first.extra.get("detail", "")) if rejected else ("", "")
    return Found(first.source, first.origin, tuple(own), reason, detail)

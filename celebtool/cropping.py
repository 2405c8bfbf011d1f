"""What the crop step is told, and its plan: which photo goes where, which crops of an earlier run still hold."""

import os
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from celebtool.formats import manifest, provenance
from celebtool.formats.image_folder import ImageFolder
from celebtool.selection import Rule

COLUMNS = ("detail", "face", "left", "top", "width", "height", "landmarks", "confidence", "sharpness")
LONGEST_NAME = 200  # bytes; file systems allow 255, and a number and an extension follow
SHARD = 16  # photos; fixed, so that what is computed together doesn't depend on --jobs


@dataclass(frozen=True)
class Settings:
    """How faces are found, picked and cropped; the same settings and photo give the same crops."""

    size: int = 224
    margin: float = 0.25
    align: bool = True
    select: Rule = "largest"
    min_face: int = 20
    min_confidence: float = 0.9
    format: Literal["jpg", "png"] = "jpg"


@dataclass(frozen=True)
class Task:
    """A photo to crop: its file, its source path, label and origin, and its crop's path without extension."""

    file: Path
    source: str
    label: str
    origin: str
    target: str


@dataclass(frozen=True)
class Shard:
    """Photos that one worker crops in one go, and the directory that the crops' paths are relative to."""

    settings: Settings
    tasks: tuple[Task, ...]
    content: Path


def settings_of(crops: Mapping[str, Any] | None) -> Settings:
    """Return the settings that crop every face of a photo as a model's training images were cropped."""
    known = {name: crops[name] for name in ("size", "margin", "align", "format") if crops and name in crops}
    return Settings(**known, select="all")


def parameters(settings: Settings) -> dict[str, object]:
    """Return the settings as a recipe's parameters; two runs with equal ones write equal crops."""
    return asdict(settings)


def is_earlier_run(output: Path, recipe: Mapping[str, object]) -> bool:
    """Say whether an output was made with the recipe's settings from other photos, so that its crops still hold.

    An output of the very same recipe is no earlier run: it is finished.
    """
    made_by = provenance.read(output)
    if made_by is None or made_by == recipe:
        return False
    return all(made_by.get(key) == recipe[key] for key in ("command", "parameters"))


def plan(folder: ImageFolder) -> list[Task]:
    """Return a task for every file of a folder, in its order."""
    known = manifest.read(folder.root)
    targets = output_names([sample.path for sample in folder.samples])
    return [
        Task(
            file=folder.file(sample),
            source=sample.path,
            label=sample.label or "",
            origin=known[sample.path].origin if sample.path in known else "",
            target=targets[sample.path],
        )
        for sample in folder.samples
    ]


def shards(tasks: Sequence[Task], settings: Settings, content: Path) -> list[Shard]:
    """Return the tasks in lots of ``SHARD``."""
    return [Shard(settings, tuple(tasks[i : i + SHARD]), content) for i in range(0, len(tasks), SHARD)]


def output_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the path, without extension, of each photo's crop: the photo's own, if no other has the same.

    Photos whose paths differ in nothing but extension, case or Unicode form (``a.jpg``, ``a.png``, ``A.JPG``)
    keep their extension in the name, then get a number: the crops fit on every file system.
    """
    ordered = sorted(paths)
    rivals = Counter(_key(_stem(path)) for path in ordered)
    names = {path: _stem(path) for path in ordered if rivals[_key(_stem(path))] == 1}
    taken = {_key(name) for name in names.values()}
    for path in ordered:
        if path not in names:
            names[path] = name = _free(_short(unicodedata.normalize("NFC", path)), taken)
            taken.add(_key(name))
    return names


def crop_path(target: str, number: int, settings: Settings) -> str:
    """Return the path of a photo's crop, its ``number`` in the name where a photo may give several."""
    return f"{target}-{number}.{settings.format}" if settings.select == "all" else f"{target}.{settings.format}"


def reuse(tasks: Sequence[Task], settings: Settings, old: Path, content: Path) -> tuple[list[manifest.Row], list[Task]]:
    """Copy the crops of unchanged photos from an earlier output of the same settings.

    A photo is unchanged if its content is the origin that its earlier rows name and all their crops are there.

    Returns:
        The copied crops' rows, and the tasks that remain.
    """
    earlier: dict[str, list[manifest.Row]] = {}
    for row in manifest.read_all(old):
        earlier.setdefault(row.source, []).append(row)
    kept: list[manifest.Row] = []
    remaining: list[Task] = []
    for task in tasks:
        rows = earlier.get(task.source, [])
        if not task.origin and _holds(task, rows, old):
            kept += [_copied(row, task, settings, old, content) for row in rows]
        else:
            remaining.append(task)
    return kept, remaining


def summary(rows: Sequence[manifest.Row]) -> str:
    """Return what became of the photos: ``360 crops from 368 photos: 4 no face, 1 unreadable``."""
    crops = sum(row.status == manifest.KEPT for row in rows)
    rejects = Counter(row.reason for row in rows if row.status == manifest.REJECTED)
    photos = len({row.source for row in rows})
    listed = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in rejects.most_common())
    text = f"{crops} crop{'s' * (crops != 1)} from {photos} photo{'s' * (photos != 1)}"
    return f"{text}: {listed}" if listed else text


def digest(file: Path) -> str:
    """Return the SHA-256 of a regular file, nothing of anything else: a pipe has no content to wait for."""
    return manifest.sha256(file) if file.is_file() and os.access(file, os.R_OK) else ""


def _holds(task: Task, rows: Sequence[manifest.Row], old: Path) -> bool:
    if not rows or any(row.path and not (old / row.path).is_file() for row in rows):
        return False
    return rows[0].origin != "" and rows[0].origin == digest(task.file)


def _copied(row: manifest.Row, task: Task, settings: Settings, old: Path, content: Path) -> manifest.Row:
    if not row.path:
        return row
    path = crop_path(task.target, int(row.extra["face"]), settings)
    (content / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(old / row.path, content / path)
    return replace(row, path=path)


def _stem(path: str) -> str:
    return _short(unicodedata.normalize("NFC", str(PurePosixPath(path).with_suffix(""))))


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _short(path: str) -> str:
    """Cut the last name of a path to ``LONGEST_NAME`` bytes."""
    parent, _, name = path.rpartition("/")
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = os.fsencode(name)[:LONGEST_NAME].decode("utf-8", "ignore")
    return f"{parent}/{name}" if parent else name


def _free(name: str, taken: set[str]) -> str:
    number, wanted = 1, name
    while _key(name) in taken:
        number += 1
        name = f"{wanted}~{number}"
    return name

"""What the crop step is told, and its plan: which photos are looked at together, and where their crops go."""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from celebtool.cropping.pick_in_photo import Rule
from celebtool.errors import GateError
from celebtool.formats import manifest
from celebtool.formats.image_folder import ImageFolder

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
    """Photos that one worker looks at in one go, and the directory where it leaves what it found."""

    settings: Settings
    tasks: tuple[Task, ...]
    directory: Path


def settings_of(crops: Mapping[str, Any] | None) -> Settings:
    """Return the settings that crop every face of a photo as a model's training images were cropped."""
    return Settings(**(crops or {}), select="all")


def parameters(settings: Settings) -> dict[str, object]:
    """Return the settings as a recipe's parameters; two runs with equal ones write equal crops."""
    return asdict(settings)


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


def shards(tasks: Sequence[Task], settings: Settings, scratch: Path) -> list[Shard]:
    """Return the tasks in lots of ``SHARD``, each with a directory of its own that depends on its photos alone."""
    lots = [tuple(tasks[i : i + SHARD]) for i in range(0, len(tasks), SHARD)]
    return [Shard(settings, lot, scratch / _name(lot)) for lot in lots]


def single(shard: Shard) -> list[Shard]:
    """Return a shard's photos as shards of one each."""
    scratch = shard.directory.parent
    return [Shard(shard.settings, (task,), scratch / _name((task,))) for task in shard.tasks]


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


def sheet_files(file: Path, labels: Iterable[str]) -> dict[str, Path]:
    """Return the file of each class's contact sheet: of several, with their numbers in the order of their names."""
    ordered = sorted(set(labels))
    if len(ordered) == 1:
        return {ordered[0]: file}
    return {label: file.with_stem(f"{file.stem}-{number}") for number, label in enumerate(ordered, start=1)}


def summary(rows: Sequence[manifest.Row]) -> str:
    """Return what became of the photos: ``360 crops from 368 photos: 4 no face, 1 unreadable``."""
    crops = sum(row.status == manifest.KEPT for row in rows)
    rejects = Counter(row.reason for row in rows if row.status == manifest.REJECTED)
    photos = len({row.source for row in rows})
    listed = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in rejects.most_common())
    text = f"{crops} crop{'s' * (crops != 1)} from {photos} photo{'s' * (photos != 1)}"
    return f"{text}: {listed}" if listed else text


def check_rejects(rows: Sequence[manifest.Row], most: float | None, where: Path) -> None:
    """Compare the share of photos that gave no crop with the largest allowed.

    Raises:
        GateError: it is larger.
    """
    rejects = sum(row.status == manifest.REJECTED for row in rows)
    photos = len({row.source for row in rows})
    if most is not None and rejects > most * photos:
        problem = f"{rejects} of {photos} photos gave no crop ({rejects / photos:.1%}); at most {most:.1%} were allowed"
        raise GateError(where, problem)


def digest(file: Path) -> str:
    """Return the SHA-256 of a regular file, nothing of anything else: a pipe has no content to wait for."""
    return manifest.sha256(file) if file.is_file() and os.access(file, os.R_OK) else ""


def _name(tasks: Sequence[Task]) -> str:
    sources = b"\0".join(os.fsencode(task.source) for task in tasks)
    return hashlib.sha256(sources).hexdigest()[:32]


def _stem(path: str) -> str:
    return _short(unicodedata.normalize("NFC", str(PurePosixPath(path).with_suffix(""))))


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _short(path: str) -> str:
    """Cut the last name of a path to ``LONGEST_NAME`` bytes, between two characters."""
    parent, _, name = path.rpartition("/")
    while len(os.fsencode(name)) > LONGEST_NAME:
        name = name[:-1]
    return f"{parent}/{name}" if parent else name


def _free(name: str, taken: set[str]) -> str:
    number, wanted = 1, name
    while _key(name) in taken:
        number += 1
        name = f"{wanted}~{number}"
    return name

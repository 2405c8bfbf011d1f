"""The plan of the crop step: its settings, which photos one worker takes at a time, and where their crops go."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from celebtool.architectures import EMBEDDER
from celebtool.cropping.pick_in_photo import Rule
from celebtool.errors import GateError, SystemFaultError
from celebtool.formats import manifest, names
from celebtool.formats.image_folder import ImageFolder
from celebtool.formats.reasons import BY_HAND, words
from celebtool.system import system_faults

SHARD = 16  # photos; fixed, so that what is computed together doesn't depend on --jobs


@dataclass(frozen=True)
class CropSettings:
    """How faces are found, picked and cropped; equal settings and photos give equal crops."""

    size: int = 224
    margin: float = 0.4
    align: bool = True
    select: Rule = "largest"
    min_face: int = 20
    min_confidence: float = 0.9
    format: Literal["jpg", "png"] = "jpg"
    group: bool = False


@dataclass(frozen=True)
class Task:
    """A photo to crop: its file, its path in the input, label and origin, and its crop's path without extension.

    `content` is the SHA-256 of the file when the run began, "" if it was no regular file; None if nobody looked. `part` is
    train, val, test or "". `wanted` are the indices of faces to cut out whatever the rule picks.
    """

    file: Path
    source: str
    label: str
    origin: str
    target: str
    content: str | None = None
    part: str = ""
    wanted: tuple[int, ...] = ()

    def check_unchanged(self) -> str:
        """Return the file's SHA-256, "" if it is no regular file.

        Raises:
            SystemFaultError: it can't be read, or is not what it was when the run began.
        """

        def attempt() -> str:
            if self.content:
                self.file.stat()
            return digest(self.file)

        now = system_faults.tried_again(self.file, attempt)
        if self.content is not None and now != self.content:
            raise SystemFaultError(self.file, "changed while the run was under way; run the command again")
        return now


@dataclass(frozen=True)
class Shard:
    """The photos that one worker crops in one go, and the directory (see `lots`) where it leaves the result."""

    settings: CropSettings
    tasks: tuple[Task, ...]
    directory: Path


def settings_of(crops: Mapping[str, Any] | None) -> CropSettings:
    """Return the settings that crop every face of a photo as a model's training images were cropped."""
    return CropSettings(**(crops or {}), select="all")


def parameters(settings: CropSettings) -> dict[str, object]:
    """Return the settings as the parameters of a recipe."""
    given = asdict(settings) | {"embeddings": EMBEDDER}
    return given if settings.group else {name: value for name, value in given.items() if name != "group"}


def plan(folder: ImageFolder, contents: Mapping[str, str] | None = None, *, group: bool = False) -> list[Task]:
    """Return a task for every file of a folder, in its order.

    Args:
        folder: the photos.
        contents: the SHA-256 of each, as `provenance.contents` returns them.
        group: whether the faces will be sorted by who they are, so that the directories of the photos are no labels.
    """
    known = manifest.read(folder.root)
    targets = names.output_names([sample.path for sample in folder.samples])
    return [
        Task(
            file=folder.file(sample),
            source=sample.path,
            label="" if group else sample.label or "",
            origin=known[sample.path].origin if sample.path in known else "",
            target=targets[sample.path],
            content=contents.get(sample.path, "") if contents is not None else None,
            part=sample.part or "",
        )
        for sample in folder.samples
    ]


def shards(tasks: Sequence[Task], settings: CropSettings, scratch: Path) -> list[Shard]:
    """Return the tasks in shards of `SHARD`, each with a directory whose name depends on its photos alone."""
    groups = [tuple(tasks[i : i + SHARD]) for i in range(0, len(tasks), SHARD)]
    return [Shard(settings, group, scratch / _name(group)) for group in groups]


def single(shard: Shard) -> list[Shard]:
    """Return the photos of a shard as shards of one photo each."""
    scratch = shard.directory.parent
    return [Shard(shard.settings, (task,), scratch / _name((task,))) for task in shard.tasks]


def target(task: Task, label: str) -> str:
    """Return the path, without extension, of a photo's crop in the folder of a class, its own or another."""
    directories = task.target.split("/")
    if label != task.label:
        at = 1 if task.part else 0
        directories[at : at + bool(task.label)] = [label]  # loose photos have no directory that it would replace
    return "/".join(directories)


def crop_path(target: str, number: int, settings: CropSettings) -> str:
    """Return the path of a photo's crop, with its `number` where a photo may give several."""
    return f"{target}-{number}.{settings.format}" if settings.select == "all" else f"{target}.{settings.format}"


def sheet_files(file: Path, labels: Iterable[str]) -> dict[str, Path]:
    """Return the file of each class's contact sheet; several are numbered in the order of the classes' names."""
    ordered = sorted(set(labels))
    if len(ordered) == 1:
        return {ordered[0]: file}
    return {label: file.with_stem(f"{file.stem}-{number}") for number, label in enumerate(ordered, start=1)}


def summary(rows: Sequence[manifest.Row]) -> str:
    """Return what became of the photos: ``360 crops from 368 photos: 4 no face, 1 unreadable``."""
    crops = sum(row.status == manifest.KEPT for row in rows)
    rejects = Counter(row.reason for row in rows if row.status == manifest.REJECTED)
    photos = len({row.source for row in rows})
    listed = ", ".join(f"{count} {words(reason)}" for reason, count in rejects.most_common())
    text = f"{crops} crop{'s' * (crops != 1)} from {photos} photo{'s' * (photos != 1)}"
    return f"{text}: {listed}" if listed else text


def check_rejects(rows: Sequence[manifest.Row], most: float | None, where: Path) -> None:
    """Compare the share of photos that gave no crop with the largest allowed; what a person left out doesn't count.

    Raises:
        GateError: it is larger.
    """
    rejects = sum(row.status == manifest.REJECTED and row.reason not in BY_HAND for row in rows)
    photos = len({row.source for row in rows})
    if most is not None and rejects > most * photos:
        problem = f"{rejects} of {photos} photos gave no crop ({rejects / photos:.1%}); at most {most:.1%} were allowed"
        raise GateError(where, problem)


def digest(file: Path) -> str:
    """Return the SHA-256 of a regular file; empty for anything else, such as a pipe, which may never end.

    Raises:
        OSError: it can't be read.
    """
    return manifest.sha256(file) if file.is_file() else ""


def _name(tasks: Sequence[Task]) -> str:
    sources = b"\0".join(
        os.fsencode(task.source) + bytes(f"\0{task.wanted}" if task.wanted else "", "ascii") for task in tasks
    )
    return hashlib.sha256(sources).hexdigest()[:32]

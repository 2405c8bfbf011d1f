"""Image folders: ``FOLDER/<class>/<image>``, or ``FOLDER/{train,val,test}/<class>/<image>`` once split.

The directory is the truth. Every regular file in it is an input, image or not, but for hidden files, the files
that desktops leave behind and celebtool's own tables. Symbolic links are followed to files inside the
folder only: nothing outside the folder that was named is ever read.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from celebtool.errors import CelebtoolError

PARTS = ("train", "val", "test")
UNKNOWN = "unknown"
"""The directory of strangers: images of nobody in particular, never a class."""

MAX_CLASSES = 10_000
"""The most classes of a model and of a table of predictions: a confusion matrix has a cell for every two."""

SIDECARS = frozenset({"manifest.csv", "celebtool.json", "faces.csv"})
DESKTOP_FILES = frozenset({"Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Sample:
    """An image of a folder: its path relative to the root ('/' between names), its label and its part."""

    path: str
    label: str | None
    part: str | None = None


@dataclass(frozen=True)
class ImageFolder:
    """The samples of a directory, sorted by path."""

    root: Path
    samples: tuple[Sample, ...]

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The labels in sorted order, without `UNKNOWN`: the order of a model's outputs."""
        return tuple(sorted({s.label for s in self.samples if s.label is not None} - {UNKNOWN}))

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Which of train, val and test there are; empty for a folder that is not split."""
        present = {sample.part for sample in self.samples}
        return tuple(part for part in PARTS if part in present)

    def of_part(self, part: str | None) -> tuple[Sample, ...]:
        """The samples of one part."""
        return tuple(sample for sample in self.samples if sample.part == part)

    def file(self, sample: Sample) -> Path:
        """Where the sample's image is."""
        return self.root / sample.path

    def counts(self, part: str | None = None) -> Counter[str]:
        """Images per label, of one part or (None) of the whole folder."""
        return Counter(s.label for s in self.samples if s.label is not None and part in (None, s.part))


def read(root: Path) -> ImageFolder:
    """List a directory of images, labelled or not.

    Raises:
        CelebtoolError: there is no such directory, it can't be read, or a link in it leads outside.
    """
    if not root.is_dir():
        problem = "is a file; expected a directory of images" if root.exists() else "no such directory"
        raise CelebtoolError(root, problem)
    files = sorted(_files(root, root.resolve()))
    directories = {path.split("/", 1)[0] for path in files if "/" in path}
    is_split = bool(directories) and directories <= set(PARTS)
    return ImageFolder(root, tuple(_sample(path, is_split=is_split) for path in files))


def read_labelled(root: Path) -> ImageFolder:
    """List a directory of class directories.

    Raises:
        CelebtoolError: as `read`; or there is no class directory, an empty one, or an image outside them.
    """
    folder = read(root)
    if not folder.class_names:
        raise CelebtoolError(root, "has no class directories; expected FOLDER/<class>/<image>")
    for sample in folder.samples:
        if sample.label is None:
            raise CelebtoolError(root / sample.path, "lies in no class directory; expected FOLDER/<class>/<image>")
    for directory in _class_directories(folder):
        if not any(_files(directory, root.resolve())):
            raise CelebtoolError(directory, "is an empty class; put images into it or remove it")
    return folder


def sidecar(root: Path, name: str) -> Path | None:
    """Return the file of celebtool's own that a folder has under a name, if it has one.

    Raises:
        CelebtoolError: it is a link that leads outside the folder.
    """
    file = root / name
    if not file.is_file():  # nor a pipe, which would keep its reader waiting
        return None
    _check_link(file, root.resolve())
    return file


def _class_directories(folder: ImageFolder) -> Iterator[Path]:
    for parent in [folder.root / part for part in folder.parts] or [folder.root]:
        with os.scandir(parent) as entries:
            yield from (Path(e.path) for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith("."))


def _sample(path: str, *, is_split: bool) -> Sample:
    names = path.split("/")
    part = names.pop(0) if is_split and len(names) > 1 else None
    return Sample(path, unicodedata.normalize("NFC", names[0]) if len(names) > 1 else None, part)


def _files(directory: Path, root: Path) -> Iterator[str]:
    waiting = [(directory, "")]  # untrusted directories may be deeper than Python's stack
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in DESKTOP_FILES:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                    continue
                _check_link(Path(entry.path), root)
                if prefix or entry.name not in SIDECARS:
                    yield prefix + entry.name


def _check_link(file: Path, root: Path) -> None:
    real = Path(os.path.realpath(file))
    if file.is_symlink() and root not in (real, *real.parents):  # a link to the folder itself is no way out of it
        raise CelebtoolError(file, "is a link that leads outside the folder; copy the file instead")

"""List the images that `predict` is given: directories, files, or names on stdin, each with label and origin."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder, manifest, provenance
from celebtool.formats.image_folder import UNKNOWN, ImageFolder
from celebtool.system.output import RECIPE_FILE

MAX_NAME = 1 << 16  # bytes


@dataclass(frozen=True)
class Source:
    """An image to predict: what its row is called, where it is, and what is known of it."""

    path: str
    file: Path
    label: str = ""
    part: str = ""

    def origin(self) -> str:
        """The SHA-256 of the photo that the image comes from, as the folder it lies in tells; else of itself."""
        root = home(self.file.parent)
        rows = _rows(root) if root else {}
        path = self.file.absolute().relative_to(root).as_posix() if root else ""
        return manifest.origin(rows, path, self.file)


def of_arguments(arguments: Sequence[str], class_names: Sequence[str], separator: bytes) -> Iterator[Source]:
    """Return the images that a command line names, in its order; the list on stdin is read as it goes.

    Args:
        arguments: directories, files, or ``-`` for a list of files on stdin.
        class_names: a model's classes. If a directory holds directories of some of them, its other ones are
            of strangers; if of none, its images have no labels.
        separator: what stands between the names on stdin: a newline, or NUL.

    Raises:
        CelebtoolError: a directory can't be read or is empty, or a name is. A missing file is a row that failed, not an
            error.
    """
    if "" in arguments:  # an unset variable of a shell's, and not the current directory
        raise CelebtoolError("''", "is an empty name; expected a directory, a file, or - for a list on stdin")
    folders = {argument: _folder(argument) for argument in arguments if Path(argument).is_dir()}

    def of(argument: str) -> Iterator[Source]:
        if argument == "-":
            return (_single(name) for name in _names(separator))
        if argument in folders:
            prefix = f"{argument.rstrip('/')}/" if len(folders) > 1 else ""
            return _of_folder(folders[argument], set(class_names), prefix)
        return iter([_single(argument)])

    return chain.from_iterable(map(of, arguments))


def _folder(argument: str) -> ImageFolder:
    folder = image_folder.read(Path(argument))
    if not folder.samples:
        raise CelebtoolError(argument, "holds no files; expected images")
    if (folder.root / RECIPE_FILE).is_file():
        _rows(folder.root.absolute())  # what is wrong in a folder that was named is an error, not passed over
    return folder


def _single(name: str) -> Source:
    return Source(name, Path(name))


def _names(separator: bytes) -> Iterator[str]:
    """Split stdin at a separator without waiting for its end."""
    rest = b""
    while chunk := os.read(0, 1 << 16):
        *names, rest = (rest + chunk).split(separator)
        if len(rest) > MAX_NAME:
            raise CelebtoolError("stdin", f"has a name of more than {MAX_NAME} bytes; expected one file a line, or -0")
        yield from (os.fsdecode(name) for name in names if name)
    if rest:
        yield os.fsdecode(rest)


def _of_folder(folder: ImageFolder, class_names: set[str], prefix: str) -> Iterator[Source]:
    labelled = bool(class_names & set(folder.class_names)) or UNKNOWN in folder.counts()
    for sample in folder.samples:
        label = sample.label or ""
        if label not in class_names:
            label = UNKNOWN if labelled and label else ""
        yield Source(prefix + sample.path, folder.file(sample), label, sample.part or "")


@cache
def home(directory: Path) -> Path | None:
    """Return the nearest folder, from here upwards, that celebtool wrote.

    Nobody named the folders above, so they decide nothing by being damaged: such a one is passed over.
    """
    directory = directory.absolute()
    return next((parent for parent in (directory, *directory.parents) if _is_ours(parent)), None)


def _is_ours(directory: Path) -> bool:
    with contextlib.suppress(CelebtoolError, OSError):
        if (directory / RECIPE_FILE).is_file():
            _rows(directory)
            return True
    return False


def are_cropped(arguments: Sequence[str]) -> bool:
    """Whether what is named shows a sign of being face crops (or, as a list, can show none)."""
    places = [Path(argument) for argument in arguments if argument != "-"]
    roots = [home(place if place.is_dir() else place.parent) for place in places]
    return all(root is not None and provenance.crop_parameters(root) is not None for root in roots)


@cache
def _rows(root: Path) -> dict[str, manifest.Row]:
    """Read what celebtool wrote of a folder, the way it was made too, so that either may be found damaged."""
    provenance.read(root)
    return manifest.read(root)

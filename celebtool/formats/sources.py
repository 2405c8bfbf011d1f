"""List the images that `predict` is given: directories, files, or names on stdin, each with label and origin."""

import contextlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from celebtool import suggestions
from celebtool.errors import CelebtoolError, command_line
from celebtool.formats import crops, image_decoding, image_folder, listed_names, manifest, provenance
from celebtool.formats.image_folder import UNKNOWN, ImageFolder
from celebtool.system.output import RECIPE_FILE


@dataclass(frozen=True)
class Source:
    """An image to predict: what its row is called, where it is, and what is known of it."""

    path: str
    file: Path
    label: str = ""
    part: str = ""
    listed: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether a name from a list on stdin is of no file; one that the command line names is checked at once."""
        return self.listed and not os.path.lexists(self.file)

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
        CelebtoolError: a directory can't be read or is empty; a name is empty or is of nothing that exists. A name on
            stdin that does not exist is a row that failed.
    """
    if "" in arguments:  # an unset variable of a shell's, and not the current directory
        raise CelebtoolError("''", "is an empty name; expected a directory, a file, or - for a list on stdin")
    for argument in arguments:
        _check_exists(argument)
    folders = {argument: _folder(argument) for argument in arguments if Path(argument).is_dir()}

    def of(argument: str) -> Iterator[Source]:
        if argument == "-":
            return (Source(name, Path(name), listed=True) for name in listed_names.read(separator))
        if argument in folders:
            prefix = f"{argument.rstrip('/')}/" if len(folders) > 1 else ""
            return _of_folder(folders[argument], set(class_names), prefix)
        return iter([Source(argument, Path(argument))])

    return chain.from_iterable(map(of, arguments))


def check_order(model: Path, arguments: Sequence[str]) -> None:
    """Refuse a model that is given after the images.

    Raises:
        CelebtoolError: with the command line in the right order.
    """
    models = [argument for argument in arguments if argument.endswith(".h5") and Path(argument).is_file()]
    if models and model.suffix != ".h5":
        right = command_line("predict", models[0], model, *(each for each in arguments if each != models[0]))
        raise CelebtoolError(model, f"is no model; the model comes first: {right}")


def count(arguments: Sequence[str]) -> int:
    """Return how many images a command line names; 0 if that is not known, because a list on stdin is among them."""
    if "-" in arguments:
        return 0
    return sum(len(image_folder.read(Path(name)).samples) if Path(name).is_dir() else 1 for name in arguments)


def _check_exists(argument: str) -> None:
    if argument == "-" or os.path.lexists(argument):
        return
    if "://" in argument:
        raise CelebtoolError(argument, "is an address; download it first and give the file")
    if any(character in argument for character in "*?["):
        raise CelebtoolError(argument, "no file matches; expected a directory, a file, or - for a list on stdin")
    hint = suggestions.did_you_mean_path(Path(argument)) or "; expected a directory, a file, or - for a list on stdin"
    raise CelebtoolError(argument, f"no such file or directory{hint}")


def named_folders(arguments: Sequence[str]) -> dict[str, ImageFolder]:
    """Return what the directories hold that a command line names."""
    return {argument: image_folder.read(Path(argument)) for argument in filter(os.path.isdir, arguments)}


def nested(named: Mapping[str, ImageFolder], class_names: Sequence[str]) -> Iterator[str]:
    """Yield, for each of the `named_folders`, that a model's people are directories deeper in it."""
    for argument, folder in named.items():
        if not _is_labelled(folder, set(class_names)) and (found := _place_of_people(folder, set(class_names))):
            problem = f"the model's people are folders in {found}; the images get no label, and so no figures"
            yield f"{argument}: {problem}; give {Path(argument) / found} instead"


def _place_of_people(folder: ImageFolder, class_names: set[str]) -> str:
    """Return the first directory that holds one of a model's class below another directory; "" if none does."""
    for sample in folder.samples:
        names = sample.path.split("/")[:-1]
        for depth, name in enumerate(names):
            if depth and unicodedata.normalize("NFC", name) in class_names:
                return "/".join(names[:depth])
    return ""


def misspelt(named: Iterable[ImageFolder], class_names: Sequence[str]) -> str:
    """Say which class directories of folders a model calls nearly so, and what that means; "" if none."""
    found = list(named)
    near = suggestions.misspelt({name for each in found for name in each.class_names}, (*class_names, UNKNOWN))
    if not near:
        return ""
    labelled = any(_is_labelled(folder, set(class_names)) for folder in found)
    meaning = "count as strangers" if labelled else "get no label, and so no figures"
    return f"the model has nobody called so, but nearly: {near}; their images {meaning}; rename the folders"


def _folder(argument: str) -> ImageFolder:
    folder = image_folder.read(Path(argument))
    if not folder.samples:
        raise CelebtoolError(argument, "holds no files; expected images")
    if (folder.root / RECIPE_FILE).is_file():
        _rows(folder.root.absolute())  # what is wrong in a folder that was named is an error, not passed over
    return folder


def _is_labelled(folder: ImageFolder, class_names: set[str]) -> bool:
    return bool(class_names & set(folder.class_names)) or UNKNOWN in folder.counts()


def _of_folder(folder: ImageFolder, class_names: set[str], prefix: str) -> Iterator[Source]:
    labelled = _is_labelled(folder, class_names)
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


def forget() -> None:
    """Forget which folders celebtool wrote, and what it wrote into them: in a long session they may have changed."""
    home.cache_clear()
    _rows.cache_clear()


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


def other_crops(arguments: Sequence[str], wanted: Mapping[str, object] | None) -> Iterator[tuple[Path, str]]:
    """Yield the folders of what is named whose crops are not as a model's, and what to do about it."""
    places = [Path(argument) for argument in arguments if argument != "-"]
    roots = dict.fromkeys(home(place if place.is_dir() else place.parent) for place in places)
    for root in filter(None, roots):
        if said := crops.difference(provenance.crop_parameters(root), wanted):
            yield root, said


def beginning(listed: Iterator[Source], there: int) -> list[Source]:
    """Take images from a list until so many of them exist, with the names of no file that stand before those."""
    taken = []
    while there and (source := next(listed, None)):
        taken.append(source)
        there -= not source.is_missing
    return taken


def have_size(sources: Sequence[Source], side: int) -> bool:
    """Whether images are squares of this side, as crops are; files that are no image are left out."""
    sizes = set()
    for source in sources:
        with contextlib.suppress(CelebtoolError), image_decoding.opened(source.file) as image:
            sizes.add(image.size)
    return sizes == {(side, side)}


@cache
def _rows(root: Path) -> dict[str, manifest.Row]:
    """Read what celebtool wrote of a folder, the way it was made too, so that either may be found damaged."""
    provenance.read(root)
    return manifest.read(root)

"""Recognise image folders that are laid out otherwise than celebtool expects, and say what to type.

Data sets come as ``data/{train,valid}/…``, with one folder too many (``data/pins/<person>/…``), or as several sources side by
side. Read as class folders, these would become people called "train" and "valid". Folders named after a date are
accepted inside a class folder, because cameras and phones make them.
"""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from celebtool.errors import CelebtoolError, listed
from celebtool.formats.text import natural_key

_SPELLINGS = {
    "train": {"train", "training", "trn", "tr"},
    "val": {"val", "valid", "validation", "validate", "dev", "development", "eval", "evaluation"},
    "test": {"test", "testing", "tests", "tst"},
}
_WHAT_OF = re.compile(r"(set|data|images?|photos?|faces|split)$")
_DATE = re.compile(r"(19|20)\d\d([-_. ]?\d\d){0,2}( .*)?|\d{1,2}|\d{3}[A-Z_]{5}")  # 2019-05-01 holiday, 05, 100CANON


@dataclass
class _Directory:
    """What lies directly in a directory: how many files, and which directories (those that hold something)."""

    files: int = 0
    directories: set[str] = field(default_factory=set)

    @property
    def holds_only_directories(self) -> bool:
        return not self.files and not all(_DATE.fullmatch(name) for name in self.directories)


def check(root: Path, paths: Iterable[str], parts: Sequence[str]) -> None:
    """Check that the directories of an image folder are those of people.

    Args:
        root: the folder.
        paths: of its files, relative to it.
        parts: those that it is split into; empty if it is not split.

    Raises:
        CelebtoolError: the layout is another; the message says what it looks like and what to type.
    """
    split_paths = [path.split("/") for path in paths]
    for part in parts or [""]:
        below = [names[1:] for names in split_paths if names[0] == part] if part else split_paths
        _check_people(root / part, _directories(below), is_split=bool(part))


def part_of(name: str) -> str | None:
    """Return the part that a directory's name stands for, in any spelling (``Validation Set`` → ``val``), if any."""
    word = _WHAT_OF.sub("", re.sub(r"[\W_]", "", name.casefold()))
    return next((part for part, spellings in _SPELLINGS.items() if word in spellings), None)


def _directories(paths: Iterable[Sequence[str]]) -> dict[str, _Directory]:
    directories: dict[str, _Directory] = {}
    for names in paths:
        if len(names) > 1:
            directory = directories.setdefault(names[0], _Directory())
            if len(names) == 2:
                directory.files += 1
            else:
                directory.directories.add(names[1])
    return directories


def _check_people(root: Path, directories: Mapping[str, _Directory], *, is_split: bool) -> None:
    if not is_split:
        _check_spelling(root, directories)
    outer = sorted((name for name, each in directories.items() if each.holds_only_directories), key=natural_key)
    if not outer or all(_DATE.fullmatch(name) for name in directories):
        return
    inner = set.intersection(*(directories[name].directories for name in outer))
    first = root / outer[0]
    if len(directories) == 1:
        problem = f"holds one folder, {outer[0]}, that holds only folders ({_some(directories[outer[0]].directories)})"
        raise CelebtoolError(root, f"{problem}; give {first} instead")
    if len(outer) == len(directories) and inner and all(map(part_of, inner)):
        raise CelebtoolError(root, f"holds several split folders ({_some(outer)}); give one of them, as {first}")
    if len(outer) == len(directories) and inner:
        problem = f"its folders {_some(outer)} hold folders of the same names ({_some(inner)}), so they are not people"
        raise CelebtoolError(root, f"{problem}; call them train, val and test, or give one of them, as {first}")
    problem = f"holds only folders ({_some(directories[outer[0]].directories)}); expected the images of one person"
    raise CelebtoolError(first, f"{problem}; put them directly into it, or move its folders up")


def _check_spelling(root: Path, directories: Mapping[str, _Directory]) -> None:
    """Refuse parts that are called otherwise, or that have other directories beside them."""
    part_names = {name: part for name in sorted(directories) if (part := part_of(name))}
    if len(part_names) < len(directories):  # beside people, one that holds images itself is a person's
        part_names = {name: part for name, part in part_names.items() if directories[name].directories}
    parts = set(part_names.values())
    if "train" not in parts or len(parts) < 2:  # one of them alone may be a person's name
        return
    others = sorted(directories.keys() - part_names.keys(), key=natural_key)
    renamed = {name: part for name, part in part_names.items() if name != part and part not in directories}
    surplus = [name for name, part in part_names.items() if name != part and name not in renamed]
    said, typed = [], []
    for name, part in renamed.items():
        said.append(f"{name} should be called {part}")
        typed.append(shlex.join(["mv", str(root / name), str(root / part)]))
    if others or surplus:
        said.append(f"{_some([*others, *surplus])} should not be there")
        typed.append(f"move {_some([*others, *surplus])} elsewhere")
    if said:
        raise CelebtoolError(root, f"looks split, but {' and '.join(said)}; {'; '.join(typed)}")


def _some(names: Iterable[str]) -> str:
    return listed(sorted(names, key=natural_key), 3)

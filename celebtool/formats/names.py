"""File names that do not collide, on any file system.

Some file systems take two names for one if they differ only in case or Unicode form. So does this module.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

LONGEST = 200  # bytes; file systems allow 255, and a number and an extension follow


def key(path: str) -> str:
    """Return what two paths have in common if a file system may take them for one."""
    return unicodedata.normalize("NFC", path.casefold())


def output_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the path, without extension, of the output made from each path: its own, if no other has the same.

    Paths that differ only in extension, case or Unicode form (``a.jpg``, ``a.png``, ``A.JPG``) keep their extension
    in the name; those that still collide get a number.
    """
    ordered = sorted(paths)
    rivals = Counter(key(_stem(path)) for path in ordered)
    names = {path: _stem(path) for path in ordered if rivals[key(_stem(path))] == 1}
    taken = {key(name) for name in names.values()}
    for path in ordered:
        if path not in names:
            names[path] = _first_free(_shortened(unicodedata.normalize("NFC", path)), "", taken)
    return names


def free_path(path: str, suffix: str, taken: set[str]) -> str:
    """Return the path with `suffix` after its stem, and a number if that is taken; it is taken from now on.

    Args:
        path: ``person/photo.jpg``.
        suffix: ``-copy1``.
        taken: the keys (`key`) of all paths in use.
    """
    pure = PurePosixPath(path)
    return _first_free(_shortened(str(pure.with_suffix(""))) + suffix, pure.suffix, taken)


def _first_free(name: str, extension: str, taken: set[str]) -> str:
    """Return the name, with ``~2``, ``~3``… before the extension if it is taken, and add its key to `taken`."""
    number, path = 1, name + extension
    while key(path) in taken:
        number += 1
        path = f"{name}~{number}{extension}"
    taken.add(key(path))
    return path


def _stem(path: str) -> str:
    return _shortened(unicodedata.normalize("NFC", str(PurePosixPath(path).with_suffix(""))))


def _shortened(path: str) -> str:
    """Cut the last name of a path to `LONGEST` bytes, between two characters."""
    parent, _, name = path.rpartition("/")
    while len(os.fsencode(name)) > LONGEST:
        name = name[:-1]
    return f"{parent}/{name}" if parent else name

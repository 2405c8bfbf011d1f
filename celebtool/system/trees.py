"""Iterate over directories and remove them without recursion, so that depth is unlimited."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def entries(root: Path, passed_over: type[OSError] = FileNotFoundError) -> Iterator[os.DirEntry[str]]:
    """Yield every entry below a directory, a directory before its own entries; links are not followed.

    Args:
        root: the directory.
        passed_over: the errors of reading a directory below it that are ignored; it may be gone meanwhile.
    """
    waiting = [str(root)]
    while waiting:
        with contextlib.suppress(passed_over), os.scandir(waiting.pop()) as found:
            for entry in found:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def vacated(path: Path) -> Path:
    """Remove what has this name, and return the name for a new one.

    In an untrusted folder it may be a second name of another file: writing into it would change that one.
    """
    remove(path)
    return path


def remove(path: Path) -> None:
    """Remove a file, or as much of a directory as can be removed."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    below = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries(path, OSError)]
    for each, is_directory in [*reversed(below), (path, True)]:
        with contextlib.suppress(OSError):
            each.rmdir() if is_directory else each.unlink()

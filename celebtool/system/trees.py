"""Iterate over directories and remove them without recursion, so that depth is unlimited."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

ATTEMPTS, PAUSE = 3, 0.01  # seconds


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
    """Remove a file, or as much of a directory as can be removed.

    A thread that opens a file in it meanwhile may make that file after the others are gone; so this is tried again.
    """
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    for _ in range(ATTEMPTS):
        _empty(path)
        if not path.exists():
            break
        time.sleep(PAUSE)


def _empty(path: Path) -> None:
    """Remove what can be removed below a directory, and itself."""
    below = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries(path, OSError)]
    for each, is_directory in [*reversed(below), (path, True)]:
        with contextlib.suppress(OSError):
            each.rmdir() if is_directory else each.unlink()

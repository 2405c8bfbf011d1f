"""Directories of any depth, walked and removed: what calls itself for every level ends at a thousand."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def entries(root: Path, passed_over: type[OSError] = FileNotFoundError) -> Iterator[os.DirEntry[str]]:
    """Yield all that lies below a directory, what holds others before them; links are not followed.

    Args:
        root: the directory.
        passed_over: what may happen to a directory below that is to be read; it may be gone meanwhile.
    """
    waiting = [str(root)]
    while waiting:
        with contextlib.suppress(passed_over), os.scandir(waiting.pop()) as found:
            for entry in found:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def remove(path: Path) -> None:
    """Remove a file, or what can be removed of a directory."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    below = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries(path, OSError)]
    for each, is_directory in [*reversed(below), (path, True)]:
        with contextlib.suppress(OSError):
            each.rmdir() if is_directory else each.unlink()

"""Lock an output, so that one run at a time writes it; the lock lies in the hidden directory beside it."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import filelock

from celebtool.errors import CelebtoolError
from celebtool.system import trees


@contextlib.contextmanager
def locked(root: Path, path: Path, given: Path) -> Iterator[None]:
    """Hold a lock in the directory `root`, which is created if need be, for the output `path` that is called `given`."""
    lock = _lock(root, path, given)
    while lock is None:  # a run that ended meanwhile has taken the directory with it
        lock = _lock(root, path, given)
    try:
        yield
    finally:
        lock.release()


def _lock(root: Path, path: Path, given: Path) -> filelock.BaseFileLock | None:
    """Try to lock `root`; None if it was removed on the way."""
    lock = filelock.FileLock(root / "lock", blocking=False)
    try:
        root.mkdir(exist_ok=True)
        _check_own(root)
        lock.acquire()
        if (root / "lock").exists():
            return lock
    except filelock.Timeout as error:
        raise CelebtoolError(given, "is being written by another run; wait for it or stop it") from error
    except (FileNotFoundError, FileExistsError):
        if path.parent.is_dir() and _is_directory_or_gone(root):
            return None
        raise
    except BaseException:
        with contextlib.suppress(OSError):  # it stays if another run is in it
            root.rmdir()
        raise
    lock.release()
    return None


def _is_directory_or_gone(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)  # asked once: it may go at any moment
    except FileNotFoundError:
        return True


def _check_own(root: Path) -> None:
    """Refuse a workspace from an untrusted source: a link leads elsewhere, and reading a pipe never ends."""
    others = "is not celebtool's own, for it holds {}; remove it"
    if root.is_symlink():
        raise CelebtoolError(root, others.format("links"))
    for entry in trees.entries(root):
        if entry.is_symlink():
            raise CelebtoolError(root, others.format("links"))
        if not (entry.is_dir() or entry.is_file()):
            raise CelebtoolError(root, others.format("pipes, sockets or devices"))

"""Keep converted networks in the user's cache directory.

A file is one line, the SHA-256 of what follows, and a network as LiteRT reads it. It appears under its name in one step.
Its name is a digest of all that the network is made of, so that it is never out of date. Only files of this user or of root
that nobody else may write are read. A file that is damaged counts as absent.
"""

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from celebtool.system import signals, trees

VARIABLE = "CELEBTOOL_CACHE"
"""Environment variable: where the networks are kept instead; worker processes inherit it."""
LIMIT = 2 << 30
"""Bytes that all files may take; those that were not used for longest are removed beyond it."""
PATIENCE = 300.0
"""Seconds to wait for another process that converts; after that, both do."""
SILENCE = 10.0
"""Seconds of them after which a user is told."""

_SUFFIX = ".network"
_NEW = ".new-"
_DIGEST = 64  # hexadecimal digits
_MODE = 0o644  # less what the umask forbids: others may use a network, but what others may write is not read


def directory() -> Path | None:
    """Return the directory of the networks, which need not exist; None if the user has no home directory.

    A relative path in the environment is ignored, HOME too: it would lead into the current directory.
    """
    for variable, below in ((VARIABLE, "."), ("XDG_CACHE_HOME", "celebtool")):
        given = Path(os.environ.get(variable, ""))
        if given.is_absolute():
            return given / below
    with contextlib.suppress(RuntimeError):
        home = Path.home()
        if home.is_absolute() and home.is_dir() and os.environ.get("HOME") != "":
            return home / ".cache" / "celebtool"
    return None


def read(name: str) -> bytes | None:
    """Return a network, None if it is not there; raises ValueError if it is there but must not be used."""
    root = directory()
    if root is None:
        return None
    path = root / f"{name}{_SUFFIX}"
    try:
        with open(path, "rb", opener=_without_links) as stream:
            _check_own(os.fstat(stream.fileno()))
            head, content = stream.read(_DIGEST + 1), stream.read()
    except OSError:
        return None
    if head != _head(content):
        raise ValueError("it is damaged")
    with contextlib.suppress(OSError):
        os.utime(path)
    return content


def write(name: str, content: bytes) -> None:
    """Add a network, and remove those that were not used for longest if there are too many bytes.

    Raises:
        OSError: the directory can't be written.
    """
    root = directory()
    if root is None:
        raise FileNotFoundError("no home directory")
    unfinished = root / f"{_NEW}{secrets.token_hex(8)}"
    number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _MODE)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(_head(content))
            stream.write(content)
        unfinished.replace(root / f"{name}{_SUFFIX}")
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _shrink(root, f"{name}{_SUFFIX}")


def link(name: str, other: str) -> None:
    """Give a network another name as well, if that is possible."""
    root = directory()
    if root is not None:
        with contextlib.suppress(OSError):
            (root / f"{other}{_SUFFIX}").hardlink_to(root / f"{name}{_SUFFIX}")


@contextlib.contextmanager
def workspace(say: Callable[[str], None] = lambda _: None) -> Iterator[Path]:
    """Yield an empty directory beside the networks, while no other process has one; what killed processes left goes.

    `say` is told if it takes long until the other process is done.

    Raises:
        OSError: the directory can't be written.
    """
    root = directory()
    if root is None:
        raise FileNotFoundError("no home directory")
    mode = 0o755 if os.environ.get(VARIABLE) else 0o700  # one of its own may be shared; a home's is private
    root.mkdir(mode=mode, parents=True, exist_ok=True)
    with _alone(root, say) as is_alone:
        if is_alone:
            for remains in root.glob(f"{_NEW}*"):
                with contextlib.suppress(OSError):
                    trees.remove(remains)
        place = Path(tempfile.mkdtemp(prefix=_NEW, dir=root))

        def remove() -> None:
            with contextlib.suppress(OSError):
                trees.remove(place)

        with signals.cleaned_up(remove):
            try:
                yield place
            finally:
                remove()


@contextlib.contextmanager
def _alone(root: Path, say: Callable[[str], None]) -> Iterator[bool]:
    """Wait until no other process is here; yield whether that can be said, which some file systems do not allow."""
    lock = filelock.FileLock(root / "lock")
    try:
        _wait(lock, say)
    except (filelock.Timeout, NotImplementedError):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _wait(lock: filelock.BaseFileLock, say: Callable[[str], None]) -> None:
    try:
        lock.acquire(timeout=SILENCE)
    except filelock.Timeout:
        say("waiting for another celebtool that prepares the networks")
        lock.acquire(timeout=PATIENCE - SILENCE)


def _shrink(root: Path, newest: str) -> None:
    files = []
    for path in root.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # another process removes some, too
            found = path.lstat()
            used = time.time() if path.name == newest else found.st_mtime
            files.append((used, found.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= LIMIT or path.name == newest:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size


def _head(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode("ascii") + b"\n"


def _without_links(path: str, flags: int) -> int:
    """Open a file, but no link, and without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _check_own(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is no regular file")
    if hasattr(os, "geteuid") and found.st_uid not in {0, os.geteuid()}:
        raise ValueError("it belongs to another user")
    if os.name == "posix" and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ValueError("other users may write it")

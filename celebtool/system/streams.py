"""Redirect the streams of the process by their file descriptors, so that code in C is covered too."""

import contextlib
import os
import threading
from collections.abc import Iterator

STDERR = 2


def lose(number: int) -> None:
    """Discard everything that is written to a file descriptor from now on, if the system lets us."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Discard what is written to stderr in a block, by any thread, and everything from processes that start in it.

    Blocks may overlap: stderr is back at the end of the last.
    """
    _silence.begin()
    try:
        yield
    finally:
        _silence.end()


class _Silence:
    """How many blocks are without stderr, and where it leads after them.

    If each block kept for itself what it found, a second thread would find nowhere, and leave it at that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._kept = -1

    def begin(self) -> None:
        with self._lock:
            if not self._blocks:
                self._kept = os.dup(STDERR)
                lose(STDERR)
            self._blocks += 1

    def end(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                os.dup2(self._kept, STDERR)
                os.close(self._kept)


_silence = _Silence()

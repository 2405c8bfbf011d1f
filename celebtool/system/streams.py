"""The process' own streams, below Python's: what code in C writes to them, too."""

import contextlib
import os
from collections.abc import Iterator

STDERR = 2


def lose(number: int) -> None:
    """Let all that is yet written to a stream, told by its file descriptor, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Lose what is written to stderr in a block, and for good by the processes that begin there."""
    kept = os.dup(STDERR)
    try:
        lose(STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)

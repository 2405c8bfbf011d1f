"""Redirect the streams of the process by their file descriptors, so that code in C is covered too."""

import contextlib
import os
from collections.abc import Iterator

STDERR = 2


def lose(number: int) -> None:
    """Discard everything that is written to a file descriptor from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Discard what is written to stderr in a block, and everything from processes that start in it."""
    kept = os.dup(STDERR)
    try:
        lose(STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)

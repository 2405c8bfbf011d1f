"""What a run may hold in memory, what goes to files instead, and running out of either said in one line."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.system import signals, trees

Allocate = Callable[[tuple[int, ...], np.dtype[Any]], NDArray[Any]]
"""Makes an array of a shape and type: in memory, or in a file when it would not fit."""

SUFFIX = ".activations"
"""What the names of the files that hold arrays end with."""


@contextlib.contextmanager
def explained(advice: str) -> Iterator[None]:
    """Turn every way in which NumPy or TensorFlow runs out of memory into one error; `advice` says what to lower."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise CelebtoolError("out of memory", advice) from error


def allocator(limit: int, directory: Path) -> Allocate:
    """Return what makes arrays in memory while they fit into `limit` bytes, and in files in a directory beyond."""
    left = limit
    files = 0

    def allocate(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:  # noqa: ANN401
        nonlocal left, files
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size <= left:
            left -= size
            return np.empty(shape, dtype)
        files += 1
        path = directory / f"{files}{SUFFIX}"
        _reserve(path, size)
        return np.memmap(path, dtype, "r+", shape=shape)

    return allocate


@contextlib.contextmanager
def cleared(directory: Path) -> Iterator[None]:
    """Remove the files of an allocator if the block fails or a signal ends the run: the next run does not need them."""

    def clear() -> None:
        for file in directory.glob(f"*{SUFFIX}"):
            file.unlink()

    with signals.cleaned_up(clear):
        try:
            yield
        except BaseException:
            clear()
            raise


def _reserve(path: Path, size: int) -> None:
    """Make a file of `size` bytes whose place on the disk is certain: a map of one without ends in SIGBUS on a full disk.

    Raises:
        CelebtoolError: there is no room for it.
    """
    try:
        with trees.vacated(path).open("xb") as stream:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
    except OSError as error:
        problem = f"no room for {size / 1e9:.2f} GB of what is computed once ({error.strerror})"
        raise CelebtoolError(path.parent, f"{problem}; free some, or raise --cache-memory") from error

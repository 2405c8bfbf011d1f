"""Keep arrays in memory up to a limit and in files beyond it; turn running out of either into one error."""

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
"""Makes an array of a shape and type, in memory or in a file."""

SUFFIX = ".activations"
"""Suffix of the files that hold arrays."""


@contextlib.contextmanager
def explained(advice: str) -> Iterator[None]:
    """Turn running out of memory in NumPy or TensorFlow into one error; `advice` says what to lower."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise CelebtoolError("out of memory", advice) from error


def allocator(limit: int, directory: Path) -> Allocate:
    """Return a function that makes arrays: in memory until `limit` bytes are used, then in files in a directory."""
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
    """Make a file of `size` bytes and allocate its blocks: writing to a map of unallocated ones ends in SIGBUS on a full disk.

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
        problem = f"no room for {size / 1e9:.2f} GB of activations ({error.strerror})"
        raise CelebtoolError(path.parent, f"{problem}; free some, or raise --cache-memory") from error

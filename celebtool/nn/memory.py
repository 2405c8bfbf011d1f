"""Running out of memory, said in one line."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from celebtool.errors import CelebtoolError


@contextlib.contextmanager
def explained(advice: str) -> Iterator[None]:
    """Turn every way in which NumPy or TensorFlow runs out of memory into one error; `advice` says what to lower."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise CelebtoolError("out of memory", advice) from error

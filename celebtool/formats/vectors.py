"""Vectors of numbers as text: little-endian float32 in base64, so that a table or JSON gives back the same bits."""

import base64

import numpy as np
from numpy.typing import NDArray


def pack(vector: NDArray[np.float32] | NDArray[np.float64]) -> str:
    """Return a vector (n,) as text."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


def unpack(text: str, length: int | None = None) -> NDArray[np.float32]:
    """Return the vector (n,) that `pack` wrote.

    Args:
        text: from a table or a model; it may be anybody's.
        length: how many numbers are expected; None: any number of them.

    Raises:
        ValueError: it is not base64 of finite float32, or there are more or fewer.
    """
    values = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    if length not in (None, len(values)) or not np.isfinite(values).all():
        raise ValueError(f"expected {f'{length} ' if length else ''}finite numbers in base64")
    return values

"""Keep what the frozen part of a network makes of images for several runs on images of one folder, such as folds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from celebtool.formats.image_folder import Sample
from celebtool.nn.training import memory

Compute = Callable[[Sequence[Sample], memory.Allocate], list[NDArray[Any]]]
"""Computes the arrays of images, each array (n, …), allocated so."""


@dataclass(frozen=True)
class Rows:
    """Some rows of an array (n, …), which are read when they are asked for: there is no second copy of all of them."""

    array: NDArray[Any]
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that they would be."""
        return (len(self.rows), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's."""
        return self.array.dtype

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - as of an array
        """Return a row, or an array of several; of a slice, again `Rows`."""
        return Rows(self.array, self.rows[index]) if isinstance(index, slice) else self.array[self.rows[index]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: ANN401
        """Return them as an array."""
        if copy is False:
            raise ValueError("rows of an array are always copied")
        return np.asarray(self.array[self.rows], dtype)


@dataclass
class Shared:
    """The arrays of all images that several runs read; the first run computes them.

    Args:
        samples: all images.
        scratch: a directory for arrays that do not fit in memory.
        cache_memory: bytes of memory for them.
    """

    samples: Sequence[Sample]
    scratch: Path
    cache_memory: int
    _arrays: list[NDArray[Any]] = field(default_factory=list)

    def arrays(self, samples: Sequence[Sample], variants: int, kept: int, compute: Compute) -> list[NDArray[Any]]:
        """Return the arrays of some images.

        Args:
            samples: the images.
            variants: how many augmented rows follow each image's own, in all runs the same number.
            kept: how many of them are wanted.
            compute: computes the arrays of all images, with their variants.
        """
        if not self._arrays:
            self._arrays = compute(self.samples, memory.allocator(self.cache_memory, self.scratch))
        index = {sample.path: number for number, sample in enumerate(self.samples)}
        first = np.array([index[sample.path] for sample in samples], np.int64) * (variants + 1)
        rows = (first[:, None] + np.arange(kept + 1)).ravel()
        return [cast("NDArray[Any]", Rows(array, rows)) for array in self._arrays]

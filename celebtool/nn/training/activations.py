"""Images on their way into a network: decoded once, in parallel, in order, through what is frozen of it."""

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from celebtool.formats import images
from celebtool.formats.images import RGBImage
from celebtool.imaging.augmentation import Operations, augment
from celebtool.nn import graphs

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]

OPERATIONS = Operations()
"""What training images are varied with, unless a command says otherwise: the defaults of `augment`."""

Allocate = Callable[[tuple[int, ...], np.dtype[Any]], NDArray[Any]]
"""Makes an array of a shape and type: in memory, or in a file when it would not fit."""


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item], ahead: int = 64) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of the items, computed by threads at most `ahead` items in advance."""
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of `size` items; the last may be shorter."""
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(frozen=True)
class Variants:
    """How often each image appears: once as it is, and `count` times augmented, each differently."""

    count: int = 0
    seed: int = 0

    def of(self, image: RGBImage, index: int) -> list[RGBImage]:
        """Return the image and its variants; random numbers are a function of (seed, index, variant) alone."""
        copies = (augment(image, OPERATIONS, (self.seed, index, copy)) for copy in range(self.count))
        return [image, *copies]


def activations(
    prefix: keras.Model | None,
    files: Sequence[Path],
    image_size: tuple[int, int],
    variants: Variants,
    allocate: Allocate,
    batch_size: int = 32,
    progress: Progress = lambda _done, _total: None,
) -> list[NDArray[Any]]:
    """Run every image, and its variants, through the frozen part of a network once.

    Args:
        prefix: from RGB 0–255 (n, height, width, 3) to a list of tensors; None keeps the uint8 images themselves.
        files: the images; image i with v variants takes rows i·(v+1) … i·(v+1)+v.
        image_size: (height, width) that the network wants.
        variants: how many augmented copies of each image to add.
        allocate: makes the arrays.
        batch_size: images per step.
        progress: called with images done and images in all.

    Returns:
        One array per tensor that crosses the cut, each of (len(files)·(variants+1), …).

    Raises:
        ImageError: a file is no readable image.
    """
    rows = len(files) * (variants.count + 1)

    def prepare(numbered: tuple[int, Path]) -> list[RGBImage]:
        index, file = numbered
        return variants.of(images.resize(images.read(file), image_size), index)

    run = _graph(prefix, image_size)
    prepared = (image for group in map_ahead(prepare, enumerate(files)) for image in group)
    arrays: list[NDArray[Any]] = []
    done = 0
    for batch in batched(prepared, batch_size):
        values = run(np.stack(batch))
        if not arrays:
            arrays = [allocate((rows, *value.shape[1:]), value.dtype) for value in values]
        for array, value in zip(arrays, values, strict=True):
            array[done : done + len(batch)] = value
        done += len(batch)
        progress(done, rows)
    return arrays


@functools.lru_cache(maxsize=1)  # train and val go through the same one
def _graph(
    prefix: keras.Model | None, image_size: tuple[int, int]
) -> Callable[[NDArray[np.uint8]], list[NDArray[Any]]]:
    """Return a network as a graph."""
    if prefix is None:
        return lambda batch: [batch]
    floats = keras.config.floatx()
    run = graphs.compiled(
        lambda x: keras.tree.flatten(prefix(tf.cast(x, floats), training=False)),
        tf.TensorSpec((None, *image_size, 3), tf.uint8),
    )
    return lambda batch: [tensor.numpy() for tensor in run(tf.constant(batch))]

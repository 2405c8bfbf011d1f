"""Decode images in parallel, and run each once through the frozen part of a network."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from celebtool.formats import images
from celebtool.formats.faces import Embeddings
from celebtool.formats.images import RGBImage
from celebtool.imaging.augmentation import Operations, augment
from celebtool.nn import graphs
from celebtool.nn.training.memory import Allocate
from celebtool.system.threads import batched, map_ahead

OPERATIONS = Operations()
"""The random operations of augmented variants: the defaults of `augment`."""


@dataclass(frozen=True)
class Variants:
    """Each image once as it is and `count` times augmented, each time differently."""

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
    progress: Callable[[int, int], None] = lambda _done, _total: None,
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


def embeddings(
    prefix: keras.Model,
    files: Sequence[Path],
    known: Embeddings,
    image_size: tuple[int, int],
    allocate: Allocate,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[NDArray[Any]]:
    """Do what `activations` does if the frozen part computes embeddings (n, 128), many of which are known already.

    Args:
        prefix: from RGB 0–255 (n, height, width, 3) to embeddings (n, 128), those that `known` has.
        files: the images.
        known: embeddings of files that have not been changed since.
        image_size: (height, width) that the network takes.
        allocate: makes the array.
        progress: called with images computed and images to compute.
    """
    found = list(map_ahead(known.of, files))
    missing = [index for index, embedding in enumerate(found) if embedding is None]
    if len(missing) == len(files):
        return activations(prefix, files, image_size, Variants(), allocate, progress=progress)
    array = allocate((len(files), len(next(each for each in found if each is not None))), np.dtype(np.float32))
    for index, embedding in enumerate(found):
        if embedding is not None:
            array[index] = embedding
    if missing:
        changed = [files[index] for index in missing]
        (array[missing],) = activations(prefix, changed, image_size, Variants(), np.empty, progress=progress)
    return [array]


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

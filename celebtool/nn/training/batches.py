"""Batches of a training run, each a function of the seed and its number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from celebtool.formats.images import RGBImage
from celebtool.imaging.augmentation import augment
from celebtool.nn import graphs
from celebtool.nn.training.activations import OPERATIONS
from celebtool.system.threads import map_ahead

Batch = tuple[NDArray[Any], ...]
"""The network's inputs, each (b, …), then one-hot labels (b, classes), then weights (b,)."""


@dataclass(frozen=True)
class Batches:
    """The samples of a run, in batches that are a function of (seed, number) alone.

    Attributes:
        inputs: arrays (n, …), one per input of the network.
        class_ids: (n,) integers.
        class_count: how many classes there are.
        sample_weights: (n,) what each sample counts.
        batch_size: samples per step; the last batch of an epoch may be shorter.
        seed: of the order, and of the variants.
        variants: how many augmented rows follow each sample's own.
        redraw: whether every image is augmented anew in every epoch (networks trained from scratch).
        replicas: devices that share a batch: each batch is padded to a multiple of them with samples that have neither
            label nor weight, and the other weights grow so that the mean loss is that of the batch without them.
    """

    inputs: Sequence[NDArray[Any]]
    class_ids: NDArray[np.int64]
    class_count: int
    sample_weights: NDArray[np.float32]
    batch_size: int
    seed: int
    variants: int = 0
    redraw: bool = False
    replicas: int = 1

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return -(-len(self.class_ids) // self.batch_size)

    def shuffled(self, number: int) -> Batch:
        """Return batch `number` of the whole run; every epoch has every sample once, in an order of its own."""
        epoch, step = divmod(number, self.steps)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.class_ids))
        rows = order[step * self.batch_size : (step + 1) * self.batch_size]
        growth = self._padded(len(rows)) / len(rows)
        if not self.redraw:
            return self._select(rows, [array[rows] for array in self.inputs], growth)

        def redrawn(row: int) -> RGBImage:
            return augment(self.inputs[0][row], OPERATIONS, (self.seed, epoch, row))

        return self._select(rows, [np.stack(list(map_ahead(redrawn, rows.tolist())))], growth)

    def in_order(self, number: int) -> Batch:
        """Return batch `number` of the samples as they are, for evaluation."""
        rows = np.arange(len(self.class_ids))[number * self.batch_size : (number + 1) * self.batch_size]
        full, rest = divmod(len(self.class_ids), self.batch_size)
        padded = full * self._padded(self.batch_size) + self._padded(rest)  # as many in all as Keras divides by
        return self._select(rows, [array[rows] for array in self.inputs], padded / len(self.class_ids))

    def training(self, first_epoch: int, last_epoch: int) -> tf.data.Dataset:
        """Return the batches of the epochs first … last - 1 for `Model.fit`."""
        return self._dataset(self.shuffled, first_epoch * self.steps, last_epoch * self.steps)

    def evaluation(self) -> tf.data.Dataset:
        """Return every sample once for `Model.evaluate`."""
        return self._dataset(self.in_order, 0, self.steps)

    def originals(self) -> "Batches":
        """Return the samples without their augmented variants."""
        step = self.variants + 1
        return replace(
            self,
            inputs=[array[::step] for array in self.inputs],
            class_ids=self.class_ids[::step],
            sample_weights=self.sample_weights[::step],
            variants=0,
        )

    def _padded(self, count: int) -> int:
        return -(-count // self.replicas) * self.replicas

    def _select(self, rows: NDArray[np.int64], inputs: list[NDArray[Any]], growth: float) -> Batch:
        floats = keras.config.floatx()
        labels = np.eye(self.class_count, dtype=floats)[self.class_ids[rows]]
        weights = (self.sample_weights[rows] * growth).astype(floats)
        padding = self._padded(len(rows)) - len(rows)
        if not padding:
            return (*inputs, labels, weights)
        arrays = [np.concatenate([array, np.repeat(array[:1], padding, axis=0)]) for array in inputs]
        return (*arrays, *(np.concatenate([x, np.zeros((padding, *x.shape[1:]), floats)]) for x in (labels, weights)))

    def _dataset(self, make: Callable[[int], Batch], first: int, last: int) -> tf.data.Dataset:
        """Numbers in, batches out: TensorFlow only ever asks for the next one."""
        example = make(0)
        types = [array.dtype for array in example]

        def batch(number: tf.Tensor) -> tuple[Any, tf.Tensor, tf.Tensor]:
            *inputs, labels, weights = tf.numpy_function(lambda n: make(int(n)), [number], types)
            for tensor, array in zip((*inputs, labels, weights), example, strict=True):
                tensor.set_shape((None, *array.shape[1:]))
            return tuple(inputs) if len(inputs) > 1 else inputs[0], labels, weights

        return tf.data.Dataset.range(first, last).map(graphs.as_written(batch)).prefetch(2)

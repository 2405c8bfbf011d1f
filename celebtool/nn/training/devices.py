"""Divide the work of training among several devices."""

import contextlib
import os
from collections.abc import Iterator

import keras
import tensorflow as tf

ALL = "all"


def described(devices: str) -> str:
    """Return the line that says what a run computes on; `devices` as `spread` takes it."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return f"training on the CPU ({cores} {'core' if cores == 1 else 'cores'}); no GPU found"
    used = gpus if devices == ALL else gpus[:1]
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in used]
    spare = len(gpus) - len(used)
    return f"training on {', '.join(names)}" + (f"; --devices all uses {spare} more" if spare else "")


@contextlib.contextmanager
def spread(model: keras.Model, devices: str) -> Iterator[tuple[keras.Model, int]]:
    """Yield what to train in a model's place, and on how many devices; the model has its weights in the end.

    Every step's batch is divided among the devices and their gradients are averaged (tf.distribute.MirroredStrategy), so
    the result is that of one device but for rounding; batch normalisation in training mode sees its own share of a
    batch alone.

    Args:
        model: what is to be trained.
        devices: ``one``, or ``all``: every GPU; without a GPU all logical CPU devices, of which there is one unless
            somebody configured more.
    """
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if devices != ALL or len(found) == 1:
        yield model, 1
        return
    with tf.distribute.MirroredStrategy([device.name for device in found]).scope():
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        try:
            yield copy, len(found)
        finally:
            model.set_weights(copy.get_weights())

"""Build MTCNN's three networks (K. Zhang et al., IEEE Signal Processing Letters 2016) for the conversion.

Pixels are 0 to 255. What the package mtcnn does before and after its networks with arrays of constants is part of the
weights here: the scaling of pixels, the flattening column by column, and the difference of the two logits.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from celebtool.errors import CelebtoolError
from celebtool.inference import mtcnn_weights
from celebtool.inference.mtcnn_weights import Array
from celebtool.nn.networks.convertible import Convertible

Stage = Callable[[tf.Tensor, Sequence[Array]], tf.Tensor]

MIDDLE, SPREAD = 127.5, 128  # of the pixels that the networks were trained on


def stage(name: str, digest: str) -> Convertible:
    """Build ``pnet``, ``rnet`` or ``onet``.

    P-Net takes pictures (1, height, width, 3) and gives for each of its windows of 12 pixels, which move by two, the box's
    four offsets and the logit of a face, as (1, rows, columns, 5). R-Net takes patches (n, 24, 24, 4), whose fourth
    channel is ignored, and gives the same as (n, 5). O-Net takes (n, 48, 48, 4) and gives four offsets, ten coordinates
    of points (five x, five y) and the logit, as (n, 15).

    Args:
        name: of the network.
        digest: SHA-256 of its file.

    Raises:
        CelebtoolError: the weights are missing, or are others.
    """
    if mtcnn_weights.FILES[name].digest != digest:
        raise CelebtoolError(name, "its weights are others by now; run the same command again")
    build, shape, example = _STAGES[name]
    weights = _of_pixels(mtcnn_weights.read(name), shape[-1] or 0)
    return Convertible(lambda x: build(x, weights), (), tf.TensorSpec(shape, tf.float32), example)


def _of_pixels(weights: list[Array], channels: int) -> list[Array]:
    """Return the weights for pixels of 0 to 255 and so many channels, of which those beyond three are ignored."""
    kernel, offsets, *others = weights
    scaled = kernel / np.float32(SPREAD)
    ignored = np.zeros((*kernel.shape[:2], channels - kernel.shape[2], kernel.shape[3]), np.float32)
    return [np.concatenate([scaled, ignored], axis=2), offsets - np.float32(MIDDLE) * scaled.sum((0, 1, 2)), *others]


def _propose(x: tf.Tensor, weights: Sequence[Array]) -> tf.Tensor:
    x = tf.nn.max_pool2d(_convolve(x, weights[0:3]), 2, 2, "SAME")
    x = _convolve(_convolve(x, weights[3:6]), weights[6:9])
    kernel, offsets = _joined(weights[9:11], _face_logit(*weights[11:13]))
    return tf.nn.conv2d(x, kernel, 1, "VALID") + offsets


def _refine(x: tf.Tensor, weights: Sequence[Array]) -> tf.Tensor:
    x = tf.nn.max_pool2d(_convolve(x, weights[0:3]), 3, 2, "SAME")
    x = tf.nn.max_pool2d(_convolve(x, weights[3:6]), 3, 2, "VALID")
    x = _dense(_convolve(x, weights[6:9]), weights[9:12])
    kernel, offsets = _joined(weights[12:14], _face_logit(*weights[14:16]))
    return x @ kernel + offsets


def _output(x: tf.Tensor, weights: Sequence[Array]) -> tf.Tensor:
    x = tf.nn.max_pool2d(_convolve(x, weights[0:3]), 3, 2, "SAME")
    x = tf.nn.max_pool2d(_convolve(x, weights[3:6]), 3, 2, "VALID")
    x = tf.nn.max_pool2d(_convolve(x, weights[6:9]), 2, 2, "SAME")
    x = _dense(_convolve(x, weights[9:12]), weights[12:15])
    kernel, offsets = _joined(weights[15:17], weights[17:19], _face_logit(*weights[19:21]))
    return x @ kernel + offsets


_STAGES: dict[
    str, tuple[Stage, tuple[int | None, ...], tuple[int, ...]]
] = {  # builder, shape of the input, an example's
    "pnet": (_propose, (1, None, None, 3), (1, 74, 128, 3)),
    "rnet": (_refine, (None, 24, 24, 4), (8, 24, 24, 4)),
    "onet": (_output, (None, 48, 48, 4), (4, 48, 48, 4)),
}


def _convolve(x: tf.Tensor, weights: Sequence[Array]) -> tf.Tensor:
    return _prelu(tf.nn.conv2d(x, weights[0], 1, "VALID") + weights[1], weights[2])


def _dense(x: tf.Tensor, weights: Sequence[Array]) -> tf.Tensor:
    """Multiply (n, height, width, channels) by a matrix whose rows go column by column, as its origin counted them."""
    _, height, width, channels = x.shape
    rows = weights[0].reshape(width, height, channels, -1).transpose(1, 0, 2, 3)
    matrix = rows.reshape(height * width * channels, -1)
    return _prelu(tf.reshape(x, (-1, len(matrix))) @ matrix + weights[1], weights[2])


def _prelu(x: tf.Tensor, slope: Array) -> tf.Tensor:
    """As a sum of two ReLU, which the converter takes for what it is."""
    return tf.nn.relu(x) + (-slope) * tf.nn.relu(-x)


def _face_logit(kernel: Array, offsets: Array) -> tuple[Array, Array]:
    """Return the weights of the difference of the logits of "face" and "no face"."""
    return kernel[..., 1:] - kernel[..., :1], offsets[1:] - offsets[:1]


def _joined(*layers: Sequence[Array]) -> tuple[Array, Array]:
    """Return the weights of several layers side by side."""
    kernels, offsets = zip(*layers, strict=True)
    return np.concatenate(kernels, axis=-1), np.concatenate(offsets)

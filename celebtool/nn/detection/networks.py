"""Rebuild MTCNN's three networks from the weights of the installed package.

Pixels are 0 to 255. Inputs are padded to few different shapes, since TensorFlow compiles (and keeps) a program for
every shape. A network gives the same result for a photo alone and in a batch.
"""

import hashlib
import importlib.metadata
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import joblib
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.nn import graphs

WEIGHTS = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}

Array = NDArray[np.float32]
Network = Callable[[Array], list[Array]]
Proposer = Callable[[Sequence[Array]], list[tuple[Array, Array]]]
Graph = Callable[[tf.Tensor, Sequence[Array]], list[tf.Tensor]]

CELL = 12  # P-Net's window in pixels; it moves by two
STEP = 64  # pixels: the sides of P-Net's canvas are multiples
SPARE = 1.25  # times the largest picture's width: so wide is the canvas, and the next two fit below side by side
BAND = 1 << 17  # pixels that P-Net sees at once
BATCH = 32  # patches that R-Net sees at once, and fewer only in quarters of it; O-Net, with larger ones, half of them


def load() -> tuple[Proposer, Network, Network]:
    """Return the three networks.

    The first takes pictures (height, width, 3) and returns for each the offsets (rows, columns, 4) and scores (rows,
    columns) of its windows, which move by two pixels. The second takes patches (n, 24, 24, 3) and returns offsets (n, 4)
    and scores (n,). The third takes (n, 48, 48, 3) and returns offsets (n, 4), points (n, 10: five x, five y)
    and scores (n,).

    Raises:
        CelebtoolError: the package's weights are missing or not those of mtcnn 1.0.0.
    """
    propose = _compiled(_propose, _weights("pnet"))
    refine = _compiled(_refine, _weights("rnet"))
    output = _compiled(_output, _weights("onet"))
    return (
        lambda pictures: _on_canvas(propose, pictures),
        lambda patches: _in_batches(refine, patches, BATCH),
        lambda patches: _in_batches(output, patches, BATCH // 2),
    )


def _on_canvas(network: Network, pictures: Sequence[Array]) -> list[tuple[Array, Array]]:
    """Run P-Net on pictures (height, width, 3), the largest first, placed on one canvas because each call is expensive.

    Windows that reach from one picture into the next, or beyond an odd side, are left out. The canvas is made and
    processed in bands of rows, which bounds the memory. Bands overlap by the size of a window, so the result is the
    same as without them.
    """
    places, height, width = _pack([picture.shape[:2] for picture in pictures])
    rows = max(STEP, BAND // width // 2)  # of windows in a band
    starts = range(0, _windows(height), rows)
    bands = (
        _band(pictures, places, 2 * start, (min(2 * rows + CELL - 2, height - 2 * start), width)) for start in starts
    )
    parts = [[output[0] for output in network(band)] for band in bands]
    offsets, scores = (np.concatenate(outputs) for outputs in zip(*parts, strict=True))
    windows = (
        (slice(top // 2, top // 2 + _windows(rows)), slice(left // 2, left // 2 + _windows(columns)))
        for (top, left), (rows, columns, _) in zip(places, (picture.shape for picture in pictures), strict=True)
    )
    return [(offsets[window], scores[window]) for window in windows]


def _band(pictures: Sequence[Array], places: Sequence[tuple[int, int]], first: int, size: tuple[int, int]) -> Array:
    """Return rows of the canvas from the ``first``, as (1, height, width, 3): parts of pictures, grey beside them."""
    band = np.full((1, *size, 3), 127.5, np.float32)
    for (top, left), picture in zip(places, pictures, strict=True):
        seen = picture[max(0, first - top) : max(0, first + size[0] - top)]
        start = max(0, top - first)
        band[0, start : start + len(seen), left : left + picture.shape[1]] = seen
    return band


def _pack(sizes: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], int, int]:
    """Return the even (top, left) of pictures of some (height, width) on a canvas, on shelves, and its two sides."""
    width = round(sizes[0][1] * SPARE) if len(sizes) > 1 else sizes[0][1]
    places, top, left, shelf = [], 0, 0, 0
    for rows, columns in sizes:
        if left + columns > width:
            top, left, shelf = top + shelf, 0, 0
        places.append((top, left))
        left += columns + columns % 2
        shelf = max(shelf, rows + rows % 2)
    return places, _multiple(top + shelf), _multiple(width)


def _multiple(side: int) -> int:
    return side + -side % STEP


def _windows(side: int) -> int:
    """Return how many windows P-Net has along a side."""
    return max(0, (side - 2) // 2 - 4)


def _in_batches(network: Network, patches: Array, size: int) -> list[Array]:
    """Run a network on patches (n, …) in batches of one size; the last one is padded to a multiple of a quarter of it."""
    count = len(patches)
    filled = np.concatenate([patches, np.zeros((-count % (size // 4), *patches.shape[1:]), np.float32)])
    parts = [network(filled[start : start + size]) for start in range(0, len(filled), size)]
    return [np.concatenate(outputs)[:count] for outputs in zip(*parts, strict=True)]


def _weights(name: str) -> list[Array]:
    """Return the arrays of one network from the installed package's file, a pickle that is checked before it is opened.

    Raises:
        CelebtoolError: the file is missing or is not that of mtcnn 1.0.0.
    """
    try:
        package = importlib.metadata.distribution("mtcnn")
        path = Path(str(package.locate_file(f"mtcnn/assets/weights/{name}.lz4")))
        content = path.read_bytes()
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise CelebtoolError("mtcnn", "its weights are not installed; pip install mtcnn==1.0.0") from error
    if hashlib.sha256(content).hexdigest() != WEIGHTS[name]:
        raise CelebtoolError(path, "is not the file of mtcnn 1.0.0; pip install --force-reinstall mtcnn==1.0.0")
    arrays: list[Array] = joblib.load(io.BytesIO(content))
    return arrays


def _compiled(build: Graph, weights: Sequence[Array]) -> Network:
    """Return a network (n, height, width, 3) of 0 to 255 → arrays, as one graph for all sizes."""

    def network(pixels: tf.Tensor) -> list[tf.Tensor]:
        return build((pixels - 127.5) / 128, weights)

    graph = graphs.compiled(network, tf.TensorSpec((None, None, None, 3), tf.float32))
    return lambda pixels: [output.numpy() for output in graph(tf.constant(pixels))]


def _propose(x: tf.Tensor, weights: Sequence[Array]) -> list[tf.Tensor]:
    """P-Net: windows of 12 pixels → offsets (n, h, w, 4), scores (n, h, w)."""
    x = tf.nn.max_pool2d(_convolve(x, weights[0:3]), 2, 2, "SAME")
    x = _convolve(_convolve(x, weights[3:6]), weights[6:9])
    offsets = tf.nn.conv2d(x, weights[9], 1, "VALID") + weights[10]
    return [offsets, _face_probability(tf.nn.conv2d(x, weights[11], 1, "VALID") + weights[12])]


def _refine(x: tf.Tensor, weights: Sequence[Array]) -> list[tf.Tensor]:
    """R-Net: patches of 24 pixels → offsets (n, 4), scores (n,)."""
    x = tf.nn.max_pool2d(_convolve(x, weights[0:3]), 3, 2, "SAME")
    x = tf.nn.max_pool2d(_convolve(x, weights[3:6]), 3, 2, "VALID")
    x = _dense(_flatten(_convolve(x, weights[6:9])), weights[9:12])
    return [x @ weights[12] + weights[13], _face_probability(x @ weights[14] + weights[15])]


def _output(x: tf.Tensor, weights: Sequence[Array]) -> list[tf.Tensor]:
    """O-Net: patches of 48 pixels → offsets (n, 4), points (n, 10: five x, five y), scores (n,)."""
    x = tf.nn.max_pool2d(_convolve(x, weights[0:3]), 3, 2, "SAME")
    x = tf.nn.max_pool2d(_convolve(x, weights[3:6]), 3, 2, "VALID")
    x = tf.nn.max_pool2d(_convolve(x, weights[6:9]), 2, 2, "SAME")
    x = _dense(_flatten(_convolve(x, weights[9:12])), weights[12:15])
    points = x @ weights[17] + weights[18]
    return [x @ weights[15] + weights[16], points, _face_probability(x @ weights[19] + weights[20])]


def _convolve(x: tf.Tensor, weights: Sequence[Array]) -> tf.Tensor:
    return _prelu(tf.nn.conv2d(x, weights[0], 1, "VALID") + weights[1], weights[2])


def _dense(x: tf.Tensor, weights: Sequence[Array]) -> tf.Tensor:
    return _prelu(x @ weights[0] + weights[1], weights[2])


def _prelu(x: tf.Tensor, slope: Array) -> tf.Tensor:
    return x - (1 - slope) * tf.minimum(x, 0.0)  # a pass over memory less than max(x, 0) + slope * min(x, 0)


def _flatten(x: tf.Tensor) -> tf.Tensor:
    """Flatten (n, height, width, channels) column by column, as the framework of the weights' origin did."""
    return tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (tf.shape(x)[0], -1))


def _face_probability(logits: tf.Tensor) -> tf.Tensor:
    return tf.sigmoid(logits[..., 1] - logits[..., 0])

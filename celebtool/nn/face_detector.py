"""MTCNN (Zhang et al., IEEE Signal Processing Letters 2016): three small networks that find faces and five points.

The weights are those of the PyPI package mtcnn, read from its own files after a check of their SHA-256. The
networks are rebuilt here, because the package's driver looks for its weights in the current directory
first, finds nothing with a larger smallest face, and takes errors for photos without faces.
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

from celebtool import boxes
from celebtool.alignment import Box, Face
from celebtool.errors import CelebtoolError
from celebtool.formats import images

WEIGHTS = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}

Array = NDArray[np.float32]
Network = Callable[[tf.Tensor], list[tf.Tensor]]

CELL = 12  # P-Net's window in pixels; it moves by two
PYRAMID_STEP = 0.709  # about the root of a half, so that every second level halves the photo
ENOUGH = (0.6, 0.7, 0.8)  # of each network's confidence, to be passed on; the package's own limits
MOST_CANDIDATES = 1500  # per pyramid level: a page of wallpaper must not fill the memory


class FaceDetector:
    """The three networks, loaded; a photo's result depends on that photo alone."""

    def __init__(self) -> None:
        self._propose, self._refine, self._output = (
            _compiled(build, _weights(name))
            for build, name in ((_propose, "pnet"), (_refine, "rnet"), (_output, "onet"))
        )

    def detect(self, image: images.RGBImage, smallest: float) -> list[Face]:
        """Return the faces of RGB (height, width, 3), the largest first, in pixels of the image.

        Args:
            image: the photo.
            smallest: side in pixels of the smallest face to look for.
        """
        squares = self._candidates(image, smallest)
        if not len(squares):
            return []
        offsets, scores = self._refine(_patches(image, squares, 24))
        squares = _passed(_corrected(squares, offsets), scores, ENOUGH[1])
        if not len(squares):
            return []
        squares = boxes.squared(squares)
        return self._faces(squares, *self._output(_patches(image, squares, 48)))

    def _candidates(self, image: images.RGBImage, smallest: float) -> Array:
        """Return squares (n, 4) that may hold a face, from P-Net on every level of a pyramid."""
        found, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
        for level in _pyramid(image, smallest):
            scale = np.array(level.shape[1::-1] * 2) / np.array(image.shape[1::-1] * 2)
            offsets, score = (values[0] for values in self._propose(level[None]))
            cells, score = _windows(offsets, score)
            best = boxes.suppress(cells, score, 0.5)
            found.append(cells[best] / scale.astype(np.float32))
            scores.append(score[best])
        all_found, all_scores = np.concatenate(found), np.concatenate(scores)
        return boxes.squared(all_found[boxes.suppress(all_found, all_scores, 0.7)])

    @staticmethod
    def _faces(squares: Array, offsets: Array, points: Array, scores: Array) -> list[Face]:
        """Return O-Net's answer for squares (n, 4) as faces."""
        keep = np.flatnonzero(scores > ENOUGH[2])
        rectangles, scores = _corrected(squares, offsets)[keep], scores[keep]
        sides = (squares[:, 2:] - squares[:, :2])[keep, None] + 1
        landmarks = squares[keep, None, :2] + points.reshape(-1, 2, 5).transpose(0, 2, 1)[keep] * sides - 1
        best = boxes.suppress(rectangles, scores, 0.7, of_smaller=True)
        faces = [_face(rectangles[i], landmarks[i], scores[i]) for i in best]
        return sorted(faces, key=lambda face: -face.box.width * face.box.height)


def _face(rectangle: Array, landmarks: Array, score: np.float32) -> Face:
    left, top, right, bottom = (float(x) for x in rectangle)
    return Face(Box(left, top, right - left, bottom - top), landmarks.astype(np.float64), float(score))


def _pyramid(image: images.RGBImage, smallest: float) -> list[images.RGBImage]:
    """Return the photo at sizes in which faces of ``smallest`` pixels and more are as large as a window."""
    levels, scale = [], CELL / smallest
    height, width = image.shape[:2]
    level = image
    while min(height, width) * scale >= CELL:
        level = images.resize(level, (round(height * scale), round(width * scale)))
        levels.append(level)
        scale *= PYRAMID_STEP
    return levels


def _windows(offsets: Array, scores: Array) -> tuple[Array, Array]:
    """Return the rectangles (n, 4) and scores (n,) of P-Net's cells that hold a face, from (h, w, 4) and (h, w)."""
    rows, columns = np.nonzero(scores > ENOUGH[0])
    if len(rows) > MOST_CANDIDATES:
        best = np.sort(np.argsort(-scores[rows, columns], kind="stable")[:MOST_CANDIDATES])
        rows, columns = rows[best], columns[best]
    corners = 2 * np.stack([columns, rows], axis=1).astype(np.float32)
    windows = np.concatenate([corners + 1, corners + CELL], axis=1)  # the pixels that the training counted
    return boxes.moved(windows, offsets[rows, columns]), scores[rows, columns]


def _corrected(squares: Array, offsets: Array) -> Array:
    """Return squares (n, 4) moved as R-Net or O-Net says; in their training a side counted both its end pixels."""
    return squares + offsets * np.tile(squares[:, 2:] - squares[:, :2] + 1, 2)


def _passed(rectangles: Array, scores: Array, enough: float) -> Array:
    """Return the rectangles (n, 4) whose score is enough, without worse ones that overlap."""
    keep = np.flatnonzero(scores > enough)
    return rectangles[keep[boxes.suppress(rectangles[keep], scores[keep], 0.7)]]


def _patches(image: images.RGBImage, squares: Array, size: int) -> tf.Tensor:
    """Return what the squares (n, 4) show, as (n, size, size, 3) from 0 to 255, grey beyond the photo."""
    height, width = image.shape[:2]
    corners = squares[:, [1, 0, 3, 2]] / np.array([height, width, height, width], np.float32)
    indices = np.zeros(len(squares), np.int32)
    return tf.image.crop_and_resize(image[None], corners, indices, (size, size), extrapolation_value=127.5)


def _weights(name: str) -> list[Array]:
    """Return the arrays of one network from the installed package's file, which is a pickle: checked, then opened.

    Raises:
        CelebtoolError: the file is missing or is not the one this program knows.
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


def _compiled(
    build: Callable[[tf.Tensor, Sequence[Array]], list[tf.Tensor]], weights: Sequence[Array]
) -> Callable[..., list[Array]]:
    """Return a network (n, height, width, 3) of 0 to 255 → arrays, as one graph for all sizes."""
    graph = tf.function(
        lambda pixels: build((tf.cast(pixels, tf.float32) - 127.5) / 128, weights),
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)],
    )
    return lambda pixels: [output.numpy() for output in graph(tf.cast(pixels, tf.float32))]


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
    return tf.nn.relu(x) + slope * tf.minimum(x, 0.0)


def _flatten(x: tf.Tensor) -> tf.Tensor:
    """Flatten (n, height, width, channels) column by column, as the framework of the weights' origin did."""
    return tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (tf.shape(x)[0], -1))


def _face_probability(logits: tf.Tensor) -> tf.Tensor:
    return tf.sigmoid(logits[..., 1] - logits[..., 0])

"""MTCNN (Zhang et al., IEEE Signal Processing Letters 2016): three small networks that find faces and five points.

The weights are those of the PyPI package mtcnn, and what it does to pixels and boxes is repeated to the letter,
because these networks are sensitive: a photo shrunk by another filter than the mean of areas loses faces. The
package's own driver is not used, since it looks for its weights in the current directory first, finds nothing with
a larger smallest face, takes errors for photos without faces, and searches every photo for the smallest faces.

Here a photo is searched from coarse to fine. P-Net sees it first where faces of 56 pixels and more fill its window. A
finer level is added while no sure face was found, or one hardly larger than the window: where small faces are
seen, smaller ones are likely. So a photo of one large face costs an eighth of a full search.
"""

import math
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from celebtool.formats import images
from celebtool.formats.images import RGBImage
from celebtool.imaging import overlap
from celebtool.imaging.alignment import Box, Face
from celebtool.nn.detection import networks
from celebtool.nn.detection.networks import CELL, Array

SMALLEST = 20  # pixels: faces so large fill P-Net's window on level 0
PYRAMID_STEP = 0.709  # about the root of a half, so that every second level halves the photo
COARSE = 3  # the level to begin with, where faces of 56 pixels fill the window
LONGEST = 512  # pixels of the first level's longer side: larger photos begin with larger faces
ENOUGH = (0.6, 0.7, 0.8)  # of each network's confidence, to be passed on; the package's own limits
SURE = 0.9  # of O-Net's confidence: less is often no face
SMALL = 1.5  # times the window: a face that is smaller calls for a finer level
MOST_CANDIDATES = 1500  # per pyramid level: a page of wallpaper must not fill the memory


@dataclass
class Candidates:
    """What P-Net found, n windows, and what R-Net makes of them once it has been asked (before: not a number)."""

    windows: Array  # (n, 4)
    scores: Array  # (n,)
    refined: Array  # (n, 4)
    refined_scores: Array  # (n,)

    def add(self, windows: Array, scores: Array) -> None:
        """Append windows (m, 4) with P-Net's scores (m,)."""
        unknown = np.full((len(windows), 5), np.nan, np.float32)
        self.windows = np.concatenate([self.windows, windows])
        self.scores = np.concatenate([self.scores, scores])
        self.refined = np.concatenate([self.refined, unknown[:, :4]])
        self.refined_scores = np.concatenate([self.refined_scores, unknown[:, 4]])


class FaceDetector:
    """The three networks, loaded; a photo's result depends on that photo alone."""

    def __init__(self) -> None:
        self._propose, self._refine, self._output = networks.load()

    def detect(self, image: RGBImage, smallest: float) -> list[Face]:
        """Return the faces of RGB (height, width, 3), the largest first, in pixels of the image.

        Args:
            image: the photo.
            smallest: side in pixels of the smallest face to look for, at least 20.
        """
        finest = max(0, math.floor(math.log(smallest / SMALLEST) / -math.log(PYRAMID_STEP) + 0.01))
        last = levels(image.shape[0], image.shape[1]) - 1
        level = min(max(finest, first_level(image.shape[0], image.shape[1])), last)
        if last < finest:
            return []
        pyramid = Pyramid(image)
        candidates = Candidates(*(np.empty(shape, np.float32) for shape in ((0, 4), 0, (0, 4), 0)))
        self._search(pyramid, range(level, last + 1), candidates)
        while True:
            faces = self._judge(pyramid.photo, candidates)
            if level == finest or not needs_finer(faces, level):
                return sorted(faces, key=lambda face: -face.box.width * face.box.height)
            level -= 1
            self._search(pyramid, range(level, level + 1), candidates)

    def _search(self, pyramid: "Pyramid", numbers: range, candidates: Candidates) -> None:
        """Add the windows that P-Net takes for faces on some levels."""
        answers = self._propose([pyramid.level(number) for number in numbers])
        for number, (offsets, scores) in zip(numbers, answers, strict=True):
            windows, found = _windows(offsets, scores)
            best = overlap.suppress(windows, found, 0.5)
            candidates.add(windows[best] / np.float32(scale(number)), found[best])

    def _judge(self, photo: tf.Tensor, candidates: Candidates) -> list[Face]:
        """Return the faces that R-Net and O-Net make of the candidates."""
        chosen = overlap.suppress(candidates.windows, candidates.scores, 0.7)
        new = chosen[np.isnan(candidates.refined_scores[chosen])]
        if len(new):
            squares = overlap.squared(candidates.windows[new])
            offsets, scores = self._refine(_patches(photo, squares, 24))
            candidates.refined[new], candidates.refined_scores[new] = _corrected(squares, offsets), scores
        rectangles, scores = candidates.refined[chosen], candidates.refined_scores[chosen]
        keep = np.flatnonzero(scores > ENOUGH[1])
        if not len(keep):
            return []
        squares = overlap.squared(rectangles[keep[overlap.suppress(rectangles[keep], scores[keep], 0.7)]])
        return _faces(squares, *self._output(_patches(photo, squares, 48)))


class Pyramid:
    """A photo at the sizes that P-Net is to see, each made when it is asked for."""

    def __init__(self, image: RGBImage) -> None:
        self.photo = tf.constant(image[None])
        self._height, self._width = image.shape[:2]
        self._halves = [self.photo]

    def level(self, number: int) -> Array:
        """Return the photo (height, width, 3) so small that faces of 20 / 0.709 ** number pixels fill the window.

        Each pixel is the mean of the area it stands for, as in the package. That is computed from the photo halved
        once or more, which costs less, but at least twice as large as the level: less blurs too much.
        """
        size = int(self._height * scale(number)), int(self._width * scale(number))
        halvings = max(0, math.floor(-math.log2(2 * scale(number))))
        while len(self._halves) <= halvings:
            self._halves.append(tf.constant(images.halved(self._halves[-1][0].numpy())[None]))
        resized: Array = tf.raw_ops.ResizeArea(images=self._halves[halvings], size=size)[0].numpy()
        return resized


def scale(level: int) -> float:
    """Return how much smaller than the photo a level is."""
    return float(CELL / SMALLEST * PYRAMID_STEP**level)


def window(level: int) -> float:
    """Return the side in pixels of the faces that fill P-Net's window on a level."""
    return float(CELL / scale(level))


def levels(height: int, width: int) -> int:
    """Return how many levels the package makes of a photo, 0 or less if it is too small."""
    return round(math.log(min(height, width) / CELL) / -math.log(PYRAMID_STEP) - 1)


def first_level(height: int, width: int) -> int:
    """Return the level to begin with."""
    surplus = max(height, width) * scale(COARSE) / LONGEST
    return COARSE + max(0, math.ceil(math.log(surplus) / -math.log(PYRAMID_STEP)))


def needs_finer(faces: list[Face], level: int) -> bool:
    """Say whether a search down to a level leaves a doubt: nothing sure was found, or small faces were."""
    sides = [max(face.box.width, face.box.height) for face in faces]
    return not any(map(is_sure, faces)) or min(sides) < SMALL * window(level)


def is_sure(face: Face) -> bool:
    """Say whether the detector has no doubt that it is a face."""
    return face.confidence >= SURE


def _windows(offsets: Array, scores: Array) -> tuple[Array, Array]:
    """Return the rectangles (n, 4) and scores (n,) of P-Net's cells that hold a face, from (h, w, 4) and (h, w)."""
    rows, columns = np.nonzero(scores > ENOUGH[0])
    if len(rows) > MOST_CANDIDATES:
        best = np.sort(np.argsort(-scores[rows, columns], kind="stable")[:MOST_CANDIDATES])
        rows, columns = rows[best], columns[best]
    corners = 2 * np.stack([columns, rows], axis=1).astype(np.float32)
    windows = np.concatenate([corners + 1, corners + CELL], axis=1)  # the pixels that the training counted
    return overlap.moved(windows, offsets[rows, columns]), scores[rows, columns]


def _corrected(squares: Array, offsets: Array) -> Array:
    """Return squares (n, 4) moved as R-Net or O-Net says; in their training a side counted both its end pixels."""
    return squares + offsets * np.tile(squares[:, 2:] - squares[:, :2] + 1, 2)


def _patches(photo: tf.Tensor, squares: Array, size: int) -> Array:
    """Return what squares (n, 4) of a photo (1, height, width, 3) show, as (n, size, size, 3), grey beyond it.

    Pixels are picked, not averaged, where a square is larger: so did the package, and averages lose faces.
    """
    height, width = photo.shape[1:3]
    corners = squares[:, [1, 0, 3, 2]] / np.array([height, width, height, width], np.float32)
    patches: Array = tf.raw_ops.CropAndResize(
        image=photo,
        boxes=corners,
        box_ind=np.zeros(len(squares), np.int32),
        crop_size=(size, size),
        extrapolation_value=127.5,
    ).numpy()
    return patches


def _faces(squares: Array, offsets: Array, points: Array, scores: Array) -> list[Face]:
    """Return O-Net's answer for squares (n, 4) as faces."""
    keep = np.flatnonzero(scores > ENOUGH[2])
    rectangles, scores = _corrected(squares, offsets)[keep], scores[keep]
    sides = (squares[:, 2:] - squares[:, :2])[keep, None] + 1
    landmarks = squares[keep, None, :2] + points.reshape(-1, 2, 5).transpose(0, 2, 1)[keep] * sides - 1
    best = overlap.suppress(rectangles, scores, 0.7, of_smaller=True)
    return [_face(rectangles[i], landmarks[i], scores[i]) for i in best]


def _face(rectangle: Array, landmarks: Array, score: np.float32) -> Face:
    left, top, right, bottom = (float(x) for x in rectangle)
    return Face(Box(left, top, right - left, bottom - top), landmarks.astype(np.float64), float(score))

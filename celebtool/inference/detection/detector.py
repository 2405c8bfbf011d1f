"""Find faces and their five points with MTCNN (K. Zhang et al., IEEE Signal Processing Letters 2016).

The weights are those of the PyPI package mtcnn, and its treatment of pixels and boxes is repeated exactly, because the
networks are sensitive: a photo shrunk by another filter than the mean of areas loses faces. The package's own driver
is not used: it looks for its weights in the current directory first, finds nothing if the smallest face is larger,
takes errors for photos without faces, and searches every photo for the smallest faces.

Here a photo is searched from coarse to fine. P-Net first sees it at the size where faces of 56 pixels and more fill its
window. A finer level is added while no certain face was found, or one hardly larger than the window, because smaller
faces are likely beside small ones. A photo of one large face costs an eighth of a full search.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from celebtool.imaging import overlap, patches, shrinking
from celebtool.imaging.alignment import Box, Face
from celebtool.inference.detection.canvas import CELL
from celebtool.inference.detection.networks import Array, Networks, probability

SMALLEST = 20  # pixels: faces so large fill P-Net's window on level 0
PYRAMID_STEP = 0.709  # about the root of a half, so that every second level halves the photo
COARSE = 3  # the level to begin with, where faces of 56 pixels fill the window
LONGEST = 512  # pixels of the first level's longer side, so that a larger photo begins with larger faces
ENOUGH = (0.6, 0.7, 0.8)  # confidence that each network needs to pass a window on, as in the package
LOGIT = math.log(ENOUGH[0] / (1 - ENOUGH[0]))  # P-Net's, of that confidence
SURE = 0.9  # O-Net's confidence of a certain face; what has less is often no face
SMALL = 1.5  # times the window; a smaller face calls for a finer level
MOST_PROPOSALS = 1500  # per pyramid level, so that a repeating pattern does not fill the memory


class Proposals:
    """P-Net's n windows, and what R-Net and O-Net made of them (NaN before they were asked)."""

    def __init__(self) -> None:
        self.windows, self.refined, self.boxes = (np.empty((0, 4), np.float32) for _ in range(3))
        self.scores, self.refined_scores, self.box_scores = (np.empty(0, np.float32) for _ in range(3))
        self.landmarks = np.empty((0, 5, 2), np.float32)

    def add(self, windows: Array, scores: Array) -> None:
        """Append windows (m, 4) with P-Net's scores (m,)."""
        known = {"windows": windows, "scores": scores}
        for name, values in vars(self).items():
            unknown = np.full((len(windows), *values.shape[1:]), np.nan, np.float32)
            setattr(self, name, np.concatenate([values, known.get(name, unknown)]))


class FaceDetector:
    """The three networks, loaded; the result for a photo depends on that photo alone."""

    def __init__(self) -> None:
        self._networks = Networks()

    def detect(self, picture: Image.Image, smallest: float) -> list[Face]:
        """Return the faces of an RGB picture, the largest first, in its pixels.

        Args:
            picture: the photo.
            smallest: side in pixels of the smallest face to look for, at least 20.
        """
        finest = max(0, math.floor(math.log(smallest / SMALLEST) / -math.log(PYRAMID_STEP) + 0.01))
        last = levels(picture.height, picture.width) - 1
        level = min(max(finest, first_level(picture.height, picture.width)), last)
        if last < finest:
            return []
        pyramid, pixels, proposals = Pyramid(picture), patches.packed(picture), Proposals()
        self._search(pyramid, range(level, last + 1), proposals)
        while True:
            faces = self._judge(pixels, proposals)
            if level == finest or not needs_finer(faces, level):
                return sorted(faces, key=lambda face: -face.box.width * face.box.height)
            level -= 1
            self._search(pyramid, range(level, level + 1), proposals)

    def _search(self, pyramid: "Pyramid", numbers: range, proposals: Proposals) -> None:
        """Add the windows on some levels that P-Net takes for faces."""
        answers = self._networks.propose([pyramid.level(number) for number in numbers])
        for number, (offsets, logits) in zip(numbers, answers, strict=True):
            windows, scores = _windows(offsets, logits)
            best = overlap.suppress(windows, scores, 0.5)
            proposals.add(windows[best] / np.float32(scale(number)), scores[best])

    def _judge(self, pixels: patches.Pixels, proposals: Proposals) -> list[Face]:
        """Return the faces that R-Net and O-Net make of the proposals."""
        chosen = overlap.suppress(proposals.windows, proposals.scores, 0.7)
        self._refine(pixels, proposals, chosen[np.isnan(proposals.refined_scores[chosen])])
        chosen = chosen[proposals.refined_scores[chosen] > ENOUGH[1]]
        chosen = chosen[overlap.suppress(proposals.refined[chosen], proposals.refined_scores[chosen], 0.7)]
        self._output(pixels, proposals, chosen[np.isnan(proposals.box_scores[chosen])])
        chosen = chosen[proposals.box_scores[chosen] > ENOUGH[2]]
        best = overlap.suppress(proposals.boxes[chosen], proposals.box_scores[chosen], 0.7, of_smaller=True)
        return [_face(proposals.boxes[i], proposals.landmarks[i], proposals.box_scores[i]) for i in chosen[best]]

    def _refine(self, pixels: patches.Pixels, proposals: Proposals, new: NDArray[np.intp]) -> None:
        """Ask R-Net about some proposals."""
        if len(new):
            squares = overlap.squared(proposals.windows[new])
            offsets, proposals.refined_scores[new] = self._networks.refine(patches.cut(pixels, squares, 24))
            proposals.refined[new] = _corrected(squares, offsets)

    def _output(self, pixels: patches.Pixels, proposals: Proposals, new: NDArray[np.intp]) -> None:
        """Ask O-Net about some proposals."""
        if len(new):
            squares = overlap.squared(proposals.refined[new])
            offsets, points, proposals.box_scores[new] = self._networks.output(patches.cut(pixels, squares, 48))
            proposals.boxes[new] = _corrected(squares, offsets)
            sides = (squares[:, 2:] - squares[:, :2])[:, None] + 1
            proposals.landmarks[new] = squares[:, None, :2] + points * sides - 1


class Pyramid:
    """A photo at the sizes that P-Net sees, each made when it is first needed."""

    def __init__(self, picture: Image.Image) -> None:
        self._width, self._height = picture.size
        self._halves = [picture]
        self._planes: dict[int, shrinking.Planes] = {}

    def level(self, number: int) -> Array:
        """Return the photo (3, height, width) shrunk so that faces of 20 / 0.709 ** number pixels fill the window.

        Each pixel is the mean of its area, as in the package. For speed it is computed from the photo halved once or
        more, but at least twice as large as the level, because less would blur too much.
        """
        size = int(self._height * scale(number)), int(self._width * scale(number))
        return shrinking.shrink(self._halved(max(0, math.floor(-math.log2(2 * scale(number))))), size)

    def _halved(self, times: int) -> shrinking.Planes:
        while len(self._halves) <= times:
            self._halves.append(self._halves[-1].reduce(2))
        if times not in self._planes:
            self._planes[times] = shrinking.planes(self._halves[times])
        return self._planes[times]


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
    """Say whether a search down to a level may have missed faces: no certain face was found, or a small one was."""
    sides = [max(face.box.width, face.box.height) for face in faces]
    return not any(map(is_sure, faces)) or min(sides) < SMALL * window(level)


def is_sure(face: Face) -> bool:
    """Say whether the detector is certain that it is a face."""
    return face.confidence >= SURE


def _windows(offsets: Array, logits: Array) -> tuple[Array, Array]:
    """Return the rectangles (n, 4) and scores (n,) of P-Net's cells that hold a face, from (h, w, 4) and (h, w)."""
    rows, columns = np.nonzero(logits > LOGIT)
    if len(rows) > MOST_PROPOSALS:
        best = np.sort(np.argsort(-logits[rows, columns], kind="stable")[:MOST_PROPOSALS])
        rows, columns = rows[best], columns[best]
    corners = 2 * np.stack([columns, rows], axis=1).astype(np.float32)
    windows = np.concatenate([corners + 1, corners + CELL], axis=1)  # the pixels that the training counted
    return overlap.moved(windows, offsets[rows, columns]), probability(logits[rows, columns])


def _corrected(squares: Array, offsets: Array) -> Array:
    """Return squares (n, 4) corrected by R-Net's or O-Net's offsets; in their training a side counted both end pixels."""
    return squares + offsets * np.tile(squares[:, 2:] - squares[:, :2] + 1, 2)


def _face(rectangle: Array, landmarks: Array, score: np.float32) -> Face:
    left, top, right, bottom = (float(x) for x in rectangle)
    return Face(Box(left, top, right - left, bottom - top), landmarks.astype(np.float64), float(score))

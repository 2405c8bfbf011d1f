"""Align and crop faces by their box or their five points."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# dlib's 68-point mean face (`get_face_chip_details` in image_transforms/interpolation.h), reduced to the five
# points that MTCNN finds: the centres of the eyes (means of points 36 to 41 and 42 to 47), the nose's tip (30) and the
# mouth's corners (48, 54), x and y as shares of the face's square.
MEAN_FACE = np.array(
    [
        [0.225491833, 0.215990333],
        [0.754761333, 0.215990333],
        [0.490127, 0.515625],
        [0.254149, 0.780233],
        [0.726104, 0.780233],
    ]
)


class Box(NamedTuple):
    """A rectangle in pixels of the photo; it may reach beyond the photo's edges."""

    left: float
    top: float
    width: float
    height: float


class Face(NamedTuple):
    """A face that was found: its box, its five points (5, 2) as x and y, and the detector's confidence.

    The points are, in this order, the eye on the image's left, the eye on its right, the nose's tip, the
    mouth's corner on the image's left and the one on its right.
    """

    box: Box
    landmarks: NDArray[np.float64]
    confidence: float


class Similarity(NamedTuple):
    """The map z → ``factor``·z + ``offset`` of points x + iy: it rotates, scales and shifts, and does not shear."""

    factor: complex
    offset: complex


def align(picture: Image.Image, landmarks: NDArray[np.float64], size: int, margin: float = 0.25) -> NDArray[np.uint8]:
    """Return the face as a (size, size, 3) crop in dlib's geometry, with the eyes level.

    The five points are mapped on dlib's mean face by the similarity with the least squared error (S. Umeyama, IEEE
    TPAMI 1991). The mean face fills the crop but for `margin`, a share of its side, on each side. Outside the photo
    the crop is black.

    Args:
        picture: the photo, RGB.
        landmarks: (5, 2), as in ``Face``, in its pixels.
        size: side of the crop in pixels.
        margin: dlib's padding.

    Raises:
        ValueError: the points coincide.
    """
    return _warp(picture, fit(landmarks, template(size, margin)), size)


def crop(picture: Image.Image, box: Box, size: int, margin: float = 0.25) -> NDArray[np.uint8]:
    """Return the square around a box as a (size, size, 3) crop, not rotated.

    The square's side is the longer side of the box plus `margin` times that on each side, so that the visible part of
    the face does not depend on the photo's resolution. Outside the photo the crop is black.

    Raises:
        ValueError: the box is empty.
    """
    longest = max(box.width, box.height)
    if not longest > 0:
        raise ValueError("the box is empty")
    scale = size / (longest * (1 + 2 * margin))
    centre = complex(box.left + box.width / 2, box.top + box.height / 2)
    return _warp(picture, Similarity(complex(scale), complex(size, size) / 2 - scale * centre), size)


def template(size: int, margin: float) -> NDArray[np.float64]:
    """Return the positions of the five points (5, 2) in a crop of `size` pixels with `margin` around the face."""
    return size * (MEAN_FACE + margin) / (1 + 2 * margin)


def fit(source: NDArray[np.float64], target: NDArray[np.float64]) -> Similarity:
    """Return the similarity that maps points (n, 2) on others with the least squared error (Umeyama 1991).

    Raises:
        ValueError: the source points coincide.
    """
    z, w = source @ [1, 1j], target @ [1, 1j]
    centred = z - z.mean()
    spread = np.vdot(centred, centred).real
    if not spread > 0:
        raise ValueError("the points coincide")
    factor = complex(np.vdot(centred, w) / spread)
    return Similarity(factor, complex(w.mean() - factor * z.mean()))


def sharpness(image: NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian of the image's grey values, which is larger for sharper images.

    Source: J. L. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    grey = image.astype(np.float64) @ [0.299, 0.587, 0.114]
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.var()) if laplacian.size else 0.0


def _warp(picture: Image.Image, similarity: Similarity, size: int) -> NDArray[np.uint8]:
    """Return the crop that the similarity maps from the photo, without aliasing."""
    region = _region(picture, similarity, size)
    if region is None:
        return np.zeros((size, size, 3), np.uint8)
    left, top, right, bottom = region
    # Shrink to the crop's scale first, with antialiasing; then rotate at about one to one.
    scale = min(1.0, abs(similarity.factor))
    width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    part = picture.crop(region)
    if scale < 1:
        part = part.resize((width, height), Image.Resampling.BICUBIC)
    across, down = width / (right - left), height / (bottom - top)
    back = 1 / similarity.factor
    origin = -back * similarity.offset - complex(left, top)
    matrix = (
        *(back.real * across, -back.imag * across, origin.real * across),
        *(back.imag * down, back.real * down, origin.imag * down),
    )
    return np.asarray(part.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC))


def _region(picture: Image.Image, similarity: Similarity, size: int) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of the part of the photo that the crop shows; None if it shows none."""
    corners = np.array([0, size, size * 1j, size + size * 1j])
    seen = (corners - similarity.offset) / similarity.factor
    spare = 3 / min(1.0, abs(similarity.factor))  # the filter's reach
    width, height = picture.size
    left, right = max(0, math.floor(seen.real.min() - spare)), min(width, math.ceil(seen.real.max() + spare))
    top, bottom = max(0, math.floor(seen.imag.min() - spare)), min(height, math.ceil(seen.imag.max() + spare))
    return (left, top, right, bottom) if left < right and top < bottom else None

"""Reduce an image to what is compared of it: a descriptor and a pattern, of its middle or of the face alone."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

SIDE = 32  # of the pattern in pixels
FREQUENCIES = 10  # per axis in the descriptor
FACE = 0.8  # of the side of the face as `crop-faces` aligns it: what all crops of a photo show
MARGIN = 0.25  # around the face, of the crops that these limits were chosen on

_AXIS = np.linspace(-1, 1, SIDE)
WINDOW = np.exp(-0.5 * np.add.outer(_AXIS**2, _AXIS**2) / 0.6**2)  # the edges say more about the cropping


def middle(image: NDArray[np.uint8], margin: float | None) -> NDArray[np.uint8]:
    """Return the middle of a crop (height, width, 3) with more room around the face than `MARGIN`; else the image."""
    if margin is None or margin <= MARGIN:
        return image
    return _middle(image, (1 + 2 * MARGIN) / (1 + 2 * margin))


def face(image: NDArray[np.uint8], margin: float) -> NDArray[np.uint8]:
    """Return the part of a crop (height, width, 3) that no black lies in: `FACE` of the face's side."""
    return _middle(image, FACE / (1 + 2 * margin))


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an RGB image (height, width, 3) as grey of 32 × 32 pixels."""
    return np.asarray(Image.fromarray(image).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def descriptor(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the descriptor (99,) of a grey image; roots keep strong coefficients (mostly light) from hiding the others."""
    values = grey.astype(np.float32)
    centred = (values - np.average(values, weights=WINDOW)) * WINDOW
    low = np.asarray(dctn(centred, norm="ortho"))[:FREQUENCIES, :FREQUENCIES].ravel()[1:]
    roots = np.sign(low) * np.sqrt(np.abs(low))
    length = np.linalg.norm(roots)
    return np.asarray(roots / length if length > SIDE / 8 else np.zeros_like(roots), np.float32)


def patterns(greys: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the patterns (n, 32, 32) of grey images: their details, with local mean and contrast removed."""
    values = greys.astype(np.float32)
    detail = values - gaussian_filter(values, (0, 2, 2))
    contrast = np.sqrt(gaussian_filter(detail**2, (0, 2, 2)))
    return np.asarray(detail / (contrast + 4), np.float32)  # 4 of 255 is what compression alone does to a flat area


def _middle(image: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """Return the middle of an image, so much of either side."""
    down, across = (round((1 - share) / 2 * side) for side in image.shape[:2])
    return image[down : image.shape[0] - down, across : image.shape[1] - across]

"""Find the face in each image of a folder, and compute its embedding, for `report`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.cropping.plan import CropSettings
from celebtool.inference.detection import chips, crops

SETTINGS = CropSettings()
"""As `crop-faces` does it: the largest face, aligned."""


def embed(files: Sequence[Path], progress: Callable[[int, int], None]) -> list[NDArray[np.float32] | None]:
    """Return the embedding (128,) of the largest face in each image file; None where there is no face.

    Args:
        files: crops or photos.
        progress: called with images done and images in all.
    """
    found = []
    for cropped in crops.crop_photos(files, SETTINGS):
        found.append([chips.crop(image, SETTINGS) for _, image in cropped.found])
        progress(len(found), len(files))
    points = chips.embed([chip for own in found for chip in own], SETTINGS)
    return [next(points) if own else None for own in found]

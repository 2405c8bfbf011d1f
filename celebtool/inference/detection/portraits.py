"""Find the face in each image of a folder, and compute its embedding, for `report`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.cropping.plan import CropSettings
from celebtool.inference import conversion, embeddings
from celebtool.inference.detection import chips, crops, networks
from celebtool.system import threads

SETTINGS = CropSettings()
"""As `crop-faces` does it: the largest face, aligned."""
BATCH = 32  # images whose faces are in memory at a time


def prepare(say: Callable[[str], None]) -> None:
    """Convert the networks that `embed` needs, if that has not been done yet."""
    conversion.prepare([*networks.graphs(), embeddings.graph(chips.margin(SETTINGS))], say)


def embed(files: Sequence[Path], progress: Callable[[int, int], None]) -> list[NDArray[np.float32] | None]:
    """Return the embedding (128,) of the largest face in each image file; None where there is no face.

    Args:
        files: crops or photos.
        progress: called with images done and images in all.
    """
    found: list[NDArray[np.float32] | None] = []
    for batch in threads.batched(crops.crop_photos(files, SETTINGS), BATCH):
        chips_of = [[chips.crop(image, SETTINGS) for _, image in cropped.found] for cropped in batch]
        points = chips.embed([chip for own in chips_of for chip in own], SETTINGS)
        found += [next(points) if own else None for own in chips_of]
        progress(len(found), len(files))
    return found

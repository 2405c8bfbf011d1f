"""Compare the answers of an exported file with its model's, as `predict` gives them."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import images
from celebtool.formats.exported import PROBABILITIES, SCORE
from celebtool.formats.images import RGBImage
from celebtool.inference import runtime
from celebtool.inference.exporting import content
from celebtool.inference.predictor import Predictor
from celebtool.system.progress import Progress
from celebtool.system.threads import batched

BATCH_SIZE = 8
MOST = 1e-3
"""The largest difference that can be allowed."""


def largest_difference(
    made: bytes, output: Path, model: Predictor, photos: Sequence[RGBImage], tolerance: float, progress: Progress
) -> float:
    """Return the largest difference between probabilities and scores of a file and of its model.

    Args:
        made: the content of the file.
        output: what it will be called.
        model: the model, its networks converted.
        photos: the images, of any size.
        tolerance: the largest difference that is allowed.
        progress: told of the images that are done.

    Raises:
        CelebtoolError: the file's answers differ by more, or are NaN.
    """
    exported = content.load(made, output)
    networks = [runtime.load(graph, threads=os.cpu_count() or 1) for graph in model.graphs]
    largest = 0.0
    for number, batch in enumerate(batched(photos, BATCH_SIZE)):
        pixels = {size: _stacked(batch, size) for size in set(model.sizes)}
        found = exported({name: pixels[size] for name, size in model.info.inputs.items()})
        features = [network.features(pixels[size]) for network, size in zip(networks, model.sizes, strict=True)]
        wanted = model.answer(features)
        largest = max(largest, _difference(found[PROBABILITIES], wanted.probabilities))
        largest = max(largest, _difference(found[SCORE], wanted.scores))
        progress(number * BATCH_SIZE + len(batch), len(photos))
    if largest > tolerance:
        problem = f"its answers would differ by {largest:.1g} from the model's, so nothing is written"
        raise CelebtoolError(output, f"{problem}; {_instead(largest, tolerance)}")
    return largest


def _instead(largest: float, tolerance: float) -> str:
    """Return what would be right: a tolerance that allows the difference, if that is one of rounding."""
    enough = next((each for each in (1e-4, MOST) if largest <= each), None)
    return f"--tolerance {enough:g} allows that" if enough else f"{tolerance:g} is allowed"


def _stacked(batch: Sequence[RGBImage], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.stack([images.resize(image, size) for image in batch])


def _difference(one: NDArray[np.float32], other: NDArray[np.float64]) -> float:
    """Return the largest difference; infinite of NaN, and where the shapes differ."""
    if one.shape != other.shape or not np.isfinite(one).all():
        return np.inf
    return float(np.abs(one - other).max())

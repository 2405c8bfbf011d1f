"""Compute the probabilities that a model gives to true classes, by which an ensemble's shares are chosen."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.formats import images
from celebtool.formats.images import RGBImage
from celebtool.inference import runtime
from celebtool.inference.predictor import Predictor
from celebtool.system.threads import batched, map_ahead

BATCH_SIZE = 32


def probabilities_of_labels(
    model: Predictor, files: Sequence[Path], labels: Sequence[str], progress: Callable[[int, int], None]
) -> NDArray[np.float64]:
    """Return the probability (n,) that a model gives to the label of each image.

    Args:
        model: a single network; its classes are matched by name.
        files: the images.
        labels: of each.
        progress: called with images done and images in all.

    Raises:
        ImageError: a file is no readable image.
    """
    size = model.info.image_size
    columns = np.array([model.info.class_names.index(label) for label in labels])

    def prepare(file: Path) -> RGBImage:
        return images.resize(images.read(file), size)

    network = runtime.load(model.graphs[0], threads=os.cpu_count() or 1)
    found: list[NDArray[np.float64]] = []
    for batch in batched(map_ahead(prepare, files), BATCH_SIZE):
        found.extend(model.answer([network.features(np.stack(batch))]).probabilities)
        progress(len(found), len(files))
    chosen: NDArray[np.float64] = np.stack(found)[np.arange(len(files)), columns]
    return chosen

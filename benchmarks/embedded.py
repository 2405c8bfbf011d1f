"""Read the embeddings of sets of people, which several benchmarks measure with."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.formats import faces, manifest


def read(path: Path) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Read embeddings (n, d) and labels (n,) from a folder that `crop-faces` wrote, or a .npz with `embeddings` and `labels`."""
    if path.suffix == ".npz":
        with np.load(path) as content:
            return content["embeddings"].astype(np.float32), content["labels"]
    known = faces.embeddings(path)
    found = [(known.of(path / row.path), row.label) for row in manifest.read_all(path) if row.path]
    points = np.stack([point for point, _ in found if point is not None])
    return points, np.array([label for point, label in found if point is not None])

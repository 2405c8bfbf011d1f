"""Compare pairs of pictures that may be shifted, scaled or turned a little, many pairs at a time.

Gauss-Newton on an affine map, in the inverse compositional form of S. Baker and I. Matthews, Lucas-Kanade 20 Years On,
IJCV 2004: the derivatives are those of the first picture and are computed only once.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ITERATIONS = 5  # steps towards the best map; copies are found after three
BORDER = 0.15  # share of the half side left out at each edge, where the other picture may have nothing to show
MAX_SHIFT = 0.15  # of the side
MAX_STRETCH = 1.33
MAX_TURN = 0.2  # radians, and the same for shear
BATCH = 256  # pairs at a time: a few megabytes

_LOWEST = np.array(
    [[1 / MAX_STRETCH, -MAX_TURN, -2 * MAX_SHIFT], [-MAX_TURN, 1 / MAX_STRETCH, -2 * MAX_SHIFT], [0, 0, 1]], np.float32
)
_HIGHEST = np.array(
    [[MAX_STRETCH, MAX_TURN, 2 * MAX_SHIFT], [MAX_TURN, MAX_STRETCH, 2 * MAX_SHIFT], [0, 0, 1]], np.float32
)


def correlations(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return the correlations of pairs of pictures, as they are and once the second is mapped on the first.

    Args:
        first: (n, side, side), each with about zero mean.
        second: the same shape.

    Returns:
        Two arrays (n,), -1 to 1.
    """
    batches = [slice(start, start + BATCH) for start in range(0, len(first), BATCH)]
    found = [_correlations(first[b], second[b]) for b in batches]
    nothing = np.zeros(0, np.float32)
    unmoved, mapped = (np.concatenate(each) for each in zip((nothing, nothing), *found, strict=True))
    return unmoved, mapped


def _correlations(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    points, inside = _grid(first.shape[1])
    fixed = _centred(first.reshape(len(first), -1)[:, inside])
    length = np.linalg.norm(fixed, axis=1, keepdims=True)
    jacobian = _jacobian(first, points, inside)
    inverse_hessian = np.linalg.inv(jacobian @ jacobian.transpose(0, 2, 1) + 1e-2 * np.eye(6, dtype=np.float32))
    maps = np.tile(np.eye(3, dtype=np.float32), (len(first), 1, 1))
    found = []
    for step in range(ITERATIONS + 1):
        moved = _centred(_sampled(second, maps[:, :2] @ points))
        gain = length / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-6)
        found.append(np.sum(fixed * moved * gain, axis=1) / np.maximum(length[:, 0], 1e-6) ** 2)
        if step < ITERATIONS:
            error = moved * gain - fixed
            maps = _composed(maps, (inverse_hessian @ (jacobian @ error[:, :, None]))[:, :, 0])
    return found[0], np.maximum(np.max(found, axis=0), -1)


def _grid(side: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the points inside the border as (3, p) homogeneous coordinates from -1 to 1, and a mask of them."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    y, x = (grid.ravel() for grid in np.meshgrid(axis, axis, indexing="ij"))
    inside = (np.abs(x) <= 1 - BORDER) & (np.abs(y) <= 1 - BORDER)
    return np.stack([x[inside], y[inside], np.ones(inside.sum(), np.float32)]), inside


def _jacobian(pictures: Floats, points: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return the derivative of each picture by the six parameters of an affine map, (n, 6, p)."""
    step = 2 / (pictures.shape[1] - 1)
    down, right = (g.reshape(len(pictures), -1)[:, None, inside] for g in np.gradient(pictures, step, axis=(1, 2)))
    return np.concatenate([right * points, down * points], axis=1, dtype=np.float32)


def _sampled(pictures: Floats, positions: Floats) -> Floats:
    """Return the pictures at positions (n, 2, p) of x and y, interpolated bilinearly; edge pixels repeat outside."""
    side = pictures.shape[1]
    grid = np.clip((positions + 1) * ((side - 1) / 2), 0, side - 1.001)
    corner = grid.astype(np.int32)
    right, down = (grid - corner).transpose(1, 0, 2)
    of_picture = side * side * np.arange(len(pictures), dtype=np.int32)[:, None]
    index = of_picture + corner[:, 1] * side + corner[:, 0]
    a, b, c, d = (pictures.ravel().take(index + offset) for offset in (0, 1, side, side + 1))
    top = a + (b - a) * right
    return np.asarray(top + (c + (d - c) * right - top) * down, np.float32)


def _composed(maps: Floats, steps: Floats) -> Floats:
    """Return maps ∘ steps⁻¹, limited to the differences that crops of one photo can have."""
    increments = np.tile(np.eye(3, dtype=np.float32), (len(maps), 1, 1))
    increments[:, :2] += np.clip(steps, -0.25, 0.25).reshape(-1, 2, 3)
    composed = maps @ np.linalg.inv(increments)
    return np.clip(composed, _LOWEST, _HIGHEST)


def _centred(values: Floats) -> Floats:
    return np.asarray(values - values.mean(axis=1, keepdims=True))

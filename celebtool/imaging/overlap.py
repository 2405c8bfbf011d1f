"""Compute with rectangles, rows (n, 4) of left, top, right, bottom: their overlap, and which of several to keep."""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]

BLOCK = 64  # rectangles compared with all others at once, so that the tables stay in the processor's cache


def areas(boxes: Boxes) -> NDArray[np.float32]:
    """Return the area of each of (n, 4) rectangles."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def overlap(first: Boxes, second: Boxes, *, of_smaller: bool = False) -> NDArray[np.float32]:
    """Return the overlap, 0 to 1, of each of (n, 4) rectangles with each of (m, 4) as (n, m).

    Args:
        first: (n, 4).
        second: (m, 4).
        of_smaller: divide the common area by that of the smaller rectangle instead of by that of the union.
    """
    common = np.ones((len(first), len(second)), np.float32)
    for low, high in ((0, 2), (1, 3)):  # an axis at a time: sums over an axis of two are slow
        side = np.minimum.outer(first[:, high], second[:, high]) - np.maximum.outer(first[:, low], second[:, low])
        common *= np.maximum(side, 0)
    one, other = areas(first)[:, None], areas(second)[None, :]
    whole = np.minimum(one, other) if of_smaller else one + other - common
    return np.asarray(common / np.maximum(whole, np.finfo(np.float32).tiny), np.float32)


def suppress(boxes: Boxes, scores: NDArray[np.float32], limit: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Return the indices of the rectangles that no better one overlaps by more than `limit`, the best first.

    As in the mtcnn package, a suppressed rectangle still suppresses worse ones.
    """
    if len(boxes) < 2:
        return np.arange(len(boxes))
    order = np.argsort(-scores, kind="stable")
    ranked = boxes[order]
    beaten = np.zeros(len(ranked), bool)
    for start in range(0, len(ranked), BLOCK):
        better = ranked[start : start + BLOCK]
        beats = overlap(better, ranked[start:], of_smaller=of_smaller) > limit
        beaten[start:] |= np.triu(beats, k=1).any(axis=0)
    return order[~beaten]


def squared(boxes: Boxes) -> Boxes:
    """Return the squares on the longer sides of (n, 4) rectangles, about the same centres."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.max(boxes[:, 2:] - boxes[:, :2], axis=1, keepdims=True) / 2
    return np.asarray(np.concatenate([centres - half, centres + half], axis=1), np.float32)


def moved(boxes: Boxes, offsets: NDArray[np.float32]) -> Boxes:
    """Return (n, 4) rectangles with each side moved by a share (n, 4) of the rectangle's size."""
    return np.asarray(boxes + offsets * np.tile(boxes[:, 2:] - boxes[:, :2], 2), np.float32)

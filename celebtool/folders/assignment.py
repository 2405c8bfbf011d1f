"""Assign whole groups of one class to train, val and test, so that each part gets exactly the images it should.

Of all assignments with the right sizes one is drawn, as if each group had been put into a part at random until the sizes
were right: dynamic programming over (images in val, images in test), then a walk back through the table. If no
assignment has the right sizes, the closest ones are used (`_cost`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST_TABLE = 1 << 22  # cells: a class of about 500 images has no more; of larger ones, big groups go first


class Sizes(NamedTuple):
    """How many images of one class go to each part."""

    train: int
    val: int
    test: int


NOTHING = Sizes(0, 0, 0)


def assign(groups: Sequence[int], wanted: Sizes, chances: Sequence[float], placed: Sizes = NOTHING) -> list[int]:
    """Return the part (0 train, 1 val, 2 test) of each group.

    Args:
        groups: how many images each group has.
        wanted: how many images each part should have in the end. A part that should have none gets none; train is
            never left empty unless it should be.
        chances: a random number from 0 to 1 per group.
        placed: how many images each part has before.
    """
    order = sorted(range(len(groups)), key=lambda group: (-groups[group], chances[group]))
    parts: dict[int, int] = {}
    filled = list(placed)
    while order and _cells(groups, order, wanted, filled) > LARGEST_TABLE:
        group = order.pop(0)
        parts[group] = part = _draw_part(groups[group], wanted, filled, chances[group])
        filled[part] += groups[group]
    sizes, draws = [groups[group] for group in order], [chances[group] for group in order]
    parts.update(zip(order, _exact(sizes, wanted, draws, Sizes(*filled)), strict=True))
    return [parts[group] for group in range(len(groups))]


def _cells(groups: Sequence[int], order: Sequence[int], wanted: Sizes, filled: Sequence[int]) -> int:
    height, width = _shape(wanted, filled, groups[order[0]])
    return (len(order) + 1) * height * width


def _shape(wanted: Sizes, filled: Sequence[int], largest: int) -> tuple[int, int]:
    """Return the shape of the table: the images that val and test may still get, plus one."""
    val, test = (max(0, wanted[part] - filled[part]) + largest if wanted[part] else 0 for part in (1, 2))
    return val + 1, test + 1


def _draw_part(size: int, wanted: Sizes, filled: Sequence[int], chance: float) -> int:
    """Return a random part of those that have room, in proportion to what each still needs."""
    room = np.maximum(np.subtract(wanted, filled), 0)
    weights = np.where(room >= size, room, 0)
    if not weights.any():
        return int(np.argmax(room))
    return int(np.searchsorted(np.cumsum(weights) / weights.sum(), chance, side="right"))


def _exact(groups: Sequence[int], wanted: Sizes, chances: Sequence[float], placed: Sizes) -> list[int]:
    if not groups:
        return []
    odds = np.asarray(wanted) / max(1, sum(wanted))
    tables = [np.zeros(_shape(wanted, placed, max(groups)))]
    tables[0][0, 0] = 1
    for size in groups:
        ways = sum(odds[part] * _shifted(tables[-1], size, part) for part in range(3))
        tables.append(ways / max(ways.max(), 1e-300))  # only the proportions within a table matter
    val, test = _best_cell(tables[-1], sum(groups), wanted, placed)
    parts = []
    for size, table, chance in zip(reversed(groups), reversed(tables[:-1]), reversed(chances), strict=True):
        weights = [odds[part] * _shifted(table, size, part)[val, test] for part in range(3)]
        part = int(np.searchsorted(np.cumsum(weights) / sum(weights), chance, side="right"))
        val, test = val - size * (part == 1), test - size * (part == 2)
        parts.append(part)
    return parts[::-1]


def _shifted(table: NDArray[np.float64], size: int, part: int) -> NDArray[np.float64]:
    """Return the table after another group of that size has gone to a part."""
    down, right = size * (part == 1), size * (part == 2)
    moved = np.zeros_like(table)
    height, width = table.shape
    if down < height and right < width:
        moved[down:, right:] = table[: height - down, : width - right]
    return moved


def _best_cell(ways: NDArray[np.float64], total: int, wanted: Sizes, placed: Sizes) -> tuple[int, int]:
    """Return the images in val and test of the best outcome that some assignment has."""
    val, test = np.indices(ways.shape)
    got = np.stack([placed.train + total - val - test, placed.val + val, placed.test + test])
    cost = np.where(ways > 0, _cost(got, wanted), np.inf)
    best = np.unravel_index(np.argmin(cost), cost.shape)
    return int(best[0]), int(best[1])


def _cost(got: NDArray[np.intp], wanted: Sizes) -> NDArray[np.float64]:
    """Return the cost of outcomes; an empty train costs most, then one under half its size, empty parts, the distance."""
    target = np.asarray(wanted)[:, None, None]
    missing = (got == 0) & (target > 0)
    distance = np.abs(got - target).sum(axis=0)
    scale = 2.0 * sum(wanted) + 2  # more than any distance
    rank = 4 * (2 * missing[0] + (2 * got[0] < target[0])) + missing[1:].sum(axis=0)
    return np.asarray(rank * scale + distance, np.float64)

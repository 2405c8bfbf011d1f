"""Test whether two models differ, from the images that only one of them has right."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Image = TypeVar("Image", bound=Hashable)

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """Two tables on the images that both have.

    Attributes:
        first, second: what they are called.
        images: how many they share.
        only_in_one: how many labelled images one of them has and the other has not.
        first_right, second_right: how many of the shared images each has right.
        only_first_right, only_second_right: how many of them it alone has right.
        p_value: of McNemar's test: how likely the last two differ as much if the models are equally good.
    """

    first: str
    second: str
    images: int
    only_in_one: int
    first_right: int
    second_right: int
    only_first_right: int
    only_second_right: int
    p_value: float

    @property
    def gain(self) -> float:
        """The second's accuracy less the first's on the shared images; NaN without any."""
        return (self.second_right - self.first_right) / self.images if self.images else math.nan


def compare(first: str, ours: Mapping[Image, bool], second: str, theirs: Mapping[Image, bool]) -> Comparison:
    """Compare two tables, each given by name and as image → whether it is right."""
    pairs = Counter((is_right, theirs[key]) for key, is_right in ours.items() if key in theirs)
    both, only_first, only_second = pairs[True, True], pairs[True, False], pairs[False, True]
    return Comparison(
        first=first,
        second=second,
        images=pairs.total(),
        only_in_one=len(ours) + len(theirs) - 2 * pairs.total(),
        first_right=both + only_first,
        second_right=both + only_second,
        only_first_right=only_first,
        only_second_right=only_second,
        p_value=mcnemar(only_first, only_second),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of the exact test: a fair coin, thrown once per image that one alone has right.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions or
    percentages, Psychometrika 12 (1947); exact by the binomial distribution.
    """
    throws, fewer = only_first + only_second, min(only_first, only_second)
    heads = np.arange(1, fewer + 1)
    logarithms = np.concatenate([[0.0], np.cumsum(np.log((throws - heads + 1) / heads))]) - throws * math.log(2)
    return min(1.0, 2 * float(np.exp(logarithms).sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number: with 0.05 for all, chance finds a difference in 5 % of such sets.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted

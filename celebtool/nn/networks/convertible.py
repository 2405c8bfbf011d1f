"""Define what a builder gives to the conversion for LiteRT."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from celebtool.inference.conversion import Graph


@dataclass(frozen=True)
class Convertible:
    """A function of one tensor, the batch first, that LiteRT will compute.

    Args:
        function: returns a tensor, or a list of tensors, whose order is kept.
        variables: what the function reads beside its input; constants need not be listed.
        signature: shape and number type of the input; None where the size is not fixed.
        example: the shape of an input by which the result of the conversion is checked.
        same_as: another graph that would give the same network.
    """

    function: Callable[[tf.Tensor], Any]
    variables: Sequence[tf.Variable]
    signature: tf.TensorSpec
    example: tuple[int, ...]
    same_as: Graph | None = None

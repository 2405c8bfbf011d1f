"""Compile functions of tensors into graphs, which cost less per call, and walk the graphs of models."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import keras
import tensorflow as tf

X = TypeVar("X")
Y = TypeVar("Y")


def compiled(function: Callable[[X], Y], signature: Any) -> Callable[[X], Y]:  # noqa: ANN401 - tf.TensorSpec, or many
    """Return a function of tensors as one graph, traced as it is written.

    AutoGraph, which would rewrite its source first, leaves a file in the temporary directory for each function when the
    process ends by a signal or as a worker.
    """
    result: Callable[[X], Y] = tf.function(function, input_signature=[signature], autograph=False)
    return result


def as_written(function: Callable[[X], Y]) -> Callable[[X], Y]:
    """Return a function that `tf.data` traces as it is written; see `compiled`."""
    result: Callable[[X], Y] = tf.autograph.experimental.do_not_convert(function)
    return result


def nodes(model: keras.Model) -> Iterator[Any]:
    """Yield the nodes of a functional graph, inputs excluded, each after those that it reads."""
    for depth in sorted(model._nodes_by_depth, reverse=True):  # Keras has no public walk of a graph
        yield from (node for node in model._nodes_by_depth[depth] if not node.is_input)

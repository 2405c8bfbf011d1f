"""Cut a partly frozen network in two, so that the frozen part is computed once and not in every epoch."""

from dataclasses import dataclass
from typing import Any

import keras

from celebtool.nn import graphs

NEGLIGIBLE = 100
"""A prefix of fewer parameters is preprocessing; repeating it is cheaper than keeping floats instead of bytes."""


@dataclass(frozen=True)
class Cut:
    """A model in two: ``suffix(prefix(x)) == model(x)``, sharing the model's variables.

    `prefix` gives the list of tensors that cross the cut. If only preprocessing is frozen, it is None and `suffix` is
    the model itself.
    """

    prefix: keras.Model | None
    suffix: keras.Model


def cut(model: keras.Model) -> Cut:
    """Cut a functional model before the first layers that training changes.

    A layer is frozen if it has no trainable weight, draws no random numbers, and all that it reads is frozen.
    Any number of tensors may cross the cut (InceptionV3 above its last 63 layers: three).
    """
    frozen: set[int] = {id(tensor) for tensor in model.inputs}
    crossing: dict[int, Any] = {}
    for node in graphs.nodes(model):
        if _is_fixed(node.operation) and all(id(tensor) in frozen for tensor in node.input_tensors):
            frozen.update(id(tensor) for tensor in node.outputs)
        else:
            crossing.update({id(tensor): tensor for tensor in node.input_tensors if id(tensor) in frozen})
    crossing.update({id(tensor): tensor for tensor in model.outputs if id(tensor) in frozen})
    tensors = list(crossing.values())
    prefix = keras.Model(model.input, tensors)
    if prefix.count_params() < NEGLIGIBLE:
        return Cut(None, model)
    return Cut(prefix, keras.Model(tensors if len(tensors) > 1 else tensors[0], model.output))


def _is_fixed(operation: Any) -> bool:  # noqa: ANN401
    return not getattr(operation, "trainable_variables", []) and getattr(operation, "seed_generator", None) is None

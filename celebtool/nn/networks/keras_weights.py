"""Find a network's arrays in what Keras 3's `save_weights` writes (``.weights.h5``).

Such a file knows no layer names. It has a group ``layers`` with one group per layer, named after the layer's class and
numbered within it (``conv2d``, ``conv2d_1``, …, as `keras.saving` names them), which holds ``vars/0``, ``vars/1``, …
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import keras

from celebtool.formats.hdf5 import reader

_NESTED = ("layers", "functional", "layers")
"""Where the layers are if the network was the first of several in another model."""


def is_saved_weights(file: reader.File) -> bool:
    """Say whether a file is one of `save_weights`."""
    return file.has("layers") and not file.has("model_weights")


def groups(file: reader.File, layers: Sequence[keras.Layer]) -> Iterator[list[reader.Dataset]]:
    """Yield, for each layer that has weights, where its arrays are; an empty list if the file lacks one of them.

    Args:
        file: of `save_weights`.
        layers: all layers of the network that was saved, in its order, from the first one after the input on.
    """
    root = _NESTED if _has(file, *_NESTED) else _NESTED[:1]
    seen: Counter[str] = Counter()
    for layer in layers:
        kind = _snake_case(type(layer).__name__)
        name = f"{kind}_{seen[kind]}" if seen[kind] else kind
        seen[kind] += 1
        places = [(*root, name, "vars", str(number)) for number in range(len(layer.weights))]
        if places:
            yield [file.dataset(*place) for place in places] if all(_has(file, *place) for place in places) else []


def _has(file: reader.File, *names: str) -> bool:
    return all(file.has(*names[:count]) for count in range(1, len(names) + 1))


def _snake_case(name: str) -> str:
    """Return a class's name as `keras.src.utils.naming.to_snake_case` writes it."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()

"""Assemble a Keras model from a row of the architecture table: image, preprocessing, backbone and head in one graph."""

from collections.abc import Callable

import keras
from keras import KerasTensor, layers

from celebtool.architectures import LAST_LAYER, Architecture


def assemble(
    features: Callable[[KerasTensor], KerasTensor],
    architecture: Architecture,
    class_count: int,
    *,
    image: KerasTensor,
    dense: tuple[int, ...],
    dropout: float,
    l2: float,
    seed: int,
) -> keras.Model:
    """Build a model from `image`, RGB 0 to 255 (n, height, width, 3), to probabilities (n, class_count)."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    x = _head_input(architecture, features(image))
    if architecture.drop_features or not dense:
        x = _drop(x, dropout, seed, 0)
    for number, units in enumerate(dense, start=1):
        x = layers.Dense(units, activation="relu", kernel_regularizer=_penalty(l2), name=f"head_dense_{number}")(x)
        x = _drop(x, dropout, seed, number)
    x = layers.Dense(class_count, activation="softmax", kernel_regularizer=_penalty(l2), name=LAST_LAYER)(x)
    return keras.Model(image, x, name=architecture.name.replace("-", "_"))


def _head_input(architecture: Architecture, features: KerasTensor) -> KerasTensor:
    match architecture.features:
        case "pool":
            return layers.GlobalAveragePooling2D(name="head_pool")(features)
        case "flatten":
            return layers.Flatten(name="head_flatten")(features)
        case "normalise":
            return layers.UnitNormalization(name="head_normalise")(features)
        case "as they are":
            return features


def _drop(x: KerasTensor, dropout: float, seed: int, number: int) -> KerasTensor:
    """Every dropout has its own seed, so that the file does not hold a random one."""
    if not dropout:
        return x
    return layers.Dropout(dropout, seed=(seed + number) % 2**31, name=f"head_dropout_{number}")(x)


def _penalty(l2: float) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(l2) if l2 else None

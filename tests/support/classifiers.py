"""Small classifiers, and images for them."""

import numpy as np

from celebtool.formats.model_info import ModelInfo
from celebtool.nn.classifier import Classifier
from celebtool.nn.networks import build

SIZE = (16, 16)
INFO = ModelInfo("cnn", ("ann", "bob", "Zoë"), SIZE, seed=1, dense=(4,), dropout=0.5, recipe={"command": "train"})


def tiny(info: ModelInfo = INFO) -> Classifier:
    model = build.build(
        info.architecture,
        len(info.class_names),
        image_size=info.image_size,
        dense=info.dense,
        dropout=info.dropout,
        l2=info.l2,
        seed=info.seed,
    )
    return Classifier(model, info)


def images(size: tuple[int, int], count: int = 5) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *size, 3), dtype=np.uint8)

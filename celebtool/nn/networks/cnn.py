"""A small convolutional network, trained from random weights."""

from keras import KerasTensor, layers

MOMENTUM = 0.9
"""Of the moving statistics. Small data sets have few steps: Keras' 0.99 would still be near its start after some epochs,
and a network that knows its training images would fail on all others."""


def features(image: KerasTensor) -> KerasTensor:
    """Three times two 3x3 convolutions (32, 64, 128 channels), each with ReLU and batch norm, and a pooling."""
    x = layers.Rescaling(1 / 255, name="preprocess")(image)
    for block, channels in enumerate((32, 64, 128), start=1):
        for number in (1, 2):
            name = f"block_{block}_conv_{number}"
            x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
        x = layers.MaxPooling2D(2, name=f"block_{block}_pool")(x)
    return x

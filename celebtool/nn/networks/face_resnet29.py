"""dlib's face-recognition network in Keras layers: 29 convolutions, 128 numbers out.

Davis King, dlib `examples/dnn_face_recognition_ex.cpp` (anet_type) and `dnn_metric_learning_on_images_ex.cpp`.
dlib's affine layers are folded into the convolutions before them, so only standard layers are left.
"""

from keras import KerasTensor, layers

from celebtool.nn.networks.window import window

SIDE = 150
"""Pixels of the square for which the network was trained: the face, and a quarter of its side around it."""

# What dlib's `input_rgb_image_sized` subtracts, and then divides by 256.
MEAN_RGB = (122.782, 117.001, 104.298)
# (channels, halve the image first) of every residual block, in forward order.
BLOCKS = (
    *((32, False),) * 3,
    (64, True),
    *((64, False),) * 3,
    (128, True),
    *((128, False),) * 2,
    (256, True),
    *((256, False),) * 2,
    (256, True),
)


def features(image: KerasTensor) -> KerasTensor:
    """From RGB 0 to 255 (n, height, width, 3) to the embedding (n, 128), as dlib computes it for 150x150 pixels."""
    offset = [-mean / 256 for mean in MEAN_RGB]
    x = layers.Rescaling(1 / 256, offset=offset, name="preprocess")(image)
    x = layers.Conv2D(32, 7, strides=2, name="conv_1")(x)
    x = layers.ReLU(name="relu_1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool_1")(x)
    for number, (channels, halve) in enumerate(BLOCKS, start=1):
        x = _residual(x, channels, halve, f"block_{number}")
    x = layers.GlobalAveragePooling2D(name="pool_2")(x)
    return layers.Dense(128, use_bias=False, name="embedding")(x)


def features_of_middle(image: KerasTensor) -> KerasTensor:
    """Do the same for the middle of a crop that has more around the face, which would cost accuracy."""
    return features(window(image, SIDE))


def _residual(x: KerasTensor, channels: int, halve: bool, name: str) -> KerasTensor:
    """Two 3x3 convolutions plus a shortcut; `halve` is dlib's `residual_down`, whose convolution has no padding."""
    y = layers.Conv2D(
        channels, 3, strides=2 if halve else 1, padding="valid" if halve else "same", name=f"{name}_conv_1"
    )(x)
    y = layers.ReLU(name=f"{name}_relu_1")(y)
    y = layers.Conv2D(channels, 3, padding="same", name=f"{name}_conv_2")(y)
    if halve:
        x = layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)
    y = _pad_below_and_right(y, x, name)
    x = _double_channels(x, channels, name)
    x = layers.Add(name=f"{name}_add")([y, x])
    return layers.ReLU(name=f"{name}_relu_2")(x)


def _pad_below_and_right(y: KerasTensor, shortcut: KerasTensor, name: str) -> KerasTensor:
    """Add zeros where dlib's add_prev assumes them: from an even size the convolution comes out one short."""
    missing = [shortcut.shape[axis] - y.shape[axis] for axis in (1, 2)]
    if not any(missing):
        return y
    return layers.ZeroPadding2D(((0, missing[0]), (0, missing[1])), name=f"{name}_pad")(y)


def _double_channels(shortcut: KerasTensor, channels: int, name: str) -> KerasTensor:
    """Add the channels that dlib's add_prev takes as zero; they are always as many as there are."""
    if shortcut.shape[-1] == channels:
        return shortcut
    zeros = layers.Rescaling(0.0, name=f"{name}_zeros")(shortcut)
    return layers.Concatenate(name=f"{name}_channels")([shortcut, zeros])

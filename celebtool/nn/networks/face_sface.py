"""OpenCV Zoo's face-recognition network SFace in Keras layers: 27 convolutions, 128 numbers out.

Zhong, Deng, Hu, Zhao, Li and Wen, "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition" (2021); the
file `face_recognition_sface_2021dec` of OpenCV Zoo is a MobileNet trained with it. Its normalisations are folded into
the convolutions and the last matrix, so only standard layers are left.
"""

from keras import KerasTensor, layers

from celebtool.inference.sface_weights import BLOCKS
from celebtool.nn.networks.window import window

SIDE = 112
"""Pixels of the square that the network sees."""
LEFT, UP = 0.4, 16.1
"""How far its centre lies left of the crop's and above it, in pixels. The five points for which the network was trained
(ArcFace's, in 112 pixels) were fitted by dlib's mean face, around which `crop-faces` cuts: 68.7 pixels are a side of
that face's square. The fit's turn of 0.15 degrees is left out."""


def features(image: KerasTensor) -> KerasTensor:
    """From a crop, RGB 0 to 255 (n, height, width, 3), in which the face has 68.7 pixels, to the embedding (n, 128)."""
    x = window(image, SIDE, left=LEFT, up=UP)
    x = layers.Rescaling(1 / 128, offset=-127.5 / 128, name="preprocess")(x)
    x = layers.Conv2D(32, 3, padding="same", name="conv_1")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="conv_1_prelu")(x)
    for number, (channels, stride) in enumerate(BLOCKS, start=2):
        x = _block(x, channels, stride, f"conv_{number}")
    x = layers.Flatten(name="flatten")(x)
    return layers.Dense(128, name="embedding")(x)


def _block(x: KerasTensor, channels: int, stride: int, name: str) -> KerasTensor:
    """A 3x3 convolution of each channel, padded by 1 on all sides, and a 1x1 convolution; PReLU after both."""
    if stride == 1:
        x = layers.DepthwiseConv2D(3, padding="same", name=f"{name}_dw")(x)
    else:  # Keras would pad below and on the right only
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
        x = layers.DepthwiseConv2D(3, strides=stride, name=f"{name}_dw")(x)
    x = layers.PReLU(shared_axes=[1, 2], name=f"{name}_dw_prelu")(x)
    x = layers.Conv2D(channels, 1, name=name)(x)
    return layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu")(x)

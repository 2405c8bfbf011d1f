"""The networks of keras.applications, with the preprocessing of each as layers, without their own heads."""

from collections.abc import Callable

import keras
import numpy as np
from keras import KerasTensor, layers

# Means and deviations of ImageNet as keras.applications' `preprocess_input` has them.
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)


def inceptionv3(image: KerasTensor) -> KerasTensor:
    """InceptionV3 (Szegedy et al. 2015), 311 layers, up to its last feature map."""
    return _feature_map(keras.applications.InceptionV3, _minus_one_to_one(image))


def mobilenetv2(image: KerasTensor) -> KerasTensor:
    """MobileNetV2 (Sandler et al. 2018) of width 1, up to its last feature map."""
    return _feature_map(keras.applications.MobileNetV2, _minus_one_to_one(image))


def vgg16(image: KerasTensor) -> KerasTensor:
    """VGG16 (Simonyan and Zisserman 2014) up to the 4,096 features of fc2: only its last layer is left out."""
    network = keras.applications.VGG16(
        include_top=True, weights=None, input_tensor=_bgr_minus_mean(image), input_shape=image.shape[1:], classes=1
    )
    return network.get_layer("fc2").output


def densenet121(image: KerasTensor) -> KerasTensor:
    """DenseNet121 (Huang et al. 2016) up to its last feature map."""
    scale = [1 / (255 * deviation) for deviation in TORCH_DEVIATION_RGB]
    offset = [-mean / deviation for mean, deviation in zip(TORCH_MEAN_RGB, TORCH_DEVIATION_RGB, strict=True)]
    x = layers.Rescaling(scale, offset=offset, name="preprocess")(image)
    return _feature_map(keras.applications.DenseNet121, x)


def resnet50(image: KerasTensor) -> KerasTensor:
    """ResNet50 (He et al. 2015) up to its last feature map."""
    return _feature_map(keras.applications.ResNet50, _bgr_minus_mean(image))


def _feature_map(application: Callable[..., keras.Model], x: KerasTensor) -> KerasTensor:
    return application(include_top=False, weights=None, input_tensor=x, input_shape=x.shape[1:]).output


def _minus_one_to_one(image: KerasTensor) -> KerasTensor:
    return layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocess")(image)


def _bgr_minus_mean(image: KerasTensor) -> KerasTensor:
    """A fixed 1x1 convolution: the one standard layer that swaps channels."""
    convolution = layers.Conv2D(3, 1, name="preprocess", trainable=False)
    x = convolution(image)
    swap = np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3)
    convolution.set_weights([swap, -np.array(CAFFE_MEAN_BGR, np.float32)])
    return x

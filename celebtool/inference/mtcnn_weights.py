"""MTCNN's weights: three files that the package `mtcnn` carries, read as data.

They are pickles of numpy arrays, which run code when they are unpickled. They are not: the digest of each file is known,
and with it where each array lies.
"""

import math

import numpy as np
from numpy.typing import NDArray

from celebtool.inference import package_files
from celebtool.inference.package_files import PackageFile

Array = NDArray[np.float32]


def _file(name: str, digest: str) -> PackageFile:
    return PackageFile("mtcnn", "mtcnn", f"assets/weights/{name}.lz4", digest, "mtcnn==1.0.0")


FILES = {
    "pnet": _file("pnet", "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5"),
    "rnet": _file("rnet", "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee"),
    "onet": _file("onet", "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3"),
}

# For each file, where the little-endian float32 numbers of its arrays begin once it is unpacked, and their shapes.
_ARRAYS: dict[str, tuple[tuple[int, tuple[int, ...]], ...]] = {
    "pnet": (
        *((240, (3, 3, 3, 10)), (1376, (10,)), (1472, (10,))),
        *((1568, (3, 3, 10, 16)), (7376, (16,)), (7504, (16,))),
        *((7632, (3, 3, 16, 32)), (26112, (32,)), (26304, (32,))),
        *((26496, (1, 1, 32, 4)), (27056, (4,)), (27136, (1, 1, 32, 2)), (27440, (2,))),
    ),
    "rnet": (
        *((240, (3, 3, 3, 28)), (3312, (28,)), (3488, (28,))),
        *((3664, (3, 3, 28, 48)), (52096, (48,)), (52352, (48,))),
        *((52608, (2, 2, 48, 64)), (101808, (64,)), (102128, (64,))),
        *((102448, (576, 128)), (397408, (128,)), (397968, (128,))),
        *((398528, (128, 4)), (400624, (4,)), (400688, (128, 2)), (401760, (2,))),
    ),
    "onet": (
        *((240, (3, 3, 3, 32)), (3744, (32,)), (3936, (32,))),
        *((4128, (3, 3, 32, 64)), (77904, (64,)), (78224, (64,))),
        *((78544, (3, 3, 64, 64)), (226048, (64,)), (226368, (64,))),
        *((226688, (2, 2, 64, 128)), (357808, (128,)), (358384, (128,))),
        *((358960, (1152, 256)), (1538656, (256,)), (1539728, (256,))),
        *(
            (1540816, (256, 4)),
            (1544960, (4,)),
            (1545040, (256, 10)),
            (1555328, (10,)),
            (1555424, (256, 2)),
            (1557520, (2,)),
        ),
    ),
}


def read(name: str) -> list[Array]:
    """Return the arrays of ``pnet``, ``rnet`` or ``onet``, in forward order.

    Each layer has weights, offsets and, but for the last ones, the slopes of its PReLU. The last layers of P-Net and R-Net
    give four offsets of a box and the logits of "no face" and "face"; O-Net's give ten coordinates of points between them.

    Raises:
        CelebtoolError: the package is not installed, or its file is not that of mtcnn 1.0.0.
    """
    import lz4.frame  # noqa: PLC0415 - only the process that converts needs it

    data = lz4.frame.decompress(package_files.read(FILES[name]))
    return [np.frombuffer(data, "<f4", math.prod(shape), start).reshape(shape) for start, shape in _ARRAYS[name]]

"""A model file made by hand, in Keras' layout and without Keras: small, and whole unless a test breaks it."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from celebtool.formats import model_file, vectors
from celebtool.formats.enrolment import Enrolment, Held
from celebtool.formats.model_info import Array, ModelInfo

ARRAYS = {
    Array("conv", "conv/kernel", (3, 3, 3, 4)): np.random.default_rng(1).normal(size=(3, 3, 3, 4)).astype("f4"),
    Array("conv", "conv/bias", (4,)): np.arange(4, dtype="f4"),
    Array("head_probabilities", "head_probabilities/kernel", (4, 2)): np.ones((4, 2), "f4"),
    Array("head_probabilities", "head_probabilities/bias", (2,)): np.zeros(2, "f4"),
}
EMBEDDINGS = np.eye(4, dtype="f4")[[0, 1, 2]]
"""Of two images of ann and of one of bob."""
INFO = ModelInfo("cnn", ("ann", "bob"), (16, 16), arrays=tuple(ARRAYS))
ENROLLED = replace(
    INFO,
    centroids=tuple(vectors.pack(mean) for mean in np.eye(4)[[0, 2]]),
    origins=("aa", "bb", "cc", "dd"),
    images=("ab", "bc"),
    strangers=(vectors.pack(np.eye(4)[3]),),
    enrolment=Enrolment(
        solver="mean",
        class_weights=False,
        false_accept=None,
        from_crops=False,
        width=4,
        sha256=hashlib.sha256(EMBEDDINGS.tobytes()).hexdigest(),
        people=(Held(2, (0, 1), (0,)), Held(1, (3,), (2, 4))),
        strangers=Held(1, (5,), (5,)),
    ),
)
"""A model that holds what its head was solved from."""
LIBVER = ("earliest", "v108")


def write(
    path: Path,
    info: ModelInfo = INFO,
    *,
    fill: Callable[[h5py.Group, Array, np.ndarray], object] | None = None,
    libver: object = LIBVER,
    embeddings: np.ndarray | None = None,
) -> Path:
    """Write a model; `fill` may store an array in another way than Keras does; `embeddings` are those of its people."""
    with h5py.File(path, "w", libver=libver) as file:
        file.attrs["keras_version"] = "3.15.1"
        weights = file.create_group("model_weights")
        for array, values in ARRAYS.items():
            group = weights.require_group(array.layer)
            if fill is None or fill(group, array, values) is None:
                group.create_dataset(array.name, data=values)
    if embeddings is not None:
        model_file.write_embeddings(path, embeddings)
    model_file.write_info(path, info)
    return path


def describe(path: Path, content: bytes, digest: str | None = None) -> Path:
    """Write a whole model, and then another description in the place of its own."""
    write(path)
    with h5py.File(path, "r+", libver=LIBVER) as file:
        del file["celebtool"]
        dataset = file.create_dataset("celebtool", data=np.frombuffer(content, np.uint8))
        dataset.attrs["sha256"] = np.bytes_(digest or hashlib.sha256(content).hexdigest())
    return path


def changed(**fields: object) -> ModelInfo:
    """Return the description with some fields changed."""
    return replace(INFO, **fields)

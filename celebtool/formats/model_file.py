"""Read and write models: Keras' .h5 with one more dataset, ``celebtool``, which describes the model.

Keras and h5py write the file; only `celebtool.formats.hdf5.reader` reads it, because Keras' deserializer and the HDF5
library are not safe for untrusted files. This module does not need TensorFlow.
"""

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from celebtool import architectures
from celebtool.errors import CelebtoolError, printable
from celebtool.formats import enrolment, model_info
from celebtool.formats.hdf5 import reader
from celebtool.formats.model_info import Array, Arrays, Layer, ModelInfo

__all__ = [
    "Array",
    "Arrays",
    "Layer",
    "ModelInfo",
    "is_made_by",
    "is_model",
    "new_for_keras",
    "read",
    "read_embeddings",
    "read_info",
    "read_whole",
    "write_embeddings",
    "write_info",
]

DATASET = "celebtool"
MAX_JSON = 32 << 20  # 10,000 people of ten photos each take 20 MiB
_BLOCK = 1 << 20  # bytes by which a file grows in memory
_SPARE = 400_000  # parameters, 1.6 MB: what is as small as that is built and then compared array by array
_ROUNDING = 1e-3  # of the length of an embedding
_WEIGHTS = "model_weights"
_DIGEST = "sha256"
_LAYOUT = (
    "earliest",
    "v108",
)  # the layout that `celebtool.formats.hdf5.reader` reads; h5py with HDF5 2.0 has another default
_EXPECTED = "expected a model that train, finetune or ensemble wrote"
_READABLE = "expected a description that celebtool reads again"
_NOT_AS_WRITTEN = "are not as they were written; expected a whole model .h5"


@contextlib.contextmanager
def new_for_keras(path: Path) -> Iterator[h5py.File]:
    """Yield a file that Keras' `save_model_to_hdf5` can fill, and write it; finish it with `write_info`."""
    with _in_memory(path, "w") as file:
        yield file


def write_info(path: Path, info: ModelInfo) -> None:
    """Add the dataset ``celebtool`` to a .h5 that Keras has written.

    Raises:
        CelebtoolError: the description exceeds 32 MiB, or `read_info` would refuse it, or the file lacks an array that
            `info` lists.
    """
    with reader.open_file(path) as file:
        info = replace(info, arrays_sha256=_digest(file, _find(file, info)))
    content = model_info.to_json(info)
    if len(content) > MAX_JSON:
        problem = f"its description takes {len(content)} bytes; {MAX_JSON} at most, so train on fewer images"
        raise CelebtoolError(path, problem)
    try:
        model_info.from_json(content)
    except ValueError as error:
        raise CelebtoolError(path, f"would have {printable(error)}; {_READABLE}") from error
    with _in_memory(path, "r+") as file:
        dataset = file.create_dataset(DATASET, data=np.frombuffer(content, np.uint8))
        dataset.attrs[_DIGEST] = np.bytes_(hashlib.sha256(content).hexdigest())


@contextlib.contextmanager
def _in_memory(path: Path, mode: str) -> Iterator[h5py.File]:
    """Yield a .h5 that is written to the disk when it is complete: HDF5 forgets about writes of its own that failed."""
    with h5py.File(path, mode, driver="core", backing_store=False, block_size=_BLOCK, libver=_LAYOUT) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(image)


def write_embeddings(path: Path, embeddings: npt.NDArray[np.float32]) -> None:
    """Add the embeddings (rows, width) that the description, written afterwards, lists; see `celebtool.formats.enrolment`."""
    with _in_memory(path, "r+") as file:
        file.create_dataset(enrolment.DATASET, data=embeddings.astype("<f4"))


def is_model(path: Path) -> bool:
    """Say whether a .h5 is celebtool's (it has the dataset); raises CelebtoolError if it is no .h5 at all."""
    with reader.open_file(path) as file:
        return file.has(DATASET)


def read_info(path: Path) -> ModelInfo:
    """Read the description of a model, and check that the file holds the arrays it lists, without reading them.

    Raises:
        CelebtoolError: not a celebtool model, or a damaged one.
    """
    with reader.open_file(path) as file:
        info = _info(file)
        _find(file, info)
        _find_embeddings(file, info)
        return info


def read_embeddings(path: Path) -> npt.NDArray[np.float32]:
    """Read the embeddings (rows, width) of a model's people, each of length 1; its description lists whose they are.

    Raises:
        CelebtoolError: not a celebtool model, a damaged one, or one that holds no embeddings.
    """
    with reader.open_file(path) as file:
        embeddings = _embeddings(file, _info(file))
    if embeddings is None:
        raise CelebtoolError(path, "holds no embeddings; expected a model that train wrote without --no-enrol")
    return embeddings


def is_made_by(path: Path, recipe: Mapping[str, object]) -> bool:
    """Say whether a run of this recipe wrote the file."""
    try:
        made_by = read_info(path).recipe
    except CelebtoolError:
        return False
    return bool(made_by == json.loads(json.dumps(recipe)))


def read(path: Path) -> tuple[ModelInfo, Arrays]:
    """Read a model's description and its arrays; they are checked against their digest before memory is allocated.

    Raises:
        CelebtoolError: not a celebtool model, a damaged one, or one with NaN or Inf among its weights.
    """
    info, arrays, _ = read_whole(path)
    return info, arrays


def read_whole(path: Path) -> tuple[ModelInfo, Arrays, npt.NDArray[np.float32] | None]:
    """Read a model as `read`, and the embeddings (rows, width) of its people; None if it holds none. Raises as `read`."""
    with reader.open_file(path) as file:
        info = _info(file)
        found = _find(file, info)
        if info.arrays_sha256 != _digest(file, found):
            raise CelebtoolError(path, f"is damaged: its weights {_NOT_AS_WRITTEN}")
        arrays = {array: file.array(dataset).view(np.float32) for array, dataset in found.items()}
        embeddings = _embeddings(file, info)
    for array, values in arrays.items():
        if not np.isfinite(values).all():
            raise CelebtoolError(
                path, f"has NaN or Inf in {printable(array.name)}; train it again with a lower learning rate"
            )
    return info, arrays, embeddings


def _info(file: reader.File) -> ModelInfo:
    if not file.has(DATASET):
        raise CelebtoolError(file.path, f"is not a celebtool model; {_EXPECTED}")
    dataset = file.dataset(DATASET)
    if dataset.dtype != np.uint8 or len(dataset.shape) != 1 or dataset.size > MAX_JSON:
        raise CelebtoolError(file.path, f"has a description that is no text of at most {MAX_JSON} bytes; {_EXPECTED}")
    content = file.array(dataset).tobytes()
    if file.strings((DATASET,), _DIGEST) != [hashlib.sha256(content).hexdigest().encode()]:
        raise CelebtoolError(file.path, f"is damaged: its contents {_NOT_AS_WRITTEN}")
    try:
        info = model_info.from_json(content)
    except ValueError as error:
        raise CelebtoolError(file.path, f"has a description with {printable(error)}; {_EXPECTED}") from error
    _check_parameters(file.path, info)
    return info


def _check_parameters(path: Path, info: ModelInfo) -> None:
    """Refuse a network larger than the arrays in the file: a few bytes could ask for gigabytes of layers."""
    wanted = 0
    for each in info.members or (info,):
        if each.architecture not in architectures.ARCHITECTURES:
            raise CelebtoolError(path, f"is of unknown architecture {printable(each.architecture)}; {_EXPECTED}")
        architecture = architectures.get(each.architecture)
        wanted += architecture.parameters(each.image_size, each.dense, len(each.class_names))
    listed = sum(math.prod(array.shape) for array in info.arrays)
    if wanted > listed + _SPARE:
        raise CelebtoolError(path, f"has {listed} parameters, the network it describes {wanted}; {_EXPECTED}")


def _find(file: reader.File, info: ModelInfo) -> dict[Array, reader.Dataset]:
    """Find every array that the description lists, and check its shape."""
    found: dict[Array, reader.Dataset] = {}
    for array in info.arrays:
        dataset = file.dataset(_WEIGHTS, array.layer, array.name)
        if dataset.shape != array.shape or dataset.dtype != np.float32:
            raise CelebtoolError(
                file.path, f"has {printable(array.name)} of shape {dataset.shape}; expected {array.shape}"
            )
        found[array] = dataset
    if len(found) < len(info.arrays) or sum(dataset.size for dataset in found.values()) > file.size:
        raise CelebtoolError(file.path, f"lists an array twice; {_EXPECTED}")
    return found


def _find_embeddings(file: reader.File, info: ModelInfo) -> reader.Dataset | None:
    """Find the embeddings that the description lists, and check their shape."""
    if info.enrolment is None:
        return None
    found = file.dataset(enrolment.DATASET)
    if found.shape != info.enrolment.shape or found.dtype != np.float32:
        problem = f"has {enrolment.DATASET} of shape {found.shape}; expected {info.enrolment.shape}"
        raise CelebtoolError(file.path, problem)
    return found


def _embeddings(file: reader.File, info: ModelInfo) -> npt.NDArray[np.float32] | None:
    """Read and check the embeddings that the description lists; None if it lists none."""
    found = _find_embeddings(file, info)
    if found is None or info.enrolment is None:
        return None
    embeddings = file.array(found).view(np.float32)
    if hashlib.sha256(embeddings.tobytes()).hexdigest() != info.enrolment.sha256:
        raise CelebtoolError(file.path, f"is damaged: its embeddings {_NOT_AS_WRITTEN}")
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(embeddings, axis=1)
    if not (np.abs(lengths - 1) < _ROUNDING).all():  # nor NaN
        raise CelebtoolError(file.path, f"has embeddings that are not of length 1; {_EXPECTED}")
    return embeddings


def _digest(file: reader.File, found: Mapping[Array, reader.Dataset]) -> str:
    """One SHA-256 over names, shapes and bytes of all arrays in graph order."""
    total = hashlib.sha256()
    for array, dataset in found.items():
        total.update(f"{array.layer}\n{array.name}\n{array.shape}\n".encode("utf-8", "surrogatepass"))
        for block in file.blocks(dataset):
            total.update(block)
    return total.hexdigest()

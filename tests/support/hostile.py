"""Files that a stranger might call a model: what `celebtool.formats.model_file` must refuse, each a way to write one."""

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from celebtool.formats import model_file, model_info
from celebtool.formats.model_info import Array, ModelInfo
from tests.support import models

KERNEL = "model_weights/conv/conv/kernel"


def _stored(**options: object) -> Callable[[Path], object]:
    """Store every array in another way than contiguously."""

    def make(path: Path) -> None:
        models.write(path)
        with h5py.File(path, "r+", libver=models.LIBVER) as file:
            values = file[KERNEL][()]
            del file[KERNEL]
            file.create_dataset(KERNEL, **{"data": values, **options})

    return make


def _edited(edit: Callable[[h5py.File], object], libver: object = models.LIBVER) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        models.write(path)
        with h5py.File(path, "r+", libver=libver) as file:
            edit(file)

    return make


def _link(at: str, link: object) -> Callable[[Path], object]:
    def edit(file: h5py.File) -> None:
        del file[at]
        file[at] = link

    return _edited(edit)


def _replaced(at: str, **dataset: object) -> Callable[[Path], object]:
    def edit(file: h5py.File) -> None:
        del file[at]
        file.create_dataset(at, **dataset)

    return _edited(edit)


def _virtual(file: h5py.File) -> None:
    del file[KERNEL]
    layout = h5py.VirtualLayout(shape=(3, 3, 3, 4), dtype="f4")
    layout[...] = h5py.VirtualSource("/etc/passwd", "x", shape=(3, 3, 3, 4))
    file.create_virtual_dataset(KERNEL, layout)


def _external(file: h5py.File) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (3, 3, 3, 4), "f4", external=[("/etc/passwd", 0, 432)])


def _new_style(file: h5py.File) -> None:
    del file["model_weights/conv"]
    file.create_group("model_weights/conv", track_order=True)
    for array, values in models.ARRAYS.items():
        if array.layer == "conv":
            file[f"model_weights/conv/{array.name}"] = values


def _cycle(file: h5py.File) -> None:
    del file["model_weights/conv"]
    file["model_weights/conv"] = file["model_weights"]


def _compact(file: h5py.File) -> None:
    del file[KERNEL]
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((3, 3, 3, 4))
    h5py.h5d.create(file["model_weights/conv/conv"].id, b"kernel", h5py.h5t.IEEE_F32LE, space, properties)


def _never_allocated(file: h5py.File) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (3, 3, 3, 4), "f4", fillvalue=7)


def _json(**fields: object) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        models.write(path)
        content = json.loads(model_info.to_json(model_file.read_info(path)))
        models.describe(path, json.dumps({**content, **fields}).encode())

    return make


def _arrays(*arrays: tuple[str, str, list[int]]) -> Callable[[Path], object]:
    return _json(arrays=[{"layer": layer, "name": name, "shape": shape} for layer, name, shape in arrays])


def _enrolled(**fields: object) -> Callable[[Path], object]:
    """Describe what a model holds of people otherwise than it does."""

    def make(path: Path) -> None:
        content = json.loads(model_info.to_json(models.ENROLLED))
        models.describe(path, json.dumps({**content, "enrolment": {**content["enrolment"], **fields}}).encode())

    return make


def _embeddings(values: np.ndarray) -> Callable[[Path], object]:
    """Write other embeddings than the description lists, whose digest it has all the same."""

    def make(path: Path) -> None:
        enrolment = replace(models.ENROLLED.enrolment, sha256=hashlib.sha256(values.tobytes()).hexdigest())
        with h5py.File(models.write(path), "r+", libver=models.LIBVER) as file:
            file.create_dataset("celebtool_embeddings", data=values)
            del file["celebtool"]
        model_file.write_info(path, replace(models.ENROLLED, enrolment=enrolment))

    return make


def _few_weights(info: ModelInfo, *arrays: Array) -> Callable[[Path], object]:
    """Describe a network of gigabytes by arrays of kilobytes that have some of its shapes."""

    def make(path: Path) -> None:
        with h5py.File(path, "w", libver=models.LIBVER) as file:
            for array in arrays:
                file.create_dataset(f"model_weights/{array.layer}/{array.name}", data=np.zeros(array.shape, "f4"))
        model_file.write_info(path, replace(info, arrays=arrays))

    return make


def _last(units: int, layer: str = "head_probabilities") -> Array:
    return Array(layer, "head_probabilities/kernel", (1, units))


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _description(content: bytes, digest: str | None = None) -> Callable[[Path], object]:
    return lambda path: models.describe(path, content, digest)


def _sparse(size: int, *, start: bool) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        if start:
            models.write(path)
        with path.open("ab") as stream:
            stream.truncate(size)

    return make


def _cut(share: float) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        content = models.write(path).read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return make


def _not_a_number(path: Path) -> None:
    values = models.ARRAYS[KERNEL_ARRAY].copy()
    values[0, 0, 0, 0] = np.nan
    models.write(path, fill=lambda g, a, _: g.create_dataset(a.name, data=values) if a == KERNEL_ARRAY else None)


def _with_config(file: h5py.File) -> None:
    """A Lambda for Keras to run; celebtool never looks, but the weights' description is gone too."""
    file.attrs["model_config"] = json.dumps({"class_name": "Lambda", "config": {"function": "os.system"}})
    del file["celebtool"]


_MEMBERS = tuple(ModelInfo("inceptionv3", ("a", "b"), (75 + number, 75)) for number in range(8))
_MEMBER = json.loads(model_info.to_json(replace(models.INFO, arrays=())))
_MEMBER.pop("schema")
KERNEL_ARRAY = next(iter(models.ARRAYS))
SOFT, EXTERNAL = h5py.SoftLink("/model_weights/conv"), h5py.ExternalLink("/etc/passwd", "/x")

HOSTILE: dict[str, Callable[[Path], object]] = {
    "nothing": _bytes(b""),
    "text": _bytes(b"no model\n" * 100),
    "signature alone": _bytes(b"\x89HDF\r\n\x1a\n"),
    "zeros behind the signature": _bytes(b"\x89HDF\r\n\x1a\n" + bytes(4000)),
    "ones behind the signature": _bytes(b"\x89HDF\r\n\x1a\n" + b"\xff" * 4000),
    "zip": _bytes(b"PK\x03\x04" + bytes(500)),
    "pickle": _bytes(b"\x80\x04cos\nsystem\n(S'touch x'\ntR." * 10),
    "gzipped": lambda path: path.write_bytes(gzip.compress(models.write(path).read_bytes())),
    "fifo": os.mkfifo,
    "directory": lambda path: path.mkdir(),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path),
    "missing": lambda _: None,
    "sparse terabyte": _sparse(1 << 40, start=False),
    "model and a sparse terabyte": _sparse(1 << 40, start=True),
    "model and a sparse gigabyte": _sparse(1 << 30, start=True),
    "first half": _cut(0.5),
    "all but the end": _cut(0.99),
    "first tenth": _cut(0.1),
    "no description, and a Lambda": _edited(_with_config),
    "soft link to weights": _link("model_weights", SOFT),
    "soft link to a layer": _link("model_weights/conv", SOFT),
    "soft link to a layer's inner group": _link("model_weights/conv/conv", SOFT),
    "soft link to an array": _link(KERNEL, SOFT),
    "soft link to the description": _link("celebtool", SOFT),
    "dangling soft link": _link(KERNEL, h5py.SoftLink("/nowhere")),
    "soft link to itself": _link("celebtool", h5py.SoftLink("/celebtool")),
    "external link to weights": _link("model_weights", EXTERNAL),
    "external link to a layer": _link("model_weights/conv", EXTERNAL),
    "external link to a layer's inner group": _link("model_weights/conv/conv", EXTERNAL),
    "external link to an array": _link(KERNEL, EXTERNAL),
    "external link to the description": _link("celebtool", EXTERNAL),
    "hard-link cycle": _edited(_cycle),
    "external storage": _edited(_external),
    "virtual dataset": _edited(_virtual, ("earliest", "latest")),
    "compact dataset": _edited(_compact),
    "fill value without content": _edited(_never_allocated),
    "fill values of a terabyte": _replaced(KERNEL, shape=(1 << 38,), dtype="f4", fillvalue=1.0),
    "shape of 2 to the 40": _replaced(KERNEL, shape=(1 << 20, 1 << 20), dtype="f4"),
    "chunked": _stored(chunks=(1, 1, 3, 4)),
    "chunk larger than the dataset": _replaced(KERNEL, shape=(2,), maxshape=(None,), chunks=(1 << 26,), dtype="f4"),
    "gzip bomb": _replaced("celebtool", data=np.zeros(1 << 24, np.uint8), compression="gzip", chunks=(1 << 20,)),
    "gzip": _stored(compression="gzip"),
    "shuffle": _stored(shuffle=True),
    "checksums": _stored(fletcher32=True),
    "scale and offset": _stored(scaleoffset=3),
    "resizable": _stored(maxshape=(None, 3, 3, 4)),
    "float64": _stored(dtype="f8"),
    "float16": _stored(dtype="f2"),
    "big-endian": _stored(dtype=">f4"),
    "integers": _stored(data=np.ones((3, 3, 3, 4), "i4")),
    "booleans": _stored(data=np.ones((3, 3, 3, 4), bool)),
    "complex": _stored(data=np.ones((3, 3, 3, 4), "c8")),
    "texts": _stored(data="x" * 500),
    "references": _replaced(KERNEL, shape=(3, 3, 3, 4), dtype=h5py.ref_dtype),
    "ragged": _replaced(KERNEL, shape=(3,), dtype=h5py.vlen_dtype(np.float32)),
    "another shape": _stored(data=np.ones((3, 3, 3, 5), "f4")),
    "transposed shape": _stored(data=np.ones((4, 3, 3, 3), "f4")),
    "rank 32": _replaced(KERNEL, shape=(1,) * 32, dtype="f4"),
    "another value": _stored(data=np.ones((3, 3, 3, 4), "f4")),
    "group for an array": _edited(lambda file: (file.pop(KERNEL), file.create_group(KERNEL))),
    "array for a group": _replaced("model_weights/conv", data=np.ones(3, "f4")),
    "no such array": _edited(lambda file: file.pop(KERNEL)),
    "new-style group": _edited(_new_style),
    "NaN among weights": _not_a_number,
    "description of floats": _replaced("celebtool", data=np.ones(100, "f4")),
    "description of two dimensions": _replaced("celebtool", data=np.ones((10, 10), np.uint8)),
    "description of 50 MB": _description(b" " * 50_000_000),
    "description 5,000 deep": _description(b"[" * 5000 + b"]" * 5000),
    "description of 16 MB of brackets": _description(b"[" + b"[]," * 5_000_000 + b"[]]"),
    "description of 16 MB of lists in lists": _description(b"[" + b",".join([b"[" * 900 + b"]" * 900] * 9000) + b"]"),
    "description of 16 MB of objects in objects": _description(
        b"[" + b",".join([b'{"":' * 900 + b"1" + b"}" * 900] * 3600) + b"]"
    ),
    "crops of the wrong type": _json(crops={"size": "abc", "margin": 0.25, "align": True, "format": "jpg"}),
    "crops of gigabytes": _json(crops={"size": 20_000, "margin": 0.25, "align": True, "format": "png"}),
    "crops without an end": _json(crops={"size": 224, "margin": 1e308, "align": False, "format": "jpg"}),
    "crops in another format": _json(crops={"size": 224, "margin": 0.25, "align": True, "format": ["tiff"]}),
    "embeddings that are not there": lambda path: models.write(path, models.ENROLLED),
    "embeddings of other people": lambda path: models.write(
        path, models.ENROLLED, embeddings=models.EMBEDDINGS[::-1].copy()
    ),
    "embeddings of NaN": _embeddings(np.full((3, 4), np.nan, "f4")),
    "embeddings without bounds": _embeddings(np.full((3, 4), 3e38, "f4")),
    "embeddings of nothing": _embeddings(np.zeros((3, 4), "f4")),
    "embeddings of float64": _embeddings(models.EMBEDDINGS.astype("f8")),
    "one embedding too few": _embeddings(models.EMBEDDINGS[:2].copy()),
    "embeddings in one row": _embeddings(models.EMBEDDINGS.reshape(-1)),
    "embeddings of gigabytes": _enrolled(width=10**9),
    "people of gigabytes": _enrolled(people=[{"embeddings": 10**9, "images": [0], "photos": [0]}] * 2),
    "people without images": _enrolled(people=[{"embeddings": 0, "images": [], "photos": [0]}] * 2),
    "people of other digests": _enrolled(people=[{"embeddings": 1, "images": [99], "photos": [0]}] * 2),
    "people in disorder": _enrolled(people=[{"embeddings": 2, "images": [1, 0], "photos": [0]}] * 2),
    "digests of nobody": _enrolled(people=[{"embeddings": 1, "images": [0], "photos": [0]}] * 2),
    "a solver of its own": _enrolled(solver="os.system"),
    "strangers without an enrolment": _json(strangers=["AAAA"]),
    "description without digest": _replaced("celebtool", data=np.frombuffer(b"{}", np.uint8)),
    "description with another digest": _description(b"{}", "00" * 32),
    "description of nothing": _description(b"{}"),
    "dense layers of gigabytes": _few_weights(
        ModelInfo("cnn", ("a", "b"), (16, 16), dense=(16384, 16384)),
        Array("head_dense_1", "head_dense_1/kernel", (1, 16384)),
        Array("head_dense_2", "head_dense_2/kernel", (1, 16384)),
        _last(2),
        Array("x", "x", (512, 1)),
    ),
    "backbone of half a gigabyte": _few_weights(
        ModelInfo("vgg16", ("a", "b"), (224, 224)), _last(2), Array("x", "x", (25088, 1))
    ),
    "eight backbones": _few_weights(
        ModelInfo("ensemble", ("a", "b"), (82, 75), members=_MEMBERS, shares=(0.125,) * 8),
        *(_last(2, f"member_{number}_head_probabilities") for number in range(1, 9)),
    ),
    "shares of two wholes": _json(architecture="ensemble", members=[_MEMBER, _MEMBER], shares=[1, 1]),
    "shares of nothing": _json(architecture="ensemble", members=[_MEMBER, _MEMBER], shares=[0, 0]),
    "class of strangers": _json(class_names=["unknown", "bob"]),
    "no such architecture": _json(architecture="alexnet"),
    "layer of 10 to the 9": _json(dense=[10**9]),
    "image of 10 to the 9": _json(image_size=[10**9, 10**9]),
    "unknown field": _json(function="os.system"),
    "names that climb": _arrays(("../../etc", "passwd", [3])),
    "names with a newline": _arrays(("a\nb\x1b[31m", "c", [3])),
    "names with NUL": _arrays(("conv\0", "conv/kernel", [3, 3, 3, 4])),
    "absolute name": _arrays(("/etc/passwd", "/etc/passwd", [3])),
    "surrogate name": _arrays(("\ud800", "x", [3])),
    "empty path": _arrays(("conv", "/", [3])),
    "array twice": _arrays(("conv", "conv/bias", [4]), ("conv", "conv/bias", [4])),
    "one array of many names": _arrays(*[("conv", "conv" + "/" * i + "kernel", [3, 3, 3, 4]) for i in range(1, 900)]),
}

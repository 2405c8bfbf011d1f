"""Model files: read back whole, and refused in one line when anything about them is not as it should be."""

import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import model_file, model_info
from celebtool.formats.model_info import Array
from tests import models

KERNEL = "model_weights/conv/conv/kernel"


def test_read_gives_back_what_was_written(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5")
    info, arrays = model_file.read(path)
    assert info == models.changed(arrays_sha256=info.arrays_sha256)
    assert list(arrays) == list(models.ARRAYS)
    for array, values in models.ARRAYS.items():
        np.testing.assert_array_equal(arrays[array], values)
    assert model_file.read_info(path) == info
    assert model_file.is_model(path)


def test_the_dataset_is_as_documented(tmp_path: Path) -> None:
    with h5py.File(models.write(tmp_path / "m.h5")) as file:
        dataset = file["celebtool"]
        assert dataset.dtype == np.uint8
        assert dataset.chunks is None
        content = dataset[()].tobytes()
        assert dataset.attrs["sha256"] == hashlib.sha256(content).hexdigest().encode()
        assert json.loads(content)["class_names"] == ["ann", "bob"]


def test_equal_models_are_equal_bytes(tmp_path: Path) -> None:
    first, second = models.write(tmp_path / "1.h5"), models.write(tmp_path / "2.h5")
    assert first.read_bytes() == second.read_bytes()


def test_a_recipe_is_recognised(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5", models.changed(recipe={"command": "train", "dense": (1, 2)}))
    assert model_file.is_made_by(path, {"dense": [1, 2], "command": "train"})
    assert not model_file.is_made_by(path, {"command": "train"})
    assert not model_file.is_made_by(tmp_path / "none.h5", {})


def test_a_description_too_long_is_not_written(tmp_path: Path) -> None:
    origins = tuple(f"{i:064x}" for i in range(260_000))
    with pytest.raises(CelebtoolError, match="16777216 at most"):
        models.write(tmp_path / "m.h5", models.changed(origins=origins))


def test_reading_needs_no_tensorflow(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5")
    code = f"""
import sys, pathlib
from celebtool.formats import model_file
model_file.read(pathlib.Path({str(path)!r}))
assert not {{"tensorflow", "keras"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


# What strangers can put into a file ---------------------------------------------------------------------------


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
    "description without digest": _replaced("celebtool", data=np.frombuffer(b"{}", np.uint8)),
    "description with another digest": _description(b"{}", "00" * 32),
    "description of nothing": _description(b"{}"),
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


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m.h5"
    HOSTILE[name](path)
    with _watched(path):
        started = time.perf_counter()
        with pytest.raises(CelebtoolError) as error:
            model_file.read(path)
        assert time.perf_counter() - started < 2
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)
    assert "; expected" in str(error.value) or name == "NaN among weights"


_allowed: list[Path] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if not _allowed or event.startswith(
        ("object.", "sys._", "gc.", "time.", "code.", "compile", "import", "os.listdir")
    ):
        return
    if event == "open" and str(arguments[0]) == str(_allowed[0]):
        return
    if (
        event in {"open", "exec", "subprocess.Popen", "os.system", "marshal.loads", "pickle.find_class"}
        or "socket" in event
    ):
        raise AssertionError(f"{event} {arguments}")


sys.addaudithook(_audit)


class _watched:
    """No code is run, no socket and no file but the model is opened while this lasts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        _allowed.append(self.path)

    def __exit__(self, *_: object) -> None:
        _allowed.clear()


def _flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _same_or_refused(path: Path, expected: tuple[object, dict[Array, np.ndarray]]) -> bool:
    """Read a damaged model: True if it is refused; it may otherwise be what it was, and nothing else."""
    try:
        info, arrays = model_file.read(path)
    except CelebtoolError:
        return True
    assert info == expected[0]
    assert all(np.array_equal(arrays[array], values) for array, values in expected[1].items())
    return False


@pytest.mark.slow
def test_any_bit_may_be_wrong(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5")
    content, expected = path.read_bytes(), model_file.read(path)
    bits = random.Random(0).sample(range(8 * len(content)), 2000)
    refused = 0
    for bit in bits:
        path.write_bytes(_flipped(content, bit))
        refused += _same_or_refused(path, expected)
    assert refused > 200  # the rest is in space that nobody reads: Keras' attributes, free space


@pytest.mark.slow
def test_any_truncation_is_refused(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5")
    content = path.read_bytes()
    for size in range(0, len(content), 13):
        path.write_bytes(content[:size])
        with pytest.raises(CelebtoolError):
            model_file.read(path)


@pytest.mark.slow
def test_random_mutants_neither_crash_nor_hang(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5")
    content, expected = path.read_bytes(), model_file.read(path)
    draw = random.Random(0)
    for _ in range(1500):
        mutant = bytearray(content)
        for _ in range(draw.choice((1, 4, 16))):
            at = draw.randrange(len(mutant))
            mutant[at : at + draw.choice((1, 2, 8))] = draw.choice(
                (b"\0", b"\xff", b"\x7f", bytes(8), draw.randbytes(8))
            )
        path.write_bytes(mutant)
        _same_or_refused(path, expected)


def test_structure_that_repeats_itself_ends(tmp_path: Path) -> None:
    """A B-tree whose every child is one and the same node of symbols: the budget ends it."""
    path = models.write(tmp_path / "m.h5")
    content = bytearray(path.read_bytes())
    node = content.find(b"SNOD")
    wide = bytearray(b"TREE" + bytes([0, 0]) + (4000).to_bytes(2, "little") + b"\xff" * 16)
    wide += (bytes(8) + node.to_bytes(8, "little")) * 4000 + bytes(8)
    top = bytearray(b"TREE" + bytes([0, 1]) + (4000).to_bytes(2, "little") + b"\xff" * 16)
    top += (bytes(8) + len(content).to_bytes(8, "little")) * 4000 + bytes(8)
    content += wide
    content[content.find((content.find(b"TREE")).to_bytes(8, "little"), 24) :][:8]
    address = len(content)
    content += top
    first_tree = content.find(b"TREE").to_bytes(8, "little")
    content = content.replace(first_tree, address.to_bytes(8, "little"))
    path.write_bytes(content)
    started = time.perf_counter()
    with pytest.raises(CelebtoolError, match="circles|damaged|no "):
        model_file.read(path)
    assert time.perf_counter() - started < 2

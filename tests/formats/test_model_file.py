"""Model files: read back whole, and refused in one line when anything about them is not as it should be."""

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import model_file
from tests.support import models

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
    origins = tuple(f"{i:064x}" for i in range(520_000))
    with pytest.raises(CelebtoolError, match="33554432 at most"):
        models.write(tmp_path / "m.h5", models.changed(origins=origins))


def test_a_description_that_would_be_refused_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match="would have class_names: one of them twice; expected"):
        models.write(tmp_path / "m.h5", models.changed(class_names=("ann", "ann")))


def test_embeddings_are_read_back(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5", models.ENROLLED, embeddings=models.EMBEDDINGS)
    np.testing.assert_array_equal(model_file.read_embeddings(path), models.EMBEDDINGS)
    assert model_file.read(path)[0].enrolment == models.ENROLLED.enrolment
    with h5py.File(path) as file:
        assert file["celebtool_embeddings"].dtype == np.float32
        assert file["celebtool_embeddings"].chunks is None


def test_a_model_without_embeddings_has_none_to_read(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5")
    with pytest.raises(CelebtoolError) as error:
        model_file.read_embeddings(path)
    assert str(error.value) == f"{path}: holds no embeddings; expected a model that train wrote without --no-enrol"


def test_embeddings_of_other_people_are_refused(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5", models.ENROLLED, embeddings=models.EMBEDDINGS[::-1].copy())
    problem = "is damaged: its embeddings are not as they were written; expected a whole model .h5"
    for read in (model_file.read, model_file.read_embeddings):
        with pytest.raises(CelebtoolError) as error:
            read(path)
        assert str(error.value) == f"{path}: {problem}"


def test_reading_needs_no_tensorflow(tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.h5")
    code = f"""
import sys, pathlib
from celebtool.formats import model_file
model_file.read(pathlib.Path({str(path)!r}))
assert not {{"tensorflow", "keras"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


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
    started = time.process_time()
    with pytest.raises(CelebtoolError, match="circles|damaged|no "):
        model_file.read(path)
    assert time.process_time() - started < 2

"""The strict reader against files that the HDF5 library wrote."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celebtool.errors import CelebtoolError
from celebtool.formats.hdf5 import reader
from tests.support.models import LIBVER


def test_arrays_of_every_shape_come_back_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    rng = np.random.default_rng(0)
    arrays = {
        "scalar": np.float32(3),
        "vector": rng.normal(size=7).astype("f4"),
        "kernel": rng.normal(size=(3, 3, 16, 32)).astype("f4"),
        "large": rng.normal(size=(700, 600)).astype("f4"),
        "bytes": rng.integers(0, 256, 1000, dtype=np.uint8),
    }
    with h5py.File(path, "w", libver=LIBVER) as file:
        for name, values in arrays.items():
            file.create_dataset(f"group/{name}/values", data=values)
    with reader.open_file(path) as read:
        for name, values in arrays.items():
            found = read.dataset("group", name, "values")
            assert found.shape == np.shape(values)
            np.testing.assert_array_equal(read.array(found), values)


def test_a_group_of_thousands_is_walked_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver=LIBVER) as file:
        for i in range(3000):
            file.create_group(f"layer_{i}")
    with reader.open_file(path) as read:
        assert all(read.has(f"layer_{i}") for i in range(3000))
        assert not read.has("layer_3000")


@pytest.mark.parametrize("as_bytes", [True, False])
def test_lists_of_names_of_fixed_and_of_variable_length(tmp_path: Path, *, as_bytes: bool) -> None:
    path = tmp_path / "x.h5"
    names = [f"layer_{i}" for i in range(500)] + ["Zoë"]
    encoded = [name.encode() for name in names]
    with h5py.File(path, "w", libver=LIBVER) as file:
        file.attrs["layer_names"] = np.array(encoded) if as_bytes else encoded
        file.attrs["empty"] = []
    with reader.open_file(path) as read:
        assert read.strings((), "layer_names") == encoded
        assert read.strings((), "empty") == []
        assert read.strings((), "other") is None


@pytest.mark.parametrize(("libver", "userblock"), [("latest", 0), ("v110", 0), (LIBVER, 512)])
def test_other_layouts_are_refused_in_one_line(tmp_path: Path, libver: object, userblock: int) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver=libver, userblock_size=userblock) as file:
        file.create_dataset("x", data=np.zeros(3, "f4"))
    with (
        pytest.raises(CelebtoolError, match=r"^[^\n]*x\.h5: [^\n]+; expected a model \.h5[^\n]*$"),
        reader.open_file(path),
    ):
        pass


@given(st.binary(max_size=300))
def test_any_bytes_behind_the_signature_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "x.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + data)
    with pytest.raises(CelebtoolError), reader.open_file(path) as read:
        read.dataset("model_weights", "x", "x/kernel")

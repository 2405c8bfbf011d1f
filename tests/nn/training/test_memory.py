import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.nn.training import memory


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Files of this process can't grow beyond a megabyte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_arrays_are_in_memory_until_the_limit_and_in_files_beyond(tmp_path: Path) -> None:
    allocate = memory.allocator(1000, tmp_path)
    first, second, third = (allocate((100, 2), np.dtype(kind)) for kind in ("float32", "float32", "uint8"))
    assert [isinstance(array, np.memmap) for array in (first, second, third)] == [False, True, False]
    second[:] = np.arange(200).reshape(100, 2)
    (file,) = tmp_path.iterdir()
    assert np.fromfile(file, np.float32).tolist() == list(range(200))


@pytest.mark.usefixtures("small_disk")
def test_a_disk_without_room_is_an_error_before_anything_is_computed(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match=r"no room for 0\.40 GB of activations"):
        memory.allocator(0, tmp_path)((10**8,), np.dtype("float32"))


def test_an_array_is_a_new_file_whatever_lies_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_text("mine")
    os.link(tmp_path / "photo.png", tmp_path / f"1{memory.SUFFIX}")
    memory.allocator(0, tmp_path)((100, 2), np.dtype("float32"))[:] = 1
    assert (tmp_path / "photo.png").read_text() == "mine"

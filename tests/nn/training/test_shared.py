from collections.abc import Sequence
from pathlib import Path

import numpy as np

from celebtool.formats.image_folder import Sample
from celebtool.nn.training.shared import Rows, Shared

SAMPLES = tuple(Sample(f"a/{number}.png", "a") for number in range(4))


def test_rows_read_like_the_array_that_they_stand_for() -> None:
    array = np.arange(12).reshape(6, 2)
    rows = Rows(array, np.array([5, 0, 2, 3]))
    expected = array[[5, 0, 2, 3]]
    assert (rows.shape, rows.dtype, len(rows)) == ((4, 2), array.dtype, 4)
    assert rows[1].tolist() == expected[1].tolist()
    assert rows[np.array([2, 0])].tolist() == expected[[2, 0]].tolist()
    assert np.asarray(rows[::2], np.float32).tolist() == expected[::2].tolist()
    assert np.concatenate([rows, array]).tolist() == [*expected.tolist(), *array.tolist()]


def test_all_images_are_computed_once_and_every_run_takes_its_own(tmp_path: Path) -> None:
    computed = []

    def compute(samples: Sequence[Sample], allocate: object) -> list[np.ndarray]:
        assert callable(allocate)
        computed.append(samples)
        return [np.arange(2 * len(samples))]  # each image's own row, and one variant

    shared = Shared(SAMPLES, tmp_path, 1000)
    (train,) = shared.arrays([SAMPLES[3], SAMPLES[1]], 1, 1, compute)
    (val,) = shared.arrays([SAMPLES[2]], 1, 0, compute)
    assert np.asarray(train).tolist() == [6, 7, 2, 3]
    assert np.asarray(val).tolist() == [4]
    assert computed == [SAMPLES]

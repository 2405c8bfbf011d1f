"""Promises 1 and 2: what reads models, by itself: hostile, damaged and cut-off files."""

import random
import time
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import model_file
from celebtool.formats.model_info import Array
from tests.support import models
from tests.support.hostile import HOSTILE
from tests.torture.conftest import Tally, amount
from tests.torture.watch import Watch

Whole = tuple[object, dict[Array, np.ndarray]]


def test_hostile_files_are_refused_with_one_line(tmp_path: Path, tally: Tally) -> None:
    """Watched: no code is run, no socket and no file but the model is opened."""
    tally.begin(1, "hostile .h5 files given to the reader")
    for number, (name, make) in enumerate(HOSTILE.items()):
        path = tmp_path / str(number) / "m.h5"
        path.parent.mkdir()
        make(path)
        watch = Watch([path])
        started = time.process_time()
        with pytest.raises(CelebtoolError) as error:
            model_file.read(path)
        assert watch.stop() == [], name
        assert time.process_time() - started < 2, name
        assert str(error.value).startswith(f"{path}: "), name
        assert "\n" not in str(error.value), name
        assert "\x1b" not in str(error.value), name
        assert "; expected" in str(error.value) or name == "NaN among weights", name
        path.unlink(missing_ok=True) if not path.is_dir() else None
        tally.count()


def test_any_bit_may_be_wrong(tmp_path: Path, tally: Tally) -> None:
    tally.begin(2, "flipped bits of a model, refused by the reader or of no effect")
    path = models.write(tmp_path / "m.h5", models.ENROLLED, embeddings=models.EMBEDDINGS)
    content, expected = path.read_bytes(), model_file.read(path)
    bits = random.Random(0).sample(range(8 * len(content)), amount(500, 8192, 8192))
    refused = 0
    for bit in bits:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        refused += is_refused(path, expected)
        tally.count()
    assert refused > len(bits) / 10  # the rest is in space that nobody reads: Keras' attributes, free space


def test_any_truncation_is_refused(tmp_path: Path, tally: Tally) -> None:
    tally.begin(2, "truncations of a model, at every length, refused by the reader")
    path = models.write(tmp_path / "m.h5", models.ENROLLED, embeddings=models.EMBEDDINGS)
    content = path.read_bytes()
    for size in range(0, len(content), amount(29, 1, 1)):
        path.write_bytes(content[:size])
        with pytest.raises(CelebtoolError):
            model_file.read(path)
        tally.count()


def test_random_mutants_neither_crash_nor_hang(tmp_path: Path, tally: Tally) -> None:
    tally.begin(2, "random mutants of a model, through the reader")
    path = models.write(tmp_path / "m.h5", models.ENROLLED, embeddings=models.EMBEDDINGS)
    content, expected = path.read_bytes(), model_file.read(path)
    draw = random.Random(0)
    for _ in range(amount(500, 20_000, 20_000)):
        mutant = bytearray(content)
        for _ in range(draw.choice((1, 4, 16))):
            at = draw.randrange(len(mutant))
            mutant[at : at + draw.choice((1, 2, 8))] = draw.choice(
                (b"\0", b"\xff", b"\x7f", bytes(8), draw.randbytes(8))
            )
        path.write_bytes(mutant)
        started = time.process_time()
        is_refused(path, expected)
        assert time.process_time() - started < 2
        tally.count()


def is_refused(path: Path, expected: Whole) -> bool:
    """Read a damaged model: True if it is refused; it may otherwise be what it was, and nothing else."""
    try:
        info, arrays = model_file.read(path)
    except CelebtoolError:
        return True
    assert info == expected[0]
    assert all(np.array_equal(arrays[array], values) for array, values in expected[1].items())
    return False

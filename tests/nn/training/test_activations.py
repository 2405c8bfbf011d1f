from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest
from celebtool.formats.faces import Embeddings
from celebtool.nn.training import activations
from tests.conftest import random_image


def test_activations_without_a_prefix_are_the_images(tmp_path: Path) -> None:
    files = []
    for number in range(5):
        files.append(tmp_path / f"{number}.png")
        random_image(str(number)).save(files[-1])
    plain = activations.activations(None, files, (16, 20), activations.Variants(), np.empty, batch_size=2)
    assert [(a.shape, a.dtype) for a in plain] == [((5, 16, 20, 3), np.uint8)]
    varied = activations.activations(None, files, (16, 20), activations.Variants(2, seed=1), np.empty, batch_size=2)
    assert np.array_equal(varied[0][::3], plain[0])
    assert not np.array_equal(varied[0][1::3], varied[0][2::3])


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_text("no image")
    with pytest.raises(CelebtoolError, match=r"2.png"):
        activations.activations(
            None, [tmp_path / "1.png", tmp_path / "2.png"], (8, 8), activations.Variants(), np.empty
        )


def test_known_embeddings_are_not_computed_again(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(4)]
    for number, file in enumerate(files):
        random_image(str(number), 8).save(file)
    image = keras.Input((8, 8, 3))
    prefix = keras.Model(image, keras.layers.GlobalAveragePooling2D()(image))
    (plain,) = activations.activations(prefix, files, (8, 8), activations.Variants(), np.empty)
    known = Embeddings({manifest.sha256(files[n]): np.full(3, n, np.float32) for n in (1, 3)})
    done: list[tuple[int, int]] = []
    (some,) = activations.embeddings(prefix, files, known, (8, 8), np.empty, lambda *counts: done.append(counts))
    assert done == [(2, 2)]
    assert some.tolist() == [plain[0].tolist(), [1, 1, 1], plain[2].tolist(), [3, 3, 3]]
    (none,) = activations.embeddings(prefix, files, Embeddings({}), (8, 8), np.empty)
    assert np.array_equal(none, plain)

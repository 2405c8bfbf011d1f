"""Raw photos are told from crops by a sample of them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.inference.detection import framing
from celebtool.inference.detection.framing import Framing
from tests.conftest import random_image


def test_a_sample_is_spread_over_all_files() -> None:
    files = [Path(f"{number}.png") for number in range(1000)]
    sample = framing.sample(files)
    assert (len(sample), sample[0], sample[-1]) == (64, files[0], files[-1])
    assert len(set(sample)) == 64
    assert framing.sample(files[:3]) == files[:3]
    assert framing.sample([]) == []


@pytest.mark.parametrize(
    ("found", "uncropped", "loose"),
    [
        (Framing(0, 0, 0.0), False, False),
        (Framing(3, 3, 0.1), False, False),
        (Framing(60, 12, 0.4), True, False),
        (Framing(60, 11, 0.4), False, True),
        (Framing(60, 0, 0.9), False, False),
    ],
)
def test_what_is_concluded_from_the_counts(found: Framing, uncropped: bool, loose: bool) -> None:
    assert (found.is_uncropped, found.is_loose) == (uncropped, loose)


def test_crops_fill_the_frame_and_photos_do_not(att_faces: Path, tmp_path: Path) -> None:
    crops = [att_faces / f"s{number}" / "1.pgm" for number in range(1, 7)]
    found = framing.framing(crops)
    assert (found.images, found.raw) == (6, 0)
    assert found.fill > 0.8
    photos = []
    for number, file in enumerate(crops):
        canvas = Image.fromarray(np.full((480, 640, 3), 127, np.uint8))
        canvas.paste(Image.open(file).resize((69, 84)), (300, 200))
        photos.append(tmp_path / f"{number}.png")
        canvas.save(photos[-1])
    found = framing.framing(photos)
    assert found.is_uncropped
    assert found.fill < 0.2


def test_images_without_a_face_and_files_that_are_none_say_nothing(tmp_path: Path) -> None:
    random_image("a", 150).save(tmp_path / "a.png")
    random_image("b", 16).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_text("no image")
    assert framing.framing(sorted(tmp_path.iterdir())) == Framing(0, 0, 0.0)

"""Contact sheets of crops: what a manifest, which may be anybody's, makes of them."""

from pathlib import Path

import numpy as np
import pytest

from celebtool.drawing import crop_review
from celebtool.formats import images
from celebtool.formats.manifest import Row
from tests.conftest import random_image

GREY = (200, 200, 200)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    (tmp_path / "faces/ann").mkdir(parents=True)
    for name in ("faces/ann/0.png", "secret.png"):
        random_image(name, 150).save(tmp_path / name)
    return tmp_path / "faces"


@pytest.mark.parametrize("path", ["ann/0.png", "../secret.png", "{root}/secret.png", "ann/gone.png"])
def test_no_picture_from_outside_is_drawn(faces: Path, path: str) -> None:
    picture = crop_review._picture(faces, path.format(root=faces.parent))
    assert (picture == GREY).all() == (path != "ann/0.png")


def test_cells_that_are_no_numbers_count_as_none() -> None:
    row = Row("ann/0.png", "ann", "0.png", "", extra={"distance": "abc", "confidence": "nan"})
    assert crop_review._doubt(row) == (0.0, -0.0, "0.png")
    assert crop_review._told(row) == "0.00"
    assert crop_review._told(Row("ann/0.png", "ann", "0.png", "", extra={"confidence": "0.98765"})) == "sure 0.988"


def test_a_sheet_of_a_damaged_manifest_is_drawn(faces: Path, tmp_path: Path) -> None:
    rows = [Row(path, "ann", "0.png", "", extra={"distance": "x"}) for path in ("ann/0.png", "../secret.png")]
    (tmp_path / "photos").mkdir()
    crop_review.draw(rows, tmp_path / "photos", faces, tmp_path / "sheet.png", overwrite=False)
    sheet = images.read(tmp_path / "sheet.png")
    assert np.ptp(sheet) > 100

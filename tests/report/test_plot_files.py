"""Which pictures a report may show."""

from pathlib import Path

import numpy as np
import pytest

from celebtool.drawing import contact_sheets
from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder
from celebtool.report import plot_files
from tests.conftest import random_image


@pytest.fixture
def thumbnail(tmp_path: Path) -> contact_sheets.Thumbnail:
    (tmp_path / "faces/ann").mkdir(parents=True)
    for name in ("faces/ann/0.png", "secret.png"):
        random_image(name, 16).save(tmp_path / name)
    return plot_files.thumbnails(image_folder.read(tmp_path / "faces"))


@pytest.mark.parametrize("path", ["ann/0.png", "./ann/0.png", "{root}/faces/ann/0.png"])
def test_pictures_of_the_folder_are_shown(tmp_path: Path, thumbnail: contact_sheets.Thumbnail, path: str) -> None:
    picture = thumbnail(path.format(root=tmp_path), None)
    assert (picture == np.asarray(random_image("faces/ann/0.png", 16))).all()


@pytest.mark.parametrize("path", ["{root}/secret.png", "../secret.png", "ann/../../secret.png", "ann/9.png", "ann"])
def test_no_other_is(tmp_path: Path, thumbnail: contact_sheets.Thumbnail, path: str) -> None:
    with pytest.raises(CelebtoolError, match="no such image; --images should be the folder that predict was given"):
        thumbnail(path.format(root=tmp_path), None)

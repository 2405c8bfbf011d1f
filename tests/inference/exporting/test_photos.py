from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import images
from celebtool.inference.exporting import photos


def test_packages_bring_a_face_in_several_crops_and_views_each_mirrored_too() -> None:
    found = photos.of_packages()
    assert len(found) == 22
    assert [image.shape for image in found[:8]] == [(224, 224, 3)] * 8
    for image, mirrored in zip(found[::2], found[1::2], strict=True):
        assert np.array_equal(image[:, ::-1], mirrored)
    face = found[2].astype(int)
    assert face[70:90].mean() < face[110:130].mean()  # eyes are darker than cheeks, at the height where they belong


def test_an_installation_without_photos_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "_PORTRAIT", ("matplotlib", "none.jpg"))
    with pytest.raises(
        CelebtoolError, match=r"export: finds no photos to check the file on \(.*none.jpg.*; add --check"
    ):
        photos.of_packages()


def test_of_a_folder_up_to_32_images_are_taken_evenly(make_folder: Callable[..., Path]) -> None:
    folder = make_folder({"ann": 60, "bob": 4})
    found = photos.of_folder(folder)
    assert len(found) == 32
    names = [f"ann/{number:03d}.png" for number in range(0, 60, 2)] + ["bob/000.png", "bob/002.png"]
    for image, name in zip(found, names, strict=True):
        assert np.array_equal(image, images.read(folder / name))
    assert len(photos.of_folder(make_folder({"ann": 3}, "few"))) == 3


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match="holds no files; expected images|is empty"):
        photos.of_folder(tmp_path)

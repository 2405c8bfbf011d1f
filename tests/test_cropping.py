from pathlib import Path

import pytest

from celebtool import cropping
from celebtool.formats import image_folder, manifest
from celebtool.formats.manifest import KEPT, REJECTED, Row


def test_a_crop_has_its_photos_name() -> None:
    paths = ["anna/a.jpg", "anna/b.PNG", "bob/a.webp", "x.y.jfif"]
    assert cropping.output_names(paths) == {
        "anna/a.jpg": "anna/a",
        "anna/b.PNG": "anna/b",
        "bob/a.webp": "bob/a",
        "x.y.jfif": "x.y",
    }


def test_names_that_would_collide_keep_their_extension() -> None:
    names = cropping.output_names(["a.jpg", "a.png", "A.JPG", "a.png.webp"])
    assert len({name.casefold() for name in names.values()}) == 4
    assert names == {
        "A.JPG": "A.JPG",
        "a.jpg": "a.jpg~2",
        "a.png": "a.png~2",
        "a.png.webp": "a.png",
    }
    assert cropping.output_names(["A.JPG", "a.png.webp", "a.png", "a.jpg"]) == names


def test_unicode_forms_of_one_name_collide() -> None:
    composed, decomposed = "Beyonc\u00e9/1.jpg", "Beyonce\u0301/1.jpg"
    names = cropping.output_names([composed, decomposed])
    assert sorted(names.values()) == ["Beyonc\u00e9/1.jpg", "Beyonc\u00e9/1.jpg~2"]


def test_long_names_are_cut() -> None:
    names = cropping.output_names(["c/" + "é" * 125 + ".jpg", "c/" + "é" * 124 + "e.jpg", "c/short.jpg"])
    assert all(len(name.encode()) < 220 for name in names.values())
    assert len(set(names.values())) == 3


def test_several_faces_are_numbered() -> None:
    assert cropping.crop_path("c/a", 2, cropping.Settings(select="all")) == "c/a-2.jpg"
    assert cropping.crop_path("c/a", 1, cropping.Settings(format="png")) == "c/a.png"


def test_plan_copies_a_known_origin(tmp_path: Path) -> None:
    (tmp_path / "anna").mkdir()
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "anna" / name).write_bytes(b"x")
    manifest.write(tmp_path, [Row("anna/1.jpg", "anna", "photo.jpg", "ab" * 32)])
    first, second = cropping.plan(image_folder.read(tmp_path))
    assert (first.label, first.source, first.origin, first.target) == (*("anna", "anna/1.jpg", "ab" * 32, "anna/1"),)
    assert second.origin == ""


def test_summary() -> None:
    rows = [
        Row("a.jpg", "", "a.png", ""),
        *(Row("", "", f"{i}.png", "", REJECTED, "no_face") for i in range(3)),
        Row("", "", "x.png", "", REJECTED, "unreadable"),
    ]
    assert cropping.summary(rows) == "1 crop from 5 photos: 3 no face, 1 unreadable"
    assert cropping.summary(rows[:1]) == "1 crop from 1 photo"


@pytest.fixture
def photos(tmp_path: Path) -> list[cropping.Task]:
    (tmp_path / "photos").mkdir()
    for name in "abc":
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(name.encode())
    return cropping.plan(image_folder.read(tmp_path / "photos"))


def test_reuse_keeps_what_has_not_changed(tmp_path: Path, photos: list[cropping.Task]) -> None:
    old, content = tmp_path / "old", tmp_path / "content"
    old.mkdir()
    (old / "a.jpg").write_bytes(b"crop of a")
    (old / "b.jpg").write_bytes(b"crop of b before it changed")
    one, two, three = (cropping.digest(task.file) for task in photos)
    face = {"face": "1"}
    rows = [
        Row("a.jpg", "", "a.jpg", one, KEPT, "", face),
        Row("b.jpg", "", "b.jpg", two.replace(two[0], "x"), KEPT, "", face),
        Row("", "", "c.jpg", three, REJECTED, "no_face"),
        Row("gone.jpg", "", "gone.jpg", one, KEPT, "", face),
    ]
    manifest.write(old, rows, ["face"])
    kept, remaining = cropping.reuse(photos, cropping.Settings(), old, content)
    assert [row.source for row in kept] == ["a.jpg", "c.jpg"]
    assert [task.source for task in remaining] == ["b.jpg"]
    assert (content / "a.jpg").read_bytes() == b"crop of a"


def test_reuse_makes_deleted_crops_anew(tmp_path: Path, photos: list[cropping.Task]) -> None:
    (tmp_path / "old").mkdir()
    manifest.write(tmp_path / "old", [Row("a.jpg", "", "a.jpg", cropping.digest(photos[0].file))])
    kept, remaining = cropping.reuse(photos, cropping.Settings(), tmp_path / "old", tmp_path / "content")
    assert not kept
    assert remaining == photos

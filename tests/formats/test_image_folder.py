import os
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder
from celebtool.formats.image_folder import Sample


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def test_class_directories(tmp_path: Path) -> None:
    folder = image_folder.read(touch(tmp_path, "b/2.jpg", "b/1.jpg", "a/x/deep.png", "a/notes.txt"))
    assert folder.samples == (
        Sample("a/notes.txt", "a"),
        Sample("a/x/deep.png", "a"),
        Sample("b/1.jpg", "b"),
        Sample("b/2.jpg", "b"),
    )
    assert folder.class_names == ("a", "b")
    assert (folder.parts, folder.counts()) == ((), {"a": 2, "b": 2})


def test_a_split_folder(tmp_path: Path) -> None:
    folder = image_folder.read(touch(tmp_path, "train/a/1.jpg", "test/a/2.jpg", "val/unknown/3.jpg", "val/b/4.jpg"))
    assert folder.parts == ("train", "val", "test")
    assert folder.class_names == ("a", "b")
    assert folder.of_part("val") == (Sample("val/b/4.jpg", "b", "val"), Sample("val/unknown/3.jpg", "unknown", "val"))
    assert folder.counts("train") == {"a": 1}


def test_a_person_called_test_beside_others_is_a_class(tmp_path: Path) -> None:
    folder = image_folder.read(touch(tmp_path, "test/1.jpg", "ann/1.jpg"))
    assert (folder.parts, folder.class_names) == ((), ("ann", "test"))


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    folder = image_folder.read(touch(tmp_path, "1.jpg", "2.jpg"))
    assert [sample.label for sample in folder.samples] == [None, None]


def test_what_is_no_input(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a/1.jpg",
        "a/.hidden.jpg",
        ".git/x",
        "manifest.csv",
        "celebtool.json",
        "a/Thumbs.db",
        "a/THUMBS.DB",
        "a/Desktop.ini",
        "a/Icon\r",
        "a/1.jpg:Zone.Identifier",
        "a/2.jpg:zone.identifier",
        "a/@eaDir/1.jpg/SYNOFILE_THUMB_M.jpg",
        "@eaDir/x",
        "__MACOSX/a/._1.jpg",
        "#recycle/1.jpg",
        "$RECYCLE.BIN/x",
        "System Volume Information/x",
        "lost+found/x",
        "@Recycle/x",
        "a/.DS_Store",
        "a/manifest.csv",
    )
    assert [sample.path for sample in image_folder.read(tmp_path).samples] == ["a/1.jpg", "a/manifest.csv"]


def test_what_programs_note_of_a_photo_beside_it_is_no_input(tmp_path: Path) -> None:
    notes = ("1.xmp", "1.jpg.xmp", "IMG_1.AAE", "1.JPG.pp3", "1.dop", "1.jpg.json", "1(1).jpeg.json", "1.jpg(1).json")
    takeout = ("2.png.supplemental-metadata.json", "2.heic.suppl.json", "2.jpg.supplemental-met(2).json")
    photos = ("1.jpg", "1.json", "a.txt", "dop", "xmp.jpg")
    touch(tmp_path, *(f"a/{name}" for name in (*notes, *takeout, *photos)), "b.dop/1.jpg")
    found = [sample.path for sample in image_folder.read(tmp_path).samples]
    assert found == sorted([*(f"a/{name}" for name in photos), "b.dop/1.jpg"])


def test_celebtools_own_files_are_no_inputs_of_a_folder_that_was_copied_into_another(tmp_path: Path) -> None:
    touch(tmp_path, "faces/celebtool.json", "faces/manifest.csv", "faces/faces.csv", "faces/ann/1.jpg", "b/faces.csv")
    assert [sample.path for sample in image_folder.read(tmp_path).samples] == ["b/faces.csv", "faces/ann/1.jpg"]


def test_labels_are_composed_whatever_the_file_system_wrote(tmp_path: Path) -> None:
    folder = image_folder.read(touch(tmp_path, "Beyonce\u0301/1.jpg", "Beyonc\u00e9/2.jpg"))
    assert folder.class_names == ("Beyonc\u00e9",)
    assert len(folder.samples) == 2


def test_links_stay_inside(tmp_path: Path) -> None:
    root = touch(tmp_path / "faces", "a/1.jpg")
    (root / "a/2.jpg").symlink_to("1.jpg")
    assert len(image_folder.read(root).samples) == 2
    touch(tmp_path, "secret")
    (root / "a/3.jpg").symlink_to(tmp_path / "secret")
    with pytest.raises(CelebtoolError, match=r"3.jpg: is a link that leads outside the folder; copy the file instead"):
        image_folder.read(root)
    (root / "a/3.jpg").unlink()
    (root / "b").symlink_to(tmp_path)
    with pytest.raises(CelebtoolError, match=r"b: is a link that leads outside the folder; copy the directory instead"):
        image_folder.read(root)


def test_a_link_that_leads_to_itself_is_a_file_nobody_can_read(tmp_path: Path) -> None:
    root = touch(tmp_path, "a/1.jpg")
    (root / "a/loop").symlink_to("loop")
    assert [sample.path for sample in image_folder.read(root).samples] == ["a/1.jpg", "a/loop"]


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / os.fsdecode(b"a/\xff.jpg")).write_bytes(b"x")
    assert image_folder.read(tmp_path).samples == (Sample("a/\udcff.jpg", "a"),)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["1.jpg"], "faces: has no class directories; expected FOLDER/<class>/<image>"),
        (["a/1.jpg", "1.jpg"], "1.jpg: lies in no class directory; expected FOLDER/<class>/<image>"),
        (["a/1.jpg", "b/.keep"], "b: is an empty class; put images into it or remove it"),
        (["train/a/1.jpg", "train/b/.keep"], "b: is an empty class; put images into it or remove it"),
        (["train/1.jpg", "train/a/2.jpg"], "1.jpg: lies in no class directory; expected FOLDER/<class>/<image>"),
    ],
)
def test_what_is_wrong_with_a_labelled_folder(tmp_path: Path, names: list[str], problem: str) -> None:
    with pytest.raises(CelebtoolError) as error:
        image_folder.read_labelled(touch(tmp_path / "faces", *names))
    assert str(error.value).endswith(problem)


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(CelebtoolError, match="x: no such directory"):
        image_folder.read(tmp_path / "x")
    touch(tmp_path, "x")
    with pytest.raises(CelebtoolError, match="x: is a file; expected a directory of images"):
        image_folder.read(tmp_path / "x")

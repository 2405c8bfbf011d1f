import os

import numpy as np
import pytest

from celebtool.folders import sorting
from celebtool.formats import manifest
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.sources import Source


@pytest.fixture
def photos(tmp_path):
    def make(*names):
        made = []
        for name in names:
            (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / name).write_bytes(name.encode())
            made.append(Source(name, tmp_path / "in" / name))
        return made

    return make


def _faces(source, *people):
    return [(Prediction(source.path, np.array([1.0, 0]), person), source) for person in people]


def _sorted(tmp_path, pairs, class_names=("ann", "bob"), *, link=False):
    (tmp_path / "out").mkdir()
    predictions, sources = zip(*pairs, strict=True)
    passed = list(sorting.sort(predictions, sources, class_names, tmp_path / "out", link=link))
    assert passed == list(predictions)
    return {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes().decode()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file() and path.name != "manifest.csv"
    }


def test_a_photo_lies_with_everybody_in_it_and_nobodys_in_unknown(photos, tmp_path):
    one, group, nobody = photos("1.jpg", "group.jpg", "nobody.jpg")
    pairs = [*_faces(one, "ann"), *_faces(group, "bob", "unknown", "ann", "ann"), *_faces(nobody, "unknown", "unknown")]
    assert _sorted(tmp_path, pairs) == {
        "ann/1.jpg": "1.jpg",
        "ann/group.jpg": "group.jpg",
        "bob/group.jpg": "group.jpg",
        "unknown/nobody.jpg": "nobody.jpg",
    }
    rows = manifest.read_all(tmp_path / "out")
    assert [(row.path, row.label, row.source, row.status) for row in rows] == [
        ("ann/1.jpg", "ann", "1.jpg", "kept"),
        ("ann/group.jpg", "ann", "group.jpg", "kept"),
        ("bob/group.jpg", "bob", "group.jpg", "kept"),
        ("unknown/nobody.jpg", "unknown", "nobody.jpg", "kept"),
    ]
    assert rows[0].origin == manifest.sha256(one.file)
    assert sorting.summary(tmp_path / "out") == "3 photos: 2 of ann, 1 of bob, 1 unknown"


def test_a_photo_without_a_prediction_is_a_row_with_its_reason(photos, tmp_path):
    one, wall = photos("1.jpg", "wall.jpg")
    failed = Prediction("wall.jpg", None, reason="no_face")
    assert _sorted(tmp_path, [(failed, wall), *_faces(one, "ann")]) == {"ann/1.jpg": "1.jpg"}
    rows = manifest.read_all(tmp_path / "out")
    assert [(row.path, row.source, row.status, row.reason) for row in rows] == [
        ("ann/1.jpg", "1.jpg", "kept", ""),
        ("", "wall.jpg", "rejected", "no_face"),
    ]
    assert sorting.summary(tmp_path / "out") == "1 photo: 1 of ann; 1 left out"


def test_photos_of_one_name_get_numbers_whatever_case_they_are_in(photos, tmp_path):
    pairs = [pair for source in photos("a/1.jpg", "b/1.JPG", "c/1.jpg") for pair in _faces(source, "ann")]
    assert _sorted(tmp_path, pairs) == {"ann/1.jpg": "a/1.jpg", "ann/1~2.JPG": "b/1.JPG", "ann/1~3.jpg": "c/1.jpg"}


def test_linked_photos_are_the_same_file(photos, tmp_path):
    (one,) = photos("1.jpg")
    _sorted(tmp_path, _faces(one, "ann", "bob"), link=True)
    inodes = {os.stat(path).st_ino for path in (one.file, tmp_path / "out/ann/1.jpg", tmp_path / "out/bob/1.jpg")}
    assert len(inodes) == 1


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        ("Beyoncé", "Beyoncé"),
        ("Dr. J. R.", "Dr. J. R."),
        ("../../etc", "_._.._etc"),
        (".", "_"),
        ("..", "_."),
        (".hidden", "_hidden"),
        ("a/b", "a_b"),
        ("a\0b", "a_b"),
        ("", "_"),
        ("Unknown", "Unknown~2"),
        ("manifest.csv", "manifest~2.csv"),
        ("é" * 150, "é" * 100),
    ],
)
def test_names_of_classes_as_directories(name, directory):
    assert sorting.directories([name]) == {"unknown": "unknown", name: directory}


def test_classes_whose_directories_a_file_system_may_take_for_one_get_numbers():
    assert sorting.directories(["Ann", "ann", "a/b", "a_b"]) == {
        "unknown": "unknown",
        "Ann": "Ann",
        "ann": "ann~2",
        "a/b": "a_b",
        "a_b": "a_b~2",
    }

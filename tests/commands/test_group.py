"""``crop-faces --group``: faces of loose photos are sorted by who they are, and a person's decisions stand."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.formats import manifest
from tests.conftest import Result, tree

Run = Callable[..., Result]


@pytest.fixture
def album(att_faces: Path, tmp_path: Path) -> Path:
    """Photos of three people, five, four and four of them, in no order and one in a folder of the camera; and a stranger's."""
    root = tmp_path / "album"
    (root / "2019-05").mkdir(parents=True)
    for person, numbers in (("s1", "12345"), ("s2", "1234"), ("s3", "1234")):
        for number in numbers:
            shutil.copy(att_faces / person / f"{number}.pgm", root / f"{number}-{person}.pgm")
    (root / "1-s1.pgm").rename(root / "2019-05/1-s1.pgm")
    shutil.copy(att_faces / "s9/1.pgm", root / "1-s9.pgm")
    (root / "notes.txt").write_text("x")
    return root


def _people(faces: Path) -> dict[str, set[str]]:
    """Label → whose photos (s1, s2, …) lie there."""
    found: dict[str, set[str]] = {}
    for row in manifest.read_all(faces):
        if row.path:
            assert row.path.startswith(f"{row.label}/")
            assert (faces / row.path).is_file()
            found.setdefault(row.label, set()).add(row.source[-6:-4])
    return found


@pytest.mark.slow
def test_everybody_gets_a_folder_and_decisions_stand_when_photos_come(
    celebtool: Run, album: Path, att_faces: Path, tmp_path: Path
) -> None:
    faces = tmp_path / "faces"
    first = celebtool("crop-faces", album, faces, "--group")
    assert first.code == 0, first.stderr
    told = "14 crops from 15 photos: 1 not an image; 3 people, 1 ungrouped"
    look = f"celebtool crop-faces {album} {faces} --group --review review.html"
    assert first.stderr.endswith(f"wrote {faces}: {told}; next: {look}\n")
    numbered = {"person-001": {"s1"}, "person-002": {"s2"}, "person-003": {"s3"}, "ungrouped": {"s9"}}
    assert _people(faces) == numbered
    assert "person-001/2019-05/1-s1-1.jpg" in tree(faces)

    table = tmp_path / "mine.csv"
    renamed = "".join(f"{number}-s2.pgm,1,move,ann\n" for number in "1234")
    table.write_text(f"path,face,decision,label\n{renamed}1-s9.pgm,1,move,person-003\n1-s3.pgm,1,drop,\n")
    line = ("crop-faces", album, faces, "--group", "--update")
    updated = celebtool(*line, "--decisions", table)
    assert "; 3 people, 0 ungrouped; 1 dropped, 5 moved by decisions.csv; 9 reused" in updated.stderr, updated.stderr
    assert _people(faces) == {"person-001": {"s1"}, "ann": {"s2"}, "person-003": {"s3", "s9"}}

    for person, numbers in (("s2", "67"), ("s3", "567"), ("s4", "12345678")):
        for number in numbers:
            shutil.copy(att_faces / person / f"{number}.pgm", album / f"{number}-{person}.pgm")
    assert "13 new" in celebtool(*line).stderr
    known = {"person-001": {"s1"}, "ann": {"s2"}, "person-003": {"s3", "s9"}}
    assert _people(faces) == known | {"person-002": {"s4"}}
    assert "nothing to do" in celebtool(*line).stderr


@pytest.mark.slow
def test_grouped_crops_are_the_same_for_any_number_of_jobs(celebtool: Run, album: Path, tmp_path: Path) -> None:
    assert celebtool("crop-faces", album, tmp_path / "one", "--group", "--jobs", "1").code == 0
    assert celebtool("crop-faces", album, tmp_path / "two", "--group", "--jobs", "2").code == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


@pytest.mark.slow
def test_small_crops_are_grouped_by_what_their_photos_show(celebtool: Run, album: Path, tmp_path: Path) -> None:
    assert celebtool("crop-faces", album, tmp_path / "faces", "--group", "--size", "48", "--no-align").code == 0
    found = _people(tmp_path / "faces")
    assert {frozenset(own) for label, own in found.items() if label != "ungrouped"} == {
        frozenset({person}) for person in ("s1", "s2", "s3")
    }


def test_what_group_cannot_be_combined_with(celebtool: Run, make_folder: Callable[..., Path], tmp_path: Path) -> None:
    faces, parts = make_folder({"ann": 1}), make_folder({"train/ann": 1, "val/ann": 1}, "parts")
    refused = celebtool("crop-faces", faces, tmp_path / "out", "--group", "--select", "identity")
    assert (refused.code, "looks for one person per folder; leave it out with --group" in refused.stderr) == (2, True)
    refused = celebtool("crop-faces", parts, tmp_path / "out", "--group")
    assert refused.code == 1
    assert refused.stderr.endswith(f"{parts}: is split in parts; expected loose photos for --group\n")

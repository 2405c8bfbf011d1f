from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import faces
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.imaging.alignment import Box, Face

FACE = faces.rounded(Face(Box(1 / 3, 2, 30, 40.123456), np.linspace(0, 1, 10).reshape(5, 2), 0.9999999))
POINT = np.linspace(-1, 1, 128).astype(np.float32)


def same(one: FoundFace, other: FoundFace) -> bool:
    assert (one.face.landmarks == other.face.landmarks).all()
    assert (one.embedding is None) == (other.embedding is None)
    assert one.embedding is None or (one.embedding == other.embedding).all()
    return one.face[::2] == other.face[::2]


def test_the_table_gives_back_what_was_found(tmp_path: Path) -> None:
    found = PhotoResult("=a\n.jpg", "ab", (FoundFace(FACE, POINT), FoundFace(FACE)))
    faces.write(tmp_path, [faces.row(found, 1, "anna", "0.25", "anna/a.jpg"), faces.row(found, 2, "anna", "", "")])
    back = faces.read(tmp_path)
    assert list(back) == [found.source]
    assert all(map(same, back[found.source], found.faces))
    assert [each.crop for each in back[found.source]] == ["anna/a.jpg", ""]
    assert faces.read(tmp_path / "elsewhere") == {}


def test_embeddings_are_those_of_the_crops(tmp_path: Path) -> None:
    assert faces.embeddings(tmp_path) == {}
    found = PhotoResult("a.jpg", "ab", (FoundFace(FACE, POINT), FoundFace(FACE, POINT), FoundFace(FACE)))
    rows = [faces.row(found, n, "anna", "", path) for n, path in ((1, ""), (2, "anna/a.jpg"), (3, "anna/b.jpg"))]
    faces.write(tmp_path, rows)
    known = faces.embeddings(tmp_path)
    assert list(known) == ["anna/a.jpg"]
    assert (known["anna/a.jpg"] == POINT).all()


@pytest.mark.parametrize("damage", ["!", "AAAA", "AADAfw==" * 64, "AACAfwAAgH8=" * 64])
def test_a_damaged_embedding_is_an_error(tmp_path: Path, damage: str) -> None:
    row = faces.row(PhotoResult("a.jpg", "ab", (FoundFace(FACE, POINT),)), 1, "anna", "", "anna/a.jpg")
    faces.write(tmp_path, [row | {"embedding": damage}])
    with pytest.raises(CelebtoolError, match=r"faces.csv:2: has a face that can't be read .*; restore the file"):
        faces.embeddings(tmp_path)


@pytest.mark.parametrize("damage", [{"left": "x"}, {"left": "nan"}, {"landmarks": "1 2 3"}, {"embedding": "!"}])
def test_a_damaged_face_is_an_error(tmp_path: Path, damage: dict[str, str]) -> None:
    row = faces.row(PhotoResult("a.jpg", "ab", (FoundFace(FACE, POINT),)), 1, "anna", "", "anna/a.jpg")
    faces.write(tmp_path, [row | damage])
    with pytest.raises(CelebtoolError, match=r"faces.csv:2: has a face that can't be read .*; restore the file"):
        faces.read(tmp_path)


def test_a_table_that_is_a_link_out_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    faces.write(tmp_path, [])
    (tmp_path / "folder" / faces.FILE).symlink_to(tmp_path / faces.FILE)
    with pytest.raises(CelebtoolError, match="is a link that leads outside"):
        faces.read(tmp_path / "folder")

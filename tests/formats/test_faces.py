from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import faces, manifest, tables, vectors
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.imaging.alignment import Box, Face

FACE = faces.rounded(Face(Box(1 / 3, 2, 30, 40.123456), np.linspace(0, 1, 10).reshape(5, 2), 0.9999999))
POINT = np.linspace(-1, 1, 128).astype(np.float32)
UNIT = POINT / np.linalg.norm(POINT)


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


def test_embeddings_are_those_of_unchanged_crops(tmp_path: Path) -> None:
    file, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    file.write_bytes(b"a crop")
    other.write_bytes(b"another")
    assert faces.embeddings(tmp_path).of(file) is None
    crops = (FoundFace(FACE, UNIT, digest=manifest.sha256(file)), FoundFace(FACE, POINT), FoundFace(FACE))
    found = PhotoResult("a.jpg", "ab", crops)
    rows = [faces.row(found, n, "anna", "", path) for n, path in ((1, "a.jpg"), (2, "b.jpg"), (3, ""))]
    faces.write(tmp_path, rows)
    known = faces.embeddings(tmp_path)
    assert (known.of(file) == UNIT).all()
    assert known.of(other) is None
    file.write_bytes(b"changed by hand")
    assert known.of(file) is None


def test_embeddings_of_older_tables_are_of_another_network(tmp_path: Path) -> None:
    row = faces.row(PhotoResult("a.jpg", "ab", (FoundFace(FACE, POINT),)), 1, "anna", "", "a.jpg")
    tables.write(tmp_path / faces.FILE, faces.COLUMNS, [row])
    assert faces.embeddings(tmp_path).by_digest == {}
    assert [each.crop for each in faces.read(tmp_path)["a.jpg"]] == ["a.jpg"]


def test_rows_go_along_with_the_images(tmp_path: Path) -> None:
    for name in ("faces", "parts", "none"):
        (tmp_path / name).mkdir()
    found = PhotoResult("a.jpg", "ab", (FoundFace(FACE, UNIT, digest="d1"), FoundFace(FACE, UNIT, digest="d2")))
    rows = [faces.row(found, 1, "anna", "0.1", "anna/1.jpg"), faces.row(found, 2, "anna", "0.2", "")]
    faces.write(tmp_path / "faces", rows)
    copies = {"anna/1.jpg": [faces.Copy("train/bea/1.jpg", "bea")], "anna/2.jpg": [faces.Copy("x", "anna")]}
    faces.carry(tmp_path / "faces", tmp_path / "parts", copies)
    (line,) = tables.read(tmp_path / "parts/faces.csv")
    assert line == rows[0] | {"path": "train/bea/1.jpg", "label": "bea"}
    assert list(faces.embeddings(tmp_path / "parts").by_digest) == ["d1"]
    faces.carry(tmp_path / "faces", tmp_path / "none", {"anna/2.jpg": [faces.Copy("x", "anna")]})
    assert list((tmp_path / "none").iterdir()) == []


LONG = vectors.pack(POINT)


@pytest.mark.parametrize("damage", ["!", "AAAA", "AADAfw==" * 64, "AACAfwAAgH8=" * 64, LONG])
def test_a_damaged_embedding_is_an_error(tmp_path: Path, damage: str) -> None:
    found = FoundFace(FACE, UNIT, digest="ab")
    row = faces.row(PhotoResult("a.jpg", "ab", (found,)), 1, "anna", "", "anna/a.jpg")
    faces.write(tmp_path, [row | {"embedding": damage}])
    with pytest.raises(CelebtoolError, match=r"faces.csv:2: has a face that can't be read .*; restore the file"):
        faces.embeddings(tmp_path)


@pytest.mark.parametrize(
    "damage", [{"left": "x"}, {"left": "nan"}, {"width": "1e308"}, {"landmarks": "1 2 3"}, {"embedding": "!"}]
)
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

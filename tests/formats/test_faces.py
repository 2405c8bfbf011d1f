from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import faces
from celebtool.formats.faces import Candidate, Found, Lot
from celebtool.imaging.alignment import Box, Face

FACE = faces.rounded(Face(Box(1 / 3, 2, 30, 40.123456), np.linspace(0, 1, 10).reshape(5, 2), 0.9999999))
POINT = np.linspace(-1, 1, 128).astype(np.float32)


def same(one: Candidate, other: Candidate) -> bool:
    assert (one.face.landmarks == other.face.landmarks).all()
    assert (one.embedding is None) == (other.embedding is None)
    assert one.embedding is None or (one.embedding == other.embedding).all()
    return one.face[::2] == other.face[::2]


def test_the_table_gives_back_what_was_found(tmp_path: Path) -> None:
    found = Found("=a\n.jpg", "ab", (Candidate(FACE, POINT), Candidate(FACE)))
    faces.write(tmp_path, [faces.row(found, 1, "anna", "0.25", "anna/a.jpg"), faces.row(found, 2, "anna", "", "")])
    back = faces.read(tmp_path)
    assert list(back) == [found.source]
    assert all(map(same, back[found.source], found.faces))
    assert [each.crop for each in back[found.source]] == ["anna/a.jpg", ""]
    assert faces.read(tmp_path / "elsewhere") == {}


def test_embeddings_are_those_of_the_crops(tmp_path: Path) -> None:
    assert faces.embeddings(tmp_path) == {}
    found = Found("a.jpg", "ab", (Candidate(FACE, POINT), Candidate(FACE, POINT), Candidate(FACE)))
    rows = [faces.row(found, n, "anna", "", path) for n, path in ((1, ""), (2, "anna/a.jpg"), (3, "anna/b.jpg"))]
    faces.write(tmp_path, rows)
    known = faces.embeddings(tmp_path)
    assert list(known) == ["anna/a.jpg"]
    assert (known["anna/a.jpg"] == POINT).all()


@pytest.mark.parametrize("damage", ["!", "AAAA", "AADAfw==" * 64, "AACAfwAAgH8=" * 64])
def test_a_damaged_embedding_is_an_error(tmp_path: Path, damage: str) -> None:
    row = faces.row(Found("a.jpg", "ab", (Candidate(FACE, POINT),)), 1, "anna", "", "anna/a.jpg")
    faces.write(tmp_path, [row | {"embedding": damage}])
    with pytest.raises(CelebtoolError, match=r"faces.csv:2: has a face that can't be read .*; restore the file"):
        faces.embeddings(tmp_path)


def test_a_lot_appears_when_it_is_complete(tmp_path: Path) -> None:
    lot = Lot(tmp_path / "lot")
    content = lot.begin()
    (content / "0-0.jpg").write_bytes(b"crop")
    assert not lot.exists()
    assert list(faces.remains(tmp_path)) == [content]
    odd = "caf\udce9.jpg"
    lot.finish(
        content, [Found(odd, "ab", (Candidate(FACE, POINT, "0-0.jpg", "12.5"),)), Found("b", "", (), "no_face", "é")]
    )
    assert lot.exists()
    first, second = lot.read()
    assert (first.source, first.faces[0].sharpness) == (odd, "12.5")
    assert Path(first.faces[0].crop).read_bytes() == b"crop"
    assert same(first.faces[0], Candidate(FACE, POINT))
    assert second == Found("b", "", (), "no_face", "é")


def test_the_second_of_two_equal_lots_is_dropped(tmp_path: Path) -> None:
    lot = Lot(tmp_path / "lot")
    for _ in range(2):
        lot.finish(lot.begin(), [Found("a", "")])
    assert [path.name for path in tmp_path.iterdir()] == ["lot"]


@pytest.mark.parametrize("damage", [{"left": "x"}, {"left": "nan"}, {"landmarks": "1 2 3"}, {"embedding": "!"}])
def test_a_damaged_face_is_an_error(tmp_path: Path, damage: dict[str, str]) -> None:
    row = faces.row(Found("a.jpg", "ab", (Candidate(FACE, POINT),)), 1, "anna", "", "anna/a.jpg")
    faces.write(tmp_path, [row | damage])
    with pytest.raises(CelebtoolError, match=r"faces.csv:2: has a face that can't be read .*; restore the file"):
        faces.read(tmp_path)


def test_a_table_that_is_a_link_out_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    faces.write(tmp_path, [])
    (tmp_path / "folder" / faces.FILE).symlink_to(tmp_path / faces.FILE)
    with pytest.raises(CelebtoolError, match="is a link that leads outside"):
        faces.read(tmp_path / "folder")


@pytest.mark.parametrize(
    "planted", ["", "[{}]", "{", "[" * 5000, '[{"faces": [], "other": ""}]', "crop /etc/passwd", "crop ../secret"]
)
def test_a_lot_that_celebtool_did_not_leave_is_removed(tmp_path: Path, planted: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    lot = Lot(tmp_path / "lot")
    lot.finish(lot.begin(), [Found("a.jpg", "ab", (Candidate(FACE, None, "0.jpg"),))])
    file = lot.directory / "found.json"
    if planted.startswith("crop"):
        file.write_text(file.read_text().replace("0.jpg", planted.removeprefix("crop ")))
    elif planted:
        file.write_text(planted)
    else:
        file.unlink()
    lot.check()
    assert not lot.directory.exists()


def test_a_lot_as_it_was_left_stays(tmp_path: Path) -> None:
    lot = Lot(tmp_path / "lot")
    lot.check()
    content = lot.begin()
    (content / "0.jpg").write_bytes(b"crop")
    lot.finish(content, [Found("a.jpg", "ab", (Candidate(FACE, None, "0.jpg"),))])
    lot.check()
    assert lot.exists()

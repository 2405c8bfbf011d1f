from pathlib import Path

import numpy as np
import pytest

from celebtool.cropping import lots
from celebtool.cropping.lots import Lot
from celebtool.formats import faces
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.reasons import Reason, Rejection
from celebtool.imaging.alignment import Box, Face

FACE = faces.rounded(Face(Box(1 / 3, 2, 30, 40.123456), np.linspace(0, 1, 10).reshape(5, 2), 0.9999999))
POINT = np.linspace(-1, 1, 128).astype(np.float32)


def test_a_lot_appears_when_it_is_complete(tmp_path: Path) -> None:
    lot = Lot(tmp_path / "lot")
    content = lot.begin()
    (content / "0-0.jpg").write_bytes(b"crop")
    assert not lot.exists()
    assert list(lots.remains(tmp_path)) == [content]
    odd = "caf\udce9.jpg"
    lot.finish(
        content,
        [
            PhotoResult(odd, "ab", (FoundFace(FACE, POINT, "0-0.jpg", "12.5"),)),
            PhotoResult("b", "", (), Rejection(Reason.NO_FACE, "é")),
        ],
    )
    assert lot.exists()
    first, second = lot.read()
    assert (first.source, first.faces[0].sharpness) == (odd, "12.5")
    assert Path(first.faces[0].crop).read_bytes() == b"crop"
    assert (first.faces[0].face.box, first.faces[0].face.confidence) == (FACE.box, FACE.confidence)
    assert (first.faces[0].face.landmarks == FACE.landmarks).all()
    assert first.faces[0].embedding is not None
    assert (first.faces[0].embedding == POINT).all()
    assert second == PhotoResult("b", "", (), Rejection(Reason.NO_FACE, "é"))


def test_the_second_of_two_equal_lots_is_dropped(tmp_path: Path) -> None:
    lot = Lot(tmp_path / "lot")
    for _ in range(2):
        lot.finish(lot.begin(), [PhotoResult("a", "")])
    assert [path.name for path in tmp_path.iterdir()] == ["lot"]


@pytest.mark.parametrize(
    "planted", ["", "[{}]", "{", "[" * 5000, '[{"faces": [], "other": ""}]', "crop /etc/passwd", "crop ../secret"]
)
def test_a_lot_that_celebtool_did_not_leave_is_removed(tmp_path: Path, planted: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    lot = Lot(tmp_path / "lot")
    lot.finish(lot.begin(), [PhotoResult("a.jpg", "ab", (FoundFace(FACE, None, "0.jpg"),))])
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
    lot.finish(content, [PhotoResult("a.jpg", "ab", (FoundFace(FACE, None, "0.jpg"),))])
    lot.check()
    assert lot.exists()

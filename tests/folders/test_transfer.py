from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.folders import transfer
from celebtool.formats import image_folder, manifest
from celebtool.formats.manifest import REJECTED, Row


def test_place_copies_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "1.jpg").write_bytes(b"one")
    rows = [
        Row("train/a/1.jpg", "a", "a/1.jpg", ""),
        Row("train/a/1-copy1.jpg", "a", "a/1.jpg", ""),
        Row("", "a", "a/2.jpg", "", REJECTED, "surplus"),
    ]
    transfer.place(rows, tmp_path / "in", tmp_path / "out", link=False)
    transfer.place(rows[:1], tmp_path / "in", tmp_path / "linked", link=True)
    out = sorted(path.name for path in (tmp_path / "out" / "train" / "a").iterdir())
    assert out == ["1-copy1.jpg", "1.jpg"]
    assert (tmp_path / "out" / "train" / "a" / "1-copy1.jpg").read_bytes() == b"one"
    assert (tmp_path / "linked" / "train" / "a" / "1.jpg").samefile(tmp_path / "in" / "a" / "1.jpg")
    assert not (tmp_path / "out" / "train" / "a" / "1.jpg").samefile(tmp_path / "in" / "a" / "1.jpg")


def test_a_link_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "1.jpg"
    file.write_bytes(b"one")
    rows = [Row("1.jpg", "a", "1.jpg", "")]
    with pytest.raises(CelebtoolError, match=r"cannot be hard-linked \(File exists\); leave out --link to copy"):
        transfer.place(rows, tmp_path, tmp_path, link=True)


def test_row_knows_what_the_manifest_knows(tmp_path: Path) -> None:
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / name).write_bytes(b"x")
    manifest.write(tmp_path, [Row("a/1.jpg", "a", "p/1.jpg", "0123", extra={"sharpness": "7"})], ["sharpness"])
    folder = image_folder.read(tmp_path)
    first, second = (transfer.row(folder, sample, manifest.read(tmp_path)) for sample in folder.samples)
    assert first == Row("", "a", "a/1.jpg", "0123", extra={"sharpness": "7"})
    assert second == Row("", "a", "a/2.jpg", manifest.sha256(tmp_path / "a" / "2.jpg"))
    assert transfer.columns([first, second]) == ["sharpness"]

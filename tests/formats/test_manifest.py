from pathlib import Path

from celebtool.formats import manifest
from celebtool.formats.manifest import Row


def test_write_and_read(tmp_path: Path) -> None:
    rows = [
        Row("a/1.jpg", "NA", "a/2.jpg", "ab" * 32, extra={"left": "-3"}),
        Row("", "007", "a/1.jpg", "cd" * 32, "rejected", "no_face"),
    ]
    manifest.write(tmp_path, rows, ["left"])
    assert (tmp_path / "manifest.csv").read_text() == (
        "path,label,source,origin,status,reason,left\n"
        f",007,a/1.jpg,{'cd' * 32},rejected,no_face,\n"
        f"a/1.jpg,NA,a/2.jpg,{'ab' * 32},kept,,-3\n"
    )
    assert manifest.read(tmp_path) == {"a/1.jpg": rows[0]}
    assert [row.reason for row in manifest.read_all(tmp_path)] == ["no_face", ""]


def test_origin_is_what_the_manifest_says_or_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert manifest.read(tmp_path) == {}
    assert manifest.origin({}, "1.jpg", tmp_path / "1.jpg") == digest
    assert manifest.origin({"1.jpg": Row("1.jpg", "a", "x", "f00")}, "1.jpg", tmp_path / "1.jpg") == "f00"

"""Lists of files on stdin, as other programs write them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import listed_names


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.jpg").write_bytes(b"")
    (tmp_path / "c.jpg").write_bytes(b"")

    def names(content: bytes, separator: bytes = b"\n") -> list[str]:
        chunks = [content, b""]
        monkeypatch.setattr(os, "read", lambda *_: chunks.pop(0))
        return list(listed_names.read(separator))

    return names


@pytest.mark.parametrize(
    "line", ['"sub/a b.jpg"', "'sub/a b.jpg'", "sub\\a b.jpg", '"sub\\a b.jpg"\r', "  sub/a b.jpg  "]
)
def test_a_name_is_read_as_it_is_meant(read: Callable[..., list[str]], line: str) -> None:
    assert read(f"{line}\nc.jpg\n".encode()) == ["sub/a b.jpg", "c.jpg"]
    assert read(f"\ufeff{line}\n".encode()) == ["sub/a b.jpg"]


@pytest.mark.parametrize("address", ["file://{}", "file:{}", "file://localhost{}"])
def test_the_address_of_a_file_is_its_name(read: Callable[..., list[str]], tmp_path: Path, address: str) -> None:
    file = str(tmp_path / "sub" / "a b.jpg")
    assert read(address.format(file.replace(" ", "%20")).encode() + b"\r\n") == [file]


def test_a_name_that_exists_is_taken_as_it_stands(read: Callable[..., list[str]], tmp_path: Path) -> None:
    for odd in ('"c.jpg"', "sub\\a b.jpg", "c.jpg "):
        (tmp_path / odd).write_bytes(b"")
        assert read(odd.encode()) == [odd]


def test_a_name_of_no_file_stays_as_it_stands(read: Callable[..., list[str]]) -> None:
    lines = ['"none.jpg"', "https://host/c.jpg", "none\\c.jpg"]
    assert read("\n".join(lines).encode()) == lines


@pytest.mark.parametrize("content", [b"c.jpg\0c.jpg\0", "c.jpg\n".encode("utf-16-le")])
def test_nul_in_lines_is_an_error_that_says_whose_habit_it_is(read: Callable[..., list[str]], content: bytes) -> None:
    with pytest.raises(CelebtoolError) as caught:
        read(content)
    assert str(caught.value) == (
        "stdin: has NUL bytes in its lines; expected names in UTF-8, one a line; for names that end with NUL "
        "(find -print0), add -0"
    )
    assert read(b"c.jpg\0sub/a b.jpg\0", b"\0") == ["c.jpg", "sub/a b.jpg"]

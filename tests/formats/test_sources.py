"""Where images come from: the folder that celebtool wrote, found upwards, and what may not stand in for it."""

import json
import os
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest, sources
from celebtool.formats.manifest import Row
from celebtool.system.output import RECIPE_FILE


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """An image of a split: split/test/ann/0.jpg, its origin told by the manifest."""
    file = tmp_path / "split/test/ann/0.jpg"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"pixels")
    (tmp_path / "split" / RECIPE_FILE).write_text(json.dumps({"command": "crop-faces", "parameters": {"size": 224}}))
    manifest.write(tmp_path / "split", [Row("test/ann/0.jpg", "ann", "ann/0.jpg", "ab" * 32)])
    return file


def origin(file: Path) -> str:
    return sources.Source(str(file), file).origin()


def test_an_origin_is_found_upwards(photo: Path) -> None:
    assert origin(photo) == "ab" * 32
    assert sources.are_cropped([str(photo)])
    assert sources.are_cropped([str(photo.parent.parent)])


def test_an_image_that_no_manifest_lists_is_its_own_origin(photo: Path) -> None:
    other = photo.with_name("1.jpg")
    other.write_bytes(b"others")
    assert origin(other) == manifest.sha256(other)


@pytest.mark.parametrize("name", [RECIPE_FILE, manifest.FILE])
def test_what_is_damaged_above_the_folder_is_passed_over(photo: Path, name: str) -> None:
    nearer = photo.parent.parent
    (nearer / RECIPE_FILE).write_text("{}")
    (nearer / name).write_text("[")
    assert sources.home(photo.parent) == nearer.parent
    assert origin(photo) == "ab" * 32


@pytest.mark.parametrize("name", [RECIPE_FILE, manifest.FILE])
def test_what_is_damaged_in_the_folder_itself_is_an_error(photo: Path, name: str) -> None:
    root = photo.parent.parent.parent
    (root / name).write_text("[")
    with pytest.raises(CelebtoolError, match=name):
        sources.of_arguments([str(root)], ["ann"], b"\n")


def test_an_empty_name_is_no_directory() -> None:
    with pytest.raises(CelebtoolError, match="'': is an empty name; expected a directory, a file, or -"):
        sources.of_arguments(["photos", ""], ["ann"], b"\n")


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_list_made_on_windows_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes, end: bytes
) -> None:
    names = [tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "c.jpg"]
    for name in names[:2]:
        name.write_bytes(b"")
    listed = tmp_path / "list"
    listed.write_bytes(head + end.join(str(name).encode() for name in names) + end + end)
    with listed.open("rb") as stream:
        monkeypatch.setattr(os, "read", lambda _, size: stream.read(size))
        found = [source.file for source in sources.of_arguments(["-"], (), b"\n")]
    assert found == names


def test_a_name_that_ends_with_a_carriage_return_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "Icon\r"
    odd.write_bytes(b"")
    chunks = [f"{odd}\n".encode(), b""]
    monkeypatch.setattr(os, "read", lambda *_: chunks.pop(0))
    assert [source.file for source in sources.of_arguments(["-"], (), b"\n")] == [odd]


def test_names_that_are_nearly_the_models_are_said_with_what_becomes_of_their_images(tmp_path: Path) -> None:
    for path in ("all/Ann_Lee/1.jpg", "all/BOB/1.jpg", "some/Ann_Lee/1.jpg", "some/bob/1.jpg", "other/zed/1.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")

    def said(*names: str) -> str:
        return sources.misspelt(
            sources.named_folders([str(tmp_path / name) for name in names]).values(), ["Ann Lee", "bob"]
        )

    near = "the model has nobody called so, but nearly: Ann_Lee (Ann Lee)"
    assert said("some") == f"{near}; their images count as strangers; rename the folders"
    both = f"{near}, BOB (bob)"
    assert said("all") == f"{both}; their images get no label, and so no figures; rename the folders"
    assert said("all", "some") == f"{both}; their images count as strangers; rename the folders"
    assert said("other") == ""


def test_people_deeper_than_labels_are_looked_for_are_pointed_at(tmp_path: Path) -> None:
    for path in (
        "one/pins/ann/1.jpg",
        "two/valid/ann/1.jpg",
        "two/train/ann/1.jpg",
        "right/ann/old/bob/1.jpg",
        "no/x/y/1.jpg",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")

    def said(name: str) -> list[str]:
        named = sources.named_folders([f"{tmp_path}/{name}", "-", f"{tmp_path}/right/ann/old/bob/1.jpg"])
        return list(sources.nested(named, ["ann", "bob"]))

    what = "the model's people are folders in {}; the images get no label, and so no figures; give {} instead"
    assert said("one") == [f"{tmp_path}/one: {what.format('pins', tmp_path / 'one/pins')}"]
    assert said("two") == [f"{tmp_path}/two: {what.format('train', tmp_path / 'two/train')}"]
    assert said("right") == said("no") == []

from pathlib import Path

import numpy as np
import pytest

from celebtool.cropping import plan, reuse
from celebtool.formats import faces, image_folder, manifest
from celebtool.formats.faces import FoundFace, PhotoResult
from celebtool.formats.manifest import KEPT, REJECTED, Row
from celebtool.imaging.alignment import Box, Face

SIGHT = Face(Box(1, 2, 30, 40), np.zeros((5, 2)), 0.99)


@pytest.fixture
def tasks(tmp_path: Path) -> list[plan.Task]:
    (tmp_path / "photos").mkdir()
    for name in "abcd":
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(name.encode())
    return plan.plan(image_folder.read(tmp_path / "photos"))


@pytest.fixture
def old(tmp_path: Path, tasks: list[plan.Task]) -> Path:
    """An output: a crop of a, of b before it changed, nothing of c, another person in d."""
    root = tmp_path / "old"
    root.mkdir()
    one, two, three, four = (plan.digest(task.file) for task in tasks)
    for name in ("a.jpg", "b.jpg"):
        (root / name).write_bytes(b"crop")
    kept = {"face": "1", "sharpness": "7"}
    rows = [
        Row("a.jpg", "", "a.jpg", one, KEPT, "", kept),
        Row("b.jpg", "", "b.jpg", two[::-1], KEPT, "", kept),
        Row("", "", "c.jpg", three, REJECTED, "no_face", {"detail": "none"}),
        Row("", "", "d.jpg", four, REJECTED, "other_person", {"detail": "far"}),
        Row("gone.jpg", "", "gone.jpg", one, KEPT, "", kept),
    ]
    manifest.write(root, rows, ["detail", "face", "sharpness"])
    seen = [
        PhotoResult(f"{name}.jpg", "", (FoundFace(SIGHT, np.zeros(128, np.float32), "", ""), FoundFace(SIGHT)))
        for name in "abd"
    ]
    paths = {"a.jpg": "a.jpg", "b.jpg": "b.jpg", "d.jpg": ""}
    cells = [faces.row(one, n, "", "", paths[one.source] if n == 1 else "") for one in seen for n in (1, 2)]
    faces.write(root, cells)
    return root


def test_what_has_not_changed_is_known(old: Path, tasks: list[plan.Task]) -> None:
    kept, remaining = reuse.reuse(tasks, old)
    assert [task.source for task in remaining] == ["b.jpg"]
    a, c, d = kept
    assert [Path(each.crop) for each in a.faces if each.crop] == [old / "a.jpg"]
    assert a.faces[0].sharpness == "7"
    assert (c.rejection, c.faces) == (("no_face", "none"), ())
    assert (d.rejection, d.faces[0].crop, d.faces[0].embedding is None) == (None, "", False)


def test_deleted_crops_are_made_anew(old: Path, tasks: list[plan.Task]) -> None:
    (old / "a.jpg").unlink()
    assert [task.source for task in reuse.reuse(tasks, old)[1]] == ["a.jpg", "b.jpg"]


def test_only_the_same_settings_make_an_earlier_run(old: Path) -> None:
    recipe = {"command": "crop-faces", "parameters": {"size": 224}, "input": 1}
    assert not reuse.is_earlier_run(old, recipe)
    (old / "celebtool.json").write_text('{"command": "crop-faces", "parameters": {"size": 224}, "input": 2}')
    assert reuse.is_earlier_run(old, recipe)
    assert not reuse.is_earlier_run(old, recipe | {"parameters": {"size": 100}})
    assert not reuse.is_earlier_run(old, recipe | {"input": 2})


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "other/../../secret.jpg"])
def test_crops_outside_the_earlier_output_are_not_taken(old: Path, tasks: list[plan.Task], path: str) -> None:
    (old.parent / "secret.jpg").write_bytes(b"secret")
    table = old / faces.FILE
    table.write_text(table.read_text().replace(",a.jpg,", f",{path},"))
    kept, remaining = reuse.reuse(tasks, old)
    assert "a.jpg" in [task.source for task in remaining]
    assert not any("secret" in each.crop or "etc" in each.crop for found in kept for each in found.faces)

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from celebtool.cropping import plan, reuse
from celebtool.errors import CelebtoolError
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


@pytest.mark.parametrize("number", ["9" * 5000, "0", "-1", "\u0661", "one"])
def test_a_row_whose_face_is_none_is_not_trusted(old: Path, tasks: list[plan.Task], number: str) -> None:
    rows = [replace(row, extra=row.extra | {"face": number}) for row in manifest.read_all(old) if row.path == "a.jpg"]
    manifest.write(old, [*rows, *manifest.read_all(old)[1:]], ["detail", "face", "sharpness"])
    assert [task.source for task in reuse.compare(tasks, old).remaining] == ["a.jpg", "b.jpg"]


def test_what_has_not_changed_is_known(old: Path, tasks: list[plan.Task]) -> None:
    earlier = reuse.compare(tasks, old)
    assert [task.source for task in earlier.remaining] == ["b.jpg"]
    assert (earlier.deleted, earlier.added, earlier.changed, earlier.gone) == (frozenset(), [], 1, 1)
    assert earlier.summary() == "3 reused, 0 new, 1 changed, 1 gone"
    a, c, d = earlier.known
    assert [Path(each.crop) for each in a.faces if each.crop] == [old / "a.jpg"]
    assert a.faces[0].sharpness == "7"
    assert (c.rejection, c.faces) == (("no_face", "none"), ())
    assert (d.rejection, d.faces[0].crop, d.faces[0].embedding is None) == (None, "", False)


def test_what_a_person_deleted_and_added_is_known(old: Path, tasks: list[plan.Task]) -> None:
    (old / "a.jpg").unlink()
    (old / "mine.png").write_bytes(b"mine")
    earlier = reuse.compare(tasks, old)
    assert [task.source for task in earlier.remaining] == ["b.jpg"]
    assert (earlier.deleted, earlier.added) == ({("a.jpg", 0)}, ["mine.png"])
    assert earlier.known[0].faces[0].crop == reuse.DELETED
    assert earlier.summary() == "3 reused, 0 new, 1 changed, 1 gone; by hand: 1 added, 1 deleted"


def test_an_output_is_up_to_date_when_its_tables_say_what_was_deleted(old: Path, tasks: list[plan.Task]) -> None:
    same = [task for task in tasks if task.source != "b.jpg"]
    rows = [row for row in manifest.read_all(old) if row.source in {task.source for task in same}]
    columns = ["detail", "face", "sharpness"]
    manifest.write(old, rows, columns)
    assert reuse.compare(same, old).is_up_to_date
    (old / "mine.png").write_bytes(b"mine")
    assert reuse.compare(same, old).is_up_to_date
    (old / "a.jpg").unlink()
    assert not reuse.compare(same, old).is_up_to_date
    said = [replace(row, path="", status="rejected", reason="deleted_by_hand") if row.path else row for row in rows]
    manifest.write(old, said, columns)
    (old / "faces.csv").write_text((old / "faces.csv").read_text().replace(",a.jpg,", ",,"))
    assert reuse.compare(same, old).is_up_to_date
    assert not reuse.compare(same[1:], old).is_up_to_date


def test_a_new_photo_under_the_name_of_a_deleted_crop_is_cropped(old: Path, tasks: list[plan.Task]) -> None:
    (old / "a.jpg").unlink()
    tasks[0].file.write_bytes(b"another photo")
    earlier = reuse.compare(tasks, old)
    assert ([task.source for task in earlier.remaining], earlier.deleted) == (["a.jpg", "b.jpg"], frozenset())


@pytest.mark.parametrize("number", ["", "0", "3", "-1", "x"])
def test_a_row_of_a_face_that_is_not_there_is_not_believed(old: Path, tasks: list[plan.Task], number: str) -> None:
    rows = manifest.read_all(old)
    changed = [replace(row, extra=row.extra | {"face": number}) if row.source == "a.jpg" else row for row in rows]
    manifest.write(old, changed, ["detail", "face", "sharpness"])
    assert "a.jpg" in [task.source for task in reuse.compare(tasks, old).remaining]


def test_only_the_same_settings_make_an_earlier_run(old: Path) -> None:
    recipe = {"command": "crop-faces", "parameters": {"size": 224}, "input": 1}
    assert not reuse.is_earlier_run(old, recipe)
    (old / "celebtool.json").write_text('{"command": "crop-faces", "parameters": {"size": 224}, "input": 2}')
    assert reuse.is_earlier_run(old, recipe)
    assert reuse.is_earlier_run(old, recipe | {"input": 2})
    assert not reuse.is_earlier_run(old, recipe | {"parameters": {"size": 100}})


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "other/../../secret.jpg"])
def test_crops_outside_the_earlier_output_are_not_taken(old: Path, tasks: list[plan.Task], path: str) -> None:
    (old.parent / "secret.jpg").write_bytes(b"secret")
    table = old / faces.FILE
    table.write_text(table.read_text().replace(",a.jpg,", f",{path},"))
    earlier = reuse.compare(tasks, old)
    assert "a.jpg" in [task.source for task in earlier.remaining]
    assert not any("secret" in each.crop or "etc" in each.crop for photo in earlier.known for each in photo.faces)


def test_the_settings_that_differ_are_named(old: Path) -> None:
    recipe = {"command": "crop-faces", "parameters": {"size": 224, "align": True, "min_face": 20}, "input": 1}
    reuse.check_settings(old / "nowhere", recipe)
    for made_by, problem in {
        '{"command": "crop-faces", "parameters": {"size": 224, "align": true, "min_face": 20}, "input": 2}': "",
        '{"command": "crop-faces", "parameters": {"size": 100, "align": false, "min_face": 20}}': (
            "was made with --size 100 (now 224), --align no (now yes); "
            "give the same options to update it, or --overwrite to replace it"
        ),
        '{"command": "split"}': "was made by split; expected an output of crop-faces to update",
    }.items():
        (old / "celebtool.json").write_text(made_by)
        said = ""
        try:
            reuse.check_settings(old, recipe)
        except CelebtoolError as error:
            said = error.problem
        assert said == problem

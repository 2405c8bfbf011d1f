import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.cropping import plan
from celebtool.errors import GateError, SystemFaultError
from celebtool.formats import image_folder, manifest, provenance
from celebtool.formats.manifest import REJECTED, Row
from celebtool.system import system_faults


def test_several_faces_are_numbered() -> None:
    assert plan.crop_path("c/a", 2, plan.CropSettings(select="all")) == "c/a-2.jpg"
    assert plan.crop_path("c/a", 1, plan.CropSettings(format="png")) == "c/a.png"


def test_plan_copies_a_known_origin(tmp_path: Path) -> None:
    (tmp_path / "anna").mkdir()
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "anna" / name).write_bytes(b"x")
    manifest.write(tmp_path, [Row("anna/1.jpg", "anna", "photo.jpg", "ab" * 32)])
    first, second = plan.plan(image_folder.read(tmp_path))
    assert (first.label, first.source, first.origin, first.target) == (*("anna", "anna/1.jpg", "ab" * 32, "anna/1"),)
    assert second.origin == ""


def test_summary() -> None:
    rows = [
        Row("a.jpg", "", "a.png", ""),
        *(Row("", "", f"{i}.png", "", REJECTED, "no_face") for i in range(3)),
        Row("", "", "x.png", "", REJECTED, "unreadable"),
    ]
    assert plan.summary(rows) == "1 crop from 5 photos: 3 no face, 1 unreadable"
    assert plan.summary(rows[:1]) == "1 crop from 1 photo"


def rejected(count: int) -> list[Row]:
    return [Row("", "", f"{i}.png", "", REJECTED, "no_face") for i in range(count)]


def test_too_many_rejects_are_a_gate_not_met() -> None:
    rows = [Row(f"{i}.jpg", "", f"kept{i}.png", "") for i in range(19)] + rejected(1)
    plan.check_rejects(rows, 0.05, Path("faces"))
    plan.check_rejects(rows, None, Path("faces"))
    with pytest.raises(GateError, match=r"faces: 1 of 20 photos gave no crop \(5\.0%\); at most 4\.0% were allowed"):
        plan.check_rejects(rows, 0.04, Path("faces"))


def test_shards_depend_on_their_photos_alone(tmp_path: Path) -> None:
    tasks = [plan.Task(tmp_path / str(i), str(i), "", "", str(i)) for i in range(40)]
    lots = plan.shards(tasks, plan.CropSettings(), tmp_path)
    assert [len(lot.tasks) for lot in lots] == [16, 16, 8]
    assert len({lot.directory for lot in lots}) == 3
    assert plan.shards(tasks[16:], plan.CropSettings(), tmp_path) == lots[1:]
    singles = plan.single(lots[2])
    assert [lot.tasks for lot in singles] == [(task,) for task in tasks[32:]]
    assert len({lot.directory for lot in singles}) == 8


def test_the_sheet_of_one_class_has_the_name_and_those_of_several_a_number() -> None:
    assert plan.sheet_files(Path("a/rv.png"), ["ann", "ann"]) == {"ann": Path("a/rv.png")}
    files = {"ann": Path("a/rv-1.png"), "bob": Path("a/rv-2.png")}
    assert plan.sheet_files(Path("a/rv.png"), ["bob", "ann", "bob"]) == files


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda file: file.write_bytes(b"other"), "changed while the run was under way; run the command again"),
        (lambda file: file.unlink(), r"can't be read \(No such file or directory\)"),
        (lambda file: file.unlink() or file.mkdir(), "changed while the run was under way"),
    ],
)
def test_a_photo_that_is_not_what_it_was_is_no_reject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], problem: str
) -> None:
    monkeypatch.setattr(system_faults, "PAUSES", (0,))
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    (tmp_path / "b.jpg").symlink_to("nowhere")
    one, other = plan.plan(image_folder.read(tmp_path), provenance.contents(tmp_path))
    assert one.check_unchanged() == hashlib.sha256(b"a photo").hexdigest()
    assert other.check_unchanged() == ""
    change(tmp_path / "a.jpg")
    with pytest.raises(SystemFaultError, match=problem):
        one.check_unchanged()
    (tmp_path / "nowhere").write_bytes(b"there")
    with pytest.raises(SystemFaultError, match="changed while the run"):
        other.check_unchanged()


def test_what_went_away_between_listing_and_hashing_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_faults, "PAUSES", (0,))
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    listed = image_folder.read(tmp_path)
    monkeypatch.setattr(image_folder, "read", lambda _: listed)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(SystemFaultError, match=r"a.jpg: can't be read \(No such file or directory\)"):
        provenance.contents(tmp_path)

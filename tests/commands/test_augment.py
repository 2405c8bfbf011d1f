import inspect
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.commands import augment as command
from celebtool.formats import image_folder, images, manifest
from celebtool.imaging.augmentation import Operations
from tests.conftest import Result, random_image, tree

Run = Callable[..., Result]


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    root = tmp_path / "parts"
    for part, label, count in (
        ("train", "ann", 4),
        ("train", "bob", 2),
        ("val", "ann", 1),
        ("val", "unknown", 1),
        ("test", "bob", 1),
    ):
        (root / part / label).mkdir(parents=True)
        for i in range(count):
            image = random_image(f"{part}/{label}/{i}", 48)
            image.save(root / part / label / (f"{i}.jpg" if label == "ann" else f"{i}.PNG"))
    return root


def counts(folder: Path, part: str) -> Counter[str]:
    return image_folder.read(folder).counts(part)


def test_copies_of_train_and_nothing_else(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = celebtool("augment", parts, out, "--copies", 2)
    assert result.code == 0
    assert result.stderr.startswith(f"wrote {out}: ")
    assert result.stderr.endswith(f" images, 12 of them changed copies; next: celebtool train {out} model.h5\n")
    assert counts(out, "train") == {"ann": 12, "bob": 6}
    before, after = tree(parts), tree(out)
    assert all(after[path] == content for path, content in before.items())
    rows = manifest.read(out)
    assert sorted(rows) == sorted(after.keys() - {"manifest.csv", "celebtool.json"})
    new = sorted(after.keys() - before.keys() - {"manifest.csv", "celebtool.json"})
    assert new[:2] == ["train/ann/0-augmented1.jpg", "train/ann/0-augmented2.jpg"]
    assert "train/bob/1-augmented2.png" in new
    for path in new:
        row = rows[path]
        assert path.startswith("train/")
        assert row.origin == rows[row.source].origin == manifest.sha256(parts / row.source)
        assert row.extra["operations"].startswith("angle=")
        assert images.read(out / path).shape == (48, 48, 3)
        assert (images.read(out / path) != images.read(out / row.source)).any()
    assert "│ ann     │     4 │      8 │   1 │    0 │" in result.stdout


def test_until_fills_every_class_up_and_takes_nothing_away(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    assert celebtool("augment", parts, tmp_path / "out", "--until", 3).code == 0
    assert counts(tmp_path / "out", "train") == {"ann": 4, "bob": 3}


def test_one_operation_alone(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    off = ("--rotate", 0, "--shift", 0, "--shear", 0, "--zoom", 0, "--brightness", 0)
    assert celebtool("augment", parts, tmp_path / "out", *off, "--copies", 8).code == 0
    seen = set()
    for number in range(1, 9):
        copy = images.read(tmp_path / "out" / "train" / "bob" / f"0-augmented{number}.png")
        image = images.read(parts / "train" / "bob" / "0.PNG")
        mirrored = bool((copy == image[:, ::-1]).all())
        seen.add(mirrored)
        assert mirrored or (copy == image).all()
    assert seen == {True, False}


def test_a_copy_depends_on_its_image_and_the_seed_alone(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    assert celebtool("augment", parts, tmp_path / "first").code == 0
    (parts / "train" / "ann" / "0.jpg").unlink()
    assert celebtool("augment", parts, tmp_path / "second").code == 0
    assert celebtool("augment", parts, tmp_path / "third", "--seed", 1).code == 0
    first, second, third = (tree(tmp_path / name) for name in ("first", "second", "third"))
    path = "train/ann/1-augmented1.jpg"
    assert first[path] == second[path] != third[path]


def test_finished(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    assert celebtool("augment", parts, tmp_path / "out").code == 0
    before = tree(tmp_path / "out")
    again = celebtool("augment", parts, tmp_path / "out")
    assert (again.code, again.stdout) == (0, "")
    assert celebtool("augment", parts, tmp_path / "out", "--zoom", 0.3).code == 1
    assert celebtool("augment", parts, tmp_path / "out", "--zoom", 0.3, "--overwrite").code == 0
    assert tree(tmp_path / "out") != before


def test_names_that_are_taken_are_left_alone(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    random_image("taken").save(parts / "train" / "ann" / "0-AUGMENTED1.jpg")
    assert celebtool("augment", parts, tmp_path / "out").code == 0
    names = {path.name for path in (tmp_path / "out" / "train" / "ann").iterdir()}
    assert "0-augmented1~2.jpg" in names
    assert len(names) == 10


def test_preview(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    result = celebtool("augment", parts, tmp_path / "out", "--dry-run", "--preview", sheet)
    assert result.code == 0
    assert not (tmp_path / "out").exists()
    with Image.open(sheet) as drawn:
        assert drawn.size == (4 + 8 * 132, 4 + 6 * 132)
        shown = np.asarray(drawn)
    first = images.read(parts / "train" / "ann" / "0.jpg")
    np.testing.assert_array_equal(shown[4:52, 4:52], first)
    taken = celebtool("augment", parts, tmp_path / "out", "--preview", sheet)
    assert (taken.code, (tmp_path / "out").exists()) == (1, False)
    assert f"{sheet}: exists already" in taken.stderr
    out, before = tmp_path / "out.png", tree(tmp_path)
    for place, problem in {
        out: "is the output as well; choose another name",
        out / "s.png": f"lies inside the output {out}; choose an output beside it",
        parts / "s.png": f"lies inside the input {parts}; choose an output beside it",
    }.items():
        result = celebtool("augment", parts, out, "--preview", place, "--overwrite")
        assert (result.code, result.stderr) == (1, f"celebtool: error: {place}: {problem}\n")
    assert tree(tmp_path) == before


def test_link_and_dry_run(celebtool: Run, parts: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    assert celebtool("augment", parts, tmp_path / "out", "--dry-run").code == 0
    assert tree(tmp_path) == before
    assert celebtool("augment", parts, tmp_path / "out", "--link").code == 0
    assert (tmp_path / "out" / "val" / "ann" / "0.jpg").samefile(parts / "val" / "ann" / "0.jpg")


def test_an_unsplit_folder_is_an_error_that_says_what_to_do(
    celebtool: Run, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    faces = make_folder({"ann": 4}, name="my faces")
    result = celebtool("augment", faces, tmp_path / "out")
    assert result.code == 1
    assert result.stderr == (
        f"celebtool: error: {faces}: has no train/; copies of test images must not be trained on; "
        f"first: celebtool split '{faces}' '{faces}-parts'\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("part", ["train/ann", "val/ann"])
def test_an_unreadable_image_is_an_error(celebtool: Run, parts: Path, tmp_path: Path, part: str) -> None:
    (parts / part / "0.jpg").write_bytes(b"\xff\xd8\xff")
    before = tree(tmp_path)
    result = celebtool("augment", parts, tmp_path / "out")
    assert result.code == 1
    assert result.stderr.startswith(f"celebtool: error: {parts}/{part}/0.jpg: cannot be decoded")
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "options",
    [("--copies", 2, "--until", 9), ("--copies", 0), ("--zoom", 1), ("--fill", "mirror"), ("--brightness", "nan")],
)
def test_usage(celebtool: Run, parts: Path, tmp_path: Path, options: tuple[object, ...]) -> None:
    result = celebtool("augment", parts, tmp_path / "out", *options)
    assert (result.code, result.stdout) == (2, "")
    assert f"celebtool: error: {options[-2]}" in result.stderr


def test_defaults_are_those_that_training_uses() -> None:
    parameters = inspect.signature(command.augment).parameters
    defaults = {name: parameters[name].default for name in Operations.__dataclass_fields__}
    assert Operations(**defaults) == Operations()

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest
from celebtool.system.progress import Silent
from celebtool.training import folds
from celebtool.training.folds import Folds

UNALIGNED = "the images were not aligned by `celebtool crop-faces`; aligned faces are recognised better"


def read(root: Path, number: int, seed: int = 0) -> tuple[Folds, list[str]]:
    warnings: list[str] = []
    return folds.read(root, number, seed, warnings.append, Silent()), warnings


def paths(samples: tuple) -> set[str]:
    return {sample.path for sample in samples}


def test_every_image_is_tested_once_by_a_model_that_has_not_seen_it(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 20, "b": 10})
    found, warnings = read(root, 5)
    assert len(found.data) == 5
    tested = [sample.path for data in found.data for sample in data.test]
    assert sorted(tested) == [sample.path for sample in found.folder.samples] == [each.path for each in found.tested]
    for data in found.data:
        labels = [sample.label for sample in data.test]
        assert (labels.count("a"), labels.count("b")) == (4, 2)
        parts = [paths(data.train), paths(data.val), paths(data.test)]
        assert set.union(*parts) == paths(found.folder.samples)
        assert sum(map(len, parts)) == 30
        assert len(data.val) == 3  # two of the sixteen of a, one of the eight of b
        assert paths(data.folder.samples) == parts[0] | parts[1]
    assert warnings == [f"{root}: {UNALIGNED}"]


def test_the_seed_decides_and_nothing_else_does(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = make_folder({"a": 20, "b": 10})
    once = [paths(data.test) for data in read(root, 5)[0].data]
    shutil.copytree(root, tmp_path / "other")
    assert [paths(data.test) for data in read(tmp_path / "other", 5)[0].data] == once
    assert [paths(data.test) for data in read(root, 5, seed=1)[0].data] != once


def test_copies_and_images_of_one_photo_stay_together(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 12, "b": 12})
    (root / "a/copy.png").write_bytes((root / "a/000.png").read_bytes())
    rows = [manifest.Row(f"b/{i:03d}.png", "b", "", "the same photo") for i in range(3)]
    manifest.write(root, rows)
    found, _ = read(root, 4)
    for together in ({"a/copy.png", "a/000.png"}, {row.path for row in rows}):
        assert len({found.groups[path] for path in together}) == 1
        for data in found.data:
            places = [paths(data.train), paths(data.val), paths(data.test)]
            assert sum(bool(together & place) for place in places) == 1


def test_a_class_of_one_picture_is_never_tested_and_one_of_few_not_in_every_fold(
    make_folder: Callable[..., Path],
) -> None:
    root = make_folder({"a": 10, "few": 3, "one": 1})
    (root / "one/copy.png").write_bytes((root / "one/000.png").read_bytes())
    found, warnings = read(root, 5)
    assert {sample.label for sample in found.tested} == {"a", "few"}
    assert all({"one/000.png", "one/copy.png"} <= paths(data.train) for data in found.data)
    assert sum(any(sample.label == "few" for sample in data.test) for data in found.data) == 3
    assert all(data.class_names == ("a", "few", "one") for data in found.data)
    never = "trained on in every fold and never tested, since there is one picture, copies counted once: one"
    some = "fewer pictures than folds, copies counted once, so that not every fold tests them: few (3)"
    assert warnings[-2:] == [f"{root}: {never}", f"{root}: {some}"]


def test_a_picture_in_two_classes_is_left_out(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 6, "b": 6})
    (root / "b/000.png").write_bytes((root / "a/000.png").read_bytes())
    found, warnings = read(root, 3)
    left = {"a/000.png", "b/000.png"}
    assert not left & paths(found.tested)
    assert not left & paths(found.used)
    problem = f"{root}: 2 images left out, since the same picture is in several classes"
    assert f"{problem}; celebtool split {root} {root}-parts names them" in warnings


def test_strangers_set_the_thresholds_of_the_folds_that_do_not_test_them(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 6, "b": 6, "unknown": 6})
    found, warnings = read(root, 3)
    strangers = {f"unknown/00{i}.png" for i in range(6)}
    for data in found.data:
        tested = paths(data.test) & strangers
        assert len(tested) == 2
        assert paths(data.strangers) == paths(data.remembered) == strangers - tested
        assert not strangers & (paths(data.train) | paths(data.val))
    said = "6 images of unknown/ are tested too; those of the other folds help to set the threshold of each"
    assert f"{root}: {said}" in warnings


def test_more_folds_than_pictures_are_refused(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 3, "b": 2})
    assert len(read(root, 5)[0].data) == 5  # each leaves one out
    with pytest.raises(CelebtoolError) as error:
        read(root, 6)
    problem = "has 5 pictures that can be tested, copies counted once; expected at least as many as --folds 6"
    assert str(error.value) == f"{root}: {problem}"


def test_a_folder_that_is_split_is_refused(make_folder: Callable[..., Path]) -> None:
    make_folder({"a": 2, "b": 2}, "parts/train")
    root = make_folder({"a": 2, "b": 2}, "parts/val").parent
    with pytest.raises(CelebtoolError) as error:
        read(root, 2)
    problem = "is split already (train, val); give the folder it was made from, or leave out --folds"
    assert str(error.value) == f"{root}: {problem}"


def test_one_class_is_refused(make_folder: Callable[..., Path]) -> None:
    with pytest.raises(CelebtoolError, match="has one class, a; a classifier needs two"):
        read(make_folder({"a": 4}), 2)

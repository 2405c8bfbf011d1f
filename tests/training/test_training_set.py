import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest
from celebtool.training import folder_doubts, training_set


def read(root: Path, seed: int = 0) -> tuple[training_set.TrainingData, list[str]]:
    warnings: list[str] = []
    return training_set.read(root, seed, warnings.append), warnings


def test_a_split_folder(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    make_folder({"b": 3, "a": 2}, "parts/train")
    make_folder({"a": 1, "b": 1, "unknown": 2}, "parts/val")
    data, warnings = read(tmp_path / "parts")
    assert data.class_names == ("a", "b")
    assert data.class_ids(data.train).tolist() == [0, 0, 1, 1, 1]
    assert [sample.path for sample in data.val] == ["val/a/000.png", "val/b/000.png"]
    assert len(data.origins) == 5
    assert warnings == [
        f"{tmp_path / 'parts'}: the images were not aligned by `celebtool crop-faces`; aligned faces are recognised better"
    ]


def test_an_unsplit_folder_gives_a_tenth_of_every_class(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 20, "b": 30})
    data, warnings = read(root)
    assert np.bincount(data.class_ids(data.val)).tolist() == [2, 3]
    assert not {sample.path for sample in data.train} & {sample.path for sample in data.val}
    assert warnings[0] == f"{root} is not split: 5 of its 50 images of people are set aside for val"
    assert read(root)[0].val == data.val
    assert read(root, seed=1)[0].val != data.val


def test_strangers_of_an_unsplit_folder_are_measured_with(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 20, "b": 30, "unknown": 7})
    data, warnings = read(root)
    assert [sample.path for sample in data.strangers] == [f"unknown/00{number}.png" for number in range(7)]
    assert "unknown" not in {sample.label for sample in (*data.train, *data.val)}
    divided = f"{root} is not split: 5 of its 50 images of people are set aside for val"
    assert warnings[0] == f"{divided}; 7 images of unknown/ help to set the threshold"
    few = f"{root}: 7 images in unknown/ are too few to measure a share of 1 %"
    assert folder_doubts.doubts(data, None) == [f"{few}, so the threshold is rough; put 100 or more there"]


def test_images_left_out_of_an_unsplit_folder_are_counted(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 20, "b": 30})
    (root / "b/000.png").write_bytes((root / "a/000.png").read_bytes())
    data, warnings = read(root)
    assert len(data.train) + len(data.val) == 48
    problem = f"{root}: 2 images left out, since the same picture is in several classes"
    assert warnings[1] == f"{problem}; celebtool split {root} {root}-parts names them"


def test_one_part_of_a_split_folder_is_said_to_be_one(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = make_folder({"a": 20, "b": 30}, "parts/train")
    make_folder({"a": 2, "b": 3}, "parts/val")
    said = f"{root} is one part of a split folder; give {tmp_path}/parts to measure with its val/"
    assert said in read(root)[1]
    assert said not in read(tmp_path / "parts")[1]


def test_strangers_in_train_are_remembered_or_said_to_be_of_no_use(make_folder: Callable[..., Path]) -> None:
    make_folder({"a": 2, "b": 2, "unknown": 3}, "parts/train")
    root = make_folder({"a": 2, "b": 2}, "parts/val").parent
    data, warnings = read(root)
    assert data.strangers == ()
    problem = f"{root}: 3 images of train/unknown/ can't be used"
    assert folder_doubts.unused(data) == [f"{problem}; put photos of strangers into val/unknown/"]
    assert [sample.path for sample in data.remembered] == [f"train/unknown/00{i}.png" for i in range(3)]
    assert not any("unknown" in line for line in warnings)


def test_origins_come_from_the_manifest(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 2, "b": 10}, "parts/train").parent
    manifest.write(root, [manifest.Row(f"train/a/00{i}.png", "a", "x.jpg", "f00d") for i in range(2)])
    origins = read(root)[0].origins
    assert "f00d" in origins
    assert len(origins) == 11


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        (
            {"test": {"a": 1, "b": 1}},
            "has no train/ images; expected train/<class>/<image>, as `celebtool split` writes",
        ),
        ({"train": {"a": 2}}, "has one class, a; a classifier needs two"),
        (
            {"train": {"cho_kim": 2, "b": 2}, "val": {"Cho Kim": 1}},
            "has Cho Kim in val/ and not in train/; did you mean cho_kim?",
        ),
        (
            {"train": {"a": 2, "b": 2}, "val": {"a": 1, "c": 1}},
            "has c in val/ and not in train/; expected the same classes in both",
        ),
    ],
)
def test_what_is_wrong(make_folder: Callable[..., Path], tmp_path: Path, counts: dict, problem: str) -> None:
    for part, classes in counts.items():
        make_folder(classes, f"parts/{part}")
    with pytest.raises(CelebtoolError) as error:
        read(tmp_path / "parts")
    assert str(error.value) == f"{tmp_path / 'parts'}: {problem}"


def test_more_classes_than_a_report_takes_are_refused(
    make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_set, "MAX_CLASSES", 2)
    with pytest.raises(CelebtoolError, match="has 3 classes; expected at most 2"):
        read(make_folder({"train/a": 1, "train/b": 1, "train/c": 1, "val/a": 1}))
    unsplit = make_folder({"a": 1, "b": 1, "c": 1}, "unsplit")
    (unsplit / "a" / "empty.jpg").touch()
    with pytest.raises(CelebtoolError, match="has 3 classes; expected at most 2"):
        read(unsplit)


def test_what_is_said(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    make_folder({"a": 2, "b": 2}, "parts/train")
    assert "has no val/ images" in read(tmp_path / "parts")[1][-1]
    make_folder({"a": 1}, "parts/val")
    assert read(tmp_path / "parts")[1][-1].endswith("val/ has no image of b")


def test_classes_that_may_be_one_person_are_named(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"cho_kim": 10, "cho kim": 10, "bob": 10})
    problem = f"{root}: names of classes are nearly equal: cho kim = cho_kim"
    assert f"{problem}; one person belongs in one directory" in read(root)[1]


def test_faces_without_a_group_are_not_trained_on_unnoticed(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"person-001": 10, "person-002": 10, "ungrouped": 10})
    problem = f"{root}: ungrouped/ holds faces of several people, and is trained on as one person"
    assert f"{problem}; remove it, or call it unknown/ if none of them is in another class" in read(root)[1]
    assert not any("ungrouped" in line for line in read(make_folder({"ann": 10, "bob": 10}, "other"))[1])


def test_a_model_of_other_classes(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 10, "b": 10})
    data, _ = read(root)
    with pytest.raises(CelebtoolError, match="has the class b, unlike the model; expected the 2 classes of the model"):
        training_set.check_classes(data, ["a", "c"])
    with pytest.raises(CelebtoolError, match=r"has the class a, unlike the model; did you mean A\?"):
        training_set.check_classes(data, ["A", "b"])
    training_set.check_classes(data, ["a", "b"])


def test_a_photo_on_both_sides_is_refused(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    make_folder({"a": 2, "b": 2}, "parts/train")
    root = make_folder({"a": 2, "b": 1}, "parts/val").parent
    paths = ["train/a/000.png", "val/a/000.png", "val/a/001.png"]
    manifest.write(root, [manifest.Row(path, "a", "x.jpg", "f00d") for path in paths])
    for path in paths[1:]:
        (root / path).write_bytes((root / "train/b/000.png").read_bytes() + path.encode())
    problem = (
        f"{root}: 2 of 3 images outside train/ are of photos that are trained on: "
        "val/a/000.png (of train/a/000.png), val/a/001.png (of train/a/000.png)"
    )
    with pytest.raises(CelebtoolError) as error:
        read(root)
    assert str(error.value) == f"{problem}; divide it with `celebtool split`, or add --allow-leak"
    warnings: list[str] = []
    training_set.read(root, 0, warnings.append, allow_leak=True)
    assert problem in warnings


@pytest.mark.parametrize("part", ["val", "test"])
def test_a_photo_that_a_model_has_seen_is_refused(make_folder: Callable[..., Path], part: str) -> None:
    make_folder({"a": 2, "b": 2}, "parts/train")
    root = make_folder({"a": 1, "b": 1}, f"parts/{part}").parent
    seen = [manifest.sha256(root / f"{part}/b/000.png"), "f00d"]
    with pytest.raises(
        CelebtoolError, match=rf"1 of 2 images outside .* trained on: {part}/b/000.png \(of the model\);"
    ):
        training_set.read(root, 0, lambda _: None, trained=seen)
    data = training_set.read(root, 0, lambda _: None, trained=[manifest.sha256(root / "train/a/000.png")])
    assert len(data.train) == 4


def test_equal_files_without_a_record_are_a_warning(make_folder: Callable[..., Path]) -> None:
    make_folder({"a": 2, "b": 2}, "parts/train")
    root = make_folder({"a": 1, "b": 1}, "parts/val").parent
    (root / "val/b/000.png").write_bytes((root / "train/b/001.png").read_bytes())
    assert read(root)[1][-1].endswith(
        "1 of 2 images outside train/ are of photos that are trained on: val/b/000.png (of train/b/001.png)"
    )


def test_too_few_strangers_to_find_a_threshold_with_are_said(make_folder: Callable[..., Path]) -> None:
    make_folder({"a": 2, "b": 2}, "parts/train")
    root = make_folder({"a": 15, "b": 10}, "parts/val").parent
    assert folder_doubts.doubts(read(root)[0], 0.01) == []
    make_folder({"unknown": 12}, "parts/val")
    data, _ = read(root)
    said = f"{root}: 12 images in val/unknown/ are too few to measure a share of 4 %"
    assert folder_doubts.doubts(data, 0.04) == [f"{said}, so the threshold is rough; put 25 or more there"]
    assert folder_doubts.doubts(data, 0.1) == []


def test_faces_of_another_margin_than_the_models_are_refused(make_folder: Callable[..., Path]) -> None:
    root = make_folder({"a": 4, "b": 4})
    parameters = {"size": 224, "margin": 0.4, "align": True, "format": "jpg"}
    (root / "celebtool.json").write_text(json.dumps({"command": "crop-faces", "parameters": parameters, "input": {}}))
    data, _ = read(root)
    for fine in ({"margin": 0.4, "size": 96}, {}, None):
        training_set.check_crops(data, fine)
    with pytest.raises(
        CelebtoolError,
        match=r"holds faces cropped with margin 0.4, the model was trained with 0.25; .* `crop-faces --margin 0.25`",
    ):
        training_set.check_crops(data, {"margin": 0.25})

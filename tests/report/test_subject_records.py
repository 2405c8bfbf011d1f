from dataclasses import replace
from pathlib import Path

from celebtool.folders.inspection import Inspection
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.model_info import ModelInfo
from celebtool.report import subject_records


def test_a_history_has_its_best_epoch():
    document = subject_records.of_history("h.csv", [Epoch(1, 0.5, 0.5, 0.25), Epoch(2, float("nan"), 0.5, 0.5)])
    assert (document["epochs"], document["best_epoch"]) == (2, 1)
    assert document["history"][1]["loss"] is None


def test_a_folder_lists_its_copies_and_flaws():
    samples = tuple(
        Sample(f"{part}/{label}/1", label, part) for part, label in [("train", "A"), ("val", "A"), ("val", "B")]
    )
    seen = Inspection(((1, 2),), dark=("val/B/1",), copies=(samples[:2], samples[1:]))
    document = subject_records.of_folder("f", ImageFolder(Path("f"), samples), seen)
    assert document["dark"] == ["val/B/1"]
    assert document["copies"] == [["train/A/1", "val/A/1"], ["val/A/1", "val/B/1"]]
    assert document["copies_across_parts"] == [["train/A/1", "val/A/1"]]
    assert document["copies_across_classes"] == [["val/A/1", "val/B/1"]]


def test_a_leak_is_found_however_deep_and_in_members():
    info = ModelInfo("cnn", ("A",), (9, 9))
    recipe = {"command": "train", "parameters": {"allow_leak": True}}
    deep = {"command": "finetune", "parameters": {}, "input": {"model": {"made_by": recipe}}}
    assert not subject_records.allowed_leak(info)
    assert not subject_records.allowed_leak(replace(info, recipe={"parameters": {"allow_leak": False}}))
    assert subject_records.allowed_leak(replace(info, recipe=deep))
    member = replace(info, recipe=recipe)
    assert subject_records.allowed_leak(replace(info, architecture="ensemble", members=(member,), shares=(1.0,)))
    for _ in range(5000):  # a file from a stranger can be nested as deep as its parser allows
        deep = {"input": [deep]}
    assert subject_records.allowed_leak(replace(info, recipe=deep))

from dataclasses import replace
from pathlib import Path

from celebtool.folders.inspection import Inspection
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.model_info import Layer, ModelInfo
from celebtool.report import subject_tables
from celebtool.report.table import Cell, Mark
from tests.support.predictions import marks, texts


def folder(*samples):
    return ImageFolder(
        Path("faces"), tuple(Sample(f"{part}/{label}/{i}", label, part) for i, (part, label) in enumerate(samples))
    )


def test_epochs_mark_the_best():
    table = subject_tables.epochs("h.csv", [Epoch(1, 0.5, 0.8, 0.25, 0.9, 0.001, 2.0), Epoch(2, 0.25, 0.9, 0.5, 0.8)])
    assert table.title == "h.csv: the best epoch is 1 of 2"
    assert table.rows[0][1] == Cell("0.5000", Mark.BEST)
    assert table.rows[1] == ("2", "0.2500", "0.900", "0.5000", "0.800", "", "")


def test_epochs_without_times_have_no_column_for_them():
    table = subject_tables.epochs("History", [Epoch(1, 0.5, 0.8, 0.25, 0.9, 0.001), Epoch(2, 0.25, 0.9, 0.5, 0.8)])
    assert table.columns == ("epoch", "loss", "accuracy", "val loss", "val accuracy", "learning rate")
    assert texts(table.rows[0]) == ["1", "0.5000", "0.800", "0.2500", "0.900", "0.001"]
    assert table.rows[1] == ("2", "0.2500", "0.900", "0.5000", "0.800", "")


def test_classes_show_what_is_missing_in_a_part():
    listed = folder(("train", "Ann"), ("train", "Ann"), ("train", "Bob"), ("test", "Ann"), ("test", "unknown"))
    table = subject_tables.classes("parts", listed)
    assert table.title == "parts: 5 images of 2 classes"
    assert table.columns == ("class", "train", "test", "all")
    assert [texts(row) for row in table.rows] == [
        ["Ann", "2", "1", "3"],
        ["Bob", "1", "0", "1"],
        ["unknown", "0", "1", "1"],
    ]
    assert [marks(row)[2] for row in table.rows] == [Mark.PLAIN, Mark.WRONG, Mark.PLAIN]
    assert marks(table.rows[2])[1] == Mark.PLAIN  # strangers are never trained on
    assert table.totals == [("all", "3", "2", "5")]


def test_classes_stand_in_natural_order():
    table = subject_tables.classes("parts", folder(("train", "s10"), ("train", "s2"), ("train", "s1")))
    assert [row[0] for row in table.rows] == ["s1", "s2", "s10"]


def test_an_unsplit_folder_has_one_column():
    table = subject_tables.classes("faces", ImageFolder(Path("faces"), (Sample("Ann/1", "Ann"),)))
    assert table.columns == ("class", "images")
    assert [texts(row) for row in table.rows] == [["Ann", "1"]]
    assert table.totals == [("all", "1")]


def test_a_folder_without_classes_has_sizes_only():
    listed = ImageFolder(Path("new"), (Sample("1.jpg", None), Sample("2.jpg", None)))
    tables = subject_tables.folder(
        "new", listed, Inspection(((10, 20), (30, 40)), copies=((Sample("1.jpg", None), Sample("2.jpg", None)),))
    )
    assert [table.title for table in tables] == [
        "new: 2 images, no class directories; sizes in pixels",
        "Images to look at",
    ]
    assert tables[0].rows == [("height", "10", "20", "30"), ("width", "20", "30", "40")]
    assert tables[1].rows == [("copies of others", "1", "2.jpg (of 1.jpg)")]


INFO = ModelInfo(
    architecture="cnn",
    class_names=("Ann", "Bob"),
    image_size=(100, 90),
    dense=(1024,),
    dropout=0.5,
    crops={"size": 224, "align": True, "margin": 0.25},
    threshold=0.25,
    metrics={"val_accuracy": 0.984375},
    versions={"keras": "3.15.1"},
    origins=("ab", "cd"),
    recipe={
        "command": "train",
        "parameters": {"epochs": 10, "resume": False, "l2": None},
        "input": {
            "made_by": {
                "command": "split",
                "parameters": {"shares": [0.8, 0.2], "faces": {"min_size": 8}, "link": False},
                "input": {"made_by": None},
            }
        },
    },
    layers=(
        Layer("conv", "Conv2D", (100, 90, 32), 896, 896, True),
        Layer("norm", "BatchNormalization", (100, 90, 32), 128, 64, True),
        Layer("frozen", "Dense", (2,), 1000, 1000, False),
    ),
)


def test_a_model_says_what_it_is():
    table = subject_tables.model("m.h5", INFO)
    assert table.rows[-2:] == [
        ("made by", "train with epochs 10"),
        ("made by", "split with shares 0.8 0.2, faces (min size 8)"),
    ]
    assert dict(table.rows[:-2]) == {
        "architecture": "cnn",
        "input": "images of 100 x 90 pixels",
        "faces": "crops of 224 pixels, aligned by eyes, nose and mouth, margin 0.25",
        "parameters": "2,024, of which training changed 960",
        "head": "hidden layers of 1024 units, dropout 0.5",
        "classes": "2: Ann, Bob",
        "strangers": "called unknown below a score of 0.25",
        "training photos": "2",
        "digests": "SHA-256 of 2 photos and 0 images made of them",
        "reached": "val accuracy 0.9844",
        "written with": "keras 3.15.1",
    }


def test_no_fact_is_a_python_value():
    table = subject_tables.model("m.h5", INFO)
    assert not [text for _, text in table.rows if any(mark in text for mark in "{}[]'_")]


def test_an_ensemble_lists_its_members():
    both = ModelInfo("ensemble", ("Ann", "Bob"), (100, 90), members=(INFO, INFO), shares=(0.625, 0.375))
    rows = dict(subject_tables.model("e.h5", both).rows)
    assert rows["member 2"] == "cnn of 100 x 90 pixels, with a share of 0.375"
    assert rows["input"] == "images of 100 x 90 pixels"
    assert rows["strangers"] == "never called unknown: the model has no threshold"
    assert rows["faces"] == "not cropped by celebtool"


def test_layers_have_shapes_and_parameters():
    table = subject_tables.layers(INFO)
    assert table.title == "3 layers"
    assert texts(table.rows[1]) == ["norm", "BatchNormalization", "100 x 90 x 32", "128", "64"]
    assert set(marks(table.rows[1])) == {Mark.BEST}
    assert texts(table.rows[2]) == ["frozen", "Dense", "2", "1,000", "0"]
    assert set(marks(table.rows[2])) == {Mark.PLAIN}


def test_a_model_trained_on_a_leak_says_so():
    leaky = {"command": "finetune", "input": {"made_by": {"command": "train", "parameters": {"allow_leak": True}}}}
    assert dict(subject_tables.model("m.h5", replace(INFO, recipe=leaky)).rows)["leak"] == "trained with --allow-leak"
    assert "leak" not in dict(subject_tables.model("m.h5", INFO).rows)

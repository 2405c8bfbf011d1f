from pathlib import Path

import numpy as np

from celebtool.evaluation import comparison, evaluate
from celebtool.folders.inspection import Inspection
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.images import ImageError
from celebtool.formats.predictions import Prediction, Predictions
from celebtool.report import remarks


def test_remarks_say_what_is_left_out():
    rows = [
        Prediction("a.jpg", np.array([0.9, 0.1, 0]), "Ann", label="Ann"),
        Prediction("b.jpg", None, label="Bob", reason="no_face"),
        Prediction("c.jpg", np.array([0.9, 0.1, 0]), "Ann", label="unknown"),
        Prediction("d.jpg", np.array([0.9, 0.1, 0]), "Ann"),
    ]
    one = evaluate.evaluate(Predictions(("Ann", "Bob", "Cid"), tuple(rows)))
    assert remarks.of_evaluation(one) == [
        "1 of 4 images failed and count as wrong: 1 no face",
        "1 image of strangers is too few to measure 5 %, 1 % or 0.1 % of false accepts; that takes 20, 100 or 1,000",
        "1 of 4 images have no label and are left out of all figures",
        "no image of Cid: these classes are in no average",
        "fewer than 10 images of Ann, Bob: figures of single classes say little",
        "the table does not say of 1 image whether the model was trained on them",
    ]


def sample(part, label, name="1"):
    return Sample(f"{part}/{label}/{name}", label, part)


def test_a_folder_names_broken_images_missing_classes_and_leaking_copies():
    samples = (sample("train", "Ann"), sample("train", "Bob"), sample("val", "Ann"))
    broken = ImageError("faces/a.jpg", "unreadable", "is an empty file")
    seen = Inspection(broken=(broken,), copies=((samples[0], samples[2]), (samples[0], samples[1])))
    assert remarks.of_folder(ImageFolder(Path("faces"), samples), seen) == [
        "faces/a.jpg: is an empty file",
        "no image in val/ of Bob",
        "copies of 1 picture (train/Ann/1 = val/Ann/1) lie in several parts, so a test is of images that were trained on",
        "copies of 1 picture (train/Ann/1 = train/Bob/1) lie in several classes, so one of the labels is wrong",
    ]


def test_of_photos_only_the_largest_face_is_compared():
    (said,) = remarks.of_folder(ImageFolder(Path("photos"), ()), Inspection(largest_only=1))
    assert said == (
        "of 1 image only the largest face was compared, because crop-faces has not cropped the folder; it looks at all "
        "faces of a photo"
    )


def test_comparisons_say_what_they_are_of():
    ours = dict.fromkeys(range(10), True)
    worse = comparison.compare("a", ours, "b", {i: i > 6 for i in range(11)})
    assert remarks.verdict(worse) == "a is better"
    assert remarks.of_comparison(worse) == ["a and b are not of the same images: 10 are in both, 1 in one only"]
    same = comparison.compare("a", ours, "b", ours)
    assert (remarks.verdict(same), remarks.of_comparison(same)) == ("no significant difference", [])

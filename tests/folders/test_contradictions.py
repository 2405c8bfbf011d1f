from pathlib import Path

import numpy as np
import pytest

from celebtool.folders import contradictions
from celebtool.folders.suspects import Suspect, Why
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.predictions import Prediction, Predictions

NAMES = ("ann", "bob", "cid")


def row(path: str, *shares: float, seen: bool | None = False) -> Prediction:
    probabilities = np.array(shares)
    return Prediction(
        path, probabilities, NAMES[probabilities.argmax()], label=path.split("/", maxsplit=1)[0], seen=seen
    )


SURE = [
    row(f"{name}/{i}.jpg", *(0.9 if other == name else 0.05 for other in NAMES)) for name in NAMES for i in range(4)
]


def test_a_model_that_agrees_with_all_labels_suspects_nobody() -> None:
    assert contradictions.find(SURE, NAMES) == []


def test_an_image_whose_label_is_contradicted_is_a_suspect() -> None:
    (found,) = contradictions.find([*SURE, row("ann/x.jpg", 0.02, 0.95, 0.03)], NAMES)
    assert (found.path, found.label, found.looks_like, found.reason) == ("ann/x.jpg", "ann", "bob", Why.CONTRADICTED)
    assert found.margin == pytest.approx(0.93)
    assert found.detail == "a model that has not seen it says bob (0.95), not ann (0.02)"


def test_a_class_is_believed_from_its_own_images_mean_on() -> None:
    """Images of bob have 0.9 of bob on average, those of cid 0.55."""
    unsure = [row(f"cid/{i}.jpg", 0.2, 0.25, 0.55) for i in range(4)]
    rows = [*SURE[:8], *unsure]
    assert contradictions.find([*rows, row("ann/x.jpg", 0.1, 0.7, 0.2)], NAMES) == []
    (found,) = contradictions.find([*rows, row("ann/x.jpg", 0.1, 0.2, 0.7)], NAMES)
    assert found.looks_like == "cid"


def test_a_class_that_is_hardly_more_probable_than_the_label_says_nothing() -> None:
    unsure = [
        row(f"{name}/{i}.jpg", *(0.4 if other == name else 0.3 for other in NAMES)) for name in NAMES for i in range(4)
    ]
    assert contradictions.find([*unsure, row("ann/x.jpg", 0.2, 0.5, 0.3)], NAMES) == []
    assert len(contradictions.find([*unsure, row("ann/x.jpg", 0.1, 0.7, 0.2)], NAMES)) == 1


def test_strangers_and_images_without_a_prediction_are_no_suspects() -> None:
    stranger = Prediction("unknown/1.jpg", np.array([0.99, 0.01, 0]), "ann", label="unknown", seen=False)
    failed = Prediction("ann/broken.jpg", None, label="ann", reason="unreadable", seen=False)
    assert contradictions.find([*SURE, stranger, failed], NAMES) == []


def test_only_images_of_the_folder_that_were_not_trained_on_and_are_not_suspects_already() -> None:
    wrong = [row(f"ann/{name}.jpg", 0.02, 0.95, 0.03) for name in ("told", "elsewhere")]
    wrong += [row("ann/trained.jpg", 0.02, 0.95, 0.03, seen=True), row("ann/untold.jpg", 0.02, 0.95, 0.03, seen=None)]
    here = ["told", "trained", "untold", "new"]
    folder = ImageFolder(Path("faces"), tuple(Sample(f"ann/{name}.jpg", "ann") for name in here))
    samples = (*folder.samples, *(Sample(each.path, each.label) for each in SURE))
    table = Predictions(NAMES, (*SURE, *wrong, row("ann/new.jpg", 0.02, 0.95, 0.03)))
    told = Suspect("ann/told.jpg", "", "ann", "", 0.1, Why.NOBODY, "near to nobody")
    found = contradictions.add([told], ImageFolder(Path("faces"), samples), [table])
    assert [(each.path, each.reason) for each in found] == [
        ("ann/new.jpg", Why.CONTRADICTED),
        ("ann/told.jpg", Why.NOBODY),
    ]

"""What a fold's model says of its images is what `predict` with that model says of them."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool import architectures
from celebtool.api import cross_validation, training
from celebtool.api.plans import Network
from celebtool.api.training import Common, Job, Trained
from celebtool.formats import images, model_info
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.predictions import Prediction
from celebtool.inference import out_of_fold
from celebtool.system.progress import Silent
from celebtool.training.options import RunOptions, TrainingOptions, Units
from celebtool.training.training_set import TrainingData
from tests.conftest import Result

pytestmark = pytest.mark.slow


class Deaf:
    """Hears nothing."""

    def note(self, text: object) -> None: ...
    def warn(self, text: object) -> None: ...
    def finished(self, path: object) -> None: ...
    def progress(self, description: str, unit: str = "") -> "Deaf":
        return self

    def __enter__(self) -> Silent:
        return Silent()

    def __exit__(self, *_: object) -> None: ...


def trained(folder: Path, place: Path, network: Network, options: TrainingOptions) -> tuple[Trained, TrainingData]:
    """Train the model of the second of three folds."""
    run = RunOptions(allow_uncropped=True)
    job = cross_validation.planned(folder, place / "out", 3, network, options, run, Deaf())
    common = Common(job.folds.used, place)
    data = job.folds.data[1]
    train = training.trainer(Job(data, place / "out", [], {"command": "train"}), run, job.plan, Deaf(), common)
    return train(place, Silent()), data


def test_the_default_head_and_predict(celebtool: Callable[..., Result], face_parts: Path, tmp_path: Path) -> None:
    faces = face_parts.parent / "faces"
    model, data = trained(faces, tmp_path, Network(architectures.get("face-sface")), TrainingOptions())
    rows = {row.path: row for row in out_of_fold.rows(model, data, 2)}
    assert list(rows) == [sample.path for sample in data.test]
    model.save(tmp_path / "m.h5")
    predicted = csv.DictReader(celebtool("predict", tmp_path / "m.h5", faces).stdout.splitlines())
    own = [row for row in predicted if row["path"] in rows]
    assert len(own) == len(rows) == 20
    for row in own:
        ours = rows[row["path"]]
        assert (row["predicted"], row["label"], row["seen"]) == (ours.predicted, ours.label, "no")
        assert (ours.seen, ours.fold) == (False, 2)
        assert float(row["score"]) == pytest.approx(ours.score, abs=1e-5)
        assert [float(row[f"prob_{name}"]) for name in data.class_names] == pytest.approx(ours.probabilities, abs=1e-5)


def test_a_network_from_scratch_and_keras(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    from celebtool.nn import classifier

    options = TrainingOptions(dense=Units((4,)), epochs=1, batch_size=8, dropout=0.2)
    folder = make_folder({"a": 8, "b": 7, "unknown": 3})
    model, data = trained(folder, tmp_path, Network(architectures.get("cnn"), image_size=(8, 8)), options)
    rows = out_of_fold.rows(model, data, 2)
    assert [row.path for row in rows] == [sample.path for sample in data.test]
    assert {row.label for row in rows} == {"a", "b", "unknown"}
    pictures = np.stack([images.resize(images.read(data.folder.file(sample)), (8, 8)) for sample in data.test])
    expected = classifier.probabilities(model, {(8, 8): pictures})
    assert np.stack([row.probabilities for row in rows]) == pytest.approx(expected, abs=1e-5)
    assert [row.score for row in rows] == pytest.approx(expected.max(axis=1), abs=1e-5)


def test_a_table_that_is_not_of_these_images_is_not_taken(tmp_path: Path, make_folder: Callable[..., Path]) -> None:
    network = Network(architectures.get("face-sface"))
    job = cross_validation.planned(
        make_folder({"a": 4, "b": 4}), tmp_path / "out", 2, network, TrainingOptions(), RunOptions(), Deaf()
    )
    data = job.folds.data[0]
    rows = [
        Prediction(each.path, np.array([0.75, 0.25]), "a", label=each.label, score=0.5, seen=False, fold=1)
        for each in data.test
    ]
    table = tmp_path / "fold-1.csv"
    out_of_fold.write(table, data.class_names, rows)
    assert table.read_text().splitlines()[1] == f"{rows[0].path},,a,predicted,,a,0.75,0.5,no,0.75,0.25,1"
    assert out_of_fold._read(table, {}, data) is None  # its description is missing
    description = table.with_suffix(".json")
    description.write_bytes(b"{}")
    assert out_of_fold._read(table, {}, data) is None
    recipe = {"command": "train", "fold": "fold-1"}
    description.write_bytes(model_info.to_json(ModelInfo("cnn", ("a", "b"), (8, 8), recipe=recipe)))
    done = out_of_fold._read(table, recipe, data)
    assert done is not None
    assert [row.path for row in done.rows] == [row.path for row in rows]
    assert out_of_fold._read(table, {**recipe, "fold": "fold-2"}, data) is None
    assert out_of_fold._read(table, recipe, job.folds.data[1]) is None
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))  # a row is missing
    assert out_of_fold._read(table, recipe, data) is None

"""Models on LiteRT, and exported as ONNX, answer as plain Keras does; and what is wrong with a model is an error."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats.model_info import ModelInfo
from celebtool.inference import cache, conversion, members, predictor, runtime
from celebtool.inference.predictor import Predictor
from celebtool.nn import classifier
from celebtool.nn.classifier import Classifier
from celebtool.nn.exporting import onnx_model
from celebtool.training import calibration, ensembles
from tests.support import plain_keras
from tests.support.classifiers import images, tiny
from tests.support.exported import by_onnxruntime
from tests.support.models import write

NAMES = ("ann", "bob", "Zoë")
NETWORKS = {
    "cnn": ModelInfo("cnn", NAMES, (16, 24), dense=(4,), dropout=0.5),
    "mobilenetv2": ModelInfo("mobilenetv2", NAMES, (96, 96), dropout=0.2),
    "inceptionv3": ModelInfo("inceptionv3", NAMES, (75, 75), dense=(8,)),
    "densenet121": ModelInfo("densenet121", NAMES, (32, 32), dense=(8,), dropout=0.5),
    "resnet50": ModelInfo("resnet50", NAMES, (64, 64), dense=(8, 4)),
    "vgg16": ModelInfo("vgg16", NAMES, (32, 32)),
    "face-resnet29": ModelInfo("face-resnet29", NAMES, (150, 150)),
}


def answers(model: Predictor, size_to_images: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    networks = [runtime.load(graph) for graph in model.graphs]
    features = [network(size_to_images[size])[0] for network, size in zip(networks, model.sizes, strict=True)]
    return model.answer(features).probabilities


@pytest.mark.slow
def test_every_network_and_an_ensemble_answer_as_plain_keras_does(tmp_path: Path) -> None:
    made = {name: tiny(info) for name, info in NETWORKS.items()}
    for name, each in made.items():
        classifier.save(each, tmp_path / f"{name}.h5")
    trio = [classifier.model_file.read(tmp_path / f"{name}.h5") for name in ("cnn", "mobilenetv2", "densenet121")]
    info, arrays = ensembles.combine(trio, [0.5, 0.3, 0.2], {})
    made["ensemble"] = classifier.restore(info, arrays, tmp_path)
    classifier.save(made["ensemble"], tmp_path / "ensemble.h5")
    loaded = {name: predictor.load(tmp_path / f"{name}.h5") for name in made}
    conversion.prepare([graph for model in loaded.values() for graph in model.graphs])
    seen = {name: {size: images(size, 3) for size in model.sizes} for name, model in loaded.items()}
    inputs: dict[str, object] = {name: next(iter(seen[name].values())) for name in NETWORKS}
    inputs["ensemble"] = [seen["ensemble"][size] for size in info.inputs.values()]
    for name, expected in plain_keras.predict(tmp_path, inputs).items():
        got = answers(loaded[name], seen[name])
        np.testing.assert_allclose(got, expected, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(got.sum(axis=1), 1, atol=1e-12)
        named = {each: seen[name][size] for each, size in made[name].info.inputs.items()}
        exported = by_onnxruntime(onnx_model.of(made[name].model, made[name].info).SerializeToString(), **named)
        np.testing.assert_allclose(exported["probabilities"], expected, atol=1e-5, err_msg=name)
    member = loaded["ensemble"].graphs[1]
    assert member.name == loaded["mobilenetv2"].graphs[0].name  # the members of an ensemble are not converted again


def loaded(tmp_path: Path, **fields: object) -> Predictor:
    write(tmp_path / "m.h5", replace(predictor_info(), **fields))  # type: ignore[arg-type]
    return predictor.load(tmp_path / "m.h5")


def predictor_info() -> ModelInfo:
    from tests.support.models import INFO

    return INFO


def test_the_score_is_the_largest_probability_or_the_cosine_to_the_nearest_mean(tmp_path: Path) -> None:
    features = np.array([[1, 0, 0, 0], [0, 2, 0, 0]], np.float32)
    found = loaded(tmp_path).answer([features])
    np.testing.assert_allclose(found.scores, found.probabilities.max(axis=1))
    means = calibration.pack(np.eye(4)[:2])
    np.testing.assert_allclose(loaded(tmp_path, centroids=means).answer([features]).scores, [1, 1])


def test_what_no_network_gives_is_an_error(tmp_path: Path) -> None:
    model = loaded(tmp_path)
    with pytest.raises(CelebtoolError, match="NaN or Inf as a probability"):
        model.answer([np.full((1, 4), np.nan, np.float32)])
    with pytest.raises(CelebtoolError, match="reads 4 features where its network gives 5; expected a whole model"):
        model.answer([np.zeros((1, 5), np.float32)])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"class_names": ("a", "b", "c")}, "has not the arrays of a cnn"),
        ({"centroids": calibration.pack(np.eye(3)[:2])}, r"has means of shape \(2, 3\); expected \(2, 4\)"),
        ({"centroids": (*calibration.pack(np.eye(4)[:1]), "!")}, "has .* of its classes; expected a whole model"),
    ],
)
def test_a_description_that_the_arrays_do_not_bear_out(tmp_path: Path, fields: dict[str, object], problem: str) -> None:
    with pytest.raises(CelebtoolError, match=problem):
        loaded(tmp_path, **fields)


def test_the_graph_depends_on_the_arrays_and_not_on_the_head_or_the_name_of_the_file(tmp_path: Path) -> None:
    first = loaded(tmp_path)
    (member,) = first.members
    another = replace(member, kernel=member.kernel + 1)
    assert another.graph(Path("else.h5")).name == first.graphs[0].name
    changed = {array: values + 1 for array, values in member.arrays.items()}
    assert replace(member, arrays=changed).graph(tmp_path / "m.h5").name != first.graphs[0].name
    assert members.BUILDER.startswith("celebtool.nn.networks.")


@pytest.mark.slow
def test_a_model_that_changes_before_it_is_converted_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    info = ModelInfo("cnn", NAMES, (16, 16), dense=(4,))
    classifier.save(tiny(info), tmp_path / "m.h5")
    model = predictor.load(tmp_path / "m.h5")
    classifier.save(Classifier(tiny(replace(info, seed=2)).model, info), tmp_path / "m.h5")
    with pytest.raises(CelebtoolError, match="changed while the run was under way; run the command again"):
        conversion.prepare(model.graphs)

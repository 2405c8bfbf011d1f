"""A model as ONNX: what goes in, what comes out, and under which names."""

import keras
import numpy as np
import onnx
import pytest

from celebtool.architectures import LAST_LAYER
from celebtool.nn import classifier
from celebtool.nn.exporting import onnx_model
from celebtool.training import calibration
from tests.support.classifiers import INFO, SIZE, images
from tests.support.exported import by_onnxruntime, with_points


def shapes(values: object) -> dict[str, list[int | str]]:
    return {each.name: [d.dim_param or d.dim_value for d in each.type.tensor_type.shape.dim] for each in values}  # type: ignore[attr-defined]


@pytest.mark.parametrize("strangers", [0, 40])
def test_the_score_is_the_cosine_that_predict_computes(strangers: int) -> None:
    made = with_points(INFO, strangers)
    content = onnx_model.of(made.model, made.info).SerializeToString()
    batch = images(SIZE, 30)
    found = by_onnxruntime(content, image=batch)
    inner = keras.Model(made.model.inputs, made.model.get_layer(LAST_LAYER).input)
    features = inner(batch.astype(np.float32), training=False).numpy().astype(np.float64)
    means, rejected = (
        calibration.unpack(each) if each else np.empty((0, 4)) for each in (made.info.centroids, made.info.strangers)
    )
    expected = calibration.scores(features, means, rejected)
    np.testing.assert_allclose(found["score"], expected, atol=5e-6)  # in float32 instead of float64
    assert (expected < 0).any() == bool(strangers)  # both cases of the rule are there
    np.testing.assert_allclose(found["embedding"], calibration.unit(features), atol=5e-6)
    expected = classifier.probabilities(made, {SIZE: batch})
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-6)


def test_names_and_shapes_are_those_of_the_description() -> None:
    made = with_points(INFO)
    graph = onnx_model.of(made.model, made.info).graph
    assert shapes(graph.input) == {"image": ["n", 16, 16, 3]}
    assert graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert shapes(graph.output) == {"probabilities": ["n", 3], "score": ["n"], "embedding": ["n", 4]}

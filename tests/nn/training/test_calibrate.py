from dataclasses import replace

import keras
import numpy as np
import pytest

from celebtool.architectures import LAST_LAYER
from celebtool.nn.training.batches import Batches
from celebtool.nn.training.calibrate import Scoring, calibrate
from celebtool.training import calibration

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(4, 6))


def near(class_ids: np.ndarray, spread: float = 0.6) -> Batches:
    """Points around the classes' centres."""
    points = (CENTRES[class_ids] + spread * RNG.normal(size=(len(class_ids), 6))).astype("float32")
    return Batches([points], class_ids, 4, np.ones(len(class_ids), np.float32), 32, 0)


def strange(count: int) -> Batches:
    """Points anywhere."""
    points = (3 * RNG.normal(size=(count, 6))).astype("float32")
    return replace(near(np.zeros(count, int)), inputs=[points])


def network(hidden: bool) -> keras.Model:
    """A linear classifier, ten times too sure of itself, behind a layer that leaves things as they are."""
    inputs = keras.Input((6,))
    x = keras.layers.Dense(6, use_bias=False, kernel_initializer="identity")(inputs) if hidden else inputs
    last = keras.layers.Dense(4, activation="softmax", name=LAST_LAYER)
    model = keras.Model(inputs, last(x))
    last.set_weights([(10 * CENTRES.T).astype("float32"), (-5 * (CENTRES**2).sum(axis=1)).astype("float32")])
    return model


def loss(model: keras.Model, batches: Batches) -> float:
    probabilities = np.asarray(model(batches.inputs[0]))
    return float(-np.log(probabilities[np.arange(len(probabilities)), batches.class_ids] + 1e-12).mean())


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("by_distance", [False, True])
def test_the_temperature_is_in_the_last_layer_and_few_strangers_pass(hidden: bool, by_distance: bool) -> None:
    model, train, val = network(hidden), near(np.arange(200) % 4), near(np.arange(400) % 4)
    before, decisions = loss(model, val), np.asarray(model(val.inputs[0])).argmax(axis=1)
    found = calibrate(model, train, val, None, Scoring(by_distance, 0.05))
    assert found.temperature > 2
    assert loss(model, val) < before
    assert np.array_equal(np.asarray(model(val.inputs[0])).argmax(axis=1), decisions)
    assert bool(found.centroids) == by_distance
    strangers = strange(500)
    told = calibrate(network(hidden), train, val, strangers, Scoring(by_distance, 0.05))
    assert told.acceptance.basis == "strangers"
    assert told.acceptance.false_accepts == pytest.approx(0.05, abs=0.001)
    if by_distance:
        means = calibration.unpack(told.centroids)
        scores = calibration.cosines(strangers.inputs[0].astype(float), means).max(axis=1)
        assert (scores >= told.threshold).mean() == pytest.approx(0.05, abs=0.001)


def test_without_val_nothing_is_calibrated() -> None:
    found = calibrate(network(hidden=False), near(np.arange(8) % 4), None, None, Scoring(by_distance=False))
    assert (found.temperature, found.threshold, found.centroids) == (1.0, None, ())
    assert found.acceptance.basis == "nothing"


@pytest.mark.parametrize(("hidden", "embedding"), [(True, "some"), (False, "")])
def test_images_that_were_learnt_from_set_no_threshold(hidden: bool, embedding: str) -> None:
    found = calibrate(
        network(hidden), near(np.arange(8) % 4), None, None, Scoring(by_distance=True, embedding=embedding)
    )
    assert (found.threshold, found.acceptance.basis, len(found.centroids)) == (None, "nothing", 4)


def test_an_embedding_as_it_came_needs_no_val() -> None:
    train = near(np.arange(200) % 4)
    found = calibrate(network(hidden=False), train, None, None, Scoring(by_distance=True, embedding="some"))
    assert (found.acceptance.basis, found.acceptance.in_val) == ("own faces", 0)
    assert found.acceptance.accepted >= 0.9
    cosines = calibration.cosines(train.inputs[0].astype(float), calibration.unpack(found.centroids))
    right = cosines.argmax(axis=1) == train.class_ids
    assert (cosines.max(axis=1)[right] >= found.threshold).mean() >= 0.9

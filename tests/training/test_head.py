"""The head that is solved again: as if it had been trained on everybody at once."""

from dataclasses import replace

import numpy as np
import pytest

from celebtool.formats.model_info import Array, ModelInfo
from celebtool.training import calibration, enrolment, head, logistic
from celebtool.training.enrolment import Method, People, Person
from tests.support import people as faces

ARRAYS = {
    Array("embedding", "embedding/kernel", (2, 128)): np.ones((2, 128), "f4"),
    Array("head_probabilities", "head_probabilities/kernel", (128, 2)): np.zeros((128, 2), "f4"),
    Array("head_probabilities", "head_probabilities/bias", (2,)): np.zeros(2, "f4"),
}
INFO = ModelInfo(
    "face-sface", ("x", "y"), (124, 124), l2=1e-4, temperature=2.0, metrics={"val_accuracy": 1.0}, origins=("0ld",)
)


def people(solver: str = "mean", **fields: object) -> People:
    rng = {name: range(count) for name, count in (("bob", 4), ("ann", 9), ("cay", 3))}
    known = {
        name: Person({f"{name}{i}": faces.face(n).astype("f4") for i in numbers}, frozenset({name}))
        for n, (name, numbers) in enumerate(rng.items())
    }
    return People(known, Person(), replace(Method(solver, False, None, True), **fields))


def test_the_head_and_the_means_are_those_of_all_embeddings() -> None:
    info, arrays, embeddings = head.solved(INFO, ARRAYS, people())
    assert info.class_names == ("ann", "bob", "cay")
    kernel, bias = logistic.nearest_mean(embeddings, np.repeat([0, 1, 2], [9, 4, 3]))
    (unchanged, first), (kernel_array, second), (bias_array, third) = arrays.items()
    assert unchanged == next(iter(ARRAYS))
    np.testing.assert_array_equal(first, np.ones((2, 128)))
    assert (kernel_array.shape, bias_array.shape) == ((128, 3), (3,))
    np.testing.assert_allclose(second, kernel / 2, rtol=1e-6)
    np.testing.assert_allclose(third, bias / 2)
    means = calibration.unpack(info.centroids)
    assert (
        calibration.cosines(embeddings.astype(np.float64), means).argmax(axis=1) == np.repeat([0, 1, 2], [9, 4, 3])
    ).all()
    assert 0.2 < info.threshold < 0.9
    assert (info.acceptance.people, info.acceptance.known, info.acceptance.in_val) == (3, 16, 0)


def test_nothing_of_the_model_before_is_left_but_its_network() -> None:
    info, _, _ = head.solved(INFO, ARRAYS, people())
    assert (info.metrics, info.history, info.recipe) == ({}, (), {})
    assert (info.origins, info.temperature, info.l2) == (("ann", "bob", "cay"), 2.0, 1e-4)


def test_a_logistic_regression_is_solved_as_one() -> None:
    _, arrays, embeddings = head.solved(INFO, ARRAYS, people("lbfgs", class_weights=True))
    ids = np.repeat([0, 1, 2], [9, 4, 3])
    weights = (16 / (3 * np.array([9, 4, 3])))[ids].astype("f4")
    kernel, bias, _ = logistic.solve(embeddings, ids, weights, 1e-4)
    np.testing.assert_allclose(list(arrays.values())[1], kernel / 2, rtol=1e-5)
    np.testing.assert_allclose(list(arrays.values())[2], bias / 2, rtol=1e-5)


def test_the_order_in_which_people_came_does_not_matter() -> None:
    whole = people()
    cay = whole.known["cay"]
    less = enrolment.without(whole, ["cay"], "")
    again = enrolment.added(less, {"cay": cay}, Person())
    first, second = (head.solved(INFO, ARRAYS, each) for each in (whole, again))
    assert first[0] == second[0]
    for one, other in zip(first[1].values(), second[1].values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_share_of_strangers_is_as_the_user_asked() -> None:
    strict, loose = (head.solved(INFO, ARRAYS, people(false_accept=share))[0] for share in (1e-4, 0.1))
    assert (strict.acceptance.asked, strict.acceptance.insisted) == (1e-4, True)
    assert strict.threshold > loose.threshold


@pytest.mark.parametrize(("count", "basis"), [(99, "own faces"), (100, "strangers")])
def test_many_remembered_strangers_set_the_threshold_and_few_do_not(count: int, basis: str) -> None:
    images = {f"s{i:03d}": faces.face(50 + i).astype("f4") for i in range(count)}
    assert head.solved(INFO, ARRAYS, replace(people(), strangers=Person(images)))[0].acceptance.basis == basis

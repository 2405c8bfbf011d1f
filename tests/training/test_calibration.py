import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celebtool.training import calibration


@pytest.mark.parametrize("true", [0.25, 1.0, 4.0])
def test_temperature_finds_what_logits_were_multiplied_with(true: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 5)) * 2
    uniform = rng.random((20_000, 1))
    class_ids = (calibration.softmax(logits).cumsum(axis=1) < uniform).sum(axis=1)
    assert calibration.temperature(logits * true, class_ids) == pytest.approx(true, rel=0.05)


def test_images_that_are_all_right_do_not_make_a_network_certain() -> None:
    class_ids = np.arange(98) % 2
    logits = 3.0 * np.eye(2)[class_ids]
    heat = calibration.temperature(logits, class_ids)
    assert calibration.softmax(logits / heat).max() == pytest.approx(0.99, abs=1e-3)


def test_softmax_leaves_out_what_is_minus_infinity() -> None:
    assert calibration.softmax(np.array([[0.0, 0.0, -np.inf]])).tolist() == [[0.5, 0.5, 0.0]]


def test_means_have_length_one_whatever_the_features_length() -> None:
    features = np.array([[2.0, 0], [1, 0], [0, 5]])
    means = calibration.centroids(features, np.array([0, 0, 1]), 2)
    assert means.tolist() == [[1, 0], [0, 1]]
    assert calibration.cosines(np.array([[3.0, 4]]), means) == pytest.approx(np.array([[0.6, 0.8]]))
    assert calibration.class_means(features, np.array([0, 0, 1]), 2).tolist() == [[1, 0], [0, 1]]
    assert np.linalg.norm(calibration.class_means(np.eye(2), np.zeros(2, int), 1)) == pytest.approx(0.5**0.5)
    assert calibration.without_own(np.array([[0.6, 0.8]]), np.array([1])).tolist() == [[0.6, -np.inf]]


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=300).map(np.array),
    st.floats(0, 1),
)
def test_no_more_strangers_pass_than_may(scores: np.ndarray, false_accept: float) -> None:
    limit = calibration.threshold(scores, false_accept)
    assert (scores >= limit).mean() <= false_accept + 1e-9
    lower = np.nextafter(limit, -np.inf)
    assert false_accept >= 1 or (scores >= lower).mean() > false_accept - 1e-9


def test_packed_means_come_back() -> None:
    means = np.random.default_rng(0).normal(size=(3, 8))
    back = calibration.unpack(calibration.pack(means))
    assert back == pytest.approx(means, rel=1e-6)


@pytest.mark.parametrize("texts", [("AACAPw==", "AACAPwAAgD8="), ("AACAPw==", "AADAfw=="), ("AACAPw==", "x")])
def test_what_is_not_packed_means(texts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"means|base64|Incorrect|Invalid|Non-base64|Only base64"):
        calibration.unpack(texts)


def test_a_face_that_is_nearer_to_a_remembered_stranger_reaches_no_threshold() -> None:
    means = np.array([[1.0, 0, 0], [0, 1, 0]])
    strangers = np.array([[0.6, 0, 0.8]])
    features = np.array([[2.0, 0, 0], [0, 0, 3], [0.6, 0, 0.8], [0, 1, 0.1]])
    own = [1, 0, 0.6, 1 / np.sqrt(1.01)]
    assert calibration.scores(features, means, np.zeros((0, 3))) == pytest.approx(np.array(own))
    assert calibration.scores(features, means, strangers) == pytest.approx(np.array([1, -0.8, -1, own[3]]))

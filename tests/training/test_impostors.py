import numpy as np
import pytest
from scipy import stats

from celebtool import architectures
from celebtool.training import impostors
from celebtool.training.impostors import Impostors, Prior

PRIOR = Prior("cosine", 0.1, 0.004, 0.004, 4, 30)


def faces(classes: int, images: int = 20, location: float = 0.1, scale: float = 0.08) -> np.ndarray:
    """Average cosines of images to the classes, their own unknown."""
    values = np.random.default_rng(0).normal(location, scale, (classes * images, classes))
    values[np.arange(len(values)), np.repeat(np.arange(classes), images)] = np.nan
    return values


def test_the_share_is_that_of_the_highest_of_independent_scores() -> None:
    known = Impostors(0.1, 0.08, 1e9, 1e9, (0.8, 0.5))
    expected = 1 - stats.norm.cdf((0.5 * 0.8 - 0.1) / 0.08) * stats.norm.cdf((0.5 * 0.5 - 0.1) / 0.08)
    assert known.false_accepts(0.5) == pytest.approx(expected)
    assert known.false_accepts(2.0) < 1e-9
    assert known.false_accepts(-2.0) == pytest.approx(1)


@pytest.mark.parametrize("share", [1e-4, 0.01, 0.3])
@pytest.mark.parametrize("axis", ["cosine", "log distance", "probability"])
def test_a_threshold_lets_the_share_pass_that_it_is_for(share: float, axis: impostors.Axis) -> None:
    known = Impostors(0.1, 0.08, 12, 9, (0.8, 0.5) if axis == "cosine" else (1.0,), axis)
    assert known.false_accepts(known.threshold(share)) == pytest.approx(share, rel=1e-3)
    low, high = known.likely(known.threshold(share))
    assert low < share < high


def test_a_share_of_one_lets_everybody_pass() -> None:
    assert Impostors(0.1, 0.08, 12, 9, (0.8, 0.5)).threshold(1) == -1
    assert Impostors(0.1, 0.08, 12, 9, (1.0,), "probability").threshold(1) == 0


def test_a_wrong_label_hardly_moves_the_estimate() -> None:
    lengths, photos = np.full(5, 0.7), np.full(5, 20.0)
    values = faces(5)
    plain = impostors.of_distances(values, lengths, photos, PRIOR).threshold(0.01)
    values[:4, 1] = 0.9  # four of a hundred images are of another class than they say
    moved = impostors.of_distances(values, lengths, photos, PRIOR).threshold(0.01)
    assert abs(moved - plain) < 0.02


def test_many_people_outweigh_what_is_known_from_others_and_few_do_not() -> None:
    far = 0.5

    def location(classes: int) -> float:
        return impostors.of_distances(
            faces(classes, location=far), np.ones(classes), np.full(classes, 20.0), PRIOR
        ).location

    assert location(3) < 0.3
    assert location(30) == pytest.approx(far, abs=0.02)
    alone = impostors.of_distances(faces(3, location=far), np.ones(3), np.full(3, 20.0), None)
    assert alone.location == pytest.approx(far, abs=0.02)
    assert (alone.freedom, alone.weight) == (3, 3)


def test_a_mean_far_from_other_peoples_does_not_widen_the_spread() -> None:
    near, far = (
        impostors.of_distances(faces(5, location=location), np.ones(5), np.full(5, 20.0), PRIOR)
        for location in (PRIOR.location, PRIOR.location + 0.4)
    )
    assert far.scale == pytest.approx(near.scale, rel=1e-6)
    assert far.location > near.location + 0.1


def test_the_range_holds_19_of_20_sets_of_people() -> None:
    rng = np.random.default_rng(0)
    pairs = 20  # as many as the location and the scale rest on
    held = []
    for _ in range(400):
        seen = rng.normal(0, 1, pairs)
        known = Impostors(float(seen.mean()), float(seen.std(ddof=1)), pairs - 1, pairs, (1.0,))
        low, high = known.likely(2.0)
        held.append(low <= 0.02275 <= high)  # the share of a normal distribution beyond two standard deviations
    assert 0.92 <= np.mean(held) <= 0.98


def test_few_people_make_a_wide_range() -> None:
    def width(classes: int) -> float:
        known = impostors.of_distances(faces(classes), np.ones(classes), np.full(classes, 20.0), None)
        low, high = known.likely(known.threshold(0.01))
        return high / low

    assert width(4) > 5 * width(20)


def test_probabilities_are_counted_by_their_logits() -> None:
    values = np.random.default_rng(0).normal(-1, 1, 2000)
    known = impostors.of_highest(1 / (1 + np.exp(-values)), 2000, "probability")
    assert (known.location, known.scale) == pytest.approx((-1, 1), abs=0.08)
    assert known.false_accepts(0.5) == pytest.approx((values > 0).mean(), abs=0.02)
    certain = impostors.of_highest(np.ones(5), 5, "probability")
    assert np.isfinite([certain.location, certain.scale]).all()


@pytest.mark.parametrize("name", list(impostors.PRIORS))
def test_priors_are_of_architectures(name: str) -> None:
    prior = impostors.PRIORS[name]
    assert 0 < prior.variance + prior.photo_variance < 0.1
    assert name in architectures.ARCHITECTURES


def test_a_share_that_no_cosine_keeps_out_has_no_threshold() -> None:
    assert Impostors(0.95, 0.2, 50, 50, (1.0,)).threshold(1e-6) > 1
    near = Impostors(impostors.on_axis(np.array([0.9]), "log distance").item(), 0.2, 50, 50, (1.0,), "log distance")
    assert 0.9 < near.threshold(0.01) < 1


@pytest.mark.parametrize(("location", "scale", "beyond"), [(30.0, 20.0, True), (0.0, 20.0, True), (0.0, 1.0, False)])
def test_probabilities_that_are_all_nearly_1_have_no_threshold(location: float, scale: float, beyond: bool) -> None:
    assert (Impostors(location, scale, 4.0, 2.0, (1.0,), "probability").threshold(0.01) > 1) == beyond

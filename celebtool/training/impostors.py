"""How strangers score against a model's classes, estimated without a stranger.

A class is the mean of n unit embeddings. What an embedding scores against it, times the mean's length, is its average
cosine to n photos. Over strangers these averages are close to a normal distribution (kurtosis 2.7 to 3.1 with SFace on three
sets of people), whose mean and spread differ little from one set of people to another. So they are estimated from
all faces of the model against all classes but their own, with the median and the deciles (a wrong label moves neither), and
drawn towards what other people's faces have shown (`Prior`): the mean by a normal prior, the variance by an inverse-gamma
prior. Each pair of classes counts as one observation, since photos of one pair of people are not independent. The two
priors are independent: a mean far from other people's does not make the variance larger. A stranger passes when the highest
of his scores reaches the threshold; the scores for the classes are taken as independent, which errs to the safe side. dlib's cosines lie near 1; they are
distributed so after a logarithm of the distance to 1, and probabilities of other networks after the logit.

Source: A. Gelman et al., Bayesian Data Analysis, 3rd edition, sections 3.3 and 5.4 (normal data, predictive distribution Student's
t; priors of mean and variance independent).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Floats = NDArray[np.float64]

_DECILES = (0.1, 0.5, 0.9)
_DECILE_RANGE = 2.5631031310892007
"""From the first decile of a normal distribution to the ninth, in standard deviations."""
_LEAST_SCALE = 1e-3
_LEAST = 1e-9
"""The least distance of a score from where its axis has no end."""
_BEYOND = 2.0  # more than any cosine

Axis = Literal["cosine", "log distance", "probability"]
LOWEST: dict[Axis, float] = {"cosine": -1.0, "log distance": -1.0, "probability": 0.0}
"""The score that everybody reaches."""
_DRAWS = 400
_CERTAIN = 1 - 1e-12
_RANGE = (0.025, 0.975)


@dataclass(frozen=True)
class Prior:
    """What is known of a network's scores from people who are in no model.

    Args:
        axis: on which axis scores are distributed normally.
        location: the mean over photos of different people.
        variance, photo_variance: the variance of what a photo scores against n photos of another person is
            `variance + photo_variance / n`.
        location_weight, scale_weight: how many pairs of people it counts for, chosen by leaving out one set of people at a
            time (`benchmarks/priors.py`).
    """

    axis: Axis
    location: float
    variance: float
    photo_variance: float
    location_weight: float
    scale_weight: float


PRIORS = {
    "face-sface": Prior("cosine", 0.102, 0.0057, 0.0030, 6, 40),
    "face-resnet29": Prior("log distance", 1.893, 0.045, 0.013, 1, 30),
}
"""By architecture; learnt on film stars, sports people and cricketers (39 people), face-sface also on 40 people of AT&T."""


@dataclass(frozen=True)
class Impostors:
    """The distribution of strangers' scores, before the highest of a stranger's is taken.

    Args:
        location, scale, freedom: of Student's t.
        weight: how many pairs of classes the location rests on.
        lengths: (classes,) what a score is multiplied with; one for a score that is the highest already.
        axis: on which axis they are distributed so.
    """

    location: float
    scale: float
    freedom: float
    weight: float
    lengths: tuple[float, ...]
    axis: Axis = "cosine"

    def false_accepts(self, threshold: float) -> float:
        """Return the share of strangers that reaches a threshold."""
        spread = self.scale * np.sqrt(1 + 1 / self.weight)
        return float(_any(special.stdtr(self.freedom, -self._standard(threshold, self.location, spread))))

    def likely(self, threshold: float) -> tuple[float, float]:
        """Return the 95 % interval of that share, from draws of location and scale: the fewer pairs, the wider."""
        rng = np.random.default_rng(0)
        scales = self.scale * np.sqrt(self.freedom / rng.chisquare(self.freedom, _DRAWS))
        locations = self.location + scales * rng.normal(size=_DRAWS) / np.sqrt(self.weight)
        beyond = special.ndtr([-self._standard(threshold, *each) for each in zip(locations, scales, strict=True)])
        low, high = np.quantile(_any(beyond), _RANGE)
        return float(low), float(high)

    def threshold(self, share: float) -> float:
        """Return the score that this share of strangers reaches; more than 1 where no score is high enough."""
        if share >= 1:
            return LOWEST[self.axis]
        wanted = max(share, 1e-6)
        if self.axis == "probability":
            low, high = self.location - 1e3 * self.scale, self.location + 1e6 * self.scale
            if self.false_accepts(float(special.expit(high))) >= wanted:  # probabilities end at 1
                return _BEYOND
            if self.false_accepts(float(special.expit(low))) <= wanted:
                return LOWEST[self.axis]
            found = optimize.brentq(lambda value: self.false_accepts(special.expit(value)) - wanted, low, high)
            return float(special.expit(found))
        if self.false_accepts(_BEYOND) >= wanted:
            return _BEYOND
        return float(optimize.brentq(lambda value: self.false_accepts(value) - wanted, -_BEYOND, _BEYOND, xtol=1e-9))

    def _standard(self, threshold: float, location: float, spread: float) -> Floats:
        return np.asarray((on_axis(threshold * np.array(self.lengths), self.axis) - location) / spread)


def of_distances(values: Floats, lengths: Floats, photos: Floats, prior: Prior | None) -> Impostors:
    """Estimate from cosines to class means.

    Args:
        values: (n, classes) the average cosine of each face to the photos of each class; NaN for its own.
        lengths: (classes,) the length of each class's mean of unit embeddings.
        photos: (classes,) how many photos that is the mean of.
        prior: what is known of the network; None: nothing.
    """
    axis: Axis = "cosine" if prior is None else prior.axis
    location, scale = robust(on_axis(values[np.isfinite(values)], axis))
    if prior is None:
        pairs = _pairs(lengths)
        return Impostors(location, scale, pairs, pairs, tuple(lengths), axis)
    return posterior(location, scale, lengths, photos, prior)


def posterior(location: float, scale: float, lengths: Floats, photos: Floats, prior: Prior) -> Impostors:
    """Draw the location and scale that a model's own faces show towards those of other people.

    Args:
        location: of what faces score against other people's classes, on the prior's axis.
        scale: of the same.
        lengths: (classes,), as for `of_distances`.
        photos: (classes,), the same.
        prior: what is known of the network.
    """
    pairs = _pairs(lengths)
    variance = prior.variance + prior.photo_variance * float((1 / photos).mean())
    weight, freedom = prior.location_weight + pairs, prior.scale_weight + pairs
    spread = (prior.scale_weight * variance + pairs * scale**2) / freedom
    middle = (prior.location_weight * prior.location + pairs * location) / weight
    return Impostors(middle, float(np.sqrt(spread)), freedom, weight, tuple(lengths), prior.axis)


def of_highest(scores: Floats, count: float, axis: Axis) -> Impostors:
    """Estimate from the highest score (n,) of each of some faces, which count as so many independent ones."""
    location, scale = robust(on_axis(scores, axis))
    return Impostors(location, scale, max(count - 1, 1), max(count, 1), (1.0,), axis)


def on_axis(scores: Floats, axis: Axis) -> Floats:
    """Return scores as they are distributed normally."""
    if axis == "probability":
        return np.asarray(special.logit(np.clip(scores, _LEAST, 1 - _LEAST)))
    if axis == "log distance":
        return np.asarray(-np.log(np.maximum(1 - scores, _LEAST)))
    return scores


def robust(values: Floats) -> tuple[float, float]:
    """Return the median, and the standard deviation of a normal distribution with these deciles."""
    low, middle, high = np.quantile(values, _DECILES)
    return float(middle), max(float(high - low) / _DECILE_RANGE, _LEAST_SCALE)


def _any(chances: NDArray[np.floating]) -> Floats:
    """Return the chance that any of some independent events (…, n) happens; exact for small ones."""
    return np.asarray(-np.expm1(np.log1p(-np.minimum(chances, _CERTAIN)).sum(axis=-1)))


def _pairs(lengths: Floats) -> float:
    """Return how many pairs of classes there are."""
    return len(lengths) * (len(lengths) - 1) / 2

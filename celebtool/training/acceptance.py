"""Where the threshold for strangers is set, and what is said about it.

It is the score that the share of strangers asked for reaches (`celebtool.training.impostors`), but never one that rejects more
than a tenth of the known faces that are named rightly, unless the user insists. If even then too many strangers would
pass, the scores cannot tell strangers apart, and there is no threshold.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from celebtool.architectures import DEFAULT
from celebtool.evaluation.intervals import exact
from celebtool.formats.acceptance import Acceptance, Basis
from celebtool.formats.model_info import ModelInfo
from celebtool.training import calibration, impostors
from celebtool.training.impostors import Axis, Impostors

Floats = NDArray[np.float64]

FALSE_ACCEPT = 0.01
"""The share of strangers that may pass where the user names none."""
REJECTED = 0.1
"""The share of rightly named known faces that may be rejected for it."""
USELESS = 0.25
"""From this share of strangers on a threshold that known faces pass is none."""
MEASURABLE = 10
"""So many faces show what a tenth of them is."""
FEW = 5
"""So many times the share asked for passes at the most for the sake of fewer faces than that."""
_ROUNDING = 1e-5  # `predict` may compute a score in batches of another size


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True)
class Evidence:
    """What is known when a threshold is set; scores of faces that nothing was learnt from.

    Args:
        people: how many classes there are.
        val, train: the scores of known faces that are named rightly: of val, and of train each without itself.
        strangers: the scores of val/unknown/.
        impostors: how strangers would score; None: not known.
        axis: what scores are.
        pretrained: whether they are of a network that is known to tell strangers apart.
    """

    people: int
    val: Floats = field(default_factory=_none)
    train: Floats = field(default_factory=_none)
    strangers: Floats = field(default_factory=_none)
    impostors: Impostors | None = None
    axis: Axis = "cosine"
    pretrained: bool = False

    @property
    def known(self) -> Floats:
        """All scores of known faces."""
        return np.concatenate([self.val, self.train])

    @property
    def basis(self) -> Basis:
        """What the share of strangers is estimated from."""
        if len(self.strangers):
            return "strangers"
        if self.impostors is None:
            return "nothing"
        return "own faces" if len(self.known) else "other people's faces"


def decide(evidence: Evidence, false_accept: float | None) -> tuple[float | None, Acceptance]:
    """Return the threshold, None if there is none worth having, and what may be expected of it.

    Args:
        evidence: what is known.
        false_accept: the share of strangers that the user insists on; None: `FALSE_ACCEPT` if the known faces allow it.
    """
    asked = FALSE_ACCEPT if false_accept is None else false_accept
    known = evidence.known
    found = Acceptance(
        asked=asked,
        insisted=false_accept is not None or len(evidence.strangers) > 0,
        basis=evidence.basis,
        people=evidence.people,
        known=len(known),
        in_val=len(evidence.val),
        strangers=len(evidence.strangers),
    )
    limit = _wanted(evidence, asked)
    if limit is None:
        return None, found
    if not found.insisted:
        limit = min(limit, max(_most(evidence), _least(evidence, asked)))
    value, low, high = _passing(evidence, asked, limit)
    found = replace(found, false_accepts=value, low=low, high=high)
    if limit > 1 or (value > USELESS and not found.insisted and not evidence.pretrained):
        return None, found
    return limit, replace(found, accepted=float((known >= limit).mean()) if len(known) else None)


def _wanted(evidence: Evidence, asked: float) -> float | None:
    """Return the score that the share asked for reaches."""
    if _shows(evidence.strangers, asked):
        return calibration.threshold(evidence.strangers, asked)
    spread = _spread(evidence)
    return None if spread is None else spread.threshold(asked)


def _passing(evidence: Evidence, asked: float, limit: float) -> tuple[float, float, float]:
    """Return the share of strangers expected to pass, and a range that likely holds it."""
    if _shows(evidence.strangers, asked):
        share = exact(int((evidence.strangers >= limit).sum()), len(evidence.strangers))
        return share.value, share.low, share.high
    spread = _spread(evidence)
    return (1.0, 0.0, 1.0) if spread is None else (spread.false_accepts(limit), *spread.likely(limit))


def _spread(evidence: Evidence) -> Impostors | None:
    """Return how strangers score: those that there are, if there are any; too few for a share are extrapolated."""
    if not len(evidence.strangers):
        return evidence.impostors
    return impostors.of_highest(evidence.strangers, len(evidence.strangers), evidence.axis)


def _shows(strangers: Floats, share: float) -> bool:
    """Whether there are enough strangers for one of them to be no more than the share."""
    return len(strangers) > 0 and len(strangers) * share >= 1 - 1e-9


def _most(evidence: Evidence) -> float:
    """Return the highest threshold that rejects few enough known faces, of val too if it shows how many that is."""
    groups = [evidence.known] + ([evidence.val] if len(evidence.val) >= 2 * MEASURABLE else [])
    return min((_tenth(group, evidence) for group in groups if len(group)), default=np.inf) - _ROUNDING


def _least(evidence: Evidence, asked: float) -> float:
    """Return how far few known faces may lower the threshold: they could be untypical, all of them."""
    if len(evidence.known) >= MEASURABLE or evidence.impostors is None or not evidence.pretrained:
        return -np.inf
    return evidence.impostors.threshold(min(FEW * asked, 1))


def _tenth(scores: Floats, evidence: Evidence) -> float:
    """Return the score that a tenth does not reach.

    Of few faces a pretrained network's upper half shows it, which one bad photo does not move; others must accept all.
    """
    if len(scores) >= MEASURABLE or not evidence.pretrained:
        return float(np.sort(scores)[int(REJECTED * len(scores))])
    middle, high = np.quantile(scores, (0.5, 0.75))
    return float(middle - (high - middle) * special.ndtri(REJECTED) / special.ndtri(0.25))


def expected(info: ModelInfo) -> list[str]:
    """Return what a model's threshold does to both sides: ``accepts 96 % of …; about 2 % of strangers would pass``."""
    found = info.acceptance
    if info.threshold is None or found is None or found.false_accepts is None:
        return []
    known = "" if found.accepted is None else f"accepts {percent(found.accepted)} of {_faces(found)}; "
    likely = "" if found.low is None or found.high is None else f" (likely {_range(found.low, found.high)})"
    passing = f"about {percent(found.false_accepts)} of strangers would pass{likely}"
    few = f"{found.people} people are few to estimate strangers from; photos of strangers in unknown/ make the threshold surer"
    is_rough = not found.strangers and (found.high or 0) > 4 * max(found.false_accepts, found.asked)
    return [f"threshold {info.threshold:.3g}: {known}{passing}", *([few] if is_rough else [])]


def doubts(info: ModelInfo) -> list[str]:
    """Return why a model has no threshold, or what is wrong with the one that it has."""
    found = info.acceptance
    if found is None:
        return []
    if info.threshold is None:
        return [f"{_missing(found)}; so strangers get a name, too"]
    said = []
    if found.basis == "other people's faces":
        said.append(
            "the threshold rests on other people's faces: one photo a person does not show how alike photos are"
        )
    if not found.insisted and (found.false_accepts or 0) > found.asked * 1.1:
        cost = (
            f"to let {percent(found.asked)} of strangers pass would reject more than {percent(REJECTED)} of your faces"
        )
        said.append(f"{cost}; `--false-accept {found.asked:g}` insists on it")
    if found.insisted and found.accepted is not None and found.accepted < 1 - REJECTED:
        said.append(
            f"the threshold rejects {percent(1 - found.accepted)} of your faces; a larger --false-accept rejects fewer"
        )
    return said


def percent(share: float) -> str:
    """Return a share in per cent with the digits that matter: ``0.04 %``, ``1.5 %``, ``96 %``, ``99.6 %``."""
    value = 100 * share
    if 0 < value < 0.01:
        return "less than 0.01 %"
    digits = 1 if 99 < value < 99.95 else 0 if value >= 10 else 1 if value >= 1 else 2
    text = f"{value:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def _range(low: float, high: float) -> str:
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def _faces(found: Acceptance) -> str:
    if found.known == found.in_val:
        return f"your {found.known} val faces that are named rightly"
    if not found.in_val:
        return f"your {found.known} training faces, each measured without itself"
    return f"your {found.known} faces ({found.in_val} of val; those of train, each measured without itself)"


def _missing(found: Acceptance) -> str:
    insisted = ", and --false-accept has no effect" if found.insisted else ""
    if found.false_accepts is None:
        return f"no threshold for strangers can be set without val/ images{insisted}; divide the images with `celebtool split`"
    if found.insisted:
        return (
            f"no threshold keeps strangers out: photos of different people here are as alike as photos of one{insisted}"
        )
    passing = f"one that accepts {percent(1 - REJECTED)} of your faces would let about {percent(found.false_accepts)} of strangers pass"
    instead = f"--arch {DEFAULT} tells strangers apart, --false-accept {found.asked:g} sets one all the same"
    return f"no threshold is set: {passing} ({instead})"

"""What the threshold of a model was set by, and what to expect of it: a part of the model's description."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from celebtool.formats.json_checks import flag, number, one_of, optional, record, whole

Basis = Literal["strangers", "own faces", "other people's faces", "nothing"]
_COUNT = whole(0, 2**31)
_SHARE = optional(number(0, 1))


@dataclass(frozen=True)
class Acceptance:
    """How many of the known are accepted, and how many strangers are expected to pass."""

    asked: Annotated[float, number(0, 1)]
    """The share of strangers that may pass."""
    insisted: Annotated[bool, flag]
    """Whether that share goes before the known faces: by `--false-accept`, or by images in val/unknown/."""
    basis: Annotated[Basis, one_of(*get_args(Basis))]
    """What the share is estimated from: images of strangers; the model's own faces, each as a stranger to the other
    classes; one photo a person and what other people's faces showed of the network; or nothing."""
    people: Annotated[int, _COUNT]
    """How many classes there are."""
    known: Annotated[int, _COUNT] = 0
    """How many faces of the classes, named rightly and not learnt from, show what is accepted."""
    in_val: Annotated[int, _COUNT] = 0
    """How many of those are of val; the others are training images, each measured without itself."""
    accepted: Annotated[float | None, _SHARE] = None
    """The share of the known that is accepted; None without any, or without a threshold."""
    strangers: Annotated[int, _COUNT] = 0
    """How many images of strangers there were."""
    false_accepts: Annotated[float | None, _SHARE] = None
    """The share of strangers expected to pass; without a threshold, that would pass one for the known."""
    low: Annotated[float | None, _SHARE] = None
    """From `low` to `high` the share likely lies."""
    high: Annotated[float | None, _SHARE] = None


check_acceptance = record(Acceptance)
"""Accept the JSON of an acceptance; raises ValueError otherwise."""

"""Define the arguments of `crop_faces` and `train`, and check them as a command line would be."""

import math
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar, get_args, get_origin, get_type_hints

from celebtool.cropping.pick_in_photo import Rule
from celebtool.cropping.plan import CropSettings
from celebtool.errors import CelebtoolError
from celebtool.formats.model_info import MAX_IMAGE_SIZE
from celebtool.training.options import Monitor, RunOptions, TrainingOptions, Units

Options = TypeVar("Options", TrainingOptions, RunOptions)


class FaceArguments(TypedDict, total=False):
    """The options of `celebtool crop-faces` that decide what is found and cut out.

    Attributes:
        size: side of the crops in pixels, 16 to 2048; 224 by default.
        margin: room around the face as a share of its side, 0 to 4; 0.4 by default.
        align: rotate and scale each face so that eyes, nose and mouth are at fixed places; by default they are.
        min_face: smallest side of a face in pixels of the photo, 20 or more; 20 by default.
        min_confidence: lowest confidence of the detector, 0.8 to 1; 0.9 by default.
    """

    size: int
    margin: float
    align: bool
    min_face: int
    min_confidence: float


class CropArguments(FaceArguments, total=False):
    """Those that decide what becomes of the faces, too.

    Attributes:
        select: which face of a photo with several; None, the default: the person whom a class folder's photos share, with
            `group` all, else the largest.
        group: sort the faces into ``person-001/``, … by who they are; not by default.
        format: of the crops; ``jpg`` by default.
    """

    select: Rule | None
    group: bool
    format: Literal["jpg", "png"]


class TrainArguments(TypedDict, total=False):
    """The options of `celebtool train` that decide what is trained and what a run may do; see `celebtool train --help`."""

    augment: int
    class_weights: bool
    dense: Sequence[int] | int | None
    dropout: float | None
    l2: float | None
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    optimizer: Literal["adam", "adamw", "sgd", "lbfgs", "mean"] | None
    patience: int | None
    reduce_lr: int | None
    false_accept: float | None
    seed: int
    monitor: Monitor
    schedule: Literal["constant", "cosine"]
    warmup: int
    label_smoothing: float
    history: str | os.PathLike[str] | None
    resume: bool
    allow_leak: bool
    allow_uncropped: bool
    cache_memory: float
    devices: Literal["one", "all"]


Bounds = tuple[float | None, float | None]
"""The smallest and the largest value that is allowed; None: there is none."""

UNBOUNDED: Bounds = (None, None)
BOUNDS: dict[str, Bounds] = {
    "size": (16, 2048),
    "margin": (0, 4),
    "min_face": (20, None),
    "min_confidence": (0.8, 1),
    "jobs": (1, None),
    "batch_size": (1, None),
    "folds": (2, None),
}
"""The bounds of the commands' options."""


def crop_settings(given: FaceArguments, allowed: type[FaceArguments] = CropArguments) -> CropSettings:
    """Return settings, each checked; the rule is ``largest`` if none is given.

    Args:
        given: the arguments.
        allowed: their type.

    Raises:
        TypeError: there is no such argument.
        CelebtoolError: a value that is not allowed, or a rule that is not for groups.
    """
    hints = get_type_hints(allowed)
    values: dict[str, Any] = dict(given)
    if unknown := sorted(values.keys() - hints.keys()):
        raise TypeError(f"there is no argument {', '.join(map(repr, unknown))}")
    for name, value in values.items():
        check(name, value, hints[name], BOUNDS.get(name, UNBOUNDED))
    if values.get("group") and values.get("select") == "identity":
        raise CelebtoolError("select", "identity looks for one person per folder; leave it out with group")
    return CropSettings(**{**values, "select": values.get("select") or "largest"})


def check_count(name: str, value: int) -> None:
    """Check a number of processes, images or folds; raises CelebtoolError."""
    check(name, value, int, BOUNDS[name])


def checked(given: TrainArguments) -> tuple[TrainingOptions, RunOptions]:
    """Return the options, each checked by its declaration.

    Raises:
        TypeError: there is no such option.
        CelebtoolError: a value that is not allowed.
    """
    values: dict[str, Any] = dict(given)
    if isinstance(units := values.get("dense"), int | Sequence):
        values["dense"] = Units(each for each in ([units] if isinstance(units, int) else units) if each)
    if values.get("history") is not None:
        values["history"] = Path(values["history"])
    training, run = _taken(TrainingOptions(), values), _taken(RunOptions(), values)
    if values:
        raise TypeError(f"there is no argument {', '.join(map(repr, values))}")
    return training, run


def checked_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Return the (height, width) that was given, also as one number; raises CelebtoolError."""
    both = (size, size) if isinstance(size, int) else size
    for side in both or ():
        check("image_size", side, int, (1, MAX_IMAGE_SIZE))
    return both


def _taken(options: Options, values: dict[str, Any]) -> Options:
    """Return options with the values that are theirs, which are taken out of `values`."""
    hints = get_type_hints(type(options), include_extras=True)
    own = {field.name: values.pop(field.name) for field in fields(options) if field.name in values}
    for name, value in own.items():
        kind, declared = get_args(hints[name])
        check(name, value, kind, (declared.min, declared.max))
    return replace(options, **own)


def check(name: str, value: object, kind: object, bounds: Bounds = UNBOUNDED) -> None:
    """Check a value by its type and its bounds.

    Args:
        name: the argument's.
        value: what was given.
        kind: its type: a class, a ``Literal``, or a union of them and None.
        bounds: of a number.

    Raises:
        CelebtoolError: says what was expected.
    """
    allowed = _alternatives(kind)
    if value in [each for each in allowed if not isinstance(each, type)]:
        return
    words = [repr(each) for each in allowed if isinstance(each, str)]
    if words:
        raise CelebtoolError(name, f"{value!r}; expected {', '.join(words)}")
    kinds = tuple(each for each in allowed if isinstance(each, type))
    if not isinstance(value, (*kinds, *((int,) if float in kinds else ()))) or (
        isinstance(value, bool) and bool not in kinds
    ):
        raise CelebtoolError(name, f"{value!r}; expected {' or '.join(each.__name__ for each in kinds)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_bounds(name, value, *bounds)


def _alternatives(kind: object) -> list[object]:
    """Return the classes and values that a type allows."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    parts = get_args(kind) if not isinstance(kind, type) else ()
    if not parts:
        return [None if kind is type(None) else kind]
    return [each for part in parts for each in _alternatives(part)]


def _check_bounds(name: str, value: float, low: float | None, high: float | None) -> None:
    if math.isfinite(value) and (low is None or value >= low) and (high is None or value <= high):
        return
    if low is None:
        expected = "a finite number" if high is None else f"{high:g} or less"
    else:
        expected = f"{low:g} or more" if high is None else f"a number from {low:g} to {high:g}"
    raise CelebtoolError(name, f"{value:g}; expected {expected}")

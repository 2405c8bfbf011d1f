"""Define the arguments of `crop_faces` and `train`, and check them as a command line would be."""

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar, get_args, get_type_hints

from celebtool.api.values import UNBOUNDED, Bounds, check
from celebtool.cropping.pick_in_photo import Rule
from celebtool.cropping.plan import CropSettings
from celebtool.errors import CelebtoolError
from celebtool.folders import sampling
from celebtool.folders.split import Conflicts, NearDuplicates, SplitSettings
from celebtool.formats.image_folder import PARTS
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


class SplitArguments(TypedDict, total=False):
    """The options of `celebtool split` that have a value of their own.

    Attributes:
        near_duplicates: keep copies of one picture in one part, keep only the largest, or don't look for them.
        conflicts: if a picture is in several classes: raise an error, or leave out its images.
        seed: of everything that is drawn; 0 by default.
        link: make hard links instead of copies; not by default.
    """

    near_duplicates: NearDuplicates
    conflicts: Conflicts
    seed: int
    link: bool


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
    values = _checked(given, allowed)
    if values.get("group") and values.get("select") == "identity":
        raise CelebtoolError("select", "identity looks for one person per folder; leave it out with group")
    return CropSettings(**{**values, "select": values.get("select") or "largest"})


def split_settings(
    shares: Sequence[float | None], folds: int | None, given: SplitArguments
) -> tuple[SplitSettings, bool]:
    """Return settings, each checked, and whether hard links are made.

    Args:
        shares: of train, val and test.
        folds: how many; None: none.
        given: the other arguments.

    Raises:
        TypeError: there is no such argument.
        CelebtoolError: a value that is not allowed, or shares of folds.
    """
    values = _checked(given, SplitArguments)
    for part, share in zip(PARTS, shares, strict=True):
        check(part, share, float | None, (0, None))
    if folds is not None:
        check_count("folds", folds)
        if any(share is not None for share in shares):
            raise CelebtoolError("folds", "are of equal size; leave out train, val and test")
    try:
        divided = sampling.shares(*shares)
    except ValueError as error:
        raise CelebtoolError("train, val, test", str(error)) from error
    link = values.pop("link", False)
    return SplitSettings(divided, folds or 0, **values), link


def _checked(given: FaceArguments | SplitArguments, allowed: type) -> dict[str, Any]:
    """Return the values of arguments, each checked by its declaration in the type that lists them."""
    hints = get_type_hints(allowed)
    values: dict[str, Any] = dict(given)
    if unknown := sorted(values.keys() - hints.keys()):
        raise TypeError(f"there is no argument {', '.join(map(repr, unknown))}")
    for name, value in values.items():
        check(name, value, hints[name], BOUNDS.get(name, UNBOUNDED))
    return values


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

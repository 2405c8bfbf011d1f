"""Check which models can be averaged, and combine them; classes are matched by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from celebtool import suggestions
from celebtool.architectures import LAST_LAYER, member_prefix
from celebtool.errors import CelebtoolError, listed
from celebtool.formats import recipes
from celebtool.formats.model_info import ENSEMBLE, MAX_MEMBERS, Array, Arrays, ModelInfo
from celebtool.training.training_set import TrainingData, check_classes

LEAST_SHARE = 0.001
"""The smallest share that `tune` gives."""
MAX_STEPS = 10_000
GEOMETRY = ("margin", "align")
"""The crop parameters that all members must share, since all see the same crop; sizes may differ."""


def check(members: Sequence[tuple[Path, ModelInfo]]) -> str | None:
    """Say whether models can be averaged.

    Returns:
        A warning, or None: that not all were trained on faces that celebtool cropped.

    Raises:
        CelebtoolError: too few or too many, an ensemble among them, other classes, or faces cropped otherwise.
    """
    if not 2 <= len(members) <= MAX_MEMBERS:
        raise CelebtoolError("ensemble", f"got {len(members)} models to average; expected 2 to {MAX_MEMBERS}")
    first_path, first = members[0]
    for path, info in members:
        if info.members:
            raise CelebtoolError(path, "is an ensemble itself; give the models it was made of, and their shares")
        if set(info.class_names) != set(first.class_names):
            difference = _difference(first.class_names, info.class_names, first_path)
            near = suggestions.misspelt(set(info.class_names) - set(first.class_names), first.class_names)
            hint = f"; nearly the same names: {near}" if near else ""
            raise CelebtoolError(path, f"{difference}; expected models of the same classes{hint}")
    return _check_crops(members)


def recipe(
    members: Sequence[ModelInfo], shares: Sequence[float] | None, tuned_on: Mapping[str, object] | None = None
) -> recipes.Recipe:
    """Return the recipe of an ensemble.

    Args:
        members: the models.
        shares: what each counts; None if they are chosen.
        tuned_on: the recipe of that choice, see `celebtool.formats.provenance`.
    """
    models = [{"arrays_sha256": info.arrays_sha256, "made_by": info.recipe} for info in members]
    parameters = {"shares": list(shares)} if shares else {"tune": (tuned_on or {}).get("input")}
    return recipes.build("ensemble", parameters, {"models": models})


def check_tuning(data: TrainingData, members: Sequence[tuple[Path, ModelInfo]], warn: Callable[[str], None]) -> None:
    """Check that shares can be chosen on the val images of a folder, and warn of members that were trained on them.

    Raises:
        CelebtoolError: no val images, or other classes than the models'.
    """
    check_classes(data, members[0][1].class_names)
    if not data.val:
        raise CelebtoolError(data.folder.root, "has no val/ images to choose the shares on; give --shares")
    origins = {data.origin(sample) for sample in data.val}
    for path, info in members:
        known = len(origins & set(info.origins))
        if known:
            warn(f"{path} was trained on {known} of the {len(origins)} val photos; its share will be too large")


def tune(probabilities: npt.NDArray[np.floating]) -> tuple[float, ...]:
    """Choose the shares of an average that minimise its log loss.

    The loss is convex in the shares; the EM algorithm for the weights of a mixture (Dempster, Laird and Rubin 1977)
    lowers it with every step and needs no rate.

    Args:
        probabilities: (members, n), what each member gave to the right class of each of n images.

    Returns:
        One share per member, to three decimals, none of them 0; they add up to 1 but for rounding.
    """
    likelihoods = np.maximum(probabilities.astype(np.float64), 1e-12)
    shares = np.full(len(likelihoods), 1 / len(likelihoods))
    for _ in range(MAX_STEPS):
        before, responsible = shares, shares[:, None] * likelihoods
        shares = (responsible / responsible.sum(axis=0)).mean(axis=1)
        if np.abs(shares - before).max() < 1e-7:
            break
    return tuple(max(round(float(share), 3), LEAST_SHARE) for share in shares)


def log_loss(probabilities: npt.NDArray[np.floating], shares: Sequence[float]) -> float:
    """Return the mean log loss of an average; arguments as of `tune` and its result."""
    mixed = np.asarray(shares) @ probabilities / sum(shares)
    return float(-np.log(np.maximum(mixed, 1e-12)).mean())


def combine(
    members: Sequence[tuple[ModelInfo, Arrays]], shares: Sequence[float], recipe: Mapping[str, object]
) -> tuple[ModelInfo, Arrays]:
    """Describe the model whose probabilities are the weighted average of its members', and gather its arrays.

    Args:
        members: models that `check` has passed, with their arrays; the first one's order of classes is the ensemble's.
        shares: one positive number per member; only their ratios count.
        recipe: how the ensemble is made.
    """
    infos = [info for info, _ in members]
    first = infos[0]
    crops = [info.crops for info in infos if info.crops is not None]
    info = ModelInfo(
        architecture=ENSEMBLE,
        class_names=first.class_names,
        image_size=max(info.image_size for info in infos),
        seed=first.seed,
        crops=max(crops, key=_crop_size) if len(crops) == len(infos) else None,
        origins=tuple(sorted({origin for info in infos for origin in info.origins})),
        images=tuple(sorted({image for info in infos for image in info.images})),
        recipe=recipe,
        layers=tuple(
            replace(layer, name=f"{member_prefix(number)}{layer.name}")
            for number, info in enumerate(infos, start=1)
            for layer in info.layers
        ),
        members=tuple(_as_member(info, first.class_names) for info in infos),
        shares=tuple(share / sum(shares) for share in shares),
    )
    arrays: Arrays = {}
    for number, (member, group) in enumerate(members, start=1):
        order = [member.class_names.index(name) for name in first.class_names]
        for array, values in group.items():
            arrays[_renamed(array, number)] = _reordered(array, values, order)
    return info, arrays


def _difference(expected: Sequence[str], got: Sequence[str], first: Path) -> str:
    missing, more = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
    parts = [f"lacks {listed(missing)}, which {first} has"] if missing else []
    parts += [f"has {listed(more)}, which {first} lacks"] if more else []
    return " and ".join(parts)


def _check_crops(members: Sequence[tuple[Path, ModelInfo]]) -> str | None:
    known = [(path, info.crops) for path, info in members if info.crops is not None]
    for path, crops in known:
        for key in GEOMETRY:
            expected, got = known[0][1].get(key), crops.get(key)
            if expected != got:
                problem = f"was trained on faces cropped with {key} {got}, {known[0][0]} with {key} {expected}"
                raise CelebtoolError(path, f"{problem}; expected members that see faces alike")
    uncropped = [str(path) for path, info in members if info.crops is None]
    if known and uncropped:
        return f"{', '.join(uncropped)}: not trained on faces that crop-faces made, as {known[0][0]} was"
    return None


def _crop_size(crops: Mapping[str, object]) -> int:
    size = crops.get("size")
    return size if isinstance(size, int) else 0


def _as_member(info: ModelInfo, class_names: tuple[str, ...]) -> ModelInfo:
    """Return a member's description without the origins, images, layers and arrays, which the ensemble holds."""
    bare = replace(info, class_names=class_names, origins=(), images=(), layers=(), arrays=())
    return replace(bare, threshold=None, acceptance=None, centroids=(), strangers=(), enrolment=None)


def _renamed(array: Array, number: int) -> Array:
    return replace(array, layer=f"{member_prefix(number)}{array.layer}")


def _reordered(array: Array, values: npt.NDArray[np.float32], order: list[int]) -> npt.NDArray[np.float32]:
    """Move the columns of the last layer (its kernel's and its bias') with the classes."""
    return values[..., order] if array.layer == LAST_LAYER else values

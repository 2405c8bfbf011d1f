"""What a user should know of the folder that a model is trained on."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from celebtool import suggestions
from celebtool.errors import count
from celebtool.formats.image_folder import UNGROUPED, UNKNOWN
from celebtool.training.acceptance import FALSE_ACCEPT

if TYPE_CHECKING:
    from celebtool.training.training_set import TrainingData


def unaligned(root: Path, crops: Mapping[str, object] | None) -> list[str]:
    """Return what is to be said of the images of a folder that `crop-faces` did not align; `crops`: how it made them."""
    if (crops or {}).get("align"):
        return []
    return [f"{root}: the images were not aligned by `celebtool crop-faces`; aligned faces are recognised better"]


def part(root: Path) -> list[str]:
    """Return what is to be said of one part of a split folder that is given as if it were the whole."""
    has_val = root.name == "train" and (root.parent / "val").is_dir()
    return [f"{root} is one part of a split folder; give {root.parent} to measure with its val/"] if has_val else []


def of_classes(root: Path, class_names: Sequence[str]) -> list[str]:
    """Return what is to be said of classes that may be one person, spelt in two ways, and of one that is of several."""
    same = suggestions.alike(class_names)
    said = [f"{root}: names of classes are nearly equal: {same}; one person belongs in one directory"] if same else []
    if UNGROUPED in class_names:
        problem = f"{UNGROUPED}/ holds faces of several people, and is trained on as one person"
        said.append(f"{root}: {problem}; remove it, or call it {UNKNOWN}/ if none of them is in another class")
    return said


def unused(data: "TrainingData") -> list[str]:
    """Return what is to be said of strangers in train/ where the model does not remember them."""
    number = sum(sample.label == UNKNOWN for sample in data.folder.of_part("train"))
    images = f"{count(number, 'image')} of train/unknown/ can't be used"
    return [f"{data.folder.root}: {images}; put photos of strangers into val/unknown/"] if number else []


def doubts(data: "TrainingData", false_accept: float | None) -> list[str]:
    """Return what the threshold can't be trusted for if too few strangers set it: to see a share of 1 % takes 100."""
    share = FALSE_ACCEPT if false_accept is None else false_accept
    if not data.strangers or len(data.strangers) * share >= 1:
        return []
    place = f"{'val/' if data.folder.parts else ''}{UNKNOWN}/"
    problem = f"{len(data.strangers)} images in {place} are too few to measure a share of {100 * share:.3g} %"
    enough = f"put {math.ceil(1 / share)} or more there" if share else "ask for a larger share"
    return [f"{data.folder.root}: {problem}, so the threshold is rough; {enough}"]

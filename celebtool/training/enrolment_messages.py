"""What is said when people are added to a model and forgotten."""

from collections.abc import Mapping

import numpy as np

from celebtool import suggestions
from celebtool.errors import count, listed
from celebtool.formats.enrolment import MAX_STRANGERS
from celebtool.formats.image_folder import UNKNOWN
from celebtool.training import calibration
from celebtool.training.enrolment import People


def summary(before: People, after: People) -> str:
    """Return what has changed: ``added dan (3 images), eve (3 images); forgot ann; 12 classes``."""
    new = {name: len(after.known[name].images) for name in after.class_names if name not in before.known}
    more = {
        name: len(after.known[name].images) - len(person.images)
        for name, person in before.known.items()
        if name in after.known and len(after.known[name].images) != len(person.images)
    }
    strangers = len(after.strangers.images) - len(before.strangers.images)
    gone = [name for name in before.class_names if name not in after.known]
    said = [f"{verb} {_images(names)}" for verb, names in (("added", new), ("more of", more)) if names]
    said += [f"forgot {listed(gone)}"] if gone else []
    said += [f"{UNKNOWN}/: {count(strangers, 'more image')}"] if strangers > 0 else []
    said += [f"forgot the strangers of {UNKNOWN}/"] if strangers < 0 else []
    return "; ".join([*said, count(len(after.known), "class", "classes")])


def doubts(before: People, after: People, threshold: float | None) -> list[str]:
    """Return which added people look like strangers that were remembered before, and will be taken for them."""
    strangers = before.strangers.embeddings(MAX_STRANGERS)
    new = [name for name in after.class_names if name not in before.known]
    if not strangers or not new or threshold is None:
        return []
    points = after.points
    means = calibration.centroids(points.embeddings.astype(np.float64), points.class_ids, len(after.known))
    likeness = calibration.cosines(np.stack(strangers).astype(np.float64), means).max(axis=0)
    alike = [name for name, most in zip(after.class_names, likeness, strict=True) if name in new and most >= threshold]
    if not alike:
        return []
    problem = f"{listed(alike)}: looks like a stranger that the model remembers, and may be taken for one"
    return [f"{problem}; if it is the same person, add --forget {UNKNOWN}"]


def namesakes(before: People, after: People) -> list[str]:
    """Return which added people are nearly called as others whom the model knew before."""
    same = suggestions.misspelt(after.known, before.known)
    problem = "names of new people are nearly those of people whom the model knows"
    return [f"{problem}: {same}; for one person use one name"] if same else []


def _images(names: Mapping[str, int]) -> str:
    return listed([f"{name} ({count(images, 'image')})" for name, images in sorted(names.items())])

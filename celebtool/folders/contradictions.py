"""Find the images of a folder whose labels a model contradicts that was not trained on them.

Confident learning (C. Northcutt, L. Jiang and I. Chuang, Confident learning: estimating uncertainty in dataset labels, JAIR 70,
2021): a class is believed of an image from the mean probability on that the images labelled so have of it. So a model that is
seldom sure needs less to be believed than one that always is. An image is a suspect if a class that is believed of it is clearly
more probable than its label; without that, a weak model suspects a third of the right labels (`benchmarks/folds.py`).
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from celebtool.folders.suspects import Suspect, Why, ordered
from celebtool.formats import guesses
from celebtool.formats.image_folder import ImageFolder
from celebtool.formats.predictions import Prediction, Predictions

CLEARLY = 0.5
"""The least difference of the probabilities of another class and of the label."""


def add(found: Sequence[Suspect], folder: ImageFolder, tables: Iterable[Predictions]) -> list[Suspect]:
    """Return suspects with those whose label a table contradicts; who is suspected already stays as it is.

    Args:
        found: the suspects of a folder.
        folder: its images.
        tables: predictions; rows of other images, or of images that the model was trained on, say nothing.
    """
    labels = {sample.path: sample.label for sample in folder.samples}
    together = list(found)
    for table in tables:
        rows = [row for row in table.rows if row.seen is False and not row.failed and labels.get(row.path) == row.label]
        together += find(rows, table.class_names, {suspect.path for suspect in together})
    return ordered(together)


def find(rows: Sequence[Prediction], class_names: Sequence[str], told: Collection[str] = ()) -> list[Suspect]:
    """Return the images whose label their prediction contradicts.

    Args:
        rows: predictions of a model that was not trained on the images.
        class_names: in the model's order.
        told: paths that are left out.
    """
    index = {name: class_id for class_id, name in enumerate(class_names)}
    known = [row for row in rows if row.label in index and row.probabilities is not None]
    if not known:
        return []
    found = (row.probabilities for row in known if row.probabilities is not None)
    probabilities = np.stack([guesses.whole(each, len(class_names), 0.0) for each in found])
    own = np.array([index[row.label] for row in known])
    given = probabilities[np.arange(len(known)), own]
    counts = np.bincount(own, minlength=len(class_names))
    limits = np.bincount(own, given, len(class_names)) / np.maximum(counts, 1)
    believed = np.where((probabilities >= limits) & (counts > 0), probabilities, -1.0)
    which, other = believed.argmax(axis=1), believed.max(axis=1)
    return [
        _suspect(known[row], class_names[which[row]], float(other[row]), float(given[row]))
        for row in np.flatnonzero(other - given >= CLEARLY)
        if known[row].path not in told
    ]


def _suspect(row: Prediction, name: str, other: float, own: float) -> Suspect:
    detail = f"a model that has not seen it says {name} ({other:.2f}), not {row.label} ({own:.2f})"
    return Suspect(row.path, "", row.label, name, other - own, Why.CONTRADICTED, detail)

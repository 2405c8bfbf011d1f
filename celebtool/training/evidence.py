"""What a model's own images say of where its threshold belongs, from embeddings or from logits."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from celebtool.training import calibration, impostors
from celebtool.training.acceptance import Evidence
from celebtool.training.impostors import Prior

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Points:
    """The embeddings (n, d) of some images, and their classes (n,)."""

    embeddings: Floats
    class_ids: Ids


def of_embeddings(
    train: Points,
    val: Points | None,
    named: Ids | None = None,
    strangers: Floats | None = None,
    *,
    held_out: bool,
    prior: Prior | None = None,
) -> Evidence:
    """Return the evidence of a network whose score is the cosine to the nearest class's mean.

    Args:
        train: what the means are of; every class at least once.
        val: other images of the classes.
        named: (n,) the class that the network calls each image of val.
        strangers: embeddings of people of no class.
        held_out: whether the network learnt nothing from the images of `train`, so that their embeddings are as good as new.
        prior: what is known of the network from other people.
    """
    photos = np.bincount(train.class_ids)
    means = calibration.class_means(train.embeddings, train.class_ids, len(photos))
    lengths = np.linalg.norm(means, axis=1)
    centres = calibration.unpack(calibration.pack(calibration.unit(means)))  # to the digit as `predict` has them
    own = calibration.cosines(train.embeddings, means) if held_out else np.zeros((0, len(photos)))
    others = [_without_own(own, train.class_ids)] if held_out else []
    found = Evidence(people=len(photos), pretrained=prior is not None)
    if held_out:
        found = replace(found, train=_without_itself(own, train.class_ids, photos, lengths))
    if val is not None and named is not None:
        cosines = calibration.cosines(val.embeddings, centres)
        others.append(_without_own(cosines * lengths, val.class_ids))
        found = replace(found, val=cosines.max(axis=1)[named == val.class_ids])
    if strangers is not None:
        found = replace(found, strangers=calibration.cosines(strangers, centres).max(axis=1))
    if not others:
        return found
    values = np.concatenate(others)
    return replace(found, impostors=impostors.of_distances(values, lengths, photos.astype(float), prior))


def of_probabilities(logits: Floats, class_ids: Ids, strangers: Floats | None = None) -> Evidence:
    """Return the evidence of a network whose score is its largest probability, from the logits (n, classes) of val.

    A stranger is an image with its own class left out; all images of a class count as one, since they are alike.

    Args:
        logits: of images that nothing was learnt from.
        class_ids: (n,).
        strangers: (m, classes) the logits of images of no class.
    """
    scores = calibration.softmax(logits).max(axis=1)
    others = calibration.softmax(calibration.without_own(logits, class_ids)).max(axis=1)
    classes = len(np.unique(class_ids))
    return Evidence(
        people=logits.shape[1],
        val=scores[logits.argmax(axis=1) == class_ids],
        strangers=np.zeros(0) if strangers is None else calibration.softmax(strangers).max(axis=1),
        impostors=impostors.of_highest(others, classes, "probability"),
        axis="probability",
    )


def _without_own(values: Floats, class_ids: Ids) -> Floats:
    """Return values (n, classes) with NaN for each image's own class."""
    others = values.copy()
    others[np.arange(len(class_ids)), class_ids] = np.nan
    return others


def _without_itself(averages: Floats, class_ids: Ids, photos: Ids, lengths: Floats) -> Floats:
    """Return the score of every rightly named image, as a new photo of its person would have it.

    Its average cosine to the n - 1 other photos of its class is as large as that of a new photo to n, in the mean; that, by the
    length of the class's mean, is the new photo's cosine. A class of one photo says nothing.

    Args:
        averages: (n, classes) average cosines to all photos of a class, the image itself among its own.
        class_ids: (n,).
        photos: (classes,) how many photos each class has.
        lengths: (classes,) the length of their mean.
    """
    rows, count = np.arange(len(class_ids)), photos[class_ids]
    several = count > 1
    with_others = averages / lengths
    with_others[rows, class_ids] = (
        (averages[rows, class_ids] * count - 1) / np.maximum(count - 1, 1) / lengths[class_ids]
    )
    right = with_others.argmax(axis=1) == class_ids
    return np.asarray(with_others.max(axis=1)[several & right])

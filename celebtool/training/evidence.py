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
    found = Evidence(people=len(photos), pretrained=prior is not None)
    others = []
    if held_out:
        found = replace(found, train=_without_itself(train, means, photos))
        others.append(_of_others(train, means))
    if val is not None and named is not None:
        found = replace(found, val=_highest(val.embeddings, centres)[named == val.class_ids])
        others.append(_of_others(val, centres) * lengths)
    if strangers is not None:
        found = replace(found, strangers=_highest(strangers, centres))
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


def _of_others(points: Points, means: Floats) -> Floats:
    """Return the cosines (n, classes) of images to the means of classes, NaN for each image's own; of many images, of some."""
    some = calibration.some(len(points.class_ids), len(means))
    others = calibration.cosines(points.embeddings[some], means)
    others[np.arange(len(others)), points.class_ids[some]] = np.nan
    return others


def _highest(features: Floats, means: Floats) -> Floats:
    """Return the highest cosine (n,) of features (n, d) to the means of classes."""
    blocks = calibration.blocks(len(features), len(means))
    return np.concatenate([calibration.cosines(features[rows], means).max(axis=1) for rows in blocks])


def _without_itself(points: Points, means: Floats, photos: Ids) -> Floats:
    """Return the score of every rightly named image, as a new photo of its person would have it.

    Its average cosine to the n - 1 other photos of its class is as large as that of a new photo to n, in the mean; that, by the
    length of the class's mean, is the new photo's cosine. A class of one photo says nothing.

    Args:
        points: the images that the classes' means are of.
        means: (classes, d) of embeddings of length 1, so that a cosine to it is the average cosine to the class's photos.
        photos: (classes,) how many photos each class has.
    """
    lengths = np.linalg.norm(means, axis=1)
    found = []
    for block in calibration.blocks(len(points.class_ids), len(means)):
        class_ids = points.class_ids[block]
        rows, count = np.arange(len(class_ids)), photos[class_ids]
        averages = calibration.cosines(points.embeddings[block], means)
        with_others = averages / lengths
        with_others[rows, class_ids] = (
            (averages[rows, class_ids] * count - 1) / np.maximum(count - 1, 1) / lengths[class_ids]
        )
        right = with_others.argmax(axis=1) == class_ids
        found.append(with_others.max(axis=1)[(count > 1) & right])
    return np.concatenate(found)

"""The images of people to add to a model: which they are, and whose."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.errors import CelebtoolError
from celebtool.formats import image_folder
from celebtool.formats.image_folder import UNKNOWN, Sample
from celebtool.training import calibration, folder_doubts, training_set
from celebtool.training.enrolment import Embedding, Person
from celebtool.training.training_set import TrainingData


def read_new(root: Path, trained: Collection[str], warn: Callable[[str], None], *, allow_leak: bool) -> TrainingData:
    """List the images of people to add: those of train/, or all of an unsplit folder; `unknown/` holds strangers.

    Args:
        root: the folder.
        trained: digests of what the model was trained on.
        warn: told what a user should know.
        allow_leak: warn of a photo that is learnt from and in val/ or test/, instead of refusing it.

    Raises:
        CelebtoolError: no image to learn from, or such a photo.
    """
    folder = image_folder.read_labelled(root, strangers_suffice=True)
    samples = folder.of_part("train") if folder.parts else folder.samples
    data = TrainingData(folder, tuple(each for each in samples if each.label != UNKNOWN), ())
    if not data.train and not data.remembered:
        raise CelebtoolError(root, "has no train/ images; expected NEW/<person>/<image> or NEW/train/<person>/<image>")
    for line in folder_doubts.unaligned(root, data.crops):
        warn(line)
    training_set.check_leaks(data, trained, warn, allow_leak=allow_leak)
    return data


def gathered(
    data: TrainingData, samples: Sequence[Sample], embeddings: NDArray[np.floating]
) -> tuple[dict[str, Person], Person]:
    """Return the people of some images by name, and the strangers among them.

    Args:
        data: the folder of the images.
        samples: the images.
        embeddings: (n, width) of each.
    """
    images: dict[str, dict[str, Embedding | None]] = {}
    photos: dict[str, set[str]] = {}
    unit = calibration.unit(embeddings.astype(np.float64)).astype(np.float32)
    for sample, embedding in zip(samples, unit, strict=True):
        label = sample.label or UNKNOWN
        images.setdefault(label, {}).setdefault(data.digest(sample), embedding)
        photos.setdefault(label, set()).add(data.origin(sample))
    people = {label: Person(own, frozenset(photos[label])) for label, own in images.items()}
    return people, people.pop(UNKNOWN, Person())

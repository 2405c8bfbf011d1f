"""List the images of a training run: those to train on, those to measure with, and the photos they come from."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool import suggestions
from celebtool.errors import CelebtoolError, command_line, count, listed
from celebtool.folders import sampling, split
from celebtool.formats import crops, faces, image_folder, manifest, provenance
from celebtool.formats.faces import Embeddings
from celebtool.formats.image_folder import MAX_CLASSES, UNKNOWN, ImageFolder, Sample
from celebtool.formats.reasons import Reason
from celebtool.system.progress import Progress, Silent
from celebtool.training import folder_doubts

MODEL = "the model"
SHARES = sampling.shares(0.9, 0.1, 0)
"""What a model learns from, and what is set aside as val, of a folder that is not split."""


@dataclass(frozen=True)
class TrainingData:
    """The samples of a run; `strangers` are those of unknown/ that may be measured with, `test` those of no influence."""

    folder: ImageFolder
    train: tuple[Sample, ...]
    val: tuple[Sample, ...]
    strangers: tuple[Sample, ...] = ()
    test: tuple[Sample, ...] = ()

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The labels that are trained on, in the order of a model's outputs."""
        return tuple(sorted({sample.label or "" for sample in self.train}))

    @cached_property
    def rows(self) -> dict[str, manifest.Row]:
        """What the folder's manifest records of its images, by path."""
        return manifest.read(self.folder.root)

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """The SHA-256 of every photo that a training image comes from, sorted."""
        return tuple(sorted({self.origin(sample) for sample in self.train}))

    @cached_property
    def images(self) -> tuple[str, ...]:
        """The SHA-256 of every training image that is not itself one of the photos, sorted."""
        found = {self.digest(sample) for sample in self.train}
        return tuple(sorted(found.difference(self.origins)))

    @property
    def remembered(self) -> tuple[Sample, ...]:
        """The strangers that a face network remembers: those of train/unknown/, or of an unsplit folder's unknown/."""
        return tuple(each for each in self.folder.samples if each.label == UNKNOWN and each.part in {None, "train"})

    def digest(self, sample: Sample) -> str:
        """The SHA-256 of an image."""
        if sample.path not in self._digests:
            self._digests[sample.path] = manifest.sha256(self.folder.file(sample))
        return self._digests[sample.path]

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {}

    def origin(self, sample: Sample) -> str:
        """The SHA-256 of the photo that an image comes from."""
        return manifest.origin(self.rows, sample.path, self.folder.file(sample))

    @cached_property
    def crops(self) -> dict[str, object] | None:
        """How `crop-faces` made the images; None if it did not."""
        return provenance.crop_parameters(self.folder.root)

    @cached_property
    def embeddings(self) -> Embeddings:
        """The embeddings that `crop-faces` left of the images, see `faces.Embeddings`."""
        return faces.embeddings(self.folder.root)

    def files(self, samples: Sequence[Sample]) -> list[Path]:
        """Where the samples' images are."""
        return [self.folder.file(sample) for sample in samples]

    def class_ids(self, samples: Sequence[Sample]) -> NDArray[np.int64]:
        """The index of each sample's label, as (n,); 0 for strangers, who have none."""
        index = {name: class_id for class_id, name in enumerate(self.class_names)} | {UNKNOWN: 0}
        return np.array([index[sample.label or ""] for sample in samples], np.int64)


def read(
    root: Path,
    seed: int,
    warn: Callable[[str], None],
    *,
    allow_leak: bool = False,
    trained: Collection[str] = (),
    progress: Progress | None = None,
) -> TrainingData:
    """List the images to train on: those of train/ and val/, or of an unsplit folder, a tenth of it set aside for val.

    Args:
        root: the folder.
        seed: of what is set aside.
        warn: told what a user should know.
        allow_leak: warn of a photo that is trained on and measured with, instead of refusing it.
        trained: origins of the photos that a model, which is trained further, has seen.
        progress: told of the images of an unsplit folder, all of which are read.

    Raises:
        CelebtoolError: no class directories, an empty class, fewer than two classes, a class in val/ alone, or a photo
            that is trained on and in val/ or test/.
    """
    folder = image_folder.read_labelled(root)
    if folder.parts:
        data = _of(folder, folder.of_part("train"), folder.of_part("val"))
    else:
        data = _set_aside(folder, seed, warn, progress or Silent())
    check(data, warn)
    check_leaks(data, trained, warn, allow_leak=allow_leak)
    return data


def _set_aside(folder: ImageFolder, seed: int, warn: Callable[[str], None], progress: Progress) -> TrainingData:
    """Divide an unsplit folder as `split` does, a tenth of every class into val, copies of a picture together."""
    _check_number(folder.root, folder.class_names)  # before all images are read
    settings = split.SplitSettings(SHARES, seed=seed, conflicts="drop")
    divided = split.plan(folder, settings, progress)[""]
    chosen = [{row.source for row in divided.parts[part]} for part in ("train", "val")]
    train, val = (tuple(sample for sample in folder.samples if sample.path in sources) for sources in chosen)
    data = _of(folder, train, val)
    for line in (_of_division(data), *left_out(folder.root, divided.rejected), *folder_doubts.part(folder.root)):
        warn(line)
    return data


def _of_division(data: TrainingData) -> str:
    """Return what is to be said of an unsplit folder."""
    people = sum(sample.label != UNKNOWN for sample in data.folder.samples)
    strangers = f"; {count(len(data.strangers), 'image')} of unknown/ help to set the threshold" * bool(data.strangers)
    aside = f"{len(data.val)} of its {count(people, 'image')} of people are set aside for val"
    return f"{data.folder.root} is not split: {aside}{strangers}"


def left_out(root: Path, rejected: Sequence[manifest.Row]) -> list[str]:
    """Return what is to be said of the images of an unsplit folder that are left out for their labels."""
    conflicting = sum(row.reason == Reason.LABEL_CONFLICT for row in rejected)
    if not conflicting:
        return []
    problem = f"{count(conflicting, 'image')} left out, since the same picture is in several classes"
    return [f"{root}: {problem}; {command_line('split', root, f'{root}-parts')} names them"]


def _of(folder: ImageFolder, train: Sequence[Sample], val: Sequence[Sample]) -> TrainingData:
    return TrainingData(folder, _known(train), _known(val), tuple(each for each in val if each.label == UNKNOWN))


def _known(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    return tuple(sample for sample in samples if sample.label != UNKNOWN)


def check(data: TrainingData, warn: Callable[[str], None]) -> None:
    """Check that a classifier can be trained on the samples; raises CelebtoolError as `read`."""
    root = data.folder.root
    if not data.train:
        raise CelebtoolError(root, "has no train/ images; expected train/<class>/<image>, as `celebtool split` writes")
    if len(data.class_names) < 2:
        raise CelebtoolError(root, f"has one class, {data.class_names[0]}; a classifier needs two")
    _check_number(root, data.class_names)
    untrained = sorted({sample.label or "" for sample in data.val} - set(data.class_names))
    if untrained:
        near = suggestions.did_you_mean_class(untrained[0], data.class_names) or "; expected the same classes in both"
        raise CelebtoolError(root, f"has {untrained[0]} in val/ and not in train/{near}")
    for line in (*folder_doubts.unaligned(root, data.crops), *folder_doubts.of_classes(root, data.class_names)):
        warn(line)
    if not data.val:
        warn(f"{root} has no val/ images: training watches its own loss and can't see overfitting")
        return
    unmeasured = sorted(set(data.class_names) - {sample.label for sample in data.val})
    if unmeasured:
        warn(f"{root}: val/ has no image of {', '.join(unmeasured)}")


def _check_number(root: Path, class_names: Sequence[str]) -> None:
    if len(class_names) > MAX_CLASSES:
        raise CelebtoolError(root, f"has {len(class_names)} classes; expected at most {MAX_CLASSES}")


def check_leaks(data: TrainingData, trained: Collection[str], warn: Callable[[str], None], *, allow_leak: bool) -> None:
    """Refuse val and test images whose recorded photo is trained on too; of equal files without a record only warn."""
    learnt = reversed((*data.train, *data.remembered))
    twins = dict.fromkeys(trained, MODEL) | {data.origin(sample): sample.path for sample in learnt}
    measured = [sample for sample in data.folder.samples if sample.part in {"val", "test"}] or data.val
    leaks = {sample.path: twins[data.origin(sample)] for sample in measured if data.origin(sample) in twins}
    if not leaks:
        return
    named = listed([f"{path} (of {twin})" for path, twin in leaks.items()])
    problem = f"{len(leaks)} of {len(measured)} images outside train/ are of photos that are trained on: {named}"
    recorded = MODEL in leaks.values() or leaks.keys() & data.rows.keys()
    if recorded and not allow_leak:
        raise CelebtoolError(data.folder.root, f"{problem}; divide it with `celebtool split`, or add --allow-leak")
    warn(f"{data.folder.root}: {problem}")


def check_classes(data: TrainingData, class_names: Sequence[str]) -> None:
    """Check that the images are of a model's classes, all of them and no others.

    Raises:
        CelebtoolError: names the first that differs.
    """
    differing = set(data.class_names) ^ set(class_names)
    for name in sorted(differing, key=lambda name: (name in class_names, name)):
        has = "has" if name in data.class_names else "lacks"
        near = (
            suggestions.did_you_mean_class(name, differing - {name})
            or f"; expected the {len(class_names)} classes of the model"
        )
        raise CelebtoolError(data.folder.root, f"{has} the class {name}, unlike the model{near}")


def check_crops(data: TrainingData, wanted: Mapping[str, object] | None) -> str | None:
    """Check that the faces have the room around them that those have with which a model was trained.

    Returns:
        A warning if they were cropped otherwise in another way.

    Raises:
        CelebtoolError: they have not.
    """
    own, other = crops.margin(data.crops), crops.margin(wanted)
    if None not in (own, other) and own != other:
        problem = f"holds faces cropped with margin {own:g}, the model was trained with {other:g}"
        raise CelebtoolError(data.folder.root, f"{problem}; crop them again with `crop-faces --margin {other:g}`")
    said = crops.difference(data.crops, wanted)
    return f"{data.folder.root}: {said}" if said else None

"""Divide an unsplit folder into folds: of each, one model learns from the other folds and is tested on this one.

Copies of a picture and images of one photo are in one fold, as `split` keeps them in one part. What a fold's model learns from is
divided again as `train` divides an unsplit folder: a tenth is val, which the threshold is set with.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from celebtool.errors import CelebtoolError, count, listed
from celebtool.folders import sampling, split
from celebtool.folders.split import Split
from celebtool.formats import image_folder
from celebtool.formats.image_folder import UNKNOWN, ImageFolder, Sample
from celebtool.formats.reasons import Reason
from celebtool.system.progress import Progress
from celebtool.training import training_set
from celebtool.training.training_set import SHARES, TrainingData


@dataclass(frozen=True)
class Folds:
    """The folds of a folder.

    Args:
        folder: all of its images.
        data: of each fold, what its model learns from and, as `test`, what it is tested on.
        groups: the set of copies that an image belongs to, by its path; nothing of images that are in several classes.
    """

    folder: ImageFolder
    data: tuple[TrainingData, ...]
    groups: Mapping[str, str]

    @property
    def used(self) -> tuple[Sample, ...]:
        """All images that are learnt from or tested, in the folder's order."""
        return tuple(sample for sample in self.folder.samples if sample.path in self.groups)

    @property
    def tested(self) -> tuple[Sample, ...]:
        """All images that a model is tested on, in the folder's order."""
        paths = {sample.path for data in self.data for sample in data.test}
        return tuple(sample for sample in self.folder.samples if sample.path in paths)


def read(root: Path, number: int, seed: int, warn: Callable[[str], None], progress: Progress) -> Folds:
    """List the images of an unsplit folder by folds.

    Args:
        root: the folder.
        number: how many folds, at least 2.
        seed: of everything that is drawn.
        warn: told what a user should know.
        progress: told of the images, all of which are read.

    Raises:
        CelebtoolError: the folder is split, a fold would have nothing to test, or as `training_set.read`.
    """
    folder = image_folder.read_labelled(root)
    if folder.parts:
        problem = (
            f"is split already ({', '.join(folder.parts)}); give the folder it was made from, or leave out --folds"
        )
        raise CelebtoolError(root, problem)
    settings = split.SplitSettings(SHARES, folds=number, seed=seed, conflicts="drop")
    splits = list(split.plan(folder, settings, progress).values())
    groups = {row.source: row.extra["group"] for row in splits[0].rows if row.reason != Reason.LABEL_CONFLICT}
    found = Folds(folder, tuple(_data(folder, each, seed) for each in splits), groups)
    training_set.check(found.data[0], warn)
    _check_tested(found)
    for line in (*training_set.left_out(root, splits[0].rejected), *_few(found), *_strangers(found)):
        warn(line)
    return found


def _data(folder: ImageFolder, fold: Split, seed: int) -> TrainingData:
    """Return what a fold's model learns from, a tenth of it set aside for val, and what it is tested on."""
    learnt = fold.parts["train"]
    images = [sampling.Image(row.source, row.label, int(row.extra["group"])) for row in learnt]
    part_of = {row.source: part for row, part in zip(learnt, sampling.split(images, SHARES, seed), strict=True)}
    tested = {row.source for row in fold.parts["val"]}
    strangers = {row.source for row in fold.rejected if row.reason == Reason.STRANGER}

    def samples(chosen: Callable[[str], bool]) -> tuple[Sample, ...]:
        return tuple(sample for sample in folder.samples if chosen(sample.path))

    return TrainingData(
        replace(folder, samples=samples(lambda path: path in part_of or path in strangers)),
        train=samples(lambda path: part_of.get(path) == "train"),
        val=samples(lambda path: part_of.get(path) == "val"),
        strangers=samples(lambda path: path in strangers),
        test=samples(lambda path: path in tested),
    )


def _check_tested(folds: Folds) -> None:
    """Refuse more folds than there are pictures."""
    known = [sample for sample in folds.tested if sample.label != UNKNOWN]
    pictures = len({folds.groups[sample.path] for sample in known})
    if not all(any(sample.label != UNKNOWN for sample in data.test) for data in folds.data):
        problem = f"has {count(pictures, 'picture')} that can be tested, copies counted once"
        raise CelebtoolError(folds.folder.root, f"{problem}; expected at least as many as --folds {len(folds.data)}")


def _few(folds: Folds) -> list[str]:
    """Return what is to be said of classes that not every fold can test."""
    pictures: dict[str, set[str]] = defaultdict(set)
    for sample in folds.folder.samples:
        if sample.label != UNKNOWN and sample.path in folds.groups:
            pictures[sample.label or ""].add(folds.groups[sample.path])
    tested = {sample.label for sample in folds.tested}
    never = [name for name in sorted(pictures) if name not in tested]
    few = [
        f"{name} ({len(own)})"
        for name, own in sorted(pictures.items())
        if name in tested and len(own) < len(folds.data)
    ]
    root, copies = folds.folder.root, "copies counted once"
    said = []
    if never:
        said.append(
            f"{root}: trained on in every fold and never tested, since there is one picture, {copies}: {listed(never)}"
        )
    if few:
        said.append(f"{root}: fewer pictures than folds, {copies}, so that not every fold tests them: {listed(few)}")
    return said


def _strangers(folds: Folds) -> list[str]:
    number = sum(sample.label == UNKNOWN for sample in folds.tested)
    said = "are tested too; those of the other folds help to set the threshold of each"
    return [f"{folds.folder.root}: {count(number, 'image')} of unknown/ {said}"] if number else []

"""The functions of the Python interface that do what a command does: `crop_faces`, `train`, …; and `find_faces`."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from celebtool import architectures
from celebtool.api import (
    arguments,
    cropping,
    cross_validation,
    inputs,
    model,
    prediction,
    processes,
    splitting,
    training,
)
from celebtool.api.arguments import CropArguments, FaceArguments, SplitArguments, TrainArguments
from celebtool.api.inputs import Pictures
from celebtool.api.listener import Callback, Heard
from celebtool.api.model import Model
from celebtool.api.plans import Network
from celebtool.api.results import Crops, Face, Parts, Photo, Predictions
from celebtool.cropping.plan import CropSettings
from celebtool.errors import CelebtoolError
from celebtool.folders import split_summary
from celebtool.formats import manifest, predictions, sources
from celebtool.formats.reasons import Reason
from celebtool.formats.sources import Source
from celebtool.system import temporary
from celebtool.training import fold_messages

Name = str | os.PathLike[str]


def crop_faces(
    photos: Name,
    faces: Name,
    *,
    decisions: Name | None = None,
    update: bool = False,
    overwrite: bool = False,
    jobs: int = 1,
    progress: Callback | None = None,
    **options: Unpack[CropArguments],
) -> Crops:
    """Find the faces in a folder of photos, and write the right ones as an image folder: `celebtool crop-faces`.

    A photo that can't be read, or that gives no crop, is a row with a reason. If the output of the same call is there
    already, nothing is done.

    Args:
        photos: the folder: flat, or ``photos/<class>/<photo>``.
        faces: the folder to write.
        decisions: a table of what a person decided.
        update: crop only new and changed photos of an earlier output.
        overwrite: replace an earlier output.
        jobs: 1: work in this process; more: start so many worker processes, which end with the call.
        progress: called with (stage, done, total).
        options: ``size=224``, ``margin=0.4``, ``align=True``, ``min_face=20``, ``min_confidence=0.9``, ``select=None``,
            ``group=False``, ``format="jpg"``; see `celebtool.api.arguments.CropArguments`.

    Raises:
        CelebtoolError: a value that is not allowed; no photos; an output that exists or can't be written.
        SystemFaultError: a photo can't be read, and its content is not to blame.
    """
    settings = arguments.crop_settings(options)
    arguments.check_count("jobs", jobs)
    tell = Heard(progress)
    sources.forget()
    folder = cropping.folder_of(Path(photos))
    cropping.check_layout(folder, group=settings.group)
    rule = cropping.rule_for(folder, options.get("select"), group=settings.group)
    table = None if decisions is None else Path(decisions)
    order = cropping.Order(Path(photos), Path(faces), replace(settings, select=rule), table, update, overwrite)
    made = cropping.planned(order, cropping.listed(Path(photos), folder, group=settings.group))
    if not cropping.is_there(made, tell):
        for line in cropping.crop(made, processes.in_program(jobs), tell).warnings:
            tell.warn(line)
    return Crops(Path(faces), tuple(manifest.read_all(Path(faces))))


def find_faces(images: Pictures, **options: Unpack[FaceArguments]) -> list[Photo]:
    """Find the faces in photos and cut them out, without writing anything.

    Args:
        images: as of `Model.predict`.
        options: ``size=224``, ``margin=0.4``, ``align=True``, ``min_face=20``, ``min_confidence=0.9``; see
            `celebtool.api.arguments.FaceArguments`.

    Returns:
        A photo per image, in order; one without a face, or that can't be read, has a reason.

    Raises:
        CelebtoolError: a value that is not allowed, or a path, given alone, that does not exist.
        TypeError: one of the images is neither a path, an array nor a picture, or an array of another type or shape.
    """
    from celebtool.inference.detection import networks

    settings = replace(arguments.crop_settings(options, FaceArguments), select="all", format="png")
    prediction.prepare(networks.graphs(), Heard().note)
    with temporary.directory() as scratch:
        return [_found(source, settings) for source in inputs.given(images, (), Path(scratch)).sources]


def _found(source: Source, settings: CropSettings) -> Photo:
    from celebtool.inference.detection import crops

    if source.is_missing:
        return Photo(source.path, (), Reason.MISSING)
    (photo,) = crops.crop_photos([source.file], settings)
    faces = tuple(Face(face.box, face.landmarks, face.confidence, image) for face, image in photo.found)
    return Photo(source.path, faces, photo.rejection.reason if photo.rejection else "")


def split(
    faces: Name,
    parts: Name,
    *,
    train: float | None = None,
    val: float | None = None,
    test: float | None = None,
    folds: int | None = None,
    decisions: Name | None = None,
    overwrite: bool = False,
    progress: Callback | None = None,
    **options: Unpack[SplitArguments],
) -> Parts:
    """Split an image folder into train, val and test, copies of a picture in one part: `celebtool split`.

    If the output of the same call is there already, nothing is done but reading its manifest.

    Args:
        faces: the image folder, such as `crop_faces` writes.
        parts: the folder to write.
        train: share of train; shares that are left out (val, test) divide the rest in the proportion of .8, .1 and .1.
        val: share of val.
        test: share of test.
        folds: instead, how many splits into train and val to write, each in ``fold-K/``.
        decisions: a table of what a person decided.
        overwrite: replace an earlier output.
        progress: called with (stage, done, total).
        options: the command's others, as ``conflicts="drop"``; see `celebtool.api.arguments.SplitArguments`.

    Raises:
        CelebtoolError: a value that is not allowed; an unreadable image; a picture in several classes; an output that exists.
    """
    settings, link = arguments.split_settings((train, val, test), folds, options)
    table = None if decisions is None else Path(decisions)
    tell = Heard(progress)
    made = splitting.planned(splitting.Order(Path(faces), Path(parts), settings, table, link, overwrite))
    if not splitting.is_there(made, tell):
        found = splitting.write(made, tell)
        for line in (*made.decided.warnings, *split_summary.notices(found)):
            tell.warn(line)
    return Parts(Path(parts), tuple(manifest.read_all(Path(parts))))


def train(
    parts: Name,
    path: Name,
    *,
    arch: str = architectures.DEFAULT,
    weights: str | None = None,
    image_size: int | tuple[int, int] | None = None,
    enrol: bool = True,
    overwrite: bool = False,
    progress: Callback | None = None,
    **options: Unpack[TrainArguments],
) -> Model:
    """Train a face classifier on an image folder, and write it: `celebtool train`.

    If the output of the same call is there already, nothing is done but reading it. TensorFlow is imported only if more than
    the head of the default network is trained.

    Args:
        parts: the image folder, with train/ and val/ or not split.
        path: the model to write, a .h5 file.
        arch: the network.
        weights: of its backbone: ``imagenet``, ``none`` or a file; None: the network's own.
        image_size: (height, width) of what the network gets, in pixels, or both as one number; None: the network's own.
        enrol: whether the model holds the embeddings of the training images, which are biometric data, so that people can
            be added and forgotten.
        overwrite: replace an existing model.
        progress: called with (stage, done, total).
        options: the command's other options, as ``epochs=5``.

    Raises:
        CelebtoolError: a value that is not allowed; a folder that can't be trained on; an output that exists already.
        ImageError: an image can't be read.
    """
    output = Path(path)
    if output.suffix != ".h5":
        raise CelebtoolError(output, f"models are .h5 files; expected {output.with_suffix('.h5')}")
    chosen, run = arguments.checked(options)
    tell = Heard(progress)
    network = Network(architectures.get(arch), weights, arguments.checked_size(image_size), enrol)
    job, training_of = training.planned(Path(parts), output, network, chosen, run, tell)
    info = training.write(job, run, training_of, tell, overwrite=overwrite)
    if info is not None:
        training.tell_of(info, tell)
    return model.load(output)


def cross_validate(
    faces: Name,
    out: Name,
    folds: int = 5,
    *,
    arch: str = architectures.DEFAULT,
    weights: str | None = None,
    image_size: int | tuple[int, int] | None = None,
    overwrite: bool = False,
    progress: Callback | None = None,
    **options: Unpack[TrainArguments],
) -> Predictions:
    """Train a model per fold, and predict each image by the one that has seen neither it nor a copy of it.

    This is `celebtool train --folds`; `evaluate` measures the rows.

    Args:
        faces: the image folder, not split.
        out: the directory to write, with predictions.csv; the models are not kept.
        folds: how many, 2 or more.
        arch: as of `train`.
        weights: as of `train`.
        image_size: as of `train`.
        overwrite: replace an existing output.
        progress: called with (stage, done, total).
        options: the command's other options, as ``epochs=5``, but for ``history``.

    Raises:
        CelebtoolError: a value that is not allowed; a folder that can't be trained on; an output that exists already.
        ImageError: an image can't be read.
    """
    arguments.check_count("folds", folds)
    chosen, run = arguments.checked(options)
    if run.history:
        raise CelebtoolError("history", "is of one run; the output holds the history of each fold")
    tell = Heard(progress)
    network = Network(architectures.get(arch), weights, arguments.checked_size(image_size))
    job = cross_validation.planned(Path(faces), Path(out), folds, network, chosen, run, tell)
    found = cross_validation.write(job, run, tell, overwrite=overwrite)
    for line in fold_messages.doubts(found.models) if found else ():
        tell.warn(line)
    table = predictions.read(Path(out) / cross_validation.TABLE)
    return Predictions(table.class_names, table.rows)

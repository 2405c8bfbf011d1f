"""The functions of the Python interface that have a command of their own: `crop_faces`, `train`; and `find_faces`."""

import os
import tempfile
from pathlib import Path
from typing import Literal, Unpack

from celebtool import architectures
from celebtool.api import arguments, cropping, inputs, model, training
from celebtool.api.arguments import TrainArguments
from celebtool.api.inputs import Pictures
from celebtool.api.listener import Callback, Heard
from celebtool.api.model import Model
from celebtool.api.processes import Processes
from celebtool.api.results import Crops, Face, Photo
from celebtool.cropping.pick_in_photo import Rule
from celebtool.cropping.plan import CropSettings
from celebtool.errors import CelebtoolError
from celebtool.formats import manifest, model_info, sources
from celebtool.system import workers

Name = str | os.PathLike[str]

_BOUNDS: dict[str, tuple[type, float | None, float | None]] = {
    "size": (int, 16, 2048),
    "margin": (float, 0, 4),
    "min_face": (int, 20, None),
    "min_confidence": (float, 0.8, 1),
    "jobs": (int, 1, None),
}
"""The bounds of the command's options."""


def crop_faces(
    photos: Name,
    faces: Name,
    *,
    size: int = 224,
    margin: float = 0.4,
    align: bool = True,
    select: Rule | None = None,
    group: bool = False,
    min_face: int = 20,
    min_confidence: float = 0.9,
    format: Literal["jpg", "png"] = "jpg",  # noqa: A002
    decisions: Name | None = None,
    update: bool = False,
    overwrite: bool = False,
    jobs: int = 1,
    progress: Callback | None = None,
) -> Crops:
    """Find the faces in a folder of photos, and write the right ones as an image folder: `celebtool crop-faces`.

    A photo that can't be read, or that gives no crop, is a row with a reason. If the output of the same call is there
    already, nothing is done.

    Args:
        photos: the folder: flat, or ``photos/<class>/<photo>``.
        faces: the folder to write.
        size: side of the crops in pixels.
        margin: room around the face, as a share of its side.
        align: rotate and scale each face so that eyes, nose and mouth are at fixed places.
        select: which face of a photo with several; None: the person whom a class folder's photos share, else the largest.
        group: sort the faces into ``person-001/``, … by who they are.
        min_face: smallest side of a face, in pixels of the photo.
        min_confidence: lowest confidence of the detector.
        format: of the crops.
        decisions: a table of what a person decided.
        update: crop only new and changed photos of an earlier output.
        overwrite: replace an earlier output.
        jobs: 1: work in this process; more: start so many worker processes, which end with the call.
        progress: called with (stage, done, total).

    Raises:
        CelebtoolError: a value that is not allowed; no photos; an output that exists or can't be written.
        SystemFaultError: a photo can't be read, and its content is not to blame.
    """
    _check(size=size, margin=margin, min_face=min_face, min_confidence=min_confidence, jobs=jobs)
    arguments.check("select", select, Rule | None, {})
    arguments.check("format", format, Literal["jpg", "png"], {})
    if group and select == "identity":
        raise CelebtoolError("select", "identity looks for one person per folder; leave it out with group")
    tell = Heard(progress)
    sources.forget()
    folder = cropping.folder_of(Path(photos))
    cropping.check_layout(folder, group=group)
    listed = cropping.listed(Path(photos), folder, group=group)
    rule = cropping.rule_for(folder, select, group=group)
    settings = CropSettings(size, margin, align, rule, min_face, min_confidence, format, group)
    table = None if decisions is None else Path(decisions)
    order = cropping.Order(Path(photos), Path(faces), settings, table, update=update, overwrite=overwrite)
    made = cropping.planned(order, listed)
    if not cropping.is_there(made, tell):
        for line in cropping.crop(made, _processes(jobs), tell).warnings:
            tell.warn(line)
    return Crops(Path(faces), tuple(manifest.read_all(Path(faces))))


def find_faces(
    images: Pictures,
    *,
    size: int = 224,
    margin: float = 0.4,
    align: bool = True,
    min_face: int = 20,
    min_confidence: float = 0.9,
) -> list[Photo]:
    """Find the faces in photos and cut them out, without writing anything.

    Args:
        images: as of `Model.predict`.
        size: side of the crops in pixels.
        margin: room around the face, as a share of its side.
        align: rotate and scale each face so that eyes, nose and mouth are at fixed places.
        min_face: smallest side of a face, in pixels of the photo.
        min_confidence: lowest confidence of the detector.

    Returns:
        A photo per image, in order; one without a face, or that can't be read, has a reason.

    Raises:
        CelebtoolError: a value that is not allowed, or a path, given alone, that does not exist.
        TypeError: one of the images is neither a path, an array nor a picture.
    """
    from celebtool.inference import conversion
    from celebtool.inference.detection import crops, networks

    _check(size=size, margin=margin, min_face=min_face, min_confidence=min_confidence)
    settings = CropSettings(size, margin, align, "all", min_face, min_confidence, "png")
    conversion.prepare(networks.graphs(), Heard().note)
    found = []
    with tempfile.TemporaryDirectory(prefix="celebtool-") as scratch:
        for source in inputs.given(images, (), Path(scratch)).sources:
            if source.is_missing:
                found.append(Photo(source.path, (), "missing"))
                continue
            (photo,) = crops.crop_photos([source.file], settings)
            faces = tuple(Face(face.box, face.landmarks, face.confidence, image) for face, image in photo.found)
            found.append(Photo(source.path, faces, photo.rejection.reason if photo.rejection else ""))
    return found


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
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    for side in size or ():
        arguments.check("image_size", side, int, {"min": 1, "max": model_info.MAX_IMAGE_SIZE})
    tell = Heard(progress)
    network = training.Network(architectures.get(arch), weights, size, enrol)
    job, training_of = training.planned(Path(parts), output, network, chosen, run, tell)
    info = training.write(job, run, training_of, tell, overwrite=overwrite)
    if info is not None:
        training.tell_of(info, tell)
    return model.load(output)


def _processes(jobs: int) -> Processes:
    return Processes(jobs, local=workers.inline if jobs == 1 else workers.guests)


def _check(**values: float) -> None:
    for name, value in values.items():
        kind, low, high = _BOUNDS[name]
        arguments.check(name, value, kind, {"min": low, "max": high})

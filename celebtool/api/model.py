"""Load a model and predict with it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Literal

from celebtool.api import arguments, inputs, prediction, processes, values
from celebtool.api.inputs import Given, Pictures
from celebtool.api.listener import Callback, Heard
from celebtool.api.results import Predictions
from celebtool.cropping import plan
from celebtool.errors import CelebtoolError
from celebtool.formats import sources
from celebtool.formats.prediction_row import Prediction
from celebtool.inference import predictor
from celebtool.inference.prediction import Settings
from celebtool.inference.predictor import Predictor
from celebtool.system import temporary


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A trained model; `load` reads one.

    Attributes:
        path: the file.
        predictor: its networks and its description.
    """

    path: Path
    predictor: Predictor

    def __repr__(self) -> str:
        """Name the file, the architecture and the number of classes."""
        return f"Model({str(self.path)!r}: {self.architecture}, {len(self.class_names)} classes)"

    @property
    def class_names(self) -> tuple[str, ...]:
        """The people, in the order of the probabilities."""
        return self.predictor.info.class_names

    @property
    def architecture(self) -> str:
        """The name of the network, as `celebtool train --arch list` prints it, or ``ensemble``."""
        return self.predictor.info.architecture

    @property
    def image_size(self) -> tuple[int, int]:
        """The (height, width) in pixels to which crops are resized; of an ensemble the largest."""
        return self.predictor.info.image_size

    @property
    def threshold(self) -> float | None:
        """The score under which a face is called unknown; None: never."""
        return self.predictor.info.threshold

    @property
    def metrics(self) -> Mapping[str, float]:
        """What the model reached in training, as ``val_accuracy``."""
        return self.predictor.info.metrics

    @property
    def crops(self) -> Mapping[str, object] | None:
        """How the faces of the training images were cropped (size, margin, align); None: not by celebtool."""
        return self.predictor.info.crops

    def predict(
        self,
        images: Pictures,
        faces: bool | None = True,
        *,
        threshold: float | Literal["own"] | None = "own",
        mirror: bool = False,
        batch_size: int = 32,
        jobs: int = 1,
        progress: Callback | None = None,
    ) -> Predictions:
        """Say who is in each image, with the same numbers as `celebtool predict`.

        An image that can't be read, or in which no face is found, is a row with a reason. Rows of files and folders are
        named by their path, those of arrays and pictures by their place: ``[3]``.

        Args:
            images: a file or a folder (str or Path), an array (height, width, 3) of RGB in uint8, a picture of Pillow's;
                or an iterable of files, arrays and pictures, of which an array (n, height, width, 3) is one. Grey arrays
                (height, width) and RGBA (height, width, 4) will do, too.
            faces: True: find the faces in whole photos and crop them as in training; a row per face. False: each image is
                a crop. None: decide as the command does, by the size of the images and by what made them.
            threshold: the score under which a face is called unknown; "own": the model's; None: never.
            mirror: average the answers for each image and its mirror image; twice the work.
            batch_size: images that a network sees at once.
            jobs: 1: work in this process; more: start so many worker processes, which end with the call.
            progress: called with (stage, done, total).

        Raises:
            CelebtoolError: a path, given alone, does not exist; a value that is not allowed, such as a threshold that no
                score can reach, or workers in a process that may start none.
            SystemFaultError: an image can't be read, and its content is not to blame.
            TypeError: one of the images is neither a path, an array nor a picture, or an array of another type or shape.
        """
        limit = self.threshold if threshold == "own" else self._checked(threshold)
        arguments.check_count("jobs", jobs)
        arguments.check_count("batch_size", batch_size)
        values.check("faces", faces, bool | None)
        values.check("mirror", mirror, bool)
        sources.forget()
        return self._predicted(images, faces, Settings(limit, None, mirror, batch_size), jobs, Heard(progress))

    def _predicted(
        self, images: Pictures, faces: bool | None, settings: Settings, jobs: int, tell: Heard
    ) -> Predictions:
        with temporary.directory() as scratch, tell.progress("predict", "photos") as told:
            directory, pictures = Path(scratch), Path(scratch) / "pictures"
            pictures.mkdir()
            find, given = self._find(faces, inputs.given(images, self.class_names, pictures), tell)
            settings = replace(settings, crops=plan.settings_of(self.crops) if find else None)
            where = processes.in_program(jobs)
            found = prediction.answers(self.predictor, given.sources, settings, where, directory, told, given.total)
            rows = tuple(_rows(found, pictures))
        return Predictions(self.class_names, rows, find)

    def _find(self, faces: bool | None, given: Given, tell: Heard) -> tuple[bool, Given]:
        """Decide once for all images whether faces are to be found first, and warn of what may be wrong with them."""
        info = self.predictor.info
        for line in prediction.doubts_of_labels(given.names, info.class_names):
            tell.warn(line)
        if faces is None and info.crops is not None:
            first, given = given.first(prediction.LOOKED_AT)
            return not prediction.are_crops(given.names, first, info.crops), given
        if faces and given.names and info.crops is not None and sources.are_cropped(given.names):
            tell.warn(f"{given.names[0]}: holds crops of crop-faces; faces=False takes them as they are")
        for folder, said in [] if faces else sources.other_crops(given.names, info.crops):
            tell.warn(f"{folder}: {said}")
        return bool(faces), given

    def _checked(self, threshold: object) -> float | None:
        if threshold is None:
            return None
        if isinstance(threshold, bool) or not isinstance(threshold, Real):
            raise CelebtoolError("threshold", f"{threshold!r}; expected 'own', None or a number")
        if problem := prediction.problem_of_threshold(float(threshold), self.predictor.info):
            raise CelebtoolError("threshold", f"{threshold}: {problem}")
        return float(threshold)


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model that `train`, `finetune` or `ensemble` wrote, without TensorFlow; nothing in the file is run.

    Args:
        path: of the .h5 file.

    Raises:
        CelebtoolError: no model of celebtool's, or a damaged one.
    """
    return Model(Path(path), predictor.load(Path(path)))


def _rows(found: Iterator[tuple[sources.Source, Prediction]], scratch: Path) -> Iterator[Prediction]:
    """Yield rows; remove what was written for them; of a picture nobody knows whether it was trained on."""
    for source, row in found:
        if inputs.is_temporary(source, scratch):
            source.file.unlink(missing_ok=True)
            yield replace(row, seen=None)
        else:
            yield row

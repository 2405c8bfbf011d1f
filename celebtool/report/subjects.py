"""Read what `report` is given: tables of predictions, histories, image folders and models, told apart by content."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from celebtool.errors import CelebtoolError, command_line
from celebtool.evaluation.judge import Judged, Judgement
from celebtool.formats import history, image_folder, manifest, model_file, predictions, spreadsheets
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import SIDECARS, ImageFolder
from celebtool.formats.manifest import Row
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.predictions import Predictions
from celebtool.suggestions import did_you_mean_path

if TYPE_CHECKING:  # it loads SciPy, which a report on a table has no need of
    from celebtool.folders.inspection import Inspection

STDIN = "-"
KINDS = "predictions, a history, a model or an image folder"
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".bmp", ".gif", ".heic", ".ppm", ".pgm"})
MAX_TABLE = 1 << 30  # bytes; a device has no end
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MODEL_SUFFIXES = frozenset({".h5", ".hdf5", ".keras"})


@dataclass(frozen=True)
class Subjects:
    """The subjects of a report by kind, then by the name on the command line, in its order.

    `digests` are the SHA-256 of the tables (predictions and histories), `rejects` the rows of a folder's manifest on
    images that were not taken into it.
    """

    predictions: dict[str, Predictions] = field(default_factory=dict)
    histories: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)
    folders: dict[str, "tuple[ImageFolder, Inspection]"] = field(default_factory=dict)
    rejects: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    models: dict[str, ModelInfo] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Everything that the forms of output show: the subjects, and the judgement on the tables of predictions."""

    subjects: Subjects
    judgement: Judgement = field(default_factory=Judgement)

    @property
    def judged(self) -> Mapping[str, Judged]:
        """The tables of predictions with their figures, by name."""
        return self.judgement.judged


def read(names: Sequence[str], stdin: BinaryIO, inspect: "Callable[[ImageFolder], Inspection]") -> Subjects:
    """Read every subject.

    Args:
        names: paths, and ``-`` for a table on `stdin`; a name given twice is read once.
        stdin: where ``-`` reads from.
        inspect: finds out what a folder's images are like.

    Raises:
        CelebtoolError: one of them is missing, damaged, or none of the four kinds.
    """
    subjects = Subjects()
    for name in dict.fromkeys(names):
        path = Path(name)
        if name == STDIN:
            _add_table(subjects, "stdin", _content(stdin, "stdin"))
        elif path.is_dir():
            _add_folder(subjects, name, path, inspect)
        elif path.suffix.lower() in _MODEL_SUFFIXES:
            _check_exists(path, KINDS)
            subjects.models[name] = model_file.read(path)[0]
        else:
            _add_file(subjects, name, path)
    _add_contradicted(subjects)
    return subjects


def read_predictions(path: Path) -> Predictions:
    """Read a file that has to hold predictions.

    Raises:
        CelebtoolError: it is missing, or anything else; says how to make one.
    """
    if path.is_dir() or path.suffix.lower() in _MODEL_SUFFIXES:
        line = command_line("predict", "MODEL.h5", "IMAGES", "-o", "old.csv")
        raise CelebtoolError(path, f"is no table of predictions; make one: {line}")
    _check_exists(path, "a table of predictions")
    return predictions.read(path)


def _add_contradicted(subjects: Subjects) -> None:
    """Add the suspects of the folders whose labels the tables of predictions contradict."""
    if not subjects.predictions:
        return
    for name, (folder, seen) in subjects.folders.items():
        from celebtool.folders import contradictions  # noqa: PLC0415 - it loads SciPy, as the inspection of a folder has

        suspects = contradictions.add(seen.suspects, folder, subjects.predictions.values())
        subjects.folders[name] = folder, replace(seen, suspects=tuple(suspects))


def _add_folder(subjects: Subjects, name: str, path: Path, inspect: "Callable[[ImageFolder], Inspection]") -> None:
    folder = image_folder.read(path)
    if not any(Path(sample.path).suffix.lower() in IMAGES for sample in folder.samples):
        _check_images(path, has_files=bool(folder.samples))
    subjects.folders[name] = folder, inspect(folder)
    subjects.rejects[name] = tuple(row for row in manifest.read_all(path) if row.status == manifest.REJECTED)


def _add_file(subjects: Subjects, name: str, path: Path) -> None:
    """Read a file whose name does not tell its kind; once only, because it may be a pipe."""
    _check_exists(path, KINDS)
    _check_kind(path)
    try:
        with path.open("rb") as stream:
            content = _content(stream, name)
    except OSError as error:
        raise CelebtoolError(path, f"cannot be read ({error.strerror}); expected {KINDS}") from error
    if content.startswith(_HDF5):
        subjects.models[name] = model_file.read(path)[0]
    else:
        _add_table(subjects, name, content)


def _check_exists(path: Path, expected: str) -> None:
    if not path.exists():
        raise CelebtoolError(path, f"no such file or directory{did_you_mean_path(path) or f'; expected {expected}'}")


def _check_kind(path: Path) -> None:
    """Refuse a file that celebtool wrote into an image folder, and an image."""
    if path.name in SIDECARS and path.is_file():
        line = command_line("report", path.parent)
        raise CelebtoolError(path, f"describes the image folder that it lies in; report on the folder: {line}")
    if path.suffix.lower() in IMAGES and path.is_file():
        line = f"{command_line('predict', 'MODEL.h5', path)} | {command_line('report')}"
        raise CelebtoolError(path, f"is an image; predict it first: {line}")


def _check_images(directory: Path, *, has_files: bool) -> None:
    """Refuse a directory in which no file is named as an image; images may have any name, but not beside a table."""
    known = [directory / name for name in ("predictions.csv", "history.csv") if (directory / name).is_file()]
    known += sorted(path for path in directory.iterdir() if path.suffix.lower() in _MODEL_SUFFIXES)
    if known or not has_files:
        instead = f"did you mean {known[0]}?" if known else "expected an image folder"
        raise CelebtoolError(directory, f"holds no images; {instead}")


def _content(stream: BinaryIO, name: str) -> bytes:
    content = stream.read(MAX_TABLE + 1)
    if len(content) > MAX_TABLE:
        raise CelebtoolError(name, f"has more than {MAX_TABLE} bytes; expected predictions or a history")
    return content


def _add_table(subjects: Subjects, name: str, content: bytes) -> None:
    """Read a table: a history if its header has an epoch and no path, else predictions."""
    subjects.digests[name] = hashlib.sha256(content).hexdigest()
    stream = spreadsheets.text_of(content, name)
    if history.is_history(spreadsheets.text_of(content, name), name):
        subjects.histories[name] = history.parse(stream, name)
    else:
        subjects.predictions[name] = predictions.parse(stream, name)

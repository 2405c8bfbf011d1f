"""Draw all plots of a report into one directory."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.drawing import contact_sheets, fonts, map_plot, plots, run_plots, threshold_plots
from celebtool.drawing import curves as drawn_curves
from celebtool.drawing.canvas import Figure
from celebtool.drawing.contact_sheets import FaceBox
from celebtool.drawing.fonts import Lettering
from celebtool.errors import CelebtoolError
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.judge import Judged
from celebtool.formats import images, provenance, recipes
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import UNKNOWN, ImageFolder
from celebtool.formats.images import ImageError
from celebtool.formats.predictions import Predictions
from celebtool.formats.text import natural_key
from celebtool.report.subjects import Report, Subjects

Plot = tuple[str, Figure]
"""The name of a file and what is drawn in it."""
GREY = np.full((contact_sheets.TILE, contact_sheets.TILE, 3), 200, dtype=np.uint8)
"""What stands for a picture that cannot be shown."""


def draw(report: Report, pictures: ImageFolder | None, directory: Path) -> Lettering:
    """Draw every plot there is something for.

    Args:
        report: its subjects and their figures.
        pictures: the folder that was predicted; without it there are no pictures to show.
        directory: where the PNGs go.

    Returns:
        How names are written in the plots; if numbers stand for some, they are in legend.csv.

    Raises:
        CelebtoolError: there is nothing to draw, or a predicted image is not in `pictures`.
    """
    lettering = fonts.lettering(all_names(report, pictures))
    drawn = 0
    for name, figure in _plots(report, pictures, lettering):
        plots.save(figure, directory / name)
        drawn += 1
    if not drawn:
        raise CelebtoolError(directory, "there is nothing to plot; expected predictions, a history or an image folder")
    fonts.write_legend(lettering, directory)
    return lettering


def recipe(report: Report, pictures: ImageFolder | None) -> recipes.Recipe:
    """Return the recipe of the plots: the contents of all subjects, and the names of several of a kind."""
    subjects = report.subjects
    folders = [folder.root for folder, _ in subjects.folders.values()] + ([pictures.root] if pictures else [])
    runs = [*subjects.histories, *subjects.models]
    source = {
        "tables": list(subjects.digests.values()),
        "models": [info.arrays_sha256 for info in subjects.models.values()],
        "folders": [provenance.digest(root) for root in folders],
    }
    told = {"runs": runs if len(runs) > 1 else [], "images": pictures is not None}
    return recipes.build("report", told | _choices(report), source)


def _choices(report: Report) -> dict[str, object]:
    """Return what else decides what is drawn, as far as it is not as usual: the part, the runs, whose faces were looked for."""
    parts = [one.evaluation.part for one in report.judged.values()]
    chosen: dict[str, object] = {}
    if parts != [one.parts[-1].part if one.parts else None for one in report.judged.values()]:
        chosen["parts"] = parts
    if report.judgement.runs and report.judgement.are_several:
        runs = report.judgement.runs.evaluations.items()
        chosen["compared"] = {name: [one.images, one.accuracy.value, one.macro.f1.value] for name, one in runs}
    if any(seen.largest_only for _, seen in report.subjects.folders.values()):
        chosen["suspects"] = True
    return chosen


def all_names(report: Report, pictures: ImageFolder | None) -> list[str]:
    """Every class name that a plot may have to write, in natural order."""
    folders = [folder for folder, _ in report.subjects.folders.values()] + ([pictures] if pictures else [])
    names = {name for table in report.subjects.predictions.values() for name in table.class_names}
    names |= {name for info in report.subjects.models.values() for name in info.class_names}
    return sorted(names.union(*(folder.class_names for folder in folders)), key=natural_key)


def _plots(report: Report, pictures: ImageFolder | None, lettering: Lettering) -> Iterator[Plot]:
    yield from curves(report.subjects)
    if report.judgement.runs and report.judgement.are_several:
        yield "runs.png", run_plots.accuracies(report.judgement.runs.evaluations)
    yield from _of_predictions(report.judged, pictures, lettering)
    yield from _of_folders(report.subjects, pictures, lettering)


def curves(subjects: Subjects) -> Iterator[Plot]:
    """Loss and accuracy of all histories and models, each in one plot."""
    runs: dict[str, Sequence[Epoch]] = dict(subjects.histories)
    runs |= {name: info.history for name, info in subjects.models.items() if info.history}
    if runs:
        yield "loss.png", drawn_curves.per_epoch(runs, "loss")
        yield "accuracy.png", drawn_curves.per_epoch(runs, "accuracy")


def _of_predictions(judged: Mapping[str, Judged], pictures: ImageFolder | None, lettering: Lettering) -> Iterator[Plot]:
    for number, one in enumerate(judged.values(), start=1):
        evaluation = one.evaluation
        if not evaluation.images:
            continue
        file = f"{number}-" if len(judged) > 1 else ""
        rows = [row for row in one.predictions.rows if evaluation.part in (None, row.part)]
        yield f"{file}confusion_matrix.png", plots.confusion(evaluation, lettering)
        if evaluation.calibration.images:
            yield f"{file}calibration.png", plots.calibration(evaluation)
        for figure in thresholds(evaluation):
            yield f"{file}thresholds.png", figure
        if pictures:
            yield (
                f"{file}predictions.png",
                contact_sheets.predictions(rows, evaluation, thumbnails(pictures), lettering),
            )
            yield f"{file}mistakes.png", contact_sheets.mistakes(evaluation, thumbnails(pictures), lettering)


def thresholds(evaluation: Evaluation) -> Iterator[Figure]:
    """Draw what thresholds do, if there are strangers with scores."""
    if evaluation.thresholds and evaluation.rejection:
        yield threshold_plots.thresholds(evaluation.thresholds, evaluation.rejection, evaluation.part)


def _of_folders(subjects: Subjects, pictures: ImageFolder | None, lettering: Lettering) -> Iterator[Plot]:
    """Counts and samples of the folders; without one, of the images predicted, and counts of their labels."""
    folders = [folder for folder, _ in subjects.folders.values()] or ([pictures] if pictures else [])
    labelled = [folder for folder in folders if folder.class_names]
    for number, folder in enumerate(labelled, start=1):
        file = f"{number}-" if len(labelled) > 1 else ""
        yield f"{file}distribution.png", distribution(folder, lettering)
        yield f"{file}samples.png", contact_sheets.samples(folder.by_class, thumbnails(folder), lettering)
    yield from _maps(subjects, lettering)
    if not labelled:
        for table in [table for table in subjects.predictions.values() if any(row.label for row in table.rows)][:1]:
            yield "distribution.png", plots.distribution(_label_counts(table), table.class_names, lettering)


def distribution(folder: ImageFolder, lettering: Lettering) -> Figure:
    """Draw the images per class and part of a folder."""
    counts = {part or "": folder.counts(part) for part in folder.parts or (None,)}
    return plots.distribution(counts, folder.class_names, lettering)


def _maps(subjects: Subjects, lettering: Lettering) -> Iterator[Plot]:
    """Draw the map of each folder's faces, if their embeddings are known."""
    folders = [(folder, seen) for folder, seen in subjects.folders.values() if folder.class_names]
    for number, (_, seen) in enumerate(folders, start=1):
        if seen.map.marks:
            yield f"{number}-map.png" if len(folders) > 1 else "map.png", map_plot.embedding_map(seen.map, lettering)


def _label_counts(table: Predictions) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {part: {} for part in table.parts or ("",)}
    for row in table.rows:
        if row.label not in ("", UNKNOWN):
            of_part = counts.setdefault(row.part, {})
            of_part[row.label] = of_part.get(row.label, 0) + 1
    return counts


def thumbnails(folder: ImageFolder) -> contact_sheets.Thumbnail:
    """Return what gives the images of a folder; one that can't be decoded is a grey square, not the end of a report."""
    known = {sample.path for sample in folder.samples}

    def thumbnail(path: str, box: FaceBox | None) -> NDArray[np.uint8]:
        file = folder.root / path
        if os.path.relpath(file, folder.root) not in known:  # an untrusted table may name any file
            raise CelebtoolError(file, "no such image; --images should be the folder that predict was given")
        try:
            return (
                images.open_photo(file).decode(2 * contact_sheets.TILE) if box is None else _cut(images.read(file), box)
            )
        except ImageError:
            return GREY

    return thumbnail


def _cut(image: NDArray[np.uint8], box: FaceBox) -> NDArray[np.uint8]:
    left, top, width, height = (round(edge) for edge in box)
    face = image[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
    return face if face.size else image

"""What the functions of the Python interface return: rows with names, and tables for pandas."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from celebtool.cropping import plan
from celebtool.errors import count
from celebtool.folders import split_files, split_summary
from celebtool.formats import manifest, predictions
from celebtool.formats.manifest import Row
from celebtool.formats.prediction_row import BOX_COLUMNS, FOLD, PROBABILITY, Prediction, guess_columns, write_cells
from celebtool.imaging.alignment import Box
from celebtool.system.output import new_file

if TYPE_CHECKING:
    import pandas as pd


SHOWN = 20
"""Rows that a notebook shows at most."""


@dataclass(frozen=True, repr=False)
class Predictions(predictions.Predictions):
    """A row per image, or per face, in the order of the images; a sequence of `Prediction`.

    Attributes:
        class_names: the model's classes, in the order of the probabilities.
        rows: the rows.
        with_boxes: whether faces were looked for in whole photos.
    """

    with_boxes: bool = False

    def __iter__(self) -> Iterator[Prediction]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Prediction: ...

    @overload
    def __getitem__(self, index: slice) -> "Predictions": ...

    def __getitem__(self, index: int | slice) -> "Prediction | Predictions":
        """Return a row, or some of the rows as predictions."""
        return replace(self, rows=self.rows[index]) if isinstance(index, slice) else self.rows[index]

    @property
    def with_folds(self) -> bool:
        """Whether the rows are of several models of a cross-validation."""
        return any(row.fold is not None for row in self.rows)

    def __repr__(self) -> str:
        """Count rows and classes."""
        return f"Predictions({count(len(self.rows), 'row')}, {count(len(self.class_names), 'class', 'classes')})"

    def _repr_html_(self) -> str:
        """Return the first rows as a table without the probabilities, for a notebook."""
        head = self[:SHOWN].to_frame()
        shown = head[[name for name in head.columns if not name.startswith(PROBABILITY)]]
        return f"{shown.to_html(border=0)}<p>{html.escape(repr(self))}</p>"

    def to_frame(self) -> "pd.DataFrame":
        """Return the columns of the table that `celebtool predict` writes, a row each; NaN or None where there is no value."""
        import pandas as pd

        cells = [write_cells(row, self.class_names) for row in self.rows]
        known = {column for each in cells for column in each}
        names = [PROBABILITY + name for name in self.class_names]
        if guesses := [name for name in guess_columns(len(names)) if name in known]:
            names = guesses  # a table may hold the best guesses alone
        columns = [*predictions.COLUMNS, *names, *(BOX_COLUMNS if self.with_boxes else ())]
        columns += [FOLD] if self.with_folds else []
        return pd.DataFrame(cells, columns=columns)

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the table that `celebtool predict -o` writes, for `celebtool report`.

        Raises:
            CelebtoolError: it exists already, or can't be written where it is wanted.
        """
        with (
            new_file(Path(path), overwrite=overwrite) as workspace,
            workspace.content.open("w", encoding="utf-8", newline="") as stream,
        ):
            writer = predictions.Writer(stream, self.class_names, boxes=self.with_boxes, folds=self.with_folds)
            for row in self.rows:
                writer.row(row)


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a photo.

    Attributes:
        box: left, top, width, height, in pixels of the photo.
        landmarks: the eyes, the nose and the corners of the mouth, as (5, 2), x before y, in pixels of the photo.
        confidence: of the detector, from 0 to 1.
        image: the crop, as (size, size, 3), RGB in uint8; aligned unless asked otherwise.
    """

    box: Box
    landmarks: NDArray[np.float64]
    confidence: float
    image: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True)
class Photo:
    """A photo and the faces in it, the largest first, or the reason why there are none."""

    path: str
    faces: tuple[Face, ...]
    reason: str = ""


@dataclass(frozen=True, repr=False)
class Crops:
    """An image folder that `crop_faces` wrote.

    Attributes:
        path: where it is.
        rows: those of its manifest: one per crop, and one per photo that gave none, with the reason.
    """

    path: Path
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        """Name the folder, and count."""
        return f"Crops({str(self.path)!r}: {self.summary})"

    @property
    def rejected(self) -> tuple[Row, ...]:
        """The rows of photos that gave no crop."""
        return tuple(row for row in self.rows if row.status == manifest.REJECTED)

    @property
    def summary(self) -> str:
        """What became of the photos: ``360 crops from 368 photos: 4 no face, 1 unreadable``."""
        return plan.summary(self.rows)

    def to_frame(self) -> "pd.DataFrame":
        """Return the manifest, all cells as text."""
        return _manifest(self.rows)


@dataclass(frozen=True, repr=False)
class Parts:
    """An image folder with parts, or with folds of parts, that `split` wrote.

    Attributes:
        path: where it is.
        rows: those of its manifest: one per image, in `extra` its part, and one per image left out, with the reason.
    """

    path: Path
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        """Name the folder, and count."""
        return f"Parts({str(self.path)!r}: {self.summary})"

    @property
    def summary(self) -> str:
        """How many images went where: ``168 images of 5 people: 134 train, 17 val, 17 test``."""
        return split_summary.summary(split_files.of_rows(self.rows))

    def to_frame(self) -> "pd.DataFrame":
        """Return the manifest, all cells as text."""
        return _manifest(self.rows)


def _manifest(rows: Sequence[Row]) -> "pd.DataFrame":
    import pandas as pd

    extra = dict.fromkeys(column for row in rows for column in row.extra)
    cells = [{column: getattr(row, column) for column in manifest.COLUMNS} | dict(row.extra) for row in rows]
    return pd.DataFrame(cells, columns=[*manifest.COLUMNS, *extra], dtype=object)

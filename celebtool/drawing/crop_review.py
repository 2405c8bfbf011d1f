"""Draw contact sheets of the crop step, one per class: the crops, the doubtful last, then the rejects."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from celebtool.cropping import plan
from celebtool.drawing import contact_sheets, fonts, plots
from celebtool.drawing.canvas import Figure
from celebtool.drawing.contact_sheets import TILE, Tile
from celebtool.drawing.plots import RIGHT_COLOUR, TEXT, WRONG_COLOUR
from celebtool.formats import images, manifest, reasons
from celebtool.formats.images import ImageError, RGBImage
from celebtool.formats.manifest import Row
from celebtool.formats.text import shorten
from celebtool.system.output import write_file

COLUMNS = 12
LONGEST = 16  # letters of a file's name that fit below a picture
MOST = 480  # pictures of a kind on a sheet; of more, the most doubtful


def draw(rows: Sequence[Row], photos: Path, faces: Path, file: Path, *, overwrite: bool) -> None:
    """Write a sheet for each class; one that is there already, and the same, may stay.

    Args:
        rows: the manifest of the crops.
        photos: the folder they were cut from, for the rejected.
        faces: the folder of the crops.
        file: name of the sheet; with several classes see `celebtool.cropping.plan.sheet_files`.
        overwrite: replace files of these names.
    """
    by_label: dict[str, list[Row]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row)
    for label, name in plan.sheet_files(file, by_label).items():
        sheet = plots.png(_sheet(by_label[label], label, photos, faces))
        write_file(name, sheet, inputs=[photos, faces], overwrite=overwrite)


def _sheet(rows: Sequence[Row], label: str, photos: Path, faces: Path) -> Figure:
    taken = sorted((row for row in rows if row.status == manifest.KEPT), key=_doubt)
    rejected = sorted(
        (row for row in rows if row.status == manifest.REJECTED), key=lambda row: (row.reason, row.source)
    )
    letters = fonts.lettering([label, *(Path(row.source).name for row in rows)])
    tiles = [
        _tile(faces, row.path, _told(row), TEXT if row.extra.get("distance") else RIGHT_COLOUR, row, letters)
        for row in taken[-MOST:]
    ]
    tiles += [
        _tile(photos, row.source, reasons.words(row.reason), WRONG_COLOUR, row, letters) for row in rejected[:MOST]
    ]
    title = f"{letters.text(label)}: {len(taken)} taken, the doubtful last; {len(rejected)} rejected, in red"
    return contact_sheets.sheet(title, tiles, COLUMNS, letters)


def _doubt(row: Row) -> tuple[float, float, str]:
    """Return what the taken are sorted by: distance from the folder's person, else how unsure the detector was."""
    return row.number("distance") or 0.0, -(row.number("confidence") or 0.0), row.source


def _told(row: Row) -> str:
    if row.extra.get("distance"):
        return f"{row.number('distance') or 0:.2f}"
    return f"sure {row.number('confidence') or 0:.3f}"


def _tile(root: Path, path: str, told: str, colour: str, row: Row, letters: fonts.Lettering) -> Tile:
    return Tile(_picture(root, path), ((told, colour), (letters.text(shorten(Path(row.source).name, LONGEST)), TEXT)))


def _picture(root: Path, path: str) -> RGBImage:
    """Return a picture of a folder's; a grey square if it can't be read, or leads out of the folder."""
    file = root / path
    try:
        if Path(os.path.realpath(root)) in Path(os.path.realpath(file)).parents and file.exists():
            return images.open_photo(file).decode(2 * TILE)
    except (ImageError, ValueError):  # a name that no file can have
        pass
    return np.full((TILE, TILE, 3), 200, np.uint8)

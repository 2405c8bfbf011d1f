"""Write the parts of a split folder, and read which image is where."""

import json
from dataclasses import replace
from pathlib import Path

from celebtool.folders import split, transfer
from celebtool.folders.split import Split, Splits
from celebtool.formats import manifest
from celebtool.formats.image_folder import PARTS
from celebtool.formats.recipes import Recipe
from celebtool.system.output import RECIPE_FILE


def write(splits: Splits, source: Path, target: Path, recipe: Recipe, *, link: bool) -> None:
    """Write the splits, each with its manifest; folds are image folders in their own right."""
    for directory, each in splits.items():
        transfer.place(each.rows, source, target / directory, link=link)
        transfer.carry_faces(each.rows, source, target / directory)
        manifest.write(target / directory, each.rows, transfer.columns(each.rows))
        if directory:
            made_by = json.dumps({**recipe, "fold": directory}, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
            (target / directory / RECIPE_FILE).write_text(made_by, encoding="utf-8", errors="surrogateescape")
    if "" not in splits:
        rows = [_below(directory, row) for directory, each in splits.items() for row in each.rows]
        manifest.write(target, rows, transfer.columns(rows))


def read(target: Path, folds: int) -> Splits:
    """Return the splits of a folder that `write` wrote, from their manifests; of so many folds, or of none if 0."""
    return {directory: _of_manifest(target / directory) for directory in split.directories(folds)}


def _of_manifest(directory: Path) -> Split:
    rows = manifest.read_all(directory)
    parts = {part: [row for row in rows if row.path and row.extra["part"] == part] for part in PARTS}
    return Split(parts, [row for row in rows if not row.path])


def _below(directory: str, row: manifest.Row) -> manifest.Row:
    return replace(row, path=f"{directory}/{row.path}") if row.path else row

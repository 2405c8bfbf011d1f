"""Write the parts of a split folder, and tell from its manifest which image is where."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from celebtool.folders import transfer
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


def of_rows(rows: Iterable[manifest.Row]) -> Splits:
    """Return where the images are that a folder's manifest names, as `write` wrote it, without those left out."""
    splits: dict[str, dict[str, list[manifest.Row]]] = {}
    for row in rows:
        if row.path:
            first, part = row.path.partition("/")[0], row.extra["part"]
            parts = splits.setdefault("" if first == part else first, {part: [] for part in PARTS})
            parts[part].append(row)
    return {directory: Split(parts, ()) for directory, parts in splits.items()}


def _below(directory: str, row: manifest.Row) -> manifest.Row:
    return replace(row, path=f"{directory}/{row.path}") if row.path else row

"""What `predict` writes: a table on stdout or in a file, annotated photos, photos sorted by person."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from celebtool import console
from celebtool.errors import command_line
from celebtool.system import temporary
from celebtool.system.output import new_directory, new_file

if TYPE_CHECKING:
    from celebtool.formats.model_info import ModelInfo
    from celebtool.formats.prediction_row import Prediction
    from celebtool.formats.sources import Source


def annotated(
    rows: "Iterable[Prediction]", photos: "Iterator[Source]", info: "ModelInfo", directory: Path, pictures: Path
) -> "Iterator[Prediction]":
    """Pass predictions on, and draw each photo with its boxes and names."""
    from celebtool.drawing import annotation, fonts

    lettering = fonts.lettering(info.class_names)
    for notice in fonts.notices(lettering, directory):
        console.note(f"note: {notice}")
    return annotation.draw(rows, photos, lettering, pictures)


@contextlib.contextmanager
def stream(output: Path | None, inputs: list[Path], *, overwrite: bool) -> Iterator[tuple[TextIO, Path]]:
    """Yield stdout, or a file that appears whole when the block ends well, and a directory for the results of workers."""
    if output is None:
        with temporary.directory() as scratch:
            yield sys.stdout, Path(scratch)
        return
    with (
        new_file(output, inputs=inputs, overwrite=overwrite) as workspace,
        workspace.content.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream, workspace.scratch


def write(
    rows: "Iterable[Prediction]",
    info: "ModelInfo",
    stream: TextIO,
    format: Literal["csv", "jsonl"] | None,  # noqa: A002
    top: int | None,
    threshold: float | None,
    *,
    boxes: bool,
) -> None:
    """Write a table, or show one to read on a terminal."""
    from celebtool.formats import predictions
    from celebtool.report import guesses

    if format is None and stream.isatty():
        shown = [cells for row in rows for cells in guesses.cells(row, info.class_names, top or 1, threshold)]
        console.table("", guesses.COLUMNS, shown)
        return
    writer = predictions.Writer(stream, info.class_names, boxes=boxes, jsonl=format == "jsonl", top=top)
    for row in rows:
        writer.row(row)


def end(output: Path | None, annotate: Path | None, sort: Path | None, summary: str) -> None:
    """Say what was written."""
    from celebtool.folders import sorting

    if annotate:
        console.done(annotate, "annotated photos")
    if sort:
        console.done(sort, sorting.summary(sort))
    if output:
        console.done(output, summary, command_line("report", output))
    else:
        console.note(f"predicted {summary}")


@contextlib.contextmanager
def directory(
    path: Path | None, parameters: dict[str, object], info: "ModelInfo", inputs: list[Path], *, overwrite: bool
) -> Iterator[Path | None]:
    """Yield an empty directory that appears as `path` when the block ends well; None if none is asked."""
    if path is None:
        yield None
        return
    from celebtool.formats import recipes

    recipe = recipes.build("predict", parameters, {"model": info.arrays_sha256})
    with new_directory(path, recipe=recipe, inputs=inputs, overwrite=overwrite) as workspace:
        yield workspace.content

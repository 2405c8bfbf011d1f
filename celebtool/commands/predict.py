"""``predict MODEL.h5 IMAGES…``: a row per image, or per face, on stdout or in a file."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from celebtool import console, options
from celebtool.output import new_file


def predict(
    model: options.Model,
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGES…", help="Directories, files, or - for a list of files on stdin.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of to stdout.")
    ] = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="The names on stdin end with NUL, as of find -print0.")
    ] = False,
    faces: Annotated[
        bool, typer.Option("--faces", help="Find the faces in raw photos first and crop them exactly as in training.")
    ] = False,
    top: Annotated[
        int, typer.Option("--top", min=1, metavar="K", help="On a terminal, show the K best guesses of each image.")
    ] = 1,
    closed_set: Annotated[
        bool, typer.Option("--closed-set", help="Name somebody for every face, never unknown.")
    ] = False,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Average the answers for each image and its mirror image; twice the work.")
    ] = False,
    format: Annotated[  # noqa: A002
        Literal["csv", "jsonl"] | None,
        typer.Option("--format", help="Table to write.", show_default="csv; a table to read on a terminal"),
    ] = None,
    batch_size: options.BatchSize = 32,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Say who is in each image.

    A face that is too far from everybody is called unknown. An image that can't be read keeps its row, with the reason.

    Example: celebtool predict model.h5 parts/test | celebtool report --confusion
    """
    from celebtool import guesses
    from celebtool.formats import model_file, predictions, sources

    info = model_file.read_info(model)
    if info.crops is not None and not faces and not sources.are_cropped(images):
        console.warn(f"{model} was trained on face crops and the input looks uncropped; add --faces")
    listed = sources.of_arguments(images, info.class_names, b"\0" if null else b"\n")
    inputs = [model, *(Path(name) for name in images if name != "-")]
    with _stream(output, inputs, overwrite=overwrite) as stream, console.progress("predict", "images") as progress:
        from celebtool.nn import classifier, prediction

        loaded = classifier.load(model)
        items = prediction.read_faces(loaded, listed) if faces else prediction.read(loaded, listed)
        rows = prediction.predict(
            loaded, items, batch_size, None if closed_set else info.threshold, progress, mirror=mirror
        )
        if format is None and stream.isatty():
            shown = [cells for row in rows for cells in guesses.cells(row, info.class_names, top)]
            console.table("", guesses.COLUMNS, shown)
        else:
            writer = predictions.Writer(stream, info.class_names, boxes=faces, jsonl=format == "jsonl")
            for row in rows:
                writer.row(row)


@contextlib.contextmanager
def _stream(output: Path | None, inputs: list[Path], *, overwrite: bool) -> Iterator[TextIO]:
    """Yield stdout, or a file that appears whole when the block ends well."""
    if output is None:
        yield sys.stdout
        return
    with (
        new_file(output, inputs=inputs, overwrite=overwrite) as workspace,
        workspace.content.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream

"""``predict MODEL.h5 IMAGES…``: a row per image, or per face, on stdout or in a file."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from celebtool import console, options
from celebtool.system.output import new_directory, new_file
from celebtool.system.places import check_places

if TYPE_CHECKING:
    from celebtool.formats.model_info import ModelInfo
    from celebtool.formats.prediction_row import Prediction


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
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="DIR", help="With --faces: draw boxes and names on copies of the photos."),
    ] = None,
    batch_size: options.BatchSize = 32,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Say who is in each image.

    A face that is too far from everybody is called unknown. An image that can't be read keeps its row, with the reason.

    Example: celebtool predict model.h5 parts/test | celebtool report --confusion
    """
    from celebtool.formats import model_file, sources

    if annotate and not faces:
        raise typer.BadParameter("needs --faces, which finds what it draws", param_hint="--annotate")
    info = model_file.read_info(model)
    if info.crops is not None and not faces and not sources.are_cropped(images):
        console.warn(f"{model} was trained on face crops and the input looks uncropped; add --faces")
    listed = sources.of_arguments(images, info.class_names, b"\0" if null else b"\n")
    inputs = [model, *(Path(name) for name in images if name != "-")]
    check_places([annotate, output], inputs)
    with (
        _pictures(annotate, info, inputs, overwrite=overwrite) as pictures,
        _stream(output, inputs, overwrite=overwrite) as stream,
        console.progress("predict", "images") as progress,
    ):
        from celebtool.nn import classifier, prediction

        loaded = classifier.load(model)
        items = prediction.read_faces(loaded, listed) if faces else prediction.read(loaded, listed)
        items, again = tee(items) if pictures else (items, ())
        rows = prediction.predict(
            loaded, items, batch_size, None if closed_set else info.threshold, progress, mirror=mirror
        )
        if annotate and pictures:
            from celebtool.drawing import annotation, fonts

            lettering = fonts.lettering(info.class_names)
            for notice in fonts.notices(lettering, annotate):
                console.note(f"note: {notice}")
            rows = annotation.draw(rows, (item.source for item in again), lettering, pictures)
        _write(rows, info, stream, format, top, boxes=faces)


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


def _write(
    rows: "Iterable[Prediction]",
    info: "ModelInfo",
    stream: TextIO,
    format: Literal["csv", "jsonl"] | None,  # noqa: A002
    top: int,
    *,
    boxes: bool,
) -> None:
    from celebtool.formats import predictions
    from celebtool.report import guesses

    if format is None and stream.isatty():
        shown = [cells for row in rows for cells in guesses.cells(row, info.class_names, top)]
        console.table("", guesses.COLUMNS, shown)
        return
    writer = predictions.Writer(stream, info.class_names, boxes=boxes, jsonl=format == "jsonl")
    for row in rows:
        writer.row(row)


@contextlib.contextmanager
def _pictures(
    directory: Path | None, info: "ModelInfo", inputs: list[Path], *, overwrite: bool
) -> Iterator[Path | None]:
    """Yield an empty directory for annotated photos that appears whole when the block ends well; None if none is asked."""
    if directory is None:
        yield None
        return
    from celebtool.formats import recipes

    recipe = recipes.build("predict", {"annotate": True}, {"model": info.arrays_sha256})
    with new_directory(directory, recipe=recipe, inputs=inputs, overwrite=overwrite) as workspace:
        yield workspace.content

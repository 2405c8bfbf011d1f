"""``report [FILE…|DIR]``: what predictions, histories, image folders and models show."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from celebtool import console, options
from celebtool.errors import CelebtoolError
from celebtool.output import Finished, new_directory

if TYPE_CHECKING:
    from celebtool.formats.image_folder import ImageFolder
    from celebtool.formats.image_sizes import ImageSizes
    from celebtool.formats.subject import Subjects
    from celebtool.rendering.compose import Judged

DEFAULT_FILE = "predictions.csv"


def report(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|DIR",
            help="Predictions (several are shown side by side), a history .csv, an image folder or a model .h5; "
            "- is stdin, which is also the default.",
            show_default=False,
        ),
    ] = None,
    confusion: Annotated[bool, typer.Option("--confusion", help="Show who is taken for whom.")] = False,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Show precision, recall, F1 and support of every class.")
    ] = False,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="List the mistakes, the most confident first.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="So many mistakes and confused pairs at most.")
    ] = 10,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", help="The folder that was predicted, for plots with pictures."),
    ] = None,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="DIR", help="Directory to write the plots to, as PNG.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print one table, as CSV.")] = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Say what predictions, a history, an image folder or a model show.

    Example: celebtool predict model.h5 parts/test | celebtool report --confusion
    """
    _check(json=json, csv=csv, views=[confusion, per_class, mistakes], images=images, plots=plots)
    names = files or [_default_file()]

    from celebtool.formats import image_folder, subject
    from celebtool.rendering import compose, record

    stdin = sys.stdin.buffer if sys.stdin else io.BytesIO()  # there is none in a process that was started without
    subjects = subject.read(names, stdin, _measure)
    if (confusion or per_class or mistakes) and not subjects.predictions:
        raise CelebtoolError(names[0], "holds no predictions; expected some for --confusion, --per-class or --mistakes")
    views = compose.Views(confusion, per_class, mistakes, limit)
    judged = compose.judge(subjects)
    if plots:
        _plot(plots, subjects, judged, image_folder.read(images) if images else None, overwrite=overwrite, names=names)
    for remark in compose.remarks(subjects, judged):
        console.note(f"note: {remark}")
    if json:
        sys.stdout.write(record.dumps(compose.document(subjects, judged, limit)) + "\n")
    elif csv:
        _write_csv(compose.rows(subjects, judged, views))
    else:
        for table in compose.tables(subjects, judged, views, console.width()):
            console.table(table.title, table.columns, table.rows, compact=table.compact)


def _check(*, json: bool, csv: bool, views: Sequence[bool], images: Path | None, plots: Path | None) -> None:
    if json and csv:
        raise typer.BadParameter("print one or the other", param_hint="--json, --csv")
    if csv and sum(views) > 1:
        raise typer.BadParameter(
            "prints one table; choose one of --confusion, --per-class, --mistakes", param_hint="--csv"
        )
    if images and not plots:
        raise typer.BadParameter("is for the pictures in --plots DIR; add that", param_hint="--images")


def _default_file() -> str:
    """Stdin, unless that is a terminal: then predictions.csv, where predict's -o is likely to have written it."""
    if sys.stdin and not sys.stdin.isatty():
        return "-"
    if Path(DEFAULT_FILE).is_file():
        return DEFAULT_FILE
    raise typer.BadParameter(f"nothing to read: no FILE, no stdin and no ./{DEFAULT_FILE}", param_hint="FILE")


def _measure(folder: "ImageFolder") -> "ImageSizes":
    from celebtool.formats import image_sizes

    with console.progress("report", "images") as progress:
        return image_sizes.read(folder, progress)


def _plot(
    directory: Path,
    subjects: "Subjects",
    judged: "dict[str, Judged]",
    pictures: "ImageFolder | None",
    *,
    overwrite: bool,
    names: Sequence[str],
) -> None:
    from celebtool.rendering import gallery

    inputs = [Path(name) for name in names if name != "-"] + ([pictures.root] if pictures else [])
    recipe = gallery.recipe(subjects, pictures)
    try:
        with new_directory(directory, recipe=recipe, inputs=inputs, overwrite=overwrite) as workspace:
            evaluations = {name: one.evaluation for name, one in judged.items()}
            legend = gallery.draw(subjects, evaluations, pictures, workspace.content)
    except Finished:
        console.note(f"{directory}: finished; the plots are there (--overwrite makes them anew)")
        return
    if legend:
        console.note(
            f"note: no installed font can write {', '.join(legend)}; {directory}/{gallery.LEGEND} has their numbers"
        )


def _write_csv(rows: Sequence[dict[str, object]]) -> None:
    from celebtool.formats import tables

    stream = io.StringIO(newline="")
    if rows:
        writer = tables.Writer(stream, list(rows[0]))
        for row in rows:
            writer.row({column: "" if value is None else value for column, value in row.items()})
    sys.stdout.write(stream.getvalue())

"""``report [FILE…|DIR]``: print the figures of predictions, histories, image folders and models."""

import io
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from celebtool import console, options
from celebtool.commands import report_checks
from celebtool.errors import printable
from celebtool.system.places import check_places

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from celebtool.folders.inspection import Inspection
    from celebtool.formats.image_folder import ImageFolder
    from celebtool.report.compose import Views
    from celebtool.report.outputs import Written
    from celebtool.report.subjects import Report

DEFAULT_FILE = "predictions.csv"


def report(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|DIR",
            help="Predictions (several are shown side by side), a history .csv, an image folder or a model .h5; "
            "- or nothing: stdin.",
            show_default=False,
        ),
    ] = None,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Show the confusion matrix, or as much of it as fits.")
    ] = False,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Show precision, recall, F1 and images of every class.")
    ] = False,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="List the mistakes, the most confident first.")] = False,
    calibration: Annotated[bool, typer.Option("--calibration", help="Compare confidence with accuracy.")] = False,
    thresholds: Annotated[
        bool,
        typer.Option(
            "--thresholds", help="Show what thresholds would do, known faces against strangers, to choose one."
        ),
    ] = False,
    layers: Annotated[bool, typer.Option("--layers", help="List the layers of a model.")] = False,
    suspects: Annotated[
        bool,
        typer.Option(
            "--suspects",
            help="List all images of a folder that may be of another person than their class; "
            "in images that are no crops of crop-faces, find the largest face first.",
        ),
    ] = False,
    part: Annotated[
        Literal["train", "val", "test"] | None,
        typer.Option(
            "--part", help="Report on this part of the predictions.", show_default="test, else val, else train"
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            "--limit",
            min=1,
            metavar="N",
            help="Show at most N mistakes, N confused pairs, and N suspects without --suspects.",
        ),
    ] = 10,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images", metavar="DIR", help="The folder that was predicted: add its pictures to --plots and --html."
        ),
    ] = None,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="DIR", help="Write plots as PNG to this directory.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE.html", help="Write everything as one page for a browser.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print one table, as CSV.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for the summary page of a CI job.")
    ] = False,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE.xml", help="Write the demands, and whether they are met, as JUnit XML."),
    ] = None,
    require: Annotated[
        str | None,
        typer.Option(
            "--require",
            metavar="FIGURE>=X,…",
            help="Exit with 3 unless these hold, as accuracy>=0.95,recall[NAME]>=0.8.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="OLD.csv",
            help="Exit with 3 if significantly worse than these predictions on the same images.",
        ),
    ] = None,
    max_drop: Annotated[
        float | None,
        typer.Option(
            "--max-drop",
            min=0,
            max=1,
            metavar="X",
            help="Also exit with 3 if accuracy is more than X below --baseline.",
        ),
    ] = None,
    allow_leak: Annotated[
        bool, typer.Option("--allow-leak", help="Report also on images that the model was trained on, and say so.")
    ] = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Show the figures of predictions, a history, images or a model.

    Example: celebtool predict model.h5 parts/test | celebtool report --confusion
    """
    from celebtool.evaluation import gates, judge
    from celebtool.formats import image_folder
    from celebtool.report import compose, outputs, remarks, subjects

    views = compose.Views(confusion, per_class, mistakes, calibration, thresholds, layers, suspects, limit, part)
    report_checks.check_views(views, [json, csv, markdown])
    if images and not (plots or html):
        raise typer.BadParameter("is for the pictures in --plots DIR or --html FILE; add one", param_hint="--images")
    if junit and not (require or baseline):
        raise typer.BadParameter("lists demands; add --require or --baseline", param_hint="--junit")
    given = report_checks.gates(require, baseline, max_drop)
    names = files or [_default_file()]
    stdin = sys.stdin.buffer if sys.stdin else io.BytesIO()  # there is none in a process that was started without
    found = subjects.read(names, stdin, lambda folder: _inspect(folder, suspects=suspects))
    report_checks.check_kinds(names[0], found, views, given)
    judgement = judge.judge(found.predictions, given, part)
    if not allow_leak:
        judge.refuse_leaks(judgement)
    made = subjects.Report(found, judgement)
    pictures = image_folder.read(images) if images else None
    inputs = [Path(name) for name in names if name != "-"] + [path for path in (images, baseline) if path]
    check_places([plots, html, junit], inputs)
    wanted = outputs.Outputs(plots, html, junit, pictures, overwrite)
    with console.progress("report: drawing") if plots or html else nullcontext():  # a map of faces takes seconds
        written = list(outputs.write(made, wanted, inputs, limit))
    for warning in remarks.warnings(made):
        console.warn(warning)
    for remark in remarks.of_report(made):
        console.note(f"note: {remark}")
    _print(made, views, as_json=json, as_csv=csv, as_markdown=markdown)
    for one in written:
        _say_written(one)
    gates.enforce(judgement.verdicts)


def _default_file() -> str:
    """Stdin, unless that is a terminal: then predictions.csv, where predict's -o is likely to have written it."""
    if sys.stdin and not sys.stdin.isatty():
        return "-"
    if Path(DEFAULT_FILE).is_file():
        return DEFAULT_FILE
    raise typer.BadParameter(f"nothing to read: no FILE, no stdin and no ./{DEFAULT_FILE}", param_hint="FILE")


def _inspect(folder: "ImageFolder", *, suspects: bool) -> "Inspection":
    """Inspect the images of a folder; find the faces in images that are no crops only if suspects are asked for."""
    from celebtool.folders import inspection
    from celebtool.formats import provenance

    is_cropped = provenance.crop_parameters(folder.root) is not None
    with console.progress("report", "images") as progress:

        def embed(files: Sequence[Path]) -> "Sequence[NDArray[np.float32] | None]":
            from celebtool.inference.detection import portraits

            portraits.prepare(progress.say)
            progress.stage("report: comparing faces", "images")
            return portraits.embed(files, progress)

        return inspection.inspect(folder, progress, embed if suspects or is_cropped else None)


def _say_written(one: "Written") -> None:
    for notice in one.notices:
        console.note(f"note: {notice}")
    if one.what:
        console.done(one.path, one.what)
    else:
        console.finished(one.path)


def _print(made: "Report", views: "Views", *, as_json: bool, as_csv: bool, as_markdown: bool) -> None:
    from celebtool.report import compose, markdown, prediction_records, terminal

    if as_json:
        sys.stdout.write(prediction_records.dumps(compose.document(made, views.limit)) + "\n")
    elif as_csv:
        sys.stdout.write(compose.csv(made, views))
    elif as_markdown:
        sys.stdout.write(markdown.document(made, views))
    else:
        for table in compose.tables(made, views, console.width()):
            if table.rows:
                console.table(table.title, table.columns, terminal.rows(table), compact=table.compact)
            else:
                console.show(printable(table.title))

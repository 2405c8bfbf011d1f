"""Write what a report is asked for beside its tables: plots, a page, a list of demands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from celebtool.errors import count
from celebtool.formats.image_folder import ImageFolder
from celebtool.report import junit
from celebtool.report.subjects import Report
from celebtool.system.output import is_finished, new_directory, write_file


@dataclass(frozen=True)
class Outputs:
    """Where to write what; None: not wanted. `pictures` is the folder that was predicted."""

    plots: Path | None
    page: Path | None
    junit: Path | None
    pictures: ImageFolder | None
    overwrite: bool


@dataclass(frozen=True)
class Written:
    """A file or directory: what it holds, empty if the very same was there already; notices on it."""

    path: Path
    what: str
    notices: Sequence[str] = ()


def write(report: Report, outputs: Outputs, inputs: Sequence[Path], limit: int) -> Iterator[Written]:
    """Write what is wanted, each file or directory whole.

    Args:
        report: what to write.
        outputs: where to.
        inputs: what was read, which no output may replace.
        limit: how many mistakes a page has, if that is more than its own number.
    """
    if outputs.plots:
        yield _plots(outputs.plots, report, outputs, inputs)
    if outputs.page:
        from celebtool.report import page  # noqa: PLC0415 - matplotlib takes a second

        text = page.build(report, outputs.pictures, limit)
        yield _text(outputs.page, text, "a page for a browser", outputs, inputs)
    if outputs.junit:
        verdicts = report.judgement.verdicts
        yield _text(outputs.junit, junit.document(verdicts), count(len(verdicts), "demand"), outputs, inputs)


def _plots(directory: Path, report: Report, outputs: Outputs, inputs: Sequence[Path]) -> Written:
    from celebtool.drawing import fonts  # noqa: PLC0415
    from celebtool.report import plot_files  # noqa: PLC0415

    recipe = plot_files.recipe(report, outputs.pictures)
    if not outputs.overwrite and is_finished(directory, recipe):
        return Written(directory, "")
    with new_directory(directory, recipe=recipe, inputs=inputs, overwrite=outputs.overwrite) as workspace:
        lettering = plot_files.draw(report, outputs.pictures, workspace.content)
    return Written(directory, count(len(list(directory.glob("*.png"))), "plot"), fonts.notices(lettering, directory))


def _text(file: Path, text: str, what: str, outputs: Outputs, inputs: Sequence[Path]) -> Written:
    is_new = write_file(file, text.encode(), inputs=inputs, overwrite=outputs.overwrite)
    return Written(file, what if is_new else "")

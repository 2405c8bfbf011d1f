"""Runs side by side on a page: their figures, who differs, and what only one of them gets wrong."""

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from celebtool.drawing import plots, run_plots
from celebtool.drawing.contact_sheets import FaceBox, Thumbnail
from celebtool.errors import CelebtoolError
from celebtool.evaluation.runs import Runs
from celebtool.formats.image_folder import PARTS, ImageFolder
from celebtool.report import html, page_mistakes, plot_files, prediction_tables, run_tables
from celebtool.report.html import escape
from celebtool.report.prediction_tables import WHOLE
from celebtool.report.subjects import Report

FEWEST = 12  # mistakes shown of each run, however many runs there are


def section(report: Report, runs: Runs, pictures: ImageFolder | None, limit: int) -> str:
    """Return the section on compared tables: of three or more their figures; the mistakes that only one makes.

    Args:
        report: everything the page shows.
        runs: the tables that are compared.
        pictures: the folder that was predicted, for thumbnails; None: there are none.
        limit: how many mistakes the runs show together, but at least `FEWEST` each.
    """
    content = []
    if report.judgement.are_several:
        names, evaluations = list(runs.evaluations), list(runs.evaluations.values())
        whole = prediction_tables.summary(evaluations, names)
        content += [
            html.table(run_tables.figures(runs, WHOLE), "runs"),
            html.table(run_tables.differences(report.judgement, WHOLE), "differences"),
            "<h3>Accuracy and macro F1</h3>",
            html.plot(plots.png(run_plots.accuracies(runs.evaluations)), "accuracy and macro F1 of each run"),
            html.folded("All figures", html.table(whole, "runs-figures")),
        ]
    shown = max(FEWEST, limit // len(runs.only_wrong))
    return "\n".join([*content, *_only_wrong(runs, pictures, shown)])


def _only_wrong(runs: Runs, pictures: ImageFolder | None, limit: int) -> Iterator[str]:
    thumbnail = _thumbnails(pictures) if pictures else None
    for n, (name, mistakes) in enumerate(runs.only_wrong.items()):
        if mistakes:
            title = f"Only {name} gets these wrong{prediction_tables.of(min(limit, len(mistakes)), len(mistakes))}"
            names = runs.evaluations[name].class_names
            yield page_mistakes.listed(title, mistakes[:limit], names, thumbnail, f"only-{n}")
        else:
            yield f"<h3>{escape(name)} makes no mistake that the others do not make</h3>"


def _thumbnails(pictures: ImageFolder) -> Thumbnail:
    """Return what gives the pictures of all runs; grey where a baseline was predicted from another folder."""
    known = plot_files.thumbnails(pictures)

    def thumbnail(path: str, box: FaceBox | None) -> NDArray[np.uint8]:
        for each in (path, *(path.removeprefix(f"{part}/") for part in PARTS)):
            with contextlib.suppress(CelebtoolError):
                return known(each, box)
        return plot_files.GREY

    return thumbnail

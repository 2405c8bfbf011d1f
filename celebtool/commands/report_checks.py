"""Check what `report` is asked for, before and after the files are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from celebtool.errors import CelebtoolError, command_line

if TYPE_CHECKING:
    from celebtool.evaluation.judge import Gates
    from celebtool.report.compose import Views
    from celebtool.report.subjects import Subjects


def check_views(views: "Views", forms: Sequence[bool]) -> None:
    """Check that one form of output is asked for, and of CSV one table; `forms` are JSON, CSV and Markdown."""
    if sum(forms) > 1:
        raise typer.BadParameter("print one of them", param_hint="--json, --csv, --markdown")
    if forms[1] and views.chosen > 1:
        choice = "choose one of --confusion, --per-class, --mistakes, --calibration, --thresholds"
        raise typer.BadParameter(f"prints one table; {choice}", param_hint="--csv")


def check_kinds(name: str, found: "Subjects", views: "Views", given: "Gates") -> None:
    """Check that what was read is of the kinds that the options are for."""
    if views.suspects and not found.folders:
        raise CelebtoolError(name, "is no image folder; expected one for --suspects")
    if (views.chosen or views.part or given.demands or given.baseline) and not found.predictions:
        hint = f"; first: {command_line('predict', name, 'IMAGES')} | celebtool report" * (name in found.models)
        raise CelebtoolError(name, f"holds no predictions; expected some for {_needing(views, given)}{hint}")


def gates(require: str | None, baseline: Path | None, max_drop: float | None) -> "Gates":
    """Return the demands, or say what is wrong with them."""
    from celebtool.evaluation import gates as demanded
    from celebtool.evaluation.judge import Gates
    from celebtool.report import subjects

    if max_drop is not None and not baseline:
        raise typer.BadParameter("is measured against --baseline OLD.csv; add that", param_hint="--max-drop")
    try:
        demands = demanded.parse(require) if require is not None else ()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--require") from error
    older = (str(baseline), subjects.read_predictions(baseline)) if baseline else None
    return Gates(demands, older, max_drop)


def _needing(views: "Views", given: "Gates") -> str:
    if views.chosen:
        return "--confusion, --per-class, --mistakes, --calibration or --thresholds"
    return "--part" if views.part else "--require" if given.demands else "--baseline"

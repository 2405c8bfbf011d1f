"""A report as Markdown, for the summary page of a CI job."""

import html
import re
from collections.abc import Sequence

from celebtool.errors import printable
from celebtool.report import compose, remarks
from celebtool.report.compose import Views
from celebtool.report.subjects import Report
from celebtool.report.table import Cell, Mark, Table, cells

WIDTH = 200  # characters that a confusion matrix may take

_SPECIAL = re.compile(r"([\\`*_{}\[\]()|~$]|^[-+#])")


def document(report: Report, views: Views) -> str:
    """All tables of a report and its remarks, in GitHub's Markdown."""
    lines = [f"# {_verdict(report)}", ""]
    lines += [f"> **{_escape(warning)}**" for warning in remarks.warnings(report)]
    for table in compose.tables(report, views, WIDTH):
        lines += ["", f"## {_escape(table.title)}", *(["", *_table(table)] if table.rows else [])]
    said = remarks.of_report(report)
    lines += ["", *(f"- {_escape(remark)}" for remark in said)] if said else []
    return "\n".join(lines) + "\n"


def _verdict(report: Report) -> str:
    missed = sum(not verdict.met for verdict in report.judgement.verdicts)
    if not report.judgement.verdicts:
        return "celebtool report"
    return (
        f"celebtool: {missed} of {len(report.judgement.verdicts)} demands not met"
        if missed
        else "celebtool: all demands met"
    )


def _table(table: Table) -> list[str]:
    heads = [Cell(column) for column in table.columns]
    rows = [*map(_row, cells(table.rows)), *(_row(row, strong=True) for row in cells(table.totals))]
    return [_row(heads), "|" + " --- |" * len(heads), *rows]


def _row(row: Sequence[Cell], *, strong: bool = False) -> str:
    return f"| {' | '.join(_cell(cell, strong=strong) for cell in row)} |"


def _cell(cell: Cell, *, strong: bool) -> str:
    text = _escape(cell.text.strip())
    return f"**{text}**" if text and (strong or cell.mark in (Mark.WRONG, Mark.STRONG)) else text


def _escape(text: str) -> str:
    """A text that Markdown shows as it is: no markup, no tag, no mention of a user, no link."""
    escaped = _SPECIAL.sub(r"\\\1", html.escape(printable(text), quote=False))
    return escaped.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")

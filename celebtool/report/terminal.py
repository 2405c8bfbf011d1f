"""Tables as `console.table` takes them: a style of the terminal for every mark."""

from celebtool.report import table
from celebtool.report.table import Mark, Table

STYLES = {Mark.PLAIN: "", Mark.WRONG: "bold red", Mark.FAINT: "dim", Mark.STRONG: "bold", Mark.BEST: "bold green"}
TOTALS = "bold"


def rows(shown: Table) -> list[list[tuple[str, str]]]:
    """Return the rows of a table, the totals last, as cells of (text, style)."""
    body = [[(cell.text, STYLES[cell.mark]) for cell in row] for row in table.cells(shown.rows)]
    return body + [[(cell.text, TOTALS) for cell in row] for row in table.cells(shown.totals)]

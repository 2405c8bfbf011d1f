"""Suspects of an image folder with their pictures, as a table of a page."""

from collections.abc import Sequence

from celebtool.drawing.contact_sheets import Thumbnail
from celebtool.folders.suspects import Suspect
from celebtool.report import html, page_mistakes, suspect_tables
from celebtool.report.html import escape


def section(suspects: Sequence[Suspect], thumbnail: Thumbnail, limit: int, name: str) -> str:
    """Return the suspects with their pictures as a table of a page; nothing if there are none.

    Args:
        suspects: the surest first.
        thumbnail: gives the pictures.
        limit: how many at most.
        name: the table's, as `html.frame` takes it.
    """
    if not suspects:
        return ""
    shown = suspects[:limit]
    heads = [("", ""), *((column, "number" if column == "by" else "") for column in suspect_tables.COLUMNS)]
    rows = [_line(each, thumbnail) for each in shown]
    title = escape(suspect_tables.title(len(shown), len(suspects)))
    return f"<h3>{title}</h3>\n{html.frame(name, heads, rows, kind='mistakes')}"


def _line(suspect: Suspect, thumbnail: Thumbnail) -> str:
    face = html.picture(page_mistakes.jpeg(thumbnail(suspect.path, None)), "jpeg", suspect.path) if suspect.path else ""
    path, label, looks_like, by, why = map(escape, suspect_tables.texts(suspect))
    cells = (
        f'<td class="face">{face}</td>',
        f'<td class="text">{path}</td>',
        f'<td data-column="class">{label}</td>',
        f'<td data-column="looks like" class="wrong">{looks_like}</td>',
        f'<td data-column="by" class="number">{by}</td>',
        f'<td class="text">{why}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"

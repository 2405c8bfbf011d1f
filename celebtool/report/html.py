"""Write pieces of HTML. Every text from outside goes through `escape`; there is no other way into a page."""

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence
from importlib import resources

from celebtool.errors import printable
from celebtool.report import glossary
from celebtool.report.table import Cell, Mark, Table, cells

FILTER_FROM = 12  # rows from which a table can be filtered

_CLASSES = {Mark.PLAIN: "", Mark.WRONG: "wrong", Mark.FAINT: "", Mark.STRONG: "strong", Mark.BEST: "strong"}


def escape(text: object) -> str:
    """A text as HTML shows it: no markup, no control characters, no turned direction; fit for an attribute too."""
    return html.escape(printable(text), quote=True)


def document(title: str, body: str, name: str = "page") -> str:
    """A whole page around a body, with style and script inside; it may load nothing and run nothing else.

    Args:
        title: of the page.
        body: HTML.
        name: of the files that hold its style and script.
    """
    style, script = resource(f"{name}.css"), resource(f"{name}.js")
    policy = f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{body}\n<script>{script}</script>\n</body>\n</html>\n"
    )


def table(shown: Table, name: str) -> str:
    """A table of values under its title, sortable, and filterable if it is long; totals stay at the foot.

    Of a table without rows the title says it all.

    Args:
        shown: the table.
        name: an identifier that no other table of the page has.
    """
    title = f"<h3>{escape(shown.title)}</h3>\n"
    if not shown.rows:
        return title
    rows = list(cells(shown.rows))
    numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(shown.columns))]
    heads = [(column, "number" if n else "") for column, n in zip(shown.columns, numeric, strict=True)]
    body, foot = ([_row(row, numeric) for row in part] for part in (rows, cells(shown.totals)))
    return title + frame(name, heads, body, foot)


def frame(
    name: str, heads: Sequence[tuple[str, str]], body: Sequence[str], foot: Sequence[str] = (), kind: str = ""
) -> str:
    """A table from rows that are HTML already; `heads` are titles with their class; a ``fixed`` one doesn't sort."""
    head = "".join(f'<th scope="col"{_class(kind)}{_hint(title)}>{_head(title, kind)}</th>' for title, kind in heads)
    filter_line = (
        f'<p class="filter" data-table="{escape(name)}" hidden>'
        '<input type="search" placeholder="filter" aria-label="filter"><output></output></p>\n'
        if len(body) >= FILTER_FROM
        else ""
    )
    ends = "<tfoot>\n" + "\n".join(foot) + "\n</tfoot>" if foot else ""
    return (
        f'{filter_line}<div class="scroll"><table id="{escape(name)}"{_class(kind)}><thead><tr>{head}</tr></thead>\n'
        "<tbody>\n" + "\n".join(body) + f"\n</tbody>{ends}</table></div>\n"
    )


def cards(figures: Mapping[str, tuple[str, str]]) -> str:
    """Large numbers: what → (number, a word on it)."""
    shown = (
        f'<div class="card"{_hint(what)}><span>{escape(what)}</span><b>{escape(value)}</b><span>{escape(more)}</span></div>'
        for what, (value, more) in figures.items()
    )
    return f'<div class="cards">{"".join(shown)}</div>\n'


def picture(content: bytes, kind: str, text: str) -> str:
    """A picture inside the page; `text` is for who can't see it."""
    return f'<img src="data:image/{kind};base64,{base64.b64encode(content).decode()}" alt="{escape(text)}">'


def plot(content: bytes, text: str, kind: str = "plot") -> str:
    """A plot as PNG that a click enlarges; a ``plot sheet`` is of photos, whose colours stay in the dark."""
    return f'<div class="{kind}">{picture(content, "png", text)}</div>\n'


def folded(title: str, content: str) -> str:
    """Content that a click on its title shows."""
    return f"<details><summary>{escape(title)}</summary>\n{content}</details>\n"


def bullets(lines: Sequence[str]) -> str:
    """A list of remarks; nothing if there are none."""
    return '<ul class="remarks">' + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>\n" if lines else ""


def _head(title: str, kind: str) -> str:
    element = "span" if kind == "fixed" else "button"
    return f"<{element}>{escape(title)}</{element}>" if title else ""


def _row(row: Sequence[Cell], numeric: Sequence[bool]) -> str:
    shown = [
        _cell(cell, is_number=is_number, is_first=number == 0)
        for number, (cell, is_number) in enumerate(zip(row, numeric, strict=True))
    ]
    return f"<tr>{''.join(shown)}</tr>"


def _cell(cell: Cell, *, is_number: bool, is_first: bool) -> str:
    kinds = [kind for kind in (_CLASSES[cell.mark], "number" if is_number else "text") if kind]
    hint = _hint(cell.text) if is_first else ""
    return f"<td{_class(' '.join(kinds))}{hint}>{escape(cell.text.strip())}</td>"


def _hint(term: str) -> str:
    """Return the attribute with the explanation of a term, which a browser shows on hover."""
    explanation = glossary.hint(term)
    return f' title="{escape(explanation)}"' if explanation else ""


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _is_number(cell: Cell) -> bool:
    text = cell.text.strip()
    return not text or text[0].isdigit() or text[:2] in {f"{sign}{digit}" for sign in "+-" for digit in "0123456789"}


def resource(name: str) -> str:
    """The text of a file that is part of the package."""
    return resources.files("celebtool.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"

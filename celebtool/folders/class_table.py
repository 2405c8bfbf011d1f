"""The table of images per class that `balance`, `split` and `augment` print."""

from collections import Counter
from collections.abc import Iterable, Mapping

from celebtool.formats.manifest import Row
from celebtool.formats.text import natural_key

Table = tuple[list[str], list[list[object]]]
"""Header and rows."""


def class_table(columns: Mapping[str, Iterable[Row]], labels: Iterable[str] | None = None) -> Table:
    """Return a table with a row per class, a column per name, and the totals in the last row.

    Args:
        columns: the rows of a manifest that each column counts.
        labels: the classes; those of the rows by default.
    """
    counts = {name: Counter(row.label for row in rows) for name, rows in columns.items()}
    shown = sorted(set().union(*counts.values()) if labels is None else set(labels), key=natural_key)
    body: list[list[object]] = [[label, *(count[label] for count in counts.values())] for label in shown]
    totals = [sum(count[label] for label in shown) for count in counts.values()]
    return ["class", *counts], [*body, ["all", *totals]]

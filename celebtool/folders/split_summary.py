"""Say what `split` has made of a folder: a table, a line, and what to be warned of."""

from collections import Counter
from collections.abc import Sequence

from celebtool import suggestions
from celebtool.errors import listed
from celebtool.folders.class_table import Table, class_table
from celebtool.folders.split import Split, Splits
from celebtool.formats import manifest
from celebtool.formats.image_folder import PARTS, UNKNOWN
from celebtool.formats.reasons import Reason

FEW = 5  # test images of a class: with fewer, its own figures say little
MOST_NAMED = 20  # classes in a warning

_LEFT_OUT = {
    Reason.LABEL_CONFLICT: "{} images left out that are in several classes; manifest.csv names them",
    Reason.NEAR_DUPLICATE: "{} copies of other images left out",
    Reason.STRANGER: "{} images of unknown/ left out: there is no part for them",
}


def table(splits: Splits) -> Table:
    """Return header and rows of a table: images per class and part (of folds: in the val of each)."""
    columns = _columns(splits)
    labels = {row.label for split in splits.values() for part in split.parts.values() for row in part}
    return class_table(columns, labels)


def summary(splits: Splits) -> str:
    """Return what was written: ``168 images of 5 people: 134 train, 17 val, 17 test``."""
    first = next(iter(splits.values()))
    placed = [row for part in first.parts.values() for row in part]
    people = len({row.label for row in placed} - {UNKNOWN})
    total = f"{len(placed)} images of {people} {'person' if people == 1 else 'people'}"
    if "" not in splits:
        return f"{len(splits)} folds of {total}"
    return f"{total}: {', '.join(f'{len(rows)} {part}' for part, rows in first.parts.items())}"


def notices(splits: Splits) -> list[str]:
    """Return what a user should know of a split: what was left out, and the classes that parts lack."""
    first = next(iter(splits.values()))
    reasons = Counter(row.reason for row in first.rejected)
    if "" not in splits:
        del reasons[Reason.STRANGER]  # each fold leaves out those of the other folds, as it should
    lines = [text.format(reasons[reason]) for reason, text in _LEFT_OUT.items() if reasons[reason]]
    if same := suggestions.alike({row.label for row in first.rows if row.label}):
        lines.append(f"names of classes are nearly equal: {same}; one person belongs in one directory")
    if first.emptied:
        lines.append(f"no image is left of {listed(first.emptied)}: all were in other classes as well")
    if "" in splits:
        lines += _few_test_images(first)
    header, body = table(splits)
    missing: dict[str, list[str]] = {}
    for column, name in enumerate(header[1:], 1):
        labels = [str(row[0]) for row in body[:-1] if not row[column] and row[0] != UNKNOWN]
        if labels and body[-1][column]:
            missing.setdefault(listed(labels, MOST_NAMED), []).append(name)
    return lines + [f"too few images for {', '.join(names)}: {labels}" for labels, names in missing.items()]


def _few_test_images(split: Split) -> list[str]:
    """Return a warning that names the classes with few test images; those with none are named elsewhere."""
    counts = Counter(row.label for row in split.parts["test"] if row.label != UNKNOWN)
    few = [f"{label} ({count})" for label, count in sorted(counts.items()) if count < FEW]
    return [f"fewer than {FEW} test images, so that their own figures say little: {listed(few)}"] if few else []


def _columns(splits: Splits) -> dict[str, Sequence[manifest.Row]]:
    """Return the rows that each column of the table counts."""
    if "" in splits:
        return {part: splits[""].parts[part] for part in PARTS}
    return {directory: split.parts["val"] for directory, split in splits.items()}

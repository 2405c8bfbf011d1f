"""Did you mean: the nearest known name for one that was mistyped, in one place for options, classes and paths."""

from collections.abc import Iterable
from pathlib import Path

from celebtool.errors import printable


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that is most like `name`, whatever its case and separators; None if none is near.

    Args:
        name: what was typed.
        known: the names there are; the first of several equally near ones is taken.
        cutoff: how like they must be, from 0 to 1, as `difflib.SequenceMatcher.ratio` measures it.
    """
    import difflib  # noqa: PLC0415 - only errors need it

    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(_folded(each), each)
    typed = _folded(name)
    longer = [each for each in folded if typed in each.split("-")]  # `crop` for crop-faces, `rate` for learning-rate
    found = longer or difflib.get_close_matches(typed, folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean NAME?`` to put behind an error, or nothing if no known name is near."""
    found = nearest(name, known)
    return f"; did you mean {printable(found)}?" if found is not None else ""


def nearest_path(path: Path) -> Path | None:
    """Return the existing path that is most like one that does not exist, beside it; None if none is near."""
    parent = path.parent if path.parent.is_dir() else nearest_path(path.parent)
    if parent is None:
        return None
    try:
        names = sorted(entry.name for entry in parent.iterdir())
    except OSError:
        return None
    found = path.name if path.name in names else nearest(path.name, names)
    return parent / found if found is not None else None


def did_you_mean_path(path: Path) -> str:
    """Return ``; did you mean PATH?`` for a path that does not exist, or nothing if no existing path is near."""
    found = nearest_path(path)
    return f"; did you mean {printable(found)}?" if found is not None else ""


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-").replace(" ", "-").lstrip("-")

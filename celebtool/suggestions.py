"""Did you mean: the nearest known name for one that was mistyped, in one place for options, classes and paths."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from celebtool.errors import listed, printable


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


def misspelt(names: Iterable[str], known: Iterable[str]) -> str:
    """Say which names are none of the known ones, but nearly: ``Cho Kim (cho_kim)``, … ; "" if there are none."""
    of = {name: _spelt(name, list(known)) for name in sorted(set(names) - set(known))}
    return listed([f"{_shown(name)} ({_shown(like)})" for name, like in of.items() if like is not None])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean NAME?`` to put behind an error, or nothing if no known name is near."""
    found = nearest(name, known)
    return f"; did you mean {printable(found)}?" if found is not None else ""


def did_you_mean_class(name: str, known: Iterable[str]) -> str:
    """Return the same for the name of a class; as of `misspelt`, names of other people are not near."""
    found = _spelt(name, list(known))
    return f"; did you mean {printable(found)}?" if found is not None else ""


def alike(names: Iterable[str]) -> str:
    """Say which names differ in case and separators alone: ``Cho Kim = cho_kim``, … ; "" if there are none."""
    of: dict[str, list[str]] = {}
    for name in sorted(names):
        of.setdefault(_bare(name), []).append(_shown(name))
    return listed([" = ".join(same) for same in of.values() if len(same) > 1])


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


def _spelt(name: str, known: list[str]) -> str | None:
    """Return the known name that a name is meant to be, letter by letter or nearly; numbers tell people apart."""
    bare = {_bare(each): each for each in reversed(known)}
    words = {found: each for each in reversed(known) if (found := _words(each))}
    same = [each for each in known if _digits(each) == _digits(name)]
    return bare.get(_bare(name)) or words.get(_words(name)) or nearest(name, same, cutoff=0.85)


def _shown(name: str) -> str:
    """Return a name to print; in quotes if it begins or ends with a blank, which nobody would see."""
    return printable(name if name == name.strip() else repr(name))


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name in any order, without accents: ``Williams, Serena`` is Serena Williams."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return tuple(sorted(re.findall(r"\w+", plain.casefold().replace("_", " "))))


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())


def _bare(name: str) -> str:
    return _folded(name).replace("-", "")


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-").replace(" ", "-").lstrip("-")

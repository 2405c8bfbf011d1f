"""Write names in any script: in an installed font that has the glyphs, else as a number with a legend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from celebtool.drawing.canvas import FT2Font, font_manager
from celebtool.errors import printable
from celebtool.formats import tables
from celebtool.formats.text import shorten

STANDARD = "DejaVu Sans"  # comes with matplotlib: Latin, Greek, Cyrillic, Hebrew, Arabic and many signs
LONGEST = 26
LEGEND = "legend.csv"


@dataclass(frozen=True)
class Lettering:
    """The fonts and numbers with which a set of names is written.

    Attributes:
        families: fonts to try in this order, character by character.
        legend: name → number, for the names that no installed font can write.
    """

    families: tuple[str, ...] = (STANDARD,)
    legend: dict[str, int] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a name as it is drawn: itself, shortened if long, or ``#`` and its number."""
        if name in self.legend:
            return f"#{self.legend[name]}"
        return shorten(printable(name), LONGEST)


def lettering(names: Sequence[str]) -> Lettering:
    """Choose the fonts for a set of names.

    The standard font if it can write them all; then, one after the other, the installed font that has the most of
    what is still missing. A name with a character that no font has gets its place in `names`, from 1, as
    its number.
    """
    missing = _characters(names) - _glyphs(Path(font_manager.findfont(STANDARD)))
    families = [STANDARD]
    while missing:
        best = max(_installed(), key=lambda font: len(missing & _glyphs(font)), default=None)
        if best is None or not missing & _glyphs(best):
            break
        font_manager.fontManager.addfont(best)
        families.append(FT2Font(str(best)).family_name)
        missing -= _glyphs(best)
    legend = {name: number for number, name in enumerate(names, start=1) if missing & _characters([name])}
    return Lettering(tuple(families), legend)


def write_legend(lettering: Lettering, directory: Path) -> None:
    """Write legend.csv beside pictures in which numbers stand for names; nothing if all can be written."""
    if lettering.legend:
        rows = [{"number": number, "name": name} for name, number in lettering.legend.items()]
        tables.write(directory / LEGEND, ("number", "name"), rows)


def notices(lettering: Lettering, directory: Path) -> list[str]:
    """Return the notices on names that are drawn as numbers."""
    names = ", ".join(lettering.legend)
    return [f"no installed font can write {names}; {directory}/{LEGEND} has their numbers"] if names else []


def _characters(names: Iterable[str]) -> set[str]:
    """All characters that need a glyph; joiners and blanks do not."""
    return {c for name in names for c in printable(name) if not c.isspace() and c not in "\u200c\u200d"}


@cache
def _installed() -> tuple[Path, ...]:
    """The fonts of this machine, asked of the system: matplotlib's own list is from the day it first ran."""
    return tuple(sorted(path for path in map(Path, font_manager.findSystemFonts()) if _glyphs(path)))


@cache
def _glyphs(font: Path) -> frozenset[str]:
    """All characters of a font; none for one that can't be drawn, such as a font of coloured pictures."""
    try:
        face = FT2Font(str(font))
        return frozenset(map(chr, face.get_charmap())) if face.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()

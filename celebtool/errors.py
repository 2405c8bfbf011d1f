"""Define the errors that end a command, and how their texts are made safe to print."""

import shlex
import unicodedata
from collections.abc import Sequence


class CelebtoolError(Exception):
    """An error that the user can mend: printed as one line, ``WHERE: what is wrong; what would be right``."""

    exit_code = 1
    remedy = ""
    """What to do if the error ends a command; empty if the problem says it."""

    def __init__(self, where: object, problem: str) -> None:
        super().__init__(f"{printable(where)}: {problem}")
        self.where = where
        self.problem = problem

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Pickle the arguments: else the text would become `where` on the way from a worker process."""
        return type(self), (self.where, self.problem)


class SystemFaultError(CelebtoolError):
    """Something that the system failed to do, whatever the input holds: the same may succeed later."""


class GateError(CelebtoolError):
    """The output is written, but a limit that the user set is not met."""

    exit_code = 3


class CelebtoolWarning(UserWarning):
    """Something that a user of the Python interface should look into; the commands print it."""


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return the first names of a list and how many more there are: ``a, b, c, d, e and 3 more``."""
    first = ", ".join(names[:most])
    return f"{first} and {len(names) - most} more" if len(names) > most else first


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 image``, ``1,234 images``; `plural` is for nouns that take no s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def command_line(*words: object) -> str:
    """Return a command of celebtool's for the user to type, quoted for a shell: ``celebtool train parts model.h5``."""
    return shlex.join(["celebtool", *map(str, words)])


def printable(text: object) -> str:
    r"""Return text without anything that a terminal would act on.

    Control characters (a newline, ESC), bytes that are no UTF-8 (Python's surrogate escapes) and the
    invisible marks that turn the direction of writing become ``\x1b``, ``\xff`` or ``\u202e``.
    """
    return "".join(_escape(c) if _is_unsafe(c) else c for c in str(text))


def _is_unsafe(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Cc", "Cs", "Zl", "Zp"} or (category == "Cf" and character not in "\u200c\u200d")


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python's file system functions carry it
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

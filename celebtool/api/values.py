"""Check a value by its type and its bounds, as a command line would."""

import math
from typing import Literal, get_args, get_origin

from celebtool.errors import CelebtoolError

Bounds = tuple[float | None, float | None]
"""The smallest and the largest value that is allowed; None: there is none."""

UNBOUNDED: Bounds = (None, None)


def check(name: str, value: object, kind: object, bounds: Bounds = UNBOUNDED) -> None:
    """Check a value by its type and its bounds.

    Args:
        name: the argument's.
        value: what was given.
        kind: its type: a class, a ``Literal``, or a union of them and None.
        bounds: of a number.

    Raises:
        CelebtoolError: says what was expected.
    """
    allowed = _alternatives(kind)
    if value in [each for each in allowed if not isinstance(each, type)]:
        return
    words = [repr(each) for each in allowed if isinstance(each, str)]
    if words:
        raise CelebtoolError(name, f"{value!r}; expected {', '.join(words)}")
    kinds = tuple(each for each in allowed if isinstance(each, type))
    if not isinstance(value, (*kinds, *((int,) if float in kinds else ()))) or (
        isinstance(value, bool) and bool not in kinds
    ):
        raise CelebtoolError(name, f"{value!r}; expected {' or '.join(each.__name__ for each in kinds)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_bounds(name, value, *bounds)


def _alternatives(kind: object) -> list[object]:
    """Return the classes and values that a type allows."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    parts = get_args(kind) if not isinstance(kind, type) else ()
    if not parts:
        return [None if kind is type(None) else kind]
    return [each for part in parts for each in _alternatives(part)]


def _check_bounds(name: str, value: float, low: float | None, high: float | None) -> None:
    if math.isfinite(value) and (low is None or value >= low) and (high is None or value <= high):
        return
    if low is None:
        expected = "a finite number" if high is None else f"{high:g} or less"
    else:
        expected = f"{low:g} or more" if high is None else f"a number from {low:g} to {high:g}"
    raise CelebtoolError(name, f"{value:g}; expected {expected}")

"""Check untrusted JSON: each check takes a value and returns it, or raises ValueError; checks are composed like the data."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

MAX_ITEMS = 1_000_000
MAX_DEPTH = 64
_MAX_TEXT = 4096
_MAX_NUMBER = 1e300

Check = Callable[[object], Any]


def parse(content: str) -> object:
    """Read JSON that has a bounded number of items, so that it can't take many times its size in memory.

    Items are counted before they are made: each follows one of the characters ``,:[{``.

    Raises:
        ValueError: no JSON, NaN or Infinity among it, nested deeper than Python reads, or too much of it.
    """
    if sum(map(content.count, ",:[{")) > MAX_ITEMS:
        raise ValueError("more items than a model has")
    try:
        return json.loads(content, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} where a number should be")


def whole(least: int, most: int) -> Check:
    """Accept an integer within bounds."""

    def check(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"not a whole number from {least} to {most}")
        return value

    return check


def number(least: float = -math.inf, most: float = math.inf) -> Check:
    """Accept a finite number within bounds."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("not a number")  # noqa: TRY004 - a field like any other
        if not max(least, -_MAX_NUMBER) <= value <= min(most, _MAX_NUMBER):
            raise ValueError(f"not a number from {least:g} to {most:g}")
        return value

    return check


def text(value: object) -> str:
    """Accept a text that is neither empty nor long."""
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise ValueError(f"not a text of 1 to {_MAX_TEXT} characters")
    return value


def flag(value: object) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")  # noqa: TRY004 - a field like any other
    return value


def one_of(*texts: str) -> Check:
    """Accept one of these texts."""

    def check(value: object) -> object:
        if value not in texts:
            raise ValueError(f"none of {', '.join(texts)}")
        return value

    return check


def optional(check: Check) -> Check:
    """Accept null too."""
    return lambda value: None if value is None else check(value)


def list_of(check: Check, least: int = 0, most: int = MAX_ITEMS) -> Check:
    """Accept a list of so many, as a tuple."""

    def check_list(value: object) -> tuple[object, ...]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise ValueError(f"not a list of {least} to {most}")
        return tuple(check(item) for item in value)

    return check_list


def mapping_of(check: Check) -> Check:
    """Accept an object of any names, all values of one kind."""

    def check_mapping(value: object) -> dict[str, object]:
        if not isinstance(value, dict) or len(value) > MAX_ITEMS:
            raise ValueError("not an object")
        return {text(key): check(item) for key, item in value.items()}

    return check_mapping


def anything(value: object, depth: int = 0) -> object:
    """Accept any JSON of bounded depth, for a recipe, which is only shown."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, float) and not math.isfinite(value):  # 1e999 is read as one
        raise ValueError("a number without bounds")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            anything(item, depth + 1)
    return value


def some_of(checks: Mapping[str, Check]) -> Check:
    """Accept an object of any of these fields; errors name the field."""

    def check(value: object) -> dict[str, object]:
        if not isinstance(value, dict) or not value.keys() <= checks.keys():
            raise ValueError(f"not an object of {', '.join(checks)}")
        return {name: _named(name, checks[name], item) for name, item in value.items()}

    return check


def record(kind: type[Any]) -> Check:
    """Accept an object of exactly the fields of a dataclass, and make one of it; errors name the field.

    Each field is declared once, with its type and its check: ``seed: Annotated[int, whole(0, 9)] = 0``.
    """
    checks = {name: _check_of(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}

    def check(value: object) -> object:
        if not isinstance(value, dict) or value.keys() != checks.keys():
            raise ValueError(f"not an object of {', '.join(checks)}")
        return kind(**{name: _named(name, checks[name], value[name]) for name in checks})

    return check


def _check_of(hint: Any) -> Check:  # noqa: ANN401 - a type hint
    check: Check = hint.__metadata__[0]
    return check


def _named(name: str, check: Check, value: object) -> object:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error

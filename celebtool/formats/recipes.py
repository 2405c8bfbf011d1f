"""Recipes: how an output was made, as JSON.

A recipe names a command, its parameters, and under ``input`` the recipe (``made_by``) of each input, all the way back.
Two runs with equal recipes write equal outputs, so a recipe holds nothing of the clock, the host or of paths.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TypedDict, cast

from celebtool.formats.crops import FIELDS
from celebtool.formats.json_checks import MAX_DEPTH

EARLIER = "earlier commands"
"""The command of the recipe that stands for all commands before it, of which it holds only a digest."""


class Recipe(TypedDict):
    """How celebtool made something. A recipe that is read may be untrusted: it is any JSON object."""

    command: str
    parameters: dict[str, object]
    input: dict[str, object]


def build(command: str, parameters: Mapping[str, object], source: Mapping[str, object]) -> Recipe:
    """Return the recipe of a run, no deeper than what celebtool reads.

    Args:
        command: ``split``.
        parameters: what the command was told, as far as it decides what is written.
        source: the state of its inputs and, under ``made_by``, their recipes.
    """
    return cast("Recipe", shortened({"command": command, "parameters": dict(parameters), "input": dict(source)}))


def shortened(recipe: Mapping[str, object]) -> dict[str, object]:
    """Return a recipe that is no deeper than what celebtool reads, with a summary for the innermost ``made_by``.

    Every command nests one level deeper. Equal recipes stay equal, and different ones different.
    """
    return {key: _fitted(value, MAX_DEPTH - 1) for key, value in recipe.items()}


def crop_parameters(recipe: object) -> dict[str, object] | None:
    """Return how the faces of a folder were cropped, by whichever earlier command; None if not by celebtool."""
    while isinstance(recipe, dict):
        parameters = recipe.get("parameters")
        if recipe.get("command") in ("crop-faces", EARLIER) and isinstance(parameters, dict):
            return {key: parameters[key] for key in FIELDS if key in parameters} or None
        source = recipe.get("input")
        recipe = source.get("made_by") if isinstance(source, dict) else None
    return None


def bare(recipe: object) -> dict[str, object]:
    """Return a recipe that says of earlier commands only how faces were cropped and whether a leak was allowed."""
    leak = {"allow_leak": True} if allowed_leak(recipe) else {}
    return {"command": EARLIER, "parameters": {**(crop_parameters(recipe) or {}), **leak}}


def allowed_leak(recipe: object) -> bool:
    """Say whether any command of a recipe was told --allow-leak."""
    return any(_leaky(each) for each in _mappings(recipe))


def _fitted(value: object, room: int) -> object:
    """Return a JSON value with summaries for recipes below the depth `room`."""
    if _depth(value) <= room:
        return value
    if isinstance(value, dict):
        return {key: (_made_by if key == "made_by" else _fitted)(item, room - 1) for key, item in value.items()}
    return [_fitted(item, room - 1) for item in value] if isinstance(value, list | tuple) else value


def _made_by(recipe: object, room: int) -> object:
    fitted = _fitted(recipe, room)
    return fitted if _depth(fitted) <= room else _summary(recipe)


def _summary(recipe: object) -> dict[str, object]:
    """Return what replaces a recipe: its digest, and what later commands need of it."""
    content = json.dumps(recipe, sort_keys=True).encode("ascii")
    return bare(recipe) | {"digest": hashlib.sha256(content).hexdigest()}


def _depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list | tuple) else 0


def _leaky(recipe: Mapping[str, object]) -> bool:
    parameters = recipe.get("parameters")
    return isinstance(parameters, Mapping) and parameters.get("allow_leak") is True


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    """Yield all mappings in a JSON value; without recursion, because an untrusted value may be deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            yield each
            waiting += each.values()
        elif isinstance(each, list | tuple):
            waiting += each

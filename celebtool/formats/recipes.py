"""Recipes as values: a command, its parameters, and ``made_by``, the recipe of each of its inputs."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from celebtool.formats.crops import FIELDS
from celebtool.formats.json_checks import MAX_DEPTH

EARLIER = "earlier commands"
"""The command of the recipe that stands for those before: what they were is a digest."""


def shortened(recipe: Mapping[str, object]) -> dict[str, object]:
    """Return a recipe that is no deeper than what celebtool reads: the innermost ``made_by`` becomes a summary of it.

    Every command nests one deeper; equal recipes stay equal, and others other.
    """
    return {key: _fitted(value, MAX_DEPTH - 1) for key, value in recipe.items()}


def crop_parameters(recipe: object) -> dict[str, object] | None:
    """Return how the faces of a folder were cropped, however many commands ago; None if not by celebtool."""
    while isinstance(recipe, dict):
        parameters = recipe.get("parameters")
        if recipe.get("command") in ("crop-faces", EARLIER) and isinstance(parameters, dict):
            return {key: parameters[key] for key in FIELDS if key in parameters} or None
        source = recipe.get("input")
        recipe = source.get("made_by") if isinstance(source, dict) else None
    return None


def allowed_leak(recipe: object) -> bool:
    """Whether any command of a recipe was told --allow-leak."""
    return any(_leaky(each) for each in _mappings(recipe))


def _fitted(value: object, room: int) -> object:
    """Return a value of JSON that is no deeper than `room`, if summaries can make it so."""
    if _depth(value) <= room:
        return value
    if isinstance(value, dict):
        return {key: (_made_by if key == "made_by" else _fitted)(item, room - 1) for key, item in value.items()}
    return [_fitted(item, room - 1) for item in value] if isinstance(value, list | tuple) else value


def _made_by(recipe: object, room: int) -> object:
    fitted = _fitted(recipe, room)
    return fitted if _depth(fitted) <= room else _summary(recipe)


def _summary(recipe: object) -> dict[str, object]:
    """Return what stands for a recipe: a digest, and what later commands ask of it."""
    content = json.dumps(recipe, sort_keys=True).encode("ascii")
    leak = {"allow_leak": True} if allowed_leak(recipe) else {}
    parameters = {**(crop_parameters(recipe) or {}), **leak}
    return {"command": EARLIER, "parameters": parameters, "digest": hashlib.sha256(content).hexdigest()}


def _depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list | tuple) else 0


def _leaky(recipe: Mapping[str, object]) -> bool:
    parameters = recipe.get("parameters")
    return isinstance(parameters, Mapping) and parameters.get("allow_leak") is True


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    """All mappings in a value of JSON; without recursion, because its depth is a stranger's choice."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            yield each
            waiting += each.values()
        elif isinstance(each, list | tuple):
            waiting += each

"""A recipe nests with every command: what becomes of a chain without an end."""

import functools
from dataclasses import replace

import pytest

from celebtool.formats import model_info, recipes
from celebtool.formats.model_info import ModelInfo

CROPS = {"size": 224, "margin": 0.25, "align": True, "format": "png"}


@functools.cache
def chain(length: int, first: int = 0) -> dict[str, object]:
    """The recipe of so many commands after a crop-faces."""
    recipe: dict[str, object] = {"command": "crop-faces", "parameters": {**CROPS, "select": "all", "first": first}}
    for number in range(length):
        source = {"digest": "00", "made_by": recipe}
        recipe = recipes.shortened({"command": "balance", "parameters": {"seed": number}, "input": source})
    return recipe


@functools.cache
def tuned(length: int, *, allow_leak: bool = False) -> dict[str, object]:
    """The recipe of so many finetunes after a train."""
    recipe: dict[str, object] = {"command": "train", "parameters": {"allow_leak": allow_leak}, "input": chain(2)}
    for _ in range(length):
        told = {"model": {"arrays": "00", "made_by": recipe}, "head": {"dense": [1, 2]}}
        source = {"digest": "00", "made_by": chain(40)}
        recipe = recipes.shortened({"command": "finetune", "parameters": told, "input": source})
    return recipe


def ancestors(recipe: object) -> list[dict[str, object]]:
    """The recipe and those of the models that it was tuned from."""
    found = []
    while isinstance(recipe, dict):
        found.append(recipe)
        parameters = recipe["parameters"]
        recipe = parameters.get("model", {}).get("made_by")
    return found


@pytest.mark.parametrize("recipe", [chain(40), tuned(30), recipes.shortened({"input": {"models": [tuned(30)] * 3}})])
def test_a_long_chain_is_read_back(recipe: dict[str, object]) -> None:
    info = ModelInfo("cnn", ("a", "b"), (16, 16), recipe=recipe)
    assert model_info.from_json(model_info.to_json(info)) == info


def test_a_short_chain_is_kept_whole() -> None:
    recipe: object = chain(10)
    for number in reversed(range(10)):
        assert isinstance(recipe, dict)
        assert recipe["parameters"] == {"seed": number}
        recipe = recipe["input"]["made_by"]
    assert recipe == chain(0)


def test_equal_chains_are_equal_and_others_are_not() -> None:
    assert chain(100) == chain(100)
    assert chain(100) != chain(100, first=1)
    assert chain(100) != chain(101)


def test_a_long_chain_keeps_what_later_commands_ask() -> None:
    assert recipes.crop_parameters(chain(100)) == CROPS
    assert recipes.crop_parameters(chain(0)) == CROPS
    assert recipes.crop_parameters(tuned(3)) == CROPS
    assert recipes.crop_parameters({"command": "split", "input": {"made_by": None}}) is None
    assert recipes.allowed_leak(tuned(30, allow_leak=True))
    assert not recipes.allowed_leak(tuned(30))
    assert [recipe["command"] for recipe in ancestors(tuned(30))][-1] == recipes.EARLIER


def test_what_is_summarised_says_so() -> None:
    recipe: object = chain(100)
    said = []
    while isinstance(recipe, dict):
        said.append(recipe["command"])
        last, recipe = recipe, recipe.get("input", {}).get("made_by")
    assert said[:-1] == ["balance"] * (len(said) - 1)
    assert last == {"command": "earlier commands", "parameters": CROPS, "digest": last["digest"]}
    assert 25 < len(said) < 40


def test_a_strangers_deep_recipe_is_summarised() -> None:
    deep: dict[str, object] = {}
    for _ in range(60):
        deep = {"a": deep}
    recipe: dict[str, object] = deep
    for _ in range(5):
        recipe = recipes.shortened({"command": "split", "input": {"made_by": recipe}})
    info = replace(ModelInfo("cnn", ("a", "b"), (16, 16)), recipe=recipe)
    assert model_info.from_json(model_info.to_json(info)) == info

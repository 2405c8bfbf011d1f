import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from celebtool.api import arguments
from celebtool.commands import crop_faces, predict, train
from celebtool.cropping.plan import CropSettings
from celebtool.errors import CelebtoolError
from celebtool.training.options import RunOptions, TrainingOptions, Units


def test_every_option_of_a_training_is_an_argument() -> None:
    """With the same type, but for those that Python has a better one for."""
    declared = get_type_hints(TrainingOptions) | get_type_hints(RunOptions)
    taken = get_type_hints(arguments.TrainArguments)
    assert list(taken) == [field.name for group in (TrainingOptions, RunOptions) for field in fields(group)]
    assert {name for name in taken if taken[name] != declared[name]} == {"dense", "history"}


@pytest.mark.parametrize("command", [crop_faces.crop_faces, predict.predict, train.train])
def test_bounds_are_the_commands(command: Callable[..., None]) -> None:
    hints = get_type_hints(command, include_extras=True)
    options = {name: get_args(hints[name])[1] for name in arguments.BOUNDS.keys() & hints.keys()}
    assert options
    for name, option in options.items():
        assert (option.min, option.max) == arguments.BOUNDS[name], name


def test_crops_have_the_commands_options_and_defaults() -> None:
    parameters = inspect.signature(crop_faces.crop_faces).parameters
    settings = arguments.crop_settings({})
    taken = get_type_hints(arguments.CropArguments)
    assert set(taken) == {field.name for field in fields(CropSettings)}
    assert {name: getattr(settings, name) for name in taken if name != "select"} == {
        name: parameters[name].default for name in taken if name != "select"
    }


def test_options_are_taken_apart() -> None:
    training, run = arguments.checked({"epochs": 3, "dense": (64, 0), "l2": 1, "history": "h.csv", "resume": True})
    assert training == TrainingOptions(epochs=3, dense=Units((64,)), l2=1)
    assert run == RunOptions(history=Path("h.csv"), resume=True)
    assert arguments.checked({"dense": 32, "dropout": None})[0] == TrainingOptions(dense=Units((32,)))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"epochs": 0}, "epochs: 0; expected 1 or more"),
        ({"epochs": 2.5}, "epochs: 2.5; expected int"),
        ({"epochs": True}, "epochs: True; expected int"),
        ({"dropout": 1}, "dropout: 1; expected a number from 0 to 0.95"),
        ({"learning_rate": float("nan")}, "learning_rate: nan; expected a number from 0 to 1000"),
        ({"optimizer": "adm"}, "optimizer: 'adm'; expected 'adam', 'adamw', 'sgd', 'lbfgs', 'mean'"),
        ({"class_weights": 1}, "class_weights: 1; expected bool"),
        ({"seed": -1}, "seed: -1; expected a number from 0 to 4.29497e+09"),
    ],
)
def test_values_that_are_not_allowed(given: Any, problem: str) -> None:
    with pytest.raises(CelebtoolError) as raised:
        arguments.checked(given)
    assert str(raised.value) == problem


def test_an_unknown_argument() -> None:
    with pytest.raises(TypeError, match="there is no argument 'epoch'"):
        arguments.checked({"epoch": 3})  # type: ignore[typeddict-unknown-key]

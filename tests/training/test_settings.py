from dataclasses import replace

import pytest

from celebtool import architectures
from celebtool.training import settings
from celebtool.training.options import TrainingOptions, Units
from celebtool.training.settings import Head

NOTHING = TrainingOptions()


def test_what_is_not_given_is_the_recipe_of_the_architecture() -> None:
    vgg16 = architectures.get("vgg16")
    chosen = settings.for_training(NOTHING, vgg16, has_val=True)
    assert (chosen.batch_size, chosen.rules.patience, chosen.optimizer) == (8, 5, "adam")
    assert chosen.rules.monitor == "val_loss"
    given = replace(NOTHING, batch_size=4, patience=0, optimizer="sgd", dense=Units((7,)))
    chosen = settings.for_training(given, vgg16, has_val=False)
    assert (chosen.batch_size, chosen.rules.patience, chosen.optimizer, chosen.head.dense) == (4, 0, "sgd", (7,))
    assert chosen.rules.monitor == "loss"


@pytest.mark.parametrize(
    ("given", "optimizer"),
    [
        ({}, "lbfgs"),
        ({"l2": 0.1, "class_weights": True, "augment": 2}, "lbfgs"),
        ({"epochs": 5}, "adam"),
        ({"learning_rate": 0.1}, "adam"),
        ({"dense": Units((64,))}, "adam"),
        ({"dropout": 0.5}, "adam"),
        ({"label_smoothing": 0.1}, "adam"),
        ({"schedule": "cosine"}, "adam"),
        ({"warmup": 3}, "adam"),
        ({"monitor": "val_accuracy"}, "adam"),
        ({"optimizer": "lbfgs", "epochs": 5}, "lbfgs"),
    ],
)
def test_a_linear_head_is_solved_unless_epochs_are_asked_for(given: dict, optimizer: str) -> None:
    face = architectures.get("face-resnet29")
    assert settings.for_training(replace(NOTHING, **given), face, has_val=True).optimizer == optimizer


@pytest.mark.parametrize(
    ("given", "optimizer"),
    [
        ({}, "mean"),
        ({"class_weights": True, "augment": 2}, "mean"),
        ({"l2": 0.1}, "lbfgs"),
        ({"epochs": 5}, "adam"),
        ({"l2": 0.1, "optimizer": "mean"}, "mean"),
    ],
)
def test_a_head_of_means_has_no_penalty_and_no_epochs(given: dict, optimizer: str) -> None:
    face = architectures.get("face-sface")
    assert settings.for_training(replace(NOTHING, **given), face, has_val=True).optimizer == optimizer


def test_finetuning_adds_layers_to_the_head_and_takes_its_own_rate() -> None:
    densenet = architectures.get("densenet121")
    chosen = settings.for_finetuning(
        replace(NOTHING, dense=Units((32,))), densenet, Head((256,), 0.5, 0.01), has_val=True
    )
    assert chosen.head == Head((256, 32), 0.5, 0.01)
    assert chosen.rules.learning_rate == densenet.finetune_learning_rate < densenet.learning_rate


def test_parameters_are_values_of_json() -> None:
    parameters = settings.parameters(settings.for_training(NOTHING, architectures.get("cnn"), has_val=True))
    assert parameters["head"] == {"dense": [1024], "dropout": 0.5, "l2": 0.0}
    assert parameters["rules"]["monitor"] == "val_loss"


@pytest.mark.parametrize(
    ("given", "name", "said"),
    [
        ({}, "face-resnet29", []),
        ({"l2": 0.1, "dropout": 0.0}, "face-resnet29", []),
        (
            {"epochs": 5, "batch_size": 8, "dense": Units((64,))},
            "face-resnet29",
            [
                "--epochs, --batch-size, --dense: the head is trained with adam in epochs; without such options "  # noqa: ISC004
                "--arch face-resnet29 solves it at once, which is usually better"
            ],
        ),
        (
            {"optimizer": "lbfgs", "epochs": 5},
            "face-resnet29",
            ["--epochs: no effect with --optimizer lbfgs, which has no epochs"],
        ),
        (
            {"optimizer": "mean", "patience": 5},
            "face-sface",
            ["--patience: no effect with --optimizer mean, which has no epochs"],
        ),
        ({"epochs": 5}, "cnn", []),
        ({"optimizer": "sgd", "epochs": 5}, "face-resnet29", []),
    ],
)
def test_epochs_asked_for_where_the_head_would_be_solved_are_said(given: dict, name: str, said: list[str]) -> None:
    options, architecture = replace(NOTHING, **given), architectures.get(name)
    chosen = settings.for_training(options, architecture, has_val=True)
    assert settings.optimizer_notes(options, architecture, chosen) == said


def test_nothing_is_said_of_epochs_that_nobody_asked_for() -> None:
    architecture = architectures.get("face-sface")
    chosen = settings.for_finetuning(NOTHING, architecture, settings.Head((), 0, 0), has_val=True)
    assert chosen.optimizer == "adam"
    assert settings.optimizer_notes(NOTHING, architecture, chosen) == []

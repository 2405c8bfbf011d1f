"""Training on what is computed once gives what plain Keras gives on the whole graph."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from celebtool import architectures
from celebtool.nn.networks import build as networks
from celebtool.nn.networks import pretrained
from celebtool.nn.training import activations
from celebtool.nn.training import fit as training
from celebtool.nn.training.batches import Batches
from celebtool.system.progress import Silent
from celebtool.training import settings, training_set
from celebtool.training.options import TrainingOptions


@pytest.fixture
def float64() -> Iterator[None]:
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def chosen(name: str, **given: object) -> settings.TrainSettings:
    defaults = {"epochs": 3, "batch_size": 4, "patience": 0, "dropout": 0.0, "optimizer": "adam", "learning_rate": 1e-3}
    return settings.for_training(TrainingOptions(**{**defaults, **given}), architectures.get(name), has_val=True)


def parts(make_folder: Callable[..., Path]) -> training_set.TrainingData:
    make_folder({"a": 4, "b": 3, "c": 3}, "parts/train", size=64)
    root = make_folder({"a": 1, "b": 2, "c": 1}, "parts/val", size=64).parent
    return training_set.read(root, 0, lambda _: None)


def build(name: str, how: settings.TrainSettings, unfreeze: int, size: int) -> keras.Model:
    head = how.head
    model = networks.build(name, 3, image_size=(size, size), dense=head.dense, dropout=head.dropout, l2=head.l2)
    networks.unfreeze(model, unfreeze)
    return model


def fit(
    model: keras.Model, data: training_set.TrainingData, how: settings.TrainSettings, scratch: Path
) -> training.Outcome:
    return training.fit(model, data, how, training.Resources(scratch, 10**9), Silent())


def plain_losses(
    model: keras.Model, data: training_set.TrainingData, how: settings.TrainSettings
) -> list[tuple[float, float]]:
    """`Model.fit` on the whole graph and the images themselves, one epoch after the other, with the same batches."""
    model.compile(keras.optimizers.Adam(how.rules.learning_rate), "categorical_crossentropy", jit_compile=False)

    def batches(samples: tuple) -> Batches:
        files, size = data.files(samples), model.input_shape[1:3]
        images = activations.activations(None, files, size, activations.Variants(), np.empty)
        ids = data.class_ids(samples)
        return Batches(images, ids, 3, np.ones(len(ids), np.float32), how.batch_size, how.seed)

    train, val = batches(data.train), batches(data.val)
    val_images, val_labels, _ = replace(val, batch_size=100).in_order(0)
    losses = []
    for epoch in range(how.rules.epochs):
        made = (train.shuffled(epoch * train.steps + step) for step in range(train.steps))
        steps = ((images.astype("float64"), labels) for images, labels, _ in made)
        history = model.fit(steps, steps_per_epoch=train.steps, verbose=0)
        val_loss = model.evaluate(val_images.astype("float64"), val_labels, verbose=0)
        losses.append((history.history["loss"][0], val_loss))
    return losses


@pytest.mark.slow
@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("name", "unfreeze", "size"), [("mobilenetv2", 10, 32), ("inceptionv3", 20, 75), ("resnet50", 12, 32)]
)
def test_the_loss_curve_is_that_of_the_whole_graph(
    make_folder: Callable[..., Path], tmp_path: Path, name: str, unfreeze: int, size: int
) -> None:
    data, how = parts(make_folder), chosen(name)
    outcome = fit(build(name, how, unfreeze, size), data, how, tmp_path)
    losses = plain_losses(build(name, how, unfreeze, size), data, how)
    assert [(row.loss, row.val_loss) for row in outcome.history] == [pytest.approx(pair, rel=1e-6) for pair in losses]


def test_the_best_epoch_is_kept(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    data = parts(make_folder)
    how = chosen("cnn", epochs=8, patience=2, dense=(8,), learning_rate=0.05)
    model = build("cnn", how, 0, 16)
    model.trainable = True
    outcome = fit(model, data, how, tmp_path)
    best = min(outcome.history, key=lambda row: row.val_loss)
    assert outcome.figures["val"]["accuracy"] == pytest.approx(best.val_accuracy)
    assert outcome.figures["val"]["loss"] <= best.val_loss + 1e-4  # calibration can only lower it
    assert len(outcome.history) < 8


def weights(model: keras.Model) -> bytes:
    return b"".join(array.tobytes() for array in model.get_weights())


@pytest.mark.parametrize("stop", [1, 3])
def test_a_run_that_was_killed_goes_on_as_if_nothing_had_happened(
    make_folder: Callable[..., Path], tmp_path: Path, stop: int
) -> None:
    """Dropout, augmentation, a falling rate and the memory of the rules included."""
    data = parts(make_folder)
    how = chosen("cnn", epochs=5, dense=(8,), dropout=0.5, augment=1, reduce_lr=1, seed=2**32 - 1)

    class KilledError(Exception):
        pass

    def run(scratch: Path, killed_after: int | None) -> tuple[bytes, list]:
        scratch.mkdir(exist_ok=True)
        model = build("cnn", how, 0, 16)
        model.trainable = True

        class Killing(Silent):
            def say(self, line: str) -> None:
                if line.startswith(f"epoch {killed_after}/"):
                    raise KilledError

        outcome = training.fit(model, data, how, training.Resources(scratch, 10**9), Killing())
        if outcome.failure:
            raise outcome.failure
        return weights(model), [replace(row, seconds=None) for row in outcome.history]

    undisturbed = run(tmp_path / "a", None)
    with pytest.raises(KilledError):
        run(tmp_path / "b", stop)
    assert run(tmp_path / "b", None) == undisturbed


class Recording(Silent):
    """Writes down the stages of a run, how far each came, and what was said in it."""

    def __init__(self) -> None:
        self.told: list[tuple] = []

    def stage(self, name: str, unit: str = "") -> None:
        self.told.append((name, unit))

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))

    def say(self, line: str) -> None:
        self.told.append((line.split(":", maxsplit=1)[0],))


def test_progress_is_told_within_every_part_and_epoch(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    data, how = parts(make_folder), chosen("cnn", epochs=2, dense=(4,))
    model = build("cnn", how, "all", 16)
    recording = Recording()
    training.fit(model, data, how, training.Resources(tmp_path, 10**9), recording)
    epochs = [
        told
        for number in (1, 2)
        for told in [(f"epoch {number}/2", "batches"), (1, 3), (2, 3), (3, 3), (f"epoch {number}/2",)]
    ]
    assert recording.told == [
        ("reading train", "images"),
        (10, 10),
        ("reading val", "images"),
        (4, 4),
        *epochs,
        ("measuring the result", ""),
    ]


def test_a_loss_that_is_no_number_ends_the_run(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    data, how = parts(make_folder), chosen("cnn", dense=(8,), learning_rate=1e30, optimizer="sgd")
    model = build("cnn", how, 0, 16)
    model.trainable = True
    with pytest.raises(training.CelebtoolError, match=r"epoch \d: the loss became NaN or infinite; try a lower"):
        fit(model, data, how, tmp_path)


def test_augmented_variants_are_trained_on_and_not_measured(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    """At the least rate there is the weights hardly move, so that what is measured tells which images it is of."""
    data = parts(make_folder)
    outcomes = []
    for count in (0, 2):
        how = chosen("face-resnet29", epochs=1, learning_rate=0.0, augment=count)
        model = build("face-resnet29", how, 0, 150)
        pretrained.load_faces(model, "face-resnet29")
        outcomes.append(fit(model, data, how, tmp_path))
        (tmp_path / "checkpoint").unlink()
    plain, varied = outcomes
    assert varied.history[0].loss != pytest.approx(plain.history[0].loss, rel=1e-4)
    assert varied.figures["train"] == pytest.approx(plain.figures["train"], rel=1e-4)


@pytest.mark.parametrize(("memory", "files"), [(10**9, 0), (0, 2)])
def test_activations_go_to_a_file_when_they_do_not_fit(
    make_folder: Callable[..., Path], tmp_path: Path, memory: int, files: int
) -> None:
    data, how = parts(make_folder), chosen("mobilenetv2", epochs=1)
    resources = training.Resources(tmp_path, memory)
    outcome = training.fit(build("mobilenetv2", how, 0, 32), data, how, resources, Silent())
    assert len(list(tmp_path.glob("*.activations"))) == files
    assert outcome.history[0].loss > 0


def test_lbfgs_wants_a_head_of_one_layer(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    data, how = parts(make_folder), chosen("mobilenetv2", optimizer="lbfgs", dense=(8,))
    with pytest.raises(training.CelebtoolError, match="--optimizer lbfgs: solves a head of one softmax layer"):
        fit(build("mobilenetv2", how, 0, 32), data, how, tmp_path)

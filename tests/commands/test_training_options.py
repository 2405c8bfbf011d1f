"""What every training option does to the result; that it is accepted proves nothing."""

import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from celebtool import cli
from celebtool.formats import history, model_file
from celebtool.formats.history import Epoch
from celebtool.formats.model_info import ModelInfo
from tests.conftest import write_parts

pytestmark = pytest.mark.slow

Trained = tuple[ModelInfo, dict[str, np.ndarray], tuple[Epoch, ...]]
Train = Callable[..., Trained]
KERNEL, BIAS = "head_probabilities/kernel", "head_probabilities/bias"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighteen images of one person and six of another to train on, five of each in val."""
    counts = {"train": {"a": 18, "b": 6}, "val": {"a": 5, "b": 5}}
    return write_parts(tmp_path_factory.mktemp("options") / "parts", counts)


@pytest.fixture(scope="module")
def train(folder: Path) -> Iterator[Train]:
    """Train a small network with options; equal options are trained once."""

    @functools.cache
    def run(*options: str, command: str = "train", base: Path | None = None) -> Trained:
        out = folder.parent / f"{len(list(folder.parent.iterdir()))}.h5"
        network = () if base else ("--arch", "cnn", "--image-size", "8")
        given = {"--epochs": "1", "--batch-size": "24", "--patience": "0", "--learning-rate": "0.01"}
        if not base:
            given |= {"--dense": "4", "--dropout": "0"}
        defaults = [text for pair in given.items() if pair[0] not in options for text in pair]
        first = [str(base)] if base else []
        line = [command, *first, str(folder), str(out), *network, *defaults, *options, "--history", f"{out}.csv"]
        with pytest.raises(SystemExit) as ended:
            cli.main(line)
        assert not ended.value.code
        info, found = model_file.read(out)
        arrays = {f"{a.layer}: {a.name}": v for a, v in found.items()}
        for name in (name for name in arrays if name.endswith((KERNEL, BIAS))):
            arrays[name] = arrays[name] * info.temperature  # as training left it
        return info, arrays, history.read(Path(f"{out}.csv"))

    return run


def moved(train: Train, *options: str, name: str = KERNEL) -> np.ndarray:
    """How far an array came in one run from where a run with the least possible rate left it."""
    still = train("--learning-rate", "0")[1]
    return array(train(*options)[1], name) - array(still, name)


def array(arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    return next(values for key, values in arrays.items() if key.endswith(f": {name}"))


def test_patience_ends_the_run_so_many_epochs_after_the_best(train: Train) -> None:
    options = ("--epochs", "60", "--learning-rate", "0.05")
    for patience in (2, 5):
        _, _, epochs = train(*options, "--patience", str(patience))
        best = min(range(len(epochs)), key=lambda i: epochs[i].val_loss)
        assert len(epochs) == best + 1 + patience < 60


@pytest.mark.parametrize(("monitor", "choose"), [("val_loss", min), ("val_accuracy", max), ("accuracy", max)])
def test_the_monitored_figure_decides_which_epoch_is_kept(train: Train, monitor: str, choose: Callable) -> None:
    """What is kept are the weights of a run that ended at the first epoch at which that figure was best."""
    options = ("--learning-rate", "0.011", "--optimizer", "sgd", "--monitor", monitor)
    _, arrays, epochs = train("--epochs", "12", *options)
    values = [getattr(epoch, monitor) for epoch in epochs]
    best = values.index(choose(values)) + 1
    assert best < 12
    _, until_best, _ = train("--epochs", str(best), *options)
    for name, expected in until_best.items():
        np.testing.assert_allclose(arrays[name], expected, atol=1e-6)


def test_reduce_lr_lowers_the_rate_to_a_fifth_on_a_plateau(train: Train) -> None:
    _, _, epochs = train("--epochs", "20", "--learning-rate", "0.05", "--reduce-lr", "2")
    rates = [epoch.learning_rate for epoch in epochs]
    best, waited, rate = math.inf, 0, 0.05
    for epoch, used in zip(epochs, rates, strict=True):
        assert used == pytest.approx(max(rate, 1e-7), rel=1e-3)
        waited = 0 if epoch.val_loss < best - 1e-4 else waited + 1
        best = epoch.val_loss if waited == 0 else best
        if waited == 2:
            rate, waited = rate / 5, 0
    assert rates[-1] < 0.05
    _, _, constant = train("--epochs", "20", "--learning-rate", "0.05")
    assert {epoch.learning_rate for epoch in constant} == {0.05}


def test_schedule_and_warmup_shape_the_rate(train: Train) -> None:
    _, _, epochs = train("--epochs", "6", "--schedule", "cosine", "--warmup", "2", "--learning-rate", "0.1")
    expected = [0.05, 0.1, *(0.05 * (1 + math.cos(math.pi * k / 4)) for k in range(4))]
    assert [epoch.learning_rate for epoch in epochs] == pytest.approx(expected, rel=1e-4)


def test_optimizers_step_as_they_should(train: Train) -> None:
    """One batch, one step. Adam's has the length of the rate, AdamW's also shrinks, SGD's goes with the rate."""
    name = "block_1_conv_1/kernel"
    adam, adamw = (moved(train, "--optimizer", o, name=name) for o in ("adam", "adamw"))
    assert np.median(np.abs(adam)) == pytest.approx(0.01, rel=0.02)
    start = array(train("--learning-rate", "0")[1], name)
    assert np.corrcoef((adamw - adam).ravel(), start.ravel())[0, 1] < -0.9
    slow, fast = (moved(train, "--optimizer", "sgd", "--learning-rate", r, name=name) for r in ("0.01", "0.02"))
    np.testing.assert_allclose(fast, 2 * slow, atol=1e-5)
    assert np.percentile(np.abs(slow), 90) > 2 * np.median(np.abs(slow))


def test_class_weights_make_classes_pull_alike(train: Train) -> None:
    """Three times as many images of a pull the biases to a, unless the classes count the same."""
    options = ("--optimizer", "sgd", "--learning-rate", "0.1")
    plain = array(train(*options)[1], BIAS)
    weighted = array(train(*options, "--class-weights")[1], BIAS)
    assert plain[0] > 0 > plain[1]
    assert plain[0] - plain[1] > weighted[0] - weighted[1] + 0.01


def test_label_smoothing_keeps_the_loss_above_the_entropy_of_its_labels(train: Train) -> None:
    options = ("--epochs", "25", "--batch-size", "8")
    _, _, sharp = train(*options)
    _, _, smooth = train(*options, "--label-smoothing", "0.5")
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert min(epoch.loss for epoch in smooth) >= entropy - 1e-3
    assert min(epoch.loss for epoch in sharp) < entropy / 2


def test_dropout_makes_learning_by_heart_harder(train: Train) -> None:
    options = ("--epochs", "25", "--batch-size", "8")
    _, _, without = train(*options)
    _, _, with_dropout = train(*options, "--dropout", "0.9")
    assert with_dropout[-1].loss > 3 * without[-1].loss


def test_dense_adds_hidden_layers_that_learn(train: Train) -> None:
    info, arrays, _ = train("--dense", "6,5")
    assert info.dense == (6, 5)
    assert array(arrays, "head_dense_1/kernel").shape[1:] == (6,)
    assert array(arrays, "head_dense_2/kernel").shape == (6, 5)
    still = train("--dense", "6,5", "--learning-rate", "0")[1]
    for number in (1, 2):
        name = f"head_dense_{number}/kernel"
        assert not np.allclose(array(arrays, name), array(still, name), atol=1e-4)
    assert "head_dense_1: head_dense_1/kernel" not in train("--dense", "0")[1]


def test_l2_keeps_the_weights_of_the_head_small(train: Train) -> None:
    options = ("--epochs", "25", "--batch-size", "8", "--monitor", "loss")
    free, held = (array(train(*options, *l2)[1], "head_dense_1/kernel") for l2 in ((), ("--l2", "0.3")))
    assert np.linalg.norm(held) < np.linalg.norm(free) / 2


def test_augment_shows_other_images_than_those_of_the_folder(train: Train) -> None:
    options = ("--epochs", "25", "--batch-size", "8")
    _, _, plain = train(*options)
    _, _, varied = train(*options, "--augment", "1")
    assert varied[0].loss != plain[0].loss
    assert varied[-1].loss > plain[-1].loss


def test_smaller_batches_make_more_steps(train: Train) -> None:
    name = "head_dense_1/kernel"
    one, six = (moved(train, "--batch-size", size, name=name) for size in ("24", "4"))
    assert np.abs(one).max() == pytest.approx(0.01, rel=0.02)
    assert 0.02 < np.abs(six).max() < 0.0601


def test_unfreeze_trains_the_last_layers_and_no_others(train: Train, folder: Path) -> None:
    train()
    base = max(folder.parent.glob("*.h5"), key=lambda path: path.stat().st_mtime)
    before = {f"{a.layer}: {a.name}": values for a, values in model_file.read(base)[1].items()}
    info, after, _ = train("--unfreeze", "3", command="finetune", base=base)
    changed = {name.split(":")[0] for name, values in after.items() if not np.array_equal(values, before[name])}
    # the last three of the backbone are a convolution, its normalisation, which stays frozen, and a pooling
    assert changed == {"block_3_conv_2", "head_dense_1", "head_probabilities"}
    assert not next(layer for layer in info.layers if layer.name == "block_3_conv_1").trainable

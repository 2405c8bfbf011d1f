"""``--devices all``: what several devices compute together is what one computes alone."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool.formats import history, model_file
from celebtool.nn.training.batches import Batches
from tests.conftest import Result

TWO_DEVICES = """
import sys
import celebtool.nn, tensorflow as tf
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from celebtool.cli import main
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_two_devices_train_what_one_trains(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """Seventeen images in batches of five: none is even. Without dropout, batch norm frozen; Adam would make much of rounding."""
    make_folder({"a": 9, "b": 8}, "parts/train")
    folder = make_folder({"a": 3, "b": 2}, "parts/val").parent
    network = ("--arch", "cnn", "--image-size", "32", "--dense", "8", "--dropout", "0")
    assert celebtool("train", folder, tmp_path / "base.h5", *network, "--epochs", "1").code == 0
    options = ("--unfreeze", "all", "--dense", "8", "--l2", "0.01", "--label-smoothing", "0.1", "--class-weights")
    common = ("finetune", tmp_path / "base.h5", folder, tmp_path / "one.h5", *options, "--patience", "0")
    line = (*common, "--epochs", "4", "--batch-size", "5", "--optimizer", "sgd", "--learning-rate", "0.01")
    assert celebtool(*line, "--history", tmp_path / "one.csv").code == 0
    two = [{"one.h5": "two.h5"}.get(Path(str(a)).name, str(a)) for a in line]
    two = [sys.executable, "-c", TWO_DEVICES, *two, "--history", "two.csv", "--devices", "all"]
    done = subprocess.run(
        two,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.returncode == 0, done.stderr
    _, first = model_file.read(tmp_path / "one.h5")
    _, second = model_file.read(tmp_path / "two.h5")
    for array, values in first.items():
        np.testing.assert_allclose(second[array], values, atol=2e-5, err_msg=array.name)
    for one, other in zip(history.read(tmp_path / "one.csv"), history.read(tmp_path / "two.csv"), strict=True):
        assert (other.val_loss, other.accuracy) == pytest.approx((one.val_loss, one.accuracy), rel=1e-4)
        assert other.val_accuracy == one.val_accuracy
        assert other.loss == pytest.approx(one.loss, rel=0.05)  # Keras counts a padded batch by its padded size


def batches(replicas: int, count: int = 7) -> Batches:
    images = np.random.default_rng(0).integers(0, 256, (count, 4)).astype("float32")
    weights = np.linspace(0.5, 2, count).astype("float32")
    return Batches([images], np.arange(count) % 3, 3, weights, 3, seed=5, replicas=replicas)


def test_padding_has_neither_label_nor_weight_and_leaves_the_mean_loss() -> None:
    alone, shared = batches(1), batches(2)
    for number in range(alone.steps):
        x, labels, weights = alone.shuffled(number)
        padded_x, padded_labels, padded_weights = shared.shuffled(number)
        count = len(x)
        assert len(padded_x) % 2 == 0
        assert np.array_equal(padded_x[:count], x)
        assert np.array_equal(padded_labels[:count], labels)
        assert not padded_labels[count:].any()
        assert not padded_weights[count:].any()
        loss = np.arange(len(padded_x))
        assert (padded_weights * loss).mean() == pytest.approx((weights * loss[:count]).mean())


def test_evaluation_is_exact_however_the_last_batch_is_padded() -> None:
    alone, shared = batches(1), batches(4)
    losses = np.arange(7.0)
    total = counted = 0.0
    for number in range(shared.steps):
        *_, weights = shared.in_order(number)
        rows = losses[3 * number : 3 * number + 3]
        total += (weights[: len(rows)] * rows).sum()
        counted += len(weights)
    assert total / counted == pytest.approx((alone.sample_weights * losses).mean())

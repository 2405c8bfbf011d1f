"""The lines and tables that a training run prints."""

from collections.abc import Sequence
from pathlib import Path

from celebtool import architectures
from celebtool.errors import command_line
from celebtool.formats import history
from celebtool.formats.history import Epoch
from celebtool.formats.model_info import ModelInfo

LARGE_GAP = 0.1
"""Difference of the accuracies on train and val beyond which a run warns of overfitting."""

SEVERAL = 5
"""Classes above which a top-5 accuracy says something."""

Table = tuple[str, Sequence[str], Sequence[Sequence[object]]]


def epoch(row: Epoch, epochs: int) -> str:
    """Return the line of an epoch: ``epoch 3/50: loss 0.1234, accuracy 0.9876, val_loss …``."""
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    figures = ", ".join(f"{name} {getattr(row, name):.4f}" for name in names if getattr(row, name) is not None)
    if row.learning_rate is None:
        return f"solved: {figures}"
    return f"epoch {row.epoch}/{epochs}: {figures}, learning rate {row.learning_rate:.3g}, {row.seconds or 0:.1f} s"


def continuing(first: int, epochs: int) -> str:
    """Return the line that says where an interrupted run goes on."""
    return f"continuing at epoch {first} of {epochs}"


def kept(path: Path, epochs: Sequence[Epoch]) -> str:
    """Return the line that says what an interrupted run keeps, and how to continue it."""
    return f"the best model so far, of {len(epochs)} epochs, is {path}; the same command continues after epoch {len(epochs)}"


def summary(info: ModelInfo) -> str:
    """Return what a model is in a few words: ``5 classes, val accuracy 0.9667``."""
    accuracy = info.metrics.get("val_accuracy")
    return f"{len(info.class_names)} classes" + ("" if accuracy is None else f", val accuracy {accuracy:.4f}")


def table(info: ModelInfo) -> Table:
    """Return the table of loss and accuracy on each part."""
    figures = {"loss": "loss", "accuracy": "accuracy"}
    if len(info.class_names) > SEVERAL:
        figures["top5"] = "top-5"
    rows = [
        (part, *(f"{info.metrics[f'{part}_{name}']:.4f}" for name in figures))
        for part in ("train", "val")
        if f"{part}_loss" in info.metrics
    ]
    if len(rows) == 2:
        rows.append(("gap", "", f"{_gap(info):.4f}", *([""] * (len(figures) - 2))))
    best = f", best of {len(info.history)} epochs: {history.best(info.history).epoch}" if len(info.history) > 1 else ""
    return f"{info.architecture}, {len(info.class_names)} classes{best}", ("part", *figures.values()), rows


def remedies(info: ModelInfo) -> list[str]:
    """Return advice against overfitting if the accuracy on val is far below that on train, else nothing."""
    if "val_accuracy" not in info.metrics or _gap(info) <= LARGE_GAP:
        return []
    options = ["more photos", "--augment", "--l2"]
    if architectures.get(info.architecture).pretrained != "faces":
        options += ["--dropout", f"--arch {architectures.DEFAULT} (it knows faces already)"]
    advice = f"{', '.join(options[:-1])} or {options[-1]} may help"
    return [f"accuracy is {_gap(info):.2f} lower on val than on train: the model overfits; {advice}"]


def uncropped(root: Path, raw: int, images: int) -> str:
    """Return what is wrong with raw photos, and the command that crops their faces."""
    problem = f"looks uncropped: {raw} of {images} images show several faces or a small one"
    return f"{problem}; crop the faces first: {command_line('crop-faces', root, 'faces')} (or add --allow-uncropped)"


def loose(root: Path, fill: float) -> str:
    """Return a warning of crops with much around the faces; `fill` is the share of the frame that they take."""
    problem = f"{root}: loose crops, the faces take about {fill:.0%} of the frame"
    return f"{problem}; crop-faces makes tighter ones: {command_line('crop-faces', root, 'faces')}"


def _gap(info: ModelInfo) -> float:
    return info.metrics["train_accuracy"] - info.metrics["val_accuracy"]

"""The options of `train` and `finetune`, each declared once: its name, type, default and help."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from celebtool.errors import printable

Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]

BY_ARCHITECTURE = "by architecture"
"""What `--help` shows where the architecture table has the default."""

GROUPS = (
    "People options",
    "Data options",
    "Network options",
    "Head options",
    "Optimisation options",
    "Run options",
    "Expert options",
)
"""The groups of options in `--help`, in their order."""
PEOPLE, DATA, NETWORK, HEAD, OPTIMISATION, RUN, EXPERT = GROUPS


class Units(tuple[int, ...]):
    """The units of hidden layers; a class of its own, because typer reads a tuple as several arguments."""

    __slots__ = ()


def parse_units(text: str) -> Units:
    """Parse ``512,256`` into the units of hidden layers; ``0`` is none."""
    if not re.fullmatch(r"\d{1,5}(,\d{1,5})*", text):
        raise typer.BadParameter(f"--dense {printable(text)}: expected numbers of units, as 256 or 512,256")
    return Units(units for units in map(int, text.split(",")) if units)


@dataclass(frozen=True)
class TrainingOptions:
    """The options that decide what is trained; None where the architecture table decides."""

    augment: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            rich_help_panel=DATA,
            help="Add N augmented variants of each training image. A network without frozen layers gets newly "
            "augmented images in every epoch instead.",
        ),
    ] = 0
    class_weights: Annotated[
        bool,
        typer.Option(
            "--class-weights",
            rich_help_panel=DATA,
            help="Weight the images so that all classes count the same, however many images they have.",
        ),
    ] = False
    dense: Annotated[
        Units | None,
        typer.Option(
            parser=parse_units,
            metavar="N,…",
            rich_help_panel=HEAD,
            help="Units of the hidden layers, as 256 or 512,256; 0 for none.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    dropout: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=0.95,
            metavar="SHARE",
            rich_help_panel=HEAD,
            help="Share of the features that each step drops.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    l2: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1000,
            metavar="X",
            rich_help_panel=HEAD,
            help="Penalty on the squared weights.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            rich_help_panel=OPTIMISATION,
            help="Train for at most N epochs.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            rich_help_panel=OPTIMISATION,
            help="Images per step.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    learning_rate: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1000,
            metavar="RATE",
            rich_help_panel=OPTIMISATION,
            help="Learning rate.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    optimizer: Annotated[
        Literal["adam", "adamw", "sgd", "lbfgs", "mean"] | None,
        typer.Option(
            rich_help_panel=OPTIMISATION,
            help="Optimizer. For a head of one softmax layer, without epochs: lbfgs solves it as a logistic regression, "
            "mean takes the class of the nearest mean embedding.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="EPOCHS",
            rich_help_panel=OPTIMISATION,
            help="Stop after this many epochs without improvement; 0 never stops.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    reduce_lr: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="EPOCHS",
            rich_help_panel=OPTIMISATION,
            help="Divide the learning rate by five after this many epochs without improvement; 0 never does.",
            show_default=BY_ARCHITECTURE,
        ),
    ] = None
    false_accept: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="SHARE",
            rich_help_panel=RUN,
            help="Share of strangers that may pass for somebody, however many known faces that rejects.",
            show_default="0.01, but at most 10 % of the known rejected",
        ),
    ] = None
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            max=2**32 - 1,
            metavar="N",
            rich_help_panel=RUN,
            help="Seed of all random numbers: the same seed and input give the same model.",
        ),
    ] = 0
    monitor: Annotated[
        Monitor, typer.Option(rich_help_panel=EXPERT, help="Figure that decides which epoch is the best.")
    ] = "val_loss"
    schedule: Annotated[
        Literal["constant", "cosine"], typer.Option(rich_help_panel=EXPERT, help="Learning-rate schedule.")
    ] = "constant"
    warmup: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="EPOCHS",
            rich_help_panel=EXPERT,
            help="Raise the learning rate in equal steps over the first epochs.",
        ),
    ] = 0
    label_smoothing: Annotated[
        float,
        typer.Option(
            min=0, max=0.5, metavar="SHARE", rich_help_panel=EXPERT, help="Share of each label spread over all classes."
        ),
    ] = 0.0


@dataclass(frozen=True)
class RunOptions:
    """The options that leave the model as it is: what a run may read, use, write and replace."""

    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", rich_help_panel=RUN, help="Write loss and accuracy of every epoch to a file."),
    ] = None
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            rich_help_panel=RUN,
            help="Say so if there is no interrupted run to continue. A run with the same options is always continued.",
        ),
    ] = False
    allow_leak: Annotated[
        bool,
        typer.Option(
            "--allow-leak",
            rich_help_panel=EXPERT,
            help="Train even if photos are both in train/ and in val/ or test/. The model records it.",
        ),
    ] = False
    allow_uncropped: Annotated[
        bool,
        typer.Option(
            "--allow-uncropped",
            rich_help_panel=EXPERT,
            help="Train even if the images look like photos from which no faces were cropped.",
        ),
    ] = False
    cache_memory: Annotated[
        float,
        typer.Option(
            min=0,
            max=1_000_000,
            metavar="GB",
            rich_help_panel=EXPERT,
            help="Memory for what the frozen layers compute; the rest goes to a temporary file.",
        ),
    ] = 4.0
    devices: Annotated[
        Literal["one", "all"],
        typer.Option(rich_help_panel=EXPERT, help="all divides every batch among all GPUs."),
    ] = "one"

"""Arguments and options that several commands share: name, type and help; the default stays in the command."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from celebtool import console
from celebtool.errors import printable


def _set_quiet(quiet: bool) -> bool:
    console.set_quiet(quiet)
    return quiet


def parse_image_size(text: str | None) -> tuple[int, int] | None:
    """Parse ``96`` or ``96x112`` (height × width) into (height, width)."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,4})(?:x(\d{1,4}))?", text)
    size = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if min(size) < 1:
        raise typer.BadParameter(f"--image-size {printable(text)}: expected HEIGHT or HEIGHTxWIDTH, as 96 or 96x112")
    return size


def parse_share(text: str | None) -> float | None:
    """Parse a share as ``5%`` or ``0.05``."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"{printable(text)}: expected a share, as 5% or 0.05")
    return share


def parse_dense(text: str | None) -> tuple[int, ...] | None:
    """Parse ``512,256`` into the units of the hidden layers; ``0`` is none."""
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,5}(,\d{1,5})*", text):
        raise typer.BadParameter(f"--dense {printable(text)}: expected numbers of units, as 256 or 512,256")
    return tuple(units for units in map(int, text.split(",")) if units)


def parse_unfreeze(text: str | None) -> int | Literal["all"] | None:
    """Parse ``30`` or ``all``."""
    if text is None:
        return None
    if text == "all":
        return "all"
    if not re.fullmatch(r"\d{1,5}", text):
        raise typer.BadParameter(f"--unfreeze {printable(text)}: expected a number of layers or all")
    return int(text)


BY_ARCHITECTURE = "by architecture"
"""What `--help` shows where the architecture table has the default."""

Faces = Annotated[Path, typer.Argument(metavar="FACES", help="Image folder: FACES/<class>/<image>.")]
Parts = Annotated[
    Path,
    typer.Argument(metavar="PARTS", help="Image folder with train/ and val/, or unsplit: FACES/<class>/<image>."),
]
OutputFolder = Annotated[Path, typer.Argument(metavar="OUT", help="Image folder to write.")]
Model = Annotated[Path, typer.Argument(metavar="MODEL.h5", help="Model to read.")]
OutputModel = Annotated[Path, typer.Argument(metavar="OUT.h5", help="Model to write.")]

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", callback=_set_quiet, help="Say nothing but errors and results.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")]
Link = Annotated[bool, typer.Option("--link", help="Hard-link unchanged files instead of copying them.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Same seed, same input: same result.")]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Images per step.")]

Dense = Annotated[
    str | None,
    typer.Option(
        "--dense",
        metavar="N,…",
        help="Units of the head's hidden layers, as 256 or 512,256; 0: none.",
        show_default=BY_ARCHITECTURE,
    ),
]
ImageSizeText = Annotated[
    str | None,
    typer.Option("--image-size", metavar="HEIGHT[xWIDTH]", help="What the network sees.", show_default=BY_ARCHITECTURE),
]
Dropout = Annotated[
    float | None,
    typer.Option(
        "--dropout", min=0, max=0.95, help="Share of features dropped in the head.", show_default=BY_ARCHITECTURE
    ),
]
L2 = Annotated[
    float | None,
    typer.Option("--l2", min=0, max=1000, help="Penalty on the head's squared weights.", show_default=BY_ARCHITECTURE),
]
Epochs = Annotated[int | None, typer.Option("--epochs", min=1, help="Epochs at most.", show_default=BY_ARCHITECTURE)]
TrainBatchSize = Annotated[
    int | None, typer.Option("--batch-size", min=1, help="Images per step.", show_default=BY_ARCHITECTURE)
]
LearningRate = Annotated[
    float | None,
    typer.Option("--learning-rate", min=0, max=1000, help="Full learning rate.", show_default=BY_ARCHITECTURE),
]
Optimizer = Annotated[
    Literal["adam", "adamw", "sgd", "lbfgs"] | None,
    typer.Option(
        "--optimizer",
        help="lbfgs solves a head of one softmax layer as a logistic regression.",
        show_default=BY_ARCHITECTURE,
    ),
]
Patience = Annotated[
    int | None,
    typer.Option(
        "--patience",
        min=0,
        help="Stop after so many epochs without improvement; 0: never.",
        show_default=BY_ARCHITECTURE,
    ),
]
Monitor = Annotated[
    Literal["loss", "accuracy", "val_loss", "val_accuracy"],
    typer.Option("--monitor", help="The figure that decides which epoch is best."),
]
ReduceLr = Annotated[
    int | None,
    typer.Option(
        "--reduce-lr",
        min=0,
        metavar="EPOCHS",
        help="Lower the rate to a fifth after so many epochs without improvement; 0: never.",
        show_default=BY_ARCHITECTURE,
    ),
]
Schedule = Annotated[
    Literal["constant", "cosine"], typer.Option("--schedule", help="How the rate goes over the epochs.")
]
Warmup = Annotated[
    int, typer.Option("--warmup", min=0, metavar="EPOCHS", help="Epochs over which the rate rises to its full height.")
]
ClassWeights = Annotated[
    bool, typer.Option("--class-weights", help="Let every class count the same, however many images it has.")
]
LabelSmoothing = Annotated[
    float, typer.Option("--label-smoothing", min=0, max=0.5, help="Share of each label spread over all classes.")
]
Augment = Annotated[
    int,
    typer.Option(
        "--augment",
        min=0,
        metavar="N",
        help="Augmented variants of each training image; a network without frozen layers redraws its images every epoch.",
    ),
]
Devices = Annotated[
    Literal["one", "all"],
    typer.Option("--devices", help="all: every GPU takes its share of each batch."),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Say where an interrupted run continues; it does so without being told to.")
]
AllowLeak = Annotated[
    bool,
    typer.Option("--allow-leak", help="Train although a photo is in train/ and in val/; the model says so ever after."),
]
FalseAccept = Annotated[
    float,
    typer.Option(
        "--false-accept", min=0, max=1, metavar="SHARE", help="Share of strangers that may pass for somebody."
    ),
]
CacheMemory = Annotated[
    float,
    typer.Option(
        "--cache-memory",
        min=0,
        max=1_000_000,
        metavar="GB",
        help="Memory for what is computed once; the rest goes to a file while the run lasts.",
    ),
]
History = Annotated[
    Path | None, typer.Option("--history", metavar="FILE.csv", help="Write loss and accuracy of every epoch.")
]

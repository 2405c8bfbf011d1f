"""Arguments and options that several commands share, and how `--help` groups them; defaults stay in the commands."""

import functools
import inspect
import math
import os
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer
import typer.core

from celebtool import console
from celebtool.errors import printable
from celebtool.training.options import BY_ARCHITECTURE, EXPERT, GROUPS, NETWORK


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


def parse_share(text: str | None, option: str) -> float | None:
    """Parse a share as ``5%`` or ``0.05``; `option` is what it was given to."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"{printable(text)}: expected a share, as 5% or 0.05", param_hint=option)
    return share


def parse_number(text: str) -> float:
    """Return text as a number, NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def parse_unfreeze(text: str | None) -> int | Literal["all"] | None:
    """Parse ``30`` or ``all``."""
    if text is None:
        return None
    if text == "all":
        return "all"
    if not re.fullmatch(r"\d{1,5}", text):
        raise typer.BadParameter(f"--unfreeze {printable(text)}: expected a number of layers or all")
    return int(text)


def check_model_name(path: Path | None) -> Path | None:
    """Refuse a name for a model to write that Keras would not open: it goes by the suffix."""
    if path is not None and path.suffix != ".h5" and not path.is_dir():
        raise typer.BadParameter(f"{printable(path)}: models are .h5 files; type {printable(path.with_suffix('.h5'))}")
    return path


def check_dask(address: str | None) -> str | None:
    """Refuse what is no address of a Dask scheduler."""
    from celebtool.system import cluster_address  # noqa: PLC0415 - two commands need it

    if address is not None and (problem := cluster_address.problem_of(address)):
        raise typer.BadParameter(f"{printable(address)}: {problem}", param_hint="--dask")
    return address


def named(*suffixes: str) -> Callable[[Path | None], Path | None]:
    """Return a check that a file to write has the name of what it will hold, one of these suffixes."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix.lower() not in suffixes and not path.is_dir():
            right = printable(path.with_suffix(suffixes[0]))
            raise typer.BadParameter(f"{printable(path)}: expected a {' or '.join(suffixes)} file; type {right}")
        return path

    return check


Faces = Annotated[Path, typer.Argument(metavar="FACES", help="Image folder: FACES/<class>/<image>.")]
Parts = Annotated[
    Path,
    typer.Argument(metavar="PARTS", help="Image folder with train/ and val/, or unsplit: FACES/<class>/<image>."),
]
OutputFolder = Annotated[Path, typer.Argument(metavar="OUT", help="Image folder to write.")]
Model = Annotated[Path, typer.Argument(metavar="MODEL.h5", help="Model to read.")]
PROCESSORS = os.cpu_count() or 1
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes.", show_default="one per processor")]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Run on the Dask cluster with this scheduler, as tcp://host:8786."),
]
ImageSizeText = Annotated[
    str | None,
    typer.Option(
        "--image-size",
        metavar="HEIGHT[xWIDTH]",
        rich_help_panel=NETWORK,
        help="Size of the images that the network gets, in pixels.",
        show_default=BY_ARCHITECTURE,
    ),
]

DecisionsFile = Annotated[
    Path | None,
    typer.Option(
        "--decisions", metavar="FILE.csv", help="Apply a person's decisions: keep, drop, move or take, by path."
    ),
]

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", callback=_set_quiet, help="Print only results and errors.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")]
Link = Annotated[bool, typer.Option("--link", help="Hard-link unchanged files instead of copying them.")]
SortInto = Annotated[
    Path | None,
    typer.Option(
        "--sort", metavar="DIR", help="Copy the photos into DIR: a folder per person, and unknown/ for nobody's."
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed", min=0, max=2**32 - 1, help="Seed of all random numbers: the same seed and input give the same output."
    ),
]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Images per step.")]


def expanded(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, for each of its parameters that is a dataclass of options, one option per field."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}

    @functools.wraps(command)
    def called(**given: Any) -> None:  # noqa: ANN401 - whatever the options are
        made = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)}) for name, kind in groups.items()
        }
        command(**given, **made)

    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        parameters += _expanded(parameter, hints[parameter.name])
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # where typer looks
    return called


def _expanded(parameter: inspect.Parameter, kind: Any) -> list[inspect.Parameter]:  # noqa: ANN401
    if not is_dataclass(kind):
        return [parameter.replace(annotation=kind)]
    hints = get_type_hints(kind, include_extras=True)
    return [
        parameter.replace(name=field.name, default=field.default, annotation=hints[field.name])
        for field in fields(kind)
    ]


class GroupedCommand(typer.core.TyperCommand):
    """A command whose `--help` lists options in groups, by their `rich_help_panel`; expert options come last.

    Typer groups them only in boxes that rich draws, which doubles the time of `--help`.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer has these types to itself
        """Write a section of arguments, then one per group of options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                is_argument = parameter.param_type_name == "argument"
                title = "Arguments" if is_argument else getattr(parameter, "rich_help_panel", None) or "Options"
                sections.setdefault(title, []).append(record)
        for title in sorted(sections, key=["Arguments", *GROUPS[:-1], "Options", EXPERT].index):
            with formatter.section(title):
                formatter.write_dl(sections[title])

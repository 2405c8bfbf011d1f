"""The app: the nine commands, and the one place where an error becomes an exit code."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Annotated

import typer

from celebtool import __version__, console
from celebtool.commands import augment, balance, crop_faces, ensemble, finetune, predict, report, split, train
from celebtool.errors import CelebtoolError
from celebtool.output import Finished

VERBS: dict[str, Callable[..., None]] = {
    "crop-faces": crop_faces.crop_faces,
    "balance": balance.balance,
    "split": split.split,
    "augment": augment.augment,
    "train": train.train,
    "finetune": finetune.finetune,
    "ensemble": ensemble.ensemble,
    "predict": predict.predict,
    "report": report.report,
}

app = typer.Typer(
    name="celebtool",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn folders of photos of people into a face classifier one can trust.",
)
for _name, _verb in VERBS.items():
    app.command(_name)(_verb)


class Stopped(BaseException):
    """A signal asked the run to end; carries the exit code."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"celebtool {__version__}")  # noqa: T201
        raise typer.Exit


@app.callback()
def _celebtool(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line (`sys.argv` by default) and exit with the documented code."""
    for name in ("SIGHUP", "SIGTERM"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), _stop)
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _lost_output(error)
    sys.exit(code)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(128 + number)


def _run(arguments: Sequence[str] | None) -> int:
    """Run the app; every way it can end is one exit code."""
    try:
        code: int | None = app(arguments, prog_name="celebtool", standalone_mode=False)
        return code or 0
    except typer.TyperException as error:
        return _usage(error)
    except Finished as finished:
        console.note(f"{finished}: finished; nothing to do (--overwrite makes it anew)")
        return 0
    except Stopped as stopped:
        return int(stopped.args[0])
    except SystemExit as ended:  # typer makes this of a broken pipe
        return _lost_output(ended.__context__) if isinstance(ended.__context__, OSError) else 1
    except (CelebtoolError, OSError, MemoryError) as error:
        return _failure(error)


def _usage(error: typer.TyperException) -> int:
    show = getattr(error, "show", None)
    if show is None:
        console.error(error)
    else:
        show()
    return 2


def _failure(error: Exception) -> int:
    if os.environ.get("CELEBTOOL_DEBUG"):
        raise error
    if isinstance(error, MemoryError):
        console.error("out of memory; a smaller --batch-size or --image-size, or fewer --jobs, needs less")
    elif isinstance(error, OSError):
        console.error(f"{error.filename or 'output'}: {error.strerror or error}")
    else:
        console.error(error)
    return getattr(error, "exit_code", 1)


def _lost_output(error: OSError) -> int:
    """End quietly when the reader of a pipe has had enough (`| head`), loudly when stdout is full or closed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains again at exit
    if isinstance(error, BrokenPipeError):
        return 141
    console.error(f"stdout: {error.strerror}; nothing more was written")
    return 1

"""Define the app: its commands, and the one place where an error becomes an exit code."""

import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from celebtool import __version__, console, options
from celebtool.commands import (
    augment,
    balance,
    crop_faces,
    ensemble,
    export,
    finetune,
    predict,
    report,
    split,
    train,
    usage,
)
from celebtool.errors import CelebtoolError, printable
from celebtool.system import output, signals, streams
from celebtool.system.signals import Stopped

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
    "export": export.export,
}

_LIMITS = {
    errno.EMFILE: "; the shell allows too few; allow more: ulimit -n 1024",
    errno.EFBIG: "; the shell, or the disk's file system, allows no larger files: ulimit -f unlimited",
}
"""What to do about limits that a shell sets; a disk's that is full, or rights, explain themselves."""

app = typer.Typer(
    name="celebtool",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn folders of photos of people into a face classifier one can trust.",
)
for _name, _verb in VERBS.items():
    app.command(_name, cls=options.GroupedCommand)(_verb)


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
    _open_streams()
    if arguments is None:  # a caller in Python keeps its own handlers
        signals.handle()
    with signals.cleaned_up(_say_stopped):
        code = _run(arguments)
        try:
            sys.stdout.flush()
        except OSError as error:
            code = _lost_output(error, code)
        try:
            sys.stderr.flush()
        except OSError:  # what is lost there changes nothing; Python would end with a code of its own
            streams.lose(sys.stderr.fileno())
    sys.exit(code)


def _say_stopped() -> None:
    """Say what a signal leaves behind, and how to go on."""
    console.close_bar()
    for path in output.kept:
        console.note(f"stopped; what was done for {path} is kept, and the same command continues it")
    for path in output.dropped:
        state = "is as it was" if path.exists() else "was not written"
        console.note(f"stopped; {path} {state}; the same command starts at the beginning")
    if not (output.kept or output.dropped):
        console.note("stopped; rows that were printed are whole; the same command starts at the beginning")


def _open_streams() -> None:
    """Open missing streams, and write data as UTF-8.

    The file descriptor of a closed stream would go to the next file that is opened, and what is printed would be
    written into it. So a closed stdin is empty, a closed stderr discards, and printing on a closed stdout is an error.
    """
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free: this one
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def _run(arguments: Sequence[str] | None) -> int:
    """Run the app and return the exit code, however it ends."""
    try:
        code: int | None = app(arguments, prog_name="celebtool", standalone_mode=False)
        return code or 0
    except typer.TyperException as error:
        return _usage(error, sys.argv[1:] if arguments is None else arguments)
    except Stopped as stopped:
        return stopped.code
    except SystemExit as ended:  # typer makes this of a broken pipe
        return _lost_output(ended.__context__) if isinstance(ended.__context__, OSError) else 1
    except (CelebtoolError, OSError, MemoryError, ImportError) as error:
        return _failure(error)


def _usage(error: typer.TyperException, arguments: Sequence[str]) -> int:
    """Say how the command is used and what is wrong with the line."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # type: ignore[attr-defined] # the help of a command without arguments
        return 2
    group = typer.main.get_command(app)
    options = {
        name: [option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)]
        for name, command in getattr(group, "commands", {}).items()
    }
    if context is not None:
        for line in (*context.get_usage().splitlines(), f"Try '{context.command_path} --help' for all options."):
            sys.stderr.write(f"{printable(line)}\n")
    console.error(usage.message(error, arguments, options))
    return 2


def _failure(error: Exception) -> int:
    if os.environ.get("CELEBTOOL_DEBUG"):
        raise error
    if isinstance(error, MemoryError) or _lacks_memory(error):
        console.error("out of memory; a smaller --batch-size or --image-size, or fewer --jobs, needs less")
    elif isinstance(error, OSError):
        console.error(f"{error.filename or 'output'}: {error.strerror or error}{_LIMITS.get(error.errno or 0, '')}")
    elif isinstance(error, ImportError):
        console.error(f"{error}; a package of celebtool's is damaged or of another version: install celebtool again")
    else:
        remedy = getattr(error, "remedy", "")
        console.error(f"{error}; {remedy}" if remedy else error)
    return getattr(error, "exit_code", 1)


def _lacks_memory(error: Exception) -> bool:
    """Say whether a library could not be loaded because there is too little memory for it, as under ``ulimit -v``."""
    return isinstance(error, ImportError) and any(
        said in str(error) for said in ("map segment", "Cannot allocate memory")
    )


def _lost_output(error: OSError, code: int = 0) -> int:
    """Return 141 without a word if the reader of a pipe has gone (`| head`); report a stdout that is full or closed."""
    streams.lose(sys.stdout.fileno())  # else Python complains again at exit
    if code:
        return code
    if isinstance(error, BrokenPipeError):
        return 141
    console.error(f"stdout: {error.strerror}; nothing more was written")
    return 1

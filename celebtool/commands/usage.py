"""Answer a mistyped command line: what is wrong, and the nearest right word."""

import re
from collections.abc import Mapping, Sequence

import typer

from celebtool import suggestions
from celebtool.errors import printable

COMMANDS = {
    "align": "crop-faces",
    "average": "ensemble",
    "classify": "predict",
    "convert": "export",
    "deploy": "export",
    "detect": "crop-faces",
    "eval": "report",
    "evaluate": "report",
    "extract": "crop-faces",
    "fit": "train",
    "help": "--help",
    "identify": "predict",
    "infer": "predict",
    "litert": "export",
    "merge": "ensemble",
    "metrics": "report",
    "onnx": "export",
    "partition": "split",
    "recognize": "predict",
    "resample": "balance",
    "score": "report",
    "test": "predict",
    "tflite": "export",
    "validate": "report",
    "version": "--version",
}
"""What other tools call the commands."""

OPTIONS = {
    "--architecture": "--arch",
    "--backbone": "--arch",
    "--bs": "--batch-size",
    "--conf": "--min-confidence",
    "--device": "--devices",
    "--force": "--overwrite",
    "--gpu": "--devices",
    "--gpus": "--devices",
    "--img-size": "--image-size",
    "--imgsz": "--image-size",
    "--input-size": "--image-size",
    "--k-folds": "--folds",
    "--lr": "--learning-rate",
    "--max-epochs": "--epochs",
    "--model": "--arch",
    "--n-jobs": "--jobs",
    "--network": "--arch",
    "--num-workers": "--jobs",
    "--out": "--output",
    "--random-state": "--seed",
    "--target-size": "--image-size",
    "--thresh": "--threshold",
    "--topk": "--top",
    "--tta": "--mirror",
    "--wd": "--l2",
    "--weight-decay": "--l2",
    "--workers": "--jobs",
    "--yes": "--overwrite",
}
"""What other tools call the options."""

OF_COMMANDS = {("ensemble", "--weights"): "--shares"}
"""What is meant by an option of another command of ours."""

_EXPECTED = {
    r"Input should be a valid integer.*": "expected a whole number",
    r"Input should be a valid number.*": "expected a number",
    r"Input should be greater than or equal to (\S+)": r"expected \1 or more",
    r"Input should be less than or equal to (\S+)": r"expected \1 or less",
    r"Input should be a finite number.*": "expected a finite number",
}
_VERBS = ("and ", "chooses ", "contradicts ", "is ", "lists ", "makes ", "needs ", "prints ")
"""How problems begin of which an option is the subject: ``--junit lists demands; …``, without a colon between."""
_CHOICE = re.compile(r"Value error, '(.*)' is not one of (.*)\.", re.DOTALL)


def message(error: typer.TyperException, arguments: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
    """Return one line that says what is wrong with a command line, and what would be right.

    Args:
        error: what typer raised.
        arguments: the words of the command line.
        options: command → its options, as ``--seed``.
    """
    command = getattr(getattr(error, "ctx", None), "info_name", None) or ""
    own = options.get(command)
    if (name := getattr(error, "option_name", None)) and hasattr(error, "possibilities"):
        if own is None and (later := next((word for word in arguments if name in options.get(word, ())), "")):
            return f"options come after the command; type celebtool {later} {printable(name)} …"
        if meant := OF_COMMANDS.get((command, name)):
            return f"no option {name}; did you mean {meant}?"
        return f"no option {printable(name)}{_hint(name, own or (), options)}"
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    if match := re.fullmatch(r"No such command '(.*?)'\..*", text, re.DOTALL):
        return f"no command {printable(match[1])}{_command_hint(match[1], options)}"
    if match := re.fullmatch(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", text, re.DOTALL):
        return f"one argument too many: {printable(match[1])}"
    return printable(_plain(text, arguments))


def _hint(name: str, own: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
    """Say which option of this command is meant, or which commands have it."""
    meant = OPTIONS.get(name.replace("_", "-"))
    if meant in own:
        return f"; did you mean {meant}?"
    others = [command for command, names in options.items() if name in names]
    if others:
        return f" here; it is an option of {', '.join(others)}"
    return suggestions.did_you_mean(name, own)


def _command_hint(name: str, options: Mapping[str, Sequence[str]]) -> str:
    meant = COMMANDS.get(name.lower())
    if meant:
        return f"; did you mean {meant}?"
    return suggestions.did_you_mean(name, options) or f"; expected one of {', '.join(options)}"


def _plain(text: str, arguments: Sequence[str]) -> str:
    """Return the message of a wrong value in plain English, with the value: ``--epochs x: expected a whole number``."""
    match = re.fullmatch(r"Invalid value for '?([^':]+)'?: (.*)", text, re.DOTALL)
    if missing := re.fullmatch(r"Missing (argument|option) '(.*)'\.", text):
        return f"the {missing[1]} {missing[2]} is missing"
    if not match:
        text = text.removeprefix("Invalid value: ")
        return text[:1].lower() + text[1:].removesuffix(".")
    option, problem = match[1].split(" / ")[0], match[2]
    given = _given(option, arguments)
    if choice := _CHOICE.fullmatch(problem):
        names = [name.strip(" '") for name in choice[2].split(",")]
        found = suggestions.did_you_mean(choice[1], names)
        return f"{option} {choice[1]}: expected {', '.join(names)}{found}"
    for pattern, plain in _EXPECTED.items():
        if re.fullmatch(pattern, problem):
            return f"{option} {given}".rstrip() + f": {_expected(given, re.sub(pattern, plain, problem))}"
    return _where(option, given, problem, arguments)


def _expected(given: str, plain: str) -> str:
    """Return what was expected instead of a value; a percentage is given as a share."""
    if given.lower() == "nan":
        return "expected a number"
    percent = re.fullmatch(r"(\d+\.?\d*)%", given)
    return f"{plain}; did you mean {float(percent[1]) / 100:g}?" if percent and "whole" not in plain else plain


def _where(option: str, given: str, problem: str, arguments: Sequence[str]) -> str:
    """Return a problem behind the option, or the argument, that it is about."""
    is_named = problem.startswith(option) or problem.partition(": ")[0] in map(printable, arguments)
    if is_named and not given:
        return problem
    follows = problem.startswith((*_VERBS, f"{printable(given)}: "))
    return f"{option} {problem}" if follows else f"{option}: {problem}"


def _given(option: str, arguments: Sequence[str]) -> str:
    """Return the value that a command line gives to an option; empty if it is not to be found."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.removeprefix(f"{option}=")
    return ""

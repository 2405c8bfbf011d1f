"""What people mistype, and what they are told to type next."""

import shlex
from collections.abc import Callable

import pytest

from tests.conftest import Result

MISTAKES = {
    # commands
    "crop photos faces": "no command crop; did you mean crop-faces?",
    "crop_faces photos faces": "no command crop_faces; did you mean crop-faces?",
    "detect photos faces": "no command detect; did you mean crop-faces?",
    "Train parts m.h5": "no command Train; did you mean train?",
    "fine-tune m.h5 parts n.h5": "no command fine-tune; did you mean finetune?",
    "evaluate p.csv": "no command evaluate; did you mean report?",
    "test m.h5 parts": "no command test; did you mean predict?",
    "infer m.h5 a.jpg": "no command infer; did you mean predict?",
    "merge a.h5 b.h5 c.h5": "no command merge; did you mean ensemble?",
    "splt faces parts": "no command splt; did you mean split?",
    "convert m.h5 m.onnx": "no command convert; did you mean export?",
    "exprt m.h5 m.onnx": "no command exprt; did you mean export?",
    "help": "no command help; did you mean --help?",
    "version": "no command version; did you mean --version?",
    # options of other tools
    "train parts m.h5 --lr 0.1": "no option --lr; did you mean --learning-rate?",
    "train parts m.h5 --learning_rate 0.1": "no option --learning_rate; did you mean --learning-rate?",
    "train parts m.h5 --bs 8": "no option --bs; did you mean --batch-size?",
    "train parts m.h5 --batch 8": "no option --batch; did you mean --batch-size?",
    "train parts m.h5 --imgsz 96": "no option --imgsz; did you mean --image-size?",
    "train parts m.h5 --backbone cnn": "no option --backbone; did you mean --arch?",
    "train parts m.h5 --epoch 5": "no option --epoch; did you mean --epochs?",
    "train parts m.h5 --weight-decay 1": "no option --weight-decay; did you mean --l2?",
    "train parts m.h5 --force": "no option --force; did you mean --overwrite?",
    "train parts m.h5 --threshold 1": "no option --threshold here; it is an option of predict",
    "split faces parts --random-state 1": "no option --random-state; did you mean --seed?",
    "split faces parts --k-folds 5": "no option --k-folds; did you mean --folds?",
    "crop-faces photos faces --workers 2": "no option --workers; did you mean --jobs?",
    "predict m.h5 a.jpg --thresh 0.5": "no option --thresh; did you mean --threshold?",
    "predict m.h5 a.jpg --treshold 0.5": "no option --treshold; did you mean --threshold?",
    "predict m.h5 a.jpg --out p.csv": "no option --out; did you mean --output?",
    "predict m.h5 a.jpg --topk 5": "no option --topk; did you mean --top?",
    "predict m.h5 a.jpg --tta": "no option --tta; did you mean --mirror?",
    "ensemble a.h5 b.h5 c.h5 --weights .5,.5": "no option --weights; did you mean --shares?",
    "report p.csv --require 'accuracy=>0.9'": ("--require: cannot read 'accuracy=>0.9'; did you mean accuracy>=0.9?"),
    "report p.csv --zzz": "no option --zzz",
    "--quiet train parts m.h5": "options come after the command; type celebtool train --quiet …",
    "-q split faces parts": "options come after the command; type celebtool split -q …",
    # values
    "predict m.h5 a.jpg --max-failures 5x": "--max-failures 5x: expected a share, as 5% or 0.05",
    "crop-faces photos faces --max-rejects lots": "--max-rejects lots: expected a share, as 5% or 0.05",
    "train parts m.h5 --epochs x": "--epochs x: expected a whole number",
    "train parts m.h5 --epochs=1.5": "--epochs 1.5: expected a whole number",
    "train parts m.h5 --epochs 0": "--epochs 0: expected 1 or more",
    "train parts m.h5 --dropout 5": "--dropout 5: expected 0.95 or less",
    "train parts m.h5 --dropout 50%": "--dropout 50%: expected a number; did you mean 0.5?",
    "train parts m.keras": "m.keras: models are .h5 files; type m.h5",
    "train parts m.h5 --image-size 96,112": "--image-size 96,112: expected HEIGHT or HEIGHTxWIDTH, as 96 or 96x112",
    "train parts m.h5 --optimizer adamm": (
        "--optimizer adamm: expected adam, adamw, sgd, lbfgs, mean; did you mean adam?"
    ),
    "predict m.h5 a.jpg --format cvs": "--format cvs: expected csv, jsonl; did you mean csv?",
    "crop-faces photos faces --select identiti": (
        "--select identiti: expected identity, largest, center, confident, only, all; did you mean identity?"
    ),
    "crop-faces photos faces --review sheet.gif": (
        "--review sheet.gif: expected a .png or .html or .htm file; type sheet.png"
    ),
    "augment parts out --preview sheet": "--preview sheet: expected a .png file; type sheet.png",
    "export m.h5 m.pb": "m.pb: expected a .tflite or .onnx file; type m.tflite",
    "export m.onnx m.h5": "m.h5: expected a .tflite or .onnx file; type m.tflite",
    "export m.onnx n.tflite": "m.onnx: expected a .h5 model",
    "export m.h5 m.onnx --tolerance 1": "--tolerance 1: expected 0.001 or less",
    "split faces parts --val nan": "--val: 'nan' is not a share; expected a number of 0 or more, as .8 or 80%",
    "augment parts out --copies 2 --until 9": "--until and --copies exclude each other; leave one out",
    "report p.csv --require 'acuracy>=1'": "--require: there is no figure acuracy; did you mean accuracy?",
    # words that are missing or too many
    "train": "the argument PARTS is missing",
    "train parts": "the argument OUT.h5 is missing",
    "train parts m.h5 n.h5": "one argument too many: n.h5",
    "train parts m.h5 --epochs": "option '--epochs' requires an argument",
    "train parts m.h5 --resume=yes": "option '--resume' does not take a value",
    "predict m.h5": "the argument IMAGES… is missing",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_answered_with_what_to_type(celebtool: Callable[..., Result], line: str) -> None:
    result = celebtool(*shlex.split(line))
    assert result.stderr.splitlines()[-1] == f"celebtool: error: {MISTAKES[line]}"
    assert (result.code, result.stdout) == (2, "")


def test_the_usage_comes_before_the_error(celebtool: Callable[..., Result]) -> None:
    assert celebtool("split", "faces", "--sed", "1").stderr.splitlines() == [
        "Usage: celebtool split [OPTIONS] {FACES} {PARTS}",
        "Try 'celebtool split --help' for all options.",
        "celebtool: error: no option --sed; did you mean --seed?",
    ]


def test_without_a_command_the_help_is_shown(celebtool: Callable[..., Result]) -> None:
    result = celebtool()
    assert "Usage: celebtool [OPTIONS] COMMAND [ARGS]..." in result.stdout + result.stderr
    assert result.code == 2


def test_what_was_typed_never_acts_on_a_terminal(celebtool: Callable[..., Result]) -> None:
    for line in (["\x1b[2J"], ["train", "--\x1b[2J"], ["train", "a", "b", "--epochs", "\x1b[2J"]):
        result = celebtool(*line)
        assert "\x1b" not in result.stderr
        assert "\\x1b[2J" in result.stderr

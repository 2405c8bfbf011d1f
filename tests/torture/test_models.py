"""Promises 1 to 3 through the commands; the reader by itself is tortured in test_model_reader.py."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from celebtool.formats import model_file
from celebtool.inference import cache
from tests.conftest import tree
from tests.support import models
from tests.support.hostile import HOSTILE
from tests.torture import world
from tests.torture.conftest import Tally, amount
from tests.torture.forge import Forge

COMMANDS = (
    ("predict", "m.h5", "faces"),
    ("finetune", "m.h5", "parts", "out.h5"),
    ("ensemble", "m.h5", "m.h5", "out.h5"),
    ("report", "m.h5"),
)
PEOPLE = (("finetune", "m.h5", "faces", "out.h5", "--add"), ("finetune", "m.h5", "out.h5", "--forget", "ann"))
SECONDS, MEGABYTES = 2, 300
NEEDS_THE_ARRAYS = ("another value", "NaN among weights")  # whose structure is that of a whole model


@pytest.fixture
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """What runs command lines that never get as far as TensorFlow."""
    made = Forge("models", tmp_path_factory.mktemp("streams"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Forge, Path]]:
    """What runs command lines with TensorFlow loaded, and a place with a trained model and its predictions."""
    made = Forge("heavy", tmp_path_factory.mktemp("streams"))
    place = world.make(tmp_path_factory.mktemp("trained"))
    assert made.run([*world.MODEL], place) == 0, made.said()
    yield made, place
    made.close()


def test_hostile_models_are_refused_by_every_command(forge: Forge, tmp_path: Path, tally: Tally) -> None:
    """In two seconds of the processor, 300 megabytes above an idle celebtool, and without TensorFlow."""
    tally.begin(1, "hostile .h5 files given to predict, finetune, ensemble and report")
    place = world.make(tmp_path / "place")
    before = tree(place)
    for number, name in enumerate(list(HOSTILE)[:: amount(5, 1, 1)]):
        every = (*COMMANDS, *PEOPLE)
        for arguments in every if amount(0, 1, 1) else every[number % len(every) :][:1]:
            HOSTILE[name](place / "m.h5")
            code = forge.run([*arguments], place, seconds=60, allowed=[place, place / "m.h5", forge.streams])
            said, report = forge.said(), forge.report() if code >= 0 else None
            what = (name, arguments, code, said[-600:], report)
            assert report, what
            assert code == 1, what
            assert said.count("celebtool: error: ") == 1, what
            assert "Traceback" not in said, what
            if name not in NEEDS_THE_ARRAYS:
                assert not report["keras"], what
                assert report["forbidden"] == [], what
                assert report["seconds"] < SECONDS, what
                assert report["megabytes"] < MEGABYTES, what
            remove(place / "m.h5")
            assert tree(place) == before, what
            tally.count()


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


CODE = "4wEAAAAAAAAAAAAAAAACAAAAAwAAAPMQAAAAlwB0AQAAAAAAAAAAAABkAasBAAAAAAAAUwA="  # marshalled bytecode, as Keras 2 wrote it
CONFIGS = {
    "Lambda with bytecode": {
        "class_name": "Lambda",
        "config": {"function": [CODE, None, None], "function_type": "lambda"},
    },
    "Lambda with a named function": {"class_name": "Lambda", "config": {"function": "os.system", "module": "os"}},
    "Lambda of a public function of Keras": {
        "class_name": "Lambda",
        "config": {"function": {"class_name": "function", "module": "keras.utils", "config": "get_file"}},
    },
    "StringLookup of a file": {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
    "class of a module": {"class_name": "Popen", "module": "subprocess", "config": {"args": "id"}},
    "no JSON": "[" * 5000,
}


@pytest.mark.slow
@pytest.mark.torture
def test_what_keras_would_run_is_never_looked_at(trained: tuple[Forge, Path], tally: Tally) -> None:
    """A whole model of celebtool's, with code for Keras in its own description: the same predictions, and no more."""
    tally.begin(1, "whole models with code for Keras' deserializer, given to predict, finetune, ensemble and report")
    forge, place = trained
    for name, config in CONFIGS.items():
        shutil.copyfile(place / "model.h5", place / "m.h5")
        with h5py.File(place / "m.h5", "r+", libver=models.LIBVER) as file:
            layers = {"class_name": "Functional", "config": {"name": "x", "layers": [config]}}
            file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(layers)
        for arguments in COMMANDS:
            with_code = ended(forge, [*arguments], place)
            whole = ended(forge, ["model.h5" if part == "m.h5" else part for part in arguments], place)
            assert with_code == whole, (name, arguments, forge.said())
            assert whole[0] == 0, forge.said()
            tally.count()


def ended(forge: Forge, arguments: list[str], place: Path) -> tuple[int, bytes, bytes]:
    """Run a command line, watched: return its code, what it printed, without the model's name, and what it wrote."""
    if arguments[0] == "finetune":
        arguments += ["--epochs", "1"]
    if arguments[0] == "predict":  # one image: in this process, where it is watched, and not in workers
        arguments[-1] = "faces/ann/0.png"
        forge.run(arguments, place)  # networks are converted in a process of their own, once
    networks = cache.directory()
    assert networks
    code = forge.run(arguments, place, seconds=300, allowed=[place, forge.streams, networks])
    assert forge.report()["forbidden"] == [], (arguments, forge.report())
    out = place / "out.h5"
    written = out.read_bytes() if out.exists() else b""
    out.unlink(missing_ok=True)
    return code, forge.printed().replace(b"model.h5", b"m.h5"), written


@pytest.mark.slow
@pytest.mark.torture
def test_mutants_through_the_command(trained: tuple[Forge, Path], tally: Tally) -> None:
    """A trained model with some bytes changed: refused, or the same predictions."""
    tally.begin(2, "mutants of a trained model through predict")
    forge, place = trained
    line = ["predict", "m.h5", "parts/test"]
    data = (place / "model.h5").read_bytes()
    (place / "m.h5").write_bytes(data)
    assert forge.run(line, place) == 0, forge.said()
    whole = forge.printed()
    chance = random.Random(2)
    codes = set()
    for number in range(amount(3, 20, 200)):
        changed = bytearray(data)
        for _ in range(1 + number % 3):
            changed[chance.randrange(len(changed) if number % 2 else 8192)] ^= 1 << chance.randrange(8)
        (place / "m.h5").write_bytes(changed)
        code = forge.run(line, place, seconds=120)
        codes.add(code)
        assert code in (0, 1), (code, forge.said())
        assert forge.printed() == (b"" if code else whole)
        assert forge.said().count("celebtool: error: ") == code, forge.said()
        tally.count()
    assert 1 in codes


def numbers_that_are_none(place: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Yield ways to spoil each array of a model, told as whole: its digest is that of what it holds."""
    info, arrays = model_file.read(place / "model.h5")
    for array in arrays:
        for value in (np.nan, np.inf, -np.inf, 3e38):

            def spoil(path: Path, array: model_file.Array = array, value: float = value) -> None:
                shutil.copyfile(place / "model.h5", path)
                with h5py.File(path, "r+", libver=models.LIBVER) as file:
                    dataset = file[f"model_weights/{array.layer}/{array.name}"]
                    dataset[...] = np.full(dataset.shape, value, "f4")
                    del file["celebtool"]
                model_file.write_info(path, info)

            yield f"{array.name} full of {value}", spoil


@pytest.mark.slow
@pytest.mark.torture
def test_weights_that_are_no_numbers_give_no_predictions(trained: tuple[Forge, Path], tally: Tally) -> None:
    tally.begin(3, "models with NaN, Inf or the largest numbers in each of their arrays, through predict")
    forge, place = trained
    for name, spoil in list(numbers_that_are_none(place))[:: amount(20, 4, 1)]:
        spoil(place / "m.h5")
        code = forge.run(["predict", "m.h5", "parts/test"], place, seconds=120)
        if code == 0:
            assert "3e+38" in name, name
            table = forge.printed().lower()
            assert not {b"nan", b"inf"} & set(table.replace(b"\n", b",").split(b",")), (name, table)
        else:
            assert code == 1, (name, code, forge.said())
            assert forge.said().count("celebtool: error: ") == 1, (name, forge.said())
            assert forge.said().count("NaN or Inf") == 1, (name, forge.said())
        tally.count()


def test_figures_that_are_no_numbers_are_no_predictions(tmp_path: Path, tally: Tally) -> None:
    tally.begin(3, "tables with NaN or Inf among their figures, through report")
    world.make(tmp_path)
    text = (tmp_path / "table.csv").read_text()
    numbers = ("nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1", "2", "0x1", "", "\u0661")
    for number in numbers[:: amount(6, 1, 1)]:
        for column in ("0.9,0.9,no,{},0.1", "0.9,0.9,no,0.9,{}", "{},0.9,no,0.9,0.1", "0.9,{},no,0.9,0.1"):
            (tmp_path / "t.csv").write_text(text.replace("0.9,0.9,no,0.9,0.1", column.format(number), 1))
            ended = world.run("report", "t.csv", "--json", cwd=tmp_path)
            what = (number, column, ended.said)
            assert b"NaN" not in ended.stdout, what
            assert b"Infinity" not in ended.stdout, what
            assert ended.code == 0 or world.one_line(ended), what
            assert ended.code == 1 or number.lower() not in {"nan", "inf", "-inf", "infinity", "1e999"}, what
            tally.count()

"""The recipes of examples/: what they run, and the network that one of them is known for."""

import os
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from celebtool.formats.model_info import ModelInfo

ROOT = Path(__file__).parents[1]
RECIPES = {
    "cnn-14": ["cnn"],
    "inceptionv3-two-phases": ["inceptionv3"],
    "ensemble-mobilenetv2-inceptionv3": ["mobilenetv2", "inceptionv3"],
    "vgg16-60": ["vgg16"],
    "densenet121-mtcnn": ["resnet50", "densenet121"],
}
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def commands(recipe: str, directory: Path, **settings: str) -> list[list[str]]:
    """Run a recipe with a command in celebtool's place that only notes what it is told."""
    stub = directory / "bin/celebtool"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\nprintf "%s " "$@" >> "{directory}/commands"\necho >> "{directory}/commands"\n')
    stub.chmod(0o755)
    (directory / "faces").mkdir()
    unset = ("QUICK", "WEIGHTS", "WEIGHTS2", "EPOCHS")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment["PATH"] = f"{stub.parent}:{environment['PATH']}"
    line = ["bash", str(ROOT / f"examples/{recipe}.sh"), "faces", "out"]
    subprocess.run(line, check=True, capture_output=True, cwd=directory, env={**environment, **settings})
    return [shlex.split(each) for each in (directory / "commands").read_text(encoding="utf-8").splitlines()]


def option(command: list[str], name: str) -> str | None:
    return command[command.index(name) + 1] if name in command else None


@needs_bash
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_trains_its_networks_for_so_many_epochs(tmp_path, recipe):
    trainings = [each for each in commands(recipe, tmp_path, EPOCHS="2", WEIGHTS="none") if "--epochs" in each]
    assert [option(each, "--arch") for each in trainings if each[0] == "train"] == RECIPES[recipe]
    assert {option(each, "--epochs") for each in trainings} == {"2"}
    assert {option(each, "--weights") for each in trainings if each[0] == "train"} <= {"none", None}


@needs_bash
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_draws_curves_and_shows_predictions(tmp_path, recipe):
    """Of every history that it writes, and of every table of predictions."""
    ran = commands(recipe, tmp_path)
    reported = {word for each in ran if each[0] == "report" for word in each[1:]}
    assert {option(each, "--history") for each in ran if "--history" in each} <= reported
    assert {option(each, "-o") for each in ran if each[0] == "predict"} <= reported
    assert any("--plots" in each for each in ran)


@needs_bash
def test_weight_files_are_found_from_where_the_recipe_is_called(tmp_path):
    (tmp_path / "a.h5").touch()
    (tmp_path / "b.h5").touch()
    ran = commands("densenet121-mtcnn", tmp_path, WEIGHTS="a.h5", WEIGHTS2="b.h5")
    weights = {option(each, "--arch"): option(each, "--weights") for each in ran if each[0] == "train"}
    assert weights == {"densenet121": str(tmp_path / "a.h5"), "resnet50": str(tmp_path / "b.h5")}


@needs_bash
def test_sixty_images_are_split_48_6_6(tmp_path, celebtool, make_folder):
    """With the options of the recipe."""
    ran = {each[0]: each for each in commands("vgg16-60", tmp_path)}
    faces = make_folder({"ann": 70, "bob": 61}, name="many", size=16)
    for command, folders in (("balance", [faces, tmp_path / "few"]), ("split", [tmp_path / "few", tmp_path / "parts"])):
        result = celebtool(command, *folders, *ran[command][3:], "-q")
        assert result.code == 0, result.stderr
    counts = [
        len(list((tmp_path / "parts" / part / name).iterdir()))
        for name in ("ann", "bob")
        for part in ("train", "val", "test")
    ]
    assert counts == [48, 6, 6] * 2


@pytest.mark.slow
def test_report_prints_the_parameters_of_the_small_network_on_14_classes(tmp_path, celebtool):
    from celebtool.nn import classifier
    from celebtool.nn.networks import build

    info = replace(ModelInfo("cnn", tuple("abcdefghijklmn"), (100, 100)), dense=(1024,), dropout=0.5)
    classifier.save(classifier.Classifier(build.build("cnn", 14), info), tmp_path / "cnn.h5")
    described = celebtool("report", tmp_path / "cnn.h5", "--layers").stdout
    assert "19,178,542, of which training changed 19,177,646" in " ".join(described.split())
    rows = [row.replace("│", " ").split() for row in described.splitlines()]
    assert ["head_dense_1", "Dense", "1024", "18,875,392", "18,875,392"] in rows

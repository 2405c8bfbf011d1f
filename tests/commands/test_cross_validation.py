"""`train FACES OUT --folds K`, and what `report` makes of its table."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from celebtool.errors import CelebtoolError
from celebtool.formats import history
from celebtool.inference import out_of_fold
from tests.conftest import Result, run_installed, tree

CNN = ("--arch", "cnn", "--image-size", "8", "--dense", "4", "--epochs", "2", "--batch-size", "8", "--allow-uncropped")


@pytest.fixture(scope="module")
def faces(face_parts: Path) -> Path:
    """Six people, ten crops of each; for reading only."""
    return face_parts.parent / "faces"


@pytest.fixture(scope="module")
def two(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `train --folds 2` writes; for reading only."""
    out = tmp_path_factory.mktemp("two") / "folds"
    assert run_installed("train", faces, out, "--folds", "2").code == 0
    return out


def rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "predictions.csv").read_text().splitlines()))


@pytest.mark.slow
def test_every_image_is_predicted_by_a_model_that_has_not_seen_it(
    celebtool: Callable[..., Result], faces: Path, tmp_path: Path
) -> None:
    out = tmp_path / "folds"
    result = celebtool("train", faces, out, "--folds", "3")
    assert (result.code, result.stdout) == (0, ""), result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folds"]
    assert sorted(path.name for path in out.iterdir()) == ["celebtool.json", "predictions.csv"]
    found = rows(out)
    assert [row["path"] for row in found] == sorted(
        path.relative_to(faces).as_posix() for path in faces.glob("*/*.jpg")
    )
    assert {row["seen"] for row in found} == {"no"}
    assert {row["part"] for row in found} == {""}
    assert sorted(row["fold"] for row in found) == sorted(f"{1 + number % 3}" for number in range(60))
    assert [row["predicted"] for row in found if row["predicted"] != "unknown"] == [
        row["label"] for row in found if row["predicted"] != "unknown"
    ]
    last = "60 predictions by 3 models, accuracy 1.0000 (0.940–1.000), by fold 1.0000 to 1.0000"
    assert result.stderr.splitlines()[-1] == (f"wrote {out}: {last}; next: celebtool report {out / 'predictions.csv'}")
    assert "fold 3/3: solved: loss " in result.stderr
    again = celebtool("train", faces, out, "--folds", "3")
    assert (again.code, again.stderr) == (0, f"{out}: finished; nothing to do (--overwrite makes it anew)\n")
    other = celebtool("train", faces, out, "--folds", "4")
    assert (other.code, other.stderr) == (
        1,
        f"celebtool: error: {out}: exists already; choose another name or add --overwrite\n",
    )
    report = json.loads(celebtool("report", out / "predictions.csv", "--json").stdout)
    assert (report["accuracy"], report["images"], report["leaks"]) == (1.0, 60, 0)


@pytest.mark.slow
def test_a_run_that_ends_in_the_second_fold_goes_on_there(
    celebtool: Callable[..., Result], faces: Path, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    train = out_of_fold._train
    trained = []

    def failing(*arguments: object) -> None:
        trained.append(arguments[2])
        if arguments[2] == 2 and len(trained) == 2:
            raise CelebtoolError("fold 2", "the machine is tired; let it rest")
        train(*arguments)

    monkeypatch.setattr(out_of_fold, "_train", failing)
    failed = celebtool("train", faces, out, "--folds", "2")
    assert failed.code == 1
    assert "the machine is tired" in failed.stderr
    assert not out.exists()
    result = celebtool("train", faces, out, "--folds", "2", "--resume")
    assert result.code == 0, result.stderr
    assert trained == [1, 2, 2]
    assert "fold 1/2: finished by an earlier run\n" in result.stderr
    assert "nothing to continue" not in result.stderr
    assert tree(out) == tree(two)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_a_network_from_scratch_leaves_the_history_of_each_fold(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_folder({"a": 8, "b": 6, "unknown": 4})
    result = celebtool("train", folder, tmp_path / "out", "--folds", "2", *CNN, "--augment", "1", "--dropout", "0.3")
    assert result.code == 0, result.stderr
    assert result.stderr.count("training on ") == 1
    assert "can't be used" not in result.stderr
    assert "fold 2/2: epoch 2/2: loss " in result.stderr
    found = rows(tmp_path / "out")
    assert len(found) == 18
    assert [row["label"] for row in found].count("unknown") == 4
    sums = [float(row["prob_a"]) + float(row["prob_b"]) for row in found]
    assert sums == pytest.approx(np.ones(18), abs=1e-5)
    for fold in (1, 2):
        epochs = history.read(tmp_path / f"out/history-{fold}.csv")
        assert [epoch.epoch for epoch in epochs] == [1, 2]
        assert {epoch.seconds for epoch in epochs} == {None}


@pytest.mark.slow
def test_the_report_of_a_folder_suspects_what_the_table_contradicts(
    celebtool: Callable[..., Result], faces: Path, two: Path, tmp_path: Path
) -> None:
    assert json.loads(celebtool("report", faces, "--json").stdout)["suspects"] == []
    assert "No suspects" in celebtool("report", faces, two / "predictions.csv", "--suspects").stdout
    names = [name for name in rows(two)[0] if name.startswith("prob_")]
    wrong = dict.fromkeys(names, "0") | {"prob_s2": "1", "predicted": "s2", "confidence": "1"}
    table = [row | wrong if row["path"] == "s1/3.jpg" else row for row in rows(two)]
    with (tmp_path / "wrong.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, table[0])
        writer.writeheader()
        writer.writerows(table)
    document = json.loads(celebtool("report", faces, tmp_path / "wrong.csv", "--json").stdout)
    (suspect,) = next(each["suspects"] for each in document["subjects"] if each["kind"] == "folder")
    assert (suspect["path"], suspect["looks_like"], suspect["reason"]) == ("s1/3.jpg", "s2", "contradicted")
    assert suspect["detail"] == "a model that has not seen it says s2 (1.00), not s1 (0.00)"


def test_what_folds_do_not_go_with_is_said(
    celebtool: Callable[..., Result], make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_folder({"a": 2, "b": 2})
    cases = {
        (tmp_path / "m.h5", "--folds", "2"): f"{tmp_path / 'm.h5'}: --folds writes a directory; type {tmp_path / 'm'}",
        (tmp_path / "out", "--folds", "1"): "--folds 1: expected 2 or more",
        (tmp_path / "out", "--folds", "2", "--history", tmp_path / "h.csv"): (
            "--history is of one run; leave it out: with --folds the output holds the history of each fold"
        ),
        (tmp_path / "out",): f"{tmp_path / 'out'}: models are .h5 files; type {tmp_path / 'out.h5'}",
    }
    for arguments, problem in cases.items():
        result = celebtool("train", folder, *arguments)
        assert (result.code, result.stderr.splitlines()[-1]) == (2, f"celebtool: error: {problem}")
    assert [path.name for path in tmp_path.iterdir()] == ["faces"]

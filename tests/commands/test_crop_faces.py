import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from celebtool.formats import images, manifest
from tests.conftest import Result, tree

Run = Callable[..., Result]
EXISTS = "exists already; choose another name or add --overwrite"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Class folders of photos: two of one face, one of two, one of none, and files that are no photos."""
    root = tmp_path / "photos"
    for label in ("eileen", "unknown"):
        (root / label).mkdir(parents=True)
    astronaut = Image.fromarray(data.astronaut())
    astronaut.save(root / "eileen" / "a.jpg", quality=95)
    astronaut.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("RGBA").save(root / "eileen" / "a.png")
    pair = Image.new("RGB", (1024, 512))
    pair.paste(astronaut, (0, 0))
    pair.paste(astronaut.resize((320, 320)), (600, 150))
    pair.save(root / "unknown" / "pair.webp")
    Image.fromarray(data.coffee()).save(root / "eileen" / "coffee.jpg")
    (root / "eileen" / "notes.txt").write_text("no photo")
    (root / "eileen" / "cut.jpg").write_bytes((root / "eileen" / "a.jpg").read_bytes()[:20_000])
    os.mkfifo(root / "eileen" / "pipe.jpg")
    return root


def rows(folder: Path) -> dict[str, manifest.Row]:
    return {row.path or row.source: row for row in manifest.read_all(folder)}


@pytest.mark.slow
def test_every_photo_is_accounted_for(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "faces"
    result = celebtool("crop-faces", photos, out, "--size", "112", "--jobs", "2")
    assert result.stderr == (
        "celebtool: warning: eileen: no person recurs in its photos; the largest face of each was taken\n"
        f"wrote {out}: 3 crops from 7 photos: 2 not an image, 1 no face, 1 unreadable;"
        f" next: celebtool split {out} {out}-parts\n"
    )
    assert (result.code, result.stdout) == (0, "")
    files = ["celebtool.json", "eileen/a.jpg.jpg", "eileen/a.png.jpg", "faces.csv", "manifest.csv", "unknown/pair.jpg"]
    assert sorted(tree(out)) == files
    found = rows(out)
    assert {path: row.reason for path, row in found.items() if row.reason} == {
        "eileen/coffee.jpg": "no_face",
        "eileen/cut.jpg": "unreadable",
        "eileen/notes.txt": "not_an_image",
        "eileen/pipe.jpg": "not_an_image",
    }
    kept = found["eileen/a.jpg.jpg"]
    assert (kept.label, kept.source) == ("eileen", "eileen/a.jpg")
    assert kept.origin == manifest.sha256(photos / "eileen" / "a.jpg")
    assert len(kept.extra["landmarks"].split()) == 10
    assert float(kept.extra["confidence"]) > 0.9
    assert float(kept.extra["sharpness"]) > 0
    made_by = json.loads((out / "celebtool.json").read_text())
    assert made_by["parameters"].items() >= {"size": 112, "margin": 0.4, "align": True}.items()


@pytest.mark.slow
def test_crops_are_the_same_for_any_number_of_jobs_and_finish_once(
    celebtool: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("celebtool.cropping.plan.SHARD", 2)
    celebtool("crop-faces", photos, tmp_path / "one", "--jobs", "1")
    celebtool("crop-faces", photos, tmp_path / "three", "--jobs", "3")
    assert tree(tmp_path / "one") == tree(tmp_path / "three")
    again = celebtool("crop-faces", photos, tmp_path / "one", "--jobs", "2")
    assert again.code == 0
    assert "finished" in again.stderr


@pytest.mark.slow
def test_no_process_imports_tensorflow_once_the_networks_are_converted(
    celebtool: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    celebtool("crop-faces", photos, tmp_path / "first", "--jobs", "1")
    for name in ("tensorflow", "keras", "joblib", "lz4"):
        (tmp_path / "packages" / name).mkdir(parents=True)
        (tmp_path / "packages" / name / "__init__.py").write_text("raise ImportError('imported')\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "packages"), *filter(None, sys.path)]))
    line = [sys.executable, "-m", "celebtool", "crop-faces", str(photos), str(tmp_path / "second"), "--jobs", "2"]
    done = subprocess.run(line, capture_output=True, check=False)
    assert (done.returncode, b"3 crops from 7 photos" in done.stderr) == (0, True), done.stderr
    assert tree(tmp_path / "first") == tree(tmp_path / "second")


@pytest.mark.slow
def test_aligned_crops_put_the_eyes_where_they_belong(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    celebtool("crop-faces", photos, tmp_path / "aligned", "--format", "png")
    celebtool("crop-faces", photos, tmp_path / "loose", "--format", "png", "--no-align", "--margin", "0")
    (one,) = {images.read(tmp_path / "aligned" / "eileen" / "a.jpg.png").shape}
    assert one == (224, 224, 3)
    straight, mirrored = (
        images.read(tmp_path / "aligned" / "eileen" / f"a.{kind}.png").astype(int) for kind in ("jpg", "png")
    )
    assert np.abs(straight - mirrored[:, ::-1]).mean() < 12
    loose = images.read(tmp_path / "loose" / "eileen" / "a.jpg.png").astype(int)
    assert np.abs(straight - loose).mean() > 20


@pytest.mark.slow
def test_several_faces_of_a_photo_in_a_flat_folder(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    result = celebtool("crop-faces", photos / "unknown", tmp_path / "out", "--select", "all")
    assert (result.code, result.stderr) == (0, f"wrote {tmp_path}/out: 2 crops from 1 photo\n")
    assert sorted(tree(tmp_path / "out")) == ["celebtool.json", "faces.csv", "manifest.csv", "pair-1.jpg", "pair-2.jpg"]
    first, second = manifest.read_all(tmp_path / "out")
    assert float(first.extra["width"]) > float(second.extra["width"])
    assert (first.source, first.label) == (second.source, second.label) == ("pair.webp", "")


@pytest.mark.slow
def test_parts_pass_their_structure_through(celebtool: Run, tmp_path: Path) -> None:
    for part in ("train", "val"):
        (tmp_path / "parts" / part / "eileen").mkdir(parents=True)
        Image.fromarray(data.astronaut()).save(tmp_path / "parts" / part / "eileen" / "a.png")
    celebtool("crop-faces", tmp_path / "parts", tmp_path / "out")
    assert sorted(tree(tmp_path / "out"))[2:] == ["manifest.csv", "train/eileen/a.jpg", "val/eileen/a.jpg"]


@pytest.mark.slow
def test_several_sheets_are_said_to_be_written(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    result = celebtool("crop-faces", photos, tmp_path / "out", "--review", tmp_path / "rv.png")
    sheets = f"{tmp_path}/rv-1.png … {tmp_path}/rv-2.png"
    assert result.stderr.endswith(f"wrote {sheets}: 2 contact sheets, one per class in the order of names\n")
    assert sorted(path.name for path in tmp_path.glob("rv*")) == ["rv-1.png", "rv-2.png"]


@pytest.mark.slow
def test_update_ends_with_what_a_fresh_run_gives(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    celebtool("crop-faces", photos, out)
    kept = (out / "unknown" / "pair.jpg").stat().st_size
    (photos / "eileen" / "a.png").unlink()
    (photos / "eileen" / "coffee.jpg").write_bytes((photos / "eileen" / "a.jpg").read_bytes())
    Image.fromarray(data.astronaut()[:300]).save(photos / "unknown" / "new.png")
    refused = celebtool("crop-faces", photos, out)
    assert refused.code == 1
    assert refused.stderr == (
        f"celebtool: error: {out}: exists already; add --update to crop only new and changed photos,"
        " add --overwrite, or choose another name\n"
    )
    before = tree(tmp_path)
    would = celebtool("crop-faces", photos, out, "--update", "--dry-run")
    assert (would.code, tree(tmp_path)) == (0, before)
    assert would.stderr == f"would write {out}: 7 photos, 4 reused, 1 new, 1 changed, 1 tried again, 1 gone\n"
    updated = celebtool("crop-faces", photos, out, "--update").stderr
    assert "4 crops from 7 photos" in updated
    assert "; 4 reused, 1 new, 1 changed, 1 tried again, 1 gone; next:" in updated
    celebtool("crop-faces", photos, tmp_path / "fresh")
    assert tree(out) == tree(tmp_path / "fresh")
    assert (out / "unknown" / "pair.jpg").stat().st_size == kept
    other = celebtool("crop-faces", photos, out, "--update", "--size", "100")
    problem = "was made with --size 224 (now 100); give the same options to update it, or --overwrite to replace it"
    assert (other.code, other.stderr) == (1, f"celebtool: error: {out}: {problem}\n")


@pytest.mark.slow
def test_update_keeps_what_a_person_added_and_deleted(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    celebtool("crop-faces", photos, out, "--select", "largest")
    (out / "eileen" / "a.jpg.jpg").unlink()
    (out / "unknown" / "mine.png").write_bytes((photos / "eileen" / "a.png").read_bytes())
    (out / "unknown" / "new.jpg").write_bytes(b"mine under the name of a crop to come")
    Image.fromarray(data.astronaut()[:300]).save(photos / "unknown" / "new.png")
    updated = celebtool("crop-faces", photos, out, "--select", "largest", "--update", "--max-rejects", "57%")
    assert updated.code == 0, updated.stderr
    assert "3 crops from 8 photos: 2 not an image, 1 deleted by hand, 1 no face, 1 unreadable" in updated.stderr
    assert "; 6 reused, 1 new, 1 tried again, 0 gone; by hand: 2 added, 1 deleted" in updated.stderr
    images_there = ["eileen/a.png.jpg", "unknown/mine.png", "unknown/new.jpg", "unknown/new~2.jpg", "unknown/pair.jpg"]
    assert [path for path in sorted(tree(out)) if "/" in path] == images_there
    assert (out / "unknown" / "new.jpg").read_bytes() == b"mine under the name of a crop to come"
    deleted = rows(out)["eileen/a.jpg"]
    assert (deleted.reason, deleted.extra["detail"], deleted.extra["face"]) == (
        *("deleted_by_hand", "its crop was deleted by hand", "1"),
    )
    (photos / "eileen" / "coffee.jpg").unlink()
    again = celebtool("crop-faces", photos, out, "--select", "largest", "--update")
    assert "; 6 reused, 0 new, 1 tried again, 1 gone; by hand: 2 added, 1 deleted" in again.stderr
    assert [path for path in sorted(tree(out)) if "/" in path] == images_there


@pytest.mark.slow
def test_update_without_changed_photos_counts_what_a_person_did_every_time(
    celebtool: Run, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (photos / "eileen" / "pipe.jpg").unlink()
    celebtool("crop-faces", photos, out, "--select", "largest")
    finished = f"{out}: finished; nothing to do"
    update = ("crop-faces", photos, out, "--select", "largest", "--update")
    assert celebtool(*update).stderr == f"{finished}: 6 reused, 0 new, 0 gone (--overwrite makes it anew)\n"
    (out / "eileen" / "a.jpg.jpg").unlink()
    (out / "unknown" / "mine.png").write_bytes((photos / "eileen" / "a.png").read_bytes())
    counts = "6 reused, 0 new, 0 gone; by hand: 1 added, 1 deleted"
    assert celebtool(*update, "--dry-run").stderr == f"would write {out}: 6 photos, {counts}\n"
    updated = celebtool(*update).stderr
    assert updated.startswith(f"wrote {out}: 2 crops from 6 photos: 1 deleted by hand, "), updated
    assert f"; {counts}; next: " in updated
    assert rows(out)["eileen/a.jpg"].reason == "deleted_by_hand"
    before = tree(out)
    assert celebtool(*update).stderr == f"{finished}: {counts} (--overwrite makes it anew)\n"
    both = celebtool(*update, "--overwrite")
    assert both.stderr == f"{finished}: {counts} (--overwrite without --update makes it anew)\n"
    assert tree(out) == before


def test_what_cannot_be_done(celebtool: Run, tmp_path: Path) -> None:
    missing = celebtool("crop-faces", tmp_path / "missing", tmp_path / "out")
    assert missing.code == 1
    assert (
        missing.stderr == f"celebtool: error: {tmp_path / 'missing'}: no such directory; expected a folder of images\n"
    )
    (tmp_path / "empty").mkdir()
    assert celebtool("crop-faces", tmp_path / "empty", tmp_path / "out").code == 1
    (tmp_path / "empty" / "a.jpg").write_bytes(b"")
    inside = celebtool("crop-faces", tmp_path / "empty", tmp_path / "empty" / "out")
    assert inside.code == 1
    assert "lies inside the input" in inside.stderr
    for option in (
        *(["--size", "0"], ["--select", "nicest"], ["--jobs", "0"], ["--margin", "-1"]),
        *(["--max-rejects", "five"], ["--max-rejects", "101%"]),
    ):
        assert celebtool("crop-faces", tmp_path / "empty", tmp_path / "out", *option).code == 2
    assert not (tmp_path / "out").exists()


def test_dry_run_writes_nothing(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    result = celebtool("crop-faces", photos, tmp_path / "out", "--dry-run")
    assert result.stderr == f"would write {tmp_path / 'out'}: 7 photos\n"
    assert not (tmp_path / "out").exists()
    inside = celebtool("crop-faces", photos, photos / "out", "--dry-run")
    assert (inside.code, "lies inside the input" in inside.stderr) == (1, True)


@pytest.mark.slow
def test_odd_names_stay_readable_in_the_manifest(celebtool: Run, tmp_path: Path) -> None:
    directory = tmp_path / "photos" / "Beyonce\u0301"
    directory.mkdir(parents=True)
    name = "=x[red] \n 写真.jpeg"
    Image.fromarray(data.astronaut()).save(directory / name, "JPEG")
    assert celebtool("crop-faces", tmp_path / "photos", tmp_path / "out").code == 0
    (row,) = manifest.read_all(tmp_path / "out")
    assert row.label == "Beyonc\u00e9"
    assert row.source == f"Beyonce\u0301/{name}"
    assert (tmp_path / "out" / row.path).is_file()
    with (tmp_path / "out" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream))) == 2


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """A class folder of forty photos of one person, and one of no one."""
    root = tmp_path / "crowd"
    (root / "eileen").mkdir(parents=True)
    take_photos(root, range(40))
    Image.fromarray(data.coffee()).save(root / "eileen" / "coffee.jpg")
    return root


def take_photos(root: Path, numbers: range) -> None:
    astronaut = Image.fromarray(data.astronaut()[:300, 100:400])
    for number in numbers:
        photo = Image.new("RGB", (420 + 4 * number, 320), (number, 80, 120))
        photo.paste(astronaut, (3 * number, number // 3))
        photo.save(root / "eileen" / f"{number:02d}.png")


@pytest.mark.slow
def test_the_folders_person_is_found_and_reviewed(celebtool: Run, crowd: Path, tmp_path: Path) -> None:
    review = tmp_path / "review.png"
    options = ["--review", review, "--max-rejects", "2%"]
    first = celebtool("crop-faces", crowd, tmp_path / "out", *options)
    assert first.code == 3
    assert "40 crops from 41 photos: 1 no face" in first.stderr
    assert "1 of 41 photos gave no crop (2.4%); at most 2.0% were allowed" in first.stderr
    assert images.read(review).shape[1] > 1000
    found = manifest.read_all(tmp_path / "out")
    assert found[0].extra["detail"] == "identity: in 40 of 40 photos, nearest of 1 here"
    assert all(float(row.extra["distance"]) < 0.3 for row in found if row.path)
    review.unlink()
    again = celebtool("crop-faces", crowd, tmp_path / "out", *options)
    assert (again.code, review.is_file()) == (3, True)
    assert celebtool("crop-faces", crowd, tmp_path / "out", *options).code == 3  # the sheet is there, and the same
    review.write_text("mine")
    other = celebtool("crop-faces", crowd, tmp_path / "out", *options)
    assert (other.code, review.read_text()) == (1, "mine")
    assert other.stderr.endswith(f"\ncelebtool: error: {review}: {EXISTS}\n")
    assert celebtool("crop-faces", crowd, tmp_path / "out", "--max-rejects", "0.05").code == 0


def test_no_sheet_takes_the_place_of_another_file(celebtool: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "faces"
    for name in ("rv-2.png", "mine.png"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "link-1.png").symlink_to("mine.png")
    os.unlink(photos / "eileen/pipe.jpg")
    before = tree(tmp_path)
    for sheet, problem in {
        photos / "eileen/a.png": f"{photos}/eileen/a-1.png: lies inside the input {photos}; choose an output beside it",
        out / "mine.png": f"{out}/mine-1.png: lies inside the output {out}; choose an output beside it",
        tmp_path / "no/rv.png": f"{tmp_path}/no: no such directory; make it first",
        tmp_path: f"{tmp_path}: is a directory; expected the name of a file to write",
        tmp_path / "rv.png": f"{tmp_path}/rv-2.png: {EXISTS}",
        tmp_path / "link.png": f"{tmp_path}/link-1.png: {EXISTS}",
    }.items():
        result = celebtool("crop-faces", photos, out, "--review", sheet)
        assert (result.code, result.stderr) == (1, f"celebtool: error: {problem}\n")
    result = celebtool("crop-faces", photos / "eileen", out, "--review", photos / "eileen/a.png", "--overwrite")
    assert (result.code, "lies inside the input" in result.stderr) == (1, True)
    assert tree(tmp_path) == before


def start(photos: Path, out: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "celebtool", "crop-faces", str(photos), str(out), *options]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


def wait_for_lots(out: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list(out.parent.glob(f".{out.name}.partial/scratch/*/found.json"))) < count:
        assert time.monotonic() < deadline, "no lot was finished"
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(celebtool: Run, crowd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    take_photos(crowd, range(40, 100))  # so that the continued run is under way for a while
    with start(crowd, out, "--jobs", "2") as killed:
        wait_for_lots(out, 1)
        os.killpg(killed.pid, signal.SIGKILL)
    assert not out.exists()
    (finished, *_) = out.parent.glob(".out.partial/scratch/*/found.json")
    before = finished.stat().st_mtime_ns
    with start(crowd, out, "--jobs", "1") as resumed:
        wait_for_lots(out, 2)
        assert finished.stat().st_mtime_ns == before
        assert resumed.wait() == 0
    celebtool("crop-faces", crowd, tmp_path / "undisturbed", "--jobs", "3")
    assert tree(out) == tree(tmp_path / "undisturbed")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(celebtool: Run, crowd: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    file = tmp_path / "scheduler.json"

    def dask(*arguments: str) -> "subprocess.Popen[bytes]":
        own = ["--scheduler-file", str(file)]
        command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *own, *arguments[1:]]
        return subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **quiet)

    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
    worker = ("worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--no-dashboard")
    members = [scheduler, dask(*worker), dask(*worker)]
    try:
        deadline = time.monotonic() + 60
        while not file.is_file():
            assert time.monotonic() < deadline, "no scheduler"
            time.sleep(0.1)
        out = tmp_path / "out"
        with start(crowd, out, "--dask", json.loads(file.read_text())["address"]) as run:
            wait_for_lots(out, 1)
            members[1].kill()
            assert run.wait(timeout=300) == 0
    finally:
        for member in members:
            member.kill()
            member.wait()
    celebtool("crop-faces", crowd, tmp_path / "here")
    assert tree(out) == tree(tmp_path / "here")

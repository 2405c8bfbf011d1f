"""Promise 6: whatever files and people are called, each is traceable through the pipeline, and a terminal is safe."""

import json
import os
import pty
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from celebtool.formats import manifest, predictions, tables
from celebtool.formats.image_folder import SIDECARS
from tests.conftest import random_image
from tests.torture import world
from tests.torture.conftest import SCALE, Tally, amount
from tests.torture.forge import Forge

TEXTS = (
    "-rf", "--help", "-", "=cmd|'C calc'!A0", "+1", "-1", "@SUM(A1)", "'quoted", '"', "a,b", "a;=b", "\uff1dcmd", "[red]", "[bold]",
    "[link=file:x]y[link]", "a\nb", "a\rb", "a\tb", "\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "\u202eevil", "\u2066x",
    "\u2028line", "\u200bzero", "\u200dwidth", "Beyonc\u00e9", "Beyonce\u0301", "\u1e9e", "\u212b", "\ufb01", "Ann", "ann", "ANN", "\u0130", "i\u0307",
    "\u05d0\u05d1\u05d2", "\u0627\u0644\u0641", "\u0928\u092e", "\u6f22\u5b57", "\U0001f600", "NA", "None", "nan", "NULL", "True", "007", "1e5", "0x10",
    "con", "nul", "aux.txt", "lpt1", "a..", "a ", " a", "~", "~root", "$HOME", "`id`", "$(id)", "%s%n", "{0}", "{label}", "\\", "\\n",
    "\\x41", "a\\", "*", "?", "<b>", "&amp;", "<script>alert(1)<script>", "#", "%00", "%2e%2e", "|", "!", "train", "val", "test", "prob_ann",
    "path", "status", "predicted", "unknown ", "Unknown", "__proto__", "celebtool", "manifest",
)  # fmt: skip
LONG = b"x" * 251, "\u00e9".encode() * 125, b"\xff" * 251, "\U0001f600".encode() * 62
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ODD_BYTES = tuple(bytes([byte]) for byte in range(1, 256) if byte != ord("/"))


def file_names() -> list[bytes]:
    """Return names of images: every byte at the beginning, the middle and the end, and what people think of."""
    names = [b"m" + byte + b"n.png" for byte in ODD_BYTES]
    names += [byte + b"b.png" for byte in ODD_BYTES if byte != b"."]
    names += [b"e" + byte for byte in ODD_BYTES]
    names += [name + b".png" for name in LONG] + [b"x" * 255]
    names += [os.fsencode(text) + b".png" for text in TEXTS]
    names += [
        b"a.jpg",
        b"a.png",
        b"A.JPG",
        b"a.JPG",
        b"a.jpeg",
        b"a",
        b"a.png.png",
        b"\xed\xa0\x80.png",
        b"\xc0\xaf.png",
        b"\xf5.png",
    ]
    return list(dict.fromkeys(names))


def class_names() -> list[bytes]:
    """Return names of people."""
    return (
        [os.fsencode(text) for text in TEXTS]
        + [name[:255] for name in LONG]
        + [b"\xff\xfe", b"\xe9", b"a\xcc", b"\xed\xb3\xbf"]
    )


def write(
    root: Path,
    names: list[bytes],
    classes: list[bytes],
    draw: Callable[[int], Image.Image] = lambda n: random_image(str(n), 16),
) -> set[str]:
    """Write an image of each name into one class, and four into each of the others, all different; return their paths."""
    base = os.fsencode(root)
    wanted = [(b"everybody", name) for name in names] + [(label, b"%d.png" % n) for label in classes for n in range(4)]
    for number, (label, name) in enumerate(wanted):
        os.makedirs(base + b"/" + label, exist_ok=True)
        with open(base + b"/" + label + b"/" + name, "wb") as stream:
            draw(number).save(stream, "PNG")
    return {os.fsdecode(label + b"/" + name) for label, name in wanted}


def photo(number: int) -> Image.Image:
    """Return a photo with one face, in each of up to 4,096 tints."""
    tint = 4 * np.array([number % 16, number // 16 % 16, number // 256])
    return Image.fromarray(np.clip(data.astronaut()[30:210, 130:310].astype(int) + tint, 0, 255).astype(np.uint8))


def check(folder: Path, sources: set[str], tally: Tally) -> set[str]:
    """See that every source is traceable in a folder's manifest, and every file is in it; return the files."""
    rows = manifest.read_all(folder)
    assert {row.source for row in rows} == sources
    kept = {row.path for row in rows if row.status == manifest.KEPT}
    base = os.fsencode(folder)
    found = {
        os.fsdecode(os.path.relpath(os.path.join(place, name), base))
        for place, _, names in os.walk(base)
        for name in names
    } - SIDECARS  # fmt: skip
    assert found == kept
    assert all(row.reason for row in rows if row.status == manifest.REJECTED)
    assert not control_bytes((folder / "manifest.csv").read_bytes())
    tally.count(len(sources))
    return kept


def control_bytes(data: bytes) -> set[str]:
    """Return what a terminal would obey in some bytes; what is no UTF-8 too."""
    text = data.decode("utf-8", "surrogateescape")
    return {c for c in text if c not in "\r\n" and (unicodedata.category(c) in {"Cc", "Cs"} or c in TURNING)}


def run(arguments: tuple[object, ...], place: Path) -> world.Ended:
    ended = world.run(*arguments, cwd=place)
    assert ended.code == 0, ended.said[-1000:]
    assert not control_bytes(ended.stdout), control_bytes(ended.stdout)
    assert not control_bytes(ended.stderr), control_bytes(ended.stderr)
    return ended


def test_files_and_people_of_all_names_go_through_the_pipeline(tmp_path: Path, tally: Tally) -> None:
    tally.begin(6, "files of all names through balance, split, augment and report")
    names = file_names()
    sources = write(tmp_path / "faces", names[:: amount(12, 1, 1)], class_names()[:: amount(3, 1, 1)])
    assert SCALE == "fast" or len(sources) >= 600
    run(("balance", "faces", "even", "--per-class", "max"), tmp_path)
    even = check(tmp_path / "even", sources, tally)
    run(("split", "even", "parts", "--near-duplicates", "ignore"), tmp_path)
    parts = check(tmp_path / "parts", even, tally)
    run(("augment", "parts", "more", "--rotate", "0"), tmp_path)
    check(tmp_path / "more", parts, tally)
    run(("report", "faces", "--csv"), tmp_path)
    run(("report", "parts", "--json"), tmp_path)
    run(("report", "faces", "--plots", "plots"), tmp_path)
    run(("report", "faces", "--html", "page.html"), tmp_path)
    assert control_bytes((tmp_path / "page.html").read_bytes()) <= set(TURNING)


def test_what_a_terminal_gets_is_safe(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, tally: Tally) -> None:
    """On a pseudo-terminal, where tables and progress are drawn."""
    tally.begin(6, "names shown on a terminal, in tables and in errors")
    write(tmp_path / "faces", file_names()[::40], class_names())
    for arguments in (("balance", "faces", "even", "--min-images", "5"), ("split", "faces", "p"), ("report", "faces")):
        shown = on_a_terminal(arguments, tmp_path)
        assert not set(control_bytes(re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown))), shown
        tally.count(len(class_names()))
    forge = Forge("light", tmp_path_factory.mktemp("streams"))
    for name in map(os.fsdecode, file_names()[:: amount(50, 1, 1)]):
        for arguments in (["balance", name, "out"], ["report", name], ["split", "--seed", name, "faces", "out"]):
            code, said = forge.run(arguments, tmp_path), forge.said()
            assert code in (1, 2) or name == "--help.png", (arguments, code, said)
            assert not control_bytes(said.encode("utf-8", "replace")), said
            assert "Traceback" not in said, said
            tally.count()
    forge.close()


def on_a_terminal(arguments: tuple[str, ...], place: Path) -> bytes:
    """Run a command line on a pseudo-terminal without colours and return what it showed."""
    leader, follower = pty.openpty()
    env = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
    process = subprocess.Popen(
        world.line(*arguments), cwd=place, stdin=follower, stdout=follower, stderr=follower, env=env
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(leader)
    assert process.wait() == 0, shown
    return shown


@pytest.mark.slow
@pytest.mark.torture
def test_the_whole_pipeline(tmp_path: Path, tally: Tally) -> None:
    tally.begin(6, "photos of all names through crop-faces, balance, split, augment, train, predict and report")
    names, classes = file_names()[:: amount(20, 3, 1)], class_names()[:: amount(8, 3, 1)]
    photos = write(tmp_path / "photos", names, classes, photo)
    assert SCALE != "full" or len(photos) >= 600
    photos = go(("crop-faces", "photos", "faces", "--size", "32", "--select", "largest"), tmp_path, photos, tally)
    even = go(("balance", "faces", "even", "--per-class", "max"), tmp_path, photos, tally)
    parts = go(("split", "even", "parts", "--near-duplicates", "ignore"), tmp_path, even, tally)
    more = go(("augment", "parts", "more", "--copies", "1"), tmp_path, parts, tally)
    origins = {row.origin for row in manifest.read_all(tmp_path / "more")}
    assert origins == {manifest.sha256(path) for path in (tmp_path / "photos").rglob("*") if path.is_file()}
    run(("train", "more", "model.h5", *world.TINY, "--batch-size", "64", "--allow-leak"), tmp_path)
    for form in ("csv", "jsonl"):
        ended = run(("predict", "model.h5", "more", "--format", form), tmp_path)
        (tmp_path / f"table.{form}").write_bytes(ended.stdout)
    rows = tables.read(tmp_path / "table.csv")
    assert {row["path"] for row in rows} == more
    labels = {unicodedata.normalize("NFC", path.split("/")[1]) for path in more}
    assert {row["label"] for row in rows} == labels
    assert predictions.read(tmp_path / "table.csv").class_names == tuple(sorted(labels))
    assert {json.loads(line)["path"] for line in (tmp_path / "table.jsonl").read_text().splitlines()} == more
    for arguments in (
        ("--confusion",),
        ("--per-class",),
        ("--json",),
        ("--mistakes", "--csv"),
        ("--html", "p.html"),
        ("--plots", "p"),
    ):
        run(("report", "table.csv", *arguments, "--allow-leak"), tmp_path)
    listed = b"\0".join(os.fsencode(tmp_path / "more" / path) for path in sorted(more))
    ended = world.run("predict", "model.h5", "-", "-0", cwd=tmp_path, stdin=listed)
    assert ended.code == 0, ended.said
    assert ended.stdout.count(b"\n") == len(more) + 1
    tally.count(len(more))


def go(arguments: tuple[str, ...], place: Path, sources: set[str], tally: Tally) -> set[str]:
    """Run a step of the pipeline, and see that all it was given is traceable; return what it made."""
    run((*arguments, "--quiet"), place)
    return check(place / arguments[2], sources, tally)


def test_a_class_called_as_a_file_of_celebtool(tmp_path: Path, tally: Tally) -> None:
    tally.begin(6, "people called as celebtool's own files")
    for name in ("manifest.csv", "celebtool.json"):
        world.make(tmp_path / name, {"ann": 3, name: 3})
        ended = world.run("balance", "faces", "out", cwd=tmp_path / name)
        assert ended.code == 1, ended
        assert world.one_line(ended), ended.said
        assert not (tmp_path / name / "out").exists()
        shutil.rmtree(tmp_path / name)
        tally.count()

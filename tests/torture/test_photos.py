"""Promises 4 and 14 through `crop-faces`: whatever lies among the photos is a crop or a reject, never an end."""

import io
import os
import shutil
import struct
import subprocess
import sysconfig
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from celebtool.formats import manifest
from tests.formats.test_jpeg import with_scans, with_segments
from tests.torture import world
from tests.torture.conftest import SCALE, Tally, amount
from tests.torture.test_images import mutants
from tests.torture.test_roots import plant_everything

pytestmark = [pytest.mark.slow, pytest.mark.torture]


def png(width: int, height: int) -> bytes:
    """Return a PNG that says so much of its size, and holds next to nothing."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def gif(frames: int) -> bytes:
    """Return a GIF of so many frames of one pixel."""
    frame = b"\x21\xf9\x04\x04\x01\x00\x00\x00" + b"\x2c" + bytes(4) + b"\x01\x00\x01\x00\x00" + b"\x02\x02\x44\x01\x00"
    return b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(3) + b"\xff\xff\xff" + frame * frames + b"\x3b"


def photo() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(data.astronaut()[30:210, 130:310]).save(stream, "JPEG", quality=95)
    return stream.getvalue()


ODD: dict[str, tuple[str, Callable[[Path], object]]] = {
    "huge.png": ("too_large", lambda path: path.write_bytes(png(65535, 65535))),
    "huger.png": ("too_large", lambda path: path.write_bytes(png(2**31 - 1, 2**31 - 1))),
    "empty.png": ("unreadable", lambda path: path.write_bytes(b"")),
    "flat.png": ("unreadable", lambda path: path.write_bytes(png(0, 7))),
    "half.jpg": ("unreadable", lambda path: path.write_bytes(photo()[:4000])),
    "all but the end.jpg": ("unreadable", lambda path: path.write_bytes(photo()[:-600])),
    "head.jpg": ("unreadable", lambda path: path.write_bytes(photo()[:20])),
    "scans.jpg": ("unreadable", lambda path: path.write_bytes(with_scans(1000))),
    "segments.jpg": ("unreadable", lambda path: path.write_bytes(with_segments(400_000))),
    "a thousand scans and no end.jpg": ("unreadable", lambda path: path.write_bytes(with_scans(1000)[:-2])),
    "frames.gif": ("no_face", lambda path: path.write_bytes(gif(10_000))),
    "shortcut.lnk": ("not_an_image", lambda path: path.write_bytes(b"L\0\0\0\x01\x14\x02\0" + bytes(500))),
    "notes.txt": ("not_an_image", lambda path: path.write_text("no photo")),
    "page.jpg": ("not_an_image", lambda path: path.write_text("<html>404</html>")),
    "postscript.jpg": (
        "not_an_image",
        lambda path: path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    ),
    "zeros.jpg": ("not_an_image", lambda path: path.write_bytes(bytes(100_000))),
    "hole.jpg": ("not_an_image", lambda path: (path.touch(), os.truncate(path, 1 << 28))),
    "pipe.jpg": ("not_an_image", os.mkfifo),
    "socket.jpg": ("not_an_image", lambda path: os.mknod(path, 0o140644)),
    "loop.jpg": ("unreadable", lambda path: path.symlink_to(path.name)),
    "dangling.jpg": ("unreadable", lambda path: path.symlink_to("nowhere")),
    "here": ("not_an_image", lambda path: path.symlink_to(".")),
    "up": ("not_an_image", lambda path: path.symlink_to("..")),
}
IGNORED = ("Thumbs.db", "desktop.ini", ".DS_Store", ".hidden.jpg")


def test_whatever_lies_among_the_photos(tmp_path: Path, tally: Tally) -> None:
    """In a current directory that holds weights for MTCNN and modules of all names, too."""
    tally.begin(4, "files among the photos that are no photos, through crop-faces")
    directory = tmp_path / "photos" / "eileen"
    directory.mkdir(parents=True)
    (directory / "a.jpg").write_bytes(photo())
    for name, (_, make) in ODD.items():
        make(directory / name)
    for name in IGNORED:
        (directory / name).write_bytes(b"x")
    plant_everything(tmp_path)
    ended = world.run("crop-faces", "photos", "faces", "--size", "32", "--quiet", cwd=tmp_path)
    assert ended.code == 0, ended.said
    rows = {Path(row.source).name: row for row in manifest.read_all(tmp_path / "faces")}
    assert {name: row.reason for name, row in rows.items()} == {
        "a.jpg": "",
        **{name: reason for name, (reason, _) in ODD.items()},
    }
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.glob("faces/*/*")] == ["faces/eileen/a.jpg"]
    assert [path.name for path in tmp_path.glob("imported-*")] == []
    tally.count(len(ODD) + len(IGNORED))


def test_damaged_photos_are_all_accounted_for(tmp_path: Path, tally: Tally) -> None:
    tally.begin(4, "damaged images through crop-faces")
    directory = tmp_path / "photos" / "all"
    directory.mkdir(parents=True)
    wanted = amount(50, 300, 2000)
    for number, content in enumerate(mutants(wanted)):
        (directory / f"{number:05d}").write_bytes(content)
    ended = world.run("crop-faces", "photos", "faces", "--select", "largest", "--quiet", cwd=tmp_path)
    assert ended.code == 0, ended.said
    rows = manifest.read_all(tmp_path / "faces")
    assert [row.source for row in rows] == [f"all/{number:05d}" for number in range(wanted)]
    reasons = Counter(row.reason for row in rows)
    assert reasons.keys() <= {"", "no_face", "too_small", "low_confidence", "unreadable", "not_an_image", "too_large"}
    assert reasons["unreadable"] > wanted / 10
    assert "every worker" not in ended.said
    tally.count(wanted)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_photo_that_kills_its_worker_is_lost_alone(tmp_path: Path, tally: Tally) -> None:
    """strace kills whatever process opens the photo for the third time: for its digest, its head and its pixels."""
    tally.begin(4, "photos that kill the worker that decodes them, through crop-faces")
    directory = tmp_path / "photos" / "eileen"
    directory.mkdir(parents=True)
    for number in range(5):
        (directory / f"{number}.jpg").write_bytes(photo() + bytes([number]))
    deadly = "photos/eileen/2.jpg"
    inject = ["-P", deadly, "-e", "trace=openat", "-e", "inject=openat:signal=KILL:when=3"]
    line = ["strace", "-f", "-qq", "-o", os.devnull, *inject, "--"]
    arguments = ("crop-faces", "photos", "faces", "--size", "32", "--quiet")
    done = subprocess.run([*line, *world.line(*arguments)], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    rows = manifest.read_all(tmp_path / "faces")
    assert {row.source: row.reason for row in rows} == {
        f"photos/eileen/{number}.jpg".partition("/")[2]: "unreadable" if number == 2 else "" for number in range(5)
    }
    tally.count()


WEIGHTS = {
    "mtcnn/assets/weights/pnet.lz4": ("crop-faces", "photos", "out"),
    "mtcnn/assets/weights/rnet.lz4": ("crop-faces", "photos", "out"),
    "mtcnn/assets/weights/onet.lz4": ("crop-faces", "photos", "out"),
    "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat": (
        "train",
        "parts",
        "out.h5",
        "--arch",
        "face-resnet29",
        "--quiet",
    ),
}
PICKLE = b"cos\nsystem\n(S'touch opened'\ntR."


@pytest.mark.parametrize("name", list(WEIGHTS)[:: 1 if SCALE == "full" else 2])
def test_weights_are_checked_before_they_are_parsed(tmp_path: Path, name: str, tally: Tally) -> None:
    """The package, found first, with a bit of its weights flipped, cut off, and with a pickle in their place."""
    tally.begin(14, "weight files of the packages, damaged or replaced by a pickle")
    world.photos(world.make(tmp_path))
    installed = Path(sysconfig.get_path("purelib"))
    for entry in installed.glob(name.partition("/")[0].removesuffix("_models") + "*"):
        shutil.copytree(entry, tmp_path / "packages" / entry.name)
    file = tmp_path / "packages" / name
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    # Once they are converted, they are not read any more.
    environment = {"PYTHONPATH": str(tmp_path / "packages"), "CELEBTOOL_CACHE": str(tmp_path / "cache")}
    for content in (bytes(flipped), whole[:-1], PICKLE):
        file.write_bytes(content)
        ended = world.run(*WEIGHTS[name], cwd=tmp_path, environment=environment)
        assert ended.code == 1, ended
        assert world.one_line(ended), ended.said
        assert str(file) in ended.said, ended.said
        assert not (tmp_path / "opened").exists()
        assert not (tmp_path / world.output(WEIGHTS[name])).exists()
        tally.count()

"""No image file keeps its decoder busy: limits by format, and time that grows no faster than the file."""

import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.errors import SystemFaultError
from celebtool.formats import decoding_limits, image_decoding, images
from celebtool.formats.images import ImageError
from tests.support import photo_files
from tests.support.photo_files import bmp, flat_png, pnm


def outcome(path: Path) -> str:
    try:
        return str(images.read(path).shape)
    except ImageError as error:
        return f"{error.reason}: {error.problem}"


def seconds(path: Path) -> float:
    """Return the processor's time that opening and reading take."""
    started = time.process_time()
    outcome(path)
    return time.process_time() - started


@pytest.mark.parametrize("kind", photo_files.LABORIOUS)
def test_time_grows_no_faster_than_the_file(tmp_path: Path, kind: str) -> None:
    took = []
    for size in (1 << 18, 1 << 19, 1 << 20):
        (tmp_path / "x").write_bytes(photo_files.LABORIOUS[kind](size))
        took.append(min(seconds(tmp_path / "x") for _ in range(2)))
    assert took[2] < 4 * max(took[1], 0.05), took
    assert took[2] < 3, took


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (flat_png((90_000_000, 1), 8, 0), "too_large: is wider or higher than 65536 pixels"),
        (flat_png((1, 90_000), 8, 0), "too_large: is wider or higher than 65536 pixels"),
        (flat_png((65_536, 1), 8, 0), "(1, 65536, 3)"),
        (flat_png((12_000, 12_000), 1, 0), "too_large: has more than 134 million pixels"),
        (
            bmp((4000, 4000), 8, 1, b"\0\1"),
            "too_large: has more than 8 million pixels, the most that celebtool decodes of this format",
        ),
        (bmp((200, 100), 8, 1, b"\xc8\7\0\0" * 100), "(100, 200, 3)"),
        (
            pnm("P3", (2000, 2000), 255, b"1 " * 99),
            "too_large: has more than 2 million pixels, the most that celebtool decodes of this format",
        ),
        (pnm("P2", (3, 2), 255, b"1 2 3 # six\n4 5 6\n"), "(2, 3, 3)"),
        (
            pnm("P2", (3, 2), 255, b"# a\n" * 65 + b"1 " * 6),
            "unreadable: would take for ever: it has far too many comments",
        ),
        (
            b"P2 #" + b"x" * 99_999 + b"\n3 2 255\n1 2 3 4 5 6",
            "unreadable: cannot be decoded: would take for ever: its data come in far too many pieces",
        ),
        (
            photo_files.png((9, 9), 8, 2, [b""], photo_files.png_chunk(b"iCCP") * 65),
            "unreadable: would take for ever: it has far too many chunks",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_limits_of_formats(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "x").write_bytes(data)
    assert outcome(tmp_path / "x") == expected


def test_formats_whose_decoders_are_slow_are_bounded_earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(decoding_limits.of(b"RIFF\0\0\0\0WEBP"), pixels=2_000_000)
    monkeypatch.setattr(decoding_limits, "of", lambda _: limits)
    (tmp_path / "x").write_bytes(photo_files.flat("WEBP", (2000, 1001)))
    expected = "too_large: has more than 2 million pixels, the most that celebtool decodes of this format"
    assert outcome(tmp_path / "x") == expected


def test_a_file_too_large_for_its_format(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.write(photo_files.flat("AVIF", (64, 64)))
        file.truncate(40 << 20)
    assert outcome(tmp_path / "x") == "too_large: has more than 32 MB, the most for its format"


@pytest.mark.parametrize(
    ("kind", "most", "samples", "expected"),
    [
        ("P5", 254, [0, 127, 254, 255], [0, 128, 255, 255]),
        ("P5", 1023, [0, 512, 1023, 65535], [0, 128, 255, 255]),
        ("P6", 100, [0, 50, 100], [0, 128, 255]),
        ("P6", 65535, [0, 257 * 100, 65535], [0, 100, 255]),
    ],
)
def test_samples_are_scaled(tmp_path: Path, kind: str, most: int, samples: list[int], expected: list[int]) -> None:
    width = len(samples) // (3 if kind == "P6" else 1)
    data = np.array(samples, ">u2" if most > 255 else "u1").tobytes()
    (tmp_path / "x").write_bytes(pnm(kind, (width, 1), most, data))
    image = images.read(tmp_path / "x")
    assert (image.ravel().tolist() if kind == "P6" else image[0, :, 0].tolist()) == expected
    (tmp_path / "x").write_bytes(pnm(kind, (width, 1), most, data[:-1]))
    assert outcome(tmp_path / "x") == "unreadable: cannot be decoded: image file is truncated"


@pytest.mark.parametrize("most", [1, 7, 254, 300, 65535])
def test_scaled_samples_are_those_of_pillow(tmp_path: Path, most: int) -> None:
    samples = np.random.default_rng(most).integers(0, most + 1, (9, 7, 3)).astype(">u2" if most > 255 else "u1")
    (tmp_path / "x").write_bytes(pnm("P6", (7, 9), most, samples.tobytes()))
    with Image.open(tmp_path / "x") as file:
        assert np.array_equal(images.read(tmp_path / "x"), np.asarray(file))


def test_a_picture_that_memory_is_too_small_for_is_a_reject_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(photo_files.encoded("PNG"))
    tries = []

    def fail(*_: object) -> None:
        tries.append(1)
        raise MemoryError

    monkeypatch.setattr(image_decoding.pixels, "shown", fail)
    assert outcome(tmp_path / "x") == "too_large: needs more memory than there is"
    assert len(tries) == 2


def test_no_memory_for_any_picture_is_the_systems_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(photo_files.encoded("PNG"))

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(image_decoding.pixels, "shown", fail)
    monkeypatch.setattr(image_decoding.np, "empty", fail)
    with pytest.raises(SystemFaultError, match="x: there is not enough memory to decode it; free some"):
        images.read(tmp_path / "x")


def test_warnings_of_decoders_are_not_shown(tmp_path: Path) -> None:
    entries = b"".join(struct.pack(">HHII", 600 + number, 7, 1 << 16, 8) for number in range(5))
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 5) + entries + bytes(4)
    (tmp_path / "x").write_bytes(photo_files.encoded("JPEG", exif=exif))
    program = (
        "import sys; from pathlib import Path; from celebtool.formats import images; images.read(Path(sys.argv[1]))"
    )
    line = [sys.executable, "-c", program, str(tmp_path / "x")]
    assert subprocess.run(line, capture_output=True, check=True).stderr == b""


def test_limits_are_found_by_the_first_bytes() -> None:
    assert decoding_limits.of(b"\0\0\0\x1cftypavif").pixels == 1 << 26
    assert decoding_limits.of(b"\0\0\0\x1cftypheic").pixels == 1 << 26
    assert decoding_limits.of(b"RIFF\0\0\0\0WEBPVP8 ").pixels == 1 << 26
    assert decoding_limits.of(b"GIF89a") == decoding_limits.Limits()

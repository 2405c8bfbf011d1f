"""Promise 4: no image takes more than five seconds, whatever its format, its size and what it is made of.

The processor's time counts, so that other programs do not; sizes go up to the largest that a format may have.
"""

import importlib.util
import itertools
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from celebtool.formats import images
from tests.support import photo_files
from tests.support.photo_files import bmp, flat, flat_png, jpeg_with_scans, pnm
from tests.torture.conftest import Tally, amount

SECONDS = 5
LARGEST = 11_585  # its square is the largest number of pixels
SIDES = (1, 7, 64, 300, 1000, 2500)
LONG = ((65_500, 2000), (2000, 65_500), (65_500, 1), (1, 65_500))  # the longest side of a JPEG that Pillow writes

Case = tuple[str, Callable[[], bytes]]


def pngs(size: tuple[int, int]) -> Iterator[Case]:
    kinds = ((1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (8, 3), (8, 4), (16, 4), (8, 6), (16, 6))
    for (depth, colours), interlaced in itertools.product(kinds, (False, True)):
        name = f"png, {depth} bits, colour type {colours}{', interlaced' * interlaced}"
        yield name, partial(flat_png, size, depth, colours, interlaced=interlaced)


def of_pillow(size: tuple[int, int]) -> Iterator[Case]:
    kinds: tuple[tuple[str, str, str, dict[str, object]], ...] = (
        ("jpeg", "JPEG", "RGB", {}),
        ("jpeg, grey", "JPEG", "L", {}),
        ("jpeg, four colours", "JPEG", "CMYK", {}),
        ("jpeg, restarts", "JPEG", "RGB", {"restart_marker_blocks": 1}),
        ("jpeg, progressive", "JPEG", "RGB", {"progressive": True}),
        ("gif", "GIF", "P", {}),
        ("bmp", "BMP", "RGB", {}),
        ("bmp, one bit", "BMP", "1", {}),
        ("tiff", "TIFF", "RGB", {}),
    )
    for name, form, mode, options in kinds:
        yield name, partial(flat, form, size, mode, **options)
    if max(size) <= 16_383:  # the largest side of a WebP; Pillow writes no larger AVIF
        yield "webp", partial(flat, "WEBP", size, method=0)
        yield "webp, lossless", partial(flat, "WEBP", size, lossless=True, method=0)
        yield "avif", partial(flat, "AVIF", size, speed=10)
        if importlib.util.find_spec("pillow_heif"):
            yield "heic", partial(heic, size)


def heic(size: tuple[int, int]) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return flat("HEIF", size)


def by_hand(size: tuple[int, int]) -> Iterator[Case]:
    width, height = size
    pixels = width * height
    yield "bmp, run lengths, ends of lines", lambda: bmp(size, 8, 1, b"\1\1\0\0" * height)
    yield "bmp, run lengths of 4 bits", lambda: bmp(size, 4, 2, (b"\xff\x12" * -(-width // 255) + b"\0\0") * height)
    yield "ppm, maximum 254", lambda: pnm("P6", size, 254, bytes(3 * pixels))
    yield "ppm, 16 bits", lambda: pnm("P6", size, 65_535, bytes(6 * pixels))
    yield "pgm, maximum 1000", lambda: pnm("P5", size, 1000, bytes(2 * pixels))
    yield "ppm", lambda: pnm("P6", size, 255, bytes(3 * pixels))
    if pixels <= 1 << 24:
        yield "pgm, plain", lambda: pnm("P2", size, 255, b"1 " * pixels)
        yield "ppm, plain", lambda: pnm("P3", size, 255, b"1 " * (3 * pixels))
        yield "pbm, plain", lambda: pnm("P1", size, 1, b"1" * pixels)


def noisy(side: int) -> Iterator[Case]:
    """Yield pictures whose every byte has to be decoded."""

    def made(form: str, **options: object) -> bytes:
        from io import BytesIO

        from PIL import Image, ImageFile

        stream, before = BytesIO(), ImageFile.MAXBLOCK
        ImageFile.MAXBLOCK = 1 << 28
        noise = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(noise).save(stream, form, **options)
        ImageFile.MAXBLOCK = before
        return stream.getvalue()

    for name, form, options in (
        ("jpeg of noise", "JPEG", {"quality": 100, "subsampling": 0}),
        ("jpeg of noise, progressive", "JPEG", {"quality": 95, "progressive": True}),
        ("png of noise", "PNG", {"compress_level": 1}),
        ("gif of noise", "GIF", {}),
        ("webp of noise", "WEBP", {"quality": 100, "method": 0}),
        ("webp of noise, lossless", "WEBP", {"lossless": True, "method": 0}),
        ("avif of noise", "AVIF", {"quality": 95, "speed": 10}),
    ):
        yield name, partial(made, form, **options)


def laborious() -> Iterator[Case]:
    for name, make in photo_files.LABORIOUS.items():
        for size in (1 << 10, 1 << 14, 1 << 18, 1 << 20, 1 << 22):
            yield f"{name}, {size} bytes", partial(make, size)
    for scans in (4, 16, 22, 30, 100):
        for side in (64, 1000, LARGEST):
            yield f"jpeg, {scans} more scans, {side}", partial(jpeg_with_scans, scans, (side, side))


def cases() -> Iterator[Case]:
    """Yield what is tried, the small things first."""
    small = [(side, side) for side in SIDES] + [(2500, 40), (40, 2500)]
    for size in small[: amount(3, 7, 8)]:
        yield from itertools.chain(pngs(size), of_pillow(size), by_hand(size))
    yield from itertools.islice(laborious(), amount(40, 200, 200))
    for side in (64, 1000, 2000, 3000)[: amount(1, 3, 4)]:
        yield from noisy(side)
    if amount(0, 0, 1):  # every ninth of the largest, each kind at another size: to write them takes the time
        for number, size in enumerate(((LARGEST, LARGEST), (8192, 8192), *LONG)):
            yield from itertools.islice(itertools.chain(pngs(size), of_pillow(size), by_hand(size)), number, None, 9)


def peak() -> int:
    """Return the most memory in MB that this process has had since `clear`."""
    return int(re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[0]) // 1024


@pytest.mark.slow
@pytest.mark.torture
def test_no_image_takes_longer_than_promised(tmp_path: Path, tally: Tally) -> None:
    tally.begin(4, "images of all formats and sizes, and of what keeps a decoder busy, read or refused in five seconds")
    path, slow = tmp_path / "x", []
    for name, make in cases():
        path.write_bytes(make())
        Path("/proc/self/clear_refs").write_text("5")
        started = time.process_time()
        try:
            found = str(images.read(path).shape)
        except images.ImageError as error:
            found = error.reason
        if (took := time.process_time() - started) > SECONDS or peak() > 2500:
            slow.append((name, found, took, peak()))
        tally.count()
    assert slow == []
    assert tally.tried >= amount(100, 300, 500)

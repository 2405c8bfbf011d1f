"""Promises 4 and 5: damaged images are counted and named, and the pixels are the right ones."""

import io
import itertools
import random
import re
import struct
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from celebtool.formats import images
from tests.conftest import random_image
from tests.torture.conftest import Tally, amount

SEEDS = {"JPEG": {"quality": 90}, "PNG": {}, "WEBP": {"lossless": True}, "GIF": {}, "BMP": {}}
MEGABYTES_OF_GROWTH = 30


def encoded(form: str, size: int = 48, mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    random_image(form, size).convert(mode).save(stream, form, **{**SEEDS.get(form, {}), **options})
    return stream.getvalue()


def mutants(wanted: int) -> "list[bytes] | itertools.chain[bytes]":
    """Yield damaged files: cut off, bits flipped, bytes overwritten, pieces copied, removed or doubled."""
    chance = random.Random(4)
    seeds = [encoded(form, size) for form in SEEDS for size in (8, 48)]
    seeds += [encoded("JPEG", 48, progressive=True), encoded("PNG", 48, mode="P"), encoded("JPEG", 48, mode="CMYK")]
    return (damaged(bytearray(chance.choice(seeds)), chance) for _ in range(wanted))  # type: ignore[return-value]


def damaged(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        place = chance.randrange(len(data)) if chance.random() < 0.5 else chance.randrange(min(64, len(data)))
        match chance.randrange(6):
            case 0:
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                data[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
            case 2:
                del data[place : place + chance.randrange(1, 30)]
            case 3:
                data[place:place] = data[place : place + chance.randrange(1, 200)]
            case 4:
                data[place] = chance.randrange(256)
            case 5 if chance.random() < 0.3:
                del data[place:]
        if not data:
            data = bytearray(b"x")
    return bytes(data)


def resident() -> float:
    """Return the megabytes of memory that this process has now."""
    return int(re.findall(r"VmRSS:\s*(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


def test_damaged_images_are_read_or_rejected(tmp_path: Path, tally: Tally) -> None:
    tally.begin(4, "damaged JPEG, PNG, WebP, GIF and BMP files")
    outcomes: Counter[str] = Counter()
    longest, path, before = 0.0, tmp_path / "x", 0
    wanted = amount(1500, 10_000, 50_000)
    for number, data in enumerate(mutants(wanted)):
        path.write_bytes(data)
        started = time.process_time()
        try:
            photo = images.open_photo(path)
            image = photo.decode(640)
            assert image.dtype == np.uint8
            assert image.ndim == 3
            assert image.shape[2] == 3
            outcomes["read"] += 1
        except images.ImageError as error:
            assert error.reason in {"unreadable", "not_an_image", "too_large"}
            assert "\n" not in str(error)
            outcomes[error.reason] += 1
        longest = max(longest, time.process_time() - started)
        if number == wanted // 5:
            before = resident()
        tally.count()
    assert outcomes.total() == wanted
    assert longest < 5, longest
    assert resident() - before < MEGABYTES_OF_GROWTH
    assert min(outcomes["read"], outcomes["unreadable"]) > wanted / 20, outcomes


ORIENT = {  # what EXIF's orientation means, said with numpy alone
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}
SHAPES = ((5, 9), (16, 16), (33, 7))


def picture(mode: str, shape: tuple[int, int], seed: int) -> tuple[Image.Image, np.ndarray]:
    """Return a picture of a mode and, computed without Pillow, the RGB that it shows over white."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 256, (*shape, 4))
    grey = raw[..., 0]
    match mode:
        case "1":
            return Image.fromarray((grey > 127).astype(np.uint8) * 255).convert("1", dither=Image.Dither.NONE), rgb(
                (grey > 127) * 255
            )
        case "L":
            return Image.fromarray(grey.astype(np.uint8)), rgb(grey)
        case "I;16":
            wide = rng.integers(0, 65536, shape)
            return Image.fromarray(wide.astype(np.uint16)), rgb(np.rint(wide / 257))
        case "LA":
            alpha = raw[..., 1]
            return Image.fromarray(raw[..., :2].astype(np.uint8), "LA"), over_white(rgb(grey), alpha)
        case "RGBA":
            return Image.fromarray(raw.astype(np.uint8)), over_white(raw[..., :3], raw[..., 3])
        case "P":
            palette = rng.integers(0, 256, (256, 3))
            image = Image.fromarray(grey.astype(np.uint8), "L").convert("P")
            image.putdata(list(map(int, grey.ravel())))
            image.putpalette(list(map(int, palette.ravel())))
            return image, palette[grey]
        case _:
            return Image.fromarray(raw[..., :3].astype(np.uint8)), raw[..., :3]


WIDE = {0: 1, 2: 3, 4: 2, 6: 4}  # colour type of a PNG → its channels


def wide_png(colour: int, values: np.ndarray, orientation: int) -> bytes:
    """Return a PNG of 16-bit values (height, width, channels), written without Pillow, with EXIF's orientation."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    exif = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    chunks = ((b"IHDR", header), (b"eXIf", exif), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path, tally: Tally) -> None:
    """Over white where there is alpha. A decoder that drops the lower bytes is wrong by less than 1 in colour and in alpha."""
    tally.begin(5, "16-bit PNGs of all colour types and orientations against numpy")
    path = tmp_path / "x"
    for (colour, channels), shape, orientation in itertools.product(WIDE.items(), SHAPES, ORIENT):
        values = np.random.default_rng([colour, *shape, orientation]).integers(0, 65536, (*shape, channels))
        path.write_bytes(wide_png(colour, values, orientation))
        share = values[..., -1:] / 65535 if colour >= 4 else 1.0
        colours = values[..., :1].repeat(3, axis=2) if channels < 3 else values[..., :3]
        truth = colours / 257 * share + 255 * (1 - share)
        found = images.read(path).astype(float)
        wanted = ORIENT[orientation](truth)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() <= (2.51 if colour >= 4 else 1.01), (colour, shape, orientation)
        tally.count()


def rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(grey)[..., None], 3, axis=2)


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return colours * share + 255 * (1 - share)


CASES = [
    ("PNG", mode, {}, 1.01) for mode in ("1", "L", "I;16", "LA", "RGBA", "P", "RGB")
] + [
    ("BMP", mode, {}, 0) for mode in ("1", "L", "P", "RGB")
] + [
    ("GIF", mode, {}, 0) for mode in ("L", "P")
] + [
    ("WEBP", mode, {"lossless": True, "exact": True}, 1.01) for mode in ("RGB", "RGBA")
] + [
    ("PPM", mode, {}, 1.01) for mode in ("1", "L", "I;16", "RGB")
] + [
    ("TIFF", "RGB", {}, None),
]  # fmt: skip


def test_pixels_are_what_the_file_says(tmp_path: Path, tally: Tally) -> None:
    tally.begin(5, "pictures of all modes, formats and orientations against numpy")
    carry = {"PNG", "WEBP"}
    seeds = itertools.count()
    for (form, mode, options, tolerance), shape in itertools.product(CASES, SHAPES[:: amount(2, 1, 1)]):
        for orientation in ORIENT if form in carry else (1,):
            image, truth = picture(mode, shape, next(seeds))
            exif = Image.Exif()
            exif[274] = orientation
            path = tmp_path / "x"
            image.save(path, form, **options, **({"exif": exif} if form in carry else {}))
            if tolerance is None:
                with pytest.raises(images.ImageError):
                    images.read(path)
                continue
            found = images.read(path).astype(float)
            wanted = ORIENT[orientation](truth)
            assert found.shape == wanted.shape, (form, mode, shape, orientation)
            assert np.abs(found - wanted).max() <= tolerance, (
                form,
                mode,
                shape,
                orientation,
                np.abs(found - wanted).max(),
            )
            tally.count()
    for orientation, size in itertools.product(ORIENT, (16, 40)):
        smooth = random_image("smooth", size)
        exif = Image.Exif()
        exif[274] = orientation
        for mode, quality in itertools.product(("RGB", "L"), (95, 100)):
            smooth.convert(mode).save(tmp_path / "x", "JPEG", quality=quality, subsampling=0, exif=exif)
            truth = np.asarray(smooth.convert(mode).convert("RGB")).astype(float)
            found = images.read(tmp_path / "x").astype(float)
            assert np.abs(found - ORIENT[orientation](truth)).max() < 16, (mode, quality, orientation)
            tally.count()
    assert tally.tried >= amount(200, 300, 300)


assert not ImageFile.LOAD_TRUNCATED_IMAGES  # a library that sets it would let cut-off files pass

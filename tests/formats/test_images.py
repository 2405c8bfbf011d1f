import contextlib
import errno
import io
import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from celebtool.errors import SystemFaultError
from celebtool.formats import images, pixels
from celebtool.formats.images import ImageError
from celebtool.system import system_faults

RED, GREEN, BLUE = (250, 20, 20), (20, 250, 20), (20, 20, 250)


def quarters() -> Image.Image:
    """48 x 32: red, green in the first row; blue, white in the second."""
    image = Image.new("RGB", (48, 32), "white")
    for corner, colour in (((0, 0), RED), ((24, 0), GREEN), ((0, 16), BLUE)):
        image.paste(colour, (*corner, corner[0] + 24, corner[1] + 16))
    return image


def reason(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        images.read(path)
    return caught.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "PPM"])
def test_formats_by_content_whatever_the_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "photo.jfif"
    quarters().save(path, kind, quality=95)
    image = images.read(path)
    assert image.shape == (32, 48, 3)
    assert image.dtype == np.uint8
    assert np.abs(image[8, 12].astype(int) - RED).max() < 25
    assert np.abs(image[24, 12].astype(int) - BLUE).max() < 25


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I"])
def test_colour_modes(tmp_path: Path, mode: str) -> None:
    grey = Image.new("L", (20, 10), 255)
    image = Image.fromarray(np.full((10, 20), 65535, np.uint16)) if mode[0] == "I" else grey.convert(mode)
    path = tmp_path / "photo"
    image.save(path, {"CMYK": "JPEG", "YCbCr": "JPEG", "I": "PPM"}.get(mode, "PNG"))
    assert images.read(path).shape == (10, 20, 3)
    assert images.read(path).min() >= 254


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 257 * 100, 40000, 65535]], np.uint16)).save(tmp_path / "grey.png")
    assert images.read(tmp_path / "grey.png")[0, :, 0].tolist() == [0, 100, 156, 255]


def test_sixteen_bit_colours_are_scaled(tmp_path: Path) -> None:
    row = struct.pack(">6H", 257 * 10, 257 * 100, 257 * 200, 65535, 0, 257)
    (tmp_path / "rgb.png").write_bytes(png(2, 1, 16, 2, zlib.compress(b"\0" + row)))
    assert images.read(tmp_path / "rgb.png").tolist() == [[[10, 100, 200], [255, 0, 1]]]


def test_transparency_shows_white(tmp_path: Path) -> None:
    hidden = Image.new("RGBA", (4, 2), (*RED, 0))
    hidden.putpixel((0, 0), (*RED, 255))
    hidden.putpixel((1, 0), (0, 0, 0, 128))
    hidden.save(tmp_path / "a.png")
    image = images.read(tmp_path / "a.png")
    assert image[0, 0].tolist() == list(RED)
    assert image[0, 1, 0] == pytest.approx(127, abs=1)
    assert image[1].min() == 255


def test_transparent_palette_shows_white(tmp_path: Path) -> None:
    palette = quarters().quantize(4)
    palette.save(tmp_path / "p.png", transparency=palette.getpixel((0, 0)))
    image = images.read(tmp_path / "p.png")
    assert image[0, 0].tolist() == [255, 255, 255]
    assert np.abs(image[0, 30].astype(int) - GREEN).max() < 5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(tmp_path: Path, kind: str, orientation: int) -> None:
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    stored = quarters()
    turn = pixels._TURNS.get(inverse)
    exif = Image.Exif()
    exif[0x0112] = orientation
    (stored if turn is None else stored.transpose(turn)).save(tmp_path / "p", kind, quality=95, exif=exif)
    photo = images.open_photo(tmp_path / "p")
    assert (photo.height, photo.width) == (32, 48)
    image = photo.decode()
    assert np.abs(image[8, 12].astype(int) - RED).max() < 25
    assert np.abs(image[8, 36].astype(int) - GREEN).max() < 25
    assert photo.decode(24).shape == (16, 24, 3)


def test_broken_exif_is_no_reason_to_refuse_a_photo(tmp_path: Path) -> None:
    quarters().save(tmp_path / "p.jpg", exif=b"Exif\0\0I\x01\0\0\0\0\0\0")
    assert images.read(tmp_path / "p.jpg").shape == (32, 48, 3)


@pytest.mark.parametrize("size", [(4000, 3000), (300, 4000)])
def test_decode_small(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.linear_gradient("L").resize(size).convert("RGB").save(tmp_path / "p.jpg", quality=90)
    photo = images.open_photo(tmp_path / "p.jpg")
    small = photo.decode(500)
    assert max(small.shape) == 500
    assert np.abs(small.astype(int) - images.shrink(photo.decode(), 500)).max() < 8
    assert photo.decode(10_000).shape == (size[1], size[0], 3)


def test_first_frame(tmp_path: Path) -> None:
    first = Image.new("RGB", (8, 8), RED)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", (8, 8), GREEN)] * 50)
    assert np.abs(images.read(tmp_path / "a.gif")[4, 4].astype(int) - RED).max() < 10


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_truncated_files_are_unreadable(tmp_path: Path, kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, kind)
    (tmp_path / "cut").write_bytes(whole.getvalue()[: int(len(whole.getvalue()) * share)])
    assert reason(tmp_path / "cut") == "unreadable"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "unreadable"),
        (b"hello\n", "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not_an_image"),
        (b"L\0\0\0\x01\x14\x02\0" + bytes(60), "not_an_image"),
        (b"BMW makes cars", "not_an_image"),
    ],
)
def test_what_is_no_image(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    assert reason(tmp_path / "x.jpg") == expected


def test_a_bomb_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png(65535, 65535, 8, 2, zlib.compress(bytes(10))))
    (tmp_path / "large.png").write_bytes(png(12000, 12000, 1, 0, zlib.compress(bytes(10))))
    assert reason(tmp_path / "bomb.png") == reason(tmp_path / "large.png") == "too_large"


def test_what_is_no_file_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "dir.jpg").mkdir()
    assert reason(tmp_path / "fifo.jpg") == reason(tmp_path / "dir.jpg") == "not_an_image"
    (tmp_path / "dangling.jpg").symlink_to("nowhere")
    assert reason(tmp_path / "loop.jpg") == reason(tmp_path / "dangling.jpg") == "unreadable"


def test_heic_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (tmp_path / "x.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    with pytest.raises(ImageError, match=r"celebtool\[heic\]") as caught:
        images.read(tmp_path / "x.heic")
    assert caught.value.reason == "unreadable"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "PPM"]), st.data())
def test_damage_gives_an_image_or_an_error(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    whole = io.BytesIO()
    quarters().save(whole, kind)
    content = bytearray(whole.getvalue())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[position] = data.draw(st.integers(0, 255))
    (tmp_path / "damaged").write_bytes(content)
    with contextlib.suppress(ImageError):
        assert images.read(tmp_path / "damaged").ndim == 3


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_write_is_deterministic_and_read_again(tmp_path: Path, kind: str) -> None:
    image = np.asarray(quarters())
    for name in ("one", "two"):
        images.write(tmp_path / name, image, kind)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert np.abs(images.read(tmp_path / "one").astype(int) - image).max() <= (0 if kind == "png" else 12)


@pytest.mark.parametrize("change", [images.resize, lambda image, size: images.shrink(image, max(size))])
def test_resize_takes_height_and_width(change: Callable[..., np.ndarray]) -> None:
    assert change(np.asarray(quarters()), (16, 24)).shape == (16, 24, 3)


def png(width: int, height: int, depth: int, colours: int, data: bytes) -> bytes:
    """A PNG file with this header and this compressed content, which need not fit together."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_name_with_nul_is_unreadable() -> None:
    assert reason(Path("a\0b")) == "unreadable"


def test_what_is_wrong_with_a_file_is_told_alike_each_time(tmp_path: Path) -> None:
    """Pillow names an open file by its place in memory; the sentence lies in manifests, which are the same each time."""
    Image.new("RGB", (16, 16)).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    place = data.index(b"\xff\xc0") + 4  # the bits of a sample
    (tmp_path / "a.jpg").write_bytes(data[:place] + b"\x0c" + data[place + 1 :])
    said = "cannot be decoded: its header is damaged, or says that it is of a rare kind, as a JPEG of 12 bits"
    with pytest.raises(images.ImageError) as caught:
        images.read(tmp_path / "a.jpg")
    assert caught.value.problem == said


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_faults, "PAUSES", (0, 0))


@pytest.mark.usefixtures("no_pauses")
def test_a_file_that_is_not_there_is_the_systems_fault(tmp_path: Path) -> None:
    with pytest.raises(
        SystemFaultError, match=r"missing\.jpg: can't be read \(No such file or directory\), which says"
    ):
        images.read(tmp_path / "missing.jpg")


class Failing(io.FileIO):
    """A file whose reads fail from one on, so many times."""

    number, left, times = errno.EIO, 0, 0

    def readinto(self, buffer: object) -> int:
        if Failing.left == 0 and Failing.times > 0:
            Failing.times -= 1
            raise OSError(Failing.number, os.strerror(Failing.number))
        Failing.left = max(0, Failing.left - 1)
        return super().readinto(buffer)  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "PPM"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_a_read_that_fails_is_tried_again_and_is_never_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, number: int, share: float
) -> None:
    """Pillow takes some failures for the end of the file, or for a damaged file."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "x", kind)
    whole = images.read(tmp_path / "x")

    def opened(path: Path, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(Failing(path), 1 << 12)

    monkeypatch.setattr(Path, "open", opened)
    Failing.number, Failing.left, Failing.times = number, 10**6, 0
    images.read(tmp_path / "x")
    reads = 10**6 - Failing.left
    Failing.left, Failing.times = int(reads * share), 1
    assert np.array_equal(images.read(tmp_path / "x"), whole)
    Failing.left, Failing.times = int(reads * share), 99
    with pytest.raises(SystemFaultError, match=re.escape(os.strerror(number))):
        images.read(tmp_path / "x")

"""What a JPEG costs to decode, told from its markers."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from celebtool.formats import images, jpeg
from celebtool.formats.images import ImageError
from tests.conftest import random_image


def encoded(**options: object) -> bytes:
    stream = io.BytesIO()
    random_image("face", 64).save(stream, "JPEG", **options)
    return stream.getvalue()


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def with_segments(count: int) -> bytes:
    data = encoded()
    return data[:2] + b"\xff\xe1\x00\x08Exif\0\0" * count + data[2:]


PLAIN = {
    "baseline": encoded(),
    "progressive": encoded(progressive=True),
    "restarts": encoded(restart_marker_blocks=1),
    "progressive, restarts": encoded(progressive=True, restart_marker_blocks=1),
    "exif": encoded(exif=Image.Exif()),
    "a large comment": encoded(comment=b"x" * 60_000, progressive=True),
    "many comments": encoded()[:2] + b"\xff\xfe\x00\x04hi" * 1000 + encoded()[2:],
    "a film behind the picture": encoded() + b"\xff\xda\0\x08" * 1000,
    "cut off": encoded(progressive=True)[:-500],
}


@pytest.mark.parametrize("kind", PLAIN)
def test_photos_are_not_laborious(kind: str) -> None:
    assert not jpeg.is_laborious(io.BytesIO(PLAIN[kind]))


@pytest.mark.parametrize("data", [with_scans(100), with_segments(5000), with_scans(100)[:-2]])
def test_what_would_take_for_ever_is_refused(tmp_path: Path, data: bytes) -> None:
    assert jpeg.is_laborious(io.BytesIO(data))
    file = tmp_path / "a.jpg"
    file.write_bytes(data)
    with pytest.raises(ImageError, match="would take for ever: it has far too many segments or scans"):
        images.read(file)


def test_the_limits_are_those_that_are_said() -> None:
    own = PLAIN["progressive"].count(b"\xff\xda")
    assert not jpeg.is_laborious(io.BytesIO(with_scans(jpeg.MAX_SCANS - own)))
    assert jpeg.is_laborious(io.BytesIO(with_scans(jpeg.MAX_SCANS - own + 1)))


def test_no_more_than_the_header_of_a_photo_is_read() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG", quality=95)
    assert len(stream.getvalue()) > 200_000
    assert not jpeg.is_laborious(stream)
    assert stream.tell() == 1 << 16

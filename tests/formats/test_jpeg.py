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


def read(tmp_path: Path, data: bytes) -> "np.ndarray | str":
    (tmp_path / "x.jpg").write_bytes(data)
    try:
        return images.read(tmp_path / "x.jpg")
    except ImageError as error:
        return error.problem


KINDS: dict[str, dict[str, object]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 1},
    "progressive, restarts": {"progressive": True, "restart_marker_blocks": 3},
    "grey": {"mode": "L"},
    "four colours": {"mode": "CMYK"},
    "small": {"size": 8},
}


def picture(size: int = 64, mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    random_image("noise", size).convert(mode).save(stream, "JPEG", quality=92, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_that_lacks_only_its_end_mark_is_whole(tmp_path: Path, kind: str, missing: int) -> None:
    data = picture(**KINDS[kind])
    whole = read(tmp_path, data)
    assert data.endswith(jpeg.END)
    assert np.array_equal(read(tmp_path, data[:-missing]), whole)
    assert np.array_equal(images.open_photo(tmp_path / "x.jpg").decode_part(2), _half(tmp_path, data))


def _half(tmp_path: Path, data: bytes) -> np.ndarray:
    (tmp_path / "whole.jpg").write_bytes(data)
    return images.open_photo(tmp_path / "whole.jpg").decode_part(2)


@pytest.mark.parametrize("trailer", [b"\0\0\0\x18ftypmp42", b"\0" * 999, b"\xff\xc4\0\x05abc", b"\xff\xda\0\x08"])
def test_anything_may_follow_a_picture_in_one_scan_in_place_of_its_end_mark(tmp_path: Path, trailer: bytes) -> None:
    data = picture()
    film = np.random.default_rng(0).bytes(5000)
    assert np.array_equal(read(tmp_path, data[:-2] + trailer + film), read(tmp_path, data))


@pytest.mark.parametrize("kind", KINDS)
def test_another_jpeg_may_begin_in_place_of_the_end_mark(tmp_path: Path, kind: str) -> None:
    """As in panoramas of phones; of a picture that lacks more, no other picture stands in."""
    data = picture(**KINDS[kind])
    whole = read(tmp_path, data)
    assert np.array_equal(read(tmp_path, data[:-2] + picture(32)), whole)
    assert np.array_equal(images.open_photo(tmp_path / "x.jpg").decode_part(2), _half(tmp_path, data))
    scans = [place for place in range(len(data)) if data[place : place + 2] == b"\xff\xda"]
    for end in (*scans[1:], scans[-1] + 40):
        assert isinstance(read(tmp_path, data[:end] + picture(32)), str)


@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_lacks_more_is_unreadable(tmp_path: Path, kind: str) -> None:
    data = picture(**KINDS[kind])
    start, whole, unreadable = data.index(b"\xff\xda") + 14, read(tmp_path, data), 0
    for missing in (lengths := {*range(3, 60), *range(60, len(data) - start, 97)}):
        found = read(tmp_path, data[:-missing])
        assert isinstance(found, str) or np.array_equal(found, whole), missing
        unreadable += isinstance(found, str)
    assert unreadable > 0.8 * len(lengths)  # what only changes what the picture does not show is not missed


def test_a_progressive_jpeg_cut_off_between_two_scans_is_unreadable(tmp_path: Path) -> None:
    data = picture(progressive=True)
    scans = [place for place in range(len(data)) if data[place : place + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for scan in scans[1:]:
        assert "truncated" in str(read(tmp_path, data[:scan]))
        assert jpeg.end_of_picture(data[:scan]) is None


def test_a_marker_is_searched_once_in_a_run_of_fill_bytes() -> None:
    """With a repetition in the pattern, each FF of the run would be where a search of the whole run begins."""
    assert "+" not in jpeg._MARKER.pattern.decode("latin-1")
    assert "*" not in jpeg._MARKER.pattern.decode("latin-1")
    assert not jpeg.is_laborious(io.BytesIO(b"\xff\xd8" + b"\xff" * 5_000_000))

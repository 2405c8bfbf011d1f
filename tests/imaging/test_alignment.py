import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from celebtool.imaging import alignment
from celebtool.imaging.alignment import Box


def dots(points: np.ndarray, height: int, width: int, radius: int) -> Image.Image:
    """A black image with a bright disc at each of the points."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    distance = np.min([np.hypot(columns - x, rows - y) for x, y in points], axis=0)
    return Image.fromarray(np.repeat((255 * (distance < radius)).astype(np.uint8)[..., None], 3, axis=2))


def turned(points: np.ndarray, degrees: float, scale: float, shift: complex) -> np.ndarray:
    moved = points @ [1, 1j] * scale * np.exp(1j * np.deg2rad(degrees)) + shift
    return np.stack([moved.real, moved.imag], axis=1)


def test_the_mean_face_is_dlibs() -> None:
    left_eye_x = [0.121737, 0.187122, 0.265825, 0.334606, 0.260918, 0.182743]
    right_eye_x = [0.645647, 0.714428, 0.793132, 0.858516, 0.79751, 0.719335]
    eye_y = [0.216423, 0.178758, 0.179852, 0.231733, 0.245099, 0.244077]
    assert alignment.MEAN_FACE[0] == pytest.approx((np.mean(left_eye_x), np.mean(eye_y)), abs=1e-6)
    assert alignment.MEAN_FACE[1] == pytest.approx((np.mean(right_eye_x), np.mean(eye_y)), abs=1e-6)


def test_margin_is_room_on_each_side() -> None:
    assert alignment.template(150, 0.25)[2] == pytest.approx([74.0127, 76.5625])
    assert alignment.template(100, 0) == pytest.approx(100 * alignment.MEAN_FACE)


@pytest.mark.parametrize(("degrees", "scale"), [(0, 200), (25, 150), (-40, 60), (170, 400)])
def test_points_come_to_rest_on_the_template(degrees: float, scale: float) -> None:
    points = turned(alignment.MEAN_FACE - 0.5, degrees, scale, complex(400, 300))
    crop = alignment.align(dots(points, 600, 800, max(3, scale // 40)), points, 112)
    for x, y in alignment.template(112, 0.25):
        around = crop[round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7, 0].astype(float)
        rows, columns = np.mgrid[round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7] + 0.5
        centre = (columns * around).sum() / around.sum(), (rows * around).sum() / around.sum()
        assert centre == pytest.approx((x, y), abs=0.3)


@given(st.floats(-180, 180), st.floats(0.01, 100), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_fit_finds_the_similarity(degrees: float, scale: float, x: float, y: float) -> None:
    factor, offset = scale * np.exp(1j * np.deg2rad(degrees)), complex(x, y)
    target = turned(alignment.MEAN_FACE, degrees, scale, offset)
    fitted = alignment.fit(alignment.MEAN_FACE, target)
    assert abs(fitted.factor - factor) < 1e-6 * (1 + scale)
    assert abs(fitted.offset - offset) < 1e-6 * (1 + abs(offset))


def test_fit_is_the_least_squares_solution() -> None:
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    (x, y), (u, v) = source.T, target.T
    one, none = np.ones(5), np.zeros(5)
    equations = np.concatenate([np.stack([x, -y, one, none], axis=1), np.stack([y, x, none, one], axis=1)])
    a, b, c, d = np.linalg.lstsq(equations, np.concatenate([u, v]), rcond=None)[0]
    assert alignment.fit(source, target) == pytest.approx((complex(a, b), complex(c, d)))


def test_points_that_coincide_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        alignment.align(Image.new("RGB", (9, 9)), np.ones((5, 2)), 10)


def test_unaligned_crop_does_not_depend_on_the_resolution() -> None:
    small = Image.linear_gradient("L").resize((200, 160)).convert("RGB")
    large = Image.linear_gradient("L").resize((800, 640)).convert("RGB")
    first = alignment.crop(small, Box(60, 50, 40, 50), 64, 0.3)
    second = alignment.crop(large, Box(240, 200, 160, 200), 64, 0.3)
    assert np.abs(first.astype(int) - second).max() <= 3


def test_unaligned_crop_is_the_square_with_its_margin() -> None:
    image = dots(np.array([[100, 80]]), 200, 200, 50)
    crop = alignment.crop(image, Box(50, 60, 100, 40), 80, 0.5)
    inside = crop[..., 0] > 127
    assert inside.sum() == pytest.approx(np.pi * 20**2, rel=0.03)
    assert np.argwhere(inside).mean(axis=0) + 0.5 == pytest.approx([40, 40], abs=0.2)


def test_beyond_the_photo_is_black() -> None:
    white = Image.new("RGB", (100, 100), "white")
    crop = alignment.crop(white, Box(-50, -50, 100, 100), 100, 0)
    assert crop[:45, :45].max() == 0
    assert crop[55:, 55:].min() >= 254
    assert alignment.crop(white, Box(500, 500, 10, 10), 20, 0).max() == 0


def test_shrinking_averages_instead_of_skipping_pixels() -> None:
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = alignment.crop(Image.fromarray(stripes), Box(100, 100, 800, 800), 50, 0)
    assert crop[5:-5, 5:-5].min() > 110
    assert crop[5:-5, 5:-5].max() < 145


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        alignment.crop(Image.new("RGB", (9, 9)), Box(1, 1, 0, 0), 10)


def test_sharpness_falls_with_blur() -> None:
    rng = np.random.default_rng(1)
    sharp = rng.integers(0, 256, (64, 64, 3), np.uint8)
    blurred = np.asarray(Image.fromarray(sharp).resize((16, 16)).resize((64, 64)))
    assert alignment.sharpness(sharp) > 10 * alignment.sharpness(blurred)
    assert alignment.sharpness(np.full((8, 8, 3), 200, np.uint8)) == pytest.approx(0, abs=1e-9)
    assert alignment.sharpness(np.zeros((1, 1, 3), np.uint8)) == 0

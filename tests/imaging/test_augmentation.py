import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celebtool.imaging import augmentation
from celebtool.imaging.augmentation import Change, Fill, Operations, apply, augment, draw

OFF = Operations(rotate=0, shift=0, shear=0, zoom=0, flip=False, brightness=0)


def rgb(grey: list[list[int]]) -> np.ndarray:
    return np.repeat(np.array(grey, np.uint8)[:, :, None], 3, axis=2)


def smooth(side: int = 64) -> np.ndarray:
    y, x = np.mgrid[:side, :side] * (255 / side)
    return np.stack([x, y, (x + y) / 2], axis=2).astype(np.uint8)


ROW = [[10, 20, 30, 40, 50, 60, 70, 80]] * 8


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        ("nearest", [10, 10, 10, 20, 30, 40, 50, 60]),
        ("reflect", [20, 10, 10, 20, 30, 40, 50, 60]),
        ("wrap", [70, 80, 10, 20, 30, 40, 50, 60]),
        ("constant", [0, 0, 10, 20, 30, 40, 50, 60]),
    ],
)
def test_shift_and_what_is_seen_beyond_the_edge(fill: Fill, expected: list[int]) -> None:
    image = rgb(ROW)
    np.testing.assert_array_equal(apply(image, Change(right=0.25), fill), rgb([expected] * 8))
    np.testing.assert_array_equal(
        apply(image.transpose(1, 0, 2), Change(down=0.25), fill), rgb([expected] * 8).transpose(1, 0, 2)
    )


def test_half_a_pixel_is_interpolated() -> None:
    shifted = apply(rgb(ROW), Change(right=1 / 16))
    np.testing.assert_array_equal(shifted[0, 1:, 0], [15, 25, 35, 45, 55, 65, 75])


def test_rotation_is_anticlockwise() -> None:
    image = smooth(8)
    np.testing.assert_allclose(apply(image, Change(angle=90)), np.rot90(image), atol=1)  # Pillow rounds down
    np.testing.assert_allclose(apply(image, Change(angle=180)), np.rot90(image, 2), atol=1)


def test_zoom_magnifies_about_the_centre() -> None:
    doubled = apply(rgb(ROW), Change(scale=2))
    np.testing.assert_allclose(doubled[0, :, 0], [27.5, 32.5, 37.5, 42.5, 47.5, 52.5, 57.5, 62.5], atol=1)
    small = apply(np.full((8, 8, 3), 200, np.uint8), Change(scale=0.5), "constant")
    np.testing.assert_allclose(small[2:6, 2:6], 200, atol=1)
    assert np.count_nonzero(small) == 4 * 4 * 3


def test_shear_leans_to_the_right() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 31:33] = 255
    leaning = apply(image, Change(tilt=45))
    assert np.argmax(leaning[8, :, 0]) > 50
    assert np.argmax(leaning[56, :, 0]) < 14


def test_flip_and_brightness() -> None:
    image = rgb([[0, 100, 250]])
    np.testing.assert_array_equal(apply(image, Change(mirrored=True)), rgb([[250, 100, 0]]))
    np.testing.assert_array_equal(apply(image, Change(light=1.1)), rgb([[0, 110, 255]]))
    np.testing.assert_array_equal(apply(image, Change(light=0.5)), rgb([[0, 50, 125]]))


@pytest.mark.parametrize("shape", [(64, 64), (40, 90), (1, 1), (2, 7)])
@pytest.mark.parametrize("fill", ["nearest", "reflect", "wrap", "constant"])
def test_every_shape_and_extreme_amounts(shape: tuple[int, int], fill: Fill) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for change in (Change(33, 0.9, -0.9, 44, 0.1), Change(-180, 1, 1, -45, 1.9, mirrored=True, light=2)):
        changed = apply(image, change, fill)
        assert changed.shape == image.shape
        assert changed.dtype == np.uint8


def test_nothing_changes_when_all_is_off() -> None:
    np.testing.assert_array_equal(augment(smooth(), OFF, (1, 2, 3)), smooth())
    assert draw(OFF, (5,)) == Change()


@given(st.lists(st.integers(0, 2**64), min_size=1, max_size=4).map(tuple))
def test_amounts_stay_in_their_ranges_and_are_functions_of_the_seed(seed: tuple[int, ...]) -> None:
    operations = Operations(rotate=30, shift=0.2, shear=8, zoom=0.3, flip=True, brightness=0.4)
    change = draw(operations, seed)
    assert change == draw(operations, seed)
    assert abs(change.angle) <= 30
    assert max(abs(change.right), abs(change.down)) <= 0.2
    assert abs(change.tilt) <= 8
    assert 0.7 <= change.scale <= 1.3
    assert 0.6 <= change.light <= 1.4


def test_amounts_fill_their_ranges() -> None:
    changes = [draw(Operations(rotate=30), (0, index)) for index in range(400)]
    angles = [change.angle for change in changes]
    assert min(angles) < -28
    assert max(angles) > 28
    assert 150 < sum(change.mirrored for change in changes) < 250


def test_switching_one_operation_off_leaves_the_others() -> None:
    with_shear, without = draw(Operations(), (7,)), draw(Operations(shear=0), (7,))
    assert with_shear._replace(tilt=0.0) == without


def test_copies_differ_by_seed() -> None:
    first, second = (augment(smooth(), Operations(), (0, index)) for index in (1, 2))
    assert (first != second).any()


def test_sheet_shows_every_image_in_its_place() -> None:
    white, black = (np.full((20, 10, 3), value, np.uint8) for value in (255, 0))
    sheet = augmentation.sheet([[black, white], [black]], side=20, gap=2)
    assert sheet.shape == (46, 46, 3)
    assert (sheet[2:22, 2:12] == 0).all()
    assert (sheet[24:44, 2:12] == 0).all()
    assert (sheet[:, 24:] == 255).all()


@pytest.mark.slow
def test_three_hundred_images_a_second() -> None:
    image = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    started = time.process_time()
    for index in range(100):
        augment(image, Operations(rotate=20, fill="reflect"), (0, index))
    assert time.process_time() - started < 100 / 300 * 2  # twice the time: machines differ

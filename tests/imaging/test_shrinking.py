import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from celebtool.imaging import shrinking


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), np.uint8)


def test_a_pixel_is_the_mean_of_its_area() -> None:
    image = np.array([[[0, 30, 60, 90, 120]]], np.uint8)
    assert shrinking.shrink(image, (1, 2)).tolist() == pytest.approx(np.array([[[24, 96]]]))
    assert shrinking.shrink(image, (1, 3))[0, 0] == pytest.approx([12, 60, 108])
    assert shrinking.shrink(image, (1, 5)).tolist() == image.tolist()


def test_planes_are_the_channels() -> None:
    image = picture(5, 7)
    assert (shrinking.planes(Image.fromarray(image)) == image.transpose(2, 0, 1)).all()


@given(st.integers(1, 90), st.integers(1, 90), st.data())
def test_areas_computed_pixel_by_pixel(height: int, width: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    image = picture(height, width).transpose(2, 0, 1)
    down, across = (
        np.repeat(np.eye(old), new, axis=0).reshape(new, old, old).mean(1)
        for old, new in zip(image.shape[1:], size, strict=True)
    )
    wanted = down @ image.astype(float) @ across.T
    assert shrinking.shrink(image, size) == pytest.approx(wanted, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        (500, 700, (213, 299)),
        (333, 500, (71, 107)),
        (600, 800, (360, 480)),
        (31, 44, (13, 18)),
        (24, 24, (8, 12)),
        (17, 17, (16, 16)),
    ],
)
def test_it_is_tensorflows_resize_area(height: int, width: int, size: tuple[int, int]) -> None:
    import tensorflow as tf

    image = picture(height, width)
    theirs = tf.raw_ops.ResizeArea(images=image[None], size=size)[0].numpy()
    assert shrinking.shrink(image.transpose(2, 0, 1), size).transpose(1, 2, 0) == pytest.approx(theirs, abs=1e-4)

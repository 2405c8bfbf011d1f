import numpy as np
import pytest
from PIL import Image

from celebtool.imaging import patches


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("height", [1, 63, 64, 65, 200])
def test_packed_pixels_hold_red_green_and_blue(height: int) -> None:
    image = picture(height, 7)
    assert (patches.packed(Image.fromarray(image)).view(np.uint8).reshape(height, 7, 4)[..., :3] == image).all()


def test_points_between_pixels_are_interpolated() -> None:
    """Of 4 x 4 pixels, a square from 0 to 2 shows points 0, 0.75 and 1.5: sides are counted as TensorFlow counts them."""
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    pixels = patches.packed(Image.fromarray(np.repeat(grey[..., None], 3, axis=2)))
    (patch,) = patches.cut(pixels, np.array([[0, 0, 2, 2]], np.float32), 3)
    assert patch[..., 0] == pytest.approx(np.array([[0, 0.75, 1.5], [3, 3.75, 4.5], [6, 6.75, 7.5]]))
    assert (patch[..., :1] == patch[..., :3]).all()


def test_beyond_the_picture_is_grey() -> None:
    pixels = patches.packed(Image.new("RGB", (40, 30), "white"))
    beyond, half = patches.cut(pixels, np.array([[50, 50, 60, 60], [-20, 5, 20, 25]], np.float32), 24)
    assert (beyond == patches.OUTSIDE).all()
    assert (half[:, :12] == patches.OUTSIDE).all()
    assert (half[:, 12:, :3] == 255).all()


@pytest.mark.slow
@pytest.mark.parametrize("size", [24, 48])
def test_it_is_tensorflows_crop_and_resize(size: int) -> None:
    import tensorflow as tf

    rng, (height, width) = np.random.default_rng(1), (300, 430)
    image = picture(height, width)
    centres, sides = rng.uniform(-50, 430, (200, 2)), rng.uniform(5, 400, (200, 1))
    squares = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1).astype(np.float32)
    theirs = tf.raw_ops.CropAndResize(
        image=image[None],
        boxes=squares[:, [1, 0, 3, 2]] / np.array([height, width, height, width], np.float32),
        box_ind=np.zeros(200, np.int32),
        crop_size=(size, size),
        extrapolation_value=127.5,
    )
    ours = patches.cut(patches.packed(Image.fromarray(image)), squares, size)
    assert ours[..., :3] == pytest.approx(theirs.numpy(), abs=1e-4)

"""Cutting what a face network looks at out of a crop, with standard layers."""

from keras import KerasTensor, layers


def window(image: KerasTensor, size: int, *, left: float = 0.0, up: float = 0.0) -> KerasTensor:
    """Return the square of `size` pixels in the middle of images (n, height, width, 3), black where it leaves them.

    Args:
        image: the crop, RGB 0 to 255.
        size: side of the square in pixels.
        left: how far the square's centre lies left of the crop's, in pixels.
        up: and above it.
    """
    sides = [_missing(image.shape[axis], size, shift) for axis, shift in ((1, up), (2, left))]
    less = [[max(0, -pixels) for pixels in side] for side in sides]
    more = [[max(0, pixels) for pixels in side] for side in sides]
    if any(map(any, less)):
        image = layers.Cropping2D(less, name="preprocess_crop")(image)
    if any(map(any, more)):
        image = layers.ZeroPadding2D(more, name="preprocess_pad")(image)
    return image


def _missing(length: int, size: int, shift: float) -> tuple[int, int]:
    """Return how many pixels an axis lacks before and after it; negative: has too many."""
    before = round(size / 2 + shift - length / 2)
    return before, size - length - before

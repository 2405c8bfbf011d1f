"""Change face images at random: rotate, shift, shear, zoom, mirror, lighten or darken.

The `augment` command and training share this. Every random number is a pure function of the given seed, so that a copy
can be made again, alone and in any order.
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RGBImage = NDArray[np.uint8]
Fill = Literal["nearest", "reflect", "wrap", "constant"]

_PAD_MODES: dict[Fill, Literal["edge", "symmetric", "wrap", "constant"]] = {
    "nearest": "edge",
    "reflect": "symmetric",
    "wrap": "wrap",
    "constant": "constant",
}


@dataclass(frozen=True)
class Operations:
    """How far an image may be changed; every amount is drawn uniformly from its range. 0 switches an operation off.

    Args:
        rotate: degrees, to either side.
        shift: share of the width and, drawn separately, of the height, to either side.
        shear: degrees by which vertical lines are tilted, to either side.
        zoom: share by which the image is enlarged or shrunk, with its proportions; less than 0.9.
        flip: mirror images with a probability of one half.
        brightness: share by which all values are raised or lowered.
        fill: what is shown beyond the edge: the edge's colour, the mirror image, the opposite side, or black.
    """

    rotate: float = 10.0
    shift: float = 0.05
    shear: float = 5.0
    zoom: float = 0.1
    flip: bool = True
    brightness: float = 0.2
    fill: Fill = "nearest"


class Change(NamedTuple):
    """The change of one image; the defaults change nothing.

    Args:
        angle: degrees, anticlockwise.
        right: shift as a share of the width.
        down: shift as a share of the height.
        tilt: degrees by which vertical lines lean to the right.
        scale: factor by which the image is enlarged.
        mirrored: left and right are swapped, before anything else.
        light: factor of all values, which are clipped at 255.
    """

    angle: float = 0.0
    right: float = 0.0
    down: float = 0.0
    tilt: float = 0.0
    scale: float = 1.0
    mirrored: bool = False
    light: float = 1.0


def augment(image: RGBImage, operations: Operations, seed: tuple[int, ...]) -> RGBImage:
    """Return a changed copy of an image (height, width, 3); equal arguments give equal copies.

    Args:
        image: RGB (height, width, 3).
        operations: how far it may be changed.
        seed: numbers of 0 or more that name the copy, such as (seed, epoch, index).
    """
    return apply(image, draw(operations, seed), operations.fill)


def draw(operations: Operations, seed: tuple[int, ...]) -> Change:
    """Draw the change of one copy; switching one operation off does not change the others."""
    numbers = np.random.default_rng(seed).random(7)
    swing = 2 * numbers - 1
    return Change(
        angle=operations.rotate * swing[0],
        right=operations.shift * swing[1],
        down=operations.shift * swing[2],
        tilt=operations.shear * swing[3],
        scale=1 + operations.zoom * swing[4],
        mirrored=operations.flip and bool(numbers[5] < 0.5),
        light=1 + operations.brightness * swing[6],
    )


def apply(image: RGBImage, change: Change, fill: Fill = "nearest") -> RGBImage:
    """Return an image (height, width, 3) changed in one bilinear warp: shear, zoom, rotate and shift, in this order."""
    if change.mirrored:
        image = image[:, ::-1]
    if change[:5] != Change()[:5]:
        image = _warped(image, _inverse(change, *image.shape[:2]), fill)
    if change.light != 1:
        image = np.rint(np.clip(np.arange(256) * change.light, 0, 255)).astype(np.uint8)[image]
    return np.ascontiguousarray(image)


def sheet(rows: list[list[RGBImage]], side: int = 128, gap: int = 4) -> RGBImage:
    """Return images in rows on white, each scaled to fit a square of ``side`` pixels."""
    step = side + gap
    canvas = Image.new("RGB", (max(map(len, rows)) * step + gap, len(rows) * step + gap), "white")
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            picture = Image.fromarray(image)
            picture.thumbnail((side, side))
            canvas.paste(picture, (gap + x * step, gap + y * step))
    return np.asarray(canvas)


def _inverse(change: Change, height: int, width: int) -> NDArray[np.float64]:
    """Return the (2, 3) map from the copy's coordinates back to the image's, both in pixels from the corner."""
    angle, tilt = math.radians(change.angle), math.radians(change.tilt)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    back = np.linalg.inv(turn @ np.array([[1, -math.tan(tilt)], [0, 1]]) * change.scale)
    centre = np.array([width, height]) / 2
    return np.column_stack([back, centre - back @ (centre + centre * 2 * (change.right, change.down))])


def _warped(image: RGBImage, inverse: NDArray[np.float64], fill: Fill) -> RGBImage:
    """Return the image warped by the map that `_inverse` returned."""
    height, width = image.shape[:2]
    corners = inverse @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    before = [max(0, math.ceil(1 - low)) for low in corners.min(axis=1)]
    after = [max(0, math.ceil(1 + high)) for high in corners.max(axis=1) - (width, height)]
    padded = np.pad(image, ((before[1], after[1]), (before[0], after[0]), (0, 0)), mode=_PAD_MODES[fill])
    moved = inverse + np.column_stack([np.zeros((2, 2)), before])
    picture = Image.fromarray(padded)
    warped = picture.transform(
        (width, height), Image.Transform.AFFINE, moved.ravel().tolist(), Image.Resampling.BILINEAR
    )
    return np.asarray(warped)

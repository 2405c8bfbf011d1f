"""What an open image file shows: upright and as RGB, whatever its mode, its depth and its orientation."""

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

_STRIP = 256  # rows

_TURNS = {  # EXIF's tag 274 → what brings the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def shown(file: Image.Image) -> Image.Image:
    """Return the first frame upright as RGB, 16-bit scaled, transparency over white.

    Raises:
        Exception: whatever a decoder stumbles on in a damaged file.
    """
    turn = _TURNS.get(orientation(file))
    picture = _rgb(file)
    return picture if turn is None else picture.transpose(turn)


def orientation(file: Image.Image) -> int:
    """Return EXIF's orientation, 1 to 8; 1 where there is none, or none that can be read."""
    if file.format == "PNG" and not file.info.get("exif"):
        return 1  # Pillow would decode the whole picture to look behind it
    try:
        return int(file.getexif().get(ExifTags.Base.Orientation, 1) or 1)
    except Exception:  # noqa: BLE001  broken EXIF data say nothing against the picture
        return 1


def _rgb(file: Image.Image) -> Image.Image:
    """Return a picture of any mode as RGB; ``convert`` alone clips 16 bits and bares what is transparent."""
    if file.mode.startswith("I"):  # 16-bit grey, 65,535 being white
        return Image.fromarray(_eight_bits(file)).convert("RGB")
    if file.mode == "F":
        message = "floating-point pixels have no known range"
        raise ValueError(message)
    if file.mode == "RGB" and not file.has_transparency_data:  # which `convert` would copy
        file.load()
        return file
    if not file.has_transparency_data:
        return file.convert("RGB")
    colours = file.convert("RGBA")
    picture = Image.new("RGB", colours.size, "white")
    picture.paste(colours, mask=colours)
    return picture


def _eight_bits(file: Image.Image) -> NDArray[np.uint8]:
    """Return a grey picture of 16 bits in 8, strip by strip: it may be large."""
    width, height = file.size
    file.load()
    grey = np.empty((height, width), np.uint8)
    for top in range(0, height, _STRIP):
        strip = np.asarray(file.crop((0, top, width, min(top + _STRIP, height))), np.int64)
        grey[top : top + _STRIP] = (np.clip(strip, 0, 65535) + 128) // 257
    return grey

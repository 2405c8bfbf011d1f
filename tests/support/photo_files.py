"""Image files written byte by byte: what no encoder writes, or not at such sizes."""

import io
import struct
import zlib
from collections.abc import Iterable

from PIL import Image

from tests.conftest import random_image


def encoded(form: str, size: tuple[int, int] = (48, 48), mode: str = "RGB", **options: object) -> bytes:
    """Return a picture in a format of Pillow's."""
    stream = io.BytesIO()
    random_image("face", max(size)).crop((0, 0, *size)).convert(mode).save(stream, form, **options)
    return stream.getvalue()


def png_chunk(kind: bytes, content: bytes = b"") -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    size: tuple[int, int], depth: int, colours: int, data: Iterable[bytes], extra: bytes = b"", interlaced: int = 0
) -> bytes:
    """Return a PNG with this header, these IDAT chunks, and chunks before them; they need not fit together."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colours, 0, 0, interlaced))
    pieces = b"".join(png_chunk(b"IDAT", piece) for piece in data)
    return b"\x89PNG\r\n\x1a\n" + header + extra + pieces + png_chunk(b"IEND")


def compressed_zeros(count: int) -> bytes:
    """Return so many zero bytes, compressed."""
    compressor = zlib.compressobj(1)
    pieces = [compressor.compress(bytes(min(1 << 20, count - start))) for start in range(0, count, 1 << 20)]
    return b"".join([*pieces, compressor.flush()])


def flat_png(size: tuple[int, int], depth: int = 8, colours: int = 2, *, interlaced: bool = False) -> bytes:
    """Return a whole, black PNG."""
    width, height = size
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    row = 1 + (width * channels * depth + 7) // 8
    extra = png_chunk(b"PLTE", bytes(6)) if colours == 3 else b""
    return png(size, depth, colours, [compressed_zeros(row * height * (2 if interlaced else 1))], extra, interlaced)


def bmp(size: tuple[int, int], bits: int, compression: int, data: bytes) -> bytes:
    """Return a BMP of such a compression (0 none, 1 run lengths of 8 bits, 2 of 4 bits)."""
    palette = bytes(range(255, -1, -1)) * 4 if bits <= 8 else b""
    palette = palette[: 4 << bits]
    start = 54 + len(palette)
    header = struct.pack("<IIIHHIIIIII", 40, *size, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, start) + header + palette + data


def pnm(kind: str, size: tuple[int, int], most: int, data: bytes) -> bytes:
    """Return a Netpbm image, its samples as they are."""
    header = f"{kind} {size[0]} {size[1]}" + ("" if kind in ("P1", "P4") else f" {most}")
    return header.encode() + b"\n" + data


def flat(form: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    """Return a picture of one colour in a format of Pillow's."""
    stream = io.BytesIO()
    Image.new(mode, size, 7 if mode in ("L", "P", "1") else "teal").save(stream, form, **options)
    return stream.getvalue()


def jpeg_with_scans(count: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """Return a progressive JPEG whose last scan comes again so often."""
    data = flat("JPEG", size, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


LABORIOUS = {  # what takes a decoder long, as a function of the file's length
    "jpeg, a run of FF": lambda n: b"\xff\xd8\xff" + b"\xff" * n + bytes(16),
    "jpeg, FF and zeros": lambda n: b"\xff\xd8\xff" + b"\xff\0" * (n // 2),
    "jpeg, restarts": lambda n: b"\xff\xd8" + b"\xff\xd0" * (n // 2),
    "jpeg, temporary marks": lambda n: b"\xff\xd8\xff" + b"\xff\x01" * (n // 2),
    "jpeg, empty segments": lambda n: b"\xff\xd8" + b"\xff\xe2\0\2" * (n // 4),
    "jpeg, segments without a length": lambda n: b"\xff\xd8" + b"\xff\xe2\0\0" * (n // 4),
    "jpeg, scans of nothing": lambda n: b"\xff\xd8" + b"\xff\xda\0\2" * (n // 4),
    "jpeg, junk": lambda n: b"\xff\xd8\xff\xe0\0\2" + b"\x55" * n,
    "jpeg, a picture and a run of FF": lambda n: encoded("JPEG")[:-2] + b"\xff" * n,
    "jpeg, a picture and junk": lambda n: encoded("JPEG")[:-2] + b"\x55\xff\0" * (n // 3),
    "png, empty chunks": lambda n: png((30, 30), 8, 2, [compressed_zeros(2730)], png_chunk(b"prVt") * (n // 12)),
    "png, empty data": lambda n: png((30, 30), 8, 2, [b""] * (n // 12) + [compressed_zeros(2730)]),
    "png, texts": lambda n: png((30, 30), 8, 2, [compressed_zeros(2730)], png_chunk(b"tEXt", b"a\0") * (n // 14)),
    "png, colour profiles": lambda n: png(
        (30, 30), 8, 2, [compressed_zeros(2730)], png_chunk(b"iCCP", b"a\0\0" + compressed_zeros(10**6)) * (n // 1000)
    ),
    "bmp, ends of lines": lambda n: bmp((1000, 1000), 8, 1, bytes(n)),
    "bmp, runs of nothing": lambda n: bmp((1000, 1000), 8, 1, b"\1\1" * 2000 + b"\1\0" * (n // 2)),
    "pgm, comments": lambda n: pnm("P2", (20, 20), 255, b"#\n" * (n // 2)),
    "pgm, a comment in the header": lambda n: b"P2 #" + b"x" * n + b"\n20 20 255\n" + b"1 " * 400,
    "pgm, spaces": lambda n: pnm("P2", (20, 20), 255, b" " * n + b"1 " * 400),
    "pbm, digits": lambda n: pnm("P1", (1000, 1000), 1, b"1" * n),
    "gif, comments": lambda n: _gif(b"!\xfe" + b"\1a" * (n // 2) + b"\0"),
    "gif, empty extensions": lambda n: _gif(b"!\xff\0" * (n // 3)),
    "gif, junk": lambda n: _gif(b"x" * n),
    "webp, frames": lambda n: _film(n // 20),
}


def _gif(extra: bytes) -> bytes:
    data = encoded("GIF", (30, 30), "L")
    start = 13 + (3 << (data[10] & 7) + 1 if data[10] & 128 else 0)
    return data[:start] + extra + data[start:]


def _film(frames: int) -> bytes:
    stream = io.BytesIO()
    more = [Image.new("L", (16, 16), number % 256) for number in range(min(frames, 2000))]
    more[0].save(stream, "WEBP", save_all=True, append_images=more[1:])
    return stream.getvalue()

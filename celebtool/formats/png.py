"""What a PNG costs to decode, told from its chunks.

PNG specification (third edition), 5.3 (chunk layout), 11.3 (ancillary chunks).
"""

import os
from typing import BinaryIO

MAX_CHUNKS = 1 << 17  # Pillow reads each in a Python loop; encoders write one for 8 KB of data
MAX_COMPRESSED = 64  # compressed texts and colour profiles; Pillow expands each, up to a megabyte

_SIGNATURE = 8
_COMPRESSED = (b"iCCP", b"zTXt", b"iTXt")


def is_laborious(file: BinaryIO) -> bool:
    """Say whether an open PNG has more chunks, or more compressed texts, than a decoder can be asked to go through.

    Only the heads of chunks are read.
    """
    size = file.seek(0, os.SEEK_END)
    position, chunks, compressed = _SIGNATURE, 0, 0
    while position < size:
        file.seek(position)
        head = file.read(8)
        chunks += 1
        compressed += head[4:] in _COMPRESSED
        if chunks > MAX_CHUNKS or compressed > MAX_COMPRESSED:
            return True
        if len(head) < 8 or head[4:] == b"IEND":
            return False
        position += 12 + int.from_bytes(head[:4], "big")
    return False

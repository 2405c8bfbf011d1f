"""What a JPEG costs to decode, told from its markers: a small file can keep a decoder busy for minutes.

ITU-T T.81, B.1.1 (markers) and B.2.3 (scans).
"""

import re
from typing import BinaryIO

SIGNATURE = b"\xff\xd8\xff"
MAX_SEGMENTS = 4096  # Pillow joins those of one kind, at a cost that grows with the square of their number
MAX_SCANS = 32  # each goes over the whole picture; encoders write about ten

_HEADER = 1 << 16
_LONGEST = 1 << 27  # bytes of a picture in several scans
_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])")  # those of restarts stand alone, within a scan
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_BASELINE = (0xC0, 0xC1)


def is_laborious(file: BinaryIO) -> bool:
    """Say whether an open JPEG has more segments or scans than a decoder can be asked to go through.

    Of a picture in one scan, nearly every photo, no more than the header is read.
    """
    file.seek(0)
    data = file.read(_HEADER)
    while (verdict := _judge(data)) is None and (more := file.read(len(data))):
        data += more
        if len(data) > _LONGEST:
            return True
    return bool(verdict)


def _judge(data: bytes) -> bool | None:
    """Judge by the beginning of a file; None if it does not tell."""
    segments, scans, components, is_baseline, position = 0, 0, 0, False, 2
    while found := _MARKER.search(data, position):
        marker, position = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            return False
        segments += 1
        scans += marker == _START_OF_SCAN
        if segments > MAX_SEGMENTS or scans > MAX_SCANS:
            return True
        if len(data) < position + 8:
            return None
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            components, is_baseline = data[position + 7], marker in _BASELINE
        if marker == _START_OF_SCAN and is_baseline and data[position + 2] >= components:
            return False
        position += int.from_bytes(data[position : position + 2], "big")
    return None

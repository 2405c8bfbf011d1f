"""What the markers of a JPEG tell: what it costs to decode, and where its picture ends.

A small file can keep a decoder busy for minutes; a whole picture may lack its end mark.

ITU-T T.81, B.1.1 (markers), B.2.3 (scans) and G.1.1 (progressive scans).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

END = b"\xff\xd9"
MAX_SEGMENTS = 4096  # Pillow joins those of one kind, at a cost that grows with the square of their number
MAX_SCANS = 32  # each goes over the whole picture; encoders write about ten

_HEADER = 1 << 16
_LONGEST = 1 << 25  # bytes of a picture in several scans, 50 nanoseconds each
# A marker is the last FF of a run and a byte. Those of restarts stand alone, within a scan. No repetition here: with
# one, the time to search a run of FF would grow with the square of its length.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_START_OF_SCAN, _START_OF_IMAGE, _END_OF_IMAGE = 0xDA, 0xD8, 0xD9
_BASELINE = (0xC0, 0xC1)
_COEFFICIENTS = (1 << 64) - 1


@dataclass(frozen=True)
class _Segment:
    """A marker, where it stands, and what follows its length, as far as it is there."""

    marker: int
    start: int
    body: bytes


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


def end_of_picture(data: bytes) -> int | None:
    """Return the length of a file's beginning that holds all scans of its picture; None if it lacks some.

    The last scan may still be cut off: only its decoder can tell. Behind a picture in one scan anything may follow;
    behind others only the end mark, another picture's beginning, or the end of the file, because a film's bytes would
    complete a scan that is cut off.
    """
    seen = _Seen()
    for segment in _segments(data):
        if segment.marker in (_START_OF_IMAGE, _END_OF_IMAGE) or seen.in_one_scan():
            return segment.start if seen.all() else None
        seen.add(segment)
    return len(data.rstrip(b"\xff")) if seen.all() else None


def fillers(data: bytes) -> tuple[bytes, ...]:
    """Return what may follow data that are cut off within a scan, each of which a decoder would take for another picture.

    Nothing, bits of both kinds, and the same behind the restart mark that would come next. Behind whole data all of it
    is skipped.
    """
    bits = bytes((0x5A, 0xC3, 0x96, 0x3C)) * 16
    restarts = _RESTART.findall(data)
    next_restart = bytes((0xFF, 0xD0 + (restarts[-1][0] - 0xD0 + 1) % 8 if restarts else 0xD0))
    return b"", bits, bytes(0xFE - each for each in bits), next_restart + bits


def _judge(data: bytes) -> bool | None:
    """Judge by the beginning of a file; None if it does not tell."""
    scans, seen = 0, _Seen()
    for number, segment in enumerate(_segments(data), start=1):
        if segment.marker == _END_OF_IMAGE:
            return False
        scans += segment.marker == _START_OF_SCAN
        if number > MAX_SEGMENTS or scans > MAX_SCANS:
            return True
        seen.add(segment)
        if seen.in_one_scan():
            return False
    return None


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield the segments of a file, in one pass; data between them, such as scans', are skipped."""
    position = 2
    while found := _MARKER.search(data, position):
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        position = found.end() + (0 if found[1][0] == _END_OF_IMAGE else length)
        yield _Segment(found[1][0], found.start(), data[found.end() + 2 : position])


@dataclass
class _Seen:
    """What the scans so far have given: of each component, which of its 64 coefficients in full precision."""

    is_baseline: bool = False
    coefficients: dict[int, int] = field(default_factory=dict)  # a component's identifier → a bit for each
    scans: int = 0

    def add(self, segment: _Segment) -> None:
        """Take note of a frame's header or a scan's; anything else, and damage, gives nothing."""
        body = segment.body
        if 0xC0 <= segment.marker <= 0xCF and segment.marker not in (0xC4, 0xC8, 0xCC):
            self.is_baseline = segment.marker in _BASELINE
            self.coefficients = dict.fromkeys(body[6 : 6 + 3 * body[5] : 3], 0) if len(body) > 5 else {}
        if segment.marker == _START_OF_SCAN and len(body) >= 4 and len(body) == 4 + 2 * body[0]:
            self.scans += 1
            given = _COEFFICIENTS if self.is_baseline else _refined(*body[-3:])
            for component in body[1:-3:2]:
                self.coefficients[component] = self.coefficients.get(component, 0) | given

    def all(self) -> bool:
        """Say whether all of the picture has been given."""
        return bool(self.coefficients) and all(each == _COEFFICIENTS for each in self.coefficients.values())

    def in_one_scan(self) -> bool:
        """Say whether it was given by one scan, behind which nothing can follow."""
        return self.is_baseline and self.scans == 1 and self.all()


def _refined(first: int, last: int, precision: int) -> int:
    """Return the coefficients, a bit for each, that a progressive scan gives to the last bit."""
    return ((2 << min(last, 63)) - 1) & -(1 << first) if precision & 15 == 0 else 0

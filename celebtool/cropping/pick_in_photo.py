"""Pick the right face of one photo, by a rule that looks at this photo alone."""

import math
from collections.abc import Sequence
from typing import Literal

from celebtool.formats.reasons import Reason
from celebtool.imaging.alignment import Face

Rule = Literal["identity", "largest", "center", "confident", "only", "all"]


def side(face: Face) -> float:
    """Return the size of a face: the longer side of its box, in pixels."""
    return max(face.box.width, face.box.height)


def eligible(faces: Sequence[Face], min_face: float, min_confidence: float) -> tuple[list[Face], Reason | None]:
    """Return the faces that are certain and large enough, or the reason why there are none."""
    certain = [face for face in faces if face.confidence >= min_confidence]
    large = [face for face in certain if side(face) >= min_face]
    if large:
        return large, None
    if certain:
        return [], Reason.TOO_SMALL
    return [], Reason.LOW_CONFIDENCE if faces else Reason.NO_FACE


def choose(faces: Sequence[Face], image_size: tuple[int, int], rule: Rule) -> list[Face]:
    """Return the face that a rule picks in a photo of `image_size` = (height, width), or all of them.

    ``only`` picks nothing in a photo of several faces. ``identity`` needs the other photos of the folder, so all faces
    are returned. Of equal faces the first is picked.
    """
    if rule in {"all", "identity"} or not faces:
        return list(faces)
    if rule == "only":
        return list(faces) if len(faces) == 1 else []
    if rule == "center":
        return [min(faces, key=lambda face: _distance_from_centre(face, image_size))]
    if rule == "confident":
        return [max(faces, key=lambda face: face.confidence)]
    return [max(faces, key=lambda face: face.box.width * face.box.height)]


def _distance_from_centre(face: Face, image_size: tuple[int, int]) -> float:
    """Return how far the centre of a face is from the photo's, in pixels."""
    height, width = image_size
    left, top, box_width, box_height = face.box
    return math.hypot(left + box_width / 2 - width / 2, top + box_height / 2 - height / 2)

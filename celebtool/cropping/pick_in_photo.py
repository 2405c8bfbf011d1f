"""Which of the faces in a photo are meant."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

from celebtool.imaging.alignment import Face

Rule = Literal["identity", "largest", "center", "confident", "only", "all"]
RULES: tuple[Rule, ...] = get_args(Rule)


def side(face: Face) -> float:
    """Return the longer side of a face's box in pixels: what is meant by the size of a face."""
    return max(face.box.width, face.box.height)


def eligible(faces: Sequence[Face], min_face: float, min_confidence: float) -> tuple[list[Face], str]:
    """Return the faces that are sure and large enough; if there are none, also why, as a manifest's reason."""
    sure = [face for face in faces if face.confidence >= min_confidence]
    large = [face for face in sure if side(face) >= min_face]
    reason = "" if large else "too_small" if sure else "low_confidence" if faces else "no_face"
    return large, reason


def choose(faces: Sequence[Face], image_size: tuple[int, int], rule: Rule) -> list[Face]:
    """Return the face that a rule picks in a photo of ``image_size`` = (height, width), or all of them.

    ``only`` picks nothing in a photo of several faces; ``identity`` cannot be told from one photo, and all faces
    are returned. Of equals, the first is taken.
    """
    if rule in {"all", "identity"} or not faces:
        return list(faces)
    if rule == "only":
        return list(faces) if len(faces) == 1 else []
    if rule == "center":
        return [min(faces, key=lambda face: _eccentricity(face, image_size))]
    if rule == "confident":
        return [max(faces, key=lambda face: face.confidence)]
    return [max(faces, key=lambda face: face.box.width * face.box.height)]


def _eccentricity(face: Face, image_size: tuple[int, int]) -> float:
    """Return how far a face's centre is from the photo's, in pixels."""
    height, width = image_size
    left, top, box_width, box_height = face.box
    return math.hypot(left + box_width / 2 - width / 2, top + box_height / 2 - height / 2)

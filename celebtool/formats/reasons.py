"""Reasons: why an image or a photo is not part of an output, as `manifest.csv` writes them."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """A word of the manifest's column `reason`; docs/formats.md explains each."""

    MISSING = "missing"
    NOT_AN_IMAGE = "not_an_image"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    NO_FACE = "no_face"
    LOW_CONFIDENCE = "low_confidence"
    TOO_SMALL = "too_small"
    SEVERAL_FACES = "several_faces"
    OTHER_PERSON = "other_person"
    DELETED = "deleted_by_hand"
    DROPPED = "dropped"
    CONFIRMED = "confirmed"
    MOVED = "moved"
    FACE_CHOSEN = "face_chosen"
    SMALL_CLASS = "small_class"
    SURPLUS = "surplus"
    LABEL_CONFLICT = "label_conflict"
    NEAR_DUPLICATE = "near_duplicate"
    STRANGER = "stranger"


BY_HAND = frozenset({Reason.DELETED, Reason.DROPPED})
"""What a person left out."""


def words(reason: str) -> str:
    """Return a reason, which a manifest may have from anybody, as people read it: ``no face``."""
    return reason.replace("_", " ")


class Rejection(NamedTuple):
    """Why an input gives no output: the word, and a sentence with the figures."""

    reason: Reason
    detail: str

"""Choose the faces of photos as `pick_in_folder` does, and as a person has decided where a person has.

A photo that is dropped has no part in finding its folder's person. One that is moved is looked at with those of the folder
that it is moved to. A face that is taken stands for its photo.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from celebtool.cropping import pick_in_folder
from celebtool.cropping.pick_in_folder import Choice, Decided
from celebtool.cropping.pick_in_photo import Rule
from celebtool.cropping.plan import CropSettings, Task
from celebtool.errors import CelebtoolError, count
from celebtool.formats.decision_targets import Alias
from celebtool.formats.decisions import REASONS, Decision, Decisions, Verb
from celebtool.formats.faces import PhotoResult
from celebtool.formats.reasons import Reason, Rejection, words


def with_wanted(tasks: Sequence[Task], decisions: Decisions) -> list[Task]:
    """Return the tasks with the faces that must be cut out because a person wants them, whatever the rule picks."""
    return [replace(task, wanted=_wanted(decisions.of(task.source))) for task in tasks]


def alias(tasks: Sequence[Task], settings: CropSettings) -> Alias:
    """Return what knows the photo (and, where a photo gives several crops, the face) that the path of a crop stands for."""
    targets = {task.target: task.source for task in tasks}

    def photo(path: str) -> tuple[str, int | None] | None:
        stem, dot, suffix = path.rpartition(".")
        if not dot or suffix != settings.format:
            return None
        stem = stem.partition("/")[2] if settings.group else stem
        if settings.select != "all":
            return (targets[stem], None) if stem in targets else None
        match = re.fullmatch(r"(.*)-([1-9]\d{0,5})", stem, re.DOTALL)
        return (targets[match[1]], int(match[2])) if match and match[1] in targets else None

    return photo


def choose(
    photos: Sequence[PhotoResult], labels: Mapping[str, str], rule: Rule, decisions: Decisions
) -> tuple[list[Choice], list[str]]:
    """Return the choice for each photo, in their order, and warnings for the user; see `pick_in_folder.choose`.

    Raises:
        CelebtoolError: a decision is about a face that its photo does not have.
    """
    for photo in photos:
        _check_faces(photo, decisions)
    remaining = [
        _considered(photo, decisions.of(photo.source), rule) for photo in photos if not _is(photo, decisions, Verb.DROP)
    ]
    labels = {photo.source: _label(photo, labels, decisions) for photo in photos}
    choices, warnings = pick_in_folder.choose(remaining, labels, rule)
    chosen = {choice.photo.source: choice for choice in choices}
    result = []
    for photo in photos:
        choice = replace(chosen.get(photo.source, Choice(photo, labels[photo.source])), photo=photo)
        own = decisions.of(photo.source)
        if own and own[0].face is None:
            choice = _of_photo(choice, own[0])
            warnings += _warnings(choice, own[0], decisions)
        elif own:
            choice = _of_faces(choice, own, rule)
        result.append(choice)
    return result, warnings


def _wanted(own: Sequence[Decision]) -> tuple[int, ...]:
    return tuple(each.face - 1 for each in own if each.face and each.verb != Verb.DROP)


def _check_faces(photo: PhotoResult, decisions: Decisions) -> None:
    for each in decisions.of(photo.source):
        if each.face and each.face > len(photo.faces):
            problem = f"{photo.source} has {count(len(photo.faces), 'face')}; there is no face {each.face}"
            raise CelebtoolError(decisions.where(each), problem)


def _is(photo: PhotoResult, decisions: Decisions, verb: Verb) -> bool:
    """Say whether a decision is made about the whole photo."""
    return any(each.verb == verb and each.face is None for each in decisions.of(photo.source))


def _label(photo: PhotoResult, labels: Mapping[str, str], decisions: Decisions) -> str:
    if _is(photo, decisions, Verb.MOVE):
        return decisions.of(photo.source)[0].label
    return labels[photo.source]


def _considered(photo: PhotoResult, own: Sequence[Decision], rule: Rule) -> PhotoResult:
    """Return a photo with the embeddings of those of its faces only that may be its folder's person."""
    pinned = {each.face for each in own if each.face and each.verb in {Verb.TAKE, Verb.KEEP}}
    excluded = {each.face for each in own if each.face} - pinned
    if rule != "identity" or not (pinned or excluded):
        return photo
    faces = (
        each if number not in excluded and (not pinned or number in pinned) else replace(each, embedding=None)
        for number, each in enumerate(photo.faces, start=1)
    )
    return replace(photo, faces=tuple(faces))


def _of_photo(choice: Choice, decision: Decision) -> Choice:
    """Return the choice for a photo that is decided as a whole: the face nearest to the person, however far it is."""
    decided = Decided(choice.label, REASONS[decision.verb], decision.detail, decision.cell)
    if decision.verb == Verb.DROP:
        rejection = Rejection(Reason.DROPPED, decision.detail)
        return replace(choice, rejection=rejection, decided={None: decided})
    taken, rejection_left = choice.taken, choice.rejection
    if not taken and choice.distances:
        taken, rejection_left = (min(choice.distances, key=choice.distances.__getitem__),), None
    return replace(
        choice, taken=taken, rejection=rejection_left, decided={None: decided} | dict.fromkeys(taken, decided)
    )


def _of_faces(choice: Choice, own: Sequence[Decision], rule: Rule) -> Choice:
    """Return the choice for a photo of whose faces some are decided; the rule picks of the others."""
    decided: dict[int | None, Decided] = {}
    for each in own:
        label = each.label or choice.label
        decided[(each.face or 0) - 1] = Decided(label, REASONS[each.verb], each.detail, each.cell)
    is_replaced = rule != "all" and any(each.verb in {Verb.TAKE, Verb.KEEP} for each in own)
    others = () if is_replaced or any(each.verb == Verb.TAKE for each in own) else choice.taken
    taken = sorted({*(index for index in others if index not in decided), *_wanted(own)})
    return replace(choice, taken=tuple(taken), rejection=None if taken else choice.rejection, decided=decided)


def _warnings(choice: Choice, decision: Decision, decisions: Decisions) -> list[str]:
    """Say that a photo which a person keeps gives no crop."""
    if choice.taken or decision.verb == Verb.DROP:
        return []
    why = f" ({words(choice.rejection.reason)})" if choice.rejection else ""
    advice = "; to take a face nevertheless, write take and its number" if choice.photo.faces else ""
    return [f"{decisions.where(decision)}: {choice.photo.source} gives no crop{why}{advice}"]

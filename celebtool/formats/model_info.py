"""Define the description of a model, and read and write it as strict JSON.

The JSON is untrusted: the type and the bounds of every field are checked before anything is built from it.
A field is declared once, with its type, its check and its default.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated

import numpy as np
import numpy.typing as npt

from celebtool.architectures import LAST_LAYER
from celebtool.formats.acceptance import Acceptance, check_acceptance
from celebtool.formats.crops import check as check_crops
from celebtool.formats.enrolment import MAX_STRANGERS, Enrolment, check_enrolment, check_places
from celebtool.formats.history import Epoch, check_epoch
from celebtool.formats.image_folder import MAX_CLASSES, UNKNOWN
from celebtool.formats.json_checks import (
    anything,
    flag,
    list_of,
    mapping_of,
    number,
    optional,
    parse,
    record,
    text,
    whole,
)

SCHEMA = 1
ENSEMBLE = "ensemble"
MAX_IMAGE_SIZE = 1024
MAX_ARRAYS = 20_000
MAX_MEMBERS = 16
_ROUNDING = 1e-6

_check_shape = list_of(whole(0, 2**31), most=8)


@dataclass(frozen=True)
class Layer:
    """One row of the layer table; `output_shape` without the batch axis."""

    name: Annotated[str, text]
    kind: Annotated[str, text]
    output_shape: Annotated[tuple[int, ...], _check_shape]
    parameters: Annotated[int, whole(0, 2**40)]
    trainable_parameters: Annotated[int, whole(0, 2**40)]
    trainable: Annotated[bool, flag]


@dataclass(frozen=True)
class Array:
    """One array of weights: the layer it belongs to, its name as Keras has it (``conv_1/kernel``), its shape."""

    layer: Annotated[str, text]
    name: Annotated[str, text]
    shape: Annotated[tuple[int, ...], _check_shape]


Arrays = dict[Array, npt.NDArray[np.float32]]
"""The weights of a model, in graph order."""


def by_layer(arrays: Arrays) -> dict[str, list[npt.NDArray[np.float32]]]:
    """Group arrays by their layer, both in graph order."""
    groups: dict[str, list[npt.NDArray[np.float32]]] = {}
    for array, values in arrays.items():
        groups.setdefault(array.layer, []).append(values)
    return groups


def of_last_layer(kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> Arrays:
    """Return the arrays of a last layer: kernel (d, classes) and bias (classes,)."""
    values = {"kernel": kernel, "bias": bias}
    return {Array(LAST_LAYER, f"{LAST_LAYER}/{name}", each.shape): each for name, each in values.items()}


def _check_digest(value: object) -> str:
    return "" if value == "" else text(value)


def _check_member(value: object) -> "ModelInfo":
    return _checked(value)


@dataclass(frozen=True)
class ModelInfo:
    """The description of a model: everything but its arrays."""

    architecture: Annotated[str, text]
    """A name of the architecture table, or ``ensemble``."""
    class_names: Annotated[tuple[str, ...], list_of(text, 1, MAX_CLASSES)]
    """In output order."""
    image_size: Annotated[tuple[int, int], list_of(whole(1, MAX_IMAGE_SIZE), 2, 2)]
    """(height, width) of the input; of an ensemble the largest of its members."""
    seed: Annotated[int, whole(0, 2**32 - 1)] = 0
    """What the weights were first drawn with."""
    dense: Annotated[tuple[int, ...], list_of(whole(1, 2**16), most=16)] = ()
    """Units of the head's hidden layers; this and the next two as `celebtool.nn.networks.build.build` takes them."""
    dropout: Annotated[float, number(0, 0.999)] = 0.0
    l2: Annotated[float, number(0)] = 0.0
    crops: Annotated[Mapping[str, object] | None, optional(check_crops)] = None
    """How the faces of the training images were cropped (size, margin, align); None: not by celebtool."""
    temperature: Annotated[float, number(1e-6, 1e6)] = 1.0
    """What the logits were divided by; it is folded into the last layer already."""
    threshold: Annotated[float | None, optional(number())] = None
    """The score under which a face is called unknown; None: never."""
    acceptance: Annotated[Acceptance | None, optional(check_acceptance)] = None
    """What the threshold was set by, and what to expect of it; None: not recorded."""
    centroids: Annotated[tuple[str, ...], list_of(text, most=MAX_CLASSES)] = ()
    """Each class's mean embedding, which the score measures the nearness to; empty: the score is the largest probability."""
    strangers: Annotated[tuple[str, ...], list_of(text, most=MAX_STRANGERS)] = ()
    """The embeddings of people to reject, as `centroids`: a face that is nearer to one of them than to every class is unknown."""
    enrolment: Annotated[Enrolment | None, optional(check_enrolment)] = None
    """What the file holds of people beside its weights, so that they can be added and forgotten; None: nothing."""
    history: Annotated[tuple[Epoch, ...], list_of(check_epoch)] = ()
    """An epoch a row, without seconds."""
    metrics: Annotated[Mapping[str, float], mapping_of(number())] = field(default_factory=dict)
    """What the model reached, as ``val_accuracy``."""
    versions: Annotated[Mapping[str, str], mapping_of(text)] = field(default_factory=dict)
    """Of what wrote the file."""
    origins: Annotated[tuple[str, ...], list_of(text)] = ()
    """SHA-256 of the photos it was trained on, sorted; of remembered strangers too."""
    images: Annotated[tuple[str, ...], list_of(text)] = ()
    """SHA-256 of the training images themselves, such as crops, as far as they are not among `origins`; sorted."""
    recipe: Annotated[Mapping[str, object], mapping_of(anything)] = field(default_factory=dict)
    """How the model was made: the command, its parameters, the same of its input."""
    layers: Annotated[tuple[Layer, ...], list_of(record(Layer), most=MAX_ARRAYS)] = ()
    """In the order of the graph; this and the next two are filled in when the model is saved."""
    arrays: Annotated[tuple[Array, ...], list_of(record(Array), most=MAX_ARRAYS)] = ()
    arrays_sha256: Annotated[str, _check_digest] = ""
    """One digest over names, shapes and bytes of all arrays."""
    members: Annotated[tuple["ModelInfo", ...], list_of(_check_member, most=MAX_MEMBERS)] = ()
    """The models of an ensemble."""
    shares: Annotated[tuple[float, ...], list_of(number(0, 1), most=MAX_MEMBERS)] = ()
    """The weight of each member; they add up to 1."""

    @property
    def trained_on(self) -> frozenset[str]:
        """SHA-256 of all that was seen in training, photos and what was made of them."""
        return frozenset((*self.origins, *self.images))

    @property
    def score_range(self) -> tuple[float, float]:
        """The lowest and the highest score that there can be: of cosines, or of probabilities."""
        return (-1.0 if self.centroids else 0.0), 1.0

    @property
    def inputs(self) -> dict[str, tuple[int, int]]:
        """The model's inputs: name → (height, width). An ensemble has one per distinct size, as ``image_224x224``."""
        if not self.members:
            return {"image": self.image_size}
        sizes = sorted({member.image_size for member in self.members})
        return {f"image_{height}x{width}": (height, width) for height, width in sizes}


_check_fields = record(ModelInfo)


def to_json(info: ModelInfo) -> bytes:
    """Write as JSON: ASCII, sorted keys, so that equal information is equal bytes."""
    content = {"schema": SCHEMA, **asdict(info)}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def from_json(data: bytes) -> ModelInfo:
    """Read what `to_json` wrote.

    Raises:
        ValueError: no JSON, or a field that is missing, unknown, of another type or out of bounds; says which.
    """
    content = parse(data.decode())
    if not isinstance(content, dict) or content.pop("schema", None) != SCHEMA:
        raise ValueError(f"of another schema than {SCHEMA}, so of another version of celebtool")
    try:
        return _checked(content)
    except RecursionError as error:  # members of members
        raise ValueError("nested too deeply") from error


def _checked(value: object) -> ModelInfo:
    if isinstance(value, dict):
        value = {"acceptance": None, "strangers": [], "enrolment": None, **value}  # models of before 0.5 have none
    info: ModelInfo = _check_fields(value)
    _check_enrolled(info)
    if len(info.shares) != len(info.members) or bool(info.members) != (info.architecture == ENSEMBLE):
        raise ValueError("members and shares: do not belong together")
    if info.members and abs(sum(info.shares) - 1) > _ROUNDING:
        raise ValueError("shares: do not add up to 1")
    if any(member.members or member.class_names != info.class_names for member in info.members):
        raise ValueError("members: an ensemble or of other classes")
    if any(member.enrolment for member in info.members):
        raise ValueError("members: with an enrolment, which only a single model has")
    if len(set(info.class_names)) != len(info.class_names):
        raise ValueError("class_names: one of them twice")
    if UNKNOWN in info.class_names:
        raise ValueError(f"class_names: {UNKNOWN}, which is nobody's name")
    return info


def _check_enrolled(info: ModelInfo) -> None:
    held = 0 if info.enrolment is None else info.enrolment.strangers.embeddings
    if len(info.strangers) != held:
        raise ValueError("strangers: others than the enrolment lists")
    if info.enrolment is None:
        return
    if info.members or len(info.centroids) != len(info.class_names):
        raise ValueError("enrolment: without the means of the classes")
    check_places(info.enrolment, len(info.class_names), len(info.trained_on))

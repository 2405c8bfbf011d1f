"""What a model file says about its model, and the strict JSON it is written in.

The JSON may come from anybody: every field is checked for its type and its bounds before anything is built from it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import numpy.typing as npt

from celebtool.formats import crops
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import MAX_CLASSES, UNKNOWN
from celebtool.formats.json_checks import (
    Check,
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


@dataclass(frozen=True)
class Layer:
    """One row of the layer table; `output_shape` without the batch axis."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    trainable_parameters: int
    trainable: bool


@dataclass(frozen=True)
class Array:
    """One array of weights: the layer it belongs to, its name as Keras has it (``conv_1/kernel``), its shape."""

    layer: str
    name: str
    shape: tuple[int, ...]


Arrays = dict[Array, npt.NDArray[np.float32]]
"""The weights of a model, in graph order."""


@dataclass(frozen=True)
class ModelInfo:
    """All that celebtool knows of a model beside its arrays.

    Args:
        architecture: a name of the architecture table, or ``ensemble``.
        class_names: in output order.
        image_size: (height, width) of the input; of an ensemble the largest of its members.
        seed: what the weights were first drawn with.
        dense, dropout, l2: the head's hidden layers, see `celebtool.nn.networks.build.build`.
        crops: how the faces of the training images were cropped (size, margin, align); None: not by celebtool.
        temperature: what the logits were divided by; it is folded into the last layer already.
        threshold: the score under which a face is a stranger's; None: never.
        centroids: every class's mean embedding (`celebtool.training.calibration.pack`), which the score is the nearness to;
            empty: the score is the largest probability.
        history: an epoch a row, without seconds.
        metrics: what the model reached, as ``val_accuracy``.
        versions: of what wrote the file.
        origins: SHA-256 of the photos it was trained on, sorted.
        recipe: how the model was made: the command, its parameters, the same of its input.
        layers, arrays: in the order of the graph; filled in when the model is saved.
        arrays_sha256: one digest over names, shapes and bytes of all arrays; filled in too.
        members, shares: of an ensemble; shares add up to 1.
    """

    architecture: str
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    seed: int = 0
    dense: tuple[int, ...] = ()
    dropout: float = 0.0
    l2: float = 0.0
    crops: Mapping[str, object] | None = None
    temperature: float = 1.0
    threshold: float | None = None
    centroids: tuple[str, ...] = ()
    history: tuple[Epoch, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    origins: tuple[str, ...] = ()
    recipe: Mapping[str, object] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    arrays: tuple[Array, ...] = ()
    arrays_sha256: str = ""
    members: tuple["ModelInfo", ...] = ()
    shares: tuple[float, ...] = ()

    @property
    def inputs(self) -> dict[str, tuple[int, int]]:
        """The model's inputs: name → (height, width). An ensemble has one per distinct size, as ``image_224x224``."""
        if not self.members:
            return {"image": self.image_size}
        sizes = sorted({member.image_size for member in self.members})
        return {f"image_{height}x{width}": (height, width) for height, width in sizes}


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
        return _info(content)
    except RecursionError as error:  # members of members
        raise ValueError("nested too deeply") from error


def _info(value: object) -> ModelInfo:
    info: ModelInfo = record(ModelInfo, _INFO)(value)
    if len(info.shares) != len(info.members) or bool(info.members) != (info.architecture == ENSEMBLE):
        raise ValueError("members and shares: do not belong together")
    if info.members and abs(sum(info.shares) - 1) > _ROUNDING:
        raise ValueError("shares: do not add up to 1")
    if any(member.members or member.class_names != info.class_names for member in info.members):
        raise ValueError("members: an ensemble or of other classes")
    if len(set(info.class_names)) != len(info.class_names):
        raise ValueError("class_names: one of them twice")
    if UNKNOWN in info.class_names:
        raise ValueError(f"class_names: {UNKNOWN}, which is nobody's name")
    return info


_SHAPE = list_of(whole(0, 2**31), most=8)
EPOCH = record(
    Epoch,
    {
        "epoch": whole(0, 10**9),
        "loss": number(),
        "accuracy": number(0, 1),
        "val_loss": optional(number()),
        "val_accuracy": optional(number(0, 1)),
        "learning_rate": optional(number(0)),
        "seconds": optional(number(0)),
    },
)
_LAYER = record(
    Layer,
    {
        "name": text,
        "kind": text,
        "output_shape": _SHAPE,
        "parameters": whole(0, 2**40),
        "trainable_parameters": whole(0, 2**40),
        "trainable": flag,
    },
)
_INFO: dict[str, Check] = {
    "architecture": text,
    "class_names": list_of(text, 1, MAX_CLASSES),
    "image_size": list_of(whole(1, MAX_IMAGE_SIZE), 2, 2),
    "seed": whole(0, 2**32 - 1),
    "dense": list_of(whole(1, 2**16), most=16),
    "dropout": number(0, 0.999),
    "l2": number(0),
    "crops": optional(crops.check),
    "temperature": number(1e-6, 1e6),
    "threshold": optional(number()),
    "centroids": list_of(text, most=MAX_CLASSES),
    "history": list_of(EPOCH),
    "metrics": mapping_of(number()),
    "versions": mapping_of(text),
    "origins": list_of(text),
    "recipe": mapping_of(anything),
    "layers": list_of(_LAYER, most=MAX_ARRAYS),
    "arrays": list_of(record(Array, {"layer": text, "name": text, "shape": _SHAPE}), most=MAX_ARRAYS),
    "arrays_sha256": lambda value: value if value == "" else text(value),
    "members": list_of(_info, most=MAX_MEMBERS),
    "shares": list_of(number(0, 1), most=MAX_MEMBERS),
}

"""Define what a .tflite or .onnx file that `export` writes says of itself: one JSON object in ASCII.

A .tflite holds it as ``celebtool.json`` in a zip behind the network, a .onnx as the metadata ``celebtool``, the last thing in
the file. celebtool writes these files and never reads them.
"""

import json
from collections.abc import Mapping

import celebtool
from celebtool.formats import crops
from celebtool.formats.model_info import ModelInfo
from celebtool.imaging import alignment

KEY = "celebtool"
"""The first key of the object, which holds the version; and its name in a .onnx."""
NAME = "celebtool.json"
"""Its name in the zip of a .tflite."""
PROBABILITIES, SCORE, EMBEDDING = "probabilities", "score", "embedding"
"""The outputs of the network; the last one of networks whose score is a cosine."""
SCHEMA = 1

_RESIZING = (
    "bicubic, antialiased where it shrinks (as Pillow), to the height and width of the input, whatever the proportions"
)
_PREPROCESSING = "inside the graph (scaling, means, order of colours, cutting out the middle); pixels go in as they are"
_UNKNOWN = "if threshold is not null and score < threshold, the face is unknown, else it is of the class with the largest probability"
_STRANGERS = "; minus the cosine to the nearest remembered stranger, if that one is nearer"
_POINTS = ("left eye", "right eye", "nose", "left corner of the mouth", "right corner of the mouth")


def describe(info: ModelInfo, digest: str) -> str:
    """Return the description of a model's exported file as JSON; `digest` is the SHA-256 of the .h5."""
    content = {
        KEY: celebtool.__version__,
        "schema": SCHEMA,
        "model": {"sha256": digest, "arrays_sha256": info.arrays_sha256, **_networks(info)},
        "class_names": info.class_names,
        "inputs": {name: _input(size, info) for name, size in info.inputs.items()},
        "preprocessing": _PREPROCESSING,
        "outputs": outputs(info),
        "threshold": info.threshold,
        "unknown": _UNKNOWN,
        "crops": info.crops,
        "centroids": info.centroids,
        "strangers": info.strangers,
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def outputs(info: ModelInfo) -> dict[str, str]:
    """Return the names of the outputs, and what each is."""
    found = {PROBABILITIES: "(n, classes), in the order of class_names"}
    if not info.centroids:
        return {**found, SCORE: "(n,): the largest probability"}
    cosine = f"(n,): the cosine between the embedding and the nearest centroid{_STRANGERS if info.strangers else ''}"
    return {**found, SCORE: cosine, EMBEDDING: "(n, d), of length 1"}


def _networks(info: ModelInfo) -> Mapping[str, object]:
    if not info.members:
        return {"architecture": info.architecture}
    members = zip(info.members, info.shares, strict=True)
    listed = [
        {"architecture": member.architecture, "input": _name(member, info), "share": share} for member, share in members
    ]
    return {"architecture": info.architecture, "members": listed}


def _name(member: ModelInfo, info: ModelInfo) -> str:
    return next(name for name, size in info.inputs.items() if size == member.image_size)


def _input(size: tuple[int, int], info: ModelInfo) -> Mapping[str, object]:
    """Describe an input; with where the five points lie in it of a face that is cropped as the model's were."""
    described: dict[str, object] = {
        "shape": [None, *size, 3],
        "axes": "image, row, column, colour (red, green, blue)",
        "type": "uint8, 0 to 255",
        "resize": _RESIZING,
    }
    margin = crops.margin(info.crops)
    if margin is None or (info.crops or {}).get("align") is False:
        return described
    height, width = size
    points = alignment.template(1, margin) * (width, height)
    return {
        **described,
        "face": {name: [round(x, 3), round(y, 3)] for name, (x, y) in zip(_POINTS, points.tolist(), strict=True)},
    }

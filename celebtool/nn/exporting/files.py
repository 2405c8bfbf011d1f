"""Make the content of an exported file, with its description inside; `celebtool.nn.convert` calls these builders."""

import io
import zipfile
from pathlib import Path

import tensorflow as tf

from celebtool.errors import CelebtoolError
from celebtool.formats import exported, manifest
from celebtool.nn import classifier, convert, graphs
from celebtool.nn.classifier import Classifier
from celebtool.nn.exporting import answering


def as_tflite(digest: str, source: Path, description: str) -> bytes:
    """Return a model as LiteRT runs it, and behind it a zip with its description.

    Args:
        digest: SHA-256 of the model's file.
        source: the model.
        description: what `celebtool.formats.exported` says of it.

    Raises:
        CelebtoolError: the file is no model, or not the one that it was.
    """
    model = answering.build(_read(digest, source))
    specs = {each.name: tf.TensorSpec(each.shape, each.dtype, each.name) for each in model.inputs}
    call = graphs.compiled(lambda images: model(images, training=False), specs)
    network = convert.to_litert(call, [variable.value for variable in model.variables])
    return network + _zipped(description)


def as_onnx(digest: str, source: Path, description: str) -> bytes:
    """Return a model as ONNX with its description; arguments and errors as of `as_tflite`."""
    import onnx  # noqa: PLC0415 - of an extra, which `export OUT.tflite` does not need

    from celebtool.nn.exporting import onnx_model  # noqa: PLC0415

    found = _read(digest, source)
    made = onnx_model.of(found.model, found.info)
    onnx.helper.set_model_props(made, {exported.KEY: description})
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _read(digest: str, source: Path) -> Classifier:
    found = classifier.load(source)
    if manifest.sha256(source) != digest:
        raise CelebtoolError(source, "changed while the run was under way; run the command again")
    return found


def _zipped(description: str) -> bytes:
    """Return an archive of the description, always the same for the same."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(exported.NAME), description)  # of the year 1980
    return stream.getvalue()

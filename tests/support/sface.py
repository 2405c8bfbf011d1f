"""OpenCV Zoo's SFace as ONNX files, and its own arithmetic by ONNX Runtime."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper, reference

from celebtool.inference import package_files, sface_weights


def quantised() -> onnx.ModelProto:
    """Return the file that celebtool carries; its one real input is `data`, though it lists its constants as well."""
    model = onnx.load_model_from_string(package_files.read(sface_weights.FILE))
    images = [value for value in model.graph.input if value.name == "data"]
    del model.graph.input[:]
    model.graph.input.extend(images)
    return model


def in_float32() -> onnx.ModelProto:
    """Return the same as the official float32 file is laid out: all weights are initialisers."""
    model = quantised()
    computed = {"DequantizeLinear", "Reshape"}
    nodes = [node for node in model.graph.node if node.op_type in computed]
    names = [name for node in nodes for name in node.output]
    weights = onnx.helper.make_graph(nodes, "weights", [], [onnx.ValueInfoProto(name=n) for n in names])
    weights.initializer.extend(model.graph.initializer)
    alone = onnx.helper.make_model(weights, opset_imports=model.opset_import)
    values = dict(zip(names, reference.ReferenceEvaluator(alone).run(None, {}), strict=True))
    left = [node for node in model.graph.node if node.op_type not in computed]
    used = {name for node in left for name in node.input}
    kept = [each for each in model.graph.initializer if each.name in used]
    kept += [numpy_helper.from_array(array, name) for name, array in values.items() if name in used]
    graph = onnx.helper.make_graph(left, "sface", model.graph.input, model.graph.output, kept)
    return onnx.helper.make_model(graph, opset_imports=model.opset_import)


def embeddings(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    """Return (n, 128) of RGB images (n, 112, 112, 3), as ONNX Runtime computes them one by one."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    channels_first = images.astype(np.float32).transpose(0, 3, 1, 2)
    return np.concatenate([session.run(None, {"data": image[None]})[0] for image in channels_first])


def write(model: onnx.ModelProto, path: Path) -> Path:
    """Save a file."""
    onnx.save(model, path)
    return path

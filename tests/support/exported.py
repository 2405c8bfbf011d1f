"""What ONNX Runtime makes of a file, and a small model whose score is a cosine."""

import hashlib
from dataclasses import replace

import numpy as np

from celebtool.formats import vectors
from celebtool.formats.enrolment import Enrolment, Held
from celebtool.formats.model_info import ModelInfo
from celebtool.nn.classifier import Classifier
from tests.support.classifiers import tiny


def by_onnxruntime(content: bytes, **images: np.ndarray) -> dict[str, np.ndarray]:
    """Return what a file with these inputs gives, by output."""
    import onnxruntime  # of an extra

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, images), strict=True))


def with_points(info: ModelInfo, strangers: int = 0, width: int = 4, threshold: float = 0.3) -> Classifier:
    """Return a small network with random means of its classes, and with that many remembered strangers."""
    count = len(info.class_names)
    points = np.random.default_rng(5).normal(size=(count + strangers, width)).astype("f4")
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    packed = tuple(vectors.pack(point) for point in points)
    enrolment = Enrolment(
        solver="mean",
        class_weights=False,
        false_accept=None,
        from_crops=False,
        width=width,
        sha256=hashlib.sha256(points[:count].tobytes()).hexdigest(),
        people=tuple(Held(1, (place,), (place,)) for place in range(count)),
        strangers=Held(strangers, places := tuple(range(count, count + strangers)), places),
    )
    origins = tuple(f"{place:04d}" for place in range(count + strangers))
    points_of = {"centroids": packed[:count], "strangers": packed[count:]}
    described = replace(info, threshold=threshold, origins=origins, images=(), enrolment=enrolment, **points_of)
    return Classifier(tiny(info).model, described, points[:count])

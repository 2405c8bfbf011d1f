"""Load a model that only answers, and turn the features of its networks into probabilities and scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from celebtool.errors import CelebtoolError
from celebtool.formats import model_file, vectors
from celebtool.formats.model_info import ModelInfo
from celebtool.inference import members
from celebtool.inference.conversion import Graph
from celebtool.inference.members import Member
from celebtool.training import calibration
from celebtool.training.calibrate import Layer

Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Answers:
    """What a model says of n images: probabilities (n, classes), and scores (n,) that the threshold applies to."""

    probabilities: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Predictor:
    """A model.

    Args:
        info: its description.
        members: its networks.
        graphs: what converts each.
        centroids: the mean feature of every class (classes, d); None where the score is the largest probability.
        strangers: the embeddings of the strangers that the model remembers (m, d).
    """

    info: ModelInfo
    members: tuple[Member, ...]
    graphs: tuple[Graph, ...]
    centroids: npt.NDArray[np.float64] | None
    strangers: npt.NDArray[np.float64]

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """The (height, width) that each member's images have."""
        return tuple(member.info.image_size for member in self.members)

    def answer(self, features: Sequence[Features]) -> Answers:
        """Return probabilities and scores.

        Args:
            features: of each member, what its network gave for n images, (n, d).

        Raises:
            CelebtoolError: NaN or Inf, or not as many features as the last layer reads.
        """
        result = sum(_probabilities(*each) * each[0].share for each in zip(self.members, features, strict=True))
        probabilities = np.asarray(result)
        if not np.isfinite(probabilities).all():
            raise CelebtoolError(
                "model", "gives NaN or Inf as a probability; train it again with a lower learning rate"
            )
        if self.centroids is None:
            return Answers(probabilities, probabilities.max(axis=1))
        points = features[0].astype(np.float64)
        return Answers(probabilities, calibration.scores(points, self.centroids, self.strangers))


def load(path: Path) -> Predictor:
    """Read a model; nothing is converted yet.

    Raises:
        CelebtoolError: no model of celebtool's, or a damaged or inconsistent one.
    """
    info, arrays = model_file.read(path)
    found = members.of(info, arrays, path)
    graphs = tuple(member.graph(path) for member in found)
    return Predictor(info, found, graphs, _centroids(info, found), _strangers(info, found))


def of_last_layer(info: ModelInfo, last: Layer) -> Predictor:
    """Return a single network of which nothing but the last layer is known: it answers for features, not for images."""
    member = Member(info, {}, last.kernel, last.bias)
    return Predictor(info, (member,), (), _centroids(info, (member,)), _strangers(info, (member,)))


def _probabilities(member: Member, features: Features) -> npt.NDArray[np.float64]:
    if features.shape[1:] != member.kernel.shape[:1]:
        problem = f"reads {len(member.kernel)} features where its network gives {features.shape[1]}"
        raise CelebtoolError("model", f"{problem}; expected a whole model .h5")
    return calibration.softmax(features.astype(np.float64) @ member.kernel.astype(np.float64) + member.bias)


def _centroids(info: ModelInfo, found: Sequence[Member]) -> npt.NDArray[np.float64] | None:
    if not info.centroids:
        return None
    wanted = (len(info.class_names), len(found[0].kernel))
    try:
        means = calibration.unpack(info.centroids)
    except ValueError as error:
        raise CelebtoolError("model", f"has {error} of its classes; expected a whole model .h5") from error
    if means.shape != wanted:
        raise CelebtoolError("model", f"has means of shape {means.shape}; expected {wanted}")
    return means


def _strangers(info: ModelInfo, found: Sequence[Member]) -> npt.NDArray[np.float64]:
    width = len(found[0].kernel)
    try:
        rows = [vectors.unpack(text, width) for text in info.strangers]
    except ValueError as error:
        raise CelebtoolError("model", f"has {error} of its strangers; expected a whole model .h5") from error
    return np.array(rows, np.float64).reshape(-1, width)

"""How `train` trains a network: what is not given comes from the architecture's row."""

from dataclasses import dataclass
from pathlib import Path

from celebtool.architectures import Architecture
from celebtool.formats import crops
from celebtool.system.progress import Listener
from celebtool.training import folder_doubts, settings, weights_source
from celebtool.training.options import TrainingOptions
from celebtool.training.settings import TrainSettings
from celebtool.training.training_set import TrainingData


@dataclass(frozen=True)
class Network:
    """The network that `train` begins with.

    Args:
        architecture: a row of the table.
        weights: ``imagenet``, ``none`` or a file; None: the architecture's own.
        image_size: (height, width) of its input; None: the architecture's own.
        enrol: whether the model is to hold the embeddings of its people.
    """

    architecture: Architecture
    weights: str | None = None
    image_size: tuple[int, int] | None = None
    enrol: bool = True


@dataclass(frozen=True)
class Plan:
    """How a network is trained, complete: its image size (height, width), the source of its weights, its settings."""

    network: Network
    size: tuple[int, int]
    source: str
    chosen: TrainSettings

    @property
    def files(self) -> list[Path]:
        """The files that its weights come from."""
        file = weights_source.file_of(self.source)
        return [file] if file else []


def completed(
    network: Network, training: TrainingOptions, data: TrainingData, tell: Listener, *, has_val: bool
) -> Plan:
    """Return how a network is trained on images: what was not given comes from the architecture's row."""
    size = network.image_size or network.architecture.input_size(crops.margin(data.crops))
    chosen = settings.for_training(training, network.architecture, has_val=has_val)
    for line in settings.optimizer_notes(training, network.architecture, chosen):
        tell.note(line)
    remembers = bool(chosen.embedding) and chosen.optimizer in settings.AT_ONCE and network.enrol
    for line in () if remembers else folder_doubts.unused(data):
        tell.warn(line)
    return Plan(network, size, network.weights or network.architecture.pretrained, chosen)


def parameters(plan: Plan, *, allow_leak: bool) -> dict[str, object]:
    """Return a plan as the parameters of a recipe.

    Raises:
        CelebtoolError: there is no file with these weights.
    """
    start: dict[str, object] = {
        "arch": plan.network.architecture.name,
        "image_size": list(plan.size),
        "weights": weights_source.digest(plan.source),
        "allow_leak": allow_leak,
    }
    if not plan.network.enrol:
        start["no_enrol"] = True
    return start | settings.parameters(plan.chosen)

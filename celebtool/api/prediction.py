"""Predict images: check the threshold, have the networks prepared, let workers answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from celebtool.api.processes import Processes
from celebtool.cropping import plan
from celebtool.formats import sources
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.sources import Source
from celebtool.inference import conversion, prediction
from celebtool.inference.conversion import Graph
from celebtool.inference.detection import networks
from celebtool.inference.prediction import Settings
from celebtool.inference.predictor import Predictor
from celebtool.system import workers
from celebtool.system.progress import Progress

LOOKED_AT = 8
"""Images whose size tells crops from photos."""


def problem_of_threshold(value: float, info: ModelInfo) -> str:
    """Say what is wrong with a threshold for a model; "" if it is one that its scores can have."""
    low, high = info.score_range
    if low <= value <= high:  # NaN is not
        return ""
    percent = f"; did you mean {value / 100:g}?" if 2 <= value <= 100 else ""
    return f"expected none or a number from {low:g} to {high:g}, as this model's scores are{percent}"


_ready: set[str] = set()
"""The names of networks that are there; a program that predicts image by image must not read all of them each time."""


def prepare(graphs: Sequence[Graph], say: Callable[[str], None], *, for_others: bool = False) -> None:
    """Convert networks that are not there yet.

    Args:
        graphs: the networks.
        say: shows a line.
        for_others: other processes will read them, so look again: they may have been removed. This one has read them, or
            converts them anew.

    Raises:
        CelebtoolError: they can't be converted.
    """
    missing = [graph for graph in graphs if for_others or graph.name not in _ready]
    conversion.prepare(missing, say)
    _ready.update(graph.name for graph in missing)


def doubts_of_labels(names: Sequence[str], class_names: Sequence[str]) -> list[str]:
    """Return what is to be said of class directories that are called nearly as a model's classes, or lie deeper."""
    named = sources.named_folders(names)
    misspelt = sources.misspelt(named.values(), class_names)
    return [*([misspelt] if misspelt else []), *sources.nested(named, class_names)]


def are_crops(names: Sequence[str], first: Sequence[Source], crops: Mapping[str, object] | None) -> bool:
    """Say whether images are crops, by what made them or by their size.

    Args:
        names: where they are, files and directories; nothing if they are no files.
        first: a few of them.
        crops: how a model's training images were cropped.
    """
    if not first or (names and sources.are_cropped(names)):
        return True
    return sources.have_size(first, plan.settings_of(crops).size)


def answers(
    model: Predictor,
    images: Iterable[Source],
    settings: Settings,
    processes: Processes,
    scratch: Path,
    progress: Progress,
    total: int = 0,
) -> Iterator[tuple[Source, Prediction]]:
    """Return a row per image or face, in order, also for an image that can't be read; each is computed when it is asked for.

    Args:
        model: what answers; its networks are prepared first if need be.
        images: what to predict.
        settings: how they are predicted.
        processes: where.
        scratch: a directory for what workers leave.
        progress: told of the photos that are done.
        total: how many there are; 0 if nobody knows.

    Raises:
        SystemFaultError: an image can't be read, and its content is not to blame.
        CelebtoolError: the networks can't be prepared.
    """
    graphs = [*(networks.graphs() if settings.crops else ()), *model.graphs]
    prepare(graphs, progress.say, for_others=processes.local is not workers.inline)
    progress.stage("predict", "photos")
    start = processes.start(scratch, progress.say)
    pool = prediction.Pool(processes.jobs, start, scratch, progress, total)
    return prediction.predict(model, images, settings, pool)

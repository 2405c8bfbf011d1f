"""Train a head on the embeddings of the default network, and write the model, all without TensorFlow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from celebtool.architectures import EMBEDDER, LAST_LAYER, get
from celebtool.errors import CelebtoolError, printable
from celebtool.formats import crops, images
from celebtool.formats.history import Epoch
from celebtool.formats.image_folder import UNKNOWN, Sample
from celebtool.formats.model_info import Arrays, ModelInfo
from celebtool.inference import conversion, embeddings, keras_file, runtime, sface_weights
from celebtool.inference.conversion import Graph
from celebtool.system.progress import Progress
from celebtool.system.threads import batched, map_ahead
from celebtool.training import logistic, messages, outcome
from celebtool.training.calibrate import Layer, Scoring, calibrate
from celebtool.training.evidence import Points
from celebtool.training.outcome import Outcome, Tested
from celebtool.training.settings import TrainSettings
from celebtool.training.training_set import TrainingData

BATCH = 32  # images
REMEMBERED = "remembered strangers"
TEST = "test"


@dataclass(frozen=True)
class Head:
    """A trained head.

    Args:
        info: the description of the model.
        embeddings: those of its people (rows, width) that the description lists, if it lists any.
        last: the last layer.
        layout: what makes the layout of its file.
        tested: what it reads of the images of test.
    """

    info: ModelInfo
    embeddings: NDArray[np.float32] | None
    last: Layer
    layout: Graph
    tested: Tested | None = None

    def save(self, path: Path) -> None:
        """Write the model; raises CelebtoolError as `keras_file.write`."""
        layout = keras_file.of_graph(self.layout)
        backbone = [array for layer in sface_weights.from_package() for array in layer]
        head = {"kernel": self.last.kernel, "bias": self.last.bias}
        keras_file.write(layout, backbone, head, self.info, path, self.embeddings)


def train(
    data: TrainingData,
    settings: TrainSettings,
    recipe: Mapping[str, object],
    progress: Progress,
    *,
    enrol: bool,
    computed: dict[str, NDArray[np.float32]] | None = None,
) -> Head:
    """Train a head; embeddings that the folder does not know are computed.

    Args:
        data: the images.
        settings: how.
        recipe: how to train it again.
        progress: told of the images.
        enrol: whether the model is to hold the embeddings of its people.
        computed: the embeddings by path that another run on the same folder knew or computed; those of this run are added.

    Raises:
        ImageError: an image can't be read.
    """
    margin = crops.margin(data.crops) or 0.0
    layout = embeddings.layout(margin)
    conversion.prepare([embeddings.graph(margin), layout], progress.say)
    parts = _parts(data)
    store = {} if computed is None else computed
    found = {name: _stored(name, samples, data, margin, progress, store) for name, samples in parts.items()}
    points = {name: Points(values.astype(np.float64), data.class_ids(parts[name])) for name, values in found.items()}
    progress.stage("solving the head")
    last, row = _solved(found["train"], points, settings, progress)
    progress.stage("measuring the result")
    scoring = Scoring(settings.by_distance, settings.false_accept, settings.embedding)
    strangers = points[UNKNOWN].embeddings if UNKNOWN in points else None
    calibrated, last = calibrate(points["train"], points.get("val"), strangers, last, scoring)
    together = np.concatenate([found[name] for name in ("train", REMEMBERED) if name in found])
    reached = Outcome((row,), _figures(last, points), calibrated, together if settings.embedding else None)
    size = get(EMBEDDER).input_size(margin)
    known = ModelInfo(architecture=EMBEDDER, class_names=data.class_names, image_size=size, crops=data.crops)
    info = outcome.described(known, data, settings, recipe, reached)
    kept = outcome.enrolled(info, reached, data, settings, from_crops=True) if enrol else (info, None)
    return Head(*kept, last, layout, Tested(found[TEST], last) if TEST in found else None)


def _parts(data: TrainingData) -> dict[str, Sequence[Sample]]:
    """Return the images whose embeddings a run needs, by what they are for; only of parts that have any."""
    parts = {
        "train": data.train,
        "val": data.val,
        UNKNOWN: data.strangers,
        REMEMBERED: data.remembered,
        TEST: data.test,
    }
    return {name: samples for name, samples in parts.items() if samples}


def embedded(
    part: str, samples: Sequence[Sample], data: TrainingData, margin: float, progress: Progress
) -> NDArray[np.float32]:
    """Return the embeddings (n, 128) of aligned crops with that margin: those that the folder knows, the others computed.

    Raises:
        ImageError: an image can't be read.
    """
    progress.stage(f"reading {part}", "images")
    graph = embeddings.graph(margin)
    files = data.files(samples)
    known = list(map_ahead(data.embeddings.of, files))
    missing = [number for number, embedding in enumerate(known) if embedding is None]
    size = get(EMBEDDER).input_size(crops.margin(data.crops))
    done = len(files) - len(missing)
    if missing:
        conversion.prepare([graph], progress.say)
    network = runtime.load(graph) if missing else None
    prepared = map_ahead(lambda number: (number, images.resize(images.read(files[number]), size)), missing)
    for batch in batched(prepared, BATCH):
        if network is not None:
            values = network.features(np.stack([image for _, image in batch]))
            for (number, _), value in zip(batch, values, strict=True):
                known[number] = value
        done += len(batch)
        progress(done, len(files))
    progress(done, len(files))
    return np.stack([each for each in known if each is not None])


def save(
    info: ModelInfo, arrays: Arrays, embeddings_of_people: NDArray[np.float32], path: Path, progress: Progress
) -> None:
    """Write a model of the default network whose head was solved again; arguments as of `Head`, with all of its arrays.

    Raises:
        CelebtoolError: it has not the arrays of that network; or as `keras_file.write`.
    """
    graph = embeddings.layout(crops.margin(info.crops) or 0.0)
    conversion.prepare([graph], progress.say)
    layout = keras_file.of_graph(graph)
    values = {array.name: value for array, value in arrays.items()}
    names = [array.name for array in layout.arrays if array.layer != LAST_LAYER]
    odd = values.keys() ^ {array.name for array in layout.arrays}
    if odd:
        problem = f"has not the arrays of a {EMBEDDER} ({', '.join(sorted(map(printable, odd))[:3])})"
        raise CelebtoolError(path, f"{problem}; expected a model .h5")
    head = {name: values[f"{LAST_LAYER}/{name}"] for name in ("kernel", "bias")}
    keras_file.write(layout, [values[name] for name in names], head, info, path, embeddings_of_people)


def _solved(
    embedded: NDArray[np.float32], points: Mapping[str, Points], settings: TrainSettings, progress: Progress
) -> tuple[Layer, Epoch]:
    ids = points["train"].class_ids
    weights = np.ones(len(ids), np.float32)
    last = Layer(*logistic.head(embedded, ids, weights, settings.optimizer, settings.head.l2))
    figures = _figures(last, points)
    row = outcome.solved(figures["train"], figures.get("val", {}))
    progress.say(messages.epoch(row, settings.rules.epochs))
    return last, row


def _figures(last: Layer, points: Mapping[str, Points]) -> dict[str, dict[str, float]]:
    return {name: outcome.figures_of(last, points[name]) for name in ("train", "val") if name in points}


def _stored(
    part: str,
    samples: Sequence[Sample],
    data: TrainingData,
    margin: float,
    progress: Progress,
    store: dict[str, NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Return the embeddings (n, 128) of images, those in the store from there, the others put into it."""
    missing = [sample for sample in samples if sample.path not in store]
    if missing:
        values = embedded(part, missing, data, margin, progress)
        store.update(zip((sample.path for sample in missing), values, strict=True))
    return np.stack([store[sample.path] for sample in samples])

"""How long do `train`, `finetune` and `predict` take, against plain Keras doing the same on the same machine?

Usage: python benchmarks/training.py PARTS FACES [TASK…]

PARTS is an image folder with train/ and val/ (some hundred images: plain Keras takes minutes), FACES the crops that
`crop-faces` made of a larger one, split. A TASK is one of frozen, unfrozen, train, predict, predict-large, memory; without one all are
done. Every contestant is a process of its own; against Keras the seconds that importing
TensorFlow takes are left out on both sides. Plain Keras runs four epochs, the first of which compiles; the rest are
counted at the mean of the other three, as every epoch costs the same.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

EPOCHS_MEASURED = 4
EPOCHS = {"frozen": 50, "unfrozen": 10}
BATCH_SIZES = (16, 32, 64)
REPEATS = 3
"""How often `predict` is given the same folder, so that its start matters less."""


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds on the clock, seconds of processors, and its largest memory of its own in MB."""

    wall: float
    cpu: float
    memory: float
    printed: str


def cost(*line: object) -> Cost:
    """Run a command line."""
    started, memory, usage, status = time.monotonic(), 0.0, None, 0
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([*map(str, line)], stdout=output, stderr=subprocess.DEVNULL)
        while usage is None:
            memory = max(memory, _own_memory(process.pid))
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            usage = used if pid else None
            time.sleep(0.02)
        output.seek(0)
        printed = output.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, line))}: exit code {process.returncode}")
    return Cost(time.monotonic() - started, usage.ru_utime + usage.ru_stime, memory, printed)


def _own_memory(pid: int) -> float:
    """MB that are not backed by a file: a memory-mapped file can be dropped from memory at any time."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    fields = dict(line.split(":", 1) for line in text.splitlines())
    return int(fields.get("RssAnon", "0 kB").split()[0]) / 1000


def celebtool(*arguments: object) -> Cost:
    """Run a celebtool command."""
    return cost(sys.executable, "-m", "celebtool", *arguments)


def plain(task: str, parts: Path, weights: Path) -> None:
    """What a notebook does: decode and resize every image and run the whole network, in every epoch; print JSON."""
    import keras

    size, started = (299, 299), (time.monotonic(), time.process_time())
    train, val = (
        keras.utils.image_dataset_from_directory(
            parts / part, image_size=size, batch_size=32, label_mode="categorical", shuffle=part == "train", seed=0
        )
        for part in ("train", "val")
    )
    classes = len(train.class_names)
    backbone = keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(*size, 3))
    backbone.load_weights(weights)
    frozen = backbone.layers if task == "frozen" else backbone.layers[:-63]
    norms = [layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in (*frozen, *norms):
        layer.trainable = False
    x = keras.layers.GlobalAveragePooling2D()(backbone.output)
    x = keras.layers.Dense(classes, activation="softmax")(keras.layers.Dense(1024, activation="relu")(x))
    model = keras.Model(backbone.input, x)
    optimizer = keras.optimizers.Adam(1e-3) if task == "frozen" else keras.optimizers.SGD(1e-4, momentum=0.9)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    scaled = [data.map(lambda x, y: (x / 127.5 - 1, y)).prefetch(2) for data in (train, val)]
    marks = [started]

    def mark(*_: object) -> None:
        marks.append((time.monotonic(), time.process_time()))

    model.fit(
        scaled[0],
        validation_data=scaled[1],
        epochs=EPOCHS_MEASURED,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=mark)],
    )
    print(json.dumps(marks))


def extrapolated(printed: str, epochs: int) -> tuple[float, float]:
    """Seconds (wall, processor) of all epochs."""
    marks = json.loads(printed.splitlines()[-1])

    def total(clock: int) -> float:
        each = (marks[-1][clock] - marks[1][clock]) / (EPOCHS_MEASURED - 1)
        return float(marks[1][clock] - marks[0][clock] + (epochs - 1) * each)

    return total(0), total(1)


def random_weights(out: Path) -> Path:
    """Save InceptionV3 without its top as keras.applications publishes it, with random weights."""
    path = out / "inceptionv3.h5"
    code = (
        "import sys, keras; keras.utils.set_random_seed(0); "
        "keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(299, 299, 3)).save(sys.argv[1])"
    )
    cost(sys.executable, "-c", code, path)
    return path


def against_keras(task: str, parts: Path, out: Path) -> None:
    """Print how many times as fast training InceptionV3's head, or its last 63 layers too, is as plain Keras."""
    head, epochs = out / "head.h5", EPOCHS[task]
    weights = random_weights(out)
    imports = cost(sys.executable, "-c", "import celebtool.nn.training.runs")
    options = ("--patience", "0", "--batch-size", "32")
    network = ("--arch", "inceptionv3", "--weights", weights)
    if task == "frozen":
        ours = celebtool("train", parts, head, *network, "--epochs", epochs, *options)
    else:
        celebtool("train", parts, head, *network, "--epochs", 1, *options)
        ours = celebtool("finetune", head, parts, out / "tuned.h5", "--unfreeze", 63, "--epochs", epochs, *options)
    theirs = extrapolated(cost(sys.executable, __file__, "plain", task, parts, weights).printed, epochs)
    wall, cpu = ours.wall - imports.wall, ours.cpu - imports.cpu
    print(
        f"InceptionV3, {task}, {epochs} epochs: Keras {theirs[0]:.0f} s ({theirs[1]:.0f} s of processors), celebtool "
        f"{wall:.1f} s ({cpu:.1f} s), {theirs[0] / wall:.1f} ({theirs[1] / cpu:.1f}) times as fast"
    )


def default_network(faces: Path, model: Path) -> None:
    """Print what the whole command takes with the default network."""
    ours = celebtool("train", faces, model)
    print(f"train, default network: {ours.wall:.1f} s, {ours.cpu:.1f} s of processors")


def prediction(faces: Path, model: Path) -> None:
    """Print the rate and memory of `predict`, beside forward passes on images that lie in memory already."""
    bare = json.loads(cost(sys.executable, __file__, "bare", model, faces).printed.splitlines()[-1])
    for name, rates in bare.items():
        print(f"forward pass alone, {name}:", ", ".join(f"{rate:.0f}/s in batches of {n}" for n, rate in rates.items()))
    start = celebtool("predict", model, next(faces.rglob("*.jpg")))
    result = celebtool("predict", model, *[faces] * REPEATS)
    count = result.printed.count("\n") - 1
    rate = count / (result.wall - start.wall)
    shares = (f"{rate / max(rates.values()):.0%} of {name}" for name, rates in bare.items())
    print(
        f"predict: {rate:.0f} images/s ({count / (result.cpu - start.cpu):.0f} per second of processor), "
        f"{', '.join(shares)}; {result.memory:.0f} MB for {count} images, {start.memory:.0f} MB for one"
    )


def bare(model: Path, faces: Path) -> None:
    """Print the rates of Keras' own `predict` and of celebtool's graph at several batch sizes, as JSON."""
    import numpy as np

    from celebtool.formats import image_folder, images
    from celebtool.nn import classifier

    loaded = classifier.load(model)
    (size,) = classifier.image_sizes(loaded)
    folder = image_folder.read(faces)
    pictures = np.stack([images.resize(images.read(folder.file(s)), size) for s in folder.samples[:1024]])

    def keras(batch: int) -> None:
        loaded.model.predict(pictures, batch_size=batch, verbose=0)

    def graph(batch: int) -> None:
        for first in range(0, len(pictures), batch):
            classifier.probabilities(loaded, {size: pictures[first : first + batch]})

    def rate(run: Callable[[int], None], batch: int) -> float:
        run(batch)  # compiles
        started = time.monotonic()
        run(batch)
        return len(pictures) / (time.monotonic() - started)

    ways = {"Model.predict": keras, "celebtool's graph": graph}
    print(json.dumps({name: {batch: rate(run, batch) for batch in BATCH_SIZES} for name, run in ways.items()}))


def memory(faces: Path, model: Path) -> None:
    """Print what training takes when what is computed once fits into memory, and when it goes to a file."""
    for limit in ("4", "0.01"):
        tuned = model.with_name(f"tuned-{limit}.h5")
        line = ("--unfreeze", 75, "--epochs", 1, "--learning-rate", 1e-4, "--cache-memory", limit)
        result = celebtool("finetune", model, faces, tuned, *line)
        print(f"finetune, --cache-memory {limit} (GB): {result.memory:.0f} MB, {result.wall:.0f} s")


def measure(parts: Path, faces: Path, tasks: Sequence[str], out: Path) -> None:
    """Do the tasks in their order; those that need a trained default network train it first."""
    model = out / "face.h5"
    for task in tasks:
        if task in EPOCHS:
            against_keras(task, parts, out)
        elif task == "train":
            default_network(faces, out / "timed.h5")
        elif task == "predict-large":
            large = out / "large.h5"
            celebtool("train", parts, large, "--arch", "inceptionv3", "--weights", random_weights(out), "--epochs", 1)
            prediction(parts, large)
        else:
            if not model.exists():
                celebtool("train", faces, model)
            {"predict": prediction, "memory": memory}[task](faces, model)


def main() -> None:
    """Measure everything, or the tasks that are named."""
    task, *arguments = sys.argv[1:]
    if task == "plain":
        plain(arguments[0], Path(arguments[1]), Path(arguments[2]))
    elif task == "bare":
        bare(Path(arguments[0]), Path(arguments[1]))
    else:
        tasks = arguments[1:] or ["frozen", "unfrozen", "train", "predict", "predict-large", "memory"]
        with tempfile.TemporaryDirectory() as name:
            measure(Path(task), Path(arguments[0]), tasks, Path(name))


if __name__ == "__main__":
    main()

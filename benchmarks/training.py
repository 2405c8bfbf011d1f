"""How long do `train`, `finetune` and `predict` take, against plain Keras doing the same on the same machine?

Usage: python benchmarks/training.py PARTS FACES

PARTS is an image folder with train/ and val/ (some hundred images: plain Keras takes minutes), FACES the crops that
`crop-faces` made of a larger one. Every contestant is a process of its own; against Keras the seconds that importing
TensorFlow takes are left out on both sides. Plain Keras runs four epochs, the first of which compiles; the rest are
counted at the mean of the other three, as every epoch costs the same.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

EPOCHS_MEASURED = 4
MINIMUM_GAIN = {"frozen": (20, 50), "last 63 layers": (2, 10)}
"""What is asked for: how many times as fast, in how many epochs."""


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


def random_weights(path: Path) -> None:
    """Save InceptionV3 without its top as keras.applications publishes it, with random weights."""
    import keras

    keras.utils.set_random_seed(0)
    keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(299, 299, 3)).save(path)


def against_keras(parts: Path, out: Path) -> None:
    """Print how many times as fast training is as plain Keras."""
    weights, head = out / "inceptionv3.h5", out / "head.h5"
    cost(sys.executable, __file__, "weights", weights)
    imports = cost(sys.executable, "-c", "import celebtool.nn.runs")
    common = ("--epochs", "--patience", "0", "--batch-size", "32")
    for task, (gain, epochs) in MINIMUM_GAIN.items():
        options = (common[0], epochs, *common[1:])
        if task == "frozen":
            ours = celebtool("train", parts, head, "--arch", "inceptionv3", "--weights", weights, *options)
        else:
            ours = celebtool("finetune", head, parts, out / "tuned.h5", "--unfreeze", 63, *options)
        theirs = extrapolated(cost(sys.executable, __file__, "plain", task, parts, weights).printed, epochs)
        wall, cpu = ours.wall - imports.wall, ours.cpu - imports.cpu
        print(
            f"InceptionV3, {task}, {epochs} epochs: Keras {theirs[0]:.0f} s ({theirs[1]:.0f} s of processors), celebtool "
            f"{wall:.1f} s ({cpu:.1f} s), {theirs[0] / wall:.1f} ({theirs[1] / cpu:.1f}) times as fast; at least {gain} "
            "asked for"
        )


def whole_commands(faces: Path, out: Path) -> None:
    """Print what the default network takes, and the rate and memory of `predict`."""
    model = out / "face.h5"
    ours = celebtool("train", faces, model)
    print(f"train, default network: {ours.wall:.1f} s, {ours.cpu:.1f} s of processors; at most 25 s asked for")
    bare = json.loads(cost(sys.executable, __file__, "bare", model, faces).printed.splitlines()[-1])
    start = celebtool("predict", model, next(faces.rglob("*.jpg")))
    for size, (rate, cpu_rate) in bare.items():
        result = celebtool("predict", model, faces, "--batch-size", size)
        count = result.printed.count("\n") - 1
        print(
            f"predict, batches of {size}: {count / (result.wall - start.wall):.0f} images/s "
            f"({count / (result.cpu - start.cpu):.0f} per second of processor), the bare forward pass {rate:.0f} "
            f"({cpu_rate:.0f}); {result.memory:.0f} MB for {count} images, {start.memory:.0f} MB for one"
        )


def bare(model: Path, faces: Path) -> None:
    """Print the rate of the forward pass alone at several batch sizes, images in memory, as JSON."""
    import numpy as np

    from celebtool.formats import image_folder, images
    from celebtool.nn import classifier

    loaded = classifier.load(model)
    (size,) = classifier.image_sizes(loaded)
    folder = image_folder.read(faces)
    pictures = np.stack([images.resize(images.read(folder.file(s)), size) for s in folder.samples[:512]])
    rates = {}
    for batch in (16, 32, 64):
        classifier.probabilities(loaded, {size: pictures[:batch]})
        started = time.monotonic(), time.process_time()
        for first in range(0, len(pictures), batch):
            classifier.probabilities(loaded, {size: pictures[first : first + batch]})
        rates[batch] = [len(pictures) / (now - then) for now, then in zip(_clocks(), started, strict=True)]
    print(json.dumps(rates))


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def memory(faces: Path, out: Path) -> None:
    """Print what training takes when what is computed once fits into memory, and when it goes to a file."""
    for limit in ("4", "0.05"):
        tuned = out / f"tuned-{limit}.h5"
        line = ("--unfreeze", 40, "--epochs", 1, "--learning-rate", 1e-4, "--cache-memory", limit)
        result = celebtool("finetune", out / "face.h5", faces, tuned, *line)
        print(f"finetune, --cache-memory {limit} (GB): {result.memory:.0f} MB, {result.wall:.0f} s")


def main() -> None:
    """Measure everything."""
    task, *arguments = sys.argv[1:]
    if task == "plain":
        plain(arguments[0], Path(arguments[1]), Path(arguments[2]))
    elif task == "weights":
        random_weights(Path(arguments[0]))
    elif task == "bare":
        bare(Path(arguments[0]), Path(arguments[1]))
    else:
        out = Path(tempfile.mkdtemp())
        try:
            against_keras(Path(task), out)
            whole_commands(Path(arguments[0]), out)
            memory(Path(arguments[0]), out)
        finally:
            shutil.rmtree(out)


if __name__ == "__main__":
    main()

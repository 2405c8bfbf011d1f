"""Promise 19: time and memory grow in proportion to images, classes, rows and columns.

Each computation is done with a size and with eight times as much: what is quadratic takes 64 times as long. The
processor's time counts, so that other programs do not.
"""

import gc
import io
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.folders import augment, balance, sampling
from celebtool.formats import image_folder, layout, manifest, names, predictions, tables
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.imaging.augmentation import Operations
from celebtool.system import threads
from tests.torture.conftest import Tally, amount

TIMES = 8
GROWTH = 27  # linear is 8, and caches and new memory make it up to 20; quadratic is 64
HEADER = "path,part,label,status,reason,predicted,confidence,score,seen"


def folder_of_classes(root: Path, count: int) -> ImageFolder:
    """Return a folder of two images a class, as its manifest knows it: none of its files is there."""
    paths = [f"train/p{number}/{image}.png" for number in range(count) for image in "ab"]
    root.mkdir(exist_ok=True)
    manifest.write(root, (manifest.Row(path, path.split("/")[1], path, "ab" * 32) for path in paths))
    return ImageFolder(root, tuple(Sample(path, path.split("/")[1], "train") for path in paths))


def table(rows: int, classes: int) -> str:
    columns = ",".join(f"prob_p{number}" for number in range(classes))
    cells = ",".join(["1", *"0" * (classes - 1)])
    lines = (f"p0/{number}.jpg,,p0,predicted,,p0,1,1,no,{cells}" for number in range(rows))
    return "\n".join([f"{HEADER},{columns}", *lines, ""])


def images(count: int) -> list[sampling.Image]:
    return [sampling.Image(f"p{number // 2}/{number}.png", f"p{number // 2}", number) for number in range(count)]


def balanced(root: Path, count: int) -> Callable[[], object]:
    folder = folder_of_classes(root, count)
    return lambda: balance.plan(folder, balance.BalanceSettings(oversample=True))


def augmented(root: Path, count: int) -> Callable[[], object]:
    folder = folder_of_classes(root, count)
    return lambda: augment.plan(folder, augment.AugmentSettings(Operations()))


def divided(_: Path, count: int) -> Callable[[], object]:
    drawn, shares = images(count), sampling.shares(None, None, None)
    return lambda: sampling.split(drawn, shares, 0)


def folded(_: Path, count: int) -> Callable[[], object]:
    drawn = images(count)
    return lambda: sampling.folds(drawn, 5, 0)


def laid_out(root: Path, count: int) -> Callable[[], object]:
    paths = [f"p{number}/a.png" for number in range(count)]
    return lambda: layout.check(root, paths, ())


def named(_: Path, count: int) -> Callable[[], object]:
    paths = [f"p{number % 10}/{number}.{end}" for number in range(count) for end in ("jpg", "PNG")]
    return lambda: names.output_names(paths)


def rows_read(_: Path, count: int) -> Callable[[], object]:
    text = table(count, 2)
    return lambda: predictions.parse(io.StringIO(text, newline=""), "p.csv")


def columns_read(_: Path, count: int) -> Callable[[], object]:
    text = table(30, count)
    return lambda: predictions.parse(io.StringIO(text, newline=""), "p.csv")


def other_columns_read(_: Path, count: int) -> Callable[[], object]:
    text = ",".join(f"c{number}" for number in range(count)) + "\n"
    return lambda: tables.parse(io.StringIO(text, newline=""), "t.csv")


def listed(root: Path, count: int) -> Callable[[], object]:
    for number in range(count):
        (root / str(number)).mkdir(parents=True)
        (root / str(number) / "a.png").touch()
    return lambda: image_folder.read_labelled(root)


WORK = {
    "balance, classes": (balanced, 1_000),
    "augment, classes": (augmented, 500),
    "split, images": (divided, 1_000),
    "split --folds, images": (folded, 1_000),
    "layout, classes": (laid_out, 10_000),
    "names of outputs": (named, 2_000),
    "predictions, rows": (rows_read, 1_500),
    "predictions, columns": (columns_read, 312),  # 10,000 classes at most
    "tables, columns": (other_columns_read, 12_500),
    "class folders": (listed, 500),
}


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's time, the least of three, without what the collector takes for all else that Python holds.

    Results are kept until all is done, so that each run pays for new memory, a small one like a large one.
    """
    found, results = [], []
    gc.disable()
    try:
        for _ in range(3):
            started = time.process_time()
            results.append(work())
            found.append(time.process_time() - started)
    finally:
        gc.enable()
    return min(found)


@pytest.mark.parametrize("what", WORK)
def test_no_work_is_superlinear(tmp_path: Path, tally: Tally, what: str) -> None:
    tally.begin(
        19, "computations with eight times as many images, classes, rows or columns: no more than 27 times as long"
    )
    make, size = WORK[what]
    size *= amount(1, 1, 4)
    assert seconds(make(tmp_path / "more", TIMES * size)) < GROWTH * seconds(make(tmp_path / "few", size)), what
    tally.count()


def test_a_row_of_predictions_takes_few_bytes(tally: Tally) -> None:
    tally.begin(19, "rows of a table of predictions: three quarters of a kilobyte each at most")
    text = table(amount(4000, 20_000, 200_000), 3)
    stream = io.StringIO(text, newline="")
    tracemalloc.start()
    found = predictions.parse(stream, "p.csv")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / len(found.rows) < 768
    tally.count(len(found.rows))


def test_images_do_not_all_wait_at_once(tally: Tally) -> None:
    tally.begin(19, "images that are decoded in threads: a hundred at most are under way")
    started, done = 0, 0

    def begin(_: int) -> None:
        nonlocal started
        started += 1

    def told(count: int, _: int) -> None:
        nonlocal done
        done = count
        assert started - done < 100

    threads.run(begin, range(amount(1000, 10_000, 200_000)), told)
    tally.count(done)


def test_too_many_classes_are_one_line(tally: Tally) -> None:
    tally.begin(19, "tables of far too many columns: one line")
    for count in (10_001, 50_000, 200_000)[: amount(2, 3, 3)]:
        with pytest.raises(CelebtoolError) as error:
            predictions.parse(io.StringIO(table(1, count), newline=""), "p.csv")
        assert str(error.value) == f"p.csv: has {count} classes; expected at most 10000"
        tally.count()

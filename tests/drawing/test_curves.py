import math

import numpy as np
import pytest
from PIL import Image

from celebtool.drawing import curves, plots
from celebtool.formats.history import Epoch

RUN = [Epoch(i, 1 / i, 1 - 1 / i, 1.2 / i, 0.9 - 1 / i if i > 1 else 0.0) for i in range(1, 6)]


def drawn(figure, path):
    plots.save(figure, path)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("kind", ["loss", "accuracy"])
@pytest.mark.parametrize(
    "runs",
    [
        {"h": RUN},
        {"a": RUN, "b $x^2$": RUN[:2]},
        {"one": RUN[:1]},
        {"many, one that diverged": RUN, "b $x^2$": RUN[:2], "c": [Epoch(1, math.nan, 0.5, math.nan, 0.5)]},
        {"no val": [Epoch(1, 0.5, 0.5), Epoch(2, 0.25, 0.75)]},
        {"diverged": [Epoch(1, math.nan, 0.5, math.nan, 0.5), Epoch(2, math.inf, 0.5, math.nan, 0.5)]},
    ],
    ids=lambda runs: next(iter(runs)),
)
def test_curves_of_every_kind_of_history(tmp_path, kind, runs):
    assert drawn(curves.per_epoch(runs, kind), tmp_path / "a.png").std() > 5


def test_the_axis_of_accuracy_goes_from_nothing_to_all_and_that_of_loss_begins_at_nothing():
    run = [Epoch(1, 0.5, 0.97, 0.6, 0.96), Epoch(2, 0.4, 0.98, 0.5, 0.97)]
    assert curves.per_epoch({"h": run}, "accuracy").axes[0].get_ylim() == (0, 1.02)
    assert curves.per_epoch({"h": run}, "loss").axes[0].get_ylim()[0] == 0


def test_of_many_runs_each_has_one_line_in_the_legend():
    runs = {f"run {number}": RUN for number in range(8)} | {"no val": [Epoch(1, 0.5, 0.5), Epoch(2, 0.25, 0.75)]}
    (axes,) = curves.per_epoch(runs, "accuracy").axes
    said = [text.get_text() for text in axes.get_legend().get_texts()]
    assert said == [*(f"run {number}: 0.700, epoch 5" for number in range(8)), "no val: 0.750, epoch 2"]
    looks = {(line.get_color(), line.get_linestyle()) for line in axes.lines if line.get_linewidth() == 2.2}
    assert len(looks) == 9

from celebtool.drawing import plots, run_plots
from tests.support.predictions import diagonal, evaluated


def test_every_run_has_its_line_and_the_axis_ends_at_one():
    best, worse = evaluated(diagonal(2), ("a", "b")), evaluated([[8, 2], [1, 9]], ("a", "b"))
    (axes,) = run_plots.accuracies({"best.csv": best, "$x$\n": worse}).axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["best.csv", "$x$\\x0a"]
    assert axes.get_xlim()[1] == 1.005
    assert axes.get_xlim()[0] < worse.accuracy.low
    assert list(axes.lines[0].get_xdata()) == [1, 1]


def test_the_same_runs_are_the_same_picture():
    runs = {"a": evaluated(diagonal(2), ("a", "b")), "b": evaluated([[0, 3], [0, 3]], ("a", "b"))}
    one, other = (plots.png(run_plots.accuracies(runs)) for _ in range(2))
    assert one == other

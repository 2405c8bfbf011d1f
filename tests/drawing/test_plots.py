import numpy as np
import pytest
from PIL import Image

from celebtool.drawing import fonts, plots
from celebtool.drawing.fonts import Lettering
from celebtool.evaluation import evaluate
from celebtool.formats.predictions import Prediction, Predictions


def judged(classes, per_class=3):
    rng = np.random.default_rng(0)
    names = [f"person {i:03d}" for i in range(classes)]
    shares = rng.dirichlet(np.ones(classes), classes * per_class)
    shares[np.arange(len(shares)), np.arange(len(shares)) % classes] += rng.uniform(0, 1, len(shares))
    shares /= shares.sum(axis=1, keepdims=True)
    rows = [
        Prediction(f"{i}.jpg", row, names[int(row.argmax())], label=names[i % classes]) for i, row in enumerate(shares)
    ]
    return evaluate.evaluate(Predictions(tuple(names), tuple(rows)))


def drawn(figure, path):
    plots.save(figure, path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert not image.info.keys() & {"Software", "Creation Time", "date"}
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("classes", [2, 5, 20, pytest.param(200, marks=pytest.mark.slow)])
def test_confusion_is_the_same_bytes_every_time_and_red_where_it_is_wrong(tmp_path, classes):
    one = judged(classes)
    lettering = fonts.lettering(one.class_names)
    image = drawn(plots.confusion(one, lettering), tmp_path / "a.png").astype(int)
    drawn(plots.confusion(one, lettering), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    reddish = (image[..., 0] > image[..., 2] + 60).mean()
    assert (reddish > 0) == bool(one.mistakes)


def test_confusion_colours():
    colours = plots._confusion_colours(np.array([[4, 0, 0], [1, 3, 0], [0, 0, 0]]))
    assert colours[0, 1].tolist() == [1, 1, 1]
    assert colours[0, 0, 2] > colours[0, 0, 0]  # right: blue
    assert colours[1, 0, 0] > colours[1, 0, 2]  # wrong: red
    assert colours[2, 0].tolist() == colours[2, 2].tolist() != [1, 1, 1]  # no image of the class: grey


@pytest.mark.parametrize("classes", [1, 20, 120])
def test_distribution_of_any_number_of_classes(tmp_path, classes):
    names = [f"person {i}" for i in range(classes)]
    counts = {"train": dict.fromkeys(names, 8), "test": dict.fromkeys(names[1:], 2)}
    assert drawn(plots.distribution(counts, names, Lettering()), tmp_path / "a.png").std() > 5


def test_a_name_that_no_font_has_is_a_number_with_a_legend():
    lettering = fonts.lettering(["Ann", "\U0001fffe", "Beyoncé"])  # no character at all, so in no font
    assert lettering.legend == {"\U0001fffe": 2}
    assert [lettering.text(name) for name in ("Ann", "\U0001fffe", "Beyoncé")] == ["Ann", "#2", "Beyoncé"]
    assert lettering.families[0] == fonts.STANDARD


def test_names_of_the_standard_font_ask_for_no_other(monkeypatch):
    monkeypatch.setattr(fonts, "_installed", lambda: pytest.fail("looked for fonts"))
    assert fonts.lettering(["Ann", "Владимир", "محمد", "Ελένη", "a\u200db"]) == Lettering()


def test_names_do_nothing_but_show():
    assert Lettering().text("a\x1b\n") == "a\\x1b\\x0a"
    assert len(Lettering().text("x" * 80)) == fonts.LONGEST


@pytest.mark.parametrize("classes", [2, 20])
def test_the_reliability_diagram_is_the_same_bytes_every_time(tmp_path, classes):
    one = judged(classes)
    assert drawn(plots.calibration(one), tmp_path / "a.png").std() > 5
    assert plots.png(plots.calibration(one)) == (tmp_path / "a.png").read_bytes()


def test_a_plot_of_a_leak_says_so():
    row = Prediction("1.jpg", np.array([0.25, 0.75]), "B", "test", "B", seen=True)
    one = evaluate.evaluate(Predictions(("A", "B"), (row,)), "test")
    for figure in (plots.calibration(one), plots.confusion(one, Lettering())):
        assert " on test (1 image trained on):" in figure.axes[0].get_title(loc="left")


def test_of_very_many_classes_the_most_confused_are_drawn(monkeypatch):
    monkeypatch.setattr(plots, "MOST_CLASSES", 3)
    rows = [Prediction(f"{i}", np.eye(6)[called], "abcdef"[called], label="abcdef"[label])
            for i, (label, called) in enumerate([(0, 0), (1, 1), (2, 2), (3, 3), (5, 4), (5, 4), (2, 4)])]  # fmt: skip
    figure = plots.confusion(evaluate.evaluate(Predictions(tuple("abcdef"), tuple(rows))), Lettering())
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["c", "e", "f"]
    assert axes.get_title("left") == "Confusion: 3 of 7 wrong; the 3 most confused of 6 classes"


def test_axes_say_true_and_predicted_and_classes_stand_in_natural_order():
    rows = [Prediction(f"{i}", np.eye(3)[i], name, label=name) for i, name in enumerate(("s1", "s10", "s2"))]
    axes = plots.confusion(evaluate.evaluate(Predictions(("s1", "s10", "s2"), tuple(rows))), Lettering()).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["s1", "s2", "s10"]

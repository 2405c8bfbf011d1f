import numpy as np
import pytest

from celebtool.drawing import map_plot, plots
from celebtool.drawing.fonts import Lettering
from celebtool.folders import embedding_map
from celebtool.folders.suspects import Portrait, Suspect, Why
from tests.support import people


def laid_out(classes, suspects=0):
    images = [Portrait(f"{n}.jpg", f"p{n}", people.face(n).astype(np.float32)) for n in range(classes)]
    images.append(Portrait("u.jpg", "unknown", people.face(99).astype(np.float32)))
    found = [Suspect(each.path, "", each.label, "", 0.1, Why.NOBODY, "") for each in images[:suspects]]
    return embedding_map.lay_out(images, found)


def test_the_legend_names_classes_strangers_last_and_suspects():
    (axes,) = map_plot.embedding_map(laid_out(3, suspects=1), Lettering()).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["p0", "p1", "p2", "unknown", "suspect"]
    assert axes.get_title("left") == "4 faces of 4 classes (PCA), 1 suspect in rings"
    rings = axes.collections[-1]
    assert len(rings.get_offsets()) == 1


@pytest.mark.parametrize(("classes", "has_legend"), [(29, True), (30, False)])
def test_more_classes_than_marks_have_no_legend(classes, has_legend):
    (axes,) = map_plot.embedding_map(laid_out(classes), Lettering()).axes
    assert (axes.get_legend() is not None) == has_legend


def test_a_sample_says_so(monkeypatch):
    monkeypatch.setattr(embedding_map, "MOST", 5)
    (axes,) = map_plot.embedding_map(laid_out(7), Lettering()).axes
    assert axes.get_title("left").startswith("5 of 8 faces of 5 classes")


def test_the_same_map_is_the_same_picture():
    made = laid_out(3, suspects=1)
    one, other = (plots.png(map_plot.embedding_map(made, Lettering())) for _ in range(2))
    assert one == other

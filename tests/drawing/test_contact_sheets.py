import numpy as np
import pytest
from PIL import Image

from celebtool.drawing import contact_sheets, plots
from celebtool.drawing.fonts import Lettering
from celebtool.evaluation import evaluate
from celebtool.formats.image_folder import Sample
from celebtool.formats.predictions import Prediction, Predictions


@pytest.fixture
def look():
    """Record what is looked at; each picture has another size."""
    seen = []

    def look(path, box):
        seen.append((path, box))
        return np.full((20 + len(seen), 30, 3), 99, dtype=np.uint8)

    look.seen = seen
    return look


def table(right, wrong):
    rows = [Prediction(f"r{i}", np.array([0.75, 0.25]), "Ann", label="Ann") for i in range(right)]
    rows += [
        Prediction(f"w{i}", np.array([0.25 - i / 1000, 0.75 + i / 1000]), "Bob", label="Ann", box=(1, 2, 3, 4))
        for i in range(wrong)
    ]
    return Predictions(("Ann", "Bob"), (*rows, Prediction("f", None, label="Ann", reason="unreadable")))


def test_spread_is_even_and_keeps_the_ends():
    assert contact_sheets.spread(range(100), 4) == [0, 33, 66, 99]
    assert contact_sheets.spread([1, 2], 4) == [1, 2]
    assert contact_sheets.spread(range(5), 1) == [0]


def test_few_classes_have_a_row_each(look, tmp_path):
    by_class = {"Ann": [Sample(f"a{i}", "Ann") for i in range(20)], "Bob": [Sample("b", "Bob")]}
    plots.save(contact_sheets.samples(by_class, look, Lettering()), tmp_path / "a.png")
    assert [path for path, _ in look.seen] == ["a0", "a3", "a5", "a8", "a11", "a14", "a16", "a19", "b"]


def test_many_classes_have_a_picture_each(look, tmp_path):
    by_class = {f"person {i}": [Sample(f"{i}", f"person {i}")] for i in range(30)}
    plots.save(contact_sheets.samples(by_class, look, Lettering()), tmp_path / "a.png")
    assert len(look.seen) == 30


def test_mistakes_are_the_surest_and_faces_are_cut_out(look):
    one = evaluate.evaluate(table(3, 40))
    contact_sheets.mistakes(one, look, Lettering())
    assert len(look.seen) == 24
    assert look.seen[0] == ("w39", (1, 2, 3, 4))


def test_no_mistakes_is_said(look, tmp_path):
    figure = contact_sheets.mistakes(evaluate.evaluate(table(3, 0)), look, Lettering())
    assert [text.get_text() for text in figure.axes[0].texts] == ["No mistakes"]
    plots.save(figure, tmp_path / "a.png")


@pytest.mark.parametrize(
    ("right", "wrong", "shown"), [(50, 2, (22, 2)), (50, 50, (12, 12)), (3, 50, (3, 21)), (2, 1, (2, 1))]
)
def test_predictions_show_right_and_wrong(look, right, wrong, shown):
    both = table(right, wrong)
    contact_sheets.predictions(both.rows, evaluate.evaluate(both), look, Lettering())
    paths = [path for path, _ in look.seen]
    assert (sum(path[0] == "r" for path in paths), sum(path[0] == "w" for path in paths)) == shown


def captions(figure):
    """The texts of a sheet but for its title, and their sizes."""
    *texts, _ = figure.axes[0].texts
    return {text.get_text(): text.get_fontsize() for text in texts}


def test_captions_of_a_sheet_share_one_size(look):
    names = ["Al", "Mahendra Singh Dhoni the elder"]
    rows = [Prediction(f"{i}", np.array([0.75, 0.25]), names[0], label=names[i]) for i in range(2)]
    both = Predictions(tuple(names), tuple(rows))
    sheet = contact_sheets.predictions(both.rows, evaluate.evaluate(both), look, Lettering())
    assert set(captions(sheet)) == {"Al", "Mahendra Sin…e elder", "0.75"}
    assert len(set(captions(sheet).values())) == 1


@pytest.mark.parametrize("classes", [20, 200])
def test_samples_have_readable_captions_in_natural_order(look, tmp_path, classes):
    by_class = {f"person {i}": [Sample(f"{i}", f"person {i}")] for i in range(classes)}
    sheet = contact_sheets.samples(dict(sorted(by_class.items())), look, Lettering())
    shown = {text: size for text, size in captions(sheet).items() if text.strip()}
    assert list(shown) == list(by_class)
    assert min(shown.values()) >= 7
    plots.save(sheet, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert max(picture.size) < 4000


def test_of_very_many_classes_some_are_shown(look):
    by_class = {f"{i}": [Sample(f"{i}", f"{i}")] for i in range(1000)}
    sheet = contact_sheets.samples(by_class, look, Lettering())
    assert len(look.seen) == 400
    assert sheet.axes[0].texts[-1].get_text() == "A sample of 400 of 1000 classes"

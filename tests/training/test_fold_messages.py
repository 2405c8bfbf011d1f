import math

from celebtool.evaluation.cross_validation import CrossValidation, Fold
from celebtool.evaluation.intervals import exact
from celebtool.formats.acceptance import Acceptance
from celebtool.formats.image_folder import ImageFolder, Sample
from celebtool.formats.model_info import ModelInfo
from celebtool.training import fold_messages
from celebtool.training.folds import Folds
from celebtool.training.training_set import TrainingData

INFO = ModelInfo("cnn", ("ann", "bob"), (16, 16), threshold=0.5)


def _folds(root: object) -> Folds:
    samples = tuple(Sample(f"ann/{number}.png", "ann") for number in range(6))
    folder = ImageFolder(root, samples)
    return Folds(folder, (TrainingData(folder, samples[:3], samples[3:4]), TrainingData(folder, samples[:4], ())), {})


def _figures(strangers: int) -> CrossValidation:
    folds = (
        Fold(1, 100, 0, 0.99, 0.98, math.nan),
        Fold(2, 100, strangers, 1.0, 0.9, 0.25 if strangers else math.nan),
    )
    return CrossValidation(folds, 200, exact(199, 200), exact(188, 200), exact(1, 4) if strangers else exact(0, 0))


def test_the_table_has_a_row_per_fold_and_one_of_all(tmp_path: object) -> None:
    infos = (INFO, ModelInfo("cnn", ("ann", "bob"), (16, 16)))
    title, columns, rows = fold_messages.table(_figures(0), infos, _folds(tmp_path))
    assert title == "cnn, 2 classes, 2 folds"
    assert columns == ["fold", "train", "test", "accuracy", "accepted and right", "threshold"]
    assert rows == [
        ["1", "4", "100", "0.9900", "0.9800", "0.5"],
        ["2", "4", "100", "1.0000", "0.9000", ""],
        ["all", "", "200", "0.9950 (0.972–1.000)", "0.9400", ""],
    ]


def test_strangers_have_a_column_if_there_are_any(tmp_path: object) -> None:
    _, columns, rows = fold_messages.table(_figures(4), (INFO, INFO), _folds(tmp_path))
    assert columns[-1] == "strangers accepted"
    assert [row[-1] for row in rows] == ["", "0.2500", "0.2500"]


def test_the_summary_counts_predictions_and_says_how_far_folds_lie_apart() -> None:
    said = "204 predictions by 2 models, accuracy 0.9950 (0.972–1.000), by fold 0.9900 to 1.0000"
    assert fold_messages.summary(_figures(4)) == said


def test_the_first_fold_with_a_doubtful_threshold_is_named() -> None:
    doubtful = ModelInfo(
        "cnn",
        ("ann", "bob"),
        (16, 16),
        acceptance=Acceptance(asked=0.01, insisted=False, basis="nothing", people=2, known=0, in_val=0, strangers=0),
    )
    assert fold_messages.doubts((INFO, INFO)) == []
    (said,) = fold_messages.doubts((INFO, doubtful, doubtful))
    assert said.startswith("fold 2: no threshold ")

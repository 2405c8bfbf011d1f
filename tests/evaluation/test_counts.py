import numpy as np

from celebtool.evaluation import counts

LABELS = np.array([0, 0, 2, 2, 2, 1])
PREDICTED = np.array([0, 2, 2, 3, 2, 3])  # three classes: 3 is no prediction
MATRIX = [[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 2, 1]]


def test_the_cells_that_are_not_zero_are_the_matrix() -> None:
    found = counts.of(LABELS, PREDICTED, 3)
    assert found.matrix.tolist() == MATRIX
    assert len(found.images) == 5
    again = counts.of_matrix(np.array(MATRIX))
    assert (again.labels.tolist(), again.images.tolist()) == (found.labels.tolist(), found.images.tolist())


def test_sums_by_row_and_column() -> None:
    found = counts.of(LABELS, PREDICTED, 3)
    assert found.right.tolist() == [1, 0, 2]
    assert found.support.tolist() == [2, 1, 3]
    assert found.called.tolist() == [1, 0, 3]
    assert found.failed.tolist() == [0, 1, 1]


def test_a_row_and_a_part() -> None:
    found = counts.of(LABELS, PREDICTED, 3)
    assert [each.tolist() for each in found.row(2)] == [[2, 3], [2, 1]]
    assert found.part([2, 0], [3, 2]).tolist() == [[1, 2], [0, 1]]
    nobody = counts.of(np.zeros(0, np.int64), np.zeros(0, np.int64), 2)
    assert nobody.matrix.tolist() == [[0, 0, 0], [0, 0, 0]]

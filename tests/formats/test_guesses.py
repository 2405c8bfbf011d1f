import math

import numpy as np
import pytest

from celebtool.formats import guesses
from celebtool.formats.guesses import Guesses

WHOLE = np.array([0.1, 0.3, 0.3, 0.2, 0.1])
SOME = Guesses(np.array([[1, 2, 3], [0.3, 0.3, 0.2]]))


def test_some_classes_say_of_themselves_what_all_say() -> None:
    for found in (WHOLE, SOME):
        assert guesses.largest(found) == 0.3
        assert guesses.best(found, 2) == [(1, 0.3), (2, 0.3)]
        assert guesses.of_class(found, 3) == 0.2
        assert [guesses.rank(found, class_id) for class_id in (1, 2, 3)] == [0, 1, 2]
    assert (guesses.known(WHOLE), guesses.known(SOME)) == (5, 3)


@pytest.mark.parametrize("class_id", [0, 4])
def test_of_other_classes_little_is_known(class_id: int) -> None:
    assert math.isnan(guesses.of_class(SOME, class_id))
    assert guesses.rank(SOME, class_id) == 3


def test_all_classes_of_those_that_are_known() -> None:
    assert guesses.whole(SOME, 5, -1.0).tolist() == [-1, 0.3, 0.3, 0.2, -1]
    assert guesses.whole(WHOLE, 5, -1.0).tolist() == WHOLE.tolist()

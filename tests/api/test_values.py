from typing import Literal, get_args

import pytest

from celebtool.api import values
from celebtool.errors import CelebtoolError


def test_numbers_without_bounds() -> None:
    values.check("x", -5, float)
    with pytest.raises(CelebtoolError, match="x: inf; expected a finite number"):
        values.check("x", float("inf"), float)
    with pytest.raises(CelebtoolError, match="x: 5; expected 4 or less"):
        values.check("x", 5, int, (None, 4))
    values.check("x", None, Literal["a"] | None)
    assert get_args(Literal["a"]) == ("a",)

import numpy as np
import pytest

from celebtool.formats import vectors


def test_a_vector_comes_back_bit_for_bit() -> None:
    vector = np.linspace(-1, 1, 5).astype(np.float32)
    assert (vectors.unpack(vectors.pack(vector), 5) == vector).all()
    assert vectors.pack(np.array([1.0])) == "AACAPw=="


@pytest.mark.parametrize("text", ["!", "AAAA", "AADAfw==", "AACAfw==", "AACAPwAAgD8="])
def test_what_is_no_vector_of_one_finite_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        vectors.unpack(text, 1)

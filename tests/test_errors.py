import pickle

import pytest

from celebtool.errors import CelebtoolError, GateError, printable
from celebtool.formats.images import ImageError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Beyoncé", "Beyoncé"),
        ("a\nb\x1b[31m\x9b", "a\\x0ab\\x1b[31m\\x9b"),
        ("\udcff.jpg", "\\xff.jpg"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u2028", "\\u2028"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_an_error_is_one_line_that_says_where_and_what() -> None:
    assert str(CelebtoolError("a\nb.jpg", "is empty; expected an image")) == "a\\x0ab.jpg: is empty; expected an image"
    assert (CelebtoolError("x", "y").exit_code, GateError("x", "y").exit_code) == (1, 3)


@pytest.mark.parametrize("error", [CelebtoolError("a", "b; c"), GateError("a", "b"), ImageError("a", "too_large", "b")])
def test_an_error_comes_back_from_a_worker_as_it_was(error: CelebtoolError) -> None:
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert vars(found) == vars(error)

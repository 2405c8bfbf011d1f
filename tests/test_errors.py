import pytest

from celebtool.errors import CelebtoolError, GateError, printable


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

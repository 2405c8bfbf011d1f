"""What the tests of the Python interface share."""

from collections.abc import Callable

import pytest

from tests.conftest import Result

Command = Callable[..., Result]


@pytest.fixture
def command(celebtool: Command) -> Command:
    """Run a command line, by a name that is not the package's."""
    return celebtool

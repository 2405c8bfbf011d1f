import logging
import warnings

import pytest

import celebtool
from celebtool.api.listener import Heard


def test_progress_is_passed_on() -> None:
    told: list[tuple[str, int, int]] = []
    with Heard(lambda *each: told.append(each)).progress("reading", "images") as progress:
        progress(1, 2)
        progress.stage("solving")
        progress(3, 0)
    assert told == [("reading", 1, 2), ("solving", 0, 0), ("solving", 3, 0)]


def test_nobody_needs_to_listen(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "celebtool"), Heard().progress("reading") as progress:
        progress(1, 2)
        progress.say("half")
        Heard().note("a\x1b[2Jb")
        Heard().finished("m.h5")
    assert caplog.messages == ["half", "a\\x1b[2Jb", "m.h5: finished; nothing to do (overwrite=True makes it anew)"]


def test_a_warning_names_the_line_that_called() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Heard().warn("look\nhere")
    assert (caught[0].filename, str(caught[0].message)) == (__file__, "look\\x0ahere")
    assert caught[0].category is celebtool.CelebtoolWarning

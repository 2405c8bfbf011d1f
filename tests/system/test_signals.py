import contextlib
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from celebtool.system import signals
from celebtool.system.signals import Stopped


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signals.stop)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_signal_ends_a_run_at_once() -> None:
    with pytest.raises(Stopped) as stopped:
        signal.raise_signal(signal.SIGTERM)
    assert stopped.value.args == (143,)


def test_a_signal_waits_until_it_is_let_through() -> None:
    done = []

    def run() -> None:
        with signals.held_back() as letting_through:
            signal.raise_signal(signal.SIGTERM)
            done.append("held back")
            with letting_through():
                done.append("never")

    with pytest.raises(Stopped):
        run()
    assert done == ["held back"]


def test_what_has_to_be_cleaned_up_is_cleaned_up_whatever_comes() -> None:
    done = []

    def run() -> None:
        with signals.held_back() as letting_through:
            try:
                with letting_through():
                    signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGTERM)
                done.append("clean")

    with pytest.raises(Stopped):
        run()
    with signals.held_back():
        done.append("nothing waits")
    assert done == ["clean", "nothing waits"]


def test_a_signal_in_the_middle_of_naming_an_attribute_is_not_swallowed() -> None:
    """Python up to 3.11 makes a RuntimeError of whatever is raised there."""

    class Named:
        def __set_name__(self, owner: type, name: str) -> None:
            signal.raise_signal(signal.SIGTERM)

    def define() -> None:
        type("Owner", (), {"name": Named()})
        time.sleep(10)

    with pytest.raises(Stopped) as stopped:
        define()
    assert stopped.value.args == (143,)


def test_a_signal_that_code_in_c_swallows_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a destructor raises, Python can only report."""
    monkeypatch.setattr(sys, "unraisablehook", signals.unraisable)

    class Swallowing:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    def run() -> None:
        Swallowing()
        time.sleep(10)

    with pytest.raises(Stopped) as stopped:
        run()
    assert stopped.value.args == (143,)


def test_a_signal_that_code_in_c_prints_comes_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `PyErr_Print` does: it hands the error to `sys.excepthook`, and drops it."""
    monkeypatch.setattr(sys, "excepthook", signals.uncaught)
    signals.begin()

    def run() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except Stopped:
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        time.sleep(10)

    with pytest.raises(Stopped) as stopped:
        run()
    assert stopped.value.args == (143,)
    assert capsys.readouterr().err == ""


def test_whatever_else_is_printed_there_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", signals.uncaught)
    signals.begin()
    sys.excepthook(ValueError, ValueError("news"), None)
    assert "ValueError: news" in capsys.readouterr().err


def test_whatever_else_is_swallowed_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", signals.unraisable)

    class Failing:
        def __del__(self) -> None:
            raise ValueError("lost")

    Failing()
    assert "ValueError: lost" in capsys.readouterr().err


def test_a_signal_is_known_whatever_a_library_makes_of_it() -> None:
    signals.begin()
    assert signals.came() is None
    with contextlib.suppress(Stopped):
        signal.raise_signal(signal.SIGTERM)
    came = signals.came()
    assert came is not None
    assert came.args == (143,)
    signals.begin()
    assert signals.came() is None

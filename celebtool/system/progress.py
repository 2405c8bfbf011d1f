"""What a long task tells of its progress; `celebtool.console` shows it, and lower rooms need not know how."""

from contextlib import AbstractContextManager
from typing import Protocol


class Progress(Protocol):
    """Listens to a long task, which may have several stages: images read, epoch 1, epoch 2."""

    def stage(self, name: str, unit: str = "") -> None:
        """Begin a stage; `unit` is what it counts, such as images; empty if it counts nothing."""

    def __call__(self, done: int, total: int) -> None:
        """Report that so much of the stage is done; `total` is 0 if nobody knows it."""

    def say(self, line: str) -> None:
        """Show a line that stays."""


class Listener(Protocol):
    """Listens to a whole run. The commands pass `celebtool.console`, a module that has these functions."""

    def note(self, text: object) -> None:
        """Hear something that is good to know."""

    def warn(self, text: object) -> None:
        """Hear what a user should look into."""

    def finished(self, path: object, what: str = "", again: str = "") -> None:
        """Hear that an output of this very run is there already, what else is to be said, and how to make it anew."""

    def progress(self, description: str, unit: str = "") -> AbstractContextManager[Progress]:
        """Return what hears of a long task; arguments as of `Progress.stage`."""


class Within:
    """Tells of one of several tasks in a row: each stage and line begins with the name of the task."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name = progress, name

    def stage(self, name: str, unit: str = "") -> None:
        """Begin a stage."""
        self._progress.stage(f"{self._name}: {name}", unit)

    def __call__(self, done: int, total: int) -> None:
        """Report that so much of the stage is done."""
        self._progress(done, total)

    def say(self, line: str) -> None:
        """Show a line that stays."""
        self._progress.say(f"{self._name}: {line}")


class Silent:
    """Shows nothing."""

    def stage(self, name: str, unit: str = "") -> None:
        """Ignore it."""

    def __call__(self, done: int, total: int) -> None:
        """Ignore it."""

    def say(self, line: str) -> None:
        """Ignore it."""

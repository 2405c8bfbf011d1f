"""What a process may do with a stranger's file: no code out of it, no socket, no other program, no file elsewhere."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

PROGRAMS = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "subprocess.Popen", "pty.spawn")
CODE = ("pickle.find_class", "marshal.load", "ctypes.dlopen", "exec", "code.__new__", "function.__new__")
FILES = (
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "shutil.",
)
OURS = tuple(
    {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, Path(__file__).parents[2], "/proc", "/sys")}
)


class Watch:
    """Notes, in `seen`, what the rules forbid; a hook of Python's auditing can't be taken away again."""

    def __init__(self, allowed: Sequence[Path]) -> None:
        self.allowed = tuple(os.path.realpath(path) for path in allowed)
        self.seen: list[str] = []
        self.watching = True
        sys.addaudithook(self._hook)

    def stop(self) -> list[str]:
        """Look no longer; return what was forbidden."""
        self.watching = False
        return self.seen

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.watching and event.startswith(("socket.", *PROGRAMS, *CODE, *FILES)):
            self.watching = False  # what follows makes events too
            if not self._may(event, arguments):
                self.seen.append(f"{event} {str(arguments)[:200]}")
            self.watching = True

    def _may(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event.startswith(FILES):
            paths = [path for path in arguments if isinstance(path, str | bytes | os.PathLike)]
            reads = event == "open" and not int(str(arguments[2])) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return all(self._may_touch(os.fsdecode(path), reads=reads) for path in paths[: 1 if event == "open" else 2])
        return event.startswith(CODE) and _is_of_a_module()

    def _may_touch(self, path: str, *, reads: bool) -> bool:
        real = os.path.realpath(path)
        roots = (*self.allowed, os.devnull, *(OURS if reads else ()))
        return any(real == root or real.startswith(root + "/") for root in roots)


def _is_of_a_module() -> bool:
    """Say whether the code that is run or made is that of an installed module, not of a file just read."""
    frame = sys._getframe(3)
    name = frame.f_code.co_filename
    deserializer = ("/keras/src/utils/python_utils", "/saving/", "/legacy/saving/")
    return name.startswith(("<frozen importlib", *OURS)) and not any(part in name for part in deserializer)

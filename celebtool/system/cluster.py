"""The workers of a Dask cluster as an executor.

Whoever reaches the scheduler's port can run code on the workers, but not here: Dask's messages may hold pickles, so
none is unpickled. What a call gave is a file of JSON in a directory that all machines see; Dask only tells that a call
ended. Its client does unpickle, so two of its methods are replaced.
"""

import contextlib
import importlib
import json
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable, Container, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

from celebtool import __version__
from celebtool.errors import CelebtoolError, SystemFaultError, printable
from celebtool.system import cluster_address
from celebtool.system.workers import Start

PATIENCE = 10.0  # seconds without a worker before the user is told; without an answer before it is an error

_LARGEST_ANSWER = 1 << 16  # bytes


def dask(address: str, answers: Path, say: Callable[[str], None]) -> Start:
    """Return what starts workers: those of a Dask cluster, which are there already.

    Args:
        address: of the scheduler; `cluster_address` finds nothing wrong with it.
        answers: a directory that all machines see under the same path.
        say: shows the user a line.

    Raises:
        CelebtoolError: Dask is not installed.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise CelebtoolError("--dask", "needs Dask; pip install 'celebtool[dask]'") from error
    _silence_logs()
    checked: set[str] = set()

    @contextlib.contextmanager
    def start(_workers: int) -> Iterator[Executor]:
        deaths: set[str] = set()
        client = _connected(distributed, address, deaths)
        executor = ClusterExecutor(client, deaths, address, answers, say)
        try:
            executor.begin(checked)
            yield executor
        finally:
            executor.end()
            with contextlib.suppress(Exception):
                client.close(timeout=2)

    return start


def _silence_logs() -> None:
    """Keep Dask from printing what goes wrong: it is told in one line."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("distributed", "tornado", "asyncio")):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _connected(distributed: Any, address: str, deaths: set[str]) -> Any:  # noqa: ANN401
    """Return a client of the scheduler at an address; arguments as of `_client`.

    Raises:
        CelebtoolError: none answers there.
    """
    cluster_address.check_listener(address, PATIENCE)
    try:
        return _client(distributed, deaths)(address, timeout=PATIENCE, set_as_default=False, deserializers=["msgpack"])
    except (OSError, ValueError, RuntimeError) as error:
        raise CelebtoolError(address, cluster_address.NOBODY) from error


def answer(version: str, function: str, shard: object, file: str) -> None:
    """Run ``function(shard)`` on a worker and leave in a file whether it went well. Workers run this."""
    told: dict[str, str] = {"worker": socket.gethostname()}
    try:
        _run(version, function, shard)
    except CelebtoolError as error:
        told |= {"where": str(error.where), "problem": error.problem}
    except Exception as error:  # noqa: BLE001 - told as text: the other end takes no pickles
        told |= {"where": function, "problem": f"{type(error).__name__}: {error}"}
    unfinished = Path(f"{file}.new")
    unfinished.write_text(json.dumps(told), encoding="ascii")
    unfinished.replace(file)


def _run(version: str, function: str, shard: object) -> None:
    if version != __version__:
        raise CelebtoolError("celebtool", f"is version {__version__} there and {version} here")
    if function:
        module, name = function.split(":")
        getattr(importlib.import_module(module), name)(shard)


class ClusterExecutor(Executor):
    """Calls functions on the workers of a cluster."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401
        deaths: Container[str],
        address: str,
        answers: Path,
        say: Callable[[str], None],
    ) -> None:
        self._client, self._deaths, self._address, self._answers, self._say = client, deaths, address, answers, say
        self._ended = threading.Event()
        self._waiting: dict[Future[Any], Any] = {}
        self._needed = f"every worker needs celebtool {__version__} and must see {answers}"

    def begin(self, checked: set[str]) -> None:
        """Wait for a worker; make sure that all have this version of celebtool; then watch over them.

        Args:
            checked: workers that need not be asked again; those that were asked are added.

        Raises:
            CelebtoolError: a worker has another version, or none.
        """
        waited, told = 0.0, False
        while not (workers := self._workers()):
            if waited >= PATIENCE and not told:
                self._tell_none()
                told = True
            time.sleep(0.5)
            waited += 0.5
        new = [worker for worker in workers if worker not in checked]
        checks = [self._submit("", None, workers=[worker], allow_other_workers=False) for worker in new]
        for worker, check in zip(new, checks, strict=True):
            self._check(worker, check)
            checked.add(worker)
        threading.Thread(target=self._watch, daemon=True).start()

    def _check(self, worker: str, answered: Future[Any]) -> None:
        try:
            answered.result(timeout=PATIENCE)
        except TimeoutError:
            pass  # it is busy with another run; each call is checked again
        except CelebtoolError as error:
            raise CelebtoolError(worker, f"{error.problem}; {self._needed}") from error

    def end(self) -> None:
        """Stop watching, and forget what has not been answered."""
        self._ended.set()

    def submit(self, _call: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:  # noqa: ANN401
        """Run a function, given by its name, on a shard on some worker; the result is None."""
        return self._submit(*arguments)

    def _submit(self, function: str, shard: object, **where: object) -> Future[Any]:
        file = self._answers / f".answer-{secrets.token_hex(8)}"
        result: Future[Any] = Future()
        asked = self._client.submit(answer, __version__, function, shard, str(file), pure=False, **where)
        self._waiting[result] = asked  # Dask forgets a call that nobody holds
        asked.add_done_callback(lambda done: self._finish(result, done, file))
        return result

    def _finish(self, result: Future[Any], done: Any, file: Path) -> None:  # noqa: ANN401
        """Give a future what the file says that its call gave."""
        self._waiting.pop(result, None)
        error: Exception | None
        if done.status == "finished":
            error = self._error_of(file)
        elif done.status == "error":
            unable = CelebtoolError(self._address, f"a worker can't do the work; {self._needed}")
            error = BrokenExecutor("a worker died") if done.key in self._deaths else unable
        else:
            error = self._lost()
        with contextlib.suppress(Exception):  # it has been given up
            result.set_exception(error) if error else result.set_result(None)

    def _error_of(self, file: Path) -> Exception | None:
        for pause in (0, 0.1, 0.5, 2, 5):  # a network's file system may show it a little later
            time.sleep(pause)
            with contextlib.suppress(OSError, ValueError, RecursionError):
                with file.open("rb") as stream:
                    told = json.loads(stream.read(_LARGEST_ANSWER))
                file.unlink()
                if not isinstance(told, dict):
                    break
                if "problem" not in told:
                    return None
                where, problem, worker = (printable(told.get(name, "")) for name in ("where", "problem", "worker"))
                return SystemFaultError(where, f"{problem} (on the worker {worker})")
        return SystemFaultError(self._answers, "is not the same directory on a worker; every machine needs to see it")

    def _lost(self) -> Exception:
        problem = "the Dask scheduler does not answer any more; start it again, then run the same command again"
        return SystemFaultError(self._address, problem)

    def _workers(self) -> list[str]:
        try:
            return list(self._client.scheduler_info()["workers"])
        except Exception as error:
            raise self._lost() from error

    def _tell_none(self) -> None:
        self._say(f"{self._address} has 0 workers; waiting for one: dask worker {self._address}")

    def _watch(self) -> None:
        """Tell when all workers went away; give up what is waited for when the scheduler did."""
        told = False
        while not self._ended.wait(PATIENCE / 2):
            try:
                is_alone = not self._workers()
            except SystemFaultError as error:
                for result in list(self._waiting):
                    with contextlib.suppress(Exception):
                        result.set_exception(error)
                return
            if is_alone and not told:
                self._tell_none()
            told = is_alone


def _client(distributed: Any, deaths: set[str]) -> Any:  # noqa: ANN401
    """Return Dask's client, but one that unpickles nothing of what workers did.

    Args:
        distributed: the package.
        deaths: the keys of calls that killed their workers are added.
    """

    class Client(distributed.Client):  # type: ignore[misc]
        def _handle_key_in_memory(self, key: Any = None, type: Any = None, workers: Any = None) -> None:  # noqa: A002, ANN401, ARG002
            super()._handle_key_in_memory(key=key, type=None, workers=workers)

        def _handle_task_erred(self, key: Any = None, exception: Any = None, traceback: Any = None) -> None:  # noqa: ANN401, ARG002
            if b"KilledWorker" in bytes(exception if isinstance(exception, bytes | bytearray) else b""):
                deaths.add(key)
            super()._handle_task_erred(key=key, exception=RuntimeError("failed"), traceback=None)

        def __del__(self) -> None:
            """Do nothing: a client that found no scheduler would wait again, and print a traceback."""

    return Client

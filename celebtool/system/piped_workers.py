"""Run calls in worker processes that each talk through a pipe of their own.

`concurrent.futures.ProcessPoolExecutor` needs semaphores, and those need /dev/shm, which containers may lack. These
workers need none.
"""

import queue
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

Start = Callable[..., None]


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection


class PipedWorkers(Executor):
    """So many worker processes; a thread waits for each. A call whose worker dies raises `BrokenExecutor`."""

    def __init__(self, workers: int, context: BaseContext, initializer: Start, arguments: tuple[object, ...]) -> None:
        """Start nothing yet.

        Args:
            workers: how many.
            context: how processes start.
            initializer: called first in each worker, with `arguments`.
            arguments: of it.
        """
        self._context, self._initializer, self._arguments = context, initializer, arguments
        self._threads = ThreadPoolExecutor(workers)
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
        """Return the future of a call in a worker."""
        return self._threads.submit(self._call, function, arguments, named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers once their calls are done."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        while wait and not self._idle.empty():
            worker = self._idle.get()
            worker.connection.close()
            worker.process.join()

    def _call(self, *call: object) -> object:
        try:
            worker = self._worker()
        except (EOFError, ConnectionError) as problem:  # what starts workers may have been killed
            raise BrokenExecutor("no worker could be started") from problem
        try:
            worker.connection.send(call)
            result, error = worker.connection.recv()
        except (EOFError, OSError) as problem:
            worker.connection.close()
            worker.process.kill()
            worker.process.join()
            raise BrokenExecutor("a worker has died") from problem
        self._idle.put(worker)
        if error is not None:
            raise error
        return result

    def _worker(self) -> _Worker:
        """Return a worker that has nothing to do; a new one if there is none."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            ours, theirs = self._context.Pipe()
            arguments = (theirs, self._initializer, self._arguments)
            process = self._context.Process(target=_serve, args=arguments, daemon=True)  # type: ignore[attr-defined]
            process.start()
            theirs.close()
            return _Worker(process, ours)


def has_semaphores(context: BaseContext) -> bool:
    """Say whether processes can have locks in common."""
    try:
        context.Lock()
    except (ImportError, OSError):
        return False
    return True


def _serve(connection: Connection, initializer: Start, arguments: tuple[object, ...]) -> None:
    """Be a worker: answer calls until the other end of the pipe is closed."""
    initializer(*arguments)
    while True:
        try:
            function, given, named = connection.recv()
        except EOFError:
            return
        answer: tuple[Any, Exception | None]
        try:
            answer = function(*given, **named), None
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            answer = None, error
        connection.send(answer)

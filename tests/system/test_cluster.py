"""The workers of a Dask cluster, and what may go wrong with them."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from celebtool import __version__
from celebtool.errors import CelebtoolError, SystemFaultError
from celebtool.system import cluster, cluster_address, workers
from tests.support.dask_cluster import DaskCluster

HERE = __name__

needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs Dask")


def note(file: str) -> str:
    Path(file).write_text("done")
    return "what a worker returns stays there"


def die(_: object) -> None:
    os._exit(1)


def fail(_: object) -> None:
    raise SystemFaultError("photos/a.jpg", "can't be read (Input/output error)")


class Planted:
    """Runs code wherever it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (f"{os.environ['PLANTED']}/{os.getpid()}",)


class PlantedError(Exception):
    """An error that runs code wherever it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (f"{os.environ['PLANTED']}/error {os.getpid()}",)


def plant(_: object) -> Planted:
    return Planted()


def plant_error(_: object) -> None:
    raise PlantedError


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://scheduler:1", "tcp://[::1]:8786", "tcp://a.b:65535/"]
)
def test_addresses(address: str) -> None:
    assert cluster_address.problem_of(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "", "foo", "127.0.0.1", "127.0.0.1:8786", "tcp://", "tcp://127.0.0.1", "tcp://:8786", "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:99999", "tcp://127.0.0.1:http", "tcp://a b:1", "http://127.0.0.1:8786", "ucx://127.0.0.1:1",
        "inproc://1/2/3", "ws://127.0.0.1:8786", "tcp://me@host:1", "tcp://host:8786/x", "tcp:/host:1", "tcp://a\n:1",
    ],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    assert (
        cluster_address.problem_of(address)
        == "expected the scheduler's address, as tcp://HOST:8786, or tls://HOST:8786"
    )


@pytest.mark.parametrize(
    "greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\xff" * 64, (1 << 40).to_bytes(8, "little"), bytes(8), b"220", None]
)
def test_something_else_that_listens_is_no_scheduler(greeting: bytes | None) -> None:
    """It says something of its own, waits to be spoken to as a web server does, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if greeting is not None:
                    connection.sendall(greeting)
                    ended.wait(10)

        ended = threading.Event()
        other = threading.Thread(target=serve)
        other.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(CelebtoolError) as caught:
            cluster_address.check_listener(address, 0.3)
        ended.set()
        other.join()
    assert str(caught.value) == (
        f"{address}: no Dask scheduler answers, but something else may listen there; "
        "give the address that `dask scheduler` prints"
    )


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    made, key = tmp_path / "own.pem", tmp_path / "own.key"
    line = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x")
    subprocess.run(["openssl", *line, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


def tls_configured(certificate: str, key: str) -> AbstractContextManager[object]:
    """Set the certificate of everybody in Dask's configuration."""
    import dask.config
    import distributed  # noqa: F401 - reads its defaults

    members = {
        f"{who}.{name}": file for who in ("client", "scheduler") for name, file in (("cert", certificate), ("key", key))
    }
    return dask.config.set(
        {f"distributed.comm.tls.{name}": file for name, file in {"ca-file": certificate, **members}.items()}
    )


@needs_dask
@pytest.mark.parametrize("speaks_tls", [True, False])
def test_something_else_that_listens_is_no_scheduler_through_tls(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *, speaks_tls: bool
) -> None:
    """It is silent once certificates are exchanged, for which Dask's client would wait; or says something without TLS."""
    from distributed.security import Security

    own, key = map(str, certificate)
    with (
        tls_configured(own, key),
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        context = Security().get_listen_args("scheduler")["ssl_context"]

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if speaks_tls:
                    with context.wrap_socket(connection, server_side=True):
                        ended.wait(10)
                else:
                    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                    ended.wait(10)

        ended = threading.Event()
        other = threading.Thread(target=serve)
        other.start()
        said = (
            "something else may listen there" if speaks_tls else r"TLS fails \(WRONG_VERSION_NUMBER\); either no Dask"
        )
        with pytest.raises(CelebtoolError, match=said):
            cluster_address.check_listener(f"tls://127.0.0.1:{server.getsockname()[1]}", 1)
        ended.set()
        other.join()


@needs_dask
def test_certificates_that_are_not_there_are_an_error() -> None:
    with (
        tls_configured("none.pem", "none.key"),
        pytest.raises(
            CelebtoolError, match=r"tls://host:1: the certificates of distributed.comm.tls can't be loaded \("
        ),
    ):
        cluster_address.check_listener("tls://host:1", 1)


def test_where_nothing_listens_no_scheduler_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(CelebtoolError, match="no Dask scheduler answers; start one with: dask scheduler"):
        cluster_address.check_listener(address, 1)


@needs_dask
def test_tls_needs_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "distributed.comm.tls.ca-file, distributed.comm.tls.client.cert" in cluster_address.problem_of(
        "tls://host:8786"
    )
    monkeypatch.setattr(cluster_address, "_setting", lambda _: "file.pem")
    assert cluster_address.problem_of("tls://host:8786") == ""


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CelebtoolError, match=r"pip install 'celebtool\[dask\]'"):
        cluster.dask("tcp://127.0.0.1:1", tmp_path, print)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A cluster of two workers."""
    directory = tmp_path_factory.mktemp("dask")
    (directory / "planted").mkdir()
    os.environ["PLANTED"] = str(directory / "planted")
    made = DaskCluster(directory)
    made.worker()
    made.worker()
    yield made
    made.close()


def run(dask: DaskCluster, tmp_path: Path, function: str, shards: list[object]) -> list[object]:
    start = cluster.dask(dask.address, tmp_path, print)
    return list(workers.run(f"{HERE}:{function}", shards, 2, start))


@needs_dask
@pytest.mark.slow
def test_calls_end_and_leave_no_answers_behind(dask: DaskCluster, tmp_path: Path) -> None:
    files = [str(tmp_path / str(number)) for number in range(9)]
    assert run(dask, tmp_path, "note", list(files)) == [None] * 9
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(number) for number in range(9)]


@needs_dask
@pytest.mark.slow
def test_an_error_of_a_worker_comes_as_text_with_its_machine(dask: DaskCluster, tmp_path: Path) -> None:
    with pytest.raises(SystemFaultError, match=r"^photos/a.jpg: can't be read .*\(on the worker \S+\)$"):
        run(dask, tmp_path, "fail", [1])


@needs_dask
@pytest.mark.slow
def test_nothing_of_a_worker_is_unpickled(dask: DaskCluster, tmp_path: Path) -> None:
    assert run(dask, tmp_path, "plant", [1]) == [None]
    with pytest.raises(SystemFaultError, match="PlantedError"):
        run(dask, tmp_path, "plant_error", [1])
    assert not [path.name for path in (dask.directory / "planted").iterdir() if path.name.endswith(str(os.getpid()))]


@needs_dask
@pytest.mark.slow
def test_another_version_is_refused_by_name(dask: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "__version__", "99.9")
    problem = rf"^tcp://127.0.0.1:\d+: is version {__version__} there and 99.9 here .*every worker needs celebtool 99.9"
    with pytest.raises(CelebtoolError, match=problem):
        run(dask, tmp_path, "note", [str(tmp_path / "a")])


@needs_dask
@pytest.mark.slow
def test_a_cluster_without_workers_says_so_and_a_scheduler_that_dies_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    made, said = DaskCluster(tmp_path), []

    def say(line: str) -> None:
        said.append(line)
        made.worker()

    try:
        start = cluster.dask(made.address, tmp_path, say)
        results = workers.run("time:sleep", [0.1, 0.1, 600, 600], 1, start)
        assert next(results) is None
        assert said == [f"{made.address} has 0 workers; waiting for one: dask worker {made.address}"]
        made.scheduler.kill()
        began = time.monotonic()
        with pytest.raises(SystemFaultError, match="the Dask scheduler does not answer any more; start it again"):
            list(results)
        assert time.monotonic() - began < 60
    finally:
        made.close()


@needs_dask
@pytest.mark.slow
def test_a_call_that_kills_its_workers_is_lost_alone(tmp_path: Path) -> None:
    made = DaskCluster(tmp_path)
    for _ in range(9):
        made.worker()
    try:
        start = cluster.dask(made.address, tmp_path, print)
        (result,) = workers.run(f"{HERE}:die", [1], 1, start)
        assert isinstance(result, workers.WorkerDied)
    finally:
        made.close()

"""Tell the address of a Dask scheduler from what is none, and what listens there from something else."""

import importlib
import re
import socket
import struct
from typing import TYPE_CHECKING

from celebtool.errors import CelebtoolError

if TYPE_CHECKING:
    import ssl

NOBODY = "no Dask scheduler answers; start one with: dask scheduler"
"""What is wrong with an address at which nothing listens."""

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]@?#]+):([0-9]{1,5})")
_TLS = ("ca-file", "client.cert", "client.key")
_LARGEST_GREETING = 1 << 20  # bytes
_PRINTED = "give the address that `dask scheduler` prints"
_EXPECTED = "expected the scheduler's address, as tcp://HOST:8786, or tls://HOST:8786"


def problem_of(address: str) -> str:
    """Say why an address is none that a scheduler can have; "" if it may be one."""
    found = _ADDRESS.fullmatch(address.removesuffix("/"))
    if not found or not 0 < int(found[3]) < 1 << 16:
        return _EXPECTED
    if found[1] == "tls" and (missing := [name for name in _TLS if not _setting(name)]):
        names = ", ".join(f"distributed.comm.tls.{name}" for name in missing)
        return f"TLS needs certificates: set {names} in Dask's configuration (docs/scale.md shows how)"
    return ""


def check_listener(address: str, patience: float) -> None:
    """Make sure that what listens at an address begins to talk as Dask does: with the size of its greeting.

    Dask's client would wait for what is silent, and take what another program says for the size of a message, up to all
    memory.

    Raises:
        CelebtoolError: nothing listens, or something else; or the certificates for TLS are not those that are needed.
    """
    found = _ADDRESS.fullmatch(address.removesuffix("/"))
    if not found:
        raise CelebtoolError(address, _EXPECTED)
    tls = _tls(address) if found[1] == "tls" else None
    said = b""
    try:
        with (
            socket.create_connection((found[2].strip("[]"), int(found[3])), patience) as plain,
            tls.wrap_socket(plain) if tls else plain as connection,
        ):
            while len(said) < 8 and (more := connection.recv(8 - len(said))):
                said += more
    except TimeoutError:
        pass
    except OSError as error:
        raise CelebtoolError(address, _problem_of(error)) from error
    if len(said) < 8 or not 0 < struct.unpack("<Q", said)[0] <= _LARGEST_GREETING:
        raise CelebtoolError(address, "no Dask scheduler answers, but something else may listen there; " + _PRINTED)


def _problem_of(error: OSError) -> str:
    """Say why a connection failed; an error of TLS, whose module takes ten milliseconds to load, has a reason."""
    if not hasattr(error, "reason"):
        return NOBODY
    problem = f"TLS fails ({error.reason or error}); either no Dask scheduler with --protocol tls listens there"
    return f"{problem}, or one of another distributed.comm.tls.ca-file"


def _tls(address: str) -> "ssl.SSLContext":
    """Return how Dask's configuration has a client talk through TLS."""
    try:
        security = importlib.import_module("distributed.security").Security()
        context: ssl.SSLContext = security.get_connection_args("client")["ssl_context"]
    except (OSError, ValueError) as error:
        problem = f"the certificates of distributed.comm.tls can't be loaded ({error})"
        raise CelebtoolError(address, f"{problem}; set the names of files that exist (docs/scale.md)") from error
    return context


def _setting(name: str) -> object:
    try:
        config = importlib.import_module("dask.config")
    except ImportError:
        return None
    return config.get(f"distributed.comm.tls.{name}", None)

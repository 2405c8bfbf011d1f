"""Tell the address of a Dask scheduler from what is none, before anything is connected to."""

import importlib
import re

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]@?#]+):([0-9]{1,5})")
_TLS = ("ca-file", "client.cert", "client.key")
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


def _setting(name: str) -> object:
    try:
        config = importlib.import_module("dask.config")
    except ImportError:
        return None
    return config.get(f"distributed.comm.tls.{name}", None)

"""Ports on loopback for the servers that developers and tests start, also beside those of a rehearsal."""

from __future__ import annotations

import random
import socket
from collections import deque

# Below those that systems hand out to connections.
_FIRST, _LAST = 20_000, 31_999
_HELD = 100
_held: deque[socket.socket] = deque()


def free_port() -> int:
    """A port on loopback that nobody listens on, and that no other process is given before this one has ended.

    One that is merely free may be somebody else's before a server listens on it, once in some thousand starts.
    """
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311  no secret
        if _hold(port) and is_free(port):
            return port


def is_free(port: int) -> bool:
    """Whether nobody listens on it, or speaks from it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        return _bound(probe, port)


def _hold(port: int) -> bool:
    """The port of the same number for datagrams, which nobody here uses, says that it is given."""
    sign = socket.socket(type=socket.SOCK_DGRAM)
    if not _bound(sign, port):
        sign.close()
        return False
    _held.append(sign)
    if len(_held) > _HELD:  # whoever was given that one listens by now
        _held.popleft().close()
    return True


def _bound(to_bind: socket.socket, port: int) -> bool:
    try:
        to_bind.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True

"""Servers on loopback that answer in a thread of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

POLL_SECONDS = 0.02  # how soon the server notices that it is to end


@contextmanager
def answering(server: BaseServer) -> Iterator[None]:
    """Let a server answer for as long as the context lasts."""
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

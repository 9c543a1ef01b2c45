"""A TCP proxy on loopback that can refuse, hang, or cut: networks as they are."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Literal

Mode = Literal["pass", "refuse", "hang"]


class Proxy:
    """Passes bytes on to a port until told otherwise."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self.mode: Mode = "pass"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Proxy:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # closing alone would not wake who waits in `accept`
        self._acceptor.join()
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection that is open."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.mode == "refuse":
                client.close()
                continue
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        both = {client: server, server: client}
        self._open |= both.keys()
        with selectors.DefaultSelector() as ready, client, server:
            for each in both:
                ready.register(each, selectors.EVENT_READ)
            try:
                while True:
                    for key, _ in ready.select(timeout=0.2):
                        source = key.fileobj
                        assert isinstance(source, socket.socket)
                        data = source.recv(65536)
                        if not data:
                            return
                        if self.mode != "hang":
                            both[source].sendall(data)
            except OSError:
                return
            finally:
                self._open -= both.keys()

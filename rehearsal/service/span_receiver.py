"""A receiver of OTLP over HTTP on loopback, in the place of the one that the stack names."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from rehearsal.serving import answering

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_KIND: Final = "application/x-protobuf"


class SpanReceiver:
    """Keeps what is sent to it. `trace_id` is that of a request which `ask_sampled` sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.trace_id = ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                taken = self.path == "/v1/traces" and self.headers.get("Content-Type") == _KIND
                if taken:
                    receiver.bodies.append(body)
                self.send_response(200 if taken else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """The rehearsal tells of steps instead."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        """In place of the declared endpoint."""
        return f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def span_receiver() -> Iterator[SpanReceiver]:
    """One that answers until the block ends."""
    receiver = SpanReceiver()
    with answering(receiver.server):
        yield receiver

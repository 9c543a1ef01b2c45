"""The Lambda runtime's side of the rotation function: hands it events and takes its answers.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rehearsal.serving import answering

INVOCATION_TIMEOUT_SECONDS = 30


class InvocationError(Exception):
    """The function raised, or did not answer in time."""


class LambdaRuntime:
    """A runtime API on loopback for one function."""

    def __init__(self, function_arn: str) -> None:
        self.function_arn = function_arn
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.answers: queue.Queue[tuple[bool, Any]] = queue.Queue()
        runtime = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                runtime._next(self)

            def do_POST(self) -> None:
                runtime._answered(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """The rehearsal tells of steps instead."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        """What `AWS_LAMBDA_RUNTIME_API` holds."""
        return f"127.0.0.1:{self.server.server_port}"

    def invoke(self, event: Any) -> Any:
        """Hand over an event and wait for its answer. Raises InvocationError."""
        self.events.put((str(uuid.uuid4()), event))
        try:
            succeeded, answer = self.answers.get(timeout=INVOCATION_TIMEOUT_SECONDS)
        except queue.Empty:
            raise InvocationError(f"no answer within {INVOCATION_TIMEOUT_SECONDS} s") from None
        if not succeeded:
            raise InvocationError(f"{answer.get('errorType')}: {answer.get('errorMessage')}")
        return answer

    def _next(self, handler: BaseHTTPRequestHandler) -> None:
        request_id, event = self.events.get()
        body = json.dumps(event).encode()
        handler.send_response(200)
        handler.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
        handler.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + INVOCATION_TIMEOUT_SECONDS) * 1000)))
        handler.send_header("Lambda-Runtime-Invoked-Function-Arn", self.function_arn)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _answered(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.answers.put((handler.path.endswith("/response"), json.loads(body or b"null")))
        handler.send_response(202)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def lambda_runtime(function_arn: str) -> Iterator[LambdaRuntime]:
    """A runtime API for as long as the context lasts."""
    runtime = LambdaRuntime(function_arn)
    with answering(runtime.server):
        yield runtime

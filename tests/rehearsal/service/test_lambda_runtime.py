"""The runtime API hands events to a function and takes its answers."""

import json
import threading
from http.client import HTTPConnection
from typing import Any

import pytest

from rehearsal.service.lambda_runtime import InvocationError, lambda_runtime


def ask(address: str, method: str, path: str, body: Any = None) -> tuple[dict[str, str], Any]:
    connection = HTTPConnection(address, timeout=60)
    connection.request(method, f"/2018-06-01/runtime/{path}", body=json.dumps(body))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return dict(answer.getheaders()), json.loads(content or b"null")


def serve_once(address: str, answer_path: str, answer: Any) -> dict[str, Any]:
    """One turn of a function: returns what it was given."""
    seen: dict[str, Any] = {}

    def turn() -> None:
        headers, event = ask(address, "GET", "invocation/next")
        seen.update(headers=headers, event=event)
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        ask(address, "POST", f"invocation/{request_id}/{answer_path}", answer)

    threading.Thread(target=turn, daemon=True).start()
    return seen


def test_an_event_reaches_the_function_and_its_answer_comes_back() -> None:
    with lambda_runtime("arn:function") as runtime:
        seen = serve_once(runtime.address, "response", {"done": True})
        assert runtime.invoke({"Step": "createSecret"}) == {"done": True}
        assert seen["event"] == {"Step": "createSecret"}
        assert seen["headers"]["Lambda-Runtime-Invoked-Function-Arn"] == "arn:function"


def test_what_the_function_raises_is_reported() -> None:
    with lambda_runtime("arn:function") as runtime:
        serve_once(runtime.address, "error", {"errorType": "RotationRefused", "errorMessage": "not pending"})
        with pytest.raises(InvocationError, match="RotationRefused: not pending"):
            runtime.invoke({})

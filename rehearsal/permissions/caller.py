"""Calls through the gate in anyone's name, for many of them: no socket, one client a service and region.

The request is the very one that botocore would send, signed, and the gate is called with it as a web server calls it.
"""

import io
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIEnvironment

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials as Signing
from botocore.session import Session
from urllib3.response import HTTPResponse

from rehearsal.permissions.gate import Credentials, Gate

_ADDRESS = "http://127.0.0.1"


class Caller:
    """Clients of one gate, used by one role after the other: making a client costs as much as ten calls."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._signing = Signing("nobody", "nothing", "nothing")
        self._session = Session()
        self._session._credentials = self._signing  # clients read it anew for every request
        self._clients: dict[tuple[str, str], Any] = {}

    def become(self, credentials: Credentials) -> None:
        """Sign everything from now on with these."""
        self._signing.access_key = credentials.access_key_id
        self._signing.secret_key = credentials.secret_access_key
        self._signing.token = credentials.session_token

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region."""
        if (service, region) not in self._clients:
            config = Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                signature_version="s3v4" if service == "s3" else None,
            )
            made = self._session.create_client(service, region_name=region, endpoint_url=_ADDRESS, config=config)
            made.meta.events.register_first("before-send", self._send)
            self._clients[service, region] = made
        return self._clients[service, region]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        answered: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            answered.update(status=int(status.split(maxsplit=1)[0]), headers=dict(headers))

        body = b"".join(self._gate(_environ(request), start))
        raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return AWSResponse(request.url, answered["status"], answered["headers"], raw)


def _environ(request: AWSPreparedRequest) -> WSGIEnvironment:
    """The request as a web server hands it over (PEP 3333)."""
    parts = urlsplit(request.url)
    body = request.body or b""
    content: bytes = body.read() if hasattr(body, "read") else body.encode() if isinstance(body, str) else body
    headers = {name: _text(value) for name, value in request.headers.items()}
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)

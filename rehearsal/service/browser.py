"""A browser as far as the service can tell: cookies, an origin, and the public address in front of loopback."""

import json
import ssl
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 15


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """An HTTP answer, read whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Browser:
    """Talks to one port of loopback as if it were `public_url`, as the load balancer in front of it does.

    `scheme` is what the load balancer speaks to its targets. Cookies are sent however they are marked: the TLS that
    `Secure` asks for is the load balancer's own, which is not part of a rehearsal.
    """

    public_url: str
    port: int
    scheme: str = "http"
    cookies: dict[str, str] = field(default_factory=dict)

    def send(
        self, method: str, address: str, body: bytes | None = None, content_type: str = "application/json"
    ) -> HttpAnswer:
        """One request to a path, or to a whole address under `public_url`."""
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"Host": urlsplit(self.public_url).netloc, "Origin": origin_of(self.public_url)}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = content_type
        answer, cookies = _ask(self.target, method, path, headers, body)
        for header in cookies:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer

    @property
    def target(self) -> str:
        """Where its requests go in truth."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def send_json(self, method: str, path: str, content: Any) -> HttpAnswer:
        """One request with a JSON body."""
        return self.send(method, path, json.dumps(content).encode())

    def send_form(self, path: str, **fields: str) -> HttpAnswer:
        """One form."""
        return self.send("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded")


def origin_of(address: str) -> str:
    """Scheme and host of an address, as browsers send them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def fetch(address: str, method: str = "GET", body: bytes | None = None, **headers: str) -> HttpAnswer:
    """One request to an address of loopback, as it stands."""
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
    answer, _ = _ask(origin_of(address), method, path, headers, body)
    return answer


def _ask(
    origin: str, method: str, path: str, headers: dict[str, str], body: bytes | None
) -> tuple[HttpAnswer, list[str]]:
    connection = connection_to(origin)
    try:
        connection.request(method, path, body=body, headers=headers)
        response: HTTPResponse = connection.getresponse()
        answer = HttpAnswer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=response.read(),
        )
        return answer, response.headers.get_all("Set-Cookie") or []
    finally:
        connection.close()


def connection_to(origin: str) -> HTTPConnection:
    """A connection that is not open yet, as a load balancer has it: it checks no target's certificate."""
    parts = urlsplit(origin)
    if parts.scheme == "http":
        return HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection(parts.netloc, timeout=TIMEOUT_SECONDS, context=unchecked)

"""Trying the service from outside: /healthz and /readyz at its public address, over TLS."""

import http.client
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph.errors import reason_of
from graph.values import at
from operations.engine.errors import FailedError
from project.files import Project, read_config
from project.silos import whole_config

PATHS: Final = ("/healthz", "/readyz")
TIMEOUT_SECONDS: Final = 120.0
REQUEST_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 5.0


class UnreachedError(FailedError):
    """Nothing answered at all: the service may be down, or closed to this machine's address."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What the service said to one path."""

    path: str
    status: int
    milliseconds: int


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A load balancer's redirect is not the service's answer."""

    def redirect_request(self, *_args: Any) -> None:
        return None


def configured_url(project: Project, stack: str) -> str | None:
    """The address that a stack's file, or its customer's record, gives; None where AWS made it, so that no file knows.

    Raises ProblemsError for an unknown stack.
    """
    config = whole_config(project, stack, read_config(project, stack))
    record = config.get(f"{project.name}:record")
    settings = config.get(f"{project.name}:settings")
    name = at(settings, "service.hostName") if record is None else at(record, "hostName")
    return f"https://{name}" if isinstance(name, str) else None


def url_of(stack: str, outputs: Mapping[str, Any]) -> str:
    """The service's address by the stack's outputs. Raises FailedError where they name none that can be tried."""
    url = outputs.get("url")
    if not isinstance(url, str) or urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise FailedError(f"{stack}: has no output url", f"`workbuoy deploy {stack}` first")
    return url.rstrip("/")


def smoke(
    stack: str,
    url: str,
    *,
    notify: Callable[[str], Any],
    timeout_seconds: float = TIMEOUT_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
    trust: ssl.SSLContext | None = None,
) -> tuple[Probe, ...]:
    """Ask every path until it answers 200; targets register and names spread for a while after a rollout.

    Args:
        stack: the stack's name, for messages.
        url: the service's address. Certificates are verified; without https, `notify` hears that nothing was encrypted.
        notify: gets a line where an attempt failed in another way than the one before.
        timeout_seconds: for all of it.
        pause_seconds: between attempts.
        trust: authorities to believe instead of the system's.

    Raises:
        FailedError: a path did not answer 200 in time; with the last that was answer. UnreachedError where that was
            nothing.
    """
    if url.startswith("http://"):
        notify(f"{stack}: {url} is not encrypted; a stack with a certificate serves https only")
    handlers = [_NoRedirects(), urllib.request.HTTPSHandler(context=trust or ssl.create_default_context())]
    opener = urllib.request.build_opener(*handlers)
    deadline = time.monotonic() + timeout_seconds

    def ask_until(path: str) -> Probe:
        before = ""
        while True:
            began = time.monotonic()
            answer = _ask(opener, url + path)
            if answer == 200:
                return Probe(path, 200, round((time.monotonic() - began) * 1000))
            response = f"answered {answer}" if isinstance(answer, int) else answer
            if time.monotonic() + pause_seconds > deadline:
                unanswered = UnreachedError if isinstance(answer, str) else FailedError
                raise unanswered(f"{stack}: {url}{path} {response}", _hint(stack, answer))
            if response != before:
                notify(f"{stack}: {path} {response}; trying again for at most {deadline - time.monotonic():.0f} s")
            before = response
            time.sleep(pause_seconds)

    return tuple(ask_until(path) for path in PATHS)


def _hint(stack: str, answer: int | str) -> str:
    if isinstance(answer, str):
        return f"does DNS know it, and is this machine inside service.allowedCidrBlocks of {stack}?"
    return f"`aws logs tail /workbuoy/workbuoy-{stack}/service` says why"


def _ask(opener: urllib.request.OpenerDirector, address: str) -> int | str:
    """The status, or why there was none."""
    try:
        with opener.open(address, timeout=REQUEST_SECONDS) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except urllib.error.URLError as error:
        return f"cannot be reached: {reason_of(error.reason)}"
    except (OSError, http.client.HTTPException) as error:
        return f"broke off: {reason_of(error) or type(error).__name__}"

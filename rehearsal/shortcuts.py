"""What moto 5.2 works out anew for each request, though the answer is always the same: half of what a call takes.

botocore still builds, validates and parses every request and every answer, and moto still answers all of them.
tests/rehearsal/test_shortcuts.py holds each shortcut to what moto itself does.
"""

import importlib
import re
import string
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any

from rehearsal.patching import Undo, replace_attribute

_MOST = 4096  # addresses and names that are remembered; those of objects in buckets have no end
_PLAIN_ADDRESS = re.compile(r"(https?)://([A-Za-z0-9.-]+)(/(?!/)[A-Za-z0-9/._~-]*)(?:\?([A-Za-z0-9=&._~-]+))?")
_REMEMBERED = (  # functions of a name or a class alone
    ("moto.core.responses", "method_names_from_class"),
    ("moto.core.responses", "camelcase_to_underscores"),
    ("xmltodict", "_validate_name"),
)
_OF_THE_BODY = {"CONTENT-TYPE": "CONTENT_TYPE", "CONTENT-LENGTH": "CONTENT_LENGTH"}


def take_all() -> list[Undo]:
    """Take every shortcut; the functions undo them."""
    remembered = [_remember(*one) for one in _REMEMBERED]
    return [*remembered, _routes(), _requests(), _keys_of_answers(), _request_ids(), _services(), _event_names()]


def _routes() -> Undo:
    """moto tries a hundred expressions on a request's address, and makes the service's table of addresses again."""
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.core.request import normalize_request
    from werkzeug.exceptions import HTTPException

    stock = BotocoreStubber.process_request
    handler_of = lru_cache(_MOST)(_handler)

    def process(self: Any, request: Any) -> Any:
        handler = handler_of(request.url.partition("?")[0])
        if handler is None:
            return stock(self, request)
        normalized = normalize_request(request)
        plain = is_plain(request.url) and "Host" not in request.headers
        url = request.url if plain else normalized.raw_url  # which takes the address apart and joins it
        try:
            return handler(normalized, url, normalized.headers)
        except HTTPException as error:
            return error.code, error.get_headers(), error.get_body()

    return replace_attribute(BotocoreStubber, "process_request", process)


def _handler(address: str) -> Callable[..., Any] | None:
    """What answers at an address, as moto looks for it; None where it has more to say than to call something."""
    from moto import backend_index
    from moto.backends import get_backend
    from moto.core.base_backend import BackendDict
    from moto.core.config import passthrough_service, passthrough_url, service_whitelisted
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.core.utils import get_equivalent_url_in_aws_domain

    if get_equivalent_url_in_aws_domain(address)[0].geturl() != address or passthrough_url(address):
        return None
    for service, pattern in backend_index.backend_url_patterns:
        if not pattern.match(address):
            continue
        if passthrough_service(service) or not service_whitelisted(service):
            return None
        found: Any = get_backend(service)  # type: ignore[call-overload]
        if isinstance(found, BackendDict):
            regions = found[DEFAULT_ACCOUNT_ID]
            backend: Any = regions["us-east-1" if "us-east-1" in regions else "aws"]
        else:
            backend = found["global"]
        for expression, handler in backend.urls.items():
            if re.match(expression, address):
                return handler  # type: ignore[no-any-return]
    return None


def is_plain(url: str) -> bool:
    """Whether nothing in an address is encoded or could be written otherwise."""
    return _PLAIN_ADDRESS.fullmatch(url) is not None


def _requests() -> Undo:
    """moto lets werkzeug's builder for tests take a request apart and put it together."""
    from moto.core.request import Request

    stock = Request.from_primitives.__func__  # type: ignore[attr-defined]

    def from_primitives(cls: Any, method: str, url: str, headers: Any, body: Any = None) -> Any:
        environ = environ_of(method, url, headers, body)
        return stock(cls, method, url, headers, body) if environ is None else cls(environ)

    return replace_attribute(Request, "from_primitives", classmethod(from_primitives))


def environ_of(method: str, url: str, headers: Mapping[str, Any], body: Any) -> dict[str, Any] | None:
    """A request in WSGI's form, as werkzeug's builder makes it; None where something in it has to be encoded."""
    from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY

    address = _PLAIN_ADDRESS.fullmatch(url)
    if address is None or not (body is None or isinstance(body, str | bytes)):
        return None
    scheme, host, path, query = address.groups(default="")
    content = body.encode() if isinstance(body, str) else body or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": path,
        "RAW_URI": path,
        "SERVER_NAME": host,
        "SERVER_PORT": "443" if scheme == "https" else "80",
        "HTTP_HOST": host,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        PRESERVED_HEADER_NAMES_ENVIRON_KEY: {},
    }
    for name, value in headers.items():
        key = name.upper()
        if key == "TRANSFER-ENCODING" or "_" in key or key == "HOST":
            return None
        text = value.decode("utf-8") if isinstance(value, bytes) else value
        wsgi = _OF_THE_BODY.get(key) or "HTTP_" + key.replace("-", "_")
        if not text or not isinstance(text, str) or wsgi in environ or "multipart" in text:
            return None
        environ[wsgi] = text
    length = str(len(content))
    if not content and environ.get("CONTENT_LENGTH", length) != length:
        return None
    environ["CONTENT_LENGTH"] = length
    return environ


def _keys_of_answers() -> Undo:
    """moto asks seven classes for each member of an answer under which names its models may hold it."""
    from moto.core.serialize import AttributePickerContext, XFormedAttributePicker

    stock = XFormedAttributePicker.get_possible_keys
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def possible(self: Any, context: AttributePickerContext) -> Any:
        held_by = type(context.obj), context.shape, context.key  # nothing else of the object is looked at
        keys = known.get(held_by)
        if keys is None:
            keys = known[held_by] = tuple(dict.fromkeys(stock(self, context)))
        return keys

    return replace_attribute(XFormedAttributePicker, "get_possible_keys", possible)


def _request_ids() -> Undo:
    """moto chooses the 52 characters of each answer's id one by one."""
    from moto.moto_api._internal.moto_random import MotoRandom

    def text(self: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False) -> str:
        pool = string.ascii_letters + (string.digits if include_digits else "")
        found = "".join(self.choices(pool, k=length))
        return found.lower() if lower_case else found

    return replace_attribute(MotoRandom, "get_random_string", text)


def _services() -> Undo:
    """moto looks into its own folder, twice for each request over HTTP, for the services that it has."""
    from moto import backends

    known = tuple(backends.list_of_moto_modules())
    return replace_attribute(backends, "list_of_moto_modules", lambda: known)


def _event_names() -> Undo:
    """botocore tries a hundred other names of services on each event, and forgets with each client what it found."""
    from botocore.hooks import EventAliaser
    from botocore.utils import EVENT_ALIASES

    stock, found = EventAliaser.__init__, dict[str, str]()

    def remembering(self: Any, event_emitter: Any, event_aliases: Any = None) -> None:
        stock(self, event_emitter, event_aliases)
        if self._event_aliases == EVENT_ALIASES:
            self._alias_name_cache = found

    return replace_attribute(EventAliaser, "__init__", remembering)


def _remember(module: str, function: str) -> Undo:
    owner = importlib.import_module(module)
    return replace_attribute(owner, function, lru_cache(_MOST)(getattr(owner, function)))

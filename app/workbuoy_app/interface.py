"""The web interface: the files that Vite built, served from memory under a policy that lets nothing else in.

Its routes come after the API's, so that no request to the API looks at them. A name below /assets holds a hash of its
content and never changes; the page that names them is never kept. `app/ui` is the source.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from workbuoy_app.api.cookies import session_cookie
from workbuoy_app.problems import NotFound
from workbuoy_app.settings import Settings
from workbuoy_app.storage import ObjectStorage, Reading, StorageUnavailable

# In the image beside this file, in a checkout where `make ui` leaves it.
FOLDERS = (Path(__file__).parent / "ui", Path(__file__).parents[1] / "ui" / "dist")
PAGES = ("/", "/things", "/things/{rest:path}", "/members", "/tokens", "/audit")
IMMUTABLE = "public, max-age=31536000, immutable"
MOCK = "mock"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # the smallest first
_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Workbuoy</title>
<h1>The web interface is not built here</h1>
<p><code>make ui</code> builds it, with Node 20.19 or newer. The API works without it.</p></html>
"""


@dataclass(frozen=True)
class _File:
    media_type: str
    contents: dict[str, bytes]  # by encoding; the plain one under ""

    def response(self, accepted: str) -> Response:
        taken = {part.partition(";")[0].strip() for part in accepted.split(",") if not _REFUSED.search(part)}
        encoding = next((name for name, _ in _ENCODINGS if name in taken and name in self.contents), "")
        headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(self.contents[encoding], headers=headers, media_type=self.media_type)


def routes(settings: Settings, folders: tuple[Path, ...] = FOLDERS) -> list[Route]:
    """The pages and their files, or in their place one page that says how to build them."""
    folder = next((one for one in folders if (one / "index.html").is_file()), None)
    known = _page(folder / "index.html", settings) if folder else _NOT_BUILT
    # Who brings no session need not ask whose it is: a page that begins with a refusal looks broken in a console.
    visitor = known.replace("<html ", "<html data-visitor ", 1)
    files = _files(folder / "assets") if folder else {}
    rules = _Policy()

    async def page(request: Request) -> Response:
        rule = await rules.of(request.app.state.storage)
        html = visitor if session_cookie(request) is None else known
        return HTMLResponse(html, headers={"Content-Security-Policy": rule})

    async def file(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            raise NotFound
        return found.response(request.headers.get("accept-encoding", ""))

    endpoints: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [(path, page) for path in PAGES]
    return [
        Route(path, endpoint, methods=["GET"]) for path, endpoint in [*endpoints, ("/assets/{name}", file)]
    ]


def policy(store: str = "") -> str:
    """What a page may load: this origin's files, and attachments from the origin that the store signs for."""
    connect = f"connect-src 'self' {store}".rstrip()
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; {connect}; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html"
    )


class _Policy:
    """The policy of a service, whose store is asked once, when somebody comes: its client is made late."""

    def __init__(self) -> None:
        self._known = ""

    async def of(self, storage: ObjectStorage | None) -> str:
        if self._known or storage is None:
            return self._known or policy()
        try:
            parts = urlsplit(await storage.signed_address("any", "any", "text/plain", Reading("any", "any")))
        except StorageUnavailable:
            return policy()  # nothing can be fetched from it either
        self._known = policy(f"{parts.scheme}://{parts.netloc}")
        return self._known


def provider(settings: Settings) -> str:
    """What a person knows the login by: the provider's host name, `mock`, or nothing where there is none."""
    if settings.oidc_dev_mock:
        return MOCK
    return urlsplit(settings.oidc.issuer).hostname or "" if settings.oidc else ""


def _page(file: Path, settings: Settings) -> str:
    html, replaced = re.subn(
        r'data-login="[^"]*"',
        lambda _: f'data-login="{escape(provider(settings))}"',
        file.read_text("utf-8"),
        count=1,
    )
    if not replaced:
        raise ValueError(f"{file.name} has no place for the login's name: `make ui` builds it anew")
    return html


def _files(folder: Path) -> dict[str, _File]:
    suffixes = tuple(suffix for _, suffix in _ENCODINGS)
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name.endswith(suffixes):
            continue
        contents = {"": path.read_bytes()}
        for encoding, suffix in _ENCODINGS:
            compressed = path.with_name(path.name + suffix)
            if compressed.is_file():
                contents[encoding] = compressed.read_bytes()
        # By the name alone: the system's own table may say otherwise, and a browser then runs nothing.
        kind = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}.get(path.suffix)
        found[path.name] = _File(
            kind or mimetypes.guess_type(path.name)[0] or "application/octet-stream", contents
        )
    return found

"""/docs, outside production: the API's document to read and try, by Swagger UI from this very origin.

Its files come with the package fastapi-offline, which development installs and the image does not.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

router = APIRouter(include_in_schema=False)
FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
# No inline script, so that the page needs no 'unsafe-inline'.
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Workbuoy's API</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"><div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/begin.js"></script></html>
"""
_BEGIN = """SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true });
"""


def folder() -> Path | None:
    """Where the files are; None where the package is not installed."""
    found = find_spec("fastapi_offline")  # not imported: its own application is not wanted
    return (
        Path(found.submodule_search_locations[0]) / "static"
        if found and found.submodule_search_locations
        else None
    )


@router.get("/docs")
async def page() -> Response:
    """The page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/docs/begin.js")
async def begin() -> Response:
    """Its own script."""
    return Response(_BEGIN, media_type="text/javascript")


def _file(name: str) -> None:
    @router.get(f"/docs/{name}", name=name)
    async def file() -> Response:
        found = folder()
        assert found is not None  # noqa: S101 - else this router is not there
        return FileResponse(found / name)


for _name in FILES:
    _file(_name)

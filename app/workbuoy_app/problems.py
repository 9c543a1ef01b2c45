"""Refusals and failures as JSON problem documents (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from workbuoy_app.pages import LOG_IN_AGAIN, page

if TYPE_CHECKING:
    from fastapi import FastAPI

MEDIA_TYPE = "application/problem+json"


class ProblemDocument(BaseModel):
    """What every refusal and failure looks like."""

    type: str = Field(description="Names the kind of problem; about:blank says that the status tells it all")
    title: str
    status: int
    detail: str
    request_id: str = Field(description="The same id stands in the log")
    errors: list[dict[str, Any]] | None = Field(
        default=None, description="Which part of the request, and why"
    )


class Problem(Exception):
    """Becomes a problem document. `detail` is read by strangers: nothing internal may stand in it."""

    status = 500
    detail = "Something went wrong here; the request id finds it in the log."
    headers: Mapping[str, str] = {}

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or self.detail)


class Refused(Problem):
    """The caller's fault: status and detail as given."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


class NotFound(Problem):
    """Not there, or not the caller's: the two must look the same."""

    status = 404
    detail = "There is no such thing here."


class NotLoggedIn(Problem):
    """No session, an expired one, or a forged one."""

    status = 401
    detail = "Log in first: /auth/login"
    headers = {"WWW-Authenticate": 'Cookie realm="workbuoy", form-action="/auth/login"'}  # noqa: RUF012


class TokenRefused(NotLoggedIn):
    """An API token that nobody knows, or no longer."""

    detail = "This API token is not known, has ended, or was revoked."
    headers = {"WWW-Authenticate": 'Bearer realm="workbuoy", error="invalid_token"'}  # noqa: RUF012


class Unavailable(Problem):
    """Something that the service rests on does not answer; the reason goes to the log only."""

    status = 503
    detail = "A part of the service does not answer right now. Try again in a moment."
    headers = {"Retry-After": "2"}  # noqa: RUF012


class Frozen(Problem):
    """The tenant is on its way to a database of its own: reading goes on, writing waits."""

    status = 423
    detail = "Your data is being moved. Reading works; changes will again when the move is done."
    headers = {"Retry-After": "60"}  # noqa: RUF012


def response(
    status: int,
    detail: str,
    request_id: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> Response:
    """One problem document."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    if errors:
        document["errors"] = errors
    return Response(json.dumps(document), status, dict(headers or {}), MEDIA_TYPE)


def _page(error: Problem, request_id: str) -> Response:
    """The same for a person, whose browser a login has led here without any program of ours to show it."""
    content = f"<p>{escape(error.detail)}</p>{LOG_IN_AGAIN}<p><small>Request {escape(request_id)}</small></p>"
    html = page("Not logged in", "You are not logged in", content)
    return Response(html, error.status, dict(error.headers), "text/html")


def install(app: FastAPI) -> None:
    """Let `app` answer its refusals with problem documents. Unforeseen errors are the observer's."""
    # Migrations and rotation raise problems too, without paying for FastAPI.
    from fastapi.exceptions import RequestValidationError

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for this kind only
        request.state.problem = error
        if request.url.path.startswith("/auth/") and "text/html" in request.headers.get("accept", ""):
            return _page(error, request.state.request_id)
        return response(error.status, error.detail, request.state.request_id, error.headers)

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this kind only
        details = {404: NotFound.detail, 405: "This address does not take that method."}
        detail = details.get(
            error.status_code, HTTPStatus(error.status_code).description or str(error.detail)
        )
        headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
        return response(error.status_code, detail, request.state.request_id, headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this kind only
        # The offending input itself is left out: it would send bodies back, and on into logs.
        errors = [
            {"where": [str(part) for part in where], "why": why} for where, why in _told(error.errors())[:20]
        ]
        if not request.headers.get("content-type", "").partition(";")[0].strip().lower().endswith("json"):
            for one in errors:  # what is not said to be JSON is not read as such
                if one["where"] == ["body"]:
                    one["why"] = "Send JSON, and say so: Content-Type: application/json"
        return response(
            422,
            "The request does not have the form that is asked for.",
            request.state.request_id,
            None,
            errors,
        )

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)


def _told(errors: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[int | str, ...], str]]:
    """Where and why. Of what may be left out pydantic says as well that it is not None, and names our own types."""
    optional = [one["loc"][:-1] for one in errors if one["type"] == "none_required"]
    told = []
    for one in errors:
        where = one["loc"]
        if one["type"] == "none_required":
            continue
        for field in optional:
            if where[: len(field)] == field:
                where = field + where[len(field) + 1 :]
        told.append((where, one["msg"]))
    return told


def _allowed(request: Request) -> str:
    """Every method that the address takes; the router itself names those of its first match only."""
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(found))


DESCRIPTIONS = {
    400: "Malformed",
    401: "Not logged in",
    403: "Not allowed to the role or API token, or sent from another site",
    404: "Not there, or not yours",
    408: "The body came too slowly",
    409: "Does not go with what is there: too many, a member already, the last admin, a used Idempotency-Key",
    411: "A length is needed",
    412: "Changed since it was read",
    413: "Too large",
    415: "Another kind of content is needed",
    416: "No such range",
    422: "Not of the form asked for",
    501: "Only on Postgres",
    429: "Too many requests, searches or uploads at once: Retry-After says how many seconds to wait",
    423: "Being moved: reading works, changes wait",
    503: "Not available right now",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the problems that an endpoint may answer with."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {"description": DESCRIPTIONS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }

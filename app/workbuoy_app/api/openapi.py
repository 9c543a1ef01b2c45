"""The OpenAPI document: how to log in, what each operation needs, and how the answer of one leads to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from workbuoy_app.api.caller import Needing
from workbuoy_app.api.cookies import SESSION, cookie_name
from workbuoy_app.problems import ProblemDocument

DESCRIPTION = """Things (a tenant's records) with attachments.

**A person** logs in with a browser: `/auth/login` leads to the login provider and back, and leaves a session's cookie,
which ends after twelve hours without a request or seven days in all. A change must carry the header `Origin` with this
very address, as browsers send it.

**A script** sends an API token: `Authorization: Bearer workbuoy_…`. A person makes it by `POST /api/tokens`, where its
value is shown once. It may do what its scopes name of what its member may, and needs neither cookie nor `Origin`.

Every refusal is a problem document (RFC 9457). A POST with an `Idempotency-Key` is done once, however often it is sent.
"""
_OF_NEW_THING = {"thing_id": "$response.body#/id"}
_OF_ATTACHMENT = {"thing_id": "$response.body#/thing_id", "attachment_id": "$response.body#/id"}
# By operation: the status, and the operations that its answer names the parameters of.
LINKS: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "create_thing": (
        "201",
        _OF_NEW_THING,
        ("read_thing", "replace_thing", "change_thing", "delete_thing", "list_attachments", "attach"),
    ),
    "attach": ("201", _OF_ATTACHMENT, ("read_attachment", "download", "detach")),
    "add_member": ("201", {"member_id": "$response.body#/id"}, ("change_member", "remove_member")),
    "make_token": ("201", {"token_id": "$response.body#/id"}, ("rotate_token", "revoke_token")),
}


def document(app: FastAPI, routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The whole document of these routers, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
        parts = made["components"]
        parts["schemas"]["ProblemDocument"] = ProblemDocument.model_json_schema()
        parts["securitySchemes"] = {
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": cookie_name(app.state.settings, SESSION),
                "description": "A browser's session: /auth/login",
            },
            "token": {"type": "http", "scheme": "bearer", "description": "An API token: POST /api/tokens"},
        }
        for route in (each for router in routers for each in router.routes):
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in route.methods or ():
                    _complete(made["paths"][route.path_format][method.lower()], route)
        app.openapi_schema = made
    return app.openapi_schema


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    needing = [each.call for each in route.dependant.dependencies if isinstance(each.call, Needing)]
    for each in needing:
        scopes = [right.value for right in each.rights]
        operation["security"] = [{"session": scopes}, *([{"token": scopes}] if each.token else [])]
    if link := LINKS.get(route.name):
        status, parameters, others = link
        operation["responses"][status]["links"] = {
            other: {"operationId": other, "parameters": parameters} for other in others
        }

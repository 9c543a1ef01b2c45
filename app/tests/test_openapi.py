"""schemathesis: whatever the OpenAPI document allows is answered as it says, and so is what it does not allow."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import ISSUER, Service
from tests.test_process import MOCK, clean, serving
from workbuoy_app import access_models, models, registry
from workbuoy_app.rights import Role
from workbuoy_app.settings import load

pytestmark = pytest.mark.any_postgres

CASES = os.environ.get("SCHEMATHESIS_CASES", "20")  # of each operation and kind; more for a longer look


def token(port: int) -> str:
    """Log in at the mock."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/auth/mock", b"subject=acme-user", {"Origin": f"http://localhost:{port}"})
    return (connection.getresponse().getheader("set-cookie") or "").partition(";")[0]


@pytest.mark.slow
def test_schemathesis_finds_no_failure(database_url: str, tmp_path: Path) -> None:
    """All its checks and phases, links too, by an admin; logging out is left out, as it would end the rest."""
    registry.add_member(load({"DATABASE_URL": database_url}), "acme", ISSUER, "acme-user", Role.ADMIN)
    with serving(tmp_path / "log", DATABASE_URL=database_url, **MOCK) as service:
        # As the scheme's own key: then it also tries every operation without, and with a wrong one.
        config = f'[auth.openapi.session]\napi_key = "{token(service.port).partition("=")[2]}"\n'
        # No generated value is the ETag of what is there.
        accepted = '"2xx", "3xx", "401", "403", "404", "409", "412", "429", "5xx"'
        config += f"[checks.positive_data_acceptance]\nexpected-statuses = [{accepted}]\n"
        (tmp_path / "schemathesis.toml").write_text(config)
        address = f"http://127.0.0.1:{service.port}/openapi.json"
        outcome = subprocess.run(
            [
                *(
                    sys.executable,
                    "-c",
                    "import schemathesis.cli; schemathesis.cli.schemathesis()",
                    "run",
                    address,
                ),
                *("--header", f"Origin: http://localhost:{service.port}"),
                *("--exclude-path-regex", "logout", "--checks", "all", "--mode", "all", "--workers", "1"),
                *(
                    "--max-examples",
                    CASES,
                    "--generation-deterministic",
                    "--request-timeout",
                    "20",
                    "--no-color",
                ),
            ],
            env=clean(),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        routes = {line.get("route") for line in service.lines()}
        broken = [line for line in service.lines() if line.get("status", 0) >= 500]
    assert outcome.returncode == 0, outcome.stdout[-12_000:] + outcome.stderr[-2_000:]
    assert broken == []
    assert routes >= {"/api/things/{thing_id}/attachments/{attachment_id}/content", "/api/audit"}
    assert "Stateful" in outcome.stdout  # it followed the links


def test_the_document_names_every_operation_and_its_problems(shared_service: Service) -> None:
    document = shared_service.app.openapi()
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert len(operations) == 26
    names = {
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    }
    assert names >= {
        "list_things",
        "create_thing",
        "change_thing",
        "attach",
        "download",
        "who_am_i",
        "log_out",
        "add_member",
        "make_token",
        "list_audit_events",
    }
    assert len(names) == len(operations)
    assert document["components"]["securitySchemes"]["session"]["name"] == "workbuoy_session"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            public = path in {"/healthz", "/readyz", "/auth/login"}
            assert ("401" in answers) is not public, (method, path)
            assert ("security" in operation) is not public, (method, path)
            for status, answer in answers.items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def test_the_document_says_how_to_log_in_and_what_each_operation_needs(shared_service: Service) -> None:
    document = shared_service.app.openapi()
    for words in ("/auth/login", "POST /api/tokens", "Authorization: Bearer", "Origin", "Idempotency-Key"):
        assert words in document["info"]["description"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    paths = document["paths"]
    assert paths["/api/audit"]["get"]["security"] == [{"session": ["audit:read"]}, {"token": ["audit:read"]}]
    assert paths["/api/things"]["post"]["security"] == [
        {"session": ["things:read", "things:write"]},
        {"token": ["things:read", "things:write"]},
    ]
    assert paths["/api/tokens"]["post"]["security"] == [{"session": []}]  # a browser's alone


def test_what_is_sent_has_an_example_that_is_valid_and_links_name_operations_and_parameters(
    shared_service: Service,
) -> None:
    document = shared_service.app.openapi()
    schemas = document["components"]["schemas"]
    operations = {
        each["operationId"]: each for methods in document["paths"].values() for each in methods.values()
    }
    linked = set()
    for operation in operations.values():
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind != "application/octet-stream":
                name = content["schema"]["$ref"].rpartition("/")[2]
                (example,) = schemas[name]["examples"]
                model = vars(access_models).get(name) or vars(models)[name]
                model.model_validate(example)
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                target = operations[link["operationId"]]
                needed = {each["name"] for each in target["parameters"] if each["in"] == "path"}
                assert set(link["parameters"]) >= needed
                linked.add(link["operationId"])
    # Whatever is addressed by an id is reached from what made it.
    with_id = {
        each["operationId"]
        for path, methods in document["paths"].items()
        for each in methods.values()
        if "{" in path
    }
    assert linked == with_id

"""The service in what prod made: all steps pass, and a permission that is missing is missed by name."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from components.files import END_WAYS_BACK
from project.files import Project, find_project
from rehearsal.cloud import Cloud, running
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.service.browser import fetch
from rehearsal.service.declared import declared_service
from rehearsal.service.leaving import Leaving
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.run import rehearse_service
from rehearsal.service.standing import Standing
from rehearsal.service.steps import STEPS
from rehearsal.service.surroundings import Surroundings
from tests.conftest import PROJECT, Change, Declare
from tests.rehearsal.service.stood import StoodUp, stood_up
from tests.rehearsal.service.test_surroundings import installed

TASK_ROLE = "workbuoy-prod-service-task"


@pytest.fixture(scope="module")
def prod(standing: Standing) -> Iterator[StoodUp]:
    """Prod, which each case has a fork of to itself."""
    with stood_up("prod", PROJECT, standing) as one:
        yield one


@pytest.fixture(scope="module")
def serve_without(prod: StoodUp) -> Callable[[str], ServiceRehearsal]:
    """The service tried without one statement of its task's role, once however often it is asked for."""
    return cache(lambda sid: prod.serve(partial(without, TASK_ROLE, sid)))


def without(role: str, sid: str, cloud: Cloud, _: Rehearsal) -> None:
    """Take one statement from a role."""
    iam = cloud.client("iam")
    document = iam.get_role_policy(RoleName=role, PolicyName="permissions")["PolicyDocument"]
    kept = [one for one in document["Statement"] if one["Sid"] != sid]
    assert len(kept) == len(document["Statement"]) - 1
    text = json.dumps({**document, "Statement": kept})
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=text)


def statements_of(role: str, declared: Declare) -> set[str]:
    return {s["Sid"] for one, s in declared("prod").documents("RolePolicy") if one.name == f"{role}-policy"}


def expect_every_step(found: ServiceRehearsal) -> None:
    assert [step.detail for step in found.steps if not step.passed] == []
    assert [step.name for step in found.steps] == [name for name, _ in STEPS]
    assert found.denials == ()
    assert found.passed
    assert found.judged > 50
    assert found.unused == (), "an action that nothing asks for: take it away, or try what needs it"


@installed
@pytest.mark.slow
def test_the_service_works_in_what_dev_made(surroundings: Surroundings) -> None:
    with running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "dev", Options(), moto)
        expect_every_step(rehearse_service(rehearsal, moto.cloud(rehearsal.account, rehearsal.region), surroundings))


def untouched(_: Cloud, __: Rehearsal) -> None: ...


@installed
@pytest.mark.slow
def test_the_service_works_in_what_prod_made(prod: StoodUp) -> None:
    expect_every_step(prod.serve(untouched))


@installed
@pytest.mark.slow
def test_a_service_that_speaks_tls_to_its_load_balancer_and_exports_spans_passes_every_step(
    change: Callable[[str, Change], Project], surroundings: Surroundings
) -> None:
    def apply(settings: dict[str, Any]) -> None:
        settings["service"]["targetTls"] = True
        traces = {"endpoint": "http://collector.internal:4318", "cidrBlock": "10.20.0.0/16", "sampledPercent": 0}
        settings["observability"]["traces"] = traces

    project = change("dev", apply)
    with running() as moto:
        rehearsal = rehearse(project, "dev", Options(), moto)
        declared = declared_service(rehearsal)
        assert (declared.scheme, declared.service.environment["TLS_ENABLED"]) == ("https", "true")
        found = rehearse_service(rehearsal, moto.cloud(rehearsal.account, rehearsal.region), surroundings)
    assert [step.detail for step in found.steps if not step.passed] == []
    assert found.passed
    tried = {step.name: step.detail for step in found.steps}
    assert "exports" in tried["its spans arrive"]
    assert "environment.OTEL_EXPORTER_OTLP_ENDPOINT" in {one.path for one in found.stand_ins}


def test_a_load_balancer_that_speaks_tls_gets_nothing_from_a_plain_service() -> None:
    class Plain(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}/healthz"
        assert fetch(f"http://{address}").status == 200
        with pytest.raises(OSError, match="SSL"):
            fetch(f"https://{address}")
        server.shutdown()


def less(role: str, action: str, cloud: Cloud, _: Rehearsal) -> None:
    """Take one action from every statement of a role."""
    iam = cloud.client("iam")
    document = iam.get_role_policy(RoleName=role, PolicyName="permissions")["PolicyDocument"]
    for statement in document["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action] or ["s3:ListAllMyBuckets"]
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=json.dumps(document))


@installed
@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "action"),
    [
        ("workbuoy-prod-service-task", "s3:DeleteObject"),
        ("workbuoy-prod-service-task", "s3:AbortMultipartUpload"),
        ("workbuoy-prod-service-execution", "secretsmanager:GetSecretValue"),
        ("workbuoy-prod-service-execution", "ecr:BatchGetImage"),
        ("workbuoy-prod-network-flow-logs", "logs:PutLogEvents"),
    ],
)
def test_a_single_action_taken_from_a_role_is_missed_by_name(prod: StoodUp, role: str, action: str) -> None:
    found = prod.serve(partial(less, role, action))
    assert not found.passed
    assert any(one.startswith(f"{role}: {action} on ") for one in found.denials), found.denials


def beyond_the_boundary(cloud: Cloud, _: Rehearsal) -> None:
    iam = cloud.client("iam")
    document = iam.get_role_policy(RoleName=TASK_ROLE, PolicyName="permissions")["PolicyDocument"]
    queue = f"arn:aws:sqs:{cloud.region}:{cloud.account}:workbuoy-prod-jobs"
    document["Statement"].append({"Sid": "Jobs", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue})
    iam.put_role_policy(RoleName=TASK_ROLE, PolicyName="permissions", PolicyDocument=json.dumps(document))


@installed
@pytest.mark.slow
def test_a_right_outside_bootstrap_s_boundary_fails_with_what_to_do(prod: StoodUp) -> None:
    found = prod.serve(beyond_the_boundary)
    (failed,) = [step for step in found.steps if not step.passed]
    assert failed.detail.startswith(f"{TASK_ROLE}/Jobs: sqs:SendMessage on ")
    assert "widen bootstrap/boundary.py" in failed.detail


# Each of the task role's other statements, and the action that is missed without it.
MISSED = {
    "StoreAttachments": "s3:PutObject",
    "SeeOwnBucket": "s3:ListBucket",
    "NoteErasures": "s3:PutObject",
    "ReadErasures": "s3:GetObject",
    "UseFilesKey": "kms:GenerateDataKey",
    "ReadDatabaseLogin": "secretsmanager:GetSecretValue",
    "ReadOidcClient": "secretsmanager:GetSecretValue",
    "ReadSecretsKey": "kms:Decrypt",
}


def test_every_statement_of_the_task_role_is_tried(declared: Declare) -> None:
    assert statements_of("service-task", declared) == {*MISSED, END_WAYS_BACK}


@installed
@pytest.mark.slow
def test_a_leaving_misses_the_statement_by_which_what_restores_kept_goes(surroundings: Surroundings) -> None:
    with running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        without(TASK_ROLE, END_WAYS_BACK, cloud, rehearsal)
        leaving = Leaving(rows=20, files=3)
        steps = [("fill", leaving.fill), ("export", leaving.export), ("count", leaving.count), ("go", leaving.remove)]
        found = rehearse_service(rehearsal, cloud, surroundings, further=steps)
    assert next(step.name for step in found.steps if not step.passed) == "go"
    assert any(one.startswith(f"{TASK_ROLE}: s3:DeleteObject on ") for one in found.denials), found.denials


@installed
@pytest.mark.slow
@pytest.mark.parametrize("sid", MISSED)
def test_a_statement_taken_from_the_task_role_is_missed_by_name(
    serve_without: Callable[[str], ServiceRehearsal], sid: str
) -> None:
    found = serve_without(sid)
    assert not found.passed
    assert any(one.startswith(f"{TASK_ROLE}: {MISSED[sid]} on ") for one in found.denials), found.denials


@installed
@pytest.mark.slow
def test_rotation_without_its_permission_stops_at_the_first_login(prod: StoodUp) -> None:
    found = prod.serve(partial(without, "workbuoy-prod-rotation", "RotateDatabaseLogin"))
    (failed, rest) = [step for step in found.steps if not step.passed]
    assert failed.name == "rotation makes the first login"
    assert "workbuoy-prod-rotation: secretsmanager:" in failed.detail
    assert rest.name.endswith("not reached")


@installed
@pytest.mark.slow
def test_a_service_that_never_becomes_ready_shows_its_last_lines(
    serve_without: Callable[[str], ServiceRehearsal],
) -> None:
    found = serve_without("ReadDatabaseLogin")
    assert next(step.name for step in found.steps if not step.passed) == "the service is ready"
    assert found.last_lines
    assert all(json.loads(line) for line in found.last_lines)


def test_the_declaration_is_read_from_the_graph(declared: Declare) -> None:
    service = declared_service(declared("prod").rehearsal)
    assert service.migrate.arguments == ("migrate",)
    assert set(service.migrate.secrets) == {"DATABASE_OWNER_USER", "DATABASE_OWNER_PASSWORD"}
    assert {key for _, key in service.migrate.secrets.values()} == {"username", "password"}
    assert {arn for arn, _ in service.migrate.secrets.values()} == {service.owner_secret_arn}
    assert service.service.secrets == {}

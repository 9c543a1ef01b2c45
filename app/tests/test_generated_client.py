"""A client that a generator made from the document works: what it knows of the service stands in the document alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import ISSUER, Service, make_token
from tests.test_openapi import token as log_in
from tests.test_process import MOCK, clean, serving
from workbuoy_app import registry
from workbuoy_app.rights import Right, Role
from workbuoy_app.settings import Settings

pytestmark = pytest.mark.slow  # it makes a package of sixty files

CONFIG = """
package_name_override: workbuoy_client
post_hooks: []
content_type_overrides: {"*/*": application/octet-stream}
"""
SCRIPT = """
import sys
from workbuoy_client import AuthenticatedClient
from workbuoy_client.api.things import change_thing, create_thing, delete_thing, list_things
from workbuoy_client.api.attachments import list_attachments
from workbuoy_client.api.audit import list_audit_events
from workbuoy_client.api.members import add_member, list_members
from workbuoy_client.models import MemberInput, ProblemDocument, Role, Status, ThingInput, ThingPatch

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
with client:
    made = create_thing.sync(client=client, body=ThingInput(title="by a generated client"))
    changed = change_thing.sync(made.id, client=client, body=ThingPatch(status=Status.DONE))
    assert (changed.title, changed.status, changed.id) == ("by a generated client", Status.DONE, made.id)
    assert [each.id for each in list_things.sync(client=client, search="generated").items] == [made.id]
    assert list_attachments.sync(made.id, client=client).items == []
    grace = add_member.sync(client=client, body=MemberInput(subject="grace", role=Role.READER))
    assert grace.id in {each.id for each in list_members.sync(client=client).items}
    assert list_audit_events.sync(client=client, subject_id=made.id).items[0].action == "thing.changed"
    assert delete_thing.sync_detailed(made.id, client=client).status_code == 204
    refused = change_thing.sync(made.id, client=client, body=ThingPatch(title="x"))
    assert isinstance(refused, ProblemDocument) and refused.status == 404, refused
print("done")
"""


def test_a_generated_client_logs_in_by_token_and_does_its_work(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    registry.add_member(settings, "acme", ISSUER, "acme-user", Role.ADMIN)
    with Service(settings) as service:
        value = make_token(service.browser(), *Right)["value"]
        (tmp_path / "openapi.json").write_text(json.dumps(service.app.openapi()))
    (tmp_path / "config.yaml").write_text(CONFIG)
    made = subprocess.run(
        [
            *(sys.executable, "-c", "from openapi_python_client.cli import app; app()", "generate"),
            *("--path", "openapi.json", "--config", "config.yaml", "--meta", "none", "--fail-on-warning"),
            *("--output-path", "workbuoy_client"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with serving(tmp_path / "log", DATABASE_URL=database_url, **MOCK) as process:
        assert log_in(process.port)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, f"http://127.0.0.1:{process.port}", value],
            cwd=tmp_path,
            env=clean(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == "done\n", done.stdout + done.stderr

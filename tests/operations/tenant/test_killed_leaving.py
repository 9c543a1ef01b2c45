"""`workbuoy tenant destroy` of a silo, killed in the middle with the real CLI: the same command ends it.

The stack is a state of a few resources, whose deletion stand-in plugins confirm; S3 and who is signed in are stand-ins,
too. Skipped, with the reason, without the CLI.
"""

import json
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from graph.resource import STACK_TYPE
from project.files import Project
from tests.conftest import ROOT
from tests.operations.conftest import SALT
from tests.operations.engine.fake_plugins import FakePlugins
from tests.operations.engine.scene import Scene, folder_backend
from tests.operations.engine.test_kills import DEAD, Killed
from tests.operations.engine.test_real_cli import why_not
from tests.operations.tenant.conftest import ACCOUNT
from tests.operations.tenant.test_leaving import MANIFEST, SNAPSHOT, deployment
from tests.operations.tenant.test_reading import edit

pytestmark = [pytest.mark.engine, pytest.mark.slow]

STACK = "prod-acme"
DESTROY = ("tenant", "destroy", "acme", "--confirm", "acme", "--export", MANIFEST)
PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import boto3
from operations.engine import account
from operations.main import main
from operations.tenant import silo_stack
from tests.operations.tenant.conftest import NothingBeside
from tests.operations.tenant.test_leaving import FakeS3
s3, me = FakeS3(), dict(Account="{ACCOUNT}", Arn="arn:aws:sts::{ACCOUNT}:assumed-role/workbuoy-leaving/ola")
boto3.client = lambda service, **_: NothingBeside() if service == "rds" else s3
account.who_am_i = silo_stack.who_am_i = lambda *_: me
"""
RUN = PROGRAM + "main()"
STOPS_BEFORE_FORGETTING = (
    PROGRAM
    + """
import os, pathlib, time
from operations.engine.backend_stack import BackendStack
def remove(self):
    (pathlib.Path(os.environ["PULUMI_HOME"]) / "remove.begun").touch()
    time.sleep(600)
BackendStack.remove = remove
main()
"""
)


def standing() -> dict[str, Any]:
    """The silo's state, with the stack itself and a provider as the engine wants them."""
    head = f"urn:pulumi:{STACK}::workbuoy"
    provider = f"{head}::pulumi:providers:aws::aws"
    settings = {"region": "eu-west-1", "version": version("pulumi-aws")}
    made = deployment()
    for number, one in enumerate(made["resources"]):
        one |= {"id": f"id-{number}", "provider": f"{provider}::1"}
    stack = {"urn": f"{head}::{STACK_TYPE}::workbuoy-{STACK}", "type": STACK_TYPE, "custom": False}
    aws = {"urn": provider, "type": "pulumi:providers:aws", "custom": True, "id": "1"}
    made["resources"] = [stack, aws | {"inputs": settings, "outputs": settings}, *made["resources"]]
    return {"version": 3, "deployment": made}


@pytest.fixture
def killed(project: Project, tmp_path: Path) -> Killed:
    """The silo stands, its customer's day has come, and the base stack is known."""
    if reason := why_not():
        pytest.skip(reason)
    edit(project, "tenants/acme.yaml", "signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2026-10-02")
    (project.root / ".venv").symlink_to(ROOT / ".venv")
    plugins = FakePlugins(tmp_path / "home", ())
    plugins.known = {one["urn"]: {} for one in deployment()["resources"]}
    plugins.change("database-instance", slow={"delete": 6})
    (tmp_path / "backend").mkdir()
    environment = {
        "PULUMI_HOME": str(plugins.home),
        "PULUMI_BACKEND_URL": folder_backend(tmp_path / "backend"),
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
    }
    made = Killed(Scene(project, plugins, environment, b""))
    for stack in ("prod", STACK):
        file = project.stack_file(stack)
        file.write_text(file.read_text().replace(SALT, ""))
        pulumi(made, "stack", "init", stack, "--no-select")
    exported = tmp_path / "state.json"
    exported.write_text(json.dumps(standing()))
    pulumi(made, "stack", "import", "--stack", STACK, "--file", str(exported))
    return made


def pulumi(killed: Killed, *arguments: str) -> str:
    root, environment = killed.scene.project.root, killed.environment
    done = subprocess.run(
        ["pulumi", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("call", "program", "left"),
    [("delete", RUN, [DEAD, "deleting database-instance"]), ("remove", STOPS_BEFORE_FORGETTING, [])],
)
def test_a_silo_s_destruction_is_killed_and_ends_all_the_same(
    killed: Killed, call: str, program: str, left: list[str]
) -> None:
    killed.kill("Destroying (prod-acme)", call, *DESTROY, program=program)
    refusals = killed.follow(*DESTROY, program=RUN)
    assert len(refusals) == len(left), refusals
    for said, wanted in zip(refusals, left, strict=True):
        assert wanted in said
    root = killed.scene.project.root
    record = yaml.safe_load((root / "tenants/offboarded/acme.yaml").read_text())
    assert record["finalSnapshot"] == SNAPSHOT, "what the state told is kept, though the state is gone"
    assert not list((root / ".workbuoy/leaving").iterdir())
    assert [one["name"] for one in json.loads(pulumi(killed, "stack", "ls", "--json"))] == ["prod"]

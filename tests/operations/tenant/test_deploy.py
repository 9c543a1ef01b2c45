"""Previewing and deploying a customer's own stack, with a stand-in for the CLI."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.plan import Plan
from operations.deploy import perform
from operations.engine.reviewed import Reviewed
from operations.review import engine as reviewing
from operations.tenant import standing as standing_stacks
from operations.tenant.deployment import every
from operations.tenant.deployment import journal as journals
from operations.tenant.deployment.every import DeployOptions, deploy_all, plan_all
from operations.tenant.deployment.scheduler import SiloOutcome, Stop
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli, failing
from tests.operations.tenant.conftest import DIGEST, Run
from tests.operations.tenant.test_reading import edit

ROOT = Path(__file__).parents[3]
RECORDINGS = ROOT / "tests/recordings/previews"
OUTPUTS = {"listenerArn": "l", "clusterArn": "c", "vpcId": "v", "imageDigest": DIGEST}
LOCKED = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete \
the lock file with `pulumi cancel`.
  file:///state/.pulumi/locks/organization/workbuoy/prod-acme/9a74.json: created by root@ci (pid 4767) at \
2026-11-22T20:43:51Z"""


def standing(*stacks: str, **answers: Any) -> dict[str, Any]:
    """What the CLI answers while prod is deployed and these stacks are known."""
    listed = [{"name": one, "current": False} for one in ("prod", *stacks)]
    return {"stack ls": {"out": json.dumps(listed)}, "stack output": {"out": json.dumps(OUTPUTS)}, **answers}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reviews find nothing, and the service is there at once: both are tried elsewhere."""

    def plan(opened: Any, *_: object) -> Reviewed:
        return Reviewed(Plan(stack=opened.name, steps=(), config={}, errors=(), failed=False, source="test"))

    monkeypatch.setattr(reviewing, "preview_opened", plan)
    for name in ("wait_for_rollout", "try_service"):
        monkeypatch.setattr(perform, name, lambda *_: "")


@pytest.mark.usefixtures("prod_signed_in", "quick")
def test_the_first_deployment_makes_the_stack_with_its_bases_secrets_provider(
    project: Project, run: Run, fake_cli: FakeCli
) -> None:
    provider = "awskms://alias/workbuoy-state?region=eu-west-1"
    base = project.root / "Pulumi.prod.yaml"
    base.write_text(base.read_text().replace("encryptionsalt: v1:made:for:tests", f"secretsprovider: {provider}"))
    file = project.root / "Pulumi.prod-acme.yaml"
    committed = file.read_text().replace("encryptionsalt: v1:made:for:tests\n", "")
    file.write_text(committed)
    known = {"out": "prod-acme"}
    unknown = failing("error: no stack named 'prod-acme' found", 6)
    fake_cli.answer(
        standing()
        | {
            "stack --show-name --stack prod-acme": [unknown, known],
            "stack init": {"append": {str(file): f"secretsprovider: {provider}\nencryptedkey: abc\n"}},
        }
    )
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr
    (made,) = fake_cli.calls("stack", "init")
    assert made["args"] == ["stack", "init", "prod-acme", "--no-select", "--secrets-provider", provider]
    assert file.read_text() == f"{committed}secretsprovider: {provider}\nencryptedkey: abc\n"
    assert [one["args"][one["args"].index("--stack") + 1] for one in fake_cli.calls("up")] == ["prod-acme"]


@pytest.mark.usefixtures("prod_signed_in", "quick")
def test_deployed_means_the_bases_image_for_a_new_silo(run: Run, project: Project, fake_cli: FakeCli) -> None:
    edit(project, "Pulumi.prod.yaml", DIGEST, "sha256:" + "0" * 64)
    unknown = failing("error: no stack named 'prod-acme' found", 6)
    fake_cli.answer(standing() | {"stack --show-name --stack prod-acme": [unknown, {"out": "prod-acme"}]})
    result = run("deploy", "acme", "--yes", "--image", "deployed")
    assert result.exit_code == 0, result.stderr
    assert fake_cli.calls("up")[0]["environment"]["WORKBUOY_IMAGE_DIGEST"] == DIGEST


CLOUD = {"url": "awskms://alias/workbuoy-state?region=eu-west-1", "encryptedkey": "AQID"}


@pytest.mark.usefixtures("prod_signed_in", "quick")
def test_a_stack_that_a_workflow_made_gets_back_the_lines_that_it_could_not_commit(
    run: Run, project: Project, fake_cli: FakeCli
) -> None:
    file = project.root / "Pulumi.prod-acme.yaml"
    committed = file.read_text().replace("encryptionsalt: v1:made:for:tests\n", "")
    file.write_text(committed)
    made = {"manifest": {}, "resources": [{"urn": "u"}], "secrets_providers": {"type": "cloud", "state": CLOUD}}
    exported = {"out": json.dumps({"version": 3, "deployment": made})}
    fake_cli.answer(standing("prod-acme") | {"stack export": exported})
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr
    assert file.read_text() == f"{committed}secretsprovider: {CLOUD['url']}\nencryptedkey: AQID\n"
    assert not fake_cli.calls("stack", "init")


@pytest.mark.usefixtures("prod_signed_in", "quick")
def test_one_that_it_made_and_never_deployed_is_made_anew(run: Run, project: Project, fake_cli: FakeCli) -> None:
    file = project.root / "Pulumi.prod-acme.yaml"
    file.write_text(file.read_text().replace("encryptionsalt: v1:made:for:tests\n", ""))
    unknown = failing("error: no stack named 'prod-acme' found", 6)
    fake_cli.answer(
        standing("prod-acme")
        | {
            "stack --show-name --stack prod-acme": [unknown, {"out": "prod-acme"}],
            "stack init": {"append": {str(file): "encryptionsalt: v1:new\n"}},
        }
    )
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr
    assert len(fake_cli.calls("stack", "rm")) == 1
    assert file.read_text().endswith("encryptionsalt: v1:new\n")


def refused(run: Run, cli: FakeCli, unchanged: Callable[[], bool], code: int, *arguments: str) -> str:
    """What is said on stderr where nothing may be changed."""
    result = run("deploy", *(arguments or ("acme",)), "--yes")
    assert result.exit_code == code, result.stderr
    assert not cli.calls("up")
    assert not cli.calls("stack", "init")
    assert unchanged()
    assert result.stderr.count("error: ") >= 1
    return result.stderr


@pytest.mark.usefixtures("prod_signed_in")
@pytest.mark.parametrize("answer", [{"stack --show-name": failing("error: no stack named 'prod' found", 6)}, {}])
def test_a_base_that_is_not_deployed_stops_with_what_to_do(
    run: Run, fake_cli: FakeCli, unchanged: Callable[[], bool], answer: dict[str, Any]
) -> None:
    fake_cli.answer(answer)
    assert "`workbuoy deploy prod" in refused(run, fake_cli, unchanged, 1)


@pytest.mark.usefixtures("no_cli", "prod_signed_in")
def test_without_the_engine_one_line_says_what_brings_it(run: Run, unchanged: Callable[[], bool]) -> None:
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 4
    assert "`workbuoy engine install` installs it" in result.stderr
    assert unchanged()


@pytest.mark.usefixtures("prod_signed_in", "quick")
def test_a_locked_stack_is_reported_with_its_holder(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer(standing("prod-acme", up=failing(LOCKED, 1)))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 4
    assert "root@ci (process 4767)" in result.stderr


@pytest.mark.usefixtures("prod_signed_in")
def test_a_record_edited_to_another_region_is_refused_before_the_engine_is_asked(
    run: Run, project: Project, fake_cli: FakeCli
) -> None:
    edit(project, "tenants/acme.yaml", "region: eu-west-1", "region: eu-north-1")
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 1
    assert "moves by a second stack" in result.stderr
    assert not fake_cli.calls()


MOVED = (
    ("base: prod", "base: prod-eu-north-1"),
    ("region: eu-west-1", "region: eu-north-1"),
    ("acm:eu-west-1", "acm:eu-north-1"),
    ("listenerPriority: 100", "listenerPriority: 101"),
)


@pytest.mark.usefixtures("prod_signed_in")
def test_a_record_edited_to_another_base_is_refused_by_the_old_stacks_file(
    run: Run, project: Project, fake_cli: FakeCli
) -> None:
    for old, new in MOVED:
        edit(project, "tenants/acme.yaml", old, new)
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 1
    assert "moving is a second stack and a data move" in result.stderr
    assert not fake_cli.calls()


@pytest.mark.usefixtures("prod_signed_in")
def test_and_where_that_file_was_renamed_too_by_the_stack_that_stands(
    run: Run, project: Project, fake_cli: FakeCli
) -> None:
    for old, new in MOVED:
        edit(project, "tenants/acme.yaml", old, new)
    (project.root / "Pulumi.prod-acme.yaml").rename(project.root / "Pulumi.prod-eu-north-1-acme.yaml")
    fake_cli.answer(standing("prod-acme", "prod-eu-north-1"))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 1
    assert "acme: stands as prod-acme, and its record now says prod-eu-north-1-acme" in result.stderr
    assert not fake_cli.calls("stack", "init")


@pytest.mark.usefixtures("prod_signed_in")
def test_a_stack_that_was_destroyed_is_not_made_again_while_its_record_still_retires_it(
    run: Run, project: Project, fake_cli: FakeCli
) -> None:
    edit(project, "tenants/acme.yaml", "signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2026-10-02")
    fake_cli.answer(standing())
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 1
    assert "prod-acme: does not stand, and tenants/acme.yaml retires it" in result.stderr
    assert not fake_cli.calls("stack", "init")


MOVING = """\
move:
  direction: to
  base: prod-eu-north-1
  region: eu-north-1
  listenerPriority: 900
  certificateArn: arn:aws:acm:eu-north-1:210000000003:certificate/00009999-0000-4000-8000-0123456789ab
"""


@pytest.fixture
def moving(project: Project) -> Project:
    """The same while acme's own stack moves."""
    record = project.root / "tenants/acme.yaml"
    record.write_text(record.read_text() + MOVING)
    second = (project.root / "Pulumi.prod-acme.yaml").read_text()
    (project.root / "Pulumi.prod-eu-north-1-acme.yaml").write_text(second)
    return project


@pytest.mark.usefixtures("prod_signed_in", "quick", "moving")
def test_until_the_second_stack_of_a_move_is_made_the_first_stays_as_it_is(run: Run, fake_cli: FakeCli) -> None:
    """Its policies would name a role that is not there; the workflow of the reviewed change is no failure for it."""
    fake_cli.answer(standing("prod-acme"))
    makes = "`workbuoy tenant deploy acme --base prod-eu-north-1`"
    for arguments, code in (((), 0), (("--base", "prod"), 1)):
        result = run("deploy", "acme", "--yes", *arguments)
        assert (result.exit_code, makes in " ".join(result.stderr.split())) == (code, True), result.stderr
    assert not fake_cli.calls("up")
    fake_cli.answer(standing("prod-acme", "prod-eu-north-1-acme"))
    assert run("deploy", "acme", "--yes").exit_code == 0
    assert len(fake_cli.calls("up")) == 1


@pytest.mark.usefixtures("prod_signed_in", "quick")
def test_one_that_was_destroyed_before_its_move_closed_keeps_nobody_from_the_other(
    run: Run, moving: Project, fake_cli: FakeCli
) -> None:
    record = moving.root / "tenants/acme.yaml"
    record.write_text(f"{record.read_text()}  retiring: 2026-11-03\n")
    fake_cli.answer(standing("prod-acme"))
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 0, result.stderr
    refused = run("deploy", "acme", "--base", "prod-eu-north-1", "--yes")
    assert (refused.exit_code, "retires it" in refused.stderr) == (1, True), refused.stderr


@pytest.mark.usefixtures("prod_signed_in")
def test_placeholders_are_reported_before_the_engine_is_asked(run: Run, project: Project, fake_cli: FakeCli) -> None:
    edit(project, "Pulumi.prod.yaml", DIGEST, "sha256:" + "0" * 64)
    result = run("deploy", "acme", "--yes")
    assert result.exit_code == 1
    assert "service.image.digest: names no image" in result.stderr
    assert not fake_cli.calls()


def test_of_a_pool_tenant_nothing_is_deployed_and_its_base_is_named(run: Run, fake_cli: FakeCli) -> None:
    for command in (("deploy", "initech", "--yes"), ("preview", "initech")):
        result = run(*command)
        assert result.exit_code == 0
        assert "`workbuoy deploy prod` deploys prod" in result.stderr
    assert not fake_cli.calls()


def test_where_nobody_can_be_asked_yes_is_demanded(run: Run, fake_cli: FakeCli) -> None:
    for arguments in (("acme",), ("--all",)):
        result = run("deploy", *arguments)
        assert result.exit_code == 2
        assert "--yes" in result.stderr
    assert not fake_cli.calls()


@pytest.mark.usefixtures("prod_signed_in")
def test_a_preview_makes_no_stack(run: Run, fake_cli: FakeCli, unchanged: Callable[[], bool]) -> None:
    fake_cli.answer(standing())
    result = run("preview", "acme")
    assert result.exit_code == 1
    assert "prod-acme: has not been deployed" in result.stderr
    assert not fake_cli.calls("stack", "init")
    assert unchanged()


@pytest.mark.usefixtures("prod_signed_in")
def test_a_preview_is_the_review_of_the_silos_stack(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer(standing("prod-acme", preview=failing("error: boom", 255)))
    result = run("preview", "acme")
    assert result.exit_code == 4
    assert "prod-acme: the preview broke off: boom" in result.stderr
    (call,) = fake_cli.calls("preview")
    assert "--policy-pack" in call["args"]


@pytest.mark.usefixtures("prod_signed_in")
def test_the_review_of_a_silo_knows_the_residency_of_its_record(run: Run, fake_cli: FakeCli) -> None:
    lines = (RECORDINGS / "unchanged.events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    for event in events:  # a silo's own file holds the customer's name alone
        event.get("preludeEvent", {}).get("config", {}).pop("workbuoy:settings", None)
    fake_cli.answer(standing("prod-acme", preview={"events": events}))
    result = run("preview", "acme")
    assert "residency not in this recording" not in result.stdout
    assert "region: eu-west-1" in result.stdout


ASKED = DeployOptions(image=None, base=None, parallel=2, timeout_seconds=30, again=False)


@pytest.fixture
def versioned(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a commit."""
    monkeypatch.setattr(every, "version_of", lambda _root, _besides: "abc")


@pytest.mark.usefixtures("versioned")
def test_all_goes_on_where_the_last_run_stopped(project: Project) -> None:
    ways = {"acme": SiloOutcome("done"), "globex": SiloOutcome("failed", "no zone left")}
    ran: list[str] = []

    def operation(name: str, _stop: Stop) -> SiloOutcome:
        ran.append(name)
        return ways[name]

    first = deploy_all(project.root, ASKED, plan_all(project.root, ASKED), operation)
    assert (sorted(ran), first.failed) == (["acme", "globex"], 1)
    assert first.summary == "2 silos: 1 done, 1 failed\n  globex: failed: no zone left"
    ran.clear()
    ways["globex"] = SiloOutcome("done")
    planned = plan_all(project.root, ASKED)
    assert planned.names == ("globex",)
    assert planned.notes[0].startswith("1 of 2 were done by ")
    second = deploy_all(project.root, ASKED, planned, operation)
    assert (ran, second.failed, second.journal) == (["globex"], 0, first.journal)
    assert {name: one.state for name, one in second.outcomes.items()} == {"acme": "done", "globex": "done"}
    left = plan_all(project.root, ASKED)
    assert not left.names
    assert "Nothing is left to do; --again repeats all." in left.notes[0]
    again = DeployOptions(image=None, base=None, parallel=2, timeout_seconds=30, again=True)
    assert plan_all(project.root, again).names == ("acme", "globex")


def test_only_silos_of_one_base_are_taken_where_one_is_named(project: Project) -> None:
    asked = DeployOptions(image=None, base="prod", parallel=2, timeout_seconds=30, again=False)
    assert plan_all(project.root, asked).names == ("acme",)


def test_all_asks_whose_second_stack_is_not_made_yet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_stacks, "not_to_update", lambda _, tenant: f"{tenant.name} moves")
    result = run("deploy", "--all", "--yes")
    assert result.exit_code == 0
    assert "acme is left out: acme moves." in result.stderr
    assert "There is no silo to deploy." in result.stderr


def test_a_broken_file_stops_all_before_anything_begins(project: Project, run: Run) -> None:
    edit(project, "tenants/globex.yaml", "residency: nordic", "residency: nowhere")
    result = run("deploy", "--all", "--yes")
    assert result.exit_code == 1
    assert "tenants/globex.yaml:7: residency" in result.stderr
    assert not list((project.root / journals.FOLDER).glob("*.jsonl"))


@pytest.mark.slow
def test_each_silo_has_a_process_of_its_own_and_failures_are_reported_with_their_cause(
    project: Project, run: Run
) -> None:
    """Without any CLI on PATH every child ends with its own clear line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        patch.setenv("HOME", str(project.root))
        result = run("deploy", "--all", "--yes", "--json")
    assert result.exit_code == 3, result.stderr
    told = json.loads(result.stdout)
    assert [(one["tenant"], one["state"]) for one in told["tenants"]] == [("acme", "failed"), ("globex", "failed")]
    assert all("the Pulumi CLI, is not here" in one["cause"] for one in told["tenants"])
    log = Path(told["journal"]).with_suffix("") / "acme.log"
    assert "the Pulumi CLI, is not here" in log.read_text()
    assert "2 failed; run the same command again to repeat what failed" in result.stderr


CHILD = """
import signal, sys, time
def stop(*_):
    print("error: prod-acme: interrupted; 3 resources stand", flush=True)
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
open(sys.argv[-1], "w").close()
time.sleep(30)
"""


@pytest.mark.lengthy
def test_ctrl_c_lets_the_processes_end_in_good_order_and_exits_with_130(project: Project, tmp_path: Path) -> None:
    """A real Ctrl-C to a real process, whose children are stand-ins for `workbuoy tenant deploy NAME`."""
    program = f"""
import sys
from operations.tenant.deployment import scheduler
scheduler.WORKBUOY = (sys.executable, "-c", {CHILD!r})
from operations.tenant.deployment import every
run = every.run_child
every.run_child = lambda root, command, log, stop: run(root, [{str(tmp_path)!r} + "/" + command[2]], log, stop)
from operations.tenant.command import tenant
tenant(["deploy", "--all", "--yes", "--parallel", "1"])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not (tmp_path / "acme").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "acme: interrupted: prod-acme: interrupted; 3 resources stand" in out
    assert not (tmp_path / "globex").exists()
    assert err.splitlines()[-1] == "error: interrupted; the same command goes on where this stopped"
    (file,) = (project.root / journals.FOLDER).glob("*.jsonl")
    recorded = journals.read(file)
    assert recorded is not None
    assert {name: one.state for name, one in recorded.outcomes.items()} == {
        "acme": "interrupted",
        "globex": "waiting",
    }

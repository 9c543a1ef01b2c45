"""`workbuoy tenant promote`: the plan, its steps as one-off tasks, the comparison, and every way of ending."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from infra.tenants.files import read_tenant
from infra.tenants.listing import MOVED_FOLDER
from operations import one_off
from operations.tenant import standing
from operations.tenant.promotion import receipts
from operations.tenant.promotion.command import RUNNABLE, promote
from operations.tenant.promotion.steps import steps_of, thaw
from operations.tenant.remains_command import remains
from tests.conftest import copy_of_project
from tests.operations.tenant.move.test_command import Stands
from tests.operations.tenant.promotion.world import World
from tests.quick_moto import quick_moto

DIGEST = "5eed" * 16
MANIFEST: dict[str, Any] = {
    "complete": True,
    "handed_over": True,
    "format": 2,
    "tenant": "acme",
    "tenant_id": "01a20513-71fe-70a5-b661-5feb598c8d5d",
    "lineage": "0b2a0513-71fe-40a5-b661-5feb598c8d5d",
    "number": 7,
    "digest": "ba7c" * 16,
}
RECEIPT: dict[str, Any] = {
    **{name: value for name, value in MANIFEST.items() if name != "handed_over"},
    "opened": True,
    "tables": {"things": {"rows": 12, "sum": "a" * 512}, "members": {"rows": 1, "sum": "b" * 512}},
    "sums_digest": DIGEST,
}
VERDICT = {"done": "export", "tenant": "acme", "digest": DIGEST}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with acme on its way from pool to silo."""
    copy_of_project(tmp_path)
    acme = tmp_path / "tenants/acme.yaml"
    acme.write_text(acme.read_text() + "promotion: open\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def both_stacks() -> Iterator[World]:
    """Both stacks in moto, made once: that takes a second."""
    with quick_moto():
        yield World()


@pytest.fixture
def world(both_stacks: World, project: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same before anything has run."""
    assert project == Path.cwd()
    both_stacks.begin_anew(lines=('{"level":"info"}', json.dumps(VERDICT)))
    monkeypatch.setattr(standing, "outputs", lambda _, stack: both_stacks.outputs[stack])
    monkeypatch.setattr(time, "sleep", both_stacks.sleep)
    return both_stacks


def run(*arguments: str) -> Result:
    return CliRunner().invoke(promote, arguments, catch_exceptions=False)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\n", "is on its way, by move of"),
        ("  retiring: 2026-12-24\n", "retires, by dates.retiring of"),
    ],
)
def test_who_moves_or_retires_gets_no_plan_of_a_promotion(project: Path, lines: str, told: str) -> None:
    initech = project / "tenants/initech.yaml"
    initech.write_text(initech.read_text() + lines)
    result = CliRunner().invoke(promote, ["initech"])
    assert (result.exit_code, result.stdout, told in " ".join(result.stderr.split())) == (1, "", True)


@pytest.mark.usefixtures("project")
@pytest.mark.usefixtures("usual_columns")
def test_the_plan_is_numbered_fits_80_columns_and_says_who_decides_and_how_to_go_back() -> None:
    result = run("acme")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[1] for line in lines if line[:3].strip(" .").isdigit()] == [
        *("review", "deploy", "export", "import", "freeze", "export", "import"),
        *("compare", "switch", "clear", "remove", "close"),
    ]
    assert result.stdout.count("a person:") == 5
    assert "tenants/acme.yaml" in result.stdout
    assert "acme.workbuoy.example" in result.stdout
    assert "Nothing was done." in result.stdout


def test_every_step_has_a_way_back_and_a_command_or_a_person(project: Path) -> None:
    steps = [*steps_of("acme", read_tenant(project, "acme")), thaw("acme")]
    assert all(step.back and step.changes and (step.command or step.decides) for step in steps)
    assert {step.name for step in steps if step.arguments} == set(RUNNABLE)


@pytest.mark.usefixtures("project")
def test_the_plan_as_json_names_every_command() -> None:
    steps = json.loads(run("acme", "--json").stdout)["steps"]
    assert [step["number"] for step in steps] == list(range(1, 13))
    assert steps[2]["command"] == steps[5]["command"] == "workbuoy tenant promote acme --live --run export"


@pytest.mark.usefixtures("project")
def test_a_pool_tenant_has_a_plan_and_no_step_before_its_review() -> None:
    assert run("initech").exit_code == 0
    result = run("initech", "--run", "freeze", "--live")
    assert result.exit_code == 1
    assert "tenants/initech.yaml: isolation: is pool: step 1" in result.stderr
    result = run("globex", "--run", "freeze", "--live")
    assert (result.exit_code, "promotion: is not open" in result.stderr) == (1, True)


def test_without_live_a_step_is_reported_and_nothing_is_started(world: World) -> None:
    result = run("acme", "--run", "export")
    assert result.exit_code == 0
    assert "workbuoy-app tenant export acme --to s3://workbuoy-prod-acme-files-1/imports/acme/" in result.stdout
    assert "Nothing was started" in result.stdout
    assert world.tasks("prod") == []


@pytest.mark.parametrize(
    ("step", "stack", "arguments"),
    [
        ("freeze", "prod", ["tenant", "freeze", "acme"]),
        ("export", "prod", ["tenant", "export", "acme", "--to", "s3://workbuoy-prod-acme-files-1/imports/acme/"]),
        ("import", "prod-acme", ["tenant", "import", "--from", "s3://workbuoy-prod-acme-files-1/imports/acme/"]),
        ("thaw", "prod", ["tenant", "thaw", "acme", "--withdraw", "s3://workbuoy-prod-acme-files-1/imports/acme/"]),
        ("clear", "prod-acme", ["tenant", "clear-import", "--from", "s3://workbuoy-prod-acme-files-1/imports/acme/"]),
    ],
)
def test_a_step_runs_as_a_task_of_the_right_stack(world: World, step: str, stack: str, arguments: list[str]) -> None:
    result = run("acme", "--run", step, "--live", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["exitCode"], document["verdict"]) == (0, VERDICT)
    (started,) = world.tasks(stack)
    assert started["overrides"]["containerOverrides"] == [{"name": "one-off", "command": arguments}]
    assert started["startedBy"] == f"promote-acme-{step}"
    assert world.tasks("prod-acme" if stack == "prod" else "prod") == []


def test_a_step_runs_by_the_declared_definition_and_registers_none(world: World) -> None:
    before = world.ecs.list_task_definitions()["taskDefinitionArns"]
    run("acme", "--run", "export", "--live")
    (started,) = world.tasks("prod")
    assert started["taskDefinitionArn"] == world.outputs["prod"]["oneOffTaskDefinitionArn"]
    assert world.ecs.list_task_definitions()["taskDefinitionArns"] == before
    assert world.ecs.list_task_definitions(status="INACTIVE")["taskDefinitionArns"] == []


def test_a_task_that_fails_is_exit_3_with_its_last_lines(world: World) -> None:
    world.exit_code, world.lines = 1, ("workbuoy-app: acme is not frozen",)
    result = run("acme", "--run", "export", "--live")
    assert result.exit_code == 3
    assert "acme is not frozen" in result.stdout
    assert "export ended with 1" in result.stderr


def test_a_task_that_never_ran_is_exit_4_with_ecs_reason(world: World) -> None:
    world.exit_code, world.lines = None, ()
    result = run("acme", "--run", "export", "--live")
    assert result.exit_code == 4
    assert "never ran" in result.stderr


def test_an_image_from_before_one_off_work_is_reported_as_that(world: World) -> None:
    said = "workbuoy-app: error: argument COMMAND: invalid choice: 'one-off' (choose from 'serve', 'migrate')"
    world.exit_code, world.lines = 2, ("usage: workbuoy-app [-h] COMMAND ...", said)
    result = run("acme", "--run", "export", "--live")
    assert result.exit_code == 4
    assert "rollback" in result.stderr
    assert "-administration" in result.stderr


def test_an_interrupted_watch_is_130_and_the_same_task_is_watched_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        result = run("acme", "--run", "export", "--live")
    assert result.exit_code == 130
    assert "the task goes on" in result.stderr
    again = run("acme", "--run", "export", "--live")
    assert again.exit_code == 0
    assert "runs already" in again.stderr
    assert len(world.tasks("prod")) == 1


def test_compare_tells_agreement_and_each_difference(world: World) -> None:
    assert run("acme", "--run", "compare", "--live").exit_code == 3
    world.put("manifest.json", {**MANIFEST, "complete": False})
    assert "was not handed over" in run("acme", "--live").stdout
    world.put("manifest.json", MANIFEST)
    assert "not imported" in run("acme", "--live").stdout
    world.put("receipt.json", RECEIPT)
    assert world.tasks("prod") == []
    agreed = run("acme", "--run", "compare", "--live")
    assert (agreed.exit_code, "alike: 13 rows" in agreed.stdout) == (0, True)
    (told,) = world.tasks("prod")
    assert told["overrides"]["containerOverrides"][0]["command"] == ["tenant", "opened", "acme"]
    world.put("receipt.json", {**RECEIPT, "number": 5, "digest": "0" * 64})
    differing = run("acme", "--run", "compare", "--live", "--json")
    assert differing.exit_code == 3
    assert json.loads(differing.stdout)["differences"] == ["digest", "number"]


def test_a_pool_that_does_not_hear_that_the_silo_serves_fails_the_comparison(world: World) -> None:
    world.put("manifest.json", MANIFEST)
    world.put("receipt.json", RECEIPT)
    world.exit_code = 1
    result = run("acme", "--run", "compare", "--live")
    assert result.exit_code == 3
    assert "prod still counts acme as waiting" in result.stderr


def test_remove_needs_the_name_twice_and_a_receipt_that_agrees(world: World) -> None:
    result = run("acme", "--run", "remove", "--live")
    assert (result.exit_code, "--yes-remove acme" in result.stderr) == (1, True)
    world.put("manifest.json", MANIFEST)
    result = run("acme", "--run", "remove", "--live", "--yes-remove", "acme")
    assert (result.exit_code, "no receipt" in result.stderr) == (3, True)
    assert world.tasks("prod") == []


def test_what_is_removed_from_the_pool_is_counted_by_another_role_and_recorded_with_what_outlives_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands = Stands()
    for name, paper in (("manifest", MANIFEST), ("receipt", RECEIPT)):
        stands.papers[f"files-prod-acme/imports/acme/{name}.json"] = paper
    monkeypatch.setattr(one_off, "begin", stands.begin)
    monkeypatch.setattr(one_off, "watch", stands.watch)
    monkeypatch.setattr(standing, "opened", lambda _, stack: stands.opened(stack))
    monkeypatch.setattr(standing, "session", lambda: stands)
    monkeypatch.setattr(receipts, "read_document", lambda _, bucket, key: stands.papers.get(f"{bucket}/{key}"))
    asked = ("acme", "--run", "remove", "--live", "--yes-remove", "acme")
    stands.liar = True
    assert "is still there: 12 in things" in " ".join(run(*asked).stderr.split())
    assert not (project / MOVED_FOLDER).exists()
    stands.liar = False
    stands.started.clear()
    removed = run(*asked, "--json")
    assert removed.exit_code == 0, removed.stderr
    assert stands.commands() == ["count", "remove", "count"]
    assert {stack for stack, _ in stands.started} == {"prod"}
    assert stands.started[1][1][-1] == DIGEST
    record = yaml.safe_load((project / json.loads(removed.stdout)["verdict"]["file"]).read_text())
    assert (record["name"], record["isolation"], record["base"]) == ("acme", "pool", "prod")
    assert record["moved"]["to"] == "prod-acme"
    assert record["removed"]["rows"] == {"things": 12}
    later = project / MOVED_FOLDER / "acme-prod-2127-01-02-stack.yaml"  # its own stack on the same base stack goes, too
    later.write_text("name: acme\nbase: prod\nisolation: silo\nremaining: []\n")
    listed = CliRunner().invoke(remains, ["acme", "--json"], catch_exceptions=False)
    assert len(json.loads(listed.stdout)["copies"]) == len(record["remaining"]) > 0


def test_outputs_that_are_missing_are_reported_all_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(world.outputs["prod"], "clusterArn")
    monkeypatch.delitem(world.outputs["prod-acme"], "filesBucketName")
    result = run("acme", "--live")
    assert result.exit_code == 1
    assert "stack prod has no output clusterArn" in result.stderr
    assert "stack prod-acme has no output filesBucketName" in result.stderr


def test_aws_refusing_is_exit_4_and_no_traceback(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = "arn:aws:ecs:eu-west-1:123456789012:cluster/nowhere"
    monkeypatch.setitem(world.outputs["prod"], "clusterArn", nowhere)
    result = run("acme", "--run", "freeze", "--live")
    assert result.exit_code == 4
    assert "AWS refused" in result.stderr


def test_a_residency_that_forbids_the_region_starts_no_step(world: World, project: Path) -> None:
    acme = project / "tenants/acme.yaml"
    acme.write_text(re.sub(r"residency: .*", "residency: [eu-north-1]", acme.read_text()))
    for step in ("freeze", "export", "import"):
        result = run("acme", "--run", step, "--live")
        assert (result.exit_code, "eu-west-1 lies outside residency" in " ".join(result.stderr.split())) == (1, True)
    assert world.tasks("prod") == world.tasks("prod-acme") == []


@pytest.mark.usefixtures("project")
def test_an_unknown_tenant_and_an_unknown_step_are_reported() -> None:
    assert run("nobody").exit_code == 1
    assert run("acme", "--run", "explode").exit_code == 2


@pytest.mark.lengthy
def test_a_silo_is_reported_to_be_one(project: Path) -> None:
    acme = project / "tenants/acme.yaml"
    acme.write_text(acme.read_text().replace("promotion: open\n", ""))
    result = run("acme")
    assert result.exit_code == 1
    assert "error: acme is a silo already, in prod-acme" in result.stderr
    assert result.stdout == ""

"""Deployments in the order of their commits, and an update that does no more than was reviewed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from graph.plan import Operation, Plan, PlanStep
from operations.engine.errors import StrayedError
from operations.engine.order import COMMIT, IMAGE
from operations.engine.reviewed import Reviewed, ReviewGuard
from operations.engine.stack import open_stack
from project.files import Project
from tests.operations.deploy.test_deploy import NEW, SAFE, Run, run
from tests.operations.engine.fake_cli import HISTORY, SUMMARY, FakeCli, failing, state
from tests.operations.history import commit, git

__all__ = ["run"]
URN = "urn:pulumi:local::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"


@pytest.fixture
def commits(made_project: Project) -> tuple[str, str]:
    """An older and a newer commit of the project."""
    git(made_project.root, "init", "-qb", "main")
    return commit(made_project.root), commit(made_project.root)


def deployed(tag: str) -> dict[str, Any]:
    return {**SAFE, "stack tag ls": {"out": json.dumps({"pulumi:project": "workbuoy", COMMIT: tag})}}


Deploy = Callable[..., Result]


@pytest.fixture
def deploy(run: Run) -> Deploy:
    return lambda *more: run("deploy", "local", "--image", NEW, "--yes", *more)


def test_the_commit_and_the_image_are_noted_before_the_update(
    deploy: Deploy, fake_cli: FakeCli, commits: tuple[str, str]
) -> None:
    fake_cli.answer(SAFE)
    assert deploy().exit_code == 0
    noted = {one["args"][3]: one["args"][4] for one in fake_cli.calls("stack", "tag", "set")}
    assert noted == {COMMIT: commits[1], IMAGE: NEW}


def test_an_older_run_that_is_approved_after_a_newer_one_is_refused(
    deploy: Deploy, fake_cli: FakeCli, made_project: Project, commits: tuple[str, str]
) -> None:
    older, newer = commits
    git(made_project.root, "checkout", "-q", older)
    fake_cli.answer(deployed(newer))
    result = deploy()
    assert result.exit_code == 1
    assert f"runs {newer[:9]} already, which is newer than {older[:9]}" in result.stderr
    assert not fake_cli.calls("preview")
    assert not fake_cli.calls("up")
    assert deploy("--older").exit_code == 0


def test_a_newer_one_and_the_same_one_go_on(deploy: Deploy, fake_cli: FakeCli, commits: tuple[str, str]) -> None:
    for tag in commits:
        fake_cli.answer(deployed(tag))
        result = deploy()
        assert result.exit_code == 0
        assert "of another branch" not in result.stderr


def test_another_branch_is_reported_and_goes_on(
    deploy: Deploy, fake_cli: FakeCli, made_project: Project, commits: tuple[str, str]
) -> None:
    git(made_project.root, "checkout", "-qb", "other", commits[0])
    (made_project.root / "beside").touch()
    other = commit(made_project.root)
    git(made_project.root, "checkout", "-q", "main")
    fake_cli.answer(deployed(other))
    result = deploy()
    assert result.exit_code == 0
    assert f"{other[:9]} is deployed, of another branch" in result.stderr


@pytest.mark.parametrize("cure", ["git fetch --unshallow", "git fetch origin abab"])
def test_a_clone_that_does_not_know_what_is_deployed_stops(
    deploy: Deploy, fake_cli: FakeCli, made_project: Project, commits: tuple[str, str], cure: str
) -> None:
    """A newer commit that nobody fetched yet, for one: it is no other branch's."""
    if "unshallow" in cure:
        (made_project.root / ".git/shallow").write_text(f"{commits[1]}\n")
    fake_cli.answer(deployed("ab" * 20))
    result = deploy()
    assert result.exit_code == 1
    assert "which this clone does not know" in result.stderr
    assert cure in result.stderr
    assert deploy("--older").exit_code == 0


def test_without_git_it_is_reported_that_nobody_knows(deploy: Deploy, fake_cli: FakeCli) -> None:
    fake_cli.answer(deployed("ab" * 20))
    result = deploy()
    assert result.exit_code == 0
    assert "whether something newer is deployed is not known" in result.stderr


def test_a_stack_that_somebody_changed_since_the_review_is_not_updated(deploy: Deploy, fake_cli: FakeCli) -> None:
    fake_cli.answer({**SAFE, "stack export": [state(), state({"urn": URN})]})
    result = deploy()
    assert result.exit_code == 3
    assert "somebody changed it since the review; nothing was changed here" in result.stderr
    assert not fake_cli.calls("up")


# ---- the update does what was reviewed


def began(op: str, urn: str = URN) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, "type": "", "old": None, "new": None}}}


def reviewed(op: Operation) -> Plan:
    return Plan(stack="local", steps=(PlanStep(op=op, urn=URN, old=None, new=None),))


@pytest.mark.parametrize(
    ("seen", "does", "further"),
    [
        ("update", "update", False),
        ("update", "same", False),
        ("same", "update", True),
        ("update", "replace", True),
        ("update", "delete", True),
        ("replace", "create-replacement", False),
        ("replace", "delete-replaced", False),
        ("create", "create", False),
        ("create", "replace", True),
        ("delete", "delete", False),
        ("same", "read", False),
        ("update", "delete-replaced", True),  # the old one can go before the `replace` step tells of it
        ("same", "create-replacement", True),
        ("delete", "delete-replaced", False),  # left behind by an earlier, broken update
        ("same", "remove-pending-replace", False),
        ("update", "vanish", True),
    ],
)
def test_a_step_may_turn_out_less_than_reviewed_and_never_more(seen: Operation, does: str, further: bool) -> None:
    assert ReviewGuard(reviewed(seen)).exceeds_review(began(does)) is further


def test_a_resource_that_was_not_reviewed_at_all_goes_further() -> None:
    held = ReviewGuard(reviewed("update"))
    assert held.exceeds_review(began("delete", URN.replace("instance", "other")))
    assert held.strayed == ["delete database-other (not reviewed)"]


def test_an_update_that_goes_further_is_cancelled_and_reported(fake_cli: FakeCli, made_project: Project) -> None:
    opened = open_stack(made_project, "local")
    fake_cli.answer({"up": {"events": [began("replace")], "until_interrupted": True}})
    with pytest.raises(StrayedError, match=r"cancelled: replace database-instance \(reviewed as update\)") as raised:
        opened.up(reviewed=Reviewed(reviewed("update"), Path("plan.json")))
    assert raised.value.code == 3


def test_an_update_that_keeps_to_the_review_is_left_alone(fake_cli: FakeCli, made_project: Project) -> None:
    opened = open_stack(made_project, "local")
    fake_cli.answer({"up": {"events": [began("update"), SUMMARY]}})
    held = Reviewed(reviewed("update"), Path("plan.json"))
    assert opened.up(reviewed=held).changes == {"create": 2, "same": 1}


def after(args: list[str], option: str) -> str | None:
    return args[args.index(option) + 1] if option in args else None


def test_the_engine_holds_the_update_to_the_plan_of_the_very_preview_that_was_reviewed(
    deploy: Deploy, fake_cli: FakeCli
) -> None:
    fake_cli.answer(SAFE)
    assert deploy().exit_code == 0
    (preview,), (update,) = fake_cli.calls("preview"), fake_cli.calls("up")
    plan = after(preview["args"], "--save-plan")
    assert plan is not None
    assert after(update["args"], "--plan") == plan
    assert not Path(plan).parent.exists(), "it holds every property, and nobody needs it any more"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f"resource {URN} violates plan: properties changed: =~password[&{{{{hunter2}}}}], ~-tags[{{map[a:b c:d]}}]",
            "resource database-instance violates plan: properties changed: password, tags",
        ),
        (f"resource {URN} violates plan: parent changed (expected {URN})", "violates plan: parent changed (expected"),
        (
            "replace is not allowed by the plan: this resource is constrained to update",
            "replace is not allowed by the plan: this resource is constrained to update",
        ),
        (f"expected resource operations for {URN} but none were seen", "operations for database-instance but none"),
    ],
)
def test_what_the_engine_refuses_by_its_plan_is_reported_without_values_and_nothing_goes_back(
    deploy: Deploy, fake_cli: FakeCli, said: str, told: str
) -> None:
    refused = {"diagnosticEvent": {"message": f"error: {said}", "severity": "error", "color": "never"}}
    fake_cli.answer({**SAFE, "up": failing("error: update failed", 255, [refused])})
    result = deploy()
    assert result.exit_code == 3
    line = result.stderr.splitlines()[-1]
    assert "local: the engine stopped before what was not reviewed: " in line
    assert told in line
    assert "`--no-plan`" in line
    assert "hunter2" not in line
    assert len(fake_cli.calls("up")) == 1, "a person must look first"


def test_without_the_engine_s_plan_a_second_preview_is_compared_before_anything_is_done(
    deploy: Deploy, fake_cli: FakeCli
) -> None:
    fake_cli.answer(SAFE)
    assert deploy("--no-plan").exit_code == 0
    asked = [*fake_cli.calls("preview"), *fake_cli.calls("up")]
    assert [one["args"][0] for one in asked] == ["preview", "preview", "up"]
    assert not [one for one in asked if {"--plan", "--save-plan"} & set(one["args"])]

    moved = {"events": [began("replace"), SUMMARY]}
    fake_cli.answer({**SAFE, "preview": [*[SAFE["preview"]] * 3, moved]})
    result = deploy("--no-plan")
    assert result.exit_code == 3
    assert "would do now what was not reviewed: replace database-instance (not reviewed); nothing was" in result.stderr
    assert len(fake_cli.calls("up")) == 1


# ---- where nothing is to change, nothing is updated


STACK = "urn:pulumi:local::workbuoy::pulumi:pulumi:Stack::workbuoy-local"


def unchanged(**more: Any) -> dict[str, Any]:
    """The CLI's answers of a stack with nothing but itself, in which nothing changes."""
    stack = {"urn": STACK, "type": "pulumi:pulumi:Stack", "outputs": {"imageDigest": NEW}, **more}
    whole = {"urn": STACK, "op": "same", "type": "pulumi:pulumi:Stack", "old": stack, "new": stack, "provider": ""}
    deployment = {
        "resources": [{"urn": STACK, "type": "pulumi:pulumi:Stack", "outputs": {"imageDigest": NEW}}],
        "secrets_providers": {"state": {"salt": "v1:made:for:tests"}},
    }
    account = {"steps": [{"op": "same", "urn": STACK, "oldState": stack, "newState": {**stack, "outputs": None}}]}
    events = [
        {"resourcePreEvent": {"metadata": whole}},
        {"resOutputsEvent": {"metadata": whole}},
        {"summaryEvent": {"resourceChanges": {"same": 1}, "durationSeconds": 1, "isPreview": True}},
    ]
    return {
        "preview": {"out": json.dumps(account), "events": events},
        "stack export": {"out": json.dumps({"version": 3, "deployment": deployment})},
    }


def test_where_nothing_is_to_change_no_update_is_run_and_the_commit_is_noted_all_the_same(
    deploy: Deploy, fake_cli: FakeCli, commits: tuple[str, str]
) -> None:
    fake_cli.answer(unchanged())
    result = deploy()
    assert result.exit_code == 0, result.output
    assert "local: nothing is to change, so no update is run" in result.stderr
    assert "left out: nothing was to change" in result.stdout
    assert "- rollout (" in result.stdout
    assert not fake_cli.calls("up")
    assert {one["args"][4] for one in fake_cli.calls("stack", "tag", "set")} == {commits[1], NEW}


def test_where_nothing_at_all_is_to_be_written_the_cli_is_asked_for_nothing_twice(
    deploy: Deploy, fake_cli: FakeCli, commits: tuple[str, str]
) -> None:
    fake_cli.answer(unchanged() | {"stack tag ls": {"out": json.dumps({COMMIT: commits[1], IMAGE: NEW})}})
    assert deploy().exit_code == 0
    started = [" ".join(one["args"][: 1 + (one["args"][0] == "stack")]) for one in fake_cli.calls()]
    assert started == ["version", "whoami", "stack export", "stack tag", "preview", "stack history"]


def test_what_cannot_be_seen_is_named_and_the_update_runs(deploy: Deploy, fake_cli: FakeCli) -> None:
    fake_cli.answer(unchanged(inputs={"password": "[secret]"}))
    result = deploy()
    assert result.exit_code == 0, result.output
    assert "nothing is to change but perhaps in the state: workbuoy-local: a secret input, which" in result.stderr
    assert len(fake_cli.calls("up")) == 1


def test_an_update_follows_a_refresh_that_took_drift_into_the_state(deploy: Deploy, fake_cli: FakeCli) -> None:
    refresh = {**HISTORY[0], "kind": "refresh", "resourceChanges": {"update": 1}}
    fake_cli.answer(unchanged() | {"stack history": {"out": json.dumps([refresh])}})
    assert deploy().exit_code == 0
    assert len(fake_cli.calls("up")) == 1

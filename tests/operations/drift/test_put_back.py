"""What weakens data or opens access beside the program is reported, stops a deployment, and is put back by one command.

The cloud is the stand-in's: `tests/operations/drift/test_account.py` makes the same in moto where boto3 can see it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from operations.engine.order import COMMIT, IMAGE
from project.files import Project
from tests.operations.drift.conftest import DIGEST, Invoke
from tests.operations.drift.world import inputs_of, policy_of, previewed, refreshed
from tests.operations.engine.fake_cli import HISTORY, FakeCli, failing, state
from tests.operations.history import commit, git


def everything(document: dict[str, Any]) -> None:
    document["Statement"].append({"Effect": "Allow", "Action": "*", "Resource": "*"})


def first_refusal_gone(document: dict[str, Any]) -> None:
    document["Statement"].pop(0)


def rules_after(days: int) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = inputs_of("files-lifecycle")["rules"]
    (rule,) = [one for one in rules if "noncurrentVersionExpiration" in one]
    rule["noncurrentVersionExpiration"] = {**rule["noncurrentVersionExpiration"], "noncurrentDays": days}
    return rules


BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
# What is found is made of what the stack declares, so only as a test asks for it.
KINDS: Mapping[str, tuple[Callable[[], Mapping[str, Any]], str]] = {
    "deletion protection off": (
        lambda: {"database-instance": {"deletionProtection": False}},
        "deletionProtection: true → false",
    ),
    "backups at one day": (
        lambda: {"database-instance": {"backupRetentionPeriod": 1}},
        "backupRetentionPeriod: `30` → `1`",
    ),
    "versioning suspended": (
        lambda: {"files-versioning": {"versioningConfiguration": {"status": "Suspended"}}},
        "versioningConfiguration.status: `Enabled` → `Suspended`",
    ),
    "the public access block off": (
        lambda: {"files-public-access-block": dict.fromkeys(BLOCKS, False)},
        "restrictPublicBuckets: true → false",
    ),
    "the public access block gone": (lambda: {"files-public-access-block": None}, "is gone"),
    "everything granted to the service": (
        lambda: {"service-task-policy": policy_of("service-task-policy", everything)},
        '(unset) → `{"Effect": "Allow", "Action": "*", "Resource": "*"}`',
    ),
    "the database open to the world": (
        lambda: {"database-from-service-on-5432": {"cidrIpv4": "0.0.0.0/0", "referencedSecurityGroupId": None}},
        "cidrIpv4: (unset) → `0.0.0.0/0`",
    ),
    "a bucket that takes plain HTTP": (
        lambda: {"files-policy": policy_of("files-policy", first_refusal_gone)},
        "policy.Statement[RefusePlainHttp]",
    ),
    "logs kept for a day": (lambda: {"logs-service-group": {"retentionInDays": 1}}, "retentionInDays: `365` → `1`"),
    "a key switched off": (lambda: {"keys-files": {"isEnabled": False}}, "isEnabled: (unset) → false"),
    "old versions deleted at once": (
        lambda: {"files-lifecycle": {"rules": rules_after(1)}},
        "noncurrentVersionExpiration.noncurrentDays: `90` → `1`",
    ),
}
NOTHING: Mapping[str, Any] = {}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> tuple[Mapping[str, Any], str]:
    make, said = request.param
    return make(), said


def test_it_is_reported_with_the_old_value_and_the_new_one(
    invoke: Invoke, kind: tuple[Mapping[str, Any], str], fake_cli: FakeCli
) -> None:
    changed, said = kind
    result = invoke("drift", "prod", refresh=refreshed(changed))
    assert result.exit_code == 3, result.stderr
    assert said in result.stdout
    assert "**" in result.stdout, "nothing says what it means"
    assert "of them dangerous" in result.stdout
    assert all("--preview-only" in one["args"] for one in fake_cli.calls("refresh"))


def test_it_stops_a_deployment(invoke: Invoke, kind: tuple[Mapping[str, Any], str], fake_cli: FakeCli) -> None:
    changed, said = kind
    result = invoke("deploy", "prod", "--image", DIGEST, "--yes", refresh=refreshed(changed))
    assert result.exit_code == 3
    assert said in result.stdout
    assert "nothing was changed; `workbuoy drift prod --put-back` first" in result.stderr
    assert not fake_cli.calls("preview")
    assert not fake_cli.calls("up")


def test_it_is_put_back_by_one_command(invoke: Invoke, kind: tuple[Mapping[str, Any], str], fake_cli: FakeCli) -> None:
    changed, _ = kind
    found = refreshed(changed)
    result = invoke(
        *("drift", "prod", "--put-back", "--yes"),
        refresh=[found, found, refreshed(NOTHING)],
        preview=previewed(changed),
    )
    assert result.exit_code == 0, result.stderr
    assert "prod: put back; nothing differs any more" in result.stdout
    looked, taken, again = fake_cli.calls("refresh")
    assert "--preview-only" in looked["args"]
    assert "--preview-only" not in taken["args"]
    assert "--preview-only" in again["args"]
    (update,) = fake_cli.calls("up")
    assert update["environment"]["WORKBUOY_IMAGE_DIGEST"] == DIGEST, "another image would run"


def test_without_anything_changed_a_deployment_goes_on(invoke: Invoke, fake_cli: FakeCli) -> None:
    result = invoke(
        *("deploy", "prod", "--image", DIGEST, "--yes"),
        refresh=refreshed(NOTHING),
        preview=previewed(NOTHING),
        up=failing("error: the stack is currently locked by 1 lock(s).", 1),
    )
    assert "another run holds the lock" in result.stderr
    assert len(fake_cli.calls("up")) == 1


def test_harmless_drift_is_shown_and_stops_nothing(invoke: Invoke, fake_cli: FakeCli) -> None:
    more = {"service-service": {"desiredCount": 9}}
    result = invoke("deploy", "prod", "--image", DIGEST, "--yes", refresh=refreshed(more), preview=previewed(NOTHING))
    assert "desiredCount" in result.stdout
    assert "drifted dangerously" not in result.stderr
    assert len(fake_cli.calls("preview")) == 1


def test_a_deployment_of_dev_looks_for_no_drift_unless_asked(invoke: Invoke, fake_cli: FakeCli) -> None:
    result = invoke("deploy", "local", "--image", DIGEST, "--yes", preview=failing("error: preview failed"))
    assert (result.exit_code, "the engine gave no reason" in result.stderr) == (4, True)
    assert not fake_cli.calls("refresh")
    invoke("deploy", "local", "--image", DIGEST, "--yes", "--refresh", preview=failing("error: preview failed"))
    assert len(fake_cli.calls("refresh")) == 1
    invoke("deploy", "prod", "--image", DIGEST, "--yes", "--no-refresh", preview=failing("error: preview failed"))
    assert len(fake_cli.calls("refresh")) == 1


def test_what_guards_nothing_any_more_is_named_where_it_is_not_what_changed(invoke: Invoke) -> None:
    result = invoke("drift", "prod", refresh=refreshed({"files-versioning": None}))
    assert "**versioning Enabled → Disabled (versioning)**" in result.stdout


def test_what_only_aws_computes_is_no_drift(invoke: Invoke) -> None:
    result = invoke("drift", "prod", refresh=refreshed({"database-instance": {"latestRestorableTime": "now"}}))
    assert result.exit_code == 0, result.stdout


def test_a_change_that_the_engine_does_not_show_is_never_passed(invoke: Invoke) -> None:
    answer = refreshed(NOTHING)
    for event in answer["events"]:
        step = event.get("resOutputsEvent", {}).get("metadata")
        if step and step["urn"].endswith("::database-instance"):
            step["op"] = "update"
    result = invoke("drift", "prod", refresh=answer)
    assert result.exit_code == 3
    assert "it differs in a value that the engine does not show" in result.stdout


# ---- what ends between the steps


def history(*kinds: tuple[str, str, dict[str, int]]) -> dict[str, Any]:
    entries = [
        {**HISTORY[0], "kind": kind, "result": result, "resourceChanges": changes, "startTime": TIME}
        for kind, result, changes in kinds
    ]
    return {"out": json.dumps(entries)}


TIME = "2026-11-24T08:00:00.000Z"
TAKEN = history(("refresh", "succeeded", {"same": 180, "update": 1}), ("update", "succeeded", {"same": 181}))
WEAKENED = {"database-instance": {"deletionProtection": False}}


def test_drift_that_a_refresh_took_into_the_state_is_never_called_none(invoke: Invoke) -> None:
    result = invoke("drift", "prod", refresh=refreshed(NOTHING), stack_history=TAKEN)
    assert result.exit_code == 3
    assert "A refresh at 2026-11-24T08:00:00.000Z took drift into the state" in result.stdout
    failed = history(("update", "failed", {"update": 1}), ("refresh", "succeeded", {"update": 1}))
    assert invoke("drift", "prod", refresh=refreshed(NOTHING), stack_history=failed).exit_code == 3


@pytest.mark.parametrize(
    "entries",
    [
        (("update", "succeeded", {"update": 1}), ("refresh", "succeeded", {"update": 1})),
        (("refresh", "succeeded", {"same": 181}),),
        (),
    ],
)
def test_a_refresh_that_an_update_followed_or_that_took_nothing_is_no_drift(invoke: Invoke, entries: Any) -> None:
    result = invoke("drift", "prod", refresh=refreshed(NOTHING), stack_history=history(*entries))
    assert result.exit_code == 0, result.stdout


def test_a_run_that_ended_after_the_refresh_goes_on_with_the_update(invoke: Invoke, fake_cli: FakeCli) -> None:
    updated = history(("update", "succeeded", {"update": 1}))
    result = invoke(
        *("drift", "prod", "--put-back", "--yes"),
        refresh=refreshed(NOTHING),
        preview=previewed(WEAKENED),
        stack_history=[TAKEN, updated],
    )
    assert result.exit_code == 0, result.stderr
    assert len(fake_cli.calls("up")) == 1
    assert all("--preview-only" in one["args"] for one in fake_cli.calls("refresh")), "nothing was left to take in"


def test_half_a_refresh_stops_before_the_review(invoke: Invoke, fake_cli: FakeCli) -> None:
    broken = failing("error: refresh failed: AccessDenied: kms:DescribeKey", 255)
    result = invoke("drift", "prod", "--put-back", "--yes", refresh=[refreshed(WEAKENED), broken])
    assert result.exit_code == 3
    assert "AccessDenied" in result.stderr
    assert not fake_cli.calls("preview")
    assert not fake_cli.calls("up")


def test_what_still_differs_after_the_update_is_reported(invoke: Invoke) -> None:
    found = refreshed(WEAKENED)
    result = invoke("drift", "prod", "--put-back", "--yes", refresh=found, preview=previewed(WEAKENED))
    assert result.exit_code == 3
    assert "prod: was updated, and still differs" in result.stderr


def test_what_the_program_does_not_say_is_put_back_by_no_update(invoke: Invoke, fake_cli: FakeCli) -> None:
    found = refreshed(WEAKENED)
    result = invoke("drift", "prod", "--put-back", "--yes", refresh=found, preview=previewed(NOTHING))
    assert result.exit_code == 3
    assert "no update puts this back" in result.stderr
    assert not fake_cli.calls("up")


def test_what_a_review_stops_is_not_put_back(invoke: Invoke, fake_cli: FakeCli) -> None:
    """Somebody kept backups for longer: putting that back deletes the older ones."""
    longer = {"database-instance": {"backupRetentionPeriod": 35}}
    result = invoke(*("drift", "prod", "--put-back", "--yes"), refresh=refreshed(longer), preview=previewed(longer))
    assert result.exit_code == 3
    assert "stopped by retention-cut; the state knows what was found, the cloud is unchanged" in result.stderr
    assert not fake_cli.calls("up")


def test_pending_operations_are_asked_before_anything_is_read(invoke: Invoke, fake_cli: FakeCli) -> None:
    urn = "urn:pulumi:prod::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"
    pending = state(pending=[{"type": "updating", "resource": {"urn": urn}}])
    for command in (("drift", "prod", "--put-back", "--yes"), ("deploy", "prod", "--image", DIGEST, "--yes")):
        result = invoke(*command, stack_export=pending)
        assert result.exit_code == 3
        assert "1 pending: updating database-instance" in result.stderr
    assert not fake_cli.calls("refresh")
    assert not fake_cli.calls("preview")


def test_nobody_is_asked_where_nobody_is(invoke: Invoke, fake_cli: FakeCli) -> None:
    for option in ("--put-back", "--keep"):
        assert invoke("drift", "prod", option).exit_code == 2
    assert invoke("drift", "prod", "--put-back", "--keep", "--yes").exit_code == 2
    assert not fake_cli.calls()


def test_each_step_is_asked_and_a_no_leaves_the_rest_undone(
    invoke: Invoke, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answering(*yes: bool) -> None:
        answers = iter(yes)

        def confirm(question: str, **_: Any) -> bool:
            asked.append(question)
            return next(answers)

        monkeypatch.setattr("click.confirm", confirm)

    monkeypatch.setattr("operations.drift.command.require_person", lambda _: None)
    answers = {"refresh": refreshed(WEAKENED), "preview": previewed(WEAKENED)}
    answering(False)
    assert invoke("drift", "prod", "--put-back", **answers).exit_code == 1
    assert len(fake_cli.calls("refresh")) == 1
    answering(True, False)
    result = invoke("drift", "prod", "--put-back", **answers)
    assert result.exit_code == 1
    assert "prod: not confirmed; nothing more was done" in result.stderr
    assert not fake_cli.calls("up")
    assert asked[1:] == [
        "Take this into the state of prod? Nothing in the cloud changes.",
        "Update prod, so that the cloud is what the program says?",
    ]


def put_back(invoke: Invoke, deployed: str) -> Any:
    changed = {"logs-service-group": {"retentionInDays": 1}}
    found = refreshed(changed)
    return invoke(
        *("drift", "prod", "--put-back", "--yes"),
        refresh=[found, found, refreshed(NOTHING)],
        preview=previewed(changed),
        stack_tag_ls={"out": json.dumps({COMMIT: deployed})},
    )


def test_an_older_clone_puts_nothing_back_since_it_would_bring_older_code(
    invoke: Invoke, fake_cli: FakeCli, made_project: Project
) -> None:
    git(made_project.root, "init", "-qb", "main")
    older, newer = commit(made_project.root), commit(made_project.root)
    git(made_project.root, "checkout", "-q", older)
    result = put_back(invoke, newer)
    assert result.exit_code == 1
    assert f"runs {newer[:9]} already, which is newer than {older[:9]}" in result.stderr
    assert "bring this clone up to date" in result.stderr
    assert not fake_cli.calls("refresh")
    assert not fake_cli.calls("up")


def test_a_newer_clone_says_that_its_code_comes_along_and_notes_its_commit(
    invoke: Invoke, fake_cli: FakeCli, made_project: Project
) -> None:
    git(made_project.root, "init", "-qb", "main")
    older, newer = commit(made_project.root), commit(made_project.root)
    result = put_back(invoke, older)
    assert result.exit_code == 0, result.stderr
    assert f"prod: {older[:9]} is deployed; what was committed since comes along" in result.stderr
    noted = {one["args"][3]: one["args"][4] for one in fake_cli.calls("stack", "tag", "set")}
    assert noted == {COMMIT: newer, IMAGE: DIGEST}

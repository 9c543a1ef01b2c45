"""A stack under the engine, with a stand-in for the CLI."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from graph.plan import Plan, PlanStep
from infra.problems import ProblemsError
from operations.engine.errors import (
    EngineMissingError,
    FailedError,
    InterruptedRunError,
    LockedError,
    LostEventsError,
    MistakenError,
    PendingError,
)
from operations.engine.reviewed import Reviewed
from operations.engine.stack import EngineStack, open_stack
from project.files import Project
from tests.operations.engine.fake_cli import SUMMARY, FakeCli, failing, state

LOCKED = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete \
the lock file with `pulumi cancel`.
  file:///state/.pulumi/locks/organization/workbuoy/local/9a74.json: created by root@ci (pid 4767) at \
2026-11-22T20:43:51Z"""
URN = "urn:pulumi:local::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"
PENDING = {"type": "creating", "resource": {"urn": URN}}


@pytest.fixture
def opened(fake_cli: FakeCli, made_project: Project) -> EngineStack:
    """The stack `local`, which needs no account."""
    assert fake_cli
    return open_stack(made_project, "local")


def test_every_command_names_the_stack_and_none_selects_it(opened: EngineStack, fake_cli: FakeCli) -> None:
    ran = opened.preview()
    opened.up()
    opened.outputs()
    assert ran.changes == {"create": 2, "same": 1}
    assert ran.changed == 2
    assert not fake_cli.calls("stack", "select")
    asked = [one["args"] for one in fake_cli.calls() if one["args"] not in (["version"], ["whoami", "--json"])]
    assert all("local" in args for args in asked)


def test_the_cli_runs_in_the_projects_own_folder_with_the_variables_given(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    open_stack(made_project, "local", environment={"WORKBUOY_IMAGE_DIGEST": "sha256:1"}).preview()
    (call,) = fake_cli.calls("preview")
    assert Path(call["cwd"]) == made_project.root
    assert call["environment"]["WORKBUOY_IMAGE_DIGEST"] == "sha256:1"


def test_output_comes_line_by_line_and_events_are_kept(opened: EngineStack, fake_cli: FakeCli) -> None:
    fake_cli.answer({"up": {"out": "one\ntwo", "events": [{"summaryEvent": {"resourceChanges": {"update": 3}}}]}})
    lines: list[str] = []
    ran = opened.up(on_output=lines.append)
    assert [line for line in lines if line] == ["one", "two"]
    assert [event["summaryEvent"] for event in ran.events if "summaryEvent" in event] == [
        {"resourceChanges": {"update": 3}}
    ]
    assert ran.changes == {"update": 3}


def test_a_stack_that_is_unknown_is_made_only_when_asked_and_its_file_keeps_every_byte(
    fake_cli: FakeCli, made_project: Project
) -> None:
    file = made_project.stack_file("local")
    committed = file.read_text().replace("encryptionsalt: v1:made:for:tests\n", "")
    file.write_text(committed)
    unknown = failing("error: no stack named 'local' found", 6)
    rewritten = {"append": {str(file): "encryptionsalt: v1:new\n# moved by the CLI\n"}}
    fake_cli.answer({"stack --show-name": unknown, "stack init": rewritten})
    with pytest.raises(MistakenError, match="local: the backend knows no such stack; `workbuoy deploy local --create`"):
        open_stack(made_project, "local")
    assert file.read_text() == committed
    told: list[str] = []
    open_stack(made_project, "local", create=True, notify=told.append)
    assert file.read_text() == committed + "encryptionsalt: v1:new\n"
    assert told == ["local is made; commit Pulumi.local.yaml, which now says how its secrets are encrypted."]
    assert fake_cli.calls("stack", "init")[-1]["args"] == ["stack", "init", "local", "--no-select"]


def test_a_new_stack_on_s3_gets_the_accounts_key_as_its_secrets_provider(
    fake_cli: FakeCli, made_project: Project
) -> None:
    unknown = failing("error: no stack named 'local' found", 6)
    fake_cli.answer(
        {"stack --show-name": unknown, "whoami": {"out": '{"user": "ola", "url": "s3://workbuoy-state-1"}'}}
    )
    open_stack(made_project, "local", create=True)
    assert fake_cli.calls("stack", "init")[0]["args"][-2:] == [
        "--secrets-provider",
        "awskms://alias/workbuoy-state?region=eu-west-1",
    ]


def test_a_file_that_lost_its_secrets_provider_stops_before_the_cli_chooses_another(
    fake_cli: FakeCli, made_project: Project
) -> None:
    file = made_project.stack_file("local")
    file.write_text(file.read_text().replace("encryptionsalt: v1:made:for:tests\n", ""))
    with pytest.raises(MistakenError, match=r"Pulumi\.local\.yaml: names no secrets provider, though the stack exists"):
        open_stack(made_project, "local")
    assert not fake_cli.calls("preview")


@pytest.mark.usefixtures("no_cli")
def test_without_the_cli_one_line_names_what_mends_it(made_project: Project) -> None:
    with pytest.raises(EngineMissingError) as raised:
        open_stack(made_project, "local")
    assert str(raised.value) == (
        "the engine, the Pulumi CLI, is not here; `workbuoy engine install` installs it, "
        "and `workbuoy rehearse` needs none"
    )
    assert raised.value.code == 4


def test_a_cli_older_than_the_sdk_is_refused_and_both_are_named(fake_cli: FakeCli, made_project: Project) -> None:
    fake_cli.answer({"version": {"out": "v3.199.0"}})
    with pytest.raises(EngineMissingError, match=r"SDK 3\.\d+\.\d+.*3\.260\.0.*current CLI version is 3\.199\.0"):
        open_stack(made_project, "local")
    assert not fake_cli.calls("stack")


def test_the_installed_cli_serves_where_the_one_on_path_is_too_old(
    fake_cli: FakeCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    from operations.engine.cli import find_cli, install_root

    installed = FakeCli(install_root() / "bin")
    fake_cli.answer({"version": {"out": "v3.100.0"}})
    assert find_cli().command == str(installed.folder / "pulumi")


def test_an_unknown_stack_file_is_reported_before_anything_runs(fake_cli: FakeCli, made_project: Project) -> None:
    with pytest.raises(ProblemsError, match="there is no stack 'prodd'"):
        open_stack(made_project, "prodd")
    assert not fake_cli.calls()


def test_the_lock_of_another_run_is_reported_with_its_holder_and_the_warning(
    opened: EngineStack, fake_cli: FakeCli
) -> None:
    fake_cli.answer({"up": failing(LOCKED, 1)})
    with pytest.raises(LockedError) as raised:
        opened.up()
    assert "root@ci (process 4767) since 2026-11-22T20:43:51Z" in str(raised.value)
    assert "`pulumi cancel local --yes`" in str(raised.value)
    assert "break the state" in str(raised.value)


def test_pending_operations_of_an_interrupted_run_stop_the_next_one(opened: EngineStack, fake_cli: FakeCli) -> None:
    fake_cli.answer({"stack export": state(pending=[PENDING])})
    for operation in (opened.up, opened.destroy):
        with pytest.raises(
            PendingError,
            match=r"1 pending: creating database-instance.*`pulumi refresh --stack local --yes --clear-pending-cr",
        ):
            operation()
    assert not fake_cli.calls("up")
    assert not fake_cli.calls("destroy")


def test_pending_operations_of_a_run_that_still_lives_are_its_lock(
    opened: EngineStack, fake_cli: FakeCli, tmp_path: Path
) -> None:
    lock = tmp_path / "state/.pulumi/locks/organization/workbuoy/local/9a74.json"
    lock.parent.mkdir(parents=True)
    lock.write_text('{"pid": 4767, "username": "root", "hostname": "ci", "timestamp": "2026-11-22T20:43:51Z"}')
    me = {"user": "ola", "url": f"file://{tmp_path / 'state'}"}
    fake_cli.answer({"stack export": state(pending=[PENDING]), "whoami": {"out": json.dumps(me)}})
    with pytest.raises(LockedError, match=r"root@ci \(process 4767\) since 2026-11-22T20:43:51Z"):
        opened.up()
    half = failing("error: failed to load checkpoint: EOF")
    fake_cli.answer({"stack export": half, "whoami": {"out": json.dumps(me)}})
    with pytest.raises(LockedError):
        opened.up()
    lock.unlink()
    with pytest.raises(FailedError, match="its state's checksum is half written"):
        opened.up()
    fake_cli.answer({"stack export": state(pending=[PENDING]), "whoami": {"out": json.dumps(me)}})
    with pytest.raises(PendingError):
        opened.up()


def test_a_program_that_fails_is_reported_in_its_own_words(opened: EngineStack, fake_cli: FakeCli) -> None:
    said = "error: stack local cannot be declared:\n    Pulumi.local.yaml:7: region: eu lies outside residency"
    diagnostic = {"diagnosticEvent": {"message": said, "severity": "error", "color": "never"}}
    fake_cli.answer({"preview": failing("error: preview failed", 255, [diagnostic])})
    with pytest.raises(FailedError) as raised:
        opened.preview()
    assert raised.value.code == 3
    assert raised.value.lines == ("local: Pulumi.local.yaml:7: region: eu lies outside residency",)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_cancels_waits_and_says_what_remains(
    fake_cli: FakeCli, made_project: Project, number: signal.Signals
) -> None:
    told: list[str] = []
    opened = open_stack(made_project, "local", notify=told.append)
    fake_cli.answer({"up": {"until_interrupted": True}, "stack export": [state(), state({"urn": URN})]})

    def interrupt() -> None:
        os.kill(os.getpid(), number)

    def see(line: str) -> Any:
        if line == "running":
            threading.Thread(target=interrupt).start()

    with pytest.raises(InterruptedRunError) as raised:
        opened.up(on_output=see)
    assert told[-1].startswith("Cancelling: waiting for what runs to end.")
    assert str(raised.value).startswith("local: interrupted; 1 resource in the state, none pending; `workbuoy")
    assert raised.value.code == 130


def test_destroy_leaves_the_file_and_remove_keeps_it(opened: EngineStack, fake_cli: FakeCli) -> None:
    opened.destroy()
    opened.remove()
    assert "--preserve-config" in fake_cli.calls("stack", "rm")[0]["args"]


def test_outputs_and_state_are_read_without_decrypting_a_secret(opened: EngineStack, fake_cli: FakeCli) -> None:
    fake_cli.answer({"stack output": {"out": '{"url": "https://dev.example"}'}, "stack export": state({"urn": URN})})
    assert opened.outputs() == {"url": "https://dev.example"}
    assert opened.export()["deployment"]["resources"] == [{"urn": URN}]
    assert opened.state().pending == []
    asked = [*fake_cli.calls("stack", "output"), *fake_cli.calls("stack", "export")]
    assert asked
    assert not [one for one in asked if "--show-secrets" in one["args"]]


# ---- what the engine reports, and does not arrive


RESOURCE = {"resourcePreEvent": {"metadata": {"op": "same", "urn": URN, "type": "", "old": None, "new": None}}}


@pytest.mark.parametrize(
    ("unsent", "said"),
    [
        ([0], "1 of the engine's events did not arrive"),
        ([1, 2], "2 of the engine's events did not arrive"),
        ([-1], "the engine's events broke off after 4"),
        ([-1, -2], "the engine's events broke off after 3"),  # not even its summary
    ],
)
def test_a_preview_of_which_something_did_not_arrive_found_nothing(
    opened: EngineStack, fake_cli: FakeCli, unsent: list[int], said: str
) -> None:
    events = [RESOURCE, RESOURCE, RESOURCE, SUMMARY]
    answer = {"events": events, "unsent": unsent}
    fake_cli.answer({"preview": answer, "refresh": answer})
    for operation in (opened.preview, opened.refresh_preview):
        with pytest.raises(LostEventsError) as raised:
            operation()
        assert str(raised.value) == f"local: {said}, so what it found is not known; repeat it; nothing was written"
        assert raised.value.code == 4


def test_an_operation_that_writes_and_is_not_heard_whole_is_no_success(opened: EngineStack, fake_cli: FakeCli) -> None:
    answer = {"events": [RESOURCE, SUMMARY], "unsent": [0]}
    fake_cli.answer({"up": answer, "refresh": answer, "destroy": answer})
    for operation in (opened.up, opened.refresh, opened.destroy):
        with pytest.raises(
            LostEventsError, match="1 of the engine's events did not arrive, so what it did is not known"
        ):
            operation()


def test_an_update_that_is_held_to_a_review_is_cancelled_where_it_is_not_heard(
    opened: EngineStack, fake_cli: FakeCli
) -> None:
    fake_cli.answer({"up": {"events": [RESOURCE, RESOURCE], "unsent": [0], "until_interrupted": True}})
    reviewed = Plan(stack="local", steps=(PlanStep(op="same", urn=URN, old=None, new=None),))
    with pytest.raises(LostEventsError, match="1 of the engine's events did not arrive, so what it did is not known"):
        opened.up(reviewed=Reviewed(reviewed, Path("plan.json")))


def test_what_a_listener_raises_is_raised_where_the_operation_was_asked_for(opened: EngineStack) -> None:
    def listen(_event: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        opened.preview(on_event=listen)

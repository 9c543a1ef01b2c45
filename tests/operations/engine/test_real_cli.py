"""The same with the real Pulumi CLI; skipped, with the reason, where there is none.

The provider plugins are stand-ins that answer with what a rehearsal recorded: these tests tell about the CLI, the
program and our module. About AWS and its provider only the last one tells, which needs the genuine plugin.
"""

import json
import os
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from graph.resource import STACK_TYPE
from infra.placeholders import PLACEHOLDER_DIGEST
from operations.drift.found import drifted
from operations.engine.cli import find_cli
from operations.engine.errors import (
    EngineError,
    EngineMissingError,
    InterruptedRunError,
    LockedError,
    MistakenError,
    StrayedError,
    UnreachableError,
)
from operations.engine.reviewed import Reviewed
from operations.engine.stack import open_stack
from operations.local.run import require_genuine_plugins, run
from operations.main import main
from operations.review.engine import preview_opened
from operations.state.scan import scan
from project.files import find_project
from tests.conftest import PROJECT, Declare
from tests.operations.engine.scene import Scene, meaning, set_up

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def why_not() -> str:
    """Why the real CLI cannot be used here; nothing where it can."""
    try:
        find_cli()
    except EngineError as error:
        return str(error)
    return ""


def why_not_genuine() -> str:
    """Why the genuine provider cannot be used here; nothing where it can."""
    try:
        require_genuine_plugins()
    except EngineError as error:
        return str(error)
    return ""


@pytest.fixture
def engine(tmp_path: Path, declared: Declare, monkeypatch: pytest.MonkeyPatch) -> Scene:
    if reason := why_not():
        pytest.skip(reason)
    scene = set_up(tmp_path, declared("local").resources)
    for name, value in scene.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(scene.project.root)
    return scene


def test_a_stack_lives_and_its_file_keeps_every_byte(engine: Scene) -> None:
    opened = open_stack(engine.project, "local", create=True)
    made = engine.file.read_bytes()
    assert made.startswith(engine.committed)
    assert made[len(engine.committed) :].startswith(b"encryptionsalt: v1:")

    declared = opened.preview().changes["create"]
    assert opened.up().changes == {"create": declared}
    assert open_stack(engine.project, "local").up().changed == 0
    assert scan(opened.export()["deployment"]) == []
    assert str(opened.outputs()["taskDefinitionArn"]).startswith("arn:aws:ecs:")

    engine.plugins.change("database-instance", drift={"backupRetentionPeriod": 0})
    (found,) = drifted(opened.refresh_preview().events)
    assert (found.name, [one.path for one in found.differences]) == ("database-instance", ["backupRetentionPeriod"])
    assert len(drifted(opened.refresh_preview().events)) == 1, "a preview of a refresh wrote the state"
    opened.refresh()
    assert drifted(opened.refresh_preview().events) == ()

    assert opened.destroy().changes == {"delete": declared}
    opened.remove()
    assert engine.file.read_bytes() == made


def test_drift_is_put_back_and_a_run_that_ended_between_goes_on(engine: Scene) -> None:
    def workbuoy(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    opened = open_stack(engine.project, "local", create=True)
    opened.up()
    assert workbuoy("drift", "local").exit_code == 0
    engine.plugins.change("database-instance", drift={"backupRetentionPeriod": 0, "copyTagsToSnapshot": False})
    told = workbuoy("drift", "local")
    assert told.exit_code == 3
    assert "backupRetentionPeriod: `1` → `0`" in told.stdout
    assert "**backupRetentionPeriod 1 → 0 (point-in-time recovery, days)**" in told.stdout
    stopped = workbuoy("deploy", "local", "--image", "sha256:" + "ab" * 32, "--yes", "--refresh")
    assert stopped.exit_code == 3
    assert "dangerous drift of database-instance" in stopped.stderr

    opened.refresh()  # as a run that was killed after it
    told = workbuoy("drift", "local")
    assert told.exit_code == 3, told.stdout
    assert "took drift into the state, and no update has" in told.stdout
    back = workbuoy("drift", "local", "--put-back", "--yes")
    assert back.exit_code == 0, back.output
    assert "local: put back; nothing differs any more" in back.stdout
    assert workbuoy("drift", "local").exit_code == 0

    engine.plugins.change("database-instance", drift={"backupRetentionPeriod": 0})
    assert workbuoy("drift", "local", "--put-back", "--yes").exit_code == 0
    assert workbuoy("drift", "local").exit_code == 0


def test_an_update_is_held_to_the_plan_that_was_reviewed_before_it_makes_a_step(engine: Scene, tmp_path: Path) -> None:
    opened = open_stack(engine.project, "local", create=True)
    file = tmp_path / "plan.json"

    def reviewed() -> Reviewed:
        return preview_opened(opened, engine.project, file)

    first = reviewed()
    made = opened.up(reviewed=first).changes["create"]
    assert opened.up(reviewed=reviewed()).changes == {"same": made}

    before = reviewed()
    engine.plugins.change("database-instance", drift={"backupRetentionPeriod": 0})
    opened.refresh()
    with pytest.raises(StrayedError, match=r"database-instance violates plan: properties changed: backupRetentionPeri"):
        opened.up(reviewed=before)
    stood = {one["urn"]: one.get("outputs", {}) for one in opened.export()["deployment"]["resources"]}
    (database,) = [outputs for urn, outputs in stood.items() if urn.endswith("::database-instance")]
    assert database["backupRetentionPeriod"] == 0, "the engine changed it before it refused to"
    with pytest.raises(StrayedError, match=r"would do now what was not reviewed: update database-instance"):
        opened.up(reviewed=Reviewed(before.plan))
    assert opened.up(reviewed=reviewed()).changes == {"same": made - 1, "update": 1}


def test_an_update_that_has_nothing_to_write_is_known_by_the_preview_s_account(engine: Scene, tmp_path: Path) -> None:
    opened = open_stack(engine.project, "local", create=True)

    def left() -> tuple[str, ...] | None:
        return preview_opened(opened, engine.project, tmp_path / "plan.json", opened.state()).left

    opened.up()
    assert left() == ()
    stood = meaning(opened.state().deployment)
    assert opened.up().changed == 0
    assert meaning(opened.state().deployment) == stood, "an update wrote what nobody named"

    exported = opened.export()
    for one in exported["deployment"]["resources"]:
        if one["urn"].endswith("::database-instance"):
            one |= {"protect": True, "retainOnDelete": True, "dependencies": []}
        if one["type"] == STACK_TYPE:
            one["outputs"]["url"] = "https://older.example"
    (tmp_path / "state.json").write_text(json.dumps(exported))
    cli = ["pulumi", "--non-interactive", "stack", "import", "--stack", "local", "--file", str(tmp_path / "state.json")]
    subprocess.run(cli, check=True, cwd=engine.project.root, capture_output=True)
    named = [f"database-instance: {field} differs" for field in ("dependencies", "protect", "retainOnDelete")]
    assert sorted(left() or ()) == [*named, "workbuoy-local: outputs differ"]


def test_a_stack_keeps_its_tags_beside_its_state(engine: Scene) -> None:
    opened = open_stack(engine.project, "local", create=True)
    opened.tag("workbuoy:commit", "ab" * 20)
    assert opened.tags()["workbuoy:commit"] == "ab" * 20


def test_a_review_is_made_of_the_stack(engine: Scene) -> None:
    open_stack(engine.project, "local", create=True)
    result = CliRunner().invoke(main, ["review", "local"])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("## local: ")


def test_mistakes_are_reported_in_one_line(engine: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MistakenError, match="local: the backend knows no such stack"):
        open_stack(engine.project, "local")
    opened = open_stack(engine.project, "local", create=True)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    with pytest.raises(MistakenError, match="the passphrase of its secrets is wrong"):
        opened.preview()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    engine.file.write_bytes(engine.committed)
    with pytest.raises(MistakenError, match="names no secrets provider"):
        open_stack(engine.project, "local")
    assert engine.file.read_bytes() == engine.committed
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'nowhere'}")
    with pytest.raises(UnreachableError, match=r"the backend .*nowhere is not there"):
        open_stack(engine.project, "local")
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    with pytest.raises(UnreachableError, match="no backend is chosen"):
        open_stack(engine.project, "local")


def test_a_placeholder_is_refused_in_the_programs_own_words(engine: Scene) -> None:
    file = engine.file
    file.write_text(re.sub(r"digest: sha256:\w+", f"digest: {PLACEHOLDER_DIGEST}", file.read_text()))
    opened = open_stack(engine.project, "local", create=True)
    with pytest.raises(EngineError) as raised:
        opened.preview()
    assert "service.image.digest: names no image; name one by WORKBUOY_IMAGE_DIGEST" in "\n".join(raised.value.lines)
    assert "Traceback" not in "\n".join(raised.value.lines)
    opened.use({"WORKBUOY_IMAGE_DIGEST": "sha256:" + "ab" * 32})
    assert opened.preview().changes["create"] > 100


def test_a_plugin_that_is_missing_is_named(engine: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    opened = open_stack(engine.project, "local", create=True)
    missing = r"the plugin (aws|random) [\d.]+ is not here; `workbuoy engine install`"  # whichever is asked for first
    with pytest.raises(EngineMissingError, match=missing):
        opened.preview()


def test_a_second_run_finds_the_lock_and_ctrl_c_ends_the_first_in_good_order(engine: Scene) -> None:
    engine.plugins.change("keys-database", seconds=4)
    first = open_stack(engine.project, "local", create=True)
    second = open_stack(engine.project, "local")
    refusals: list[Any] = []

    def meanwhile() -> None:
        try:
            second.up()
        except EngineError as error:
            refusals.append(error)
        os.kill(os.getpid(), signal.SIGINT)

    def see(line: str) -> None:
        if "keys-database creating" in line and not refusals:
            refusals.append(None)
            threading.Thread(target=meanwhile).start()

    with pytest.raises(InterruptedRunError, match=r"interrupted; .* resources in the state, none pending"):
        first.up(on_output=see)
    assert isinstance(refusals[-1], LockedError), refusals
    assert "(process " in str(refusals[-1])
    assert second.state().pending == []


def test_local_lives_on_moto_by_the_genuine_provider() -> None:
    if reason := why_not_genuine():
        pytest.skip(reason)
    life = run(find_project(PROJECT), print)
    assert life.passed, [*map(str, life.unexplained), life.left]


def test_the_whole_flow_of_local_runs_with_stand_in_plugins(engine: Scene) -> None:
    life = run(engine.project, lambda _line: None)
    assert [step.name for step in life.steps] == ["up", "second up", "refresh", "destroy"]
    assert life.passed
    assert engine.file.read_bytes() == engine.committed

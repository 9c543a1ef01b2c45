"""`workbuoy deploy` from review to record, with a stand-in for the CLI."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from graph.resource import STACK_TYPE
from infra.placeholders import IMAGE_VARIABLE
from operations.deploy import architecture, perform, smoke
from operations.deploy.smoke import UnreachedError
from operations.engine.errors import FailedError
from operations.main import main
from project.files import Project, find_project
from project.placement import Placement, placement_of
from tests.conftest import PROJECT
from tests.operations.engine.fake_cli import SUMMARY, FakeCli, failing, state

RECORDINGS = Path(__file__).parents[2] / "recordings/previews"
GOOD, NEW = "sha256:" + "aa" * 32, "sha256:" + "bb" * 32
FAILS = {"diagnosticEvent": {"message": "error: AWS said no", "severity": "error", "color": "never"}}


def previewing(recording: str) -> dict[str, Any]:
    lines = (RECORDINGS / f"{recording}.events.jsonl").read_text().splitlines()
    return {"events": [json.loads(line) for line in lines]}


def outputs(image: str | None) -> dict[str, Any]:
    return {"out": json.dumps({"imageDigest": image, "url": "https://dev.example"} if image else {})}


def standing(image: str | None) -> dict[str, Any]:
    """The state with the outputs of the last update."""
    return {"stack export": state({"urn": STACK, "type": STACK_TYPE, "outputs": json.loads(outputs(image)["out"])})}


STACK = f"urn:pulumi:local::workbuoy::{STACK_TYPE}::workbuoy-local"
SAFE = {"preview": previewing("unchanged"), **standing(GOOD), "stack output": outputs(NEW)}


Wait = Callable[[Any, Mapping[str, Any], Any], str]


@pytest.fixture
def run(fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in the project, with what the waiting steps shall do."""
    assert fake_cli
    monkeypatch.chdir(made_project.root)

    def fine(*_: Any) -> str:
        return ""

    def invoke(*arguments: str, rollout: Wait = fine, smoke: Wait = fine) -> Result:
        monkeypatch.setattr(perform, "wait_for_rollout", rollout)
        monkeypatch.setattr(perform, "try_service", smoke)
        return CliRunner().invoke(main, list(arguments))

    return invoke


Run = Callable[..., Result]


def images(cli: FakeCli) -> list[str | None]:
    """The image that each update was given."""
    return [one["environment"].get(IMAGE_VARIABLE) for one in cli.calls("up")]


def test_a_deployment_that_works_is_recorded(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer(SAFE)
    result = run("deploy", "local", "--image", NEW, "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert (record["outcome"], record["image"], record["imageBefore"]) == ("deployed", NEW, GOOD)
    assert [step["name"] for step in record["steps"]] == ["update", "rollout", "smoke test"]
    assert record["steps"][0]["detail"] == "2 create, 1 same"
    assert images(fake_cli) == [NEW]


def only_new_fails(opened: Any, _outputs: Mapping[str, Any], _tell: Any) -> str:
    if opened.variables[IMAGE_VARIABLE] == NEW:
        raise FailedError("local: ECS went back")
    return ""


@pytest.mark.parametrize("step", ["rollout", "smoke"])
def test_a_service_that_does_not_come_up_runs_the_last_good_image_again(run: Run, fake_cli: FakeCli, step: str) -> None:
    fake_cli.answer(SAFE)
    result = run("deploy", "local", "--image", NEW, "--yes", **{step: only_new_fails})
    assert result.exit_code == 3
    assert "## local: went back" in result.stdout
    assert "**failed**: local: ECS went back" in result.stdout
    assert "- back: smoke test" in result.stdout
    assert f"Next: {GOOD} runs again" in result.stdout
    assert images(fake_cli) == [NEW, GOOD]


def test_an_update_that_fails_goes_back_too(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer({**SAFE, "up": [failing("error: update failed", 255, [FAILS]), {"events": [SUMMARY]}]})
    result = run("deploy", "local", "--image", NEW, "--yes")
    assert result.exit_code == 3
    assert re.search(r"^- update \(\d+ s\): \*\*failed\*\*: local: AWS said no$", result.stdout, re.MULTILINE)
    assert images(fake_cli) == [NEW, GOOD]


def test_when_going_back_fails_too_a_person_is_asked_for(run: Run, fake_cli: FakeCli) -> None:
    def never(*_: Any) -> str:
        raise FailedError("local: ECS gave up the rollout", "look here")

    fake_cli.answer(SAFE)
    result = run("deploy", "local", "--image", NEW, "--yes", rollout=never)
    assert result.exit_code == 3
    assert "## local: failed" in result.stdout
    assert "Next: the service needs a person now: look here" in result.stdout


@pytest.mark.parametrize(
    ("before", "said"),
    [(None, "there is no image before this one"), (NEW, "ran this very image before")],
)
def test_where_there_is_nothing_to_go_back_to_it_says_so(
    run: Run, fake_cli: FakeCli, before: str | None, said: str
) -> None:
    fake_cli.answer(SAFE | standing(before))
    result = run("deploy", "local", "--image", NEW, "--yes", rollout=only_new_fails)
    assert result.exit_code == 3
    assert said in result.stderr
    assert images(fake_cli) == [NEW]


def test_the_image_that_runs_now_can_be_named(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer({**SAFE, "stack output": outputs(GOOD)})
    assert run("deploy", "local", "--image", "deployed", "--yes").exit_code == 0
    assert images(fake_cli) == [GOOD]
    assert run("review", "local", "--image", "deployed").exit_code == 0
    assert fake_cli.calls("preview")[-1]["environment"][IMAGE_VARIABLE] == GOOD


@pytest.mark.parametrize(
    ("image", "said"),
    [("latest", "--image latest: is no digest"), ("deployed", "local: runs no image yet; name one")],
)
def test_an_image_that_is_none_stops_before_anything_runs(run: Run, fake_cli: FakeCli, image: str, said: str) -> None:
    fake_cli.answer(SAFE | standing(None))
    result = run("deploy", "local", "--image", image, "--yes")
    assert result.exit_code == 1
    assert said in result.stderr
    assert not fake_cli.calls("preview")


def test_what_the_review_stops_is_not_deployed(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer({**SAFE, "preview": previewing("replace-unprotected")})
    result = run("deploy", "local", "--image", NEW, "--yes")
    assert result.exit_code == 3
    assert "stopped by replace, protect-off; nothing was changed" in result.stderr
    assert not fake_cli.calls("up")


def test_an_image_that_cannot_run_is_not_deployed(run: Run, fake_cli: FakeCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(architecture, "unfit_images", lambda *_: [f"{NEW} is built for amd64"])
    fake_cli.answer(SAFE)
    result = run("deploy", "local", "--image", NEW, "--yes")
    assert result.exit_code == 3
    assert f"local: {NEW} is built for amd64; nothing was changed" in result.stderr
    assert not fake_cli.calls("up")


def test_without_yes_nobody_is_there_to_confirm(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer(SAFE)
    result = run("deploy", "local", "--image", NEW)
    assert result.exit_code == 2
    assert "say --yes" in result.stderr
    assert not fake_cli.calls("up")


def test_a_lock_is_no_failed_deployment(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer({**SAFE, "up": failing("error: the stack is currently locked by 1 lock(s).", 1)})
    result = run("deploy", "local", "--image", NEW, "--yes")
    assert result.exit_code == 4
    assert "another run holds the lock" in result.stderr
    assert images(fake_cli) == [NEW]


class Opened:
    """As much of an open stack as the smoke test asks."""

    name = "dev"

    def __init__(self, *admits: str) -> None:
        self.place = Placement(account="210000000001", region="eu-west-1", admits=admits)


def unreached(*_: Any, **__: Any) -> None:
    raise UnreachedError("dev: https://dev.example/healthz cannot be reached: timed out", "look here")


def test_a_service_that_is_closed_to_this_machine_is_reported_as_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "smoke", unreached)
    told: list[str] = []
    opened: Any = Opened("192.0.2.0/24")
    detail = perform.try_service(opened, {"url": "https://dev.example"}, told.append)
    assert detail == "**not tried**: nothing answered here, and only 192.0.2.0/24 may reach it"
    assert "timed out" in told[0]


@pytest.mark.parametrize("admits", [("0.0.0.0/0",), ()])
def test_a_service_open_to_everyone_must_answer(monkeypatch: pytest.MonkeyPatch, admits: tuple[str, ...]) -> None:
    monkeypatch.setattr(smoke, "smoke", unreached)
    opened: Any = Opened(*admits)
    with pytest.raises(UnreachedError):
        perform.try_service(opened, {"url": "https://dev.example"}, lambda _: None)


def test_a_wrong_answer_fails_also_where_the_service_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: Any, **__: Any) -> None:
        raise FailedError("dev: https://dev.example/readyz answered 503")

    monkeypatch.setattr(smoke, "smoke", wrong)
    opened: Any = Opened("192.0.2.0/24")
    with pytest.raises(FailedError, match="503"):
        perform.try_service(opened, {"url": "https://dev.example"}, lambda _: None)


def test_the_addresses_that_a_stack_admits_are_its_settings() -> None:
    project = find_project(PROJECT)
    assert placement_of(project, "dev").admits == ("192.0.2.0/24",)
    assert placement_of(project, "prod-acme").admits == ("0.0.0.0/0",)

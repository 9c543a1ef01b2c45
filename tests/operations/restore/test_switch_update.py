"""The update of a switch is held to its review, and no database is made, replaced or deleted by it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from operations.engine.errors import FailedError
from operations.engine.order import COMMIT
from operations.engine.stack import open_stack
from operations.restore.instances import Instances, ReplacedInstance
from operations.restore.places import SwitchPlace
from operations.restore.switching import Switch
from operations.review.assess import Review
from project.files import Project
from tests.operations.engine.fake_cli import SUMMARY, FakeCli
from tests.operations.history import commit, git

RECORDINGS = Path(__file__).parents[2] / "recordings/previews"
AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


def previewing(recording: str) -> dict[str, Any]:
    lines = (RECORDINGS / f"{recording}.events.jsonl").read_text().splitlines()
    return {"events": [json.loads(line) for line in lines]}


def made_switch(project: Project, shown: list[str]) -> Switch:
    place = SwitchPlace(
        stack="local", region="eu-west-1", cluster_arn="c", service="s", login_secret_arn="l", database="d"
    )
    return Switch(
        project=project,
        opened=open_stack(project, "local"),
        session=boto3.Session(),
        place=place,
        at=AT,
        notify=lambda _: None,
        show=shown.append,
    )


def test_the_review_is_shown_and_the_update_is_held_to_it(fake_cli: FakeCli, made_project: Project) -> None:
    fake_cli.answer({"preview": previewing("unchanged"), "up": {"events": [SUMMARY]}})
    shown: list[str] = []
    assert made_switch(made_project, shown)._update() == {"changes": {"create": 2, "same": 1}}
    assert len(shown) == 1
    (up,) = fake_cli.calls("up")
    assert "--plan" in up["args"]
    assert "database as of 2026-11-26 09:30:00 UTC" in " ".join(up["args"])


def test_the_commit_that_comes_with_it_is_noted(fake_cli: FakeCli, made_project: Project) -> None:
    git(made_project.root, "init", "-qb", "main")
    head = commit(made_project.root)
    fake_cli.answer({"preview": previewing("unchanged"), "up": {"events": [SUMMARY]}})
    made_switch(made_project, [])._update()
    assert {one["args"][3]: one["args"][4] for one in fake_cli.calls("stack", "tag", "set")} == {COMMIT: head}


@pytest.mark.parametrize("accepted", [False, True])
def test_a_plan_that_replaces_the_database_stops_it_also_where_a_waiver_accepts_that(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch, accepted: bool
) -> None:
    fake_cli.answer({"preview": previewing("replace-unprotected")})
    if accepted:
        monkeypatch.setattr(Review, "stops", property(lambda _: False), raising=False)
    with pytest.raises(FailedError, match=r"would replace .*, which no switch may; nothing was updated"):
        made_switch(made_project, [])._update()
    assert fake_cli.calls("up") == []


@pytest.mark.parametrize("recording", ["delbucket", "door"])
def test_whatever_stops_a_review_stops_a_switch_and_the_way_back_is_named(
    fake_cli: FakeCli, made_project: Project, recording: str
) -> None:
    fake_cli.answer({"preview": previewing(recording)})
    with pytest.raises(FailedError) as stopped:
        made_switch(made_project, [])._update()
    assert "workbuoy restore switch local --at 20261126T093000Z --yes-restore local --back" in str(stopped.value)
    assert fake_cli.calls("up") == []


@pytest.mark.parametrize("recording", ["delbucket", "replace-unprotected"])
def test_what_would_stop_the_update_stops_the_switch_before_the_service_does(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch, recording: str
) -> None:
    fake_cli.answer({"preview": previewing(recording)})
    monkeypatch.setattr(Instances, "before", lambda _: None)
    switching = made_switch(made_project, [])
    first, second, *_ = switching.steps()
    assert (first.name, second.name) == ("review", "stop")
    with pytest.raises(FailedError, match="nothing was changed"):
        first.run()


def test_a_switch_whose_names_have_changed_is_not_held_up_by_what_comes_along(
    fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ReplacedInstance(name="d-before", at="20261126T093000Z", switched="", kept_until="")
    monkeypatch.setattr(Instances, "before", lambda _: before)
    made_switch(made_project, []).steps()[0].run()
    assert fake_cli.calls("preview") == []

"""`workbuoy person`: one person exported or erased by a task of the stack that serves them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from operations import one_off
from operations.person.command import person
from operations.tenant import put_aside
from project.files import Project
from tests.conftest import schema_of
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.tenant.conftest import prod_signed_in, project  # noqa: F401  fixtures
from tests.operations.tenant.test_leaving import deployment
from tests.operations.tenant.test_reading import edit
from tests.operations.tenant.test_silo_leaving import OUTPUTS

MEMBER = "0193a000-0000-7000-8000-000000000001"
MARK = "5eed5eed-5eed-8eed-9eed-5eed5eed5eed"
ERASED = {
    "done": "person erase",
    "tenant": "acme",
    "member": MEMBER,
    "mark": MARK,
    "erased_at": "2026-11-26T09:30:00+00:00",
    "rows": {"members": 1, "authored": 3, "audit_events": 7},
}
EXPORTED = {
    "done": "person export",
    "address": f"s3://exports/acme/persons/{MEMBER}/20261126T093000Z/manifest.json",
    "made_at": "2026-11-26T09:30:00+00:00",
    "rows": {"members": 1, "things": 2},
    "files": 1,
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, fake_cli: FakeCli) -> list[tuple[Any, ...]]:
    """What was started where; each task ends well."""
    seen: list[tuple[Any, ...]] = []

    def run(_: Any, place: Any, words: tuple[str, ...], label: str, __: Any) -> Any:
        seen.append((place.task_definition_arn, words, label))
        said: Mapping[str, Any] = EXPORTED if words[1] == "export" else ERASED
        return one_off.TaskOutcome(task_arn="t", exit_code=0, last_lines=(), verdict=said)

    monkeypatch.setattr(one_off, "run", run)
    monkeypatch.setattr(put_aside, "put_aside", lambda *_: [])
    fake_cli.answer(
        {
            "stack export": {"out": json.dumps({"version": 3, "deployment": deployment()})},
            "stack output": {"out": json.dumps(OUTPUTS)},
        }
    )
    return seen


def run(*arguments: str) -> Result:
    return CliRunner().invoke(person, list(arguments), catch_exceptions=False)


@pytest.mark.usefixtures("project", "prod_signed_in")
def test_export_runs_as_the_role_that_hands_over(started: list[Any]) -> None:
    result = run("export", "acme", "--member", MEMBER, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    schema_of("person-export").validate(document)
    assert document["address"] == EXPORTED["address"]
    ((definition, words, _),) = started
    assert (definition, words) == ("export:1", ("person", "export", "acme", "--member", MEMBER))


@pytest.mark.usefixtures("project", "prod_signed_in", "usual_columns")
def test_erasure_runs_as_the_service_and_lists_what_remains(started: list[Any]) -> None:
    result = run("erase", "acme", "--member", MEMBER, "--confirm", "acme", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    schema_of("person-erase").validate(document)
    ((definition, words, _),) = started
    assert (definition, words) == (
        "one-off:1",
        ("person", "erase", "acme", "--member", MEMBER, "--yes-erase", MEMBER),
    )
    ends = {one["what"]: one["ends"] for one in document["remaining"]}
    assert "2026-12-31" in ends.values(), "backups reach 35 days back"
    assert not any("files" in one for one in ends), "no file was removed"
    shown = run("erase", "acme", "--member", MEMBER, "--confirm", "acme").stdout
    assert MARK in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.usefixtures("project", "prod_signed_in")
def test_two_tasks_of_one_person_are_distinguished(started: list[Any]) -> None:
    run("export", "acme", "--member", MEMBER)
    run("erase", "acme", "--member", MEMBER, "--confirm", "acme")
    labels = [label for *_, label in started]
    assert len(set(labels)) == 2
    assert all(len(one) <= 36 for one in labels)


@pytest.mark.usefixtures("prod_signed_in")
def test_erasure_refuses_without_the_name_once_more_and_under_a_hold(project: Project, started: list[Any]) -> None:  # noqa: F811
    assert "--confirm acme" in run("erase", "acme", "--member", MEMBER).stderr
    result = run("erase", "acme", "--member", MEMBER, "--confirm", "globex")
    assert (result.exit_code, "nobody was erased" in result.stderr) == (1, True)
    edit(
        project,
        "tenants/acme.yaml",
        "dates:\n",
        "dates:\n  hold:\n    since: 2026-11-20\n    reason: Case 26-104522, Oslo tingrett\n",
    )
    result = run("erase", "acme", "--member", MEMBER, "--confirm", "acme")
    assert (result.exit_code, "Case 26-104522" in result.stderr, started) == (1, True, [])


@pytest.mark.usefixtures("project", "prod_signed_in")
def test_task_that_failed_ends_with_its_last_line(started: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    said = ("workbuoy-app: Nobody of the id is or was a member of acme.",)
    failed = one_off.TaskOutcome(task_arn="t", exit_code=1, last_lines=said, verdict=None)
    monkeypatch.setattr(one_off, "run", lambda *_: failed)
    result = run("erase", "acme", "--member", MEMBER, "--confirm", "acme")
    assert (result.exit_code, "is or was a member of acme" in result.stderr, started) == (3, True, [])

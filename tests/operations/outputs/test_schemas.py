"""Each output for programs has a number and a committed schema, and no schema is changed in silence."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner

from operations.main import main
from operations.outputs import models
from tests.conftest import PROJECT, ROOT, schema_of

SCHEMAS = ROOT / "docs/schemas"
# What needs no engine. The others are held to their schema wherever a test runs them (tests/conftest.py).
RUN = {
    "changed --all": "changed",
    "cost prod": "cost",
    "doctor prod": "doctor",
    "locate": "locate-all",
    "locate globex": "locate",
    "policies check prod": "policies-check",
    "policies lint prod": "policies-lint",
    "policies matrix prod": "policies-matrix",
    "rehearse prod-acme": "rehearse",
    "rehearse prod --since HEAD --no-service": "rehearse",
    "rehearse prod --tenants globex --no-service": "rehearse",
    "review prod --since HEAD": "review",
    "tenant check": "tenant-check",
    "tenant list": "tenant-list",
    "tenant promote initech": "tenant-promote",
    "tenant show acme": "tenant-show",
}


@pytest.mark.slow
@pytest.mark.usefixtures("locating_declares_once", "declaring_in_forks", "rehearsing_once")
@pytest.mark.parametrize("command", RUN)
def test_a_command_prints_what_its_schema_says(
    command: str, monkeypatch: pytest.MonkeyPatch, outputs_have_their_schema: list[str]
) -> None:
    monkeypatch.chdir(ROOT if "--since" in command else PROJECT)
    done = CliRunner().invoke(main, [*command.split(), "--json"])
    assert isinstance(done.exception, SystemExit | None), done.exc_info
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    if outputs_have_their_schema != [RUN[command]]:  # as a list, of which no entry is held by itself
        schema_of(RUN[command]).validate(document)


@pytest.mark.parametrize("name", models.OUTPUTS)
def test_an_output_that_changed_has_a_new_number(name: str) -> None:
    file = SCHEMAS / models.file_of(name)
    assert file.exists(), f"docs/schemas lacks {file.name}: run `make generate` and commit it"
    if json.loads(file.read_text()) != models.schema_of(name):
        pytest.fail(
            f"what `{name}` prints changed, and programs rely on {file.name}: give it the next number in "
            "operations/outputs/__init__.py and run `make generate`; if that number was never in a release, delete "
            f"docs/schemas/{file.name} instead",
            pytrace=False,
        )


def test_a_schema_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "cost.1.json"
    made = models.schema_text("cost", file)
    assert json.loads(made) == models.schema_of("cost")
    file.write_text("{}")
    assert models.schema_text("cost", file) == "{}"


def test_a_key_that_no_schema_names_a_missing_one_and_another_number_are_refused() -> None:
    document = {"schema": 1, "stack": "prod", "taskDefinition": "arn", "completed": True}
    schema_of("rollout").validate(document)
    for other in ({**document, "more": 1}, {**document, "schema": 2}, {"schema": 1, "stack": "prod"}):
        with pytest.raises(jsonschema.ValidationError):
            schema_of("rollout").validate(other)


def with_json(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from with_json(one, (*words, name))
    elif any("--json" in one.opts for one in command.params):
        yield " ".join(words)


def test_every_command_that_prints_json_is_on_the_page() -> None:
    page = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert [one for one in with_json(main) if f"`workbuoy {one}" not in page] == []

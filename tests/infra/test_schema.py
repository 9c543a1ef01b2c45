"""Editors complete and check stack files by a schema that is never stale."""

import jsonschema
import pytest
import yaml

from infra.schema import SCHEMA_FILE, render_schema, stack_file_schema
from tests.conftest import ROOT, STACKS


def test_the_committed_schema_is_what_the_settings_say() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == render_schema(), "run `make schema` and commit the file"


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_file_names_the_schema_in_its_first_line(stack: str) -> None:
    first = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines()[0]
    path = first.removeprefix("# yaml-language-server: $schema=")
    assert (ROOT / path).resolve() == SCHEMA_FILE.resolve()


@pytest.mark.parametrize("stack", STACKS)
def test_the_schema_takes_each_stack_file(stack: str) -> None:
    jsonschema.validate(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text()), stack_file_schema())


def test_the_schema_refuses_a_misspelt_setting() -> None:
    content = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    content["config"]["workbuoy:settings"]["databse"] = {}
    with pytest.raises(jsonschema.ValidationError, match="databse"):
        jsonschema.validate(content, stack_file_schema())

"""The owner's own stacks, customers and accounts are in order. Whoever edits them sees here what is not, and where."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bootstrap.schema import SCHEMA_FILE as ACCOUNT_SCHEMA_FILE
from bootstrap.schema import render_schema
from infra.schema import (
    FLEET_SCHEMA_FILE,
    SCHEMA_FILE,
    TENANT_SCHEMA_FILE,
    fleet_file_schema,
    stack_file_schema,
    tenant_file_schema,
)
from infra.yaml_text import read_yaml
from project.files import find_project
from tests.conftest import ROOT
from tests.owner.judging import accounts, judge

OWN = find_project(ROOT)


def account_file_schema() -> dict[str, Any]:
    return dict(json.loads(render_schema()))


FILES = [
    *((file, SCHEMA_FILE, stack_file_schema) for file in sorted(ROOT.glob("Pulumi.*.yaml"))),
    (ROOT / "fleet.yaml", FLEET_SCHEMA_FILE, fleet_file_schema),
    *((file, TENANT_SCHEMA_FILE, tenant_file_schema) for file in sorted(ROOT.glob("tenants/*.yaml"))),
    *((file, ACCOUNT_SCHEMA_FILE, account_file_schema) for file in sorted(ROOT.glob("bootstrap/Pulumi.*.yaml"))),
]


@pytest.mark.lengthy
@pytest.mark.parametrize("stack", OWN.stacks())
def test_a_stack_is_in_order(stack: str) -> None:
    fail_with(judge(OWN, [stack]))


@pytest.mark.lengthy
@pytest.mark.parametrize("environment", accounts(ROOT).stacks())
def test_an_account_is_in_order(environment: str) -> None:
    fail_with(judge(accounts(ROOT), [environment]))


@pytest.mark.parametrize(("file", "schema_file", "schema"), [pytest.param(*one, id=one[0].name) for one in FILES])
def test_a_file_obeys_the_schema_that_its_first_line_names(
    file: Path, schema_file: Path, schema: Callable[[], dict[str, Any]]
) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / first).resolve() == schema_file.resolve(), f"{file.name}: name its schema in the first line"
    jsonschema.validate(read_yaml(file).content, schema())


def fail_with(problems: list[str]) -> None:
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)

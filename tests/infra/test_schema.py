"""Editors complete and check stack files by a schema that is never stale."""

import jsonschema
import pytest
import yaml

from infra.schema import (
    SCHEMA_FILE,
    TENANT_SCHEMA_FILE,
    stack_file_schema,
    tenant_file_schema,
)
from infra.tenants.files import tenant_names
from infra.yaml_text import read_yaml
from tests.conftest import ROOT, SILOS, STACKS

TENANTS = tenant_names(ROOT)


@pytest.mark.parametrize("name", TENANTS)
def test_each_tenant_file_names_its_schema_in_its_first_line_and_obeys_it(name: str) -> None:
    file = ROOT / "tenants" / f"{name}.yaml"
    path = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / path).resolve() == TENANT_SCHEMA_FILE.resolve()
    jsonschema.validate(read_yaml(file).content, tenant_file_schema())


@pytest.mark.parametrize(
    ("key", "value"), [("residency", "narnia"), ("isolation", "both"), ("contacts", []), ("reigon", "eu-west-1")]
)
def test_the_tenants_schema_refuses_what_the_record_refuses(key: str, value: object) -> None:
    content = read_yaml(ROOT / "tenants" / "acme.yaml").content | {key: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, tenant_file_schema())


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_each_stack_file_names_the_schema_in_its_first_line(stack: str) -> None:
    first = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines()[0]
    path = first.removeprefix("# yaml-language-server: $schema=")
    assert (ROOT / path).resolve() == SCHEMA_FILE.resolve()


@pytest.mark.parametrize("stack", [*STACKS, *SILOS])
def test_the_schema_takes_each_stack_file(stack: str) -> None:
    jsonschema.validate(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text()), stack_file_schema())


def test_the_schema_refuses_a_misspelt_setting() -> None:
    content = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    content["config"]["workbuoy:settings"]["databse"] = {}
    with pytest.raises(jsonschema.ValidationError, match="databse"):
        jsonschema.validate(content, stack_file_schema())

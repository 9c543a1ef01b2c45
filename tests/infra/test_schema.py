"""Editors complete and check stack files by a schema that is never stale."""

import jsonschema
import pytest
import yaml

from infra.schema import (
    stack_file_schema,
    tenant_file_schema,
)
from infra.yaml_text import read_yaml
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("key", "value"), [("residency", "narnia"), ("isolation", "both"), ("contacts", []), ("reigon", "eu-west-1")]
)
def test_the_tenants_schema_refuses_what_the_record_refuses(key: str, value: object) -> None:
    content = read_yaml(PROJECT / "tenants" / "acme.yaml").content | {key: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, tenant_file_schema())


@pytest.mark.lengthy
def test_the_schema_refuses_a_misspelt_setting() -> None:
    content = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())
    content["config"]["workbuoy:settings"]["databse"] = {}
    with pytest.raises(jsonschema.ValidationError, match="databse"):
        jsonschema.validate(content, stack_file_schema())

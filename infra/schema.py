"""The JSON schemas that let an editor complete and check stack and tenant files."""

import json
from pathlib import Path
from typing import Any

from components.settings import Settings
from infra.fleet import FleetSettings
from infra.settings import StackSettings
from infra.stack_files import READ_BY_PULUMI, SETTINGS_KEY, TENANT_KEY
from infra.tenants.record import Tenant

SCHEMA_FILE = Path(__file__).parent / "stack.schema.json"
FLEET_SCHEMA_FILE = Path(__file__).parent / "fleet.schema.json"
TENANT_SCHEMA_FILE = Path(__file__).parent / "tenants" / "tenant.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def stack_file_schema() -> dict[str, Any]:
    """The schema of a whole stack file, from the settings' own types: settings, or the name of a tenant."""
    settings = StackSettings.model_json_schema(by_alias=True)
    tenant = {"type": "string", "description": "A customer's own stack: tenants/NAME.yaml decides everything"}
    return pulumi_file_schema(
        "Workbuoy stack file",
        "infra/settings.py and the components",
        definitions=settings.pop("$defs"),
        demanded={"oneOf": [{"required": [SETTINGS_KEY]}, {"required": [TENANT_KEY]}]},
        config={SETTINGS_KEY: settings, TENANT_KEY: tenant},
    )


def pulumi_file_schema(
    title: str, source: str, *, definitions: Any, demanded: dict[str, Any], config: dict[str, Any]
) -> dict[str, Any]:
    """The schema of a file of a stack's configuration, with the keys of `config` and which of them are demanded."""
    return {
        "$schema": _DIALECT,
        "title": title,
        "description": _made_from(source),
        "type": "object",
        "additionalProperties": False,
        "required": ["config"],
        "properties": {
            **{key: {"type": "string"} for key in READ_BY_PULUMI if key != "config"},
            "config": {
                "type": "object",
                "additionalProperties": False,
                **demanded,
                "patternProperties": {"^pulumi:": {}},
                "properties": config,
            },
        },
        "$defs": definitions,
    }


def tenant_file_schema() -> dict[str, Any]:
    """The schema of `tenants/NAME.yaml`."""
    return _whole_file(Tenant, "Workbuoy tenant", "infra/tenants/record.py")


def fleet_file_schema() -> dict[str, Any]:
    """The schema of `fleet.yaml`."""
    return _whole_file(FleetSettings, "Workbuoy fleet", "infra/fleet.py")


def _whole_file(model: type[Settings], title: str, source: str) -> dict[str, Any]:
    own = {"title": title, "description": _made_from(source)}
    return {"$schema": _DIALECT, **model.model_json_schema(by_alias=True), **own}


def _made_from(source: str) -> str:
    return f"Made by `make generate` from {source}; do not edit."


def render(schema: dict[str, Any]) -> str:
    """A schema as committed."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


SCHEMAS = {
    SCHEMA_FILE: stack_file_schema,
    TENANT_SCHEMA_FILE: tenant_file_schema,
    FLEET_SCHEMA_FILE: fleet_file_schema,
}

"""The JSON schema of the account files."""

import json
from pathlib import Path

from pydantic import TypeAdapter

from bootstrap.home import SETTINGS_KEY
from bootstrap.settings import AccountSettings
from bootstrap.vault_settings import VaultAccountSettings
from infra.stack_files import READ_BY_PULUMI

SCHEMA_FILE = Path(__file__).parent / "bootstrap.schema.json"


def render_schema() -> str:
    """The schema as committed."""
    either = TypeAdapter(AccountSettings | VaultAccountSettings)
    settings = either.json_schema(by_alias=True)
    definitions = settings.pop("$defs")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Workbuoy account file",
        "description": "Made by `make generate` from bootstrap/settings.py; do not edit.",
        "type": "object",
        "additionalProperties": False,
        "required": ["config"],
        "properties": {
            **{key: {"type": "string"} for key in READ_BY_PULUMI if key != "config"},
            "config": {
                "type": "object",
                "additionalProperties": False,
                "required": [SETTINGS_KEY],
                "patternProperties": {"^pulumi:": {}},
                "properties": {SETTINGS_KEY: settings},
            },
        },
        "$defs": definitions,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"

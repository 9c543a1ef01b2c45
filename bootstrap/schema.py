"""The JSON schema of the account files: `python -m bootstrap.schema` writes it anew."""

import json
from pathlib import Path

from bootstrap.load import SETTINGS_KEY
from bootstrap.settings import AccountSettings
from infra.schema import stack_file_schema

SCHEMA_FILE = Path(__file__).parent / "bootstrap.schema.json"


def render_schema() -> str:
    """The schema as committed: that of a stack file, with an account's settings in it."""
    settings = AccountSettings.model_json_schema(by_alias=True)
    schema = stack_file_schema() | {
        "title": "Workbuoy account file",
        "description": "Made by `make schema` from bootstrap/settings.py; do not edit.",
        "$defs": settings.pop("$defs"),
    }
    schema["properties"]["config"] |= {"required": [SETTINGS_KEY], "properties": {SETTINGS_KEY: settings}}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(render_schema(), encoding="utf-8")

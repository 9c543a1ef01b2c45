"""The JSON schema that lets an editor complete and check stack files: `python -m infra.schema` writes it anew."""

import json
from pathlib import Path
from typing import Any

from infra.settings import StackSettings
from infra.stack_files import SETTINGS_KEY

SCHEMA_FILE = Path(__file__).parent / "stack.schema.json"


def stack_file_schema() -> dict[str, Any]:
    """The schema of a whole stack file, from the settings' own types."""
    settings = StackSettings.model_json_schema(by_alias=True)
    definitions = settings.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Workbuoy stack file",
        "description": "Made by `make schema` from infra/settings.py and the components; do not edit.",
        "type": "object",
        "additionalProperties": False,
        "required": ["config"],
        "properties": {
            "secretsprovider": {"type": "string"},
            "encryptionsalt": {"type": "string"},
            "encryptedkey": {"type": "string"},
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


def render_schema() -> str:
    """The schema as committed."""
    return json.dumps(stack_file_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(render_schema(), encoding="utf-8")

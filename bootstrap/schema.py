"""The JSON schema of the account files."""

from pathlib import Path

from pydantic import TypeAdapter

from bootstrap.home import SETTINGS_KEY
from bootstrap.settings import AccountSettings
from bootstrap.vault_settings import VaultAccountSettings
from infra.schema import pulumi_file_schema, render

SCHEMA_FILE = Path(__file__).parent / "bootstrap.schema.json"


def render_schema() -> str:
    """The schema as committed."""
    either = TypeAdapter(AccountSettings | VaultAccountSettings)
    settings = either.json_schema(by_alias=True)
    schema = pulumi_file_schema(
        "Workbuoy account file",
        "bootstrap/settings.py",
        definitions=settings.pop("$defs"),
        demanded={"required": [SETTINGS_KEY]},
        config={SETTINGS_KEY: settings},
    )
    return render(schema)

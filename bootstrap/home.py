"""What an environment's account file in `bootstrap/` says: for the commands of the root."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.problems import ProblemsError
from infra.yaml_text import read_yaml

SETTINGS_KEY = "workbuoy-bootstrap:settings"


def account_file(environment: str) -> str:
    """The file of an environment's account, below the project's root."""
    return f"bootstrap/Pulumi.{environment}.yaml"


def account_settings(root: Path, environment: str) -> Mapping[str, Any]:
    """What an environment's account file says; nothing where there is none, or it cannot be read."""
    file = root / account_file(environment)
    try:
        config = read_yaml(file).content.get("config") if file.is_file() else None
    except ProblemsError:
        return {}  # a rehearsal of bootstrap reports what is wrong with it
    settings = config.get(SETTINGS_KEY) if isinstance(config, Mapping) else None
    return settings if isinstance(settings, Mapping) else {}


def home_region(root: Path, environment: str) -> str | None:
    """The region that an environment's account file names; none where it names none."""
    region = account_settings(root, environment).get("region")
    return region if isinstance(region, str) else None

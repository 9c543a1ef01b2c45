"""The home region of an environment's account, where `bootstrap/` puts state and key: for the commands of the root."""

from pathlib import Path

from infra.problems import ProblemsError
from infra.yaml_text import read_yaml

SETTINGS_KEY = "workbuoy-bootstrap:settings"


def home_region(root: Path, environment: str) -> str | None:
    """The region in `bootstrap/Pulumi.ENVIRONMENT.yaml` below the project's root; none where it names none."""
    file = root / "bootstrap" / f"Pulumi.{environment}.yaml"
    try:
        config = read_yaml(file).content.get("config") if file.is_file() else None
    except ProblemsError:
        return None  # a rehearsal of bootstrap tells what is wrong with it
    settings = config.get(SETTINGS_KEY) if isinstance(config, dict) else None
    region = settings.get("region") if isinstance(settings, dict) else None
    return region if isinstance(region, str) else None

"""The lists that the policies read: the controls, the exemptions."""

from pathlib import Path
from typing import Any

from infra.problems import ProblemsError
from infra.yaml_text import read_yaml_value
from policies.errors import PolicyError


def entries(file: Path) -> list[Any]:
    """What a file lists. Raises PolicyError: it is not YAML, holds no list, or a key stands twice in it."""
    try:
        listed = read_yaml_value(file, file.name)
    except ProblemsError as error:
        raise PolicyError(map(str, error.problems)) from None
    if listed is not None and not isinstance(listed, list):
        raise PolicyError(f"{file.name}: must hold a list")
    return listed or []

"""The lists that the policies read: the controls, the exemptions."""

from pathlib import Path
from typing import Any

from infra.problems import ProblemsError
from infra.yaml_text import read_yaml_tree
from policies.errors import PolicyError


def entries(file: Path) -> list[Any]:
    """What a file lists. Raises PolicyError: it is not YAML, holds no list, or a key stands twice in it."""
    return entries_and_tree(file)[0]


def entries_and_tree(file: Path) -> tuple[list[Any], Any]:
    """The same, and the tree that knows the lines."""
    try:
        listed, tree = read_yaml_tree(file, name_of(file))
    except ProblemsError as error:
        raise PolicyError(map(str, error.problems)) from None
    if listed is not None and not isinstance(listed, list):
        raise PolicyError([f"{name_of(file)}: must hold a list"])
    return listed or [], tree


def name_of(file: Path) -> str:
    """How problems call a file: from the project's folder on."""
    return f"{file.parent.name}/{file.name}"

"""The lists that the policies read: the controls, the exemptions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from components.settings import Settings
from graph.errors import InputError
from infra.problems import Problem, ProblemsError
from infra.validation import find_problems
from infra.yaml_text import read_yaml_tree

_Entry = TypeVar("_Entry", bound=Settings)


def entries(file: Path) -> list[Any]:
    """What a file lists. Raises InputError: it is not YAML, holds no list, or a key stands twice in it."""
    return entries_and_tree(file)[0]


def entries_and_tree(file: Path) -> tuple[list[Any], Any]:
    """The same, and the tree that knows the lines."""
    try:
        listed, tree = read_yaml_tree(file, name_of(file))
    except ProblemsError as error:
        raise InputError(*map(str, error.problems)) from None
    if listed is not None and not isinstance(listed, list):
        raise InputError(f"{name_of(file)}: must hold a list")
    return listed or [], tree


def valid_entries(model: type[_Entry], listed: Sequence[Any]) -> tuple[dict[str, _Entry], list[Problem]]:
    """The entries of a list that are right, by their paths, and what is wrong with the others."""
    wrong = {f"[{index}]": find_problems(model, entry, f"[{index}]") for index, entry in enumerate(listed)}
    right = {
        path: model.model_validate_json(json.dumps(entry))
        for (path, problems), entry in zip(wrong.items(), listed, strict=True)
        if not problems
    }
    return right, [one for problems in wrong.values() for one in problems]


def name_of(file: Path) -> str:
    """How problems call a file: from the project's folder on."""
    return f"{file.parent.name}/{file.name}"

"""From a stack's configuration to its settings, or to every problem in it."""

import json
from pathlib import Path
from typing import Any

from infra.placeholders import find_placeholders, with_image
from infra.problems import Problem, ProblemsError
from infra.settings import StackSettings
from infra.stack_files import (
    SETTINGS_KEY,
    find_file_problems,
    find_shared_accounts,
    locate,
    settings_in,
    stack_file,
)
from infra.validation import find_problems
from infra.yaml_text import read_yaml


def load_settings(root: Path, stack: str, configured: Any) -> StackSettings:
    """The settings of a stack, as the engine or the rehearsal hands them to the program.

    Args:
        root: the project's folder, where the stack files lie.
        stack: the stack's name; a base stack is named after its environment (`prod`, `prod-eu-north-1`).
        configured: the value of `workbuoy:settings`.

    Raises:
        ProblemsError: the stack file or the settings are wrong; every problem has its line.
    """
    file = stack_file(root, stack)
    around = find_file_problems(file) if file.exists() else []
    if configured is None:
        missing = Problem(path=SETTINGS_KEY, message="is missing; look at another stack's file for its form")
        misnamed = any(one.path.startswith("config.") for one in around)  # and each says where settings stand
        raise ProblemsError(around if misnamed else [*around, *locate([missing], file)])
    configured, inside = with_image(configured, settings_in(file))
    inside += find_problems(StackSettings, configured)
    if not any(one.path == "environment" for one in inside):
        inside += _find_name_problem(stack, configured) or find_shared_accounts(root, stack)
    if inside or around:
        raise ProblemsError([*around, *locate(inside, file)])
    settings = StackSettings.model_validate_json(json.dumps(configured))
    placeholders = list(find_placeholders(settings))
    if placeholders:
        raise ProblemsError(locate(placeholders, file))
    return settings


def _find_name_problem(stack: str, configured: Any) -> list[Problem]:
    environment = configured.get("environment") if isinstance(configured, dict) else None
    if not isinstance(environment, str) or stack == environment or stack.startswith(f"{environment}-"):
        return []
    message = f"is {environment}, but the stack is called {stack}; a stack is named after its environment"
    return [Problem(path="environment", message=message)]


def read_configured(root: Path, stack: str) -> Any:
    """`workbuoy:settings` as a stack file holds it, for whoever has no engine at hand."""
    return read_yaml(stack_file(root, stack)).content["config"][SETTINGS_KEY]

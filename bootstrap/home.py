"""What an account's file in `bootstrap/` says of its environment: for the commands of the root."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.problems import ProblemsError
from infra.stack_files import settings_of, stacks_in
from infra.yaml_index import index_of

SETTINGS_KEY = "workbuoy-bootstrap:settings"


def account_file(stack: str) -> str:
    """The file of an account, by its stack in `bootstrap/`, below the project's root."""
    return f"bootstrap/Pulumi.{stack}.yaml"


def accounts_in(root: Path) -> tuple[str, ...]:
    """The accounts that have a file, by their stacks in `bootstrap/`, sorted."""
    return tuple(stacks_in(root / "bootstrap"))


def account_settings(root: Path, stack: str) -> Mapping[str, Any]:
    """What an account's file says; nothing where there is none, or it cannot be read."""
    name = account_file(stack)
    try:
        content = index_of(root).of(name) if (root / name).is_file() else {}
    except ProblemsError:
        return {}  # a rehearsal of bootstrap reports what is wrong with it
    return settings_of(content, SETTINGS_KEY) or {}


def account_stack(root: Path, environment: str, account: object) -> str:
    """The stack in `bootstrap/` whose file names an account of an environment; the environment's first where none does.

    An environment's first account has its name, a further one `ENVIRONMENT-SOMETHING`.
    """
    further = (stack for stack in accounts_in(root) if account and stack.startswith(f"{environment}-"))
    return next((stack for stack in further if account_settings(root, stack).get("account") == account), environment)


def home_region(root: Path, environment: str, account: object) -> str | None:
    """The region in which an account of an environment keeps state and trail; none where its file names none."""
    region = account_settings(root, account_stack(root, environment, account)).get("region")
    return region if isinstance(region, str) else None

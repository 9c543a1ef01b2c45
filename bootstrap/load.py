"""From an account's configuration to its settings, or to every problem in it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bootstrap.home import SETTINGS_KEY
from bootstrap.settings import AccountSettings, AnyAccountSettings
from bootstrap.vault_settings import VAULT, VaultAccountSettings
from infra.placeholders import PLACEHOLDER_ACCOUNT
from infra.problems import Problem, ProblemsError
from infra.stack_files import find_file_problems, settings_of, stack_file, stacks_in
from infra.validation import find_problems
from infra.yaml_text import read_yaml


def load_settings(root: Path, stack: str, configured: Any) -> AccountSettings | VaultAccountSettings:
    """The settings of an account, as the engine or the rehearsal hands them to the program.

    Args:
        root: the folder of the stack files.
        stack: the stack's name, which is the environment's.
        configured: the value of `workbuoy-bootstrap:settings`.

    Raises:
        ProblemsError: the stack file or the settings are wrong; every problem has its line.
    """
    file = read_yaml(stack_file(root, stack))
    around = find_file_problems(stack_file(root, stack), SETTINGS_KEY)
    if configured is None:
        missing = Problem(path="", message=f"{SETTINGS_KEY} is missing; look at another account's file for its form")
        raise ProblemsError([*around, *file.locate([missing])])
    model = model_of(stack)
    inside = find_problems(model, configured)
    inside += [
        *_name_problem(stack, configured),
        *_shared_accounts(root, stack, configured),
        *_first_accounts_side(root, stack, configured),
    ]
    if inside or around:
        raise ProblemsError([*around, *file.locate(inside, "config", SETTINGS_KEY)])
    settings = model.model_validate_json(json.dumps(configured))
    placeholders = list(find_placeholders(settings))
    if placeholders:
        raise ProblemsError(file.locate(placeholders, "config", SETTINGS_KEY))
    return settings


def model_of(stack: str) -> type[AccountSettings] | type[VaultAccountSettings]:
    """The form of an account's file: that of the vault's, or of an account of stacks."""
    return VaultAccountSettings if stack == VAULT else AccountSettings


def _shared_accounts(root: Path, stack: str, configured: Any) -> Iterator[Problem]:
    """Other files that name this account: dev, staging and prod never share one."""
    account = configured.get("account") if isinstance(configured, dict) else None
    for other in (stack_file(root, one) for one in stacks_in(root) if one != stack):
        if account and _settings_in(other).get("account") == account:
            message = f"{account} is also the account of {other.name}; give each file an account of its own"
            yield Problem(path="account", message=message)


def _first_accounts_side(root: Path, stack: str, configured: Any) -> Iterator[Problem]:
    """Where a further account's file and its environment's first do not say the same about the journal.

    Placeholders are compared with nothing: a rehearsal has put stand-ins into the one file alone.
    """
    journal = configured.get("journal") if isinstance(configured, dict) else None
    file = stack_file(root, str(configured.get("environment")) if isinstance(configured, dict) else "")
    if not isinstance(journal, dict) or file == stack_file(root, stack) or not file.is_file():
        return
    first = _settings_in(file)
    for key in ("account", "region"):
        there = str(first.get(key))
        if not PLACEHOLDER_ACCOUNT.fullmatch(str(first.get("account"))) and journal.get(key) != there:
            yield Problem(path=f"journal.{key}", message=f"is {journal.get(key)}, but {file.name} names {there}")
    writers, own = [str(one) for one in first.get("journalWriters") or ()], configured.get("account")
    if own not in writers and not any(map(PLACEHOLDER_ACCOUNT.fullmatch, writers)):
        message = (
            f"{file.name} does not let {own} keep the journal: add it to journalWriters there, then run "
            f"`workbuoy bootstrap up {configured.get('environment')}`"
        )
        yield Problem(path="journal", message=message)


def _settings_in(file: Path) -> Mapping[str, Any]:
    try:
        return settings_of(read_yaml(file).content, SETTINGS_KEY) or {}
    except ProblemsError:
        return {}  # that file's own rehearsal says what is wrong with it


def _name_problem(stack: str, configured: Any) -> Iterator[Problem]:
    environment = configured.get("environment") if isinstance(configured, dict) else None
    if not isinstance(environment, str):
        return
    further = stack.startswith(f"{environment}-")
    if stack != environment and not further:
        message = (
            f"is {environment}, but the stack is called {stack}; an environment's first account is called "
            f"{environment}, a further one {environment}-NAME"
        )
        yield Problem(path="environment", message=message)
    if further and not configured.get("journal"):
        message = f"is missing: a further account of {environment} names the one that keeps the rollouts' journal"
        yield Problem(path="journal", message=message)
    if stack == environment and configured.get("journal"):
        message = f"stands in the file of {environment}'s first account, which keeps the journal itself; take it out"
        yield Problem(path="journal", message=message)


def find_placeholders(settings: AnyAccountSettings) -> Iterator[Problem]:
    """Placeholders that are left. A rehearsal puts named stand-ins in their place before the program starts."""
    if PLACEHOLDER_ACCOUNT.search(settings.account):
        message = f"{settings.account} is a placeholder account; put the real account id there"
        yield Problem(path="account", message=message)
    for index, one in enumerate(settings.copies) if isinstance(settings, VaultAccountSettings) else ():
        if PLACEHOLDER_ACCOUNT.search(one.account):
            message = f"{one.account} is a placeholder account; put the real account id there"
            yield Problem(path=f"copies[{index}].account", message=message)
    if not isinstance(settings, AccountSettings):
        return
    named = [(f"journalWriters[{index}]", one) for index, one in enumerate(settings.journal_writers)]
    for path, value in [*named, *([("journal.account", settings.journal.account)] if settings.journal else [])]:
        if PLACEHOLDER_ACCOUNT.search(value):
            yield Problem(path=path, message=f"{value} is a placeholder account; put the real account id there")
    for path, value in (("ownerId", settings.github.owner_id), ("repositoryId", settings.github.repository_id)):
        if not value.strip("0"):
            message = "is a placeholder: a stranger's repository may have that name; put GitHub's id there"
            yield Problem(path=f"github.{path}", message=message)

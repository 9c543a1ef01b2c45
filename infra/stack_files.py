"""Stack files: what may stand in them, and what only several of them together can tell."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.suggestion import suggestion
from infra.yaml_text import YamlFile, child, read_yaml

SETTINGS_KEY = "workbuoy:settings"
TENANT_KEY = "workbuoy:tenant"
_KEY_ARN = re.compile(r"^awskms:///?arn:aws[a-z-]*:kms:[a-z0-9-]+:(\d{12}):")
_STACK_FILE = re.compile(r"Pulumi\.([^/]+)\.yaml")
READ_BY_PULUMI = ("config", "secretsprovider", "encryptionsalt", "encryptedkey")


def stack_file(root: Path, stack: str) -> Path:
    """The file that holds a stack's configuration."""
    return root / f"Pulumi.{stack}.yaml"


def stack_of(file: str) -> str | None:
    """The stack whose file has this name; None where it is no stack's."""
    named = _STACK_FILE.fullmatch(file)
    return named and named[1]


def stacks_in(root: Path) -> list[str]:
    """The stacks that have a file in a project's folder, sorted; none where there is no folder."""
    try:
        return sorted(stack for name in os.listdir(root) if (stack := stack_of(name)))
    except FileNotFoundError:
        return []


def locate(problems: Iterable[Problem], file: Path) -> list[Problem]:
    """Problems of a stack's settings with file, line and path, in the file's order."""
    try:
        return read_yaml(file).locate(problems, "config", SETTINGS_KEY)
    except ProblemsError:  # whoever reads the file says what is wrong with it
        return [Problem(file=file.name, path=problem.path, message=problem.message) for problem in problems]


def config_in(read: YamlFile) -> dict[str, Any]:
    """What a file holds under `config`. Raises ProblemsError where that is nothing, with the key that was meant."""
    config = read.content.get("config")
    if isinstance(config, dict) and config:
        return config
    missing = Problem(path="config", message="is missing or empty; look at another stack's file for its form")
    meant = [key for key in read.content if ":" in key or suggestion(key, ["config"])]
    misplaced = [Problem(path=key, message=_why_unread(key)) for key in meant if "config" not in read.content]
    raise ProblemsError(read.locate(misplaced or [missing]))


def _why_unread(key: str) -> str:
    """What is wrong with a top-level key that nothing reads, which was perhaps meant to stand under `config`."""
    if ":" in key:
        return "must stand under config"
    return "is not read" + (suggestion(key, READ_BY_PULUMI) or f"; known: {', '.join(READ_BY_PULUMI)}")


def find_file_problems(file: Path, holds: str = SETTINGS_KEY) -> list[Problem]:
    """What is wrong with the file around the one key that it holds: keys that nothing reads.

    A base stack's file and an account's hold settings; a customer's own stack's file holds the tenant's name alone.
    """
    read = read_yaml(file)
    config = read.content.get("config")
    keys = [str(key) for key in config] if isinstance(config, Mapping) else []
    unread_top = [str(key) for key in read.content if key not in READ_BY_PULUMI]
    unread_config = [key for key in keys if key != holds and not key.startswith("pulumi:")]
    known = (SETTINGS_KEY, TENANT_KEY) if holds in (SETTINGS_KEY, TENANT_KEY) else (holds,)
    absent = () if {*known} & {*keys} else known
    instead = (
        f"; this file holds {TENANT_KEY} alone, and the tenant's file decides the rest"
        if holds == TENANT_KEY
        else f"; every setting stands under {holds}"
    )
    return [
        *_foreign_key(read),
        *(_unread(read, (key,), _why_unread(key)) for key in unread_top),
        *(_unread(read, ("config", key), f"is not read{suggestion(key, absent) or instead}") for key in unread_config),
    ]


def _foreign_key(read: YamlFile) -> Iterator[Problem]:
    """A secrets provider whose key is named by an ARN of another account than the stack's."""
    provider, config = str(read.content.get("secretsprovider") or ""), read.content.get("config")
    settings = config.get(SETTINGS_KEY) if isinstance(config, Mapping) else None
    account = settings.get("account") if isinstance(settings, Mapping) else None
    found = _KEY_ARN.search(provider)
    if found and isinstance(account, str) and found[1] != account:
        message = (
            f"names a KMS key of account {found[1]}, and the stack's is {account}: "
            "name its own key, awskms://alias/workbuoy-state?region=REGION"
        )
        yield _unread(read, ("secretsprovider",), message)


def _unread(read: YamlFile, steps: tuple[str, ...], message: str) -> Problem:
    line, tree = None, read.tree
    for step in steps:
        found = child(tree, step)
        if found:
            line, tree = found
    return Problem(file=read.name, line=line, path=".".join(steps), message=message)


def find_shared_accounts(root: Path, stack: str) -> list[Problem]:
    """Other environments' stack files that name this stack's account: dev, staging and prod never share one."""
    own = settings_in(stack_file(root, stack)) or {}
    account, environment = own.get("account"), own.get("environment")
    problems = []
    for other in stacks_in(root):
        settings = settings_in(stack_file(root, other)) or {}
        if account and settings.get("account") == account and settings.get("environment") != environment:
            message = (
                f"{account} is also the account of {settings.get('environment')} ({stack_file(root, other).name}); "
                "give each environment its own"
            )
            problems.append(Problem(path="account", message=message))
    return problems


def mentions(file: Path, word: str) -> bool:
    """Whether a word stands in a file. True for one that cannot be read: whoever parses it says why."""
    try:
        return word.encode() in file.read_bytes()
    except OSError:
        return True


def settings_in(file: Path) -> Mapping[str, Any] | None:
    """A base stack's settings as its file has them; none for another file, or one that cannot be read."""
    if not mentions(file, SETTINGS_KEY):
        return None  # a customer's own stack's: beside a hundred of them, parsing each would take a second
    try:
        return settings_of(read_yaml(file).content)
    except ProblemsError:
        return None  # that file's own rehearsal says what is wrong with it


def settings_of(content: Mapping[str, Any], key: str = SETTINGS_KEY) -> Mapping[str, Any] | None:
    """A base stack's settings in what its file holds, or an account's by their key; none in another file."""
    config = content.get("config")
    settings = config.get(key) if isinstance(config, Mapping) else None
    return settings if isinstance(settings, Mapping) else None

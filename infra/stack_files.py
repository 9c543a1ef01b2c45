"""Stack files as text: where a setting stands in them, and what only several of them together can tell."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.problems import Problem

SETTINGS_KEY = "workbuoy:settings"
_KNOWN_TOP_LEVEL = ("config", "secretsprovider", "encryptionsalt", "encryptedkey")


def stack_file(root: Path, stack: str) -> Path:
    """The file that holds a stack's configuration."""
    return root / f"Pulumi.{stack}.yaml"


def locate(problems: Iterable[Problem], file: Path) -> list[Problem]:
    """The same problems with file, line and the path from the file's top, in the file's order."""
    try:
        tree = yaml.compose(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        tree = None  # whoever reads the file says what is wrong with it
    located = [_locate(problem, file.name, tree) for problem in problems]
    return sorted(located, key=lambda problem: problem.line or 0)


def _locate(problem: Problem, file_name: str, tree: yaml.Node | None) -> Problem:
    steps = ["config", SETTINGS_KEY, *problem.path.replace("[", ".[").split(".")] if problem.path else []
    line = tree.start_mark.line + 1 if tree else None
    node = tree
    for step in steps:
        found = _child(node, step)
        if found is None:
            break  # the nearest mapping above a missing key is where it belongs
        line, node = found
    return Problem(file=file_name, line=line, path=problem.path, message=problem.message)


def _child(node: yaml.Node | None, step: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and step.startswith("["):
        index = int(step[1:-1])
        if index < len(node.value):
            return node.value[index].start_mark.line + 1, node.value[index]
    return None


def find_file_problems(file: Path) -> list[Problem]:
    """What is wrong with the file around the settings: keys given twice, keys that nothing reads."""
    tree = yaml.compose(file.read_text(encoding="utf-8"))
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    top = content if isinstance(content, Mapping) else {}
    config = top.get("config")
    unread_top = [str(key) for key in top if key not in _KNOWN_TOP_LEVEL]
    unread_config = [
        str(key)
        for key in (config if isinstance(config, Mapping) else ())
        if key != SETTINGS_KEY and not str(key).startswith("pulumi:")
    ]
    return [
        *(
            Problem(file=file.name, line=line, path=path, message="is given twice; keep one")
            for path, line in _duplicates(tree)
        ),
        *(_unread(file, (key,), tree, f"is not read; known: {', '.join(_KNOWN_TOP_LEVEL)}") for key in unread_top),
        *(
            _unread(file, ("config", key), tree, f"is not read; every setting stands under {SETTINGS_KEY}")
            for key in unread_config
        ),
    ]


def _unread(file: Path, steps: tuple[str, ...], tree: yaml.Node | None, message: str) -> Problem:
    line = None
    for step in steps:
        found = _child(tree, step)
        if found:
            line, tree = found
    return Problem(file=file.name, line=line, path=".".join(steps), message=message)


def _duplicates(node: yaml.Node | None, path: str = "") -> Iterable[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            here = f"{path}.{key.value}" if path else str(key.value)
            if key.value in seen:
                yield here, key.start_mark.line + 1
            seen.add(key.value)
            yield from _duplicates(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicates(item, f"{path}[{index}]")


def find_shared_accounts(root: Path, stack: str) -> list[Problem]:
    """Other environments' stack files that name this stack's account: dev, staging and prod never share one."""
    own = _settings_of(stack_file(root, stack)) or {}
    account, environment = own.get("account"), own.get("environment")
    problems = []
    for other in sorted(root.glob("Pulumi.*.yaml")):
        settings = _settings_of(other) or {}
        if account and settings.get("account") == account and settings.get("environment") != environment:
            message = (
                f"{account} is also the account of {settings.get('environment')} ({other.name}); "
                "give each environment its own"
            )
            problems.append(Problem(path="account", message=message))
    return problems


def _settings_of(file: Path) -> Mapping[str, Any] | None:
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))["config"][SETTINGS_KEY]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return None  # that file's own rehearsal says what is wrong with it
    return settings if isinstance(settings, Mapping) else None

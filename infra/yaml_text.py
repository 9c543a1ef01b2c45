"""YAML files as a person wrote them: their content with the line of everything in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.problems import Problem, ProblemsError

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """Dates stay text: settings say themselves what is a date."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Safe.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class YamlFile:
    """A file's content, and the tree that knows the lines. `name` is how problems call the file."""

    name: str
    content: dict[str, Any]
    tree: yaml.Node

    def duplicates(self) -> list[Problem]:
        """Keys that are given twice, of which YAML silently takes the last."""
        return [
            Problem(file=self.name, line=line, path=path, message="is given twice; keep one")
            for path, line in _duplicates(self.tree)
        ]

    def locate(self, problems: Iterable[Problem], *below: str) -> list[Problem]:
        """The same problems with file and line, in the file's order; their paths begin `below` these keys."""
        located = [_locate(problem, self.name, self.tree, below) for problem in problems]
        return sorted(located, key=lambda problem: problem.line or 0)


def read_yaml(file: Path, name: str | None = None) -> YamlFile:
    """Read a file that holds one mapping.

    Raises:
        ProblemsError: it cannot be read, is empty, is not YAML or holds something else.
    """
    name = name or file.name
    try:
        loader = _Loader(file.read_text(encoding="utf-8"))
        try:
            tree = loader.get_single_node()
            content = loader.construct_document(tree) if tree else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else None
        raise ProblemsError([Problem(file=name, line=line, message=f"is not YAML: {what}")]) from None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ProblemsError([Problem(file=name, message=f"cannot be read: {what}")]) from None
    if not isinstance(content, dict) or not content:
        what = "is empty" if content is None else "must hold settings by name"
        raise ProblemsError([Problem(file=name, message=what)])
    return YamlFile(name, content, tree)


def _locate(problem: Problem, file_name: str, tree: yaml.Node | None, below: tuple[str, ...]) -> Problem:
    steps = [*below, *problem.path.replace("[", ".[").split(".")] if problem.path else []
    line = tree.start_mark.line + 1 if tree else None
    node = tree
    for step in steps:
        found = child(node, step)
        if found is None:
            break  # the nearest mapping above a missing key is where it belongs
        line, node = found
    return Problem(file=file_name, line=line, path=problem.path, message=problem.message)


def child(node: yaml.Node | None, step: str) -> tuple[int, yaml.Node] | None:
    """The line and the value of a key, or of an entry written `[0]`; none where there is no such."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and step.startswith("["):
        index = int(step[1:-1])
        if index < len(node.value):
            return node.value[index].start_mark.line + 1, node.value[index]
    return None


def _duplicates(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int]]:
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

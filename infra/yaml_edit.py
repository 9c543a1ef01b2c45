"""Keys of a YAML file changed by a command: every other byte stays as a person wrote it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.problems import Problem, ProblemsError
from infra.yaml_text import YamlFile, as_yaml, child, parse_yaml


def changed(file: Path, read: YamlFile, changes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A file's text, and what it says, with these keys as they are to be; nothing is written.

    Keys are paths such as `base` or `dates.retiring`, and None takes one out. What came of it is read again, so that a
    way of writing which lines alone cannot change is never damaged. Raises ProblemsError for such a one.
    """
    text = file.read_bytes().decode("utf-8")
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if not lines[-1].endswith(("\n", "\r")):
        lines[-1] += ending
    edits = [_edit(read, lines, path, value) for path, value in changes.items()]
    for first, last, written in sorted(edits, key=lambda one: one[0], reverse=True):
        lines[first:last] = [written.replace("\n", ending)]
    after = "".join(lines)
    try:
        content, _ = parse_yaml(after, read.name)
    except ProblemsError:
        content = None
    if content != _content(read.content, changes):
        raise ProblemsError(read.locate(_by_hand(path, value) for path, value in changes.items()))
    return after, content


def _content(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the file is to say."""
    found = dict(before)
    for path, value in changes.items():
        head, _, rest = path.partition(".")
        if rest:
            found[head] = _content(found[head], {rest: value})
        elif value is None:
            found.pop(head, None)
        else:
            found[head] = parse_yaml(as_yaml({head: value}), head)[0][head]  # a day is written without quotes
    return found


def _edit(read: YamlFile, lines: list[str], path: str, value: Any) -> tuple[int, int, str]:
    """From which line to which one, and what comes in their place. Raises ProblemsError."""
    above, _, key = path.rpartition(".")
    parent = child(read.tree, above) if above else (1, read.tree)
    if parent is None or not isinstance(parent[1], yaml.MappingNode) or parent[1].flow_style:
        raise ProblemsError(read.locate([_by_hand(path, value)]))
    indent = " " * parent[1].value[0][0].start_mark.column
    written = "" if value is None else "".join(f"{indent}{one}\n" for one in as_yaml({key: value}).splitlines())
    found = child(parent[1], key)
    if found is None:
        after = _last_line(parent[1]) + 1
        return after, after, written
    first, node = found[0] - 1, found[1]
    last = _last_line(node) + 1
    if value is not None and last == first + 1 and isinstance(node, yaml.ScalarNode):
        written = written.rstrip("\n") + lines[first][node.end_mark.column :].rstrip("\r\n") + "\n"
    return first, last, written


def _last_line(node: yaml.Node) -> int:
    """The last line of what a value says, counted from 0: a block's own end lies behind what follows it."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    behind = node.end_mark.column == 0 and node.end_mark.line > node.start_mark.line
    return int(node.end_mark.line) - behind


def _by_hand(path: str, value: Any) -> Problem:
    says = "take it out" if value is None else f"write `{as_yaml({path.rpartition('.')[2]: value}).strip()}`"
    return Problem(path=path, message=f"stands where no command can change it, such as on one line: {says} by hand")

"""YAML files as a person wrote them: their content with the line of everything in it, and as they would write them.

Every YAML of the project is read here, so that what passes here means the same to the engine. Files are bounded:
aliases can make gigabytes of a few lines, and deep nesting ends in a traceback.
"""

import codecs
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from infra.problems import Problem, ProblemsError
from infra.yaml_values import plain_value

MOST_BYTES = 1_000_000
MOST_VALUES = 100_000  # once aliases are put in their places
MOST_LEVELS = 50

_KINDS = {
    yaml.ScalarEvent: yaml.ScalarNode,
    yaml.SequenceStartEvent: yaml.SequenceNode,
    yaml.MappingStartEvent: yaml.MappingNode,
}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")  # which yaml.v3 makes of a key like this
_STANDARD = "tag:yaml.org,2002:"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


@dataclass(frozen=True)
class YamlFile:
    """A file's content, and the tree that knows the lines. `name` is how problems call the file."""

    name: str
    content: dict[str, Any]
    tree: yaml.Node

    def locate(self, problems: Iterable[Problem], *below: str) -> list[Problem]:
        """The same problems with file and line, in the file's order; their paths begin `below` these keys."""
        return locate(problems, self.name, self.tree, *below)


def locate(problems: Iterable[Problem], name: str, tree: yaml.Node | None, *below: str) -> list[Problem]:
    """The same problems with file and line, in the file's order; their paths begin `below` these keys."""
    located = [_locate(problem, name, tree, below) for problem in problems]
    return sorted(located, key=lambda problem: problem.line or 0)


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Entries of a list stand deeper than its key, as in the files that people wrote."""
        super().increase_indent(flow, False)


def _written_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """In quotes where it would be read as something else: PyYAML takes fewer texts for numbers than the engine does."""
    return dumper.represent_scalar(f"{_STANDARD}str", text, style=None if plain_value(text) == text else "'")


_Dumper.add_representer(str, _written_text)


def as_yaml(content: Mapping[str, Any]) -> str:
    """A mapping as text that `read_yaml` reads as the same."""
    return yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=118)


def read_yaml(file: Path, name: str | None = None) -> YamlFile:
    """Read a file that holds one mapping.

    Raises:
        ProblemsError: it cannot be read, is empty, is not YAML or holds something else.
    """
    name = name or file.name
    content, tree = parse_yaml(_text_of(file, name), name)
    if not isinstance(content, dict) or not content:
        what = "is empty" if content is None else "must hold settings by name"
        raise ProblemsError([Problem(file=name, message=what)])
    return YamlFile(name, content, tree)


def read_yaml_value(file: Path) -> Any:
    """Read a file that may hold anything, such as a list. Raises ProblemsError as `read_yaml` does."""
    return read_yaml_tree(file, file.name)[0]


def read_yaml_tree(file: Path, name: str) -> tuple[Any, Any]:
    """The same, and the tree that knows the lines."""
    return parse_yaml(_text_of(file, name), name)


def _text_of(file: Path, name: str) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ProblemsError([Problem(file=name, message=f"cannot be read: {what}")]) from None
    if len(raw) > MOST_BYTES:
        what = f"has more than {MOST_BYTES:,} bytes; no file of settings is that long"
        raise ProblemsError([Problem(file=name, message=what)])
    if (raw[:1] == b"\0") != (raw[1:2] == b"\0") and len(raw) > 1:  # every other byte of plain letters is 0
        raise ProblemsError([Problem(file=name, line=1, message="is UTF-16; save it as plain UTF-8")])
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            raise ProblemsError([Problem(file=name, line=1, message=f"is {encoding}; save it as plain UTF-8")])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProblemsError([Problem(file=name, line=line, message="is not UTF-8; save it as plain UTF-8")]) from None


def parse_yaml(text: str, name: str) -> tuple[Any, Any]:
    """The content of a text, and its tree; None and None where it holds nothing. `name` is how problems call it.

    Raises:
        ProblemsError: it is not YAML, or goes beyond what a file may hold; keys that are given twice, all at once.
    """
    tree, reader = _tree_of(text, name), _Reader(name, text)
    content = reader.content(tree, "") if tree is not None else None
    if reader.twice:
        raise ProblemsError(reader.twice)
    return content, tree


@lru_cache(maxsize=64)  # a command reads a project's few files of stacks again and again; nobody changes a tree
def _tree_of(text: str, name: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return _Reader(name, text).tree(loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        if mark and text[mark.index : mark.index + 1] == "\t":
            what = "a tab indents this line; write spaces"
        line = mark.line + 1 if mark else None
        raise ProblemsError([Problem(file=name, line=line, message=f"is not YAML: {what}")]) from None
    finally:
        loader.dispose()


class _Reader:
    """Makes a tree of a file's events and the content of the tree, within bounds."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._slashes = text if "\\/" in text else ""
        self.twice: list[Problem] = []
        self._anchors: dict[str, yaml.Node] = {}
        self._open: list[yaml.Node] = []
        self._values = 0

    def tree(self, loader: Any) -> yaml.Node | None:
        """The first document's tree. Raises ProblemsError for a second document."""
        roots: list[yaml.Node] = []
        while (event := loader.get_event()) is not None:
            if isinstance(event, yaml.DocumentStartEvent):
                self._begin(event, again=bool(roots))
            node = self._node(event)
            if node is not None:
                (self._open[-1].value if self._open else roots).append(node)
            if isinstance(event, yaml.CollectionStartEvent) and node is not None:
                self._open.append(node)
                if len(self._open) > MOST_LEVELS:
                    raise self._problem(event.start_mark, f"is nested deeper than {MOST_LEVELS} levels; flatten it")
            elif isinstance(event, yaml.CollectionEndEvent):
                closed = self._open.pop()
                closed.end_mark = event.end_mark
                if isinstance(closed, yaml.MappingNode):
                    closed.value = list(zip(closed.value[::2], closed.value[1::2], strict=True))
        return roots[0] if roots else None

    def _begin(self, event: Any, *, again: bool) -> None:
        if again:
            raise self._problem(event.start_mark, "holds a second document, which nothing reads; take it away")
        if event.version:
            raise self._problem(event.start_mark, "begins with %YAML, which the engine does not take; leave it out")

    def _node(self, event: Any) -> yaml.Node | None:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        kind = _KINDS.get(type(event))
        if kind is None:
            return None
        if kind is yaml.ScalarNode:
            self._refuse_slashes(event)
            style = event.style or ""
            node: yaml.Node = yaml.ScalarNode(event.tag, event.value, event.start_mark, event.end_mark, style=style)
        else:
            node = kind(event.tag, [], event.start_mark, flow_style=event.flow_style)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _refuse_slashes(self, event: Any) -> None:
        if self._slashes and event.style == '"':
            written = self._slashes[event.start_mark.index : event.end_mark.index].replace("\\\\", "")
            if "\\/" in written:
                raise self._problem(event.start_mark, r"has the escape \/, which the engine does not take; write /")

    def _alias(self, event: Any) -> yaml.Node:
        found = self._anchors.get(event.anchor)
        if found is None:
            raise self._problem(event.start_mark, f"names *{event.anchor}, which no &{event.anchor} before it makes")
        if any(found is one for one in self._open):
            raise self._problem(event.start_mark, f"names *{event.anchor} inside itself; write it out")
        return found

    def _problem(self, mark: Any, message: str) -> ProblemsError:
        return ProblemsError([Problem(file=self.name, line=mark.line + 1, message=message)])

    def content(self, node: yaml.Node, path: str) -> Any:
        """What a node means; notes keys that are given twice."""
        self._values += 1
        if self._values > MOST_VALUES:
            message = f"makes more than {MOST_VALUES:,} values, by aliases of aliases; write out what is meant"
            raise self._problem(node.start_mark, message)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._expect(node, "seq")
            return [self.content(item, f"{path}[{index}]") for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _expect(self, node: yaml.Node, kind: str) -> None:
        if node.tag not in (None, "!", _STANDARD + kind):
            shown = str(node.tag).replace(_STANDARD, "!!")
            raise self._problem(node.start_mark, f"has the tag {shown}, which is not read here; leave it out")

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        self._expect(node, "map")
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = self._name(key)
            here = f"{path}.{name}" if path else name
            if name in found:
                line = key.start_mark.line + 1
                self.twice.append(Problem(file=self.name, line=line, path=here, message="is given twice; keep one"))
            found[name] = self.content(value, here)
        return found

    def _name(self, key: yaml.Node) -> str:
        name = self._scalar(key) if isinstance(key, yaml.ScalarNode) else None
        plain = not getattr(key, "style", "")
        if not isinstance(name, str) or (plain and _TIMESTAMP.fullmatch(name)):
            shown = key.value if isinstance(key, yaml.ScalarNode) else "a list or mapping"
            raise self._problem(key.start_mark, f"has the key {shown}, which is no text; put it in quotes")
        if name == "<<" and plain:
            raise self._problem(key.start_mark, "merges with <<, which is not read here; write out what is meant")
        return name

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag == _STANDARD + "str":
            return node.value
        self._expect(node, "")
        plain = node.tag == "!" or not getattr(node, "style", "")
        value = plain_value(node.value) if plain else node.value
        if isinstance(value, float) and not math.isfinite(value):
            raise self._problem(node.start_mark, f"is {node.value}, which is no number that settings take")
        return value


def _locate(problem: Problem, file_name: str, tree: yaml.Node | None, below: tuple[str, ...]) -> Problem:
    steps = [*below, *filter(None, problem.path.replace("[", ".[").split("."))]
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

"""The table of folders in docs/architecture.md is what the files import, and imports run one way."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROW = re.compile(r"^\| `([a-z]+)/` \| .+ \| (.+) \|$", re.MULTILINE)
SOURCES = {"app": "app/workbuoy_app"}  # where a folder's own package lies, if not in itself


def rows() -> list[tuple[str, set[str]]]:
    """Each folder of the table, and the folders that it says are imported."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    return [
        (folder, set() if imported == "nothing of ours" else set(re.split(r", ", imported.replace("`", ""))))
        for folder, imported in ROW.findall(page)
    ]


def module_of(root: Path, file: Path) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Everything that a file imports, wherever in it and for types alone too: the module, and a name in it or none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from ((str(node.module), alias.name) for alias in node.names)


def imports(root: Path, *folders: str) -> dict[str, set[str]]:
    """The modules below some folders, each with those among them that it imports."""
    files = {module_of(root, file): file for folder in folders for file in sorted((root / folder).rglob("*.py"))}
    found: dict[str, set[str]] = {}
    for module, file in files.items():
        named = names(ast.parse(file.read_text(encoding="utf-8")))
        asked = {f"{source}.{name}" if f"{source}.{name}" in files else source for source, name in named}
        found[module] = (asked & set(files)) - {module}
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of imports, if there is any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@cache
def of_this_repository() -> dict[str, set[str]]:
    return imports(ROOT, *(folder for folder, _ in rows() if folder not in SOURCES))


def test_each_folder_stands_once_in_the_table_and_none_is_left_out() -> None:
    listed = [folder for folder, _ in rows()]
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert sorted(listed) == sorted(packages | set(SOURCES))


@pytest.mark.lengthy
@pytest.mark.parametrize(("folder", "listed"), rows(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_folder_imports_what_the_table_says_and_nothing_else(folder: str, listed: set[str]) -> None:
    rooms = {name for name, _ in rows()}
    files = (ROOT / SOURCES.get(folder, folder)).rglob("*.py")
    named = {source for file in files for source, _ in names(ast.parse(file.read_text(encoding="utf-8")))}
    assert ({source.partition(".")[0] for source in named} & rooms) - {folder} == listed


@pytest.mark.lengthy
def test_no_file_imports_one_that_imports_it() -> None:
    assert circle(of_this_repository()) == []


def test_a_circle_is_found_in_functions_and_in_what_is_imported_for_types_alone(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room/__init__.py").write_text("")
    (tmp_path / "room/one.py").write_text("if TYPE_CHECKING:\n    from room import two\n")
    (tmp_path / "room/two.py").write_text("def f():\n    from room.one import Name\n")
    found = imports(tmp_path, "room")
    assert found == {"room": set(), "room.one": {"room.two"}, "room.two": {"room.one"}}
    assert set(circle(found)) == {"room.one", "room.two"}

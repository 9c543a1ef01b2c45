"""Imports run one way, also those that a function makes: no module needs one that needs it."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import workbuoy_app

PACKAGE = Path(workbuoy_app.__file__).parent


def modules() -> dict[str, Path]:
    """Every module's name and file."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }


def imported(path: Path, known: set[str]) -> set[str]:
    """What a file imports at run time, wherever in it."""
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    typing_only = [
        node
        for each in ast.walk(tree)
        if isinstance(each, ast.If) and isinstance(each.test, ast.Name) and each.test.id == "TYPE_CHECKING"
        for node in ast.walk(each)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in typing_only:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import) and node not in typing_only:
            found |= {name.name for name in node.names}
    return (found & known) - {"workbuoy_app"}  # the package itself holds its version alone


def test_imports_run_one_way() -> None:
    files = modules()
    needs = {name: imported(path, set(files)) for name, path in files.items()}
    assert needs["workbuoy_app.databases"] >= {"workbuoy_app.postgres", "workbuoy_app.sqlite"}
    try:
        list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise AssertionError(f"these import each other: {error.args[1]}") from None

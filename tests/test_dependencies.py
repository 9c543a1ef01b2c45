"""Whatever the code imports is named in pyproject.toml, never only there because something else brings it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.lengthy

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGED = tuple(name.rstrip("*") for name in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"])
BESIDE = ("tests", "benchmarks")
OTHER_ENVIRONMENT = {  # they run in the service's
    *(ROOT / f"benchmarks/{name}.py" for name in ("service", "serving", "watching", "ui", "custody")),
    ROOT / "tests/fixtures/other_service/service.py",
}


def declared(*groups: list[str]) -> set[str]:
    return {_normal(re.split(r"[\[<>=!~; ]", one, maxsplit=1)[0]) for group in groups for one in group}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(source: str) -> Iterator[str]:
    """The top-level names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@cache
def imported_by(file: Path) -> frozenset[str]:
    """The same of a file, read once for all tests."""
    return frozenset(imported(file.read_text(encoding="utf-8")))


def undeclared(files: list[Path], known: set[str]) -> dict[str, str]:
    """Each top-level name that no declared distribution provides, with a file that imports it."""
    providers = packages_distributions()
    own = {*PACKAGED, *BESIDE, *sys.stdlib_module_names}
    return {
        name: str(file.relative_to(ROOT))
        for file in files
        for name in imported_by(file)
        if name not in own and not known & {_normal(one) for one in providers.get(name, ())}
    }


def files_of(rooms: tuple[str, ...]) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py") if path not in OTHER_ENVIRONMENT)


def test_every_distribution_that_the_program_imports_is_a_dependency() -> None:
    assert undeclared(files_of(PACKAGED), declared(PYPROJECT["project"]["dependencies"])) == {}


def test_every_distribution_that_the_tests_import_is_a_dependency_or_in_the_group_dev() -> None:
    known = declared(PYPROJECT["project"]["dependencies"], PYPROJECT["dependency-groups"]["dev"])
    assert undeclared(files_of(BESIDE), known) == {}


def test_a_distribution_that_only_another_one_brings_is_reported() -> None:
    assert "yaml" in undeclared(files_of(PACKAGED), declared(["PyYAML-of-another-name"]))
    assert declared(["moto[server]", "semver>=3", "pulumi-aws"]) == {"moto", "semver", "pulumi-aws"}
    assert list(imported("def f():\n    import urllib3.util\n    from . import x\n")) == ["urllib3"]

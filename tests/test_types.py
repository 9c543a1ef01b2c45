"""mypy reads every service of the provider that a program names, and of the two hundred others nothing."""

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.conftest import ROOT

OVERRIDES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["overrides"]
(READ,) = (one["module"] for one in OVERRIDES if one.get("follow_imports") == "normal")
PROGRAMS = ("bootstrap", "components", "infra")


def services_of(source: str) -> Iterator[str]:
    """What a file names as `aws.NAME`, where `aws` is the provider."""
    tree = ast.parse(source)
    named = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "pulumi_aws"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in named:
            yield node.attr


def is_read(name: str) -> bool:
    """A name with a capital stands in the provider's own modules, which are all listed."""
    return not name.islower() or any(fnmatch(f"pulumi_aws.{name}.x", pattern) for pattern in READ)


@pytest.mark.parametrize("room", PROGRAMS)
def test_the_types_of_every_service_that_a_program_names_are_read(room: str) -> None:
    files = {path: set(services_of(path.read_text(encoding="utf-8"))) for path in sorted((ROOT / room).rglob("*.py"))}
    assert any(files.values())
    unread = {str(path.relative_to(ROOT)): name for path, names in files.items() for name in names if not is_read(name)}
    assert unread == {}, "list the service in pyproject.toml, below [[tool.mypy.overrides]]"


def test_a_service_that_is_not_listed_is_found() -> None:
    assert set(services_of("import pulumi_aws as aws\naws.lex.Bot(aws.Provider('x'))\nother.s3.Bucket")) == {
        "lex",
        "Provider",
    }
    assert not is_read("lex")
    assert is_read("s3")

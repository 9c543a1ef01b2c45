"""A copy of the project's stack and tenant files, free to be changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.problems import ProblemsError
from infra.tenants.files import read_tenants
from infra.tenants.listing import tenant_file
from tests.conftest import copy_of_project

Edit = Callable[[str, str, str], Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project's files in a folder of their own."""
    return copy_of_project(tmp_path)


@pytest.fixture
def edit(root: Path) -> Edit:
    """Replace one piece of text in a tenant's file, and get the project's folder back."""

    def apply(name: str, old: str, new: str) -> Path:
        file = tenant_file(root, name)
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        return root

    return apply


def problems_of(root: Path) -> list[str]:
    """Every problem of all tenant files, as a person reads them."""
    return [str(problem) for problem in read_tenants(root).problems]


def problems_when(act: Callable[[], object]) -> list[str]:
    """What a person is told when this is done; nothing when it succeeds."""
    try:
        act()
    except ProblemsError as error:
        return [str(problem) for problem in error.problems]
    return []

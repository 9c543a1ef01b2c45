"""Which code a release is of: what declares and deploys, apart from customers' own files."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from infra.problems import Problem, ProblemsError
from infra.stack_files import TENANT_KEY, stack_file, stacks_in
from infra.yaml_index import index_of
from project.git import git_output

APART: Final = frozenset({"benchmarks", "bootstrap", "docs", "tenants", "tests", ".ci", ".github", ".githooks"})
"""Folders whose files change nothing of what a customer's stack declares, beside the record that has its own digest."""


def release_of(root: Path, customers_files: Collection[str]) -> str:
    """A digest of the committed code, and of uncommitted changes where there are any.

    Args:
        root: the project's folder.
        customers_files: names of customers' own stack files, which are not code.

    Raises ProblemsError without git: two runners could not tell whether they have the same code.
    """
    listed = git_output(root, "ls-tree", "-z", "HEAD", "./")
    # A record's change is its customer's alone; so many stack files are no arguments of a command.
    changed = git_output(root, "diff", "HEAD", "--relative", "--name-only", "-z", "--", ".")
    new = git_output(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    if listed is None or changed is None or new is None:
        message = (
            "this is no repository of git with a commit, so that runners cannot tell whether their code is the same"
        )
        raise ProblemsError([Problem(message=message)])
    excluded = {*APART, *customers_files}
    digest = hashlib.sha256()
    for entry in listed.decode().split("\0"):
        if entry and _head(entry.rpartition("\t")[2]) not in excluded and not entry.endswith(".md"):
            digest.update(f"{entry}\0".encode())
    dirty = [name for name in sorted({*_names(changed), *_names(new)}) if _head(name) not in excluded]
    for name in dirty:
        file = root / name
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()[:12] + ("+" if dirty else "")


def customers_files(root: Path) -> list[str]:
    """Names of customers' own stack files, by what stands in each and not by their records, which may be wrong.

    Raises ProblemsError for a stack file that cannot be read.
    """
    index = index_of(root)
    names = (stack_file(root, stack).name for stack in stacks_in(root))
    return [name for name in names if TENANT_KEY in (index.of(name).get("config") or {})]


def _names(listed: bytes) -> list[str]:
    return [name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name]


def _head(name: str) -> str:
    return name.partition("/")[0]

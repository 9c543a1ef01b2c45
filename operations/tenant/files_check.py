"""All customers' files, with what the files of stacks and of those who left add to it."""

from collections.abc import Iterator
from pathlib import Path

from infra.problems import Problem
from infra.stack_files import settings_in, stack_file, stack_file_names
from infra.tenants import capacity
from infra.tenants.files import Tenants, by_base, read_tenants
from infra.tenants.record import Tenant


def read_checked(root: Path) -> Tenants:
    """All customers, and every problem of their files; a silo without its stack's file is one, too."""
    read = read_tenants(root)
    return Tenants(read.tenants, (*read.problems, *_without_stack_file(root, read.tenants)))


def find_warnings(root: Path, tenants: tuple[Tenant, ...]) -> list[str]:
    """Limits of base stacks that are nearly met."""
    return [
        warning
        for base, standing in sorted(by_base(tenants).items())
        for warning in capacity.warnings(base, settings_in(stack_file(root, base)) or {}, standing)
    ]


def _without_stack_file(root: Path, tenants: tuple[Tenant, ...]) -> Iterator[Problem]:
    standing = set(stack_file_names(root))
    for tenant in tenants:
        file = f"Pulumi.{tenant.stack}.yaml"
        if tenant.isolation == "silo" and file not in standing:
            message = f"a silo needs its stack's file {file}, which holds `config: {{workbuoy:tenant: {tenant.name}}}`"
            yield Problem(file=tenant.path, path="isolation", message=message)

"""All customers' files, with what the files of stacks and of those who left add to it."""

from collections.abc import Iterator
from pathlib import Path

from infra.problems import Problem
from infra.stack_files import settings_in, stack_file, stacks_in
from infra.tenants import capacity
from infra.tenants.files import Tenants, by_base, read_tenants
from infra.tenants.hold import pool_warning
from infra.tenants.record import Tenant


def read_checked(root: Path) -> Tenants:
    """All customers, and every problem of their files; a silo without its stack's file is one, too."""
    read = read_tenants(root)
    return Tenants(read.tenants, (*read.problems, *_without_stack_file(root, read.tenants)))


def find_warnings(root: Path, tenants: tuple[Tenant, ...]) -> list[str]:
    """Limits of base stacks that are nearly met, and what a legal hold does not stop."""
    bases = {base: (settings_in(stack_file(root, base)) or {}, on) for base, on in sorted(by_base(tenants).items())}
    return [
        *(warning for base, (settings, on) in bases.items() for warning in capacity.warnings(base, settings, on)),
        *(text for settings, on in bases.values() for one in on if (text := pool_warning(one, settings))),
    ]


def _without_stack_file(root: Path, tenants: tuple[Tenant, ...]) -> Iterator[Problem]:
    standing = set(stacks_in(root))
    for tenant in tenants:
        if tenant.isolation == "silo" and tenant.stack not in standing:
            file = stack_file(root, tenant.stack).name
            message = f"a silo needs its stack's file {file}, which holds `config: {{workbuoy:tenant: {tenant.name}}}`"
            yield Problem(file=tenant.path, path="isolation", message=message)

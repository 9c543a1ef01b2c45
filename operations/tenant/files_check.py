"""All customers' files, with what the files of stacks and of those who left add to it."""

from pathlib import Path

from infra.stack_files import settings_in, stack_file
from infra.tenants import capacity
from infra.tenants.files import Tenants, by_base, find_stack_file_problems, read_tenants
from infra.tenants.hold import pool_warning
from infra.tenants.record import Tenant


def read_checked(root: Path) -> Tenants:
    """All customers, and every problem of their files; a silo without its stack's file is one, too."""
    read = read_tenants(root)
    places = (place for tenant in read.tenants for place in tenant.places)
    of_files = (problem for place in places for problem in find_stack_file_problems(root, place))
    return Tenants(read.tenants, (*read.problems, *of_files))


def find_warnings(root: Path, tenants: tuple[Tenant, ...]) -> list[str]:
    """Limits of base stacks that are nearly met, and what a legal hold does not stop."""
    bases = {base: (settings_in(stack_file(root, base)) or {}, on) for base, on in sorted(by_base(tenants).items())}
    return [
        *(warning for base, (settings, on) in bases.items() for warning in capacity.warnings(base, settings, on)),
        *(text for settings, on in bases.values() for one in on if (text := pool_warning(one, settings))),
    ]

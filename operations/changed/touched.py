"""From changed files to the stacks and customers that they touch. What no rule knows touches all."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from operations.changed.estate import OFFBOARDED, Base, Customer, Estate

_STACK_FILE: Final = re.compile(r"Pulumi\.([^/]+)\.yaml")
_TENANT_FILE: Final = re.compile(r"tenants/([^/]+)\.yaml")

# What neither changes what a stack declares, nor the image, nor how either is judged. bootstrap/ is a project of its
# own, which a person runs.
_APART_FOLDERS: Final = (".ci", ".github", "app/benchmarks", "app/tests", "benchmarks", "bootstrap", "docs", "tests")
_APART_NAMES: Final = frozenset({".env.example", ".gitattributes", ".gitignore", "LICENSE"})


@dataclass(frozen=True, kw_only=True)
class Touched:
    """Base stacks and customers, by name; `removed` are stack and tenant files that are no longer there."""

    bases: tuple[Base, ...]
    customers: tuple[Customer, ...]
    removed: tuple[str, ...] = ()

    @property
    def silos(self) -> tuple[Customer, ...]:
        """Customers with a stack of their own."""
        return tuple(one for one in self.customers if one.isolation == "silo")


def everything(estate: Estate) -> Touched:
    """All that stands."""
    return Touched(bases=tuple(estate.bases.values()), customers=tuple(estate.customers.values()))


def touched(files: Iterable[str], estate: Estate) -> Touched:
    """What these files, as paths from the project's root, touch.

    A base stack's file touches its customers' own stacks too: they take from it whatever their tier leaves out.
    """
    bases: set[str] = set()
    customers: set[str] = set()
    removed: list[str] = []
    for file in files:
        if match := _STACK_FILE.fullmatch(file):
            stack = match[1]
            owners = {name for name, one in estate.customers.items() if stack in (one.stack, one.base.stack)}
            customers |= {name for name in owners if estate.customers[name].isolation == "silo"}
            if stack in estate.bases:
                bases.add(stack)
            elif not owners and stack != "local":
                removed.append(file)
        elif match := _TENANT_FILE.fullmatch(file):
            if match[1] in estate.customers:
                customers.add(match[1])
            elif match[1] != OFFBOARDED:
                removed.append(file)
        elif not _stands_apart(file):
            whole = everything(estate)
            return Touched(bases=whole.bases, customers=whole.customers, removed=_removed(files, estate))
    return Touched(
        bases=tuple(one for name, one in estate.bases.items() if name in bases),
        customers=tuple(one for name, one in estate.customers.items() if name in customers),
        removed=tuple(removed),
    )


def _removed(files: Iterable[str], estate: Estate) -> tuple[str, ...]:
    alone = (file for file in files if _STACK_FILE.fullmatch(file) or _TENANT_FILE.fullmatch(file))
    return touched(alone, estate).removed


def _stands_apart(file: str) -> bool:
    path = PurePosixPath(file)
    return (
        path.suffix == ".md"
        or path.name in _APART_NAMES
        or any(path.is_relative_to(folder) for folder in _APART_FOLDERS)
    )

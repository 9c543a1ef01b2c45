"""From changed files to the stacks and customers that they touch. What no rule knows touches all."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from bootstrap.home import account_file
from infra.stack_files import stack_of
from infra.tenants.listing import MOVED_FOLDER, OFFBOARDED_FOLDER, name_in
from operations.changed.estate import LOCAL, Base, Customer, ListedEstate
from operations.changed.files import Files

_BOOTSTRAP: Final = "bootstrap"

# What neither changes what a stack declares, nor the image, nor how either is judged. bootstrap/ is a project of its
# own, which a person runs in each account; who has left has nothing left to deploy.
_APART_FOLDERS: Final = (
    ".ci",
    ".githooks",
    ".github",
    "app/benchmarks",
    "app/tests",
    "benchmarks",
    _BOOTSTRAP,
    "docs",
    OFFBOARDED_FOLDER,
    MOVED_FOLDER,
    "tests",
)
_APART_NAMES: Final = frozenset(
    {"fleet.yaml", ".editorconfig", ".env.example", ".gitattributes", ".gitignore", "LICENSE"}
)


@dataclass(frozen=True, kw_only=True)
class Touched:
    """Base stacks and customers; `removed` are stack and tenant files that are no longer there.

    `new` are stacks that this change brings, an account as `bootstrap/NAME`: nothing of theirs stands yet that could be
    compared. `named` are customers
    of whom a file of their own changes, or who were asked for. `shared` says that a file of it concerns all.
    `accounts` are stacks of `bootstrap/`.
    """

    bases: tuple[Base, ...]
    customers: tuple[Customer, ...]
    removed: tuple[str, ...] = ()
    new: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    shared: bool = False
    accounts: tuple[str, ...] = ()

    @property
    def silos(self) -> tuple[Customer, ...]:
        """Customers' own stacks; of one who moves, those in both places."""
        return tuple(place for one in self.customers if one.isolation == "silo" for place in one.places)


def place_of(account: str) -> str:
    """How an account's stack is named beside those of the root."""
    return f"{_BOOTSTRAP}/{account}"


def everything(estate: ListedEstate) -> Touched:
    """All that stands."""
    return Touched(
        bases=tuple(estate.bases.values()),
        customers=tuple(estate.customers.values()),
        named=frozenset(estate.customers),
        accounts=estate.accounts,
    )


def touched(files: Files, estate: ListedEstate) -> Touched:
    """What these files touch.

    A base stack's file touches its customers' own stacks too: they take from it whatever their tier leaves out. The
    file of a customer of the pool who moves, or moved before this change, touches both base stacks.
    """
    bases: set[str] = set()
    customers: set[str] = set()
    named: set[str] = set()
    removed: list[str] = []
    shared = False
    all_silos = everything(estate).silos
    for file in files.differing:
        if stack := stack_of(file):
            silos = [place for place in all_silos if stack in (place.stack, place.base.stack)]
            customers |= {place.tenant for place in silos}
            named |= {place.tenant for place in silos if place.stack == stack}
            if stack in estate.bases:
                bases.add(stack)
            elif not silos and stack != LOCAL:
                removed.append(file)
        elif name := name_in(file):
            bases |= files.moved.get(file, frozenset())
            if customer := estate.customers.get(name):
                customers.add(name)
                named.add(name)
                if customer.isolation == "pool" and customer.other is not None:
                    bases |= {place.stack for place in customer.places}
            else:
                removed.append(file)
        else:
            shared = shared or is_shared(file)
    return Touched(
        bases=tuple(one for name, one in estate.bases.items() if shared or name in bases),
        customers=tuple(one for name, one in estate.customers.items() if shared or name in customers),
        removed=tuple(removed),
        new=_new(files, estate),
        named=frozenset(named),
        shared=shared,
        accounts=tuple(one for one in estate.accounts if _touches_account(files, one, shared=shared)),
    )


def is_shared(file: str) -> bool:
    """Whether a file concerns every stack: it is no stack's and no customer's, and does not stand apart."""
    return stack_of(file) is None and name_in(file) is None and not _stands_apart(file)


def _touches_account(files: Files, account: str, *, shared: bool) -> bool:
    """Whether what an account's bootstrap declares may change."""
    inside = (PurePosixPath(file) for file in files.differing if file.startswith(f"{_BOOTSTRAP}/"))
    program = any(one.suffix != ".md" and stack_of(one.name) is None for one in inside)
    return shared or program or account_file(account) in files.differing


def _new(files: Files, estate: ListedEstate) -> frozenset[str]:
    """A base or an account is new with its file, a silo with its stack's or its record, unless that was elsewhere."""
    added = {stack_of(file) for file in files.added}
    bases = {stack for stack in estate.bases if stack in added}
    came = {name_in(file) for file in files.added} - {name_in(file) for file in {*files.differing} - files.added}
    silos = {one.stack for one in everything(estate).silos if one.tenant in came or one.stack in added}
    accounts = {place_of(one) for one in estate.accounts if account_file(one) in files.added}
    return frozenset(bases | silos | accounts)


def _stands_apart(file: str) -> bool:
    path = PurePosixPath(file)
    return (
        path.suffix == ".md"
        or path.name in _APART_NAMES
        or any(path.is_relative_to(folder) for folder in _APART_FOLDERS)
    )

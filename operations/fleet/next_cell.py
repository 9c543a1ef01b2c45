"""The files of a further cell: its base stack's, and its account's where the account of the present one is taken up."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bootstrap.home import SETTINGS_KEY as ACCOUNT_KEY
from bootstrap.home import account_file, account_settings, account_stack, accounts_in, home_region
from infra.placeholders import PLACEHOLDER_ACCOUNT
from infra.problems import Problem, ProblemsError
from infra.stack_files import settings_in, stack_file, stacks_in
from infra.yaml_text import as_yaml
from operations.changed.estate import read_bases
from operations.fleet.cells import Cell
from project.whole_file import write_whole

_TEN: Final = re.compile(r"\b10\.(\d{1,3})\.")
_OF_A_STATE: Final = re.compile(r"(secretsprovider|encryptedkey|encryptionsalt):")
_SCHEMA: Final = "# yaml-language-server: $schema=bootstrap.schema.json\n"


@dataclass(frozen=True, kw_only=True)
class NextCell:
    """Files by their path below the project's root, why they are as they are, and what is left to a person."""

    files: Mapping[str, str]
    why: str
    steps: tuple[str, ...]

    def write(self, root: Path) -> None:
        """Into the project. Raises ProblemsError where one is there already, or cannot be written."""
        there = [name for name in self.files if (root / name).exists()]
        if there:
            raise ProblemsError([Problem(file=name, message="is there already; nothing was written") for name in there])
        for name, text in self.files.items():
            write_whole(root / name, text)


def next_cell(root: Path, cell: Cell, *, own_account: bool | None = None) -> NextCell:
    """A further cell like this one: its own name, range of addresses and host name, and no secret of the other's state.

    It gets an account of its own where limits that the account shares out leave it fewer customers there than it would
    have alone, or where `own_account` asks for it; the new account's id is a placeholder, which nothing deploys.

    Raises ProblemsError where no range of addresses is free, or the present account has no file to copy.
    """
    name = _free_name(root, cell.name)
    text = _base_text(root, cell, name)
    known = (root / account_file(account_stack(root, cell.base.environment, cell.base.account))).is_file()
    separate_account = own_account if own_account is not None else known and cell.shared < cell.alone
    if not separate_account:
        why = (
            f"in account {cell.base.account} with {cell.name}: {cell.shared} customers fit there ({cell.shared_limit})"
        )
        return NextCell(files={stack_file(root, name).name: text}, why=why, steps=(_certificate(name),))
    account = _free_placeholder(root)
    own, first = account_file(name), cell.base.environment
    files = {
        stack_file(root, name).name: text.replace(cell.base.account, account),
        own: _account_text(root, cell, account),
    }
    why = (
        f"in an account of its own: beside {cell.name}, {cell.base.account} leaves it {cell.shared} customers "
        f"({cell.shared_limit}), and alone it has room for {cell.alone}"
    )
    steps = (
        f"put the new account's id in the place of {account}, in both files",
        f"add it to journalWriters in {account_file(first)}, so that its runners keep the journal of the rollouts",
        f"workbuoy bootstrap up {name}, then adopt-state {name}",
        f"workbuoy bootstrap up {first}",
        _certificate(name),
    )
    return NextCell(files=files, why=why, steps=steps)


def _certificate(name: str) -> str:
    return f"put its certificate into Pulumi.{name}.yaml, then workbuoy rehearse {name}"


def _free_name(root: Path, name: str) -> str:
    """The cell's name with the lowest number that neither a stack nor an account has."""
    stem = re.sub(r"-\d+$", "", name)
    taken = {*stacks_in(root), *accounts_in(root)}
    return next(cell for number in range(2, 10_000) if (cell := f"{stem}-{number}") not in taken)


def _base_text(root: Path, cell: Cell, name: str) -> str:
    used = {int(found) for base in read_bases(root) for found in _TEN.findall(_addresses(root, base))}
    free = next((number for number in range(10, 256) if number not in used), None)
    if free is None:
        raise ProblemsError([Problem(message="every range 10.N.0.0/16 is taken; choose another network by hand")])
    lines = stack_file(root, cell.name).read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not _OF_A_STATE.match(line)) + "\n"
    return re.sub(r"(?m)^(\s+hostName: )([^.\s]+)\.", rf"\g<1>\2-{name}.", _TEN.sub(f"10.{free}.", text))


def _addresses(root: Path, base: str) -> str:
    settings = settings_in(stack_file(root, base)) or {}
    network = settings.get("network")
    return str(network.get("cidrBlock")) if isinstance(network, Mapping) else ""


def _account_text(root: Path, cell: Cell, account: str) -> str:
    """As the present account's file, but for the id, and the journal, which the environment's first account keeps."""
    environment = cell.base.environment
    like = account_stack(root, environment, cell.base.account)
    settings = dict(account_settings(root, like))
    if not settings:
        message = "is missing or cannot be read, and the new account's file is made from it"
        raise ProblemsError([Problem(file=account_file(like), message=message)])
    first = account_settings(root, environment)
    journal = {"account": first.get("account"), "region": home_region(root, environment, first.get("account"))}
    written = dict(_written(settings, {"account": account, "journal": settings.get("journal") or journal}))
    return _SCHEMA + as_yaml({"config": {ACCOUNT_KEY: written}})


def _written(settings: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if key not in ("journal", "journalWriters"):
            yield key, own.get(key, value)
    yield "journal", own["journal"]


def _free_placeholder(root: Path) -> str:
    """An account id that nothing deploys, and that no file has."""
    files = [
        *(stack_file(root, base) for base in read_bases(root)),
        *(root / account_file(one) for one in accounts_in(root)),
    ]
    taken = {found for file in files for found in PLACEHOLDER_ACCOUNT.findall(file.read_text(encoding="utf-8"))}
    return next(f"000000000{number:03}" for number in range(1, 1000) if f"{number:03}" not in taken)

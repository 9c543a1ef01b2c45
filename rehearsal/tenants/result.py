"""What a rehearsal of several customers found: each stack in short, and the isolation matrix cell by cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Outcome(StrEnum):
    """What came of one attempt. NOT_PROVED failed for another reason than a denial: it says nothing either way."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_PROVED = "not proved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who is told apart: a stack, or a tenant in a base stack's pool."""

    name: str
    kind: str  # `base stack`, `silo` or `pool tenant`


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One attempt of one identity of a party on one thing of a party's.

    `who_as` is the role, the database login or the member that asked, `what` the thing that was asked for, `why` the
    statement that decided or what is missing.
    """

    who: str
    who_as: str
    whom: str
    what: str
    call: str
    expected: Outcome
    got: Outcome
    why: str

    @property
    def red(self) -> bool:
        """Whether it is not as it must be, or not proved."""
        return self.got is not self.expected

    def __str__(self) -> str:
        return (
            f"{self.who} as {self.who_as}: {self.call} on {self.whom}'s {self.what} is {self.got}, not {self.expected}"
        )


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Every cell that was tried, and what was left out with its reason."""

    parties: tuple[Party, ...]
    cells: tuple[Cell, ...]
    left_out: tuple[str, ...] = ()
    stand_in: str = ""  # the pool tenant that is made up, and why
    sampled: str = ""  # how tenants were chosen, where not all are in it
    judged: int = 0  # requests that our evaluator judged
    without_call: int = 0  # cells judged from what is declared, for which no call was made
    seconds: float = 0.0

    @property
    def red(self) -> tuple[Cell, ...]:
        """Cells that fail the rehearsal."""
        return tuple(cell for cell in self.cells if cell.red)

    @cached_property
    def between(self) -> dict[tuple[str, str], tuple[Cell, ...]]:
        """Cells by (who, whom), in the order in which they were tried."""
        found: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.cells:
            found.setdefault((cell.who, cell.whom), []).append(cell)
        return {pair: tuple(cells) for pair, cells in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodUp:
    """One further stack in short: the whole of it is what `workbuoy rehearse STACK` shows."""

    stack: str
    tenant: str  # empty for a base stack
    account: str
    region: str
    compared: int
    declared_only: int
    fields_checked: int
    fields_not_checked: int
    problems: tuple[str, ...]  # what differs, failed, would be refused or breaks a mandatory policy
    policies_passed: int
    policies_advised: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class TenantsRehearsal:
    """What stands beside the base stack that was asked for, and who can reach whom."""

    tenants: Mapping[str, str]  # name -> stack that holds the customer's data
    stacks: tuple[StoodUp, ...]
    matrix: Matrix | None = None  # None where it was left out
    not_tried: str = ""  # why there is no matrix though one was asked for: then something else has failed

    @property
    def passed(self) -> bool:
        """Whether every stack stands and no cell is red."""
        return not any(one.problems for one in self.stacks) and (self.matrix is None or not self.matrix.red)

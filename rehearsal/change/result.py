"""What became of a change: its steps as the engine takes them, and what went wrong on the way."""

from dataclasses import dataclass

from facts.downtime import Interruption, interruptions
from facts.moves import Move, moves
from graph.plan import Plan, PlanStep


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a change from going through, or what it leaves behind; `step` is the word for what was tried."""

    urn: str
    name: str
    step: str
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.step}: {self.what}"


@dataclass(frozen=True, kw_only=True)
class ChangeRehearsal:
    """A stack as it stood at a revision, changed in place into what is declared now.

    `origin` names both sides, `notes` say what a person must know of them.
    `kept` is what is left in AWS on purpose, with the reason; `order` are the steps as they were taken; `monthly` says
    what they cost.
    """

    origin: str
    steps: tuple[PlanStep, ...]
    order: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    monthly: str = ""

    @property
    def passed(self) -> bool:
        """Whether every step went through and nothing is left behind."""
        return not self.faults

    @property
    def interruptions(self) -> list[Interruption]:
        """What is interrupted and how long, the longest first."""
        return interruptions(Plan(stack="", steps=self.steps))

    @property
    def moves(self) -> tuple[Move, ...]:
        """What an alias would keep, which is deleted and made anew."""
        return moves(Plan(stack="", steps=self.steps))

    @property
    def changing(self) -> tuple[PlanStep, ...]:
        """The steps that change something which AWS holds."""
        return tuple(one for one in self.steps if one.changes and not one.is_component and not one.is_provider)

    def count(self, op: str) -> int:
        """Number of steps of a kind."""
        return sum(one.op == op for one in self.changing)

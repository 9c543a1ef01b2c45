"""One unit of work is one transaction, on Postgres or on SQLite, told to the database who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from workbuoy_app.problems import Unavailable

T = TypeVar("T")
Row = dict[str, Any]
Values = Mapping[str, Any]
# Ends a statement that reads a row to change it: another that does so waits.
ROW_LOCK = " for no key update"
# What row-level security judges by: `session` (a token's hash), `issuer` and `subject`.
Claims = Mapping[str, str]


@dataclass(frozen=True)
class Statement:
    """One statement. Parameters are written %(name)s for both databases."""

    text: str
    values: Values


class DatabaseUnavailable(Unavailable):
    """The database does not answer, has no room, or lacks the schema; nothing was changed."""


class Transaction(Protocol):
    """Statements of one transaction, written as in `Statement`."""

    found: str  # the condition on a thing that it holds the words of the parameter `search`
    removals_owed: str  # where the notes of all tenants' objects that are to go come from
    forget_removal: str  # the statement that ends one of them
    forget_answers: str  # the statement that ends all tenants' answers of before the parameter `before`
    oldest_freeze: str  # where the freeze comes from that a command made first and has not ended

    async def session_row(self, claims: Claims) -> Row | None:
        """The live session or API token that `claims` name, with its member's role."""

    async def alone(self, key: str) -> None:
        """Wait until no other transaction has the key, and have it until this one ends: where no row can be locked."""

    async def limit(self, seconds: float) -> None:
        """Let each further statement take no longer. Then DatabaseUnavailable comes."""

    async def one(self, statement: str, values: Values) -> Row | None:
        """The first row, or None."""

    async def all(self, statement: str, values: Values) -> list[Row]:
        """Every row."""

    async def execute(self, statement: str, values: Values) -> int:
        """How many rows it concerned."""

    async def execute_many(self, statement: str, values: Sequence[Values]) -> None:
        """The statement once for each set of values."""


class Database(Protocol):
    """Where rows live."""

    single_tenant: bool

    @property
    def refusal(self) -> str | None:
        """Why the database that answers must not be used, in words for an operator."""

    async def open(self) -> None:
        """Begin to connect. Returns at once, also where nothing answers yet."""

    async def close(self) -> None:
        """Let go of every connection."""

    async def run(
        self, work: Callable[[Transaction], Awaitable[T]], claims: Claims, *, repeatable: bool = True
    ) -> T:
        """Do `work` in one transaction and commit it.

        A connection that dies is replaced and the work done again, so `work` must not act on anything else. With
        `repeatable=False` it is not done again where the commit itself may have happened. Raises
        DatabaseUnavailable, and problems.Frozen where a frozen tenant's rows would change.
        """

    async def at_once(self, statement: Statement, claims: Claims) -> tuple[Row | None, list[Row]] | None:
        """The session row (`Transaction.session_row`) and a statement's rows, in one message and one transaction.

        A connection that dies is replaced and the statement sent again. None where this database has no such way, or
        the server refused: `run` then does the work, or says why not. Raises DatabaseUnavailable, problems.Frozen.
        """

    def statistics(self) -> Mapping[str, float]:
        """The pool's numbers, for metrics."""

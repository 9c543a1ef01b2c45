"""A real Postgres for each stack, migrated by its owner, its login made by its own rotation function."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rehearsal.cloud import Moto
from rehearsal.permissions.gate import Gate, NotTrustedError
from rehearsal.service.processes import NotToBeHadError, Programs
from rehearsal.service.run import explained, opened_trial
from rehearsal.service.steps import DATABASE_STEPS
from rehearsal.service.surroundings import Owner, Surroundings
from rehearsal.service.trial import StepError
from rehearsal.tenants.holdings import Holdings

AT_ONCE = 2  # each runs two Python programs


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What databases are prepared on: the account in moto, the gate before it, and how to run the service."""

    moto: Moto
    account: str
    gate: Gate
    gate_url: str
    programs: Programs


class Databases:
    """One database server a stack, so that a login of one means nothing to another. At the end nothing is left.

    Args:
        app: the folder `app/`.
        stacks: the names of those that need one; the servers begin to start at once.
        base: the base stack's surroundings, whose identity provider serves all.
    """

    def __init__(self, app: Path, stacks: Sequence[str], base: Surroundings) -> None:
        # A database that was given from outside is the base stack's own.
        self._surroundings = {stack: Surroundings(app, {}, provider=base) for stack in stacks}
        self._contexts = ExitStack()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._prepared: dict[str, Future[None]] = {}

    def __enter__(self) -> Self:
        for one in self._surroundings.values():
            self._contexts.enter_context(one)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for one in self._surroundings.values():
            one.ask_to_end()
        self._contexts.close()

    def prepare(self, stacks: Sequence[Holdings], grounds: Grounds) -> None:
        """Begin to migrate each and to make its login, beside whatever else is done."""
        for one in stacks:
            self._prepared[one.stack] = self._pool.submit(_prepare, one, grounds, self._surroundings[one.stack])

    def owners(self, gate: Gate) -> tuple[Mapping[str, Owner], Mapping[str, str]]:
        """The owners' logins by stack, once all are prepared; and why others have none."""
        owners: dict[str, Owner] = {}
        reasons: dict[str, str] = {}
        for stack, prepared in self._prepared.items():
            try:
                prepared.result()
                owners[stack] = self._surroundings[stack].postgres()
            except (StepError, NotTrustedError) as error:
                reasons[stack] = explained(str(error), gate)
            except NotToBeHadError as error:
                reasons[stack] = str(error)
        return owners, reasons


def _prepare(holdings: Holdings, grounds: Grounds, surroundings: Surroundings) -> None:
    cloud, behind = grounds.moto.cloud(grounds.account, holdings.region), nullcontext((grounds.gate, grounds.gate_url))
    with opened_trial(holdings.declared, cloud, surroundings, programs=grounds.programs, behind=behind) as trial:
        for _, step in DATABASE_STEPS:
            step(trial)

"""What is known of a customer's stack and of the base it stands on: from the program, a rehearsal, or the engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from infra.tenants.record import Tenant
from project.files import Project
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse

if TYPE_CHECKING:
    from rehearsal.cloud import Moto


class Source(StrEnum):
    """Where an answer comes from."""

    DECLARED = "declared"  # the program, run without an engine; ids that AWS makes are stand-ins
    REHEARSAL = "rehearsal"  # the same, created in moto and read back
    STACK = "stack"  # what the engine last deployed
    LIVE = "live"  # the account


@dataclass(frozen=True, kw_only=True)
class Estate:
    """The stack that holds a customer's data, and for a silo the base stack that it shares with others."""

    tenant: Tenant
    own: Rehearsal
    base: Rehearsal | None
    source: Source

    @property
    def stand_in_account(self) -> bool:
        """Whether the account is a placeholder's stand-in, and no account of AWS."""
        return any(self.own.account in one.stand_in for one in self.own.stand_ins)

    @property
    def stacks(self) -> tuple[Rehearsal, ...]:
        return (self.own,) if self.base is None else (self.own, self.base)


@dataclass
class Declarations:
    """Declares each base stack once, and each silo when it is asked for; holds no silo's graph."""

    project: Project
    source: Source = Source.DECLARED
    moto: "Moto | None" = None
    _bases: dict[str, Rehearsal] = field(default_factory=dict)

    def estate(self, tenant: Tenant) -> Estate:
        """A customer's estate. Raises what `rehearsal.run.rehearse` raises."""
        base = self._base(tenant.base)
        if tenant.isolation == "pool":
            return Estate(tenant=tenant, own=base, base=None, source=self.source)
        options = replace(self._options, references={tenant.base: base.exports})
        own = rehearse(self.project, tenant.stack, options, self.moto)
        return Estate(tenant=tenant, own=own, base=base, source=self.source)

    def _base(self, stack: str) -> Rehearsal:
        if stack not in self._bases:
            self._bases[stack] = rehearse(self.project, stack, self._options, self.moto)
        return self._bases[stack]

    @property
    def _options(self) -> Options:
        return Options(declare_only=self.source is not Source.REHEARSAL)


@contextmanager
def declarations(project: Project, source: Source) -> Iterator[Declarations]:
    """Declarations, with a moto of their own where stacks are to be rehearsed."""
    if source is not Source.REHEARSAL:
        yield Declarations(project)
        return
    from rehearsal.cloud import running  # noqa: PLC0415 declaring only must not import moto

    with running() as moto:
        yield Declarations(project, source, moto)


def with_states(estate: Estate, states: dict[str, dict[str, Any]]) -> Estate:
    """The estate with the stacks whose exported state is given in place of what the program declares.

    Raises ProblemsError for a state that cannot be read.
    """
    from operations.locate.state import rehearsal_of  # noqa: PLC0415 few ask for it

    def of(declared: Rehearsal) -> Rehearsal:
        return rehearsal_of(states[declared.stack], declared) if declared.stack in states else declared

    base = None if estate.base is None else of(estate.base)
    return replace(estate, own=of(estate.own), base=base, source=Source.STACK)

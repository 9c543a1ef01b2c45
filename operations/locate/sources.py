"""What is known of a customer's stack and of the base it stands on: from the program, a rehearsal, or the engine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph import Graph
from graph.state import graph_of_state, stack_in
from infra.problems import Problem, ProblemsError
from infra.tenants.record import Tenant
from project.files import Project
from rehearsal.as_graph import graph_of
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.tenants.account import declared_account

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
    """The stack that holds a customer's data, for a silo the base stack that it shares with others, and the account.

    `account` is what bootstrap declares of it: people's and workflows' roles, state, trail, images; None where that is
    not known, for the reason `account_gap`. `stand_in_account`: the account is a placeholder's stand-in, and no account
    of AWS.
    """

    tenant: Tenant
    own: Graph
    base: Graph | None
    source: Source
    account: Graph | None = None
    account_gap: str = ""
    stand_in_account: bool = False

    @property
    def stacks(self) -> tuple[Graph, ...]:
        return (self.own,) if self.base is None else (self.own, self.base)

    @property
    def everybody(self) -> tuple[Graph, ...]:
        """The stacks, and the account's own roles where they are known."""
        return self.stacks if self.account is None else (*self.stacks, self.account)


@dataclass
class Declarations:
    """Declares each base stack once, and each silo when it is asked for; holds no silo's graph."""

    project: Project
    source: Source = Source.DECLARED
    moto: "Moto | None" = None
    _bases: dict[str, tuple[Rehearsal, Graph]] = field(default_factory=dict)
    _accounts: dict[str, tuple[Graph | None, str]] = field(default_factory=dict)

    def estate(self, tenant: Tenant) -> Estate:
        """A customer's estate. Raises what `rehearsal.run.rehearse` raises."""
        if tenant.base not in self._bases:
            made = rehearse(self.project, tenant.base, self._options, self.moto)
            self._bases[tenant.base] = made, graph_of(made)
        rehearsal, base = self._bases[tenant.base]
        own, shared = base, None
        if tenant.isolation == "silo":
            options = replace(self._options, references={tenant.base: rehearsal.exports})
            rehearsal = rehearse(self.project, tenant.stack, options, self.moto)
            own, shared = graph_of(rehearsal), base
        stand_in = any(own.account in one.stand_in for one in rehearsal.stand_ins)
        account, gap = self._account(self._bases[tenant.base][0])
        return Estate(
            tenant=tenant,
            own=own,
            base=shared,
            source=self.source,
            account=account,
            account_gap=gap,
            stand_in_account=stand_in,
        )

    def _account(self, base: Rehearsal) -> tuple[Graph | None, str]:
        if base.account not in self._accounts:
            self._accounts[base.account] = declared_account(self.project, base)
        return self._accounts[base.account]

    @property
    def _options(self) -> Options:
        return Options(declare_only=self.source is not Source.REHEARSAL)


@contextmanager
def declarations(project: Project, source: Source) -> Iterator[Declarations]:
    """Declarations, with a moto of their own where stacks are to be rehearsed."""
    if source is not Source.REHEARSAL:
        yield Declarations(project)
        return
    from rehearsal.cloud import running  # declaring only must not import moto

    with running() as moto:
        yield Declarations(project, source, moto)


def read_state(file: Path) -> tuple[str, dict[str, Any]]:
    """The stack that a file of `pulumi stack export` is of, and its content. Raises ProblemsError where it is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return stack_in(content), content
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not what `pulumi stack export` writes"
        raise ProblemsError([Problem(file=str(file), message=f"cannot be read as a state: {reason}")]) from None


def with_states(estate: Estate, states: dict[str, dict[str, Any]]) -> Estate:
    """The estate with the stacks whose exported state is given in place of what the program declares.

    Account and region are those of the program's own declaration.
    """

    def of(declared: Graph) -> Graph:
        if declared.stack not in states:
            return declared
        return graph_of_state(states[declared.stack], account=declared.account, region=declared.region)

    base = None if estate.base is None else of(estate.base)
    return replace(estate, own=of(estate.own), base=base, source=Source.STACK)

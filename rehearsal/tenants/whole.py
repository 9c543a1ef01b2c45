"""Everything that `workbuoy rehearse BASE --tenants ...` does, in one moto."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from facts.ways.parties import ACCOUNT, OUTSIDE
from graph import Graph
from infra.tenants.record import Tenant
from project.files import Project
from rehearsal.as_graph import graph_of
from rehearsal.cloud import Cloud, Moto, running
from rehearsal.permissions.gate import open_gate
from rehearsal.result import Rehearsal
from rehearsal.run import Options, no_collector
from rehearsal.service.declared import NoServiceError
from rehearsal.service.processes import Programs
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.run import rehearse_service
from rehearsal.service.steps import Action
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import MEMBERS, Trial
from rehearsal.tenants.account import declared_account
from rehearsal.tenants.apart import stand_in_two, worth_it
from rehearsal.tenants.choose import Chosen, choose, sample
from rehearsal.tenants.databases import Databases
from rehearsal.tenants.databases import Grounds as DatabaseGrounds
from rehearsal.tenants.holdings import Holdings, holdings_of
from rehearsal.tenants.intended import OnItsWay
from rehearsal.tenants.matrix import Grounds, all_cells
from rehearsal.tenants.pool import STAND_IN_TENANT, cells_of_pool, members_for, settle
from rehearsal.tenants.result import Matrix, Party, StoodUp, TenantsRehearsal
from rehearsal.tenants.stand import Standing
from rehearsal.tenants.ways import ONLY_AWS_SHOWS, joined
from rehearsal.whole import image_programs

_OTHERS = {ACCOUNT: "the account's own", OUTSIDE: "everybody else"}


def rehearse_tenants(
    project: Project,
    base: str,
    names: Sequence[str],
    options: Options,
    *,
    with_service: bool = True,
    with_matrix: bool = True,
    in_image: bool = False,
) -> Rehearsal:
    """Rehearse a base stack with these tenants' stacks beside it, and try who can reach whom.

    The service is tried on the base stack alone; every other stack of the matrix gets a Postgres, migrations and a
    login of its own. Without the service the matrix holds the cells of roles alone.

    Raises what `choose`, `rehearsal.run.rehearse` and `rehearsal.whole.rehearse_whole` raise.
    """
    plan = plan_for(project, base, names, with_service=with_service, with_matrix=with_matrix)
    with ExitStack() as contexts:
        programs = contexts.enter_context(image_programs(project.root)) if in_image else None
        return Rehearsing(project, options, plan, contexts, programs).run()


@dataclass(frozen=True, kw_only=True)
class EstateRun:
    """What is to be done."""

    chosen: Chosen
    in_matrix: tuple[Tenant, ...]
    sampled: str
    with_matrix: bool
    with_service: bool

    @property
    def stacks(self) -> tuple[str, ...]:
        """The matrix's stacks, the base that was asked for first."""
        silos = [one for one in self.in_matrix if one.isolation == "silo"]
        bases = [
            one
            for one in self.chosen.further_bases
            if one in {place.base for tenant in self.in_matrix for place in tenant.places}
        ]
        return (self.chosen.base, *bases, *(one.stack for one in silos))

    @property
    def ways(self) -> tuple[OnItsWay, ...]:
        """Customers whose data are on their way: from the pool to a stack of their own, or between two places."""
        found = [
            OnItsWay(tenant=one.name, sender=one.base, receiver=one.stack)
            for one in self.in_matrix
            if one.promotion is not None
        ]
        for one, other in ((one, one.other) for one in self.in_matrix):
            if other is not None:  # and back
                found.append(OnItsWay(tenant=one.name, sender=one.stack, receiver=other.stack))
                found.append(OnItsWay(tenant=one.name, sender=other.stack, receiver=one.stack))
        return tuple(dict.fromkeys(found))

    @property
    def pool(self) -> tuple[str, ...]:
        """Tenants of the base's own pool that are in the matrix."""
        return tuple(one.name for one in self.in_matrix if one.isolation == "pool" and one.base == self.chosen.base)

    def left_out(self) -> tuple[str, ...]:
        """What the matrix does not hold, and why."""
        if not self.with_service:
            return ("database rows and tenants of a pool: they need the service, which was left out",)
        elsewhere = [one.name for one in self.in_matrix if one.isolation == "pool" and one.base != self.chosen.base]
        notes = []
        if elsewhere:
            notes.append(f"pool tenants {', '.join(elsewhere)}: the service runs on {self.chosen.base} alone")
        if not self.pool:
            notes.append(f"tenants of {self.chosen.base}'s pool: none is named")
        return tuple(notes)

    def stand_in(self) -> str:
        """The pool tenant that is made up, if one is, and why."""
        if not self.with_service or len(self.pool) != 1:
            return ""
        return f"{STAND_IN_TENANT} is made up: {self.pool[0]} is the only tenant of the pool that is named"


def plan_for(
    project: Project, base: str, names: Sequence[str], *, with_service: bool = True, with_matrix: bool = True
) -> EstateRun:
    """What a rehearsal of these tenants does. Raises as `choose` does."""
    chosen = choose(project, base, names)
    tenants, sampled = sample(chosen) if with_matrix else ((), "")
    return EstateRun(
        chosen=chosen,
        in_matrix=tenants,
        sampled=sampled,
        with_matrix=with_matrix,
        with_service=with_service and (project.root / "app").is_dir(),
    )


@dataclass
class Rehearsing:
    """One such rehearsal on its way; the base's service runs while the other databases are prepared.

    What it starts ends with `contexts`; until then `grounds` can be tried again.
    """

    project: Project
    options: Options
    plan: EstateRun
    contexts: ExitStack
    programs: Programs | None
    holdings: list[Holdings] = field(default_factory=list)
    graphs: list[Graph] = field(default_factory=list)
    no_account: str = ""
    grounds: Grounds | None = None
    archiving: bool = False  # whether the base's database keeps its past

    def run(self) -> Rehearsal:
        """The base stack's rehearsal, with all the others in it."""
        plan, enter, app = self.plan, self.contexts.enter_context, self.project.root / "app"
        surroundings = enter(Surroundings(app, archiving=self.archiving)) if plan.with_service else None
        databases = self.databases(surroundings)
        moto = enter(running())
        began = time.perf_counter()
        with no_collector():
            base, stacks = self._stand_up(moto)
        others = time.perf_counter() - began - sum(base.seconds.values())
        seconds = {**base.seconds, "standing up the other stacks": others}
        found = TenantsRehearsal(
            tenants={one.name: one.stack for one in plan.chosen.tenants},
            stacks=tuple(stacks),
        )
        if not base.stands or any(one.problems for one in stacks):
            reason = "not every stack stands" if plan.with_matrix else ""
            return replace(base, tenants=replace(found, not_tried=reason), seconds=seconds)
        cloud = moto.cloud(base.account, base.region)
        if surroundings is not None:
            began = time.perf_counter()
            service, grounds = self.try_service(base, moto, cloud, surroundings, databases)
            seconds["trying the service"] = time.perf_counter() - began
        else:
            service = None
            grounds = Grounds(app=app, cloud=cloud, stacks=self.holdings, base=base.stack)
        self.grounds = grounds
        if plan.with_matrix:
            self._know_whole_account(grounds, base)
            began = time.perf_counter()
            self.options.progress.phase("trying who can reach whom")
            with no_collector():
                matrix = self._matrix(grounds, began)
            found = replace(found, matrix=matrix)
            seconds["trying who can reach whom"] = matrix.seconds
            if service is not None and service.passed:
                service = self.afterwards(service)
        return replace(base, service=service, tenants=found, seconds=seconds)

    @property
    def beside(self) -> tuple[str, ...]:
        """The stacks that get a database alone."""
        return self.plan.stacks[1:]

    def databases(self, surroundings: Surroundings | None) -> Databases | None:
        """Of the stacks beside the base, for the cells of rows; they begin to start at once."""
        if surroundings is None or not self.plan.with_matrix:
            return None
        return self.contexts.enter_context(Databases(surroundings.app, self.beside, surroundings))

    def story(self) -> Sequence[tuple[str, Action]]:
        """More steps on the base stack, while its service runs."""
        return ()

    def afterwards(self, service: ServiceRehearsal) -> ServiceRehearsal:
        """What is tried once everybody was asked for everything."""
        return service

    def _stand_up(self, moto: Moto) -> tuple[Rehearsal, list[StoodUp]]:
        standing, chosen = Standing(self.project, self.options, moto), self.plan.chosen
        base = standing.base(chosen.base)
        self._keep(base)
        silos = [(one.stack, one.name) for one in chosen.silos]
        apart = [] if self.plan.with_service else [one for one in silos if not self._keeps(one[0])]
        if not worth_it(apart):
            apart = []
        stood = {}
        for stack, tenant in [*((one, "") for one in chosen.further_bases), *silos]:
            if (stack, tenant) not in apart:
                stood[stack], whole = standing.further(stack, tenant)
                self._keep(whole)
                del whole  # before the next one, which lets go of what this one left behind
        if apart:
            self.options.progress.phase(f"standing up {len(apart)} stacks in two processes")
            stood.update((one.stack, one) for one in stand_in_two(standing, apart))
        return base, [stood[one] for one in (*chosen.further_bases, *(stack for stack, _ in silos))]

    def _keeps(self, stack: str) -> bool:
        return self.plan.with_matrix and stack in self.plan.stacks

    def _keep(self, rehearsal: Rehearsal) -> None:
        if self._keeps(rehearsal.stack) and rehearsal.stands:
            self.graphs.append(graph_of(rehearsal))
            try:
                self.holdings.append(holdings_of(rehearsal))
            except NoServiceError:
                return  # a stack without a service has no roles, secrets or rows of its own

    def _know_whole_account(self, grounds: Grounds, base: Rehearsal) -> None:
        """Every stack of the matrix and what bootstrap makes in their account, as one graph."""
        found, self.no_account = declared_account(self.project, base)
        grounds.graph = joined([*self.graphs, *([found] if found else [])], base.project)
        grounds.on_their_way = self.plan.ways

    def try_service(
        self, base: Rehearsal, moto: Moto, cloud: Cloud, surroundings: Surroundings, databases: Databases | None
    ) -> tuple[ServiceRehearsal, Grounds]:
        """The base's service from start to stop, and meanwhile the other stacks' databases."""
        grounds = Grounds(app=surroundings.app, cloud=cloud, stacks=self.holdings, base=base.stack)
        progress = self.options.progress
        progress.phase("trying the service")

        def name_pool_apart(trial: Trial) -> str:
            grounds.members = settle(trial)
            grounds.pool_cells = list(cells_of_pool(grounds.members))
            return f"{len(grounds.pool_cells)} requests of {' and '.join(one.tenant for one in grounds.members)}"

        further = [("tenants of the pool", name_pool_apart)] if self.plan.pool and self.plan.with_matrix else []
        with open_gate(cloud) as (gate, url):
            if databases is not None:
                others = [one for one in self.holdings if one.stack in self.beside]
                there = DatabaseGrounds(
                    moto=moto,
                    account=base.account,
                    gate=gate,
                    gate_url=url,
                    programs=self.programs or surroundings.programs,
                )
                databases.prepare(others, there)
            service = rehearse_service(
                base,
                cloud,
                surroundings,
                programs=self.programs,
                notify=progress.phase,
                members=members_for(self.plan.pool) if self.plan.pool else MEMBERS,
                further=[*further, *self.story()],
            )
            if databases is not None:
                owners, reasons = databases.owners(gate)
                grounds.owners, grounds.no_database = dict(owners), dict(reasons)
        if service.passed:
            grounds.owners = {base.stack: surroundings.postgres(), **grounds.owners}
        else:
            why = service.incomplete or "the service's rehearsal failed"
            grounds.no_database = {base.stack: why, **grounds.no_database}
        return service, grounds

    def _matrix(self, grounds: Grounds, began: float) -> Matrix:
        found = all_cells(grounds)
        silos = {one.stack for one in self.plan.chosen.silos}
        stacks = [Party(name=one.stack, kind="silo" if one.stack in silos else "base stack") for one in self.holdings]
        pool = [Party(name=one.tenant, kind="pool tenant") for one in grounds.members]
        present = {name for one in found.cells for name in (one.who, one.whom)}
        others = [Party(name=name, kind=kind) for name, kind in _OTHERS.items() if name in present]
        return Matrix(
            parties=(*stacks, *pool, *others),
            cells=found.cells,
            left_out=(*self.plan.left_out(), *([self.no_account] if self.no_account else []), *ONLY_AWS_SHOWS),
            sampled=self.plan.sampled,
            stand_in=self.plan.stand_in(),
            judged=found.judged,
            without_call=found.without_call,
            seconds=time.perf_counter() - began,
        )

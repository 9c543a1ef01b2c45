"""Everything that `workbuoy rehearse BASE --tenants ... --leave` does: customers with stacks of their own leave too.

A stack is taken down by the very command that does it under the engine; whoever starts a rehearsal hands it in. A
customer of the pool, who is made up, leaves from the base stack.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.problems import Problem, ProblemsError
from infra.tenants.hold import refuse_under_hold
from infra.tenants.record import Tenant
from project.files import Project
from rehearsal.as_graph import graph_of
from rehearsal.cloud import Cloud, Moto
from rehearsal.result import Rehearsal
from rehearsal.run import Options, no_collector
from rehearsal.service.leaving import Leaving
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.steps import Action
from rehearsal.service.surroundings import Surroundings
from rehearsal.tenants.account import declared_account
from rehearsal.tenants.databases import Databases
from rehearsal.tenants.leaving.departure import Departure, Estate, LeavingCommands
from rehearsal.tenants.matrix import Grounds
from rehearsal.tenants.moving.places import Places
from rehearsal.tenants.moving.records import project_with
from rehearsal.tenants.whole import EstateRun, Rehearsing, plan_for
from rehearsal.whole import image_programs


def rehearse_leaving(
    project: Project,
    base: str,
    names: Sequence[str],
    options: Options,
    commands: LeavingCommands,
    *,
    in_image: bool = False,
    pool: Leaving | None = None,
) -> Rehearsal:
    """Rehearse a base stack and these customers, whose own stacks go; with `pool` a customer of the pool leaves too.

    Raises ProblemsError where one of them may not leave, and what `rehearsal.tenants.whole.rehearse_tenants` raises.
    """
    if not (project.root / "app").is_dir():
        raise ProblemsError([Problem(message="--leave runs the service in each stack, and there is no app/")])
    plan = plan_for(project, base, names)
    leaving = _leaving(plan)
    with ExitStack() as contexts:
        folder = Path(contexts.enter_context(TemporaryDirectory(prefix="workbuoy-leave-")))
        run = LeaveRehearsal(
            project,
            replace(options, keep={}),
            plan,
            contexts,
            contexts.enter_context(image_programs(project.root)) if in_image else None,
            archiving=True,
            leaving=leaving,
            retiring=project_with(project, folder / "retiring", leaving),
            commands=commands,
            pool=pool,
        )
        return run.run()


def _leaving(plan: EstateRun) -> list[Tenant]:
    """The customers whose stacks go, with today as their day. Raises ProblemsError, with all problems at once."""
    silos = [one for one in plan.in_matrix if one.isolation == "silo" and one.base == plan.chosen.base]
    if not silos:
        message = f"none of them has a stack of its own on {plan.chosen.base}: leave --tenants out"
        raise ProblemsError([Problem(path="--tenants", message=message)])
    problems: list[Problem] = []
    for one in silos:
        try:
            refuse_under_hold(one, "nothing is destroyed")
        except ProblemsError as error:
            problems += error.problems
        for path in ("move", "promotion"):
            if getattr(one, path) is not None:
                problems.append(Problem(file=one.path, path=path, message=f"{one.name} is on its way: end that first"))
    if problems:
        raise ProblemsError(problems)
    today = datetime.now(UTC).date()
    return [_on(one, max(today, one.dates.signed)) for one in silos]


def _on(tenant: Tenant, day: date) -> Tenant:
    return tenant.model_copy(update={"dates": tenant.dates.model_copy(update={"retiring": day})})


@dataclass(kw_only=True)
class LeaveRehearsal(Rehearsing):
    """The silos have a service each; they leave once everybody was asked for everything, their data still there."""

    leaving: Sequence[Tenant]
    retiring: Project
    commands: LeavingCommands
    pool: Leaving | None
    places: Places | None = None
    whole: dict[str, Rehearsal] = field(default_factory=dict)
    departures: list[Departure] = field(default_factory=list)

    @property
    def beside(self) -> tuple[str, ...]:
        """Whoever leaves has a service with its database."""
        return tuple(one for one in super().beside if one not in {tenant.stack for tenant in self.leaving})

    def databases(self, surroundings: Surroundings | None) -> Databases | None:
        """And the servers of those who leave begin to start."""
        if surroundings is not None:
            stacks = [one.stack for one in self.leaving]
            places = Places(surroundings.app, stacks, self.plan.chosen.base, surroundings)
            self.places = self.contexts.enter_context(places)
        return super().databases(surroundings)

    def _keep(self, rehearsal: Rehearsal) -> None:
        super()._keep(rehearsal)
        self.whole[rehearsal.stack] = rehearsal

    def story(self) -> Sequence[tuple[str, Action]]:
        """A customer of the pool leaves."""
        return self.pool.steps() if self.pool is not None else ()

    def try_service(
        self, base: Rehearsal, moto: Moto, cloud: Cloud, surroundings: Surroundings, databases: Databases | None
    ) -> tuple[ServiceRehearsal, Grounds]:
        """The base's, and then the services of those who leave, with rows and files."""
        service, grounds = super().try_service(base, moto, cloud, surroundings, databases)
        places = self.places
        assert places is not None  # noqa: S101  by this class
        if not service.passed:
            return service, grounds
        silos = [one for one in self.holdings if one.stack in {tenant.stack for tenant in self.leaving}]
        places.open(silos, moto, base.account, self.programs or surroundings.programs)
        self.departures = self._departing(places, moto)
        steps: list[tuple[str, Action]] = [("leave: a service in each stack of its own", lambda _: places.serve())]
        steps += [(f"leave: {one.tenant.name}'s rows and files", one.fill) for one in self.departures]
        service = self._take(service, steps)
        owners = {name: one.surroundings.postgres() for name, one in places.trials.items()}
        grounds.owners = {**grounds.owners, **owners}
        return service, grounds

    def _departing(self, places: Places, moto: Moto) -> list[Departure]:
        assert self.options.keep is not None  # noqa: S101  by `rehearse_leaving`
        account, _ = declared_account(self.project, self.whole[self.plan.chosen.base])
        estate = Estate(
            moto=moto,
            graphs={stack: graph_of(one) for stack, one in self.whole.items()},
            made=self.options.keep,
            outputs={stack: one.exports for stack, one in self.whole.items() if "base" not in one.exports},
            account=account,
            ways=self.plan.ways,
        )
        return [
            Departure(
                tenant=one,
                trial=places.trials[one.stack],
                retiring=self.retiring,
                estate=estate,
                commands=self.commands,
            )
            for one in self.leaving
        ]

    def afterwards(self, service: ServiceRehearsal) -> ServiceRehearsal:
        """Each stack goes, and its record is held to what stands."""
        assert self.places is not None  # noqa: S101  by `databases`
        with no_collector():
            found = self._take(service, [step for one in self.departures for step in one.steps])
        judged = sum(len(one.gate.judgements) for one in self.places.trials.values())
        return replace(found, judged=found.judged + judged)

    def _take(self, service: ServiceRehearsal, steps: Iterable[tuple[str, Action]]) -> ServiceRehearsal:
        """The same with further steps, and what any stack's gate refused."""
        assert self.places is not None  # noqa: S101  by `databases`
        found = self.places.take(steps, self.options.progress.phase)
        return replace(
            service,
            steps=(*service.steps, *found.steps),
            denials=tuple(dict.fromkeys((*service.denials, *found.denials))),
            incomplete=service.incomplete or found.incomplete,
        )

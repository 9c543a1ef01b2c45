"""Everything that `workbuoy rehearse BASE --tenants ... --move BASE` does, in one moto."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.problems import Problem, ProblemsError
from project.files import Project
from rehearsal.as_graph import graph_of
from rehearsal.cloud import Cloud, Moto
from rehearsal.result import Rehearsal
from rehearsal.run import Options, rehearse
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.steps import Action
from rehearsal.service.surroundings import Surroundings
from rehearsal.tenants.account import declared_account
from rehearsal.tenants.databases import Databases
from rehearsal.tenants.matrix import Grounds
from rehearsal.tenants.moving.places import Places
from rehearsal.tenants.moving.records import States, states_of
from rehearsal.tenants.moving.story import Moving, Story
from rehearsal.tenants.ways import expect_only_intended
from rehearsal.tenants.whole import Rehearsing, plan_for


def rehearse_move(project: Project, base: str, to: str, names: Sequence[str], options: Options) -> Rehearsal:
    """Rehearse a base stack from which these customers move to another one, which may lie in another region, and back.

    Their records need not speak of a move; what a reviewed change would write is put into a copy of the project.
    Raises ProblemsError where they cannot move, and what `rehearsal.tenants.whole.rehearse_tenants` raises.
    """
    if not (project.root / "app").is_dir():
        raise ProblemsError([Problem(message="--move runs the service in both places, and there is no app/")])
    with ExitStack() as contexts:
        folder = contexts.enter_context(TemporaryDirectory(prefix="workbuoy-move-"))
        states = states_of(project, Path(folder), base, to, names)
        plan = plan_for(states.open, base, names)
        return MoveRehearsal(states.open, options, plan, contexts, None, states=states).run()


@dataclass(kw_only=True)
class MoveRehearsal(Rehearsing):
    """The stacks of both places stand; the customers' services run in place of the base's own trial."""

    states: States
    places: Places | None = None

    def databases(self, surroundings: Surroundings | None) -> Databases | None:
        """Each place has a service too, whose database begins to start now."""
        if surroundings is not None:
            wanted = {place.stack for one in self.states.tenants for place in one.places}
            places = Places(surroundings.app, sorted(wanted), self.plan.chosen.base, surroundings)
            self.places = self.contexts.enter_context(places)
        return None

    def try_service(
        self, base: Rehearsal, moto: Moto, cloud: Cloud, surroundings: Surroundings, databases: Databases | None
    ) -> tuple[ServiceRehearsal, Grounds]:
        """Who reaches whom in the states that follow, and the move."""
        places = self.places
        assert databases is None and places is not None  # noqa: S101 PT018  by this class
        grounds = Grounds(app=surroundings.app, cloud=cloud, stacks=self.holdings, base=base.stack)
        places.open(self.holdings, moto, base.account, self.programs or surroundings.programs)
        trials = places.trials
        if without := sorted(set(places.surroundings) - set(trials)):
            return ServiceRehearsal(incomplete=f"{', '.join(without)} declares no service"), grounds
        moving = [
            Moving(one.name, trials[one.stack], trials[one.other.stack]) for one in self.states.tenants if one.other
        ]
        # One after the other: fronts, gates and moto run in this process, and starve while it declares stacks.
        steps: tuple[tuple[str, Action], ...] = (
            ("who reaches whom after the switch and at the end", lambda _: self._reach(base)),
            ("a service in each place, on its own Postgres", lambda _: places.serve()),
            *Story(moving).steps(),
        )
        found = places.take(steps, self.options.progress.phase)
        if found.passed:
            grounds.owners = {stack: one.surroundings.postgres() for stack, one in trials.items()}
        else:
            grounds.no_database = dict.fromkeys(trials, found.incomplete or "the move failed")
        return found, grounds

    def _reach(self, base: Rehearsal) -> str:
        """As declared in each further state; what stands now is tried by real requests at the end."""
        summaries = []
        account, _ = declared_account(self.project, base)
        for name, project in (("switched", self.states.switched), ("closed", self.states.closed)):
            plan = plan_for(project, base.stack, [one.name for one in self.states.tenants], with_service=False)
            outputs: dict[str, dict[str, object]] = {}
            graphs = []
            for stack in plan.stacks:
                declared = rehearse(project, stack, Options(declare_only=True, references=outputs))
                outputs[stack] = dict(declared.exports)
                graphs.append(graph_of(declared))
            cells = expect_only_intended(name, [*graphs, account], plan.ways)
            summaries.append(f"{name}: {cells} cells of {len(plan.stacks)} stacks")
        return "; ".join(summaries)

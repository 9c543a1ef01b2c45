"""One customer's own stack on its way out of moto: changed by the reviewed record, taken down, and looked for."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph import Graph
from infra.tenants.record import Tenant
from project.files import Project
from rehearsal.as_graph import graph_of
from rehearsal.change.changing import Changing
from rehearsal.change.run import Before
from rehearsal.cloud import Moto
from rehearsal.mapper import Mapper
from rehearsal.readback import read_back
from rehearsal.result import State
from rehearsal.run import Options, rehearse
from rehearsal.service.restoring import fill_customer
from rehearsal.service.tasks import found_tenant
from rehearsal.service.trial import StepError, Trial
from rehearsal.tenants.intended import OnItsWay
from rehearsal.tenants.ways import expect_only_intended
from rehearsal.whole import judged

ROWS, FILES = 500, 20


@dataclass(frozen=True, kw_only=True)
class StandingSilo:
    """A customer's own stack in moto that may go: its record, its service, what stands, and how it is deleted."""

    project: Project
    tenant: Tenant
    trial: Trial
    graph: Graph
    base_graph: Graph
    destroy: Callable[[], None]

    def client(self, service: str) -> Any:
        """A client of the stack's account and region."""
        return self.trial.cloud.client(service)


class LeavingCommands(Protocol):
    """What a person starts; each gives a detail for the report, and raises StepError."""

    def take_down(self, silo: StandingSilo) -> str:
        """Freeze, count, export, read again, destroy and record."""

    def hold_to_record(self, silo: StandingSilo) -> str:
        """Compare each copy and each day of the record with what stands."""


@dataclass(kw_only=True)
class Estate:
    """What stands in one moto, by stack: graphs, what made them, the outputs of bases; and the account around it."""

    moto: Moto
    graphs: dict[str, Graph]
    made: MutableMapping[str, Mapper]
    outputs: Mapping[str, Mapping[str, Any]]
    account: Graph | None
    ways: tuple[OnItsWay, ...]

    def expect_closed(self, when: str) -> str:
        """Nobody reaches what is not meant for them. Raises StepError."""
        return f"{expect_only_intended(when, [*self.graphs.values(), self.account], self.ways)} cells {when}"


@dataclass(kw_only=True)
class Departure:
    """The steps of one, in their order; `retiring` is the project with its record as a reviewed change left it."""

    tenant: Tenant
    trial: Trial
    retiring: Project
    estate: Estate
    commands: LeavingCommands
    silo: StandingSilo | None = None
    kept: set[str] = field(default_factory=set)

    @property
    def steps(self) -> tuple[tuple[str, Callable[[Trial], str]], ...]:
        """Each ignores the trial that it is given."""
        name = self.tenant.name
        return (
            (f"leave: {name}'s protections are lifted", self.lift),
            (f"leave: {name} exported, its stack destroyed", self.take_down),
            (f"leave: {name}'s record held to what stands", self.check),
            (f"leave: nobody else lost anything with {name}", self.compare_others),
        )

    def fill(self, _: Trial) -> str:
        """A member, rows, files with an older version, and an upload that nobody finished."""
        name, trial = self.tenant.name, self.trial
        found_tenant(trial, name, f"member-of-{name}")
        keys = fill_customer(trial, name, ROWS, FILES)
        bucket, s3 = trial.bucket, trial.cloud.client("s3")
        s3.create_multipart_upload(Bucket=bucket, Key=f"{keys[0]}-unfinished")
        s3.put_object(Bucket=bucket, Key=f"{keys[0]}-deleted", Body=b"deleted since")
        s3.delete_object(Bucket=bucket, Key=f"{keys[0]}-deleted")
        return f"{ROWS} rows and {FILES} files in {self.tenant.stack}"

    def lift(self, _: Trial) -> str:
        """The stack of the reviewed record, in place of the one that stands; nothing is replaced or deleted by it."""
        stack, estate = self.tenant.stack, self.estate
        before = Before(stack, "standing to retiring", graph=estate.graphs[stack], mapper=estate.made[stack])
        options = Options(references=estate.outputs, stood=before, keep=estate.made)
        found = judged(rehearse(self.retiring, stack, options, estate.moto), self.retiring, options)
        change = found.change
        assert change is not None  # noqa: S101  with `stood`
        if change.faults or not found.stands:
            raise StepError(f"{stack}: {change.faults[0] if change.faults else 'does not stand as retiring'}")
        if other := [f"{step} {urn.rpartition('::')[2]}" for urn, step in change.order if step != "update"]:
            raise StepError(f"{stack}: lifting protections is {', '.join(other)} too")
        refused = [one for one in found.policies.having("fail") if one.level == "mandatory"] if found.policies else []
        if refused:
            raise StepError(f"{stack}: {refused[0].control} refuses it while it retires")
        estate.graphs[stack] = graph_of(found)
        self.silo = StandingSilo(
            project=self.retiring,
            tenant=self.tenant,
            trial=self.trial,
            graph=estate.graphs[stack],
            base_graph=estate.graphs[self.tenant.base],
            destroy=lambda: self._destroy(estate.made[stack]),
        )
        return f"{len(change.order)} resources updated; {estate.expect_closed('while it retires')}"

    def _destroy(self, made: Mapper) -> None:
        """As the engine does: the youngest first, and what is declared to stay is let go of."""
        graph = self.estate.graphs[self.tenant.stack]
        changing = Changing(graph, made.made, Mapper(self.trial.cloud, lambda _: None))
        changing.finish()
        if changing.faults:
            raise StepError(f"{self.tenant.stack}: {changing.faults[0]}")
        self.kept = {urn for urn, _ in changing.kept}

    def take_down(self, _: Trial) -> str:
        """By the command itself."""
        assert self.silo is not None  # noqa: S101  lift comes first
        return self.commands.take_down(self.silo)

    def check(self, _: Trial) -> str:
        """By the command that looks for what remains."""
        assert self.silo is not None  # noqa: S101  lift comes first
        return self.commands.hold_to_record(self.silo)

    def compare_others(self, _: Trial) -> str:
        """Every other stack is read from moto again; and nobody reaches what is left of this one."""
        stack, estate = self.tenant.stack, self.estate
        graph = estate.graphs[stack]
        left = [one for one in graph.resources if one.urn in self.kept or not one.custom]
        estate.graphs[stack] = graph.of_others(left)
        count = 0
        for other in estate.graphs:
            if other == stack:
                continue
            found = read_back(estate.made[other], lambda _: None).values()
            if wrong := [one for one in found if one.state in (State.FAILED, State.DIFFERS)]:
                raise StepError(f"{other}: {wrong[0].name} is not as it was: {wrong[0].reason or wrong[0].state}")
            count += sum(one.state is State.COMPARED for one in found)
        return f"{count} resources of the others as declared; {estate.expect_closed('afterwards')}"

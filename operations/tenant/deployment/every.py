"""`workbuoy tenant deploy --all`: which silos, from where the last run stopped, a process each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.problems import ProblemsError
from infra.stack_files import stack_file
from infra.tenants.record import Tenant
from operations.tenant.deployment import journal as journals
from operations.tenant.deployment.board import board, counts
from operations.tenant.deployment.journal import UNKNOWN, version_of
from operations.tenant.deployment.scheduler import Operation, Scheduler, SiloOutcome, Stop, run_child
from operations.tenant.files_check import read_checked
from project.interrupts import heeded
from project.terminal import count

GRACE_SECONDS: Final = 20 * 60.0
"""How long the engine may take to end in good order: it waits for what AWS is making."""


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """What a person asked for."""

    image: str | None
    base: str | None
    parallel: int
    timeout_seconds: float
    again: bool


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What there is to do; `before` is the run that is continued, `notes` what a person should know first.

    `silos` has each by the name of its customer; the stack of one who moves that does not serve, by its own.
    """

    plan: journals.RolloutPlan
    silos: Mapping[str, Tenant]
    names: tuple[str, ...]
    before: journals.Recorded | None
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """How it ended, for all of the plan."""

    journal: Path | None
    outcomes: Mapping[str, SiloOutcome]
    interrupted: bool

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(one.state == "failed" for one in self.outcomes.values())

    @property
    def summary(self) -> str:
        """The counts, and every failure with its cause."""
        bad = [f"  {name}: {one.state}: {one.cause}" for name, one in self.outcomes.items() if one.cause]
        return "\n".join([f"{count(len(self.outcomes), 'silo')}: {counts(self.outcomes)}", *bad])


def plan_all(root: Path, options: DeployOptions, against: Callable[[Tenant], str] = lambda _: "") -> Planned:
    """Which silos there are, and which the last run of the same version and image left.

    `against` says why a customer is left out with every stack, and nothing of who is not. Raises ProblemsError for any
    file that is wrong: nobody is deployed then.
    """
    read = read_checked(root)
    if read.problems:
        raise ProblemsError(read.problems)
    silos: dict[str, Tenant] = {}
    notes: list[str] = []
    for tenant in read.tenants:
        own = [one for one in tenant.updated_silos if options.base in (None, one.base)]
        if own and (why := against(tenant)):
            notes.append(f"{tenant.name} is left out: {why}.")
        else:
            silos |= {tenant.name if one is tenant else one.stack: one for one in own}
    names = tuple(silos)
    files = [stack_file(root, one.stack).name for one in silos.values()]
    plan = journals.RolloutPlan(
        version=version_of(root, files), image=options.image or "as in the files", tenants=names
    )
    before = None
    if not names:
        notes.append("There is no silo to deploy.")
    elif plan.version == UNKNOWN:
        notes.append("Without git nobody can tell whether the last run was of the same code: all are deployed.")
    elif not options.again:
        before = journals.latest(root / journals.FOLDER, plan)
    left = names if before is None else before.left
    if before is not None:
        done = f"{len(names) - len(left)} of {len(names)} were done by {before.file.stem}, of the same commit and image"
        notes.append(
            f"{done}; going on with the rest." if left else f"{done}. Nothing is left to do; --again repeats all."
        )
    return Planned(plan=plan, silos=silos, names=left, before=before, notes=tuple(notes))


def deploy_all(root: Path, options: DeployOptions, planned: Planned, operation: Operation | None = None) -> Result:
    """Do it. `operation` stands in for a process a silo."""
    if not planned.names:
        return Result(
            journal=planned.before.file if planned.before else None,
            outcomes=planned.before.outcomes if planned.before else {},
            interrupted=False,
        )
    folder = root / journals.FOLDER
    journal = journals.Journal(planned.before.file) if planned.before else journals.begin(folder, planned.plan)
    try:
        with board(planned.names) as shown:

            def record(name: str, outcome: SiloOutcome) -> None:
                journal.record(name, outcome)
                shown.record(name, outcome)

            scheduler = Scheduler(
                operation or _child_of(root, options, planned.silos, journal.file.with_suffix("")),
                record,
                parallel=options.parallel,
                timeout_seconds=options.timeout_seconds,
                grace_seconds=GRACE_SECONDS,
            )
            with heeded(scheduler.interrupt):
                outcomes = scheduler.run(planned.names)
    finally:
        journal.close()
    earlier = planned.before.outcomes if planned.before else {}
    return Result(journal=journal.file, outcomes={**earlier, **outcomes}, interrupted=scheduler.interrupted)


def _child_of(root: Path, options: DeployOptions, silos: Mapping[str, Tenant], logs: Path) -> Operation:
    logs.mkdir(exist_ok=True)
    image = ["--image", options.image] if options.image else []

    def run(name: str, stop: Stop) -> SiloOutcome:
        words = ["tenant", "deploy", silos[name].name, "--base", silos[name].base, "--yes", *image]
        return run_child(root, words, logs / f"{name}.log", stop)

    return run

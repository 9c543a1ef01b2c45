"""One rehearsal from start to end: configuration, program, creation, reading back, refusals, result."""

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Protocol

from graph.resource import REFERENCE_TYPE
from infra.problems import ProblemsError
from project import silos
from project.files import Project, read_config
from rehearsal import program, stand_ins
from rehearsal.errors import ProgramError, RefusedError
from rehearsal.result import Declared, Refusal, Rehearsal, Rehearsed, State
from rehearsal.stand_ins import StandIn

if TYPE_CHECKING:
    from rehearsal.change.run import Before
    from rehearsal.cloud import Cloud, Moto
    from rehearsal.made import Made
    from rehearsal.mapper import Mapper
    from rehearsal.monitor import Monitor, Realiser

FALLBACK_ACCOUNT = "123456789012"  # AWS's documentation account, where a stack names none
FALLBACK_REGION = "us-east-1"
TIMEOUT_SECONDS = 120.0
_VERSIONS = ("pulumi", "pulumi-aws", "moto", "boto3")


class Progress(Protocol):
    """What is reported while a rehearsal runs."""

    def phase(self, name: str) -> None:
        """A phase begins."""

    def resource(self, state: State, type_: str, name: str) -> None:
        """One more resource is through this phase."""


class Quiet:
    """Tells nothing."""

    def phase(self, name: str) -> None:
        """Nothing."""

    def resource(self, state: State, type_: str, name: str) -> None:
        """Nothing."""


@dataclass
class Clock:
    """Seconds by phase."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time one phase and tell of its beginning."""
        self.progress.phase(name)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - started


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to rehearse. `before_reading` is called with the cloud between creating and reading back.

    `keep` gets what each stack made in moto, for whoever changes or deletes it later.
    """

    declare_only: bool = False
    progress: Progress = field(default_factory=Quiet)
    before_reading: "Callable[[Cloud], None] | None" = None
    references: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # stack name -> its outputs
    stood: "Before | None" = None  # what stands already and is changed in place
    keep: "MutableMapping[str, Mapper] | None" = None  # stack name -> what made it
    timeout_seconds: float = TIMEOUT_SECONDS


def rehearse(project: Project, stack: str, options: Options | None = None, moto: "Moto | None" = None) -> Rehearsal:
    """Rehearse one stack of a project; on a moto that runs already if one is given.

    Raises ProblemsError for a person's mistake, RefusedError for what the rehearsal cannot go on with, ProgramError
    for a mistake in the program.
    """
    options = options or Options()
    with no_collector(), ExitStack() as contexts:
        config, stood_in = stand_ins.replace(silos.whole_config(project, stack, read_config(project, stack)))
        account, region = place_of(project, config)
        run = _Run(project, stack, config, stood_in, options, account, region, Clock(options.progress))
        if options.declare_only:
            return run.declare()
        with run.clock.phase("starting moto"):
            if moto is None:
                from rehearsal.cloud import running  # declaring only must not import moto

                moto = contexts.enter_context(running())
        return run.realise(moto.cloud(account, region))


def rehearse_with_base(
    project: Project, stack: str, options: Options | None = None, moto: "Moto | None" = None
) -> Rehearsal:
    """The same, and for a customer's own stack the base stack that it stands on first. Raises as `rehearse` does."""
    options = options or Options()
    base = silos.base_of(project, stack)
    if base is None or base in options.references:
        return rehearse(project, stack, options, moto)
    with ExitStack() as contexts:
        if moto is None and not options.declare_only:
            from rehearsal.cloud import running  # declaring only must not import moto

            moto = contexts.enter_context(running())
        stood = rehearse(project, base, replace(options, before_reading=None, stood=None), moto)
        references = {**options.references, base: stood.exports}
        return rehearse(project, stack, replace(options, references=references), moto)


def place_of(project: Project, config: Mapping[str, Any]) -> tuple[str, str]:
    """Account and region of a stack: from its `settings`, else from the provider's configuration."""
    settings = config.get(f"{project.name}:settings")
    settings = settings if isinstance(settings, dict) else {}
    account = settings.get("account") or config.get(f"{project.name}:account") or FALLBACK_ACCOUNT
    region = settings.get("region") or config.get("aws:region") or FALLBACK_REGION
    return str(account), str(region)


@dataclass
class _Run:
    """One rehearsal on its way."""

    project: Project
    stack: str
    config: Mapping[str, Any]
    stand_ins: tuple[StandIn, ...]
    options: Options
    account: str
    region: str
    clock: Clock

    def declare(self) -> Rehearsal:
        """Run the program with made-up outputs."""
        from rehearsal.declaring import Declaring

        realiser = Declaring(self.account, self.region)
        monitor = self._program(realiser)
        reason = "nothing is created with --declare-only"
        found = {
            urn: Rehearsed(
                monitor.declared[urn],
                State.DECLARED_ONLY,
                id_,
                outputs,
                reason=reason,
                region=realiser.region_of(monitor.declared[urn], monitor.provider_of(monitor.declared[urn])),
            )
            for urn, (id_, outputs) in monitor.made.items()
            if monitor.declared[urn].type != REFERENCE_TYPE
        }
        return self._result(monitor, found)

    def realise(self, cloud: "Cloud") -> Rehearsal:
        """Run the program with everything created in moto, then read it back."""
        from rehearsal.mapper import Mapper
        from rehearsal.readback import read_back

        notify = self.options.progress.resource

        def notify_of(made: "Made") -> None:
            notify(made.state, made.declared.type, made.declared.name)

        mapper, stood = Mapper(cloud, notify_of), self.options.stood
        if stood is None:
            monitor = self._program(mapper)
        else:
            former = Mapper(cloud, notify_of)
            with self.clock.phase(f"standing up {stood.name}"):
                stood.stand_up(former, self.options.references)
            changing = stood.changing(mapper)
            monitor = self._program(changing)
            with self.clock.phase("deleting what goes"):
                changing.finish()
            self.stand_ins = (*self.stand_ins, *former.stand_ins)
        if self.options.keep is not None:
            self.options.keep[self.stack] = mapper
        if self.options.before_reading is not None:
            self.options.before_reading(cloud)
        with self.clock.phase("reading back"):
            found = read_back(mapper, lambda one: notify(one.state, one.type, one.name))
        self.stand_ins = (*self.stand_ins, *mapper.stand_ins)
        result = self._result(monitor, found, mapper.refusals)
        return replace(result, change=stood.result()) if stood is not None else result

    def _program(self, realiser: "Realiser") -> "Monitor":
        from rehearsal.monitor import Monitor  # it imports Pulumi

        project, options = self.project, self.options
        monitor = Monitor(project.name, self.stack, project.root, realiser, options.references)
        with self.clock.phase("running the program"), program.inside(project):
            config = program.as_engine_config(self.config)
            try:
                program.run_program(project, self.stack, config, monitor, options.timeout_seconds)
            except TimeoutError as error:
                raise ProgramError(f"an output was not resolved in {options.timeout_seconds:.0f} s") from error
            except (Exception, SystemExit) as error:
                known = _known(error)
                if known is not None:
                    raise known from None
                raise ProgramError(_summary(error)) from error
        return monitor

    def _result(
        self, monitor: "Monitor", found: Mapping[str, Rehearsed], of_requests: Iterable[Refusal] = ()
    ) -> Rehearsal:
        from rehearsal.checks import refusals_of

        resources = tuple(
            found[urn] if urn in found else _component(one, monitor) for urn, one in monitor.declared.items()
        )
        with self.clock.phase("looking for what AWS refuses"):
            residency = silos.residency_of(self.project, self.stack)
            checked = refusals_of(resources, self.account, residency)
            refusals = (*monitor.refusals, *_not_covered(of_requests, checked), *checked)
        return Rehearsal(
            project=self.project.name,
            stack=self.stack,
            account=self.account,
            region=self.region,
            declare_only=self.options.declare_only,
            resources=resources,
            exports=monitor.exports,
            secret_exports=monitor.secret_exports,
            stand_ins=self.stand_ins,
            refusals=refusals,
            seconds=dict(self.clock.seconds),
            versions=dict(_installed()),
        )


def _not_covered(of_requests: Iterable[Refusal], checked: Iterable[Refusal]) -> Iterator[Refusal]:
    """What a service's model refuses, without the places of which a check says the same in better words."""
    covered = {(one.urn, one.what.partition(" ")[0]) for one in checked}
    yield from (one for one in of_requests if (one.urn, one.what.partition(" ")[0]) not in covered)


def _known(error: BaseException) -> Exception | None:
    """A mistake with a clear message of its own that Pulumi or the program wrapped in something else."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (ProblemsError, RefusedError)):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _summary(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}: {(error.text or '').strip()}"
    text = str(error).strip().splitlines()
    return text[-1] if text else type(error).__name__


def _component(declared: Declared, monitor: "Monitor") -> Rehearsed:
    real = declared.custom and declared.type != REFERENCE_TYPE
    state = State.DECLARED_ONLY if real else State.COMPONENT
    return Rehearsed(declared, state, outputs=monitor.component_outputs.get(declared.urn, {}))


def _installed() -> Iterator[tuple[str, str]]:
    for name in _VERSIONS:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


@contextmanager
def no_collector() -> Iterator[None]:
    """Without Python's cycle collector a rehearsal takes a third less: it makes much and drops little.

    What was imported meanwhile is frozen the first time: else the next collection, which finds nothing, takes 0.6 s.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            _freeze_once()
            gc.enable()


@cache
def _freeze_once() -> None:
    """Asking gc how much is frozen would count it, which takes as long as reading back twenty resources."""
    gc.freeze()

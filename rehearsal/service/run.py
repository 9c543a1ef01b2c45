"""One rehearsal of the service, from an empty Postgres to a clean stop."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from components.files import END_WAYS_BACK
from rehearsal.cloud import Cloud
from rehearsal.permissions.gate import Gate, NotTrustedError, open_gate
from rehearsal.result import Rehearsal
from rehearsal.service.declared import DeclaredService, NoServiceError, declared_service
from rehearsal.service.ports import free_port
from rehearsal.service.processes import NotToBeHadError, Programs
from rehearsal.service.result import ServiceRehearsal, ServiceStep
from rehearsal.service.span_receiver import ENDPOINT, span_receiver
from rehearsal.service.steps import Action, steps_with
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import MEMBERS, StepError, Trial
from rehearsal.service.watching import Watched

KEPT_LINES = 20

Members = tuple[tuple[str, str], ...]
Step = tuple[str, Callable[[], str]]


def rehearse_service(
    rehearsal: Rehearsal,
    cloud: Cloud,
    surroundings: Surroundings,
    *,
    programs: Programs | None = None,
    notify: Callable[[str], object] = lambda _: None,
    members: Members = MEMBERS,
    further: Sequence[tuple[str, Action]] = (),
) -> ServiceRehearsal:
    """Start the service in what the stack made, and try it.

    Args:
        rehearsal: the stack as it was realised; moto must still be running.
        cloud: the account in moto.
        surroundings: Postgres and identity provider, begun.
        programs: how to run the service's commands; by default in `app/.venv`.
        notify: called with the name of each step as it begins.
        members: tenants to found in it, each with its member's subject; at least two.
        further: more steps, taken while the service runs.
    """
    try:
        declared = declared_service(rehearsal)
    except NoServiceError as error:
        return ServiceRehearsal(incomplete=str(error))
    with opened_trial(declared, cloud, surroundings, programs=programs, members=members) as trial:
        to_take = [(name, partial(step, trial)) for name, step in steps_with(further, trial)]
        found = take(to_take, trial, notify)
        return replace(found, unused=tuple(_unused(trial))) if all(step.passed for step in found.steps) else found


@contextmanager
def opened_trial(
    declared: DeclaredService,
    cloud: Cloud,
    surroundings: Surroundings,
    *,
    programs: Programs | None = None,
    members: Members = MEMBERS,
    behind: AbstractContextManager[tuple[Gate, str]] | None = None,
) -> Iterator[Trial]:
    """What steps share; everything that they start has ended after it.

    `behind` is a gate with its address, where it is not to have one of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="workbuoy-service-"))
    try:
        with behind or open_gate(cloud, remembers=True) as (gate, url), ExitStack() as stack:
            yield Trial(
                declared=declared,
                cloud=cloud,
                gate=gate,
                gate_url=url,
                surroundings=surroundings,
                folder=folder,
                programs=programs or surroundings.programs,
                stack=stack,
                spans=stack.enter_context(span_receiver()) if ENDPOINT in declared.service.environment else None,
                ports=(free_port(), free_port()),
                members=members,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take(to_take: Sequence[Step], trial: Trial, notify: Callable[[str], object]) -> ServiceRehearsal:
    """Take steps in their order, up to the first that fails."""
    steps: list[ServiceStep] = []
    for name, step in to_take:
        notify(name)
        began = time.perf_counter()
        try:
            detail, passed = step(), True
        except (StepError, NotTrustedError, BotoCoreError, ClientError) as error:
            detail, passed = explained(str(error), trial.gate), False
        except NotToBeHadError as error:
            return ServiceRehearsal(steps=tuple(steps), incomplete=str(error))
        steps.append(ServiceStep(name=name, seconds=time.perf_counter() - began, passed=passed, detail=detail))
        if not passed:
            break
    missed = [name for name, _ in to_take[len(steps) :]]
    if missed:
        detail = ", ".join(missed)
        steps.append(ServiceStep(name=f"{len(missed)} not reached", seconds=0, passed=False, detail=detail))
    complete = all(step.passed for step in steps)
    return ServiceRehearsal(
        steps=tuple(steps),
        denials=tuple(dict.fromkeys(denials_of(trial.gate))),
        stand_ins=tuple(trial.stand_ins.values()),
        judged=len(trial.gate.judgements),
        watched=trial.watcher.seen() if trial.watcher else Watched(),
        pictures=tuple(trial.pictures),
        last_lines=tuple(trial.service.lines[-KEPT_LINES:]) if trial.service and not complete else (),
    )


def _unused(trial: Trial) -> Iterator[str]:
    # Who brings data back or hands them over does so in a rehearsal of its own: --restore, --leave.
    apart = (trial.declared.restore_role_arn, trial.declared.export_role_arn)
    roles = [one for one in trial.declared.roles if one not in apart or one in trial.tried_whole]
    leaving = trial.declared.export_role_arn in trial.tried_whole
    for one in trial.gate.without_each_action(roles):
        if one.missed is None and (leaving or one.held.statement["Sid"] != END_WAYS_BACK):
            yield f"{one}: nothing in the rehearsal asks for it"


def denials_of(gate: Gate) -> Iterator[str]:
    """What was refused, each with who asked."""
    for one in gate.denials():
        role = one.principal.role_arn.rpartition("/")[2] or one.principal.service
        yield f"{role}: {one.decision.reason}"


def explained(message: str, gate: Gate) -> str:
    """The first refusal, where there was one, explains more than what it led to."""
    first = next(denials_of(gate), "")
    return f"{message} ({first})" if first else message

"""The service's commands as the tasks that run them in AWS: who may start which, and how they end."""

import json
from collections.abc import Mapping
from typing import Any

from rehearsal.service.declared import Container
from rehearsal.service.logins import issuer_of
from rehearsal.service.processes import Process
from rehearsal.service.trial import StepError, Trial, until

COMMAND_TIMEOUT_SECONDS = 30


def begin(trial: Trial, container: Container, arguments: tuple[str, ...], role_arn: str = "") -> Process:
    """A container with these arguments in the place of its own, as the role of the service or another one."""
    environment = trial.task_environment(container, role_arn)
    process = trial.programs.begin(arguments, environment)
    trial.stack.callback(process.stop)
    return process


def finish(process: Process, what: str, timeout_seconds: float) -> None:
    """Wait for its end. Raises StepError where that is late or no success."""
    if ended(process, what, timeout_seconds) != 0:
        last = process.lines[-1] if process.lines else "it said nothing"
        raise StepError(f"{what} failed: {last}")


def ended(process: Process, what: str, timeout_seconds: float) -> int:
    """Its exit status, waited for. Raises StepError where that is late."""
    until(lambda: process.ended, timeout_seconds, f"{what} did not end within {timeout_seconds} s")
    return process.wait(5)


def verdict(process: Process, what: str, timeout_seconds: float) -> Mapping[str, Any]:
    """What its last line says, once it has ended well. Raises StepError."""
    finish(process, what, timeout_seconds)
    try:
        found: dict[str, Any] = json.loads(process.lines[-1])
    except (IndexError, ValueError):
        raise StepError(f"no verdict: {process.lines[-1:]}") from None
    return found


def run_as_owner(trial: Trial, arguments: tuple[str, ...], timeout_seconds: float) -> None:
    """A command as the owner, as those start it who administer the account."""
    finish(begin(trial, trial.declared.administration, arguments), " ".join(arguments), timeout_seconds)


def refuse_on_duty(trial: Trial, arguments: tuple[str, ...], timeout_seconds: float) -> None:
    """What a person on duty must not start, tried as they would: by the definition for one-off work."""
    container = trial.declared.one_off
    process = begin(trial, container, (*container.entry, *arguments))
    if ended(process, arguments[0], timeout_seconds) == 0:
        raise StepError(f"one-off work lets people on duty run {' '.join(arguments[:2])}")


def found_tenant(trial: Trial, tenant: str, subject: str) -> None:
    """A tenant with one member."""
    run_as_owner(trial, ("tenant", "add", tenant), COMMAND_TIMEOUT_SECONDS)
    member = ("member", "add", "--tenant", tenant, "--issuer", issuer_of(trial), "--subject", subject)
    run_as_owner(trial, member, COMMAND_TIMEOUT_SECONDS)

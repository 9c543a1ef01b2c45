"""Another service in the place of the bundled one, tried by the contract of docs/other-image.md and nothing more."""

import json
import shlex
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from graph.errors import InputError
from rehearsal.cloud import Cloud
from rehearsal.result import Rehearsal
from rehearsal.service import logins, steps, tasks
from rehearsal.service.declared import NoServiceError, declared_service
from rehearsal.service.processes import Process, Programs
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.rights import act_as_aws, stay_within_boundary
from rehearsal.service.run import opened_trial, take
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import StepError, Trial, until

ARCHIVE = ".tar"
PAUSE_SECONDS = 0.05
REFUSED = 2  # what one-off work ends with that nobody on duty may start
NOT_FOR_DUTY = ("member", "add", "--subject", "nobody")


@dataclass(frozen=True)
class Given:
    """A program of this machine: the words that start it, before the image's arguments."""

    words: tuple[str, ...]

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        """The environment goes to the process itself."""
        return Process([*self.words, *arguments], environment)


@contextmanager
def other_programs(given: str) -> Iterator[Programs]:
    """How to run another service: a command line of this machine, or the archive of its image, which runs under runc.

    Raises InputError for a command that is none, and ImageError for an archive that cannot be read or run.
    """
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise InputError(f"--other: {given}: {error}") from None
    if len(words) == 1 and words[0].endswith(ARCHIVE):
        from rehearsal.image import Image, unpacked  # few ask for it

        with unpacked(Image.read(Path(words[0]))) as laid_out:
            yield laid_out
        return
    program = shutil.which(words[0]) if words else None
    if program is None:
        raise InputError(
            f"--other: {given or 'nothing'}: no such program; name a command, or an image's archive (.tar)"
        )
    yield Given((str(Path(program).absolute()), *words[1:]))


def rehearse_other(
    rehearsal: Rehearsal,
    cloud: Cloud,
    surroundings: Surroundings,
    programs: Programs,
    *,
    program: str,
    notify: Callable[[str], object] = lambda _: None,
) -> ServiceRehearsal:
    """Start another service in what the stack made, and hold it to the contract.

    Args:
        rehearsal: the stack as it was realised; moto must still be running.
        cloud: the account in moto.
        surroundings: Postgres and identity provider, begun.
        programs: how to run its commands.
        program: what it is called in the result.
        notify: called with the name of each step as it begins.
    """
    try:
        declared = declared_service(rehearsal)
    except NoServiceError as error:
        return ServiceRehearsal(incomplete=str(error))
    with opened_trial(declared, cloud, surroundings, programs=programs) as trial:

        def by(step: steps.Action) -> Callable[[], str]:
            return lambda: step(trial)

        return replace(take([(name, by(step)) for name, step in CONTRACT_STEPS], trial, notify), program=program)


def start(trial: Trial) -> str:
    """The service, with the login's secret filled by an operator; it lives before it is ready."""
    if not trial.mock_login:
        logins.fill_oidc_secret(trial)
    steps.start_service(trial)
    why = f"/healthz did not answer 200 within {steps.READY_TIMEOUT_SECONDS} s on port {trial.ports[0]}"
    until(lambda: _answers(trial, "/healthz"), steps.READY_TIMEOUT_SECONDS, why, trial.service)
    return "/healthz answers"


def ask_as_ecs(trial: Trial) -> str:
    """`health`, which ECS runs inside the container."""
    tasks.finish(_run(trial, ("health",)), "health", tasks.COMMAND_TIMEOUT_SECONDS)
    return "`health` ends with 0"


def become_ready(trial: Trial) -> str:
    """It answers /readyz."""
    steps.become_ready(trial)
    return "/readyz answers"


def migrate_again(trial: Trial) -> str:
    """The next task begins with it too, beside a service that serves."""
    container = trial.declared.migrate
    again = tasks.begin(trial, container, container.arguments)
    tasks.finish(again, "a second migrate", steps.MIGRATE_TIMEOUT_SECONDS)
    if not _answers(trial, "/readyz"):
        raise StepError("a second migrate took the service's readiness away")
    return "a second one ends with 0"


def rotate_under_it(trial: Trial) -> str:
    """Two rotations while /readyz is asked, then all connections cut: ready again, by the login of now."""
    failed, requests, over = [0], [0], threading.Event()

    def keep_asking() -> None:
        while not over.wait(PAUSE_SECONDS):
            requests[0] += 1
            failed[0] += not _answers(trial, "/readyz")

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        logins = [_login(trial)]
        for _ in range(2):
            steps.rotate(trial)
            logins.append(_login(trial))
    finally:
        over.set()
        asking.join()
    if logins[0] != logins[2] or logins[0] == logins[1]:
        raise StepError(f"two logins must take turns; the secret named {', then '.join(logins)}")
    if failed[0]:
        raise StepError(f"/readyz failed {failed[0]} of {requests[0]} times while the login was rotated")
    cut = trial.front.drop_connections() if trial.front else 0
    why = f"not ready again within {steps.READY_TIMEOUT_SECONDS} s of a rotation and a cut of its {cut} connections"
    until(lambda: _answers(trial, "/readyz"), steps.READY_TIMEOUT_SECONDS, why, trial.service)
    return f"2 rotations, {' and '.join(sorted(set(logins)))} take turns; then all connections cut, {cut} in all"


def own_nothing(trial: Trial) -> str:
    """Neither login owns anything in the database, nor may it make roles or databases."""
    assert trial.owner is not None  # noqa: S101  start_postgres comes first
    logins = sorted({_login(trial, stage) for stage in ("AWSCURRENT", "AWSPREVIOUS")})
    powers = trial.surroundings.powers_of(trial.owner, logins)
    if powers:
        raise StepError("; ".join(powers))
    return " and ".join(logins)


def refuse_on_duty(trial: Trial) -> str:
    """Letting people in is no one-off work: it ends with 2."""
    container = trial.declared.one_off
    process = tasks.begin(trial, container, (*container.entry, *NOT_FOR_DUTY))
    status = tasks.ended(process, "one-off", tasks.COMMAND_TIMEOUT_SECONDS)
    if status != REFUSED:
        raise StepError(f"one-off {' '.join(NOT_FOR_DUTY)} ended with {status} instead of {REFUSED}")
    return f"`{' '.join(NOT_FOR_DUTY[:2])}` ends with {REFUSED}"


def scrape_metrics(trial: Trial) -> str:
    """On a port of their own, and not on the public one."""
    if trial.status_of("/metrics", f"http://127.0.0.1:{trial.ports[1]}") != 200:
        raise StepError(f"/metrics does not answer 200 on METRICS_PORT {trial.ports[1]}")
    if _answers(trial, "/metrics"):
        raise StepError("/metrics answers on the public port")
    return "on their own port alone"


CONTRACT_STEPS: tuple[tuple[str, steps.Action], ...] = (
    *steps.DATABASE_STEPS,
    ("the service starts", start),
    ("health inside the container", ask_as_ecs),
    ("the service is ready", become_ready),
    ("migrate beside the service", migrate_again),
    ("rotation under the service", rotate_under_it),
    ("logins without powers", own_nothing),
    ("one-off work refuses", refuse_on_duty),
    ("metrics", scrape_metrics),
    ("a clean stop, clean logs", steps.stop_service),
    ("what AWS does in the roles' names", act_as_aws),
    ("roles within the boundary", stay_within_boundary),
)


def _answers(trial: Trial, path: str) -> bool:
    return trial.status_of(path) == 200


def _run(trial: Trial, arguments: tuple[str, ...]) -> Process:
    """A command in the service's own environment."""
    return tasks.begin(trial, trial.declared.service, arguments)


def _login(trial: Trial, stage: str = "AWSCURRENT") -> str:
    client = trial.cloud.client("secretsmanager")
    answer = client.get_secret_value(SecretId=trial.declared.rotated_secret_arn, VersionStage=stage)
    try:
        value = json.loads(answer["SecretString"])
        return str(value["username"])
    except (ValueError, KeyError, TypeError):
        raise StepError("the rotated secret is no JSON object with username and password") from None

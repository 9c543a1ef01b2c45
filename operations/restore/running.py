"""What the commands of a restore have alike: where it happens, its moment, and how a failure is reported."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operations.ending import CHECK_FAILED, INTERRUPTED, NOT_MADE, fail, notify

if TYPE_CHECKING:
    from operations.restore.places import RestorePlace
    from operations.restore.steps import Restore, Step


def stack_of(name: str) -> str:
    """The stack that holds a customer's data. Raises ProblemsError for an unknown customer."""
    from infra.tenants.files import read_tenant
    from project.files import find_project

    return read_tenant(find_project(Path.cwd()).root, name).stack


def place_of_tenant(name: str) -> "RestorePlace":
    """Where a customer's restore happens, which replaces what they have now.

    Raises ProblemsError for an unknown one, and for one of a pool under a legal hold: what a restore replaces stays as
    older versions of files, which a pool's bucket ends for everybody, and a held silo's keeps.
    """
    from infra.tenants.files import read_tenant
    from infra.tenants.hold import refuse_under_hold
    from project.files import find_project

    tenant = read_tenant(find_project(Path.cwd()).root, name)
    if tenant.isolation == "pool":
        refuse_under_hold(tenant, f"nothing of it is replaced, since the pool of {tenant.base} ends older versions")
    return place_of_stack(tenant.stack)


def place_of_stack(stack: str) -> "RestorePlace":
    """Where a stack's restore happens. Raises ProblemsError with every output that is missing."""
    from operations.restore.places import find_place
    from project.files import find_project

    project = find_project(Path.cwd())
    return find_place(stack, region_of(stack), lambda name: _outputs(project, name))


def region_of(stack: str) -> str:
    """By its settings, or its base's. Raises ProblemsError for an unknown stack."""
    from project.files import find_project, read_config
    from project.silos import whole_config
    from rehearsal.run import place_of

    project = find_project(Path.cwd())
    return place_of(project, whole_config(project, stack, read_config(project, stack)))[1]


def _outputs(project: Any, stack: str) -> Mapping[str, Any]:
    from operations.engine.stack import open_stack  # imports Pulumi

    found: Mapping[str, Any] = open_stack(project, stack, notify=notify).outputs()
    return found


def work_at(place: "RestorePlace", at: datetime) -> "Restore":
    """A restore to a moment, with nothing done yet."""
    import boto3  # half a second

    from operations.restore.steps import Restore

    return Restore(session=boto3.Session(), place=place, at=at, notify=notify)


def begin(place: "RestorePlace", at: datetime | None) -> tuple["Restore", datetime]:
    """With a moment that can be restored, and the newest one. Raises InputError for another."""
    from operations.restore.copy import Copy
    from operations.restore.moment import expect_within

    work = work_at(place, at or datetime.now(UTC))
    window = guarded(work, lambda: {"window": Copy(work.session, place, notify).window()})["window"]
    if at is None:
        work.at = window.newest
    expect_within(work.at, window)
    return work, window.newest


def tried(work: "Restore", steps: list["Step"]) -> tuple[int, str] | None:
    """Take the steps; the exit code and why where one failed. Ctrl-C ends the command: a task goes on by itself."""

    def take() -> None:
        notify(f"by {work.by}")  # asked now: credentials may have ended when evidence is written
        work.take(steps)

    return attempted(_kept(work), take)


def guarded(work: "Restore", do: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What it gives; a failure ends the command with one line."""
    return held(_kept(work), do)


def held(kept: str, do: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """The same; `kept` says what a failure leaves, and how to go on."""
    found: list[Mapping[str, Any]] = []
    if problem := attempted(kept, lambda: found.append(do())):
        fail(*problem)
    return found[0]


def head(work: "Restore") -> dict[str, Any]:
    """Of each output: where, to when, and the seconds of each step."""
    return {"stack": work.place.tasks.stack, "at": work.at.isoformat(), "seconds": dict(work.seconds)}


def _kept(work: "Restore") -> str:
    from operations.restore.steps import KEPT

    return KEPT.format(stack=work.place.tasks.stack)


def attempted(kept: str, do: Callable[[], object]) -> tuple[int, str] | None:
    """The exit code and why, where it failed; `kept` says what a failure leaves. Ctrl-C ends the command."""
    from botocore.exceptions import BotoCoreError, ClientError

    from operations.one_off import TaskError
    from operations.restore.copy import CopyError
    from operations.restore.evidence import EvidenceError
    from operations.restore.steps import StepFailedError

    try:
        do()
    except StepFailedError as error:
        return CHECK_FAILED, f"{error}; {kept}"
    except KeyboardInterrupt:
        fail(INTERRUPTED, f"interrupted; a task goes on by itself, and {kept}")
    except (CopyError, EvidenceError, TaskError) as error:
        return NOT_MADE, str(error)
    except (BotoCoreError, ClientError) as error:
        return NOT_MADE, f"AWS refused or did not answer: {error}; {kept}"
    return None

"""One deployment, step by step, with a record of what happened.

Review, update, rollout, smoke test; where one of the last three fails, the image that ran before is put back.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from infra.placeholders import IMAGE_VARIABLE
from operations.deploy import rollout, smoke
from operations.ending import Notify
from operations.engine.errors import EngineError, FailedError
from operations.engine.image import deployed_image
from operations.engine.messages import some
from operations.engine.reviewed import Reviewed
from operations.engine.stack import EngineStack, OperationResult

NOTHING: Final = "left out: nothing was to change"
DeploymentOutcome = Literal["deployed", "went back", "failed"]


@dataclass(frozen=True, kw_only=True)
class DeploymentStep:
    """One step: how long it took, and what went wrong, if something did."""

    name: str
    seconds: float
    detail: str
    problem: str


@dataclass(kw_only=True)
class Record:
    """What a deployment did."""

    stack: str
    image: str | None = None
    image_before: str | None = None
    outcome: DeploymentOutcome = "failed"
    steps: list[DeploymentStep] = field(default_factory=list)
    next_step: str = ""


def wait_for_rollout(opened: EngineStack, outputs: Mapping[str, Any], notify: Notify) -> str:
    """Wait until ECS runs what the outputs name; nothing to say beside it. Raises as `rollout.wait` does."""
    target = rollout.target_of(opened.name, outputs)
    rollout.wait(opened.name, target, rollout.client_of(opened.place), notify=notify)
    return ""


def try_service(opened: EngineStack, outputs: Mapping[str, Any], notify: Notify) -> str:
    """Try the service at its public address; gives what is to be said beside it. Raises as `smoke.smoke` does.

    A service that its settings close to most of the world may be closed to this machine too, as dev's is to GitHub's
    runners. That is no reason to go back: the rollout reported that its tasks are healthy.
    """
    try:
        smoke.smoke(opened.name, smoke.url_of(opened.name, outputs), notify=notify)
    except smoke.UnreachedError as error:
        from components.service_settings import EVERYWHERE  # pydantic, for what seldom happens

        ranges = opened.place.admits
        if not ranges or EVERYWHERE in ranges:
            raise
        notify(f"{opened.name}: {error}")
        return f"**not tried**: nothing answered here, and only {', '.join(ranges)} may reach it"
    return ""


def deploy(
    opened: EngineStack,
    notify: Notify,
    *,
    before: Mapping[str, Any],
    message: str | None = None,
    reviewed: Reviewed | None = None,
) -> Record:
    """Update a reviewed stack, see that the service runs, and put the last good image back where it does not.

    Args:
        opened: the stack, with the image's variable set.
        notify: gets every line of progress.
        before: the stack's outputs as they stand.
        message: kept with the update in the stack's history.
        reviewed: what a person saw; the update does no more. Going back is not held to it.

    Raises:
        EngineError: the update was not begun (locked, signed out, interrupted, ...), so there is nothing to put back;
            or it began what was not reviewed, and a person must look.
    """
    record = Record(stack=opened.name, image_before=deployed_image(before))
    run = _Run(opened, before, record, notify)
    try:
        record.image = run.go(message, reviewed=reviewed)
        record.outcome = "deployed"
    except FailedError as error:
        notify(f"{opened.name}: failed: {error}")
        run.go_back()
    return record


@dataclass(frozen=True)
class _Run:
    opened: EngineStack
    before: Mapping[str, Any]
    record: Record
    notify: Notify

    def go(self, message: str | None, prefix: str = "", reviewed: Reviewed | None = None) -> str | None:
        """Update and check; the image that runs then. Raises what a step raises, once it is recorded."""
        with self._step(f"{prefix}update") as record_detail:
            record_detail(counts := self._update(message, reviewed))
        outputs = self.before if counts == NOTHING else self.opened.outputs()
        self.record.image = self.record.image or deployed_image(outputs)
        for name, check in (("rollout", wait_for_rollout), ("smoke test", try_service)):
            with self._step(f"{prefix}{name}") as record_detail:
                record_detail(check(self.opened, outputs, self.notify))
        return deployed_image(outputs)

    def _update(self, message: str | None, reviewed: Reviewed | None) -> str:
        """Update, unless it is proved to have nothing to do."""
        left = reviewed.left if reviewed is not None else None
        if left == ():
            self.notify(f"{self.opened.name}: nothing is to change, so no update is run")
            return NOTHING
        if left and reviewed is not None and not any(step.changes for step in reviewed.plan.steps):
            self.notify(f"{self.opened.name}: nothing is to change but perhaps in the state: {some(left)}")
        return _counted(self.opened.up(message=message, reviewed=reviewed, on_output=self.notify))

    def go_back(self) -> None:
        """The last good image again, where there is one and the environment decides which it is."""
        opened, record, good = self.opened, self.record, self.record.image_before
        record.next_step = f"`workbuoy review {opened.name}` shows how the stack stands"
        if good is None:
            self.notify(f"{opened.name}: there is no image before this one, so there is nothing to go back to")
        elif IMAGE_VARIABLE not in opened.variables:
            record.next_step = f"Pulumi.{opened.name}.yaml decides the image: put {good} there and deploy"
            self.notify(f"{opened.name}: {record.next_step}")
        elif good == opened.variables[IMAGE_VARIABLE]:
            self.notify(f"{opened.name}: ran this very image before, so going back would change nothing")
        else:
            self._put_back(good)

    def _put_back(self, good: str) -> None:
        self.notify(f"{self.opened.name}: going back to {good}")
        self.opened.use({IMAGE_VARIABLE: good})
        try:
            self.go(f"back to {good}", "back: ")
        except EngineError as error:
            self.notify(f"{self.opened.name}: going back failed, too: {error}")
            self.record.next_step = f"the service needs a person now: {error.next_step or 'look at its events in ECS'}"
        else:
            self.record.outcome = "went back"
            self.record.next_step = f"{good} runs again; mend the new image, then deploy anew"

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[str], None]]:
        began, details = time.monotonic(), [""]
        problem = ""
        try:
            yield details.append
        except EngineError as error:
            problem = "; ".join(error.lines)
            raise
        finally:
            seconds = time.monotonic() - began
            self.record.steps.append(DeploymentStep(name=name, seconds=seconds, detail=details[-1], problem=problem))


def _counted(ran: OperationResult) -> str:
    return ", ".join(f"{number} {op}" for op, number in sorted(ran.changes.items()))


def as_json(record: Record) -> dict[str, Any]:
    """The record for programs."""
    steps = [
        {"name": one.name, "seconds": round(one.seconds, 1), "detail": one.detail, "problem": one.problem}
        for one in record.steps
    ]
    return {
        "stack": record.stack,
        "outcome": record.outcome,
        "image": record.image,
        "imageBefore": record.image_before,
        "steps": steps,
        "next": record.next_step,
    }


def as_markdown(record: Record) -> str:
    """The record for people, and for a job's summary."""
    lines = [
        f"## {record.stack}: {record.outcome}",
        "",
        f"Image: `{record.image or 'none'}`, before: `{record.image_before or 'none'}`",
        "",
    ]
    for one in record.steps:
        rest = f": **failed**: {one.problem}" if one.problem else f": {one.detail}" if one.detail else ""
        lines.append(f"- {one.name} ({one.seconds:.0f} s){rest}")
    return "\n".join([*lines, *(["", f"Next: {record.next_step}"] if record.next_step else [])]) + "\n"

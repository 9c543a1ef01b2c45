"""The steps of a restore and of a drill, in their order: each may be killed and repeated, and the next finds its work.

How far it is follows from what stands: the copy's moment is its tag, a task that runs is watched instead of started
again, and a customer's own journal lies in the bucket (`workbuoy-app restore tenant`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from operations import one_off
from operations.ending import Notify
from operations.restore.copy import Copy
from operations.restore.moment import run_name, shown
from operations.restore.places import RestorePlace

KEPT = "the copy stands until `workbuoy restore end {stack}`, or the same command again goes on"


class StepFailedError(Exception):
    """A task of the image ended otherwise than well; says in one line what it said last."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: what it does in words for `--plan`, under whose rights, and how."""

    name: str
    does: str
    by: str
    run: Callable[[], Mapping[str, Any] | None]


@dataclass
class Restore:
    """Takes steps; `told` is what tasks said, `seconds` how long each step took."""

    session: Any
    place: RestorePlace
    at: datetime
    notify: Notify
    told: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def shown_at(self) -> str:
        """The moment, for people."""
        return shown(self.at)

    def steps(self, tenant: str = "", *, again: bool = False) -> list[Step]:
        """Of a drill, or of one customer's restore."""
        copy, name = Copy(self.session, self.place, self.notify), self.place.copy
        you, role = "you, as an operator", "a task, as the role restore"
        steps = [
            Step(
                name="copy",
                does=f"make {name} beside the database, as of {shown(self.at)}; only restore's tasks reach it",
                by=you,
                run=lambda: copy.make(self.at),
            ),
            Step(name="available", does="wait for it", by=you, run=copy.wait),
            Step(name="login", does="give it a password of its own, into its secret", by=you, run=copy.give_login),
            Step(name="open", does="wait until the password holds", by=you, run=copy.wait),
            Step(
                name="prepare",
                does="take out of the copy what was erased since, and bring its schema up to date",
                by=role,
                run=lambda: self.task("prepare", "restore", "prepare", of_drill=not tenant),
            ),
            Step(
                name="check",
                does="count its rows, look for its files, ask the service whether it is ready on it",
                by=role,
                run=lambda: self.task("check", "restore", "check", of_drill=not tenant),
            ),
        ]
        if tenant:
            words = ["restore", "tenant", tenant, "--at", run_name(self.at), *(["--again"] if again else [])]
            steps.append(
                Step(
                    name="tenant",
                    does=f"freeze {tenant}, keep its rows as the way back, replace them, compare, thaw",
                    by=role,
                    run=lambda: self.task(f"tenant-{tenant}", *words),
                )
            )
        delete = Step(name="end", does=f"delete {name}", by=you, run=lambda: {"deleted": copy.delete()})
        return [*steps, delete]

    def end(self, *, expired_only: bool = False) -> bool:
        """Delete the copy; False where there was none, or none past its day. Raises CopyError."""
        copy = Copy(self.session, self.place, self.notify)
        return (copy.outlived() or not expired_only) and copy.delete()

    def take(self, steps: Sequence[Step]) -> None:
        """All of them. Raises StepFailedError, CopyError, TaskError, InputError, botocore's ClientError."""
        for step in steps:
            self.notify(f"{step.name}: {step.does} ...")
            began = time.monotonic()
            told = step.run()
            self.seconds[step.name] = round(time.monotonic() - began, 1)
            if told is not None:
                self.told[step.name] = told

    def task(self, label: str, *words: str, of_drill: bool = False) -> Mapping[str, Any]:
        """One command of the image, as a task; a drill's own reaches the copy alone. Raises StepFailedError."""
        place = self.place.drill_tasks if of_drill else self.place.tasks
        outcome = one_off.run(self.session, place, words, f"restore-{label}"[:36], self.notify)
        if outcome.exit_code:
            said = outcome.last_lines[-1] if outcome.last_lines else "it logged nothing"
            raise StepFailedError(f"{' '.join(words[:2])} ended with {outcome.exit_code}: {said}")
        return outcome.verdict or {}

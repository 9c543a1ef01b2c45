"""The steps of a restore and of a drill, in their order: each may be killed and repeated, and the next finds its work.

How far it is follows from what stands: the copy's moment is its tag, a task that runs is watched instead of started
again, and a customer's own journal lies in the bucket (`workbuoy-app restore tenant`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from operations import one_off
from operations.ending import Notify
from operations.restore.copy import DRILL_LIVES, LIVES, Copy
from operations.restore.moment import run_name, shown
from operations.restore.places import RestorePlace

YOU, ROLE = "you, as an operator", "a task, as the role restore"
WAITING = (
    "S3 first brings those out of an archive: GLACIER takes 3 to 5 hours, DEEP_ARCHIVE 12, by a standard retrieval at "
    "about 0.01 and 0.02 dollars a GB"
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html, and S3's prices."""
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


def take(
    steps: Sequence[Step], notify: Notify, seconds: dict[str, float], results: dict[str, Mapping[str, Any]]
) -> None:
    """All of them; notes how long each took, and what it reported. Raises what they raise."""
    for step in steps:
        notify(f"{step.name}: {step.does} ...")
        began = time.monotonic()
        result = step.run()
        seconds[step.name] = round(time.monotonic() - began, 1)
        if result is not None:
            results[step.name] = result


def who(session: Any, region: str) -> str:
    """Whoever is signed in. Raises botocore's errors."""
    return str(session.client("sts", region_name=region).get_caller_identity()["Arn"])


@dataclass
class Restore:
    """Takes steps; `results` is what tasks reported, `seconds` how long each step took."""

    session: Any
    place: RestorePlace
    at: datetime
    notify: Notify
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def by(self) -> str:
        """Whoever is signed in. Raises botocore's errors."""
        return who(self.session, self.place.tasks.region)

    @property
    def shown_at(self) -> str:
        """The moment, for people."""
        return shown(self.at)

    def steps(self, tenant: str = "", *, again: bool = False) -> list[Step]:
        """Of a drill, or of one customer's restore."""
        copy, name = Copy(self.session, self.place, self.notify), self.place.copy
        steps = self._copied(of_drill=not tenant)
        if tenant:
            words = ["restore", "tenant", tenant, "--at", run_name(self.at), *(["--again"] if again else [])]
            steps.append(
                Step(
                    name="tenant",
                    does=f"bring {tenant}'s files ({WAITING}), freeze {tenant}, keep its rows as the way back, "
                    "replace them, compare, thaw",
                    by=ROLE,
                    run=lambda: self.task(f"tenant-{tenant}", *words),
                )
            )
        delete = Step(name="end", does=f"delete {name}", by=YOU, run=lambda: {"deleted": copy.delete()})
        return [*steps, delete]

    def steps_of_stack(self) -> list[Step]:
        """Up to a copy that is fit to serve; it stays."""
        files = Step(
            name="files",
            does=f"bring every file in the version that its row in the copy names ({WAITING})",
            by=ROLE,
            run=lambda: self.task("files", "restore", "files"),
        )
        copy = Copy(self.session, self.place, self.notify)
        fit = Step(name="fit", does=f"note on {self.place.copy} that it may serve", by=YOU, run=copy.note_fit)
        return [*self._copied(of_drill=False), files, fit]

    def steps_after_switch(self, switched: str) -> list[Step]:
        """Once the copy serves."""
        files = Step(
            name="settle",
            does="bring the files again that went meanwhile, and put a delete marker on what no row names",
            by=ROLE,
            run=lambda: self.task("settle", "restore", "files", "--switched", switched),
        )
        return [files]

    def _copied(self, *, of_drill: bool) -> list[Step]:
        """Until the copy is checked."""
        copy, name = Copy(self.session, self.place, self.notify), self.place.copy
        return [
            Step(
                name="copy",
                does=f"make {name} beside the database, as of {shown(self.at)}; only restore's tasks reach it",
                by=YOU,
                run=lambda: copy.make(self.at, DRILL_LIVES if of_drill else LIVES),
            ),
            Step(name="available", does="wait for it", by=YOU, run=copy.wait),
            Step(name="login", does="give it a password of its own, into its secret", by=YOU, run=copy.give_login),
            Step(name="open", does="wait until the password holds", by=YOU, run=copy.wait),
            Step(
                name="prepare",
                does="take out of the copy what was erased since, and bring its schema up to date",
                by=ROLE,
                run=lambda: self.task("prepare", "restore", "prepare", of_drill=of_drill),
            ),
            Step(
                name="check",
                does="count its rows, look for its files, ask the service whether it is ready on it",
                by=ROLE,
                run=lambda: self.task("check", "restore", "check", of_drill=of_drill),
            ),
        ]

    def end(self, *, expired_only: bool = False) -> bool:
        """Delete the copy; False where there was none, or none past its day. Raises CopyError."""
        copy = Copy(self.session, self.place, self.notify)
        return (copy.outlived() or not expired_only) and copy.delete()

    def take(self, steps: Sequence[Step]) -> None:
        """All of them. Raises StepFailedError, CopyError, TaskError, InputError, botocore's ClientError."""
        take(steps, self.notify, self.seconds, self.results)

    def task(self, label: str, *words: str, of_drill: bool = False) -> Mapping[str, Any]:
        """One command of the image, as a task; a drill's own reaches the copy alone. Raises StepFailedError."""
        place = self.place.drill_tasks if of_drill else self.place.tasks
        outcome = one_off.run(self.session, place, words, f"restore-{label}"[:36], self.notify)
        if outcome.exit_code:
            last_line = outcome.last_lines[-1] if outcome.last_lines else "it logged nothing"
            raise StepFailedError(f"{' '.join(words[:2])} ended with {outcome.exit_code}: {last_line}")
        return outcome.verdict or {}

"""The nightly looks at many stacks: for each stack the commands that a person would type, several stacks at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from operations.tenant.deployment.board import board
from operations.tenant.deployment.every import GRACE_SECONDS
from operations.tenant.deployment.scheduler import Scheduler, SiloOutcome, Stop, run_child
from project.interrupts import heeded

_S: Final = "{stack}"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command about one stack; `prints` is the file that its output goes into, `writes` one that it must write.

    Where a step fails, those after it are done all the same, but for one that `builds_on` it.
    """

    words: tuple[str, ...]
    prints: str | None = None
    writes: tuple[str, str] | None = None
    builds_on: bool = False


NIGHTS: Final[Mapping[str, tuple[Step, ...]]] = {
    "drift": (
        Step(
            words=("drift", _S, "--json"), prints="look-drift-{stack}.json", writes=("--markdown", "drift-{stack}.md")
        ),
        Step(
            words=("drift", _S, "--account", "--json"),
            prints="look-drift-account-{stack}.json",
            writes=("--markdown", "drift-{stack}-account.md"),
        ),
        Step(words=("releases", _S, "--json"), prints="look-releases-{stack}.json"),
        Step(words=("cost", _S, "--json"), prints="look-cost-{stack}.json"),
    ),
    "drills": (
        Step(words=("restore", "end", _S, "--expired")),  # a copy that an earlier drill or restore left behind
        Step(
            words=("restore", "drill", _S, "--due", "--clean-up"),
            writes=("--evidence", "drill-{stack}.json"),
            builds_on=True,
        ),
        Step(words=("drills", _S, "--measure", "--json"), prints="look-drills-{stack}.json"),
        Step(words=("backups", _S, "--live", "--this-account", "--json"), prints="look-backups-{stack}.json"),
    ),
}
"""What is looked for -> the commands, in their order."""

RunStep = Callable[[Sequence[str], Path, Stop, Path | None], SiloOutcome]
"""A command's words, its log, and the file for what it prints."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """Which commands, where their files go, how many stacks at once, and until when another stack is begun."""

    root: Path
    steps: Sequence[Step]
    folder: Path
    parallel: int
    seconds_each: float
    seconds_in_all: float
    run_step: RunStep | None = None

    def look(self, stacks: Sequence[str]) -> Mapping[str, SiloOutcome]:
        """What became of each stack; one that was not begun in time, or not at all, is no good one either."""
        self.folder.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + self.seconds_in_all

        def look_at(stack: str, stop: Stop) -> SiloOutcome:
            if time.monotonic() >= until:
                return SiloOutcome("failed", f"was not begun within {self.seconds_in_all / 60:g} minutes")
            return self._steps(stack, stop)

        with board(stacks) as shown:
            scheduler = Scheduler(
                look_at,
                shown.record,
                parallel=self.parallel,
                timeout_seconds=self.seconds_each,
                grace_seconds=GRACE_SECONDS,
            )
            with heeded(scheduler.interrupt):
                return scheduler.run(stacks)

    def _steps(self, stack: str, stop: Stop) -> SiloOutcome:
        causes: list[str] = []
        before = SiloOutcome("done")
        for step in self.steps:
            if stop.times:
                return SiloOutcome("interrupted", "; ".join([*causes, "stopped"]))
            words = [one.format(stack=stack) for one in step.words]
            if step.builds_on and before.state != "done":
                causes.append(f"{' '.join(words)}: was not begun, since what it builds on failed")
                continue
            before = self._run(words, step, stack, stop)
            if before.state != "done":
                causes.append(f"{' '.join(words)}: {before.cause or before.state}")
        return SiloOutcome("failed", "; ".join(causes)) if causes else SiloOutcome("done")

    def _run(self, words: Sequence[str], step: Step, stack: str, stop: Stop) -> SiloOutcome:
        folder = self.folder.resolve()
        output_options = [step.writes[0], str(folder / step.writes[1].format(stack=stack))] if step.writes else []
        printed = folder / step.prints.format(stack=stack) if step.prints else None
        log = folder / f"{stack}.log"
        if self.run_step is not None:
            return self.run_step([*words, *output_options], log, stop, printed)
        log.write_bytes(b"")  # a cause is read from what this command alone said
        return run_child(self.root, [*words, *output_options], log, stop, printed)

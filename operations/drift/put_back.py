"""Putting drift back, and keeping it: each step shown and asked before it is made.

The engine compares the program with its state, not with the cloud. So what drifted is first taken into the state; then
the next update changes it back, and a review can say what that means. A run that ends between the steps loses nothing:
the same command finds what a refresh took into the state, and goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.placeholders import IMAGE_VARIABLE
from operations.drift.found import Drifted
from operations.drift.look import DriftResult, look
from operations.drift.text import as_markdown
from operations.ending import Notify
from operations.engine.errors import FailedError, MistakenError
from operations.engine.image import running_image
from operations.engine.order import note, same_code
from operations.engine.reviewed import Reviewed, plan_file
from operations.engine.stack import EngineStack
from operations.review import perform as reviewing
from operations.review.assess import Review
from operations.review.engine import preview_opened
from project.files import Project

Confirm = Callable[[str], bool]
"""Asks a person a question."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of `drift --put-back` or `--keep`. `show` gets what a person must read before the next question."""

    project: Project
    opened: EngineStack
    confirmed: Confirm
    notify: Notify
    show: Notify
    plan: bool = True
    """Whether the engine's own plan holds the update to its review; else a second preview does."""

    def put_back(self) -> None:
        """Make the cloud what the program says again.

        Raises:
            MistakenError: a step was not confirmed.
            FailedError: the review stops it, or something still differs afterwards.
            EngineError: whatever the engine says.
        """
        name = self.opened.name
        tags = self.opened.tags()
        commit = same_code(self.opened, tags, self.project.root, self.notify)
        result = self._taken_in()
        if not result.any:
            return
        with plan_file(wanted=self.plan) as file:
            found = self._reviewed(file)
            if found.stops:
                raise FailedError(
                    f"{reviewing.stopping(found)}; the state knows what was found, the cloud is unchanged",
                    f"waive it and repeat, or `workbuoy drift {name} --keep`",
                )
            if result.found and not _changes(found):
                raise FailedError(
                    f"{name}: no update puts this back: the program does not say what it should be",
                    "say it in the program, or put it back by hand",
                )
            self._ask(f"Update {name}, so that the cloud is what the program says?")
            note(self.opened, tags, commit, self.opened.variables.get(IMAGE_VARIABLE))
            self.opened.up(message="drift put back", reviewed=Reviewed(found.plan, file), on_output=self.notify)
        left = look(self.opened, self.notify)
        if left.any:
            self.show(as_markdown(name, left.found, taken=left.taken))
            raise FailedError(f"{name}: was updated, and still differs", f"`workbuoy drift {name} --put-back` again")
        self.show(f"{name}: put back; nothing differs any more")

    def keep(self, advice: Callable[[tuple[Drifted, ...]], str]) -> None:
        """Say what to write where, then take what was found into the state, and show what the program still changes.

        Raises as `put_back` does; FailedError while the program asks for something else.
        """
        name = self.opened.name
        if not self._taken_in(advice).any:
            return
        with plan_file(wanted=self.plan) as file:
            found = self._reviewed(file)
            if _changes(found):
                raise FailedError(
                    f"{name}: the state knows what was found, but the program asks for something else, "
                    "and the next update would change it back",
                    f"write what stands above, then `workbuoy drift {name} --keep` again",
                )
            self._ask(f"Update {name}? Nothing changes; what was found counts as deployed then.")
            self.opened.up(message="drift kept", reviewed=Reviewed(found.plan, file), on_output=self.notify)
        self.show(f"{name}: kept; the program, the state and the cloud say the same")

    def _taken_in(self, advice: Callable[[tuple[Drifted, ...]], str] | None = None) -> DriftResult:
        """What differed; it stands in the state then."""
        name = self.opened.name
        self.opened.require_free()
        result = look(self.opened, self.notify)
        self.show(as_markdown(name, result.found, taken=result.taken))
        if advice is not None and result.found:
            self.show(advice(result.found))
        if result.found:
            self._ask(f"Take this into the state of {name}? Nothing in the cloud changes.")
            self.opened.refresh(on_output=self.notify)
        return result

    def _reviewed(self, file: Path | None) -> Review:
        self.opened.use(running_image(self.project, self.opened.name, self.opened.outputs))
        self.notify(f"Previewing {self.opened.name} with the policies of this project ...")
        found = reviewing.review(preview_opened(self.opened, self.project, file).plan, self.project.root / "waivers")
        self.show(reviewing.markdown_text(found))
        if found.failed:
            raise MistakenError("; ".join(reviewing.failures(found)))
        return found

    def _ask(self, question: str) -> None:
        if not self.confirmed(question):
            raise MistakenError(f"{self.opened.name}: not confirmed; nothing more was done")


def _changes(found: Review) -> bool:
    return any(step.changes for step in found.plan.steps)

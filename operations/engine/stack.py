"""A stack under the engine: opened once every check has passed, then previewed, updated, refreshed, destroyed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bootstrap.names import secrets_provider as own_provider
from graph.plan import Plan
from operations.ending import Notify
from operations.engine.account import check_account, check_region
from operations.engine.backend_stack import BackendStack
from operations.engine.cli import Cli, find_cli
from operations.engine.errors import EngineError, StrayedError
from operations.engine.events import EngineEvents, Event, changes_of
from operations.engine.messages import explained_by, lost_events, some, unknown_stack
from operations.engine.reviewed import Reviewed, ReviewGuard
from operations.engine.stack_file import only_provider_added, provider_lines, require_provider
from project.files import Project
from project.placement import Placement, placement_of
from project.terminal import count

_AT_ONCE: Final = ("--yes", "--skip-preview")


@dataclass(frozen=True, kw_only=True)
class OperationResult:
    """What an operation did: resources by operation (`create`, `update`, `same`, ...), and the engine's events.

    `printed` is what the CLI printed: the engine's own account in JSON, of a preview that was asked for it.
    """

    changes: Mapping[str, int]
    events: tuple[Event, ...]
    printed: str = ""

    @property
    def changed(self) -> int:
        """How many resources it touched."""
        return sum(number for op, number in self.changes.items() if op not in ("same", "read", "refresh"))


def open_stack(
    project: Project,
    stack: str,
    *,
    create: bool = False,
    secrets_provider: str | None = None,
    environment: Mapping[str, str] | None = None,
    notify: Notify | None = None,
) -> "EngineStack":
    """Open a stack of a project, once its file, its region, the CLI and the account are in order.

    Whether the backend knows the stack, the first question to it tells: asking before would start the CLI once more.

    Args:
        project: as `project.files.find_project` finds it; the CLI runs in its own folder.
        stack: the stack's name; `Pulumi.<stack>.yaml` must be there.
        create: make it where the backend does not know it; its file gets the provider's lines, to be committed.
        secrets_provider: for a new stack, such as `awskms://alias/workbuoy-state?region=eu-west-1`; by default this for
            an S3 backend, else a passphrase.
        environment: variables for the CLI and its program, over those of this process.
        notify: gets a line of what goes on, such as that Ctrl-C is being obeyed.

    Raises:
        ProblemsError: there is no such stack file, or it cannot be read.
        EngineError: everything else; its `code` is the command's exit code.
    """
    variables = {"PULUMI_SKIP_UPDATE_CHECK": "true", **(environment or {})}
    place = placement_of(project, stack)
    check_region(stack, place)
    cli = find_cli(notify)
    check_account(stack, place, variables)
    opened = EngineStack(project, stack, cli, place, variables)
    file = project.stack_file(stack)
    if (create or not provider_lines(file.read_text(encoding="utf-8"))) and not opened.exists():
        if not create:
            raise unknown_stack(stack)
        with only_provider_added(file):
            opened.create(secrets_provider or _default_provider(opened))
        if notify:
            notify(f"{stack} is made; commit {file.name}, which now says how its secrets are encrypted.")
    require_provider(stack, file)
    return opened


def _default_provider(opened: "EngineStack") -> str | None:
    return own_provider(opened.place.state_region) if opened.backend().startswith("s3://") else None


class EngineStack(BackendStack):
    """One stack, open. Every operation streams the CLI's lines to `on_output` and raises EngineError."""

    def __init__(self, project: Project, name: str, cli: Cli, place: Placement, variables: Mapping[str, str]) -> None:
        super().__init__(project, name, cli, variables)
        self.place = place

    def preview(
        self,
        *,
        policy_packs: Sequence[Path] = (),
        policy_configs: Sequence[Path] = (),
        save_plan: Path | None = None,
        account: bool = False,
        on_output: Notify | None = None,
        on_event: Callable[[Event], Any] | None = None,
    ) -> OperationResult:
        """What `up` would do; writes nothing, but for the engine's plan where a file for it is named.

        With `account` the engine prints both states of every resource whole, as JSON, in the place of its lines.
        """
        args = ["preview"]
        for pack in policy_packs:
            args += ["--policy-pack", str(pack.resolve())]
        for file in policy_configs:
            args += ["--policy-pack-config", str(file.resolve())]
        if save_plan:
            args += ["--save-plan", str(save_plan)]
        if account:
            args += ["--json", "--show-sames"]
        return self._run(args, on_output, EngineEvents(preview=True, listen=on_event))

    def up(
        self, *, message: str | None = None, reviewed: Reviewed | None = None, on_output: Notify | None = None
    ) -> OperationResult:
        """Create and update what the program declares; with `reviewed`, nothing that goes beyond it.

        Raises PendingError, before anything is touched, where an interrupted run left operations of unknown outcome;
        StrayedError where the update would do, or began, what was not reviewed; LostEventsError where it may have. A
        run that began is cancelled then: what began ends, nothing more begins.
        """
        self.require_settled()
        if reviewed is None:
            return self._up(message, None, on_output, EngineEvents(preview=False))
        if reviewed.file is None:
            self._compare_again(reviewed.plan)
        held = ReviewGuard(reviewed.plan, self._cli.cancel)
        reported = EngineEvents(preview=False, listen=held.watch, missed=held.stop)
        try:
            ran = self._up(message, reviewed.file, on_output, reported)
        except EngineError as error:
            if (instead := held.instead(self.name, reported, error)) is None:
                raise
            raise instead from error
        if (instead := held.instead(self.name, reported)) is not None:
            raise instead
        return ran

    def _up(
        self, message: str | None, plan: Path | None, on_output: Notify | None, reported: EngineEvents
    ) -> OperationResult:
        args = ["up", *_AT_ONCE, "--suppress-outputs"]
        if message:
            args += ["--message", message]
        if plan:
            args += ["--plan", str(plan)]
        return self._run(args, on_output, reported)

    def _compare_again(self, reviewed: Plan) -> None:
        held = ReviewGuard(reviewed)
        self.preview(on_event=held.exceeds_review)
        if held.strayed:
            raise StrayedError(
                f"{self.name}: would do now what was not reviewed: {some(held.strayed)}; nothing was changed",
                f"`workbuoy review {self.name}`, then deploy anew",
            )

    def refresh(self, *, only: str | None = None, on_output: Notify | None = None) -> OperationResult:
        """Write into the state what the cloud says, of all resources or of the one with a URN."""
        target = ["--target", only] if only else []
        return self._run(["refresh", *_AT_ONCE, *target], on_output, EngineEvents(preview=False))

    def refresh_preview(self) -> OperationResult:
        """What `refresh` would write; writes nothing."""
        return self._run(["refresh", "--preview-only"], None, EngineEvents(preview=True))

    def destroy(self, *, on_output: Notify | None = None) -> OperationResult:
        """Delete everything that is not protected."""
        self.require_settled()
        return self._run(["destroy", *_AT_ONCE], on_output, EngineEvents(preview=False))

    def _run(self, args: Sequence[str], on_output: Notify | None, reported: EngineEvents) -> OperationResult:
        with explained_by(self.name, self._cli, self._remains, reported.events), reported.log() as log:
            command = [*args, "--color", "never", "--event-log", str(log), "--stack", self.name]
            output = self._cli.run(command, self._project.root, self._variables, on_output)
        if reported.broken is not None:
            raise reported.broken
        if reported.gap:
            raise lost_events(self.name, reported)
        return OperationResult(
            changes=changes_of(reported.events), events=tuple(reported.events), printed=output.stdout
        )

    def _remains(self) -> str:
        state = self.state()
        left, standing = state.pending, f"{count(len(state.resources), 'resource')} in the state"
        return (
            f"{standing}, {count(len(left), 'operation')} pending: {some(left)}"
            if left
            else f"{standing}, none pending"
        )

"""A stack under the engine: opened once every check has passed, then previewed, updated, refreshed, destroyed."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pulumi.automation import LocalWorkspace, Stack, StackNotFoundError

from bootstrap.names import secrets_provider as own_provider
from graph.plan import Plan
from operations.ending import Notify
from operations.engine.account import check_account, check_region
from operations.engine.cli import Cli, find_cli
from operations.engine.errors import EngineError, FailedError, PendingError, StrayedError
from operations.engine.events import EngineEvents, Event, changes_of
from operations.engine.lock import holders
from operations.engine.messages import explained_by, locked, lost_events, settle, some
from operations.engine.reviewed import Held, Reviewed
from operations.engine.stack_file import only_provider_added, require_provider
from operations.engine.state import State
from project.files import Project
from project.placement import Placement, placement_of

_SHOW_SAMES: Final = {"PULUMI_OPTION_SHOW_SAMES": "true"}
"""The CLI's `--show-sames`, for which the Automation API has no argument."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What an operation did: resources by operation (`create`, `update`, `same`, ...), and the engine's events.

    `printed` is the engine's own account in JSON, of a preview that was asked for it.
    """

    changes: Mapping[str, int]
    events: tuple[Event, ...]
    printed: str = ""

    @property
    def changed(self) -> int:
        """How many resources it touched."""
        return sum(number for op, number in self.changes.items() if op not in ("same", "read", "refresh"))


class _Workspace(LocalWorkspace):
    """Names the stack in every command: `pulumi stack select` is shared by all processes of a person."""

    def select_stack(self, stack_name: str) -> None:
        self._run_pulumi_cmd_sync(["stack", "--show-name", "--stack", stack_name])

    def create_stack(self, stack_name: str) -> None:
        provider = ["--secrets-provider", self.secrets_provider] if self.secrets_provider else []
        self._run_pulumi_cmd_sync(["stack", "init", stack_name, "--no-select", *provider])


def open_stack(
    project: Project,
    stack: str,
    *,
    create: bool = False,
    secrets_provider: str | None = None,
    environment: Mapping[str, str] | None = None,
    placement: Placement | None = None,
    notify: Notify | None = None,
) -> "EngineStack":
    """Open a stack of a project, once its file, its region, the CLI, the account and the backend are in order.

    Args:
        project: as `project.files.find_project` finds it; the CLI runs in its own folder.
        stack: the stack's name; `Pulumi.<stack>.yaml` must be there.
        create: make it where the backend does not know it; its file gets the provider's lines, to be committed.
        secrets_provider: for a new stack, such as `awskms://alias/workbuoy-state?region=eu-west-1`; by default this for
            an S3 backend, else a passphrase.
        environment: variables for the CLI and its program, over those of this process.
        placement: account and region where the stack's file does not name them.
        notify: gets a line of what goes on, such as that Ctrl-C is being obeyed.

    Raises:
        ProblemsError: there is no such stack file, or it cannot be read.
        EngineError: everything else; its `code` is the command's exit code.
    """
    variables = {"PULUMI_SKIP_UPDATE_CHECK": "true", **(environment or {})}
    place = placement or placement_of(project, stack)
    check_region(stack, place)
    cli = find_cli(notify)
    check_account(stack, place, variables)
    workspace = _Workspace(work_dir=str(project.root), pulumi_command=cli, env_vars=variables)
    file = project.stack_file(stack)
    with explained_by(stack, cli):
        try:
            selected = Stack.select(stack, workspace)
        except StackNotFoundError:
            if not create:
                raise
            workspace.secrets_provider = secrets_provider or _default_provider(workspace, place)
            with only_provider_added(file):
                selected = Stack.create(stack, workspace)
            if notify:
                notify(f"{stack} is made; commit {file.name}, which now says how its secrets are encrypted.")
    require_provider(stack, file)
    return EngineStack(project, selected, cli, place)


def _default_provider(workspace: LocalWorkspace, place: Placement) -> str | None:
    on_s3 = (workspace.who_am_i().url or "").startswith("s3://")
    return own_provider(place.state_region) if on_s3 else None


class EngineStack:
    """One stack, open. Every operation streams the CLI's lines to `on_output` and raises EngineError."""

    def __init__(self, project: Project, stack: Stack, cli: Cli, place: Placement) -> None:
        self.name = stack.name
        self.place = place
        self._project = project
        self._stack, self._cli = stack, cli

    @property
    def variables(self) -> Mapping[str, str]:
        """What the CLI and its program get over the variables of this process."""
        return dict(self._stack.workspace.env_vars)

    @contextmanager
    def _using(self, variables: Mapping[str, str]) -> Iterator[None]:
        before = self._stack.workspace.env_vars
        self.use(variables)
        try:
            yield
        finally:
            self._stack.workspace.env_vars = before

    def use(self, variables: Mapping[str, str]) -> None:
        """Give the CLI and its program more variables from now on."""
        self._stack.workspace.env_vars = {**self._stack.workspace.env_vars, **variables}

    def preview(
        self,
        *,
        policy_packs: Sequence[Path] = (),
        policy_configs: Sequence[Path] = (),
        save_plan: Path | None = None,
        account: bool = False,
        on_output: Notify | None = None,
        on_event: Callable[[Event], Any] | None = None,
    ) -> Ran:
        """What `up` would do; writes nothing, but for the engine's plan where a file for it is named.

        With `account` the engine prints both states of every resource whole, as JSON, in the place of its lines.
        """
        printed: list[str] = []

        def preview(common: dict[str, Any]) -> None:
            result = self._stack.preview(
                policy_packs=[str(pack.resolve()) for pack in policy_packs],
                policy_pack_configs=[str(file.resolve()) for file in policy_configs],
                plan=str(save_plan) if save_plan else None,
                json=account,
                **common,
            )
            printed.append(result.stdout)

        with self._using(_SHOW_SAMES if account else {}):
            ran = self._run(preview, on_output, EngineEvents(preview=True, listen=on_event))
        return replace(ran, printed="".join(printed) if account else "")

    def up(
        self, *, message: str | None = None, reviewed: Reviewed | None = None, on_output: Notify | None = None
    ) -> Ran:
        """Create and update what the program declares; with `reviewed`, nothing that goes beyond it.

        Raises PendingError, before anything is touched, where an interrupted run left operations of unknown outcome;
        StrayedError where the update would do, or began, what was not reviewed; LostEventsError where it may have. A
        run that began is cancelled then: what began ends, nothing more begins.
        """
        self._refuse_pending()
        if reviewed is None:
            return self._up(message, None, on_output, EngineEvents(preview=False))
        if reviewed.file is None:
            self._compare_again(reviewed.plan)
        held = Held(reviewed.plan, self._cli.cancel)
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

    def _up(self, message: str | None, plan: Path | None, on_output: Notify | None, reported: EngineEvents) -> Ran:
        return self._run(
            lambda common: self._stack.up(
                message=message,
                plan=str(plan) if plan else None,
                suppress_outputs=True,
                show_secrets=False,
                **common,
            ),
            on_output,
            reported,
        )

    def _compare_again(self, reviewed: Plan) -> None:
        held = Held(reviewed)
        self.preview(on_event=held.goes_further)
        if held.strayed:
            raise StrayedError(
                f"{self.name}: would do now what was not reviewed: {some(held.strayed)}; nothing was changed",
                f"`workbuoy review {self.name}`, then deploy anew",
            )

    def refresh(self, *, on_output: Notify | None = None) -> Ran:
        """Write into the state what the cloud says."""
        return self._run(lambda common: self._stack.refresh(show_secrets=False, **common), on_output)

    def refresh_preview(self, *, on_output: Notify | None = None) -> Ran:
        """What `refresh` would write; writes nothing."""
        return self._run(lambda common: self._stack.preview_refresh(**common), on_output, EngineEvents(preview=True))

    def destroy(self, *, on_output: Notify | None = None) -> Ran:
        """Delete everything that is not protected."""
        self._refuse_pending()
        return self._run(lambda common: self._stack.destroy(show_secrets=False, **common), on_output)

    def remove(self) -> None:
        """Forget an empty stack; its file stays."""
        with explained_by(self.name, self._cli):
            self._stack.workspace.remove_stack(self.name, preserve_config=True)

    def outputs(self) -> dict[str, Any]:
        """The outputs of the last update; a secret one is `[secret]`."""
        with explained_by(self.name, self._cli):
            found: dict[str, Any] = json.loads(self._ask(["stack", "output", "--json", "--stack", self.name]))
        return found

    def state(self) -> State:
        """What the state says now."""
        return State(self.export()["deployment"])

    def export(self) -> dict[str, Any]:
        """The whole state, as `pulumi stack export` writes it; secrets in it stay encrypted.

        The Automation API's own export decrypts them, so the CLI is asked directly.
        """
        with explained_by(self.name, self._cli):
            exported: dict[str, Any] = json.loads(self._ask(["stack", "export", "--stack", self.name]))
        return exported

    def adopt(self, type_: str, identifier: str, resource_id: str, *, on_output: Notify | None = None) -> None:
        """Let the state's one resource of this type and `identifier` stand for another thing of the cloud.

        Its id is written into the state, and everything else of it read from the cloud. Nothing in the cloud changes,
        and what depends on it stays as it is. Again is no harm.

        Raises FailedError where the state has no such resource, or what has the id goes by another name.
        """
        self._refuse_pending()
        exported = self.export()
        found = self._one_of(exported, type_, identifier)
        if found.get("id") != resource_id:
            found["id"] = resource_id
            with tempfile.TemporaryDirectory(prefix="workbuoy-state-") as folder, explained_by(self.name, self._cli):
                file = Path(folder) / "state.json"  # for this user alone
                file.write_text(json.dumps(exported))
                self._ask(["stack", "import", "--file", str(file), "--stack", self.name])
        urn = str(found["urn"])
        self._run(lambda common: self._stack.refresh(target=[urn], show_secrets=False, **common), on_output)
        read = self._one_of(self.export(), type_, identifier)
        told = (read.get("outputs") or {}).get("identifier", identifier)
        if read.get("id") != resource_id or told != identifier:
            raise FailedError(
                f"{self.name}: {resource_id} was read as {told}, not as {identifier}", f"`workbuoy drift {self.name}`"
            )

    def _one_of(self, exported: Mapping[str, Any], type_: str, identifier: str) -> dict[str, Any]:
        resources = exported["deployment"].get("resources") or []
        found: list[dict[str, Any]] = [
            one
            for one in resources
            if one.get("type") == type_
            and (one.get("inputs") or {}).get("identifier") == identifier
            and not one.get("delete")
        ]
        if len(found) != 1:
            raise FailedError(f"{self.name}: the state knows {len(found)} of {type_} called {identifier}, not one")
        return found[0]

    def stacks(self) -> tuple[str, ...]:
        """Names of all stacks of this project that the backend holds, this one among them."""
        with explained_by(self.name, self._cli):
            return tuple(one.name.rpartition("/")[2] for one in self._stack.workspace.list_stacks())

    def refreshed_at(self) -> str | None:
        """When a refresh last took changes into the state that no update has followed; None where none has.

        Such changes are drift no longer: they are what the next update changes back.
        """
        with explained_by(self.name, self._cli):
            asked = ["stack", "history", "--json", "--page-size", "50", "--stack", self.name]
            history: list[dict[str, Any]] = json.loads(self._ask(asked) or "[]")
        for entry in history:  # the newest first
            changed = {op for op, number in (entry.get("resourceChanges") or {}).items() if number} - {"same", "read"}
            if entry.get("kind") == "refresh" and changed:
                return str(entry.get("startTime") or "an unknown time")
            if entry.get("kind") != "refresh" and entry.get("result") == "succeeded":
                return None
        return None

    def tags(self) -> dict[str, str]:
        """The stack's tags, which lie beside its state."""
        with explained_by(self.name, self._cli):
            found: dict[str, str] = json.loads(
                self._ask(["stack", "tag", "ls", "--json", "--stack", self.name]) or "{}"
            )
        return found

    def tag(self, name: str, value: str) -> None:
        """Set one of the stack's tags."""
        with explained_by(self.name, self._cli):
            self._ask(["stack", "tag", "set", name, value, "--stack", self.name])

    def require_free(self) -> State:
        """Ask, before anything costs time, what would stop a write; the state that was read for it.

        Raises LockedError where another run holds the lock, PendingError where an interrupted run left operations.
        """
        self._refuse_locked()
        return self._refuse_pending()

    def cancel(self) -> None:
        """Take the lock away from whoever holds it. Dangerous while that run lives: two runs break the state."""
        with explained_by(self.name, self._cli):
            self._stack.cancel()

    def _refuse_pending(self) -> State:
        try:
            state = self.state()
        except FailedError:  # a folder's state cannot be read while another run writes it
            self._refuse_locked()
            raise
        if state.pending:
            self._refuse_locked()
            raise PendingError(
                f"{self.name}: an interrupted run left {len(state.pending)} pending: {some(state.pending)}",
                settle(self.name, state.pending),
            )
        return state

    def _refuse_locked(self) -> None:
        """A run that still lives has pending operations, too."""
        found = holders(self._backend(), self._project.name, self.name)
        if found:
            raise locked(self.name, found)

    def _backend(self) -> str:
        """Where the state lies. PULUMI_BACKEND_URL wins over every login; a place below home is the CLI's to say."""
        workspace = self._stack.workspace
        named = workspace.env_vars.get("PULUMI_BACKEND_URL") or os.environ.get("PULUMI_BACKEND_URL", "")
        if named.startswith(("s3://", "file:///")):
            return named
        with explained_by(self.name, self._cli):
            return workspace.who_am_i().url or ""

    def _ask(self, args: list[str]) -> str:
        workspace = self._stack.workspace
        return self._cli.run(args, cwd=workspace.work_dir, additional_env=workspace.env_vars).stdout

    def _run(
        self, operation: Callable[[dict[str, Any]], Any], on_output: Notify | None, reported: EngineEvents | None = None
    ) -> Ran:
        reported = reported or EngineEvents(preview=False)
        with explained_by(self.name, self._cli, self._remains, reported.events):
            try:
                operation({"on_output": on_output, "on_error": on_output, "on_event": reported.take, "color": "never"})
            except RuntimeError:  # the Automation API's own, where it saw no summary
                if not reported.gap:
                    raise
        if reported.broken is not None:
            raise reported.broken
        if reported.gap:
            raise lost_events(self.name, reported)
        return Ran(changes=changes_of(reported.events), events=tuple(reported.events))

    def _remains(self) -> str:
        state = self.state()
        left, standing = state.pending, f"{len(state.resources)} resources stand in the state"
        return f"{standing}, {len(left)} operations are pending: {some(left)}" if left else f"{standing}, none pending"

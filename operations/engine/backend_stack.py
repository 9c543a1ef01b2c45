"""A stack as the backend holds it: what the CLI tells of it without the program, and what keeps a write from it."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from operations.engine.cli import Cli
from operations.engine.errors import FailedError, MistakenError, PendingError
from operations.engine.lock import holders
from operations.engine.messages import explained_by, locked, settle, some, unknown_stack
from operations.engine.state import State
from project.files import Project


class BackendStack:
    """One stack, named in every command: `pulumi stack select` is shared by all processes of a person.

    Each question starts the CLI once. All raise EngineError; MistakenError where the backend knows no such stack.
    """

    def __init__(self, project: Project, name: str, cli: Cli, variables: Mapping[str, str]) -> None:
        self.name = name
        self._project = project
        self._cli = cli
        self._variables = dict(variables)

    @property
    def variables(self) -> Mapping[str, str]:
        """What the CLI and its program get over the variables of this process."""
        return dict(self._variables)

    def use(self, variables: Mapping[str, str]) -> None:
        """Give the CLI and its program more variables from now on."""
        self._variables |= variables

    # ---- making and forgetting it

    def exists(self) -> bool:
        """Whether the backend knows it."""
        try:
            self._ask("stack", "--show-name")
        except MistakenError as error:
            if error.problem == unknown_stack(self.name).problem:
                return False
            raise
        return True

    def create(self, secrets_provider: str | None) -> None:
        """Make it, empty."""
        provider = ["--secrets-provider", secrets_provider] if secrets_provider else []
        self._run_cli(["stack", "init", self.name, "--no-select", *provider])

    def remove(self) -> None:
        """Forget an empty stack; its file stays."""
        self._run_cli(["stack", "rm", "--yes", "--preserve-config", self.name])

    # ---- what stands

    def state(self) -> State:
        """What the state says now."""
        return State(self.export()["deployment"])

    def export(self) -> dict[str, Any]:
        """The whole state, as `pulumi stack export` writes it; secrets in it stay encrypted."""
        exported: dict[str, Any] = json.loads(self._ask("stack", "export"))
        return exported

    def take(self, file: Path) -> None:
        """Put an exported state in the place of the one that stands."""
        self._ask("stack", "import", "--file", str(file))

    def outputs(self) -> dict[str, Any]:
        """The outputs of the last update; a secret one is `[secret]`."""
        found: dict[str, Any] = json.loads(self._ask("stack", "output", "--json"))
        return found

    def stacks(self) -> tuple[str, ...]:
        """Names of all stacks of this project that the backend holds, this one among them."""
        listed = json.loads(self._run_cli(["stack", "ls", "--json"]))
        return tuple(one["name"].rpartition("/")[2] for one in listed)

    def refreshed_at(self) -> str | None:
        """When a refresh last took changes into the state that no update has followed; None where none has.

        Such changes are drift no longer: they are what the next update changes back.
        """
        history: list[dict[str, Any]] = json.loads(self._ask("stack", "history", "--json", "--page-size", "50") or "[]")
        for entry in history:  # the newest first
            changed = {op for op, number in (entry.get("resourceChanges") or {}).items() if number} - {"same", "read"}
            if entry.get("kind") == "refresh" and changed:
                return str(entry.get("startTime") or "an unknown time")
            if entry.get("kind") != "refresh" and entry.get("result") == "succeeded":
                return None
        return None

    def tags(self) -> dict[str, str]:
        """The stack's tags, which lie beside its state."""
        found: dict[str, str] = json.loads(self._ask("stack", "tag", "ls", "--json") or "{}")
        return found

    def tag(self, name: str, value: str) -> None:
        """Set one of the stack's tags."""
        self._ask("stack", "tag", "set", name, value)

    # ---- what keeps a write from it

    def require_free(self) -> State:
        """Ask, before anything costs time, what would stop a write; the state that was read for it.

        Raises LockedError where another run holds the lock, PendingError where an interrupted run left operations.
        """
        self._refuse_locked()
        return self.require_settled()

    def cancel(self) -> None:
        """Take the lock away from whoever holds it. Dangerous while that run lives: two runs break the state."""
        self._ask("cancel", "--yes")

    def require_settled(self) -> State:
        """The state; raises PendingError where an interrupted run left operations, LockedError where it still runs."""
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
        found = holders(self.backend(), self._project.name, self.name)
        if found:
            raise locked(self.name, found)

    def backend(self) -> str:
        """Where the state lies. PULUMI_BACKEND_URL wins over every login; a place below home is the CLI's to say."""
        named = self._variables.get("PULUMI_BACKEND_URL") or os.environ.get("PULUMI_BACKEND_URL", "")
        if named.startswith(("s3://", "file:///")):
            return named
        return json.loads(self._run_cli(["whoami", "--json"])).get("url") or ""

    # ---- the CLI

    def _ask(self, *args: str) -> str:
        return self._run_cli([*args, "--stack", self.name])

    def _run_cli(self, args: Sequence[str]) -> str:
        with explained_by(self.name, self._cli):
            return self._cli.run(args, self._project.root, self._variables).stdout

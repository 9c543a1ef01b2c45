"""A pool tenant leaves: frozen, exported, read again, counted, removed, counted again, recorded.

Every step can be killed: what is done stands in a draft beside the project's work files, and the same command goes on.
The word of a removal is never taken: another role counts before and after it, table by table and object by object.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.problems import Problem, ProblemsError
from infra.tenants.record import Tenant
from operations.ending import Notify
from operations.tenant.counted import remove_counted
from operations.tenant.handover.reading import VerifiedExport, is_of
from operations.tenant.handover.tasks import TaskFailedError, Tasks
from project.whole_file import write_whole


@dataclass
class PoolLeaving:
    """One customer's; `read` reads an export again, `ask` shows the plan and tells whether the name was typed."""

    tenant: Tenant
    tasks: Tasks
    read: Callable[[str], VerifiedExport]
    ask: Callable[[str], bool]
    notify: Notify
    draft: Path
    export: str | None
    done: dict[str, Any] = field(default_factory=dict)

    def take(self, *, with_export: bool) -> Mapping[str, Any]:
        """All steps; gives what was counted, exported and removed, for the record.

        Raises ProblemsError where anything is not as it must be, TaskFailedError, TaskError, and botocore's errors.
        """
        self.done = json.loads(self.draft.read_text(encoding="utf-8")) if self.draft.exists() else {}
        if "removing" not in self.done:
            self._until_removal(with_export=with_export)
        self._remove()
        return self.done

    def _until_removal(self, *, with_export: bool) -> None:
        frozen = self.tasks.freeze()
        before = self.tasks.count()
        if with_export:
            self._export(before)
        rows = sum(before["rows"].values())
        plan = (
            f"{self.tenant.name}, frozen at {frozen['frozen_at']}, has in {self.tenant.base}: {rows} rows, "
            f"{before['objects']} objects\nGoes, for good: all of these\n"
            f"Export: {self.done.get('export', 'none')}"
        )
        if not self.ask(plan):
            raise ProblemsError(
                [Problem(message=f"the name that was typed is not {self.tenant.name}; it stays frozen")]
            )
        self._note(before=dict(before), frozenAt=frozen["frozen_at"], removing=True)

    def _export(self, before: Mapping[str, Any]) -> None:
        """Of what is there now, to the row."""
        address = self.export or self.done.get("export") or str(self.tasks.hand_over()["address"])
        self._note(export=address)
        found = self.read(address)
        if not is_of(found, before):
            self._note(export=None)
            message = (
                f"{address}: is not of what is there now; nothing was removed. Again, without --export, exports anew"
            )
            raise ProblemsError([Problem(path="--export", message=message)])
        self._note(exportDigest=found.digest, exportedAt=found.made_at.isoformat())

    def _remove(self) -> None:
        before = self.done["before"]
        after = remove_counted(
            self.tenant.name, before["tenant_id"], self.tasks, lambda: self._removed(before["digest"]), self.notify
        )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._note(after=dict(after), removedAt=self.done.get("removedAt", now))

    def _removed(self, digest: str) -> None:
        try:
            self.tasks.remove(digest)
        except TaskFailedError as error:
            message = f"{error}. Some of it may be gone: the same command again goes on"
            raise TaskFailedError(message) from error

    def _note(self, **values: Any) -> None:
        self.done = {name: value for name, value in {**self.done, **values}.items() if value is not None}
        self.draft.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.draft, json.dumps(self.done, indent=2))

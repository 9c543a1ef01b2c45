"""The end of a move: the place that does not serve is emptied, counted by another role, and a silo's stack destroyed.

What a removal has counted before it stands in a draft beside the project's work files, so that a command that was
killed goes on, and its record names what was there.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from graph.state import graph_of_state
from infra.problems import Problem, ProblemsError
from infra.tenants.record import Tenant
from operations.ending import Notify
from operations.engine.stack import EngineStack
from operations.one_off import TaskOutcome
from operations.tenant.counted import left_in, remove_counted
from operations.tenant.destroy import DRAFTS, DestroyOptions, destroy_silo, draft_of
from operations.tenant.handover.places import find_place
from operations.tenant.handover.tasks import TaskFailedError, Tasks
from operations.tenant.leaving import Left, record_text
from operations.tenant.move.record import destroyed_file, removed_file
from operations.tenant.put_aside import put_aside
from operations.tenant.remains import of_emptied_silo, of_pool
from operations.tenant.silo_stack import person_of
from project.files import Project
from project.whole_file import write_whole

OpenStack = Callable[[str], EngineStack]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The place `left` of a customer who is served at `serving`; `session` is boto3's, of whoever is signed in."""

    project: Project
    left: Tenant
    serving: Tenant
    session: Any
    open_stack: OpenStack
    notify: Notify

    def remove(self, run: Callable[[], TaskOutcome]) -> Path:
        """Remove rows and objects by `run`, counted before and after it, and record the erasure; again goes on.

        Another role counts; the removal's own word is not taken.

        Raises ProblemsError, TaskFailedError, TaskError, EngineError and botocore's errors.
        """
        draft = self.project.root / DRAFTS / f"move-{self.left.stack}-{self.left.name}.json"
        tasks = self._tasks(self.left)
        before = json.loads(draft.read_text(encoding="utf-8")) if draft.exists() else dict(tasks.count())
        draft.parent.mkdir(parents=True, exist_ok=True)
        write_whole(draft, json.dumps(before))
        after = remove_counted(self.left.name, before["tenant_id"], tasks, lambda: _expect_done(run()), self.notify)
        today = datetime.now(UTC).date()
        file = removed_file(self.project.root, self.left, today)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, self._record({"before": before, "after": after}, today))
        draft.unlink()
        return file

    def destroy(self, keep_snapshot_days: int) -> Path:
        """Destroy a silo's stack in which nothing of the customer stands any more, and record it.

        Raises as `remove` does; where anything of the customer is still there, nothing is touched.
        """
        root, today = self.project.root, datetime.now(UTC).date()
        day = self.left.dates.leaves_on
        if day is None or day > today:
            message = "must be a day that has come: --run retire writes it, and deploying that lifts the protections"
            raise ProblemsError([Problem(file=self.left.path, path="move.retiring", message=message)])
        if not draft_of(root, self.left).exists():  # a destruction that has begun was held to it before
            self.expect_empty()

        def show_plan(plan: str) -> bool:
            self.notify(plan)
            return True  # the name was typed with the command

        options = DestroyOptions(
            export=None,
            without_export=f"the customer is served in {self.serving.stack}, and was counted here: nothing is left",
            keep_snapshot_days=keep_snapshot_days,
            ask=show_plan,
            record=destroyed_file(root, self.left, today),
        )
        return destroy_silo(self.project, self.left, options)

    def expect_empty(self) -> None:
        """Raises ProblemsError where anything of the customer is left; its id is asked of the place that serves."""
        tenant_id = str(self._tasks(self.serving).count()["tenant_id"])
        if left := left_in(self._tasks(self.left).count(tenant_id)):
            remaining = ", ".join(f"{count} in {table}" for table, count in left.items())
            message = f"{self.left.stack} still holds {self.left.name}: {remaining}; nothing was touched"
            raise ProblemsError([Problem(message=message)])

    def _tasks(self, tenant: Tenant) -> Tasks:
        place = find_place(tenant.name, tenant.stack, tenant.region, lambda stack: self.open_stack(stack).outputs())
        return Tasks(self.session, place, self.notify)

    def _record(self, counted: Mapping[str, Any], today: date) -> str:
        opened = self.open_stack(self.left.stack)
        own = graph_of_state(opened.export())
        if self.left.isolation == "pool":
            remaining = of_pool(own, today)
        else:
            remaining = of_emptied_silo(own, graph_of_state(self.open_stack(self.left.base).export()), today)
        remaining += put_aside(self.session.client("rds", region_name=self.left.region), own)
        since = self.serving.move.since if self.serving.move else None
        return record_text(
            self.left,
            Left(),
            destroyed=today,
            deletable=None,
            confirmed_by=person_of(opened),
            export=None,
            without_export="nobody left: the customer's rows and files were compared with the place that serves them",
            remaining=remaining,
            counted=counted,
            moved={"to": self.serving.stack, "region": self.serving.region, "switchedOn": since},
        )


def _expect_done(outcome: TaskOutcome) -> None:
    if outcome.exit_code:
        last_line = outcome.last_lines[-1] if outcome.last_lines else "it logged nothing"
        raise TaskFailedError(f"remove ended with {outcome.exit_code}: {last_line}. The same command again goes on")

"""A silo is frozen and exported before its stack goes, as a pool tenant is: by tasks of the operators' role.

Who takes a stack down starts no task (bootstrap/leaving.py), so that two roles do it, and a file beside the project's
work files hands the export from the one to the other. It is read again, whole, by both.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.problems import Problem, ProblemsError
from infra.tenants.record import Tenant
from operations.ending import Notify
from operations.tenant.handover.reading import VerifiedExport, is_of
from operations.tenant.handover.tasks import LeavingTasks
from project.whole_file import write_whole


@dataclass(frozen=True, kw_only=True)
class SiloLeaving:
    """One customer's; `noted` is the file, `tasks` are made when they are needed, `read` reads an export again."""

    tenant: Tenant
    noted: Path
    tasks: Callable[[], LeavingTasks]
    read: Callable[[str], VerifiedExport]
    notify: Notify

    def export(self) -> str:
        """Freeze, count, export, read again and compare, once; the address. Later calls read what was noted.

        Raises ProblemsError where the export is not of what is there, TaskFailedError, TaskError, botocore's errors.
        Killed at any step the same command begins anew: an export that nobody noted ends with its bucket's days.
        """
        if self.noted.exists():
            address = str(json.loads(self.noted.read_text(encoding="utf-8"))["export"])
            try:
                self.read(address)
            except ProblemsError:
                self.noted.unlink()  # too old by now, or gone: the same command exports anew
                raise
            return address
        tasks = self.tasks()
        frozen = tasks.freeze()
        self.notify(f"{self.tenant.name} is frozen since {frozen['frozen_at']}; `workbuoy-app tenant thaw` goes back")
        before = tasks.count()
        address = str(tasks.hand_over()["address"])
        if not is_of(self.read(address), before):
            message = f"{address}: is not of what is there now; nothing was destroyed. The same command exports anew"
            raise ProblemsError([Problem(path="--export", message=message)])
        self.noted.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.noted, json.dumps({"export": address, "frozenAt": frozen["frozen_at"]}, indent=2))
        return address

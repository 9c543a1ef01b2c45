"""The image's commands that freeze, hand over, count and remove a customer or one person, each as a one-off task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from operations import one_off
from operations.ending import Notify
from operations.one_off import TaskPlace
from operations.tenant.handover.places import HandoverPlace


class TaskFailedError(Exception):
    """A task of the image ended otherwise than well; says in one line what it said last."""


class LeavingTasks(Protocol):
    """Of these, what hands a customer's data over; a rehearsal runs the same commands beside moto."""

    def freeze(self) -> Mapping[str, Any]:
        """Refuse the customer's writes; again is no change."""

    def hand_over(self) -> Mapping[str, Any]:
        """Export rows and files."""

    def count(self, tenant_id: str = "") -> Mapping[str, Any]:
        """What is there; of a customer that may be gone by its id."""


@dataclass(frozen=True)
class Tasks:
    """One customer's; each raises TaskFailedError, TaskError and botocore's ClientError."""

    session: Any
    place: HandoverPlace
    notify: Notify

    def freeze(self) -> Mapping[str, Any]:
        """Refuse the customer's writes; again is no change."""
        return self._run(self.place.one_off, "freeze", self.place.tenant)

    def hand_over(self) -> Mapping[str, Any]:
        """Export rows and files."""
        return self._run(self.place.exporting, "hand-over", self.place.tenant)

    def count(self, tenant_id: str = "") -> Mapping[str, Any]:
        """What is there; of a customer that may be gone by its id."""
        by_id = ("--id", tenant_id) if tenant_id else ()
        return self._run(self.place.exporting, "count", self.place.tenant, *by_id)

    def remove(self, digest: str) -> Mapping[str, Any]:
        """Remove what comes to this digest, and nothing else."""
        name = self.place.tenant
        return self._run(self.place.one_off, "remove", name, "--yes-remove", name, "--receipt", digest)

    def export_person(self, member: str) -> Mapping[str, Any]:
        """Export what is one person's."""
        return self._run(self.place.exporting, "export", self.place.tenant, "--member", member, noun="person")

    def erase_person(self, member: str) -> Mapping[str, Any]:
        """Erase one person; again tells when it was done."""
        words = (self.place.tenant, "--member", member, "--yes-erase", member)
        return self._run(self.place.one_off, "erase", *words, noun="person")

    def _run(self, place: TaskPlace, action: str, *words: str, noun: str = "tenant") -> Mapping[str, Any]:
        # One that runs already is watched: of another person it would be the wrong one.
        label = f"{action}-{self.place.tenant if noun == 'tenant' else words[2]}"[:36]
        outcome = one_off.run(self.session, place, (noun, action, *words), label, self.notify)
        if outcome.exit_code or outcome.verdict is None:
            last_line = outcome.last_lines[-1] if outcome.last_lines else "it logged nothing"
            raise TaskFailedError(f"{noun} {action} ended with {outcome.exit_code}: {last_line}")
        return outcome.verdict

"""The commands of a silo's leaving in a rehearsal: the code that runs under the engine, on a stack in moto.

Its tasks run as processes of the service under the declared roles. Who destroys is not one of the stack's roles, so
that what `workbuoy-leaving` may do is judged where it is declared (`bootstrap/`), not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from facts.stores import Form
from graph import Graph
from infra.problems import ProblemsError
from operations.aws import items_of
from operations.engine.errors import EngineError
from operations.tenant.destroy import DestroyOptions, take_down
from operations.tenant.ended import GONE, THERE, CopyQueries, Found
from operations.tenant.handover.tasks import LeavingTasks
from operations.tenant.remains import of_silo, read_remaining
from operations.tenant.rule_days import recorded_day, rule_day
from rehearsal.service.leaving import exporting, on_duty
from rehearsal.service.trial import StepError, Trial
from rehearsal.tenants.leaving.departure import StandingSilo

KEEP_DAYS: Final = 90
UNREPORTED: Final = (Form.AUTOMATED_BACKUPS,)
"""moto keeps retained backups, and does not say for how long."""


@dataclass(frozen=True)
class ServiceTasks:
    """The image's commands, each as a task of the stack's own service."""

    trial: Trial
    name: str

    def freeze(self) -> Mapping[str, Any]:
        return on_duty(self.trial, "freeze", self.name)

    def hand_over(self) -> Mapping[str, Any]:
        return exporting(self.trial, "hand-over", self.name)

    def count(self, tenant_id: str = "") -> Mapping[str, Any]:
        return exporting(self.trial, "count", self.name, *(("--id", tenant_id) if tenant_id else ()))


@dataclass(frozen=True)
class SiloInMoto:
    """A stack that stands in moto, as `take_down` asks it."""

    silo: StandingSilo

    def exists(self) -> bool:
        return True

    def graph(self) -> Graph:
        return self.silo.graph

    def base_graph(self) -> Graph:
        return self.silo.base_graph

    def tasks(self) -> LeavingTasks:
        return ServiceTasks(self.silo.trial, self.silo.tenant.name)

    def client(self, service: str) -> Any:
        return self.silo.client(service)

    def person(self) -> str:
        return "a rehearsal"

    def require_free(self) -> None:
        """Nobody else is here."""

    def destroy(self) -> None:
        self.silo.destroy()

    def forget(self) -> None:
        """Nothing keeps a state of it."""


@dataclass
class Commands:
    """`workbuoy tenant destroy` and `tenant remains --live`, of one customer after the other."""

    files: dict[str, Path] = field(default_factory=dict)

    def take_down(self, silo: StandingSilo) -> str:
        """Refused for a name that was typed wrong; then done, and no object or version of the customer's is lost.

        Raises StepError.
        """
        name, bucket = silo.tenant.name, silo.trial.declared.service.environment["S3_BUCKET"]
        before = _versions(silo, bucket)
        try:
            _expect_refused(silo)
            file = take_down(silo.project.root, silo.tenant, _destroy_options(typed=True), SiloInMoto(silo))
        except (ProblemsError, EngineError) as error:
            raise StepError(" ".join(str(error).split())) from None
        if not before or _versions(silo, bucket) != before:
            raise StepError(f"{bucket} does not hold every version of before: a mistake could not be undone")
        self.files[name] = file
        record = yaml.safe_load(file.read_text(encoding="utf-8"))
        return f"{record['export']} read again; {len(before)} versions and {record['finalSnapshot']} stay"

    def hold_to_record(self, silo: StandingSilo) -> str:
        """Every copy of the record is there, and ends on the day that the record gives; nothing else is said of it.

        Raises StepError, with everything that is not so.
        """
        record = yaml.safe_load(self.files[silo.tenant.name].read_text(encoding="utf-8"))
        queries = CopyQueries(client=silo.client, record=record)
        found = [queries.look(one) for one in read_remaining(record)]
        days = 0
        wrong = [f"{one.remaining.what} ({one.remaining.where}): {why}" for one in found if (why := _wrong(one))]
        for one in (one.remaining for one in found if not one.unread and one.remaining.ends is not None):
            day = rule_day(silo.client, record, one)
            days += day is not None
            if day not in (None, recorded_day(one)):
                wrong.append(f"{one.what} ({one.where}): the record says {recorded_day(one)}, its rule {day}")
        needed, own = record["keys"]["deletableAfter"], _own(silo)
        wrong += [
            f"{one.what} ({one.where}) ends on {one.ends}, and its key may go after {needed}"
            for one in (one.remaining for one in found if one.remaining.where in own)
            if one.ends is not None and one.ends > needed
        ]
        if wrong:
            raise StepError("; ".join(wrong))
        there = sum(one.state == THERE for one in found)
        unread = ", ".join(sorted({str(one.remaining.form) for one in found if one.unread}))
        return f"{there} of {len(found)} copies asked for and there, {days} days as AWS's rules say; not told: {unread}"


def _wrong(one: Found) -> str:
    """What a look says that must not be, on the day of the destruction."""
    if one.differs:
        return one.differs
    if one.unread and one.remaining.form not in UNREPORTED:
        return one.unread
    if one.state == GONE or one.why.startswith("AWS"):
        return one.why or "is gone already"
    return ""


def _expect_refused(silo: StandingSilo) -> None:
    try:
        take_down(silo.project.root, silo.tenant, _destroy_options(typed=False), SiloInMoto(silo))
    except ProblemsError:
        return
    raise StepError(f"{silo.tenant.name} is destroyed, and its name was typed wrong")


def _destroy_options(*, typed: bool) -> DestroyOptions:
    return DestroyOptions(export=None, without_export=None, keep_snapshot_days=KEEP_DAYS, ask=lambda _: typed)


def _own(silo: StandingSilo) -> set[str]:
    """Where copies are that the stack's own keys encrypt; its base's have the base's."""
    return {one.where for one in of_silo(silo.graph, None, datetime.now(UTC).date(), KEEP_DAYS)}


def _versions(silo: StandingSilo, bucket: str) -> frozenset[tuple[str, str]]:
    listed = items_of(silo.client("s3"), "list_object_versions", "Versions", Bucket=bucket)
    return frozenset((one["Key"], one["VersionId"]) for one in listed)

"""What a drill or a restore leaves behind: one file in the stack's bucket, written once, and read for the trend.

The bucket keeps versions, and in permanent stacks its policy refuses to write over a file of these or to delete one
(components/files.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from components.names import EVIDENCE_PREFIX
from operations.aws import items_of
from operations.restore.moment import shown

if TYPE_CHECKING:
    from operations.restore.instances import ReplacedInstance
    from operations.restore.steps import Restore
    from operations.restore.switching import Switch

DRILLS: Final = "drills"
RESTORES: Final = "restores"
NAME: Final = "%Y%m%dT%H%M%S.%fZ"  # to the microsecond: two restores of one second each leave theirs
WEEKLY: Final = timedelta(days=6, hours=12)  # a run of the night a week later finds it due


class EvidenceError(Exception):
    """A file of evidence cannot be read; says which."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The files of one stack's bucket. Raises botocore's ClientError where AWS refuses."""

    session: Any
    region: str
    bucket: str

    def write(self, kind: str, document: Mapping[str, Any]) -> str:
        """Keep a document, never in the place of another one; gives its key."""
        at = datetime.fromisoformat(str(document["writtenAt"]))
        key, body = f"{EVIDENCE_PREFIX}/{kind}/{at:{NAME}}.json", as_text(document).encode()
        self._s3().put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*")
        return key

    def read(self, kind: str) -> list[dict[str, Any]]:
        """Every document, the newest first. Raises EvidenceError for a file that is none."""
        s3 = self._s3()
        prefix = f"{EVIDENCE_PREFIX}/{kind}/"
        listed = items_of(s3, "list_objects_v2", "Contents", Bucket=self.bucket, Prefix=prefix)
        return [self._read(s3, key) for key in sorted((one["Key"] for one in listed), reverse=True)]

    def _read(self, s3: Any, key: str) -> dict[str, Any]:
        body = s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        try:
            document = json.loads(body)
            datetime.fromisoformat(document["writtenAt"])
            bool(document["good"])
        except (ValueError, TypeError, KeyError):
            raise EvidenceError(f"{self.bucket}/{key} is no evidence that can be read") from None
        found: dict[str, Any] = document
        return found

    def _s3(self) -> Any:
        return self.session.client("s3", region_name=self.region)


def of(work: "Restore") -> Evidence:
    """Of the stack that is worked on."""
    return Evidence(session=work.session, region=work.place.tasks.region, bucket=work.place.tasks.bucket)


def as_text(document: Mapping[str, Any]) -> str:
    """A file's content."""
    return json.dumps(document, indent=2) + "\n"


def last_good(drills: Sequence[Mapping[str, Any]]) -> datetime | None:
    """When the last drill ended well, of drills with the newest first."""
    return next((datetime.fromisoformat(one["writtenAt"]) for one in drills if one["good"]), None)


def is_due(drills: Sequence[Mapping[str, Any]], now: datetime) -> bool:
    """Whether the last good one is a week old, or there is none."""
    last = last_good(drills)
    return last is None or now - last >= WEEKLY


def of_drill(work: "Restore", rpo_seconds: float, problem: str) -> dict[str, Any]:
    """What was tried, to when, by whom, how long it took and what was found; good where nothing was wrong.

    RPO is how far behind the newest moment was that could be restored; RTO is the time from the first step until the
    copy was checked.
    """
    return {
        **_head(work, problem),
        "rpoSeconds": round(rpo_seconds),
        "rtoSeconds": round(sum(seconds for name, seconds in work.seconds.items() if name != "end"), 1),
        **_of_copy(work),
    }


def of_restore(work: "Restore", tenant: str, problem: str) -> dict[str, Any]:
    """The same of one customer's restore, with what its task reported."""
    verdict = work.results.get("tenant")
    return {
        **_head(work, problem),
        "tenant": tenant,
        **_of_copy(work),
        **({"verdict": dict(verdict)} if verdict else {}),
    }


def of_stack(
    work: "Restore", before: "ReplacedInstance | None", came_since: Sequence[str], problem: str
) -> dict[str, Any]:
    """The same of a whole stack's: of the copy before it serves, and of its files once it does."""
    verdict = work.results.get("settle" if before else "files")
    return {
        **_head(work, problem),
        **_of_copy(work),
        "cameSince": list(came_since),
        "before": _aside(before),
        **({"verdict": dict(verdict)} if verdict else {}),
    }


def of_switch(
    switch: "Switch", steps: Mapping[str, Any], before: "ReplacedInstance | None", problem: str, *, back: bool
) -> dict[str, Any]:
    """Of a switch, or its way back: which database serves, how long nothing did, and what is kept as the way back.

    `steps` is what the steps reported, and how long each took. No file of a bucket: who deploys reaches no object.
    """
    return {
        "stack": switch.opened.name,
        "database": switch.place.database,
        "at": switch.at.isoformat(),
        "writtenAt": datetime.now(UTC).isoformat(),
        "by": switch.by,
        "good": not problem,
        "problem": problem,
        **steps,
        "back": back,
        "before": _aside(before),
    }


def _aside(before: "ReplacedInstance | None") -> dict[str, str] | None:
    """What served before."""
    return {"name": before.name, "switched": before.switched, "keptUntil": before.kept_until} if before else None


def _head(work: "Restore", problem: str) -> dict[str, Any]:
    return {
        "stack": work.place.tasks.stack,
        "database": work.place.database,
        "at": work.at.isoformat(),
        "writtenAt": datetime.now(UTC).isoformat(),
        "by": work.by,
        "good": not problem,
        "problem": problem,
        "seconds": dict(work.seconds),
    }


def _of_copy(work: "Restore") -> dict[str, Any]:
    """The ledger as it was applied, and each check of the copy; nothing of a step that was not reached."""
    prepared, checked = work.results.get("prepare"), work.results.get("check")
    found: dict[str, Any] = {}
    if prepared:
        found["ledger"] = {
            "entries": prepared["entries"],
            "tenantsErased": prepared["tenants_erased"],
            "membersErased": prepared["members_erased"],
            "personsErased": prepared["persons_erased"],
        }
    if checked:
        tenants = checked["tenants"]
        found["checks"] = {
            "schemaBefore": prepared["schema_before"] if prepared else None,
            "tenants": len(tenants),
            "rows": sum(sum(one["rows"].values()) for one in tenants),
            "files": sum(one["files"] for one in tenants),
            "filesMissing": checked["files_missing"],
            "ready": checked["ready"],
            "digests": {one["tenant"]: one["digest"] for one in tenants},
        }
    return found


def drill_text(document: Mapping[str, Any]) -> str:
    """A good drill's result."""
    checks = document["checks"]
    return (
        f"{document['stack']} can be brought back to {document['at']}: {checks['tenants']} customers, {checks['rows']} "
        f"rows, {checks['files']} files, and the service is ready on the copy.\n"
        f"RPO {document['rpoSeconds']} s (the newest moment that RDS had), RTO {document['rtoSeconds']} s."
    )


def age_text(last: datetime | None, now: datetime) -> str:
    """How old the last good drill is."""
    if last is None:
        return "no drill has ended well"
    days = (now - last).days
    ago = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
    return f"the last good drill was {ago}, {shown(last)}"

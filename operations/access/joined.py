"""Records of reading put together: who, what, when, by which request; and what cannot be said."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from components.context import TASK_ROLE
from components.names import ACCESS_LOG_PREFIX, EXPORTS, EXPORTS_LOG_PREFIX
from infra.tenants.record import Tenant
from operations.access.logs import SIGNED_BEFORE, Logs
from operations.access.records import HandedOut, ObjectRead
from project.terminal import count


@dataclass(frozen=True, kw_only=True)
class Access:
    """One reading. `who` is empty where nobody can say, and `why` says what is missing."""

    time: datetime
    key: str
    how: str
    who: str
    request: str
    aws_id: str
    source: str
    refused: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Everything of a customer and a period, the oldest first."""

    tenant: str
    since: datetime
    until: datetime
    accesses: tuple[Access, ...]
    unused: int  # addresses that were handed out, and that nobody read from
    counted: Mapping[str, int]
    gaps: tuple[str, ...]

    @property
    def unattributed(self) -> tuple[Access, ...]:
        return tuple(one for one in self.accesses if not one.who)

    @property
    def whole(self) -> bool:
        return not (self.unattributed or self.gaps)


@dataclass(frozen=True, kw_only=True)
class CustomerObjects:
    """Which objects are a customer's: `tenant_id` is its id in the pool, and empty for a silo."""

    tenant: Tenant
    tenant_id: str

    def has(self, bucket: str, key: str) -> bool:
        """Whether an object is one of the customer's files, or of its exports."""
        files = any(_is(bucket, f"{one.stack}-files") for one in self.tenant.places)
        if files:
            return not self.tenant_id or key.startswith(f"tenants/{self.tenant_id}/")
        exports = any(_is(bucket, f"{one.base}-{EXPORTS}") for one in self.tenant.places)
        return exports and key.startswith(f"{self.tenant.name}/")

    def handed(self, one: HandedOut) -> bool:
        """Whether the service handed out one of its files."""
        return not self.tenant_id or one.tenant == self.tenant_id


def log_prefixes(place: Tenant, bucket: str) -> list[str]:
    """Where in a bucket the access logs of files and exports in a customer's place lie; nowhere in any other bucket."""
    files, exports = _is(bucket, f"{place.stack}-files-logs"), _is(bucket, f"{place.base}-files-logs")
    return [*([f"{ACCESS_LOG_PREFIX}/"] if files else []), *([f"{EXPORTS_LOG_PREFIX}/"] if exports else [])]


def _is(bucket: str, name: str) -> bool:
    return re.fullmatch(f"workbuoy-{name}-[0-9a-f]{{8}}", bucket) is not None


def join(customer_objects: CustomerObjects, logs: Logs, since: datetime, until: datetime) -> Answer:
    """Each reading once, by the id that AWS gave the request in both of its logs."""
    reads = [one for one in _merged(logs) if since <= one.time <= until and customer_objects.has(one.bucket, one.key)]
    handed = {one.request: one for one in logs.handed_out if customer_objects.handed(one)}
    accesses = [_of_read(one, handed) for one in reads]
    used = {one.request for one in accesses if one.who}
    within = [one for one in handed.values() if since <= one.time <= until]
    accesses += [_of_database(one) for one in within if one.key.startswith("database/")]
    unused = sum(1 for one in within if one.request not in used and not one.key.startswith("database/"))
    return Answer(
        tenant=customer_objects.tenant.name,
        since=since,
        until=until,
        accesses=tuple(sorted(accesses, key=lambda one: (one.time, one.aws_id))),
        unused=unused,
        counted=dict(logs.counted),
        gaps=(*_gaps(logs), *logs.unread),
    )


def _merged(logs: Logs) -> Iterator[ObjectRead]:
    """The trail's records, with what only the access log says; then what the trail has not."""
    by_id = {one.aws_id: one for one in logs.access}
    seen: set[str] = set()
    for one in logs.trail:
        if one.aws_id in seen:  # CloudTrail may deliver an event twice
            continue
        seen.add(one.aws_id)
        line = by_id.get(one.aws_id)
        named = line if line and not one.request else one
        yield replace(one, request=named.request, member=named.member, signed=one.signed or named.signed)
    yield from (one for aws_id, one in by_id.items() if aws_id not in seen)


def _of_read(one: ObjectRead, handed: Mapping[str, HandedOut]) -> Access:
    how, who, why = _who(one, handed)
    return Access(
        time=one.time,
        key=one.key,
        how=how,
        who=who,
        request=one.request,
        aws_id=one.aws_id,
        source=one.source,
        refused=one.refused,
        why=why,
    )


def _who(one: ObjectRead, handed: Mapping[str, HandedOut]) -> tuple[str, str, str]:
    if one.service:
        return "AWS service", one.service, ""
    if one.signed:
        return "signed address", *_by_address(one, handed)
    if not one.role:
        return "without credentials", "", "nobody signed the request"
    itself = one.role.endswith(f"-{TASK_ROLE}")
    return "role", f"{'the service itself' if itself else one.role}, session {one.session or 'not named'}", ""


def _by_address(one: ObjectRead, handed: Mapping[str, HandedOut]) -> tuple[str, str]:
    if not one.role.endswith(f"-{TASK_ROLE}"):
        return f"{one.role}, session {one.session or 'not named'}, or whoever it gave the address to", ""
    if not one.request:
        return "", "the address does not say for whom it was signed: a release before, or no access log"
    line = handed.get(one.request)
    if line is None:
        return "", f"the service's log has no line of request {one.request}"
    if (line.key, line.member) != (one.key, one.member):
        return "", f"the service's log says otherwise of request {one.request}: member {line.member}, {line.key}"
    if not line.time - SIGNED_BEFORE <= one.time <= line.time + SIGNED_BEFORE:
        return "", f"read at another time than request {one.request} was answered ({line.time:%Y-%m-%d %H:%M} UTC)"
    return f"member {line.member}", ""


def _of_database(one: HandedOut) -> Access:
    return Access(
        time=one.time,
        key=one.key,
        how="through the service",
        who=f"member {one.member}",
        request=one.request,
        aws_id="",
        source="",
        refused=False,
    )


def _gaps(logs: Logs) -> Iterator[str]:
    if not logs.counted["trail"]:
        yield "the trail has no record of this period: is recordObjectReads on, and was it then?"
    if not logs.counted["service log"]:
        yield "the service's log has no line of this period: which member an address was for is not known"


def as_json(answer: Answer) -> dict[str, Any]:
    """For programs."""
    return {
        "tenant": answer.tenant,
        "from": answer.since.isoformat(),
        "to": answer.until.isoformat(),
        "whole": answer.whole,
        "accesses": [
            {
                "time": one.time.isoformat(),
                "object": one.key,
                "how": one.how,
                "who": one.who or None,
                "requestId": one.request or None,
                "awsRequestId": one.aws_id or None,
                "source": one.source or None,
                "refused": one.refused,
                "notAttributed": one.why or None,
            }
            for one in answer.accesses
        ],
        "addressesNotUsed": answer.unused,
        "records": dict(answer.counted),
        "gaps": list(answer.gaps),
    }


def as_lines(answer: Answer) -> Iterator[str]:
    """A line a reading, then what cannot be said, and the counts."""
    for one in answer.accesses:
        refused = "REFUSED " if one.refused else ""
        who = one.who or f"NOT ATTRIBUTED: {one.why}"
        ids = f", request {one.request}" if one.request and one.who else ""
        # Before the file's own id there is only the customer's, which was asked for.
        file = one.key.split("/", 2)[2] if one.key.startswith("tenants/") and one.key.count("/") > 1 else one.key
        yield f"{one.time:%Y-%m-%d %H:%M:%S}  {refused}{file}: {who} ({one.how}{ids})"
    yield from (f"! {gap}" for gap in answer.gaps)
    records = ", ".join(f"{number} of the {kind}" for kind, number in answer.counted.items())
    yield f"{count(len(answer.accesses), 'reading')}, {len(answer.unattributed)} not attributed; records: {records}"
    if answer.unused:
        yield f"{answer.unused} addresses were handed out and not read from"

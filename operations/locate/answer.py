"""The answer for one customer, and in words what its parts mean."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from facts.captions import ENGLISH
from facts.stores import Form, Keeping
from infra.tenants.hold import HELD_VERSIONS_DAYS
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from operations.locate.differences import Difference
from operations.locate.left import LeftCopy
from operations.locate.readers import Means, Reader
from operations.locate.sources import Source
from operations.locate.stores import Group, Holds, Located

_SOURCES: Final[Mapping[Source, str]] = {
    Source.DECLARED: "as declared; ids that AWS makes are stand-ins (keys, ends of names, placeholder accounts)",
    Source.REHEARSAL: "as declared and stood up on this machine; ids that AWS makes are stand-ins",
    Source.STACK: "as last deployed, by the engine's state",
    Source.LIVE: "the account as it is now; who can read is as declared",
}
# Archived are the same objects, counted as objects; the others are not what a customer works with.
_NOT_COUNTED: Final = (
    Form.ARCHIVED_OBJECTS,
    Form.UNFINISHED_UPLOADS,
    Form.PERFORMANCE_DATA,
    Form.OS_MONITORING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where one customer's data are."""

    tenant: Tenant
    source: Source
    stores: tuple[Located, ...]
    differences: tuple[Difference, ...] = ()
    searched: tuple[str, ...] = ()  # regions that were looked through in the account
    unsearched: tuple[str, ...] = ()  # regions that could not be, each with the reason
    gaps: tuple[str, ...] = ()  # what is not known of the account that everything stands in, or of places left
    left: tuple[LeftCopy, ...] = ()  # what remains where the customer was before a move
    seconds: float = field(default=0.0, compare=False)

    @property
    def outside(self) -> tuple[Located, ...]:
        """Stores outside residency, or in a place that nothing tells."""
        return tuple(store for store in self.stores if not store.allowed)

    @property
    def left_outside(self) -> tuple[LeftCopy, ...]:
        """Of what remains where the customer was before, what lies outside residency until it ends."""
        return tuple(one for one in self.left if not one.allowed)

    @property
    def not_held(self) -> tuple[Located, ...]:
        """What ends by a rule of its own although the customer is under a legal hold; all else waits for a person."""
        return tuple(one for one in self.stores if self.tenant.dates.hold and _ends_by_itself(one))

    @property
    def passed(self) -> bool:
        return not (self.outside or self.left_outside or self.differences or self.unsearched or self.gaps)

    @property
    def residency(self) -> str:
        """`eea: eu-central-1, ...` or the regions alone."""
        regions = ", ".join(allowed_regions(self.tenant.residency))
        return f"{self.tenant.residency}: {regions}" if isinstance(self.tenant.residency, str) else regions


def _ends_by_itself(one: Located) -> bool:
    """Whether customer data there goes with time; what nobody shows counts as going."""
    if one.holds is not Holds.CUSTOMER or one.store is None or one.form in _NOT_COUNTED:
        return False
    kept = one.store.kept
    if kept.how not in (Keeping.FOR_DAYS, Keeping.BY_LIFECYCLE, Keeping.UNKNOWN):
        return False
    return kept.days is None or kept.days < HELD_VERSIONS_DAYS


def together(places: Sequence[Answer]) -> Answer:
    """One answer of every place in which a customer's data stand; the first is the one that serves."""
    first, *others = places
    if not others:
        return first
    order = list(Group)
    each: dict[tuple[object, ...], Located] = {}
    for one in (one for place in places for one in place.stores):
        each.setdefault((one.stack, one.urn, one.form, one.name, one.region), one)  # what both have, as the first says
    stores = sorted(each.values(), key=lambda one: order.index(one.group))
    return replace(
        first,
        stores=tuple(stores),
        differences=tuple(dict.fromkeys(one for place in places for one in place.differences)),
        searched=tuple(dict.fromkeys(one for place in places for one in place.searched)),
        unsearched=tuple(dict.fromkeys(one for place in places for one in place.unsearched)),
    )


def source_words(source: Source) -> str:
    """What an answer from a source is worth."""
    return _SOURCES[source]


def as_json(answer: Answer) -> dict[str, Any]:
    """The whole answer, for programs."""
    tenant, hold = answer.tenant, answer.tenant.dates.hold
    return {
        "tenant": tenant.name,
        "legalName": tenant.legal_name,
        "isolation": tenant.isolation,
        "stack": tenant.stack,
        "base": tenant.base,
        "otherStack": next((one.stack for one in tenant.everywhere[1:]), None),
        "residency": list(allowed_regions(tenant.residency)),
        "hold": {"since": hold.since.isoformat(), "reason": hold.reason} if hold else None,
        "notHeld": [f"{one.name}: {one.what}" for one in answer.not_held],
        "source": answer.source.value,
        "insideResidency": not (answer.outside or answer.left_outside),
        "asDeclared": not answer.differences,
        "stores": [_store(store) for store in answer.stores],
        "remainsElsewhere": [_left(one) for one in answer.left],
        "differences": [
            {"stack": one.stack, "name": one.name, "field": one.field, "declared": one.declared, "found": one.found}
            for one in answer.differences
        ],
        "regionsSearched": list(answer.searched),
        "regionsNotSearched": list(answer.unsearched),
        "notKnown": list(answer.gaps),
        "seconds": round(answer.seconds, 3),
    }


def _left(one: LeftCopy) -> dict[str, Any]:
    return {
        "what": one.what,
        "where": one.where,
        "place": one.place,
        "region": one.region,
        "insideResidency": one.allowed,
        "ends": one.ends.isoformat() if one.ends else None,
        "how": one.how,
    }


def _store(store: Located) -> dict[str, Any]:
    after = store.after_deletion
    endless = after.days is None or math.isinf(after.days)
    return {
        "group": store.group.value,
        "what": store.what,
        "holds": store.holds.value,
        "name": store.name,
        "stack": store.stack,
        "urn": store.urn,
        "region": store.region,
        "insideResidency": store.allowed and not store.decision,
        "acceptedOutside": store.decision or None,
        "key": {"name": store.key, "arn": store.key_arn or None},
        "kept": store.kept,
        "afterDeletion": {"end": ENGLISH.ends[after.end], "words": store.end, "days": None if endless else after.days},
        "readers": [_reader(one) for one in store.readers],
        "shared": store.shared,
        "note": store.note,
        "warnings": list(store.warnings),
    }


def _reader(one: Reader) -> dict[str, Any]:
    return {
        "name": one.name,
        "stack": one.stack,
        "purpose": one.purpose,
        "kind": one.kind.value,
        "means": one.means.value,
        "through": one.through or None,
    }


_NAMES: Final[Mapping[str, str]] = {
    "service-task": "the service",
    "service-execution": "the service's start",
    "rotation": "the rotation of its login",
    "restore": "bringing data back",
    "export": "handing data over",
    "drill": "drills of a restore",
    "observability-operators": "operators",
    "deploy": "deployments",
    "preview": "previews",
    "leaving": "whoever takes a stack down",
}
_MEANS: Final[Mapping[Means, str]] = {
    Means.DIRECTLY: "",
    Means.BY_TASK: " (by a task of reviewed code)",
    Means.BY_CODE: " (by deploying code)",
}


def reader_name(reader: Reader) -> str:
    """What a role is called among people, and how it reads; one that is not known here stands by its own name."""
    return f"{_NAMES.get(reader.name, reader.name)}{_MEANS[reader.means]}"

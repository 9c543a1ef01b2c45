"""When a bucket's lifecycle deletes, moves or aborts what: the rules in force, whichever resource declares them.

A rule that may be in force counts as in force; a number or date that is not shown gives a span without days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts.stores.holder import days_of
from facts.stores.model import Form, Keeping, Kept, Limit, Span
from graph import Mark
from graph.values import flag, items, maps, number, plain

_DAYS: Final = {
    Form.OBJECTS: ("expiration", "days"),
    Form.ARCHIVED_OBJECTS: ("transitions", "days"),
    Form.NONCURRENT_VERSIONS: ("noncurrentVersionExpiration", "noncurrentDays"),
    Form.UNFINISHED_UPLOADS: ("abortIncompleteMultipartUpload", "daysAfterInitiation"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules in force say of each form of data; not `shown` where a rule, or a block of one, is hidden."""

    spans: Mapping[Form, tuple[Span, ...]]
    shown: bool = True

    def kept(self, form: Form) -> Kept:
        """How long a form is kept: until the soonest of its spans, which for archives only move it."""
        spans = self.spans[form]
        if not spans and self.shown:
            return Kept(Keeping.UNTIL_DELETED)
        if not self.shown or any(one.days is None for one in spans):
            return Kept(Keeping.BY_LIFECYCLE if spans else Keeping.UNKNOWN, None, spans)
        return Kept(Keeping.BY_LIFECYCLE, min(one.days for one in spans if one.days is not None), spans)


def read_rules(rules: Any) -> Rules:
    """A list of rules, in the form of a lifecycle configuration or inline in a bucket; others are not in force."""
    listed = items(rules)
    hidden = any(isinstance(one, Mark) for one in listed)
    in_force = [_uniform(one) for one in maps(listed) if _in_force(one)]
    spans = {form: tuple(span for rule in in_force for span in _spans(rule, form)) for form in _DAYS}
    return Rules(spans, not hidden and not any(_hidden(rule) for rule in in_force))


def _in_force(rule: Mapping[str, Any]) -> bool:
    status = rule.get("status", rule.get("enabled"))
    return isinstance(status, Mark) or flag(status) is True


def _hidden(rule: Mapping[str, Any]) -> bool:
    parts = [rule.get("status", rule.get("enabled")), *(rule.get(block) for block, _ in _DAYS.values())]
    return any(isinstance(one, Mark) for part in parts for one in items(part))


def _uniform(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule as a lifecycle configuration has it; inline in a bucket, and in a BucketV2, some names differ."""
    if "enabled" not in rule:
        return rule
    ending = rule.get("noncurrentVersionExpiration") or rule.get("noncurrentVersionExpirations")
    noncurrent = [{**one, "noncurrentDays": one.get("days")} for one in maps(ending)]
    abort = rule.get("abortIncompleteMultipartUploadDays")
    return {
        **rule,
        "filter": {"and": {"tags": rule.get("tags")}} if rule.get("tags") else None,
        "expiration": rule.get("expiration") or rule.get("expirations"),
        "noncurrentVersionExpiration": noncurrent or ending,
        "abortIncompleteMultipartUpload": None if not abort else {"daysAfterInitiation": abort},
    }


def _spans(rule: Mapping[str, Any], form: Form) -> Iterator[Span]:
    block, key = _DAYS[form]
    for entry in maps(rule.get(block)):
        days, date = entry.get(key), entry.get("date")
        if form is Form.OBJECTS and not date and (days is None or entry.get("expiredObjectDeleteMarker")):
            continue  # a rule for delete markers alone
        spared = entry.get("newerNoncurrentVersions")
        yield Span(
            days=0.0 if isinstance(date, str) and date else days_of(date or days, 0.0),
            scope=_scope(rule),
            limits=tuple(_limits(rule)),
            date=date if isinstance(date, str) else "",
            spared=0.0 if spared is None else number(spared),
            storage_class=str(entry.get("storageClass") or ""),
        )


def _scope(rule: Mapping[str, Any]) -> str:
    """What a rule covers, as a text that is alike for alike rules; empty for the whole bucket."""
    found = [rule["prefix"]] if rule.get("prefix") else []
    for entry in maps(rule.get("filter")):
        found += [plain(value) for value in entry.values() if value not in (None, "", [], {})]
    return " and ".join(str(item) for value in found for item in items(value))


def _limits(rule: Mapping[str, Any]) -> Iterator[tuple[Limit, str]]:
    if rule.get("prefix"):
        yield Limit.RULE_PREFIX, str(rule["prefix"])
    for one in maps(rule.get("filter")):
        inner = [one, *maps(one.get("and"))]
        yield from ((Limit.PREFIX, str(part["prefix"])) for part in inner if part.get("prefix"))
        yield from ((Limit.TAGS, "") for part in inner if part.get("tag") or part.get("tags"))
        yield from ((Limit.SIZES, "") for part in inner if any(key.startswith("objectSize") for key in part))

"""What S3 refuses of a bucket's lifecycle rules."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from facts import tokens as t
from graph import Graph
from graph.values import items
from rehearsal.checks.reading import Breach, refuse
from rehearsal.checks.rules import count, number, one_of, text
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_RULE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"
_TRANSITIONS = f"{_GUIDE}lifecycle-transition-general-considerations.html"
_TYPE = t.BUCKET_LIFECYCLE
_ACTIONS = (
    "expiration",
    "transitions",
    "noncurrentVersionExpiration",
    "noncurrentVersionTransitions",
    "abortIncompleteMultipartUpload",
)
# Objects move down this list only; the first two wait 30 days first, and what follows them 30 days more.
_CLASSES = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_AFTER_30_DAYS = ("STANDARD_IA", "ONEZONE_IA")

RULES = (
    count("s3-lifecycle-count", _TYPE, "rules", 1, 1000, "rules", _RULE),
    text("s3-lifecycle-id", _TYPE, "rules[].id", r"(?s).{1,255}", "1 to 255 characters", _RULE),
    one_of("s3-lifecycle-status", _TYPE, "rules[].status", ("Enabled", "Disabled"), _RULE),
    one_of("s3-lifecycle-class", _TYPE, "rules[].transitions[].storageClass", _CLASSES, _TRANSITIONS),
    one_of("s3-lifecycle-class", _TYPE, "rules[].noncurrentVersionTransitions[].storageClass", _CLASSES, _TRANSITIONS),
    *(
        number("s3-lifecycle-days", _TYPE, f"rules[].{path}", 1, 2147483647, "days", _RULE)
        for path in (
            "expiration.days",
            "noncurrentVersionExpiration.noncurrentDays",
            "abortIncompleteMultipartUpload.daysAfterInitiation",
        )
    ),
    *(
        number("s3-lifecycle-newer-versions", _TYPE, f"rules[].{path}", 1, 100, "versions", _RULE)
        for path in (
            "noncurrentVersionExpiration.newerNoncurrentVersions",
            "noncurrentVersionTransitions[].newerNoncurrentVersions",
        )
    ),
)


def lifecycle(graph: Graph) -> Iterator[Refusal]:
    """Rules without an action or a filter, with what does not go together, or in the wrong order."""
    for one in graph.of(_TYPE):
        rules = [rule for rule in one.inputs.get("rules") or () if isinstance(rule, Mapping)]
        for name, times in Counter(rule.get("id") for rule in rules).items():
            if name and times > 1:
                yield refuse(one, "s3-lifecycle-id-twice", f"has {times} rules {name!r}", "name each its own", _RULE)
        for rule in rules:
            for check, what, fix, source in (*_form(rule), *_expiration(rule), *_current(rule), *_noncurrent(rule)):
                yield refuse(one, check, f"rule {rule.get('id')!r} {what}", fix, source)


def _form(rule: Mapping[str, Any]) -> Iterator[Breach]:
    if not any(rule.get(action) for action in _ACTIONS):
        yield "s3-lifecycle-action", "does nothing", "give it an action", _RULE
    if "filter" not in rule and "prefix" not in rule:
        yield "s3-lifecycle-filter", "has no filter", "give it a filter; an empty one means every object", _RULE
    filters = rule.get("filter") or {}
    conditions = [key for key in filters if filters[key] not in (None, "")]
    if len(conditions) > 1:
        fix = "put its conditions under `and`"
        yield "s3-lifecycle-filter", f"has a filter with {', '.join(sorted(conditions))}", fix, _RULE
    if rule.get("abortIncompleteMultipartUpload") and _by_tag_or_size(filters):
        what = "aborts uploads by tag or size, which an upload has not yet"
        yield "s3-lifecycle-abort-filter", what, "filter by prefix alone", _RULE


def _by_tag_or_size(filters: Mapping[str, Any]) -> bool:
    inside = {**filters, **(filters.get("and") or {})}
    return any(inside.get(key) for key in ("tag", "tags", "objectSizeGreaterThan", "objectSizeLessThan"))


def _expiration(rule: Mapping[str, Any]) -> Iterator[Breach]:
    expiration = rule.get("expiration") or {}
    given = [key for key in ("days", "date", "expiredObjectDeleteMarker") if expiration.get(key)]
    if len(given) > 1:
        what = f"expires by {' and '.join(given)}"
        yield "s3-lifecycle-expiration", what, "take one of them; others go into rules of their own", _RULE
    if expiration.get("expiredObjectDeleteMarker") and _by_tag_or_size(rule.get("filter") or {}):
        yield "s3-lifecycle-marker-filter", "removes delete markers by tag or size", "filter by prefix alone", _RULE
    date = str(expiration.get("date") or "T00:00:00Z")
    if "T" in date and not date.endswith(("T00:00:00Z", "T00:00:00.000Z", "T00:00:00+00:00")):
        yield "s3-lifecycle-date", f"expires at {date}", "take midnight in UTC: 2030-01-01T00:00:00Z", _RULE


def _current(rule: Mapping[str, Any]) -> Iterator[Breach]:
    steps = [(_days(one.get("days")), str(one.get("storageClass"))) for one in items(rule.get("transitions"))]
    expires = _days((rule.get("expiration") or {}).get("days"))
    yield from _steps([(days, storage) for days, storage in steps if days is not None], expires, "")
    if {bool(one.get("days") is not None) for one in items(rule.get("transitions"))} == {True, False}:
        yield "s3-lifecycle-transition-kinds", "moves by days and by date", "take one of them in a rule", _RULE


def _noncurrent(rule: Mapping[str, Any]) -> Iterator[Breach]:
    moved = items(rule.get("noncurrentVersionTransitions"))
    steps = [(_days(one.get("noncurrentDays")), str(one.get("storageClass"))) for one in moved]
    expires = _days((rule.get("noncurrentVersionExpiration") or {}).get("noncurrentDays"))
    yield from _steps([(days, storage) for days, storage in steps if days is not None], expires, "noncurrent ")


def _steps(steps: list[tuple[int, str]], expires: int | None, what: str) -> Iterator[Breach]:
    for days, storage in steps:
        if storage in _AFTER_30_DAYS and days < 30:
            fix = "wait at least 30 days"
            yield "s3-lifecycle-transition", f"moves {what}objects to {storage} after {days} days", fix, _TRANSITIONS
        if expires is not None and expires <= days:
            found = f"deletes {what}objects after {expires} days, and archives them after {days}"
            yield "s3-lifecycle-order", found, "delete later than you archive", _RULE
    known = sorted((one for one in steps if one[1] in _CLASSES), key=lambda one: _CLASSES.index(one[1]))
    for (first, upper), (second, lower) in pairwise(known):
        if upper == lower:
            yield "s3-lifecycle-class-twice", f"moves {what}objects to {upper} twice", "keep one", _TRANSITIONS
        elif second <= first:
            found = f"moves {what}objects to {lower} after {second} days and to {upper} after {first}"
            fix = "go down the classes with time"
            yield "s3-lifecycle-class-order", found, fix, _TRANSITIONS
        elif upper in _AFTER_30_DAYS and second - first < 30:
            found = f"moves {what}objects to {lower} {second - first} days after {upper}"
            yield "s3-lifecycle-distance", found, f"leave them in {upper} for 30 days", _TRANSITIONS


def _days(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None


CHECKS = (lifecycle,)

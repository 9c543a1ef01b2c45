"""A request held to the service's own model: botocore carries lengths, patterns, enums and ranges, and checks few.

botocore itself looks at types, required members and lower bounds only, and moto at less. What the model says is not
always what the service does; `NOT_HELD_TO` names each shape whose model is known to be wrong or late, with the reason.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

# Service and shape, and why its pattern or enum is not applied. Lengths and ranges of these shapes still are.
NOT_HELD_TO = {
    ("application-autoscaling", "MetricType"): "AWS adds metrics before an installed botocore knows them",
    ("budgets", "BudgetName"): "the model's pattern switches flags half way, which Python's expressions cannot",
    ("budgets", "SubscriberAddress"): "takes every text, in exponential time",
    ("ec2", "InstanceType"): "AWS adds instance types before an installed botocore knows them",
    ("ec2", "ResourceType"): "AWS adds taggable types before an installed botocore knows them",
    ("kms", "CustomerMasterKeySpec"): "superseded by KeySpec and no longer extended",
    ("lambda", "Runtime"): "AWS adds runtimes before an installed botocore knows them",
    ("s3", "BucketLocationConstraint"): "AWS opens regions before an installed botocore knows them",
}

# Java's classes, which Python lacks, as what holds at least the same characters: better lax than a false refusal.
_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{Zs}": r"\s", r"\p{Alnum}": "a-zA-Z0-9"}
_WHOLE_CLASSES = {r"\p{Print}": "[ -~]"}
_SURROGATES = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
_PLURALS = {"string": "characters", "blob": "bytes", "list": "entries", "map": "entries"}


@dataclass(frozen=True, slots=True)
class Breach:
    """One place in a request that the service's model does not allow. `path` is in AWS's names."""

    path: str
    kind: str  # length, pattern, enum, range, required
    what: str
    fix: str


def breaches(service: str, shape: Any, request: Mapping[str, Any]) -> Iterator[Breach]:
    """Everything in a request that its shape (botocore's input shape of the operation) does not allow."""
    if shape is not None:
        yield from _walk(service, shape, request, "")


def _walk(service: str, shape: Any, value: Any, path: str) -> Iterator[Breach]:
    kind = shape.type_name
    if kind == "structure":
        if isinstance(value, Mapping):
            yield from _members(service, shape, value, path)
        return
    yield from _bounds(kind, shape.metadata, _size(value), path)
    if kind == "list" and isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _walk(service, shape.member, item, f"{path}[{index}]")
    elif kind == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(service, shape.key, key, f"{path}.{key}")
            yield from _walk(service, shape.value, item, f"{path}.{key}")
    elif kind == "string" and isinstance(value, str) and (service, shape.name) not in NOT_HELD_TO:
        yield from _text(shape, value, path)


def _members(service: str, shape: Any, value: Mapping[str, Any], path: str) -> Iterator[Breach]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield Breach(_join(path, name), "required", "is missing", "declare it")
    members = shape.members
    for name, part in value.items():
        if name in members and part is not None:
            yield from _walk(service, members[name], part, _join(path, name))


def _size(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    return len(value) if isinstance(value, (str, bytes, list, tuple, Mapping)) else None


def _bounds(kind: str, metadata: Mapping[str, Any], size: float | None, path: str) -> Iterator[Breach]:
    least, most = metadata.get("min"), metadata.get("max")
    if size is None or ((least is None or size >= least) and (most is None or size <= most)):
        return
    plural = _PLURALS.get(kind)
    found = f"has {size} {plural}" if plural else f"is {size:g}"
    bounds = (
        f"{least} to {most}"
        if None not in (least, most)
        else f"at least {least}"
        if most is None
        else f"at most {most}"
    )
    yield Breach(path, "length" if plural else "range", found, f"AWS takes {bounds}{f' {plural}' if plural else ''}")


def _text(shape: Any, value: str, path: str) -> Iterator[Breach]:
    if shape.enum and value not in shape.enum:
        known = ", ".join(shape.enum) if len(shape.enum) <= 12 else f"one of {len(shape.enum)} values"
        yield Breach(path, "enum", f"is {shown(value)}", f"AWS takes {known}")
    pattern = shape.metadata.get("pattern")
    longest = shape.metadata.get("max", len(value))
    if pattern and len(value) <= longest:  # what is too long is reported as that
        wanted = compiled(pattern)
        if wanted is not None and not wanted.fullmatch(value):
            yield Breach(path, "pattern", f"is {shown(value)}", f"AWS takes what matches {pattern}")


@cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """A model's pattern as Python understands it; none where it does not."""
    translated = pattern.replace(*_SURROGATES)
    for table in (_WHOLE_CLASSES, _CLASSES):
        for java, python in table.items():
            translated = translated.replace(java, python)
    try:
        return re.compile(translated, re.DOTALL if r"\p{" in pattern else re.DOTALL | re.ASCII)
    except re.error:
        return None


def shown(text: str) -> str:
    """A value as a message quotes it."""
    return repr(text) if len(text) <= 60 else f"{text[:50]!r}... ({len(text)} characters)"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

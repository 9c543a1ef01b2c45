"""A resource as the account has it, in Pulumi's names, read backwards by the table of resource types."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rehearsal.kinds import KINDS
from rehearsal.kinds.kind import Field, finder

_SUFFIX = re.compile(r"-[0-9a-f]{8}$")


@dataclass(frozen=True, kw_only=True)
class Found:
    """`side` holds properties of the resource's side resources (a bucket's encryption) by their type.

    `keeps` are ARNs of what lies in it and is reported with it, such as a vault's recovery points.
    """

    type: str
    name: str
    region: str
    arn: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    side: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        return self.type, stem(self.name)


def stem(name: str) -> str:
    """A name without the end that the engine makes at random, which no program can tell beforehand."""
    return _SUFFIX.sub("", name)


def found(type_: str, name: str, region: str, arn: str, answer: Mapping[str, Any], **more: Any) -> Found:
    """A resource of a type that the table knows; `more` are further fields, whose properties go before the answer's."""
    read = properties_of(type_, answer)
    tags = {key: value for key, value in read.pop("tags", {}).items() if not key.startswith("aws:")}
    given = more.pop("properties", {}) | read
    return Found(type=type_, name=name, region=region, arn=arn, properties=given, tags=tags, **more)


def properties_of(type_: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer of AWS says; a field that it leaves out is one that AWS does not tell of, not one that is off."""
    return _object(KINDS[type_].fields, answer)


def _object(shape: Mapping[str, Field], answer: Any) -> dict[str, Any]:
    read = {
        key: _value(one, (one.read or finder(one.aws))(answer)) for key, one in shape.items() if one.read or one.aws
    }
    return {key: value for key, value in read.items() if value is not None}


def _value(one: Field, value: Any) -> Any:
    if one.unwrap:
        value = value[0] if isinstance(value, list) and value else None
    if value is None:
        return None
    if one.shape is not None:
        return [_object(one.shape, item) for item in value] if isinstance(value, list) else _object(one.shape, value)
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else one.form.norm(value)

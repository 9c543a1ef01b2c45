"""A resource as the account has it, in Pulumi's names as far as locating needs them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SUFFIX = re.compile(r"-[0-9a-f]{8}$")


@dataclass(frozen=True, kw_only=True)
class Found:
    """`side` holds properties of the resource's side resources (a bucket's encryption) by their type."""

    type: str
    name: str
    region: str
    arn: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    side: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str]:
        return self.type, stem(self.name)


def stem(name: str) -> str:
    """A name without the end that the engine makes at random, which no program can tell beforehand."""
    return _SUFFIX.sub("", name)


def tags_of(listed: Any) -> dict[str, str]:
    """AWS's lists of pairs as a mapping, `aws:` tags left out."""
    pairs = {
        str(one.get("Key") or one.get("TagKey")): str(one.get("Value") or one.get("TagValue") or "")
        for one in listed or ()
    }
    return {key: value for key, value in pairs.items() if not key.startswith("aws:")}

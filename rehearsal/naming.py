"""Names and ids that the provider or AWS would make up, deterministic in the resource's URN."""

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from rehearsal.kinds.kind import Name, finder
from rehearsal.result import Declared


def digest(urn: str) -> str:
    """64 hexadecimal digits that belong to this URN."""
    return hashlib.sha256(urn.encode()).hexdigest()


def named(declared: Declared, rule: Name | None) -> dict[str, Any]:
    """The properties with the name that the provider would give: logical name, a dash, seven hexadecimal digits."""
    properties = dict(declared.inputs)
    if rule is None or properties.get(rule.field):
        return properties
    prefix = properties.get(rule.prefix) or f"{declared.name}-"
    name = prefix[: rule.limit - 7] + digest(declared.urn)[:7]
    properties[rule.field] = name.lower() if rule.lower else name
    return properties


def context(declared: Declared, properties: Mapping[str, Any], *, account: str, region: str) -> dict[str, Any]:
    """What a kind's templates may name."""
    hexes = digest(declared.urn)
    return {
        **properties,
        "account": account,
        "region": region,
        "logical": declared.name,
        "hex": hexes[:17],
        "hex8": hexes[:8],
        "hex16": hexes[:16],
        "uuid": str(uuid.UUID(hexes[:32])),
        "suffix": hexes[:6],
        "dbi": hexes[:26].upper(),
        "properties": properties,
    }


_PLACE = re.compile(r"\{(\w+)\}")


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with its places filled: `$path` becomes the value found there, `{name}` its text.

    Raises KeyError when a `{name}` is not known; a `$path` that leads nowhere is None. A function is
    asked with all values.
    """
    if callable(template):
        return template(values)
    if isinstance(template, str):
        if template.startswith("$"):
            return finder(template[1:])(values)
        return _PLACE.sub(lambda match: str(values[match[1]]), template) if "{" in template else template
    if isinstance(template, dict):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    return template


def default_tags(provider: Declared | None) -> dict[str, str]:
    """Tags that a provider puts on everything it makes (its nested settings arrive as JSON)."""
    declared = (provider.inputs if provider else {}).get("defaultTags") or {}
    content = json.loads(declared) if isinstance(declared, str) else declared
    return dict(content.get("tags") or {})

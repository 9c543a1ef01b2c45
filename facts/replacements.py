"""Which property of which type replaces a resource, asked of the genuine AWS provider's planner.

The data's own first line says of which version, and how. A property that the planner was not asked of is not known.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

_DRAWN: Final = "random:"
"""A random value is drawn again when anything that it is made from changes: every argument of every type of
terraform-provider-random requires a replacement."""

_FILE = Path(__file__).parent / "replacements.json"


@cache
def _types() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))["types"]
    return found


def replaces(token: str, property_: str) -> bool | None:
    """Whether another value of a property replaces the resource; None where the planner was not asked."""
    if token.startswith(_DRAWN):
        return True
    listed = _types().get(token, {})
    if property_ in listed.get("replace", ()):
        return True
    return False if property_ in listed.get("update", ()) else None

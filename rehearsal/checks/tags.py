"""Tags that AWS refuses on everything that takes tags."""

import re
from collections.abc import Iterator
from typing import Any

from graph import Graph, Resource
from rehearsal.checks.reading import properties, refuse
from rehearsal.result import Refusal
from rehearsal.shapes import shown

_SOURCE = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"
MOST_TAGS = 50
LONGEST_KEY, LONGEST_VALUE = 128, 256
_CHARACTERS = re.compile(r"[\w\s.:/=+\-@]*")  # EC2 takes others too
_ANY_CHARACTER = ("aws:ec2/", "aws:vpc/")


def tags(graph: Graph) -> Iterator[Refusal]:
    """More than 50 tags, AWS's own prefix, and texts that are too long or of characters that AWS does not take."""
    for one in (one for one in graph.resources if one.custom):
        found = _tags(one)
        if len(found) > MOST_TAGS:
            yield refuse(one, "tag-count", f"has {len(found)} tags", f"AWS takes {MOST_TAGS}: leave some out", _SOURCE)
        for key, value in found.items():
            yield from _tag(one, str(key), str(value))


def _tags(one: Resource) -> dict[str, Any]:
    values = properties(one)
    found = {**(values.get("tagsAll") or {}), **(values.get("tags") or {})}
    return found if one.type.startswith("aws:") else {}


def _tag(one: Resource, key: str, value: str) -> Iterator[Refusal]:
    if key.lower().startswith("aws:"):
        yield refuse(one, "tag-prefix", f"has the tag {shown(key)}", "aws: is AWS's own: choose another", _SOURCE)
    if not 1 <= len(key) <= LONGEST_KEY:
        what = f"has a tag whose key has {len(key)} characters"
        yield refuse(one, "tag-key", what, f"AWS takes 1 to {LONGEST_KEY}", _SOURCE)
    if len(value) > LONGEST_VALUE:
        what = f"tag {shown(key)} has {len(value)} characters"
        yield refuse(one, "tag-value", what, f"AWS takes at most {LONGEST_VALUE}", _SOURCE)
    if not one.type.startswith(_ANY_CHARACTER) and not (_CHARACTERS.fullmatch(key) and _CHARACTERS.fullmatch(value)):
        what = f"has the tag {shown(f'{key}={value}')}"
        yield refuse(one, "tag-characters", what, "AWS takes letters, digits, spaces and _ . : / = + - @", _SOURCE)


CHECKS = (tags,)

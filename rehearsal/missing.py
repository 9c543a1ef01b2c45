"""Outputs that a kind does not make: a marker in their place, so that using one is an error and never silently nothing.

Under mocks an output that the monitor leaves out is None, and an input made from it vanishes without a word.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

_MARK = re.compile(r"\[rehearsal makes no ([^\]]+)\]")


def with_markers(token: str, name: str, outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs, and a marker for every text output of the type that is missing among them."""
    for output, many in _text_outputs(token).items():
        if outputs.get(output) is None:
            mark = f"[rehearsal makes no {output} of {token} {name}]"
            outputs[output] = [mark] if many else mark
    return outputs


def is_marker(value: Any) -> bool:
    """Whether an output is a marker, and so no value of the resource."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, str) and first.startswith("[rehearsal makes no ")


def used(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every path in a value where a marker stands, and what it stands for."""
    if isinstance(value, str):
        if "[rehearsal makes no " in value:
            yield from ((path, match[1]) for match in _MARK.finditer(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from used(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from used(item, f"{path}[{index}]")


@cache
def _text_outputs(token: str) -> dict[str, bool]:
    """Names of a type's outputs that are always text (False) or always a list of texts (True)."""
    package, module, cls = token.split(":")
    if package != "aws":
        return {}
    module = module.split("/", 1)[0]
    loaded = sys.modules.get(f"pulumi_aws.{module}") or sys.modules.get(f"pulumi_aws.{module}_")
    resource = getattr(loaded, cls, None)
    found: dict[str, bool] = {}
    for key, member in vars(resource).items() if resource is not None else ():
        if isinstance(member, property) and member.fget is not None:
            annotation = str(member.fget.__annotations__.get("return"))
            if annotation in ("pulumi.output.Output[str]", "Output[str]"):
                found[getattr(member.fget, "_pulumi_name", key)] = False
            elif annotation.endswith(("Output[collections.abc.Sequence[str]]", "Output[typing.Sequence[str]]")):
                found[getattr(member.fget, "_pulumi_name", key)] = True
    return found

"""An exported state (`pulumi stack export`) in the form in which a rehearsal tells of a stack.

Source of the form: sdk/go/common/apitype/core.go in pulumi/pulumi (ResourceV3).
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from infra.problems import Problem, ProblemsError
from rehearsal.result import REFERENCE_TYPE, SECRET, Declared, Rehearsal, Rehearsed, State

# What marks a secret in a state: sdk/go/common/resource/sig in pulumi/pulumi.
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"


def read_state(file: Path) -> tuple[str, dict[str, Any]]:
    """The stack that a file of `pulumi stack export` is of, and its content. Raises ProblemsError where it is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return stack_of(content), content
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not what `pulumi stack export` writes"
        raise ProblemsError([Problem(file=str(file), message=f"cannot be read as a state: {reason}")]) from None


def stack_of(state: Mapping[str, Any]) -> str:
    """The stack's name, which every URN holds. Raises KeyError or IndexError for a state without resources."""
    return str(state["deployment"]["resources"][0]["urn"].split(":")[2])


def rehearsal_of(state: Mapping[str, Any], like: Rehearsal) -> Rehearsal:
    """A deployed stack; account, region and project are those of the program's own declaration of it."""
    found = tuple(
        _resource(one, like.region)
        for one in state["deployment"]["resources"]
        if one["type"] != REFERENCE_TYPE and not one.get("delete")
    )
    stack = next((one for one in found if one.type == "pulumi:pulumi:Stack"), None)
    return replace(like, resources=found, exports=stack.outputs if stack else {}, stand_ins=(), refusals=())


def _resource(entry: Mapping[str, Any], region: str) -> Rehearsed:
    urn, token = str(entry["urn"]), str(entry["type"])
    inputs, outputs = _plain(entry.get("inputs") or {}), _plain(entry.get("outputs") or {})
    declared = Declared(
        urn=urn,
        type=token,
        name=urn.rpartition("::")[2],
        custom=bool(entry.get("custom")),
        properties=inputs,
        parent=str(entry.get("parent") or ""),
        provider=str(entry.get("provider") or "").rpartition("::")[0],
        dependencies=tuple(entry.get("dependencies") or ()),
        property_dependencies={key: tuple(urns) for key, urns in (entry.get("propertyDependencies") or {}).items()},
        protect=bool(entry.get("protect")),
        retain_on_delete=bool(entry.get("retainOnDelete")),
    )
    place = str(outputs.get("region") or inputs.get("region") or region)
    kind = State.DECLARED_ONLY if declared.custom else State.COMPONENT
    return Rehearsed(declared, kind, id=str(entry.get("id") or ""), outputs=outputs, region=place)


def _plain(value: Any) -> Any:
    """A value with `[secret]` in place of everything that the state encrypts."""
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return SECRET
        return {key: _plain(item) for key, item in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value

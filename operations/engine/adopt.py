"""Letting the state's resource stand for another thing of the cloud: a restored database in the old one's place."""

import json
from collections.abc import Mapping
from typing import Any

from operations.ending import Notify
from operations.engine.errors import FailedError
from operations.engine.stack import EngineStack
from project.own_folder import own_folder


def adopt(
    opened: EngineStack, type_: str, identifier: str, resource_id: str, *, on_output: Notify | None = None
) -> None:
    """Let the state's one resource of this type and `identifier` stand for another thing of the cloud.

    Its id is written into the state, and everything else of it read from the cloud. Nothing in the cloud changes, and
    what depends on it stays as it is. Again is no harm.

    Raises FailedError where the state has no such resource, or what has the id goes by another name; PendingError
    where an interrupted run left operations.
    """
    opened.require_settled()
    exported = opened.export()
    found = _one_of(opened.name, exported, type_, identifier)
    if found.get("id") != resource_id:
        found["id"] = resource_id
        with own_folder("state") as folder:
            file = folder / "state.json"
            file.write_text(json.dumps(exported))
            opened.take(file)
    opened.refresh(only=str(found["urn"]), on_output=on_output)
    read = _one_of(opened.name, opened.export(), type_, identifier)
    read_identifier = (read.get("outputs") or {}).get("identifier", identifier)
    if read.get("id") != resource_id or read_identifier != identifier:
        raise FailedError(
            f"{opened.name}: {resource_id} was read as {read_identifier}, not as {identifier}",
            f"`workbuoy drift {opened.name}`",
        )


def _one_of(stack: str, exported: Mapping[str, Any], type_: str, identifier: str) -> dict[str, Any]:
    resources = exported["deployment"].get("resources") or []
    found: list[dict[str, Any]] = [
        one
        for one in resources
        if one.get("type") == type_
        and (one.get("inputs") or {}).get("identifier") == identifier
        and not one.get("delete")
    ]
    if len(found) != 1:
        raise FailedError(f"{stack}: the state knows {len(found)} of {type_} called {identifier}, not one")
    return found[0]

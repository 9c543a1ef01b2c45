"""Which images a stack's service has run, newest first: ECS keeps the task definition of each release."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from operations.aws import items_of
from operations.deploy.rollout import Target
from operations.engine.errors import UnreachableError
from operations.one_off import family_of

SHOWN: Final = 10


@dataclass(frozen=True, kw_only=True)
class Release:
    """An image and when it was first declared, where ECS says so; `runs` marks the one that is declared now."""

    digest: str
    declared_at: datetime | None
    task_definition: str
    runs: bool


def releases(stack: str, target: Target, ecs: Any) -> list[Release]:
    """The latest images of a stack's service, each once. Raises UnreachableError where ECS cannot be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, Release] = {}
    try:
        for one in islice(_definitions(target, ecs), 5 * SHOWN):
            digest = _digest(one)
            if digest and len(found | {digest: None}) <= SHOWN:
                known = found.get(digest)
                found[digest] = Release(
                    digest=digest,
                    declared_at=one.get("registeredAt"),
                    task_definition=one["taskDefinitionArn"].rpartition("/")[2],
                    runs=one["taskDefinitionArn"] == target.task_definition_arn or bool(known and known.runs),
                )
    except (BotoCoreError, ClientError) as error:
        raise UnreachableError(f"{stack}: ECS does not list its task definitions: {error}", "sign in anew") from None
    return list(found.values())


def _definitions(target: Target, ecs: Any) -> Iterator[Mapping[str, Any]]:
    """Task definitions of the service's family, newest first. An update makes the one before INACTIVE, and keeps it."""
    family = family_of(target.task_definition_arn)
    of_family = [
        arn
        for status in ("ACTIVE", "INACTIVE")
        for arn in items_of(ecs, "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status=status)
        if family_of(arn) == family
    ]
    for arn in sorted(of_family, key=lambda one: int(one.rpartition(":")[2]), reverse=True):
        yield ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]


def _digest(definition: Mapping[str, Any]) -> str:
    images = {str(one.get("image", "")).partition("@")[2] for one in definition["containerDefinitions"]}
    return next((one for one in sorted(images) if one.startswith("sha256:")), "")

"""ECR: an image registry, what it keeps and who may pull from it."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    JSON,
    NOT_HELD,
    Call,
    Change,
    F,
    Form,
    Kind,
    Name,
    Out,
    Read,
    tags,
    unchecked,
)

_REPOSITORY = {"repositoryName": "$repository"}
_ARN = "arn:aws:ecr:{region}:{account}:repository/{name}"


def _only(value: Any) -> Any:
    """Pulumi keeps a list of at most one."""
    return value[0] if isinstance(value, list) and value else value


REPOSITORY = Kind(
    type_=t.REPOSITORY,
    service="ecr",
    calls=(Call("create_repository"),),
    fields={
        "name": F("repositoryName"),
        "namePrefix": unchecked("part of the name"),
        "imageTagMutability": F("imageTagMutability"),
        "imageTagMutabilityExclusionFilters": unchecked(NOT_HELD, "imageTagMutabilityExclusionFilters"),
        "imageScanningConfiguration": F("imageScanningConfiguration", shape={"scanOnPush": F("scanOnPush")}),
        "encryptionConfigurations": F("encryptionConfiguration", form=Form(send=_only, by_leaf=True)),
        "forceDelete": unchecked(AT_DELETION, "force", call="delete"),
        "tags": tags("tags", "Tags"),
    },
    reads=(
        Read("describe_repositories", {"repositoryNames": ["$name"]}, pick="repositories[0]"),
        Read("list_tags_for_resource", {"resourceArn": _ARN}, pick="tags", into="Tags", when="tags"),
    ),
    updates=(
        Change("put_image_tag_mutability", {"imageTagMutability": ""}),
        Change("put_image_scanning_configuration", {"imageScanningConfiguration": ""}),
    ),
    document="$made.repository",
    id="{name}",
    outputs={
        "arn": Out("repositoryArn", _ARN),
        "registryId": Out("registryId", "{account}"),
        "repositoryUrl": Out("repositoryUri", "{account}.dkr.ecr.{region}.amazonaws.com/{name}"),
    },
    name=Name(limit=256),
)

LIFECYCLE = Kind(
    type_=t.REPOSITORY_LIFECYCLE,
    service="ecr",
    calls=(Call("put_lifecycle_policy"),),
    fields={"repository": F("repositoryName"), "policy": F("lifecyclePolicyText", form=JSON)},
    reads=(Read("get_lifecycle_policy", _REPOSITORY),),
    id="{repository}",
    outputs={"registryId": "{account}"},
)

POLICY = Kind(
    type_=t.REPOSITORY_POLICY,
    service="ecr",
    calls=(Call("set_repository_policy"),),
    fields={"repository": F("repositoryName"), "policy": F("policyText", form=JSON)},
    reads=(Read("get_repository_policy", _REPOSITORY),),
    id="{repository}",
    outputs={"registryId": "{account}"},
)

KINDS = (REPOSITORY, LIFECYCLE, POLICY)

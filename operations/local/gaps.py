"""What the genuine provider asks and moto 5.2 does not answer, filled in for the server of `workbuoy local` alone.

A rehearsal names these as declared only instead: to read back what we keep ourselves would prove nothing about AWS.
"""

import json
import uuid
from typing import Any


def fill_gaps() -> None:
    """Teach moto the missing operations, in this process."""
    _rotation_without_a_value()
    _saved_queries()
    _tags_of_scalable_targets()


def _rotation_without_a_value() -> None:
    """moto notes the rotation of a secret that has no value yet, then breaks; AWS starts the function."""
    from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend  # in its own process only

    original = SecretsManagerBackend.rotate_secret

    def rotate(self: SecretsManagerBackend, secret_id: str, *args: Any, **kwargs: Any) -> str:
        try:
            return original(self, secret_id, *args, **kwargs)
        except UnboundLocalError:
            secret = self.secrets[secret_id]
            return secret.to_short_dict() if isinstance(secret, FakeSecret) else ""

    SecretsManagerBackend.rotate_secret = rotate  # type: ignore[method-assign]


def _saved_queries() -> None:
    """Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html"""
    from moto.logs.exceptions import ResourceNotFoundException
    from moto.logs.responses import LogsResponse

    def kept(self: LogsResponse) -> dict[str, dict[str, Any]]:
        return self.logs_backend.__dict__.setdefault("saved_queries", {})  # type: ignore[no-any-return]

    def named(self: LogsResponse) -> str:
        query_id = self._get_param("queryDefinitionId")
        if query_id not in kept(self):
            raise ResourceNotFoundException("The specified query definition does not exist.")
        return str(query_id)

    def put(self: LogsResponse) -> str:
        query_id = named(self) if self._get_param("queryDefinitionId") else str(uuid.uuid4())
        given = {name: self._get_param(name) for name in ("name", "queryString", "logGroupNames", "queryLanguage")}
        kept(self)[query_id] = {"queryDefinitionId": query_id} | {name: one for name, one in given.items() if one}
        return json.dumps({"queryDefinitionId": query_id})

    def describe(self: LogsResponse) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        found = [one for one in kept(self).values() if one["name"].startswith(prefix)]
        return json.dumps({"queryDefinitions": found})

    def delete(self: LogsResponse) -> str:
        del kept(self)[named(self)]
        return json.dumps({"success": True})

    operations = {
        "put_query_definition": put,
        "describe_query_definitions": describe,
        "delete_query_definition": delete,
    }
    for name, operation in operations.items():
        setattr(LogsResponse, name, operation)


def _tags_of_scalable_targets() -> None:
    """Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html"""
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response

    original = Response.register_scalable_target

    def kept(self: Response) -> dict[str, dict[str, str]]:
        return self.applicationautoscaling_backend.__dict__.setdefault("tags", {})  # type: ignore[no-any-return]

    def register(self: Response) -> str:
        answer = original(self)
        kept(self).setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(self._get_param("Tags") or {})
        return answer

    def listed(self: Response) -> str:
        return json.dumps({"Tags": kept(self).get(self._get_param("ResourceARN"), {})})

    def tag(self: Response) -> str:
        kept(self).setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags"))
        return "{}"

    def untag(self: Response) -> str:
        for name in self._get_param("TagKeys"):
            kept(self).get(self._get_param("ResourceARN"), {}).pop(name, None)
        return "{}"

    operations = {
        "register_scalable_target": register,
        "list_tags_for_resource": listed,
        "tag_resource": tag,
        "untag_resource": untag,
    }
    for name, operation in operations.items():
        setattr(Response, name, operation)

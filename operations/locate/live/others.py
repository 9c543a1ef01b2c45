"""Log groups, secrets, keys and topics, in one region."""

from collections.abc import Iterator
from typing import Any, Final

from components.names import WAF_LOG_PREFIX
from facts import tokens as t
from operations.locate.live.account import Account
from operations.locate.live.found import Found, found, properties_of
from operations.locate.live.names import Names

STATE, DELETED_ON = "keyState", "deletionDate"  # of a key: only the account tells them
LOG_BEGINNINGS: Final = (
    "/workbuoy/",
    "/aws/rds/instance/",
    "/aws/lambda/",
    "/aws/vendedlogs/prometheus/",
    WAF_LOG_PREFIX,
)
"""What the name of a stack's log group begins with, before the stack's own."""
_KEYLESS: Final = {"kmsKeyId": None}  # what an answer leaves out is not there


def log_groups(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Every log group of a stack, those that AWS's services write to included."""
    for begin in LOG_BEGINNINGS:
        named = f"{begin}{names.begin}"
        for one in account.items("logs", region, "describe_log_groups", "logGroups", logGroupNamePrefix=named):
            if names.own(one["logGroupName"]):
                arn = str(one["arn"]).removesuffix(":*")
                tags = account.client("logs", region).list_tags_for_resource(resourceArn=arn).get("tags") or {}
                absent = {"retentionInDays": 0, **_KEYLESS}
                yield found(t.LOG_GROUP, one["logGroupName"], region, arn, {**one, "tags": tags}, properties=absent)


def secrets(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Every secret of a stack, with its replicas and its rotation."""
    for listed in account.items("secretsmanager", region, "list_secrets", "SecretList"):
        if names.own(str(listed["Name"])):
            one = account.client("secretsmanager", region).describe_secret(SecretId=listed["ARN"])
            replicas = [
                {"region": replica.get("Region"), "kmsKeyId": replica.get("KmsKeyId")}
                for replica in one.get("ReplicationStatus") or ()
            ]
            side = {t.SECRET_ROTATION: properties_of(t.SECRET_ROTATION, one)} if one.get("RotationEnabled") else {}
            absent = {**_KEYLESS, "replicas": replicas}
            yield found(t.SECRET, one["Name"], region, one["ARN"], one, properties=absent, side=side)


def keys(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Every key of a stack, known by its alias."""
    kms = account.client("kms", region)
    for alias in account.items("kms", region, "list_aliases", "Aliases"):
        if names.own(str(alias["AliasName"])) and alias.get("TargetKeyId"):
            answer: dict[str, Any] = kms.describe_key(KeyId=alias["TargetKeyId"])
            one = answer["KeyMetadata"]
            answer["Rotation"] = kms.get_key_rotation_status(KeyId=one["KeyId"])
            answer["Tags"] = kms.list_resource_tags(KeyId=one["KeyId"]).get("Tags")
            replicas = (one.get("MultiRegionConfiguration") or {}).get("ReplicaKeys", ())
            more = {
                "replicas": [{"region": replica["Region"]} for replica in replicas],
                STATE: one.get("KeyState"),
                DELETED_ON: one.get("DeletionDate"),
            }
            yield found(t.KEY, alias["AliasName"], region, one["Arn"], answer, properties=more)


def topics(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Every topic of a stack."""
    sns = account.client("sns", region)
    for listed in account.items("sns", region, "list_topics", "Topics"):
        arn = listed["TopicArn"]
        name = arn.rpartition(":")[2]
        if names.own(name):
            answer = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            answer["Tags"] = sns.list_tags_for_resource(ResourceArn=arn).get("Tags")
            yield found(t.TOPIC, name, region, arn, answer, properties={"kmsMasterKeyId": None})

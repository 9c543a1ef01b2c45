"""Log groups, secrets, keys and topics, in one region."""

from collections.abc import Iterator
from typing import Any

from facts import tokens as t
from operations.locate.live.account import Account
from operations.locate.live.found import Found, tags_of
from operations.locate.live.names import Names


def others(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Everything of these kinds that is a stack's by its name."""
    yield from _log_groups(account, region, names)
    yield from _secrets(account, region, names)
    yield from _keys(account, region, names)
    yield from _topics(account, region, names)


def _log_groups(account: Account, region: str, names: Names) -> Iterator[Found]:
    for begin in (f"/workbuoy/{names.begin}", f"/aws/rds/instance/{names.begin}", f"/aws/lambda/{names.begin}"):
        for one in account.items("logs", region, "describe_log_groups", "logGroups", logGroupNamePrefix=begin):
            if not names.own(one["logGroupName"]):
                continue
            arn = str(one["arn"]).removesuffix(":*")
            yield Found(
                type=t.LOG_GROUP,
                name=one["logGroupName"],
                region=region,
                arn=arn,
                properties={
                    "name": one["logGroupName"],
                    "retentionInDays": one.get("retentionInDays", 0),
                    "kmsKeyId": one.get("kmsKeyId"),
                },
                tags=account.client("logs", region).list_tags_for_resource(resourceArn=arn).get("tags") or {},
            )


def _secrets(account: Account, region: str, names: Names) -> Iterator[Found]:
    for listed in account.items("secretsmanager", region, "list_secrets", "SecretList"):
        if not names.own(str(listed["Name"])):
            continue
        one = account.client("secretsmanager", region).describe_secret(SecretId=listed["ARN"])
        rotation: dict[str, Any] = one.get("RotationRules") or {}
        yield Found(
            type=t.SECRET,
            name=one["Name"],
            region=region,
            arn=one["ARN"],
            properties={
                "name": one["Name"],
                "kmsKeyId": one.get("KmsKeyId"),
                "replicas": [
                    {"region": replica.get("Region"), "kmsKeyId": replica.get("KmsKeyId")}
                    for replica in one.get("ReplicationStatus") or ()
                ],
            },
            side=(
                {
                    t.SECRET_ROTATION: {
                        "rotationRules": {"automaticallyAfterDays": rotation.get("AutomaticallyAfterDays")}
                    }
                }
                if one.get("RotationEnabled")
                else {}
            ),
            tags=tags_of(one.get("Tags")),
        )


def _keys(account: Account, region: str, names: Names) -> Iterator[Found]:
    kms = account.client("kms", region)
    for alias in account.items("kms", region, "list_aliases", "Aliases"):
        if not names.own(str(alias["AliasName"])) or not alias.get("TargetKeyId"):
            continue
        one = kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]
        replicas = (one.get("MultiRegionConfiguration") or {}).get("ReplicaKeys", ())
        tags = kms.list_resource_tags(KeyId=one["KeyId"]).get("Tags")
        yield Found(
            type=t.KEY,
            name=alias["AliasName"],
            region=region,
            arn=one["Arn"],
            properties={
                "multiRegion": bool(one.get("MultiRegion")),
                "enableKeyRotation": kms.get_key_rotation_status(KeyId=one["KeyId"])["KeyRotationEnabled"],
                "state": one.get("KeyState"),
                "replicas": [{"region": replica["Region"]} for replica in replicas],
            },
            tags=tags_of(tags),
        )


def _topics(account: Account, region: str, names: Names) -> Iterator[Found]:
    sns = account.client("sns", region)
    for listed in account.items("sns", region, "list_topics", "Topics"):
        arn = listed["TopicArn"]
        name = arn.rpartition(":")[2]
        if names.own(name):
            attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            yield Found(
                type=t.TOPIC,
                name=name,
                region=region,
                arn=arn,
                properties={"name": name, "kmsMasterKeyId": attributes.get("KmsMasterKeyId")},
                tags=tags_of(sns.list_tags_for_resource(ResourceArn=arn).get("Tags")),
            )

"""Ways out of what keeps data that were added beside the declared ones: copies, shares, listeners."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from components.names import BEFORE, RESTORED
from facts import tokens as t
from graph import Resource
from graph.values import maps
from operations.drift.account.undeclared import Look, Stack, Undeclared
from operations.restore.copy import lives_until


def _bucket(token: str, operation: str, absent: str, part: str, undo: str) -> Look:
    """A setting of a bucket that a resource of its own declares, if anything does."""

    def undeclared(stack: Stack, bucket: Resource) -> Iterator[Undeclared]:
        if stack.graph.referring(bucket, token, "bucket"):
            return
        answer: Any = stack.account.maybe("s3", stack.region(bucket), operation, absent, Bucket=bucket.id) or {}
        found = answer.get(part) if part else {key: value for key, value in answer.items() if key != "ResponseMetadata"}
        if found:
            command = f"aws s3api {undo} --bucket {bucket.id}" if undo else ""
            yield stack.undeclared(token, f"of {bucket.name}", command, bucket=bucket.id, found=found)

    return Look(operation.removeprefix("get_bucket_"), (t.BUCKET,), undeclared)


def _grants(stack: Stack, bucket: Resource) -> Iterator[Undeclared]:
    """Entries of a bucket's access list for anybody but its owner."""
    answer = stack.account.client("s3", stack.region(bucket)).get_bucket_acl(Bucket=bucket.id)
    owner = answer["Owner"].get("ID")
    others = [
        {"uri": grantee.get("URI"), "id": grantee.get("ID"), "permission": grant.get("Permission")}
        for grant in maps(answer.get("Grants"))
        for grantee in maps(grant.get("Grantee"))
        if grantee.get("ID") != owner or grantee.get("URI")
    ]
    if others and not stack.graph.referring(bucket, t.BUCKET_ACL, "bucket") and not bucket.inputs.get("acl"):
        undo = f"aws s3api put-bucket-acl --acl private --bucket {bucket.id}"
        yield stack.undeclared(t.BUCKET_ACL, f"of {bucket.name}", undo, bucket=bucket.id, grants=others)


def _shared(stack: Stack, database: Resource) -> Iterator[Undeclared]:
    """Snapshots made by hand of which another account, or everybody, may make a database."""
    region = stack.region(database)
    name = str(database.get("identifier") or database.id)
    rds = stack.account.client("rds", region)
    listed = {"DBInstanceIdentifier": name, "SnapshotType": "manual"}
    for one in stack.account.items("rds", region, "describe_db_snapshots", "DBSnapshots", **listed):
        snapshot = one["DBSnapshotIdentifier"]
        answer = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=snapshot)
        with_whom = [
            account
            for attribute in maps(answer["DBSnapshotAttributesResult"].get("DBSnapshotAttributes"))
            if attribute.get("AttributeName") == "restore"
            for account in attribute.get("AttributeValues") or ()
        ]
        if with_whom:
            undo = (
                f"aws rds modify-db-snapshot-attribute --region {region} --db-snapshot-identifier {snapshot} "
                f"--attribute-name restore --values-to-remove {' '.join(with_whom)}"
            )
            yield stack.undeclared(
                t.SNAPSHOT, snapshot, undo, dbInstanceIdentifier=name, sharedAccounts=list(with_whom)
            )


def _replicas(stack: Stack, database: Resource) -> Iterator[Undeclared]:
    """Copies that follow a database: they have its data, and rules of their own about who reaches them."""
    region, name = stack.region(database), str(database.get("identifier") or database.id)
    declared = {str(one.get("identifier") or one.id) for one in stack.graph.of(t.DATABASE)}
    found = stack.account.items("rds", region, "describe_db_instances", "DBInstances", DBInstanceIdentifier=name)
    for replica in (str(one) for instance in found for one in instance.get("ReadReplicaDBInstanceIdentifiers") or ()):
        if replica.rpartition(":")[2] not in declared:
            undo = (
                f"aws rds delete-db-instance --region {region} --skip-final-snapshot --db-instance-identifier {replica}"
            )
            yield stack.undeclared(t.DATABASE, replica, undo, identifier=replica, replicateSourceDb=name)


def _outlived(stack: Stack, database: Resource) -> Iterator[Undeclared]:
    """What a restore or a drill left beside a database past its day: it holds what its database held."""
    region, name, here = stack.region(database), database.get("identifier") or database.id, stack.graph.stack
    for end, undo in ((RESTORED, f"end {here}"), (BEFORE, f"switch {here} --remove-old {name}-{BEFORE}")):
        left = f"{name}-{end}"
        found = stack.account.maybe(
            "rds", region, "describe_db_instances", "DBInstanceNotFound", DBInstanceIdentifier=left
        )
        for one in (found or {}).get("DBInstances", ()):
            if one["DBInstanceStatus"] != "deleting" and not lives_until(one, datetime.now(UTC)):
                yield stack.undeclared(t.DATABASE, left, f"workbuoy restore {undo}", identifier=left)


def _secret_policy(stack: Stack, holder: Resource) -> Iterator[Undeclared]:
    """Who may read a secret that has no declared policy, that of a database's owner among them: RDS makes that one."""
    if holder.type == t.SECRET and stack.graph.referring(holder, t.SECRET_POLICY, "secretArn"):
        return
    made = maps(holder.outputs.get("masterUserSecrets"))
    ids = [holder.id] if holder.type == t.SECRET else [str(one["secretArn"]) for one in made]
    region = stack.region(holder)
    for secret in ids:
        answer = stack.account.client("secretsmanager", region).get_resource_policy(SecretId=secret)
        if answer.get("ResourcePolicy"):
            undo = f"aws secretsmanager delete-resource-policy --region {region} --secret-id {secret}"
            name = f"policy of {secret.rpartition(':')[2]} of {holder.name}"
            yield stack.undeclared(t.SECRET_POLICY, name, undo, secretArn=secret, policy=answer["ResourcePolicy"])


def _subscriptions(stack: Stack, topic: Resource) -> Iterator[Undeclared]:
    region, declared = stack.region(topic), stack.ids(t.TOPIC_SUBSCRIPTION)
    pending = {str(one.inputs.get("endpoint")) for one in stack.graph.of(t.TOPIC_SUBSCRIPTION)}
    found = stack.account.items("sns", region, "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic.arn)
    for one in found:
        arn, to = one["SubscriptionArn"], str(one.get("Endpoint"))
        if arn not in declared and to not in pending:
            undo = f"aws sns unsubscribe --region {region} --subscription-arn {arn}" if arn.startswith("arn:") else ""
            yield stack.undeclared(
                t.TOPIC_SUBSCRIPTION, f"{to} of {topic.name}", undo, topic=topic.arn, protocol=one.get("Protocol")
            )


STORES: Final = (
    _bucket(
        t.BUCKET_REPLICATION,
        "get_bucket_replication",
        "ReplicationConfigurationNotFoundError",
        "ReplicationConfiguration",
        "delete-bucket-replication",
    ),
    _bucket(
        "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        "get_bucket_website",
        "NoSuchWebsiteConfiguration",
        "",
        "delete-bucket-website",
    ),
    _bucket(
        t.BUCKET_CORS,
        "get_bucket_cors",
        "NoSuchCORSConfiguration",
        "CORSRules",
        "delete-bucket-cors",
    ),
    _bucket(t.BUCKET_NOTIFICATION, "get_bucket_notification_configuration", "NoSuchConfiguration", "", ""),
    Look("access list", (t.BUCKET,), _grants),
    Look("replicas", (t.DATABASE,), _replicas),
    Look("restored copies", (t.DATABASE,), _outlived),
    Look("policies of secrets", (t.SECRET, t.DATABASE), _secret_policy),
    Look("shared snapshots", (t.DATABASE,), _shared),
    Look("subscriptions", (t.TOPIC,), _subscriptions),
)

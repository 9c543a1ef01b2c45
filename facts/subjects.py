"""Which thing a resource is about: a bucket's versioning is about the bucket."""

from collections.abc import Mapping
from typing import Final

from facts import tokens as t
from graph import Graph, Resource
from graph.values import at

OWNERS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    **dict.fromkeys(
        (
            *(t.BUCKET_ACL, t.BUCKET_CORS, t.BUCKET_ENCRYPTION, t.BUCKET_LIFECYCLE, t.BUCKET_LOGGING),
            *(t.BUCKET_NOTIFICATION, t.BUCKET_OBJECT_LOCK, t.BUCKET_OWNERSHIP, t.BUCKET_POLICY, t.BUCKET_REPLICATION),
            *(t.BUCKET_PUBLIC_ACCESS, t.BUCKET_VERSIONING),
        ),
        (("bucket", t.BUCKET),),
    ),
    t.ROLE_POLICY: (("role", t.ROLE),),
    t.USER_POLICY: (("user", t.USER),),
    t.GROUP_POLICY: (("group", t.GROUP),),
    t.PERMISSION_SET_POLICY: (("permissionSetArn", t.PERMISSION_SET),),
    t.PERMISSION_SET_ATTACHMENT: (("permissionSetArn", t.PERMISSION_SET),),
    t.PERMISSION_SET_ATTACHMENTS: (("permissionSetArn", t.PERMISSION_SET),),
    t.ROLE_ATTACHMENT: (("role", t.ROLE),),
    t.USER_ATTACHMENT: (("user", t.USER),),
    t.GROUP_ATTACHMENT: (("group", t.GROUP),),
    t.POLICY_ATTACHMENT: (("roles", t.ROLE), ("users", t.USER), ("groups", t.GROUP)),
    t.ATTACHMENTS_EXCLUSIVE: (("roleName", t.ROLE),),
    t.SECRET_POLICY: (("secretArn", t.SECRET),),
    t.KEY_POLICY: (("keyId", t.KEY),),
    t.KEY_GRANT: (("keyId", t.KEY),),
    t.TOPIC_POLICY: (("arn", t.TOPIC),),
    t.REPOSITORY_POLICY: (("repository", t.REPOSITORY),),
    t.FUNCTION_PERMISSION: (("function", t.FUNCTION),),
    t.FUNCTION_URL: (("functionName", t.FUNCTION),),
    t.QUEUE_POLICY: (("queueUrl", t.QUEUE),),
    t.ENDPOINT_POLICY: (("vpcEndpointId", t.ENDPOINT),),
    t.BACKUP_VAULT_POLICY: (("backupVaultName", t.BACKUP_VAULT),),
    t.SECRET_ROTATION: (("secretId", t.SECRET),),
    t.REPOSITORY_LIFECYCLE: (("repository", t.REPOSITORY),),
    t.BACKUP_VAULT_LOCK: (("backupVaultName", t.BACKUP_VAULT),),
    t.MAIN_ROUTE_TABLE: (("vpcId", t.VPC),),
    t.WEB_ACL_ASSOCIATION: (("resourceArn", t.LOAD_BALANCER),),
    t.WEB_ACL_LOGGING: (("resourceArn", t.WEB_ACL),),
}
"""Which property names what a resource belongs to, and that one's type. Every other resource belongs to nothing."""


def subjects(graph: Graph, one: Resource, of: str, of_type: str) -> list[str]:
    """The URNs of what a resource guards; where it is of another stack, the text by which it is named.

    Where not even that is known, whatever of its type the resource's component holds: so a rename stays one subject.
    """
    if not of:
        return [one.urn]
    found = graph.referred(one, of, of_type)
    if found:
        return [target.urn for target in found]
    named = at(one.inputs, of)
    return [named] if isinstance(named, str) and named else [f"{of_type} of {one.parent or one.urn}"]

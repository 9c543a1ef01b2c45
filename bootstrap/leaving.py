"""What a person may do who takes a customer's own stack down: all that a deletion asks, and emptying its buckets.

The deploy role cannot: it reaches no object, and a bucket goes only when it is empty, of old versions too. So a leaving
has a role of its own, which no workflow takes. It makes nothing new, and no base stack's bucket is its to empty.
"""

from collections.abc import Sequence
from dataclasses import replace

from bootstrap.limits import elsewhere, no_data, own_limits
from bootstrap.rights import Rights
from bootstrap.rights.metrics import ending_of_metrics
from bootstrap.rights.network import ending_of_interfaces
from bootstrap.scope import Scope
from components.permissions import Statement

_ENDING = (
    "Delete",
    "Deregister",
    "Detach",
    "Disassociate",
    "Release",
    "Remove",
    "Revoke",
    "Schedule",
    "Unsubscribe",
    "Untag",
)
# What the provider changes or makes as it deletes: a service goes to no tasks, a bucket's setting is written empty, a
# topic's policy is AWS's own again, rotation stops, and a database leaves its final snapshot.
_ON_THE_WAY = frozenset(
    {
        "ecs:UpdateService",
        "rds:AddTagsToResource",
        "rds:CreateDBSnapshot",
        "s3:PutBucketLogging",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "secretsmanager:CancelRotateSecret",
        "sns:SetTopicAttributes",
    }
)


_OF_BASE_STACKS = "waf"  # a customer's own stack stands behind its base's


def leaving_policies(scope: Scope, rights: dict[str, Rights], state: Rights) -> dict[str, Sequence[Statement]]:
    """Reading, ending and emptying, by part; of what a deploy may write, only what ends something."""
    ending = {
        part: [short for one in given.write if (short := _only_ending(one)).actions]
        for part, given in rights.items()
        if part != _OF_BASE_STACKS
    }
    ending["network"] = [_of_the_network(scope), ending_of_interfaces(scope)]
    ending["metrics"] = ending_of_metrics(scope)
    running = ("service", "balancer", "watching", "access")
    return {
        "see-foundation": [one for part in rights if part not in running for one in rights[part].read],
        "see-running": [one for part in running for one in rights[part].read],
        "end-foundation": [one for part in ending if part not in running for one in ending[part]],
        "end-running": [one for part in running for one in ending[part]],
        "state": [*state.read, *state.write, elsewhere(scope), *own_limits(scope)],
        # The customer's export is read again before anything goes.
        "empty": [
            *_emptying(scope),
            *scope.read_exports(),
            no_data(scope, but=("s3:DeleteObject*", "s3:GetObject*")),
            _no_other_objects(scope),
        ],
    }


def _no_other_objects(scope: Scope) -> Statement:
    """Reads nothing but exports, whatever a bucket's own policy would allow."""
    return Statement(
        sid="NoDataButExports",
        effect="Deny",
        actions=["s3:GetObject*"],
        resources=[f"arn:aws:s3:::workbuoy-{scope.environment}-{beginning}files-*" for beginning in ("", "*-")],
    )


def _of_the_network(scope: Scope) -> Statement:
    """Security groups are all that a customer's own stack has there; the network is its base's."""
    return Statement(
        sid="EndGroups",
        actions=["ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
        resources=scope.arns("ec2", "security-group/*", "security-group-rule/*"),
        conditions=scope.of_a_stack,
    )


def _only_ending(statement: Statement) -> Statement:
    kept = [one for one in statement.actions if one in _ON_THE_WAY or one.partition(":")[2].startswith(_ENDING)]
    return replace(statement, actions=kept)


def _emptying(scope: Scope) -> list[Statement]:
    """A customer's bucket is `workbuoy-ENVIRONMENT-NAME-files-...`; a regional base has its region for NAME.

    IAM's `*` goes past a slash, so that an object of the base's own bucket, or an export, would fit too: the Deny names
    those as well.
    """
    beginning = f"arn:aws:s3:::workbuoy-{scope.environment}"
    silos = [f"{beginning}-*-files-*"]
    bases = [f"{beginning}-files-*", *(f"{beginning}-{region}-files-*" for region in scope.regions)]
    return [
        Statement(sid="FindVersions", actions=["s3:ListBucketVersions"], resources=silos),
        Statement(
            sid="EmptyBuckets",
            actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=[f"{bucket}/*" for bucket in silos],
        ),
        Statement(
            sid="LeaveBasesFull",
            effect="Deny",
            actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=[*(f"{bucket}/*" for bucket in bases), *scope.exports("/*")],
        ),
    ]

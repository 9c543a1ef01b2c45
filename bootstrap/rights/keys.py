"""KMS and Secrets Manager: keys by their tags, entries by their names; no value of an entry."""

from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.permissions import Statement


def keys_rights(scope: Scope) -> Rights:
    """Keys and secrets as things. Their use and their values belong to the roles of what runs."""
    keys, aliases = scope.arns("kms", "key/*"), scope.named("kms", "alias/{}-*")
    secrets = scope.named("secretsmanager", "secret:{}/*")
    return Rights(
        read=[
            Statement(
                sid="SeeKeys",
                actions=[
                    "kms:DescribeKey",
                    "kms:GetKeyPolicy",
                    "kms:GetKeyRotationStatus",
                    "kms:ListGrants",
                    "kms:ListKeyPolicies",
                    "kms:ListResourceTags",
                ],
                resources=keys,
            ),
            Statement(
                sid="ListKeysAndSecrets",
                actions=["kms:ListAliases", "kms:ListKeys", "secretsmanager:ListSecrets"],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="SeeSecretsWithoutValues",
                actions=["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"],
                resources=[*secrets, *scope.arns("secretsmanager", "secret:rds!db-*")],
            ),
        ],
        write=[
            Statement(
                sid="MakeKeys",
                actions=["kms:CreateKey"],
                resources=["*"],  # AWS knows no resource for this action
                conditions=scope.made_as_a_stacks,
            ),
            Statement(
                sid="TagNewKeys",
                actions=["kms:TagResource"],
                resources=keys,
                # A key that is being made has neither tags nor a name. AWS tells no more of it, so that a key of
                # somebody else's without either would pass too; whoever has one gives it a name.
                conditions={
                    **scope.made_as_a_stacks,
                    "Null": {
                        "aws:ResourceTag/application": "true",
                        "aws:ResourceTag/environment": "true",
                        "kms:ResourceAliases": "true",
                    },
                },
            ),
            Statement(
                sid="TagOwnKeys",
                actions=["kms:TagResource"],
                resources=keys,
                # Its own tags say whose a key is: they are set again, and never to another value.
                conditions={
                    **scope.of_a_stack,
                    "StringEqualsIfExists": scope.made_as_a_stacks["StringEquals"],
                },
            ),
            Statement(
                sid="ChangeKeys",
                actions=[
                    "kms:CancelKeyDeletion",
                    "kms:CreateAlias",
                    "kms:DeleteAlias",
                    "kms:DisableKeyRotation",
                    "kms:EnableKey",
                    "kms:EnableKeyRotation",
                    "kms:PutKeyPolicy",
                    "kms:ScheduleKeyDeletion",
                    "kms:UntagResource",
                    "kms:UpdateAlias",
                    "kms:UpdateKeyDescription",
                ],
                resources=keys,
                conditions=scope.of_a_stack,
            ),
            Statement(
                sid="NameKeys",
                actions=["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
                resources=aliases,
            ),
            Statement(
                sid="LetServicesUseKeys",
                actions=["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
                resources=keys,
                # Each works with the caller's rights as it makes what a key protects.
                conditions={
                    **scope.of_a_stack,
                    "StringLike": {
                        "kms:ViaService": [
                            "aps.*.amazonaws.com",
                            "backup.*.amazonaws.com",
                            "rds.*.amazonaws.com",
                            "secretsmanager.*.amazonaws.com",
                        ]
                    },
                },
            ),
            Statement(
                sid="MakeSecretsWithoutValues",
                actions=[
                    "secretsmanager:CancelRotateSecret",
                    "secretsmanager:CreateSecret",
                    "secretsmanager:DeleteResourcePolicy",
                    "secretsmanager:DeleteSecret",
                    "secretsmanager:PutResourcePolicy",
                    "secretsmanager:RestoreSecret",
                    "secretsmanager:RotateSecret",
                    "secretsmanager:TagResource",
                    "secretsmanager:UntagResource",
                    # Of description and key (by LetServicesUseKeys). It reads no value, and could write one.
                    "secretsmanager:UpdateSecret",
                    "secretsmanager:ValidateResourcePolicy",
                ],
                resources=secrets,
            ),
            Statement(
                sid="LetDatabasesMakeTheirSecret",
                actions=["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
                resources=scope.arns("secretsmanager", "secret:rds!db-*"),
            ),
        ],
    )

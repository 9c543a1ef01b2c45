"""AWS Backup and EventBridge: the stacks' vaults, plans and what they take, and who is notified of a failure.

No recovery point: deploying neither brings one back nor ends one. Plans and selections have ids that AWS chooses, and
say by their tags whose they are; a selection has none and goes by its plan's.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbackup.html
"""

from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.backup import BACKUPS
from components.permissions import Statement


def backup_rights(scope: Scope) -> Rights:
    """Vaults by name, plans by their tags, rules by name."""
    vaults, plans = scope.named("backup", f"backup-vault:{{}}-{BACKUPS}"), scope.arns("backup", "backup-plan:*")
    rules = scope.named("events", "rule/{}-backup-failures")
    return Rights(
        read=[
            Statement(
                sid="SeeBackups",
                actions=[
                    "backup:DescribeBackupVault",
                    "backup:GetBackupPlan",
                    "backup:GetBackupSelection",
                    "backup:GetBackupVaultAccessPolicy",
                    "backup:ListRecoveryPointsByBackupVault",
                    "backup:ListTags",
                ],
                resources=[*vaults, *plans],
            ),
            Statement(
                sid="FollowCopies",
                actions=["backup:ListCopyJobs"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            Statement(
                sid="SeeEventRules",
                actions=["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"],
                resources=rules,
            ),
        ],
        write=[
            Statement(
                sid="MakeVaults",
                actions=[
                    "backup:CreateBackupVault",
                    "backup:DeleteBackupVault",
                    "backup:DeleteBackupVaultAccessPolicy",
                    "backup:PutBackupVaultAccessPolicy",
                    "backup:TagResource",
                    "backup:UntagResource",
                ],
                resources=vaults,
            ),
            Statement(
                sid="StoreVaults",  # a vault that is made asks for it
                actions=["backup-storage:MountCapsule"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            Statement(
                sid="MakePlans",
                actions=["backup:CreateBackupPlan", "backup:TagResource"],
                resources=plans,
                conditions=scope.made_as_a_stacks,
            ),
            Statement(
                sid="ChangePlans",
                actions=[
                    "backup:CreateBackupSelection",
                    "backup:DeleteBackupPlan",
                    "backup:DeleteBackupSelection",
                    "backup:UpdateBackupPlan",
                ],
                resources=plans,
                conditions=scope.of_a_stack,
            ),
            Statement(
                sid="TellOfFailures",
                actions=[
                    "events:DeleteRule",
                    "events:PutRule",
                    "events:PutTargets",
                    "events:RemoveTargets",
                    "events:TagResource",
                    "events:UntagResource",
                ],
                resources=rules,
            ),
        ],
    )

"""RDS: the stacks' instances with what belongs to them. No connection to a database, no snapshot given away."""

from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.names import BEFORE, RESTORED
from components.permissions import Statement


def database_rights(scope: Scope) -> Rights:
    """Instances, parameter and subnet groups (named by the provider after their logical names), event subscriptions."""
    groups = scope.arns("rds", "pg:database-parameters-*", "subgrp:database-subnets-*")
    instances = scope.named("rds", "db:{}-database")
    snapshots = scope.named("rds", "snapshot:{}-database-*")
    # A restored copy, and what served before it: they change names with the instance (operations/restore/instances.py).
    beside = scope.named("rds", *(f"db:{{}}-database-{end}" for end in (BEFORE, RESTORED)))
    subscriptions = scope.named("rds", "es:{}-database")
    options = scope.arns("rds", "og:default:*")  # RDS asks for it, though no stack names one
    own = [*groups, *instances, *options, *snapshots, *subscriptions]
    return Rights(
        read=[
            Statement(
                sid="SeeDatabases",
                actions=[
                    "rds:DescribeDBInstances",
                    "rds:DescribeDBParameterGroups",
                    "rds:DescribeDBParameters",
                    "rds:DescribeDBSnapshotAttributes",
                    "rds:DescribeDBSnapshots",
                    "rds:DescribeDBSubnetGroups",
                    "rds:DescribeEventSubscriptions",
                    "rds:ListTagsForResource",
                ],
                # A listing names nothing: AWS then asks for everything of its kind.
                resources=scope.arns("rds", "db:*", "es:*", "pg:*", "snapshot:*", "subgrp:*"),
            ),
            Statement(
                sid="SeeEngineVersions",
                actions=["rds:DescribeDBEngineVersions", "rds:DescribeOrderableDBInstanceOptions"],
                resources=["*"],  # AWS knows no resource for these actions
            ),
        ],
        write=[
            Statement(
                sid="MakeDatabases",
                actions=[
                    "rds:AddTagsToResource",
                    "rds:CreateDBInstance",
                    "rds:CreateDBParameterGroup",
                    "rds:CreateDBSnapshot",
                    "rds:CreateDBSubnetGroup",
                    "rds:CreateEventSubscription",
                    "rds:DeleteDBInstance",
                    "rds:DeleteDBParameterGroup",
                    "rds:DeleteDBSubnetGroup",
                    "rds:DeleteEventSubscription",
                    "rds:ModifyDBInstance",
                    "rds:ModifyDBParameterGroup",
                    "rds:ModifyDBSubnetGroup",
                    "rds:ModifyEventSubscription",
                    "rds:RebootDBInstance",
                    "rds:RemoveTagsFromResource",
                    "rds:ResetDBParameterGroup",
                ],
                resources=own,
            ),
            Statement(
                sid="SwitchDatabases",
                actions=[
                    "rds:AddTagsToResource",
                    "rds:DeleteDBInstance",
                    "rds:ModifyDBInstance",
                    "rds:RemoveTagsFromResource",
                ],
                resources=beside,
            ),
        ],
    )

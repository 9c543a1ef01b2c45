"""Who may do what in the account: previews, deploys, operators, leavings, and the boundary of what a deploy makes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from bootstrap.boundary import backup_boundary_statements, boundary_statements
from bootstrap.drills import drill_statements
from bootstrap.github import subjects, trust_workflows
from bootstrap.journal import journal_rights
from bootstrap.leaving import leaving_policies
from bootstrap.limits import elsewhere, no_data, no_password, own_limits
from bootstrap.names import BACKUP_BOUNDARY, DRILL_ROLE, PREVIEW_ROLE, deploy_role, drill_environment
from bootstrap.operators import operators_statements, trust_operators
from bootstrap.rights import Rights
from bootstrap.rights.access import access_rights
from bootstrap.rights.backup import backup_rights
from bootstrap.rights.database import database_rights
from bootstrap.rights.keys import keys_rights
from bootstrap.rights.metrics import metrics_rights
from bootstrap.rights.network import network_rights
from bootstrap.rights.service import balancer_rights, service_rights
from bootstrap.rights.state import StatePlace, state_rights
from bootstrap.rights.storage import storage_rights
from bootstrap.rights.waf import waf_rights
from bootstrap.rights.watching import watching_rights
from bootstrap.role import AccountRole, AccountRoleArgs
from bootstrap.scope import Scope
from bootstrap.settings import GitHubSettings, JournalSettings, OperatorsSettings
from components.context import BOUNDARY, LEAVING_ROLE, OPERATORS_ROLE, StackContext
from components.permissions import Statement, policy_document

DEPLOY_SESSION_SECONDS = 2 * 3600  # the first `up` of a stack waits for a database
DRILL_SESSION_SECONDS = 2 * 3600  # RDS takes some twenty minutes for a copy, and longer for a large one

# Two documents for the preview role, one a part for the deploy role: each below AWS's 6,144 characters.
_FOUNDATION = ("network", "database", "storage", "keys", "metrics", "waf", "backup")
_TOGETHER = {"waf": "balancer", "backup": "database"}  # parts of one document: AWS takes ten a role


@dataclass(frozen=True, kw_only=True)
class RolesArgs:
    context: StackContext
    scope: Scope
    github: GitHubSettings
    github_arn: Output[str]
    operators: OperatorsSettings
    state_key_arn: Output[str]
    journal: JournalSettings | None


class Roles(ComponentResource):
    """The account's roles and the boundary."""

    boundary_arn: Output[str]
    preview: AccountRole
    deploy: AccountRole
    operators: AccountRole
    leaving: AccountRole
    drill: AccountRole | None = None

    def __init__(self, name: str, args: RolesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:Roles", name, None, opts)
        context, scope, child = args.context, args.scope, ResourceOptions(parent=self)
        rights = rights_by_part(scope)
        state = state_rights(scope, StatePlace(region=context.region, key_arn=args.state_key_arn))
        self.boundary_arn = self._boundary(
            "boundary", BOUNDARY, "a role of a stack", boundary_statements(scope), context
        )
        self._boundary(
            "boundary-backup",
            BACKUP_BOUNDARY,
            "AWS Backup in a stack's name",
            backup_boundary_statements(scope),
            context,
        )
        self.preview = AccountRole(
            "preview",
            AccountRoleArgs(
                context=context,
                role_name=PREVIEW_ROLE,
                description="Previews of pull requests, and the nightly look for drift on main: reads, writes nothing",
                trust=trust_workflows(args.github_arn, subjects(args.github, ["pull_request", "ref:refs/heads/main"])),
                policies=preview_policies(scope, rights, state),
            ),
            child,
        )
        self.deploy = AccountRole(
            "deploy",
            AccountRoleArgs(
                context=context,
                role_name=deploy_role(context.environment),
                description=f"Deploys the stacks of {context.environment} from its GitHub environment",
                trust=trust_workflows(args.github_arn, subjects(args.github, [f"environment:{context.environment}"])),
                policies=deploy_policies(scope, rights, state, args.journal),
                session_seconds=DEPLOY_SESSION_SECONDS,
            ),
            child,
        )
        self.operators = AccountRole(
            "operators",
            AccountRoleArgs(
                context=context,
                role_name=OPERATORS_ROLE,
                description="People on duty: logs, the login's secret, one-off tasks",
                trust=trust_operators(context.account_id, args.operators),
                policies=operators_statements(scope),
            ),
            child,
        )
        self.leaving = AccountRole(
            "leaving",
            AccountRoleArgs(
                context=context,
                role_name=LEAVING_ROLE,
                description="A person takes a customer's own stack down, and empties its buckets",
                trust=trust_operators(context.account_id, args.operators),
                policies=leaving_policies(scope, rights, state),
                session_seconds=DEPLOY_SESSION_SECONDS,
            ),
            child,
        )
        if args.github.drills:
            drills = f"environment:{drill_environment(context.environment)}"
            self.drill = AccountRole(
                "drill",
                AccountRoleArgs(
                    context=context,
                    role_name=DRILL_ROLE,
                    description="Tries a restore from its workflow: a copy beside, checked and deleted; nothing else",
                    trust=trust_workflows(args.github_arn, subjects(args.github, [drills])),
                    policies=drill_statements(scope, state),
                    session_seconds=DRILL_SESSION_SECONDS,
                ),
                child,
            )
        self.register_outputs({"boundaryArn": self.boundary_arn})

    def _boundary(
        self, name: str, physical: str, whose: str, statements: Sequence[Statement], context: StackContext
    ) -> Output[str]:
        return aws.iam.Policy(
            name,
            name=physical,
            description=f"The most that {whose} may do",
            policy=policy_document(statements),
            tags=context.tags(),
            opts=ResourceOptions(parent=self, protect=context.protected),
        ).arn


def rights_by_part(scope: Scope) -> dict[str, Rights]:
    """What deploying needs, by part."""
    return {
        "network": network_rights(scope),
        "database": database_rights(scope),
        "storage": storage_rights(scope),
        "keys": keys_rights(scope),
        "service": service_rights(scope),
        "balancer": balancer_rights(scope),
        "metrics": metrics_rights(scope),
        "watching": watching_rights(scope),
        "waf": waf_rights(scope),
        "backup": backup_rights(scope),
        "access": access_rights(scope),
    }


def preview_policies(scope: Scope, rights: dict[str, Rights], state: Rights) -> dict[str, Sequence[Statement]]:
    """Reading alone."""
    return {
        "foundation": [one for part in _FOUNDATION for one in rights[part].read],
        "running": [one for part in rights if part not in _FOUNDATION for one in rights[part].read],
        "state": [*state.read, elsewhere(scope), no_data(scope)],
    }


def deploy_policies(
    scope: Scope, rights: dict[str, Rights], state: Rights, journal: JournalSettings | None
) -> dict[str, Sequence[Statement]]:
    """Reading and writing, with what is denied beside the state."""
    documents: dict[str, list[Statement]] = {}
    for part, one in rights.items():
        documents.setdefault(_TOGETHER.get(part, part), []).extend([*one.read, *one.write])
    return {
        **documents,
        "state": [
            *(*state.read, *state.write, *journal_rights(scope, journal)),
            *(elsewhere(scope), no_data(scope), no_password(scope)),
            *own_limits(scope),
        ],
    }

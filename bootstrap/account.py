"""An account: what it gets once, and what each part gets from the others."""

from typing import Any

import pulumi_aws as aws
from pulumi import ResourceOptions

from bootstrap.github import GitHub
from bootstrap.guards import Guards, GuardsArgs
from bootstrap.names import secrets_provider, state_address
from bootstrap.registry import Registry, RegistryArgs
from bootstrap.roles import Roles, RolesArgs
from bootstrap.scope import Scope
from bootstrap.settings import AccountSettings, AnyAccountSettings
from bootstrap.state import StateStore, StateStoreArgs
from bootstrap.trail import Trail, TrailArgs
from components.context import StackContext


def context_of(settings: AnyAccountSettings) -> StackContext:
    """What an account's own things are called."""
    return StackContext(
        name="workbuoy",
        environment=settings.environment,
        account_id=settings.account,
        region=settings.region,
        permanent=True,  # every environment's state is worth keeping
        owner=settings.owner,
    )


def declare_account(settings: AccountSettings) -> dict[str, Any]:
    """Declare an account's own things and return its outputs: names, ARNs and addresses."""
    context = context_of(settings)
    scope = Scope(account_id=settings.account, environment=settings.environment, regions=settings.residency)
    provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account])
    opts = ResourceOptions(providers=[provider])

    state = StateStore(
        "state",
        StateStoreArgs(
            context=context,
            keep_old_versions_days=settings.keep_old_state_days,
            journal_writers=settings.journal_writers,
        ),
        opts,
    )
    registry = Registry(
        "images",
        RegistryArgs(context=context, regions=settings.image_regions, keep_images=settings.keep_images),
        opts,
    )
    github = GitHub("github", context, opts)
    roles = Roles(
        "roles",
        RolesArgs(
            context=context,
            scope=scope,
            github=settings.github,
            github_arn=github.arn,
            operators=settings.operators,
            state_key_arn=state.key_arn,
            journal=settings.journal,
        ),
        opts,
    )
    Trail(
        "trail",
        TrailArgs(
            context=context,
            keep_days=settings.keep_trail_days,
            state_bucket_arn=state.bucket_arn,
            record_object_reads=settings.record_object_reads,
            emails=settings.budget.emails,
        ),
        opts,
    )
    Guards("guards", GuardsArgs(context=context, budget=settings.budget), opts)
    return {
        "stateAddress": state_address(settings.account, settings.region),
        "secretsProvider": secrets_provider(settings.region),
        "imageRepositories": registry.urls,
        "permissionsBoundaryArn": roles.boundary_arn,
        "previewRoleArn": roles.preview.arn,
        "deployRoleArn": roles.deploy.arn,
        "operatorsRoleArn": roles.operators.arn,
        "leavingRoleArn": roles.leaving.arn,
        **({"drillRoleArn": roles.drill.arn} if roles.drill else {}),
    }

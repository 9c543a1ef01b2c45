"""The account that keeps copies of other accounts' backups: locked vaults, a trail, and nobody who deploys."""

from dataclasses import replace
from typing import Any

import pulumi_aws as aws
from pulumi import ResourceOptions

from bootstrap.account import context_of
from bootstrap.copies import COPIES_WATCHED, Copies, CopiesArgs
from bootstrap.guards import Guards, GuardsArgs
from bootstrap.names import secrets_provider, state_address
from bootstrap.state import StateStore, StateStoreArgs
from bootstrap.trail import Trail, TrailArgs
from bootstrap.vault_settings import VaultAccountSettings
from bootstrap.watch import WATCHED


def declare_vault_account(settings: VaultAccountSettings) -> dict[str, Any]:
    """Declare the account's own things and return its outputs: addresses, and the ARN of each vault."""
    context = context_of(settings)
    providers = {
        region: aws.Provider(
            "aws" if region == settings.region else f"aws-{region}",
            region=region,
            allowed_account_ids=[settings.account],
        )
        for region in dict.fromkeys((settings.region, *(one.region for one in settings.copies)))
    }
    opts = ResourceOptions(providers=[providers[settings.region]])
    state = StateStore(
        "state", StateStoreArgs(context=context, keep_old_versions_days=settings.keep_old_state_days), opts
    )
    Trail(
        "trail",
        TrailArgs(
            context=context,
            keep_days=settings.keep_trail_days,
            state_bucket_arn=state.bucket_arn,
            record_object_reads=False,
            emails=settings.budget.emails,
            watched=(*(one for one in WATCHED if one.by_anybody), COPIES_WATCHED),
        ),
        opts,
    )
    Guards("guards", GuardsArgs(context=context, budget=settings.budget), opts)
    vaults = [
        Copies(
            f"copies-{one.account}-{one.region}",
            CopiesArgs(context=replace(context, region=one.region), settings=one),
            ResourceOptions(providers=[providers[one.region]]),
        )
        for one in settings.copies
    ]
    return {
        "stateAddress": state_address(settings.account, settings.region),
        "secretsProvider": secrets_provider(settings.region),
        "vaultArns": [one.vault_arn for one in vaults],
    }

"""Two guards over the whole account: no bucket of it is ever public, and its cost calls somebody."""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, ResourceOptions

from bootstrap.settings import BudgetSettings
from components.context import StackContext


@dataclass(frozen=True, kw_only=True)
class GuardsArgs:
    context: StackContext
    budget: BudgetSettings


class Guards(ComponentResource):
    """The account-wide public access block of S3, and a monthly budget."""

    def __init__(self, name: str, args: GuardsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:Guards", name, None, opts)
        child = ResourceOptions(parent=self)
        aws.s3.AccountPublicAccessBlock(
            f"{name}-public-access-block",
            account_id=args.context.account_id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.budgets.Budget(
            f"{name}-budget",
            name=f"{args.context.name}-month",
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.budget.monthly_usd),
            limit_unit="USD",
            notifications=[
                _notification(args.budget, "ACTUAL", 80),
                _notification(args.budget, "FORECASTED", 100),
            ],
            tags=args.context.tags(),
            opts=child,
        )
        self.register_outputs({})


def _notification(budget: BudgetSettings, kind: str, percent: int) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        notification_type=kind,
        comparison_operator="GREATER_THAN",
        threshold=percent,
        threshold_type="PERCENTAGE",
        subscriber_email_addresses=list(budget.emails),
    )

"""The explicit providers of a stack: one account, one region, nothing by default."""

import pulumi_aws as aws
import pulumi_random as random
from pulumi import ProviderResource

from infra.settings import StackSettings

# What the components call; moto serves all of them at one address.
SERVICES = (
    "applicationautoscaling",
    "backup",
    "cloudwatch",
    "cloudwatchevents",
    "ec2",
    "ecs",
    "elbv2",
    "iam",
    "kms",
    "lambda_",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "sts",
    "wafv2",
)


def make_providers(settings: StackSettings) -> list[ProviderResource]:
    """AWS pinned to the stack's account and region, and random; a wrong account fails before anything is planned."""
    return [_aws_provider(settings), random.Provider("random")]


def _aws_provider(settings: StackSettings) -> aws.Provider:
    if settings.endpoint_url is None:
        return aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account])
    return aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account],
        access_key="testing",
        secret_key="testing",  # noqa: S106  moto takes any, and nothing real is reached by it
        endpoints=[aws.ProviderEndpointArgs(**dict.fromkeys(SERVICES, settings.endpoint_url))],
        s3_use_path_style=True,
        skip_metadata_api_check=True,
        max_retries=2,
    )

"""GitHub's OIDC provider, and trust policies for exactly one repository's workflows."""

from collections.abc import Sequence

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from bootstrap.settings import GitHubSettings
from components.context import StackContext
from components.permissions import Statement

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


class GitHub(ComponentResource):
    """The provider. There is one per account and address: an account that has it already needs an import."""

    arn: Output[str]

    def __init__(self, name: str, context: StackContext, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:GitHub", name, None, opts)
        provider = aws.iam.OpenIdConnectProvider(
            f"{name}-oidc",
            url=f"https://{ISSUER}",
            client_id_lists=[AUDIENCE],
            tags=context.tags(),
            opts=ResourceOptions(parent=self),
        )
        self.arn = provider.arn
        self.register_outputs({"arn": self.arn})


def subjects(github: GitHubSettings, whats: Sequence[str]) -> list[str]:
    """Subjects of the repository's tokens, in the form before July 2026 and in the one with ids that never change.

    Source: https://docs.github.com/en/actions/reference/security/oidc (immutable subject claims; github/docs#45221)
    """
    repositories = (
        f"{github.owner}/{github.repository}",
        f"{github.owner}@{github.owner_id}/{github.repository}@{github.repository_id}",
    )
    return [f"repo:{repository}:{what}" for what in whats for repository in repositories]


def trust_workflows(provider_arn: Output[str], allowed_subjects: Sequence[str]) -> Statement:
    """Let these workflows, and no others, take a role."""
    return Statement(
        sid="AssumedByWorkflows",
        actions=["sts:AssumeRoleWithWebIdentity"],
        resources=[],
        principals={"Federated": [provider_arn]},
        conditions={"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": list(allowed_subjects)}},
    )

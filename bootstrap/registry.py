"""The image registry, one in each region: Lambda and quick starts want the image beside them."""

import json
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from bootstrap.names import REPOSITORY
from components.context import StackContext
from components.permissions import Statement, policy_document

UNTAGGED_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    context: StackContext
    regions: tuple[str, ...]
    keep_images: int


class Registry(ComponentResource):
    """Repositories whose tags never move.

    Encrypted by ECR itself (AES-256): an image holds no secret and no customer's data, and a key of our own would have
    to stand in every region and let every puller use it.
    """

    urls: dict[str, Output[str]]

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:Registry", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        self.urls = {}
        for region in args.regions:
            repository = aws.ecr.Repository(
                f"{name}-{region}",
                name=REPOSITORY,
                region=region,
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
                encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="AES256")],
                tags=context.tags(),
                opts=ResourceOptions(parent=self, protect=context.protected),
            )
            aws.ecr.LifecyclePolicy(
                f"{name}-{region}-lifecycle",
                repository=repository.name,
                region=region,
                policy=_lifecycle(args.keep_images),
                opts=child,
            )
            aws.ecr.RepositoryPolicy(
                f"{name}-{region}-policy",
                repository=repository.name,
                region=region,
                policy=policy_document([_let_functions_pull(context, region)]),
                opts=child,
            )
            self.urls[region] = repository.repository_url
        self.register_outputs({})


def _lifecycle(keep_images: int) -> str:
    """Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html."""
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_DAYS,
    }
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep_images}
    rules = ((1, "What an interrupted push left", untagged), (2, "Old images", newest))
    return json.dumps(
        {
            "rules": [
                {"rulePriority": order, "description": why, "selection": selection, "action": {"type": "expire"}}
                for order, why, selection in rules
            ]
        }
    )


def _let_functions_pull(context: StackContext, region: str) -> Statement:
    """Lambda itself, for functions of this environment's stacks.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
    """
    function = f"arn:aws:lambda:{region}:{context.account_id}:function:{context.name}-{context.environment}-*"
    return Statement(
        sid="LetFunctionsPull",
        actions=["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        resources=[],
        principals={"Service": ["lambda.amazonaws.com"]},
        conditions={
            "ArnLike": {"aws:SourceArn": function},
            "StringEquals": {"aws:SourceAccount": context.account_id},
        },
    )

"""S3 and ECR: the stacks' buckets from outside, without the objects in them, and the image registry."""

from bootstrap.names import REPOSITORY
from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.permissions import Statement


def storage_rights(scope: Scope) -> Rights:
    """Buckets and their settings; images are pushed once and pulled by digest."""
    repository = scope.arns("ecr", f"repository/{REPOSITORY}")
    return Rights(
        read=[
            Statement(
                sid="SeeBuckets",
                actions=[
                    "s3:GetAccelerateConfiguration",
                    "s3:GetBucketAcl",
                    "s3:GetBucketCORS",
                    "s3:GetBucketLocation",
                    "s3:GetBucketLogging",
                    "s3:GetBucketNotification",
                    "s3:GetBucketObjectLockConfiguration",
                    "s3:GetBucketOwnershipControls",
                    "s3:GetBucketPolicy",
                    "s3:GetBucketPolicyStatus",
                    "s3:GetBucketPublicAccessBlock",
                    "s3:GetBucketRequestPayment",
                    "s3:GetBucketTagging",
                    "s3:GetBucketVersioning",
                    "s3:GetBucketWebsite",
                    "s3:GetEncryptionConfiguration",
                    "s3:GetLifecycleConfiguration",
                    "s3:GetReplicationConfiguration",
                    "s3:ListBucket",  # the provider asks by it whether a bucket is there; it shows names of objects
                    "s3:ListTagsForResource",
                ],
                resources=scope.buckets(),
            ),
            Statement(
                sid="ListBuckets",
                actions=["s3:ListAccessPoints", "s3:ListAllMyBuckets"],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="SeeImages",
                actions=["ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecr:DescribeRepositories"],
                resources=repository,
            ),
        ],
        write=[
            Statement(
                sid="MakeBuckets",
                actions=[
                    "s3:CreateBucket",
                    "s3:DeleteBucket",
                    "s3:DeleteBucketPolicy",
                    "s3:PutBucketCORS",
                    "s3:PutBucketLogging",
                    "s3:PutBucketObjectLockConfiguration",
                    "s3:PutBucketOwnershipControls",
                    "s3:PutBucketPolicy",
                    "s3:PutBucketPublicAccessBlock",
                    "s3:PutBucketTagging",
                    "s3:PutBucketVersioning",
                    "s3:PutEncryptionConfiguration",
                    "s3:PutLifecycleConfiguration",
                    "s3:TagResource",
                    "s3:UntagResource",
                ],
                resources=scope.buckets(),
            ),
            Statement(
                sid="PushImages",
                actions=[
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:CompleteLayerUpload",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:GetRepositoryPolicy",  # Lambda asks for it in the name of who makes a function
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ],
                resources=repository,
            ),
            Statement(
                sid="LogInToRegistry",
                actions=["ecr:GetAuthorizationToken"],
                resources=["*"],  # AWS knows no resource for this action
            ),
        ],
    )

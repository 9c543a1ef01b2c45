"""Service control policies for the accounts of an organisation: what nobody in an account may do, its root included.

They are attached from the organisation's management account, which no workload and no role of ours stands in; so this
makes the documents, and a person who administers the organisation attaches them. They grant nothing: AWS's own
`FullAWSAccess` stays attached beside them.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bootstrap.names import TRAIL, TRAIL_KEY_ALIAS, trail_bucket
from bootstrap.settings import AnyAccountSettings

MOST_BYTES: Final = 5_120
"""Of one policy: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
RESIDENCY, KEEP_TRAIL = "workbuoy-residency", "workbuoy-keep-trail"
GLOBAL_SERVICES: Final = (
    "account:*",
    "aws-portal:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "health:*",
    "iam:*",
    "organizations:*",
    "route53:*",
    "route53domains:*",
    "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock",
    "servicequotas:Get*",
    "shield:*",
    "sts:*",
    "support:*",
    "trustedadvisor:*",
)
"""Asked in us-east-1 or nowhere, whatever region is meant: none of them keeps a customer's data."""
LOOKS_FOR_COPIES = ("rds:DescribeDBInstanceAutomatedBackups", "rds:DescribeDBSnapshots")
"""Whether a copy of a database lies outside residency is asked where it would lie; neither reads what is in it."""


def policies(settings: AnyAccountSettings) -> Mapping[str, Mapping[str, Any]]:
    """The account's documents by the name of the policy."""
    return {
        RESIDENCY: _document(
            _deny(
                "NothingOutsideResidency",
                {"NotAction": [*GLOBAL_SERVICES, *LOOKS_FOR_COPIES]},
                ["*"],
                _outside(settings.residency),
            )
        ),
        KEEP_TRAIL: _document(
            _deny(
                "KeepTheTrail",
                {
                    "Action": [
                        "cloudtrail:DeleteTrail",
                        "cloudtrail:PutEventSelectors",
                        "cloudtrail:StopLogging",
                        "cloudtrail:UpdateTrail",
                    ]
                },
                [f"arn:aws:cloudtrail:*:{settings.account}:trail/{TRAIL}"],
            ),
            _deny(
                "KeepWhatItWrote",
                {
                    "Action": [
                        "s3:DeleteBucket",
                        "s3:DeleteBucketPolicy",
                        "s3:DeleteObject",
                        "s3:DeleteObjectVersion",
                        "s3:PutBucketPolicy",
                        "s3:PutBucketVersioning",
                        "s3:PutLifecycleConfiguration",
                    ]
                },
                [
                    f"arn:aws:s3:::{trail_bucket(settings.account, settings.region)}",
                    f"arn:aws:s3:::{trail_bucket(settings.account, settings.region)}/*",
                ],
            ),
            _deny(
                "KeepTheTrailsKey",
                {
                    "Action": [
                        "kms:DisableKey",
                        "kms:PutKeyPolicy",
                        "kms:ScheduleKeyDeletion",
                    ]
                },
                [f"arn:aws:kms:*:{settings.account}:key/*"],  # whose id AWS chooses
                {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [TRAIL_KEY_ALIAS]}},
            ),
            _deny(
                "KeepTheTrailsKeysName",
                {"Action": ["kms:DeleteAlias", "kms:UpdateAlias"]},
                [f"arn:aws:kms:*:{settings.account}:{TRAIL_KEY_ALIAS}"],
            ),
            _deny("StayInTheOrganisation", {"Action": ["organizations:LeaveOrganization"]}, ["*"]),
        ),
    }


def as_text(document: Mapping[str, Any]) -> str:
    """As it is attached."""
    return json.dumps(document, indent=2) + "\n"


def _document(*statements: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _deny(
    sid: str, actions: Mapping[str, Sequence[str]], resources: Sequence[str], condition: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    statement = {"Sid": sid, "Effect": "Deny", **actions, "Resource": list(resources)}
    return {**statement, "Condition": condition} if condition else statement


def _outside(regions: Sequence[str]) -> Mapping[str, Any]:
    return {"StringNotEquals": {"aws:RequestedRegion": list(regions)}}

"""The table of resource types that a rehearsal knows, one file an AWS service."""

from rehearsal.kinds import (
    appautoscaling,
    cloudwatch,
    ec2,
    ecs,
    elb,
    iam,
    kms,
    lambda_,
    logs,
    network,
    rds,
    s3,
    secretsmanager,
    sns,
)
from rehearsal.kinds.kind import DeclaredOnly, Kind

_MODULES = (
    appautoscaling,
    cloudwatch,
    ec2,
    ecs,
    elb,
    iam,
    kms,
    lambda_,
    logs,
    network,
    rds,
    s3,
    secretsmanager,
    sns,
)
KINDS: dict[str, Kind] = {kind.type_: kind for module in _MODULES for kind in module.KINDS}
DECLARED_ONLY: dict[str, DeclaredOnly] = {only.type_: only for only in logs.DECLARED_ONLY}
